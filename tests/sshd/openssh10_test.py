#!/usr/bin/python3 -B
"""What newer sshd do otherwise: programs of their own for a connection and for
what is before its login, another name of the PAM service, penalties for a
source address. What an sshd does not have is skipped, and which it is is said."""

import collections
import os
import pathlib
import re
import sys

import harness
from harness import Skip, answer, sim
from tap import Suite, equal, one

suite = Suite()
test = suite.test

OTHER = sim(pcrs=harness.OTHER_CODE)


def prepare(host):
    host.key = harness.make_key("enrolled")
    host.authorize("deploy", harness.public_line(host.key))


def need(major, minor, what):
    version = harness.sshd_version()
    if version < (major, minor):
        raise Skip(f"this sshd is OpenSSH {version[0]}.{version[1]}; {what} came with {major}.{minor}")


def with_module():
    """Of the processes here: names of the programs, with and without pam_nitro.so in them."""
    found = {True: collections.Counter(), False: collections.Counter()}
    for pid in harness.inhabitants():
        program = os.path.basename(os.readlink(f"/proc/{pid}/exe"))
        found["pam_nitro.so" in pathlib.Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")][program] += 1
    return found


@test("each prompt comes in an information request of its own, the last one is empty")
def requests(host):
    server = host.sshd()
    for argv, code in ((sim(), 0), (OTHER, 255)):
        done = server.nitro_ssh("deploy", "true", argv=argv, args=["-vv"])
        equal(done.code, code, done.messages)
        counts = re.findall(r"info_req: num_prompts (\d+)", done.messages)
        assert len(counts) > 2, counts
        equal(counts, ["1"] * (len(counts) - 1) + ["0"])
    server.stop()


@test("the module is in the process of the connection, not in sshd and not in sshd-auth")
def split_programs(host):
    need(9, 8, "sshd-session")
    server = host.sshd("Match Group nitro-workloads\n\tAuthorizedKeysCommand none\n")
    seen = []
    with harness.Library(server) as client:
        client.publickey("deploy", host.key)

        def look(text):
            seen.append(with_module())
            return answer(text, client.key_blob, sim())
        assert client.interactive("deploy", look)
    equal(len(seen), 1)
    # The connection's monitor, and its process for the dialogue with PAM.
    equal(seen[0][True], {"sshd-session": 2})
    assert seen[0][False]["sshd"] >= 1, seen
    if harness.sshd_version() >= (10, 0):
        equal(seen[0][False]["sshd-auth"], 1)
    server.stop()


@test("PAMServiceName: the stack of another name asks the same")
def service_name(host):
    need(9, 8, "PAMServiceName")
    harness.PAM_FILE.rename("/etc/pam.d/workloads")
    try:
        harness.PAM_FILE.write_text("auth required pam_deny.so\naccount required pam_deny.so\n", encoding="utf-8")
        server = host.sshd("PAMServiceName workloads\n")
        for argv, out, result in ((sim(), "in\n", "allow"), (OTHER, "", "deny")):
            since = host.log.mark()
            equal(server.nitro_ssh("deploy", "echo in", argv=argv).text, out)
            line = one(host.log.decisions(since))
            equal(line["result"], result, line.text)
            assert line.text.startswith("pam_nitro(workloads:auth): "), line.text
        server.stop()
    finally:
        pathlib.Path("/etc/pam.d/workloads").rename(harness.PAM_FILE)


def refuse_until_shut_out(server, source):
    """How many logins of other code were refused before sshd took no more."""
    for count in range(8):
        done = server.nitro_ssh("deploy", "true", argv=OTHER, args=["-b", source])
        equal(done.code, 255, done.messages)
        if done.reference is None:
            return count
    raise AssertionError(f"never shut out:\n{server.messages}")


# M24: the 90 seconds of a crash would be the module's fault.
@test("penalties: a refusal is a failed login to sshd and never a crash")
def penalties(host):
    need(9, 8, "PerSourcePenalties")
    server = host.sshd("PerSourcePenalties yes\n")
    assert refuse_until_shut_out(server, "127.0.0.9") >= 2
    reasons = set(re.findall(r"penalty: (.*)", server.messages))
    equal(reasons, {"failed authentication"})
    done = server.nitro_ssh("deploy", "echo in", args=["-b", "127.0.0.9"])
    equal((done.code, done.text), (255, ""), "shut out with the right code, too")
    equal(server.nitro_ssh("deploy", "echo in", args=["-b", "127.0.0.10"]).text, "in\n", "another address")
    server.stop()


# M24
@test("PerSourcePenaltyExemptList keeps one misbuilt workload from shutting out its neighbours")
def exempt(host):
    need(9, 8, "PerSourcePenalties")
    server = host.sshd("PerSourcePenalties yes\nPerSourcePenaltyExemptList 127.0.0.9\n")
    for _ in range(8):
        done = server.nitro_ssh("deploy", "true", argv=OTHER, args=["-b", "127.0.0.9"])
        assert done.reference is not None, done.messages
    equal(server.nitro_ssh("deploy", "echo in", args=["-b", "127.0.0.9"]).text, "in\n")
    assert "activating" not in server.messages, server.messages
    server.stop()


if __name__ == "__main__":
    sys.exit(suite.main(prepare))
