#!/usr/bin/python3 -B
"""What packaging/examples ships, at a real sshd: each logs in with the allowed
code and is refused with other code. Installs the libraries they need; one that cannot
be installed here is skipped, with the reason."""

import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "sshd"))

import harness  # noqa: E402
from harness import BUILD, ROOT, sim  # noqa: E402
from tap import Suite, equal, one  # noqa: E402

suite = Suite()
test = suite.test
EXAMPLES = harness.REPOSITORY / "packaging/examples"
PYTHON = "/usr/bin/python3"
GO_SOURCES = "/usr/share/gocode"
missing = {}  # name of a test: why it cannot run


def python_has(module):
    return subprocess.run([PYTHON, "-c", f"import {module}"], stderr=subprocess.DEVNULL, check=False).returncode == 0


def install(*packages):
    """None, or why they cannot be installed."""
    if shutil.which("apt-get") is None:
        return f"no apt-get here to install {' '.join(packages)}"
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(["apt-get", "-qq", *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env,
                              check=False)
        if done.returncode != 0:
            return f"cannot install {' '.join(packages)}"
    return None


def prepare_libraries():
    wanted = {
        "paramiko": (python_has("paramiko"), ["python3-paramiko"]),
        "asyncssh": (python_has("asyncssh"), ["python3-asyncssh"]),
        "go": (shutil.which("go") is not None and os.path.isdir(f"{GO_SOURCES}/src/golang.org/x/crypto/ssh"),
               ["golang-go", "golang-golang-x-crypto-dev"]),
        "ansible": (shutil.which("ansible") is not None, ["ansible-core"]),
    }
    for name, (is_there, packages) in wanted.items():
        if not is_there:
            missing[name] = install(*packages)


def need(name):
    if missing.get(name):
        raise harness.Skip(missing[name])


def prepare(host):
    host.plain = host.sshd()
    host.key = harness.make_key("library")
    folder = ROOT / "home/root/.ssh"
    folder.mkdir(mode=0o700)
    kind, blob = harness.public_line("/etc/ssh/ssh_host_ed25519_key").split()[:2]
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{host.plain.port} {kind} {blob}\n")
    host.env = {"PATH": f"{BUILD}:{harness.environment()['PATH']}"}


def log_in(host, program, argv, **env):
    """One run of an example; the result and the decisions in the log."""
    since = host.log.mark()
    done = harness.run([*program, "deploy", "127.0.0.1", host.plain.port, host.key,
                        "echo $PAM_NITRO_WORKLOAD $PAM_NITRO_VERSION; exit 7"], seconds=60,
                       env=host.env | {"NITRO_SSH_SOURCE": harness.source(argv)} | env)
    return done, host.log.decisions(since)


def shows_both(host, *program):
    done, lines = log_in(host, program, sim())
    equal((done.code, done.text), (7, "billing 1.4.2\n"), done.messages)
    line = one(lines)
    equal((line["result"], line["key"]), ("allow", harness.fingerprint(host.key)), line.text)
    done, lines = log_in(host, program, sim(pcrs=harness.OTHER_CODE))
    equal((done.code, done.text), (1, ""), done.messages)
    assert "refused" in done.messages, done.messages
    equal(one(lines)["reason"], "pcr_mismatch")


def demands_known_host(host, *program):
    """Without the server's key there is no login and no question to the NSM."""
    home = ROOT / "client/stranger"
    (home / ".ssh").mkdir(parents=True, exist_ok=True)
    (home / ".ssh/known_hosts").write_text("elsewhere " + harness.public_line(host.key) + "\n")
    witness = ROOT / "client/asked"
    argv = [str(harness.script("witness", f"touch {witness}\nexit 1\n"))]
    done, lines = log_in(host, program, argv, HOME=str(home))
    assert done.code != 0 and done.text == "", done.messages
    equal(lines, [])
    assert not witness.exists(), "a document was asked for"


@test("paramiko: in with the allowed code, refused with other code, not without the server's key")
def paramiko(host):
    need("paramiko")
    program = [PYTHON, EXAMPLES / "login_paramiko.py"]
    shows_both(host, *program)
    demands_known_host(host, *program)


@test("AsyncSSH: in with the allowed code, refused with other code, not without the server's key")
def asyncssh(host):
    need("asyncssh")
    program = [PYTHON, EXAMPLES / "login_asyncssh.py"]
    shows_both(host, *program)
    demands_known_host(host, *program)


@test("Go, x/crypto/ssh: in with the allowed code, refused with other code, not without the server's key")
def go(host):
    need("go")
    program = ROOT / "client/login"
    harness.must(["go", "build", "-o", program, EXAMPLES / "login.go"], seconds=300,
                 env={"GOPATH": GO_SOURCES, "GO111MODULE": "off", "GOCACHE": str(ROOT / "client/go-cache"),
                      "GOFLAGS": "-p=2"})
    shows_both(host, program)
    demands_known_host(host, program)


def ansible_run(host, *words, argv=None):
    inventory = ROOT / "client/hosts"
    inventory.write_text(f"demo ansible_host=127.0.0.1 ansible_port={host.plain.port} ansible_user=deploy "
                         "ansible_python_interpreter=/usr/bin/python3\n")
    env = {"ANSIBLE_CONFIG": str(EXAMPLES / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1",
           "NITRO_SSH_SOURCE": harness.source(argv or sim())}
    return harness.run(["ansible", "-i", inventory, "demo", *words], env=host.env | env, seconds=120)


@test("Ansible: modules and files through nitro-ssh, one attestation for all; other code is unreachable")
def ansible(host):
    need("ansible")
    since = host.log.mark()
    done = ansible_run(host, "-m", "ping")
    equal(done.code, 0, done.text + done.messages)
    assert '"ping": "pong"' in done.text, done.text
    (ROOT / "client/file").write_text("carried by ansible\n")
    done = ansible_run(host, "-m", "copy", "-a", f"src={ROOT}/client/file dest=carried")
    equal(done.code, 0, done.text + done.messages)
    equal((ROOT / "home/deploy/carried").read_text(), "carried by ansible\n")
    equal([line["result"] for line in host.log.decisions(since)], ["allow"])
    for path in (ROOT / "home/root/.ansible/cp").iterdir():
        host.plain.ssh("deploy", args=["-o", f"ControlPath={path}", "-O", "exit"])
    since = host.log.mark()
    done = ansible_run(host, "-m", "ping", argv=sim(pcrs=harness.OTHER_CODE))
    assert done.code != 0 and "UNREACHABLE" in done.text, done.text
    assert {line["reason"] for line in host.log.decisions(since)} == {"pcr_mismatch"}


def play(host, measurements):
    """The fleet playbook on this host itself; what sshd's reload left behind tells whether it ran."""
    (ROOT / "client/reloaded").unlink(missing_ok=True)
    (ROOT / "client/measurements.conf").write_text(measurements, encoding="utf-8")
    done = harness.run(["ansible-playbook", "-i", "localhost,", "-c", "local", "-e", f"measurements={ROOT}/client/measurements.conf",
                        "-e", f"reload_sshd='touch {ROOT}/client/reloaded'", "-e", "ansible_python_interpreter=/usr/bin/python3",
                        "-e", "ansible_become=false", EXAMPLES / "fleet.yml"], env=host.env | {"ANSIBLE_NOCOLOR": "1"}, seconds=240)
    equal(sorted(path.name for path in pathlib.Path("/etc/pam_nitro").glob("*candidate*")), [], done.text)
    return done, (ROOT / "client/reloaded").exists()


@test("Ansible for a fleet: what check finds never counts or is taken back, and sshd is reloaded last")
def fleet(host):
    need("ansible")
    # As conf/ has it: check finds fault with a throw-away root.
    shutil.copyfile(harness.CONF / "aws-nitro-root.pem", "/etc/pam_nitro/aws-nitro-root.pem")
    host.settings(trust_anchors="/etc/pam_nitro/aws-nitro-root.pem")
    host.sshd_config()
    try:
        first = harness.MEASUREMENTS_TEXT.replace("    pcr7", f'    pcr12 = "{harness.pcr("command line")}";\n    pcr7')
        host.measurements(first)
        second = first.replace('"1.4.2"', '"1.4.3"')
        done, reloaded = play(host, second)
        equal((done.code, reloaded), (0, True), done.text + done.messages)
        equal(harness.MEASUREMENTS.read_text(encoding="utf-8"), second)
        done, reloaded = play(host, second.replace("pcr0", "pcr_0"))
        assert done.code != 0 and not reloaded, done.text
        assert "pcr_0" in done.text, done.text
        equal(harness.MEASUREMENTS.read_text(encoding="utf-8"), second, "before it counts")
        # What only the host shows: its stack does not ask.
        harness.PAM_FILE.write_text(harness.PAM_REST, encoding="utf-8")
        done, reloaded = play(host, first)
        assert done.code != 0 and not reloaded, done.text
        assert "Go no further" in done.text, done.text
        equal(harness.MEASUREMENTS.read_text(encoding="utf-8"), second, "taken back")
    finally:
        host.install()
        host.settings()
        host.measurements()


def main():
    if harness.needs() is None:
        prepare_libraries()
    return suite.main(prepare)


if __name__ == "__main__":
    raise SystemExit(main())
