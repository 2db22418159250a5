"""Who lives in the private host, and what sshd's listener holds."""

import contextlib
import os
import time

from harness import inhabitants


def status(pid):
    """The fields of /proc/PID/status, or {} where it has gone."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    return {}


def resident_kib(pid):
    return int(status(pid)["VmRSS"].split()[0])


def private_kib(pid):
    """Memory that no other process shares."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith("Private_"))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def parents():
    """{pid: (parent, state, command)} of all processes that can be seen."""
    found = {}
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError, ValueError):
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                pid, rest = file.read().split(" (", 1)
            command, fields = rest.rsplit(") ", 1)
            found[int(pid)] = (int(fields.split()[1]), fields[0], command)
    return found


def below(pid):
    """All descendants of a process: {pid: (parent, state, command)}."""
    everybody = parents()
    found = {}
    row = [pid]
    while row:
        row = [child for child, (parent, _, _) in everybody.items() if parent in row]
        found |= {child: everybody[child] for child in row}
    return found


def pam_processes(server):
    """The processes in which sshd runs PAM for a login."""
    found = []
    for pid in below(server.process.pid):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
            if b"[pam]" in file.read():
                found.append(pid)
    return found


def strangers(server):
    """Whoever serves a connection, or is left over from one: below the
    listener, or of this namespace and named as sshd is."""
    found = below(server.process.pid)
    listeners = {one.process.pid for one in server.host.servers}
    everybody = parents()
    for pid in inhabitants():
        if pid in everybody and everybody[pid][2] == "sshd" and pid not in listeners:
            parent = everybody[pid][0]
            if parent not in listeners - {server.process.pid}:
                found[pid] = everybody[pid]
    return found


def await_quiet(server, seconds=20):
    """Until no connection is served any more; who is still there then."""
    deadline = time.monotonic() + seconds
    while (left := strangers(server)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left
