#!/usr/bin/python3
"""pam-nitro authorized-keys, as sshd runs it."""

import base64
import os
import pathlib
import shutil
import struct
import subprocess

from pam_nitro_cli import (
    ETC,
    PAM_NITRO,
    SETTINGS,
    configure,
    contains,
    equal,
    main,
    run,
    ssh_key,
    test,
    work,
)


RESTRICTED = "restrict,pty "


def ask(user, text, *options):
    return run("authorized-keys", *options, user, *text.split()[:2])


@test
def a_key_of_a_listed_user_or_group_member_is_offered():
    configure()
    for kind in ("ed25519", "ecdsa", "rsa"):
        text, _ = ssh_key(kind)
        for user in ("deploy", "ledger"):
            said = ask(user, text)
            equal((said.returncode, said.out, said.err), (0, RESTRICTED + text + "\n", ""))
    text, _ = ssh_key("ed25519")
    elsewhere = ETC / "other.conf"
    SETTINGS.rename(elsewhere)
    equal(ask("deploy", text).returncode, 2)
    equal(ask("deploy", text, "--config", elsewhere).out, RESTRICTED + text + "\n")


@test
def options_stand_before_the_key_as_they_are():
    configure()
    text, _ = ssh_key("ed25519")
    for options in ("restrict", 'restrict,command="say \\"a b\\" c"', 'from="10.0.0.0/8"', "r" * 4096):
        said = ask("deploy", text, "--options", options)
        equal((said.returncode, said.out, said.err), (0, f"{options} {text}\n", ""))
    equal(ask("deploy", text, "--options", "").out, text + "\n")
    equal(ask("deploy", text, "--options=").out, text + "\n")
    equal(ask("stray", text, "--options", "restrict").out, "")


@test
def options_that_would_end_before_the_key_or_break_the_line_are_refused():
    configure()
    text, _ = ssh_key("ed25519")
    for options in (
        "restrict\n", "\nssh-ed25519", "restrict\r", "a\tb", "a b", "restrict ", " ", "#", "caf\u00e9",
        'command="a', 'a"', 'command="a\\"', 'command="a" b"', "\x7f", "\x1b[1m", "r" * 4097,
    ):
        for user in ("deploy", "stray"):
            said = ask(user, text, "--options", options)
            equal((said.returncode, said.out), (2, ""), options)
            contains(said.err, "authorized-keys: --options ")


@test
def an_unprivileged_user_may_ask():
    configure()
    text, _ = ssh_key("ed25519")
    program = pathlib.Path("/etc/pam-nitro")
    shutil.copy(PAM_NITRO, program)
    said = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program]
        + ["authorized-keys", "ledger", *text.split()[:2]],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    equal((said.returncode, said.stdout, said.stderr), (0, RESTRICTED + text + "\n", ""))


@test
def nothing_is_offered_to_a_user_in_no_rule():
    configure()
    text, _ = ssh_key("ed25519")
    for user in ("stray", "root", "Deploy", "deploy ", "", "no-such-user", "enclaves"):
        said = ask(user, text)
        equal((said.returncode, said.out, said.err), (0, "", ""), user)
        contains(ask(user, text, "--verbose").err, "no key is offered: no rule")


@test
def nothing_is_offered_where_no_document_would_vouch_for_it():
    text, _ = ssh_key("ed25519")
    for settings in ('mode = "observe";\n', 'binding = "none";\n'):
        configure(settings)
        said = ask("deploy", text)
        equal((said.returncode, said.out, said.err), (0, "", ""), settings)
        contains(ask("deploy", text, "--verbose").err, "no key is offered: ")


@test
def broken_settings_offer_nothing_and_exit_2():
    # L03 L14
    text, _ = ssh_key("ed25519")
    configure("modes = 1;\n")
    said = ask("deploy", text)
    equal((said.returncode, said.out), (2, ""))
    contains(said.err, f"pam-nitro: {SETTINGS}:", "what to do: ")
    configure()
    for mode in (0o664, 0o646):
        SETTINGS.chmod(mode)
        said = ask("deploy", text)
        equal((said.returncode, said.out), (2, ""), oct(mode))
    SETTINGS.chmod(0o644)
    os.chown(SETTINGS, 65534, 65534)
    equal(ask("deploy", text).returncode, 2)
    SETTINGS.unlink()
    said = ask("deploy", text)
    equal((said.returncode, said.out), (2, ""))


@test
def a_malformed_key_is_refused_even_for_a_listed_user():
    # K07
    configure()
    _, blob = ssh_key("ed25519")
    good = base64.b64encode(blob).decode()
    for kind, key in (
        ("ssh-rsa", good),
        ("ssh-ed25519-cert-v01@openssh.com", good),
        ("ssh-ed25519x", good),
        ("", good),
        ("ssh-ed25519", ""),
        ("ssh-ed25519", "SHA256:" + good[:43]),
        ("ssh-ed25519", good[:-1]),
        ("ssh-ed25519", good + " comment"),
        ("ssh-ed25519", good + "\nssh-rsa AAAA"),
        ("ssh-ed25519\nssh-rsa", good),
        ("ssh-ed25519", base64.b64encode(blob[:-1]).decode()),
        ("ssh-ed25519", base64.b64encode(blob + b"\0").decode()),
        ("ssh-dss", base64.b64encode(struct.pack(">I", 7) + b"ssh-dss").decode()),
    ):
        said = run("authorized-keys", "deploy", kind, key)
        equal((said.returncode, said.out), (1, ""), (kind, key))
        contains(said.err, "AuthorizedKeysCommand /usr/bin/pam-nitro authorized-keys %u %t %k")
        # Nobody learns more about a user in no rule.
        equal(run("authorized-keys", "stray", kind, key).returncode, 0)


@test
def a_certificate_is_not_offered():
    configure()
    ssh_key("ed25519")
    subprocess.run(
        ["ssh-keygen", "-q", "-s", work() / "id_ed25519", "-I", "x", "-n", "deploy"]
        + [work() / "id_ed25519.pub"],
        check=True,
        timeout=60,
    )
    text = (work() / "id_ed25519-cert.pub").read_text(encoding="ascii")
    said = ask("deploy", text)
    equal((said.returncode, said.out, said.err), (0, "", ""))
    contains(ask("deploy", text, "--verbose").err, "certificate")


@test
def a_user_called_like_an_option_gets_nothing():
    configure()
    text, _ = ssh_key("ed25519")
    for user in ("--verbose", "-h", "--help", "--", f"--config={SETTINGS}", "--options="):
        assert text.split()[1] not in ask(user, text).out, user


if __name__ == "__main__":
    main()
