#!/usr/bin/python3
"""nitro-ssh as a whole: with an ssh that only writes down how it was started,
and with the stock ssh against a small server that asks as pam_nitro does.

Speaks TAP. The program is $BUILD/nitro-ssh (build/nitro-ssh).
"""
import base64
import contextlib
import hashlib
import io
import logging
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback

NITRO_SSH = os.path.abspath(os.path.join(os.environ.get("BUILD", "build"), "nitro-ssh"))
DEADLINE_S = 60

# The stand-in for ssh: answers -G and -V from files, else writes down its
# arguments and environment and then does what the file "script" says.
FAKE_SSH = r"""#!/bin/bash
here=%(here)s
case "$1" in
-G) [ -e $here/config ] || exit 255; cat $here/config; exit 0 ;;
-V) cat $here/version >&2; exit 0 ;;
esac
printf '%%s\n' "$@" >$here/argv
env >$here/env
ps -o sid= -p $$ >$here/sid
. $here/script
"""

# The stand-in for nitro-tpm-attest: one call, one document, each different.
FAKE_ATTEST = r"""#!/bin/bash
here=%(here)s
echo call >>$here/calls
echo "$*" >$here/attest-argv
while [ $# -gt 0 ]; do
	case "$1" in
	--nonce) cp "$2" $here/got-nonce ;;
	--user-data) cp "$2" $here/got-user-data ;;
	--public-key) cp "$2" $here/got-public-key ;;
	esac
	shift 2
done
head -c %(size)d /dev/urandom | tee $here/document
"""


def run(*words, **options):
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=DEADLINE_S, check=False, **options)


def keygen(path, *options):
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path, *options)
    return fingerprint(path + ".pub")


def blob_of(public_file):
    with open(public_file, encoding="ascii") as f:
        return base64.b64decode(f.read().split()[1])


def fingerprint_of(blob):
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def fingerprint(public_file):
    return fingerprint_of(blob_of(public_file))


def audience(key, nonce=bytes(range(32)), user="deploy"):
    text = base64.urlsafe_b64encode(nonce).decode().rstrip("=")
    return f"pam_nitro/1 nonce={text} key={key} host=host.example user={user}"


def prompt(key, part=1, **more):
    return f"(deploy@host) {audience(key, **more)} part={part}: "


class Place:
    """A home, a PATH with the stand-ins, and what they wrote down."""

    def __init__(self, size=4500):
        self.here = os.path.realpath(tempfile.mkdtemp(prefix="nitro-ssh-test-"))
        for name in ("bin", "tmp", "home", "home/.ssh"):
            os.mkdir(self.path(name), 0o700)
        self.program("bin/ssh", FAKE_SSH % {"here": self.here})
        self.program("bin/attest", FAKE_ATTEST % {"here": self.here, "size": size})
        self.config()
        self.write("version", "OpenSSH_9.2p1 Debian-2, OpenSSL 3.0\n")
        self.write("script", "exit 0\n")
        self.env = {"HOME": self.path("home"), "TMPDIR": self.path("tmp"),
                    "PATH": self.path("bin") + ":" + os.environ["PATH"],
                    "NITRO_SSH_SOURCE": "exec:attest"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.here)

    def path(self, name):
        return os.path.join(self.here, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)

    def read(self, name, mode="r"):
        with open(self.path(name), mode) as f:
            return f.read()

    def has(self, name):
        return os.path.lexists(self.path(name))

    def program(self, name, text):
        self.write(name, text)
        os.chmod(self.path(name), 0o755)

    def config(self, *lines, identity="~/.ssh/id_ed25519"):
        self.write("config", "\n".join(["host host", "user deploy", "hostname host.example",
                                        "port 22", "identitiesonly no",
                                        f"identityfile {identity}", *lines]) + "\n")

    def key(self, name="home/.ssh/id_ed25519", *options):
        return keygen(self.path(name), *options)

    def ssh(self, *words, **more):
        return run(NITRO_SSH, *words, env={**self.env, **more})

    def calls(self):
        return self.read("calls").count("call") if self.has("calls") else 0

    def argv(self):
        return self.read("argv").splitlines()

    def environment(self):
        return dict(line.split("=", 1) for line in self.read("env").splitlines() if "=" in line)

    def ask(self, *prompts):
        """Have the stand-in ask each prompt; its answers go to answer-1, ..."""
        script = ""
        for i, text in enumerate(prompts, 1):
            self.write(f"prompt-{i}", text)
            script += (f'"$SSH_ASKPASS" "$(cat {self.here}/prompt-{i}; echo x | tr -d x)" '
                       f">{self.here}/answer-{i} 2>{self.here}/error-{i}; "
                       f"echo $? >{self.here}/status-{i}\n")
        self.write("script", script)

    def refused(self, number, *words):
        """Nothing on standard output, status 1, one line that says these words."""
        error = self.read(f"error-{number}")
        same(self.read(f"status-{number}"), "1\n")
        same(self.read(f"answer-{number}"), "")
        same(error.count("\n"), 1)
        for word in words:
            holds(word in error, f"{word!r} in {error!r}")
        holds(all(" " <= c <= "~" for c in error[:-1]), f"printable: {error!r}")

    def nothing_left(self):
        same(os.listdir(self.path("tmp")), [])


class Skip(Exception):
    """This cannot be shown here; the text says why."""


def holds(condition, what):
    if not condition:
        raise AssertionError(what)


def same(actual, expected):
    holds(actual == expected, f"{actual!r:.500} is not {expected!r:.500}")


def error_line(result, *words):
    text = result.stderr.decode()
    same(text.count("\n"), 1)
    for word in words:
        holds(word in text, f"{word!r} in {text!r}")


TESTS = []


def test(function):
    TESTS.append(function)
    return function


# How ssh is started.

@test
def arguments_reach_ssh_untouched_behind_ours():
    with Place() as p:
        p.key()
        words = ["-x", "-oPermitLocalCommand=no", "-l", "user", "host", "echo 'a  b'", "-v"]
        same(p.ssh(*words).returncode, 0)
        argv = p.argv()
        same(argv[-len(words):], words)
        same(argv[:-len(words)],
             ["-oBatchMode=no", "-oKbdInteractiveAuthentication=yes",
              "-oNumberOfPasswordPrompts=1",
              "-oPreferredAuthentications=publickey,keyboard-interactive"])
        p.nothing_left()


@test
def through_a_vsock_ssh_gets_this_program_as_its_proxy():
    for words in (["--vsock", "3:8022", "host"], ["--vsock=3:8022", "--ephemeral", "host"]):
        with Place() as p:
            p.key()
            same(p.ssh(*words).returncode, 0)
            proxy, = [word for word in p.argv() if "ProxyCommand" in word]
            same(proxy, f"-oProxyCommand={p.environment()['SSH_ASKPASS']} --vsock 3:8022")
            same(p.argv()[-1], "host")


@test
def a_vsock_address_that_is_none_is_wrong_usage():
    for words in (["--vsock", "3", "host"], ["--vsock", "parent:22"], ["--vsock=", "host"]):
        with Place() as p:
            p.key()
            result = p.ssh(*words)
            same((result.returncode, result.stdout), (2, b""))
            error_line(result, "not CID:PORT")
            holds(not p.has("argv"), "ssh was not started")
    with Place() as p:
        same(p.ssh("--vsock").returncode, 2)


@test
def own_preferred_authentications_stay():
    with Place() as p:
        p.key()
        p.config("preferredauthentications gssapi-with-mic,keyboard-interactive")
        p.ssh("host")
        holds(not any("PreferredAuth" in word for word in p.argv()), p.argv())


@test
def exit_status_is_that_of_ssh():
    with Place() as p:
        p.key()
        p.write("script", "exit 7\n")
        same(p.ssh("host").returncode, 7)


@test
def exit_status_is_128_plus_signal_where_one_ended_ssh():
    with Place() as p:
        p.key()
        p.write("script", "kill -KILL $$\n")
        same(p.ssh("host").returncode, 128 + signal.SIGKILL)
        p.nothing_left()


@test
def exit_status_survives_an_ignored_sigchld():  # M12
    with Place() as p:
        p.key()
        p.write("script", "exit 7\n")
        same(run("/bin/bash", "-c", f"trap '' CHLD; {NITRO_SSH} host; exit $?",
                 env=p.env).returncode, 7)


@test
def ssh_of_today_is_forced_to_ask_and_keeps_its_session():
    with Place() as p:
        p.key()
        p.ssh("host")
        env = p.environment()
        same(env["SSH_ASKPASS_REQUIRE"], "force")
        same(os.path.basename(env["SSH_ASKPASS"]), "nitro-ssh-askpass")
        same(env["NITRO_SSH_SOURCE"], "exec:attest")
        holds("DISPLAY" not in env, "no DISPLAY")
        same(int(p.read("sid")), os.getsid(0))


@test
def ssh_before_8_4_gets_a_display_and_no_terminal():
    for version in ("OpenSSH_8.0p1, OpenSSL 1.1.1", "OpenSSH_8.3p1", "Other_9.9"):
        with Place() as p:
            p.key()
            p.write("version", version + "\n")
            p.ssh("host")
            same(p.environment()["DISPLAY"], "nitro-ssh:0")
            holds(int(p.read("sid")) != os.getsid(0), "a session of its own")
            p.ssh("host", DISPLAY=":7")
            same(p.environment()["DISPLAY"], ":7")


@test
def questions_to_ssh_need_no_nsm():
    for words in (["-V"], ["-G", "host"], ["-Q", "cipher"], ["-O", "check", "host"],
                  ["-v", "-p", "22", "host", "-G"]):
        with Place() as p:
            p.ssh(*words, NITRO_SSH_SOURCE="nsm:/nowhere/nsm")
            holds(not p.has("argv") or p.argv() == words, words)


@test
def arguments_that_ssh_refuses_are_left_to_ssh():
    with Place() as p:
        os.unlink(p.path("config"))
        p.write("script", "echo usage >&2; exit 255\n")
        result = p.ssh("-Z")
        same((result.returncode, result.stderr), (255, b"usage\n"))
        same(p.argv(), ["-Z"])


@test
def a_link_named_ssh_does_not_run_itself():
    with Place() as p:
        p.key()
        os.mkdir(p.path("first"))
        os.symlink(NITRO_SSH, p.path("first/ssh"))
        same(p.ssh("host", PATH=p.path("first") + ":" + p.env["PATH"]).returncode, 0)
        same(p.argv()[-1], "host")


def replaced_while_it_runs(mode, replace):
    """Has ssh asked after the program's file is gone; the status of the askpass program."""
    with Place() as p:
        key = p.key()
        copy = p.path("bin/nitro-ssh")
        shutil.copy(NITRO_SSH, copy)
        os.chmod(p.here, 0o755)
        os.chmod(copy, mode)
        p.ask(prompt(key))
        p.write("script", replace.format(copy=copy) + "\n" + p.read("script"))
        same(run(copy, "host", env=p.env).returncode, 0)
        return p.read("status-1").strip(), p.read("error-1")


@test
def an_upgrade_while_it_runs_does_no_harm():
    # As dpkg does it, between whose two steps the running program's own name differs.
    same(replaced_while_it_runs(0o755, "ln {copy} {copy}.dpkg-tmp && rm {copy}.dpkg-tmp &&"
                                " echo other >{copy}.dpkg-new && mv {copy}.dpkg-new {copy}"),
         ("0", ""))
    same(replaced_while_it_runs(0o755, "rm {copy}"), ("0", ""))


@test
def stopping_ssh_stops_nitro_ssh_until_it_is_continued():
    with Place() as p:
        p.key()
        p.write("script", "kill -STOP $$; exit 5\n")
        child = subprocess.Popen([NITRO_SSH, "host"], env=p.env)
        _, state = os.waitpid(child.pid, os.WUNTRACED)
        holds(os.WIFSTOPPED(state), "stopped")
        os.kill(child.pid, signal.SIGCONT)
        same(child.wait(DEADLINE_S), 5)


def heed_signals():
    """A runner in the background may ignore what is sent here."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@test
def signals_reach_ssh_and_the_folder_is_removed():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        with Place() as p:
            os.mkfifo(p.path("ready"))
            p.write("script", f"echo >{p.here}/ready; exec sleep {DEADLINE_S}\n")
            child = subprocess.Popen([NITRO_SSH, "host"], env=p.env, preexec_fn=heed_signals)
            p.read("ready")
            same(len(os.listdir(p.path("tmp"))), 1)
            child.send_signal(number)
            same(child.wait(DEADLINE_S), 128 + number)
            p.nothing_left()


# Without a source.

@test
def no_nsm_is_one_line_and_ssh_is_not_started():
    with Place() as p:
        result = p.ssh("host", NITRO_SSH_SOURCE="nsm:/nowhere/nsm")
        same(result.returncode, 255)
        error_line(result, "/nowhere/nsm is not there", "exec:nitro-tpm-attest")
        holds(not p.has("argv"), "ssh was not started")
        p.nothing_left()


@test
def no_command_is_one_line_and_ssh_is_not_started():
    with Place() as p:
        result = p.ssh("--source=exec:no-such-attest --x", "host")
        same(result.returncode, 255)
        error_line(result, "no command no-such-attest")
        holds(not p.has("argv"), "ssh was not started")


@test
def a_file_that_is_no_device_is_told_when_it_is_asked():
    with Place() as p:
        key = p.key()
        p.write("nsm", "")
        p.ask(prompt(key))
        p.ssh("--source", f"nsm:{p.here}/nsm", "host")
        p.refused(1, "is no NSM device")


@test
def a_source_of_another_form_is_refused():
    with Place() as p:
        for source in ("nsm:relative", "exec:", "tpm", "nsm:"):
            result = p.ssh("host", NITRO_SSH_SOURCE=source)
            same(result.returncode, 255)
            error_line(result, "is no document source")


@test
def wrong_usage_help_and_version():
    with Place() as p:
        same(p.ssh("--sauce=x", "host").returncode, 2)
        same(p.ssh("--source").returncode, 2)
        for word in ("--help", "--version"):
            result = p.ssh(word)
            same((result.returncode, result.stderr), (0, b""))
            holds(b"nitro-ssh" in result.stdout, result.stdout)


# Keys.

@test
def without_a_key_an_ephemeral_one_is_made_offered_and_removed():
    with Place() as p:
        p.write("script", "for o in \"$@\"; do case $o in -oIdentityFile=*) f=${o#*=};; esac; done\n"
                f"stat -c %a $f $(dirname $f) >{p.here}/modes; ssh-keygen -y -f $f >{p.here}/pub\n")
        same(p.ssh("host").returncode, 0)
        holds("-oIdentitiesOnly=yes" in p.argv(), p.argv())
        same(p.read("modes"), "600\n700\n")
        holds(p.read("pub").startswith("ssh-ed25519 "), p.read("pub"))
        p.nothing_left()


@test
def with_a_key_none_is_made_unless_asked_for():
    with Place() as p:
        p.key()
        p.ssh("host")
        holds(not any("IdentityFile" in word for word in p.argv()), p.argv())
        p.ssh("--ephemeral", "host")
        holds(any("IdentityFile" in word for word in p.argv()), p.argv())


@test
def a_key_behind_a_passphrase_is_not_held():
    with Place() as p:
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f",
            p.path("home/.ssh/id_ed25519"))
        p.ask(prompt(fingerprint(p.path("home/.ssh/id_ed25519.pub"))))
        p.ssh("host")
        holds("-oIdentitiesOnly=yes" in p.argv(), "ephemeral")
        p.refused(1, "none of this client's own")
        same(p.calls(), 0)


@test
def a_public_file_alone_is_not_held():
    with Place() as p:
        key = p.key()
        os.unlink(p.path("home/.ssh/id_ed25519"))
        p.ask(prompt(key))
        p.ssh("host")
        p.refused(1, "none of this client's own")


@contextlib.contextmanager
def agent(place, *keys):
    path = place.path("agent")
    child = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.PIPE)
    try:
        child.stdout.readline()
        for key in keys:
            run("ssh-add", "-q", key, env={**place.env, "SSH_AUTH_SOCK": path})
        yield path
    finally:
        child.terminate()
        child.wait()
        child.stdout.close()


@test
def keys_of_the_agent_are_held():
    with Place() as p:
        key = p.key("other")
        p.ask(prompt(key))
        with agent(p, p.path("other")) as path:
            p.ssh("host", SSH_AUTH_SOCK=path)
            same(p.read("status-1"), "0\n")
            same(p.read("got-public-key", "rb"), blob_of(p.path("other.pub")))
            holds("-oIdentitiesOnly=yes" not in p.argv(), "no ephemeral key")
            p.config(f"identityagent {path}")
            p.ssh("host")
            same(p.read("status-1"), "0\n")
            p.config("identityagent none")
            p.ssh("host", SSH_AUTH_SOCK=path)
            p.refused(1, "none of this client's own")


@test
def with_identities_only_the_agent_counts_for_named_files_alone():
    with Place() as p:
        key = p.key("other")
        p.ask(prompt(key))
        with agent(p, p.path("other")) as path:
            os.unlink(p.path("other"))
            p.config("identitiesonly yes")
            p.write("config", p.read("config").replace("identitiesonly no\n", ""))
            p.ssh("host", SSH_AUTH_SOCK=path)
            p.refused(1, "none of this client's own")
            p.config("identitiesonly yes", f"identityfile {p.here}/other")
            p.write("config", p.read("config").replace("identitiesonly no\n", ""))
            p.ssh("host", SSH_AUTH_SOCK=path)
            same(p.read("status-1"), "0\n")


@test
def of_a_certificate_the_plain_key_is_attested():
    with Place() as p:
        key = p.key("cert")
        keygen(p.path("ca"))
        run("ssh-keygen", "-q", "-s", p.path("ca"), "-I", "id", p.path("cert.pub"))
        p.ask(prompt(key))
        with agent(p, p.path("cert")) as path:
            run("ssh-add", "-q", "-d", p.path("cert.pub"), env={**p.env, "SSH_AUTH_SOCK": path})
            run("ssh-add", "-q", p.path("cert"), env={**p.env, "SSH_AUTH_SOCK": path})
            p.ssh("host", SSH_AUTH_SOCK=path)
        same(p.read("status-1"), "0\n")
        same(p.read("got-public-key", "rb"), blob_of(p.path("cert.pub")))


@test
def tokens_in_identity_files_are_expanded():
    with Place() as p:
        key = p.key("home/deploy-host.example")
        for name in ("~/%r-%h", "%d/%r-%h", "${HOME}/%r-%h"):
            p.config(identity=name)
            p.ask(prompt(key))
            p.ssh("host")
            same(p.read("status-1"), "0\n")


# Answers.

def joined(answers):
    """The base64 text of parts, each checked as the protocol has them."""
    text = ""
    for k, line in enumerate(answers, 1):
        match = re.fullmatch(r"(\d+)/(\d+)/(\d+):(.*)\n", line)
        holds(match, line)
        same((int(match[1]), int(match[2]), int(match[3])), (k, len(answers), len(match[4])))
        text += match[4]
    lengths = [len(line) - 1 for line in answers]
    holds(len(set(lengths[:-1])) == 1 and 900 < lengths[0] <= 1000, lengths)
    holds(lengths[-1] < lengths[0], lengths)
    return text


@test
def parts_of_several_processes_are_one_document():
    with Place() as p:
        key = p.key()
        count = len(base64.b64encode(bytes(4500))) // 1000 + 1
        p.ask(*[prompt(key, k) for k in range(1, count + 1)])
        p.write("script", p.read("script") + f"ls -1 $(dirname $SSH_ASKPASS) >{p.here}/left\n")
        p.ssh("host")
        answers = [p.read(f"answer-{k}") for k in range(1, count + 1)]
        same(base64.b64decode(joined(answers), validate=True), p.read("document", "rb"))
        same(p.calls(), 1)
        same(p.read("got-nonce", "rb"), bytes(range(32)))
        same(p.read("got-user-data"), audience(key))
        same(p.read("got-public-key", "rb"), blob_of(p.path("home/.ssh/id_ed25519.pub")))
        same(p.read("left").split(), ["keys", "nitro-ssh-askpass"])


@test
def a_short_document_is_one_piece():
    with Place(size=300) as p:
        key = p.key()
        p.ask(prompt(key))
        p.ssh("host")
        same(base64.b64decode(p.read("answer-1").rstrip("\n")), p.read("document", "rb"))


@test
def two_challenges_in_turn_are_two_documents():
    with Place(size=300) as p:
        key = p.key()
        p.ask(prompt(key), prompt(key, nonce=bytes(32)))
        p.ssh("host")
        same(p.calls(), 2)
        holds(p.read("answer-1") != p.read("answer-2"), "different")


@test
def the_same_nonce_with_other_words_gets_no_part_of_the_first_document():
    with Place() as p:
        key = p.key()
        p.ask(prompt(key), prompt(key, 2, user="root"))
        p.ssh("host")
        same(p.read("status-1"), "0\n")
        p.refused(2, "part 1 it never asked for")


@test
def without_binding_the_document_has_no_key():
    with Place(size=300) as p:
        p.key()
        p.ask(prompt("-"))
        p.ssh("host")
        same(p.read("status-1"), "0\n")
        holds(not p.has("got-public-key"), "no key")
        holds("--public-key" not in p.read("attest-argv"), p.read("attest-argv"))


@test
def the_ephemeral_key_is_the_one_attested():
    with Place(size=300) as p:
        p.ask("x")
        p.write("script", "for o in \"$@\"; do case $o in -oIdentityFile=*) f=${o#*=};; esac; done\n"
                f"cp $f.pub {p.here}/pub; k=$(ssh-keygen -l -f $f | cut -d' ' -f2)\n"
                f"\"$SSH_ASKPASS\" \"{prompt('$k')}\" >{p.here}/answer-1\n")
        same(p.ssh("host").returncode, 0)
        same(p.read("got-public-key", "rb"), blob_of(p.path("pub")))


@test
def a_key_learnt_from_the_prompt_is_never_attested():
    with Place() as p:
        p.key()
        p.ask(prompt(p.key("stranger")))
        p.ssh("host")
        p.refused(1, "none of this client's own", "relaying")
        same(p.calls(), 0)


@test
def foreign_prompts_are_refused_with_what_to_do():
    with Place() as p:
        key = p.key()
        good = prompt(key)
        cases = [
            ("The authenticity of host 'h (1.2.3.4)' can't be established.\nED25519 key "
             "fingerprint is SHA256:x.\nAre you sure you want to continue connecting "
             "(yes/no/[fingerprint])? ", "known_hosts"),
            ("Enter passphrase for key '/root/.ssh/id_rsa': ", "ssh-add"),
            ("(deploy@host) Password: ", "AuthenticationMethods"),
            ("Enter PIN for ED25519-SK key: ", "PIN"),
            ("\x1b]0;gotcha\x07Verification code: ", "nothing but pam_nitro"),
            (good + good, "not one challenge"),
            (good + "and your password", "not one challenge"),
            (good.replace("pam_nitro/1", "pam_nitro/2"), "not one challenge"),
            (good.replace("part=1", "part=33"), "not one challenge"),
            (good.replace("host=host.example", "host=a%b"), "not one challenge"),
        ]
        p.ask(*[text for text, _ in cases])
        p.ssh("host")
        for i, (_, words) in enumerate(cases, 1):
            p.refused(i, "not answered", words)
        same(p.calls(), 0)


@test
def a_later_part_without_the_first_is_refused():
    with Place() as p:
        p.ask(prompt(p.key(), 2))
        p.ssh("host")
        p.refused(1, "part 1 it never asked for")
        same(p.calls(), 0)


@test
def a_part_behind_the_last_is_refused():
    with Place() as p:
        key = p.key()
        p.ask(prompt(key), prompt(key, 32), prompt(key, 2))
        p.ssh("host")
        p.refused(2, "part 32 of")
        p.refused(3, "part 1 it never asked for")


@test
def failures_of_the_command_are_told():
    cases = [("exit 3", "ended with status 3"), ("echo no tpm >&2; exit 1", "no tpm"),
             ("exit 0", "wrote nothing"), ("head -c 16385 /dev/zero", "more than 16384 bytes"),
             ("kill -SEGV $$", "status 139")]
    for script, words in cases:
        with Place() as p:
            p.ask(prompt(p.key()))
            p.program("bin/attest", f"#!/bin/bash\n{script}\n")
            p.ssh("host")
            p.refused(1, "exec:attest", words)
            p.nothing_left()


@test
def a_document_of_the_largest_size_is_answered():
    with Place(size=16384) as p:
        key = p.key()
        p.ask(*[prompt(key, k) for k in range(1, 24)])
        p.ssh("host")
        answers = [p.read(f"answer-{k}") for k in range(1, 24)]
        answers = [line for line in answers if line]
        same(base64.b64decode(joined(answers)), p.read("document", "rb"))


@test
def a_notice_of_ssh_is_shown_and_not_answered():
    with Place() as p:
        p.key()
        p.ask("Confirm user presence for key ED25519-SK")
        p.write("script", "export SSH_ASKPASS_PROMPT=none\n" + p.read("script"))
        p.ssh("host")
        same((p.read("status-1"), p.read("answer-1")), ("0\n", ""))
        holds("Confirm user presence" in p.read("error-1"), p.read("error-1"))


@test
def the_askpass_name_works_in_a_private_folder_alone():
    with Place() as p:
        key = p.key()
        os.mkdir(p.path("open"), 0o755)
        os.symlink(NITRO_SSH, p.path("open/nitro-ssh-askpass"))
        p.write("open/keys", f"{key} {base64.b64encode(b'x').decode()}\n")
        result = run(p.path("open/nitro-ssh-askpass"), prompt(key), env=p.env)
        same((result.returncode, result.stdout), (1, b""))
        error_line(result, "open to others")


@test
def the_askpass_name_alone_is_no_program():
    with Place() as p:
        os.symlink(NITRO_SSH, p.path("bin/nitro-ssh-askpass"))
        result = run("nitro-ssh-askpass", "Password: ", env=p.env, executable=p.path("bin/nitro-ssh-askpass"))
        same((result.returncode, result.stdout), (1, b""))
        error_line(result, "for ssh's use only")


@test
def what_is_done_is_told_where_that_is_asked_for():
    for value, is_told in (("1", True), ("0", False), ("", False)):
        with Place() as p:
            key = p.key()
            result = p.ssh("answer", prompt(key), NITRO_SSH_DEBUG=value)
            same(result.returncode, 0)
            same(b"own key of" in result.stderr, is_told)


@test
def a_prompt_of_another_kind_is_shown_to_nobody():
    with Place() as p:
        p.key()
        p.ask("Enter it")
        p.write("script", "export SSH_ASKPASS_PROMPT=confirm\n" + p.read("script"))
        p.ssh("host")
        p.refused(1)


# nitro-ssh answer

# The stand-in for ssh-keygen: prints what the test says.
FAKE_KEYGEN = r"""#!/bin/bash
here=%(here)s
case "$*" in
*-y*) cat $here/public ;;
*-l*) cat $here/print ;;
esac
"""


@test
def a_key_that_ssh_keygen_does_not_show_is_not_held():
    with Place() as p:
        key = p.key()
        public = p.read("home/.ssh/id_ed25519.pub")
        kind, text = public.split()[:2]
        line = f"256 {key} comment (ED25519)\n"
        p.program("bin/ssh-keygen", FAKE_KEYGEN % {"here": p.here})
        good = [(public, line), (f"{kind} {text}", line), (f"{kind} {text}\r\nmore\n", line), (public, line[:-1])]
        bad = [("", line), ("\n", line), (kind + "\n", line), (f"ssh-rsa {text}\n", line), (f"{kind} {text[:-9]}\n", line),
               (f"{kind} !{text[1:]}\n", line), (public, ""), (public, "256\n"), (public, f"256 {key}\n"),
               (public, f"256 {key}x c (X)\n"), (public, line.replace("SHA256:", "SHA512:")),
               (public, line.replace("256 ", ""))]
        for rows, status in ((good, 0), (bad, 1)):
            for shown, print_line in rows:
                p.write("public", shown)
                p.write("print", print_line)
                result = p.ssh("answer", prompt(key))
                same((shown, print_line, result.returncode), (shown, print_line, status))
                same(result.stdout == b"", status == 1)


@test
def an_environment_with_little_in_it_will_do():
    with Place() as p:
        key = p.key()
        same(p.ssh("host", NITRO_SSH_PROGRAM="").returncode, 0)
        same(p.ssh("host", PATH=f":{'x' * 5000}:/nowhere:" + p.env["PATH"]).returncode, 0)
        empty = {name: p.env[name] for name in ("NITRO_SSH_SOURCE", "TMPDIR")}
        result = run(NITRO_SSH, "host", env={**empty, "PATH": "/nowhere"})
        same((result.returncode, result.stdout), (255, b""))
        error_line(result, "no ssh in PATH")
        # Without a home there are no default keys.
        result = run(NITRO_SSH, "answer", prompt(key), env={**empty, "PATH": p.env["PATH"]})
        same((result.returncode, result.stdout), (1, b""))
        same(p.ssh("--", "host").returncode, 0)


@test
def answer_prints_one_piece_for_the_default_keys():
    with Place() as p:
        key = p.key()
        result = p.ssh("answer", prompt(key))
        same((result.returncode, result.stderr), (0, b""))
        same(base64.b64decode(result.stdout.rstrip(b"\n"), validate=True),
             p.read("document", "rb"))
        same(p.read("got-public-key", "rb"), blob_of(p.path("home/.ssh/id_ed25519.pub")))
        p.nothing_left()


@test
def answer_takes_named_keys_alone_where_some_are_named():
    with Place() as p:
        default, named = p.key(), p.key("named")
        for name in ("named", "named.pub"):
            same(p.ssh("answer", "--key", p.path(name), prompt(named)).returncode, 0)
        result = p.ssh("answer", "--key", p.path("named"), prompt(default))
        same((result.returncode, result.stdout), (1, b""))
        os.unlink(p.path("named"))
        result = p.ssh("answer", "--key", p.path("named.pub"), prompt(named))
        same((result.returncode, result.stdout), (1, b""))
        error_line(result, "no private key")
        with agent(p) as path:
            p.key("held")
            run("ssh-add", "-q", p.path("held"), env={**p.env, "SSH_AUTH_SOCK": path})
            os.unlink(p.path("held"))
            same(p.ssh("answer", "--key", p.path("held.pub"),
                       prompt(fingerprint(p.path("held.pub"))), SSH_AUTH_SOCK=path).returncode, 0)


@test
def answer_refuses_what_it_cannot_answer():
    with Place() as p:
        key = p.key()
        for words, status in ((["Password: "], 1), ([prompt(key, 2)], 1), ([], 2),
                              (["--key"], 2), (["a", "b"], 2)):
            result = p.ssh("answer", *words)
            same((result.returncode, result.stdout), (status, b""))
            error_line(result)
        same(p.calls(), 0)


# The stock ssh, against a server that asks like pam_nitro.

class Server:
    """One connection: publickey, then a challenge in parts, then a command."""

    def __init__(self, place):
        import paramiko
        self.paramiko = paramiko
        self.nonce = os.urandom(32)
        self.key = None
        self.answers = []
        self.has_terminal = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.host_key = paramiko.RSAKey.generate(2048)
        place.write("known_hosts", f"[127.0.0.1]:{self.port} ssh-rsa {self.host_key.get_base64()}\n")
        logging.getLogger("paramiko").setLevel(logging.CRITICAL)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def audience(self):
        return audience(fingerprint_of(self.key.asbytes()), nonce=self.nonce)

    def serve(self):
        connection, _ = self.listener.accept()
        outer, paramiko = self, self.paramiko

        class Interface(paramiko.ServerInterface):
            def get_allowed_auths(self, username):
                return "publickey" if outer.key is None else "keyboard-interactive"

            def check_auth_publickey(self, username, key):
                outer.key = key
                return paramiko.AUTH_PARTIALLY_SUCCESSFUL

            def ask(self):
                text = f"{outer.audience()} part={len(outer.answers) + 1}: "
                return paramiko.InteractiveQuery("", "", (text, True))

            def check_auth_interactive(self, username, submethods):
                return self.ask()

            def check_auth_interactive_response(self, responses):
                outer.answers.append(responses[0])
                if len(outer.answers) < int(responses[0].split("/")[1]):
                    return self.ask()
                return paramiko.AUTH_SUCCESSFUL

            def check_channel_request(self, kind, chanid):
                return paramiko.OPEN_SUCCEEDED

            def check_channel_pty_request(self, *_):
                outer.has_terminal = True
                return True

            def check_channel_exec_request(self, channel, command):
                self.channel, self.command = channel, command
                self.asked.set()
                return True

        interface = Interface()
        interface.asked = threading.Event()
        transport = paramiko.Transport(connection)
        transport.add_server_key(self.host_key)
        try:
            transport.start_server(server=interface)
        except (paramiko.SSHException, EOFError):
            return  # the client did not like the host key
        if interface.asked.wait(DEADLINE_S):
            interface.channel.sendall(b"ran " + interface.command)
            interface.channel.send_exit_status(9)
            interface.channel.close()
        transport.join(DEADLINE_S)

    def close(self):
        self.listener.close()
        self.thread.join(DEADLINE_S)


def run_on_terminal(words, env):
    """Run with a controlling terminal; what it shows is the standard output."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(words[0], words, env)
    shown = b""
    with contextlib.suppress(OSError):  # EIO at its end
        while chunk := os.read(terminal, 4096):
            shown += chunk
    os.close(terminal)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return subprocess.CompletedProcess(words, status, shown, b"")


def log_in(place, *words, terminal=False, known_hosts=None, **more):
    server = Server(place)
    os.unlink(place.path("bin/ssh"))
    words = ["-F", "none", "-o", f"UserKnownHostsFile={known_hosts or place.path('known_hosts')}",
             "-o", "GlobalKnownHostsFile=none", "-p", str(server.port), *words,
             "deploy@127.0.0.1", "some command"]
    if terminal:
        result = run_on_terminal([NITRO_SSH, *words], {**place.env, **more})
    else:
        result = place.ssh(*words, **more)
    server.close()
    return server, result


def check_login(place, server, result):
    same((result.returncode, result.stdout), (9, b"ran some command"))
    text = "".join(answer.split(":", 1)[1] for answer in server.answers)
    holds(len(server.answers) <= 8, len(server.answers))
    same(base64.b64decode(text, validate=True), place.read("document", "rb"))
    same(place.read("got-nonce", "rb"), server.nonce)
    same(place.read("got-user-data"), server.audience())
    same(place.read("got-public-key", "rb"), server.key.asbytes())
    same(place.calls(), 1)
    place.nothing_left()


@test
def the_stock_ssh_logs_in_with_an_ephemeral_key():
    with Place() as p:
        check_login(p, *log_in(p))


@test
def the_stock_ssh_logs_in_with_a_named_key_and_batch_mode():
    with Place(size=5300) as p:
        p.key("named")
        server, result = log_in(p, "-i", p.path("named"), "-o", "BatchMode=yes")
        check_login(p, server, result)
        same(fingerprint_of(server.key.asbytes()), fingerprint(p.path("named.pub")))


OLD_SSH = r"""#!/bin/bash
[ "$1" = -V ] && { echo "OpenSSH_8.3p1, OpenSSL 1.1.1" >&2; exit 0; }
unset SSH_ASKPASS_REQUIRE # 8.3 does not know it
exec %s "$@"
"""


@test
def a_terminal_is_not_asked_by_ssh_of_today_nor_by_an_old_one():
    for is_old in (False, True):
        with Place() as p:
            more = {}
            if is_old:
                p.program("old-ssh", OLD_SSH % shutil.which("ssh"))
                more["NITRO_SSH_PROGRAM"] = p.path("old-ssh")
            server, result = log_in(p, "-t", terminal=True, **more)
            holds(b"ran some command" in result.stdout, result.stdout)
            holds(b"pam_nitro/1" not in result.stdout, result.stdout)
            result.stdout = b"ran some command"
            check_login(p, server, result)
            holds(server.has_terminal, "a terminal was asked for")


@test
def an_unknown_host_key_fails_with_advice():
    with Place() as p:
        server, result = log_in(p, known_hosts="/dev/null")
        same((result.returncode, server.answers, p.calls()), (255, [], 0))
        holds(b"add it to known_hosts first" in result.stderr, result.stderr)
        p.nothing_left()


def main():
    if not os.access(NITRO_SSH, os.X_OK):
        print(f"not ok 1 - {NITRO_SSH} is not there")
        return 1
    wanted = sys.argv[1:]
    tests = [t for t in TESTS if not wanted or t.__name__ in wanted]
    failed = 0
    print(f"1..{len(tests)}")
    for i, function in enumerate(tests, 1):
        name = function.__name__.replace("_", " ")
        try:
            function()
            print(f"ok {i} - {name}", flush=True)
        except ModuleNotFoundError as missing:
            print(f"ok {i} - {name} # SKIP no python module {missing.name}", flush=True)
        except Skip as why:
            print(f"ok {i} - {name} # SKIP {why}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            text = io.StringIO()
            traceback.print_exc(file=text)
            print(f"not ok {i} - {name}")
            print("".join(f"# {line}\n" for line in text.getvalue().splitlines()), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
