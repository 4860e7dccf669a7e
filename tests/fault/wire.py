"""Redis and Kafka read without the product's own clients: what proves a worker right must not share its mistakes."""

import socket
import struct

# What the positions of a key's packed record mean: common/idempotency/scripts/common.lua, written down a second time on purpose.
RECORD = ("state", "identity", "token", "lease", "fence", "slot", "epoch", "delivery", "marker", "version", "summary", "unanswered", "code", "at")


class Gone(Exception):
    """The server does not answer."""


class Redis:
    """One command at a time over a socket of its own; connects anew when the server went away."""

    def __init__(self, port):
        self.port, self.sock, self.buffer = port, None, b""

    def __call__(self, *words):
        try:
            return self._ask(words)
        except (OSError, Gone):
            self.close()
            return self._ask(words)

    def close(self):
        if self.sock is not None:
            self.sock.close()
        self.sock, self.buffer = None, b""

    def _ask(self, words):
        if self.sock is None:
            self.sock = socket.create_connection(("127.0.0.1", self.port), timeout=5)
        parts = [w if isinstance(w, bytes) else str(w).encode() for w in words]
        self.sock.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
        return self._reply()

    def _more(self):
        data = self.sock.recv(65536)
        if not data:
            raise Gone("Redis closed the connection")
        self.buffer += data

    def _line(self):
        while b"\r\n" not in self.buffer:
            self._more()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def _reply(self):
        line = self._line()
        kind, rest = line[:1], line[1:]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            raise RuntimeError("Redis: " + rest.decode())
        if kind == b":":
            return int(rest)
        count = int(rest)
        if kind == b"*":
            return None if count < 0 else [self._reply() for _ in range(count)]
        if count < 0:
            return None
        while len(self.buffer) < count + 2:
            self._more()
        data, self.buffer = self.buffer[:count], self.buffer[count + 2:]
        return data

    def key(self, natural, prefix="pf"):
        """The state of a natural key as a dict, or None."""
        raw = self("GET", f"{prefix}:k:{natural}")
        return None if raw is None else record(raw)


def record(raw):
    values, _ = unpack(raw, 0)
    named = dict(zip(RECORD, values))
    for name in ("state", "slot", "delivery", "marker", "code"):
        if isinstance(named.get(name), bytes):
            named[name] = named[name].decode()
    named["identity"] = named["identity"].hex() if isinstance(named.get("identity"), bytes) else ""
    return named


def unpack(raw, at):
    """MessagePack as far as cmsgpack writes it. Returns the value and where the next one begins."""
    b = raw[at]
    at += 1
    if b < 0x80:
        return b, at
    if 0x80 <= b <= 0x8F and b == 0x80:
        return [], at  # an empty table of Lua is an empty map
    if 0x90 <= b <= 0x9F:
        return _array(raw, at, b & 0x0F)
    if 0xA0 <= b <= 0xBF:
        return raw[at:at + (b & 0x1F)], at + (b & 0x1F)
    if b in (0xC0, 0xC2, 0xC3):
        return {0xC0: None, 0xC2: False, 0xC3: True}[b], at
    sized = {0xC4: ">B", 0xC5: ">H", 0xC6: ">I", 0xD9: ">B", 0xDA: ">H", 0xDB: ">I"}
    if b in sized:
        size = struct.unpack_from(sized[b], raw, at)[0]
        at += struct.calcsize(sized[b])
        return raw[at:at + size], at + size
    numbers = {0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q", 0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"}
    if b in numbers:
        return struct.unpack_from(numbers[b], raw, at)[0], at + struct.calcsize(numbers[b])
    if b in (0xDC, 0xDD):
        form = ">H" if b == 0xDC else ">I"
        return _array(raw, at + struct.calcsize(form), struct.unpack_from(form, raw, at)[0])
    if b >= 0xE0:
        return b - 0x100, at
    raise ValueError(f"byte {b:#x} of a packed record is not known")


def _array(raw, at, count):
    values = []
    for _ in range(count):
        value, at = unpack(raw, at)
        values.append(value)
    return values, at


class Kafka:
    """The one broker of a stack in Kafka's own protocol: ListOffsets, OffsetFetch, and LeaveGroup in somebody else's name."""

    LIST_OFFSETS, OFFSET_FETCH, LEAVE_GROUP = (2, 1), (9, 1), (13, 3)

    def __init__(self, port):
        self.port = port

    def _ask(self, api, body):
        head = struct.pack(">hhih", *api, 1, 5) + b"fault"
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as sock:
            sock.sendall(struct.pack(">i", len(head) + len(body)) + head + body)
            data = b""
            while len(data) < 4 or len(data) < 4 + struct.unpack(">i", data[:4])[0]:
                more = sock.recv(65536)
                if not more:
                    raise Gone("Kafka closed the connection")
                data += more
        return data[8:]

    @staticmethod
    def _topics(topics, partitions, each):
        body = struct.pack(">i", len(topics))
        for topic in topics:
            name = topic.encode()
            body += struct.pack(">h", len(name)) + name + struct.pack(">i", partitions)
            body += b"".join(each(p) for p in range(partitions))
        return body

    def ends(self, topics, partitions):
        """{(topic, partition): log end offset}."""
        body = struct.pack(">i", -1) + self._topics(topics, partitions, lambda p: struct.pack(">iq", p, -1))
        return self._offsets(self._ask(self.LIST_OFFSETS, body), lambda data, at: (struct.unpack_from(">ihqq", data, at)[3], at + 22))

    def committed(self, group, topics, partitions):
        """{(topic, partition): committed offset, -1: none}."""
        name = group.encode()
        body = struct.pack(">h", len(name)) + name + self._topics(topics, partitions, lambda p: struct.pack(">i", p))

        def one(data, at):
            size = max(0, struct.unpack_from(">h", data, at + 12)[0])
            return struct.unpack_from(">q", data, at + 4)[0], at + 14 + size + 2

        return self._offsets(self._ask(self.OFFSET_FETCH, body), one)

    def expel(self, group, instance):
        """Puts a static member out of its group, as an administrator could. It hears of it with its next heartbeat only."""
        words = [group.encode(), instance.encode()]
        body = struct.pack(">h", len(words[0])) + words[0] + struct.pack(">ihh", 1, 0, len(words[1])) + words[1]
        error = struct.unpack_from(">h", self._ask(self.LEAVE_GROUP, body), 4)[0]
        if error != 0:
            raise RuntimeError(f"LeaveGroup {instance}: error {error}")

    @staticmethod
    def _offsets(data, one):
        found, at = {}, 4
        for _ in range(struct.unpack_from(">i", data, 0)[0]):
            size = struct.unpack_from(">h", data, at)[0]
            topic = data[at + 2:at + 2 + size].decode()
            count = struct.unpack_from(">i", data, at + 2 + size)[0]
            at += 6 + size
            for _ in range(count):
                partition = struct.unpack_from(">i", data, at)[0]
                found[topic, partition], at = one(data, at)
        return found


def partition_of(key, count):
    """Where a key goes: murmur2, as Java's clients have it."""
    data, h = key.encode(), 0x9747B28C ^ len(key.encode())
    m, mask = 0x5BD1E995, 0xFFFFFFFF
    for at in range(0, len(data) - len(data) % 4, 4):
        k = int.from_bytes(data[at:at + 4], "little") * m & mask
        h = (h * m & mask) ^ ((k ^ k >> 24) * m & mask)
    tail = data[len(data) - len(data) % 4:]
    if tail:
        h = (h ^ int.from_bytes(tail, "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return ((h ^ h >> 15) & 0x7FFFFFFF) % count
