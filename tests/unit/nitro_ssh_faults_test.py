#!/usr/bin/python3 -B
"""nitro-ssh where the kernel and the C library fail it: each place that calls them,
in each of the ways in which they may, once. It ends by itself and says what is
wrong; what it could not make is no answer; a key that is not its own never gets
one; and the folder with the ephemeral key is removed.

Speaks TAP. Programs are taken from $BUILD (build).
"""
import os
import platform
import shlex
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import nitro_ssh_nsm_test as nsm  # noqa: E402
import nitro_ssh_test as base  # noqa: E402
from failing_calls import FailingCalls  # noqa: E402
from nitro_ssh_test import Place, Skip, holds, same  # noqa: E402

LIBRARY = os.path.join(nsm.BUILD, "tests/fail_calls.so")
# Where these fail, what was made stays: nothing can be done about it.
LEAVES = {"unlinkat", "rmdir", "openat", "fdopendir", "readdir", "fcntl", "mkdtemp"}
STRANGE = "SHA256:" + "A" * 43
base.DEADLINE_S = 20
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def judge_answers(place, count, may_answer):
    for k in range(1, count + 1):
        if not place.has(f"status-{k}"):
            continue
        status, answer, error = (place.read(f"{name}-{k}") for name in ("status", "answer", "error"))
        # A build that counts lines has calls of its own.
        error = "".join(line for line in error.splitlines(True) if not line.startswith("LLVM Profile"))
        if status == "0\n":
            same(answer.count("\n"), 1)
            same(error, "")
        elif status == "1\n":
            same(error.count("\n"), 1)
        # ssh takes no answer of a program that failed, as one that could not flush it.
        holds(may_answer or answer == "", f"an answer for a key of others: {answer!r}")


def failing(make, act, prompts=0, may_answer=True, times=1, memory_times=1):
    """In a new place that make() gives, act(place, environment) is run; and again for each call."""
    if not os.path.exists(LIBRARY) or platform.machine() != "x86_64":
        raise Skip("needs tests/fail_calls.so, which is for x86-64")
    if "/asan" in nsm.BUILD:
        raise Skip("a sanitizer's runtime has to come first")
    with tempfile.TemporaryDirectory() as folder:
        calls = FailingCalls(LIBRARY, base.NITRO_SSH, folder, times, memory_times)
        wrong, tries = [], [("nothing fails", {})]
        for what, more in tries:
            with make() as place:
                try:
                    result = act(place, calls.environment(**more))
                except subprocess.TimeoutExpired:
                    wrong.append(f"{what}: stuck")
                    continue
                try:
                    holds(result.returncode in range(256), f"status {result.returncode}")
                    judge_answers(place, prompts, may_answer)
                    if what.split()[0] not in LEAVES:
                        place.nothing_left()
                except AssertionError as error:
                    wrong.append(f"{what}: {error}; {result.stderr!r}")
                if not more:
                    if not calls.names.exists():
                        raise Skip("this nitro-ssh is static: nothing can stand before its calls")
                    good = result.returncode
                    tries += calls.untried(0)
                elif result.returncode == 0:
                    same(good, 0)
        print(f"# {len(tries)} runs")
        holds(not wrong, "\n".join(wrong))


def log_in(place, environment, *words):
    return place.ssh(*words, "host", **environment)


def with_key(*lines):
    def make():
        place = Place(size=1200)
        key = place.key()
        place.ask(*[base.prompt(lines[0] if lines else key, k) for k in (1, 2)])
        return place
    return make


@test
def a_login_with_a_key():
    failing(with_key(), log_in, prompts=2, times=3, memory_times=200)


@test
def a_login_that_another_key_is_asked_of():
    failing(with_key(STRANGE), log_in, prompts=2, may_answer=False)


@test
def a_login_with_an_ephemeral_key():
    failing(lambda: Place(size=100), lambda place, env: log_in(place, env, "--ephemeral", "--vsock=3:22"),
            memory_times=200)


@test
def a_login_with_an_old_ssh():
    def make():
        place = with_key()()
        place.write("version", "OpenSSH_8.0p1, OpenSSL 1.1.1\n")
        return place
    failing(make, log_in, prompts=2)


@test
def a_login_with_a_key_of_the_agent():
    def act(place, environment):
        with base.agent(place, place.path("home/.ssh/id_ed25519")) as path:
            os.unlink(place.path("home/.ssh/id_ed25519"))
            return log_in(place, {**environment, "SSH_AUTH_SOCK": path})
    failing(with_key(), act, prompts=2)


@test
def what_ssh_does_alone():
    for words in (["-G", "host"], ["--help"], ["--version"], ["--vsock", "1:1"]):
        failing(lambda: Place(size=100), lambda place, env, words=words: place.ssh(*words, **env))


@test
def an_answer_from_the_device():
    if not os.access(nsm.SUPERVISOR, os.X_OK):
        raise Skip("no nsm-supervisor")

    def act(device, environment):
        with open(device.path("response"), "wb") as file:
            file.write(nsm.module.attestation(b"document"))
        device.env.update(environment)
        return device.run("answer", "--key", device.path("home/.ssh/id_ed25519"), f"{device.audience} part=1: ",
                          module_command=f"cat {shlex.quote(device.path('response'))}")
    failing(nsm.Device, act, times=3, memory_times=200)


if __name__ == "__main__":
    base.TESTS[:] = TESTS
    sys.exit(base.main())
