"""Redis and Kafka read without the product's own clients: what proves a worker right must not share its mistakes."""

import contextlib
import socket
import struct
import time

# What the positions of a key's packed record mean: common/idempotency/scripts/record.lua, written down a second time on purpose.
RECORD = ("state", "identity", "token", "lease", "fence", "slot", "epoch", "delivery", "marker", "version", "summary", "unanswered", "code", "at", "sends")


class Gone(Exception):
    """The server does not answer."""


class Redis:
    """One command at a time over a socket of its own; connects anew when the server went away."""

    def __init__(self, port, on_loss=lambda key: None):
        """on_loss: told of each command that makes Redis forget; of a single key by its natural name, "" of all."""
        self.port, self.sock, self.buffer, self.on_loss = port, None, b"", on_loss

    def __call__(self, *words):
        if str(words[0]).upper() in ("FLUSHALL", "FLUSHDB"):
            self.on_loss("")
        elif str(words[0]).upper() in ("DEL", "SET", "RENAME", "UNLINK") and ":k:" in str(words[1]):
            self.on_loss(str(words[1]).split(":k:", 1)[1])
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
        return self.record(f"{prefix}:k:{natural}")

    def record(self, name):
        """A record of the layout by its whole name as a dict, or None."""
        raw = self("GET", name)
        return None if raw is None else record(raw)


def record(raw):
    values, _ = unpack(raw, 0)
    if not isinstance(values, list):
        return {"state": "?"}  # another tool's
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
    """The one broker of a stack in Kafka's own protocol: ListOffsets, OffsetFetch, and what an administrator can do to groups and topics."""

    LIST_OFFSETS, OFFSET_FETCH, LEAVE_GROUP, ALTER_CONFIGS = (2, 1), (9, 1), (13, 3), (44, 0)
    LIST_STABLE = (2, 2)  # LIST_OFFSETS that can be told to end where `read_committed` does
    EARLIEST, LATEST, COMMITTED, NO_SUCH_PARTITION = -2, -1, b"\1", 3
    JOIN_GROUP = (11, 5)
    CREATE_TOPICS, CREATE_ACLS, DELETE_ACLS = (19, 2), (30, 1), (31, 1)
    ACL_KINDS = {"topic": 2, "group": 3, "transactional-id": 5}
    ACL_OPERATIONS = {"all": 2, "read": 3, "write": 4, "describe": 8, "describe-configs": 10}
    ACL_LITERAL, ACL_DENY, ACL_ALLOW, ACL_ANY = 3, 2, 3, 1
    DELETE_TOPICS, DELETE_RECORDS, CREATE_PARTITIONS, DELETE_GROUPS, OFFSET_COMMIT = (20, 1), (21, 0), (37, 0), (42, 0), (8, 2)

    def __init__(self, port):
        self.port = port

    def ask(self, api, body):
        """The answer to one request of (api, version), without its size and number. For records.py, too."""
        return self._ask(api, body)

    def _ask(self, api, body):
        return self._ask_at(self.port, api, body)

    @staticmethod
    def _ask_at(port, api, body):
        head = struct.pack(">hhih", *api, 1, 5) + b"fault"
        with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
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

    def stable_ends(self, topics, partitions):
        """{(topic, partition): where `read_committed` ends}. An error of one is an error of all: nobody may take it for "nothing is there"."""
        body = struct.pack(">i", -1) + self.COMMITTED + self._topics(topics, partitions, lambda p: struct.pack(">iq", p, self.LATEST))
        return self._offsets(self._ask(self.LIST_STABLE, body)[4:], self._stable)

    @staticmethod
    def _stable(data, at):
        number, error, _, offset = struct.unpack_from(">ihqq", data, at)
        Kafka._check(f"the end of partition {number}", error)
        return offset, at + 22

    def extent(self, topic, most=32):
        """What of a topic's records can be read now, as a value that is another one whenever these are others: the first offset and the stable end of each
        of its partitions, of which it has at most so many. None: it cannot be told."""
        found = []
        for which in (self.EARLIEST, self.LATEST):
            body = struct.pack(">i", -1) + self.COMMITTED + self._topics([topic], most, lambda p, which=which: struct.pack(">iq", p, which))
            data = self._ask(self.LIST_STABLE, body)
            begin = 4 + 4 + 2 + len(topic.encode()) + 4
            rows = sorted(struct.iter_unpack(">ihqq", data[begin:begin + 22 * most]))
            if not rows or any(error not in (0, self.NO_SUCH_PARTITION) for _, error, _, _ in rows) or rows[-1][1] == 0:
                return None
            found.append([(number, offset) for number, error, _, offset in rows if error == 0])
        return found if found[0] else None

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

    def join(self, group, instance, topics):
        """As a static member of that name, which is not heard of again."""
        def text(word):
            return struct.pack(">h", len(word)) + word.encode()

        words = struct.pack(">hi", 0, len(topics)) + b"".join(text(topic) for topic in topics) + struct.pack(">i", 0)
        body = text(group) + struct.pack(">ii", 3000, 3000) + text("") + text(instance) + text("consumer") + struct.pack(">i", 2)
        body += b"".join(text(name) + struct.pack(">i", len(words)) + words for name in ("range", "roundrobin"))
        self._check("JoinGroup", struct.unpack_from(">h", self._ask(self.JOIN_GROUP, body), 4)[0])

    def set_topic(self, topic, name, value):
        """A setting of a topic, changed as by kafka-configs.sh."""
        words = [w.encode() for w in (topic, name, str(value))]
        body = struct.pack(">ibh", 1, 2, len(words[0])) + words[0] + struct.pack(">ih", 1, len(words[1])) + words[1]
        body += struct.pack(">bh", 0, len(words[2])) + words[2] + struct.pack(">b", 0)
        error = struct.unpack_from(">h", self._ask(self.ALTER_CONFIGS, body), 8)[0]
        if error != 0:
            raise RuntimeError(f"{name} of {topic}: error {error}")

    def begins(self, topics, partitions):
        """{(topic, partition): offset of the first record that is still there}."""
        body = struct.pack(">i", -1) + self._topics(topics, partitions, lambda p: struct.pack(">iq", p, -2))
        return self._offsets(self._ask(self.LIST_OFFSETS, body), lambda data, at: (struct.unpack_from(">ihqq", data, at)[3], at + 22))

    def delete_records(self, places):
        """Deletes all below an offset, -1: everything; {(topic, partition): offset}. What retention does when its time has come."""
        body = struct.pack(">i", len(places))
        for (topic, partition), offset in places.items():
            name = topic.encode()
            body += struct.pack(">h", len(name)) + name + struct.pack(">iiq", 1, partition, offset)
        data = self._ask(self.DELETE_RECORDS, body + struct.pack(">i", 10000))
        size = struct.unpack_from(">h", data, 8)[0]
        self._check("DeleteRecords", struct.unpack_from(">h", data, 10 + size + 4 + 4 + 8)[0])

    def delete_group(self, group):
        """As an administrator does, and as Kafka does with one that nobody used for offsets.retention.minutes. False: it has members still."""
        name = group.encode()
        data = self._ask(self.DELETE_GROUPS, struct.pack(">ih", 1, len(name)) + name)
        error = struct.unpack_from(">h", data, 4 + 4 + 2 + struct.unpack_from(">h", data, 8)[0])[0]
        if error not in (0, 68):  # NON_EMPTY_GROUP
            self._check("DeleteGroups", error)
        return error == 0

    def add_partitions(self, topic, count):
        name = topic.encode()
        body = struct.pack(">ih", 1, len(name)) + name + struct.pack(">iii", count, -1, 10000) + b"\0"
        data = self._ask(self.CREATE_PARTITIONS, body)
        self._check("CreatePartitions", struct.unpack_from(">h", data, 4 + 4 + 2 + len(name))[0])

    def delete_topic(self, topic):
        name = topic.encode()
        data = self._ask(self.DELETE_TOPICS, struct.pack(">ih", 1, len(name)) + name + struct.pack(">i", 10000))
        self._check("DeleteTopics", struct.unpack_from(">h", data, 4 + 4 + 2 + len(name))[0])

    def create_topic(self, topic, partitions):
        """Made anew: its offsets begin at 0."""
        name = topic.encode()
        body = struct.pack(">ih", 1, len(name)) + name + struct.pack(">ihii", partitions, 1, 0, 0) + struct.pack(">ib", 10000, 0)
        data = self._ask(self.CREATE_TOPICS, body)
        self._check("CreateTopics", struct.unpack_from(">h", data, 4 + 4 + 2 + len(name))[0])

    def take_rights(self, name, kind="topic", operation=None):
        """Nobody but a stranger may do anything with a topic, group or transactional id any more; or everybody may, but for one operation. (The stacks'
        authorizer allows all that no rule speaks of.)"""
        rules = [("User:stranger", "all", self.ACL_ALLOW)] if operation is None else [("User:*", "all", self.ACL_ALLOW), ("User:*", operation, self.ACL_DENY)]
        body = struct.pack(">i", len(rules))
        for user, what, permission in rules:
            words = [name.encode(), user.encode(), b"*"]
            body += struct.pack(">bh", self.ACL_KINDS[kind], len(words[0])) + words[0] + struct.pack(">b", self.ACL_LITERAL)
            body += b"".join(struct.pack(">h", len(word)) + word for word in words[1:]) + struct.pack(">bb", self.ACL_OPERATIONS[what], permission)
        self._check("CreateAcls", struct.unpack_from(">h", self._ask(self.CREATE_ACLS, body), 8)[0])

    def give_rights(self, name, kind="topic"):
        """All rules about it are taken away."""
        word = name.encode()
        body = struct.pack(">ibh", 1, self.ACL_KINDS[kind], len(word)) + word + struct.pack(">bhhbb", self.ACL_LITERAL, -1, -1, self.ACL_ANY, self.ACL_ANY)
        self._check("DeleteAcls", struct.unpack_from(">h", self._ask(self.DELETE_ACLS, body), 8)[0])

    def set_offset(self, group, topic, partition, offset):
        """kafka-consumer-groups --reset-offsets of one partition; the group must be empty."""
        body = struct.pack(">h", len(group)) + group.encode() + struct.pack(">ihq", -1, 0, -1)
        body += struct.pack(">ih", 1, len(topic)) + topic.encode() + struct.pack(">iiqh", 1, partition, offset, 0)
        data = self._ask(self.OFFSET_COMMIT, body)
        self._check("OffsetCommit", struct.unpack_from(">h", data, 4 + 2 + len(topic) + 4 + 4)[0])

    @staticmethod
    def _check(what, error):
        if error != 0:
            raise RuntimeError(f"{what}: error {error}")

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


class Cluster(Kafka):
    """Several brokers: each question goes to the one that can answer it, a partition's leader or the group's coordinator."""

    ELSEWHERE = (3, 5, 6, 14, 15, 16)  # not known yet, no leader, not the leader; coordinator loads, is not there, is another one
    FETCH, FIND_COORDINATOR = (1, 4), (10, 1)
    OF_GROUP, OF_TRANSACTIONS = 0, 1

    def __init__(self, ports):
        super().__init__(ports[0])
        self.ports = ports

    def _ask(self, api, body, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for port in self.ports:
                try:
                    data = self._ask_at(port, api, body)
                except (OSError, Gone):
                    continue
                if self._error(api, data) not in self.ELSEWHERE:
                    return data
            time.sleep(0.1)
        raise Gone("no broker can answer")

    @staticmethod
    def _error(api, data):
        """Of an answer about one partition, or a group."""
        if api == Cluster.FIND_COORDINATOR:
            return struct.unpack_from(">h", data, 4)[0]
        at = 4 if api in (Cluster.FETCH, Kafka.LIST_STABLE) else 0
        at += 4 + 2 + struct.unpack_from(">h", data, at + 4)[0] + 4 + 4
        if api == Kafka.OFFSET_FETCH:
            at += 8 + 2 + max(0, struct.unpack_from(">h", data, at + 8)[0])
        return struct.unpack_from(">h", data, at)[0]

    def _bound(self, topics, partitions, which):
        found = {}
        for topic in topics:
            for p in range(partitions):
                body = struct.pack(">iih", -1, 1, len(topic)) + topic.encode() + struct.pack(">iiq", 1, p, which)
                found |= self._offsets(self._ask(self.LIST_OFFSETS, body), lambda data, at: (struct.unpack_from(">ihqq", data, at)[3], at + 22))
        return found

    def ends(self, topics, partitions):
        return self._bound(topics, partitions, -1)

    def begins(self, topics, partitions):
        return self._bound(topics, partitions, -2)

    def stable_ends(self, topics, partitions):
        found = {}
        for topic in topics:
            for p in range(partitions):
                body = struct.pack(">i", -1) + self.COMMITTED + struct.pack(">ih", 1, len(topic)) + topic.encode() + struct.pack(">iiq", 1, p, self.LATEST)
                found |= self._offsets(self._ask(self.LIST_STABLE, body)[4:], self._stable)
        return found

    def extent(self, topic, most=32):
        """Not told: each partition has another broker, and its own moment."""

    def leader(self, topic, partition):
        """The number of the broker that leads a partition."""
        body = struct.pack(">iih", -1, 1, len(topic)) + topic.encode() + struct.pack(">iiq", 1, partition, -1)
        for _ in range(100):
            for number, port in enumerate(self.ports, 1):
                with contextlib.suppress(OSError, Gone):
                    if self._error(self.LIST_OFFSETS, self._ask_at(port, self.LIST_OFFSETS, body)) == 0:
                        return number
            time.sleep(0.2)
        raise Gone(f"{topic}/{partition} has no leader")

    def coordinator(self, kind, name):
        """The number of the broker that coordinates a group, or a producer's transactions."""
        data = self._ask(self.FIND_COORDINATOR, struct.pack(">h", len(name)) + name.encode() + struct.pack(">b", kind))
        return struct.unpack_from(">i", data, 6 + 2 + max(0, struct.unpack_from(">h", data, 6)[0]))[0]


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
