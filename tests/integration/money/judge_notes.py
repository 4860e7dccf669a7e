"""The verdict on credit notes: what the raw events of refunds and their orders ask for against what the sandbox's tables hold, note by note in the
sequence in which Prima received them; and once more as sums, by SQL, whatever the sequence was.

    for finding in judge(facts, asked): ...      # asked: of judge.demand, for the same orders

Every event of refunds.raw ends once: as a note, as an outcome without one, or as a dead letter, and each end is one that the judge would have chosen."""

import json
from dataclasses import dataclass, field

import expect_refund
import posted
import shop
from avro import Malformed
from expect import minor
from expect_refund import Stopped
from judge import product_of, rows
from sums_of_notes import judge_sums

UNREADABLE = {"tombstone", "framing_unknown", "schema_unknown", "avro_truncated", "avro_trailing", "avro_invalid"}
ORDER_MISSING = "refund_order_missing"
FLAGS = {"refund_tax_capped", "restock_depot_unmapped"}


@dataclass
class End:
    place: str
    outcome: str                 # of results, or a dead letter's code
    seen_at: int                 # ms: it was decided between the two, the clock is the same
    ended_at: int
    is_dead: bool
    number: str = ""             # of a note
    value: bytes | None = None   # of a dead letter
    codes: tuple = ()            # of a result: what was flagged
    attempts: int = 1            # of a result: more than one, and it has waited in a retry topic


@dataclass
class NoteFacts:
    raw: list                    # judge.Record of refunds.raw, by partition and offset
    ends: list                   # End, of results and dead letters
    db: str
    schema: object
    identity: object             # content(), of the same schema
    cancelled: dict = field(default_factory=dict)  # order number: ms, since when Prima has it as cancelled
    events: dict = field(default_factory=dict)     # of read_events, once


@dataclass
class Refunds:
    """What was found out on the way, for the sums and for who asks whether there was enough to judge."""
    notes: list = field(default_factory=list)      # expect_refund.Note, in Prima
    accounts: dict = field(default_factory=dict)   # order number: posted.Account, at the end
    ends: dict = field(default_factory=dict)       # outcome or code: how many


def identity_of(schema_text):
    """A function: what of an event is its content, by the schema's own marks."""
    names = {}

    def reader(node):
        if isinstance(node, list):
            made = [reader(branch) for branch in node if branch != "null"]
            return lambda value: None if value is None else made[0](value)
        if isinstance(node, str):
            return lambda value: names[node](value) if node in names else value
        if node["type"] == "array":
            item = reader(node["items"])
            return lambda value: [item(v) for v in value]
        if node["type"] != "record":
            return lambda value: value
        fields = []
        names[node["name"]] = lambda value: {name: read(value[name]) for name, read in fields}
        fields += [(f["name"], reader(f["type"])) for f in node["fields"] if f.get("identity")]
        return names[node["name"]]

    return reader(json.loads(schema_text))


# ---- one note ----

@dataclass
class Document:
    head: object
    lines: list = field(default_factory=list)
    charges: list = field(default_factory=list)
    payments: list = field(default_factory=list)


def documents(db):
    made = {row["id"]: Document(row) for row in rows(db, "SELECT n.*, r.arrived_at, o.order_number AS linked FROM credit_notes n "
                                                         "LEFT JOIN requests r ON r.id = n.request_id LEFT JOIN orders o ON o.id = n.order_id "
                                                         "ORDER BY n.id")}
    for table in ("lines", "charges", "payments"):
        for row in rows(db, f"SELECT * FROM credit_note_{table} ORDER BY credit_note_id, position"):
            getattr(made[row["credit_note_id"]], table).append(row)
    return list(made.values())


def priced(take, note):
    return take.gross if note.vat_inclusive else take.gross - take.tax


def row_amount(row):
    return row["price"] * (row["quantity"] or 1)


def wanted_lines(note):
    """{(line id, product, restock, depot): [units, amount, tax, slack]}"""
    made = {}
    for take in note.takes:
        place = take.place.line or take.place
        if place.name[0] != "line":
            continue
        sums = made.setdefault((*place.name[1:], int(take.restock), take.depot), [0, 0, 0, 0])
        for i, value in enumerate((take.units, priced(take, note), take.tax, take.slack)):
            sums[i] += value
    return made


def found_lines(document, names):
    made = {}
    for row in document.lines:
        name = names.get(row["order_line"], (f"of no line ({row['order_line']})", product_of(row)))
        if name[1] != product_of(row):
            name = (name[0], product_of(row))
        sums = made.setdefault((*name, row["restock"], row["depot"]), [0, 0, 0, 0])
        for i, value in enumerate((row["quantity"], row_amount(row), row["tax"])):
            sums[i] += value
    return made


def describe(key):
    line, product, restock, depot = key
    return f"line {line} ({'/'.join(product).rstrip('/')}{', back to ' + depot if restock else ''})"


def compare_lines(note, document, names):
    wanted, found = wanted_lines(note), found_lines(document, names)
    for key in sorted(wanted.keys() | found.keys()):
        a, b = wanted.get(key, [0, 0, 0, 0]), found.get(key, [0, 0, 0, 0])
        if key not in wanted or key not in found:
            yield f"{describe(key)} is {'in the refund' if key in wanted else 'in Prima'} alone"
            continue
        for i, name in enumerate(("units", "amount", "tax")):
            if abs(a[i] - b[i]) > (a[3] if i > 0 else 0):
                yield f"{describe(key)}: {name} {a[i]} by the refund, {b[i]} in Prima"
        if a[1:3] != b[1:3] and a[3]:
            adopt(note, key, b[1] - a[1], b[2] - a[2])


def adopt(note, key, amount, tax):
    """Rounding that may be on one part or another is taken from where Prima has it."""
    gross = amount if note.vat_inclusive else amount + tax
    for place in note.after.lines:
        if place.name[1:] == key[:2]:
            for each in (place, place.rates_place):
                if each is not None:
                    each.gross -= gross
                    each.taxes = [each.taxes[0] - tax, *each.taxes[1:]] if each.taxes else []


def compare_charges(note, document):
    wanted = sorted((t.place.code or shop.OTHER_CHARGE, priced(t, note), t.tax) for t in note.takes if t.place.name[0] in ("charge", "rates"))
    found = sorted((row["charge"], row["value"], row["tax"]) for row in document.charges)
    slack = max((t.slack for t in note.takes), default=0)
    near = len(wanted) == len(found) and all(a[0] == b[0] and abs(a[1] - b[1]) <= slack and abs(a[2] - b[2]) <= slack for a, b in zip(wanted, found))
    if not near:
        yield f"charges {wanted} by the refund, {found} in Prima"


def compare_payments(note, document):
    wanted = sorted(note.payments)
    found = sorted((row["pay_method"], row["sub_pay_method"], row["amount"], row["transaction_id"], row["voucher_number"], row["exchange_number"])
                   for row in document.payments)
    if wanted != found:
        yield f"payments {wanted} by the refund, {found} in Prima"
    for row in document.payments:
        if row["provider"] != shop.PAY_PROVIDER:
            yield f"provider {row['provider']} of a payment in Prima"


def compare(note, document, names):
    head = document.head
    said = {"company": note.company, "order_number": note.order, "linked": note.order, "currency": note.currency, "refund_date": note.date,
            "post_date": note.date, "reason": note.reason, "vat_inclusive": int(note.vat_inclusive), "status": "Posted", "paid_total": note.gross,
            "difference": 0}
    for name, value in said.items():
        if head[name] != value:
            yield f"{name} {value!r} by the refund, {head[name]!r} in Prima"
    yield from compare_lines(note, document, names)
    yield from compare_charges(note, document)
    yield from compare_payments(note, document)


# ---- one order, refund by refund ----

@dataclass
class Delivery:
    place: str
    at: int                      # ms: when the producer made it
    event: dict
    end: End

    @property
    def offset(self):
        return int(self.place.rsplit("/", 1)[1])


def arrival(delivery, found):
    document = found.get(delivery.end.number)
    return document.head["arrived_at"] or delivery.end.ended_at if document else delivery.end.ended_at


def is_before(edit, delivery):
    """The edit had ended when the refund was decided: it was first in their order's lane and went through it without a retry, or its result could be read
    before a worker saw the refund. What it left owed is known then, in the ledger or not."""
    return (edit.end.attempts == 1 and edit.offset < delivery.offset) or edit.end.ended_at < delivery.end.seen_at


class OrderJudge:
    def __init__(self, number, account, closed, names, found, facts, seen):
        self.number, self.account, self.closed, self.names = number, account, closed, names
        self.found, self.facts, self.seen = found, facts, seen
        self.noted = {}              # refund id: the delivery that has its note
        self.edits = []              # that took units away without money, and are not applied yet
        self.history = [(0, account)]  # what was left, and since when

    def content(self, delivery):
        return self.facts.identity(delivery.event)

    def is_cancelled(self, at):
        return self.number in self.facts.cancelled and at >= self.facts.cancelled[self.number]

    def reasons(self, event, account, at=0):
        """Why it may have no note: outcomes and codes. Empty: it must have one."""
        try:
            if self.closed or (event["test"] and account is None):
                raise Stopped("nothing_to_credit")
            expect_refund.check_event(event)
            if account is None:
                raise Stopped(ORDER_MISSING)
            account.cancelled = self.is_cancelled(at)
            expect_refund.read(event, account)
        except Stopped as stopped:
            return stopped.reasons
        return set()

    def reasons_of(self, delivery):
        """One after the other for each time when it may have been decided, the latest first."""
        at_first = [account for since, account in self.history if since <= delivery.end.seen_at][-1:]
        since_then = [account for since, account in self.history if delivery.end.seen_at < since <= delivery.end.ended_at]
        for account in reversed(at_first + since_then):
            yield self.reasons(delivery.event, account, delivery.end.ended_at)

    def judge_note(self, delivery):
        event, end = delivery.event, delivery.end
        if event["refund_id"] in self.noted:
            yield f"refund {event['refund_id']}: a second version of it has a note"
        self.noted[event["refund_id"]] = delivery
        if self.account is None or self.closed:
            yield f"note {end.number}: none may exist: its order was not posted"
            return
        came = arrival(delivery, self.found)
        for edit in [e for e in self.edits if is_before(e, delivery)]:
            self.apply(edit)
        perhaps = [e for e in self.edits if e.end.seen_at <= came]
        tries = [(chosen, *self.try_note(delivery, chosen)) for chosen in subsets(perhaps)]
        chosen, note, findings = min(tries, key=lambda t: (t[1] is None, len(t[2])))
        yield from (f"note {end.number}: {what}" for what in findings)
        if note is not None:
            self.account = note.after
            self.edits = [e for e in self.edits if e not in chosen]
            self.seen.notes.append(note)
            self.history.append((came, self.account))

    def try_note(self, delivery, edits):
        """(Note, findings), when these edits are known. Without a note there is one finding."""
        account, document = self.account, self.found.get(delivery.end.number)
        for edit in edits:
            account = owing(account, edit.event)
        account.cancelled = self.is_cancelled(arrival(delivery, self.found))
        try:
            note = expect_refund.read(delivery.event, account)
        except Stopped as stopped:
            return None, [f"none may exist: {stopped}"]
        if delivery.end.number != note.number:
            return note, [f"refund {delivery.event['refund_id']} is {note.number}"]
        findings = [] if note.flags == FLAGS & set(delivery.end.codes) else [f"flagged as {delivery.end.codes}, but: {sorted(note.flags)}"]
        return note, findings + (list(compare(note, document, self.names)) if document is not None else ["it is not in Prima"])

    def apply(self, edit):
        self.edits.remove(edit)
        self.account = owing(self.account, edit.event)
        self.history.append((edit.end.seen_at, self.account))

    def judge_other(self, delivery, versions):
        """Whether it may have ended so."""
        event, end, others = delivery.event, delivery.end, [v for v in versions if v is not delivery]
        if end.outcome == "superseded":
            return any(v.event["source_version"] > event["source_version"] for v in others)
        same = [v for v in others if self.content(v) == self.content(delivery) and v.end and v.end.outcome not in ("duplicate", "superseded")]
        if end.outcome == "duplicate":
            return same != []
        if event["refund_id"] in self.noted and self.is_later(delivery, self.noted[event["refund_id"]]):
            return True
        return any(end.outcome in reasons for reasons in self.reasons_of(delivery))

    def is_later(self, delivery, before):
        """Of a refund that has its note: something else than that, for finance. Once it is told, later ones add to it."""
        money, was = (0 if d.event["deleted"] else minor(d.event["succeeded"]) for d in (delivery, before))
        if self.content(delivery) == self.content(before):
            return False
        if not delivery.end.is_dead:
            return delivery.end.outcome == "refund_amended"
        if delivery.end.outcome == "refund_money_failed_after_credit":
            return money < was
        return delivery.end.outcome == "refund_amended" or (delivery.end.outcome == "refund_more_money_after_credit" and money > was)

    def judge(self, deliveries):
        """Notes in Prima's sequence; what had another end by any state of the order in which it may have come to it."""
        notes = sorted((d for d in deliveries if d.end.outcome == "posted"), key=lambda d: (arrival(d, self.found), d.offset))
        others = [d for d in deliveries if d.end.outcome != "posted"]
        if self.account is not None:
            self.edits = [d for d in others if d.end.outcome == "no_money" and d.event["kind"] == "edit" and not d.event["deleted"]]
        for delivery in notes:
            yield from self.judge_note(delivery)
        for edit in list(self.edits):
            self.apply(edit)
        for delivery in others:
            event = delivery.event
            if not self.judge_other(delivery, [d for d in deliveries if d.event["refund_id"] == event["refund_id"]]):
                why = ", ".join(sorted(set().union(*self.reasons_of(delivery)))) or ("it has a note" if event["refund_id"] in self.noted else "it can be credited")
                yield f"refund {event['refund_id']} of order {self.number}: ended as {delivery.end.outcome}, but: {why}"


def owing(account, event):
    made = account.copy()
    for line in event["lines"]:
        made.owe(event["refund_id"], line["line_id"], line["quantity"])
    return made


def subsets(things):
    """The fewest first: what makes no difference to one note is left for the next; all of them last."""
    made = [[]]
    for thing in things[:6]:
        made += [m + [thing] for m in made]
    return sorted(made, key=len)


# ---- all of them ----

def order_rows(db):
    """{order number: (document, {line id: {product: rows}}, {order_line: (line id, product)})}"""
    heads = {row["id"]: row for row in rows(db, "SELECT * FROM orders")}
    made = {row["order_number"]: (row, {}, {}) for row in heads.values()}
    for row in rows(db, "SELECT * FROM order_lines ORDER BY order_id, position"):
        _, lines, names = made[heads[row["order_id"]]["order_number"]]
        lines.setdefault(row["reference"], {}).setdefault(product_of(row), []).append(row)
        names[row["order_line"]] = (row["reference"], product_of(row))
    return made


def read_events(facts):
    """{place: event}, None where the bytes are none."""
    if facts.events:
        return facts.events
    made = facts.events
    for record in facts.raw:
        try:
            made[record.place] = facts.schema.read(record.value) if record.value is not None else None
        except Malformed:
            made[record.place] = None
    return made


def judge_ends(facts, events):
    values, seen = {r.place: r.value for r in facts.raw}, set()
    for end in facts.ends:
        if end.place in seen:
            yield f"{end.place}: it has a second end: {end.outcome}"
        seen.add(end.place)
        if end.place not in values:
            yield f"{end.place}: an end ({end.outcome}) of no record"
        elif end.is_dead and end.value != values[end.place]:
            yield f"{end.place}: the dead letter has other bytes than the record"
        elif events[end.place] is None and end.outcome not in UNREADABLE:
            yield f"{end.place}: its bytes are no refund, and it ended as {end.outcome}"


def number_of(event):
    channel = shop.CHANNELS.get((event["channel"], event["store"]))
    return None if channel is None else channel.prefix + event["order_id"]


def judge_sequence(facts, asked, seen):
    events, orders, found = read_events(facts), order_rows(facts.db), documents(facts.db)
    yield from judge_ends(facts, events)
    by_number, ends = {}, {}
    for document in found:
        number = document.head["credit_number"]
        if number in by_number:
            yield f"note {number}: it is in Prima a second time"
        by_number.setdefault(number, document)
    for end in facts.ends:
        ends.setdefault(end.place, end)
        seen.ends[end.outcome] = seen.ends.get(end.outcome, 0) + 1
    per_order = {}
    for record in facts.raw:
        event, end = events[record.place], ends.get(record.place)
        if event is not None:
            per_order.setdefault(number_of(event), []).append(Delivery(record.place, record.at, event, end))
        elif end is None:
            yield f"{record.place}: neither a note nor an outcome nor a dead letter"
    posted_numbers = {end.number for end in facts.ends if end.outcome == "posted"}
    for number in sorted(by_number.keys() - posted_numbers):
        yield f"note {number}: no refund ended as this note"
    for number, deliveries in per_order.items():
        if number is None:
            yield from judge_strangers(deliveries)
        else:
            yield from judge_order(number, deliveries, orders, by_number, facts, asked, seen)


def judge_strangers(deliveries):
    for d in deliveries:
        if d.end is None or d.end.outcome not in ("company_unmapped", "event_invalid"):
            yield f"{d.place}: of a shop that nobody knows, and it ended as {d.end.outcome if d.end else 'nothing'}"


def judge_order(number, deliveries, orders, by_number, facts, asked, seen):
    account = names = None
    if number in asked.events and number in orders:
        document, lines, names = orders[number]
        account = posted.account(asked.events[number], asked.orders[number], document, lines)
    judge_one = OrderJudge(number, account, number in asked.closed, names, by_number, facts, seen)
    for d in deliveries:
        if d.end is None and ORDER_MISSING not in judge_one.reasons(d.event, account):
            yield f"{d.place}: refund {d.event['refund_id']} is neither a note nor an outcome nor a dead letter"
    yield from judge_one.judge([d for d in deliveries if d.end is not None])
    if judge_one.account is not None:
        seen.accounts[number] = judge_one.account


def judge(facts, asked, seen=None):
    """`seen`: filled, for who wants to know what was judged."""
    seen = seen if seen is not None else Refunds()
    findings = list(judge_sequence(facts, asked, seen))
    return findings + list(judge_sums(facts, seen))
