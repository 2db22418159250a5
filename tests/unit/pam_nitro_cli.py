"""What the tests of pam-nitro begin with: they run it as its users do,
arguments, files and exit status in, text out, and print TAP.

What needs settings that only root can have written runs in a mount namespace
with an /etc of its own; without root it is skipped.
"""

import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import traceback

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD") or "build").resolve()
VECTORS = pathlib.Path(
    os.environ.get("NITRO_VECTORS") or REPOSITORY / "../shared/vectors"
)
PAM_NITRO = str(BUILD / "pam-nitro")
NITRO_SIM = str(BUILD / "nitro-sim")
INSIDE = "PAM_NITRO_TEST_INSIDE"
ETC = pathlib.Path("/etc/pam_nitro")
SETTINGS = ETC / "pam_nitro.conf"
MEASUREMENTS = ETC / "measurements.conf"
ANCHORS = ETC / "simulated-root.pem"
DEFAULT_ANCHORS = ETC / "aws-nitro-root.pem"
PCR0 = "a0" * 48
ZERO = "00" * 48

TESTS = []
WORK = []


class Skip(Exception):
    """This cannot be shown here; the text says why."""


def test(function):
    TESTS.append(function)
    return function


def run(*arguments, stdin=b""):
    """Run pam-nitro and demand what holds for every call."""
    result = subprocess.run(
        [PAM_NITRO, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert result.returncode in (0, 1, 2), result
    for text in (result.stdout, result.stderr):
        strange = [c for c in text if c != 0x0A and not 0x20 <= c <= 0x7E]
        assert not strange, f"not printable ASCII: {strange} in {text}"
    for line in result.stderr.decode().splitlines():
        assert line.startswith(("pam-nitro: ", "usage: ", " ")) or not line, line
    result.out = result.stdout.decode()
    result.err = result.stderr.decode()
    return result


def run_json(*arguments, **more):
    """The object, with the exit status beside it."""
    result = run(*arguments, "--json", **more)
    assert result.returncode in (0, 1), result
    said = json.loads(result.out, object_pairs_hook=without_duplicates)
    if arguments[0] == "verify":
        assert said["result"] == ("allow" if result.returncode == 0 else "deny")
    said["exit"] = result.returncode
    return said


def without_duplicates(pairs):
    assert len({key for key, _ in pairs}) == len(pairs), pairs
    return dict(pairs)


def equal(actual, expected, what=""):
    assert actual == expected, f"{what}: {actual!r} is not {expected!r}"


def contains(text, *parts):
    for part in parts:
        assert part in text, f"{part!r} is not in {text!r}"


def outcomes(said):
    return {step["step"]: step["outcome"] for step in said["steps"]}


def work():
    """A folder of this run, removed at its end."""
    return WORK[0]


def real_root():
    return REPOSITORY / "conf/aws-nitro-root.pem"


def sim(*arguments, folder):
    arguments = map(os.fsencode, arguments)
    result = subprocess.run(
        [NITRO_SIM, "attest", "--pki", folder, *arguments],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result
    return result.stdout


def sim_folder():
    folder = work() / "pki"
    if not folder.exists():
        subprocess.run([NITRO_SIM, "init", folder], check=True, timeout=60)
    return folder


def ssh_key(kind, *options):
    """The public key of that type as text, and its blob."""
    path = work() / f"id_{kind}"
    if not path.exists():
        subprocess.run(
            ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "", "-f", path, *options],
            check=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )
    text = path.with_suffix(".pub").read_text(encoding="ascii").strip()
    return text, base64.b64decode(text.split()[1])


def host():
    if INSIDE not in os.environ:
        raise Skip("needs root and a mount namespace")


def write(path, text, mode=0o644):
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def configure(settings="", entries=None, revoked=""):
    """Settings and measurements as an administrator would write them."""
    host()
    shutil.copy(sim_folder() / "root.pem", ANCHORS)
    ANCHORS.chmod(0o644)
    rules = """users = (
      { user = "deploy"; workloads = ["billing"]; },
      { group = "enclaves"; workloads = ["billing"]; }
    );
    """
    anchors = f'trust_anchors = "{ANCHORS}";\n'
    write(SETTINGS, anchors + rules + settings)
    if entries is None:
        entries = f'{{ workload = "billing"; version = "1.4.2"; kind = "enclave"; pcr0 = "{PCR0}"; }}'
    write(MEASUREMENTS, f"measurements = ( {entries} );\nrevoked = ( {revoked} );\n")


def make_etc():
    """An /etc of our own, in this namespace alone."""
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", "/etc"], check=True
    )
    write(
        pathlib.Path("/etc/passwd"),
        "root:x:0:0::/root:/bin/sh\n"
        "deploy:x:1001:1001::/:/bin/sh\n"
        "ledger:x:1002:1002::/:/bin/sh\n"
        "stray:x:1003:1003::/:/bin/sh\n"
        "nobody:x:65534:65534::/:/bin/sh\n",
    )
    write(
        pathlib.Path("/etc/group"),
        "root:x:0:\ndeploy:x:1001:\nstray:x:1003:\nledger:x:1002:\n"
        "enclaves:x:1010:ledger\nnogroup:x:65534:\n",
    )
    ETC.mkdir(mode=0o755)


def enter():
    """Begin again in a mount namespace, where that is possible."""
    if INSIDE in os.environ or os.geteuid() != 0:
        return
    unshare = ["unshare", "--mount", "--propagation", "private"]
    try:
        possible = subprocess.run([*unshare, "true"], check=False, timeout=60)
    except FileNotFoundError:
        return
    if possible.returncode == 0:
        os.environ[INSIDE] = "1"
        os.execvp("unshare", [*unshare, sys.executable, *sys.argv])


def run_all():
    failed = 0
    print(f"1..{len(TESTS)}")
    for number, function in enumerate(TESTS, 1):
        name = f"{number} - {function.__name__}"
        try:
            function()
        except Skip as why:
            print(f"ok {name} # SKIP {why}")
            continue
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {name}")
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            continue
        print(f"ok {name}", flush=True)
    return 1 if failed else 0


def main():
    """Run every test of the script that imported this, and exit."""
    os.umask(0o022)
    enter()
    if INSIDE in os.environ:
        make_etc()
    with tempfile.TemporaryDirectory(prefix="pam-nitro-test-") as folder:
        WORK.append(pathlib.Path(folder))
        sys.exit(run_all())
