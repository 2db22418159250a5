"""Records of logins, written as pam_nitro(8) describes them and not by its
code, over documents of the simulated NSM."""

import base64
import datetime
import hashlib
import os
import shutil
import time

from pam_nitro_cli import (
    ETC,
    MEASUREMENTS,
    configure,
    run_json,
    sim,
    sim_folder,
    ssh_key,
    work,
)

STORE = ETC / "evidence"
SETTINGS_LINE = f'evidence = {{ directory = "{STORE}"; }};\n'
MODULE = "i-0123456789abcdef0-enc0123456789abcdef"


def unpadded(blob):
    return base64.b64encode(blob).decode().rstrip("=")


def stamp(ms):
    moment = datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + f".{ms % 1000:03d}Z"


def begin(settings="", **more):
    """Settings with a store, and no record in it."""
    configure(settings=SETTINGS_LINE + settings, **more)
    shutil.rmtree(STORE, ignore_errors=True)
    STORE.mkdir(mode=0o700)


def attested(nonce, user="deploy", simulated=()):
    """A document for that challenge, and what belongs to it."""
    blob = ssh_key("ed25519")[1]
    key = "SHA256:" + unpadded(hashlib.sha256(blob).digest())
    audience = (
        f"pam_nitro/1 nonce={base64.urlsafe_b64encode(nonce).decode().rstrip('=')}"
        f" key={key} host=test.example user={user}"
    )
    options = []
    for name, content in (
        ("nonce", nonce),
        ("user-data", audience.encode()),
        ("public-key", blob),
    ):
        path = work() / name
        path.write_bytes(content)
        options += [f"--{name}", path]
    return sim(*options, *simulated, folder=sim_folder()), blob, key, audience


def record(reason="ok", nonce=None, simulated=(), **changes):
    """The lines of one login, just now."""
    nonce = nonce or os.urandom(32)
    user = changes.get("user", "deploy")
    document, blob, key, audience = attested(nonce, user, simulated)
    # The document's own time is in its claims.
    made = run_json("inspect", "-", stdin=document)["timestamp_ms"]
    now = int(time.time() * 1000)
    lines = {
        "pam_nitro-evidence": "1",
        "time": stamp(now),
        "result": "allow" if reason == "ok" else "deny",
        "reason": reason,
        "mode": "enforce",
        "user": user,
        "rhost": "192.0.2.7",
        "binding": "true",
        "audience_required": "true",
        "max_age_ms": "60000",
        "clock_skew_ms": "5000",
        "kind": "enclave",
        "module_id": MODULE,
        "age_ms": str(now - made),
        "workload": "billing",
        "version": "1.4.2",
        "entry_file": str(MEASUREMENTS),
        "entry_line": "1",
        "differs": "",
        "revoked": "",
        "nonce": nonce.hex(),
        "key": key,
        "audience": audience,
        "key_blob": base64.b64encode(blob).decode(),
        "document": base64.b64encode(document).decode(),
        "end": "pam_nitro-evidence",
    }
    lines.update(changes)
    return lines


def file_name(lines):
    moment = lines["time"].replace("-", "").replace(":", "")
    return f"{moment}-{lines['nonce'][:8]}-{lines['result']}.evidence"


def keep(lines, name=None, mode=0o600):
    path = STORE / (name or file_name(lines))
    path.write_text(
        "".join(f"{key}={value}\n" for key, value in lines.items()), encoding="ascii"
    )
    path.chmod(mode)
    return path


def login(reason="ok", **more):
    """Keep one login; its lines, with its reference."""
    lines = record(reason, **more)
    keep(lines)
    return lines


def reference(lines):
    return lines["nonce"][:8]


def other_code():
    return ["--pcr", "0=" + "ee" * 48]
