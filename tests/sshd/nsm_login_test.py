#!/usr/bin/python3 -B
"""Logins with the default document source: nitro-ssh asks /dev/nsm itself,
under the supervisor that plays it, and a real sshd judges."""

import shlex

import harness
from harness import BUILD, ROOT, sim
from tap import Suite, equal, one

suite = Suite()
test = suite.test
SUPERVISOR = BUILD / "nsm-supervisor"
MODULE = harness.REPOSITORY / "tests/sim/supervisor/module.py"


def prepare(host):
    host.plain = host.sshd()
    host.key = harness.make_key("with-nsm")


def log_in(host, *options, pcrs=None, args=()):
    """One login by stock ssh below the supervisor, and how often the device was called."""
    if not SUPERVISOR.exists():
        raise harness.Trouble(f"no {SUPERVISOR} (make tests)")
    if harness.run([SUPERVISOR, "--", "/bin/true"]).code == 77:
        raise harness.Skip("this kernel has no seccomp user notification")
    log = ROOT / "client/nsm.log"
    log.unlink(missing_ok=True)
    since = host.log.mark()
    done = harness.run([SUPERVISOR, *options, "--log", log, "--module", shlex.join([str(MODULE), *sim(pcrs=pcrs)]), "--",
                        BUILD / "nitro-ssh", "-F", host.plain.config, *args, "deploy@demo",
                        "echo $PAM_NITRO_WORKLOAD"])
    done.calls = len(log.read_text().splitlines()) if log.exists() else 0
    return done, host.log.decisions(since)


@test("no option and no variable: /dev/nsm is asked once, the answer goes in parts, the login is granted")
def default_source(host):
    done, lines = log_in(host, args=["-vv"])
    equal((done.code, done.text, done.calls), (0, "billing\n", 1), done.messages)
    assert 2 <= done.prompt_count <= 8, f"{done.prompt_count} prompts"
    equal(one(lines)["result"], "allow")


@test("a key of its own, and a call that is interrupted twice")
def interrupted(host):
    done, lines = log_in(host, "--plan", "EINTR,EINTR", args=["-i", host.key])
    equal((done.code, done.text, done.calls), (0, "billing\n", 3), done.messages)
    equal(one(lines)["key"], harness.fingerprint(host.key))


@test("other code: refused")
def other_code(host):
    done, lines = log_in(host, pcrs=harness.OTHER_CODE)
    equal((done.code, done.text), (255, ""), done.messages)
    equal(one(lines)["reason"], "pcr_mismatch")


@test("a device that fails: one line for the user, and nobody gets in")
def failing(host):
    done, lines = log_in(host, "--plan", "ETIMEDOUT")
    equal((done.code, done.text), (255, ""), done.messages)
    said = [line for line in done.messages.splitlines() if line.startswith("nitro-ssh:")]
    equal(len(said), 1, done.messages)
    assert "/dev/nsm did not answer" in said[0], said[0]
    assert not [line for line in lines if line["result"] == "allow"], lines


if __name__ == "__main__":
    raise SystemExit(suite.main(prepare))
