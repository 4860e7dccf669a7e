"""What is left after a case, read from all sides, as plain values that the checker judges (and that its own tests make up)."""

import json
from dataclasses import dataclass, field
from datetime import datetime

import feed
from stack import DEAD, GROUP, LEDGER, PARTITIONS, READ, RESULTS, RETRIES


@dataclass
class Input:
    """One delivery: a record that entered, in orders.raw, orders.raw.replay, or as a redrive in a retry topic."""
    delivery: str                # topic/partition/offset
    raw: tuple                   # key, value, the producer's headers
    key: str | None = None       # natural key; None: the bytes are no event
    version: int = 0
    kind: str = "created"
    content: str = ""
    number: str = ""             # Prima's order number
    parent: str = ""             # the dead delivery that it redrives


@dataclass
class Result:
    delivery: str
    outcome: str
    key: str
    identity: str
    number: str
    place: tuple                 # (partition, offset) in orders.results
    at: int = 0                  # append time
    publisher: str = ""
    version: int = 0


@dataclass
class Dead:
    delivery: str
    code: str
    klass: str
    raw: tuple
    key: str = ""
    identity: str = ""
    parent: str = ""
    at: int = 0


@dataclass
class Document:
    number: str
    content: str
    foreign: bool = False        # no worker sent it


@dataclass
class Request:
    """A NewOrder that reached Prima, in the order of arrival."""
    number: str
    applied: bool
    arrived_at: int
    applied_at: int


@dataclass
class Evidence:
    inputs: list = field(default_factory=list)
    results: list = field(default_factory=list)
    dead: list = field(default_factory=list)
    waiting: dict = field(default_factory=dict)    # delivery: retry topic in which it still waits
    committed: dict = field(default_factory=dict)  # (topic, partition): offset
    documents: list = field(default_factory=list)
    requests: list = field(default_factory=list)
    accounts: list = field(default_factory=list)   # customer references, one for each account in Prima
    addresses: list = field(default_factory=list)  # e-mail addresses, one for each account in Prima that we made
    redis: dict = field(default_factory=dict)      # natural key: record of wire.py; {}: Redis is not asked
    texts: list = field(default_factory=list)      # (where, text): what must not hold personal data
    forwards: dict = field(default_factory=dict)   # delivery: [(topic, partition, offset, time, reason)], for people
    resends: int = 0             # NewOrders after an applied one that this case's faults explain


def _raw(line):
    """Key, value and the producer's own headers, as they came."""
    headers = {n: v for n, v in line["headers"].items() if not n.startswith(("primaflow.", "__dlq."))}
    return (json.dumps(line["key"]), json.dumps(line["value"]), json.dumps(headers, sort_keys=True))


def _place(line):
    return f"{line['topic']}/{line['partition']}/{line['offset']}"


def _ms(line):
    return int(datetime.fromisoformat(line["timestamp"].replace("Z", "+00:00")).timestamp() * 1000)


def _coordinates(value):
    return "" if value is None else f"{value['topic']}/{value['partition']}/{value['offset']}"


def _input(raw, decoded, parent=""):
    event = decoded["value"]
    found = Input(_place(raw), _raw(raw), parent=parent)
    if isinstance(event, dict) and "order_id" in event and "undecodable" not in decoded and event.get("store") in feed.CHANNELS:
        found.key, found.version, found.kind = feed.natural(event), event["source_version"], event["kind"]
        found.number, found.content = feed.order_number(event), feed.content(event)
    return found


class Reader:
    """Reads a stack. `since`: log ends when the case began; what was there before is not judged again."""

    def __init__(self, stack):
        self.stack = stack
        self.since = stack.kafka.ends([*READ, RESULTS, DEAD], PARTITIONS)

    def _is_new(self, line):
        return line["offset"] >= self.since[line["topic"], line["partition"]]

    def _inputs(self):
        for topic in READ:
            raw_lines = self.stack.consume(topic, raw=True)
            decoded = {_place(line): line for line in self.stack.consume(topic)} if raw_lines else {}
            for raw in raw_lines:
                if not self._is_new(raw) or _place(raw) not in decoded:
                    continue
                if topic in RETRIES and "primaflow.delivery" in raw["headers"]:
                    continue  # a forward: not a delivery of its own
                yield _input(raw, decoded[_place(raw)], raw["headers"].get("primaflow.parent", ""))

    def _forwards(self):
        """{delivery: its forwards}"""
        last = {}
        for topic in RETRIES:
            for line in self.stack.consume(topic, raw=True):
                if self._is_new(line) and "primaflow.delivery" in line["headers"]:
                    place = (topic, line["partition"], line["offset"], line["timestamp"], line["headers"].get("primaflow.retry-reason"))
                    last.setdefault(line["headers"]["primaflow.delivery"], []).append(place)
        return last

    def results(self):
        return [_result(line) for line in self.stack.consume(RESULTS) if self._is_new(line)]

    def dead(self):
        return [_dead(line) for line in self.stack.consume(DEAD, raw=True) if self._is_new(line)]

    def dump(self, path, found):
        """For people: what was seen, key by key."""
        with open(path, "w", encoding="utf-8") as out:
            for i in sorted(found.inputs, key=lambda i: (i.key or "", i.delivery)):
                print(f"{i.delivery} {i.key} version {i.version} {i.kind} {i.content} {i.parent}", file=out)
                for thing in [r for r in found.results if r.delivery == i.delivery] + [d for d in found.dead if d.delivery == i.delivery]:
                    values = {k: v for k, v in vars(thing).items() if k not in ("raw", "key", "delivery", "identity")}
                    print(f"    {type(thing).__name__} {values}", file=out)
                for forward in found.forwards.get(i.delivery, []):
                    print(f"    forward {forward}", file=out)
            for key, record in found.redis.items():
                print(f"{key} {({k: v for k, v in record.items() if k not in ('request', 'summary')})}", file=out)

    def collect(self, workers=(), resends=0):
        stack = self.stack
        found = Evidence(inputs=list(self._inputs()), results=self.results(), dead=self.dead(), resends=resends)
        found.committed = stack.kafka.committed(GROUP, READ, PARTITIONS)
        found.forwards = self._forwards()
        for delivery, places in found.forwards.items():
            for topic, partition, offset, *_ in places:
                if offset >= found.committed[topic, partition]:
                    found.waiting[delivery] = topic
        numbers = {i.number for i in found.inputs if i.number}
        found.documents = [d for d in _documents(stack) if d.number in numbers]
        found.requests = [r for r in _requests(stack) if r.number in numbers]
        accounts = stack.sql("SELECT account, customer_ref, email FROM customers WHERE customer_ref <> ''")
        found.accounts = [row["customer_ref"] for row in accounts]
        found.addresses = [row["email"] for row in accounts if row["email"] and row["account"] not in stack.foreign]
        for key in {i.key for i in found.inputs if i.key}:
            record = stack.redis.key(key)
            if record is not None:
                found.redis[key] = record
        found.texts = list(_texts(stack, workers))
        return found


def _result(line):
    value = line["value"]
    return Result(delivery=_coordinates(value["delivery"]), outcome=value["outcome"], key=value["key"], identity=value["identity"],
                  number=value["document"] or value["order_number"] or "", place=(line["partition"], line["offset"]), at=_ms(line),
                  publisher=_coordinates(value["publisher"]), version=value["source_version"])


def _dead(line):
    headers = line["headers"]
    return Dead(delivery=headers.get("primaflow.delivery", "?"), code=headers.get("primaflow.code", "?"), klass=headers.get("primaflow.class", "?"),
                raw=_raw(line), key=headers.get("primaflow.idempotency-key", ""), identity=headers.get("primaflow.fingerprint", ""),
                parent=headers.get("primaflow.parent", ""), at=_ms(line))


def _documents(stack):
    lines, paid = {}, {}
    for row in stack.sql("SELECT order_id, product, mtrx_code1, quantity, price FROM order_lines"):
        lines.setdefault(row["order_id"], []).append((row["product"], row["quantity"], row["price"]))
    for row in stack.sql("SELECT order_id, SUM(amount) AS amount FROM order_payments GROUP BY order_id"):
        paid[row["order_id"]] = row["amount"]
    for row in stack.sql("SELECT id, order_number FROM orders"):
        yield Document(row["order_number"], json.dumps([sorted(lines.get(row["id"], [])), paid.get(row["id"], 0)]),
                       row["order_number"] in stack.foreign)


def _requests(stack):
    for row in stack.sql("SELECT natural_key, applied, arrived_at, applied_at FROM requests WHERE type IN ('NewOrder', 'MultiNewOrder') ORDER BY id"):
        yield Request(row["natural_key"], bool(row["applied"]), row["arrived_at"], row["applied_at"] or 0)


def _texts(stack, workers):
    """Where personal data must not be: logs, metrics, status, command lines, topics that are kept for long."""
    for path in sorted(stack.folder.glob("worker-*.log")):
        yield path.name, path.read_text(errors="replace")
    for worker in workers:
        if worker.is_alive():
            yield f"argv of slot {worker.slot}", worker.argv()
            yield f"/metrics of slot {worker.slot}", worker.http("/metrics") or ""
            yield f"/status of slot {worker.slot}", worker.http("/status") or ""
    for topic in (RESULTS, LEDGER, "ops.control"):
        yield topic, stack.primaflow("consume", topic, "--until", "end")
    yield "names of keys in Redis", repr(stack.redis("KEYS", "*"))


