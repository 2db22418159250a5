#!/usr/bin/python3 -B
"""EC2 instances with NitroTPM at a real sshd: nitro-ssh with the exact command
line of nitro-tpm-attest (aws-nitro-tpm-tools 1.0.0 to 1.0.2), and policies of
PCR4, PCR7 and PCR12."""

import json

import harness
from attempt import document
from harness import BUILD, ROOT, sim
from tap import Suite, equal, one

suite = Suite()
test = suite.test
ZERO = "00" * 48
BOOT = harness.LEDGER | {12: ZERO}

# Takes its arguments as clap takes those of nitro-tpm-attest: three options,
# short or long, a path each, once each; anything else is an error. What is in
# the files goes to the NitroTPM as it is: no key is parsed.
ATTEST = """\
import os, sys
names = {"-u": "user-data", "--user-data": "user-data", "-n": "nonce", "--nonce": "nonce",
         "-p": "public-key", "--public-key": "public-key"}
words, given = sys.argv[1:], {}
with open(%(log)r, "a", encoding="utf-8") as log:
    print(*words, file=log)
while words:
    option, equals, value = words.pop(0).partition("=")
    if option not in names:
        sys.exit(f"error: unexpected argument '{option}' found")
    if not equals and not words:
        sys.exit(f"error: a value is required for '{option}'")
    if names[option] in given:
        sys.exit(f"error: the argument '{option}' cannot be used multiple times")
    given[names[option]] = value if equals else words.pop(0)
argv = %(argv)r
for name, path in given.items():
    argv += ["--" + name, path]
os.execv(argv[0], argv)
"""


def prepare(host):
    host.plain = host.sshd()
    host.key = harness.make_key("instance")
    host.rsa_key = harness.make_key("instance-rsa", "rsa", 3072)
    host.authorize("ledger", harness.public_line(host.key), harness.public_line(host.rsa_key))
    policy(host, entry("nitrotpm", {4: BOOT[4], 7: BOOT[7], 12: ZERO}))


def entry(kind, pcrs, workload="ledger"):
    pins = " ".join(f'pcr{index} = "{value}";' for index, value in pcrs.items())
    return f'  {{ workload = "{workload}"; version = "7"; kind = "{kind}"; {pins} }}'


def policy(host, *entries):
    billing = entry("enclave", {0: harness.BILLING[0]}, "billing")
    host.measurements("measurements = (\n" + ",\n".join([billing, *entries]) + "\n);\n")


class Tool:
    """nitro-tpm-attest in a folder of its own, for PATH."""

    def __init__(self, argv):
        self.folder = ROOT / "client/bin"
        self.folder.mkdir(exist_ok=True)
        self.log = ROOT / "client/attest.log"
        self.log.unlink(missing_ok=True)
        path = self.folder / "nitro-tpm-attest"
        path.write_text("#!/usr/bin/python3 -IB\n" + ATTEST % {"log": str(self.log), "argv": [str(w) for w in argv]})
        path.chmod(0o755)
        self.env = {"NITRO_SSH_SOURCE": "exec:nitro-tpm-attest",
                    "PATH": f"{self.folder}:{harness.environment()['PATH']}"}

    def calls(self):
        return self.log.read_text().splitlines() if self.log.exists() else []


def log_in(host, pcrs=None, *, kind="nitrotpm", user="ledger", args=()):
    """One login by stock ssh; its result and its line in the log."""
    tool = Tool(sim(kind=kind, pcrs=BOOT if pcrs is None else pcrs))
    since = host.log.mark()
    done = host.plain.nitro_ssh(user, "echo $PAM_NITRO_WORKLOAD $PAM_NITRO_KIND", args=args, env=tool.env)
    done.calls = tool.calls()
    return done, one(host.log.decisions(since, "auth"))


def refused(host, reason, *words, **how):
    done, line = log_in(host, *words, **how)
    equal((done.code, done.text), (255, ""), done.messages)
    equal((line["result"], line["reason"]), ("deny", reason), line.text)
    return line


@test("exec:nitro-tpm-attest: one call with --nonce, --user-data and --public-key, and the login is granted")
def command_line(host):
    done, line = log_in(host)
    equal((done.code, done.text), (0, "ledger nitrotpm\n"), done.messages)
    equal((line["result"], line["kind"], line["workload"]), ("allow", "nitrotpm", "ledger"), line.text)
    call, = done.calls
    words = call.split()
    equal(words[0::2], ["--nonce", "--user-data", "--public-key"])
    equal(len(words), 6)


@test("the public key in the document is an SSH key blob, of ed25519 as of RSA")
def any_key(host):
    for key in (host.key, host.rsa_key):
        done, line = log_in(host, args=["-i", key, "-o", "IdentitiesOnly=yes"])
        equal((done.code, done.text), (0, "ledger nitrotpm\n"), done.messages)
        equal(line["key"], harness.fingerprint(key))


@test("a nitro-tpm-attest that fails: its status and first line are shown, and nobody gets in")
def failing(host):
    tool = Tool(sim(kind="nitrotpm"))
    path = tool.folder / "nitro-tpm-attest"
    path.write_text("#!/bin/sh\necho 'Error: could not open the TPM device \"/dev/tpm0\"' >&2\nexit 1\n")
    done = host.plain.nitro_ssh("ledger", "true", env=tool.env)
    assert done.code != 0
    assert "ended with status 1" in done.messages and "/dev/tpm0" in done.messages, done.messages


@test("PCR4, PCR7 and PCR12 are pinned: each alone refuses when it differs")
def pins(host):
    other = harness.pcr("another boot")
    for index in (4, 7, 12):
        line = refused(host, "pcr_mismatch", BOOT | {index: other})
        equal(line["differs"], f"pcr{index}", line.text)
    equal(log_in(host)[1]["result"], "allow")


@test("PCR12 of zero is a pin: a command line that somebody passed to the kernel is refused")
def command_line_of_kernel(host):
    changed = harness.pcr("init=/bin/sh")
    refused(host, "pcr_mismatch", BOOT | {12: changed})
    policy(host, entry("nitrotpm", {4: BOOT[4], 7: BOOT[7]}))
    try:
        equal(log_in(host, BOOT | {12: changed})[1]["result"], "allow", "without the pin nobody looks")
    finally:
        policy(host, entry("nitrotpm", BOOT))


@test("what nitro-tpm-pcr-compute prints, imported, is what logs in")
def imported(host):
    path = ROOT / "client/pcr_measurements.json"
    path.write_text(json.dumps({"Measurements": {
        "HashAlgorithm": "SHA384", "PCR4": BOOT[4], "PCR7": BOOT[7], "PCR12": ZERO}}))
    done = harness.must([BUILD / "pam-nitro", "import", "--json", "--workload", "ledger", "--version", "8", path])
    policy(host, json.loads(done.text)["entry"].rstrip())
    try:
        line = log_in(host)[1]
        equal((line["result"], line["version"]), ("allow", "8"), line.text)
        refused(host, "pcr_mismatch", BOOT | {4: harness.pcr("another boot")})
    finally:
        policy(host, entry("nitrotpm", BOOT))


# D19 P15
@test("an enclave's entry never admits a NitroTPM, nor the reverse, whatever the PCRs say")
def kinds(host):
    same = {0: harness.BILLING[0], 4: BOOT[4], 7: BOOT[7], 12: ZERO}
    refused(host, "kind_not_allowed", same, kind="nitrotpm", user="deploy")
    settings = harness.SETTINGS.read_text()
    try:
        # Its user may be billing as well: leave the NitroTPM's entry alone.
        host.write(harness.SETTINGS, settings.replace('workloads = ["billing", "ledger"]', 'workloads = ["ledger"]'))
        refused(host, "kind_not_allowed", same, kind="enclave")
        equal(log_in(host, same)[1]["result"], "allow")
    finally:
        host.write(harness.SETTINGS, settings)


@test("nitro-ssh answer for a library, with documents of nitro-tpm-attest")
def library(host):
    tool = Tool(sim(kind="nitrotpm", pcrs=BOOT))
    since = host.log.mark()
    with harness.Library(host.plain) as client:
        client.publickey("ledger", host.key)
        argv = [BUILD / "nitro-ssh", "answer", "--key", host.key]
        assert client.interactive("ledger", lambda text: harness.must([*argv, text], env=tool.env).text.strip())
    equal(one(host.log.decisions(since))["result"], "allow")
    equal(len(tool.calls()), 1)


# Any root process of the instance may ask: the weaker meaning, and its limit.
@test("a document that another process of the instance asked for its own key admits that key and no other")
def another_process(host):
    other = harness.make_key("another-process")
    blob = harness.base64.b64decode(harness.public_line(other).split()[1])
    reply = document(sim(kind="nitrotpm", pcrs=BOOT), key=lambda p, _: blob)
    since = host.log.mark()
    with harness.Library(host.plain) as client:
        client.publickey("ledger", host.key)
        assert not client.interactive("ledger", lambda text: reply(text, None)), "GOT IN"
    equal(one(host.log.decisions(since))["reason"], "key_mismatch")


if __name__ == "__main__":
    raise SystemExit(suite.main(prepare))
