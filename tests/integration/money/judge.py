"""The verdict: what the raw events ask for against what the sandbox's tables hold. To the penny, by id, and once more per day.

    facts = evidence(...)        # plain values, from outside
    for finding in judge(facts): ...

A finding is one sentence that names the order. No findings: Prima holds exactly what the channels sold."""

import base64
import sqlite3
from dataclasses import dataclass, field

import expect
import shop
from avro import Malformed


@dataclass
class Record:
    place: str                   # topic/partition/offset
    value: bytes | None
    at: int = 0                  # ms: when the producer made it


@dataclass
class Facts:
    raw: list                    # Record, by partition and offset
    dead: dict                   # place in orders.raw: (code, value)
    db: str                      # the sandbox's file
    schema: object


@dataclass
class Demand:
    """What the raw events of all orders come to."""
    orders: dict = field(default_factory=dict)   # number: expect.Order
    dead: dict = field(default_factory=dict)     # place that must be a dead letter: its value
    may_be_dead: dict = field(default_factory=dict)  # place: number; instead of on hold
    events: dict = field(default_factory=dict)   # number: the event that it was posted from
    closed: set = field(default_factory=set)     # numbers that nothing was to be posted of
    added: set = field(default_factory=set)  # places of versions that add to an exception which is open


def bytes_of(value):
    """A value as `primaflow consume --raw` prints it."""
    if value is None:
        return None
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value.encode()


def rows(db, query):
    with sqlite3.connect(f"file:{db}?mode=ro", uri=True, timeout=10) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute(query).fetchall()


def known_products(db):
    return {tuple(row) for row in rows(db, "SELECT product, mtrx_code1, mtrx_code2, mtrx_code3, mtrx_code4 FROM products")}


# What of an event is not its content: an order that comes again with only these changed is the same order.
NOT_CONTENT = ("event_id", "event_time", "kind", "source_version", "tags", "fulfilment_state")


def content(event):
    return {name: value for name, value in event.items() if name not in NOT_CONTENT}


def demand(facts):
    """The first event of an order that asks for one decides; what comes after it is the same, or nobody's order but a person's case: one case an order,
    to which later versions add, until one is the first again."""
    known, asked, first, closed, amended = known_products(facts.db), Demand(), {}, set(), set()
    for record in facts.raw:
        try:
            event = facts.schema.read(record.value) if record.value is not None else None
        except Malformed:
            event = None
        if event is None or (event["channel"], event["store"]) not in shop.CHANNELS:
            asked.dead[record.place] = record.value
            continue
        number = shop.CHANNELS[event["channel"], event["store"]].prefix + event["order_id"]
        if number in first:
            if event["kind"] == "cancelled":
                asked.dead[record.place] = record.value
            elif content(event) == first[number]:
                amended.discard(number)
            elif number in amended:
                asked.added.add(record.place)
            else:
                amended.add(number)
                asked.dead[record.place] = record.value
        elif event["kind"] == "cancelled":
            closed.add(number)
        elif expect.is_test(event):
            asked.closed.add(number)
        elif number not in closed:
            first[number] = content(event)
            asked.events[number] = event
            asked.orders[number] = expect.read(event, known)
            asked.may_be_dead[record.place] = number
    asked.closed |= closed
    return asked


# ---- one order ----

def product_of(row):
    return (row["product"], row["mtrx_code1"], row["mtrx_code2"], row["mtrx_code3"], row["mtrx_code4"])


def compare_bundle(line_id, wanted, rows_of_line):
    """Each component has its units, and its share of the price to the next minor unit."""
    whole = sum(weight for _, _, weight in wanted.parts)
    for product in sorted({product_of(row) for row in rows_of_line} - {made for made, _, _ in wanted.parts}):
        yield f"line {line_id}: {product[0]} is no part of its bundle"
    for product, units, weight in wanted.parts:
        its = [row for row in rows_of_line if product_of(row) == product]
        net = sum(row["quantity"] * row["price"] - row["discount"] for row in its)
        if sum(row["quantity"] for row in its) != units:
            yield f"line {line_id}: {units} units of {product[0]} were sold in bundles, {sum(row['quantity'] for row in its)} are in Prima"
        if abs(net * whole - (wanted.full - wanted.discount) * weight) >= whole:
            yield f"line {line_id}: {product[0]} has {net} of its bundle's {wanted.full - wanted.discount}, its weight is {weight} of {whole}"


def compare_lines(order, found):
    """Lines of a request may be two for one of the event; the event's id holds them together."""
    for line_id in sorted(order.lines.keys() - found.keys()):
        yield f"line {line_id} is not in Prima"
    for line_id in sorted(found.keys() - order.lines.keys()):
        yield f"line {line_id} is in no event"
    for line_id in sorted(order.lines.keys() & found.keys()):
        wanted, parts = order.lines[line_id], found[line_id]
        quantity = sum(p["quantity"] for p in parts)
        full, discount = sum(p["quantity"] * p["price"] for p in parts), sum(p["discount"] for p in parts)
        tax = sum(p["tax"] for p in parts)
        product = wanted.product or (shop.OTHER_PRODUCT, "", "", "", "")
        sold = sum(units for _, units, _ in wanted.parts) or wanted.quantity
        if quantity != sold:
            yield f"line {line_id}: {sold} sold, {quantity} in Prima"
        if full != wanted.full:
            yield f"line {line_id}: {wanted.full} in the event, {full} in Prima"
        if discount != wanted.discount:
            yield f"line {line_id}: discount {wanted.discount} in the event, {discount} in Prima"
        if abs(tax - wanted.tax) > (1 if order.tax_is_spread else 0):
            yield f"line {line_id}: tax {wanted.tax} in the event, {tax} in Prima"
        if wanted.parts:
            yield from compare_bundle(line_id, wanted, parts)
        for part in parts:
            if not wanted.parts and product_of(part) != product:
                yield f"line {line_id}: product {'/'.join(product).rstrip('/')} was sold, {part['product']} is in Prima"
            if wanted.depot is not None and part["depot"] != wanted.depot:
                yield f"line {line_id}: depot {wanted.depot} was meant, {part['depot']} is in Prima"


def compare(order, document, lines, charges, payments):
    yield from compare_lines(order, lines)
    if sorted(charges) != sorted(order.charges):
        yield f"charges {sorted(order.charges)} in the event, {sorted(charges)} in Prima"
    if payments != order.payments:
        yield f"payments {order.payments} in the event, {payments} in Prima"
    outstanding = document["outstanding"] + document["difference"]
    if outstanding != order.total - order.paid:
        yield f"outstanding {order.total - order.paid} by the event, {outstanding} in Prima"
    said = {"company": order.company, "currency": order.currency, "order_date": order.date, "vat_inclusive": int(order.gross)}
    for name, value in said.items():
        if document[name] != value:
            yield f"{name} {value!r} by the event, {document[name]!r} in Prima"
    held = bool(document["hold"])
    if order.reasons and not held:
        yield f"it does not balance ({', '.join(sorted(order.reasons))}) and was posted clean"
    if held and not order.reasons:
        yield f"it balances and is on hold: {document['hold_narrative']}"


# ---- all of them ----

def documents(db):
    """[(header, {line id: parts}, charges, payments)]"""
    made = {row["id"]: (row, {}, [], {}) for row in rows(db, "SELECT * FROM orders ORDER BY id")}
    for row in rows(db, "SELECT * FROM order_lines ORDER BY order_id, position"):
        made[row["order_id"]][1].setdefault(row["reference"], []).append(row)
    for row in rows(db, "SELECT * FROM order_charges"):
        made[row["order_id"]][2].append((row["charge"], row["value"]))
    for row in rows(db, "SELECT * FROM order_payments"):
        payments = made[row["order_id"]][3]
        payments[row["transaction_id"]] = payments.get(row["transaction_id"], 0) + row["amount"]
    return list(made.values())


def judge_orders(asked, found):
    seen = set()
    for document, lines, charges, payments in found:
        number = document["order_number"]
        order = asked.orders.get(number)
        if order is None:
            yield f"order {number}: nobody asked for it"
        elif number in seen:
            yield f"order {number}: it is in Prima a second time"
        else:
            yield from (f"order {number}: {what}" for what in compare(order, document, lines, charges, payments))
        seen.add(number)


def judge_ends(asked, facts, found):
    """What is not in Prima is a dead letter with its bytes as they came, and nothing else is one."""
    posted = {document["order_number"] for document, *_ in found}
    for place, number in asked.may_be_dead.items():
        if number in posted and place in facts.dead:
            yield f"order {number}: it is in Prima, and a dead letter ({facts.dead[place][0]})"
        if number not in posted and (place not in facts.dead or not asked.orders[number].reasons):
            yield f"order {number}: it is not in Prima" + (f", but a dead letter: {facts.dead[place][0]}" if place in facts.dead else "")
    values = {record.place: record.value for record in facts.raw}
    for place in sorted(asked.dead.keys() - facts.dead.keys()):
        yield f"{place}: neither an order nor a dead letter"
    for place, (code, value) in sorted(facts.dead.items()):
        if place not in asked.dead and place not in asked.may_be_dead and place not in asked.added:
            yield f"{place}: a dead letter ({code}) of an order that came well"
        if values.get(place) != value:
            yield f"{place}: the dead letter has other bytes than the record"


DAY = """SELECT o.company, o.order_date, o.currency, COUNT(*),
    SUM((SELECT SUM(l.quantity * l.price) FROM order_lines l WHERE l.order_id = o.id)),
    SUM((SELECT SUM(l.discount) FROM order_lines l WHERE l.order_id = o.id)),
    SUM((SELECT COALESCE(SUM(c.value), 0) FROM order_charges c WHERE c.order_id = o.id)),
    SUM((SELECT SUM(l.tax) FROM order_lines l WHERE l.order_id = o.id)),
    SUM((SELECT COALESCE(SUM(p.amount), 0) FROM order_payments p WHERE p.order_id = o.id)),
    SUM(o.outstanding + o.difference)
    FROM orders o GROUP BY 1, 2, 3"""


NAMES = ("orders", "goods", "discounts", "charges", "tax of lines", "payments", "outstanding")


def judge_days(asked, facts):
    """The same totals twice: from the events of all orders that are to be in Prima, and by SQL over its tables."""
    given_up = {number for place, number in asked.may_be_dead.items() if place in facts.dead}
    events, spread = {}, {}
    for number, order in asked.orders.items():
        if number in given_up:
            continue
        day = (order.company, order.date, order.currency)
        values = (1, order.goods, order.discounts, sum(v for _, v in order.charges), order.tax, order.paid, order.total - order.paid)
        events[day] = [a + b for a, b in zip(events.get(day, [0] * len(NAMES)), values)]
        spread[day] = spread.get(day, 0) + (len(order.lines) if order.tax_is_spread else 0)
    prima = {tuple(row)[:3]: list(tuple(row)[3:]) for row in rows(facts.db, DAY)}
    for day in sorted(events.keys() | prima.keys()):
        wanted, held = events.get(day, [0] * len(NAMES)), prima.get(day, [0] * len(NAMES))
        for name, a, b in zip(NAMES, wanted, held):
            if abs(a - (b or 0)) > (spread.get(day, 0) if name == "tax of lines" else 0):
                yield f"{' '.join(day)}: {name} come to {a} in the events, to {b} in Prima"


def judge(facts, asked=None):
    """`asked`: what demand() gave for the same raw records, to spare reading them again."""
    asked, found = asked or demand(facts), documents(facts.db)
    return [*judge_orders(asked, found), *judge_ends(asked, facts, found), *judge_days(asked, facts)]
