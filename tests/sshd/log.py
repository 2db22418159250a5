"""What is written to /dev/log in the namespace of the tests, line by line.

Nothing here sleeps to wait for a line: libc delivers it before PAM answers
sshd, so what a client has seen the end of has been logged.
"""

import os
import re
import socket
import threading

from namespace import Trouble


class Line:
    """One line of the log; of a decision of pam_nitro, also its fields."""

    _HEAD = re.compile(r"<\d+>(?:\w{3} [ \d]\d \d\d:\d\d:\d\d )?([^:\[ ]+)(?:\[(\d+)\])?: (.*)", re.S)
    _FIELD = re.compile(r'([a-z0-9_]+)=("(?:[^"\\]|\\.)*"|\S*)')

    def __init__(self, raw):
        self.raw = raw
        match = self._HEAD.fullmatch(raw.decode("utf-8", "backslashreplace").rstrip("\n\0"))
        self.program, self.pid, self.text = match.groups() if match else ("", None, repr(raw))
        self.stage, self.fields = None, {}
        found = re.match(r"pam_nitro\([^:)]*:([a-z]+)\): (.*result=.*)", self.text, re.S)
        if found:
            self.stage = found[1]
            for key, value in self._FIELD.findall(found[2]):
                self.fields[key] = value[1:-1] if value.startswith('"') else value

    @property
    def is_decision(self):
        return self.stage is not None

    def __getitem__(self, key):
        return self.fields.get(key)

    def __repr__(self):
        return self.text


class Log:
    """Whatever is written to /dev/log from here on."""

    def __init__(self):
        self.lines = []
        self._changed = threading.Condition()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        self.copy_to = None
        threading.Thread(target=self._collect, daemon=True).start()

    def _collect(self):
        while True:
            raw = self._socket.recv(65536)
            with self._changed:
                self.lines.append(Line(raw))
                if self.copy_to is not None and b"-- mark " not in raw:
                    print(self.lines[-1].text, file=self.copy_to, flush=True)
                self._changed.notify_all()

    def mark(self):
        """Everything sent so far has been collected; where the log now ends."""
        word = f"-- mark {os.urandom(8).hex()}"
        begin = len(self.lines)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(f"<7>harness: {word}".encode(), "/dev/log")
        with self._changed:
            if not self._changed.wait_for(lambda: any(word in line.text for line in self.lines[begin:]), 10):
                raise Trouble("the log does not move")
            return len(self.lines)

    def decisions(self, since, stage=None):
        end = self.mark()
        return [line for line in self.lines[since:end]
                if line.is_decision and stage in (None, line.stage)]

    def await_decisions(self, since, count, seconds=10):
        """Where the client does not see the end: wait for it."""
        def found():
            return [line for line in self.lines[since:] if line.is_decision]
        with self._changed:
            self._changed.wait_for(lambda: len(found()) >= count, seconds)
        return found()
