#!/usr/bin/python3 -B
"""The sandbox of a login at a real sshd dies, stands still, or is shot at while
many log in: nobody gets in by that, and the next good login works."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "sshd"))

import census  # noqa: E402
import harness  # noqa: E402
from attempt import attempt, document, refused  # noqa: E402
from crowd import Crowd, Reckoning, prepare  # noqa: E402
from harness import BUILD, OTHER_CODE, sim  # noqa: E402
from kinds import KINDS  # noqa: E402
from tap import Suite, equal, one  # noqa: E402

suite = Suite()
test = suite.test

CHILD_FAULT = BUILD / "tests/load/child-fault"
MIDST = 90  # of some 115 system calls: libcrypto is at work
SHOTS_S = float(os.environ.get("LOAD_SHOTS_SECONDS") or 8)


class Fault:
    """A login whose sandbox gets a signal after so many system calls."""

    def __init__(self, host, number, calls, pcrs=None):
        self.honest, self.server = document(sim(pcrs=pcrs)), host.roomy
        self.number, self.calls, self.process = number, calls, None
        self.got_in = attempt(host, self._reply, server=host.roomy).got_in
        self.said = self.process.communicate(timeout=60)[0].strip()
        equal(self.process.returncode, 0, "exit status of child-fault")

    def _reply(self, text, blob):
        line = self.honest(text, blob)
        (pid,) = census.pam_processes(self.server)
        self.process = subprocess.Popen([CHILD_FAULT, str(pid), str(int(self.number)), str(self.calls)],
                                        stdout=subprocess.PIPE, text=True)
        equal(self.process.stdout.readline(), "ready\n")
        return line


def good_login(host):
    since = host.log.mark()
    assert attempt(host, document(), server=host.roomy).got_in
    equal(one(host.log.decisions(since))["reason"], "ok")
    equal(census.await_quiet(host.roomy), {}, "processes left over")


def steps():
    """Each of the first system calls, then every third."""
    yield from range(8)
    yield from range(8, 100000, 3)


def dies(host, calls):
    """Killed after so many system calls, or None with how many there were."""
    since = host.log.mark()
    fault = Fault(host, signal.SIGKILL, calls)
    if fault.said.startswith("over"):
        assert fault.got_in, "the login whose sandbox came to its end"
        return int(fault.said.split()[1])
    assert not fault.got_in, "GOT IN"
    line = refused(host, since, "sandbox_died")
    assert "signal 9" in line["why"], line.text
    return None


# M14
@test("SIGKILL to the sandbox after any of its system calls: sandbox_died, each time")
def killed(host):
    for count, calls in enumerate(steps()):
        if (over := dies(host, calls)) is not None:
            break
    # To its last words, and beyond them: the answer is out, the exit is not.
    last = [calls for calls in range(over - 4, over) if dies(host, calls) is None]
    print(f"# killed at {count + len(last)} places of one sandbox, {over} system calls", flush=True)
    assert count >= 20, f"only {count} places"
    assert len(last) >= 3, last
    good_login(host)


@test("SIGKILL where the document is refused anyhow: sandbox_died, which tells nothing of the document")
def killed_refused(host):
    for calls in (0, 50, MIDST):
        since = host.log.mark()
        fault = Fault(host, signal.SIGKILL, calls, OTHER_CODE)
        assert not fault.got_in, "GOT IN"
        refused(host, since, "sandbox_died")
    good_login(host)


# M14: SIGSYS is what a forbidden system call brings, the others a crash.
@test("SIGSYS, SIGSEGV, SIGTERM, SIGXCPU to the sandbox: sandbox_died with the signal in the log")
def other_signals(host):
    for number in (signal.SIGSYS, signal.SIGSEGV, signal.SIGTERM, signal.SIGXCPU):
        since = host.log.mark()
        fault = Fault(host, number, MIDST)
        assert not fault.got_in, "GOT IN"
        line = refused(host, since, "sandbox_died")
        assert f"signal {int(number)}" in line["why"], line.text
    good_login(host)


# M14
@test("SIGSTOP to the sandbox: sandbox_late after ten seconds, nobody is left standing")
def stopped(host):
    since = host.log.mark()
    begin = time.monotonic()
    fault = Fault(host, signal.SIGSTOP, MIDST)
    seconds = time.monotonic() - begin
    assert not fault.got_in, "GOT IN"
    refused(host, since, "sandbox_late")
    assert 9 < seconds < 20, f"{seconds:.1f} s"
    equal(census.await_quiet(host.roomy), {}, "processes left over")
    good_login(host)


def stop_and_leave(host, server):
    """The client leaves while its sandbox stands still; who is there then."""
    met = []

    def reply(text, blob):
        line = document()(text, blob)
        (pid,) = census.pam_processes(server)
        met.append(subprocess.Popen([CHILD_FAULT, str(pid), str(int(signal.SIGSTOP)), str(MIDST)],
                                    stdout=subprocess.PIPE, text=True))
        equal(met[0].stdout.readline(), "ready\n")
        # Not before: a client that leaves has its process ended at once.
        threading.Thread(target=lambda: (met[0].wait(30), client.transport.sock.close())).start()
        return line
    with harness.Library(server) as client:
        client.publickey("deploy", host.key)
        with contextlib.suppress(OSError):
            assert not client.interactive("deploy", lambda text: reply(text, client.key_blob)), "GOT IN"
    met[0].stdout.close()
    return census.await_quiet(server)


# T21
@test("the client leaves while its sandbox is stopped: after ten seconds there is nobody left")
def stopped_and_left(host):
    since = host.log.mark()
    equal(stop_and_leave(host, host.roomy), {}, "processes left over")
    refused(host, since, "sandbox_late")
    good_login(host)


class Shooter(threading.Thread):
    """Kills whatever child a process of sshd's that runs PAM has."""

    def __init__(self, server):
        super().__init__()
        self.server, self.victims, self._over = server, set(), threading.Event()

    def run(self):
        while not self._over.is_set():
            for pid in census.pam_processes(self.server):
                with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
                    for child in file.read().split():
                        os.kill(int(child), signal.SIGKILL)
                        self.victims.add(child)

    def stop(self):
        self._over.set()
        self.join()


def may_be_shot(name):
    """That kind of client, whose sandbox may die whatever it brings."""
    kind = KINDS[name]
    return type(kind)(name, kind.reply, *kind.reasons, "sandbox_died", user=kind.user)


@test(f"{SHOTS_S:g} s of sandboxes that are shot at under load: sandbox_died or the verdict, never a wrong one")
def shot_at(host):
    names = ("enclave", "wrong pcr", "signature", "replay")
    since = host.log.mark()
    shooter = Shooter(host.roomy)
    shooter.start()
    try:
        outcomes = Crowd(host, host.roomy, threads=12, logins=list(names), seconds=SHOTS_S).finish()
    finally:
        shooter.stop()
    lines = host.log.decisions(since)
    reckoning = Reckoning(outcomes, lines, {name: may_be_shot(name) for name in names})
    reckoning.note(f"{len(shooter.victims)} sandboxes shot at")
    reckoning.must_be_right()
    for line in lines:
        if line["reason"] == "sandbox_died":
            assert "signal 9" in line["why"], line.text
    assert 5 <= reckoning.reasons["sandbox_died"] <= len(shooter.victims), "hardly one was hit, or one died of itself"
    equal(census.await_quiet(host.roomy), {}, "processes left over")
    good_login(host)


if __name__ == "__main__":
    raise SystemExit(suite.main(prepare))
