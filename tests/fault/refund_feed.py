"""Small refunds of the small orders (feed.py), and what must have become of them: said from the events alone."""

import feed

REFUNDS, REFUND_RESULTS, REFUNDS_DEAD = "refunds.raw", "refunds.results", "refunds.raw.dlq"
REFUND_RETRIES = [f"{REFUNDS}.retry.{delay}" for delay in ("1s", "2s", "4s")]
REFUND_GROUP = "primaflow.refunds"


def refund(order, refund_id, units=1, money=None, version=1, status="succeeded", restock="return"):
    """Some units of the order's one line, tax contained; `money`: what went back, when that is not their price."""
    line = order["lines"][0]
    price = line["unit_price"]["shop_minor"] * units
    money = price if money is None else money
    at = feed.BASE_MS + 1000 + version
    return {
        "event_id": f"evt-r-{refund_id}-{version}", "event_time": at, "kind": "refund", "source_version": version, "channel": order["channel"],
        "store": order["store"], "order_id": order["order_id"], "refund_id": str(refund_id), "created_at": feed.BASE_MS + 1000, "currency": order["currency"],
        "lines": [{"line_id": line["line_id"], "quantity": units, "restock": restock, "location_id": "1001", "amount": {"shop_minor": price},
                   "tax": {"shop_minor": price // 6}}],
        "transactions_told": True,
        "transactions": [{"transaction_id": f"rtx_{refund_id}", "parent_id": f"txn_{order['order_id']}", "type": "refund", "status": status, "kind": "card",
                          "gateway": "shopify_payments", "method": "visa", "amount": {"shop_minor": money}, "processed_at": at}],
        "succeeded": {"shop_minor": money if status == "succeeded" else 0},
    }


def edit(order, edit_id, units=1):
    """Units that are taken out of a posted order, without money."""
    return {**refund(order, edit_id, units, money=0), "kind": "edit", "transactions": [], "succeeded": {"shop_minor": 0}}


def money_alone(order, refund_id, units=1):
    """The price of some units, and nothing of which they are."""
    return {**refund(order, refund_id, units), "lines": []}


def natural(event):
    return f"{feed.CHANNELS[event['store']][0]}/refunds/{event['channel']}/{event['store']}/{event['refund_id']}"


class Book:
    """Results, dead letters and notes of some refunds, read from all sides."""

    def __init__(self, stack):
        self.stack = stack

    def outcomes(self):
        """{K: [outcome or code]} of everything that has ended."""
        found = {}
        for line in self.stack.consume(REFUND_RESULTS):
            found.setdefault(line["value"]["key"], []).append(line["value"]["outcome"])
        for line in self.stack.consume(REFUNDS_DEAD, raw=True):
            headers = dict(line["headers"]) if not isinstance(line["headers"], dict) else line["headers"]
            found.setdefault(headers["primaflow.idempotency-key"], []).append(headers["primaflow.code"])
        return found

    def notes(self, order):
        """Credit notes that Prima has of an order: {credit_number: (units, money)}; a number that it has twice is there twice."""
        return [(row["credit_number"], row["units"], row["paid_total"]) for row in self.stack.sql(
            "SELECT n.credit_number, n.paid_total, (SELECT SUM(quantity) FROM credit_note_lines l WHERE l.credit_note_id = n.id) AS units"
            " FROM credit_notes n WHERE n.order_number = ? ORDER BY n.id", feed.order_number(order))]


def excess(book, orders):
    """What is wrong with the notes of these orders: more than was posted, or one number twice."""
    wrong = []
    for order in orders:
        notes = book.notes(order)
        line = order["lines"][0]
        units, money = sum(n[1] or 0 for n in notes), sum(n[2] for n in notes)
        if units > line["quantity"] or money > line["unit_price"]["shop_minor"] * line["quantity"]:
            wrong.append(f"I15 {feed.natural(order)}: {units} of {line['quantity']} units, {money} of money are credited by {len(notes)} notes")
        if len({n[0] for n in notes}) != len(notes):
            wrong.append(f"I1 {feed.natural(order)}: one refund has two notes: {notes}")
    return wrong
