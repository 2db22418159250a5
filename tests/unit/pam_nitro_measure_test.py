#!/usr/bin/python3
"""pam-nitro measure, import and pcr."""

import base64
import hashlib
import json
import os
import pty
import re
import resource
import struct
import subprocess
import zlib

from pam_nitro_cli import (
    ANCHORS,
    BUILD,
    DEFAULT_ANCHORS,
    PAM_NITRO,
    SETTINGS,
    VECTORS,
    ZERO,
    Skip,
    configure,
    contains,
    equal,
    host,
    main,
    real_root,
    run,
    run_json,
    sim,
    sim_folder,
    test,
    work,
)
from pam_nitro_eif import (
    CMDLINE,
    KERNEL,
    METADATA,
    RAMDISK,
    SIGNATURE,
    SOUND,
    make_eif,
    write_sparse,
)

NO_SECOND_RAMDISK = (
    "21b9efbc184807662e966d34f390821309eeac6802309798"
    "826296bf3e8bec7c10edb30948c90ba67310f7b964fc500a"
)
AWS_KERNELS = (
    "bcdf05fefccaa8e55bf2c8d6dee9e79bbff31e34bf28a99a"
    "a19e6b29c37ee80b214a414b7607236edf26fcb78654e63f",
    "4b4d5b3661b3efc12920900c80e126e4ce783c522de6c02a"
    "2a5bf7af3a2b9327b86776f188e4be1c1c404a129dbda493",
)
A, B, C, D = ("a1" * 48, "b2" * 48, "c3" * 48, "d4" * 48)
# As nitro-cli prints it: the state of a Rust object.
HASH = "Sha384 { ... }"


def extend(content):
    digest = hashlib.sha384(content).digest()
    return hashlib.sha384(bytes(48) + digest).hexdigest()


def image(sections=None, name="image.eif", **more):
    path = work() / name
    path.write_bytes(make_eif(SOUND if sections is None else sections, **more))
    return path


def input_file(value, before="", after=""):
    path = work() / "input.json"
    text = value if isinstance(value, str) else json.dumps(value, indent=2)
    path.write_text(before + text + after, encoding="utf-8")
    return path


def refused(*arguments, status=1, says="", **more):
    """Exit status, a complaint, and no value whatever."""
    result = run(*arguments, **more)
    equal((result.returncode, result.out), (status, ""), f"{arguments} {result.err}")
    assert result.err, arguments
    contains(result.err, says)
    return result


@test
def measure_gives_the_values_that_the_image_will_have():
    for version in (2, 3, 4):
        for flags, architecture in ((0, "x86_64"), (1, "aarch64")):
            said = run_json("measure", image(version=version, flags=flags))
            boot = b"kernelreboot=k panic=30init"
            equal(said["exit"], 0)
            equal(said["pcr0"], extend(boot + b"application"))
            equal(said["pcr1"], extend(boot))
            equal(said["pcr2"], extend(b"application"))
            equal(said["pcr8"], None)
            equal((said["eif_version"], said["architecture"]), (version, architecture))
            equal((said["signature"], said["ramdisks"]), ("unsigned", 2))
            equal(said["metadata"]["ImageName"], "billing")
            equal((said["kind"], said["circular"]), ("enclave", False))


@test
def measure_agrees_with_another_program_on_known_images():
    if not (VECTORS / "eif/tiny.json").exists():
        raise Skip("no sample images here")
    table = json.loads((VECTORS / "eif/tiny.json").read_text(encoding="utf-8"))
    for name, known in table.items():
        said = run_json("measure", VECTORS / "eif" / name)
        for index in (0, 1, 2, 8):
            expected = known["measurements"].get(f"PCR{index}")
            equal(said[f"pcr{index}"], expected, name)
        signed = "PCR8" in known["measurements"]
        equal(said["signature"], "signed" if signed else "unsigned")


@test
def measure_prints_the_entry_for_people():
    result = run(
        "measure",
        *("--workload", "billing", "--version", "1.4.2"),
        *("--source", "git+https://example.com/billing@1f2e3d"),
        *("--builder", "CI run 42"),
        image(),
    )
    equal(result.returncode, 0)
    contains(
        result.out,
        "billing",
        "computed here from the image file",
        '{ workload = "billing";',
        'version = "1.4.2";',
        'kind = "enclave";',
        f'pcr0 = "{extend(b"kernelreboot=k panic=30initapplication")}";',
        'source = "git+https://example.com/billing@1f2e3d";',
        'builder = "CI run 42";',
    )
    assert "WORKLOAD" not in result.out
    contains(run("measure", image()).out, '"WORKLOAD"', "--workload")


@test
def what_could_not_stand_in_the_file_makes_no_entry():
    for option, value in (
        ("--workload", 'a"; pcr0 = "'),
        ("--workload", "two words"),
        ("--workload", "-x"),
        ("--workload", "x" * 65),
        ("--version", ""),
        ("--version", "1\n2"),
        ("--source", "back\\slash"),
        ("--source", "x" * 1001),
        ("--builder", "umlaut \u00e4"),
    ):
        refused("measure", option, value, image(), status=2)
        refused("measure", "--json", option, value, image(), status=2)
        refused("import", option, value, input_file({"PCR0": A}), status=2)


@test
def a_value_that_identifies_nothing_is_flagged():
    said = run_json("measure", image(SOUND[:4]))
    equal(said["pcr2"], NO_SECOND_RAMDISK)
    equal(list(said["weak"]), ["pcr2"])
    contains(run("measure", image(SOUND[:4])).out, "note: there is no second ramdisk")
    equal(run_json("measure", image())["weak"], {})


@test
def a_damaged_image_gets_an_error_and_no_value():
    whole = make_eif(SOUND)
    border = [548]
    for _, content in SOUND:
        border += [border[-1] + 12, border[-1] + 12 + len(content)]
    damaged = work() / "damaged.eif"
    rows = [whole[:n] for at in border for n in (at - 1, at, at + 1) if n < len(whole)]
    rows += [whole[:n] for n in (0, 1, 4, 547)]
    rows += [whole + b"\0", whole[:547] + b"\x55" + whole[548:]]
    rows += [whole[:at] + b"\xff" + whole[at + 1 :] for at in (0, 4, 26, 28, 284)]
    rows += [whole[:-1] + bytes([whole[-1] ^ 1])]
    for row in rows:
        damaged.write_bytes(row)
        refused("measure", damaged)
        refused("measure", "--json", damaged)


@test
def hostile_sections_get_an_error_and_no_value():
    kernel, cmdline, metadata, init, app = SOUND
    for says, sections in (
        ("second kernel", [kernel, kernel, cmdline, init]),
        ("second command line", [kernel, cmdline, cmdline, init]),
        ("lacks", [cmdline, init]),
        ("lacks", [kernel, init]),
        ("lacks", [kernel, cmdline, metadata]),
        ("unknown type 7", [kernel, cmdline, init, (7, b"")]),
        ("twice", [kernel, cmdline, metadata, metadata, init]),
        ("cannot be read", [kernel, cmdline, init, app, (SIGNATURE, b"\x80")]),
        ("cannot be read", [kernel, cmdline, init, (SIGNATURE, b"\x9a\x0f\xff\xff\xff")]),
    ):
        refused("measure", image(sections), says=says)
    many = bytearray(make_eif(SOUND))
    many[26:28] = struct.pack(">H", 10000)
    (work() / "many.eif").write_bytes(many)
    refused("measure", work() / "many.eif", says="10000 sections")


@test
def a_wrong_signature_gets_no_value():
    signed = VECTORS / "eif/tiny-signed.eif"
    if not signed.exists():
        raise Skip("no sample images here")
    equal(run("measure", signed).returncode, 0)
    raw = bytearray(signed.read_bytes())
    # Another last ramdisk than the one that was signed, the CRC right again.
    raw[0x52D + 12] ^= 1
    raw[544:548] = struct.pack(">I", zlib.crc32(raw[:544] + raw[548:]))
    other = work() / "other.eif"
    other.write_bytes(raw)
    result = run("measure", other)
    equal(result.returncode, 1)
    contains(result.out, "DOES NOT VERIFY")
    contains(result.err, "another PCR0", "no value")
    assert not re.search("[0-9a-f]{96}", result.out)
    said = run_json("measure", other)
    equal((said["exit"], said["signature"]), (1, "invalid"))
    equal([said[f"pcr{i}"] for i in (0, 1, 2, 8)], [None] * 4)
    equal(said["entry"], None)


@test
def hostile_text_of_an_image_reaches_the_terminal_escaped():
    # run() refuses whatever is not printable ASCII.
    hostile = "\x1b[2J\nPCR0\r\x7f\u202e%s%n"
    sections = list(SOUND)
    sections[1] = (CMDLINE, hostile.encode() + b"\0\xff")
    sections[2] = (METADATA, json.dumps({"ImageName": hostile}).encode())
    contains(run("measure", image(sections)).out, "\\x1b[2J\\x0aPCR0")
    said = run_json("measure", image(sections))
    equal(said["metadata"]["ImageName"], hostile)
    for text in (b"", b"{", b"[" * 5000, b'{"ImageName":7}', b"\xff", b"null"):
        sections[2] = (METADATA, text)
        equal(run("measure", image(sections)).returncode, 0)
        equal(run_json("measure", image(sections))["exit"], 0)


@test
def only_a_regular_file_is_measured():
    fifo = work() / "fifo"
    os.mkfifo(fifo)
    for path in (fifo, "/dev/zero", work()):
        refused("measure", path, says="no regular file")
    refused("measure", work() / "nonexistent", status=2, says="cannot be opened")
    refused("measure", status=2, says="something is missing")
    refused("measure", "a", "b", status=2, says="too many")
    refused("measure", "--frob", "a", status=2, says="no such option")


def sparse_image(size):
    """An image whose last ramdisk is a hole in the file."""
    path = work() / "sparse.eif"
    write_sparse(path, size)
    return path


@test
def memory_stays_the_same_whatever_the_image_has():
    if "/asan" in str(BUILD):
        raise Skip("a sanitizer has memory of its own")
    path = sparse_image(256 << 20)
    limit = 96 << 20
    result = subprocess.run(
        [PAM_NITRO, "measure", "--json", path],
        capture_output=True,
        check=True,
        timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    equal(json.loads(result.stdout)["size"], 256 << 20)
    path.unlink()


@test
def progress_is_shown_on_a_terminal_alone():
    path = sparse_image(4 << 20)
    main_end, other_end = pty.openpty()
    with subprocess.Popen(
        [PAM_NITRO, "measure", path], stdout=subprocess.DEVNULL, stderr=other_end
    ) as process:
        os.close(other_end)
        shown = b""
        try:
            while more := os.read(main_end, 4096):
                shown += more
        except OSError:
            pass  # the other end is closed
        equal(process.wait(60), 0)
    os.close(main_end)
    contains(shown.decode(), "measuring", "100 %")
    equal(run("measure", path).err, "")


def build_enclave(**more):
    return {"Measurements": {"HashAlgorithm": HASH, "PCR0": A, "PCR1": B, "PCR2": C, **more}}


@test
def import_reads_what_build_enclave_printed():
    before = (
        "Start building the Enclave Image...\n"
        "Using the locally available Docker image...\n"
        "[1/3] a line that begins like JSON\n"
        "{ and another\n"
        "Enclave Image successfully created.\n"
    )
    for text in (before, "", before.replace("\n", "\r\n"), "\n\n"):
        said = run_json("import", input_file(build_enclave(), before=text, after="\n\n"))
        equal((said["pcr0"], said["pcr1"], said["pcr2"]), (A, B, C))
        equal((said["pcr8"], said["kind"]), (None, "enclave"))
        equal((said["form"], said["circular"]), ("nitro-cli build-enclave", False))
        equal((said["verified"], said["warnings"]), (None, []))
    said = run_json("import", "-", stdin=json.dumps(build_enclave(PCR8=D)).encode())
    equal(said["pcr8"], D)
    contains(said["entry"], f'pcr8 = "{D}";')
    contains(
        run("import", input_file(build_enclave())).out,
        "declared by the build tool",
        f'pcr2 = "{C}";',
    )


@test
def import_reads_what_describe_eif_printed():
    described = {
        "EifVersion": 4,
        **build_enclave(PCR8=D),
        "IsSigned": True,
        "CheckCRC": True,
        "SignatureCheck": True,
        "ImageName": "billing",
        "Metadata": {"BuildTool": "nitro-cli", "PCR0": "not this one"},
    }
    said = run_json("import", input_file(described))
    equal((said["pcr0"], said["pcr8"]), (A, D))
    equal(said["form"], "nitro-cli describe-eif")
    for key in ("CheckCRC", "SignatureCheck"):
        refused("import", input_file({**described, key: False}), says=key)


def enclave(number, flags="NONE", **more):
    return {
        "EnclaveName": f"name{number}",
        "EnclaveID": f"i-0123456789abcdef0-enc{number}",
        "State": "RUNNING",
        "Flags": flags,
        **build_enclave(**more),
    }


@test
def import_reads_describe_enclaves_and_warns_of_it():
    said = run_json("import", input_file([enclave(1)]))
    equal((said["pcr0"], said["circular"]), (A, True))
    contains(said["warnings"][0], "off the host")
    equal(len(said["warnings"]), 1)
    said = run_json("import", input_file([enclave(1), enclave(2, "DEBUG_MODE")]))
    contains(" ".join(said["warnings"]), "off the host", "debug mode")
    contains(run("import", input_file([enclave(1)])).out, "warning", "circular")
    refused("import", input_file([]), says="no enclave is running")


@test
def enclaves_that_differ_are_told_apart_by_enclave():
    several = input_file([enclave(1), enclave(2, PCR0=D)])
    refused("import", several, says="--enclave")
    equal(run_json("import", "--enclave", "name2", several)["pcr0"], D)
    identifier = "i-0123456789abcdef0-enc1"
    equal(run_json("import", "--enclave", identifier, several)["pcr0"], A)
    refused("import", "--enclave", "name3", several, says="name3")
    refused("import", "--enclave", "x", input_file(build_enclave()), says="x")


@test
def import_reads_flat_objects_and_our_own():
    flat = {"HashAlgorithm": HASH, "PCR0": A.upper(), "PCR1": B, "PCR2": C}
    said = run_json("import", input_file(flat))
    equal((said["pcr0"], said["kind"]), (A, "enclave"))
    ours = run("measure", "--json", image()).out
    said = run_json("import", input_file(ours))
    equal(said["pcr0"], json.loads(ours)["pcr0"])
    equal(said["form"], "pam-nitro measure --json")


def nitrotpm(**more):
    return {"Measurements": {"HashAlgorithm": "SHA384", "PCR4": A, "PCR7": B, **more}}


@test
def import_reads_nitro_tpm_pcr_compute():
    said = run_json("import", input_file(nitrotpm(PCR12=C)))
    equal((said["kind"], said["form"]), ("nitrotpm", "nitro-tpm-pcr-compute"))
    equal((said["pcr4"], said["pcr7"], said["pcr12"]), (A, B, C))
    equal((said["pcr0"], said["warnings"]), (None, []))
    contains(said["entry"], f'pcr4 = "{A}";', f'pcr7 = "{B}";', f'pcr12 = "{C}";')


@test
def a_kernel_command_line_that_nobody_changed_is_pinned_as_zero():
    said = run_json("import", input_file(nitrotpm(PCR12=ZERO)))
    contains(said["entry"], f'pcr12 = "{ZERO}";')
    equal(said["warnings"], [])
    said = run_json("import", input_file(nitrotpm()))
    assert "pcr12" not in said["entry"]
    contains(said["warnings"][0], "PCR12", "GHSA-xrv8-2pf5-f3q7")


@test
def import_reads_in_toto_attestations():
    predicate = {
        "spec": {"sha256": "00" * 32},
        "measurements": {"hashAlgorithm": "SHA384", "PCR4": A, "PCR7": B, "PCR12": ZERO},
    }
    statement = {"_type": "https://in-toto.io/Statement/v1", "predicate": predicate}
    verified = [{"verificationResult": {"statement": statement}}]
    for form in (predicate, statement, verified, verified * 2):
        said = run_json("import", input_file(form))
        equal((said["kind"], said["pcr4"], said["pcr12"]), ("nitrotpm", A, ZERO))
    other = json.loads(json.dumps(verified[0]).replace(A, D))
    refused("import", input_file(verified + [other]), says="differ")


@test
def values_that_identify_nothing_are_flagged_on_import():
    for pcr, value in [("PCR1", v) for v in AWS_KERNELS] + [("PCR2", NO_SECOND_RAMDISK)]:
        said = run_json("import", input_file(build_enclave(**{pcr: value})))
        equal(list(said["weak"]), [pcr.lower()])
    no_secure_boot = (
        "98441c7f7625d10058c47683aec486ce311c633235eb5555"
        "93a7ee791121e3578ae72d04ecef661f272d59058b77af35"
    )
    said = run_json("import", input_file(nitrotpm(PCR7=no_secure_boot)))
    equal(list(said["weak"]), ["pcr7"])
    equal(run_json("import", input_file(build_enclave()))["weak"], {})


@test
def values_that_are_none_are_refused():
    for says, value in (
        ("PCR0 has 0 char", build_enclave(PCR0="")),
        ("PCR0 has 95 char", build_enclave(PCR0=A[1:])),
        ("PCR1 has 97 char", build_enclave(PCR1=B + "0")),
        ("PCR0 has 64 char", build_enclave(PCR0="ab" * 32)),
        ("no hex digit", build_enclave(PCR2="zz" * 48)),
        ("no text", build_enclave(PCR0=7)),
        ("no text", build_enclave(PCR0=[A])),
        ("PCR0 is all zero", build_enclave(PCR0=ZERO)),
        ("PCR1 is all zero", build_enclave(PCR1=ZERO)),
        ("PCR2 is all zero", build_enclave(PCR2=ZERO)),
        ("PCR4 is all zero", nitrotpm(PCR4=ZERO)),
        ("PCR7 is all zero", nitrotpm(PCR7=ZERO)),
        ("PCR0 is there twice", build_enclave(pcr0=A)),
        ("no PCR: PCR32", build_enclave(PCR32=A)),
        ("no PCR: PCR00", build_enclave(PCR00=A)),
        ("no PCR: PCRx", build_enclave(PCRx=A)),
        ("SHA384", build_enclave(HashAlgorithm="Sha256 { ... }")),
        ("SHA384", build_enclave(HashAlgorithm=384)),
        ("which is it", build_enclave(PCR7=A)),
        ("which is it", {"PCR3": A}),
        ("neither PCR0 nor PCR8", {"PCR1": A, "PCR2": B}),
        ("neither PCR4 nor PCR7", {"PCR12": A}),
        ("no PCRs", {}),
        ("no PCRs", {"Measurements": {}}),
        ("no PCRs", {"Measurements": {"PCR0": None}}),
        ("no object", {"Measurements": [A]}),
        ("no object", {"Measurements": A, "PCR0": A}),
        ("than objects", [A]),
        ("than objects", [[build_enclave()]]),
    ):
        refused("import", input_file(value), says=says)
    equal(run_json("import", input_file(build_enclave(PCR8=ZERO)))["pcr8"], None)


@test
def what_is_no_JSON_is_refused():
    whole = json.dumps(build_enclave(), indent=2)
    twice = whole.replace('"PCR1"', '"PCR0"')
    for says, text in (
        ("no JSON", ""),
        ("no JSON", "Enclave Image successfully created.\n"),
        ("no JSON", A),
        ("no JSON", f'"{A}"'),
        ("no complete JSON", "{"),
        ("no complete JSON", "[" * 100000),
        ("no complete JSON", "[\n" * 100000),
        ("no complete JSON", whole + "\nand more\n"),
        ("no complete JSON", whole + whole),
        ("no complete JSON", twice),
        ("no complete JSON", whole.replace(A, A + "\\u0000")),
        ("1 MiB", " " * (1 << 20) + whole),
    ):
        refused("import", input_file(text), says=says)
    for n in range(len(whole)):
        refused("import", "-", stdin=whole[:n].encode())
    refused("import", "-", stdin=b"\xff\xfe{}")
    refused("import", image(), says="pam-nitro measure")
    refused("import", work() / "nonexistent", status=2, says="cannot be opened")
    refused("import", "/dev/zero", says="1 MiB")


def from_document(*options, simulated=(), raw=None):
    document = sim(*simulated, folder=sim_folder()) if raw is None else raw
    return ("import", "--from-document", *options, "-"), {"stdin": document}


@test
def a_document_is_imported_as_circular():
    anchors = ("--trust-anchors", sim_folder() / "root.pem")
    arguments, more = from_document(*anchors, simulated=("--age", "864000"))
    said = run_json(*arguments, **more)
    equal((said["verified"], said["circular"], said["kind"]), (True, True, "enclave"))
    equal((said["pcr0"], said["pcr2"]), ("a0" * 48, "a2" * 48))
    contains(said["warnings"][0], "circular")
    assert "pcr3" not in said["entry"] and "pcr4" not in said["entry"]
    result = run(*arguments, **more)
    contains(result.out, "circular", "verified against", "Not in the entry", "PCR4 ")
    raw = base64.encodebytes(sim(folder=sim_folder()))
    arguments, more = from_document(*anchors, raw=raw)
    equal(run_json(*arguments, **more)["pcr0"], "a0" * 48)


@test
def a_document_of_a_NitroTPM_gives_its_boot_PCRs():
    anchors = ("--trust-anchors", sim_folder() / "root.pem")
    arguments, more = from_document(*anchors, simulated=("--kind", "nitrotpm"))
    said = run_json(*arguments, **more)
    equal((said["kind"], said["pcr4"], said["pcr7"]), ("nitrotpm", "b4" * 48, "b7" * 48))
    equal((said["pcr12"], said["pcr0"]), (ZERO, None))


@test
def without_trust_anchors_a_document_is_said_to_be_unverified():
    host()
    DEFAULT_ANCHORS.unlink(missing_ok=True)
    arguments, more = from_document()
    said = run_json(*arguments, **more)
    equal((said["exit"], said["verified"]), (0, False))
    contains(" ".join(said["warnings"]), "NOT verified", "--trust-anchors")
    DEFAULT_ANCHORS.write_bytes((sim_folder() / "root.pem").read_bytes())
    DEFAULT_ANCHORS.chmod(0o644)
    equal(run_json(*arguments, **more)["verified"], True)
    DEFAULT_ANCHORS.chmod(0o666)
    refused(*arguments, status=2, **more)
    DEFAULT_ANCHORS.unlink()


@test
def a_document_that_does_not_verify_is_refused():
    ours = ("--trust-anchors", sim_folder() / "root.pem")
    arguments, more = from_document("--trust-anchors", real_root())
    refused(*arguments, says="does not verify", **more)
    broken = bytearray(sim(folder=sim_folder()))
    broken[-1] ^= 1
    arguments, more = from_document(*ours, raw=bytes(broken))
    refused(*arguments, says="does not verify", **more)
    for raw in (b"", b"\x84", b"hello", bytes(broken[:-1]), bytes(broken) + b"\0"):
        arguments, more = from_document(*ours, raw=raw)
        refused(*arguments, **more)
    arguments, more = from_document(*ours, simulated=("--debug",))
    refused(*arguments, says="debug mode", **more)
    refused("import", "-", stdin=sim(folder=sim_folder()), says="--from-document")
    arguments, more = from_document("--trust-anchors", work() / "nonexistent")
    refused(*arguments, status=2, **more)


@test
def a_real_document_is_imported():
    documents = sorted((VECTORS / "documents").glob("*.cbor"))
    if not documents:
        raise Skip("no real documents here")
    kinds = {"enc": 0, "tpm": 0}
    for path in documents[::6] + documents[-3:]:
        arguments = ("import", "--from-document", "--trust-anchors", real_root(), path)
        result = run(*arguments)
        debug = "-dbg" in path.name
        equal(result.returncode, 1 if debug else 0, path)
        if not debug:
            equal(run_json(*arguments)["verified"], True, path)
            kinds[path.name[:3]] += 1
    assert all(kinds.values()), kinds


def judge(entry, *simulated):
    configure(entries=entry)
    return run_json(
        *("verify", "--at", "now", "--config", SETTINGS, "--user", "deploy", "-"),
        stdin=sim(*simulated, folder=sim_folder()),
    )


@test
def the_entry_admits_what_it_was_made_of_and_nothing_else():
    host()
    anchors = ("--trust-anchors", sim_folder() / "root.pem", "--workload", "billing")
    for kind, pcr in (("enclave", 2), ("nitrotpm", 4), ("nitrotpm", 12)):
        simulated = ("--kind", kind)
        arguments, more = from_document(*anchors, simulated=simulated)
        entry = run_json(*arguments, **more)["entry"]
        equal(judge(entry, *simulated)["reason"], "ok", kind)
        other = ("--pcr", f"{pcr}={'5a' * 48}")
        said = judge(entry, *simulated, *other)
        equal((said["reason"], said["differs"]), ("pcr_mismatch", [f"pcr{pcr}"]))
    ANCHORS.unlink()


@test
def options_of_import_that_do_not_go_together_are_refused():
    path = input_file(build_enclave())
    refused("import", "--trust-anchors", real_root(), path, status=2)
    refused("import", "--from-document", "--enclave", "x", path, status=2)
    refused("import", status=2, says="something is missing")


@test
def pcr_computes_what_the_hardware_will_have():
    arn = "arn:aws:iam::123456789012:role/path/billing"
    value = hashlib.sha384(bytes(48) + arn.encode()).hexdigest()
    said = run_json("pcr", "role", arn)
    equal((said["pcr"], said["pcr3"], said["iam_role"]), (3, value, arn))
    contains(run("pcr", "role", arn).out, value, f'iam_role = "{arn}";')
    instance = "i-0123456789abcdef0"
    value = hashlib.sha384(bytes(48) + instance.encode()).hexdigest()
    said = run_json("pcr", "instance", instance)
    equal((said["pcr"], said["pcr4"], said["instance_id"]), (4, value, instance))


@test
def pcr_of_a_certificate_is_over_its_DER():
    path = sim_folder() / "root.pem"
    lines = path.read_text(encoding="ascii").splitlines()
    der = base64.b64decode("".join(line for line in lines if "-----" not in line))
    said = run_json("pcr", "certificate", path)
    equal((said["pcr"], said["pcr8"]), (8, extend(der)))
    contains(run("pcr", "certificate", path).out, f'signing_certificate = "{path}";')
    two = work() / "two.pem"
    two.write_bytes(path.read_bytes() * 2)
    raw = work() / "raw.der"
    raw.write_bytes(der)
    for wrong in (two, raw, "/dev/null", "/dev/zero"):
        refused("pcr", "certificate", wrong, status=2, says="one certificate in PEM")
    refused("pcr", "certificate", work() / "none", status=2, says="cannot be opened")


@test
def the_PCR8_of_a_known_certificate_is_known():
    path = VECTORS / "eif/sign-cert.pem"
    if not path.exists():
        raise Skip("no sample images here")
    table = json.loads((VECTORS / "eif/tiny.json").read_text(encoding="utf-8"))
    known = table["tiny-signed.eif"]["measurements"]["PCR8"]
    equal(run_json("pcr", "certificate", path)["pcr8"], known)


@test
def pcr_refuses_what_the_settings_would_refuse():
    for arn in (
        "",
        "billing",
        "arn:aws:iam::12345678901:role/billing",
        "arn:aws:iam::1234567890123:role/billing",
        "arn:aws:iam::123456789012:user/billing",
        "arn:aws:iam::123456789012:instance-profile/billing",
        "arn:aws:sts::123456789012:assumed-role/billing/session",
        "arn:aws:iam::123456789012:role/",
        "arn:aws:iam::123456789012:role/path/",
        "arn:aws:iam::123456789012:role/a b",
        "arn:aws:iam::123456789012:role/\u00e4",
        "arn:aws:iam::123456789012:role/billing\n",
        "ARN:aws:iam::123456789012:role/billing",
    ):
        refused("pcr", "role", arn, status=2, says="no ARN of a role")
    for instance in ("", "i-", "i-0123456789abcdef", "i-0123456789ABCDEF0", "0123456789abcdef0"):
        refused("pcr", "instance", instance, status=2, says="no instance id")
    refused("pcr", "kernel", "x", status=2, says="role, instance or certificate")
    refused("pcr", "role", status=2, says="something is missing")


if __name__ == "__main__":
    main()
