#!/usr/bin/python3 -B
"""sshd short of memory, descriptors, processes, file size and stack: whatever comes
of a login, it is no wrong accept and no wrong reason, and the next good login works."""

import collections
import os
import pathlib
import resource
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "sshd"))

import census  # noqa: E402
import harness  # noqa: E402
from attempt import attempt, document  # noqa: E402
from crowd import prepare  # noqa: E402
from harness import OTHER_CODE, ROOT, SETTINGS, Host, sim  # noqa: E402
from tap import Suite, equal, one  # noqa: E402

suite = Suite()
test = suite.test

KIB, MIB = 1024, 1024 * 1024

# What a host that is short of something may say of an honest document.
SHORT = {"ok", "file_missing", "file_read", "settings_invalid", "measurements_invalid", "trust_anchors_invalid",
         "account_lookup_failed", "random_failed", "clock_failed", "crypto_failed", "out_of_memory", "pam_failed",
         "internal_error", "conversation_failed", "conversation_broken", "server_name_invalid", "evidence_not_kept",
         "sandbox_failed", "sandbox_died", "sandbox_late", "sandbox_answer"}


def _set(pid, kind, most):
    """The soft limit counts; the hard one could not be lifted again everywhere."""
    resource.prlimit(pid, kind, (most, resource.prlimit(pid, kind)[1]))


class Shortage:
    """Logins under one limit of the listener, which its children inherit."""

    def __init__(self, host, kind):
        self.host, self.kind = host, kind
        self.reasons, self.silent = collections.Counter(), 0
        self.server = host.sshd("LoginGraceTime 20\n")

    def _reply(self, pcrs, pinch):
        honest = document(sim(pcrs=pcrs))

        def reply(text, blob):
            line = honest(text, blob)
            if pinch is not None:
                (pid,) = census.pam_processes(self.server)
                _set(pid, self.kind, pinch(pid))
            return line
        return reply

    def login(self, pcrs=None, pinch=None):
        """pinch(pid) is the limit for the process that runs PAM, at its prompt."""
        since = self.host.log.mark()
        try:
            got_in = attempt(self.host, self._reply(pcrs, pinch), server=self.server).got_in
        except (OSError, EOFError, harness.paramiko().SSHException):
            got_in = False  # sshd itself did not come so far
        assert not (got_in and pcrs), "GOT IN"
        equal(census.await_quiet(self.server), {}, "processes left over")
        self._judge(got_in, SHORT if pcrs is None else SHORT - {"ok"} | {"pcr_mismatch"},
                    self.host.log.decisions(since))

    def _judge(self, got_in, allowed, lines):
        if not lines:
            assert not got_in, "GOT IN without a line"
            self.silent += 1
        for line in lines:
            assert line["reason"] in allowed, line
            self.reasons[line["reason"]] += 1
        # Two lines: the account stage refused whom the other had admitted.
        equal([line.stage for line in lines], ["auth", "account"][:len(lines)])
        # sshd may still fail after both have said ok.
        assert not got_in or all(line["reason"] == "ok" for line in lines), lines

    def at(self, most):
        """Both logins while the listener, and so all it starts, has that limit."""
        pid = self.server.process.pid
        before = resource.prlimit(pid, self.kind)
        _set(pid, self.kind, most)
        try:
            self.login()
            self.login(OTHER_CODE)
        finally:
            resource.prlimit(pid, self.kind, before)
        assert self.server.process.poll() is None, "the listener has died"

    def over(self, what, ladder):
        print(f"# {what}: {' '.join(f'{reason}={count}' for reason, count in self.reasons.most_common())}, "
              f"{self.silent} without a line (sshd itself failed) at {len(ladder)} limits", flush=True)
        since = self.host.log.mark()
        assert attempt(self.host, document(), server=self.server).got_in
        equal(one(self.host.log.decisions(since))["reason"], "ok")
        self.server.stop()


def ladder(name, kind, steps, *must_see):
    """From too little for sshd itself to enough for a login."""
    @test(f"{name}: no wrong accept at any of {len(steps)} limits, and then a good login")
    def climb(host):
        shortage = Shortage(host, kind)
        for most in steps:
            shortage.at(most)
        shortage.over(name, steps)
        for reason in must_see:
            assert shortage.reasons[reason], f"{reason} was not met: {shortage.reasons}"


# R05 M15
ladder("RLIMIT_AS", resource.RLIMIT_AS, [n * 512 * KIB for n in range(26, 62, 3)] + [64 * MIB, 128 * MIB], "ok")
# R06 M15
ladder("RLIMIT_NOFILE", resource.RLIMIT_NOFILE, [*range(7, 24, 2)], "ok")
# M15; root itself is above this limit, the sandbox is not root.
ladder("RLIMIT_NPROC", resource.RLIMIT_NPROC, [0, 1, 2], "ok", "pcr_mismatch")
ladder("RLIMIT_STACK", resource.RLIMIT_STACK, [n * 16 * KIB for n in (1, 2, 3, 4, 8, 16, 32, 512)], "ok")
ladder("RLIMIT_DATA", resource.RLIMIT_DATA, [n * 128 * KIB for n in range(1, 33, 4)], "ok")


def pinched(name, kind, steps, *must_see):
    """sshd has enough, and the process that runs PAM hardly any more."""
    @test(f"{name} of the PAM process at its prompt: no wrong accept at any of {len(steps)}, and then a good login")
    def pinch(host):
        shortage = Shortage(host, kind)
        for step in steps:
            shortage.login(None, step)
            shortage.login(OTHER_CODE, step)
        shortage.over(f"{name} at the prompt", steps)
        equal(shortage.silent, 0, "logins without a line")
        for reason in must_see:
            assert shortage.reasons[reason], f"{reason} was not met: {shortage.reasons}"


def mapped_and(more):
    return lambda pid: int(census.status(pid)["VmSize"].split()[0]) * KIB + more


def open_and(more):
    return lambda pid: max(int(name) for name in os.listdir(f"/proc/{pid}/fd")) + 1 + more


# R05 M15
pinched("RLIMIT_AS", resource.RLIMIT_AS, [mapped_and(n * KIB) for n in (-4096, 0, 64, 256, 1024, 4096)], "ok", "pcr_mismatch")
# R06 M15: without a descriptor there is no pipe to the sandbox.
pinched("RLIMIT_NOFILE", resource.RLIMIT_NOFILE, [open_and(n) for n in range(-1, 6)], "ok", "sandbox_failed")


# L21: a SIGXFSZ would end the process without a line.
@test("RLIMIT_FSIZE and an evidence store: a line for each login, refused where the record is required")
def file_size(host):
    store = ROOT / "store"
    steps = (0, 1, 4096, 64 * KIB, MIB)  # a record has about 8 KiB
    for required in (False, True):
        host.settings()
        Host.write(SETTINGS, SETTINGS.read_text() + f'evidence = {{ directory = "{store}"; required = '
                   f'{"true" if required else "false"}; }};\n')
        try:
            shortage = Shortage(host, resource.RLIMIT_FSIZE)
            for most in steps:
                shortage.login(None, lambda _, most=most: most)
                shortage.login(OTHER_CODE, lambda _, most=most: most)
            shortage.over(f"RLIMIT_FSIZE, {'required' if required else 'not required'}", steps)
        finally:
            host.settings()
        equal(shortage.silent, 0, "logins without a line")
        equal(shortage.reasons["evidence_not_kept"], 3 if required else 0)
        equal(shortage.reasons["ok"], 2 if required else 5)


if __name__ == "__main__":
    raise SystemExit(suite.main(prepare))
