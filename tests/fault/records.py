"""Kafka's log as it lies on the broker's disk: record batches read as `read_committed` reads them, byte by byte, and written with any timestamp and
any headers. The command line shows headers as JSON; whether a dead letter has them in their order, repeated, binary, only the log tells."""

import gzip
import struct
from collections import namedtuple

Record = namedtuple("Record", "topic partition offset timestamp key value headers")  # key, value: bytes or None; headers: ((name, bytes or None), ...)

COMPRESSION, APPEND_TIME, TRANSACTIONAL, CONTROL = 0x07, 0x08, 0x10, 0x20
NONE, GZIP, LZ4 = 0, 1, 3
ABORT = 0  # type of a control record
FETCH, PRODUCE, LIST_OFFSETS = (1, 4), (0, 3), (2, 1)
EARLIEST = -2
FETCH_BYTES = 8 << 20


# ---- LZ4 frames, as librdkafka and Java's clients write them ----


def unlz4(data):
    if struct.unpack_from("<I", data)[0] != 0x184D2204:
        raise ValueError("not an LZ4 frame")
    flags = data[4]
    at = 7 + (8 if flags & 0x08 else 0) + (4 if flags & 0x01 else 0)
    out = bytearray()
    while True:
        size = struct.unpack_from("<I", data, at)[0]
        at += 4
        if size == 0:
            return bytes(out)
        block = data[at:at + (size & 0x7FFFFFFF)]
        at += len(block) + (4 if flags & 0x10 else 0)
        if size & 0x80000000:
            out += block
        else:
            _lz4_block(block, out)


def _lz4_block(block, out):
    at = 0
    while at < len(block):
        token = block[at]
        at += 1
        size, at = _lz4_length(block, at, token >> 4)
        out += block[at:at + size]
        at += size
        if at >= len(block):
            return  # the last sequence has literals only
        distance = block[at] | block[at + 1] << 8
        size, at = _lz4_length(block, at + 2, token & 15)
        start = len(out) - distance
        for done in range(0, size + 4, distance):  # what is copied may be what was just written
            out += out[start:start + min(distance, size + 4 - done)]


def _lz4_length(block, at, size):
    if size == 15:
        while True:
            more = block[at]
            at += 1
            size += more
            if more != 255:
                break
    return size, at


UNPACK = {NONE: bytes, GZIP: gzip.decompress, LZ4: unlz4}

# ---- record batches ----


def _varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value >> 1 ^ -(value & 1), at


def _piece(data, at):
    size, at = _varint(data, at)
    return (None, at) if size < 0 else (bytes(data[at:at + size]), at + size)


class Batch:
    """One batch: who wrote it, and its records."""

    def __init__(self, topic, partition, data, at):
        (self.base, size, _, magic, _, self.flags, _, self.first_ms, self.last_ms, self.producer, _, _, self.count) = struct.unpack_from(
            ">qiibIhiqqqhii", data, at)
        self.end = at + 12 + size
        if self.end > len(data):
            raise IndexError("the rest of the batch is in the next answer")
        if magic != 2:
            raise ValueError(f"{topic}/{partition}: a batch of format {magic}")
        self.topic, self.partition = topic, partition
        self.next = self.base + struct.unpack_from(">i", data, at + 23)[0] + 1
        self.body = data[at + 61:self.end]

    def is_abort(self):
        """A control batch: its one record's key says whether the transaction was aborted."""
        return struct.unpack_from(">hh", next(self.records()).key)[1] == ABORT

    def records(self):
        kind = self.flags & COMPRESSION
        if kind not in UNPACK:
            raise ValueError(f"{self.topic}/{self.partition}: compression {kind} is not read here")
        data, at = UNPACK[kind](self.body), 0
        for _ in range(self.count):
            size, at = _varint(data, at)
            end = at + size
            at += 1
            ms, at = _varint(data, at)
            offset, at = _varint(data, at)
            key, at = _piece(data, at)
            value, at = _piece(data, at)
            headers, (count, at) = [], _varint(data, at)
            for _ in range(count):
                name, at = _piece(data, at)
                content, at = _piece(data, at)
                headers.append((name.decode(), content))
            stamp = self.last_ms if self.flags & APPEND_TIME else self.first_ms + ms
            yield Record(self.topic, self.partition, self.base + offset, stamp, key, value, tuple(headers))
            at = end


def read(kafka, topics, partitions, since=None):
    """Every committed record of the topics, from `since` ({(topic, partition): offset}) to what is stable now. kafka: wire.Kafka."""
    found, stable = [], kafka.stable_ends(topics, partitions)
    for topic in topics:
        for partition in range(partitions):
            at = (since or {}).get((topic, partition), 0)
            if at != stable[topic, partition]:  # most have nothing new, and who waits asks many times a second
                found += _read_partition(kafka, topic, partition, max(_first(kafka, topic, partition), at))
    return found


def _first(kafka, topic, partition):
    """The first offset that retention has left."""
    name = topic.encode()
    body = struct.pack(">iih", -1, 1, len(name)) + name + struct.pack(">iiq", 1, partition, EARLIEST)
    return struct.unpack_from(">q", kafka.ask(LIST_OFFSETS, body), 4 + 2 + len(name) + 4 + 4 + 2 + 8)[0]


def _read_partition(kafka, topic, partition, at):
    while True:
        stable, aborted, data = _fetch(kafka, topic, partition, at)
        here, gone, start = 0, set(), at
        pending = sorted(aborted, key=lambda a: a[1])
        while here + 61 <= len(data):
            try:
                batch = Batch(topic, partition, data, here)
            except IndexError:
                break
            here = batch.end
            while pending and pending[0][1] <= batch.base:
                gone.add(pending.pop(0)[0])
            if batch.flags & CONTROL:
                if batch.is_abort():
                    gone.discard(batch.producer)
            elif not (batch.flags & TRANSACTIONAL and batch.producer in gone):
                yield from (r for r in batch.records() if start <= r.offset < stable)
            at = batch.next
        if at >= stable:
            return
        if at == start:
            raise ValueError(f"{topic}/{partition}/{at}: a batch does not fit into {FETCH_BYTES} bytes")


def _fetch(kafka, topic, partition, at):
    name = topic.encode()
    body = struct.pack(">iiiib", -1, 0, 0, FETCH_BYTES, 1) + struct.pack(">ih", 1, len(name)) + name
    data = kafka.ask(FETCH, body + struct.pack(">iiqi", 1, partition, at, FETCH_BYTES))
    begin = 4 + 4 + 2 + len(name) + 4
    _, error, _, stable, count = struct.unpack_from(">ihqqi", data, begin)
    if error != 0:
        raise RuntimeError(f"fetching {topic}/{partition}/{at}: error {error}")
    begin += 26
    aborted = [struct.unpack_from(">qq", data, begin + 16 * i) for i in range(max(0, count))]
    begin += 16 * max(0, count)
    size = struct.unpack_from(">i", data, begin)[0]
    return stable, aborted, data[begin + 4:begin + 4 + max(0, size)]


# ---- writing ----

_CRC32C = []
for _byte in range(256):
    for _ in range(8):
        _byte = _byte >> 1 ^ (0x82F63B78 if _byte & 1 else 0)
    _CRC32C.append(_byte)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC32C[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def _put_varint(value):
    value = (value << 1) ^ (value >> 63)
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _put_piece(data):
    return _put_varint(-1) if data is None else _put_varint(len(data)) + data


def write(kafka, topic, partition, written, timestamp):
    """Appends records [(key, value, headers)] to a partition, all of one timestamp (ms); bytes or None. Returns the first one's offset."""
    body = b""
    for n, (key, value, headers) in enumerate(written):
        one = b"\0" + _put_varint(0) + _put_varint(n) + _put_piece(key) + _put_piece(value) + _put_varint(len(headers))
        one += b"".join(_put_piece(name.encode()) + _put_piece(content) for name, content in headers)
        body += _put_varint(len(one)) + one
    tail = struct.pack(">hiqqqhii", 0, len(written) - 1, timestamp, timestamp, -1, -1, -1, len(written)) + body
    batch = struct.pack(">qiibI", 0, 9 + len(tail), -1, 2, crc32c(tail)) + tail
    name = topic.encode()
    request = struct.pack(">hhi", -1, -1, 10000) + struct.pack(">ih", 1, len(name)) + name + struct.pack(">iii", 1, partition, len(batch)) + batch
    data = kafka.ask(PRODUCE, request)
    _, error, offset = struct.unpack_from(">ihq", data, 4 + 2 + len(name) + 4)
    if error != 0:
        raise RuntimeError(f"writing to {topic}/{partition}: error {error}")
    return offset
