#!/usr/bin/python3
"""pam-nitro verify and inspect over simulated documents; wrong usage."""

import base64
import os
import pty
import subprocess

from pam_nitro_cli import (
    NITRO_SIM,
    PAM_NITRO,
    PCR0,
    contains,
    equal,
    main,
    outcomes,
    real_root,
    run,
    run_json,
    sim,
    sim_folder,
    ssh_key,
    test,
    work,
)


def verify_sim(*options, simulated=(), at="now"):
    folder = sim_folder()
    return run_json(
        "verify",
        "--at",
        at,
        "--trust-anchors",
        folder / "root.pem",
        *options,
        "-",
        stdin=sim(*simulated, folder=folder),
    )


@test
def a_fresh_document_of_either_kind_verifies_now():
    for kind in ("enclave", "nitrotpm"):
        said = verify_sim(simulated=("--kind", kind))
        equal((said["result"], said["kind"]), ("allow", kind))
        equal(outcomes(said)["age"], "passed")


@test
def every_defect_that_concerns_a_document_alone_is_refused():
    nonce = work() / "nonce"
    nonce.write_bytes(bytes(range(32)))
    listing = subprocess.run(
        [NITRO_SIM, "defects"], capture_output=True, check=True, text=True
    ).stdout
    rows = [line.split()[:2] for line in listing.splitlines()]
    assert len(rows) > 20
    for defect, reason in rows:
        said = verify_sim(
            "--nonce",
            nonce.read_bytes().hex(),
            simulated=("--nonce", str(nonce), "--defect", defect),
        )
        # There is no login here whose audience or key it could differ from.
        if reason in ("audience_mismatch", "key_mismatch"):
            reason = "ok"
        equal(said["reason"], reason, defect)


@test
def hostile_text_reaches_the_terminal_escaped_and_JSON_whole():
    # O01 O02 O03 D08; run() refuses whatever is not printable ASCII.
    hostile = "\x1b[2J\nresult   allow\r\x7f\u202e\u200b\x9b%s%n\\x41"
    folder = sim_folder()
    data = work() / "user_data"
    data.write_bytes(hostile.encode())
    raw = sim(
        "--module-id", hostile, "--user-data", str(data), folder=folder
    )
    equal(run_json("inspect", "-", stdin=raw)["module_id"], hostile)
    out = run("inspect", "-", stdin=raw).out
    contains(out, "module       \\x1b[2J\\x0aresult   allow\\x0d\\x7f\\xe2\\x80\\xae")
    contains(out, "%s%n\\x5cx41\n", hostile.encode().hex()[:64])
    call = ("verify", "--trust-anchors", folder / "root.pem", "-")
    equal(run_json(*call, stdin=raw)["module_id"], hostile)
    lines = run(*call, stdin=raw).out.splitlines()
    equal(len([line for line in lines if line.startswith("result   ")]), 1)


@test
def a_module_id_of_256_bytes_is_shown_whole():
    long = "m" * 256
    raw = sim("--module-id", long, folder=sim_folder())
    contains(run("inspect", "-", stdin=raw).out, f"module       {long}\n")
    escaped = "\x01" * 256
    raw = sim("--module-id", escaped, folder=sim_folder())
    contains(run("inspect", "-", stdin=raw).out, "\\x01" * 256 + "\n")


@test
def an_SSH_public_key_is_recognised_with_its_fingerprint():
    text, _ = ssh_key("ed25519")
    blob = work() / "blob"
    blob.write_bytes(base64.b64decode(text.split()[1]))
    raw = sim("--public-key", str(blob), folder=sim_folder())
    fingerprint = subprocess.run(
        ["ssh-keygen", "-lf", work() / "id_ed25519.pub"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split()[1]
    out = run("inspect", "-", stdin=raw).out
    contains(out, f"an SSH public key, ssh-ed25519 {fingerprint}\n")
    equal(run_json("inspect", "-", stdin=raw)["public_key_ssh"], fingerprint)
    # One byte more is no key.
    blob.write_bytes(blob.read_bytes() + b"\0")
    raw = sim("--public-key", str(blob), folder=sim_folder())
    equal(run_json("inspect", "-", stdin=raw)["public_key_ssh"], None)


@test
def printable_fields_are_shown_as_text():
    data = work() / "user_data"
    data.write_bytes(b"pam_nitro/1 nonce=x")
    raw = sim("--user-data", str(data), folder=sim_folder())
    contains(run("inspect", "-", stdin=raw).out, '19 bytes\n             "pam_nitro/1 nonce=x"\n')
    equal(run_json("inspect", "-", stdin=raw)["user_data_text"], "pam_nitro/1 nonce=x")


@test
def debug_documents_are_flagged_and_genuine_without_policy():
    raw = sim("--debug", folder=sim_folder())
    contains(run("inspect", "-", stdin=raw).out, "debug        YES: PCR0")
    equal(run_json("inspect", "-", stdin=raw)["debug"], True)
    equal(verify_sim(simulated=("--debug",))["result"], "allow")


@test
def a_certificate_outside_its_time_is_pointed_out():
    folder = sim_folder()
    raw = sim("--defect", "expired-leaf", folder=folder)
    said = run("verify", "--trust-anchors", folder / "root.pem", "-", stdin=raw)
    equal(said.returncode, 1)
    contains(said.out, "certificate_time", "NOT at the document's time")
    equal(said.out.count("NOT at the document's time"), 1)
    good = run("inspect", "-", stdin=sim(folder=folder)).out
    assert "NOT at" not in good


@test
def colour_is_for_terminals_only():
    raw = sim(folder=sim_folder())
    file = work() / "document"
    file.write_bytes(raw)
    call = [PAM_NITRO, "verify", "--trust-anchors", sim_folder() / "root.pem", file]
    for env, has_colour in (
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({}, False),
    ):
        master, slave = pty.openpty()
        result = subprocess.run(call, stdout=slave, env=env, timeout=60, check=False)
        os.close(slave)
        said = b""
        while True:
            try:
                chunk = os.read(master, 65536)
            except OSError:
                break
            if not chunk:
                break
            said += chunk
        os.close(master)
        equal(result.returncode, 0, env)
        assert b"result" in said
        equal(b"\x1b[" in said, has_colour, env)


@test
def help_and_version_are_answers():
    for arguments in (("--help",), ("-h",), ("--version",)):
        said = run(*arguments)
        equal((said.returncode, said.err), (0, ""), arguments)
        contains(said.out, "pam-nitro")
    for command in ("verify", "inspect", "authorized-keys"):
        contains(run("--help").out, command)
        said = run(command, "--help")
        equal((said.returncode, said.err), (0, ""))
        contains(said.out, f"usage: pam-nitro {command} ", "Exit status")


@test
def wrong_usage_exits_2_and_says_what_to_do():
    for arguments in (
        (),
        ("frobnicate",),
        ("\x1b[2Jfrobnicate",),
        ("verify",),
        ("verify", "--frobnicate", "-"),
        ("verify", "-x", "-"),
        ("verify", "--nonce"),
        ("verify", "--json=1", "-"),
        ("verify", "a", "b"),
        ("verify", "--at", "yesterday", "-"),
        ("verify", "--at", "2026-13-01T00:00:00Z", "-"),
        ("verify", "--at", "2026-11-01", "-"),
        ("verify", "--at", "", "-"),
        ("verify", "--nonce", "", "-"),
        ("verify", "--nonce", "0", "-"),
        ("verify", "--nonce", "000", "-"),
        ("verify", "--nonce", "0g", "-"),
        ("verify", "--nonce", "00" * 1025, "-"),
        ("verify", "--user", "deploy", "-"),
        ("verify", "--config", "/nonexistent.conf", "-"),
        ("verify", "--config", "/nonexistent.conf", "--user", "deploy", "-"),
        ("verify", "--trust-anchors", "/nonexistent.pem", "-"),
        ("verify", "--trust-anchors", "/dev/null", "-"),
        ("verify", "--trust-anchors", real_root(), "/nonexistent"),
        ("verify", "--trust-anchors", real_root(), "/"),
        ("inspect",),
        ("inspect", "a", "b"),
        ("inspect", "/nonexistent"),
        ("inspect", "--at", "now", "-"),
        ("authorized-keys",),
        ("authorized-keys", "deploy", "ssh-ed25519"),
        ("authorized-keys", "a", "b", "c", "d"),
        ("authorized-keys", "--config", "/nonexistent", "a", "b", "c"),
        ("authorized-keys", "--verbose", "ssh-ed25519", "AAAA"),
    ):
        said = run(*arguments)
        equal((said.returncode, said.out), (2, ""), arguments)
        assert said.err, arguments


@test
def an_answer_that_cannot_be_written_is_no_answer():
    raw = sim(folder=sim_folder())
    with open("/dev/full", "wb") as full:
        result = subprocess.run(
            [PAM_NITRO, "inspect", "-"],
            input=raw,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    equal(result.returncode, 2)
    contains(result.stderr.decode(), "pam-nitro: the output cannot be written")


if __name__ == "__main__":
    main()
