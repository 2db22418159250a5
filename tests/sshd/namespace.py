"""A private corner of this host: a mount namespace in which /etc, /run, /dev
and /var/log are made anew. The host's stay as they were."""

import contextlib
import ctypes
import os
import pathlib
import shutil
import subprocess

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD") or "build").resolve()
ROOT = pathlib.Path("/run/pam_nitro")
SSHD = "/usr/sbin/sshd"

PASSWORD = "correct horse battery"
SCOPE = "nitro-workloads"

# name: (groups, shell). deploy and ledger are workloads that rules list,
# stray is a workload that no rule lists, barred has no shell that exists,
# alice is a person.
ACCOUNTS = {
    "deploy": ([SCOPE], "/bin/sh"),
    "ledger": ([SCOPE, "enclaves"], "/bin/sh"),
    "stray": ([SCOPE], "/bin/sh"),
    "barred": ([SCOPE], "/nonexistent/shell"),
    "alice": ([], "/bin/sh"),
}


class Skip(Exception):
    """This cannot be shown here; the text says why."""


class Trouble(Exception):
    """The harness itself cannot go on; the text is for a person."""


_libc = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNS = 0x00020000
_MS_NOSUID, _MS_NODEV, _MS_BIND, _MS_REC, _MS_PRIVATE = 2, 4, 4096, 16384, 1 << 18


def _call(what, result):
    if result != 0:
        number = ctypes.get_errno()
        raise Trouble(f"{what}: {os.strerror(number)}")


def _mount(source, target, kind=None, flags=0, options=None):
    words = [None if word is None else str(word).encode() for word in (source, target, kind, options)]
    _call(f"mount {target}", _libc.mount(words[0], words[1], words[2], ctypes.c_ulong(flags), words[3]))


def needs():
    """Why the tests cannot run here, or None."""
    if os.geteuid() != 0:
        return "needs root"
    for program in (SSHD, "/usr/bin/ssh"):
        if not os.access(program, os.X_OK):
            return f"needs {program}"
    for name in ("pam_nitro.so", "pam-nitro", "nitro-ssh", "nitro-sim"):
        if not (BUILD / name).exists():
            return f"needs {BUILD / name} (make all {BUILD / 'nitro-sim'})"
    if subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        return "needs the right to make a mount namespace (CAP_SYS_ADMIN)"
    return None


def enter():
    """Move this process, and all it starts from now on, into a namespace of its own."""
    outside = os.readlink("/proc/self/ns/mnt")
    _call("unshare", _libc.unshare(_CLONE_NEWNS))
    if os.readlink("/proc/self/ns/mnt") == outside:
        raise Trouble("unshare made no namespace")
    _mount("none", "/", flags=_MS_REC | _MS_PRIVATE)
    _mount("pam_nitro", "/run", "tmpfs", _MS_NODEV, "mode=0755")
    for folder in ("host-etc", "host-dev", "home", "bin"):
        (ROOT / folder).mkdir(parents=True)
    _mount("/etc", ROOT / "host-etc", flags=_MS_BIND | _MS_REC)
    _mount("/dev", ROOT / "host-dev", flags=_MS_BIND | _MS_REC)
    _make_etc()
    _make_dev()
    _mount("pam_nitro", "/var/log", "tmpfs", _MS_NODEV | _MS_NOSUID, "mode=0755")
    for name in ("wtmp", "btmp", "lastlog"):
        pathlib.Path("/var/log", name).touch(0o660)
    for name in ("pam_nitro.so", "pam-nitro", "nitro-ssh", "nitro-sim"):
        if not (BUILD / name).exists():
            raise Trouble(f"{BUILD} must not lie in /run, /etc, /dev or /var/log")


# Files of the host that must not reach into the tests: its accounts, PAM and
# ssh configuration, and whatever may keep somebody out.
_OWN_ETC = {
    "passwd", "group", "shadow", "gshadow", "nsswitch.conf", "pam.d", "ssh",
    "pam_nitro", "nologin", "hosts.allow", "hosts.deny", "environment", "motd",
}


def _make_etc():
    """An /etc of links into the host's, but for what is made here."""
    host = ROOT / "host-etc"
    _mount("pam_nitro", "/etc", "tmpfs", _MS_NODEV, "mode=0755")
    for name in os.listdir(host):
        if name in _OWN_ETC:
            continue
        source = host / name
        target = os.readlink(source) if source.is_symlink() else source
        os.symlink(target, f"/etc/{name}")
    for folder in ("pam.d", "pam_nitro", "ssh/sshd_config.d"):
        pathlib.Path("/etc", folder).mkdir(parents=True)
    for name in os.listdir(host / "pam.d"):
        if name not in ("sshd", "sshd-nitro") and (host / "pam.d" / name).is_file():
            shutil.copyfile(host / "pam.d" / name, f"/etc/pam.d/{name}")
    if (host / "ssh/moduli").exists():
        os.symlink(host / "ssh/moduli", "/etc/ssh/moduli")
    pathlib.Path("/etc/environment").touch()
    pathlib.Path("/etc/nsswitch.conf").write_text(
        "passwd: files\ngroup: files\nshadow: files\nhosts: files\n")
    _make_accounts(host)


def _make_accounts(host):
    """The host's system accounts without their passwords, and ours."""
    lines = {"passwd": [], "group": [], "shadow": []}
    for line in (host / "passwd").read_text().splitlines():
        fields = line.split(":")
        if len(fields) != 7 or fields[0] in ACCOUNTS or 1000 <= int(fields[2]) != 65534:
            continue
        if fields[0] == "root":
            fields[5] = str(ROOT / "home/root")
        lines["passwd"].append(":".join(fields))
        lines["shadow"].append(f"{fields[0]}:*:19000:0:99999:7:::")
    ours = set(ACCOUNTS) | {SCOPE, "enclaves"}
    for line in (host / "group").read_text().splitlines():
        if line.split(":")[0] not in ours:
            lines["group"].append(line)
    hashed = subprocess.run(["openssl", "passwd", "-6", "-stdin"], input=PASSWORD.encode(),
                            stdout=subprocess.PIPE, check=True).stdout.decode().strip()
    members = {SCOPE: [], "enclaves": []}
    for number, (name, (groups, shell)) in enumerate(ACCOUNTS.items(), 61001):
        home = ROOT / "home" / name
        lines["passwd"].append(f"{name}:x:{number}:{number}::{home}:{shell}")
        lines["group"].append(f"{name}:x:{number}:")
        lines["shadow"].append(f"{name}:{hashed if name == 'alice' else '*'}:19000:0:99999:7:::")
        for group in groups:
            members[group].append(name)
        home.mkdir(mode=0o700)
        os.chown(home, number, number)
    (ROOT / "home/root").mkdir(mode=0o700)
    for number, (group, names) in enumerate(members.items(), 61101):
        lines["group"].append(f"{group}:x:{number}:{','.join(names)}")
    for name, content in lines.items():
        path = pathlib.Path("/etc", name)
        path.touch(0o600 if name == "shadow" else 0o644)
        path.write_text("\n".join(content) + "\n")


def _make_dev():
    """A /dev with the usual nodes, terminals of its own and room for /dev/log."""
    host = ROOT / "host-dev"
    _mount("pam_nitro", "/dev", "tmpfs", _MS_NOSUID, "mode=0755")
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        pathlib.Path("/dev", name).touch()
        _mount(host / name, f"/dev/{name}", flags=_MS_BIND)
    for name in ("pts", "shm"):
        pathlib.Path("/dev", name).mkdir()
    _mount("devpts", "/dev/pts", "devpts", _MS_NOSUID, "gid=5,mode=0620,ptmxmode=0666")
    _mount("pam_nitro", "/dev/shm", "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=1777")
    for name, target in (("ptmx", "pts/ptmx"), ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"),
                         ("stdout", "/proc/self/fd/1"), ("stderr", "/proc/self/fd/2")):
        os.symlink(target, f"/dev/{name}")


def inhabitants():
    """The processes in this namespace, but for this one."""
    own = os.readlink("/proc/self/ns/mnt")
    found = []
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if name.isdigit() and int(name) != os.getpid() and os.readlink(f"/proc/{name}/ns/mnt") == own:
                found.append(int(name))
    return found
