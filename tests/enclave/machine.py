"""An enclave on this host: images from Debian's kernel and what was built here,
booted in QEMU's nitro-enclave machine, with the kernel's own nsm driver.

Emulation alone (TCG): a boot takes some ten seconds.
"""

import base64
import contextlib
import pathlib
import re
import shutil
import socket
import subprocess
import threading

import eif
import harness
from harness import BUILD, ROOT

HERE = pathlib.Path(__file__).resolve().parent
PARTS = BUILD / "enclave"  # what tests/enclave/prepare leaves
ROLE = "arn:aws:iam::123456789012:role/billing"
INSTANCE = "i-0123456789abcdef0"
MODULE_ID = INSTANCE + "-enc0123456789abcdef"
BOOT_SECONDS = 180

# Given a TSC, the kernel does not measure one against the PIT, which spins
# for ever when this host is busy.
CMDLINE = b"reboot=t panic=-1 console=ttyS0 loglevel=4 tsc_early_khz=2600000"

# The ports of CID 3 that the guest knows.
SSHD, REPORT, RESIGN = 8022, 9000, 9001


def prepare():
    """Have QEMU and the kernel at hand. None, or why there are none here."""
    done = subprocess.run([HERE / "prepare", PARTS], stdout=subprocess.PIPE, check=False)
    lines = done.stdout.decode().strip().splitlines()
    if done.returncode == 77:
        return lines[-1] if lines else "tests/enclave/prepare says no"
    if done.returncode != 0:
        raise harness.Trouble(f"tests/enclave/prepare: exit {done.returncode}")
    return None


# --- images ------------------------------------------------------------------

_GUEST_NSSWITCH = "passwd: files\ngroup: files\nhosts: files\n"
_GUEST_SSH_CONFIG = """\
Host demo bulk
	HostKeyAlias demo
	User deploy
	UserKnownHostsFile /etc/ssh/known_hosts
	StrictHostKeyChecking yes
Host bulk
	ProxyCommand nitro-ssh --vsock 3:8022
"""


def _libraries(*programs):
    """name -> path of every shared library, the loader with its whole path."""
    found = {}
    for program in programs:
        for line in harness.must(["ldd", program]).text.splitlines():
            match = re.search(r"(\S+) => (/\S+)", line)
            if match:
                found["lib/x86_64-linux-gnu/" + match[1]] = match[2]
            elif line.strip().startswith("/"):
                path = line.split()[0]
                found[path.lstrip("/")] = path
    return found


def system():
    """The first ramdisk: what AWS calls the bootstrap."""
    archive = eif.Archive().character_device("dev/console", 5, 1)
    archive.program("init", HERE / "guest/init").program("bin/busybox", PARTS / "busybox")
    for module in sorted((PARTS / "modules").iterdir()):
        archive.file(f"lib/modules/{module.name}", module.read_bytes())
    return archive


def application(steps, archive=None):
    """The application: OpenSSH's client, nitro-ssh, and the work to do."""
    archive = archive or eif.Archive()
    programs = ["/usr/bin/ssh", "/usr/bin/ssh-keygen"]
    for program in programs:
        archive.program(program.lstrip("/"), program)
    for name, path in sorted(_libraries(*programs).items()):
        archive.program(name, path)
    archive.program("usr/bin/nitro-ssh", ROOT / "client/nitro-ssh")
    for name in ("work", "resign"):
        archive.program(f"usr/bin/{name}", HERE / "guest" / name)
    archive.file("etc/passwd", b"root:x:0:0::/root:/bin/sh\n").file("etc/nsswitch.conf", _GUEST_NSSWITCH.encode())
    archive.file("etc/ssh/ssh_config", _GUEST_SSH_CONFIG.encode())
    archive.file("etc/ssh/known_hosts", (ROOT / "client/known_hosts").read_bytes())
    return archive.file("etc/steps", " ".join(steps).encode() + b"\n")


def strip_client():
    """nitro-ssh as an image carries it: static and without its symbols."""
    harness.must(["strip", "-o", ROOT / "client/nitro-ssh", BUILD / "nitro-ssh-static"])


def signer(name):
    """A P-384 key and its certificate, as nitro-cli takes them."""
    key, certificate = (ROOT / "client" / f"{name}.{end}" for end in ("key", "pem"))
    harness.must(["openssl", "ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", key])
    harness.must(["openssl", "req", "-new", "-x509", "-sha384", "-key", key, "-subj", f"/CN={name}",
                  "-days", "2", "-out", certificate])
    return certificate, key


def image(name, order, signed_by=None):
    """Write an EIF. order has None for the kernel, '' for the command line,
    'metadata', 'signature' (else it is last), and archives. Its path."""
    sections = []
    for part in order:
        if part is None:
            sections.append((eif.KERNEL, (PARTS / "vmlinuz").read_bytes()))
        elif part == "":
            sections.append((eif.CMDLINE, CMDLINE))
        elif part == "metadata":
            sections.append(eif.metadata(name))
        elif part != "signature":
            sections.append((eif.RAMDISK, part.bytes()))
    if signed_by is not None:
        at = order.index("signature") if "signature" in order else len(order)
        sections.insert(at, eif.sign(sections, *signed_by))
    path = ROOT / "client" / f"{name}.eif"
    eif.write(path, sections)
    return path


def pcr0_as_it_stands(path):
    """Without pam-nitro: over the sections in the order of the file."""
    return eif.pcr0(eif.read(path))


# --- boots -------------------------------------------------------------------

class Outcome:
    """What one command in the guest did."""

    def __init__(self, words):
        self.code = int(words[0])
        self.out, self.err = (base64.b64decode(word[1:]).decode("utf-8", "backslashreplace") for word in words[1:3])

    def __repr__(self):
        return f"exit {self.code}: {self.out}{self.err}"


class Boot:
    """One run of an image, from power-on to power-off."""

    def __init__(self, path, ports):
        self.path, self.report, self.retried = path, b"", False
        folder = ROOT / "client" / f"{path.stem}.run"
        for _ in range(2):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            self._run(folder, ports)
            # Firmware that said nothing, not even "booting": the host's trouble.
            if self.serial:
                break
            self.retried = True
        self.outcomes = {}
        for line in self.report.decode("ascii", "backslashreplace").splitlines():
            words = line.split()
            if len(words) == 4 and words[2].startswith("."):
                self.outcomes[words[0]] = Outcome(words[1:])
        if "end" not in self.outcomes:
            raise harness.Trouble(f"{path.stem} did not come to its end (QEMU: {self.code})\n{self.text}")

    @property
    def text(self):
        return self.serial.decode("ascii", "backslashreplace").replace("\r", "")[-4000:]

    def _collect(self, listener):
        with contextlib.suppress(OSError):
            plug, _ = listener.accept()
            with plug:
                self.report = b"".join(iter(lambda: plug.recv(65536), b""))

    def _run(self, folder, ports):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            ports = ports | {REPORT: listener.getsockname()[1]}
            collector = threading.Thread(target=self._collect, args=(listener,))
            collector.start()
            device = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "/usr/bin/python3", "-B", HERE / "vsock_device.py",
                 folder / "vsock", "4", *(f"{port}={address}" for port, address in ports.items())],
                stdout=subprocess.PIPE, stderr=open(folder / "vsock.log", "wb"))
            try:
                device.stdout.readline()
                done = subprocess.run(self._command(folder), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, check=False)
                self.code, self.serial = done.returncode, done.stdout
            finally:
                device.kill()
                device.wait()
                device.stdout.close()
                with contextlib.suppress(OSError):
                    listener.shutdown(socket.SHUT_RDWR)
                collector.join()
        self.device_messages = (folder / "vsock.log").read_text(errors="backslashreplace")

    def _command(self, folder):
        machine = f"nitro-enclave,vsock=c,acpi=on,id={MODULE_ID},parent-role={ROLE},parent-id={INSTANCE}"
        return ["setpriv", "--pdeathsig", "KILL", "timeout", "-k", "5", str(BOOT_SECONDS),
                PARTS / "qemu-system-x86_64", "-L", "/usr/share/qemu", "-L", "/usr/share/seabios",
                "-accel", "tcg", "-cpu", "max", "-M", machine, "-kernel", self.path, "-m", "512M",
                "-chardev", f"socket,id=c,path={folder}/vsock", "-display", "none", "-monitor", "none",
                "-nic", "none", "-serial", "stdio", "-no-reboot"]
