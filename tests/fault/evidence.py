"""What is left after a case, read from all sides, as plain values that the checker judges (and that its own tests make up)."""

import html
import json
import re
from dataclasses import dataclass, field
from datetime import datetime

import feed
import records
from stack import DEAD, GROUP, LEDGER, READ, RESULTS, RETRIES, Happening

OURS = ("primaflow.", "__dlq.")  # headers that are not the producer's


@dataclass
class Input:
    """One delivery: a record that entered, in orders.raw, orders.raw.replay, or as a redrive in a retry topic."""
    delivery: str                # topic/partition/offset
    raw: tuple                   # key, value, the producer's headers in their order: bytes
    key: str | None = None       # natural key; None: the bytes are no event
    version: int = 0
    kind: str = "created"
    content: str = ""
    number: str = ""             # Prima's order number
    parent: str = ""             # the dead delivery that it redrives
    at: int = 0                  # the record's timestamp; of a redrive the one that its first life had
    since: int = 0               # ms, wall: when it was there to be read
    customer: str = ""           # the channel's id of who ordered
    currency: str = "GBP"
    total: int = 0               # what the order comes to, minor units
    tax: int = 0


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
    codes: tuple = ()            # why it is on hold
    exception: str = ""          # the delivery whose dead letter is open
    resolves: str = ""           # ... that this one ends


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
    original_at: int = 0         # what its header says of the original's timestamp


@dataclass
class Document:
    number: str
    content: str
    foreign: bool = False        # no worker sent it
    hold: bool = False
    currency: str = "GBP"


@dataclass
class Request:
    """A NewOrder, OrderStatus or NewCustomer that reached Prima, in the order of arrival."""
    number: str                  # the natural key: an order's number, a customer's reference
    applied: bool
    arrived_at: int
    applied_at: int
    kind: str = "NewOrder"       # MultiNewOrder counts as that
    outcome: str = "applied"     # applied, read, refused, malformed, not_applied, pending
    fault: str = ""              # which hostility it met
    content: str = ""            # of a NewOrder: what it orders, as feed.content says it


@dataclass
class Forward:
    place: tuple                 # (topic, partition, offset)
    at: int                      # append time
    reason: str = ""


@dataclass
class Entry:
    """One committed entry of the ledger."""
    key: str
    number: str
    identity: str
    total: int
    tax: int
    lines: int                   # what its lines and charges come to
    tenders: int
    outstanding: int = 0


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
    addresses: list = field(default_factory=list)  # (company, e-mail address), one for each account in Prima that we made
    redis: dict = field(default_factory=dict)      # natural key: record of wire.py; {}: Redis is not asked
    texts: list = field(default_factory=list)      # (where, text): what must not hold personal data
    forwards: dict = field(default_factory=dict)   # delivery: [Forward], in the order of their times
    ledger: list = field(default_factory=list)     # every entry, in the order of the log
    earlier: bool = False        # workers of an earlier release, which says nothing of such orders, took part
    unposted: set = field(default_factory=set)     # natural keys of which the ledger says that they ended without a document
    discarded: set = field(default_factory=set)    # natural keys: what the case says that a person discarded
    marks: list = field(default_factory=list)      # names of the deferral marks that are left in Redis
    bounds: list = field(default_factory=list)     # (what, how much, how much is allowed)
    happenings: list = field(default_factory=list) # stack.Happening: what the case did
    allowed: set = field(default_factory=set)      # (natural key or "*", code): what the case says that a person may have to do
    asleep: set = field(default_factory=set)       # (natural key, code): what the case says that a sleeper, who alone could prove it, leaves to a person
    seen: list = field(default_factory=list)       # violations that were there for a moment only (history.py)
    unique: bool = True          # does Prima enforce unique numbers?
    resends: int = 0             # NewOrders after an applied one that this case's faults explain


def _raw(record):
    """Key, value and the producer's own headers, as they came."""
    return record.key, record.value, tuple(h for h in record.headers if not h[0].startswith(OURS))


def _ours(record):
    return {name: (value or b"").decode() for name, value in record.headers if name.startswith(OURS)}


def _is_redrive(ours):
    """A dead letter that a person sent again, headers and all: a delivery of its own."""
    return "primaflow.code" in ours


def _place(line):
    return f"{line['topic']}/{line['partition']}/{line['offset']}" if isinstance(line, dict) else f"{line.topic}/{line.partition}/{line.offset}"


def _ms(line):
    return int(datetime.fromisoformat(line["timestamp"].replace("Z", "+00:00")).timestamp() * 1000)


def _coordinates(value):
    return "" if value is None else f"{value['topic']}/{value['partition']}/{value['offset']}"


def _input(raw, decoded):
    event, ours = decoded["value"], _ours(raw)
    parent = ours.get("primaflow.delivery" if _is_redrive(ours) else "primaflow.parent", "")
    found = Input(_place(raw), _raw(raw), parent=parent, since=raw.timestamp,
                  at=int(ours.get("primaflow.original-timestamp", raw.timestamp)) if raw.topic != READ[0] else raw.timestamp)
    if isinstance(event, dict) and "order_id" in event and "undecodable" not in decoded and event.get("store") in feed.CHANNELS:
        found.key, found.version, found.kind = feed.natural(event), event["source_version"], event["kind"]
        found.number, found.content = feed.order_number(event), feed.content(event)
        found.customer, found.currency = (event.get("customer") or {}).get("customer_id") or "", event["currency"]
        found.total, found.tax = event["totals"]["total"]["shop_minor"], event["totals"]["tax"]["shop_minor"]
    return found


class Reader:
    """Reads a stack. `since`: log ends when the case began; what was there before is not judged again."""

    def __init__(self, stack):
        self.stack = stack
        self.since = stack.kafka.ends([*READ, RESULTS, DEAD, LEDGER], stack.partitions)

    def _new(self, topics):
        return records.read(self.stack.kafka, topics, self.stack.partitions, self.since)

    def _is_new(self, line):
        return line["offset"] >= self.since.get((line["topic"], line["partition"]), 0)

    def _inputs(self):
        for topic in READ:
            raw_lines = self._new([topic])
            decoded = {_place(line): line for line in self.stack.consume(topic)} if raw_lines else {}
            for raw in raw_lines:
                if _place(raw) not in decoded:
                    continue
                if topic in RETRIES and "primaflow.delivery" in _ours(raw) and not _is_redrive(_ours(raw)):
                    continue  # a forward: not a delivery of its own
                yield _input(raw, decoded[_place(raw)])

    def _forwards(self):
        """{delivery: its forwards}"""
        found = {}
        for record in self._new(RETRIES):
            ours = _ours(record)
            if "primaflow.delivery" in ours and not _is_redrive(ours):
                made = Forward((record.topic, record.partition, record.offset), record.timestamp, ours.get("primaflow.retry-reason", ""))
                found.setdefault(ours["primaflow.delivery"], []).append(made)
        return {delivery: sorted(forwards, key=lambda f: f.at) for delivery, forwards in found.items()}

    def waited(self):
        """Deliveries that have been in a retry topic."""
        return set(self._forwards())

    def results(self):
        return [_result(line) for line in self.stack.consume(RESULTS) if self._is_new(line)]

    def dead(self):
        return [_dead(record) for record in self._new([DEAD])]

    def ledger(self):
        return [_entry(line["value"]) for line in self.stack.consume(LEDGER) if line["value"] and self._is_new(line) and is_entry(line["key"])]

    def unposted(self):
        """Natural keys of orders of which the ledger says that they ended without a document."""
        lines = [line for line in self.stack.consume(LEDGER) if line["value"] and self._is_new(line) and not is_entry(line["key"])]
        return {"{company}/orders/{channel}/{store}/{order_id}".format(**line["value"]) for line in lines if line["value"]["state"] == "unposted"}

    def dump(self, path, found):
        """For people: what was seen, key by key."""
        with open(path, "w", encoding="utf-8") as out:
            for i in sorted(found.inputs, key=lambda i: (i.key or "", i.delivery)):
                print(f"{i.delivery} {i.key} version {i.version} {i.kind} {i.content} {i.parent}", file=out)
                for thing in [r for r in found.results if r.delivery == i.delivery] + [d for d in found.dead if d.delivery == i.delivery]:
                    values = {k: v for k, v in vars(thing).items() if k not in ("raw", "key", "delivery", "identity")}
                    print(f"    {type(thing).__name__} {values}", file=out)
                for forward in found.forwards.get(i.delivery, []):
                    print(f"    {forward}", file=out)
                for request in (r for r in found.requests if i.number and r.number == i.number):
                    print(f"    {request}", file=out)
            for key, record in found.redis.items():
                print(f"{key} {({k: v for k, v in record.items() if k not in ('request', 'summary')})}", file=out)
            for happening in found.happenings:
                print(happening, file=out)

    def collect(self, workers=(), resends=0):
        stack = self.stack
        found = Evidence(inputs=list(self._inputs()), results=self.results(), dead=self.dead(), ledger=self.ledger(), resends=resends,
                         unposted=self.unposted(), earlier=stack.writer is not None, unique=stack.unique, happenings=list(stack.happenings))
        found.committed = stack.kafka.committed(GROUP, READ, stack.partitions)
        found.forwards = self._forwards()
        for delivery, forwards in found.forwards.items():
            for topic, partition, offset in (f.place for f in forwards):
                if offset >= found.committed[topic, partition]:
                    found.waiting[delivery] = topic
        numbers = {i.number for i in found.inputs if i.number}
        found.documents = [d for d in _documents(stack) if d.number in numbers]
        found.requests = list(_requests(stack, numbers))
        accounts = stack.sql("SELECT account, company, customer_ref, email FROM customers WHERE customer_ref <> ''")
        found.accounts = [row["customer_ref"] for row in accounts]
        found.addresses = [(row["company"], row["email"]) for row in accounts if row["email"] and row["account"] not in stack.foreign]
        self._read_redis(found)
        found.bounds = list(_bounds(stack, workers))
        found.texts = list(_texts(stack, workers))
        return found

    def _read_redis(self, found):
        redis = self.stack.redis
        for key in {i.key for i in found.inputs if i.key}:
            record = redis.key(key)
            if record is not None:
                found.redis[key] = record
        found.marks = sorted(name.decode() for name in redis("KEYS", "pf:d:*"))


def _result(line):
    value = line["value"]
    return Result(delivery=_coordinates(value["delivery"]), outcome=value["outcome"], key=value["key"], identity=value["identity"],
                  number=value["document"] or value["order_number"] or "", place=(line["partition"], line["offset"]), at=_ms(line),
                  publisher=_coordinates(value["publisher"]), version=value["source_version"], codes=tuple(value["codes"] or ()),
                  exception=_coordinates(value.get("exception")), resolves=_coordinates(value.get("resolves")))  # an earlier release's has none


def _dead(record):
    ours = _ours(record)
    return Dead(delivery=ours.get("primaflow.delivery", "?"), code=ours.get("primaflow.code", "?"), klass=ours.get("primaflow.class", "?"),
                raw=_raw(record), key=ours.get("primaflow.idempotency-key", ""), identity=ours.get("primaflow.fingerprint", ""),
                parent=ours.get("primaflow.parent", ""), at=record.timestamp, original_at=int(ours.get("primaflow.original-timestamp", 0)))


def is_entry(key):
    """Of the ledger's messages: an order's entry has the order's key, the record of a refund goes on behind it."""
    return key.count("/") == 3


def _entry(value):
    amounts = sum(x["amount_minor"] for x in value["lines"] + value["charges"])
    if not value["tax_included"]:
        amounts += value["tax_minor"]
    return Entry(value["key"], value["order_number"], value["identity"], value["total_minor"], value["tax_minor"], amounts,
                 sum(t["amount_minor"] for t in value["tenders"]), value["outstanding_minor"])


def _documents(stack):
    lines, paid = {}, {}
    for row in stack.sql("SELECT order_id, product, mtrx_code1, quantity, price FROM order_lines"):
        lines.setdefault(row["order_id"], []).append((row["product"], row["quantity"], row["price"]))
    for row in stack.sql("SELECT order_id, SUM(amount) AS amount FROM order_payments GROUP BY order_id"):
        paid[row["order_id"]] = row["amount"]
    for row in stack.sql("SELECT id, order_number, hold, currency FROM orders"):
        yield Document(row["order_number"], json.dumps([sorted(lines.get(row["id"], [])), paid.get(row["id"], 0)]),
                       row["order_number"] in stack.foreign, bool(row["hold"]), row["currency"] or "GBP")


KINDS = ("NewOrder", "MultiNewOrder", "OrderStatus", "NewCustomer", "CustomerSearch")


def _requests(stack, numbers):
    marks = ", ".join("?" * len(KINDS))
    for row in stack.sql(f"SELECT * FROM requests WHERE type IN ({marks}) ORDER BY id", *KINDS):
        is_order, is_customer = row["type"].endswith("NewOrder"), "Customer" in row["type"]
        if is_customer or row["natural_key"] in numbers:
            yield Request(row["natural_key"], bool(row["applied"]), row["arrived_at"], row["applied_at"] or 0, row["type"].removeprefix("Multi"),
                          row["outcome"], row["fault"] or "", _ordered(bytes(row["request"])) if is_order else "")


def _ordered(body):
    """What a NewOrder orders. Read by pattern, not by the product's XML: lines and payments are all that counts."""
    text = html.unescape(html.unescape(body.decode("latin-1")))
    attributes = [dict(re.findall(r'(\w+)="([^"]*)"', tag)) for tag in re.findall(r"<OrderLineData ([^>]*)", text)]
    paid = [dict(re.findall(r'(\w+)="([^"]*)"', tag)) for tag in re.findall(r"<OrderPaymentData ([^>]*)", text)]
    lines = sorted((a.get("Product", ""), int(a.get("Quantity") or 0), _minor(a.get("Price"))) for a in attributes)
    return json.dumps([lines, sum(_minor(a.get("TranAmount")) for a in paid)])


def _minor(text):
    return round(float(text or 0) * 100)


DESCRIPTORS_MAX = 200  # connections to Prima (64), Kafka, Redis, files


def _bounds(stack, workers):
    """What may not grow: descriptors and memory of workers, keys in Redis beside those of orders and customers."""
    for worker in workers:
        if worker.is_alive() and not worker.is_stopped():
            yield f"descriptors of slot {worker.slot}", worker.descriptors(), DESCRIPTORS_MAX
    names = [name.decode().split(":") for name in stack.redis("KEYS", "pf:*")]
    others = sorted(":".join(n) for n in names if n[1] not in ("k", "c"))
    yield f"keys in Redis that are no order's and no customer's: {', '.join(others)[:300]}", len(others), OTHER_KEYS_MAX


OTHER_KEYS_MAX = 40  # of each slot its lease and epoch; the marker; products and questions of a company


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
        yield topic, stack.consume_text(topic)
    yield "names of keys in Redis", repr(stack.redis("KEYS", "*"))


