#!/usr/bin/env python3
"""pam-nitro without memory, and with libraries that fail: each of its own
allocations fails once, and from there on, in every command, and each place that
calls a library has it fail in each of its ways. It says so and does not crash;
a no never becomes a yes; a file is as it was, or as it should be. (C30 L21)

Of a command with more than TRIES allocations as many are tried, evenly spread.
"""

import csv
import hashlib
import json
import os
import pathlib
import platform
import subprocess

import pam_nitro_builder as builder
import pam_nitro_check_test as checking
import pam_nitro_measure_test as measuring
import pam_nitro_provenance_test as proving
from failing_calls import FailingCalls
from pam_nitro_cli import (BUILD, ETC, MEASUREMENTS, PAM_NITRO, PCR0, REPOSITORY, SETTINGS, TESTS, VECTORS, Skip,
                           configure, host, main, real_root, ssh_key, test, work)
from pam_nitro_eif import SOUND, make_eif
from pam_nitro_store import attested, begin, keep, login, other_code, record, reference

# Of those files only what prepares a host.
TESTS.clear()

LIBRARY = BUILD / "tests/fail_memory.so"
CALLS_LIBRARY = BUILD / "tests/fail_calls.so"
PROVENANCE = pathlib.Path(os.environ.get("NITRO_PROVENANCE") or REPOSITORY / "../shared/provenance/vectors")
TRIES = 40


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
    """A run that lacked something, beside one that did not; it may know less to tell."""
    assert result.returncode in (0, 1, 2), (what, result)
    for line in result.stderr.decode().splitlines():
        assert line.startswith(("pam-nitro: ", "usage: ", " ", "LLVM Profile")) or not line, (what, line)
    if result.returncode == 0:
        assert good.returncode == 0, (what, "a no has become a yes", result)
    elif good.returncode == 0:
        assert result.stderr or result.stdout, (what, "refuses in silence")


class Written:
    """A file that the command may write: set back before each run, and judged after it."""

    def __init__(self, path):
        self.path, self.before = path, path.read_bytes() if path else None
        self.after = None

    def reset(self):
        if self.path:
            self.path.write_bytes(self.before)

    def keep(self):
        if self.path:
            self.after = self.path.read_bytes()

    def judge(self, what, result):
        if self.path:
            is_new = b": the file was changed" in result.stderr
            allowed = (self.after,) if is_new else (self.before, self.after) if result.returncode == 0 else (
                self.before,)
            assert self.path.read_bytes() in allowed, what

    def finish(self):
        if self.path:
            self.path.write_bytes(self.after)


def without_memory(arguments, stdin, written):
    good, count = call(arguments, stdin)
    written.keep()
    assert count > 0, good
    for at in sorted({1 + i * count // min(count, TRIES) for i in range(min(count, TRIES))}):
        for on in (False, True):
            written.reset()
            what = f"{arguments} number {at} of {count}{' and on' if on else ''}"
            result, _ = call(arguments, stdin, at, on)
            judge(what, good, result)
            written.judge(what, result)


CALLS = []


def without_calls(arguments, stdin, written):
    """Each place that no command before has reached with this outcome."""
    if not CALLS:
        CALLS.append(FailingCalls(CALLS_LIBRARY, PAM_NITRO, work()))

    def run_it(more):
        return subprocess.run([PAM_NITRO, *map(str, arguments)], input=stdin, capture_output=True, timeout=60,
                              check=False, env=os.environ | CALLS[0].environment(**more))

    written.reset()
    good = run_it({})
    written.keep()
    tries, wrong = list(CALLS[0].untried(good.returncode == 0)), []
    for what, more in tries:
        written.reset()
        result = run_it(more)
        try:
            judge(what, good, result)
            written.judge(what, result)
        except AssertionError as error:
            wrong.append(str(error))
    assert not wrong, f"{len(wrong)} of {len(tries)}:\n" + "\n".join(wrong)
    return len(tries)


def faulty(*arguments, stdin=b"", file=None, tries_memory=True):
    """Every allocation and every call of that command; file is what the command may write."""
    host()
    if not LIBRARY.exists():
        raise Skip(f"needs {LIBRARY}")
    if "/asan" in str(BUILD):
        raise Skip("a sanitizer has an allocator of its own")
    written = Written(file)
    if tries_memory:
        without_memory(arguments, stdin, written)
    calls = without_calls(arguments, stdin, written) if platform.machine() == "x86_64" else 0
    written.finish()
    print(f"# {' '.join(map(str, arguments[:2]))}: {calls} calls")


@test
def test_documents_faulty():
    begin()
    nonce = os.urandom(32)
    document, _, _, audience = attested(nonce)
    path = work() / "document.cbor"
    path.write_bytes(document)
    faulty("verify", "--config", SETTINGS, "--user", "deploy", "--nonce", nonce.hex(), path)
    faulty("verify", "--config", SETTINGS, "--json", "--user", "deploy", path)
    faulty("verify", "--trust-anchors", real_root(), path)
    faulty("inspect", path)
    faulty("inspect", "--json", path)
    faulty("test", "--user", "deploy", path)
    faulty("import", path)
    assert audience


@test
def test_files_faulty():
    begin()
    faulty("check")
    faulty("check", "--json")
    faulty("list")
    faulty("list", "--json")
    faulty("pcr", "instance", "i-0123456789abcdef0")


@test
def test_changes_faulty():
    begin()
    values = json.dumps({"Measurements": {"HashAlgorithm": "Sha384 { ... }", "PCR0": "b1" * 48, "PCR1": "b2" * 48,
                                          "PCR2": "b3" * 48}}).encode()
    faulty("allow", "-", "--workload=billing", "--version=2", stdin=values, file=MEASUREMENTS)
    faulty("allow", "-", "--workload=billing", "--version=3", "--json", stdin=values.replace(b"b1", b"c1"),
                   file=MEASUREMENTS)
    faulty("revoke", "billing/2", "--reason=x", file=MEASUREMENTS)
    faulty("revoke", "--pcr0", hashlib.sha384(b"x").hexdigest(), "--reason=x", "--json", file=MEASUREMENTS)
    faulty("import", "-", stdin=values)
    faulty("import", "-", "--json", stdin=values)


@test
def test_records_faulty():
    begin()
    good = login()
    refused = record("pcr_mismatch", simulated=other_code())
    keep(refused)
    faulty("explain", reference(good))
    faulty("explain", "--json", reference(refused))
    faulty("trace", reference(good))
    faulty("trace", "--json", "billing")
    faulty("trace", "--dot", reference(good))
    faulty("evidence", "list")
    faulty("evidence", "list", "--json")
    faulty("evidence", "show", reference(good))
    faulty("evidence", "verify")
    faulty("evidence", "prune", "--dry-run")


@test
def test_keys_faulty():
    begin()
    text = ssh_key("ed25519")[0].split()
    faulty("authorized-keys", "deploy", text[0], text[1])
    assert PCR0 and ETC


@test
def test_pinned_provenance_faulty():
    begin()
    path, key = work() / "pcrs.json", work() / "id_ed25519"
    path.write_text(json.dumps({"PCR0": "a1" * 48}), encoding="ascii")
    ssh_key("ed25519")
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", "pam-nitro-provenance@v1", path], check=True,
                   timeout=60, capture_output=True)
    proof = ["--provenance", path.with_name("pcrs.json.sig"), "--provenance-key", key.with_suffix(".pub")]
    faulty("provenance", "verify", "--artifact", path, *proof)
    faulty("import", path, *proof, "--keep", work() / "kept")


def manifest_rows():
    if not (PROVENANCE / "MANIFEST.tsv").exists():
        raise Skip(f"no real bundles at {PROVENANCE}; set NITRO_PROVENANCE")
    with open(PROVENANCE / "MANIFEST.tsv", encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table, delimiter="\t"))


def question(row):
    """The options that ask for what a row of the manifest says."""
    words = ["--provenance", PROVENANCE / row["file"]]
    words += ["--digest", row["digest"]] if row["digest"] else ["--artifact", PROVENANCE / row["artifact"]]
    if row["trusted_root"]:
        words += ["--trusted-root", PROVENANCE / row["trusted_root"]]
    if row["key"]:
        return [*words, "--provenance-key", PROVENANCE / row["key"]]
    return [*words, "--identity", row["identity"], "--issuer", row["issuer"]]


@test
def test_keyless_provenance_faulty():
    rows = manifest_rows()
    row = next(row for row in rows if row["file"] == "tinfoil/bundle.jsonl")
    faulty("provenance", "verify", *question(row))
    for row in rows:
        faulty("provenance", "verify", *question(row), tries_memory=False)


@test
def test_a_builder_faulty():
    host()
    path = proving.pcr_file()
    proof = proving.own(path)
    faulty("provenance", "verify", "--artifact", path, *proof, "--source-repository", builder.REPOSITORY)
    faulty("provenance", "verify", "--artifact", path, *proof, "--json", tries_memory=False)
    faulty("provenance", "verify", "--digest", "sha256:" + "0" * 64, *proof, tries_memory=False)
    faulty("import", path, *proof, "--source-repository", builder.REPOSITORY, "--keep", proving.kept(), "--json")


@test
def test_images_faulty():
    begin()
    image = measuring.image()
    faulty("measure", image)
    faulty("measure", image, "--json", "--workload=billing", "--version=1", tries_memory=False)
    faulty("measure", measuring.image(SOUND[:2], name="cut.eif"))
    faulty("import", measuring.input_file(measuring.build_enclave()), tries_memory=False)
    faulty("import", measuring.input_file({"PCR0": "zz"}), tries_memory=False)
    faulty("allow", image, "--workload=billing", "--version=7", file=MEASUREMENTS)
    signed = VECTORS / "eif/tiny-signed.eif"
    if signed.exists():
        faulty("measure", signed)
        faulty("allow", signed, "--workload=billing", "--version=8", "--signer-only", file=MEASUREMENTS,
               tries_memory=False)


@test
def test_sync_faulty():
    host()
    configure(settings=proving.require(proving.key_of(proving.pcr_file())), entries="")
    folder = proving.inbox()
    for name, content in (("billing-1.0.json", {"PCR0": "a1" * 48, "PCR1": "b2" * 48, "PCR2": "c3" * 48}),
                          ("billing-1.1.eif", make_eif(SOUND))):
        proving.put(folder, name, content)
    command = ["sync", *proving.BASE, "--provenance-key", work() / "id_ed25519.pub", folder]
    faulty(*command, "--dry-run")
    faulty(*command, "--json", file=MEASUREMENTS, tries_memory=False)
    faulty(*command, file=MEASUREMENTS)
    faulty("check", tries_memory=False)
    proving.put(folder, "billing-2.json", {"PCR0": "a2" * 48}, kind="ecdsa")
    faulty(*command, tries_memory=False)


@test
def test_a_whole_host_faulty():
    checking.prepare()
    checking.good_host()
    faulty("check")
    faulty("check", "--json", tries_memory=False)
    checking.good_host(pam="auth required pam_permit.so\n")
    faulty("check", tries_memory=False)


if __name__ == "__main__":
    main()
