#!/usr/bin/python3 -B
"""The module behind nsm-supervisor's driver: one request of the NSM's API on
standard input, one response on standard output.

usage: module.py COMMAND...

COMMAND makes the document; it gets --nonce FILE and the like appended, as
nitro-tpm-attest takes them. As on real hardware nonce and user_data may have
512 bytes and public_key 1,024; more is {"Error": "InputTooLarge"}.
"""

import os
import subprocess
import sys
import tempfile

LIMITS = {"nonce": 512, "user_data": 512, "public_key": 1024}


def head(major, value):
    for info, size in ((24, 1), (25, 2), (26, 4)):
        if value < 24:
            return bytes([major << 5 | value])
        if value < 1 << 8 * size:
            return bytes([major << 5 | info]) + value.to_bytes(size, "big")
    raise ValueError(value)


def text(value):
    return head(3, len(value)) + value.encode()


def error(word):
    return b"\xa1" + text("Error") + text(word)


def attestation(document):
    return b"\xa1" + text("Attestation") + b"\xa1" + text("document") + head(2, len(document)) + document


class Reader:
    """CBOR as the NSM takes it: definite lengths, shortest form."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def head(self):
        first = self.data[self.at]
        self.at += 1
        value = first & 31
        if value >= 24:
            size = {24: 1, 25: 2, 26: 4}[value]
            value = int.from_bytes(self.data[self.at:self.at + size], "big")
            self.at += size
            if head(first >> 5, value)[0] != first:
                raise ValueError("not the shortest form")
        return first >> 5, value

    def take(self, major):
        found, length = self.head()
        if found != major or self.at + length > len(self.data):
            raise ValueError("type or length")
        self.at += length
        return self.data[self.at - length:self.at]

    def optional_bytes(self):
        if self.data[self.at] == 0xf6:
            self.at += 1
            return None
        return self.take(2)

    def map(self, count):
        if self.head() != (5, count):
            raise ValueError("map")


def fields(request):
    """The three fields of an attestation request; ValueError for any other."""
    try:
        reader = Reader(request)
        reader.map(1)
        if reader.take(3) != b"Attestation":
            raise ValueError("another request")
        reader.map(3)
        found = {reader.take(3).decode(): reader.optional_bytes() for _ in range(3)}
    except (IndexError, KeyError) as broken:
        raise ValueError("too short") from broken
    if set(found) != set(LIMITS) or reader.at != len(request):
        raise ValueError("fields")
    return found


def respond(request, command):
    try:
        found = fields(request)
    except ValueError:
        return error("InvalidOperation")
    if any(len(found[name] or b"") > limit for name, limit in LIMITS.items()):
        return error("InputTooLarge")
    with tempfile.TemporaryDirectory() as folder:
        words = list(command)
        for name, value in found.items():
            if value is not None:
                path = os.path.join(folder, name)
                with open(path, "wb") as file:
                    file.write(value)
                words += ["--" + name.replace("_", "-"), path]
        return attestation(subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout)


if __name__ == "__main__":
    sys.stdout.buffer.write(respond(sys.stdin.buffer.read(), sys.argv[1:]))
