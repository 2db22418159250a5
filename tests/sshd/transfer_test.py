#!/usr/bin/python3 -B
"""What uses ssh underneath works with nitro-ssh in its place, and several
logins at once do not get into each other's way."""

import hashlib
import os
import pathlib
import re
import shutil
import signal
import threading

import harness
from harness import BUILD, ROOT, sim
from tap import Suite, equal, one

suite = Suite()
test = suite.test
NITRO_SSH = BUILD / "nitro-ssh"
DATA = b"".join(hashlib.sha512(str(i).encode()).digest() for i in range(8192))


def prepare(host):
    host.plain = host.sshd()
    host.home = ROOT / "home/deploy"
    host.env = {"NITRO_SSH_SOURCE": harness.source(sim())}
    host.local = ROOT / "client/files"
    (host.local / "folder").mkdir(parents=True)
    (host.local / "data").write_bytes(DATA)
    (host.local / "folder/with blank").write_text("text\n")


def need(program):
    if shutil.which(program) is None:
        raise harness.Skip(f"needs {program}")


def granted(host, since):
    equal(one(host.log.decisions(since))["result"], "allow")
    equal(os.listdir(ROOT / "tmp"), [], "left in TMPDIR")


@test("scp -S nitro-ssh: there and back, one login each")
def scp(host):
    for words in ((host.local / "data", "deploy@demo:copy"), ("deploy@demo:copy", host.local / "back")):
        since = host.log.mark()
        done = harness.run(["scp", "-q", "-S", NITRO_SSH, "-F", host.plain.config, *words], env=host.env)
        equal(done.code, 0, done.messages)
        granted(host, since)
    equal((host.local / "back").read_bytes(), DATA)


@test("scp of other code: refused, nothing written")
def scp_refused(host):
    env = {"NITRO_SSH_SOURCE": harness.source(sim(pcrs=harness.OTHER_CODE))}
    done = harness.run(["scp", "-S", NITRO_SSH, "-F", host.plain.config, host.local / "data", "deploy@demo:refused"], env=env)
    assert done.code != 0 and not (host.home / "refused").exists()
    assert done.reference, done.messages


@test("sftp -S nitro-ssh in batch mode")
def sftp(host):
    since = host.log.mark()
    done = harness.run(["sftp", "-q", "-S", NITRO_SSH, "-F", host.plain.config, "-b", "-", "deploy@demo"], env=host.env,
                       data=f"put {host.local}/data by-sftp\nls -1\n".encode())
    equal(done.code, 0, done.messages)
    equal((host.home / "by-sftp").read_bytes(), DATA)
    granted(host, since)


@test("rsync -e nitro-ssh: a folder there, a change, and back")
def rsync(host):
    need("rsync")
    shell = f"{NITRO_SSH} -F {host.plain.config}"
    for words in ((f"{host.local}/", "deploy@demo:mirror/"), ("deploy@demo:mirror/", f"{ROOT}/client/mirror/")):
        since = host.log.mark()
        done = harness.run(["rsync", "-a", "--delete", "-e", shell, *words], env=host.env)
        equal(done.code, 0, done.messages)
        granted(host, since)
    mirror = ROOT / "client/mirror"
    equal((mirror / "data").read_bytes(), DATA)
    equal((mirror / "folder/with blank").read_text(), "text\n")


@test("git with GIT_SSH: push to a bare repository and clone from it")
def git(host):
    need("git")
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@demo.example", "-c", "init.defaultBranch=main"]
    tree, copy = ROOT / "client/tree", ROOT / "client/clone"
    # GIT_SSH takes no arguments, so the options come from the user's file.
    folder = ROOT / "home/root/.ssh"
    folder.mkdir(mode=0o700, exist_ok=True)
    shutil.copyfile(host.plain.config, folder / "config")
    env = host.env | {"GIT_SSH": str(NITRO_SSH), "GIT_SSH_VARIANT": "ssh", "GIT_TERMINAL_PROMPT": "0"}
    done = host.plain.nitro_ssh("deploy", "git -c init.defaultBranch=main init -q --bare work.git")
    equal(done.code, 0, done.messages)
    harness.must([*git, "init", "-q", tree])
    (tree / "file").write_text("one\n")
    harness.must([*git, "add", "file"], cwd=tree)
    harness.must([*git, "commit", "-q", "-m", "first"], cwd=tree)
    since = host.log.mark()
    harness.must([*git, "push", "-q", "deploy@demo:work.git", "HEAD:main"], cwd=tree, env=env)
    granted(host, since)
    since = host.log.mark()
    harness.must([*git, "clone", "-q", "deploy@demo:work.git", copy], env=env)
    granted(host, since)
    equal((copy / "file").read_text(), "one\n")


# The words that sshd_config(5) gives the command in front of %u.
def keys_command(host, words):
    return host.sshd(f"Match Group nitro-workloads\n\tAuthorizedKeysCommand {ROOT}/bin/pam-nitro authorized-keys {words} %u %t %k\n")


def forwarded(server):
    """What comes back through a forwarded port of sshd itself."""
    return server.nitro_ssh("deploy", args=["-W", f"127.0.0.1:{server.port}"], data=b"\n")


@test("a key that nobody enrolled forwards no port, unless --options lets it")
def no_forwarding(host):
    done = forwarded(host.plain)
    assert done.code != 0 and b"SSH-2.0-" not in done.out, done.text
    assert "prohibited" in done.messages, done.messages
    for words in ("--options restrict,pty,port-forwarding", "--options ''", "--options="):
        done = forwarded(keys_command(host, words))
        assert done.out.startswith(b"SSH-2.0-"), (words, done.messages)


@test("nor an agent, runs no user rc, and has a terminal")
def restricted(host):
    path = ROOT / "client/forwarded-agent"
    started = harness.must(["ssh-agent", "-s", "-a", path]).text
    folder = host.home / ".ssh"
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "rc").write_text("echo rc >&2\n")
    for one_path in (folder, folder / "rc"):
        shutil.chown(one_path, "deploy")
    try:
        for server, agents in ((host.plain, "none"), (keys_command(host, "--options="), "one")):
            done = server.nitro_ssh("deploy", "echo ${SSH_AUTH_SOCK:+one}", args=["-A"],
                                    env={"SSH_AUTH_SOCK": str(path)})
            equal(done.code, 0, done.messages)
            equal(done.text.strip() or "none", agents, done.messages)
            equal("rc\n" in done.messages, agents == "one", done.messages)
        done = host.plain.nitro_ssh("deploy", "tty", args=["-tt"])
        assert done.text.startswith("/dev/"), done.text + done.messages
    finally:
        os.kill(int(re.search(r"SSH_AGENT_PID=(\d+)", started)[1]), signal.SIGTERM)
        shutil.rmtree(folder)


def at_once(jobs):
    results = [None] * len(jobs)

    def work(index):
        results[index] = jobs[index]()
    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


# T10: each has its own nonce, key and cache; neither takes the other's document.
@test("two logins at once, of two users and two kinds")
def two(host):
    since = host.log.mark()
    ask = "echo $PAM_NITRO_WORKLOAD $PAM_NITRO_KIND"
    done = at_once([lambda: host.plain.nitro_ssh("deploy", ask),
                    lambda: host.plain.nitro_ssh("ledger", ask, argv=sim(kind="nitrotpm"))])
    equal([(d.code, d.text) for d in done], [(0, "billing enclave\n"), (0, "ledger nitrotpm\n")],
          done[0].messages + done[1].messages)
    lines = host.log.decisions(since)
    equal(sorted(line["user"] for line in lines), ["deploy", "ledger"])
    equal(len({line["ref"] for line in lines}), 2)
    equal(os.listdir(ROOT / "tmp"), [], "left in TMPDIR")


@test("twelve logins at once, every third of other code: exactly those are refused")
def many(host):
    def job(index):
        argv = sim(pcrs=harness.OTHER_CODE) if index % 3 == 2 else sim()
        return lambda: host.plain.nitro_ssh("deploy", f"echo {index}", argv=argv)
    since = host.log.mark()
    done = at_once([job(index) for index in range(12)])
    for index, one_done in enumerate(done):
        expected = (255, "") if index % 3 == 2 else (0, f"{index}\n")
        equal((one_done.code, one_done.text), expected, one_done.messages)
    lines = host.log.decisions(since)
    equal(sorted(line["reason"] for line in lines), ["ok"] * 8 + ["pcr_mismatch"] * 4)
    equal(len({line["ref"] for line in lines}), 12)
    refused = {d.reference for d in done if d.reference}
    equal(refused, {line["ref"] for line in lines if line["result"] == "deny"})


# M23: one attestation for each connection, however many sessions it carries.
@test("ControlMaster: the second session of a connection asks for nothing")
def multiplexed(host):
    path = pathlib.Path(ROOT, "client/master")
    args = ["-o", f"ControlPath={path}"]
    since = host.log.mark()
    done = host.plain.nitro_ssh("deploy", "true", args=[*args, "-M", "-N", "-f"])
    equal(done.code, 0, done.messages)
    try:
        equal(host.plain.ssh("deploy", "echo again", args=args).text, "again\n")
        granted(host, since)
    finally:
        host.plain.ssh("deploy", args=[*args, "-O", "exit"])


if __name__ == "__main__":
    raise SystemExit(suite.main(prepare))
