#!/usr/bin/python3 -B
"""The sshd of the tests lives beside the host, not in it: a child process
has a private host and logs in there while this one looks at the real one."""

import hashlib
import os
import pathlib
import subprocess
import sys

import harness
from tap import equal

WATCHED = ["/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/nsswitch.conf", "/etc/pam.d", "/etc/ssh",
           "/etc/pam_nitro", "/etc/security", "/run/sshd", "/run/pam_nitro", "/dev/log", "/usr/bin/pam-nitro",
           "/usr/bin/nitro-ssh", "/var/log/wtmp", "/var/log/btmp", "/var/log/lastlog", "/var/log/auth.log",
           "/var/run/utmp", "/root/.ssh"]

CHILD = """
import sys
sys.path.insert(0, {folder!r})
import harness
host = harness.Host()
try:
    server = host.sshd()
    key = harness.make_key("enrolled")
    host.authorize("alice", harness.public_line(key))
    done = [server.nitro_ssh("deploy", "echo one"), server.ssh("alice", "echo two", args=["-i", str(key)]),
            server.nitro_ssh("deploy", "echo three", argv=harness.sim(pcrs=harness.OTHER_CODE))]
    terminal = server.nitro_ssh("deploy", "tty", args=["-tt"])
    print([(d.code, d.text) for d in done], terminal.text.strip().startswith("/dev/pts/"), server.port)
    print("".join(d.messages for d in done), file=sys.stderr)
finally:
    host.close()
"""


def state(path):
    """What can be seen of a file or folder, down to the bytes and the inode."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return {str(path): None}
    seen = {str(path): (found.st_ino, found.st_dev, found.st_mode, found.st_uid, found.st_gid, found.st_mtime_ns)}
    if path.is_symlink():
        seen[str(path)] += (os.readlink(path),)
    elif path.is_dir():
        for child in sorted(path.iterdir()):
            seen |= state(child)
    elif path.is_file():
        seen[str(path)] += (hashlib.sha256(path.read_bytes()).hexdigest(),)
    return seen


def mounts():
    return sorted(line.split(" - ")[0].split(" ", 2)[2] for line in open("/proc/self/mountinfo", encoding="utf-8"))


def listening():
    """The ports on which something listens."""
    return {int(line.split()[1].rsplit(":", 1)[1], 16) for name in ("tcp", "tcp6")
            for line in open(f"/proc/net/{name}", encoding="utf-8") if line.split()[3] == "0A"}


def namespaces():
    """The mount namespaces that any process here is in."""
    found = set()
    for name in os.listdir("/proc"):
        try:
            if name.isdigit():
                found.add(os.readlink(f"/proc/{name}/ns/mnt"))
        except OSError:
            pass
    return found


def sshds():
    """Of this host itself: those of other tests come and go in namespaces of their own."""
    found = set()
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "comm").read_text() == "sshd\n" and \
                    os.readlink(folder / "ns/mnt") == os.readlink("/proc/self/ns/mnt"):
                found.add(folder.name)
        except OSError:
            pass
    return found


def main():
    names = ["the child's logins: granted, a person's, refused, with a terminal",
             "files, accounts, PAM and ssh configuration, login records are as they were",
             "the mounts are as they were",
             "an sshd that ran before still runs",
             "nothing of the child is left: no process in its namespace, no port"]
    print(f"1..{len(names)}", flush=True)
    why = harness.needs()
    if why is not None:
        for number, name in enumerate(names, 1):
            print(f"ok {number} - {name} # SKIP {why}")
        return 0
    before = {path: seen for word in WATCHED for path, seen in state(pathlib.Path(word)).items()}
    mounts_before, sshds_before = mounts(), sshds()
    code = CHILD.format(folder=os.path.dirname(os.path.abspath(__file__)))
    # The child tells its namespace before it leaves.
    code += "\nimport os; print(os.readlink('/proc/self/ns/mnt'))\n"
    child = subprocess.run([sys.executable, "-B", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                           timeout=80, check=False)
    lines = child.stdout.splitlines()
    failed = 0

    def check(number, claim):
        nonlocal failed
        try:
            claim()
            print(f"ok {number} - {names[number - 1]}", flush=True)
        except (AssertionError, IndexError, ValueError) as error:
            failed += 1
            print(f"not ok {number} - {names[number - 1]}\n#   {error}")

    def logins():
        if child.returncode != 0 or len(lines) != 2:
            raise AssertionError("\n#   ".join((child.stdout + child.stderr).splitlines()))
        result = lines[0].rsplit(" ", 1)[0]
        equal(result, "[(0, 'one\\n'), (0, 'two\\n'), (255, '')] True", child.stderr.replace("\n", "\n#   "))

    def nothing_left():
        port = int(lines[0].rsplit(" ", 1)[1])
        equal(port in listening(), False, "port")
        equal(lines[1] in namespaces(), False, "namespace")

    def files():
        after = {path: seen for word in WATCHED for path, seen in state(pathlib.Path(word)).items()}
        different = [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)]
        equal(different, [])

    check(1, logins)
    check(2, files)
    check(3, lambda: equal(mounts(), mounts_before))
    check(4, lambda: equal(sshds_before - sshds(), set()))
    check(5, nothing_left)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
