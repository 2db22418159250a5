#!/usr/bin/python3 -B
"""A mixture of honest and hostile clients at a real sshd for SOAK_SECONDS
(20): each refusal has its own reason, no wrong verdict, nothing is left."""

import concurrent.futures
import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "sshd"))

import census  # noqa: E402
import harness  # noqa: E402
from crowd import Crowd, Reckoning, note_times, prepare, spread  # noqa: E402
from kinds import HONEST, HOSTILE, KINDS, SILENT  # noqa: E402
from tap import Suite, equal  # noqa: E402

suite = Suite()
test = suite.test

SECONDS = float(os.environ.get("SOAK_SECONDS") or 20)
CONCURRENCY = 30
GROWTH_KIB = 64  # for 1,000 logins

MIXTURE = spread(*((name, {"enclave": 12, "connects and leaves": 12}.get(name, 2)) for name in HONEST + HOSTILE))


# R02 R03 T08 T10 T20 T21 F18 O11 M24: sshd 9.2 has no PerSourcePenalties, so there is
# no ban that a crash could bring; that there is no crash shows in sshd's words.
@test(f"{SECONDS:g} s of honest and hostile clients, {CONCURRENCY} at a time: the right reason for each, no leak")
def mixture(host):
    server = host.roomy
    equal(len(Crowd(host, server, threads=20, logins=MIXTURE).finish()), len(MIXTURE))
    equal(census.await_quiet(server), {})
    since = host.log.mark()
    before = census.resident_kib(server.process.pid), census.descriptors(server.process.pid)
    outcomes = Crowd(host, server, threads=CONCURRENCY, logins=MIXTURE, seconds=SECONDS).finish(SECONDS + 300)
    left = census.await_quiet(server)
    after = census.resident_kib(server.process.pid), census.descriptors(server.process.pid)
    reckoning = Reckoning(outcomes, host.log.decisions(since))
    reckoning.note("soak")
    note_times("client's last answer to sshd's verdict",
               [outcome["verdict_ms"] for outcome in outcomes if "verdict_ms" in outcome])
    print(f"# {len(outcomes) / SECONDS:.1f} connections a second; listener {before[0]} KiB, {before[1]} descriptors "
          f"before, {after[0]}, {after[1]} after", flush=True)
    reckoning.must_be_right()
    for name in HONEST + HOSTILE:
        for reason in KINDS[name].reasons - {SILENT, "conversation_failed"}:
            assert reckoning.reasons[reason], f"no client came to {reason}, so {name} was not tried"
    equal(left, {}, "processes left over")
    equal(after[1], before[1], "descriptors of the listener")
    assert after[0] - before[0] <= GROWTH_KIB * max(1, len(outcomes) / 1000), f"{before[0]} KiB grew to {after[0]}"


def ask_many(host, ask):
    return host.roomy.ssh("deploy", "echo in", seconds=120,
                          env={"SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"},
                          args=["-i", host.key, "-o", "NumberOfPasswordPrompts=1000",
                                "-o", "KbdInteractiveDevices=" + ",".join(["pam"] * 1000)])


# T22 O11: CVE-2015-5600, by ten at a time beside honest clients.
@test("clients that ask for the device a thousand times: MaxAuthTries holds, one line for each dialogue")
def many_devices(host):
    ask = harness.script("nothing", "echo\n")
    since = host.log.mark()
    crowd = Crowd(host, host.roomy, threads=6, logins=["enclave"] * 40)
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        done = list(pool.map(lambda _: ask_many(host, ask), range(20)))
    outcomes = crowd.finish()
    equal({(one.code, one.text) for one in done}, {(255, "")})
    lines = host.log.decisions(since)
    asked = [line for line in lines if line["reason"] == "no_answer"]
    assert len(done) <= len(asked) <= 6 * len(done), f"{len(asked)} dialogues"
    equal(len({line["ref"] for line in asked}), len(asked), "distinct nonces")
    Reckoning(outcomes, [line for line in lines if line not in asked]).must_be_right()


@test("no process of sshd has crashed")
def no_crash(host):
    bad = re.compile(r"signal \d|\bfatal\b|[Ss]egmentation|core dumped|smashing|\bBUG\b")
    # What sshd says of a client that left in the middle of a packet.
    usual = re.compile(r"fatal: (ssh_packet|Timeout)|ssh_packet_send_debug")
    words = [line for line in host.roomy.messages.splitlines() if bad.search(line) and not usual.search(line)]
    equal(words[:5], [])


@test("after that, each honest kind of client gets in")
def afterwards(host):
    since = host.log.mark()
    outcomes = Crowd(host, host.roomy, threads=2, logins=list(HONEST), sessions=True).finish()
    Reckoning(outcomes, host.log.decisions(since)).must_be_right()
    equal([outcome["got_in"] for outcome in outcomes], [True] * len(HONEST))


if __name__ == "__main__":
    raise SystemExit(suite.main(prepare))
