#!/usr/bin/python3
"""pam-nitro verify with the settings of a host."""

import datetime
import shutil
import time

from pam_nitro_cli import (
    DEFAULT_ANCHORS,
    MEASUREMENTS,
    PCR0,
    SETTINGS,
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
)


def verify_policy(user="deploy", simulated=(), options=(), at="now"):
    return run_json(
        "verify",
        "--at",
        at,
        "--config",
        SETTINGS,
        "--user",
        user,
        *options,
        "-",
        stdin=sim(*simulated, folder=sim_folder()),
    )


@test
def policy_admits_what_an_entry_allows():
    configure()
    for user in ("deploy", "ledger"):
        said = verify_policy(user)
        equal((said["result"], said["reason"], said["stage"]), ("allow", "ok", "done"))
        equal((said["policy_applied"], said["user"]), (True, user))
        equal((said["workload"], said["version"]), ("billing", "1.4.2"))
        equal(outcomes(said)["policy"], "passed")


@test
def a_user_name_that_is_no_UTF_8_is_escaped():
    # O05; run() refuses whatever is not printable ASCII.
    configure()
    for user in ("deploy\udcff", "deploy\nresult   allow\x1b"):
        said = verify_policy(user)
        equal(said["reason"], "user_not_listed")
    equal(verify_policy("\udcff")["user"], "\\xff")
    raw = sim(folder=sim_folder())
    said = run("verify", "--config", SETTINGS, "--user", "x\nresult", "-", stdin=raw)
    contains(said.out, "log in as x\\x0aresult")


@test
def policy_names_the_nearest_entry_and_the_PCRs_that_differ():
    other = "b7" * 48
    configure(
        entries=f'{{ workload = "billing"; version = "1.4.2"; kind = "enclave"; pcr0 = "{PCR0}"; pcr1 = "{"a1" * 48}"; }}'
    )
    said = verify_policy(simulated=("--pcr", f"0={other}"))
    equal((said["reason"], said["stage"]), ("pcr_mismatch", "policy"))
    equal((said["verified"], said["policy_applied"]), (True, True))
    equal((said["workload"], said["version"]), (None, None))
    equal(said["nearest"]["workload"], "billing")
    equal(said["nearest"]["version"], "1.4.2")
    equal(said["nearest"]["file"], str(MEASUREMENTS))
    equal(said["differs"], ["pcr0"])
    raw = sim("--pcr", f"0={other}", folder=sim_folder())
    result = run("verify", "--config", SETTINGS, "--user", "deploy", "-", stdin=raw)
    equal(result.returncode, 1)
    contains(
        result.out,
        f"against the nearest entry, billing/1.4.2 ({MEASUREMENTS}:1)\n"
        f"PCR0     DIFFERS  actual    {other}\n"
        f"                  allowed   {PCR0}\n"
        f"PCR1     ok       actual    {'a1' * 48}\n"
        f"                  allowed   {'a1' * 48}\n",
    )


@test
def policy_refuses_each_for_its_reason():
    # P06 P15 P18 D19
    configure()
    for reason, user, simulated in (
        ("user_not_listed", "stray", ()),
        ("user_not_listed", "Deploy", ()),
        ("user_not_listed", "nobody-is-called-so", ()),
        ("debug_mode", "deploy", ("--debug",)),
        ("kind_not_allowed", "deploy", ("--kind", "nitrotpm")),
        ("document_too_old", "deploy", ("--age", "62")),
        ("document_from_future", "deploy", ("--age", "-20")),
    ):
        said = verify_policy(user, simulated)
        equal((said["result"], said["reason"]), ("deny", reason))


@test
def settings_and_user_go_together():
    # A verdict without policy must not be taken for one with it.
    configure()
    raw = sim(folder=sim_folder())
    anchors = ("--trust-anchors", sim_folder() / "root.pem")
    for options, missing in (
        (("--config", SETTINGS), "--user"),
        (("--config", SETTINGS, *anchors), "--user"),
        (("--user", "deploy", *anchors), "--config"),
    ):
        said = run("verify", *options, "-", stdin=raw)
        equal((said.returncode, said.out), (2, ""), options)
        contains(said.err, f"needs {missing}")


@test
def a_revocation_is_told_with_its_reason():
    configure(revoked=f'{{ pcr0 = "{PCR0}"; reason = "CVE-2026-0000"; }}')
    said = verify_policy()
    equal((said["reason"], said["revoked_by"]["reason"]), ("revoked", "CVE-2026-0000"))
    raw = sim(folder=sim_folder())
    result = run("verify", "--config", SETTINGS, "--user", "deploy", "-", stdin=raw)
    contains(result.out, "revoked by ", "revoked because: CVE-2026-0000")


@test
def at_the_document_asks_for_the_entries_of_that_time():
    def stamp(seconds_ago):
        moment = datetime.datetime.fromtimestamp(
            int(time.time()) - seconds_ago, datetime.timezone.utc
        )
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    for not_after, reason in ((1800, "ok"), (5400, "entry_expired")):
        configure(
            entries=f'{{ workload = "billing"; kind = "enclave"; pcr0 = "{PCR0}"; not_after = "{stamp(not_after)}"; }}'
        )
        said = verify_policy(simulated=("--age", "3600"), at="document")
        equal(said["reason"], reason)
        equal(verify_policy()["reason"], "entry_expired")


@test
def age_and_anchors_are_those_of_the_settings():
    configure("max_age_s = 600;\n")
    equal(verify_policy(simulated=("--age", "300"))["reason"], "ok")
    configure("max_age_s = 60;\n")
    equal(verify_policy(simulated=("--age", "300"))["reason"], "document_too_old")
    said = verify_policy(options=("--trust-anchors", real_root()))
    equal(said["reason"], "root_not_trusted")


@test
def observe_mode_and_unknown_users_are_pointed_out():
    configure('mode = "observe";\n')
    raw = sim(folder=sim_folder())
    call = ("verify", "--config", SETTINGS, "-", "--user")
    said = run(*call, "deploy", stdin=raw)
    equal(said.returncode, 0)
    contains(said.out, "the mode is observe")
    equal(verify_policy()["mode"], "observe")
    configure()
    assert "observe" not in run(*call, "deploy", stdin=raw).out
    said = run(*call, "no-such-user", stdin=raw)
    equal(said.returncode, 1)
    contains(said.out, "this host has no user no-such-user")


@test
def a_broken_file_is_named_with_its_line():
    # L02 L03 L12 L14
    for settings, entries in (
        ("modes = 1;\n", None),
        ("max_age_s = true;\n", None),
        ("", '{ workload = "billing"; }'),
    ):
        configure(settings, entries)
        raw = sim(folder=sim_folder())
        said = run("verify", "--config", SETTINGS, "--user", "deploy", "-", stdin=raw)
        equal((said.returncode, said.out), (2, ""))
        path = SETTINGS if entries is None else MEASUREMENTS
        contains(said.err, f"pam-nitro: {path}:", "what to do: ")
    configure()
    SETTINGS.chmod(0o666)
    said = run("verify", "--config", SETTINGS, "--user", "deploy", "-")
    equal((said.returncode, said.out), (2, ""))
    contains(said.err, str(SETTINGS))


@test
def without_config_the_installed_anchors_count_if_they_are_safe():
    host()
    raw = sim(folder=sim_folder())
    DEFAULT_ANCHORS.unlink(missing_ok=True)
    said = run("verify", "-", stdin=raw)
    equal((said.returncode, said.out), (2, ""))
    contains(said.err, str(DEFAULT_ANCHORS), "--trust-anchors")
    shutil.copy(sim_folder() / "root.pem", DEFAULT_ANCHORS)
    DEFAULT_ANCHORS.chmod(0o644)
    equal(run("verify", "-", stdin=raw).returncode, 0)
    DEFAULT_ANCHORS.chmod(0o664)
    equal(run("verify", "-", stdin=raw).returncode, 2)
    DEFAULT_ANCHORS.unlink()


if __name__ == "__main__":
    main()
