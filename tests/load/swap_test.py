#!/usr/bin/python3 -B
"""Measurements changed by pam-nitro allow and revoke while clients log in:
each login sees the file as it was or as it is, never half of it.

SWAP_COMMANDS is how many commands are run (1000).
"""

import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "sshd"))

import harness  # noqa: E402
from attempt import attempt, document, refused  # noqa: E402
from crowd import Crowd, Reckoning, prepare  # noqa: E402
from harness import MEASUREMENTS, MEASUREMENTS_TEXT, OTHER_CODE, ROOT, must, sim  # noqa: E402
from tap import Suite, equal, one  # noqa: E402

suite = Suite()
test = suite.test

COMMANDS = int(os.environ.get("SWAP_COMMANDS") or 1000)
PAM_NITRO = ROOT / "bin/pam-nitro"


def allow():
    values = json.dumps({"PCR0": OTHER_CODE[0]}).encode()
    must([PAM_NITRO, "allow", "-", "--workload", "billing", "--version", "2"], data=values)


def revoke():
    must([PAM_NITRO, "revoke", "--pcr0", OTHER_CODE[0], "--reason", "test"])


def begin_anew():
    """The file of the beginning, put in place as pam-nitro does."""
    fresh = MEASUREMENTS.with_name(".fresh")
    harness.Host.write(fresh, MEASUREMENTS_TEXT)
    os.replace(fresh, MEASUREMENTS)


# L07 L20
@test(f"{COMMANDS} commands allow and revoke under load: each login sees the old file or the new one")
def storm(host):
    since = host.log.mark()
    crowd = Crowd(host, host.roomy, threads=12, logins=["enclave", "candidate", "candidate"], seconds=3600,
                  until_told=True)
    began = time.monotonic()
    try:
        for _ in range(COMMANDS // 2):
            allow()
            revoke()
            begin_anew()
    finally:
        seconds = time.monotonic() - began
        crowd.go()
        outcomes = crowd.finish(120)
    reckoning = Reckoning(outcomes, host.log.decisions(since))
    reckoning.note(f"{COMMANDS} commands and {COMMANDS // 2} replacements in {seconds:.1f} s")
    reckoning.must_be_right()
    assert len(outcomes) >= COMMANDS // 10, f"{len(outcomes)} logins are no load"
    for reason in ("ok", "pcr_mismatch", "revoked"):
        assert reckoning.reasons[reason], f"nobody saw {reason}"


def sees(host, reason):
    since = host.log.mark()
    got_in = attempt(host, document(sim(pcrs=OTHER_CODE)), server=host.roomy).got_in
    equal(got_in, reason == "ok")
    if reason == "ok":
        equal(one(host.log.decisions(since))["version"], "2")
    else:
        refused(host, since, reason)


@test("a login after a command sees what the command has done, 20 times")
def at_once(host):
    for _ in range(20):
        begin_anew()
        sees(host, "pcr_mismatch")
        allow()
        sees(host, "ok")
        revoke()
        sees(host, "revoked")


# The measurements are read once the document has verified: what is allowed or
# revoked while a prompt is open counts for that login already.
@test("a login whose prompt is open while the code is revoked is refused, and admitted while it is allowed")
def open_prompt(host):
    begin_anew()
    allow()

    def reply(text, blob):
        revoke()
        return document(sim(pcrs=OTHER_CODE))(text, blob)
    since = host.log.mark()
    assert not attempt(host, reply, server=host.roomy).got_in
    equal(one(host.log.decisions(since))["reason"], "revoked")
    begin_anew()

    def reply_allowed(text, blob):
        allow()
        return document(sim(pcrs=OTHER_CODE))(text, blob)
    since = host.log.mark()
    assert attempt(host, reply_allowed, server=host.roomy).got_in
    equal(one(host.log.decisions(since))["version"], "2")
    begin_anew()


if __name__ == "__main__":
    raise SystemExit(suite.main(prepare))
