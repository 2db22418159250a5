"""A trust domain of this run: an authority that certifies builders for ten
minutes, and a timestamp authority beside it. No log: as GitHub has it for
private repositories. Made by openssl(1), so that nothing of it is the code
under test."""

import base64
import datetime
import json
import os
import subprocess

from pam_nitro_cli import work

FULCIO = "1.3.6.1.4.1.57264.1."
IDENTITY = "https://builder.example/o/r/.github/workflows/release.yml@refs/heads/main"
ISSUER = "https://token.example"
REPOSITORY = "https://builder.example/o/r"
COMMIT = "5f0c2d1" + "0" * 33

LEAF = {
    "basicConstraints": "critical,CA:FALSE",
    "keyUsage": "critical,digitalSignature",
    "extendedKeyUsage": "codeSigning",
    "subjectKeyIdentifier": "hash",
    "authorityKeyIdentifier": "keyid",
    "subjectAltName": f"critical,URI:{IDENTITY}",
    FULCIO + "1": "DER:" + ISSUER.encode().hex(),
    FULCIO + "8": "ASN1:UTF8String:" + ISSUER,
    FULCIO + "12": "ASN1:UTF8String:" + REPOSITORY,
    FULCIO + "13": "ASN1:UTF8String:" + COMMIT,
    FULCIO + "21": "ASN1:UTF8String:" + REPOSITORY + "/actions/runs/1",
}


def openssl(*arguments, stdin=None):
    # The tests have an /etc of their own, without the file that it looks for.
    config = folder() / "empty.cnf"
    config.touch()
    return subprocess.run(
        ["openssl", *map(str, arguments)],
        input=stdin,
        check=True,
        capture_output=True,
        timeout=60,
        env={**os.environ, "OPENSSL_CONF": str(config)},
    ).stdout


def folder():
    path = work() / "builder"
    path.mkdir(exist_ok=True)
    return path


def new_key(name, curve="P-256"):
    path = folder() / f"{name}.key"
    if not path.exists():
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}", "-out", path)
    return path


def certify(name, extensions, subject=None, issuer="root", days="1", curve="P-256"):
    """A certificate in DER, signed by that issuer, or by itself."""
    key = new_key(name, curve)
    config, request, out = (folder() / f"{name}.{end}" for end in ("cnf", "csr", "pem"))
    config.write_text(
        "[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=x\n[v3]\n"
        + "".join(f"{key}={value}\n" for key, value in extensions.items() if value)
    )
    openssl("req", "-new", "-key", key, "-config", config, "-subj", f"/CN={subject}" if subject else "/", "-out", request)
    signer = ["-signkey", key] if issuer == name else [
        "-CA", folder() / f"{issuer}.pem", "-CAkey", folder() / f"{issuer}.key", "-CAcreateserial"]
    openssl("x509", "-req", "-in", request, "-extfile", config, "-extensions", "v3", "-days", days, *signer, "-out", out)
    return openssl("x509", "-in", out, "-outform", "DER")


def raw(der):
    return {"rawBytes": base64.b64encode(der).decode()}


def stamper(name):
    """A timestamp authority below the root."""
    return certify(
        name,
        {"basicConstraints": "critical,CA:FALSE", "keyUsage": "critical,digitalSignature",
         "extendedKeyUsage": "critical,timeStamping", "subjectKeyIdentifier": "hash",
         "authorityKeyIdentifier": "keyid"},
        f"Test {name}",
    )


def domain():
    """The trusted root, made once."""
    path = folder() / "trusted_root.json"
    if path.exists():
        return path
    authority = {"basicConstraints": "critical,CA:TRUE", "keyUsage": "critical,keyCertSign,cRLSign",
                 "subjectKeyIdentifier": "hash"}
    root = certify("root", authority, "Test Root", issuer="root", curve="P-384")
    stamp_with = stamper("tsa")
    start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
    valid = {"start": start.strftime("%Y-%m-%dT%H:%M:%SZ")}
    path.write_text(json.dumps({
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "certificateAuthorities": [{"certChain": {"certificates": [raw(root)]}, "validFor": valid}],
        "timestampAuthorities": [{"certChain": {"certificates": [raw(stamp_with), raw(root)]}, "validFor": valid}],
    }))
    return path


def stamp(signature, digest="sha256", signer="tsa"):
    """A TimeStampResp over it."""
    config, query, data = (folder() / name for name in ("tsa.conf", "query.tsq", "signature"))
    data.write_bytes(signature)
    config.write_text(
        f"[tsa]\ndefault_tsa=t\n[t]\nserial={folder()}/serial\ndefault_policy=1.2.3.4\n"
        "digests=sha1,sha256,sha384,sha512\nsigner_digest=sha256\ness_cert_id_alg=sha256\n"
    )
    openssl("ts", "-query", "-data", data, f"-{digest}", "-no_nonce", "-out", query)
    return openssl("ts", "-reply", "-config", config, "-queryfile", query,
                   "-signer", folder() / f"{signer}.pem", "-inkey", folder() / f"{signer}.key")


def bundle(path, name="leaf", token=None, **changes):
    """A bundle beside the file; changes are to the extensions of its certificate."""
    domain()
    extensions = dict(LEAF)
    extensions.update({key.replace("_", "."): value for key, value in changes.items()})
    certificate = certify(name, extensions)
    signature = openssl("dgst", "-sha256", "-sign", folder() / f"{name}.key", path)
    token = stamp(signature) if token is None else token
    out = path.with_name(path.name + ".sigstore.json")
    out.write_text(json.dumps({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {
            "certificate": raw(certificate),
            "timestampVerificationData": {
                "rfc3161Timestamps": [{"signedTimestamp": base64.b64encode(token).decode()}]},
        },
        "messageSignature": {"signature": base64.b64encode(signature).decode()},
    }))
    return out
