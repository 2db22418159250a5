"""Crowds of clients against one sshd, and whether each got its own verdict."""

import collections
import json
import os
import pathlib
import statistics
import subprocess
import threading

import harness
from kinds import KINDS, SILENT
from tap import equal

CLIENTS = pathlib.Path(__file__).with_name("clients.py")
LEAVES_EARLY = "leaves without waiting"


class Crowd:
    """Processes of clients.py, all with the same plan but for their share."""

    def __init__(self, host, server, *, processes=2, **plan):
        self.outcomes, self.waiting = [], 0
        self._changed = threading.Condition()
        plan = {"port": server.port, "key": str(host.key), "other_key": str(host.other_key)} | plan
        self._processes = [self._start(plan, i, processes) for i in range(processes)]
        self._readers = [threading.Thread(target=self._read, args=[process]) for process in self._processes]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _start(plan, i, processes):
        share = plan | {"threads": plan["threads"] // processes, "logins": plan["logins"][i::processes]}
        process = subprocess.Popen([CLIENTS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                   env=harness.environment() | {"BUILD": str(harness.BUILD)})
        process.stdin.write(json.dumps(share) + "\n")
        process.stdin.flush()
        return process

    def _read(self, process):
        for line in process.stdout:
            outcome = json.loads(line)
            with self._changed:
                if "waits" in outcome:
                    self.waiting += 1
                else:
                    self.outcomes.append(outcome)
                self._changed.notify_all()

    def await_waiting(self, count, seconds=120):
        with self._changed:
            if not self._changed.wait_for(lambda: self.waiting >= count, seconds):
                raise AssertionError(f"{self.waiting} of {count} clients have come to their challenge: {self.outcomes}")

    def await_outcomes(self, count, seconds=120):
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.outcomes) >= count, seconds):
                raise AssertionError(f"{len(self.outcomes)} of {count} logins have come to their end")

    def go(self):
        """Those that hold may answer."""
        for process in self._processes:
            process.stdin.write("go\n")
            process.stdin.flush()

    def finish(self, seconds=600):
        """All outcomes, when all clients are done."""
        for reader in self._readers:
            reader.join(seconds)
            if reader.is_alive():
                raise AssertionError(f"clients are not done after {seconds} s: {len(self.outcomes)} outcomes")
        for process in self._processes:
            equal(process.wait(10), 0, "exit status of clients.py")
            process.stdin.close()
            process.stdout.close()
        return self.outcomes

    def abandon(self):
        for process in self._processes:
            process.kill()
            process.wait(10)


class Reckoning:
    """Outcomes held against the lines of the log with the same reference."""

    def __init__(self, outcomes, lines, kinds=None):
        self.outcomes, self.kinds = outcomes, kinds or KINDS
        self.by_reference = collections.defaultdict(list)
        for line in lines:
            self.by_reference[line["ref"]].append(line)
        self.wrong = []
        self.allowed = self.refused = self.silent = 0
        self.reasons = collections.Counter()
        for outcome in outcomes:
            self._judge(outcome)
        known = {outcome["ref"] for outcome in outcomes}
        for reference, found in self.by_reference.items():
            if reference not in known:
                self.wrong.append(f"a line that belongs to no client: {found}")

    def _judge(self, outcome):
        kind = self.kinds[outcome["kind"]]
        lines = self.by_reference.get(outcome["ref"], []) if outcome["ref"] else []
        why = self._differs(kind, outcome, lines)
        if why:
            self.wrong.append(f"{why}: {outcome} {lines}")
        if not lines:
            self.silent += 1
        elif lines[0]["result"] == "allow":
            self.allowed += 1
        else:
            self.refused += 1
        for line in lines:
            self.reasons[line["reason"]] += 1

    @staticmethod
    def _differs(kind, outcome, lines):
        """Why this is not what had to happen, or None."""
        if outcome["trouble"]:
            return "a client in trouble"
        if outcome["got_in"] and "ok" not in kind.reasons:
            return "WRONG ACCEPT"
        if len(lines) > 1:
            return "two verdicts"
        if not lines:
            silently = SILENT in kind.reasons and not outcome["got_in"]
            return None if silently else "no line"
        line = lines[0]
        if line["reason"] not in kind.reasons:
            return "WRONG ACCEPT in the log" if line["result"] == "allow" else "another reason"
        if line["user"] != kind.user:
            return "another user's line"
        if (line["result"] == "allow") != outcome["got_in"] and kind.name != LEAVES_EARLY:
            return "client and log disagree"
        if "workload" in outcome and outcome["workload"] != line["workload"]:
            return "another workload's session"
        if outcome["told"] not in (None, line["ref"]):
            return "told another reference"
        return None

    def must_be_right(self):
        assert not self.wrong, f"{len(self.wrong)} wrong: " + "\n".join(self.wrong[:5])

    def note(self, what):
        """One line of TAP comment with what was counted."""
        counts = " ".join(f"{reason}={count}" for reason, count in self.reasons.most_common())
        print(f"# {what}: {len(self.outcomes)} logins, {self.allowed} admitted, {self.refused} refused, "
              f"{self.silent} left; {counts}", flush=True)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def note_times(what, values, unit="ms"):
    print(f"# {what}: median {statistics.median(values):.1f} p99 {percentile(values, 0.99):.1f} "
          f"max {max(values):.1f} {unit} of {len(values)}; load {os.getloadavg()[0]:.1f}", flush=True)


def prepare(host):
    """Keys and accounts for all kinds of clients."""
    host.key = harness.make_key("enrolled")
    host.other_key = harness.make_key("other")
    for user in ("deploy", "ledger", "stray", "alice", "root"):
        host.authorize(user, harness.public_line(host.key))
    group = pathlib.Path("/etc/group")
    text = group.read_text()
    group.write_text("".join(f"{line},root\n" if line.startswith(f"{harness.SCOPE}:") else f"{line}\n"
                             for line in text.splitlines()))
    host.roomy = host.sshd("MaxStartups 1000\nLoginGraceTime 600\nMaxSessions 100\n")


def spread(*parts):
    """A list in which each name comes as often as its count says, evenly mixed."""
    total = sum(count for _, count in parts)
    slots = sorted((((i + 0.5) / count, name) for name, count in parts for i in range(count)))
    equal(len(slots), total)
    return [name for _, name in slots]
