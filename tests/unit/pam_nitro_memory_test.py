#!/usr/bin/env python3
"""pam-nitro without memory: each of its own allocations fails once, and from
there on, in every command. It says so and does not crash; a no never becomes a
yes; a file is as it was, or as it should be. (C30 L21)

Of a command with more than TRIES allocations as many are tried, evenly spread.
"""

import csv
import hashlib
import json
import os
import pathlib
import subprocess

from pam_nitro_cli import (BUILD, ETC, MEASUREMENTS, PAM_NITRO, PCR0, REPOSITORY, SETTINGS, Skip, host, main, real_root,
                           ssh_key, test, work)
from pam_nitro_store import attested, begin, keep, login, other_code, record, reference

LIBRARY = BUILD / "tests/fail_memory.so"
PROVENANCE = pathlib.Path(os.environ.get("NITRO_PROVENANCE") or REPOSITORY / "../shared/provenance/vectors")
TRIES = 60


def call(arguments, stdin=b"", at=0, on=False):
    """One run; its result, and how many allocations there were."""
    count = work() / "count"
    count.unlink(missing_ok=True)
    env = os.environ | {"LD_PRELOAD": str(LIBRARY), "FAIL_AT": str(at), "FAIL_COUNT": str(count)}
    if on:
        env["FAIL_ON"] = "1"
    result = subprocess.run([PAM_NITRO, *map(str, arguments)], input=stdin, capture_output=True, timeout=60,
                            check=False, env=env)
    return result, int(count.read_text(encoding="ascii"))


def judge(what, good, result):
    """A run that lacked memory, beside one that did not; it may know less to tell."""
    assert result.returncode in (0, 1, 2), (what, result)
    for line in result.stderr.decode().splitlines():
        assert line.startswith(("pam-nitro: ", "usage: ", " ", "LLVM Profile")) or not line, (what, line)
    if result.returncode == 0:
        assert good.returncode == 0, (what, "a no has become a yes", result)
    elif good.returncode == 0:
        assert result.stderr or result.stdout, (what, "refuses in silence")


def without_memory(*arguments, stdin=b"", file=None):
    """Every allocation of that command; file is what the command may write."""
    host()
    if not LIBRARY.exists():
        raise Skip(f"needs {LIBRARY}")
    if "/asan" in str(BUILD):
        raise Skip("a sanitizer has an allocator of its own")
    before = file.read_bytes() if file else None
    good, count = call(arguments, stdin)
    after = file.read_bytes() if file else None
    assert count > 0, good
    for at in sorted({1 + i * count // min(count, TRIES) for i in range(min(count, TRIES))}):
        for on in (False, True):
            if file:
                file.write_bytes(before)
            what = f"{arguments} number {at} of {count}{' and on' if on else ''}"
            result, _ = call(arguments, stdin, at, on)
            judge(what, good, result)
            if file:
                assert file.read_bytes() in ((before, after) if result.returncode == 0 else (before,)), what
    if file:
        file.write_bytes(after)
    print(f"# {' '.join(map(str, arguments[:2]))}: {count} allocations")


@test
def test_documents_without_memory():
    begin()
    nonce = os.urandom(32)
    document, _, _, audience = attested(nonce)
    path = work() / "document.cbor"
    path.write_bytes(document)
    without_memory("verify", "--config", SETTINGS, "--user", "deploy", "--nonce", nonce.hex(), path)
    without_memory("verify", "--config", SETTINGS, "--json", "--user", "deploy", path)
    without_memory("verify", "--trust-anchors", real_root(), path)
    without_memory("inspect", path)
    without_memory("inspect", "--json", path)
    without_memory("test", "--user", "deploy", path)
    without_memory("import", path)
    assert audience


@test
def test_files_without_memory():
    begin()
    without_memory("check")
    without_memory("check", "--json")
    without_memory("list")
    without_memory("list", "--json")
    without_memory("pcr", "instance", "i-0123456789abcdef0")


@test
def test_changes_without_memory():
    begin()
    values = json.dumps({"Measurements": {"HashAlgorithm": "Sha384 { ... }", "PCR0": "b1" * 48, "PCR1": "b2" * 48,
                                          "PCR2": "b3" * 48}}).encode()
    without_memory("allow", "-", "--workload=billing", "--version=2", stdin=values, file=MEASUREMENTS)
    without_memory("allow", "-", "--workload=billing", "--version=3", "--json", stdin=values.replace(b"b1", b"c1"),
                   file=MEASUREMENTS)
    without_memory("revoke", "billing/2", "--reason=x", file=MEASUREMENTS)
    without_memory("revoke", "--pcr0", hashlib.sha384(b"x").hexdigest(), "--reason=x", "--json", file=MEASUREMENTS)
    without_memory("import", "-", stdin=values)
    without_memory("import", "-", "--json", stdin=values)


@test
def test_records_without_memory():
    begin()
    good = login()
    refused = record("pcr_mismatch", simulated=other_code())
    keep(refused)
    without_memory("explain", reference(good))
    without_memory("explain", "--json", reference(refused))
    without_memory("trace", reference(good))
    without_memory("trace", "--json", "billing")
    without_memory("trace", "--dot", reference(good))
    without_memory("evidence", "list")
    without_memory("evidence", "list", "--json")
    without_memory("evidence", "show", reference(good))
    without_memory("evidence", "verify")
    without_memory("evidence", "prune", "--dry-run")


@test
def test_keys_without_memory():
    begin()
    text = ssh_key("ed25519")[0].split()
    without_memory("authorized-keys", "deploy", text[0], text[1])
    assert PCR0 and ETC


@test
def test_pinned_provenance_without_memory():
    begin()
    path, key = work() / "pcrs.json", work() / "id_ed25519"
    path.write_text(json.dumps({"PCR0": "a1" * 48}), encoding="ascii")
    ssh_key("ed25519")
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", "pam-nitro-provenance@v1", path], check=True,
                   timeout=60, capture_output=True)
    proof = ["--provenance", path.with_name("pcrs.json.sig"), "--provenance-key", key.with_suffix(".pub")]
    without_memory("provenance", "verify", "--artifact", path, *proof)
    without_memory("import", path, *proof, "--keep", work() / "kept")


@test
def test_keyless_provenance_without_memory():
    begin()
    if not (PROVENANCE / "MANIFEST.tsv").exists():
        raise Skip(f"no real bundles at {PROVENANCE}; set NITRO_PROVENANCE")
    with open(PROVENANCE / "MANIFEST.tsv", encoding="utf-8", newline="") as table:
        row = next(row for row in csv.DictReader(table, delimiter="\t") if row["file"] == "tinfoil/bundle.jsonl")
    without_memory("provenance", "verify", "--provenance", PROVENANCE / row["file"], "--trusted-root",
                   PROVENANCE / row["trusted_root"], "--identity", row["identity"], "--issuer", row["issuer"],
                   "--digest", row["digest"])


if __name__ == "__main__":
    main()
