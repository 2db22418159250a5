#!/usr/bin/python3
"""pam-nitro evidence list, show, verify and prune."""

import base64
import os
import subprocess
import time

from pam_nitro_cli import (
    ANCHORS,
    SETTINGS,
    configure,
    contains,
    equal,
    host,
    main,
    real_root,
    run,
    run_json,
    test,
    work,
)
from pam_nitro_store import (
    MODULE,
    SETTINGS_LINE,
    STORE,
    begin,
    file_name,
    keep,
    login,
    other_code,
    record,
    reference,
    stamp,
)


def verify(*options):
    said = run_json("evidence", "verify", *options)
    equal(said["exit"], 0 if said["result"] == "ok" else 1)
    equal(said["stand"] + len(said["failed"]), said["records"])
    return said


def verdict_of(**changes):
    """The one reason for which a record with these changes does not stand."""
    begin()
    keep(record(**changes))
    said = verify()
    return said["failed"][0]["reason"] if said["failed"] else "ok"


@test
def a_record_that_stands_is_said_to():
    begin()
    login()
    login("pcr_mismatch", simulated=other_code())
    said = verify()
    equal((said["records"], said["stand"], said["failed"]), (2, 2, []))
    result = run("evidence", "verify")
    equal((result.returncode, result.out), (0, "2 records judged, 2 stand, 0 do not\n"))


@test
def what_the_record_says_apart_from_the_document_must_agree_with_it():
    contradiction = "record_contradicts_document"
    for changes, reason in (
        ({}, "ok"),
        ({"rhost": "198.51.100.1"}, "ok"),
        ({"module_id": MODULE[:-1] + "0"}, contradiction),
        ({"kind": "nitrotpm"}, contradiction),
        ({"age_ms": "12345"}, contradiction),
        ({"key": "SHA256:" + "A" * 43}, contradiction),
        ({"binding": "false"}, contradiction),
        ({"audience": "x"}, "audience_mismatch"),
        ({"audience_required": "false", "audience": "x"}, contradiction),
        ({"key_blob": base64.b64encode(b"another").decode()}, "key_mismatch"),
        ({"time": stamp(int(time.time() * 1000) + 120000)}, "document_too_old"),
        ({"time": stamp(int(time.time() * 1000) - 120000)}, "document_from_future"),
    ):
        equal(verdict_of(**changes), reason, changes)


@test
def a_login_cannot_be_told_of_another_user_or_nonce():
    begin()
    lines = record()
    lines["user"] = "ledger"
    keep(lines)
    other = record()
    other["nonce"] = os.urandom(32).hex()
    keep(other)
    reasons = sorted(failed["reason"] for failed in verify()["failed"])
    equal(reasons, ["nonce_mismatch", "record_contradicts_document"])


@test
def a_document_that_was_altered_does_not_stand():
    begin()
    lines = record()
    document = bytearray(base64.b64decode(lines["document"]))
    document[-1] ^= 1
    lines["document"] = base64.b64encode(document).decode()
    keep(lines)
    equal(verify()["failed"][0]["reason"], "signature_invalid")


@test
def a_root_that_is_trusted_no_more_takes_its_records_with_it():
    begin()
    login()
    said = verify("--trust-anchors", real_root())
    equal([failed["reason"] for failed in said["failed"]], ["root_not_trusted"])
    equal(verify("--trust-anchors", ANCHORS)["failed"], [])


@test
def files_that_are_no_records_are_reported():
    begin()
    lines = record()
    path = keep(lines)
    whole = path.read_bytes()
    for content in (b"", whole[:-1], whole + b"\n", whole.replace(b"=", b":"), b"\xff" * 99):
        path.write_bytes(content)
        equal(verify()["failed"][0]["reason"], "record_unreadable")
    path.write_bytes(whole)
    equal(verify()["failed"], [])
    # Under another login's name.
    other = record()
    path.rename(STORE / file_name(other))
    failed = verify()["failed"][0]
    equal(failed["reason"], "record_unreadable")
    contains(failed["why"], file_name(lines))
    # Writable by others.
    keep(other, mode=0o666)
    equal(verify()["failed"][0]["reason"], "record_unreadable")


@test
def the_order_of_many_findings_is_the_order_of_time():
    begin()
    names = []
    for number in range(200):
        moment = stamp(1700000000000 + number * 1000)
        lines = {"time": moment, "nonce": os.urandom(32).hex(), "result": "deny"}
        names.append(file_name(lines))
        (STORE / names[-1]).write_text("nothing\n", encoding="ascii")
    said = verify()
    equal([failed["file"] for failed in said["failed"]], names)
    text = run("evidence", "verify")
    contains(text.out, "200 records judged, 0 stand, 200 do not")
    equal(text.out.count("FAILED"), 200)
    # Progress is for terminals.
    equal(text.err, "")


@test
def an_empty_store_stands():
    begin()
    equal(verify()["records"], 0)
    equal(run("evidence", "list").out.count("\n"), 1)


@test
def list_shows_each_login_in_a_line_the_oldest_first():
    begin()
    first = login()
    second = login("pcr_mismatch", simulated=other_code(), differs="pcr0")
    lines = run("evidence", "list").out.splitlines()
    equal(len(lines), 4)
    contains(lines[0], "TIME", "REFERENCE", "USER")
    contains(lines[1], first["time"], reference(first), "allow", "deploy", "billing/1.4.2")
    contains(lines[2], second["time"], reference(second), "deny", "i-0123456789abcdef0")
    contains(lines[3], "2 records", "of at most 256 MiB")
    said = run_json("evidence", "list")
    equal([r["reference"] for r in said["records"]], [reference(first), reference(second)])
    equal(said["records"][1]["differs"], ["pcr0"])
    assert said["records"][1]["readable"]


@test
def list_tells_of_a_record_that_cannot_be_read():
    begin()
    path = keep(record())
    path.write_text("x", encoding="ascii")
    contains(run("evidence", "list").out, "cannot be read")
    equal(run_json("evidence", "list")["records"][0]["readable"], False)


@test
def hostile_text_in_a_record_is_shown_escaped():
    # O01 O03; run() refuses whatever is not printable ASCII.
    begin()
    lines = login(rhost="\\x1b[2J\\x0aresult=allow", revoked="\\x9b\\xff")
    contains(run("evidence", "show", reference(lines)).out, "\\x1b[2J\\x0aresult=allow")
    run("evidence", "list")
    run("explain", reference(lines))
    run_json("evidence", "show", reference(lines))


@test
def show_tells_the_record_and_the_document():
    begin()
    lines = login("pcr_mismatch", simulated=other_code(), differs="pcr0")
    out = run("evidence", "show", reference(lines).upper()).out
    contains(
        out, "deploy", "192.0.2.7", "deny", "pcr_mismatch", "differs in    PCR0",
        lines["key"], lines["audience"], "PCR0  eeee", "aws.nitro-enclaves",
    )
    said = run_json("evidence", "show", reference(lines))
    equal(said["document"]["pcrs"]["0"], "ee" * 48)
    equal(said["document"]["base64"], lines["document"])
    equal((said["audience"], said["nonce"]), (lines["audience"], lines["nonce"]))


@test
def the_document_of_a_record_is_one_that_verify_takes():
    begin()
    lines = login()
    text = run("evidence", "show", "--document", reference(lines)).out
    equal(base64.b64decode(text), base64.b64decode(lines["document"]))
    said = run_json(
        "verify", "--at", "document", "--nonce", lines["nonce"], "--trust-anchors",
        ANCHORS, "-", stdin=text.encode(),
    )
    equal((said["result"], said["verified"]), ("allow", True))


@test
def a_reference_that_nobody_has_is_not_found():
    begin()
    login()
    result = run("evidence", "show", "00000000")
    equal(result.returncode, 1)
    contains(result.err, "no record", "pam-nitro explain 00000000")
    for wrong in ("", "3f9a12c", "3f9a12c0f", "3f9a12cg", "../../etc"):
        equal(run("evidence", "show", wrong).returncode, 2)


@test
def prune_removes_what_is_too_old_and_dry_run_nothing():
    begin("max_age_s = 60;")
    old = record(time=stamp(int(time.time() * 1000) - 31 * 86400000))
    new = record()
    keep(old)
    keep(new)
    said = run_json("evidence", "prune", "--dry-run")
    equal((said["removed"], said["kept_count"]), ([file_name(old)], 1))
    contains(run("evidence", "prune", "--dry-run").out, "would remove " + file_name(old))
    assert (STORE / file_name(old)).exists()
    contains(run("evidence", "prune").out, "removed " + file_name(old))
    equal(sorted(p.name for p in STORE.glob("*.evidence")), [file_name(new)])


@test
def a_store_that_others_can_read_is_not_used():
    begin()
    lines = login()
    STORE.chmod(0o750)
    for part in (["list"], ["show", reference(lines)], ["verify"], ["prune"]):
        result = run("evidence", *part)
        equal(result.returncode, 2)
        contains(result.err, "chmod 0700")


@test
def without_the_setting_there_is_no_store():
    configure()
    result = run("evidence", "list")
    equal(result.returncode, 2)
    contains(result.err, "no evidence setting", str(SETTINGS))
    # A copy of a store is looked at without any settings.
    begin()
    lines = login()
    configure()
    result = run("evidence", "list", "--directory", STORE)
    contains(result.out, reference(lines))
    equal(run("evidence", "prune", "--directory", STORE).returncode, 2)


@test
def a_store_that_is_missing_is_said_to_be():
    configure(settings=SETTINGS_LINE)
    STORE.mkdir(exist_ok=True)
    for path in STORE.iterdir():
        path.unlink()
    STORE.rmdir()
    result = run("evidence", "list")
    equal(result.returncode, 2)
    contains(result.err, str(STORE))


@test
def wrong_usage_is_told():
    for arguments in ([], ["lists"], ["list", "more"], ["show"], ["verify", "--at"]):
        equal(run("evidence", *arguments).returncode, 2)
    for part in ([], ["list"], ["show"], ["verify"], ["prune"]):
        result = run("evidence", *part, "--help")
        equal((result.returncode, result.err), (0, ""))
        contains(result.out, "usage: pam-nitro evidence")


@test
def every_record_is_judged_whichever_process_takes_it():
    begin()
    lines = record()
    content = keep(lines).read_text(encoding="ascii")
    for number in range(150):
        nonce = number.to_bytes(4, "big").hex() + lines["nonce"][8:]
        moved = content.replace(lines["nonce"], nonce)
        (STORE / file_name({**lines, "nonce": nonce})).write_text(moved, encoding="ascii")
        (STORE / file_name({**lines, "nonce": nonce})).chmod(0o600)
    said = verify()
    equal((said["records"], said["stand"]), (151, 1))
    equal({failed["reason"] for failed in said["failed"]}, {"nonce_mismatch"})


@test
def a_full_disk_lets_the_administrator_look():
    host()
    folder = work() / "small"
    folder.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", folder], check=True
    )
    try:
        begin()
        lines = login()
        name = file_name(lines)
        (folder / name).write_bytes((STORE / name).read_bytes())
        (folder / "rest").write_bytes(b"")
        with open(folder / "rest", "wb", buffering=0) as rest:
            try:
                while rest.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        # The lock file has no room for a count.
        parent = STORE.parent / "full"
        subprocess.run(["mkdir", "-p", parent], check=True)
        subprocess.run(["mount", "--bind", folder, parent], check=True)
        try:
            result = run("evidence", "list", "--directory", parent)
            equal(result.returncode, 0, result.err)
            contains(result.out, reference(lines))
            said = run_json("evidence", "verify", "--directory", parent,
                            "--trust-anchors", ANCHORS)
            equal(said["stand"], 1)
        finally:
            subprocess.run(["umount", parent], check=True)
    finally:
        subprocess.run(["umount", folder], check=True)


if __name__ == "__main__":
    main()
