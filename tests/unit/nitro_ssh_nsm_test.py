#!/usr/bin/python3 -B
"""nitro-ssh, unmodified, and /dev/nsm: its own open(2) and ioctl(2), answered
by nsm-supervisor as the kernel's driver and the hardware behind it answer.

Speaks TAP. Programs are taken from $BUILD (build).
"""
import base64
import contextlib
import os
import shlex
import socket
import struct
import sys
import threading

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)),
                os.path.join(os.path.dirname(os.path.abspath(__file__)), "../sim/supervisor")]

import module  # noqa: E402
import nitro_ssh_test as base  # noqa: E402
from nitro_ssh_test import holds, same  # noqa: E402

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
SUPERVISOR = os.path.join(BUILD, "nsm-supervisor")
MODULE = os.path.abspath(module.__file__)
ROOM = 0x3000  # the driver's buffer for a response
WRAPPING = len(module.attestation(bytes(ROOM - 26))) - (ROOM - 26)

TESTS = []


def test(function):
    TESTS.append(function)
    return function


class Device(base.Place):
    """A home with a key, and a /dev/nsm in it."""

    def __init__(self):
        super().__init__()
        self.fingerprint = self.key()
        self.env["NITRO_SSH_SOURCE"] = ""
        self.audience = base.audience(self.fingerprint)

    def run(self, *words, module_command="exit 1", options=(), program=base.NITRO_SSH):
        return base.run(SUPERVISOR, "--module", module_command, "--log", self.path("log"), *options, "--",
                        program, *words, env=self.env)

    def answer(self, *, response=None, **more):
        """nitro-ssh answer, where the device responds with these bytes."""
        if response is not None:
            with open(self.path("response"), "wb") as file:
                file.write(response)
            more["module_command"] = f"cat {shlex.quote(self.path('response'))}"
        return self.run("answer", "--key", self.path("home/.ssh/id_ed25519"), f"{self.audience} part=1: ", **more)

    def calls_seen(self):
        """(result, request, room) of each call on the device."""
        if not self.has("log"):
            return []
        lines = [line.rsplit(" ", 2) for line in self.read("log").splitlines()]
        return [(result, bytes.fromhex(request), int(room)) for result, request, room in lines]


def document_of(result):
    same((result.returncode, result.stderr), (0, b""))
    return base64.b64decode(result.stdout.rstrip(b"\n"), validate=True)


def refuses(result, *words):
    """Status 1, nothing on standard output, one printable line with these words."""
    same((result.returncode, result.stdout), (1, b""))
    base.error_line(result, *words)
    holds(all(0x20 <= byte <= 0x7e for byte in result.stderr[:-1]), f"printable: {result.stderr!r}")


# What goes to the device.

@test
def the_request_is_one_call_with_the_three_fields_and_12_kib_of_room():
    with Device() as d:
        same(document_of(d.answer(response=module.attestation(b"document"))), b"document")
        (result, request, room), = d.calls_seen()
        same((result, room), ("ok", ROOM))
        same(module.fields(request),
             {"nonce": bytes(range(32)), "user_data": d.audience.encode(),
              "public_key": base.blob_of(d.path("home/.ssh/id_ed25519.pub"))})


@test
def without_binding_the_public_key_is_null():
    with Device() as d:
        d.audience = base.audience("-")
        document_of(d.answer(response=module.attestation(b"document")))
        (_, request, _), = d.calls_seen()
        same(module.fields(request)["public_key"], None)


@test
def the_static_program_does_the_same():
    program = base.NITRO_SSH + "-static"
    if not os.access(program, os.X_OK):
        raise base.Skip("not built: a sanitizer cannot be linked statically")
    with Device() as d:
        same(document_of(d.answer(response=module.attestation(b"document"), program=program)), b"document")
        same(len(d.calls_seen()), 1)


@test
def all_parts_of_a_login_come_from_one_call():
    with Device() as d:
        document = bytes(i * 7 & 255 for i in range(5000))
        with open(d.path("response"), "wb") as file:
            file.write(module.attestation(document))
        count = len(base64.b64encode(document)) // 1000 + 1
        d.ask(*[base.prompt(d.fingerprint, k) for k in range(1, count + 1)])
        result = d.run("host", module_command=f"cat {shlex.quote(d.path('response'))}")
        same((result.returncode, result.stderr), (0, b""))
        same(base64.b64decode(base.joined([d.read(f"answer-{k}") for k in range(1, count + 1)])), document)
        same(len(d.calls_seen()), 1)
        d.nothing_left()


# Errors of the module.

@test
def every_error_of_the_nsm_is_named_with_what_to_do():
    advice = {"InvalidArgument": "update nitro-ssh", "InvalidIndex": "report it", "InvalidResponse": "try again",
              "ReadOnlyIndex": "report it", "InvalidOperation": "cannot attest",
              "BufferTooSmall": "does not fit", "InputTooLarge": "use ed25519", "InternalError": "restart the enclave"}
    with Device() as d:
        for word, words in advice.items():
            refuses(d.answer(response=module.error(word)), f"NSM error {word} from /dev/nsm", words)
        refuses(d.answer(response=module.error("SomethingNew")), "NSM error SomethingNew from /dev/nsm")
        # O01: what the device says is as hostile as anything.
        refuses(d.answer(response=module.error("\x1b[2J\nFake")), "\\x1b[2J\\x0aFake")
        refuses(d.answer(response=b"\xbf" + module.error("InternalError")[1:] + b"\xff"), "NSM error InternalError")
        d.nothing_left()


# Errors of the driver.

@test
def an_interrupted_call_is_made_again_as_often_as_it_takes():
    with Device() as d:
        result = d.answer(response=module.attestation(b"at last"), options=["--plan", "EINTR,EINTR,EINTR"])
        same(document_of(result), b"at last")
        calls = d.calls_seen()
        same(len(calls), 4)
        same({(request, room) for _, request, room in calls}, {(calls[0][1], ROOM)})


@test
def other_errors_of_the_call_are_told_and_not_repeated():
    for name, words in (("ETIMEDOUT", "did not answer"), ("EIO", "did not answer"), ("ENOMEM", "did not answer"),
                        ("EFAULT", "did not answer"), ("EAGAIN", "did not answer"),
                        ("EMSGSIZE", "InputTooLarge"), ("ENOTTY", "is no NSM device"), ("EINVAL", "is no NSM device")):
        with Device() as d:
            refuses(d.answer(response=module.attestation(b"late"), options=["--plan", name]), "/dev/nsm", words)
            same(len(d.calls_seen()), 1)
            d.nothing_left()


@test
def an_error_after_an_interruption_is_still_an_error():
    with Device() as d:
        refuses(d.answer(response=module.attestation(b"late"), options=["--plan", "EINTR,ETIMEDOUT"]),
                "did not answer", "timed out")
        same(len(d.calls_seen()), 2)


@test
def a_device_that_cannot_be_opened_is_told_before_it_is_asked():
    for name, words in (("ENOENT", "no NSM"), ("ENXIO", "no NSM"), ("ENODEV", "no NSM"),
                        ("EACCES", "cannot open the NSM"), ("EBUSY", "cannot open the NSM")):
        with Device() as d:
            refuses(d.answer(options=["--open-errno", name]), "/dev/nsm", words)
            same(d.calls_seen(), [])


# Responses that are none.

@test
def a_response_over_the_room_is_cut_off_in_silence_and_refused():
    with Device() as d:
        for extra in (1, 2, 1000, 20000):
            response = module.attestation(bytes(ROOM - WRAPPING + extra))
            refuses(d.answer(response=response), f"{ROOM} bytes that are no attestation response")


@test
def a_response_cut_off_anywhere_is_refused():
    whole = module.attestation(b"some document")
    with Device() as d:
        for length in range(len(whole)):
            refuses(d.answer(response=whole[:length]), f"{length} bytes that are no attestation response")


@test
def garbage_is_refused():
    with Device() as d:
        rows = {
            "nothing": b"", "a break": b"\xff", "zeros": bytes(64), "ones": b"\xff" * 64,
            "a bare word": module.text("Attestation"),
            "the answer to another request": b"\xa1" + module.text("GetRandom") + b"\xa1" + module.text("random") + b"\x41r",
            "something behind it": module.attestation(b"document") + b"\0",
            "two of them": module.attestation(b"document") * 2,
            "an empty document": module.attestation(b""),
            "an empty error": module.error(""),
            "a document of text": b"\xa1" + module.text("Attestation") + b"\xa1" + module.text("document") + module.text("d"),
            "another key": b"\xa1" + module.text("Attestation") + b"\xa1" + module.text("Document") + b"\x41d",
            "document and error": b"\xa2" + module.attestation(b"d")[1:] + module.error("InternalError")[1:],
            "an error that is a map": b"\xa1" + module.text("Error") + b"\xa0",
            "a length beyond the end": b"\xa1" + module.text("Attestation") + b"\xa1" + module.text("document")
                                       + b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
            "chunks": b"\xa1" + module.text("Attestation") + b"\xa1" + module.text("document") + b"\x5f\x41d\xff",
            "a map without its break": b"\xbf" + module.attestation(b"d")[1:],
        }
        for name, response in rows.items():
            try:
                refuses(d.answer(response=response), "no attestation response")
            except AssertionError as error:
                raise AssertionError(f"{name}: {error}") from error


# Sizes.

@test
def the_shortest_and_the_longest_document_of_the_driver_are_taken():
    with Device() as d:
        for length in (1, 23, 24, 255, 256, 4500, ROOM - WRAPPING):
            document = bytes(i * 13 & 255 for i in range(length))
            response = module.attestation(document)
            same(document_of(d.answer(response=response)), document)
        same(len(response), ROOM)


class Agent:
    """An agent that offers one public key and does nothing else."""

    def __init__(self, path, blob):
        self.reply = struct.pack(">BI", 12, 1) + self._string(blob) + self._string(b"big")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    @staticmethod
    def _string(raw):
        return struct.pack(">I", len(raw)) + raw

    def _serve(self):
        while True:
            with contextlib.suppress(OSError):
                plug, _ = self.listener.accept()
                with plug, plug.makefile("rb") as requests:
                    while len(size := requests.read(4)) == 4:
                        requests.read(int.from_bytes(size, "big"))
                        plug.sendall(self._string(self.reply))


def rsa_blob(bits):
    """A public key of that size; nobody ever looks for its factors."""
    def string(raw):
        return struct.pack(">I", len(raw)) + raw
    return string(b"ssh-rsa") + string(b"\x01\x00\x01") + string(b"\0" + b"\xc3" * (bits // 8))


def with_big_key(device, bits):
    blob = rsa_blob(bits)
    path = device.path("agent")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    Agent(path, blob)
    device.env["SSH_AUTH_SOCK"] = path
    device.audience = base.audience(base.fingerprint_of(blob))
    command = shlex.join([MODULE, "printf", "a document %s"])
    return len(blob), device.run("answer", f"{device.audience} part=1: ", module_command=command)


@test
def a_key_over_the_1024_bytes_of_the_hardware_is_named_as_the_reason():
    with Device() as d:
        length, result = with_big_key(d, 7992)
        same(length, 1022)
        holds(document_of(result).startswith(b"a document --"), "attested")
        length, result = with_big_key(d, 8016)
        same(length, 1025)
        refuses(result, "NSM error InputTooLarge from /dev/nsm", "1,024 bytes", "use ed25519")


@test
def the_longest_challenge_fits_the_512_bytes_of_the_hardware():
    with Device() as d:
        name, user = "h" * 64, "u" * 96
        d.audience = d.audience.split(" host=")[0] + f" host={name} user={user}"
        result = d.answer(module_command=shlex.join([MODULE, "printf", "a document %s"]))
        holds(document_of(result).startswith(b"a document --"), "attested")
        (_, request, _), = d.calls_seen()
        holds(len(module.fields(request)["user_data"]) <= module.LIMITS["user_data"], "user_data")


def main():
    for path in (SUPERVISOR, base.NITRO_SSH):
        if not os.access(path, os.X_OK):
            print(f"not ok 1 - {path} is not there")
            return 1
    probe = base.run(SUPERVISOR, "--", "/bin/true")
    if probe.returncode == 77:
        print(f"1..{len(TESTS)}")
        for i, function in enumerate(TESTS, 1):
            print(f"ok {i} - {function.__name__} # SKIP {probe.stderr.decode().strip()}")
        return 0
    base.TESTS[:] = TESTS
    return base.main()


if __name__ == "__main__":
    sys.exit(main())
