"""QEMU's documents, read, and signed again by the test PKI.

QEMU's virtio-nsm has no key: its documents name algorithm -1, and certificate
and signature are zeros. Here the same claims get a chain below the simulated
root and an ES384 signature; nothing else of the payload changes.
"""

import base64
import pathlib
import socket
import subprocess
import threading

import eif


def decode(data):
    """One CBOR item of definite length, and nothing after it."""
    value, end = _item(data, 0)
    if end != len(data):
        raise ValueError(f"{len(data) - end} bytes after the item")
    return value


def _item(data, at):
    major, number = data[at] >> 5, data[at] & 31
    at += 1
    if major == 7:
        return {20: False, 21: True, 22: None}[number], at
    if number >= 24:
        size = 1 << (number - 24)
        if size > 8:
            raise ValueError("indefinite or reserved length")
        number, at = int.from_bytes(data[at:at + size], "big"), at + size
    if major in (0, 1):
        return (number if major == 0 else -1 - number), at
    if major in (2, 3):
        if at + number > len(data):
            raise ValueError("too short")
        raw = bytes(data[at:at + number])
        return (raw if major == 2 else raw.decode()), at + number
    if major == 4:
        items = []
        for _ in range(number):
            item, at = _item(data, at)
            items.append(item)
        return items, at
    pairs = {}
    for _ in range(number):
        key, at = _item(data, at)
        pairs[key], at = _item(data, at)
    return pairs, at


class Document:
    """One document as the device made it."""

    def __init__(self, raw):
        self.raw = raw
        protected, self.unprotected, self.payload, self.signature = decode(raw)
        self.protected = decode(protected)
        self.claims = decode(self.payload)


_EXTENSIONS = {
    "ca": "basicConstraints=critical,CA:true,pathlen:1\nkeyUsage=critical,keyCertSign,cRLSign\n",
    "leaf": "basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature\n",
}


class Signer:
    """A regional CA and a leaf below a root that nitro-sim made."""

    def __init__(self, folder, root):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self._issue("ca", root / "root.pem", root / "root.key")
        self._issue("leaf", self.folder / "ca.pem", self.folder / "ca.key")
        self.bundle = [self._der(root / "root.pem"), self._der(self.folder / "ca.pem")]
        self.certificate = self._der(self.folder / "leaf.pem")

    @staticmethod
    def _openssl(*words):
        return subprocess.run(["openssl", *map(str, words)], check=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE).stdout

    def _der(self, path):
        return self._openssl("x509", "-in", path, "-outform", "DER")

    def _issue(self, name, issuer, issuer_key):
        key, request, extensions = (self.folder / f"{name}.{end}" for end in ("key", "csr", "ext"))
        extensions.write_text(_EXTENSIONS[name])
        self._openssl("ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", key)
        self._openssl("req", "-new", "-sha384", "-key", key, "-subj", f"/CN={name}.test.nitro-enclaves",
                      "-out", request)
        self._openssl("x509", "-req", "-sha384", "-in", request, "-CA", issuer, "-CAkey", issuer_key,
                      "-set_serial", "1", "-days", "1", "-extfile", extensions, "-out", self.folder / f"{name}.pem")

    def sign(self, document):
        claims = document.claims | {"certificate": self.certificate, "cabundle": self.bundle}
        return eif.cose_sign1(eif.encode(claims), self.folder / "leaf.key")


class Service:
    """Takes the base64 of a document on a TCP port of 127.0.0.1, until its end,
    and gives the signed one back as bytes. Keeps what came."""

    def __init__(self, signer):
        self.signer, self.documents = signer, []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            plug, _ = self._listener.accept()
            with plug:
                text = b"".join(iter(lambda: plug.recv(65536), b""))
                try:
                    document = Document(base64.b64decode(text.strip(), validate=True))
                except (ValueError, KeyError, IndexError):
                    continue  # the guest then gets nothing, and its login says so
                self.documents.append(document)
                plug.sendall(self.signer.sign(document))
