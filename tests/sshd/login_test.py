#!/usr/bin/python3 -B
"""Logins that must be granted, at a real sshd, and how they feel."""

import hashlib
import os
import re
import shutil
import signal

import harness
from harness import BUILD, ROOT, answer, sim
from tap import Suite, equal, one

suite = Suite()
test = suite.test

NO_COMMAND = "Match Group nitro-workloads\n\tAuthorizedKeysCommand none\n"
ENVIRONMENT = "env | grep ^PAM_NITRO_ | sort"


def prepare(host):
    host.plain = host.sshd()
    host.enrolled = host.sshd(NO_COMMAND)
    host.key = harness.make_key("enrolled")
    host.authorize("deploy", harness.public_line(host.key))
    host.authorize("alice", harness.public_line(host.key))


def granted(host, since, reason="ok", stage="auth"):
    line = one(host.log.decisions(since))
    equal((line["result"], line["reason"], line.stage), ("allow", reason, stage))
    return line


def nothing_left(host):
    equal(os.listdir(ROOT / "tmp"), [], "left in TMPDIR")


# X01 is the control of all that follows.
@test("stock ssh, a key that nobody enrolled: shell command, environment, one line")
def ephemeral(host):
    since = host.log.mark()
    done = host.plain.nitro_ssh("deploy", ENVIRONMENT, args=["-vv"])
    equal(done.code, 0, done.messages)
    equal(done.text, "PAM_NITRO_KIND=enclave\n"
                     "PAM_NITRO_MODULE_ID=i-0123456789abcdef0-enc0123456789abcdef\n"
                     "PAM_NITRO_VERSION=1.4.2\nPAM_NITRO_WORKLOAD=billing\n")
    line = granted(host, since)
    equal((line["user"], line["workload"], line["version"], line["kind"], line["rhost"]),
          ("deploy", "billing", "1.4.2", "enclave", "127.0.0.1"))
    assert 2 <= done.prompt_count <= 8, f"{done.prompt_count} prompts"
    nothing_left(host)


# O10: the line says which key and which document.
@test("the line of a granted login names the key that was attested")
def key_in_log(host):
    since = host.log.mark()
    done = host.plain.nitro_ssh("deploy", "true", args=["-i", host.key])
    equal(done.code, 0, done.messages)
    line = granted(host, since)
    equal(line["key"], harness.fingerprint(host.key))
    equal(line["module_id"], "i-0123456789abcdef0-enc0123456789abcdef")
    assert line["sha384"] and len(line["sha384"]) == 96, line


@test("keys enrolled in authorized_keys: ed25519, ecdsa 256, 384, 521, rsa")
def key_types(host):
    keys = [harness.make_key(f"type-{kind}-{bits}", kind, bits) for kind, bits in
            (("ed25519", None), ("ecdsa", 256), ("ecdsa", 384), ("ecdsa", 521), ("rsa", 2048))]
    host.authorize("deploy", *map(harness.public_line, keys))
    for key in keys:
        since = host.log.mark()
        done = host.enrolled.nitro_ssh("deploy", "echo $PAM_NITRO_WORKLOAD", args=["-i", key])
        equal((done.code, done.text), (0, "billing\n"), f"{key.name}: {done.messages}")
        equal(granted(host, since)["key"], harness.fingerprint(key), key.name)
    host.authorize("deploy", harness.public_line(host.key))


# K08: a certificate counts as the plain key that it certifies.
@test("certificate keys: ed25519 and ecdsa, attested as the certified key")
def certificates(host):
    authority = harness.make_key("authority")
    trusted = ROOT / "authority.pub"
    shutil.copy(f"{authority}.pub", trusted)
    server = host.sshd(f"TrustedUserCAKeys {trusted}\n{NO_COMMAND}\tAuthorizedKeysFile none\n")
    for kind in ("ed25519", "ecdsa"):
        key = harness.make_key(f"certified-{kind}", kind)
        harness.must(["ssh-keygen", "-q", "-s", authority, "-I", "test", "-n", "deploy", f"{key}.pub"])
        since = host.log.mark()
        done = server.nitro_ssh("deploy", "echo $PAM_NITRO_WORKLOAD", args=["-i", key])
        equal((done.code, done.text), (0, "billing\n"), done.messages)
        equal(granted(host, since)["key"], harness.fingerprint(key))


@test("a key in the agent alone")
def agent(host):
    path = ROOT / "client/agent"
    started = harness.must(["ssh-agent", "-s", "-a", path]).text
    pid = int(re.search(r"SSH_AGENT_PID=(\d+)", started)[1])
    try:
        key = harness.make_key("agent-key")
        env = {"SSH_AUTH_SOCK": str(path)}
        harness.must(["ssh-add", "-q", key], env=env)
        key.unlink()
        since = host.log.mark()
        done = host.plain.nitro_ssh("deploy", "echo in", env=env)
        equal((done.code, done.text), (0, "in\n"), done.messages)
        equal(granted(host, since)["key"], harness.fingerprint(key))
    finally:
        os.kill(pid, signal.SIGTERM)


@test("a NitroTPM instance, listed by its group")
def nitrotpm(host):
    since = host.log.mark()
    done = host.plain.nitro_ssh("ledger", ENVIRONMENT, argv=sim(kind="nitrotpm"))
    equal(done.code, 0, done.messages)
    equal(done.text, "PAM_NITRO_KIND=nitrotpm\n"
                     "PAM_NITRO_MODULE_ID=i-0123456789abcdef0-tpm0000000000000000\n"
                     "PAM_NITRO_VERSION=7\nPAM_NITRO_WORKLOAD=ledger\n")
    equal(granted(host, since)["workload"], "ledger")


@test("a payload map of definite length, as AWS made it until 2025")
def definite(host):
    done = host.plain.nitro_ssh("deploy", "true", argv=sim("--definite"))
    equal(done.code, 0, done.messages)


@test("paramiko, answer in one piece: one prompt")
def one_piece(host):
    since = host.log.mark()
    with harness.Library(host.plain) as client:
        client.publickey("deploy", host.key)
        assert client.interactive("deploy", lambda text: answer(text, client.key_blob, sim()))
        equal(client.command("echo $PAM_NITRO_WORKLOAD; exit 7"), (7, "billing\n"))
        equal(len(client.prompts), 1)
        prompt = harness.Prompt(client.prompts[0])
        equal((prompt.part, prompt.key, prompt.host, prompt.user),
              (1, harness.fingerprint(host.key), harness.SERVER_NAME, "deploy"))
        equal(granted(host, since)["ref"], prompt.reference)


@test("paramiko with the answer of nitro-ssh answer")
def answer_command(host):
    argv = [BUILD / "nitro-ssh", "answer", "--key", host.key]
    env = {"NITRO_SSH_SOURCE": harness.source(sim())}
    with harness.Library(host.plain) as client:
        client.publickey("deploy", host.key)
        assert client.interactive("deploy", lambda text: harness.must([*argv, text], env=env).text.strip())
        equal(len(client.prompts), 1)


@test("paramiko, answer in parts: a prompt for each, numbered from 1")
def parts(host):
    with harness.Library(host.plain) as client:
        client.publickey("deploy", host.key)
        cut = []

        def reply(text):
            if not cut:
                cut.append(harness.Parts(answer(text, client.key_blob, sim())))
            return cut[0].line(harness.Prompt(text).part)
        assert client.interactive("deploy", reply)
        equal([harness.Prompt(text).part for text in client.prompts], list(range(1, len(cut[0].slices) + 1)))
        equal(len({harness.Prompt(text).nonce for text in client.prompts}), 1)


@test("without publickey first, binding none: stock ssh and paramiko")
def unbound(host):
    server = host.sshd("Match Group nitro-workloads\n\tAuthenticationMethods keyboard-interactive:pam\n")
    host.settings(binding="none")
    try:
        since = host.log.mark()
        done = server.nitro_ssh("deploy", "echo $PAM_NITRO_WORKLOAD", args=["-vv"])
        equal((done.code, done.text), (0, "billing\n"), done.messages)
        assert 2 <= done.prompt_count <= 8, f"{done.prompt_count} prompts"
        granted(host, since)
        with harness.Library(server) as client:
            assert client.interactive("deploy", lambda text: answer(text, None, sim()))
            equal(harness.Prompt(client.prompts[0]).key, "-")
    finally:
        host.settings()


@test("audience = false takes a document without user_data")
def no_audience(host):
    def reply(text):
        prompt = harness.Prompt(text)
        document = harness.attest(sim(), nonce=prompt.nonce, public_key=client.key_blob)
        return harness.base64.b64encode(document).decode()
    host.settings(audience=False)
    try:
        with harness.Library(host.plain) as client:
            client.publickey("deploy", host.key)
            assert client.interactive("deploy", reply)
    finally:
        host.settings()


@test("standard input and output are the command's, byte for byte, and so is the exit status")
def transparent(host):
    data = b"".join(hashlib.sha512(str(i).encode()).digest() for i in range(16384))
    done = host.plain.nitro_ssh("deploy", "cat; echo oops >&2; exit 37", data=data)
    equal(done.code, 37, done.messages)
    equal(hashlib.sha256(done.out).digest(), hashlib.sha256(data).digest(), "1 MiB there and back")
    assert "oops\n" in done.messages, done.messages


@test("a shell on standard input, -l USER, -o OPTION, and a host without a user")
def arguments(host):
    done = harness.run([BUILD / "nitro-ssh", "-F", host.plain.config, "-o", "User=deploy", "-T", "demo"],
                       env={"NITRO_SSH_SOURCE": harness.source(sim())}, data=b"echo one; exit 3\n")
    equal((done.code, done.text), (3, "one\n"), done.messages)
    done = harness.run([BUILD / "nitro-ssh", "-l", "deploy", "-F", host.plain.config, "demo", "echo", "two", "-p"],
                       env={"NITRO_SSH_SOURCE": harness.source(sim())})
    equal((done.code, done.text), (0, "two -p\n"), done.messages)


@test("a key with a passphrase: refused with a message, no document leaves")
def passphrase(host):
    key = ROOT / "client/locked"
    harness.must(["ssh-keygen", "-q", "-t", "ed25519", "-N", "a long secret", "-f", key])
    witness = ROOT / "client/asked"
    argv = [str(harness.script("witness", f'touch {witness}; {harness.shlex.join(sim())} "$@"\n'))]
    host.authorize("deploy", harness.public_line(key))
    done = host.enrolled.nitro_ssh("deploy", "true", argv=argv, args=["-i", key, "-o", "IdentitiesOnly=yes"])
    host.authorize("deploy", harness.public_line(host.key))
    assert done.code != 0, done.text
    assert re.search(r"nitro-ssh: .*passphrase", done.messages), done.messages
    assert not witness.exists(), "the NSM was asked"
    nothing_left(host)


@test("an unknown host key: refused with a message, no document leaves")
def unknown_host(host):
    witness = ROOT / "client/asked-too"
    argv = [str(harness.script("witness-too", f'touch {witness}; {harness.shlex.join(sim())} "$@"\n'))]
    done = host.plain.nitro_ssh("deploy", "true", argv=argv, args=[
        "-o", "UserKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=ask"])
    assert done.code != 0, done.text
    assert re.search(r"nitro-ssh: .*host key|nitro-ssh: .*authenticity", done.messages), done.messages
    assert not witness.exists(), "the NSM was asked"
    nothing_left(host)


@test("no NSM here: one line says what is missing")
def no_nsm(host):
    since = host.log.mark()
    done = harness.run([BUILD / "nitro-ssh", "-F", host.plain.config, "deploy@demo", "true"])
    assert done.code != 0
    lines = [line for line in done.messages.splitlines() if line.startswith("nitro-ssh:")]
    equal(len(lines), 1, done.messages)
    assert "/dev/nsm" in lines[0], lines[0]
    equal(host.log.decisions(since), [])
    nothing_left(host)


@test("the include lines for Fedora work as the one for Debian")
def fedora(host):
    host.install("auth     include  sshd-nitro\naccount  include  sshd-nitro\n")
    try:
        done = host.plain.nitro_ssh("deploy", "true")
        equal(done.code, 0, done.messages)
        equal(host.plain.ssh("alice", "echo hello", args=["-i", host.key]).text, "hello\n")
    finally:
        host.install()


@test("people log in as before, by key and by password, and pam_nitro says nothing")
def people(host):
    since = host.log.mark()
    equal(host.plain.ssh("alice", "echo hello", args=["-i", host.key]).text, "hello\n")
    with harness.Library(host.plain) as client:
        client.transport.auth_password("alice", harness.PASSWORD)
        equal(client.command("env | grep -c PAM_NITRO"), (1, "0\n"))
    with harness.Library(host.plain) as client:
        try:
            client.transport.auth_password("alice", "wrong")
        except harness.paramiko().AuthenticationException:
            pass
        else:
            raise AssertionError("a wrong password was taken")
    equal(host.log.decisions(since), [])


def observe_stack(host):
    """The two changes that the comments of the shipped stack describe."""
    text = harness.PAM_NITRO_FILE.read_text()
    for old, new in (("auth     requisite  pam_deny.so", "auth     sufficient  pam_permit.so"),
                     ("account  [success=ok default=die]", "account  [success=ok ignore=ignore default=die]")):
        changed = "\n".join(line.replace(old, new) if not line.startswith("#") else line for line in text.splitlines())
        assert changed != text.rstrip("\n"), f"the shipped stack has no line {old!r}"
        text = changed
    harness.PAM_NITRO_FILE.write_text(text + "\n")


@test("mode = observe: logs the verdict; the shipped stack still refuses, the changed one lets the key decide")
def observe(host):
    host.settings(mode="observe")
    try:
        since = host.log.mark()
        done = host.enrolled.nitro_ssh("deploy", "echo in", args=["-i", host.key])
        equal((done.code, done.text), (255, ""), done.messages)
        assert host.log.decisions(since, "auth"), "no line"
        observe_stack(host)
        for argv, verdict in ((sim(), "allow"), (sim(pcrs=harness.OTHER_CODE), "deny")):
            since = host.log.mark()
            done = host.enrolled.nitro_ssh("deploy", "echo in", args=["-i", host.key], argv=argv)
            equal((done.code, done.text), (0, "in\n"), done.messages)
            line = host.log.decisions(since, "auth")[0]
            equal((line["result"], line["mode"]), (verdict, "observe"))
        # A key that nobody enrolled never gets in by observing.
        equal(host.plain.nitro_ssh("deploy", "echo in").code, 255)
    finally:
        host.settings()
        host.install()


if __name__ == "__main__":
    raise SystemExit(suite.main(prepare))
