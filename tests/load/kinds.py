"""What clients do in a login, and what has to come of each.

A kind answers a challenge; which reasons the log may give for it stands
beside it. SILENT: sshd may end the process that serves a client which left,
before there is a verdict.
"""

import base64
import os
import threading

import harness
from documents import Documents
from harness import Parts, Prompt

SILENT = "silent"
PAUSE_S = 0.05  # of a slow client, between two parts


class Left(EOFError):
    """The client has gone in the middle of it."""


class Kind:
    """One way to behave. reply(dialogue, prompt) gives the line to answer."""

    def __init__(self, name, reply, *reasons, user="deploy"):
        self.name, self.reply, self.reasons, self.user = name, reply, set(reasons), user

    def wants(self, outcome):
        """May this client have got in, or been refused, as it was?"""
        if outcome["got_in"]:
            return "ok" in self.reasons
        return bool(self.reasons - {"ok"})


KINDS = {}


def kind(name, *reasons, user="deploy"):
    def keep(reply):
        KINDS[name] = Kind(name, reply, *reasons, user=user)
        return reply
    return keep


class Workshop:
    """What the clients of one process have in common."""

    _OPTIONS = {
        "enclave": {}, "nitrotpm": {"kind": "nitrotpm"}, "other code": {"pcrs": harness.OTHER_CODE},
        "forged": {"pki": "pki-forged"},
    }
    _MORE = {"stale": ["--age", 3600], "ahead": ["--age", -60], "debug": ["--debug"]}

    def __init__(self, other_blob):
        self.other_blob = other_blob
        self._made, self._turn = {}, threading.Lock()
        self._kept, self._exchanged = None, None

    def documents(self, name):
        with self._turn:
            if name not in self._made:
                pcrs = {"pcrs": {}} if name == "debug" else {}
                self._made[name] = Documents(*self._MORE.get(name, ()), **self._OPTIONS.get(name, pcrs))
            return self._made[name]

    def keep(self, text):
        """Remember an answer that was good; gives the one before."""
        with self._turn:
            before, self._kept = self._kept, text
            return before or text

    def exchange(self, text):
        """Leave an answer for whoever comes next; gives the one before, or None."""
        with self._turn:
            before, self._exchanged = self._exchanged, text
            return before

    def close(self):
        for documents in self._made.values():
            documents.close()


def _honest(dialogue, prompt, name="enclave"):
    return dialogue.workshop.documents(name).answer(prompt, dialogue.blob)


def _in_parts(dialogue, prompt):
    if prompt.part == 1:
        dialogue.parts = Parts(_honest(dialogue, prompt))
    return dialogue.parts.line(prompt.part)


@kind("enclave", "ok")
def enclave(dialogue, prompt):
    text = _honest(dialogue, prompt)
    dialogue.workshop.keep(text)
    return text


@kind("in parts", "ok")
def in_parts(dialogue, prompt):
    return _in_parts(dialogue, prompt)


@kind("slow writer", "ok")
def slow_writer(dialogue, prompt):
    threading.Event().wait(PAUSE_S)
    return _in_parts(dialogue, prompt)


@kind("nitrotpm", "ok", user="ledger")
def nitrotpm(dialogue, prompt):
    return _honest(dialogue, prompt, "nitrotpm")


@kind("wrong pcr", "pcr_mismatch")
def wrong_pcr(dialogue, prompt):
    return _honest(dialogue, prompt, "other code")


@kind("replay", "nonce_mismatch")
def replay(dialogue, prompt):
    stranger = Prompt(dialogue.prompts[-1])
    stranger.nonce = os.urandom(32)
    return dialogue.workshop.keep(_honest(dialogue, stranger))


# T10 F18: what answers the challenge of another login of the same user and key,
# which is as open as this one; that one gets the document of a third.
@kind("exchanged", "nonce_mismatch")
def exchanged(dialogue, prompt):
    return dialogue.workshop.exchange(_honest(dialogue, prompt)) or other_nonce(dialogue, prompt)


@kind("other nonce", "nonce_mismatch")
def other_nonce(dialogue, prompt):
    prompt.nonce = prompt.nonce[:-1] + bytes([prompt.nonce[-1] ^ 1])
    return _honest(dialogue, prompt)


@kind("stale", "document_too_old")
def stale(dialogue, prompt):
    return _honest(dialogue, prompt, "stale")


@kind("ahead", "document_from_future")
def ahead(dialogue, prompt):
    return _honest(dialogue, prompt, "ahead")


@kind("relay", "key_mismatch")
def relay(dialogue, prompt):
    documents = dialogue.workshop.documents("enclave")
    return documents.base64(prompt.nonce, prompt.audience.encode(), dialogue.workshop.other_blob)


@kind("debug", "debug_mode")
def debug(dialogue, prompt):
    return _honest(dialogue, prompt, "debug")


@kind("forged root", "root_not_trusted")
def forged(dialogue, prompt):
    return _honest(dialogue, prompt, "forged")


# R03: the dearest refusal, all five signatures are computed.
@kind("signature", "signature_invalid")
def signature(dialogue, prompt):
    raw = base64.b64decode(_honest(dialogue, prompt))
    return base64.b64encode(raw[:-1] + bytes([raw[-1] ^ 1])).decode()


@kind("junk", "base64_invalid")
def junk(dialogue, prompt):
    return "this is not base64"


@kind("giant", "answer_too_long")
def giant(dialogue, prompt):
    return "A" * 200000


@kind("nothing", "no_answer")
def nothing(dialogue, prompt):
    return ""


@kind("masked", "user_masked_by_sshd", user="root")
def masked(dialogue, prompt):
    return _honest(dialogue, prompt)


@kind("unlisted", "user_not_listed", user="stray")
def unlisted(dialogue, prompt):
    return _honest(dialogue, prompt)


@kind("leaves at the prompt", SILENT, "conversation_failed")
def leaves_at_prompt(dialogue, prompt):
    raise Left


@kind("half an answer", SILENT, "conversation_failed")
def half(dialogue, prompt):
    if prompt.part > 3:
        raise Left
    return _in_parts(dialogue, prompt)


# What it said is honest, so the server may admit it; nobody is there to notice.
@kind("leaves without waiting", SILENT, "conversation_failed", "ok")
def leaves_early(dialogue, prompt):
    dialogue.leaves_early = True
    return _honest(dialogue, prompt)


# These never come as far as a challenge.
@kind("leaves after its key", SILENT)
def leaves_after_key(dialogue, prompt):
    raise AssertionError("is asked nothing")


@kind("connects and leaves", SILENT)
def connects(dialogue, prompt):
    raise AssertionError("is asked nothing")


# In the files of swap_test.py this code comes and goes.
@kind("candidate", "ok", "pcr_mismatch", "revoked")
def candidate(dialogue, prompt):
    return _honest(dialogue, prompt, "other code")


HONEST = ("enclave", "in parts", "slow writer", "nitrotpm")
HOSTILE = tuple(name for name in KINDS if name not in (*HONEST, "candidate"))
