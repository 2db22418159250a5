#!/usr/bin/python3 -B
"""Answers and documents that a real sshd must refuse, each against the control
at the top."""

import base64
import os
import queue
import re
import struct
import threading
import time

import harness
from attempt import SENTENCE, attempt, document, edited, must_refuse, prepare, refused, texts_seen
from harness import BUILD, OTHER_CODE, ROOT, sim
from tap import Suite, equal, one

suite = Suite()
test = suite.test


def row(name, reason, reply, **how):
    """A test of one line: that answer is refused for that reason."""
    @test(f"{reason}: {name}")
    def one_row(host):
        must_refuse(host, reason, reply, **how)
    return one_row


# Control: the same code, unchanged, gets in.
@test("control: the honest document of this file gets in")
def control(host):
    assert attempt(host, document()).got_in


# T04 T05 T06 T07 T08 T09
row("an empty answer", "no_answer", lambda text, blob: "")
row("an answer of blanks", "base64_invalid", lambda text, blob: "    ")
row("an answer of one byte", "base64_invalid", lambda text, blob: "x")
row("an answer of 22,001 characters", "answer_too_long", lambda text, blob: "A" * 22001)
row("an answer of 200 kB", "answer_too_long", lambda text, blob: "A" * 200000)
row("the challenge echoed back", "answer_framing", lambda text, blob: text)
# B01 B05 B06 B08 B09 B12 B13
row("the last characters missing", "base64_invalid", edited(lambda text: text.rstrip("=")[:-1]))
row("URL-safe base64", "base64_invalid", edited(lambda text: "-_" + text[2:]))
row("a blank in front", "base64_invalid", edited(lambda text: " " + text))
row("PEM armour", "base64_invalid", edited(lambda text: "-----BEGIN DOCUMENT-----" + text))
row("hex for base64", "cbor_type", edited(lambda text: base64.b64decode(text)[:4000].hex()))
row("base64 twice", "cose_shape", edited(lambda text: base64.b64encode(text.encode()).decode()))
# C10: libcbor would take it.
row("one byte after the document", "cbor_trailing", document(after=lambda raw: raw + b"\0"))
row("the document twice", "cbor_trailing", document(after=lambda raw: raw + raw))
row("the last byte missing", "cbor_malformed", document(after=lambda raw: raw[:-1]))
# G05: the last bit of the signature; the tag of COSE_Sign1 is no excuse.
row("one bit of the signature", "signature_invalid", document(after=lambda raw: raw[:-1] + bytes([raw[-1] ^ 1])))


def in_parts(lines):
    """lines(whole text) gives the lines to answer with, in order."""
    kept = []

    def reply(text, blob):
        part = harness.Prompt(text).part
        if part == 1:
            kept[:] = lines(document()(text, blob))
        return kept[part - 1] if part <= len(kept) else ""
    return reply


def honest_lines(whole):
    parts = harness.Parts(whole)
    return [parts.line(k) for k in range(1, len(parts.slices) + 1)]


def swapped(whole):
    lines = honest_lines(whole)
    return [lines[0], lines[2], lines[1], *lines[3:]]


# T12 T13 T14 T15 T16
row("part 2 is missing", "answer_framing", in_parts(lambda whole: honest_lines(whole)[:1] + honest_lines(whole)[2:]))
row("parts 2 and 3 swapped", "answer_framing", in_parts(swapped))
row("part 1 twice", "answer_framing", in_parts(lambda whole: honest_lines(whole)[:1] * 2))
row("an empty part", "answer_framing", in_parts(lambda whole: [honest_lines(whole)[0], "2/7/0:"]))
row("the count of parts changes", "answer_framing", in_parts(lambda whole: ["1/7/4:AAAA", "2/8/4:AAAA"]))
row("33 parts", "answer_framing", lambda text, blob: "1/33/4:AAAA")
row("32 parts, more characters than any document", "answer_too_long",
    in_parts(lambda whole: [f"{k}/32/980:{'A' * 980}" for k in range(1, 33)]))
row("32 parts of nothing", "cbor_malformed", in_parts(lambda whole: [f"{k}/32/4:////" for k in range(1, 33)]))

# F03 F04 F05 F06 F07
row("no nonce", "nonce_mismatch", document(nonce=lambda p: None))
row("the nonce in user_data instead", "nonce_mismatch", document(nonce=lambda p: None, audience=lambda p: p.nonce))
row("31 bytes of the nonce", "nonce_mismatch", document(nonce=lambda p: p.nonce[:31]))
row("the nonce and one byte", "nonce_mismatch", document(nonce=lambda p: p.nonce + b"\0"))
row("the nonce twice", "nonce_mismatch", document(nonce=lambda p: p.nonce * 2))
row("the nonce in hex", "nonce_mismatch", document(nonce=lambda p: p.nonce.hex().encode()))
row("the last bit of the nonce", "nonce_mismatch", document(nonce=lambda p: p.nonce[:-1] + bytes([p.nonce[-1] ^ 1])))
row("256 bytes that begin with the nonce", "nonce_mismatch", document(nonce=lambda p: p.nonce + b"\0" * 224))
# F17
row("no user_data", "audience_mismatch", document(audience=lambda p: None))
row("user_data for another user", "audience_mismatch",
    document(audience=lambda p: p.audience.replace("user=deploy", "user=ledger").encode()))
row("user_data for another host", "audience_mismatch",
    document(audience=lambda p: p.audience.replace("demo.example", "other.example").encode()))
row("user_data with the number of the part", "audience_mismatch",
    document(audience=lambda p: (p.audience + " part=1").encode()))
# K09 K10 K13 K14 K15
row("no public_key", "key_mismatch", document(key=lambda p, blob: None))
row("the key and one byte", "key_mismatch", document(key=lambda p, blob: blob + b"\0"))
row("the key in text form", "key_mismatch",
    document(key=lambda p, blob: b"ssh-ed25519 " + base64.b64encode(blob)))
row("the fingerprint alone", "key_mismatch", document(key=lambda p, blob: p.key.encode()))
row("the last bit of the key", "key_mismatch", document(key=lambda p, blob: blob[:-1] + bytes([blob[-1] ^ 1])))


@test("key_mismatch: another key that this user may use too")
def other_key(host):
    other = base64.b64decode(harness.public_line(host.other_key).split()[1])
    must_refuse(host, "key_mismatch", document(key=lambda p, blob: other))


# K11
@test("key_mismatch: the same RSA modulus with another exponent")
def rsa_exponent(host):
    def change(_, blob):
        three = struct.pack(">I", 1) + b"\3"
        usual = struct.pack(">I", 3) + b"\1\0\1"
        assert blob.count(usual) == 1
        return blob.replace(usual, three)
    assert attempt(host, document(), key=host.rsa_key).got_in
    must_refuse(host, "key_mismatch", document(key=change), key=host.rsa_key)


# F08 F11, the far sides; the borders are the unit tests'.
row("one hour old", "document_too_old", document(sim("--age", 3600)))
row("61 seconds old", "document_too_old", document(sim("--age", 62)))
row("one minute ahead", "document_from_future", document(sim("--age", -60)))
# X02 X33
row("the attacker's own root", "root_not_trusted", document(sim(pki="pki-forged")))
# P06 D19 P10
row("debug mode", "debug_mode", document(sim("--debug", pcrs={})))
row("a NitroTPM document for an enclave's entry", "kind_not_allowed", document(sim(kind="nitrotpm")))
row("PCR0 differs", "pcr_mismatch", document(sim(pcrs=OTHER_CODE)))
row("PCR0 differs in its last digit", "pcr_mismatch", document(sim(pcrs={
    **harness.BILLING, 0: harness.BILLING[0][:-1] + ("0" if harness.BILLING[0][-1] != "0" else "1")})))
# P18
row("another user's workload", "kind_not_allowed", document(sim(kind="nitrotpm")), user="deploy")


@test("pcr_mismatch: the line names the nearest entry and what differs")
def nearest(host):
    _, line = must_refuse(host, "pcr_mismatch", document(sim(pcrs=OTHER_CODE)))
    equal((line["nearest"], line["differs"]), ("billing/1.4.2", "pcr0"), line.text)


# M06 L20: in no rule, the same challenge and the same number of prompts.
@test("user_not_listed: the same challenge as for everybody, an honest document does not help")
def unlisted(host):
    client, _ = must_refuse(host, "user_not_listed", document(), user="stray", server=host.enrolled)
    equal(len(client.prompts), 1)


@test("every defect that nitro-sim can make comes out as nitro-sim says")
def defects(host):
    names = [line.split()[:2] for line in harness.must([BUILD / "nitro-sim", "defects"]).text.splitlines()]
    assert len(names) >= 10, names
    for name, reason in names:
        reply = document(sim("--defect", name))
        try:
            if reason == "ok":
                assert attempt(host, reply).got_in
            else:
                must_refuse(host, reason, reply)
        except AssertionError as wrong:
            raise AssertionError(f"--defect {name}: {wrong}") from wrong


# F01 F02 T10 T11 F18
@test("nonce_mismatch: a document that was good one second ago, also after sshd has started again")
def replay(host):
    kept = []

    def record(text, blob):
        kept.append(document()(text, blob))
        return kept[0]
    assert attempt(host, record).got_in
    must_refuse(host, "nonce_mismatch", lambda text, blob: kept[0])
    again = host.sshd()
    must_refuse(host, "nonce_mismatch", lambda text, blob: kept[0], server=again)
    again.stop()


@test("nonce_mismatch: the documents of two logins at the same time, swapped")
def swapped_logins(host):
    mine, theirs = queue.Queue(), queue.Queue()
    since = host.log.mark()
    results = []

    def login(out, back):
        def reply(text, blob):
            out.put(document()(text, blob))
            return back.get(timeout=30)
        results.append(attempt(host, reply).got_in)
    threads = [threading.Thread(target=login, args=pair) for pair in ((mine, theirs), (theirs, mine))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(results, [False, False])
    equal([line["reason"] for line in host.log.decisions(since)], ["nonce_mismatch"] * 2)


@test("nonce_mismatch: the challenge of the attempt before, which was refused")
def earlier_nonce(host):
    kept = []

    def waste(text, blob):
        kept.append(document()(text, blob))
        return "x"
    must_refuse(host, "base64_invalid", waste)
    must_refuse(host, "nonce_mismatch", lambda text, blob: kept[0])


# What a client may do to a dialogue.

def sessions(server):
    """The processes that sshd has for connections, but for the listener."""
    found = []
    for pid in harness.inhabitants():
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if file.read().startswith(b"sshd: ") and pid != server.process.pid:
                    found.append(pid)
        except OSError:
            pass
    return [pid for pid in found if pid not in {s.process.pid for s in server.host.servers}]


def until_gone(server):
    deadline = time.monotonic() + 10
    while sessions(server) and time.monotonic() < deadline:
        time.sleep(0.02)
    equal(sessions(server), [])


# T01 T21
@test("a client that begins anew in the middle of a dialogue, and one that leaves: no residue")
def abandon(host):
    library = harness.paramiko()

    def begin_anew(client):
        message = library.message.Message()
        message.add_byte(library.common.cMSG_USERAUTH_REQUEST)
        for word in ("deploy", "ssh-connection", "none"):
            message.add_string(word)
        client.transport._send_message(message)

    since = host.log.mark()
    for act in (begin_anew, lambda client: None):
        with harness.Library(host.plain) as client:
            client.publickey("deploy", host.key)

            def leave(_text, act=act, client=client):
                act(client)
                raise EOFError("gone")
            assert not client.interactive("deploy", leave)
    until_gone(host.plain)
    lines = host.log.decisions(since)
    assert len(lines) <= 2 and all(line["result"] == "deny" for line in lines), lines
    assert attempt(host, document()).got_in


# M13
@test("LoginGraceTime ends a dialogue that stands still: no residue, the next login works")
def grace_time(host):
    server = host.sshd("LoginGraceTime 1\n")
    # OpenSSH 9.8 adds up to 4 seconds, so that nobody can aim at the moment.
    seconds = 5.5 if harness.sshd_version() >= (9, 8) else 1.5
    since = host.log.mark()
    with harness.Library(server) as client:
        client.publickey("deploy", host.key)

        def stand_still(text):
            threading.Event().wait(seconds)
            return document()(text, client.key_blob)
        assert not client.interactive("deploy", stand_still), "GOT IN"
    until_gone(server)
    lines = host.log.decisions(since)
    assert len(lines) <= 1 and all(line["result"] == "deny" for line in lines), lines
    assert attempt(host, document(), server=server).got_in
    server.stop()


# T22: CVE-2015-5600
@test("the same device asked for a thousand times: fresh nonces, MaxAuthTries holds")
def many_devices(host):
    ask = harness.script("nothing", "echo\n")
    since = host.log.mark()
    done = host.plain.ssh("deploy", "echo in", env={"SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"}, args=[
        "-i", host.key, "-o", "NumberOfPasswordPrompts=1000", "-o", "KbdInteractiveDevices=" + ",".join(["pam"] * 1000)])
    equal((done.code, done.text), (255, ""), done.messages)
    lines = host.log.decisions(since)
    assert 1 <= len(lines) <= 6, f"{len(lines)} dialogues"
    equal({line["reason"] for line in lines}, {"no_answer"})
    equal(len({line["ref"] for line in lines}), len(lines), "distinct nonces")


@test("a verdict ends the dialogue: the stock client, which would try three times, is asked once")
def asked_once(host):
    ask = harness.script("nonsense", "echo x\n")
    since = host.log.mark()
    done = host.plain.ssh("deploy", "echo in", args=["-vv", "-i", host.key],
                          env={"SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"})
    equal((done.code, done.text, done.prompt_count), (255, "", 1), done.messages)
    equal(done.reference, refused(host, since, "base64_invalid")["ref"])


@test("nitro-ssh refused: 8 prompts at most, the reference on standard error, nothing left behind")
def nitro_ssh_refused(host):
    since = host.log.mark()
    done = host.plain.nitro_ssh("deploy", "echo in", argv=sim(pcrs=OTHER_CODE), args=["-vv"])
    equal((done.code, done.text), (255, ""), done.messages)
    assert 2 <= done.prompt_count <= 8, done.prompt_count
    equal(done.reference, refused(host, since, "pcr_mismatch")["ref"])
    equal(os.listdir(ROOT / "tmp"), [], "left in TMPDIR")


# F14 F16 K15: relay.

@test("a rogue server passes the challenge on: nitro-ssh does not answer it")
def relayed(host):
    import rogue as relay
    since = host.log.mark()
    rogue = relay.Rogue(host.plain, "deploy", harness.make_key("rogue-own"))
    done = relay.lure(rogue, "deploy")
    assert done.code != 0 and not rogue.got_in
    equal(len(rogue.prompts), 1)
    assert all(len(answer) < 100 for answer in rogue.answers), "a document left"
    assert "nitro-ssh:" in done.messages, done.messages
    lines = host.log.await_decisions(since, 1)
    assert one(lines)["reason"] in ("no_answer", "conversation_failed"), lines


@test("audience_mismatch: the rogue server writes the victim's key into the challenge, nitro-ssh answers")
def rewritten(host):
    import rogue as relay

    def rewrite(prompt, rogue):
        return re.sub(r"key=\S+", f"key={harness.fingerprint(host.key)}", prompt)
    since = host.log.mark()
    rogue = relay.Rogue(host.plain, "deploy", harness.make_key("rogue-own-2"), rewrite)
    relay.lure(rogue, "deploy", args=["-i", host.key])
    assert not rogue.got_in, "GOT IN"
    assert rogue.answers and len(rogue.answers[0]) > 900, rogue.answers
    refused(host, since, "audience_mismatch")


@test("key_mismatch: a careless client answers the rogue server with its own key")
def careless(host):
    import rogue as relay
    since = host.log.mark()
    rogue = relay.Rogue(host.plain, "deploy", harness.make_key("rogue-own-3"))
    with harness.Library(rogue) as victim:
        victim.publickey("deploy", host.key)
        victim.interactive("deploy", lambda text: document()(text, victim.key_blob))
    rogue.wait()
    assert not rogue.got_in, "GOT IN"
    refused(host, since, "key_mismatch")


# O06
@test("every refusal above told the client the same sentence and nothing else")
def one_sentence(host):
    equal(texts_seen, {SENTENCE})


if __name__ == "__main__":
    raise SystemExit(suite.main(prepare))
