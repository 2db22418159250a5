#!/usr/bin/python3
"""pam-nitro provenance verify, and import, allow and check with provenance, as
an administrator uses them."""

import base64
import csv
import hashlib
import json
import os
import pathlib
import shutil
import subprocess

import pam_nitro_builder as builder
from pam_nitro_cli import (
    ETC,
    MEASUREMENTS,
    REPOSITORY,
    SETTINGS,
    Skip,
    configure,
    contains,
    equal,
    host,
    main,
    run,
    run_json,
    sim,
    sim_folder,
    ssh_key,
    test,
    work,
    write,
)
from pam_nitro_eif import SOUND, make_eif
from pam_nitro_store import SETTINGS_LINE, begin, login, reference

REAL = pathlib.Path(
    os.environ.get("NITRO_PROVENANCE")
    or REPOSITORY / "../shared/provenance/vectors"
)
NAMESPACE = "pam-nitro-provenance@v1"
A, B, C = ("a1" * 48, "b2" * 48, "c3" * 48)
BASE = ["--config", SETTINGS]


def row(file):
    """The arguments of a row of the manifest that passes."""
    if not (REAL / "MANIFEST.tsv").exists():
        raise Skip(f"no real bundles at {REAL}; set NITRO_PROVENANCE")
    with open(REAL / "MANIFEST.tsv", encoding="utf-8", newline="") as table:
        for found in csv.DictReader(table, delimiter="\t"):
            if found["file"] == file and found["expected"] == "PASS":
                break
        else:
            raise AssertionError(file)
    return found, [
        "--provenance",
        REAL / file,
        "--trusted-root",
        REAL / found["trusted_root"],
        "--identity",
        found["identity"],
        "--issuer",
        found["issuer"],
    ]


def tinfoil():
    found, arguments = row("tinfoil/bundle.jsonl")
    return [*arguments, "--digest", found["digest"]]


REPO = ["--source-repository", "https://github.com/tinfoilanalytics/nitro-enclave-pipeline-test"]


def sign(path, kind="ed25519", namespace=NAMESPACE):
    """An SSH signature beside the file, and the public key's file."""
    ssh_key(kind)
    key = work() / f"id_{kind}"
    signature = path.with_name(path.name + ".sig")
    signature.unlink(missing_ok=True)
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", namespace, path],
        check=True,
        timeout=60,
        capture_output=True,
    )
    return signature, key.with_suffix(".pub")


def pcr_file(name="pcrs.json", **more):
    path = work() / name
    path.write_text(json.dumps({"PCR0": A, "PCR1": B, "PCR2": C, **more}))
    return path


def kept():
    return work() / "kept"


def signed_import(path, *options, kind="ed25519", **more):
    signature, key = sign(path, kind)
    return run(
        "import",
        path,
        "--provenance",
        signature,
        "--provenance-key",
        key,
        "--keep",
        kept(),
        *options,
        **more,
    )


@test
def a_real_bundle_is_verified_step_by_step():
    said = run("provenance", "verify", *tinfoil())
    equal(said.returncode, 0, said)
    steps = [line.split()[0] for line in said.out.splitlines()]
    equal(set(steps), {"passed"})
    contains(said.out, "log inclusion", "certificate log", "3944ee3053c1c3f89")
    said = run_json("provenance", "verify", *tinfoil())
    equal(said["verified"], True)
    equal(said["refused"], None)
    equal(said["log_index"], 148211373)
    equal(said["time"], "2024-11-11T18:11:32.000Z")
    equal(said["trigger"], "push")
    contains(said["run"], "/actions/runs/")


@test
def a_refusal_says_step_expected_and_actual():
    arguments = tinfoil() + ["--source-digest", "0" * 40]
    said = run("provenance", "verify", *arguments)
    equal(said.returncode, 1, said)
    last = said.out.splitlines()[-2:]
    equal(last[0].split(), ["REFUSED", "source", "digest", "expected", "0" * 40])
    equal(last[1].split()[0], "actual")
    # Aligned, one under the other.
    equal(last[0].index("expected"), last[1].index("actual"))
    said = run_json("provenance", "verify", *arguments)
    equal(said["exit"], 1)
    equal(said["refused"]["step"], "source digest")
    equal(said["refused"]["expected"], "0" * 40)
    assert "identity" not in said


@test
def the_source_is_not_the_identity():
    # A reusable workflow: the identity is of the workflow that was called.
    found, arguments = row("cli/reusable-workflow-attestation.sigstore.json")
    arguments += ["--digest", found["digest"], "--source-repository"]
    good = "https://github.com/malancas/attest-demo"
    equal(run("provenance", "verify", *arguments, good).returncode, 0)
    for other in (good + "/", good.upper(), "https://github.com/github/artifact-attestations-workflows"):
        said = run_json("provenance", "verify", *arguments, other)
        equal(said["refused"]["step"], "source repository", other)


@test
def a_root_without_log_must_be_allowed():
    file = "cli/github_provenance_demo-0.0.12-py3-none-any-bundle.jsonl"
    found, arguments = row(file)
    arguments += ["--digest", found["digest"]]
    said = run_json("provenance", "verify", *arguments)
    equal(said["refused"]["step"], "log entry")
    contains(said["refused"]["expected"], "--allow-no-log")
    said = run_json("provenance", "verify", *arguments, "--allow-no-log")
    equal((said["verified"], said["log_index"]), (True, None))


@test
def a_release_attestation_is_no_build_provenance():
    row("tinfoil/bundle.jsonl")
    said = run_json(
        "provenance",
        "verify",
        "--provenance",
        REAL / "sigstore-rust/sigstore-verify/test_data/bundles/github-private-attestation.sigstore.json",
        "--trusted-root",
        REAL / "trusted_roots/github.sigstore-rust-2026-08.trusted_root.json",
        "--identity=https://dotcom.releases.github.com",
        "--issuer=https://token.actions.githubusercontent.com",
        "--allow-no-log",
        "--digest",
        "sha256:76f1fe8593bf227cca2c089e3c16dc95014a8d3e89c5dd220530469ca043c428",
    )
    equal(said["exit"], 1)
    contains(said["refused"]["actual"], "GitHub release attestation", "not build provenance")


@test
def options_must_make_sense_together():
    path = pcr_file()
    some = ["--provenance", path]
    keyless = ["--trusted-root", path, "--identity=i", "--issuer=i"]
    for arguments, says in (
        ([], "--provenance BUNDLE is missing"),
        (some, "--identity and --issuer"),
        (some + ["--identity=i"], "--identity and --issuer"),
        (some + ["--identity=i", "--issuer=i"], "--trusted-root"),
        (some + ["--identity=", "--issuer=i"], "empty"),
        (some + keyless, "one of --artifact and --digest"),
        (some + keyless + ["--source-repository="], "empty"),
        (some + keyless + ["--namespace=x"], "--namespace"),
        (some + keyless + ["--provenance-key", path], "in place of"),
        (some + keyless + ["--artifact", path, "--digest", "sha256:00"], "one of"),
        (some + keyless + ["--digest", "sha256:00"], "hex digits"),
        (some + keyless + ["--digest", "md5:" + "0" * 32], "hex digits"),
        (some + keyless + ["--artifact", work() / "absent"], "cannot be opened"),
        (some + keyless + ["operand"], "too many"),
    ):
        said = run("provenance", "verify", *arguments)
        equal(said.returncode, 2, arguments)
        contains(said.err, says)
    for arguments in ([], ["other"]):
        equal(run("provenance", *arguments).returncode, 2)
    equal(run("provenance", "--help").returncode, 0)


@test
def only_plain_files_are_read():
    path = pcr_file()
    signature, key = sign(path)
    base = ["provenance", "verify", "--artifact", path, "--provenance-key", key]
    equal(run(*base, "--provenance", signature).returncode, 0)
    link = work() / "link"
    link.unlink(missing_ok=True)
    link.symlink_to(signature)
    fifo = work() / "fifo"
    fifo.unlink(missing_ok=True)
    os.mkfifo(fifo)
    empty = work() / "empty"
    empty.write_bytes(b"")
    large = work() / "large"
    large.write_bytes(b" " * (4 * 1024 * 1024 + 1))
    for bad, says in (
        (link, "symbolic link"),
        (fifo, "no regular file"),
        (work(), "no regular file"),
        (empty, "is empty"),
        (large, "File too large"),
    ):
        said = run(*base, "--provenance", bad)
        equal(said.returncode, 2, bad)
        contains(said.err, says)
    equal(run(*base[:2], "--artifact", fifo, *base[4:], "--provenance", signature).returncode, 2)


@test
def a_signed_pcr_file_is_imported_as_a_claim():
    for kind in ("ed25519", "ecdsa", "rsa"):
        said = signed_import(pcr_file(), "--workload=billing", kind=kind)
        equal(said.returncode, 0, said)
        contains(said.out, 'binding = "pcr-file"', "the builder's claim", A, "key = ")
        assert "identity = " not in said.out
    said = json.loads(signed_import(pcr_file(), "--json").out)
    equal((said["verified"], said["binding"], said["builders_claim"]), (True, "pcr-file", True))
    equal(said["provenance"]["binding"], "pcr-file")
    equal(said["provenance"]["namespace"], NAMESPACE)
    digest = hashlib.sha256((work() / "pcrs.json").read_bytes()).hexdigest()
    equal(said["provenance"]["artifact_sha256"], digest)
    # Everything that the verdict needs is there again, by its own digest.
    for path in kept().iterdir():
        equal(hashlib.sha256(path.read_bytes()).hexdigest(), path.name.split(".")[0])
    equal({path.suffix for path in kept().iterdir()}, {".bundle", ".key", ".artifact"})


@test
def a_pcr_file_that_leaves_a_choice_is_refused():
    path = work() / "odd.json"
    for text, says in (
        (f'{{"PCR0":"{A}","PCR0":"{B}","PCR1":"{B}","PCR2":"{C}"}}', "duplicate"),
        (f'{{"PCR0":"{A}","pcr0":"{B}","PCR1":"{B}","PCR2":"{C}"}}', "twice"),
        (f'x\n{{"PCR0":"{A}","PCR1":"{B}","PCR2":"{C}"}}', "line 1"),
        (f'{{"PCR0":"{A}","PCR1":"{B}","PCR2":"{C}"}}{{}}', "end of file"),
        (f'{{"PCR0":"{A}","PCR1":"{B}"}}', "not all"),
        (f'{{"PCR0":"{A[:-2]}","PCR1":"{B}","PCR2":"{C}"}}', "94 characters"),
        (f'{{"PCR0":"{"00" * 48}","PCR1":"{B}","PCR2":"{C}"}}', "zero"),
        ("[]", "no object"),
        ("{}", "no PCRs"),
    ):
        path.write_text(text)
        said = signed_import(path)
        equal(said.returncode, 1, text)
        contains(said.out, "REFUSED      binding", says)
    # Upper case is the same value, and AMIs have other PCRs.
    path.write_text(json.dumps({"PCR0": A.upper(), "PCR1": B, "PCR2": C}))
    contains(signed_import(path).out, f'pcr0 = "{A}"')
    path.write_text(json.dumps({"Measurements": {"HashAlgorithm": "SHA384", "PCR4": A, "PCR12": "00" * 48}}))
    contains(signed_import(path).out, 'kind = "nitrotpm"', f'pcr4 = "{A}"')


@test
def an_image_is_computed_here():
    path = work() / "app.eif"
    path.write_bytes(make_eif(SOUND))
    computed = run_json("measure", path)["pcr0"]
    said = json.loads(signed_import(path, "--json").out)
    equal((said["binding"], said["builders_claim"], said["pcr0"]), ("eif", False, computed))
    # SSH signatures are over SHA-512, which is noted for check.
    digest = hashlib.sha512(path.read_bytes()).hexdigest()
    equal(said["provenance"]["artifact_digest"], f"sha512:{digest}")
    signature, key = sign(path)
    path.write_bytes(make_eif(SOUND[:-1] + [(3, b"other application")]))
    said = run("import", path, "--provenance", signature, "--provenance-key", key, "--keep", kept())
    equal(said.returncode, 1)
    contains(said.out, "REFUSED      signature")
    path.write_bytes(make_eif(SOUND)[:-1])
    contains(signed_import(path).out, "REFUSED      binding", "an enclave image")


@test
def a_manifest_names_its_layers():
    layer = work() / "app.eif"
    layer.write_bytes(make_eif(SOUND))
    digest = "sha256:" + hashlib.sha256(layer.read_bytes()).hexdigest()
    manifest = work() / "manifest.json"

    def attempt(layers, path=layer, **more):
        manifest.write_text(json.dumps({"schemaVersion": 2, "layers": layers, **more}))
        signature, key = sign(manifest)
        return run(
            "import",
            path,
            "--provenance",
            signature,
            "--provenance-key",
            key,
            "--keep",
            kept(),
            "--oci-manifest",
            manifest,
        )

    good = [{"digest": "sha256:" + "0" * 64}, {"digest": digest, "size": 1}]
    said = attempt(good)
    equal(said.returncode, 0, said)
    contains(said.out, 'binding = "oci-eif"', "oci_manifest_sha256", digest[7:])
    equal(attempt(good, annotations={"debug": "false"}).returncode, 0)
    for layers, more, says in (
        (good[:1], {}, "0 with sha256:"),
        ([good[1], good[1]], {}, "2 with sha256:"),
        (None, {}, "0 with sha256:"),
        (good, {"annotations": {"com.github.attestable-image.debug": "true"}}, "debug"),
        (good, {"annotations": {"debug": True}}, "debug"),
        ([{"digest": digest, "annotations": {"debug": "true"}}], {}, "debug"),
    ):
        said = attempt(layers, **more)
        equal(said.returncode, 1, layers)
        contains(said.out, "REFUSED      binding", says)
    # The manifest is what is signed: a good layer under another one is nothing.
    signature, key = sign(layer)
    said = run("import", layer, "--provenance", signature, "--provenance-key", key, "--oci-manifest", manifest)
    equal(said.returncode, 1)
    path = pcr_file()
    digest = "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    contains(attempt([{"digest": digest}], path).out, 'binding = "oci-pcr-file"')


@test
def a_predicate_is_a_claim_and_an_image_must_agree_with_it():
    said = run("import", *tinfoil(), *REPO, "--keep", kept())
    equal(said.returncode, 0, said)
    contains(said.out, 'binding = "predicate"', "the builder's claim", "885e46a16bc310c5", "git+https")
    said = run("import", *tinfoil(), "--keep", kept())
    equal(said.returncode, 2)
    contains(said.err, "--source-repository")
    path = work() / "app.eif"
    path.write_bytes(make_eif(SOUND))
    right = run_json("measure", path)
    for predicate, status in (
        ({"Measurements": {f"PCR{i}": right[f"pcr{i}"] for i in (0, 1, 2)}}, 0),
        ({"buildDefinition": {}}, 0),
        ({"Measurements": {"PCR0": A, "PCR1": B, "PCR2": C}}, 1),
        ({"PCR0": "zz"}, 1),
    ):
        bundle, key = dsse(path, predicate)
        said = run("import", path, "--provenance", bundle, "--provenance-key", key, "--keep", kept())
        equal(said.returncode, status, said)
        contains(said.out, 'binding = "eif"' if status == 0 else "REFUSED      binding")


def dsse(path, predicate):
    """A DSSE envelope by a key of this run, and that key."""
    key, public = work() / "dsse.pem", work() / "dsse.pub"
    if not key.exists():
        subprocess.run(
            ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key],
            check=True,
            capture_output=True,
        )
        subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True)
    kind = "application/vnd.in-toto+json"
    payload = json.dumps(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "x", "digest": {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}}],
            "predicateType": "https://example.com/p/v1",
            "predicate": predicate,
        }
    ).encode()
    pae = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
    signature = subprocess.run(
        ["openssl", "dgst", "-sha256", "-sign", key], input=pae, check=True, capture_output=True
    ).stdout
    bundle = work() / "dsse.json"
    bundle.write_text(
        json.dumps(
            {
                "payloadType": kind,
                "payload": base64.b64encode(payload).decode(),
                "signatures": [{"sig": base64.b64encode(signature).decode()}],
            }
        )
    )
    return bundle, public


def require(key=None, identity=None):
    more = f'key = "{key}";' if key else (
        f'identity = "{identity}"; issuer = "https://token.actions.githubusercontent.com"; '
        f'source_repository = "{REPO[1]}";'
    )
    return f'require_provenance = ( {{ workload = "billing"; {more} }} );\n'


def findings(**more):
    said = run_json("check", *BASE, **more)
    return [found["id"] for found in said["findings"] if "provenance" in found["id"]]


def key_of(path):
    return json.loads(signed_import(path, "--json").out)["provenance"]["key"]


def into_etc():
    """What import kept is where check looks."""
    shutil.rmtree(ETC / "provenance", ignore_errors=True)
    shutil.copytree(kept(), ETC / "provenance")


@test
def what_is_required_is_required_everywhere():
    host()
    path = pcr_file()
    key = key_of(path)
    raw = sim("--pcr", f"0={A}", "--pcr", f"1={B}", "--pcr", f"2={C}", folder=sim_folder())

    def verdict():
        return run_json("verify", *BASE, "--user", "deploy", "-", stdin=raw)["reason"]

    plain = f'{{ workload = "billing"; kind = "enclave"; pcr0 = "{A}"; }}'
    configure(settings=require(key), entries=plain)
    equal(verdict(), "provenance_missing")
    equal(findings(), ["provenance_missing"])
    said = run("allow", "-", *BASE, "--workload=billing", stdin=json.dumps({"PCR0": B}).encode())
    equal(said.returncode, 1, said)
    contains(said.err, "requires provenance", "has none")
    # In words, and as JSON.
    for form in ([], ["--json"]):
        configure(settings=require(key), entries=plain)
        printed = signed_import(path, *form).stdout
        said = run("allow", "-", *BASE, "--workload=billing", "--version=2", stdin=printed)
        equal(said.returncode, 0, said)
        equal(verdict(), "ok")
    contains(MEASUREMENTS.read_text(), 'binding = "pcr-file";', key)
    # Another key's is another one.
    configure(settings=require("sha256:" + "0" * 64), entries=plain)
    said = run("allow", "-", *BASE, "--workload=billing", "--version=2", stdin=printed)
    equal(said.returncode, 1)
    contains(said.err, "another one")


@test
def check_verifies_again_what_was_kept():
    host()
    shutil.rmtree(kept(), ignore_errors=True)
    path = pcr_file()
    key = key_of(path)
    configure(settings=require(key), entries="")
    write(MEASUREMENTS, "measurements = ( );\nrevoked = ( );\n")
    printed = signed_import(path, "--workload=billing").stdout
    equal(run("allow", "-", *BASE, stdin=printed).returncode, 0)
    into_etc()
    equal(findings(), [])
    whole = MEASUREMENTS.read_text()
    # The entry's values are no longer those that were signed.
    write(MEASUREMENTS, whole.replace(A, C))
    equal(findings(), ["provenance_broken"])
    write(MEASUREMENTS, whole.replace(f'pcr0 = "{A}";', f'pcr0 = ["{A}", "{C}"];'))
    equal(findings(), ["provenance_broken"])
    write(MEASUREMENTS, whole)
    for file in (ETC / "provenance").iterdir():
        content = file.read_bytes()
        file.write_bytes(content[:-2] + b"!\n")
        equal(findings(), ["provenance_broken"], file)
        file.unlink()
        equal(findings(), ["provenance_broken"], file)
        write(file, content.decode())
        equal(findings(), [])
    write(SETTINGS, SETTINGS.read_text().replace('workload = "billing"; key', 'workload = "biling"; key'))
    equal(findings(), ["provenance_rule_unused"])


@test
def check_verifies_a_real_bundle_again():
    host()
    shutil.rmtree(kept(), ignore_errors=True)
    arguments = tinfoil()
    identity = arguments[arguments.index("--identity") + 1]
    configure(settings=require(identity=identity), entries="")
    write(MEASUREMENTS, "measurements = ( );\nrevoked = ( );\n")
    printed = run("import", *arguments, *REPO, "--workload=billing", "--keep", kept()).stdout
    equal(run("allow", "-", *BASE, stdin=printed).returncode, 0)
    into_etc()
    equal(findings(), [])
    whole = MEASUREMENTS.read_text()
    for old, new in (
        ("148211373", "148211374"),
        ("2024-11-11T18:11:32", "2024-11-11T18:11:33"),
        ("3944ee3053", "3944ee3054"),
        ("885510055", "885510056"),
        ("runs/11783914162", "runs/11783914163"),
        ("pcr0 = \"8", "pcr0 = \"9"),
        ("artifact_sha256 = \"8", "artifact_sha256 = \"9"),
    ):
        assert old in whole, old
        write(MEASUREMENTS, whole.replace(old, new))
        equal(findings(), ["provenance_broken"], old)


@test
def check_says_what_needs_the_image():
    host()
    shutil.rmtree(kept(), ignore_errors=True)
    image = work() / "app.eif"
    image.write_bytes(make_eif(SOUND))
    configure(entries="")
    for version, kind in enumerate(("ed25519", "ecdsa", "rsa")):
        printed = signed_import(image, "--workload=billing", f"--version={version}", kind=kind).stdout
        write(MEASUREMENTS, "measurements = ( );\nrevoked = ( );\n")
        equal(run("allow", "-", *BASE, stdin=printed).returncode, 0)
        into_etc()
        equal(findings(), [], kind)
    # A signature of Ed25519 is over the image itself.
    key, public = work() / "plain.pem", work() / "plain.pub"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True)
    subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True)
    signature = subprocess.run(
        ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", image], check=True, capture_output=True
    ).stdout
    bundle = work() / "plain.sig"
    bundle.write_bytes(base64.b64encode(signature) + b"\n")
    printed = run("import", image, "--workload=billing", "--provenance", bundle, "--provenance-key", public, "--keep", kept())
    equal(printed.returncode, 0, printed)
    write(MEASUREMENTS, "measurements = ( );\nrevoked = ( );\n")
    equal(run("allow", "-", *BASE, stdin=printed.stdout).returncode, 0)
    into_etc()
    equal(findings(), ["provenance_needs_image"])


def links(*arguments):
    """What a trace has below the entry: kind of link, mark, text."""
    said = run_json("trace", *BASE, *arguments)
    return [
        (link["what"], link["mark"], link["text"])
        for link in said["links"]
        if link["what"] in ("image", "builder", "log", "run", "source")
    ]


@test
def trace_and_explain_show_the_way_to_the_commit():
    host()
    shutil.rmtree(kept(), ignore_errors=True)
    arguments = tinfoil()
    identity = arguments[arguments.index("--identity") + 1]
    begin(settings=require(identity=identity))
    write(MEASUREMENTS, "measurements = ( );\nrevoked = ( );\n")
    printed = run("import", *arguments, *REPO, "--workload=billing", "--version=1.4.2", "--keep", kept()).stdout
    equal(run("allow", "-", *BASE, stdin=printed).returncode, 0)
    into_etc()
    pcrs = json.loads(run("list", *BASE, "--json").out)
    values = {i: pins(pcrs, i) for i in (0, 1, 2)}
    lines = login(simulated=[x for i in values for x in ("--pcr", f"{i}={values[i]}")])
    said = links(reference(lines))
    equal([link[:2] for link in said], [
        ("image", "verified"),
        ("builder", "verified"),
        ("log", "verified"),
        ("run", "verified"),
        ("source", "verified"),
    ])
    texts = [link[2] for link in said]
    contains(texts[0], "predicate sha256:8c168b97025c49a7")
    contains(texts[1], "release.yml@refs/tags/v0.0.2")
    contains(texts[2], "rekor.sigstore.dev, entry 148211373")
    contains(texts[3], "/actions/runs/11783914162")
    contains(texts[4], REPO[1], "commit 3944ee3053c1c3f89cfa0ca26955a629834018d1")
    said = run("explain", *BASE, reference(lines)).out
    contains(said, "verified again just now", "rekor.sigstore.dev", "3944ee3053c1c3f89")
    said = run_json("explain", *BASE, reference(lines))
    equal(said["provenance"]["stands"], True)
    equal(said["provenance"]["log_index"], "148211373")
    # An entry that was changed by hand shows it everywhere.
    write(MEASUREMENTS, MEASUREMENTS.read_text().replace("3944ee3053", "3944ee3054"))
    equal({link[1] for link in links(reference(lines))}, {"broken"})
    contains(run("explain", *BASE, reference(lines)).out, "NO LONGER STANDS", "source digest")
    equal(run_json("explain", *BASE, reference(lines))["provenance"]["stands"], False)


def pins(said, index):
    value = said["entries"][0]["pins"][f"pcr{index}"]
    return value if isinstance(value, str) else value[0]


@test
def trace_tells_claims_from_values_computed_here():
    host()
    shutil.rmtree(kept(), ignore_errors=True)
    image = work() / "app.eif"
    image.write_bytes(make_eif(SOUND))
    configure(settings=SETTINGS_LINE)
    write(MEASUREMENTS, "measurements = ( );\nrevoked = ( );\n")
    printed = signed_import(image, "--workload=billing").stdout
    equal(run("allow", "-", *BASE, stdin=printed).returncode, 0)
    into_etc()
    equal([link[:2] for link in links()], [("image", "declared"), ("builder", "verified"), ("source", "missing")])
    equal(links("--image", image)[0][:2], ("image", "computed"))


def inbox():
    """An empty folder of releases."""
    folder = work() / "inbox"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def put(folder, name, content, kind="ed25519"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    sign(path, kind)
    return path


def sync(folder, *options):
    key = work() / "id_ed25519.pub"
    return run_json("sync", *BASE, "--provenance-key", key, *options, folder)


def states(said):
    return {pathlib.Path(one["file"]).name: one["state"] for one in said["releases"]}


@test
def sync_allows_what_the_builder_made_and_nothing_else():
    host()
    key = key_of(pcr_file())
    plain = f'{{ workload = "billing"; kind = "enclave"; pcr0 = "{C}"; }}'
    configure(settings=require(key), entries=plain)
    folder = inbox()
    put(folder, "billing-1.0.json", {"PCR0": A, "PCR1": B, "PCR2": C})
    put(folder, "billing-1.1.eif", make_eif(SOUND))
    put(folder, "billing-1.2.json", {"PCR0": B, "PCR1": B, "PCR2": C}, kind="ecdsa")
    put(folder, "changed.json", {"PCR0": B, "PCR1": B, "PCR2": C}).write_bytes(b"{}")
    (folder / "bare.eif").write_bytes(make_eif(SOUND))
    (folder / "notes.txt").write_text("nothing")
    before = MEASUREMENTS.read_bytes()
    expected = {
        "billing-1.0.json": "allowed",
        "billing-1.1.eif": "allowed",
        "billing-1.2.json": "refused",
        "changed.json": "refused",
        "bare.eif": "refused",
    }
    said = sync(folder, "--dry-run")
    equal((said["exit"], states(said)), (1, expected))
    equal(MEASUREMENTS.read_bytes(), before)
    shutil.rmtree(ETC / "provenance", ignore_errors=True)
    said = sync(folder)
    equal((said["exit"], said["changed"], states(said)), (1, True, expected))
    why = {pathlib.Path(one["file"]).name: one["why"] for one in said["releases"]}
    contains(why["billing-1.2.json"], "signature", "another key")
    contains(why["changed.json"], "does not verify")
    contains(why["bare.eif"], "no bundle")
    # What stood there stays, what came verifies again, and the next run changes nothing.
    contains(MEASUREMENTS.read_text(), f'pcr0 = "{C}"', 'version = "billing-1.0"', 'binding = "eif"')
    equal(findings(), ["provenance_missing"])
    said = sync(folder)
    expected.update({"billing-1.0.json": "known", "billing-1.1.eif": "known"})
    equal((said["changed"], states(said)), (False, expected))
    for name in ("billing-1.2.json", "changed.json", "bare.eif"):
        (folder / name).unlink()
    equal(sync(folder)["exit"], 0)
    contains(run("sync", *BASE, "--provenance-key", work() / "id_ed25519.pub", folder).out, "known", "billing/billing-1.0")
    # Removed from the folder is not removed from the file.
    shutil.rmtree(folder)
    folder.mkdir()
    whole = MEASUREMENTS.read_bytes()
    equal((sync(folder)["exit"], MEASUREMENTS.read_bytes()), (0, whole))


@test
def sync_takes_one_release_once_and_no_revoked_one():
    host()
    key = key_of(pcr_file())
    computed = work() / "app.eif"
    computed.write_bytes(make_eif(SOUND))
    values = run_json("measure", computed)
    configure(settings=require(key), revoked=f'{{ pcr0 = "{B}"; reason = "hole"; }}')
    folder = inbox()
    put(folder, "app.eif", make_eif(SOUND))
    put(folder, "app.json", {f"PCR{i}": values[f"pcr{i}"] for i in (0, 1, 2)})
    put(folder, "old.json", {"PCR0": B, "PCR1": B, "PCR2": C})
    said = sync(folder)
    equal((said["exit"], states(said)), (1, {"app.eif": "allowed", "app.json": "known", "old.json": "revoked"}))
    contains([one["why"] for one in said["releases"] if one["why"]][0], "hole")


def own(path, **changes):
    """Options for a bundle of a builder of this run."""
    return [
        "--provenance",
        builder.bundle(path, **changes),
        "--trusted-root",
        builder.domain(),
        "--identity",
        builder.IDENTITY,
        "--issuer",
        builder.ISSUER,
        "--allow-no-log",
    ]


@test
def a_builder_of_this_run_is_verified_without_a_log():
    path = pcr_file()
    said = run_json("provenance", "verify", "--artifact", path, *own(path), "--source-repository", builder.REPOSITORY,
                    "--source-digest", builder.COMMIT)
    equal((said["exit"], said["refused"]), (0, None))
    equal((said["log_index"], said["source_digest"]), (None, builder.COMMIT))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    equal(run("provenance", "verify", "--digest", f"sha256:{digest}", *own(path)).returncode, 0)
    equal(run("provenance", "verify", "--digest", "sha256:" + "0" * 64, *own(path)).returncode, 1)


@test
def a_certificate_says_one_thing_only():
    path = pcr_file()
    uri = "URI:" + builder.IDENTITY
    nul = bytes([0x86, 4]) + b"a\0bc"
    oid = builder.FULCIO
    for change, value, step in (
        ("subjectAltName", f"critical,{uri},{uri}", "identity"),
        ("subjectAltName", f"critical,{uri},email:a@example.com", "identity"),
        ("subjectAltName", "critical,DNS:builder.example", "identity"),
        ("subjectAltName", "critical,IP:192.0.2.7", "identity"),
        ("subjectAltName", None, "certificate chain"),
        ("subjectAltName", "critical,DER:" + (bytes([0x30, len(nul)]) + nul).hex(), "identity"),
        ("subjectAltName", f"critical,{uri}/", "identity"),
        ("subjectAltName", f"critical,{uri[:-1]}", "identity"),
        ("subjectAltName", "critical,otherName:1.2.3.4;UTF8:x", "identity"),
        (oid + "1", "DER:" + b"https://other.example".hex(), "issuer"),
        (oid + "1", "DER:" + (builder.ISSUER.encode() + b"\0").hex(), "issuer"),
        (oid + "8", "ASN1:IA5STRING:" + builder.ISSUER, "issuer"),
        (oid + "8", "DER:0c016100", "issuer"),
        (oid + "8", "DER:0c00", "issuer"),
        (oid + "8", "DER:0c036100", "issuer"),
        (oid + "8", "ASN1:UTF8String:https://other.example", "issuer"),
        (oid + "12", "DER:0c036100", "issuer"),
        ("extendedKeyUsage", "serverAuth", "certificate chain"),
        ("extendedKeyUsage", "anyExtendedKeyUsage", "certificate chain"),
        ("extendedKeyUsage", "codeSigning,serverAuth", "certificate chain"),
        ("extendedKeyUsage", None, "certificate chain"),
        ("keyUsage", "critical,keyAgreement", "certificate chain"),
        ("keyUsage", None, "certificate chain"),
        ("basicConstraints", "critical,CA:TRUE", "certificate chain"),
        ("1.2.3.4", "critical,DER:0500", "certificate chain"),
    ):
        said = run_json("provenance", "verify", "--artifact", path, *own(path, **{change: value}))
        equal((said["exit"], said["refused"] and said["refused"]["step"]), (1, step), (change, value))
    # Either of the two forms of the issuer is enough, and only one of them must go.
    for gone in (oid + "1", oid + "8"):
        equal(run("provenance", "verify", "--artifact", path, *own(path, **{gone: None})).returncode, 0, gone)
    said = run_json("provenance", "verify", "--artifact", path, *own(path, **{oid + "1": None, oid + "8": None}))
    equal(said["refused"]["step"], "issuer")


@test
def another_authority_is_none():
    path = pcr_file()
    options = own(path)
    said = json.loads(builder.domain().read_text())
    other = work() / "other_root.json"
    stranger = builder.certify("stranger", {"basicConstraints": "critical,CA:TRUE", "subjectKeyIdentifier": "hash",
                                            "keyUsage": "critical,keyCertSign"}, "Test Root", issuer="stranger", curve="P-384")
    second = builder.stamper("second")
    for change, step in (
        (lambda root: root["certificateAuthorities"][0]["certChain"].update(certificates=[builder.raw(stranger)]),
         "certificate chain"),
        (lambda root: root.update(certificateAuthorities=[]), "certificate chain"),
        (lambda root: root.update(timestampAuthorities=[]), "timestamp"),
        (lambda root: root["timestampAuthorities"][0]["certChain"]["certificates"].reverse(), "timestamp"),
        # Certified by the same root, but not the one that signs here (CVE-2026-39984).
        (lambda root: root["timestampAuthorities"][0]["certChain"]["certificates"].insert(0, builder.raw(second)),
         "timestamp"),
        (lambda root: root["timestampAuthorities"][0]["validFor"].update(end="2020-01-01T00:00:00Z"), "trusted root"),
        (lambda root: root["certificateAuthorities"][0].pop("validFor"), "trusted root"),
        (lambda root: root["certificateAuthorities"][0]["validFor"].update(start="today"), "trusted root"),
        (lambda root: root["certificateAuthorities"][0]["validFor"].update(start="2999-01-01T00:00:00.5Z"), "certificate chain"),
        (lambda root: root.update(more=1), "trusted root"),
        (lambda root: root.update(mediaType="x"), "trusted root"),
        (lambda root: root.pop("mediaType"), "trusted root"),
        (lambda root: root.update(tlogs={}), "trusted root"),
        (lambda root: root.update(ctlogs=[{"baseUrl": "x"}]), "trusted root"),
        (lambda root: root.update(certificateAuthorities=root["certificateAuthorities"] * 33), "trusted root"),
    ):
        root = json.loads(json.dumps(said))
        change(root)
        other.write_text(json.dumps(root))
        options[3] = other
        found = run_json("provenance", "verify", "--artifact", path, *options)
        equal((found["exit"], found["refused"]["step"]), (1, step), root)
    # Two trusted roots, a line each, are two trust domains.
    other.write_text(json.dumps(said) + "\n" + json.dumps(said) + "\n")
    contains(run_json("provenance", "verify", "--artifact", path, *options)["refused"]["expected"], "one trust domain to a file")


@test
def a_timestamp_is_of_this_signature():
    path = pcr_file()
    builder.domain()
    for digest, token, good in (
        ("sha256", None, True),
        ("sha384", None, True),
        ("sha512", None, True),
        ("sha1", None, False),
        ("sha256", b"another signature", False),
    ):
        bundle = builder.bundle(path)
        content = json.loads(bundle.read_text())
        signature = base64.b64decode(content["messageSignature"]["signature"])
        made = builder.stamp(token or signature, digest)
        times = content["verificationMaterial"]["timestampVerificationData"]
        times["rfc3161Timestamps"][0]["signedTimestamp"] = base64.b64encode(made).decode()

        def verdict():
            bundle.write_text(json.dumps(content))
            arguments = own_as_is(bundle)
            return run_json("provenance", "verify", "--artifact", path, *arguments)

        said = verdict()
        equal((said["exit"], (said["refused"] or {}).get("step")), (0, None) if good else (1, "timestamp"), digest)
        if not good:
            continue
        # Twice the same authority is one witness; behind the end is nothing.
        times["rfc3161Timestamps"] *= 2
        equal(verdict()["refused"]["step"], "timestamp")
        times["rfc3161Timestamps"] = [{"signedTimestamp": base64.b64encode(made + b"\0").decode()}]
        equal(verdict()["refused"]["step"], "timestamp")
        # A refusal: PKIStatus 2, and no token.
        times["rfc3161Timestamps"] = [{"signedTimestamp": base64.b64encode(bytes.fromhex("30053003020102")).decode()}]
        equal(verdict()["refused"]["step"], "timestamp")
        times["rfc3161Timestamps"] = []
        equal(verdict()["refused"]["step"], "time")


def own_as_is(bundle):
    return ["--provenance", bundle, "--trusted-root", builder.domain(), "--identity", builder.IDENTITY,
            "--issuer", builder.ISSUER, "--allow-no-log"]


@test
def sync_warns_of_what_is_older_than_what_is_there():
    host()
    digest = "0" * 64
    entry = (
        f'{{ workload = "billing"; version = "9"; kind = "enclave"; pcr0 = "{C}"; provenance = {{ binding = "eif"; '
        f'artifact_sha256 = "{digest}"; bundle_sha256 = "{digest}"; key = "k"; key_file_sha256 = "{digest}"; '
        'time = "%s"; }; }'
    )
    rule = (
        f'require_provenance = ( {{ workload = "billing"; identity = "{builder.IDENTITY}"; '
        f'issuer = "{builder.ISSUER}"; source_repository = "{builder.REPOSITORY}"; }} );\n'
    )
    folder = inbox()
    path = folder / "billing-1.0.json"
    path.write_text(json.dumps({"PCR0": A, "PCR1": B, "PCR2": C}))
    builder.bundle(path)
    arguments = ["sync", *BASE, "--trusted-root", builder.domain(), "--allow-no-log", folder]
    for time, warned in (("2020-01-01T00:00:00.000Z", False), ("2999-01-01T00:00:00.000Z", True)):
        configure(settings=rule, entries=entry % time)
        said = run(*arguments[:-1], "--dry-run", folder)
        equal((said.returncode, "rollback" in said.err), (0, warned), said)
        equal(run_json(*arguments)["releases"][0]["rollback"], warned)
    equal(findings(), ["provenance_missing", "provenance_broken"])
    # Without the word for it, a root without a log is none.
    configure(settings=rule, entries=entry % "2020-01-01T00:00:00.000Z")
    said = run_json("sync", *BASE, "--trusted-root", builder.domain(), folder)
    contains(said["releases"][0]["why"], "--allow-no-log")


@test
def check_verifies_a_layer_of_a_manifest_again():
    host()
    shutil.rmtree(kept(), ignore_errors=True)
    layer, manifest = pcr_file(), work() / "manifest.json"
    digest = "sha256:" + hashlib.sha256(layer.read_bytes()).hexdigest()
    manifest.write_text(json.dumps({"layers": [{"digest": digest}]}))
    signature, key = sign(manifest)
    configure()
    write(MEASUREMENTS, "measurements = ( );\nrevoked = ( );\n")
    arguments = ["import", layer, "--provenance", signature, "--provenance-key", key, "--oci-manifest", manifest,
                 "--workload=billing"]
    said = run(*arguments, "--keep", work() / "absent" / "folder")
    equal(said.returncode, 2)
    contains(said.err, "cannot keep")
    said = run(*arguments, "--keep", kept())
    equal(run("allow", "-", *BASE, stdin=said.stdout).returncode, 0)
    into_etc()
    equal(findings(), [])
    write(MEASUREMENTS, MEASUREMENTS.read_text().replace(B, C))
    equal(findings(), ["provenance_broken"])
    manifest.write_text("no JSON")
    signature, key = sign(manifest)
    contains(run(*arguments).out, "REFUSED      binding", "an OCI manifest")


@test
def sync_tells_people_what_it_did():
    host()
    key = key_of(pcr_file())
    configure(settings=require(key))
    folder = inbox()
    arguments = ["sync", *BASE, "--provenance-key", work() / "id_ed25519.pub", "--file", MEASUREMENTS, folder]
    contains(run(*arguments).out, "no release in")
    put(folder, "no name.json", {"PCR0": A, "PCR1": B, "PCR2": C})
    (folder / "bare.eif").write_bytes(make_eif(SOUND))
    said = run(*arguments)
    equal(said.returncode, 1)
    contains(said.out, "refused   ", "bare.eif: no bundle or signature", "allowed   ", "no name.json: billing\n",
             'binding = "pcr-file"', "Written to")
    said = run_json("sync", *BASE, "--provenance-key", work() / "id_ecdsa.pub", folder)
    contains(said["releases"][1]["why"], "another key")


@test
def sync_says_what_it_lacks():
    host()
    folder = inbox()
    key = key_of(pcr_file())
    path = work() / "id_ed25519.pub"
    configure()
    said = run("sync", *BASE, "--provenance-key", path, folder)
    equal(said.returncode, 2)
    contains(said.err, "no require_provenance")
    configure(settings=require(key))
    for arguments, says in (
        ([folder], "--trusted-root or --provenance-key"),
        (["--provenance-key", path, folder / "absent"], "cannot be opened"),
        (["--provenance-key", path], "something is missing"),
    ):
        said = run("sync", *BASE, *arguments)
        equal(said.returncode, 2, arguments)
        contains(said.err, says)
    put(folder, "app.json", {"PCR0": A, "PCR1": B, "PCR2": C})
    said = run_json("sync", *BASE, "--trusted-root", path, folder)
    contains(said["releases"][0]["why"], "needs --provenance-key")
    said = sync(folder, "--workload=other")
    contains(said["releases"][0]["why"], "no rule")
    both = require(key).replace(" );", f', {{ workload = "ledger"; key = "{key}"; }} );')
    configure(settings=both)
    said = sync(folder)
    contains(said["releases"][0]["why"], "several workloads")
    equal(states(sync(folder, "--workload=billing")), {"app.json": "allowed"})


@test
def the_files_say_what_is_wrong_with_them():
    host()
    digest = "0" * 64
    good = f'binding = "eif"; artifact_sha256 = "{digest}"; bundle_sha256 = "{digest}"; '
    by_key = f'key = "sha256:{digest}"; key_file_sha256 = "{digest}"; '
    for text, says in (
        (good, "identity, issuer and"),
        (by_key + good.replace("eif", "other"), "binding ="),
        (by_key + good.replace('binding = "eif"; ', ""), "binding ="),
        (by_key + 'binding = "eif";', "artifact_sha256 and bundle_sha256"),
        (by_key + good.replace(digest, "A" * 64), "64 hex digits in lower case"),
        (by_key + good + 'identity = ""; ', "is empty"),
        (by_key + good + "typo = 1; ", "typo"),
        (by_key + good + 'identity = "i"; issuer = "i"; trusted_root_sha256 = "' + digest + '"; ', "or key"),
    ):
        configure(entries=f'{{ workload = "billing"; kind = "enclave"; pcr0 = "{A}"; provenance = {{ {text} }}; }}')
        said = run("list", *BASE)
        equal(said.returncode, 2, text)
        contains(said.err, says)
    for text, says in (
        ("require_provenance = ( );", "no rule"),
        ('require_provenance = ( { workload = "billing"; } );', "must have a workload"),
        ('require_provenance = ( { key = "k"; } );', "must have a workload"),
        ('require_provenance = ( { workload = "billing"; identity = "i"; } );', "must have a workload"),
        ('require_provenance = ( { workload = "billing"; identity = "i"; key = "k"; } );', "must have a workload"),
        ('require_provenance = ( { workload = "b"; key = "k"; }, { workload = "b"; key = "k"; } );', "two rules"),
        ('require_provenance = ( { workload = "b"; kay = "k"; } );', "kay"),
    ):
        configure(settings=text)
        said = run("list", *BASE)
        equal(said.returncode, 2, text)
        contains(said.err, says)


if __name__ == "__main__":
    main()
