#!/usr/bin/python3 -B
"""The host's half of an enclave's vsock: a vhost-user-vsock device for QEMU.

usage: vsock_device.py SOCKET GUEST-CID PORT=ADDRESS...

QEMU connects to SOCKET once "ready" has been said. Where the guest connects to port PORT of CID 3 (or 2),
the bytes go to the TCP port 127.0.0.1:ADDRESS; any other port is refused.
Streams that the guest opens, and no others: an enclave calls, nobody calls it.

Formats: "Vhost-user Protocol" of QEMU's documentation; VIRTIO 1.2, 2.7 (split
virtqueues) and 5.10 (socket device).
"""

import array
import collections
import mmap
import os
import selectors
import socket
import struct
import sys

REQUEST, RESPONSE, RST, SHUTDOWN, RW, CREDIT_UPDATE, CREDIT_REQUEST = range(1, 8)
NO_MORE_RECEIVE, NO_MORE_SEND = 1, 2
HEADER = struct.Struct("<QQIIIHHIII")
STREAM = 1
PARENT = (2, 3)  # VMADDR_CID_HOST, and what Nitro calls the parent instance
ROOM = 256 * 1024  # bytes that may be on their way to us
PACKET = 3500  # of data; Linux gives receive buffers of 4 KiB
READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Memory:
    """The guest's memory, as QEMU shares it."""

    def __init__(self):
        self.regions = []

    def share(self, body, descriptors):
        self.regions = []
        for i, fd in enumerate(descriptors):
            guest, size, user, offset = struct.unpack_from("<QQQQ", body, 8 + 32 * i)
            view = memoryview(mmap.mmap(fd, size + offset))[offset:]
            os.close(fd)
            self.regions.append((guest, user, size, view))

    def at(self, address, length, is_users=False):
        for guest, user, size, view in self.regions:
            start = address - (user if is_users else guest)
            if 0 <= start and start + length <= size:
                return view[start:start + length]
        raise ValueError(f"no memory at {address:#x}")


class Queue:
    """One split virtqueue."""

    def __init__(self, memory):
        self.memory = memory
        self.size = self.next = 0
        self.kick = self.call = None
        self.is_enabled = False
        self.addresses = None

    def map(self):
        if self.addresses is None:
            return
        descriptors, used, available = self.addresses
        self.descriptors = self.memory.at(descriptors, 16 * self.size, True)
        self.available = self.memory.at(available, 6 + 2 * self.size, True)
        self.used = self.memory.at(used, 6 + 8 * self.size, True)

    def pop(self):
        """(head, buffers) of the next chain, or None."""
        if not self.is_enabled or self.kick is None:
            return None
        if struct.unpack_from("<H", self.available, 2)[0] == self.next:
            return None
        head, = struct.unpack_from("<H", self.available, 4 + 2 * (self.next % self.size))
        self.next = self.next + 1 & 0xffff
        buffers, index = [], head
        while True:
            address, length, flags, following = struct.unpack_from("<QIHH", self.descriptors, 16 * index)
            buffers.append(self.memory.at(address, length))
            if not flags & 1:
                return head, buffers
            index = following

    def push(self, head, length):
        index, = struct.unpack_from("<H", self.used, 2)
        struct.pack_into("<II", self.used, 4 + 8 * (index % self.size), head, length)
        struct.pack_into("<H", self.used, 2, index + 1 & 0xffff)
        if self.call is not None:
            os.write(self.call, struct.pack("<Q", 1))


class Stream:
    """One connection of the guest, and ours to 127.0.0.1."""

    def __init__(self, device, key, plug):
        self.device, self.key, self.plug = device, key, plug
        self.sent = self.taken = 0  # bytes to the guest, and from it
        self.guest_room = self.guest_taken = 0
        self.out = bytearray()
        self.is_read = self.guest_is_done = self.guest_is_gone = False
        self.mask = 0

    @property
    def credit(self):
        return self.guest_room - (self.sent - self.guest_taken & 0xffffffff)

    def watch(self):
        mask = WRITE if self.out else 0
        if not self.is_read and not self.guest_is_gone and self.credit > 0 and len(self.device.pending) < 64:
            mask |= READ
        if mask == self.mask:
            return
        selector = self.device.selector
        if not mask:
            selector.unregister(self.plug)
        elif not self.mask:
            selector.register(self.plug, mask, self.ready)
        else:
            selector.modify(self.plug, mask, self.ready)
        self.mask = mask

    def ready(self, events):
        try:
            if events & WRITE:
                self.write()
            if events & READ:
                self.read()
        except OSError:
            self.device.send(self.key, RST)
            self.device.drop(self)
            return
        if (self.is_read or self.guest_is_gone) and self.guest_is_done and not self.out:
            self.device.send(self.key, RST)
            self.device.drop(self)
            return
        self.watch()

    def write(self):
        if self.out:
            count = self.plug.send(self.out)
            del self.out[:count]
            self.taken = self.taken + count & 0xffffffff
            self.device.send(self.key, CREDIT_UPDATE)
        if self.guest_is_done and not self.out:
            self.plug.shutdown(socket.SHUT_WR)

    def read(self):
        data = self.plug.recv(min(self.credit, PACKET))
        if data:
            self.sent = self.sent + len(data) & 0xffffffff
            self.device.send(self.key, RW, data)
        else:
            self.is_read = True
            self.device.send(self.key, SHUTDOWN, flags=NO_MORE_SEND)

    def shut(self, flags):
        self.guest_is_gone |= flags & NO_MORE_RECEIVE != 0
        if flags & NO_MORE_SEND and not self.guest_is_done:
            self.guest_is_done = True
            self.ready(0 if self.out else WRITE)
        else:
            self.ready(0)


class Device:
    """Both ends: the messages of QEMU and the packets of the guest."""

    def __init__(self, path, cid, ports):
        self.cid, self.ports = cid, ports
        self.selector = selectors.DefaultSelector()
        self.memory = Memory()
        self.to_guest, self.from_guest = Queue(self.memory), Queue(self.memory)
        self.pending = collections.deque()
        self.streams = {}
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(1)
        print("ready", flush=True)
        self.control, _ = listener.accept()
        self.selector.register(self.control, READ, self.message)

    def run(self):
        while True:
            for key, events in self.selector.select():
                if key.fd in self.selector.get_map():
                    key.data(events)

    # --- packets ---

    def send(self, key, operation, data=b"", flags=0):
        host, host_port, guest_port = key
        stream = self.streams.get(key)
        taken = stream.taken if stream else 0
        self.pending.append(HEADER.pack(host, self.cid, host_port, guest_port, len(data), STREAM,
                                        operation, flags, ROOM, taken) + data)
        self.flush()

    def flush(self):
        was_full = len(self.pending) >= 64
        while self.pending:
            chain = self.to_guest.pop()
            if chain is None:
                return
            packet, done = self.pending.popleft(), 0
            for buffer in chain[1]:
                count = min(len(buffer), len(packet) - done)
                buffer[:count] = packet[done:done + count]
                done += count
            self.to_guest.push(chain[0], done)
        if was_full:
            for stream in list(self.streams.values()):
                stream.watch()

    def drop(self, stream):
        if stream.mask:
            self.selector.unregister(stream.plug)
        stream.mask = 0
        stream.plug.close()
        self.streams.pop(stream.key, None)

    def connect(self, key):
        address = self.ports.get(key[1])
        try:
            if address is None:
                raise ConnectionRefusedError
            plug = socket.create_connection(("127.0.0.1", address))
        except OSError:
            return None
        plug.setblocking(False)
        stream = self.streams[key] = Stream(self, key, plug)
        return stream

    def packet(self, raw):
        source, target, port, target_port, length, kind, operation, flags, room, taken = HEADER.unpack_from(raw)
        key = (target, target_port, port)
        stream = self.streams.get(key)
        if operation == REQUEST and stream is None and kind == STREAM and source == self.cid and target in PARENT:
            stream = self.connect(key)
            if stream is not None:
                self.send(key, RESPONSE)
        if stream is None:
            if operation != RST:
                self.send(key, RST)
            return
        stream.guest_room, stream.guest_taken = room, taken
        if operation == RST:
            self.drop(stream)
        elif operation == SHUTDOWN:
            stream.shut(flags)
        elif operation == RW:
            stream.out += raw[HEADER.size:HEADER.size + length]
            stream.ready(WRITE)
        else:
            if operation == CREDIT_REQUEST:
                self.send(key, CREDIT_UPDATE)
            stream.watch()

    def packets(self):
        while (chain := self.from_guest.pop()) is not None:
            raw = b"".join(bytes(buffer) for buffer in chain[1])
            self.from_guest.push(chain[0], 0)
            self.packet(raw)

    # --- messages ---

    def receive(self, size, descriptors):
        data = b""
        while len(data) < size:
            piece, extra, _, _ = self.control.recvmsg(size - len(data), socket.CMSG_SPACE(8 * 4))
            for _, _, raw in extra:
                descriptors.frombytes(raw[:len(raw) // 4 * 4])
            if not piece:
                raise SystemExit(0)  # QEMU has ended
            data += piece
        return data

    def message(self, _):
        descriptors = array.array("i")
        request, flags, size = struct.unpack("<III", self.receive(12, descriptors))
        body = self.receive(size, descriptors) if size else b""
        reply = self.answer(request, body, list(descriptors))
        if reply is None and flags & 8:
            reply = struct.pack("<Q", 0)
        if reply is not None:
            self.control.sendall(struct.pack("<III", request, 5, len(reply)) + reply)

    def queue(self, number):
        return (self.to_guest, self.from_guest)[number]

    def answer(self, request, body, descriptors):
        """One message of QEMU's; what to answer, or None."""
        if request == 1:  # GET_FEATURES: protocol features, VERSION_1
            return struct.pack("<Q", 1 << 30 | 1 << 32)
        if request == 15:  # GET_PROTOCOL_FEATURES: CONFIG
            return struct.pack("<Q", 1 << 9)
        if request == 17:  # GET_QUEUE_NUM
            return struct.pack("<Q", 2)
        if request == 24:  # GET_CONFIG: the guest's CID
            offset, length, _ = struct.unpack_from("<III", body)
            return body[:12] + struct.pack("<Q", self.cid)[offset:offset + length].ljust(length, b"\0")
        if request == 5:  # SET_MEM_TABLE
            self.memory.share(body, descriptors)
            for queue in (self.to_guest, self.from_guest):
                queue.map()
        elif request in (8, 10, 11, 18):
            return self.set_queue(request, *struct.unpack_from("<II", body))
        elif request == 9:  # SET_VRING_ADDR
            number, _, table, used, available, _ = struct.unpack("<IIQQQQ", body)
            self.queue(number).addresses = (table, used, available)
            self.queue(number).map()
        elif request in (12, 13, 14):
            self.set_event(request, struct.unpack("<Q", body)[0], descriptors)
        return None

    def set_queue(self, request, number, value):
        queue = self.queue(number)
        if request == 8:  # SET_VRING_NUM
            queue.size = value
        elif request == 10:  # SET_VRING_BASE
            queue.next = value
        elif request == 18:  # SET_VRING_ENABLE
            queue.is_enabled = bool(value)
            self.flush()
        else:  # GET_VRING_BASE: stop it
            queue.is_enabled = False
            self.set_event(12, number | 0x100, [])
            return struct.pack("<II", number, queue.next)
        return None

    def set_event(self, request, value, descriptors):
        queue = self.queue(value & 0xff)
        fd = descriptors[0] if descriptors and not value & 0x100 else None
        if request == 12:  # SET_VRING_KICK
            if queue.kick is not None:
                self.selector.unregister(queue.kick)
                os.close(queue.kick)
            queue.kick = fd
            if fd is not None:
                queue.is_enabled = True
                self.selector.register(fd, READ, lambda _: self.kicked(queue))
        elif request == 13:  # SET_VRING_CALL
            if queue.call is not None:
                os.close(queue.call)
            queue.call = fd
        elif fd is not None:
            os.close(fd)

    def kicked(self, queue):
        os.read(queue.kick, 8)
        if queue is self.from_guest:
            self.packets()
        self.flush()


if __name__ == "__main__":
    Device(sys.argv[1], int(sys.argv[2]),
           {int(port): int(address) for port, address in (word.split("=") for word in sys.argv[3:])}).run()
