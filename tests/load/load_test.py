#!/usr/bin/python3 -B
"""A thousand logins at concurrency 50 beside 100 idle conversations, at a
real sshd: each has its own verdict, and nothing is left.

LOAD_LOGINS is how many (1000).
"""

import concurrent.futures
import os
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "sshd"))

import census  # noqa: E402
import harness  # noqa: E402
from crowd import Crowd, Reckoning, note_times, prepare, spread  # noqa: E402
from harness import sim  # noqa: E402
from kinds import KINDS  # noqa: E402
from tap import Suite, equal  # noqa: E402

suite = Suite()
test = suite.test

LOGINS = int(os.environ.get("LOAD_LOGINS") or 1000)
CONCURRENCY = 50
IDLE = 100
STOCK = 60
IDLE_KIB_MOST = 1024  # with what sshd and libpam have
GROWTH_KIB = 64  # for 1,000 logins


def mixture(count):
    """Half honest, half of those whose dialogue comes to a verdict."""
    honest = [("enclave", 6), ("in parts", 3), ("nitrotpm", 1)]
    hostile = [("wrong pcr", 2), ("exchanged", 1), ("replay", 1), ("relay", 1), ("signature", 2), ("junk", 1),
               ("unlisted", 1), ("masked", 1)]
    logins = spread(*((name, weight * count // 20) for name, weight in honest + hostile))
    return logins + ["enclave"] * (count - len(logins))


def note_memory(server):
    """What an open conversation has of its own, sshd's part and the module's together."""
    dirty = [census.private_kib(pid) for pid in census.pam_processes(server)]
    note_times("private memory of a process that runs PAM, at its prompt", dirty, "KiB")
    assert max(dirty) <= IDLE_KIB_MOST, f"{max(dirty)} KiB"


# R01 R02 R03 T10 F18
@test(f"{LOGINS} logins, {CONCURRENCY} at a time, beside {IDLE} idle conversations: no wrong verdict, no leak")
def thousand(host):
    server = host.roomy
    warm_up = Crowd(host, server, threads=20, logins=["enclave", "wrong pcr"] * 20).finish()
    equal(len(warm_up), 40)
    equal(census.await_quiet(server), {})
    since = host.log.mark()
    before = census.resident_kib(server.process.pid), census.descriptors(server.process.pid)
    began = time.monotonic()
    idle = Crowd(host, server, threads=IDLE, logins=["enclave"] * IDLE, hold=True)
    idle.await_waiting(IDLE)
    idle_s = time.monotonic() - began
    note_memory(server)
    began = time.monotonic()
    outcomes = Crowd(host, server, threads=CONCURRENCY, logins=mixture(LOGINS), sessions=True).finish()
    seconds = time.monotonic() - began
    idle.go()
    late = idle.finish()
    left = census.await_quiet(server)
    after = census.resident_kib(server.process.pid), census.descriptors(server.process.pid)
    lines = host.log.decisions(since)
    judge(outcomes, late, lines)
    print(f"# {LOGINS} logins in {seconds:.1f} s, {LOGINS / seconds:.1f} a second; {IDLE} idle ones open after "
          f"{idle_s:.1f} s; listener {before[0]} KiB, {before[1]} descriptors before, {after[0]}, {after[1]} after")
    note_times("client's last answer to sshd's verdict",
               [outcome["verdict_ms"] for outcome in outcomes if "verdict_ms" in outcome])
    equal(left, {}, "processes left over")
    equal(after[1], before[1], "descriptors of the listener")
    assert after[0] - before[0] <= GROWTH_KIB * max(1, LOGINS / 1000), f"{before[0]} KiB grew to {after[0]}"


def judge(outcomes, late, lines):
    """The crowd's verdicts, and those of who answered when it was through."""
    references = {outcome["ref"] for outcome in late}
    reckoning = Reckoning(outcomes, [line for line in lines if line["ref"] not in references])
    reckoning.note("crowd")
    reckoning.must_be_right()
    equal(len(outcomes), LOGINS)
    # Who has waited longer than the module does is late, however honest.
    slow = {"enclave": type(KINDS["enclave"])("enclave", None, "ok", "answer_too_late")}
    reckoning = Reckoning(late, [line for line in lines if line["ref"] in references], slow)
    reckoning.note("idle until then")
    reckoning.must_be_right()
    equal(len(references), IDLE)


def stock(host, number):
    """One login by nitro-ssh; every other one has other code."""
    pcrs = None if number % 2 == 0 else harness.OTHER_CODE
    return host.roomy.nitro_ssh("deploy", "echo $PAM_NITRO_WORKLOAD", argv=sim(pcrs=pcrs), args=["-vv"], seconds=120)


@test(f"{STOCK} logins of nitro-ssh with the stock client, 10 at a time: each its own verdict")
def stock_clients(host):
    since = host.log.mark()
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        done = list(pool.map(lambda number: stock(host, number), range(STOCK)))
    lines = host.log.decisions(since)
    equal(len(lines), STOCK)
    admitted = {line["key"]: line for line in lines if line["result"] == "allow"}
    refused = {line["ref"]: line for line in lines if line["result"] == "deny"}
    for number, one in enumerate(done):
        if number % 2 == 0:
            equal((one.code, one.text), (0, "billing\n"), one.messages)
            key = re.search(r"Server accepts key: .* (SHA256:\S+)", one.messages)[1]
            equal(admitted.pop(key)["workload"], "billing")
        else:
            equal((one.code, one.text), (255, ""), one.messages)
            equal(refused.pop(one.reference)["reason"], "pcr_mismatch")
    equal((admitted, refused), ({}, {}), "lines that belong to no login")
    equal(os.listdir(harness.ROOT / "tmp"), [], "left in TMPDIR")


if __name__ == "__main__":
    raise SystemExit(suite.main(prepare))
