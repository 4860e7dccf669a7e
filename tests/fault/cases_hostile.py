"""Records that are no orders: broken framing, Avro broken at every byte, nothing at all. Each must end as a dead letter with its original bytes,
and cost neither memory nor time."""

import base64
import os
import random
import re

import checker
import feed
from case import Failed, case, expect, until
from stack import DEAD, IN, REPLAY

RESIDENT_MAX_KIB = 160 * 1024  # a worker at work has 40 MiB; 64 records in flight may hold 1 MiB each
CPU_SECONDS_MAX = 20           # for about a thousand records; a debug build takes 2
ADDRESS_SPACE = 3 << 30


def peak_kib(worker):
    with open(f"/proc/{worker.pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmHWM:\s+(\d+)", file.read())[1])


def cpu_seconds(worker):
    with open(f"/proc/{worker.pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def b64(data):
    return {"base64": base64.b64encode(data).decode()}


def template(w):
    """An order's bytes, and how its key looks."""
    order = w.order()
    w.feed(order)
    lines = [line for line in w.stack.consume(IN, raw=True) if line["key"] == feed.topic_key(order)]
    return base64.b64decode(lines[0]["value"]["base64"])


def certain(good):
    """Broken for certain: name, bytes (None: a tombstone)."""
    yield "tombstone", None
    yield "empty", b""
    yield "trailing bytes", good + b"\0"
    yield "unknown fingerprint", good[:2] + b"\1\2\3\4\5\6\7\x08" + good[10:]
    yield "confluent framing, unknown schema", b"\0\0\0\x27\x0f" + good[10:]
    yield "no framing", good[10:]
    yield "JSON", b'{"order_id": "1"}'
    yield "half a megabyte of 0xff", good[:10] + b"\xff" * (1 << 19)
    yield "a length of 2^40", good[:10] + b"\x80\x80\x80\x80\x80\x80\x01" + good[11:]
    yield "a negative length", good[:10] + b"\x01" + good[11:]
    for at in range(len(good)):
        yield f"cut at {at}", good[:at]


def by_luck(good, chance):
    """Broken most likely: a byte overwritten at each offset, and runs of noise."""
    for at in range(len(good)):
        yield f"0xff at {at}", good[:at] + b"\xff" + good[at + 1:]
    for _ in range(60):
        at = chance.randrange(10, len(good))
        yield "noise", good[:at] + chance.randbytes(chance.randrange(1, 40)) + good[at:]


@case("hostile", usual=("on",))
def records(w):
    """About a thousand broken records among good ones, under prlimit."""
    good = template(w)
    chance = random.Random(7)
    bad = [(name, data, True) for name, data in certain(good)] + [(name, data, False) for name, data in by_luck(good, chance)]
    headers = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    w.stack.produce_raw([{"key": f"hostile-{i}", "value": None if data is None else b64(data), "headers": headers}
                         for i, (_, data, _) in enumerate(bad)])
    orders = [w.order() for _ in range(5)]
    w.feed(*orders)
    worker = w.worker("0", limits=["prlimit", f"--as={ADDRESS_SPACE}"])
    w.rest(90)
    found = w.reader.collect(w.workers)
    dead = {d.raw[0]: d for d in found.dead}
    for i, (name, _, is_certain) in enumerate(bad):
        expect(not is_certain or f"hostile-{i}".encode() in dead, f"I2 {name}: not dead-lettered")
    # what luck left readable is an order with odd content: its arithmetic is other tests' business
    violations = [v for v in checker.check(found, feed.PERSONAL) if v.split(" ")[0] in ("I1", "I2", "I3", "I10", "I11", "I14")]
    if violations:
        raise Failed("\n".join(violations[:10]))
    for o in orders:
        expect(w.outcomes(o) == ["posted"], f"{feed.natural(o)}, a good one among them: {w.outcomes(o)}")
    expect(worker.is_alive() and not worker.says("restarting"), f"the worker did not live through it\n{worker.log()[-800:]}")
    expect(peak_kib(worker) < RESIDENT_MAX_KIB, f"I12 {peak_kib(worker)} KiB resident")
    expect(cpu_seconds(worker) < CPU_SECONDS_MAX, f"I12 {cpu_seconds(worker)} s of CPU for {len(bad)} records")


@case("hostile", usual=("on",))
def dead_letter_piped_back(w):
    """A dead letter written into the replay topic as it is, headers and all, is a new delivery: tried again, once, and with an end of its own."""
    order = w.order(till=True)
    w.fault({"kind": "error", "about": "period_closed"}, type="NewOrder", key="*" + order["order_id"], count=1)
    w.feed(order)
    w.worker("0")
    w.await_outcomes(order)
    letter = [line for line in w.stack.consume(DEAD, raw=True) if line["key"] == feed.topic_key(order)][0]
    w.stack.produce_raw([{key: letter[key] for key in ("key", "value", "headers")}], REPLAY)
    until("the new delivery has ended", 20, lambda: len(w.outcomes(order)) == 2 or len(w.requests(order)) == 2)
    w.judge()
    expect(sorted(w.outcomes(order)) == ["posted", "prima_period_closed"], f"{w.outcomes(order)}")
    expect(len(w.requests(order)) == 2, f"it was sent {len(w.requests(order))} times")
