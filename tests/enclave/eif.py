"""Enclave images: a cpio archive with what the guest needs, and the EIF
around kernel, command line and ramdisks.

The format is that of AWS's aws-nitro-enclaves-image-format, version 4 (all
integers big-endian): a header of 548 bytes with offsets and sizes of at most
32 sections and a CRC-32 over everything, then the sections with 12 bytes of
header each. This writer is an implementation of its own, as is QEMU's reader;
`pam-nitro measure` has to agree with both.
"""

import hashlib
import json
import pathlib
import struct
import subprocess
import zlib

KERNEL, CMDLINE, RAMDISK, SIGNATURE, METADATA = 1, 2, 3, 4, 5
_HEADER = struct.Struct(">4sHHQQHH32Q32QII")
_SECTION = struct.Struct(">HHQ")


class Archive:
    """A newc cpio archive, the same bytes for the same content."""

    def __init__(self):
        self._out = bytearray()
        self._number = 0
        self._folders = set()

    def _entry(self, name, mode, data=b"", device=(0, 0)):
        self._number += 1
        number = 0 if name == "TRAILER!!!" else self._number
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name) + 1, 0)
        self._out += b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        self._out += bytes(-len(self._out) % 4)
        self._out += data + bytes(-len(data) % 4)

    def folder(self, name):
        parts = pathlib.PurePath(name).parts
        for i in range(1, len(parts) + 1):
            path = "/".join(parts[:i])
            if path not in self._folders:
                self._folders.add(path)
                self._entry(path, 0o40755)
        return self

    def file(self, name, data, mode=0o644):
        self.folder(pathlib.PurePath(name).parent)
        self._entry(name, 0o100000 | mode, data)
        return self

    def program(self, name, path):
        return self.file(name, pathlib.Path(path).read_bytes(), 0o755)

    def character_device(self, name, major, minor):
        self.folder(pathlib.PurePath(name).parent)
        self._entry(name, 0o20600, device=(major, minor))
        return self

    def bytes(self):
        whole = Archive()
        whole._out[:] = self._out
        whole._entry("TRAILER!!!", 0)
        return bytes(whole._out + bytes(-len(whole._out) % 512))


def pcr0(sections):
    """What a signature covers: kernel, command line and ramdisks as they stand."""
    content = b"".join(data for kind, data in sections if kind in (KERNEL, CMDLINE, RAMDISK))
    return hashlib.sha384(bytes(48) + hashlib.sha384(content).digest()).digest()


# --- signature section: CBOR [{signing_certificate, signature}], see encode() -----

def encode(value):
    """CBOR in its shortest form, of the few types that occur here."""
    def head(major, number):
        for info, size in ((None, 0), (24, 1), (25, 2), (26, 4), (27, 8)):
            if info is None and number < 24:
                return bytes([major << 5 | number])
            if info is not None and number < 1 << 8 * size:
                return bytes([major << 5 | info]) + number.to_bytes(size, "big")
        raise ValueError(number)
    if value is None:
        return b"\xf6"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(encode, value))
    return head(5, len(value)) + b"".join(encode(k) + encode(v) for k, v in value.items())


def es384(data, key):
    """r || s by the P-384 key in that file."""
    der = subprocess.run(["openssl", "dgst", "-sha384", "-sign", str(key)], input=data,
                         stdout=subprocess.PIPE, check=True).stdout
    position, raw = (3 if der[1] & 0x80 else 2), b""
    for _ in range(2):
        length = der[position + 1]
        raw += int.from_bytes(der[position + 2:position + 2 + length], "big").to_bytes(48, "big")
        position += 2 + length
    return raw


def cose_sign1(payload, key):
    """COSE_Sign1 by ES384, untagged."""
    protected = bytes.fromhex("a1013822")
    signature = es384(encode(["Signature1", protected, b"", payload]), key)
    return encode([protected, {}, payload, signature])


def sign(sections, certificate, key):
    """The signature section for these sections. Byte strings are arrays of
    numbers in there: that is how serde_cbor writes a Vec<u8>."""
    payload = encode({"register_index": 0, "register_value": list(pcr0(sections))})
    pem = pathlib.Path(certificate).read_bytes()
    return SIGNATURE, encode([{"signing_certificate": list(pem), "signature": list(cose_sign1(payload, key))}])


def metadata(name):
    """What nitro-cli puts in; nobody measures it."""
    return METADATA, json.dumps({
        "ImageName": name, "ImageVersion": "1",
        "BuildMetadata": {"BuildTime": "2026-01-01T00:00:00+00:00", "BuildTool": "tests/enclave/eif.py",
                          "BuildToolVersion": "1", "OperatingSystem": "Linux", "KernelVersion": "6"},
        "DockerInfo": {}}).encode()


def write(path, sections):
    offsets, sizes, position = [0] * 32, [0] * 32, _HEADER.size
    for i, (_, data) in enumerate(sections):
        offsets[i], sizes[i] = position, len(data)
        position += _SECTION.size + len(data)
    header = _HEADER.pack(b".eif", 4, 0, 1 << 30, 2, 0, len(sections), *offsets, *sizes, 0, 0)[:-4]
    body = b"".join(_SECTION.pack(kind, 0, len(data)) + data for kind, data in sections)
    crc = zlib.crc32(body, zlib.crc32(header))
    pathlib.Path(path).write_bytes(header + struct.pack(">I", crc) + body)


def read(path):
    """The sections of a file that write() made."""
    data = pathlib.Path(path).read_bytes()
    sections, position = [], _HEADER.size
    while position < len(data):
        kind, _, length = _SECTION.unpack_from(data, position)
        position += _SECTION.size
        sections.append((kind, data[position:position + length]))
        position += length
    return sections
