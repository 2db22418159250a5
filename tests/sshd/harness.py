"""A real sshd in a private corner of this host, for the demo and the tests.

Accounts, PAM stack, host key, settings and the log socket are the tests' own
(namespace.py). What conf/ ships is what runs; only the two paths of what was
built are adapted.
"""

import base64
import contextlib
import functools
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from log import Log
# Some of these are for those who import this module alone.
from namespace import BUILD, PASSWORD, REPOSITORY, ROOT, SCOPE, SSHD, Skip, Trouble, enter, inhabitants, needs

CONF = REPOSITORY / "conf"

SETTINGS = pathlib.Path("/etc/pam_nitro/pam_nitro.conf")
MEASUREMENTS = pathlib.Path("/etc/pam_nitro/measurements.conf")
ANCHORS = pathlib.Path("/etc/pam_nitro/simulated-root.pem")
PAM_FILE = pathlib.Path("/etc/pam.d/sshd")
PAM_NITRO_FILE = pathlib.Path("/etc/pam.d/sshd-nitro")
SNIPPET = pathlib.Path("/etc/ssh/sshd_config.d/10-nitro.conf")

SERVER_NAME = "demo.example"


# --- programs ----------------------------------------------------------------

class Result:
    """What a client did: exit status, what it wrote, how long it took."""

    def __init__(self, argv, code, out, err, seconds):
        self.argv, self.code, self.out, self.err, self.seconds = argv, code, out, err, seconds

    @property
    def text(self):
        return self.out.decode("utf-8", "backslashreplace")

    @property
    def messages(self):
        return self.err.decode("utf-8", "backslashreplace").replace("\r", "")

    @property
    def prompt_count(self):
        """Of a client run with -vv."""
        return sum(int(count) for count in re.findall(r"info_req: num_prompts (\d+)", self.messages))

    @property
    def reference(self):
        match = re.search(r"pam_nitro: login refused \(reference ([0-9a-f]{8})\)", self.messages)
        return match[1] if match else None


def run(argv, *, data=b"", env=None, seconds=30, cwd=None):
    """Run a program without a terminal in an environment of its own."""
    argv = [str(word) for word in argv]
    begin = time.monotonic()
    done = subprocess.run(argv, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd,
                          env=environment() | (env or {}), timeout=seconds, start_new_session=True, check=False)
    return Result(argv, done.returncode, done.stdout, done.stderr, time.monotonic() - begin)


def environment():
    return {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(ROOT / "home/root"),
            "TMPDIR": str(ROOT / "tmp"), "LANG": "C.UTF-8"}


def must(argv, **options):
    done = run(argv, **options)
    if done.code != 0:
        raise Trouble(f"{shlex.join(done.argv)}: exit {done.code}: {done.messages}{done.text}")
    return done


def make_key(name, kind="ed25519", bits=None, comment="test"):
    """A key pair in the client's folder; the path of the private half."""
    path = ROOT / "client" / name
    must(["ssh-keygen", "-q", "-t", kind, *(["-b", str(bits)] if bits else []), "-N", "", "-C", comment, "-f", path])
    return path


def public_line(key):
    return pathlib.Path(f"{key}.pub").read_text().strip()


def fingerprint(key):
    return must(["ssh-keygen", "-l", "-f", f"{key}.pub"]).text.split()[1]


# --- the simulated workload --------------------------------------------------

def pcr(text):
    """The measurement of an imaginary image."""
    return hashlib.sha384(text.encode()).hexdigest()


BILLING = {0: pcr("billing 1.4.2"), 1: pcr("kernel"), 2: pcr("application")}
OTHER_CODE = {**BILLING, 0: pcr("billing 1.4.2, with a back door")}
LEDGER = {4: pcr("ledger boot manager"), 7: pcr("ledger secure boot")}


def sim(*options, pcrs=None, kind="enclave", pki="pki"):
    """The argument vector of nitro-sim for one workload."""
    if pcrs is None:
        pcrs = BILLING if kind == "enclave" else LEDGER
    argv = [str(BUILD / "nitro-sim"), "attest", "--pki", str(ROOT / pki)]
    if kind != "enclave":
        argv += ["--kind", kind]
    for index, value in pcrs.items():
        argv += ["--pcr", f"{index}={value}"]
    return argv + [str(option) for option in options]


def source(argv):
    """NITRO_SSH_SOURCE for a command."""
    return "exec:" + shlex.join(argv)


def script(name, body):
    """An executable for the client's side; gives its path."""
    path = ROOT / "client" / name
    path.write_text("#!/bin/sh\n" + body)
    path.chmod(0o755)
    return path


class Prompt:
    """A challenge, read by this second implementation of the protocol."""

    _FORM = re.compile(r"(pam_nitro/1 nonce=([A-Za-z0-9_-]{43}) key=(\S+) host=(\S+) user=(\S+)) part=(\d+): ?")

    def __init__(self, text):
        match = self._FORM.search(text)
        if match is None:
            raise AssertionError(f"not a challenge: {text!r}")
        self.audience, nonce, self.key, self.host, self.user, part = match.groups()
        self.part = int(part)
        self.nonce = base64.urlsafe_b64decode(nonce + "=")
        self.reference = self.nonce[:4].hex()


def attest(argv, *, nonce=None, user_data=None, public_key=None):
    """Run a document source as nitro-ssh does; the document."""
    with tempfile.TemporaryDirectory(dir=ROOT / "tmp") as folder:
        words = list(argv)
        for option, value in (("--nonce", nonce), ("--user-data", user_data), ("--public-key", public_key)):
            if value is not None:
                path = pathlib.Path(folder, option.strip("-"))
                path.write_bytes(value)
                words += [option, path]
        return must(words).out


def answer(text, key_blob, argv):
    """The honest answer to a prompt, in one piece."""
    prompt = Prompt(text)
    document = attest(argv, nonce=prompt.nonce, user_data=prompt.audience.encode(), public_key=key_blob)
    return base64.b64encode(document).decode()


class Parts:
    """A text cut into parts, one for each prompt."""

    def __init__(self, whole, size=900):
        self.slices = [whole[i:i + size] for i in range(0, len(whole), size)]

    def line(self, part):
        piece = self.slices[part - 1]
        return f"{part}/{len(self.slices)}/{len(piece)}:{piece}"


# --- sshd --------------------------------------------------------------------

# Debian's sshd_config, without its comments.
_SSHD_CONFIG = """\
Include {extra}
Include /etc/ssh/sshd_config.d/*.conf
Port {port}
ListenAddress 127.0.0.1
HostKey /etc/ssh/ssh_host_ed25519_key
PidFile none
LogLevel VERBOSE
LoginGraceTime 60
{startups}{exempt}KbdInteractiveAuthentication no
UsePAM yes
X11Forwarding yes
PrintMotd no
AcceptEnv LANG LC_*
Subsystem sftp internal-sftp
"""

_SSH_CONFIG = """\
Host demo
	HostName 127.0.0.1
	Port {port}
	HostKeyAlias demo
Host *
	UserKnownHostsFile {known}
	GlobalKnownHostsFile none
	StrictHostKeyChecking yes
"""

# The core of Debian's /etc/pam.d/sshd with pam_unix for common-*: what this
# host has changed there, and what a container forbids, does not matter.
PAM_REST = """\
auth     required  pam_unix.so
account  required  pam_nologin.so
account  required  pam_unix.so
session  required  pam_unix.so
session  required  pam_env.so
"""


# How the shipped stack says that it is included.
INCLUDE = ("@include sshd-nitro\n" if os.path.exists("/etc/debian_version")
           else "auth     include  sshd-nitro\naccount  include  sshd-nitro\n")


@functools.cache
def sshd_version():
    """(9, 2) of OpenSSH_9.2p1. An sshd that does not know -V says it with its usage."""
    match = re.search(r"OpenSSH_(\d+)\.(\d+)", run([SSHD, "-V"]).messages)
    if match is None:
        raise Trouble(f"{SSHD} does not say its version")
    return int(match[1]), int(match[2])


class Server:
    """One running sshd and how to reach it."""

    def __init__(self, host, extra, env):
        self.host, self.env = host, env
        number = len(host.servers)
        self.folder = ROOT / f"sshd-{number}"
        self.folder.mkdir(exist_ok=True)
        (self.folder / "extra.conf").write_text(extra + "\nMatch all\n")
        # The one option of which sshd takes the last value.
        self.startups = "" if "MaxStartups" in extra else "MaxStartups 100\n"
        # Here all logins come from one address, as behind a gateway (M24).
        self.exempt = ("PerSourcePenaltyExemptList 127.0.0.1\n"
                       if sshd_version() >= (9, 8) and "PerSourcePenalt" not in extra else "")
        self.config = self.folder / "ssh_config"
        for _ in range(5):
            if self._start():
                return
        raise Trouble("sshd does not start: " + (self.folder / "stderr").read_text())

    def _start(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        config = self.folder / "sshd_config"
        config.write_text(_SSHD_CONFIG.format(port=self.port, extra=self.folder / "extra.conf",
                                              startups=self.startups, exempt=self.exempt))
        self.config.write_text(_SSH_CONFIG.format(port=self.port, known=ROOT / "client/known_hosts"))
        with open(self.folder / "stderr", "wb") as errors:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", SSHD, "-D", "-e", "-f", str(config)],
                stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, env=environment() | self.env,
                start_new_session=True)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.process.poll() is None:
            if b"Server listening on" in (self.folder / "stderr").read_bytes():
                return True
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.02)
        self.stop()
        return False

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)

    @property
    def messages(self):
        return (self.folder / "stderr").read_text(errors="backslashreplace")

    def _ssh(self, program, words, **options):
        return run([program, "-F", self.config, *words], **options)

    def ssh(self, user, *command, args=(), **options):
        """The stock client alone."""
        return self._ssh("/usr/bin/ssh", [*args, f"{user}@demo", *command], **options)

    def nitro_ssh(self, user, *command, argv=None, args=(), env=None, **options):
        """nitro-ssh with the document source argv."""
        env = {"NITRO_SSH_SOURCE": source(argv or sim())} | (env or {})
        return self._ssh(BUILD / "nitro-ssh", [*args, f"{user}@demo", *command], env=env, **options)


class Host:
    """The private host: its files, its log, its servers."""

    def __init__(self):
        enter()
        for folder in ("client", "tmp"):
            (ROOT / folder).mkdir(mode=0o700)
        pathlib.Path("/run/sshd").mkdir(mode=0o755)
        self.servers = []
        self.log = Log()
        must(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/etc/ssh/ssh_host_ed25519_key"])
        (ROOT / "client/known_hosts").write_text("demo " + public_line("/etc/ssh/ssh_host_ed25519_key") + "\n")
        for name in ("pki", "pki-forged"):
            must([BUILD / "nitro-sim", "init", ROOT / name])
        shutil.copyfile(ROOT / "pki/root.pem", ANCHORS)
        shutil.copy(BUILD / "pam-nitro", ROOT / "bin/pam-nitro")
        self.install()
        self.settings()
        self.measurements()

    def install(self, include=None):
        """What conf/ ships, at its place, with the paths of what was built."""
        stack = (CONF / "pam.d-sshd-nitro").read_text()
        PAM_NITRO_FILE.write_text(re.sub(r"(?m)^(?!#)(.*\s)pam_nitro\.so", rf"\1{BUILD}/pam_nitro.so", stack))
        PAM_FILE.write_text((include or INCLUDE) + PAM_REST)
        snippet = (CONF / "sshd_config.d-nitro.conf").read_text()
        SNIPPET.write_text(snippet.replace("/usr/bin/pam-nitro", str(ROOT / "bin/pam-nitro")))

    def settings(self, **changes):
        """Write pam_nitro.conf; an option that is None is left out."""
        options = {"mode": "enforce", "measurements": str(MEASUREMENTS), "trust_anchors": str(ANCHORS),
                   "server_name": SERVER_NAME, "binding": "ssh-key", "audience": True, "max_age_s": 60,
                   "clock_skew_s": 5} | changes
        lines = [f"{key} = {json.dumps(value)};" for key, value in options.items() if value is not None]
        lines.append('users = (\n  { user = "deploy"; workloads = ["billing"]; },\n'
                     '  { group = "enclaves"; workloads = ["billing", "ledger"]; }\n);')
        self.write(SETTINGS, "\n".join(lines) + "\n")

    def measurements(self, text=None):
        """Write measurements.conf."""
        self.write(MEASUREMENTS, text or MEASUREMENTS_TEXT)

    @staticmethod
    def write(path, text):
        path.write_text(text)
        path.chmod(0o644)

    def authorize(self, user, *lines):
        """Enrol keys the classic way."""
        folder = ROOT / "home" / user / ".ssh"
        owner = (ROOT / "home" / user).stat()
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / "authorized_keys").write_text("".join(f"{line}\n" for line in lines))
        for path in (folder, folder / "authorized_keys"):
            os.chown(path, owner.st_uid, owner.st_gid)

    def sshd(self, extra="", env=None):
        """Start one more sshd. extra comes before all else, where the first value wins."""
        self.servers.append(Server(self, extra, env or {}))
        return self.servers[-1]

    def sshd_config(self):
        """What the first sshd runs with, where pam-nitro check looks for it."""
        shutil.copyfile(self.servers[0].folder / "sshd_config", "/etc/ssh/sshd_config")

    def close(self):
        for server in self.servers:
            server.stop()
        for pid in inhabitants():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


MEASUREMENTS_TEXT = f"""\
measurements = (
  {{ workload = "billing"; version = "1.4.2"; kind = "enclave";
    pcr0 = "{BILLING[0]}"; }},
  {{ workload = "ledger"; version = "7"; kind = "nitrotpm";
    pcr4 = "{LEDGER[4]}";
    pcr7 = "{LEDGER[7]}"; }}
);
"""


# --- paramiko ----------------------------------------------------------------

def paramiko():
    """The library, quiet, or Skip."""
    try:
        import logging
        import warnings
        warnings.filterwarnings("ignore")
        import paramiko as library
    except ImportError as error:
        raise Skip("needs python3-paramiko") from error
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)
    return library


class Library:
    """A client that is not OpenSSH: paramiko, one connection."""

    def __init__(self, server):
        self.transport = paramiko().Transport(("127.0.0.1", server.port))
        self.transport.start_client(timeout=10)
        self.transport.auth_timeout = 30
        self.prompts, self.infos = [], []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.transport.close()

    def publickey(self, user, key):
        """Prove a key; what sshd wants next."""
        self.key = load_key(key)
        return self.transport.auth_publickey(user, self.key)

    def interactive(self, user, answer):
        """answer(prompt text) for every prompt. True, or False where refused."""
        def handler(title, instructions, prompts):
            self.infos += [text for text in (title, instructions) if text]
            self.prompts += [text for text, _ in prompts]
            return [answer(text) for text, _ in prompts]
        library = paramiko()
        try:
            return self.transport.auth_interactive(user, handler) == []
        except (library.AuthenticationException, library.SSHException, EOFError):
            return False

    def command(self, line, seconds=20):
        channel = self.transport.open_session(timeout=seconds)
        channel.settimeout(seconds)
        channel.exec_command(line)
        out = b"".join(iter(lambda: channel.recv(65536), b""))
        return channel.recv_exit_status(), out.decode()

    @property
    def key_blob(self):
        return self.key.asbytes()

    @property
    def reference(self):
        match = re.search(r"pam_nitro: login refused \(reference ([0-9a-f]{8})\)", "\n".join(self.infos))
        return match[1] if match else None


def load_key(path):
    library = paramiko()
    for kind in (library.Ed25519Key, library.ECDSAKey, library.RSAKey):
        with contextlib.suppress(library.SSHException, ValueError):
            return kind.from_private_key_file(str(path))
    raise Trouble(f"paramiko cannot read {path}")
