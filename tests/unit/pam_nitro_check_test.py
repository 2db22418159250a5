#!/usr/bin/python3
"""pam-nitro check: each mistake in turn, and silent on what conf/ ships."""

import datetime
import os
import pathlib
import re
import shutil
import subprocess
import time

import pam_nitro_cli as cli
from pam_nitro_cli import (
    BUILD,
    ETC,
    MEASUREMENTS,
    PCR0,
    REPOSITORY,
    SETTINGS,
    Skip,
    contains,
    equal,
    host,
    main,
    run,
    run_json,
    sim_folder,
    test,
    work,
    write,
)

SSHD = "/usr/sbin/sshd"
PAM = pathlib.Path("/etc/pam.d")
MODULES = pathlib.Path("/etc/modules")
SSHD_CONFIG = pathlib.Path("/etc/ssh/sshd_config")
SCOPE = "nitro-workloads"
ENTRY = f'workload = "billing"; version = "1"; kind = "enclave"; pcr0 = "{PCR0}";'
OTHER = "b0" * 48
# PCR7 of an instance that has no Secure Boot keys.
NO_KEYS = "98441c7f7625d10058c47683aec486ce311c633235eb555593a7ee791121e3578ae72d04ecef661f272d59058b77af35"
RULES = 'users = ( { user = "deploy"; workloads = ["billing"]; } );\n'
PEOPLE = """
auth     [success=1 default=ignore]  pam_unix.so
auth     requisite  pam_deny.so
auth     required   pam_permit.so
account  required   pam_nologin.so
account  [success=1 new_authtok_reqd=done default=ignore]  pam_unix.so
account  requisite  pam_deny.so
account  required   pam_permit.so
session  required   pam_unix.so
"""


def once(function):
    """What every test needs, made by the first one."""
    done = []

    def wrapped():
        host()
        if not done:
            function()
            done.append(True)

    return wrapped


@once
def prepare():
    for name in ("pam.d", "ssh/sshd_config.d", "bin", "modules"):
        pathlib.Path("/etc", name).mkdir(parents=True, mode=0o755)
    for folder in ("/run", "/home"):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", folder], check=True)
    pathlib.Path("/run/sshd").mkdir(mode=0o755)
    with open("/etc/passwd", "a", encoding="utf-8") as file:
        file.write("sshd:x:101:65534::/run/sshd:/usr/sbin/nologin\n")
    with open("/etc/group", "a", encoding="utf-8") as file:
        file.write(f"{SCOPE}:x:1020:deploy\nempty:x:1021:\n")
    shutil.copy(cli.PAM_NITRO, "/etc/bin/pam-nitro")
    # The answer of a host whose clock is in step, whatever this one's is.
    set_clock("yes")
    os.environ["PATH"] = "/etc/bin:" + os.environ["PATH"]
    if os.access(SSHD, os.X_OK):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/etc/ssh/ssh_host_ed25519_key"],
            check=True,
            stdin=subprocess.DEVNULL,
        )


def set_clock(synchronised):
    write(pathlib.Path("/etc/bin/timedatectl"), f"#!/bin/sh\necho NTPSynchronized={synchronised}\n", 0o755)


def policy(settings="", entries=f"{{ {ENTRY} }}", revoked="", rules=RULES):
    """A host as it should be, but for what the test plants."""
    prepare()
    set_clock("yes")
    shutil.copy(REPOSITORY / "conf/aws-nitro-root.pem", ETC / "aws-nitro-root.pem")
    (ETC / "aws-nitro-root.pem").chmod(0o644)
    write(SETTINGS, rules + settings)
    write(MEASUREMENTS, f"measurements = ( {entries} );\nrevoked = ( {revoked} );\n")


def snippet():
    text = (REPOSITORY / "conf/sshd_config.d-nitro.conf").read_text(encoding="utf-8")
    return text.replace("/usr/bin/pam-nitro", "/etc/bin/pam-nitro")


def knows_penalties():
    """OpenSSH since 9.8. An older one does not know -G either."""
    known = subprocess.run([SSHD, "-G", "-f", "/dev/null"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return b"persourcepenalties" in known.stdout.lower()


def good_host(pam=None, people=PEOPLE, sshd=None, before=""):
    """conf/ as it ships, installed as its comments say."""
    policy()
    if not os.access(SSHD, os.X_OK):
        raise Skip(f"needs {SSHD}")
    shipped = (REPOSITORY / "conf/pam.d-sshd-nitro").read_text(encoding="utf-8")
    write(PAM / "sshd-nitro", shipped if pam is None else pam)
    write(PAM / "sshd", "@include sshd-nitro\n@include common-people\n")
    write(PAM / "common-people", people)
    # What is on by default in a newer sshd is a finding of its own, M24.
    if knows_penalties():
        before += "PerSourcePenalties no\n"
    write(SSHD_CONFIG, before + "Include /etc/ssh/sshd_config.d/*.conf\n")
    write(pathlib.Path("/etc/ssh/sshd_config.d/10-nitro.conf"), snippet() if sshd is None else sshd)
    module = BUILD / "pam_nitro.so"
    if not module.exists():
        raise Skip(f"needs {module}")
    shutil.copy(module, MODULES / "pam_nitro.so")
    (MODULES / "pam_nitro.so").chmod(0o644)


def check(*options):
    said = run_json("check", *options)
    for finding in said["findings"]:
        for key in ("id", "severity", "what", "why", "change"):
            assert finding[key], finding
    return said


def ids(said):
    return sorted(finding["id"] for finding in said["findings"])


def expect(*wanted, options=(), **details):
    """Exactly these findings, and the exit status that goes with them."""
    said = check(*options)
    equal(ids(said), sorted(wanted), said["findings"])
    bad = any(finding["severity"] != "note" for finding in said["findings"])
    equal((said["exit"], said["result"]), (1, "findings") if bad else (0, "clean"))
    for key, value in details.items():
        equal(said["findings"][0][key], value)
    return said


def on_host(*wanted, **details):
    return expect(*wanted, options=("--host", "--pam-modules", MODULES), **details)


def stamp(days):
    moment = datetime.datetime.fromtimestamp(int(time.time()) + days * 86400, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


# --- settings and measurements -------------------------------------------------


@test
def a_good_policy_has_no_findings_and_says_what_was_looked_at():
    policy()
    said = expect()
    equal(said["looked_at"]["entries"], 1)
    result = run("check")
    equal((result.returncode, result.err), (0, ""))
    equal(result.out, "no findings; looked at 1 rule, 1 entry, 0 revoked items, 1 trust anchor\n")


@test
def what_the_parser_refuses_is_told_with_file_and_line():
    # L01 L03 L11 L14
    policy("\nmodes = 1;\n")
    expect("settings_invalid", file=str(SETTINGS), line=3, severity="error")
    policy("max_age_s = 4294967296;\n")
    expect("settings_invalid", file=str(SETTINGS), line=2)
    policy(entries='{ workload = "billing"; }')
    expect("measurements_invalid", file=str(MEASUREMENTS), line=1)
    policy()
    SETTINGS.chmod(0o666)
    expect("file_unsafe", file=str(SETTINGS))
    policy()
    (ETC / "aws-nitro-root.pem").write_text("no root", encoding="ascii")
    expect("trust_anchors_invalid")
    policy()
    MEASUREMENTS.unlink()
    result = run("check")
    equal(result.returncode, 1)
    contains(result.out, "error     file_missing\n", f"  where   {MEASUREMENTS}\n", "  why ", "  change ", "1 error, ")


@test
def settings_that_weaken_are_told():
    for text, wanted in (
        ('mode = "observe";\n', ["observe_mode"]),
        ('binding = "none";\n', ["binding_none"]),
        ("audience = false;\n", ["audience_off"]),
        ("max_age_s = 301;\n", ["max_age_long"]),
        ("max_age_s = 300;\n", []),
        ('audience = false; mode = "observe";\n', ["audience_off", "observe_mode"]),
    ):
        policy(text)
        expect(*wanted)


@test
def names_that_the_host_does_not_know_are_told():
    for rule, wanted in (
        ('user = "nobody-of-that-name";', ["unknown_user"]),
        ('group = "nobodies";', ["unknown_group"]),
        ('group = "empty";', ["group_empty"]),
        ('group = "enclaves";', []),
        ('group = "stray";', []),
        ('user = "root";', ["root_listed"]),
    ):
        policy(rules=f'users = (\n{{ {rule} workloads = ["billing"]; }} );\n')
        said = expect(*wanted)
        for finding in said["findings"]:
            equal((finding["file"], finding["line"]), (str(SETTINGS), 2))


@test
def entries_that_do_not_do_what_they_seem_to_are_told():
    tpm = f'workload = "billing"; kind = "nitrotpm"; pcr7 = "{OTHER}";'
    pinned = f'{ENTRY} pcr1 = "{OTHER}";'
    ledger = f'workload = "ledger"; kind = "enclave"; pcr0 = "{OTHER}";'
    for name, entries, wanted, line in (
        ("signer", f'\n{{ workload = "billing"; kind = "enclave"; pcr8 = "{OTHER}"; }}', ["entry_signer_only"], 2),
        ("tpm signer", f"\n{{ {tpm} }}", ["entry_signer_only"], 2),
        ("tpm without command line", f'\n{{ workload = "billing"; kind = "nitrotpm"; pcr4 = "{OTHER}"; }}', ["entry_without_pcr12"], 2),
        ("tpm with it", f'{{ workload = "billing"; kind = "nitrotpm"; pcr4 = "{OTHER}"; pcr12 = "{cli.ZERO}"; }}', [], 0),
        ("tpm without keys", f'\n{{ workload = "billing"; kind = "nitrotpm"; pcr7 = "{NO_KEYS}"; }}', ["entry_pcr7_no_keys"], 2),
        (
            "tpm without keys, but PCR4",
            f'\n{{ workload = "billing"; kind = "nitrotpm"; pcr7 = "{NO_KEYS}"; pcr4 = "{OTHER}"; pcr12 = "{cli.ZERO}"; }}',
            ["entry_pcr7_no_keys"],
            2,
        ),
        ("an enclave's PCR7", f'{{ {ENTRY} pcr7 = "{NO_KEYS}"; }}', [], 0),
        ("same pins", f"{{ {ENTRY} }},\n{{ {ENTRY.replace('1', '2', 1)} }}", ["entry_duplicate"], 2),
        ("wider", f"{{ {ENTRY} }},\n{{ {pinned} }}", ["entry_shadowed"], 2),
        ("wider behind", f"\n{{ {pinned} }},\n{{ {ENTRY} }}", ["entry_shadowed"], 2),
        ("no rule", f"{{ {ENTRY} }},\n{{ {ledger} }}", ["entry_without_rule"], 2),
        ("expired", f'\n{{ {ENTRY} not_after = "{stamp(-1)}"; }}', ["entry_expired"], 2),
        ("soon", f'\n{{ {ENTRY} not_after = "{stamp(29)}"; }}', ["entry_expires_soon"], 2),
        ("not soon", f'{{ {ENTRY} not_after = "{stamp(31)}"; }}', [], 0),
        (
            "soon, but there is another",
            f'{{ {ENTRY} not_after = "{stamp(3)}"; }}, {{ workload = "billing"; kind = "enclave"; pcr0 = "{OTHER}"; }}',
            [],
            0,
        ),
        (
            "expired, but there is another",
            f'\n{{ {ENTRY} not_after = "{stamp(-3)}"; }}, {{ workload = "billing"; kind = "enclave"; pcr0 = "{OTHER}"; }}',
            ["entry_expired_unused"],
            2,
        ),
        ("kinds", f'{{ {ENTRY} }},\n{{ {tpm} pcr4 = "{PCR0}"; pcr12 = "{OTHER}"; }}', ["kinds_mixed"], 2),
        ("narrow values", f'{{ {ENTRY} pcr1 = ["{PCR0}", "{OTHER}"]; }}', [], 0),
    ):
        policy(entries=entries)
        said = check()
        equal(ids(said), wanted, name)
        for finding in said["findings"]:
            equal((finding["file"], finding["line"]), (str(MEASUREMENTS), line), name)


@test
def an_entry_that_a_revoked_item_always_matches_is_told():
    for item, wanted in (
        (f'pcr0 = "{PCR0}"; reason = "hole";', ["entry_revoked"]),
        (f'pcr0 = "{PCR0}"; workload = "billing"; version = "1";', ["entry_revoked"]),
        (f'pcr0 = "{PCR0}"; workload = "billing"; version = "2";', []),
        (f'pcr0 = "{PCR0}"; kind = "nitrotpm";', []),
        (f'pcr0 = "{PCR0}"; pcr1 = "{OTHER}";', []),
        (f'pcr0 = "{OTHER}";', []),
    ):
        policy(revoked=f"{{ {item} }}")
        said = check()
        equal(ids(said), wanted, item)


@test
def roots_that_are_not_awss_are_told():
    policy(f'trust_anchors = "{ETC}/roots.pem";\n')
    aws = (REPOSITORY / "conf/aws-nitro-root.pem").read_text(encoding="ascii")
    gov = (REPOSITORY / "conf/aws-us-gov-nitro-root.pem").read_text(encoding="ascii")
    simulated = (sim_folder() / "root.pem").read_text(encoding="ascii")
    write(ETC / "roots.pem", aws + gov)
    equal(expect()["looked_at"]["trust_anchors"], 2)
    write(ETC / "roots.pem", aws + simulated)
    said = expect("anchor_not_aws", file=str(ETC / "roots.pem"), line=aws.count("\n") + 1)
    assert re.search("SHA-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}", said["findings"][0]["what"]), said


@test
def signing_certificates_that_end_are_told():
    entry = f'{{ {ENTRY} signing_certificate = "{ETC}/signer.pem"; }}'
    for days, wanted in ((10, ["signer_expires_soon"]), (40, [])):
        policy(entries=entry)
        write(work() / "req.conf", "[req]\ndistinguished_name = name\n[name]\n")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp384r1", "-nodes",
             "-config", work() / "req.conf", "-subj", "/CN=signer", "-days", str(days), "-keyout", work() / "key", "-out", ETC / "signer.pem"],
            check=True, capture_output=True,
        )
        (ETC / "signer.pem").chmod(0o644)
        expect(*wanted)


def certificate(path, subject, begin, end):
    """Self-signed, with a validity that may be over."""
    folder = work() / "ca"
    folder.mkdir(exist_ok=True)
    for name, text in (
        ("index.txt", ""),
        ("serial", "01\n"),
        (
            "ca.conf",
            "[req]\ndistinguished_name = name\n[name]\n[ca]\ndefault_ca = this\n[this]\n"
            f"database = {folder}/index.txt\nserial = {folder}/serial\nnew_certs_dir = {folder}\n"
            "default_md = sha384\npolicy = any\nunique_subject = no\nx509_extensions = root\n"
            "[any]\ncommonName = supplied\n"
            "[root]\nbasicConstraints = critical,CA:TRUE\nkeyUsage = critical,keyCertSign,digitalSignature\n"
            "subjectKeyIdentifier = hash\n",
        ),
    ):
        (folder / name).write_text(text, encoding="ascii")
    for words in (
        ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp384r1", "-nodes", "-config", folder / "ca.conf",
         "-subj", f"/CN={subject}", "-keyout", folder / "key", "-out", folder / "request"],
        ["ca", "-batch", "-selfsign", "-notext", "-config", folder / "ca.conf", "-keyfile", folder / "key", "-in", folder / "request",
         "-startdate", begin, "-enddate", end, "-out", path],
    ):
        subprocess.run(["openssl", *words], check=True, capture_output=True)
    path.chmod(0o644)


@test
def a_signing_certificate_that_is_over_is_told():
    for end, wanted in (("20250101000000Z", ["signer_expired"]), ("20490101000000Z", [])):
        policy(entries=f'{{ {ENTRY} signing_certificate = "{ETC}/signer.pem"; }}')
        certificate(ETC / "signer.pem", "signer", "20240101000000Z", end)
        said = expect(*wanted)
        for finding in said["findings"]:
            equal(finding["file"], str(ETC / "signer.pem"))
            contains(finding["what"], "expired at 2025-01-01T00:00:00")


@test
def a_root_that_is_over_is_told():
    for end, wanted in (("20250101000000Z", ["anchor_expired", "anchor_not_aws"]), ("20490101000000Z", ["anchor_not_aws"])):
        policy(f'trust_anchors = "{ETC}/roots.pem";\n')
        certificate(ETC / "roots.pem", "root", "20240101000000Z", end)
        said = expect(*wanted)
        finding = said["findings"][-1]
        equal((finding["file"], finding["line"]), (str(ETC / "roots.pem"), 1))
        if len(wanted) == 2:
            contains(" ".join(f["what"] for f in said["findings"]), "expired at 2025-01-01T00:00:00")


@test
def an_evidence_store_that_cannot_be_written_is_told():
    for required, severity in (("false", "warning"), ("true", "error")):
        store = ETC / "store"
        policy(f'evidence = {{ directory = "{store}"; max_mib = 1; required = {required}; }};\n')
        expect()  # it is made with the first record
        assert not store.exists()
        store.mkdir(mode=0o700)
        expect()
        for mode in (0o750, 0o777):
            store.chmod(mode)
            expect("evidence_unusable", file=str(store), severity=severity)
        store.chmod(0o700)
        os.chown(store, 1003, 0)
        expect("evidence_unusable", file=str(store), severity=severity)
        store.rmdir()
        store.write_text("no folder", encoding="ascii")
        expect("evidence_unusable", file=str(store), severity=severity)
        store.unlink()
        policy(f'evidence = {{ directory = "/etc/a/b/c"; max_mib = 1; required = {required}; }};\n')
        expect("evidence_unusable", severity=severity)


@test
def an_evidence_store_that_outgrows_its_disk_is_told():
    policy()
    store = ETC / "store"
    store.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0700,size=8m", "tmpfs", store], check=True)
    for size, required, wanted in ((4, "false", []), (64, "false", ["evidence_space"]), (64, "true", ["evidence_space"])):
        policy(f'evidence = {{ directory = "{store}"; max_mib = {size}; required = {required}; }};\n')
        said = expect(*wanted)
        for finding in said["findings"]:
            equal((finding["file"], finding["severity"]), (str(store), "warning"))
            contains(finding["what"], "8 MiB are free, and the store may grow by 64 MiB")
    subprocess.run(["mount", "-o", "remount,ro", store], check=True)
    expect("evidence_unusable", file=str(store), severity="error")
    subprocess.run(["umount", store], check=True)
    store.rmdir()


@test
def a_clock_that_nobody_sets_is_a_note():
    policy()
    set_clock("no")
    expect("clock_unsynchronised", severity="note")


@test
def usage_errors_are_no_findings():
    policy()
    for options in (("--nonsense",), ("one",), ("--sshd", "sshd"), ("--config",)):
        equal(run("check", *options).returncode, 2, options)


# --- the host ------------------------------------------------------------------


@test
def what_conf_ships_has_no_findings():
    good_host()
    said = on_host()
    equal((said["looked_at"]["accounts"], said["looked_at"]["pam_files"]), (1, 3))
    result = run("check", "--host", "--pam-modules", MODULES)
    equal((result.returncode, result.err), (0, ""))
    contains(result.out, "no findings; looked at ", "1 account, 3 PAM files\n")


@test
def each_mistake_in_sshds_configuration_is_told():
    methods = "AuthenticationMethods publickey,keyboard-interactive:pam"
    for name, change, wanted, severity in (
        ("UsePAM", ("UsePAM yes", "UsePAM no"), "sshd_use_pam", "error"),
        ("kbdint", ("KbdInteractiveAuthentication yes", "KbdInteractiveAuthentication no"), "sshd_kbdint", "error"),
        ("not set", (methods, ""), "sshd_methods", "error"),
        ("key alone", (methods, methods + " publickey"), "sshd_methods", "error"),
        ("no key", (methods, methods + " keyboard-interactive:pam"), "sshd_methods_key", "error"),
        ("order", (methods, "AuthenticationMethods keyboard-interactive:pam,publickey"), "sshd_methods_key", "error"),
        ("more", (methods, methods + ",password"), "sshd_methods_more", "note"),
        ("password", ("PasswordAuthentication no", "PasswordAuthentication yes"), "sshd_other_methods", "note"),
        ("empty", ("PasswordAuthentication no", "PasswordAuthentication no\n PermitEmptyPasswords yes"), "sshd_empty_passwords", "warning"),
        ("hostbased", ("PasswordAuthentication no", "PasswordAuthentication no\n HostbasedAuthentication yes"), "sshd_other_methods", "note"),
        ("tries", ("PasswordAuthentication no", "PasswordAuthentication no\n MaxAuthTries 2"), "sshd_max_auth_tries", "warning"),
        ("grace", ("UsePAM yes", "UsePAM yes\nLoginGraceTime 10"), "sshd_login_grace", "warning"),
        ("command user", ("CommandUser nobody", "CommandUser ghost"), "sshd_keys_command_user", "error"),
        ("command root", ("CommandUser nobody", "CommandUser root"), "sshd_keys_command_root", "warning"),
        ("command words", ("authorized-keys %u %t %k", "authorized-keys %u %k"), "sshd_keys_command", "error"),
        ("command settings", ("authorized-keys %u", "authorized-keys --config /etc/other %u"), "sshd_keys_command", "error"),
        ("command file", ("/etc/bin/pam-nitro", "/etc/absent/pam-nitro"), "sshd_keys_command_file", "error"),
        ("scope", (f"Match Group {SCOPE}", "Match Group others"), "sshd_methods sshd_no_keys sshd_other_methods", "error"),
    ):
        text = snippet()
        assert change[0] in text, name
        good_host(sshd=text.replace(*change))
        said = check("--host", "--pam-modules", MODULES)
        found = [finding for finding in said["findings"] if finding["file"] == str(SSHD_CONFIG)]
        equal(sorted(finding["id"] for finding in found), wanted.split(), name)
        equal(ids(said), wanted.split(), name)
        equal(found[0]["severity"], severity, name)
        equal(found[0]["accounts"], ["deploy"], name)


# M24
@test
def penalties_without_an_exempt_list_are_a_note():
    good_host()
    if not knows_penalties():
        raise Skip("this sshd has no PerSourcePenalties (OpenSSH 9.8)")
    for line, wanted in (
        ("PerSourcePenalties no", False),
        ("PerSourcePenalties yes", True),
        ("PerSourcePenalties authfail:30s", True),
        ("PerSourcePenalties yes\nPerSourcePenaltyExemptList 192.0.2.0/28", False),
    ):
        good_host(before=line + "\n")
        said = on_host(*["sshd_penalties"][: int(wanted)])
        equal([finding["severity"] for finding in said["findings"]], ["note"][: int(wanted)], line)


@test
def another_name_of_the_pam_service_is_told():
    good_host()
    if not knows_penalties():
        raise Skip("this sshd has no PAMServiceName (OpenSSH 9.8)")
    good_host(before="PAMServiceName workloads\n")
    said = on_host("sshd_pam_service", severity="error")
    contains(said["findings"][0]["what"], "workloads")
    (PAM / "sshd").rename(PAM / "workloads")
    said = check("--host", "--pam-modules", MODULES, "--pam-service", "workloads")
    equal(ids(said), [])
    (PAM / "workloads").unlink()


@test
def accounts_that_sshd_shuts_out_are_told():
    for line, wanted, options in (
        ("DenyUsers deploy", True, ()),
        ("DenyUsers other depl?y", True, ()),
        ("DenyUsers deploy@192.0.2.*", True, ()),
        ("DenyUsers deploy@192.0.2.*", False, ("--from", "198.51.100.7")),
        ("DenyUsers deployer eploy", False, ()),
        ("AllowUsers root", True, ()),
        ("AllowUsers root deploy", False, ()),
        ("AllowUsers root\nAllowUsers d*", False, ()),
        ("AllowUsers deploy@198.51.100.7", True, ()),
        ("AllowUsers deploy@198.51.100.7", False, ("--from", "198.51.100.7")),
        ("AllowUsers deploy@198.51.100.0/24", False, ()),
        (f"DenyGroups {SCOPE}", True, ()),
        ("DenyGroups empty", False, ()),
        ("AllowGroups empty wheel", True, ()),
        (f"AllowGroups empty {SCOPE}", False, ()),
    ):
        good_host(before=line + "\n")
        said = expect(*["sshd_shuts_out"][: int(wanted)], options=("--host", "--pam-modules", MODULES, *options))
        for finding in said["findings"]:
            equal((finding["file"], finding["severity"], finding["accounts"]), (str(SSHD_CONFIG), "error", ["deploy"]), line)
            contains(finding["what"], line.split()[0])


@test
def an_account_whose_shell_is_missing_is_told():
    good_host()
    passwd = pathlib.Path("/etc/passwd")
    text = passwd.read_text(encoding="utf-8")
    lines = [re.sub(":[^:]*$", ":/bin/absent", line) if line.startswith("deploy:") else line for line in text.splitlines()]
    write(passwd, "\n".join(lines) + "\n")
    said = on_host("sshd_shuts_out", file="/etc/passwd")
    contains(said["findings"][0]["what"], "/bin/absent")
    write(passwd, text)


@test
def options_of_the_keys_command_are_no_mistake():
    for words, wanted in (
        ("--options restrict", []),
        ("--options=restrict,pty", []),
        ("--options ''", []),
        ('--options "restrict,command=\\"a b\\""', []),
        ("--options restrict,pty extra", ["sshd_keys_command"]),
        ("--options", ["sshd_keys_command"]),
    ):
        good_host(sshd=snippet().replace("authorized-keys", f"authorized-keys {words}"))
        on_host(*wanted)


@test
def an_earlier_block_that_matches_the_same_accounts_is_seen():
    good_host(before="Match User deploy\n AuthenticationMethods publickey\nMatch all\n")
    said = on_host("sshd_methods")
    contains(said["findings"][0]["what"], "lacks keyboard-interactive:pam", "any key at all")


@test
def an_sshd_that_does_not_read_its_configuration_is_told():
    good_host(sshd="NoSuchOption yes\n")
    said = on_host("sshd_failed", file=SSHD)
    contains(said["findings"][0]["what"], "NoSuchOption")


@test
def settings_that_the_keys_command_cannot_read_are_told():
    good_host()
    SETTINGS.chmod(0o600)
    on_host("sshd_keys_command_settings", file=str(SETTINGS))


@test
def root_is_masked_by_sshd():
    good_host(before="PermitRootLogin prohibit-password\n")
    write(SETTINGS, 'users = ( { user = "root"; workloads = ["billing"]; } );\n')
    assert "sshd_root" in ids(check("--host", "--pam-modules", MODULES))


@test
def an_account_that_the_scope_leaves_out_is_told():
    good_host(before="Match User ledger\n" + "".join(snippet().split(f"Match Group {SCOPE}")[1].split("Match all")[0]) + "Match all\n")
    write(SETTINGS, 'users = ( { user = "deploy"; workloads = ["billing"]; }, { user = "ledger"; workloads = ["billing"]; } );\n')
    said = on_host("pam_scope", "pam_scope")
    for finding in said["findings"]:
        equal((finding["file"], finding["accounts"]), (str(PAM / "sshd-nitro"), ["ledger"]))


AUTH = "auth required pam_nitro.so\n"
ACCOUNT = "account required pam_nitro.so\n"
END = "auth required pam_permit.so\naccount required pam_permit.so\n"


@test
def each_mistake_in_the_pam_stack_is_told():
    # M03
    for name, pam, wanted, line in (
        ("good", AUTH + ACCOUNT, [], 0),
        ("requisite", AUTH.replace("required", "requisite") + ACCOUNT, [], 0),
        ("sufficient and deny", "auth sufficient pam_nitro.so\nauth requisite pam_deny.so\n" + ACCOUNT, [], 0),
        ("jump over deny", "auth [success=1 default=ignore] pam_nitro.so\nauth requisite pam_deny.so\n" + ACCOUNT, [], 0),
        ("optional", "auth optional pam_nitro.so\n" + ACCOUNT, ["pam_bypass"], 1),
        ("sufficient", "auth sufficient pam_nitro.so\n" + ACCOUNT, ["pam_bypass"], 1),
        ("ignore", "auth [success=ok default=ignore] pam_nitro.so\n" + ACCOUNT, ["pam_bypass"], 1),
        ("maxtries ignored", "auth [success=ok maxtries=ignore default=die] pam_nitro.so\n" + ACCOUNT, ["pam_bypass"], 1),
        ("a module that is missing", "auth [success=ok module_unknown=ignore default=die] pam_nitro.so\n" + ACCOUNT, ["pam_bypass"], 1),
        ("sufficient before", "auth sufficient pam_unix.so\n" + AUTH + ACCOUNT, ["pam_bypass"], 1),
        ("done before", "auth [success=done default=ignore] pam_x.so\n" + AUTH + ACCOUNT, ["pam_bypass"], 1),
        ("jump over it", "auth [success=1 default=ignore] pam_x.so\n" + AUTH + ACCOUNT, ["pam_bypass"], 1),
        ("failure jumps over it", "auth [success=ignore default=1] pam_x.so\n" + AUTH + ACCOUNT, ["pam_bypass"], 1),
        ("rootok", "auth sufficient pam_rootok.so\n" + AUTH + ACCOUNT, ["pam_bypass"], 1),
        ("reset", AUTH + ACCOUNT + "auth [default=reset] pam_x.so\n", ["pam_bypass"], 1),
        ("account sufficient before", AUTH + "account sufficient pam_localuser.so\n" + ACCOUNT, ["pam_bypass"], 2),
        ("account optional", AUTH + "account optional pam_nitro.so\n", ["pam_bypass"], 1 + 1),
        ("no auth", ACCOUNT, ["pam_missing_auth"], 0),
        ("no account", AUTH, ["pam_missing_account"], 0),
        ("deny behind", AUTH + ACCOUNT + "auth required pam_deny.so\n", ["pam_refuses_all"], 0),
        ("jump too far", "auth [success=9 default=die] pam_nitro.so\n" + ACCOUNT, ["pam_refuses_all"], 0),
        ("password behind", AUTH + ACCOUNT + "auth required pam_unix.so\n", ["pam_asks_a_person"], 0),
        ("argument", "auth required pam_nitro.so debug\n" + ACCOUNT, ["pam_argument"], 1),
        ("relative", "auth required pam_nitro.so config=x\n" + ACCOUNT, ["pam_argument"], 1),
        ("other settings", "auth required pam_nitro.so config=/etc/x\n" + ACCOUNT, ["pam_other_config"], 1),
        ("same settings", f"auth required pam_nitro.so config={SETTINGS}\n" + ACCOUNT, [], 0),
        ("absent module", "auth required /etc/absent/pam_nitro.so\n" + ACCOUNT, ["pam_no_module"], 1),
        ("absolute", f"auth required {MODULES}/pam_nitro.so\n" + ACCOUNT, [], 0),
        ("control", "auth [success=ok default=jam] pam_nitro.so\n" + ACCOUNT, ["pam_broken_line", "pam_refuses_all"], 1),
        ("type", "outh required pam_x.so\n" + AUTH + ACCOUNT, ["pam_broken_line", "pam_refuses_all"], 1),
        ("open end", AUTH + ACCOUNT + "auth required \\\n", ["pam_unreadable"], 3),
        ("include", AUTH + ACCOUNT + "@include absent\n", ["pam_unreadable"], 3),
        ("continued", "auth \\\n # comment\n\n required \\\n pam_nitro.so # end\n" + ACCOUNT, [], 0),
        ("comment", "#" + AUTH + "auth required pam_x.so\n" + ACCOUNT, ["pam_missing_auth"], 0),
        ("scoped in", f"auth [success=ignore default=1] pam_succeed_if.so quiet user ingroup {SCOPE}\n" + AUTH + ACCOUNT, [], 0),
        ("scoped out", "auth [success=ignore default=1] pam_succeed_if.so user ingroup enclaves\n" + AUTH + ACCOUNT, ["pam_scope"], 1),
        ("scoped by uid", "auth [success=ignore default=1] pam_succeed_if.so uid >= 1000\n" + AUTH + ACCOUNT, [], 0),
        ("scoped by list", "auth [default=1 success=ignore] pam_succeed_if.so user in a:deploy\n" + AUTH + ACCOUNT, [], 0),
        ("negated", "auth [default=ignore success=1] pam_succeed_if.so user notingroup enclaves\n" + AUTH + ACCOUNT, ["pam_scope"], 1),
        ("host-dependent", "auth [default=1 success=ignore] pam_succeed_if.so rhost = a\n" + AUTH + ACCOUNT, ["pam_bypass"], 1),
        ("substack", "auth substack inner\naccount substack inner\n", [], 0),
        ("substack dies inside only", "auth substack inner-die\nauth [default=reset] pam_x.so\n" + ACCOUNT, ["pam_bypass"], 2),
    ):
        good_host(pam=pam, people=END)
        write(PAM / "inner", AUTH + ACCOUNT)
        write(PAM / "inner-die", "auth requisite pam_nitro.so\n")
        said = check("--host", "--pam-modules", MODULES)
        equal(ids(said), wanted, name)
        if line:
            finding = next(f for f in said["findings"] if f["id"] == wanted[0])
            where = str(PAM / "inner-die") if "substack dies" in name else str(PAM / "sshd-nitro")
            equal((finding["file"], finding["line"]), (where, 1 if "substack dies" in name else line), name)


@test
def the_way_past_pam_nitro_is_shown_line_by_line():
    good_host(pam="auth [success=1 default=ignore] pam_unix.so\n" + AUTH + ACCOUNT, people=END)
    said = on_host("pam_bypass")
    equal(
        said["findings"][0]["path"],
        [
            f"{PAM}/sshd-nitro:1 pam_unix.so: success -> skip 1",
            f"{PAM}/common-people:1 pam_permit.so: success -> ok",
        ],
    )
    result = run("check", "--host", "--pam-modules", MODULES)
    contains(result.out, "  who     deploy\n", "  path    /etc/pam.d/sshd-nitro:1 pam_unix.so: success -> skip 1\n          /etc/pam.d/common-people:1 ")


@test
def files_that_somebody_else_can_change_are_told():
    for path, wanted in (
        (PAM / "common-people", "pam_unsafe_file"),
        (PAM, "pam_unsafe_file"),
        (MODULES / "pam_nitro.so", "pam_unsafe_module"),
        (SSHD_CONFIG, "sshd_unsafe_file"),
        (pathlib.Path("/etc/ssh/sshd_config.d/10-nitro.conf"), "sshd_unsafe_file"),
        (pathlib.Path("/etc/ssh/sshd_config.d"), "sshd_unsafe_file"),
        (pathlib.Path("/etc/bin/pam-nitro"), "sshd_keys_command_file"),
    ):
        good_host()
        mode = path.stat().st_mode & 0o7777
        path.chmod(mode | 0o020)
        on_host(wanted, file=str(path))
        path.chmod(mode)
        os.chown(path, 1003, 0)
        said = on_host(wanted, file=str(path))
        contains(said["findings"][0]["what"], "uid 1003")
        os.chown(path, 0, 0)


@test
def a_service_without_a_file_falls_to_other():
    good_host()
    (PAM / "sshd").unlink()
    write(PAM / "other", "auth required pam_deny.so\naccount required pam_deny.so\n")
    said = on_host("pam_missing_account", "pam_missing_auth")
    contains(said["findings"][0]["what"], '"other"')
    (PAM / "other").unlink()


@test
def accounts_beyond_the_limit_are_said_to_be_left_out():
    good_host()
    passwd = pathlib.Path("/etc/passwd").read_text(encoding="utf-8")
    many = "".join(f"w{i}:x:{2000 + i}:1020::/:/bin/sh\n" for i in range(52))
    write(pathlib.Path("/etc/passwd"), passwd + many)
    write(SETTINGS, f'users = ( {{ group = "{SCOPE}"; workloads = ["billing"]; }} );\n')
    said = check("--host", "--pam-modules", MODULES, "--sshd-config", SSHD_CONFIG)
    equal((ids(said), said["looked_at"]["accounts"]), (["accounts_left_out"], 50))
    write(PAM / "sshd-nitro", "auth optional pam_nitro.so\n" + ACCOUNT)
    said = check("--host", "--pam-modules", MODULES)
    finding = said["findings"][-1]
    equal((finding["account_count"], len(finding["accounts"])), (50, 8))
    write(pathlib.Path("/etc/passwd"), passwd)


if __name__ == "__main__":
    main()
