"""One login that may be refused: the reason in the log, one sentence for the
client, and a document that is honest but for what a test changes."""

import base64
import re

import harness
from harness import sim
from tap import equal, one

SENTENCE = "pam_nitro: login refused (reference ........)"
texts_seen = set()
UNBOUND = "Match Group nitro-workloads\n\tAuthenticationMethods keyboard-interactive:pam\n"


def prepare(host):
    host.plain = host.sshd()
    host.enrolled = host.sshd("Match Group nitro-workloads\n\tAuthorizedKeysCommand none\n")
    host.unbound = host.sshd(UNBOUND)
    host.key = harness.make_key("enrolled")
    host.other_key = harness.make_key("other")
    host.rsa_key = harness.make_key("rsa", "rsa", 2048)
    for user in ("deploy", "alice", "stray", "ledger"):
        host.authorize(user, harness.public_line(host.key))


def refused(host, since, reason, stage="auth"):
    line = one(host.log.decisions(since))
    equal((line["result"], line["reason"], line.stage), ("deny", reason, stage), line.text)
    return line


def attempt(host, reply, *, user="deploy", server=None, key=None, publickey=True):
    """One login by paramiko. reply(prompt text, key blob) answers."""
    with harness.Library(server or host.plain) as client:
        blob = None
        if publickey:
            client.publickey(user, key or host.key)
            blob = client.key_blob
        client.got_in = client.interactive(user, lambda text: reply(text, blob))
        return client


def must_refuse(host, reason, reply, **how):
    """Refused for that reason, in one line, with the sentence that all see."""
    since = host.log.mark()
    client = attempt(host, reply, **how)
    assert not client.got_in, "GOT IN"
    line = refused(host, since, reason)
    equal(client.reference, line["ref"], "reference")
    texts_seen.update(re.sub(r"reference [0-9a-f]{8}", "reference ........", text).strip() for text in client.infos)
    if client.prompts:
        equal(harness.Prompt(client.prompts[0]).reference, line["ref"], "first bytes of the nonce")
    return client, line


def document(argv=None, *, nonce=lambda p: p.nonce, audience=lambda p: p.audience.encode(),
             key=lambda p, blob: blob, after=lambda raw: raw):
    """An answer in one piece, honest but for what is changed."""
    def reply(text, blob):
        prompt = harness.Prompt(text)
        raw = harness.attest(argv or sim(), nonce=nonce(prompt), user_data=audience(prompt),
                             public_key=key(prompt, blob))
        return base64.b64encode(after(raw)).decode()
    return reply


def edited(change):
    """The honest answer's text, changed."""
    honest = document()
    return lambda text, blob: change(honest(text, blob))
