#!/usr/bin/python3 -B
"""What sshd_config or the administrator's files get wrong: workloads are refused,
with the reason in the log, and people log in all the while."""

import hashlib
import os
import re

import harness
from attempt import SENTENCE, UNBOUND, attempt, document, must_refuse, prepare, refused, texts_seen
from harness import BUILD, MEASUREMENTS, OTHER_CODE, ROOT, SETTINGS, sim
from tap import Suite, equal

suite = Suite()
test = suite.test


# Control: the same code, unchanged, gets in.
@test("control: the honest document of this file gets in")
def control(host):
    assert attempt(host, document()).got_in


# What sshd_config gets wrong.

# K01
@test("publickey_missing: keyboard-interactive alone while the key is to be bound")
def no_publickey(host):
    client, _ = must_refuse(host, "publickey_missing", document(), server=host.unbound, publickey=False)
    equal(client.prompts, [])


# K02
@test("publickey_missing: a key in the environment of sshd itself counts for nothing")
def key_in_environment(host):
    server = host.sshd(UNBOUND, env={"SSH_AUTH_INFO_0": "publickey " + harness.public_line(host.key)})
    must_refuse(host, "publickey_missing", document(), server=server, publickey=False)
    server.stop()


# K06
@test("auth_info_invalid: two public keys proved")
def two_keys(host):
    server = host.sshd("Match Group nitro-workloads\n"
                       "\tAuthenticationMethods publickey,publickey,keyboard-interactive:pam\n")
    since = host.log.mark()
    with harness.Library(server) as client:
        client.publickey("deploy", host.key)
        client.publickey("deploy", host.other_key)
        assert not client.interactive("deploy", lambda text: document()(text, client.key_blob))
        equal(client.reference, refused(host, since, "auth_info_invalid")["ref"])
    server.stop()


# M06 M21
@test("not_attested: publickey alone is stopped by the account stage")
def publickey_alone(host):
    server = host.sshd("Match Group nitro-workloads\n\tAuthenticationMethods any\n")
    for user, expected in (("deploy", 1), ("stray", 0)):
        since = host.log.mark()
        done = server.ssh(user, "echo in", args=["-i", host.key])
        equal((done.code, done.text), (255, ""), done.messages)
        equal([line["reason"] for line in host.log.decisions(since, "account")], ["not_attested"] * expected)
    equal(server.ssh("alice", "echo in", args=["-i", host.key]).text, "in\n")
    server.stop()


# T18 T19: for this method sshd before 9.9 tells PAM nothing of the key before it.
@test("publickey_missing, or conversation_failed with binding none: the password method cannot answer")
def password_method(host):
    server = host.sshd("Match Group nitro-workloads\n\tAuthenticationMethods publickey,password\n"
                       "\tPasswordAuthentication yes\n")
    with_key = "conversation_failed" if harness.sshd_version() >= (9, 9) else "publickey_missing"
    try:
        for binding, reason in (("ssh-key", with_key), ("none", "conversation_failed")):
            host.settings(binding=binding)
            since = host.log.mark()
            with harness.Library(server) as client:
                client.publickey("deploy", host.key)
                try:
                    client.transport.auth_password("deploy", harness.PASSWORD)
                except harness.paramiko().AuthenticationException:
                    pass
                assert not client.transport.is_authenticated(), "GOT IN"
            refused(host, since, reason)
    finally:
        host.settings()
        server.stop()


# M21
@test("no keyboard-interactive in sshd_config: the key alone is not enough, and nothing is asked")
def no_kbdint(host):
    server = host.sshd("Match Group nitro-workloads\n\tKbdInteractiveAuthentication no\n")
    since = host.log.mark()
    done = server.nitro_ssh("deploy", "echo in")
    equal((done.code, done.text), (255, ""), done.messages)
    equal(host.log.decisions(since), [])
    server.stop()


# M21
@test("UsePAM no: sshd offers no keyboard-interactive, so nobody gets in by the key alone")
def no_pam(host):
    server = host.sshd("UsePAM no\n")
    done = server.nitro_ssh("deploy", "echo in")
    equal((done.code, done.text), (255, ""), done.messages)
    server.stop()


# Users whom sshd masks.

# T20 O06: the user has no shell; sshd answers in its place. A stranger must
# see what he sees with a valid user whose document is refused.
@test("user_masked_by_sshd: an invalid user sees what a valid one sees, by nitro-ssh, stock ssh and in one piece")
def masked(host):
    ask = harness.script("nonsense", "echo x\n")
    users = (("deploy", "pcr_mismatch", "base64_invalid"), ("barred", "user_masked_by_sshd", "user_masked_by_sshd"))
    host.settings(binding="none")
    try:
        seen = []
        for user, judged, nonsense in users:
            since = host.log.mark()
            parts = host.unbound.nitro_ssh(user, "echo in", argv=sim(pcrs=OTHER_CODE), args=["-vv"])
            equal((parts.code, parts.text), (255, ""), parts.messages)
            refused(host, since, judged)
            since = host.log.mark()
            stock = host.unbound.ssh(user, "echo in", args=["-vv"],
                                     env={"SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"})
            refused(host, since, nonsense)
            methods = re.findall("Authentications that can continue: (.*)", stock.messages)
            seen.append((parts.prompt_count, stock.prompt_count, stock.code, methods))
        equal(seen[1], seen[0])
        assert seen[0][0] >= 2, seen
        must_refuse(host, "user_masked_by_sshd", document(), user="barred", server=host.unbound, publickey=False)
    finally:
        host.settings()


# M22
@test("user_masked_by_sshd: root without PermitRootLogin yes, by stock ssh and in one piece")
def root(host):
    group = harness.pathlib.Path("/etc/group")
    before = group.read_text()
    group.write_text(re.sub(rf"(?m)^({harness.SCOPE}:.*)$", r"\1,root", before))
    host.authorize("root", harness.public_line(host.key))
    try:
        since = host.log.mark()
        done = host.enrolled.nitro_ssh("root", "echo in", args=["-i", host.key])
        equal((done.code, done.text), (255, ""), done.messages)
        refused(host, since, "user_masked_by_sshd")
        must_refuse(host, "user_masked_by_sshd", document(), user="root", server=host.enrolled)
    finally:
        group.write_text(before)


# What the administrator gets wrong. Whoever is governed is refused, before any
# prompt but for the measurements; a person logs in all the while.

def governed_alone(host, reason, prompts=0, **fields):
    client, line = must_refuse(host, reason, document(), server=host.enrolled)
    equal(len(client.prompts), prompts, "prompts")
    for name, value in fields.items():
        equal(line[name], str(value), line.text)
    equal(host.enrolled.ssh("alice", "echo in", args=["-i", host.key]).text, "in\n")


def line_of(text, word):
    return 1 + next(number for number, line in enumerate(text.splitlines()) if word in line)


# P12 L14
@test("measurements_invalid: a misspelt pin, with file and line, while a person logs in")
def broken_measurements(host):
    host.measurements(harness.MEASUREMENTS_TEXT.replace("pcr0 =", "prc0 ="))
    try:
        governed_alone(host, "measurements_invalid", 1, file=MEASUREMENTS, line=line_of(harness.MEASUREMENTS_TEXT, "pcr0"))
    finally:
        host.measurements()


# P01 P02 P05 L02 L08 L09
@test("measurements_invalid: empty, without a pin, all zero, @include, a NUL")
def worse_measurements(host):
    good = harness.MEASUREMENTS_TEXT
    try:
        for text in (" \n", good.replace(f'pcr0 = "{harness.BILLING[0]}";', ""),
                     good.replace(harness.BILLING[0], "0" * 96), '@include "/etc/passwd"\n' + good, good + "\0"):
            assert text != good
            host.measurements(text)
            governed_alone(host, "measurements_invalid", 1, file=MEASUREMENTS)
    finally:
        host.measurements()


# L11 L14 L18
@test("settings_invalid: an unknown key and a number out of range, with file and line")
def broken_settings(host):
    try:
        for change in ({"max_age": 60}, {"max_age_s": 601}, {"max_age_s": 4294967297}, {"binding": "sshkey"}):
            host.settings(**change)
            governed_alone(host, "settings_invalid", file=SETTINGS,
                           line=line_of(SETTINGS.read_text(), next(iter(change)) + " ="))
    finally:
        host.settings()


# L01 L03 L04 L05
@test("file_missing and file_unsafe: gone, writable, in a writable folder, a link, a folder, a FIFO")
def unsafe_files(host):
    folder, away = MEASUREMENTS.parent, MEASUREMENTS.with_name("elsewhere")
    MEASUREMENTS.rename(away)
    try:
        governed_alone(host, "file_missing", 1, file=MEASUREMENTS)
        for make, unmake in ((lambda: MEASUREMENTS.symlink_to(away), MEASUREMENTS.unlink),
                             (lambda: os.mkfifo(MEASUREMENTS, 0o644), MEASUREMENTS.unlink)):
            make()
            governed_alone(host, "file_unsafe", 1)
            unmake()
    finally:
        away.rename(MEASUREMENTS)
    for path, mode in ((MEASUREMENTS, 0o666), (MEASUREMENTS, 0o664), (folder, 0o777)):
        before = path.stat().st_mode & 0o7777
        path.chmod(mode)
        try:
            governed_alone(host, "file_unsafe", int(path == MEASUREMENTS))
        finally:
            path.chmod(before)
    os.chown(MEASUREMENTS, 61001, 0)
    try:
        governed_alone(host, "file_unsafe", 1)
    finally:
        os.chown(MEASUREMENTS, 0, 0)
    assert attempt(host, document()).got_in


# X35
@test("trust_anchors_invalid: a key in place of the root, no root at all")
def broken_anchors(host):
    good = harness.ANCHORS.read_text()
    try:
        for text in ((ROOT / "pki/root.key").read_text(), "\n", good.replace("A", "B", 20)):
            host.write(harness.ANCHORS, text)
            governed_alone(host, "trust_anchors_invalid")
    finally:
        host.write(harness.ANCHORS, good)


# L18
@test("module_argument: an unknown word, a relative path, config twice")
def arguments(host):
    good = harness.PAM_NITRO_FILE.read_text()
    module = f"{BUILD}/pam_nitro.so"
    try:
        for words in ("debug", "config=", "config=pam_nitro.conf", f"config={SETTINGS} config={SETTINGS}"):
            harness.PAM_NITRO_FILE.write_text(good.replace(module, f"{module} {words}"))
            governed_alone(host, "module_argument")
        harness.PAM_NITRO_FILE.write_text(good.replace(module, f"{module} config={SETTINGS}"))
        assert attempt(host, document()).got_in
    finally:
        host.install()


# M04
@test("the module's file is missing: workloads are refused, people are not")
def no_module(host):
    good = harness.PAM_NITRO_FILE.read_text()
    harness.PAM_NITRO_FILE.write_text(good.replace("pam_nitro.so", "pam_nowhere.so"))
    try:
        assert not attempt(host, document()).got_in
        done = host.plain.nitro_ssh("deploy", "echo in")
        equal((done.code, done.text), (255, ""), done.messages)
        equal(host.plain.ssh("alice", "echo in", args=["-i", host.key]).text, "in\n")
    finally:
        host.install()


@test("revoked, entry_expired, entry_not_yet_valid: the entry says so")
def entries(host):
    good = harness.MEASUREMENTS_TEXT
    dated = 'version = "1.4.2"; {} = "{}"; '
    try:
        host.measurements(good + f'revoked = ( {{ pcr0 = "{harness.BILLING[0]}"; reason = "CVE-2026-1"; }} );\n')
        _, line = must_refuse(host, "revoked", document())
        equal((line["revoked"], line["file"]), ("CVE-2026-1", str(MEASUREMENTS)))
        host.measurements(good.replace('version = "1.4.2"; ', dated.format("not_after", "2020-01-01T00:00:00Z")))
        must_refuse(host, "entry_expired", document())
        host.measurements(good.replace('version = "1.4.2"; ', dated.format("not_before", "2120-01-01T00:00:00Z")))
        must_refuse(host, "entry_not_yet_valid", document())
    finally:
        host.measurements()


def entry(version="1.4.2", kind="enclave", workload="billing", **pins):
    words = "".join(f' {key} = "{value}";' for key, value in pins.items())
    return f'{{ workload = "{workload}"; version = "{version}"; kind = "{kind}";{words} }}'


def entries_file(*items):
    ledger = entry("7", "nitrotpm", "ledger", pcr4=harness.LEDGER[4])
    return "measurements = (\n  " + ",\n  ".join((*items, ledger)) + "\n);\n"


def extended(data):
    """A PCR that was zero and into which data was extended."""
    return hashlib.sha384(bytes(48) + data).hexdigest()


# P03 P08 P09
@test("pcr_mismatch: all pins of one entry must hold; two entries are a rolling upgrade")
def pins(host):
    one_hex, two_hex = harness.pcr("one"), harness.pcr("two")
    host.measurements(entries_file(entry("1", pcr0=one_hex, pcr2=one_hex), entry("2", pcr0=two_hex, pcr2=two_hex)))
    try:
        for value, version in ((one_hex, "1"), (two_hex, "2")):
            done = host.plain.nitro_ssh("deploy", "echo $PAM_NITRO_VERSION",
                                        argv=sim(pcrs={0: value, 1: one_hex, 2: value}))
            equal((done.code, done.text), (0, version + "\n"), done.messages)
        _, line = must_refuse(host, "pcr_mismatch", document(sim(pcrs={0: one_hex, 1: one_hex, 2: two_hex})))
        equal(line["differs"] in ("pcr0", "pcr2"), True, line.text)
        host.measurements(entries_file(entry(pcr0=harness.BILLING[0], pcr8=one_hex)))
        _, line = must_refuse(host, "pcr_mismatch", document(sim("--pcr-count", 8)))
        equal(line["differs"], "pcr8", line.text)
        assert attempt(host, document(sim(pcrs=harness.BILLING | {8: one_hex}))).got_in
    finally:
        host.measurements()


@test("pcr_mismatch: iam_role, instance_id and signing_certificate are computed as AWS computes them")
def computed_pins(host):
    role, instance = "arn:aws:iam::123456789012:role/billing", "i-0123456789abcdef0"
    certificate = ROOT / "signer.pem"
    harness.must(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-subj",
                  "/CN=signer", "-keyout", ROOT / "client/signer.key", "-out", certificate])
    der = harness.must(["openssl", "x509", "-in", certificate, "-outform", "DER"]).out
    host.measurements(entries_file(entry(pcr0=harness.BILLING[0], iam_role=role, instance_id=instance,
                                         signing_certificate=certificate)))
    # AWS extends PCR3 and PCR4 by the text, PCR8 by the hash of the certificate.
    right = harness.BILLING | {3: extended(role.encode()), 4: extended(instance.encode()),
                               8: extended(hashlib.sha384(der).digest())}
    try:
        assert attempt(host, document(sim(pcrs=right))).got_in
        for index in (3, 4, 8):
            _, line = must_refuse(host, "pcr_mismatch", document(sim(pcrs=right | {index: extended(b"other")})))
            equal(line["differs"], f"pcr{index}", line.text)
    finally:
        host.measurements()


# O06
@test("every refusal above told the client the same sentence and nothing else")
def one_sentence(host):
    equal(texts_seen, {SENTENCE})


if __name__ == "__main__":
    raise SystemExit(suite.main(prepare))
