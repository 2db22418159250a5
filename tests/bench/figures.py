"""The bench's programs, run, and their lines as figures."""

import dataclasses
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "unit"))

from pam_nitro_eif import write_sparse  # noqa: E402

BUILD = pathlib.Path(os.environ.get("BUILD") or "build").resolve()
VERDICT = BUILD / "tests/bench/verdict"
IMAGE_SIZE = 2 << 30
COUNTED = 4  # N_COUNTED of candidate.h
# A spread of the unit above this says that others use the machine.
NOISE_MOST = 0.15


@dataclasses.dataclass
class Figure:
    name: str
    unit: str
    least: float
    p25: float
    median: float
    more: float = 0  # the ratio to the unit, or a process's KiB


def _parse(text):
    figures = {}
    for line in text.splitlines():
        name, unit, *values = line.split("\t")
        figures[name] = Figure(name, unit, *map(float, values))
    return figures


def _run(argv, **environment):
    return subprocess.run([str(word) for word in argv], stdout=subprocess.PIPE, check=True, text=True,
                          env=os.environ | {"BUILD": str(BUILD)} | environment).stdout


def verdicts(rounds=201):
    return _parse(_run([VERDICT, "--rounds", rounds]))


def noise(figures):
    """How far the unit in the middle is above the least one, as a part of it."""
    five = figures["five"]
    return five.median / five.least - 1


# --- whole processes ---------------------------------------------------------

def _commands(argv_of):
    words = []
    for name, argv in argv_of.items():
        words += ["--", name, *argv] if words else [name, *argv]
    return words


# In place of ssh: what nitro-ssh made ready for it, asked again and again.
_ASKS = """\
#!/bin/sh
for word; do [ "$word" != -G ] || exec /usr/bin/ssh "$@"; done
exec {process} {rounds} process-askpass "$SSH_ASKPASS" "{prompt}"
"""


def _askpass(folder, key, source, prompt, rounds):
    """The process that ssh starts for a prompt. Its document is the first one's: the source is not counted."""
    program = folder / "asks"
    program.write_text(_ASKS.format(process=BUILD / "tests/bench/process", rounds=rounds, prompt=prompt))
    program.chmod(0o755)
    return _parse(_run([BUILD / "nitro-ssh-static", "-i", key, "u@h.example"], NITRO_SSH_SOURCE=source,
                       NITRO_SSH_PROGRAM=str(program)))


def processes(rounds=41):
    """Cold processes: the judge of a document, the client's answer, the measuring of a large image."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        sim = BUILD / "nitro-sim"
        _run([sim, "init", folder / "pki"])
        document = folder / "document.cbor"
        document.write_bytes(subprocess.run([sim, "attest", "--pki", folder / "pki"], stdout=subprocess.PIPE,
                                            check=True).stdout)
        key = folder / "key"
        _run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key])
        fingerprint = _run(["ssh-keygen", "-l", "-f", key]).split()[1]
        prompt = f"pam_nitro/1 nonce={'A' * 43} key={fingerprint} host=h.example user=u part=1: "
        # What the shell appends is a comment to it.
        command = f"cat {document} #"
        found = _parse(_run([BUILD / "tests/bench/process", rounds, *_commands({
            "process-nothing": ["/bin/true"],
            "process-five": [VERDICT, "--only", "five", 1],
            "process-verify": [BUILD / "pam-nitro", "verify", "--trust-anchors", folder / "pki/root.pem", "--at",
                               "document", document],
        })]))
        found |= _askpass(folder, key, f"exec:{command}", prompt, rounds)
        image = folder / "image.eif"
        write_sparse(image, IMAGE_SIZE)
        found |= _parse(_run([BUILD / "tests/bench/process", 3, *_commands({
            "digests-2gib": [BUILD / "tests/bench/digests", image],
            "measure-2gib": [BUILD / "pam-nitro", "measure", "--json", image],
        })]))
    return found


# --- a real sshd -------------------------------------------------------------

def logins():
    """Empty where there cannot be one."""
    done = subprocess.run([HERE / "logins.py"], stdout=subprocess.PIPE, text=True, check=False,
                          env=os.environ | {"BUILD": str(BUILD)})
    return _parse(done.stdout) if done.returncode == 0 else {}


# --- instructions ------------------------------------------------------------

def instructions(names):
    """Of one run of each, as callgrind counts them: the same on every machine of its kind."""
    counts = {}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", VERDICT, "--count", *names],
                       stderr=subprocess.PIPE, check=True)
        for path in pathlib.Path(folder).iterdir():
            text = path.read_text(encoding="utf-8")
            trigger = re.search(r"(?m)^desc: Trigger: Client Request: (\S+)$", text)
            if trigger:
                counts[trigger[1]] = int(re.search(r"(?m)^(?:totals|summary): (\d+)", text)[1]) / COUNTED
    return counts


# --- where -------------------------------------------------------------------

def machine():
    """Rows of what the figures are of."""
    cpu = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                if line.startswith("model name")), platform.machine())

    def package(name):
        done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, check=False)
        return done.stdout or "unknown"
    system = next((line.split("=", 1)[1].strip().strip('"') for line in open("/etc/os-release", encoding="utf-8")
                   if line.startswith("PRETTY_NAME")), platform.system())
    return {"processor": f"{cpu}, {os.cpu_count()} of them", "system": f"{system}, Linux {platform.release()}",
            "libcrypto": package("libssl3"), "libcbor": package("libcbor0.8"), "libconfig": package("libconfig9"),
            "libseccomp": package("libseccomp2"), "OpenSSH": package("openssh-server")}
