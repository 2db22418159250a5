#!/usr/bin/python3
"""pam-nitro verify and inspect over real documents."""

import base64
import csv
import datetime

from pam_nitro_cli import (
    PCR0,
    REPOSITORY,
    VECTORS,
    ZERO,
    Skip,
    contains,
    equal,
    main,
    outcomes,
    real_root,
    run,
    run_json,
    test,
)


def table(name):
    if not VECTORS.is_dir():
        raise Skip(f"no folder {VECTORS}")
    with open(VECTORS / name, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert rows, name
    return rows


def document(row):
    return VECTORS / "documents" / row["file"]


def one_document(**columns):
    for row in table("documents.tsv"):
        if all(row[name] == value for name, value in columns.items()):
            return row
    raise AssertionError(f"no document with {columns}")


def compare_claims(said, row):
    equal(said["kind"], row["kind"], "kind")
    equal(said["module_id"], row["module_id"], "module_id")
    equal(said["timestamp_ms"], int(row["timestamp_ms"]), "timestamp_ms")
    equal(said["timestamp"], row["iso"], "timestamp")
    equal(said["evidence_len"], int(row["size"]), "evidence_len")
    equal(said["debug"], row["pcr0_all_zero"] == "yes", "debug")
    first, last = row["pcr_indices"].split(" ")[0].split("-")
    indices = [str(i) for i in range(int(first), int(last) + 1)]
    equal(list(said["pcrs"]), indices, "indices")
    nonzero = ",".join(i for i in indices if said["pcrs"][i] != ZERO)
    equal(nonzero, row["pcr_nonzero"], "pcr_nonzero")
    for i in (0, 1, 2, 3, 4, 7, 8):
        if row[f"pcr{i}"]:
            equal(said["pcrs"][str(i)], row[f"pcr{i}"], f"pcr{i}")


@test
def every_real_document_verifies_at_its_own_time():
    rows = table("documents.tsv")
    for row in rows:
        said = run_json(
            "verify", "--at", "document", "--trust-anchors", real_root(), document(row)
        )
        equal(
            (said["result"], said["reason"], said["stage"], said["verified"]),
            ("allow", "ok", "done", True),
            row["file"],
        )
        equal(said["policy_applied"], False, row["file"])
        compare_claims(said, row)
        done = outcomes(said)
        for step in ("answer", "cose", "document", "chain", "signature"):
            equal(done[step], "passed", step)
        for step in ("nonce", "audience", "key", "age", "policy"):
            equal(done[step], "not_checked", step)


@test
def every_real_document_is_too_old_now():
    for row in table("documents.tsv"):
        said = run_json("verify", "--trust-anchors", real_root(), document(row))
        equal(
            (said["reason"], said["stage"], said["verified"]),
            ("document_too_old", "age", False),
            row["file"],
        )
        equal(outcomes(said)["chain"], "not_reached")
        compare_claims(said, row)


@test
def every_real_document_is_refused_against_another_root():
    other = REPOSITORY / "conf/aws-us-gov-nitro-root.pem"
    for row in table("documents.tsv"):
        said = run_json(
            "verify", "--at", "document", "--trust-anchors", other, document(row)
        )
        equal((said["reason"], said["stage"]), ("root_not_trusted", "chain"))
        equal(outcomes(said)["chain"], "failed")
        equal(outcomes(said)["signature"], "not_reached")


@test
def inspect_shows_every_field_of_every_real_document():
    for row in table("documents.tsv"):
        said = run_json("inspect", document(row))
        equal((said["exit"], said["verified"]), (0, False), row["file"])
        equal([said[key] for key in ("result", "reason", "stage")], [None] * 3)
        compare_claims(said, row)
        for name in ("nonce", "user_data", "public_key"):
            length = int(row[f"{name}_len"].replace("null", "0"))
            equal(said[f"{name}_len"], length, f"{row['file']} {name}")
            equal(len(said[name] or ""), 2 * length, f"{row['file']} {name}")
        # The table has the first 64 bytes of a nonce.
        equal((said["nonce"] or "")[:128], row["nonce_hex"], "nonce")
        leaf = said["certificate"]
        equal(leaf["not_before"], row["leaf_not_before"], "not_before")
        equal(leaf["not_after"], row["leaf_not_after"], "not_after")
        equal((leaf["is_ca"], leaf["key"]), (False, "P-384"), "leaf")
        equal([cert["is_ca"] for cert in said["cabundle"]], [True] * 4)
        chain = [*said["cabundle"], leaf]
        equal(
            [cert["issuer"] for cert in chain[1:]],
            [cert["subject"] for cert in chain[:-1]],
        )
        contains(said["cabundle"][0]["sha256"], "641a0321", "79bb5b")


# Why each of invalid.tsv is refused: the first rule that it breaks.
INVALID = {
    "peer-veracruz-bad-sig-lastbyte.cbor": "signature_invalid",
    "peer-eternis-invalid-attestation.cbor": "signature_invalid",
    "peer-marlin-custom-root.cbor": "cabundle_size",
    "peer-marlin-custom-root-pcr16.cbor": "cabundle_size",
    "peer-blocky-selfsigned-cabundle-null.cbor": "cbor_type",
    "bad-trailing-byte.cbor": "cbor_trailing",
    "bad-sig-95.cbor": "cose_signature_length",
    "bad-sig-zero.cbor": "signature_invalid",
    "bad-sig-der.cbor": "cose_signature_length",
    "bad-alg-es256.cbor": "cose_algorithm",
    "bad-alg-es512.cbor": "cose_algorithm",
    "bad-prot-empty.cbor": "cose_algorithm",
    "bad-unprot-alg.cbor": ("cose_algorithm", "cose_unprotected"),
    "bad-payload-flip.cbor": "signature_invalid",
    "bad-truncated.cbor": "cbor_malformed",
    "bad-tag-17.cbor": ("cose_shape", "cbor_type"),
    "bad-double-tag.cbor": ("cose_shape", "cbor_type"),
    "bad-5-elements.cbor": "cose_shape",
    "bad-payload-nil.cbor": ("cose_shape", "cbor_type"),
    "bad-indef-no-break.cbor": "cbor_malformed",
}


@test
def every_invalid_document_is_refused_for_its_reason():
    rows = table("invalid.tsv")
    equal({row["file"] for row in rows}, set(INVALID))
    for row in rows:
        said = run_json(
            "verify",
            "--at",
            "document",
            "--trust-anchors",
            real_root(),
            VECTORS / "invalid" / row["file"],
        )
        reasons = INVALID[row["file"]]
        reasons = (reasons,) if isinstance(reasons, str) else reasons
        equal(said["verified"], False)
        assert said["reason"] in reasons, (row["file"], said["reason"])
        steps = [step["outcome"] for step in said["steps"]]
        equal(steps.count("failed"), 1, row["file"])
        equal(
            set(steps[steps.index("failed") + 1 :]) - {"not_reached"},
            set(),
            row["file"],
        )


@test
def malformed_CBOR_is_blamed_on_the_step_that_it_is_in():
    call = ("verify", "--at", "document", "--trust-anchors", real_root())
    for name, cose, document_ in (
        ("bad-truncated.cbor", "failed", "not_reached"),
        ("bad-indef-no-break.cbor", "passed", "failed"),
    ):
        row = [row for row in table("invalid.tsv") if row["file"] == name][0]
        said = run_json(*call, VECTORS / "invalid" / row["file"])
        equal(said["reason"], "cbor_malformed", name)
        done = outcomes(said)
        equal((done["cose"], done["document"]), (cose, document_), name)


@test
def every_variant_that_is_valid_verifies():
    if not VECTORS.is_dir():
        raise Skip(f"no folder {VECTORS}")
    files = sorted((VECTORS / "variants").glob("ok-*.cbor"))
    assert files
    for file in files:
        said = run_json(
            "verify", "--at", "document", "--trust-anchors", real_root(), file
        )
        equal(said["result"], "allow", file)
    equal(run_json("inspect", VECTORS / "variants/ok-tagged18.cbor")["has_tag"], True)


@test
def an_RFC_3339_time_stands_for_now():
    # F08
    row = one_document(kind="nitrotpm")
    made_ms = int(row["timestamp_ms"])
    for offset_ms, reason in (
        (0, "ok"),
        (60000, "ok"),
        (60001, "document_too_old"),
        (-5000, "ok"),
        (-5001, "document_from_future"),
    ):
        at = datetime.datetime.fromtimestamp(
            (made_ms + offset_ms) / 1000, datetime.timezone.utc
        ).isoformat(timespec="milliseconds")
        said = run_json(
            "verify",
            "--at",
            at.replace("+00:00", "Z"),
            "--trust-anchors",
            real_root(),
            document(row),
        )
        equal((said["reason"], said["age_ms"]), (reason, offset_ms), at)


@test
def a_nonce_is_compared_where_one_is_given():
    # F04 F06
    row = one_document(nonce_len="32")
    nonce = row["nonce_hex"]
    other = nonce[:-1] + ("0" if nonce[-1] == "1" else "1")
    call = ("verify", "--at", "document", "--trust-anchors", real_root())
    said = run_json(*call, "--nonce", nonce.upper(), document(row))
    equal((said["result"], outcomes(said)["nonce"]), ("allow", "passed"))
    for wrong in (other, nonce[:-2], nonce + "00", nonce + nonce):
        said = run_json(*call, "--nonce", wrong, document(row))
        equal((said["reason"], said["stage"]), ("nonce_mismatch", "binding"), wrong)
        step = [step for step in said["steps"] if step["step"] == "nonce"][0]
        equal(step["outcome"], "failed")
        contains(step["expected"], wrong)
        contains(step["actual"], nonce)
    without = one_document(nonce_len="null")
    said = run_json(*call, "--nonce", nonce, document(without))
    equal(said["reason"], "nonce_mismatch")


@test
def people_read_every_step_with_expected_beside_actual():
    row = one_document(nonce_len="32")
    said = run(
        "verify", "--at", "document", "--trust-anchors", real_root(), document(row)
    )
    equal(said.returncode, 0)
    contains(said.out, row["module_id"], "no policy was applied", "64:1A:03:21:")
    lines = said.out.splitlines()
    begin = [line for line in lines if " expected  " in line]
    equal(len(begin), 10)
    equal({line.index("expected  ") for line in begin}, {24})
    actual = [line for line in lines if line.strip().startswith("actual ")]
    equal({line.index("actual  ") for line in actual}, {24})
    equal(lines[-1].split(",")[0].split(), ["result", "allow"])


@test
def people_read_why_a_document_is_refused_and_what_to_do():
    row = one_document(kind="nitrotpm")
    said = run("verify", "--trust-anchors", real_root(), document(row))
    equal(said.returncode, 1)
    contains(
        said.out,
        "FAILED       age ",
        "not reached  chain ",
        "result   deny\n",
        "reason   document_too_old: ",
        "to do    ",
        "--at document",
    )


@test
def people_read_zero_PCRs_folded_and_debug_flagged():
    row = one_document(pcr_nonzero="0,1,2,4")
    out = run("inspect", document(row)).out
    contains(out, "PCR0         " + row["pcr0"], "PCR3         zero\n", "PCR5-15      zero\n")
    contains(out, "debug        no\n", "Nothing of this was verified")
    equal(out.count(" zero\n"), 2)
    assert ZERO not in out
    debug = one_document(pcr_nonzero="4")
    out = run("inspect", document(debug)).out
    contains(out, "PCR0-3       zero\n", "PCR5-15      zero\n", "debug        YES: PCR0")


@test
def base64_and_standard_input_are_read_as_well():
    row = one_document(kind="nitrotpm")
    raw = document(row).read_bytes()
    one_line = base64.b64encode(raw)
    wrapped = base64.encodebytes(raw).replace(b"\n", b"\r\n")
    indented = b"".join(b"  " + line + b" \n" for line in wrapped.split())
    call = ("verify", "--at", "document", "--trust-anchors", real_root())
    for text in (raw, one_line, one_line + b"\n", wrapped, indented):
        said = run_json(*call, "-", stdin=text)
        equal((said["result"], said["module_id"]), ("allow", row["module_id"]))
        shown = run_json("inspect", "-", stdin=text)
        equal(shown["is_base64"], text != raw)
        equal(shown["pcrs"], said["pcrs"])


@test
def what_is_no_document_is_refused_with_the_reason():
    # B01 B05 B08 B09 B11 C01 C10
    row = one_document(kind="nitrotpm")
    raw = document(row).read_bytes()
    text = base64.b64encode(raw)
    call = ("verify", "--at", "document", "--trust-anchors", real_root())
    for content, reason in (
        (b"", "document_size"),
        (b" \n", "document_size"),
        (b"\x84" * 16385, "document_size"),
        (base64.b64encode(b"\x84" * 16385), "document_size"),
        (b"\x84" * 65537, "document_size"),
        (text.rstrip(b"=")[:-1], "base64_invalid"),
        (b"-----BEGIN DOCUMENT-----\n" + text, "base64_invalid"),
        (text[:100] + b" " + text[100:], "base64_invalid"),
        (text[:100] + b"-" + text[101:], "base64_invalid"),
        (b'{"document": "x"}', "base64_invalid"),
        (raw + b"\x00", "cbor_trailing"),
        (raw + raw, "cbor_trailing"),
        (b"\x00", "cose_shape"),
        (b"\xff", "cbor_malformed"),
        (raw.hex().encode(), None),
    ):
        said = run_json(*call, "-", stdin=content)
        equal((said["exit"], said["verified"]), (1, False))
        assert said["reason"] != "ok"
        if reason:
            equal(said["reason"], reason, content[:20])
        equal((said["kind"], said["module_id"], said["pcrs"]), (None, None, {}))
        shown = run_json("inspect", "-", stdin=content)
        equal((shown["exit"], shown["result"]), (1, "deny"), content[:20])
        equal(shown["reason"], said["reason"], content[:20])
        for command in (call, ("inspect",)):
            result = run(*command, "-", stdin=content)
            equal(result.returncode, 1)
            contains(result.out, "reason ", said["reason"])


if __name__ == "__main__":
    main()
