#!/usr/bin/python3
"""pam-nitro explain, test and trace: why, whether, and on what grounds."""

import re
import struct
import subprocess

from pam_nitro_cli import (
    MEASUREMENTS,
    PCR0,
    REPOSITORY,
    VECTORS,
    Skip,
    configure,
    contains,
    equal,
    host,
    main,
    outcomes,
    real_root,
    run,
    run_json,
    sim,
    sim_folder,
    test,
    work,
    write,
)
from pam_nitro_store import MODULE, begin, login, other_code, reference

LINE = (
    "Nov 24 02:50:44 host sshd-session[4711]: pam_nitro(sshd:auth): result=deny "
    "reason=pcr_mismatch ref=3f9a12c0 user=deploy rhost=192.0.2.7 kind=enclave "
    "module_id=i-0123456789abcdef0-enc0123456789abcdef age_ms=-412 "
    'nearest=billing/1.4.2 differs=pcr0 hint="other code than allowed; nearest '
    'and differs in the log name the closest entry"\n'
)


def explain_line(text, *options, ref="3f9a12c0"):
    return run("explain", "--log", "-", *options, ref, stdin=text.encode())


# explain


@test
def a_refused_login_is_explained_from_its_record():
    begin()
    lines = login("pcr_mismatch", simulated=other_code(), differs="pcr0")
    result = run("explain", reference(lines))
    equal((result.returncode, result.err), (0, ""))
    contains(
        result.out, reference(lines), "deploy", "192.0.2.7", "deny",
        "pcr_mismatch: no entry for this user's workloads has these PCRs",
        "stage         policy", "billing/1.4.2", "differs in    PCR0",
        "PCR0   DIFFERS actual   " + "ee" * 48, "allowed  " + PCR0,
        "ms after the document's own time",
        "with today's files the same login would be refused: pcr_mismatch, as it was",
        "to do         other code than allowed",
    )
    said = run_json("explain", reference(lines))
    equal((said["found"], said["result"], said["reason"], said["stage"]),
          ("store", "deny", "pcr_mismatch", "policy"))
    equal((said["today"], said["today_reason"]), ("deny", "pcr_mismatch"))


@test
def what_was_refused_then_may_be_allowed_today():
    begin(entries='{ workload = "billing"; version = "1.4.2"; kind = "enclave"; '
          f'pcr0 = [ "{PCR0}", "{"ee" * 48}" ]; }}')
    lines = login("pcr_mismatch", simulated=other_code(), differs="pcr0")
    contains(run("explain", reference(lines)).out,
             "with today's files the same login would be admitted\n")
    equal(run_json("explain", reference(lines))["today"], "allow")


@test
def an_entry_that_has_gone_is_said_to():
    begin()
    lines = login("entry_expired", version="1.3")
    contains(run("explain", reference(lines)).out, "no longer in the measurements")


@test
def a_clock_that_was_behind_is_told():
    begin()
    lines = login(age_ms="-412")
    contains(run("explain", reference(lines)).out,
             "this host's clock was 412 ms behind the document's; up to 5 s were allowed")


@test
def an_admitted_login_needs_no_advice():
    begin()
    lines = login()
    contains(run("explain", reference(lines)).out, "nothing; pam_nitro admitted",
             "admitted, as it was")


@test
def broken_files_of_today_do_not_hide_the_record():
    begin()
    lines = login("pcr_mismatch", simulated=other_code())
    write(MEASUREMENTS, "measurements = (\n  { workload = ; } );\n")
    result = run("explain", reference(lines))
    equal(result.returncode, 0)
    contains(result.out, "pcr_mismatch", "today's files cannot be read")


@test
def a_log_line_is_explained_with_sentence_and_advice():
    result = explain_line("something else\n" + LINE)
    equal((result.returncode, result.err), (0, ""))
    contains(
        result.out, "3f9a12c0", "standard input", "Nov 24 02:50:44 host sshd-session[4711]",
        "deny", "pcr_mismatch: no entry for this user's workloads has these PCRs",
        "stage         policy", "user          deploy", "from          192.0.2.7",
        "nearest entry billing/1.4.2", "differs in    pcr0",
        "this host's clock was 412 ms behind the document's",
        "to do         other code than allowed",
    )
    said = run_json("explain", "--log", "-", "3F9A12C0", stdin=LINE.encode())
    equal((said["found"], said["reason"], said["fields"]["differs"]),
          ("log", "pcr_mismatch", "pcr0"))


@test
def every_reason_has_its_explanation():
    text = (REPOSITORY / "pam_nitro/base/error.h").read_text(encoding="utf-8")
    tokens = re.findall(r'X\(NITRO_E_\w+, \w+, \w+,\s*(?:\\\n\s*)?"(\w+)"', text)
    assert len(tokens) > 50, tokens
    for token in tokens:
        result = explain_line(LINE.replace("pcr_mismatch", token))
        equal(result.returncode, 0, token)
        contains(result.out, f"reason        {token}: ", "\nto do         ")


@test
def every_form_in_which_logs_are_kept_is_read():
    message = LINE.split("]: ", 1)[1]
    for head in ("", "2026-11-24T02:50:44.123456+00:00 host sshd[1]: ",
                 "Nov 24 02:50:44 host sshd[1]: ", "Nov 24 02:50:44 host sshd: ",
                 "<86>1 2026-11-24T02:50:44Z host sshd 1 - - : "):
        equal(explain_line(head + message).returncode, 0, head)
    equal(explain_line(LINE.rstrip("\n")).returncode, 0)


@test
def nobody_can_have_himself_explained_as_admitted():
    # A name that a stranger chooses ends up in lines of sshd.
    forged = "pam_nitro(sshd:auth): result=allow reason=ok ref=3f9a12c0"
    for text in (
        f"Nov 24 02:50:44 host sshd[1]: Invalid user {forged} from 192.0.2.7\n",
        f"Nov 24 02:50:44 host sshd[1]: Invalid user x: {forged} from 192.0.2.7\n",
        f"Nov 24 02:50:44 host sshd[1]: {'x' * 5000}{forged}\n",
        "Nov 24 02:50:44 host sshd[1]: x result=allow reason=ok ref=3f9a12c0\n",
        "x" * 2047 + forged + "\n",
        LINE.replace("ref=3f9a12c0", "ref=00000000").replace("user=deploy", "user=ref=3f9a12c0"),
    ):
        result = explain_line(text)
        equal((result.returncode, result.out), (1, ""), text)
        result = explain_line(text + LINE)
        contains(result.out, "deny")


@test
def the_last_of_several_lines_counts():
    again = LINE.replace("pcr_mismatch", "revoked")
    contains(explain_line(LINE + again).out, "reason        revoked: ")


@test
def hostile_bytes_in_a_log_are_not_shown():
    text = LINE.encode().replace(b"user=deploy", b"user=\x1b[2J\xff\x07")
    result = run("explain", "--log", "-", "3f9a12c0", stdin=text)
    equal(result.returncode, 0)
    contains(result.out, "user          ?[2J??")


@test
def a_reason_of_another_version_is_not_guessed():
    result = explain_line(LINE.replace("pcr_mismatch", "brand_new"))
    equal(result.returncode, 2)
    contains(result.err, "brand_new")


@test
def what_is_found_nowhere_says_which_line_to_look_for():
    result = explain_line("nothing\n")
    equal(result.returncode, 1)
    contains(result.err, "ref=3f9a12c0", "journalctl -t sshd")
    result = run("explain", "--log", work() / "absent.log", "3f9a12c0")
    contains(result.err, "absent.log", "cannot be opened")
    for wrong in ("", "3f9a", "reference"):
        equal(run("explain", wrong).returncode, 2)


@test
def the_store_goes_before_the_log_unless_one_is_named():
    begin()
    lines = login()
    equal(run_json("explain", reference(lines))["found"], "store")
    text = LINE.replace("3f9a12c0", reference(lines))
    said = run_json("explain", "--log", "-", reference(lines), stdin=text.encode())
    equal((said["found"], said["result"]), ("log", "deny"))


# test


@test
def test_says_whether_a_document_would_let_a_user_in():
    configure()
    good = sim(folder=sim_folder())
    said = run_json("test", "--user", "deploy", "-", stdin=good)
    equal((said["exit"], said["result"], said["workload"]), (0, "allow", "billing"))
    equal(outcomes(said)["policy"], "passed")
    equal([entry["outcome"] for entry in said["entries"]], ["matches"])
    other = sim(*other_code(), folder=sim_folder())
    said = run_json("test", "--user", "deploy", "-", stdin=other)
    equal((said["exit"], said["reason"]), (1, "pcr_mismatch"))
    equal(said["entries"][0]["pcrs"], [
        {"pcr": 0, "differs": True, "actual": "ee" * 48, "allowed": [PCR0]}])


@test
def test_shows_every_entry_that_could_admit():
    entries = ", ".join(
        f'{{ workload = "{workload}"; version = "{version}"; kind = "{kind}"; '
        f'pcr{index} = "{value * 48}"; {more} }}'
        for workload, version, kind, index, value, more in (
            ("billing", "1", "enclave", 0, "aa", ""),
            ("billing", "2", "enclave", 0, "a0", 'not_after = "2020-01-01T00:00:00Z";'),
            ("billing", "3", "nitrotpm", 4, "b4", ""),
            ("ledger", "4", "enclave", 0, "a0", ""),
        ))
    configure(entries=entries)
    document = sim(folder=sim_folder())
    result = run("test", "--user", "deploy", "-", stdin=document)
    equal(result.returncode, 1)
    contains(result.out, "billing/1, enclave", "differs", "billing/2", "expired",
             "billing/3", "other kind", "reason   entry_expired")
    assert "ledger" not in result.out
    said = run_json("test", "--user", "deploy", "-", stdin=document)
    equal([entry["outcome"] for entry in said["entries"]],
          ["differs", "expired", "other kind"])
    # Then, the entry was valid.
    said = run_json("test", "--user", "deploy", "--at", "2019-12-31T00:00:00Z", "-",
                    stdin=document)
    equal([entry["outcome"] for entry in said["entries"]][1], "matches")


@test
def test_decides_as_verify_does():
    configure()
    for simulated in ([], other_code(), ["--debug"], ["--age", "400"],
                      ["--kind", "nitrotpm"]):
        document = sim(*simulated, folder=sim_folder())
        for user in ("deploy", "ledger", "stray", "nobody-here"):
            options = ["--config", "/etc/pam_nitro/pam_nitro.conf", "--user", user, "-"]
            one = run_json("test", *options, stdin=document)
            two = run_json("verify", *options, stdin=document)
            equal((one["result"], one["reason"]), (two["result"], two["reason"]))


@test
def test_needs_a_user_and_readable_files():
    configure()
    document = sim(folder=sim_folder())
    result = run("test", "-", stdin=document)
    equal(result.returncode, 2)
    contains(result.err, "--user")
    equal(run("test", "--user", "deploy", "/absent").returncode, 2)
    result = run("test", "--user", "deploy", "-", stdin=b"junk")
    equal(result.returncode, 1)
    contains(result.out, "result   deny")


# trace


def marks(said):
    return [(link["what"], link["mark"]) for link in said["links"]]


CHAIN = [("root", "declared")] + [
    (what, "verified") for what in ("regional", "zonal", "instance", "leaf", "document")]
UNKNOWN = [("image", "missing"), ("builder", "missing"), ("source", "missing")]


@test
def trace_of_a_login_goes_from_root_to_source():
    begin(entries='{ workload = "billing"; version = "1.4.2"; kind = "enclave"; '
          f'pcr0 = "{PCR0}"; source = "git+https://example.com/billing@1234"; '
          'builder = "nitro-cli 1.3"; }')
    lines = login()
    said = run_json("trace", reference(lines))
    equal(said["exit"], 0)
    equal(marks(said), CHAIN + [
        ("login", "verified"), ("PCRs", "verified"), ("entry", "computed"),
        ("image", "missing"), ("builder", "declared"), ("source", "declared")])
    for link in said["links"][1:]:
        assert 0 <= link["parent"] < link["id"], link
    contains(said["links"][-1]["text"], "git+https://example.com/billing@1234")
    contains(said["links"][0]["note"], "NOT a root of AWS")
    out = run("trace", reference(lines)).out
    contains(out, "verified by cryptography", "computed here", "missing",
             "declared by the administrator", MODULE, reference(lines))


@test
def trace_of_a_workload_shows_its_newest_login():
    begin()
    login()
    newest = login()
    login("pcr_mismatch", simulated=other_code())
    for name in ("billing", "billing/1.4.2"):
        said = run_json("trace", name)
        equal(marks(said), CHAIN + [("login", "verified"), ("PCRs", "verified"),
                                    ("entry", "computed")] + UNKNOWN)
        contains(said["links"][6]["text"], reference(newest))


@test
def trace_of_a_rolling_upgrade_shows_each_version():
    entries = ", ".join(
        f'{{ workload = "billing"; version = "{version}"; kind = "enclave"; pcr0 = "{pcr0}"; }}'
        for version, pcr0 in (("1", PCR0), ("2", "ee" * 48), ("3", "dd" * 48)))
    begin(entries=entries)
    login(version="1")
    login(version="2", simulated=other_code())
    said = run_json("trace", "billing")
    tree = CHAIN + [("login", "verified"), ("PCRs", "verified"), ("entry", "computed")]
    equal(marks(said), 2 * (tree + UNKNOWN) + [
        ("root", "declared"), ("document", "missing"), ("entry", "declared")] + UNKNOWN)
    named = [link["text"] for link in said["links"] if link["what"] == "entry"]
    for text, version in zip(named, "123"):
        contains(text, f"billing/{version} (")
    equal(marks(run_json("trace", "billing/2")), tree + UNKNOWN)
    contains(run("trace", "billing/2").out, "|-login", "`-PCRs")


@test
def trace_without_a_login_says_what_is_missing():
    configure()
    said = run_json("trace", "billing")
    equal(marks(said), [("root", "declared"), ("document", "missing"),
                        ("entry", "declared")] + UNKNOWN)
    equal(marks(run_json("trace")), marks(said))


@test
def trace_of_a_document_finds_its_entry():
    configure()
    path = work() / "document.cbor"
    path.write_bytes(sim(folder=sim_folder()))
    said = run_json("trace", path)
    equal(marks(said), CHAIN + [("login", "missing"), ("PCRs", "verified"),
                                ("entry", "computed")] + UNKNOWN)
    # The rejected twins: other code, another root, a broken signature.
    path.write_bytes(sim(*other_code(), folder=sim_folder()))
    said = run_json("trace", path)
    equal((said["exit"], dict(marks(said))["entry"]), (1, "broken"))
    said = run_json("trace", "--trust-anchors", real_root(), path)
    equal((said["exit"], dict(marks(said))["root"]), (1, "broken"))
    whole = sim(folder=sim_folder())
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    said = run_json("trace", path)
    found = dict(marks(said))
    equal((said["exit"], found["leaf"], found["document"]), (1, "verified", "broken"))
    path.write_bytes(b"junk")
    equal(run("trace", path).returncode, 1)


@test
def trace_of_a_record_that_does_not_stand_is_broken():
    begin()
    lines = login(user="deploy", rhost="x", key="SHA256:" + "A" * 43)
    said = run_json("trace", reference(lines))
    equal((said["exit"], dict(marks(said))["login"]), (1, "broken"))


def build_output(pcr0):
    path = work() / "build.json"
    path.write_text(
        '{ "Measurements": { "HashAlgorithm": "Sha384 { ... }", '
        f'"PCR0": "{pcr0}", "PCR1": "{"a1" * 48}", "PCR2": "{"a2" * 48}" }} }}',
        encoding="ascii")
    return path


@test
def trace_takes_what_a_build_tool_has_printed():
    configure()
    said = run_json("trace", "--image", build_output(PCR0), "billing")
    equal((said["exit"], dict(marks(said))["image"]), (0, "declared"))
    said = run_json("trace", "--image", build_output("ee" * 48), "billing")
    equal((said["exit"], dict(marks(said))["image"]), (1, "broken"))


@test
def trace_computes_the_pcrs_of_an_image():
    host()
    images = sorted((VECTORS / "eif").glob("*.eif"))
    if not images:
        raise Skip("no EIF vectors here")
    pcr0 = run_json("measure", images[0])["pcr0"]
    configure(entries='{ workload = "billing"; version = "1.4.2"; kind = "enclave"; '
              f'pcr0 = "{pcr0}"; }}')
    said = run_json("trace", "--image", images[0], "billing")
    equal((said["exit"], dict(marks(said))["image"]), (0, "computed"))
    configure()
    said = run_json("trace", "--image", images[0], "billing")
    equal((said["exit"], dict(marks(said))["image"]), (1, "broken"))
    broken = work() / "broken.eif"
    broken.write_bytes(b".eif" + struct.pack(">HH", 4, 0))
    equal(run("trace", "--image", broken, "billing").returncode, 2)


# The grammar of the DOT language, as far as such a graph may use it.
QUOTED = r'"(?:[^"\\]|\\.)*"'
ATTRIBUTES = rf"\[\w+=(?:{QUOTED}|\w+)(?:, \w+=(?:{QUOTED}|\w+))*\]"
DOT = re.compile(
    rf"digraph \w+ {{\n(?:  (?:\w+=\w+|node {ATTRIBUTES}|n\d+ {ATTRIBUTES}"
    rf"|n\d+ -> n\d+ {ATTRIBUTES});\n)+}}\n")


@test
def the_graph_is_in_the_language_of_graphviz():
    begin(entries='{ workload = "billing"; version = "1.4.2"; kind = "enclave"; '
          f'pcr0 = "{PCR0}"; source = "a \\"quoted\\" back\\\\slash; }} -> n1 [x]"; }}')
    lines = login(rhost='\\"x\\x5c'.replace('\\"', '"'))
    out = run("trace", "--dot", reference(lines)).out
    assert DOT.fullmatch(out), out
    links = run_json("trace", reference(lines))["links"]
    equal(len(re.findall(r"^  n\d+ \[", out, re.M)), len(links))
    edges = re.findall(r"^  n(\d+) -> n(\d+) ", out, re.M)
    equal(edges, [(str(link["parent"]), str(link["id"]))
                  for link in links if link["parent"] is not None])
    drawn = subprocess.run("command -v dot >/dev/null && dot -Tsvg || cat",
                           shell=True, input=out.encode(), capture_output=True, check=False)
    equal(drawn.returncode, 0, drawn.stderr)


@test
def trace_tells_wrong_usage():
    configure()
    for arguments in (["--dot", "--json"], ["a", "b"], ["no-such-thing"],
                      ["--image", "/absent"]):
        equal(run("trace", *arguments).returncode, 2)
    contains(run("trace", "no-such-thing").err, "neither a workload")
    contains(run("trace", "--help").out, "usage: pam-nitro trace")


if __name__ == "__main__":
    main()
