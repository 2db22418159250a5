#!/usr/bin/env python3
"""The module in programs that are not sshd: pamtester, su, login and sudo on
a terminal, each with a workload that is allowed and one that is not; and with
a system log that nobody reads. (M11 R07)"""

import base64
import os
import pathlib
import pty
import re
import select
import signal
import socket
import sys
import time

import harness
from harness import OTHER_CODE, Parts, Prompt, Skip, attest, sim
from namespace import BUILD, ROOT
from tap import Suite, equal, one

suite = Suite()

SERVICE = f"""\
auth     required  {BUILD}/pam_nitro.so
account  required  {BUILD}/pam_nitro.so
session  required  {BUILD}/pam_nitro.so
password required  pam_deny.so
"""


class Terminal:
    """A program on a terminal of its own, and what it wrote there."""

    def __init__(self, argv, user=None, seconds=30):
        self.out, self.argv = b"", argv
        self.deadline = time.monotonic() + seconds
        self.pid, self.end = pty.fork()
        if self.pid == 0:
            if user is not None:
                number = (ROOT / "home" / user).stat().st_uid
                os.setgroups([])
                os.setresgid(number, number, number)
                os.setresuid(number, number, number)
            os.chdir("/")
            os.execve(argv[0], argv, harness.environment() | {"TERM": "dumb"})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.end)

    def read(self):
        """Some more of its output; False at its end."""
        ready, _, _ = select.select([self.end], [], [], max(0, self.deadline - time.monotonic()))
        if not ready:
            raise AssertionError(f"{self.argv}: no end, after {self.text!r}")
        try:
            more = os.read(self.end, 65536)
        except OSError:  # EIO: nobody has the terminal open. util-linux's login(1) opens it again.
            if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                return False
            time.sleep(0.01)
            return time.monotonic() < self.deadline
        self.out += more
        return more != b""

    def expect(self, pattern, start=0):
        """Read on until that stands in the output from start on; None where it ends before."""
        while True:
            match = re.compile(pattern).search(self.text, start)
            if match is not None or not self.read():
                return match

    def say(self, line):
        os.write(self.end, line.encode() + b"\n")

    def end_status(self):
        while self.read():
            pass
        pid, self.pid = self.pid, 0
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    @property
    def text(self):
        return self.out.decode("utf-8", "backslashreplace")


def log_in(terminal, argv, size=900):
    """Answer all prompts as a workload does, in parts of that size; how many there were."""
    parts, count, start = None, 0, 0
    while (match := terminal.expect(r"pam_nitro/1 [^\r\n]* part=\d+: ", start)) is not None:
        prompt = Prompt(match[0])
        equal(prompt.user, "deploy")
        equal(prompt.key, "-")
        if parts is None:
            document = attest(argv, nonce=prompt.nonce, user_data=prompt.audience.encode())
            parts = Parts(base64.b64encode(document).decode(), size)
        count += 1
        start = match.end()
        terminal.say(parts.line(prompt.part))
        if count == len(parts.slices):
            break
    return count


def program(path):
    if not os.access(path, os.X_OK):
        raise Skip(f"needs {path}")
    return path


# Argument vectors; what is said where login(1) has let somebody in.
PROGRAMS = {
    "pamtester": lambda: [program("/usr/bin/pamtester"), "nitro", "deploy", "authenticate", "acct_mgmt", "open_session"],
    "su": lambda: [program("/bin/su"), "deploy", "-c", "echo in as $(id -un)"],
    "login": lambda: [program("/bin/login"), "deploy"],
    "sudo": lambda: [program("/usr/bin/sudo"), "-k", "/bin/sh", "-c", "echo in as $SUDO_USER"],
}
IN = {"pamtester": "successfully opened a session", "su": "in as deploy", "login": "in as deploy",
      "sudo": "in as deploy"}


def decisions(host, since, program_name):
    lines = [line for line in host.log.decisions(since) if line.stage == "auth"]
    return [line for line in lines if f"pam_nitro({'nitro' if program_name == 'pamtester' else program_name}:" in line.text]


def try_program(host, name, argv):
    """True where it let the workload in, and its decision in the log."""
    since = host.log.mark()
    with Terminal(PROGRAMS[name](), user="deploy" if name == "sudo" else None) as terminal:
        count = log_in(terminal, argv, SIZE.get(name, 900))
        assert count > 1, terminal.text
        after = len(terminal.text)
        if name == "login":
            if terminal.expect(r"\$ |login: |incorrect|refused", after) is not None and argv is not OTHER:
                terminal.say("echo in as $(id -un); exit")
        if name == "login" and argv is OTHER:
            terminal.expect(r"incorrect|login: ", after)
            os.kill(terminal.pid, signal.SIGKILL)
        terminal.end_status()
        got_in = IN[name] in terminal.text[after:].replace("echo in as", "")
        # sudo(8) asks modules to be silent.
        refused = ("incorrect password attempt" if name == "sudo" else "login refused (reference ") in terminal.text
        assert got_in != refused, terminal.text[-600:]
        return got_in, one(decisions(host, since, name))


OTHER = sim(pcrs=OTHER_CODE)
# sudo(8) takes no answer of PAM_MAX_RESP_SIZE characters or more.
SIZE = {"sudo": 480}


def prepare(host):
    host.settings(binding="none")
    for name in ("nitro", "su", "su-l", "login", "sudo", "sudo-i"):
        pathlib.Path("/etc/pam.d", name).write_text(SERVICE)
    sudoers = pathlib.Path("/etc/sudoers")
    if sudoers.is_symlink():
        sudoers.unlink()
    sudoers.write_text("Defaults !lecture, passwd_tries=1\ndeploy ALL=(root) ALL\n")
    sudoers.chmod(0o440)


def add(name):
    @suite.test(f"{name} lets the allowed workload in")
    def _(host):
        got_in, line = try_program(host, name, sim())
        assert got_in
        equal(line["result"], "allow", line.text)

    @suite.test(f"{name} keeps other code out")
    def _(host):
        got_in, line = try_program(host, name, OTHER)
        assert not got_in
        equal((line["result"], line["reason"]), ("deny", "pcr_mismatch"), line.text)


for each in PROGRAMS:
    add(each)


class StuckLog:
    """A /dev/log that takes no more: its reader sleeps, its queue is full."""

    def __enter__(self):
        os.rename("/dev/log", "/dev/log.away")
        self.reader = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.reader.bind("/dev/log")
        self.writer = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.writer.connect("/dev/log")
        self.writer.setblocking(False)
        try:
            while True:
                self.writer.send(b"x")
        except BlockingIOError:
            return self

    def __exit__(self, *_):
        self.writer.close()
        self.reader.close()
        os.rename("/dev/log.away", "/dev/log")


@suite.test("a system log that nobody reads delays a login by less than a second and changes no verdict")
def _(_host):
    for argv, expected in ((sim(), 0), (OTHER, 1)):
        with StuckLog(), Terminal(PROGRAMS["pamtester"](), seconds=20) as terminal:
            log_in(terminal, argv)
            begin = time.monotonic()
            code = terminal.end_status()
            seconds = time.monotonic() - begin
            equal(code != 0, expected != 0, terminal.text)
            print(f"# exit status {code} after {seconds:.2f} s")
            assert seconds < 2, "a login hangs"


if __name__ == "__main__":
    sys.exit(suite.main(prepare))
