"""Enclave images for the tests of pam-nitro: small, and whole."""

import os
import struct
import zlib

KERNEL, CMDLINE, RAMDISK, SIGNATURE, METADATA = 1, 2, 3, 4, 5


def make_eif(sections, version=4, flags=0):
    body, offsets, lengths = b"", [], []
    for kind, content in sections:
        offsets.append(548 + len(body))
        lengths.append(len(content))
        body += struct.pack(">HHQ", kind, 0, len(content)) + content
    pad = [0] * (32 - len(sections))
    head = b".eif" + struct.pack(
        ">HHQQHH32Q32QI",
        version,
        flags,
        1 << 30,
        2,
        0,
        len(sections),
        *offsets,
        *pad,
        *lengths,
        *pad,
        0,
    )
    return head + struct.pack(">I", zlib.crc32(head + body)) + body


SOUND = [
    (KERNEL, b"kernel"),
    (CMDLINE, b"reboot=k panic=30"),
    (METADATA, b'{"ImageName":"billing","BuildMetadata":{"BuildTool":"t"}}'),
    (RAMDISK, b"init"),
    (RAMDISK, b"application"),
]


def write_sparse(path, size):
    """An image whose last ramdisk is a hole in the file."""
    content = bytearray(make_eif(SOUND[:4] + [(RAMDISK, b"")]))
    hole = size - len(content)
    content[-8:] = struct.pack(">Q", hole)
    content[284 + 32 : 284 + 40] = struct.pack(">Q", hole)
    crc, zeros = zlib.crc32(content[:544] + content[548:]), bytes(1 << 20)
    for at in range(0, hole, len(zeros)):
        crc = zlib.crc32(zeros[: min(len(zeros), hole - at)], crc)
    content[544:548] = struct.pack(">I", crc)
    path.write_bytes(content)
    os.truncate(path, size)
