#!/usr/bin/python3 -B
"""What a stranger can learn by asking: 1,000 tries each for a user that a rule
lists, one that none lists, and one that does not exist, with a genuine document
and with a bad one, in random order, three at a time over loopback.

Compared are the prompts, the texts, and two times that the client sees: from its
request to the challenge, and from its answer to the refusal. sshd asks for
keyboard-interactive alone here and the stack is pam_nitro alone: with
publickey in front, a user that does not exist never comes to PAM. The same is
done with pam_unix in its place, for what sshd itself betrays.

ORACLE_TRIES is how many (1000), ORACLE_BASELINE for pam_unix (200).
"""

import collections
import concurrent.futures
import contextlib
import os
import pathlib
import random
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "sshd"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import harness  # noqa: E402
from attempt import SENTENCE  # noqa: E402
from documents import Documents  # noqa: E402
from harness import BUILD, PAM_FILE, Prompt  # noqa: E402
from tap import Suite, equal  # noqa: E402
from welch import Sample, welch_t  # noqa: E402

suite = Suite()
test = suite.test

TRIES = int(os.environ.get("ORACLE_TRIES") or 1000)
BASELINE = int(os.environ.get("ORACLE_BASELINE") or 200)
STREAMS = 3
T_MOST = 4.5
T_NOISE = 3
DIFFERENCE_MS = 1.0
LISTED, UNLISTED, ABSENT = "deploy", "stray", "nobody-here"

ALONE = """\
auth     required  {module}
account  required  {module}
session  required  pam_permit.so
"""
UNIX = """\
auth     required  pam_unix.so nodelay
account  required  pam_unix.so
session  required  pam_permit.so
"""
OPEN = "Match all\n\tAuthenticationMethods keyboard-interactive:pam\n\tKbdInteractiveAuthentication yes\n"


class Stranger:
    """One connection, timed."""

    def __init__(self, server):
        self.client = harness.Library(server)
        self.asked = self.challenged = self.answered = self.told = None

    def attempt(self, user, reply):
        """reply(text) answers; whether the client got in."""
        transport = self.client.transport

        def handler(title, instructions, prompts):
            now = time.perf_counter()
            self.client.infos += [text for text in (title, instructions) if text]
            self.client.prompts += [text for text, _ in prompts]
            if not prompts:
                return []
            self.challenged = self.challenged or now
            lines = [reply(text) for text, _ in prompts]
            self.answered = time.perf_counter()
            return lines
        library = harness.paramiko()
        try:
            transport.auth_none(user)
        except library.BadAuthenticationType:
            pass
        self.asked = time.perf_counter()
        try:
            return transport.auth_interactive(user, handler) == []
        except library.AuthenticationException:
            return False
        finally:
            self.told = time.perf_counter()
            transport.close()

    @property
    def shape(self):
        """All that it read, but for what is new each time and for its own name."""
        text = "\n".join([f"{len(self.client.prompts)} prompts", *self.client.prompts, *self.client.infos])
        text = re.sub(r"nonce=\S+", "nonce=", re.sub(r"reference [0-9a-f]{8}", "reference ........", text))
        return re.sub(r"user=\S+", "user=", text).strip()


class Trial:
    """What all tries of one kind have shown."""

    def __init__(self):
        self.challenge_ms, self.refusal_ms = [], []
        self.shapes, self.outcomes = collections.Counter(), collections.Counter()

    def add(self, stranger, got_in):
        self.challenge_ms.append((stranger.challenged - stranger.asked) * 1000)
        self.refusal_ms.append((stranger.told - stranger.answered) * 1000)
        self.shapes[stranger.shape] += 1
        self.outcomes[got_in] += 1


def run(server, kinds, tries):
    """kinds: {name: (user, reply)}; each that often, in random order."""
    trials = {name: Trial() for name in kinds}
    order = [name for name in kinds for _ in range(tries)]
    random.shuffle(order)

    def one_try(name):
        user, reply = kinds[name]
        stranger = Stranger(server)
        trials[name].add(stranger, stranger.attempt(user, reply))
    # A refusal is mostly waiting, so some strangers may come at a time.
    with concurrent.futures.ThreadPoolExecutor(STREAMS) as pool:
        for _ in pool.map(one_try, order):
            pass
    return trials


def must_not_differ(trials, first, second, what):
    """|t| and the difference of the means within the goal."""
    values = [Sample(getattr(trials[name], what)) for name in (first, second)]
    t, difference = welch_t(*values), values[0].mean - values[1].mean
    print(f"# {what}: {first} against {second}: t {t:+.2f}, means {difference:+.3f} ms, "
          f"medians {values[0].median - values[1].median:+.3f} ms", flush=True)
    # Of a busy machine a millisecond may be noise: not where t says that it is.
    return abs(t) < T_MOST and (abs(difference) < DIFFERENCE_MS or abs(t) < T_NOISE)


def prepare(host):
    # Client and server alike; what else runs here is not the question.
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -15)
    host.settings(binding="none")
    host.plain = host.sshd()
    host.bare = host.sshd(f"MaxStartups 1000\n{OPEN}")


def alone(host):
    module = f"{BUILD}/pam_nitro.so"
    PAM_FILE.write_text(ALONE.format(module=module))


def replies():
    documents = Documents()
    other = Documents(pcrs=harness.OTHER_CODE)

    def genuine(text):
        return documents.answer(Prompt(text), None)

    # The dearest refusal: genuine, and of other code.
    def other_code(text):
        return other.answer(Prompt(text), None)
    return genuine, other_code


def measure(host):
    genuine, other_code = replies()
    kinds = {
        "listed, bad": (LISTED, other_code), "unlisted, bad": (UNLISTED, other_code), "absent, bad": (ABSENT, other_code),
        "listed, junk": (LISTED, lambda text: "x"), "unlisted, junk": (UNLISTED, lambda text: "x"),
        "absent, junk": (ABSENT, lambda text: "x"),
        "unlisted, good": (UNLISTED, genuine), "absent, good": (ABSENT, genuine),
    }
    alone(host)
    since = host.log.mark()
    begin = time.monotonic()
    host.trials = run(host.bare, kinds, TRIES)
    host.seconds = time.monotonic() - begin
    return since


# O07 T20
@test(f"{TRIES} tries of each kind: all refused, each with its reason in the log")
def refused_all(host):
    since = measure(host)
    reasons = collections.Counter((line["user"], line["reason"]) for line in host.log.decisions(since))
    print(f"# {len(host.trials) * TRIES} logins in {host.seconds:.0f} s, load {os.getloadavg()[0]:.1f}", flush=True)
    for name, trial in host.trials.items():
        print(f"# {name}: to the challenge {Sample(trial.challenge_ms)}", flush=True)
        print(f"# {name}: to the refusal {Sample(trial.refusal_ms)}", flush=True)
        equal(trial.outcomes, {False: TRIES}, name)
    equal(reasons, {(LISTED, "pcr_mismatch"): TRIES, (LISTED, "base64_invalid"): TRIES,
                    (UNLISTED, "user_not_listed"): 2 * TRIES, (UNLISTED, "base64_invalid"): TRIES,
                    (ABSENT, "user_masked_by_sshd"): 3 * TRIES})


# O06 T20
@test("the same prompts and the same texts for all of them")
def same_texts(host):
    shapes = collections.Counter()
    for trial in host.trials.values():
        shapes += trial.shapes
    equal(len(shapes), 1, shapes)
    (shape,) = shapes
    assert shape.startswith("1 prompts\n") and shape.endswith(SENTENCE), shape


def compare(what, name):
    pairs = [("listed, bad", "unlisted, bad"), ("listed, bad", "absent, bad"), ("unlisted, bad", "absent, bad"),
             ("listed, junk", "unlisted, junk"), ("listed, junk", "absent, junk"), ("unlisted, good", "absent, good")]

    @test(f"{name}: |t| < {T_MOST}, means within {DIFFERENCE_MS:g} ms")
    def differs(host):
        failed = [pair for pair in pairs if not must_not_differ(host.trials, *pair, what)]
        equal(failed, [])


# O07
compare("refusal_ms", "from the answer to the refusal")
compare("challenge_ms", "from the request to the challenge")


def next_methods(server, user, key):
    """What sshd wants after a publickey attempt; None where it took no key."""
    with harness.Library(server) as client:
        try:
            return client.publickey(user, key)
        except harness.paramiko().AuthenticationException:
            return None


# By sshd's configuration, before PAM: SECURITY.md says so.
@test("publickey by a key that nobody enrolled: AuthorizedKeysCommand tells listed users apart, without it nobody is")
def publickey(host):
    host.settings()
    host.install()
    key = harness.make_key("stranger")
    enrolled = host.sshd("Match Group nitro-workloads\n\tAuthorizedKeysCommand none\n")
    users = (LISTED, UNLISTED, ABSENT)
    equal([next_methods(host.plain, user, key) for user in users], [["keyboard-interactive"], None, None])
    equal([next_methods(enrolled, user, key) for user in users], [None, None, None])
    host.settings(binding="none")


# The instrument sees what there is to see: whoever is let in need not wait.
@test("control: a login that is admitted is told apart in the same way")
def control(host):
    genuine, _ = replies()
    alone(host)
    trials = run(host.bare, {"admitted": (LISTED, genuine), "refused": (UNLISTED, genuine)}, max(TRIES // 10, 50))
    equal(trials["admitted"].outcomes[False], 0)
    assert not must_not_differ(trials, "admitted", "refused", "refusal_ms")


# For the reader: figures of sshd with pam_unix, judged by nobody.
@test(f"baseline: {BASELINE} tries with pam_unix, for an account with a password and for none")
def baseline(host):
    PAM_FILE.write_text(UNIX)
    trials = run(host.bare, {"exists": ("alice", lambda text: "x"), "absent": (ABSENT, lambda text: "x")}, BASELINE)
    for trial in trials.values():
        equal(trial.outcomes, {False: BASELINE})
    for what in ("challenge_ms", "refusal_ms"):
        must_not_differ(trials, "exists", "absent", what)


if __name__ == "__main__":
    raise SystemExit(suite.main(prepare))
