"""Run test programs with one mutant alive, in a corner where it can do no harm."""
import ctypes
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import time

CLONE_NEWNS = 0x00020000
MS_REC_PRIVATE = 0x4000 | (1 << 18)
MEMORY_MAX = 4 << 30


def hide_folders():
    """Folders of its own where tests write: a mutant may delete what it should not."""
    libc = ctypes.CDLL(None, use_errno=True)
    steps = [libc.unshare(CLONE_NEWNS),
             libc.mount(None, b"/", None, MS_REC_PRIVATE, None)]
    steps += [libc.mount(b"tmpfs", folder, b"tmpfs", 0, b"mode=755,size=512m")
              for folder in (b"/run", b"/tmp")]
    if any(steps):
        raise OSError(ctypes.get_errno(), "no mount namespace (needs root)")
    os.chmod("/tmp", 0o1777)


def empty_folders():
    for folder in ("/run", "/tmp"):
        for path in pathlib.Path(folder).iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


class Program:
    """A built test program and what its run without a mutant showed."""

    def __init__(self, source, path):
        self.source, self.path = source, path
        self.cpu_s = self.wall_s = 0.0
        self.seen = b""

    def run(self, mutant, seen=None, log=subprocess.DEVNULL):
        """(is red, wall seconds, CPU seconds)."""
        environment = {
            "PATH": os.environ["PATH"], "NITRO_MUTANT": str(mutant),
            "NITRO_VECTORS": "/nonexistent", "LC_ALL": "C.UTF-8",
            "FAULT_SAMPLE": "0", "FAULT_WORKERS": "1",
            "BUILD": str(pathlib.Path(self.path).parents[2])}
        if seen is not None:
            environment["NITRO_MUTANT_SEEN"] = seen
        copy = pathlib.Path(self.path).parents[3]
        start = time.monotonic()
        child = subprocess.Popen(
            [self.path], cwd=copy, env=environment, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log,
            start_new_session=True, preexec_fn=self.limit)
        try:
            status, usage = self.wait(child, start)
        finally:
            end_group(child)
        wall = time.monotonic() - start
        return status != 0, wall, usage.ru_utime + usage.ru_stime

    def limit(self):
        """Endless loops end soon, however busy the machine is."""
        cpu = int(2 + 5 * self.cpu_s) if self.cpu_s else 600
        resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))

    def wait(self, child, start):
        """Its wait status; a run that takes far too long is red."""
        limit = 60 + 20 * self.wall_s if self.cpu_s else 900
        signal.signal(signal.SIGALRM, lambda *_: end_group(child))
        signal.setitimer(signal.ITIMER_REAL, limit)
        try:
            _, status, usage = os.wait4(child.pid, 0)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        child.returncode = status
        return status, usage


def end_group(child):
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
