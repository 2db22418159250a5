"""Tests in the order of their definition, reported as TAP."""

import sys
import traceback

from harness import Host, Skip, Trouble, needs


class Suite:
    """Tests in the order of their definition, reported as TAP."""

    def __init__(self):
        self.tests = []

    def test(self, name):
        def keep(function):
            self.tests.append((name, function))
            return function
        return keep

    def main(self, prepare=lambda host: None):
        print(f"1..{len(self.tests)}", flush=True)
        why = needs()
        if why is not None:
            for number, (name, _) in enumerate(self.tests, 1):
                print(f"ok {number} - {name} # SKIP {why}")
            return 0
        try:
            host = Host()
        except Trouble as trouble:
            print(f"# {trouble}\nnot ok 1 - the private host comes up")
            return 1
        try:
            prepare(host)
            results = [self._one(host, number, *test) for number, test in enumerate(self.tests, 1)]
        finally:
            host.close()
        return 0 if all(results) else 1

    @staticmethod
    def _one(host, number, name, function):
        since = host.log.mark()
        try:
            function(host)
        except Skip as why:
            print(f"ok {number} - {name} # SKIP {why}", flush=True)
        except Exception:  # whatever it is, it is this test's
            print(f"not ok {number} - {name}")
            lines = traceback.format_exc().splitlines()
            lines += ["log:"] + [line.text for line in host.log.lines[since:][-20:]]
            lines += ["sshd:"] + [line for server in host.servers for line in server.messages.splitlines()[-12:]]
            for line in lines:
                print("#   " + line.encode("ascii", "backslashreplace").decode())
            sys.stdout.flush()
            return False
        else:
            print(f"ok {number} - {name}", flush=True)
        return True


def equal(actual, expected, what=""):
    if actual != expected:
        raise AssertionError(f"{what}{': ' if what else ''}{actual!r}, not {expected!r}")


def one(lines):
    """Exactly one decision, printable and short enough."""
    if len(lines) != 1:
        raise AssertionError(f"{len(lines)} decisions, not one: {lines}")
    text = lines[0].text
    if len(text) > 512 or not all(" " <= c <= "~" for c in text):
        raise AssertionError(f"not printable ASCII of at most 512 bytes: {text!r}")
    return lines[0]
