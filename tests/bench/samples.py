"""What the worker moved for real orders, so that the bare loop and wrk can move the same: HTTP bodies, stored requests and summaries, results and
ledger entries. Many of them, or a fixed text would compress to nothing in Kafka."""

import base64
import html
import json
import re
import socket
import struct

COUNT_MAX = 256
NUMBER_SIZE_MIN = 8


class Redis:
    """Just enough of its protocol: a command's words out, a reply back."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.file = self.socket.makefile("rwb")

    def ask(self, *words):
        encoded = [w if isinstance(w, bytes) else str(w).encode() for w in words]
        self.file.write(b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in encoded))
        self.file.flush()
        return self._reply()

    def _reply(self):
        line = self.file.readline()[:-2]
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            raise RuntimeError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            if int(rest) < 0:
                return None
            data = self.file.read(int(rest) + 2)
            return data[:-2]
        if kind == b"*":
            return [self._reply() for _ in range(int(rest))]
        return rest

    def keys(self, pattern, limit):
        cursor, found = b"0", []
        while len(found) < limit:
            cursor, some = self.ask("SCAN", cursor, "MATCH", pattern, "COUNT", 1000)
            found += some
            if cursor == b"0":
                break
        return found[:limit]


SUMMARY_OF = "local r = redis.call('GET', KEYS[1]); local _, rec = cmsgpack.unpack_one(r); return {rec[1], rec[11]}"


def summaries(redis):
    found = []
    for key in redis.keys("pf:k:*", 4 * COUNT_MAX):
        state, summary = redis.ask("EVAL", SUMMARY_OF, 1, key)
        if state == b"p":
            found.append(summary)
    return found


def topic_values(rig, topic):
    found = []
    for line in rig.cli("consume", topic, "--raw", "--count", str(2 * COUNT_MAX)).splitlines():
        value = json.loads(line)["value"]
        if value is not None:
            found.append(base64.b64decode(value["base64"]) if isinstance(value, dict) else value.encode())
    return found


def bodies(rig):
    """(HTTP body with '@' for the order's number, request as the worker stores it), from orders that were applied."""
    found = []
    rows = rig.ledger("SELECT natural_key, request FROM requests WHERE type IN ('MultiNewOrder', 'NewOrder') AND applied ORDER BY id DESC LIMIT ?",
                      2 * COUNT_MAX)
    for number, body in rows:
        if len(number) < NUMBER_SIZE_MIN or not number.isdigit():
            continue
        body = body.replace(number.encode(), b"@" * len(number))
        inner = re.search(rb"<request[^>]*>(.*?)</request>", body, re.DOTALL)
        if inner is None:
            raise RuntimeError("no <request> in a body: has the envelope changed?")
        found.append((body, html.unescape(inner.group(1).decode()).encode()))
    return found


def write(rig, redis):
    """Writes samples for the bare loop and bodies for wrk; returns both paths and the mean sizes."""
    parts = [bodies(rig), summaries(redis), topic_values(rig, "orders.results"), topic_values(rig, "orders.ledger")]
    count = min(COUNT_MAX, *(len(part) for part in parts))
    if count == 0:
        raise RuntimeError(f"no samples: {[len(part) for part in parts]} bodies, summaries, results, ledger entries")
    samples, for_wrk = rig.folder / "samples.bin", rig.folder / "bodies.lua"
    rows = [(body, request, summary, result, entry) for (body, request), summary, result, entry in zip(*(part[:count] for part in parts))]
    samples.write_bytes(struct.pack("=I", count) + b"".join(struct.pack("=I", len(blob)) + blob for row in rows for blob in row))
    with for_wrk.open("wb") as file:
        file.write(b"return {\n")
        for body, *_ in rows:
            size = len(re.search(rb"@{%d,}" % NUMBER_SIZE_MIN, body).group())
            pieces = re.split(rb"@{%d,}" % NUMBER_SIZE_MIN, body)
            file.write(b"{size=%d," % size + b",".join(b"[==[\n%s]==]" % piece for piece in pieces) + b"},\n")
        file.write(b"}\n")
    names = ("body", "request", "summary", "result", "ledger")
    return samples, for_wrk, {name: round(sum(len(row[i]) for row in rows) / count) for i, name in enumerate(names)}
