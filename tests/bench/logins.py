#!/usr/bin/python3 -B
"""What a login costs a real sshd: with pam_nitro, with a module that only asks,
and with a password by yescrypt, at one user after the same public key.

Writes lines with tabs between: name, unit, min, p25, median. Needs root.
BENCH_BATCH logins to a batch (40), BENCH_BATCHES batches (5), taken in turn.
"""

import ctypes
import multiprocessing
import os
import pathlib
import re
import statistics
import sys
import time

for folder in ("sshd", "load"):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / folder))

import census  # noqa: E402
import harness  # noqa: E402
from documents import Documents  # noqa: E402

BATCH = int(os.environ.get("BENCH_BATCH") or 40)
BATCHES = int(os.environ.get("BENCH_BATCHES") or 5)
CONCURRENCY = 8
CLIENT_PROCESSES = 2
SECONDS = 4
USER = "alice"
TICKS = os.sysconf("SC_CLK_TCK")

STACKS = {
    "prompt": f"auth required {harness.BUILD}/tests/bench/pam_prompt.so\n",
    "nitro": f"auth required {harness.BUILD}/pam_nitro.so\n",
    "unix": "auth required pam_unix.so\n",
}
SETTINGS = """\
measurements = "{measurements}";
trust_anchors = "{anchors}";
server_name = "{server}";
users = ( {{ user = "{user}"; workloads = ["billing"]; }} );
"""
EXTRA = """\
AuthenticationMethods publickey,keyboard-interactive
KbdInteractiveAuthentication yes
KexAlgorithms curve25519-sha256,curve25519-sha256@libssh.org
MaxStartups 200
"""


def yescrypt(password):
    crypt = ctypes.CDLL("libcrypt.so.1").crypt
    crypt.restype = ctypes.c_char_p
    hashed = crypt(password.encode(), b"$y$j9T$0123456789012345$")
    if not (hashed or b"").startswith(b"$y$"):
        raise harness.Skip("no yescrypt in this libcrypt")
    return hashed.decode()


def prepare(host):
    host.key = harness.make_key("bench")
    host.authorize(USER, harness.public_line(host.key))
    host.write(harness.SETTINGS, SETTINGS.format(measurements=harness.MEASUREMENTS, anchors=harness.ANCHORS,
                                                 server=harness.SERVER_NAME, user=USER))
    shadow = pathlib.Path("/etc/shadow")
    shadow.write_text(re.sub(rf"(?m)^{USER}:[^:]*:", lambda _: f"{USER}:{yescrypt(harness.PASSWORD)}:",
                             shadow.read_text()))


def start(host, name):
    """An sshd whose PAM service is this stack: Debian's takes it from its own name."""
    program = harness.ROOT / f"bench-{name}"
    program.symlink_to(harness.SSHD)
    pathlib.Path("/etc/pam.d", program.name).write_text(
        STACKS[name] + "account required pam_permit.so\nsession required pam_permit.so\n")
    ordinary, harness.SSHD = harness.SSHD, str(program)
    try:
        return host.sshd(EXTRA)
    finally:
        harness.SSHD = ordinary


class Client:
    """Logs in, and out."""

    def __init__(self, host):
        self.key, self.documents = host.key, Documents()

    def answer(self, text, library):
        if text.startswith("pam_nitro/0"):
            return "x"
        if "pam_nitro/1" in text:
            return self.documents.answer(harness.Prompt(text), library.key_blob)
        return harness.PASSWORD

    def log_in(self, server):
        with harness.Library(server) as library:
            library.publickey(USER, self.key)
            if not library.interactive(USER, lambda text: self.answer(text, library)):
                raise harness.Trouble(f"a login was refused: {server.messages[-2000:]}")


def cpu_ms(server):
    """Of all processes of the server that have ended, and of the server itself."""
    with open(f"/proc/{server.process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(") ", 1)[1].split()
    return sum(int(field) for field in fields[11:15]) * 1000 / TICKS


def cost_ms(server, client):
    census.await_quiet(server)
    before = cpu_ms(server)
    for _ in range(BATCH):
        client.log_in(server)
    census.await_quiet(server)
    return (cpu_ms(server) - before) / BATCH


def work(host, server, count, until):
    import threading
    client = Client(host)

    def run():
        while time.monotonic() < until:
            client.log_in(server)
            with count.get_lock():
                count.value += 1
    threads = [threading.Thread(target=run) for _ in range(CONCURRENCY // CLIENT_PROCESSES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def per_second(host, server):
    context = multiprocessing.get_context("fork")
    count, begin = context.Value("i", 0), time.monotonic()
    processes = [context.Process(target=work, args=(host, server, count, begin + SECONDS))
                 for _ in range(CLIENT_PROCESSES)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        if process.exitcode != 0:
            raise harness.Trouble("a client has failed")
    return count.value / (time.monotonic() - begin)


def memory_kib(server, client):
    """What the process that runs PAM has at the prompt: all, and of its own."""
    seen = []

    def look(text, library):
        process, = census.pam_processes(server)
        seen.append((census.resident_kib(process), census.private_kib(process)))
        return client.answer(text, library)
    with harness.Library(server) as library:
        library.publickey(USER, client.key)
        library.interactive(USER, lambda text: look(text, library))
    return seen[0]


def say(name, unit, values):
    values = sorted(values)
    print("\t".join([name, unit, *(f"{value:.3f}" for value in
                                   (values[0], values[len(values) // 4], statistics.median(values)))]), flush=True)


def main():
    reason = harness.needs()
    if reason:
        raise harness.Skip(reason)
    harness.paramiko()
    host = harness.Host()
    try:
        prepare(host)
        servers = {name: start(host, name) for name in STACKS}
        client = Client(host)
        for server in servers.values():
            client.log_in(server)
        costs = {name: [] for name in servers}
        speeds = {name: [] for name in servers}
        for _ in range(BATCHES):
            for name, server in servers.items():
                costs[name].append(cost_ms(server, client))
        for _ in range(3):
            for name, server in servers.items():
                speeds[name].append(per_second(host, server))
        for name, server in servers.items():
            say(f"login-{name}", "ms CPU", costs[name])
            say(f"logins-{name}", "1/s", speeds[name])
            kib = [memory_kib(server, client) for _ in range(5)]
            say(f"resident-{name}", "KiB", [all_kib for all_kib, _ in kib])
            say(f"private-{name}", "KiB", [own for _, own in kib])
        client.documents.close()
    finally:
        host.close()


if __name__ == "__main__":
    try:
        main()
    except harness.Skip as skip:
        sys.exit(f"logins: not measured here: {skip}")
