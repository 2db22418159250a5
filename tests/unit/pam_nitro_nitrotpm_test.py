#!/usr/bin/python3 -B
"""The three real documents of NitroTPM instances through verify, inspect and
test, and what SECURITY.md says of their PCRs, read off them: three instances,
started on three days, with the same measured boot."""

import functools

from pam_nitro_cli import MEASUREMENTS, SETTINGS, VECTORS, Skip, equal, host, main, real_root, run_json, test, write

ZERO, ONES = "00" * 48, "ff" * 48
KEY_LEN = 65  # an uncompressed P-256 point: neither RSA nor DER


@functools.cache
def documents():
    """Path and what inspect says of it."""
    found = sorted((VECTORS / "documents").glob("tpm-*.cbor"))
    if not found:
        raise Skip(f"no documents in {VECTORS}")
    return [(path, run_json("inspect", path)) for path in found]


def pcr(index):
    """The values of one PCR, of each document."""
    return [said["pcrs"][str(index)] for _, said in documents()]


@test
def they_verify_at_their_own_time_and_not_now():
    for path, _ in documents():
        said = run_json("verify", "--trust-anchors", real_root(), "--at", "document", path)
        equal((said["result"], said["reason"], said["kind"]), ("allow", "ok", "nitrotpm"), path.name)
        said = run_json("verify", "--trust-anchors", real_root(), path)
        equal((said["result"], said["reason"]), ("deny", "document_too_old"), path.name)


@test
def they_carry_24_pcrs_and_a_public_key_that_is_not_rsa():
    for path, said in documents():
        equal((said["kind"], len(said["pcrs"])), ("nitrotpm", 24), path.name)
        assert "-tpm" in said["module_id"], said["module_id"]
        key = bytes.fromhex(said["public_key"])
        equal((len(key), key[0]), (KEY_LEN, 4), path.name)


@test
def pcr0_and_2_to_9_are_the_same_on_three_instances():
    equal(len({said["module_id"] for _, said in documents()}), 3)
    for index in (0, 2, 3, 4, 5, 6, 7, 8, 9):
        equal(len(set(pcr(index))), 1, f"PCR{index}")


@test
def pcr1_and_pcr10_differ_although_the_measured_boot_is_the_same():
    equal(len(set(pcr(1))), 3)
    equal(len(set(pcr(10))), 3)


@test
def pcr2_3_and_6_are_one_value_that_says_nothing_was_measured():
    equal(len({*pcr(2), *pcr(3), *pcr(6)}), 1)


@test
def pcr11_to_16_are_zero_17_to_22_are_ones_and_23_is_anybodys():
    for index in range(11, 17):
        equal(set(pcr(index)), {ZERO}, f"PCR{index}")
    for index in range(17, 23):
        equal(set(pcr(index)), {ONES}, f"PCR{index}")
    equal(sorted(value == ZERO for value in pcr(23)), [False, True, True])


@test
def a_boot_loader_measured_kernel_and_command_line_outside_of_pcr4():
    assert ZERO not in pcr(8) + pcr(9)
    equal(set(pcr(12)), {ZERO}, "no unified kernel image had a command line")


def configure(kind, pins):
    """One rule and one entry, and the real root."""
    write(SETTINGS, f'trust_anchors = "{SETTINGS.parent}/root.pem";\n'
                    'users = ( { user = "deploy"; workloads = ["billing"]; } );\n')
    write(SETTINGS.parent / "root.pem", real_root().read_text())
    lines = " ".join(f'pcr{index} = "{value}";' for index, value in pins.items())
    write(MEASUREMENTS, f'measurements = ( {{ workload = "billing"; kind = "{kind}"; {lines} }} );\n')


def would(path):
    said = run_json("test", "--user", "deploy", "--at", "document", path)
    return said["result"], said["reason"]


@test
def one_entry_of_pcr4_7_and_12_admits_all_three():
    host()
    configure("nitrotpm", {4: pcr(4)[0], 7: pcr(7)[0], 12: ZERO})
    for path, _ in documents():
        equal(would(path), ("allow", "ok"), path.name)


@test
def another_pcr4_or_7_or_12_admits_none():
    host()
    good = {4: pcr(4)[0], 7: pcr(7)[0], 12: ZERO}
    for index in good:
        configure("nitrotpm", good | {index: "5a" * 48})
        for path, _ in documents():
            equal(would(path), ("deny", "pcr_mismatch"), f"PCR{index}, {path.name}")


@test
def an_enclaves_entry_with_their_very_pcrs_admits_none():
    host()
    configure("enclave", {0: pcr(0)[0], 4: pcr(4)[0]})
    for path, _ in documents():
        equal(would(path), ("deny", "kind_not_allowed"), path.name)


@test
def a_nitrotpms_entry_admits_no_enclave_with_that_pcr4():
    host()
    enclaves = sorted((VECTORS / "documents").glob("enc-*pcr8*.cbor"))
    if not enclaves:
        raise Skip(f"no documents in {VECTORS}")
    for path in enclaves:
        configure("nitrotpm", {4: run_json("inspect", path)["pcrs"]["4"]})
        equal(would(path), ("deny", "kind_not_allowed"), path.name)


main()
