#!/usr/bin/python3 -B
"""sshd started in an environment that is hostile or strange: the verdicts are
the same, or there is none at all, and a clean sshd admits as before."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "sshd"))

import harness  # noqa: E402
from attempt import attempt, document  # noqa: E402
from crowd import prepare  # noqa: E402
from harness import BUILD, OTHER_CODE, ROOT, Skip, Trouble, sim  # noqa: E402
from tap import Suite, equal, one  # noqa: E402

EVIL_PROVIDER = BUILD / "tests/load/evil.so"
suite = Suite()
test = suite.test


def log_in(host, server, pcrs=None):
    """Whether a client gets in, and the reasons in the log."""
    since = host.log.mark()
    try:
        got_in = attempt(host, document(sim(pcrs=pcrs)), server=server).got_in
    except (OSError, EOFError, harness.paramiko().SSHException):
        got_in = False
    return got_in, [line["reason"] for line in host.log.decisions(since)]


def judges_as_ever(host, server):
    equal(log_in(host, server), (True, ["ok"]))
    equal(log_in(host, server, OTHER_CODE), (False, ["pcr_mismatch"]))


def admits_nobody(host, server):
    for pcrs in (None, OTHER_CODE):
        got_in, reasons = log_in(host, server, pcrs)
        assert not got_in, "GOT IN"
        assert "ok" not in reasons, reasons


@contextlib.contextmanager
def sshd(host, env):
    """A server in that environment, and then a good login at the clean one."""
    server = host.sshd(env=env)
    try:
        yield server
    finally:
        server.stop()
    since = host.log.mark()
    assert attempt(host, document(), server=host.roomy).got_in
    equal(one(host.log.decisions(since))["reason"], "ok")


def cannot_start(host, env):
    """Where sshd itself gives up, nobody gets in either."""
    try:
        host.sshd(env=env).stop()
    except Trouble as why:
        print(f"# {str(why).strip()}", flush=True)
        return True
    return False


def row(name, env, what=judges_as_ever):
    @test(f"{name}: {'the same verdicts' if what is judges_as_ever else 'nobody gets in'}")
    def one_row(host):
        variables = env() if callable(env) else env
        if what is admits_nobody and cannot_start(host, variables):
            return
        with sshd(host, variables) as server:
            what(host, server)


def conf(text):
    """OPENSSL_CONF with that text."""
    def env():
        path = ROOT / "hostile.cnf"
        path.write_text(text)
        return {"OPENSSL_CONF": str(path)}
    return env


def libraries(*names):
    """LD_LIBRARY_PATH to libraries that are others than their names say."""
    def env():
        folder = ROOT / "bogus"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name in names:
            shutil.copy(EVIL_PROVIDER, folder / name)
        return {"LD_LIBRARY_PATH": str(folder)}
    return env


def needed_by_module():
    """What the module wants of the loader and sshd itself does not have."""
    def names(path):
        said = subprocess.run(["ldd", path], stdout=subprocess.PIPE, text=True, check=True).stdout
        return {pathlib.Path(line.split()[0]).name for line in said.splitlines()}
    return sorted(name for name in names(BUILD / "pam_nitro.so") - names(harness.SSHD) if "cbor" in name or
                  "config" in name)


def locale(name, charmap):
    """A locale that the host need not have installed."""
    def env():
        if shutil.which("localedef") is None or not os.path.exists(f"/usr/share/i18n/locales/{name}"):
            raise Skip(f"needs localedef and its source of {name} (package locales)")
        folder = ROOT / "locale"
        folder.mkdir(exist_ok=True)
        subprocess.run(["localedef", "--no-archive", "-i", name, "-f", charmap, str(folder / f"{name}.{charmap}")],
                       stderr=subprocess.DEVNULL, check=False)
        assert (folder / f"{name}.{charmap}/LC_CTYPE").exists(), "localedef made none"
        return {"LOCPATH": str(folder), "LANG": f"{name}.{charmap}", "LC_ALL": f"{name}.{charmap}"}
    return env


# M17 M18
row("OPENSSL_CONF names no file", {"OPENSSL_CONF": "/nonexistent/openssl.cnf"})
row("OPENSSL_CONF is no text", {"OPENSSL_CONF": "/bin/true"})
row("OPENSSL_CONF is a device", {"OPENSSL_CONF": "/dev/null"})
row("OPENSSL_CONF names a provider that is missing", conf("""\
openssl_conf = init
[init]
providers = list
[list]
default = on
absent = absent
[on]
activate = 1
[absent]
module = /nonexistent/absent.so
activate = 1
"""))
row("OPENSSL_MODULES names no folder", {"OPENSSL_MODULES": "/nonexistent"})
row("OPENSSL_ENGINES names no folder", {"OPENSSL_ENGINES": "/nonexistent"})
row("OPENSSL_ia32cap without any feature", {"OPENSSL_ia32cap": "0x0:0x0"})

EVIL = f"""\
openssl_conf = init
[init]
providers = list
alg_section = algorithms
[list]
default = on
evil = evil
[on]
activate = 1
[evil]
module = {EVIL_PROVIDER}
activate = 1
[algorithms]
default_properties = ?provider=evil
"""


# M17
@test("OPENSSL_CONF brings an evil provider of SHA-384: it is loaded, and not asked")
def evil(host):
    env = conf(EVIL)()
    # Whoever trusts the default context gets zeros.
    said = subprocess.run(["openssl", "dgst", "-sha384"], input=b"x", stdout=subprocess.PIPE,
                          env=harness.environment() | env, check=True).stdout
    assert b"0" * 96 in said, said
    for trace in ("evil-loaded", "evil-used"):
        (ROOT / trace).unlink(missing_ok=True)
    with sshd(host, env) as server:
        judges_as_ever(host, server)
        assert (ROOT / "evil-loaded").exists(), "sshd has not loaded it"
        assert not (ROOT / "evil-used").exists(), "somebody has asked it for a digest"


# M18: sshd's own libcrypto may then do nothing at all.
row("OPENSSL_CONF demands FIPS algorithms that nobody has", conf("""\
openssl_conf = init
[init]
alg_section = algorithms
[algorithms]
default_properties = fips=yes
"""), admits_nobody)

# M04
row("LD_LIBRARY_PATH names no folder", {"LD_LIBRARY_PATH": "/nonexistent"})
row("LD_LIBRARY_PATH has libraries of the module's that are others",
    lambda: libraries(*needed_by_module())(), admits_nobody)

# L22
row("LC_ALL=tr_TR.UTF-8, where I is not the capital of i", locale("tr_TR", "UTF-8"))
row("LC_ALL=de_DE.ISO-8859-1, with a decimal comma", locale("de_DE", "ISO-8859-1"))
row("LC_ALL of a locale that nobody has", {"LC_ALL": "xx_XX.NONE", "LANG": "xx_XX.NONE", "LANGUAGE": "tr"})
row("TZ of the far side of the world", {"TZ": "Pacific/Kiritimati"})
row("TZ that is none", {"TZ": ":/dev/full"})
row("HOME and TMPDIR of nowhere", {"HOME": "/nonexistent", "TMPDIR": "/nonexistent"})
row("malloc fills what is freed", {"MALLOC_PERTURB_": "165", "GLIBC_TUNABLES": "glibc.malloc.perturb=165"})
row("every variable that nitro-ssh and pam-nitro read", {
    "NITRO_SSH_SOURCE": "exec:false", "NITRO_SSH_ASKPASS": "1", "SSH_ASKPASS": "/bin/false",
    "SSH_AUTH_INFO_0": "publickey ssh-ed25519 AAAA", "PAM_NITRO_WORKLOAD": "ledger"})


if __name__ == "__main__":
    raise SystemExit(suite.main(prepare))
