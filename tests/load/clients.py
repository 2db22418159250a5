#!/usr/bin/python3 -B
"""Many clients in one process: reads a plan in JSON from standard input,
writes one line of JSON for each login.

Plan: port, key, other_key (paths), threads; logins, a list of kinds, each
once; with seconds, again and again until then. With sessions, who gets in asks
his session which workload he is.
With hold, each client waits at its challenge until a second line comes on
standard input; with until_told, that line ends the time that seconds gives.
"""

import contextlib
import itertools
import json
import pathlib
import queue
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "sshd"))

import harness  # noqa: E402
from kinds import KINDS, Left, Workshop  # noqa: E402

PATIENCE_S = 120


class Dialogue(harness.Library):
    """One connection, patient enough for a server that is under load."""

    def __init__(self, plan, workshop):
        self.workshop, self.plan = workshop, plan
        self.prompts, self.infos = [], []
        self.parts, self.answered, self.leaves_early = None, None, False
        self.transport = harness.paramiko().Transport(("127.0.0.1", plan["port"]))
        self.transport.banner_timeout = self.transport.handshake_timeout = PATIENCE_S
        self.transport.auth_timeout = PATIENCE_S
        self.transport.start_client(timeout=PATIENCE_S)

    @property
    def blob(self):
        return self.key_blob

    def seen(self):
        """The reference of its challenge and of its refusal, and when the verdict came."""
        found = {"ref": harness.Prompt(self.prompts[0]).reference if self.prompts else None, "told": self.reference}
        if self.answered and not self.leaves_early:
            found["verdict_ms"] = round((time.monotonic() - self.answered) * 1000, 2)
        return found

    def interactive(self, user, answer):
        """As it is, but that who has closed his socket is not in trouble."""
        try:
            return super().interactive(user, answer)
        except OSError:
            if not self.leaves_early:
                raise
            return False

    def log_in(self, kind, gate):
        self.publickey(kind.user, self.plan["key"])

        def answer(text):
            prompt = harness.Prompt(text)
            if not self.prompts:
                self.prompts.append(text)
            gate()
            line = kind.reply(self, prompt)
            self.answered = time.monotonic()
            if self.leaves_early:
                threading.Timer(0.002, self.transport.sock.close).start()
            return line
        return self.interactive(kind.user, answer)


def _workload(dialogue):
    """What the session says that it is; None where there is none."""
    with contextlib.suppress(Exception):
        return dialogue.command("echo $PAM_NITRO_WORKLOAD", PATIENCE_S)[1].strip()
    return None


def _connect_alone(plan):
    with socket.create_connection(("127.0.0.1", plan["port"]), timeout=PATIENCE_S) as connection:
        connection.recv(64)


def _attempt(plan, kind, workshop, gate):
    """What came of one login."""
    seen = {"kind": kind.name, "user": kind.user, "got_in": False, "ref": None, "told": None, "trouble": None}
    begin = time.monotonic()
    try:
        if kind.name == "connects and leaves":
            _connect_alone(plan)
            return seen
        with Dialogue(plan, workshop) as dialogue:
            if kind.name == "leaves after its key":
                dialogue.publickey(kind.user, plan["key"])
                seen["got_in"] = dialogue.transport.is_authenticated()
                return seen
            seen["got_in"] = dialogue.log_in(kind, gate)
            seen |= dialogue.seen()
            if seen["got_in"] and plan.get("sessions"):
                seen["workload"] = _workload(dialogue)
    except Left:
        pass
    except Exception as trouble:  # whatever it is, it is told and counted
        seen["trouble"] = f"{type(trouble).__name__}: {trouble}"
    finally:
        seen["begin"], seen["total_ms"] = begin, round((time.monotonic() - begin) * 1000, 2)
    return seen


class Clients:
    def __init__(self, plan):
        self.plan = plan
        self.workshop = Workshop(harness.load_key(plan["other_key"]).asbytes())
        self._work, self._say = queue.Queue(), threading.Lock()
        self._go, self._told = threading.Event(), threading.Event()
        if not plan.get("hold"):
            self._go.set()

    def _gate(self):
        if not self._go.is_set():
            self._print({"waits": True})
            self._go.wait()

    def _print(self, what):
        with self._say:
            print(json.dumps(what), flush=True)

    def _run(self):
        for name in iter(self._work.get, None):
            self._print(_attempt(self.plan, KINDS[name], self.workshop, self._gate))

    def _names(self):
        if "seconds" not in self.plan:
            yield from self.plan["logins"]
            return
        end = time.monotonic() + self.plan["seconds"]
        for name in itertools.cycle(self.plan["logins"]):
            if time.monotonic() >= end or self._told.is_set():
                return
            yield name

    def run(self):
        threads = [threading.Thread(target=self._run) for _ in range(self.plan["threads"])]
        for thread in threads:
            thread.start()
        if self.plan.get("hold") or self.plan.get("until_told"):
            threading.Thread(target=self._await_word, daemon=True).start()
        if not self.plan.get("hold"):
            self._work.maxsize = len(threads)
        for name in self._names():
            self._work.put(name)
        for _ in threads:
            self._work.put(None)
        for thread in threads:
            thread.join()
        self.workshop.close()

    def _await_word(self):
        sys.stdin.readline()
        self._told.set()
        self._go.set()


if __name__ == "__main__":
    Clients(json.loads(sys.stdin.readline())).run()
