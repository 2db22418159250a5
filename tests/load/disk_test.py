#!/usr/bin/python3 -B
"""Disks that are full, read-only or gone, and a log that nobody reads, while
clients log in at a real sshd: no wrong accept, and the next good login works."""

import contextlib
import errno
import os
import pathlib
import socket
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "sshd"))

import census  # noqa: E402
from attempt import attempt, document, must_refuse  # noqa: E402
from crowd import Crowd, Reckoning, prepare, spread  # noqa: E402
from harness import OTHER_CODE, ROOT, SETTINGS, Host, must, sim  # noqa: E402
from kinds import KINDS  # noqa: E402
from tap import Suite, equal, one  # noqa: E402

suite = Suite()
test = suite.test

STORE = ROOT / "store"
PAM_NITRO = ROOT / "bin/pam-nitro"


def evidence(host, *, required):
    """Settings with an evidence store on the disk of the tests."""
    host.settings()
    line = f'evidence = {{ directory = "{STORE}"; required = {"true" if required else "false"}; }};\n'
    Host.write(SETTINGS, SETTINGS.read_text() + line)


@contextlib.contextmanager
def disk(*options):
    """A small disk of its own for the store."""
    STORE.mkdir(mode=0o700, exist_ok=True)
    must(["mount", "-t", "tmpfs", "-o", ",".join(("mode=0700", *options)), "tmpfs", STORE])
    try:
        yield
    finally:
        must(["umount", STORE])


@contextlib.contextmanager
def stored(host, *, required):
    evidence(host, required=required)
    try:
        yield
    finally:
        host.settings()


def fill():
    """Every last byte of the disk."""
    with contextlib.suppress(OSError), open(STORE / "ballast", "wb", 0) as file:
        while True:
            file.write(bytes(4096))


def records():
    return sorted(name for name in os.listdir(STORE) if not name.startswith("."))


def logs_in(host, **fields):
    """A good login, and what its line says."""
    since = host.log.mark()
    assert attempt(host, document(), server=host.roomy).got_in
    line = one(host.log.decisions(since))
    equal((line["reason"], *(line[name] for name in fields)), ("ok", *fields.values()), line.text)


def stays_out(host, reason="pcr_mismatch"):
    """Other code, which a broken disk must not help."""
    must_refuse(host, reason, document(sim(pcrs=OTHER_CODE)), server=host.roomy)


def must_cope(host, *, required):
    """A store that keeps nothing: refused where it is required, else told."""
    if required:
        must_refuse(host, "evidence_not_kept", document(), server=host.roomy)
    else:
        logs_in(host, evidence="failed")
    stays_out(host)


def breaks(name, options, spoil, mend):
    """Two tests of one kind of trouble with the store's disk."""
    for required in (False, True):
        @test(f"evidence store, {'required' if required else 'not required'}: {name}")
        def broken(host, required=required):
            with disk(*options), stored(host, required=required):
                logs_in(host, evidence=None)
                spoil()
                before = records()
                must_cope(host, required=required)
                equal(records(), before, "left in the store")
                mend()
                logs_in(host, evidence=None)
                equal(len([name for name in records() if name.endswith("-allow.evidence")]), 2)


def read_only(word):
    return lambda: must(["mount", "-o", f"remount,{word}", STORE])


def take_inodes():
    with contextlib.suppress(OSError):
        for number in range(1000):
            (STORE / f"ballast-{number}").touch()


def give_inodes():
    for path in STORE.glob("ballast-*"):
        path.unlink()


# L21
breaks("a full disk", ["size=64k"], fill, lambda: (STORE / "ballast").unlink())
breaks("a disk without inodes", ["nr_inodes=12"], take_inodes, give_inodes)
breaks("a read-only disk", [], read_only("ro"), read_only("rw"))


def keeping(reason):
    kind = KINDS["enclave"]
    return {"enclave": type(kind)("enclave", None, "ok", reason), "wrong pcr": KINDS["wrong pcr"]}


@test("a disk that fills up under load: admitted and kept, or refused; nothing half done is left")
def fills_up(host):
    with disk("size=256k"), stored(host, required=True):
        since = host.log.mark()
        outcomes = Crowd(host, host.roomy, threads=20, logins=spread(("enclave", 100), ("wrong pcr", 40))).finish()
        lines = host.log.decisions(since)
        reckoning = Reckoning(outcomes, lines, keeping("evidence_not_kept"))
        reckoning.note("the disk fills up")
        reckoning.must_be_right()
        assert reckoning.reasons["ok"] and reckoning.reasons["evidence_not_kept"], reckoning.reasons
        kept = {name.split("-")[1] for name in records()}
        equal({line["ref"] for line in lines if line["result"] == "allow"} - kept, set(), "admitted and not kept")
        equal([name for name in os.listdir(STORE) if name.startswith(".new-")], [], "left in the making")
        done = subprocess.run([PAM_NITRO, "evidence", "verify"], stdout=subprocess.PIPE, check=False)
        equal(done.returncode, 0, done.stdout.decode())


# F12: the clock was put back, and forth again. Bounds hold by the names.
@test("records of another time, as after a clock that stepped: a login is kept, and admitted")
def other_times(host):
    with disk("size=1m"), stored(host, required=True):
        for stamp in ("19700101T000000.000Z", "20260101T000000.000Z", "20991231T235959.999Z"):
            (STORE / f"{stamp}-00c0ffee-allow.evidence").write_bytes(bytes(12000))
        logs_in(host, evidence=None)
        names = records()
        assert not any(name.startswith("1970") for name in names), names
        assert any(name.startswith("2099") for name in names), names
        equal(len(names), 2, names)
        stays_out(host)


@contextlib.contextmanager
def remounted(path):
    must(["mount", "-o", "remount,ro", path])
    try:
        yield
    finally:
        must(["mount", "-o", "remount,rw", path])


# L21
@test("/etc and /var/log read-only: logins go on")
def read_only_etc(host):
    with remounted("/etc"), remounted("/var/log"):
        logs_in(host)
        stays_out(host)
    logs_in(host)


# L21 L01
@test("/etc/pam_nitro gone, as where it is a disk of its own: file_missing, and back")
def unmounted(host):
    must(["mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", "/etc/pam_nitro"])
    try:
        must_refuse(host, "file_missing", document(), server=host.roomy)
    finally:
        must(["umount", "/etc/pam_nitro"])
    logs_in(host)
    stays_out(host)


class StuckLog:
    """A /dev/log that nobody reads and that takes no more."""

    def __init__(self):
        os.rename("/dev/log", "/dev/log.real")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.connect("/dev/log")
            try:
                while True:
                    sender.send(b"<7>harness: ballast")
            except OSError as error:
                equal(error.errno, errno.EAGAIN)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        os.unlink("/dev/log")
        os.rename("/dev/log.real", "/dev/log")


def in_the_background(work):
    found = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    return thread, found


# R07: the module gives the log half a second and does without its line then.
# pam_unix waits for ever, in its session stage: so no session is asked for.
@test("a log that stands still: each has his own verdict all the same, within ten seconds")
def stuck_log(host):
    for pcrs in (None, OTHER_CODE):
        with StuckLog():
            thread, found = in_the_background(
                lambda pcrs=pcrs: attempt(host, document(sim(pcrs=pcrs)), server=host.roomy).got_in)
            thread.join(10)
            equal(found, [pcrs is None])
        equal(census.await_quiet(host.roomy), {}, "processes left over")
    logs_in(host)


# sshd's own part of it may wait for the log: LoginGraceTime ends that.
@test("a log that stands still for good: nobody gets in who should not, nothing is left after LoginGraceTime")
def stuck_for_good(host):
    server = host.sshd("LoginGraceTime 3\n")
    with StuckLog():
        assert not attempt(host, document(sim(pcrs=OTHER_CODE)), server=server).got_in, "GOT IN"
        equal(census.await_quiet(server), {}, "processes left over")
    server.stop()
    logs_in(host)


@test("no log at all: the verdicts are the same")
def no_log(host):
    os.rename("/dev/log", "/dev/log.real")
    try:
        assert attempt(host, document(), server=host.roomy).got_in
        assert not attempt(host, document(sim(pcrs=OTHER_CODE)), server=host.roomy).got_in, "GOT IN"
    finally:
        os.rename("/dev/log.real", "/dev/log")
    logs_in(host)


if __name__ == "__main__":
    raise SystemExit(suite.main(prepare))
