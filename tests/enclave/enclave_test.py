#!/usr/bin/python3 -B
"""Logins from a machine with the kernel's own /dev/nsm and vsock: QEMU's
nitro-enclave. QEMU measures the image by itself and signs nothing; below the
simulated root the host signs the very same claims.

Four images, each with another number of ramdisks and order of sections:
billing (signed) and single are in the measurements; intruder (signed by
somebody else) is not; shuffled has its ramdisks before command line and kernel.
"""

import base64
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "sshd"))

import harness  # noqa: E402
import machine  # noqa: E402
import resign  # noqa: E402
from harness import BUILD, ROOT  # noqa: E402
from tap import Suite, equal, one  # noqa: E402

suite = Suite()
test = suite.test
NAMES = ("billing", "single", "intruder", "shuffled")


def measured(path, *options):
    """pam-nitro measure's view of an image."""
    return json.loads(harness.must([BUILD / "pam-nitro", "measure", "--json", *options, path], seconds=60).text)


def computed(*words):
    return json.loads(harness.must([BUILD / "pam-nitro", "pcr", "--json", *words]).text)


def build_images(host):
    system, application = machine.system, machine.application
    host.certificate, key = machine.signer("billing-signer")
    back_door = machine.eif.Archive().file("etc/back-door", b"open\n")
    work = application(("key", "signed"))
    host.images = {
        # As AWS's tools write it.
        "billing": machine.image("billing", [None, "", "metadata", system(), application(
            ("key", "closed", "unsigned", "signed", "bulk"))], (host.certificate, key)),
        "single": machine.image("single", [
            "metadata", None, "", application(("key", "unsigned", "signed"), system())]),
        "intruder": machine.image("intruder", [None, "", system(), "signature", work, "metadata", back_door],
                                  machine.signer("somebody")),
        "shuffled": machine.image("shuffled", [system(), "", work, "metadata", None]),
    }


def allow_images(host):
    """measurements.conf from what pam-nitro says of the images."""
    billing = measured(host.images["billing"], "--workload", "billing", "--version", "1.4.2")["entry"]
    pins = f'    iam_role = "{machine.ROLE}";\n    instance_id = "{machine.INSTANCE}";\n  }}'
    single = measured(host.images["single"], "--workload", "billing", "--version", "2.0.0")["entry"]
    # The settings name this workload too.
    ledger = f'  {{ workload = "ledger"; version = "7"; kind = "nitrotpm"; pcr4 = "{harness.LEDGER[4]}"; }}'
    host.measurements("measurements = (\n" + billing.rstrip().removesuffix("}").rstrip() + "\n" + pins + ",\n"
                      + single.rstrip() + ",\n" + ledger + "\n);\n")


def prepare(host):
    host.plain = host.sshd()
    machine.strip_client()
    build_images(host)
    allow_images(host)
    signer = resign.Signer(ROOT / "client/signer", ROOT / "pki")
    host.boots, host.documents, host.lines = {}, {}, {}
    for name in NAMES:
        since = host.log.mark()
        service = resign.Service(signer)
        host.boots[name] = machine.Boot(host.images[name], {machine.SSHD: host.plain.port, machine.RESIGN: service.port})
        host.documents[name], host.lines[name] = service.documents, host.log.decisions(since, "auth")
        if host.boots[name].retried:
            print(f"# {name} was booted twice: the first time nothing came from its serial line", flush=True)


def key_of(host, name):
    return base64.b64decode(host.boots[name].outcomes["key"].out.split()[1])


def line_of(host, name, result):
    return [line for line in host.lines[name] if line["result"] == result]


@test("the driver hands the device the request byte for byte: nonce, user_data and public_key come back")
def echo(host):
    for name in NAMES:
        assert host.documents[name], f"{name}: no document came"
        for document in host.documents[name]:
            prompt = harness.Prompt(document.claims["user_data"].decode() + " part=1: ")
            equal(document.claims["nonce"], prompt.nonce, name)
            equal((prompt.host, prompt.user), (harness.SERVER_NAME, "deploy"), name)
            equal(document.claims["public_key"], key_of(host, name), name)
            equal(document.claims["module_id"], machine.MODULE_ID, name)


@test("the documents are those of an emulated device: algorithm -1, no certificate, no signature")
def emulated(host):
    for name in NAMES:
        for document in host.documents[name]:
            equal(document.protected, {1: -1}, name)
            assert not any(document.signature) and not any(document.claims["certificate"]), name


def same_pcrs(host, name):
    """What the device reports is what pam-nitro computes; how many."""
    expected = measured(host.images[name])
    assert host.documents[name], "no document"
    for document in host.documents[name]:
        actual = {f"pcr{i}": value.hex() for i, value in document.claims["pcrs"].items()}
        equal({key: actual[key] for key in ("pcr0", "pcr1", "pcr2")},
              {key: expected[key] for key in ("pcr0", "pcr1", "pcr2")})
        equal(actual["pcr8"], expected.get("pcr8") or "00" * 48)
        equal(actual["pcr3"], computed("role", machine.ROLE)["pcr3"])
        equal(actual["pcr4"], computed("instance", machine.INSTANCE)["pcr4"])
    return expected


@test("two ramdisks, signed, in AWS's order: PCR0, 1, 2, 8, 3, 4 of the device are those of measure and pcr")
def pcrs_of_billing(host):
    expected = same_pcrs(host, "billing")
    equal((expected["ramdisks"], expected["signature"]), (2, "signed"))
    equal(expected["pcr8"], computed("certificate", host.certificate)["pcr8"])


@test("one ramdisk, not signed, metadata in front: PCR0, 1, 2, 8, 3, 4 likewise")
def pcrs_of_single(host):
    expected = same_pcrs(host, "single")
    equal(expected["ramdisks"], 1)
    equal(expected["pcr0"], expected["pcr1"], "no second ramdisk")


@test("three ramdisks, signature and metadata between them: PCR0, 1, 2, 8, 3, 4 likewise")
def pcrs_of_intruder(host):
    expected = same_pcrs(host, "intruder")
    equal((expected["ramdisks"], expected["signature"]), (3, "signed"))


@test("ramdisks before command line and kernel: PCR0, 1, 2, 8, 3, 4 likewise, in the order of the file")
def pcrs_of_shuffled(host):
    expected = same_pcrs(host, "shuffled")
    equal(expected["pcr0"], machine.pcr0_as_it_stands(host.images["shuffled"]).hex())


@test("the device's own document is refused: cose_algorithm, at once, in one line")
def unsigned(host):
    for name in ("billing", "single"):
        outcome = host.boots[name].outcomes["unsigned"]
        line = one(line_of(host, name, "deny"))
        equal((outcome.code, outcome.out), (255, ""), repr(outcome))
        equal((line["reason"], line["user"]), ("cose_algorithm", "deploy"), line.text)
        assert f"pam_nitro: login refused (reference {line['ref']})" in outcome.err, repr(outcome)


@test("the same claims below the test root log in: stock ssh, in parts, over vsock, each image as what it is")
def signed(host):
    for name, version in (("billing", "1.4.2"), ("single", "2.0.0")):
        outcome = host.boots[name].outcomes["signed"]
        equal((outcome.code, outcome.out), (0, f"billing {version} enclave {machine.MODULE_ID}\n"), repr(outcome))
        prompts = harness.Result([], outcome.code, b"", outcome.err.encode(), 0).prompt_count
        assert 2 <= prompts <= 8, f"{prompts} prompts"
        line = line_of(host, name, "allow")[0]
        equal((line["reason"], line["kind"], line["version"]), ("ok", "enclave", version), line.text)


@test("an enclave with another image is refused: pcr_mismatch, and nothing ran")
def intruder(host):
    for name in ("intruder", "shuffled"):
        outcome = host.boots[name].outcomes["signed"]
        line = one(host.lines[name])
        equal((outcome.code, outcome.out), (255, ""), repr(outcome))
        equal((line["result"], line["reason"]), ("deny", "pcr_mismatch"), line.text)
        assert f"pam_nitro: login refused (reference {line['ref']})" in outcome.err, repr(outcome)


@test("ProxyCommand nitro-ssh --vsock: 1 MiB there and back at the same time")
def bulk(host):
    outcome = host.boots["billing"].outcomes["bulk"]
    sums = outcome.out.splitlines()
    equal(outcome.code, 0, repr(outcome))
    equal(len(sums), 2, repr(outcome))
    equal(sums[1], sums[0])


@test("a vsock port where nothing listens: one line that says what to do")
def closed(host):
    outcome = host.boots["billing"].outcomes["closed"]
    equal((outcome.code, outcome.out), (255, ""), repr(outcome))
    equal(outcome.err.count("\n"), 1, repr(outcome))
    assert "nitro-ssh: cannot connect to vsock 3:9" in outcome.err, repr(outcome)
    assert "start vsock-proxy or socat on the parent instance" in outcome.err, repr(outcome)


@test("the guest needed nothing else: no message of kernel modules, drivers or the vsock device")
def quiet(host):
    for name in NAMES:
        text = host.boots[name].text
        assert "GUEST cannot" not in text and "GUEST no" not in text, text
        equal(host.boots[name].device_messages, "", name)


def main():
    why = harness.needs() or machine.prepare()
    if why is None:
        print("# " + (machine.PARTS / "versions").read_text().strip(), flush=True)
        return suite.main(prepare)
    print(f"1..{len(suite.tests)}")
    for number, (name, _) in enumerate(suite.tests, 1):
        print(f"ok {number} - {name} # SKIP {why}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
