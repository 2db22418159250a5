#!/usr/bin/python3 -B
"""The demo: comes out as it must, says so when it does not, and KEEP=1
leaves an sshd that can be used from outside until it is stopped."""

import glob
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading

import harness
from tap import equal

DEMO = pathlib.Path(__file__).with_name("demo")
NAMES = ["KEEP=1: every login comes out as it must, exit 0",
         "KEEP=1: from outside, an allowed enclave gets in, debug mode does not, the log says so",
         "KEEP=1: the kill that it names ends the sshd and removes the folder",
         "with a module that refuses everything the demo says WRONG and exits 1"]


def run(argv, **env):
    return subprocess.run([str(word) for word in argv], env=dict(os.environ) | env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=80, check=False)


class Kept:
    """One demo with KEEP=1."""

    def __init__(self):
        self.done = run([DEMO], BUILD=str(harness.BUILD), KEEP="1")
        self.folder = pathlib.Path(self.found(r"^  cd (/\S+)$"))
        self.pid = int(self.found(r"kill (\d+)$"))

    def found(self, pattern):
        match = re.search(pattern, self.done.stdout, re.M)
        if match is None:
            raise AssertionError(f"no {pattern!r} in: {self.done.stdout}{self.done.stderr}")
        return match[1]

    def came_out(self):
        equal(self.done.returncode, 0, self.done.stdout)
        match = re.search(r"^(\d+) of (\d+) came out as they must", self.done.stdout, re.M)
        assert match and match[1] == match[2] and int(match[1]) >= 12, self.done.stdout
        assert "WRONG" not in self.done.stdout and "NOT AS EXPECTED" not in self.done.stdout, self.done.stdout

    def usable(self):
        def login(source):
            return run(["./nitro-ssh", "-F", "ssh_config", "deploy@demo", "echo $PAM_NITRO_WORKLOAD"],
                       NITRO_SSH_SOURCE=f"exec:./{source}", HOME=str(self.folder))
        before = os.getcwd()
        os.chdir(self.folder)
        try:
            good, bad = login("enclave"), login("debug")
        finally:
            os.chdir(before)
        equal((good.returncode, good.stdout), (0, "billing\n"), good.stderr)
        equal((bad.returncode, bad.stdout), (255, ""), bad.stderr)
        log = (self.folder / "log").read_text()
        assert "result=allow" in log and "reason=debug_mode" in log, log

    def stops(self):
        os.kill(self.pid, 15)
        for _ in range(500):
            if not self.folder.exists() and not pathlib.Path(f"/proc/{self.pid}/exe").exists():
                return
            threading.Event().wait(0.02)
        raise AssertionError("it is still there")


def says_wrong():
    """A build folder whose module is pam_deny.so."""
    deny = glob.glob("/lib/*/security/pam_deny.so") + glob.glob("/lib*/security/pam_deny.so")
    if not deny:
        raise harness.Skip("needs pam_deny.so")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("pam-nitro", "nitro-ssh", "nitro-sim"):
            shutil.copy(harness.BUILD / name, folder)
        shutil.copy(deny[0], pathlib.Path(folder, "pam_nitro.so"))
        done = run([DEMO], BUILD=folder, KEEP="")
    equal(done.returncode, 1, done.stdout + done.stderr)
    assert "WRONG" in done.stdout, done.stdout
    # The person of the last line needs no module.
    assert re.search(r"^12b .* ok$", done.stdout, re.M), done.stdout


def main():
    print(f"1..{len(NAMES)}", flush=True)
    why = harness.needs()
    if why is not None:
        for number, name in enumerate(NAMES, 1):
            print(f"ok {number} - {name} # SKIP {why}")
        return 0
    failed = 0
    kept = None

    def keep():
        nonlocal kept
        kept = Kept()
        kept.came_out()

    claims = (keep, lambda: kept.usable(), lambda: kept.stops(), says_wrong)
    for number, (name, claim) in enumerate(zip(NAMES, claims), 1):
        try:
            claim()
            print(f"ok {number} - {name}", flush=True)
        except harness.Skip as skip:
            print(f"ok {number} - {name} # SKIP {skip}", flush=True)
        except Exception as error:
            failed += 1
            print(f"not ok {number} - {name}")
            print("\n".join("#   " + line for line in f"{type(error).__name__}: {error}".splitlines()), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
