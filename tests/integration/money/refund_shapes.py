"""Refunds that `primaflow generate refunds` does not make, with their orders: other currencies, bundles, shared discounts, two rates, gift cards, fees, and
hostile ones. As in shapes.py nothing here says what is to become of them: the judge finds that out from the bytes.

    story = stories(base, count)     # orders; refunds before them, behind them, and behind those; refunds that can have no end"""

import copy
from dataclasses import dataclass, field

import shapes
from shapes import money

DAY = 86400000
BORN = 1795000000000
HUGE = (1 << 63) - 1


@dataclass
class Stories:
    orders: list = field(default_factory=list)
    early: list = field(default_factory=list)     # before their orders
    first: list = field(default_factory=list)
    second: list = field(default_factory=list)    # when the first have ended
    endless: list = field(default_factory=list)   # of orders that never come
    cancelled: list = field(default_factory=list)  # orders that somebody cancels in Prima before the second


class Order:
    """An order, and what of it its refunds have taken so far: the channel's own arithmetic, floor by floor."""

    def __init__(self, story, event):
        self.story, self.event, self.count = story, event, 0
        self.left = {line["line_id"]: self.whole(line) for line in event["lines"]}
        story.orders.append(event)

    @staticmethod
    def whole(line):
        off = sum(d["amount"]["shop_minor"] for d in line["discounts"])
        return [line["quantity"], line["quantity"] * line["unit_price"]["shop_minor"] - off, [t["amount"]["shop_minor"] for t in line["tax_lines"]]]

    def units(self, at, units, told="rates", restock="no_restock", location=None):
        """So many units of a line; `told`: how the channel says the tax: "rates", "sum", "none"."""
        line = self.event["lines"][at]
        left = self.left[line["line_id"]]
        amount, taxes = left[1] * units // left[0], [t * units // left[0] for t in left[2]]
        left[0], left[1], left[2] = left[0] - units, left[1] - amount, [a - b for a, b in zip(left[2], taxes)]
        made = {"line_id": line["line_id"], "quantity": units, "amount": money(amount), "restock": restock, "location_id": location}
        if told == "rates":
            made["tax_lines"] = [{"rate_ppm": t["rate_ppm"], "amount": money(tax)} for t, tax in zip(line["tax_lines"], taxes)]
        if told == "sum":
            made["tax"] = money(sum(taxes))
        return made

    def carriage(self):
        line = self.event["shipping_lines"][0]
        return {"amount": copy.deepcopy(line["price"]), "tax_lines": [{"rate_ppm": t["rate_ppm"], "amount": t["amount"]} for t in line["tax_lines"]]}

    def sum(self, *parts):
        made = sum(p["amount"]["shop_minor"] for p in parts)
        if not self.event["taxes_included"]:
            made += sum(t["amount"]["shop_minor"] for p in parts for t in p.get("tax_lines", [])) + sum(p["tax"]["shop_minor"] for p in parts if "tax" in p)
        return made

    def refund(self, lines=(), back=None, paid=None, to="first", status="succeeded", **more):
        """`back`: what went back in all (None: what the lines and carriage come to), or `paid`: [(kind, gateway, amount)]."""
        self.count += 1
        at = BORN + self.count * DAY // 3
        event = {"event_id": f"evt-{self.event['order_id']}-{self.count}", "event_time": at + 5000, "kind": "refund", "source_version": at + 5000,
                 "channel": self.event["channel"], "store": self.event["store"], "order_id": self.event["order_id"],
                 "refund_id": f"{self.event['order_id']}{self.count:03}", "created_at": at, "currency": self.event["currency"], "reason": "customer",
                 "lines": list(lines), **more}
        if paid is None:
            back = self.sum(*lines, *more.get("carriage", [])) if back is None else back
            paid = [("card", "paypal", back)] if back else []
        event.setdefault("transactions", [{"transaction_id": f"rtx_{event['refund_id']}_{i}", "kind": kind, "gateway": gateway, "amount": money(amount),
                                           "status": status, "processed_at": at + 4000 + i} for i, (kind, gateway, amount) in enumerate(paid)])
        event.setdefault("succeeded", money(sum(t["amount"]["shop_minor"] for t in event["transactions"]
                                                if t["status"] == "succeeded" and t.get("type", "refund") == "refund")))
        getattr(self.story, to).append(event)
        return event

    def again(self, event, to="second", **changed):
        """A newer version."""
        made = {**copy.deepcopy(event), **changed}
        made.update(event_id=event["event_id"] + "-2", source_version=event["source_version"] + 7200000, event_time=event["event_time"] + 7200000)
        getattr(self.story, to).append(made)
        return made


def order(story, number, lines, **more):
    return Order(story, shapes.order(number, lines, **more))


def total(one):
    return one.event["totals"]["total"]["shop_minor"]


# ---- shapes of money ----

def rates(story, number, told, gross, channel="shopify", store="uk"):
    """Three rates, discounts shared, carriage: some, then everything."""
    one = order(story, number, [(3, 3, 1999, 500, 200000), (2, 2, 1111, 7, 50000), (4, 4, 999, 123, 0)], gross=gross, carriage=395, channel=channel, store=store)
    one.refund([one.units(0, 1, told), one.units(1, 1, told), one.units(2, 3, told)])
    one.refund([one.units(0, 1, told)], order_amount=None)
    one.refund([one.units(0, 1), one.units(1, 1), one.units(2, 1)], carriage=[one.carriage()], to="second")
    return one


def unit_by_unit(story, number, gross=True, currency="GBP", i=0):
    """Shares that do not divide: seven units of an amount that is no seventh; the taxes rounded up each, so that the last has less."""
    one = order(story, number, [(7, 7, 143 + 10 * i, 3 + i, 200000)], gross=gross, currency=currency)
    for k in range(7):
        line = one.units(0, 1)
        if k < 4:
            line["tax_lines"][0]["amount"] = money(line["tax_lines"][0]["amount"]["shop_minor"] + 1)
        one.refund([line], to="first" if k < 5 else "second")


def currencies(story, number, currency, i):
    one = order(story, number, [(3, 3, 12345 + 7 * i, 11, 200000), (2, 2, 500 + i, 0, 50000)], currency=currency, carriage=1500)
    one.refund([one.units(0, 2)])
    one.refund(order_amount=money(333))
    one.refund([one.units(1, 2, restock="return", location="1002")], carriage=[one.carriage()])


def bundle(story, number, gross):
    one = order(story, number, [(3, 3, 9999, 1000, 200000), (1, 1, 1500, 0, 200000)], gross=gross)
    one.event["lines"][0]["sku"] = "WEEKENDSET"
    one.refund([one.units(0, 1)])
    one.refund([one.units(0, 1, "sum", "return", "1001")])
    one.refund([one.units(0, 1), one.units(1, 1)], to="second")


def gift_cards(story, number):
    """Sold, without tax; and as a tender, to which the money goes back first."""
    one = order(story, number, [(2, 2, 2500, 0, 0), (2, 2, 1234, 0, 200000)])
    one.event["lines"][0].update(gift_card=True, tax_lines=[], requires_shipping=False)
    one.left = {line["line_id"]: one.whole(line) for line in one.event["lines"]}
    whole = total(one)
    one.event["tenders"] = [{"kind": "gift_card", "gateway": "gift_card", "amount": money(2000), "status": "captured", "transaction_id": f"gift_{number}",
                             "voucher_number": "**** 1234"}, {**one.event["tenders"][0], "amount": money(whole - 2000)}]
    one.refund([one.units(0, 1)], paid=[("gift_card", "gift_card", 2000), ("card", "paypal", 500)])
    one.refund([one.units(0, 1), one.units(1, 2)], back=whole - 2500)


def fees(story, number):
    """More, or less, back than the goods: by the sum, whatever its sign; carriage told twice."""
    one = order(story, number, [(4, 4, 2000, 0, 200000), (4, 4, 1000, 0, 50000)], carriage=500)
    for sign in (1, -1):
        one.refund([one.units(0, 1)], back=1800, adjustments=[{"kind": "restocking_fee", "amount": money(200 * sign)}])
    one.refund([one.units(1, 1)], back=1075, adjustments=[{"kind": "discrepancy", "amount": money(-75), "tax": money(-12)}])
    one.refund([one.units(1, 1)], back=1500, carriage=[one.carriage()], adjustments=[{"kind": "carriage", "amount": money(-500)}])
    one.refund([one.units(1, 1)], back=999)
    one.refund([one.units(1, 1)], back=1001)
    one.refund([one.units(0, 1)], back=100, adjustments=[{"kind": "restocking_fee", "amount": money(2500)}])
    other = order(story, number + 1, [(1, 1, 2000, 0, 200000)], carriage=500)
    other.refund(back=500, adjustments=[{"kind": "carriage", "amount": money(-500), "tax": money(-83)}])


def exchanges(story, number):
    one = order(story, number, [(3, 3, 2000, 100, 200000), (1, 1, 700, 0, 0)])
    line = one.units(0, 1)
    amount = line["amount"]["shop_minor"]
    sent = [{"line_id": f"{number}9", "quantity": 1, "amount": money(amount)}]
    one.refund([line], back=0, return_id=f"{number}1", sent=sent, set_off=money(amount))
    one.refund([one.units(0, 1)], back=600, return_id=f"{number}2", sent=sent, set_off=money(one.whole(one.event["lines"][0])[1] // 3 + 1 - 600))
    one.refund([one.units(0, 1)], back=1000, return_id=f"{number}3")  # nothing says what the rest paid


def on_account(story, number):
    """Nothing was paid: notes lower what is outstanding, and no more than that."""
    one = order(story, number, [(5, 5, 3000, 250, 200000)], carriage=495)
    whole = total(one)
    one.event.update(business={"name": "Ltd"}, payment_terms={"name": "Net 30"}, tenders=[], payment_status="pending")
    one.event["totals"]["outstanding"] = money(whole)
    one.refund([one.units(0, 2)], back=0)
    one.refund([one.units(0, 3)], back=500, carriage=[one.carriage()], to="second")
    one.refund([{"line_id": f"{number}-0", "quantity": 0, "amount": money(100)}], back=0, to="second")


def tax_alone(story, number, gross):
    one = order(story, number, [(2, 2, 1200, 0, 200000), (2, 2, 1050, 0, 50000)], gross=gross, carriage=600)
    taxes = {}
    for part in one.event["lines"] + one.event["shipping_lines"]:
        for t in part["tax_lines"]:
            taxes[t["rate_ppm"]] = taxes.get(t["rate_ppm"], 0) + t["amount"]["shop_minor"]
    one.refund(back=sum(taxes.values()), taxes=[{"rate_ppm": rate, "amount": money(tax)} for rate, tax in taxes.items()])
    one.refund(back=total(one) - sum(taxes.values()), to="second")
    one.refund(back=1, to="second")


def owed(story, number, gross):
    """Edits take units away and pay nothing; money that comes later is for them, the oldest first."""
    one = order(story, number, [(3, 3, 1001, 10, 200000), (2, 2, 705, 0, 50000)], gross=gross)
    edits = [[one.units(0, 2, "none")], [one.units(1, 1, "none")]]
    for lines in edits:
        one.refund(lines, back=0, kind="edit")
    one.refund(back=700, to="second")
    one.refund([one.units(0, 1), one.units(1, 1)], to="second")


def versions(story, number):
    """Pending, then paid; the same again; an older one; more, less, other goods."""
    one = order(story, number, [(9, 9, 1000, 0, 200000)])

    def paid(event, amount):
        return {"transactions": [{**event["transactions"][0], "status": "succeeded", "amount": money(amount)}], "succeeded": money(amount)}
    first = one.refund([one.units(0, 1)], status="pending")
    one.again(first, **paid(first, 1000))
    second = one.refund([one.units(0, 1)])
    one.again(second)
    one.story.second.append({**copy.deepcopy(second), "source_version": 1, "event_id": second["event_id"] + "-0"})
    one.again(one.refund([one.units(0, 1)]), **paid(second, 1500))
    one.again(one.refund([one.units(0, 1)]), **paid(second, 400))
    third = one.refund([one.units(0, 1)])
    one.again(third, lines=[{**third["lines"][0], "restock": "cancel"}])
    one.again(one.refund([one.units(0, 1)]), deleted=True)
    one.refund([one.units(0, 1)], transactions=[{"type": "void", "status": "succeeded", "kind": "card", "gateway": "paypal", "amount": money(1000)}])
    one.refund([one.units(0, 1)], transactions_told=False, transactions=[], succeeded=money(0))
    one.refund([one.units(0, 1)], status="failed")


def days(story, number, i):
    """Money that goes back around midnight, where the company is and elsewhere, on both sides of a clock change; the last movement decides."""
    for n, shop in enumerate(({}, {"store": "jp", "currency": "JPY"})):
        rate = 100000 if n else 200000
        one = order(story, number + n, [(9, 9, 1200, 0, rate)], **shop)
        if n:
            one.event["lines"][0]["location_id"] = "4001"
            one.event["shipping_address"] = {"line1": "1", "country_code": "JP"}
        # midnight in London, in summer; in UTC, that night; in Tokyo; in London, in winter; in Tokyo
        for k, at in enumerate((1792882800000, 1792886400000, 1792854000000, 1795219200000, 1795186800000)):
            event = one.refund([one.units(0, 1)], paid=[("card", "paypal", 700), ("card", "paypal", 500)])
            for t, when in zip(event["transactions"], (at - 86400000 * (k % 2), at - 1 + (i + k) % 2)):
                t["processed_at"] = when
        event = one.refund([one.units(0, 1)])
        event.update(created_at=1795186799000 + 1000 * (i % 2))
        event["transactions"][0]["processed_at"] = None  # then it is when it was made


def shelves(story, number):
    """Only what comes back to a depot is put back, and only as far as there are units."""
    one = order(story, number, [(8, 8, 500, 3, 200000), (2, 2, 750, 0, 50000)])
    for restock in ("no_restock", "unknown", "return"):
        one.refund([one.units(0, 1, restock=restock, location="1002"), one.units(1, 0, "none", restock, "1001")], back=None)
    one.refund([one.units(0, 1, restock="cancel", location="1001")])
    one.refund([one.units(0, 1, restock="return", location="2001"), one.units(0, 1, restock="return", location="1001"), one.units(0, 1)])
    lines = [one.units(1, 1), one.units(0, 1)]
    one.refund(lines, back=one.sum(*lines) + 1, to="second")  # a penny more than its parts


# ---- too much, and hostile ----

def hundred(story, number, units=60):
    """Far more refunds of one line than it has units; and amounts for the whole order until nothing is left."""
    one = order(story, number, [(units, units, 100, 33, 200000), (1, 1, 50, 0, 50000)])
    share = one.units(0, 1)
    for _ in range(units + 40):
        one.refund([copy.deepcopy(share)])
    other = order(story, number + 1, [(3, 3, 777, 1, 200000), (1, 1, 1234, 0, 50000)], gross=False, carriage=395)
    for _ in range(12):
        other.refund(back=total(other) // 10 + 1, order_amount=money(total(other) // 10 + 1))


def hostile(story, number):
    one = order(story, number, [(5, 5, 1000, 0, 200000), (1, 1, 999, 0, 0)], carriage=395)
    other = order(story, number + 1, [(1, 1, 1000, 0, 200000)])
    line = one.units(0, 1)

    def bad(back=1000, **changed):
        one.refund([{**copy.deepcopy(line), **changed}], back=back)
    bad(quantity=-1)
    bad(quantity=6)
    bad(quantity=(1 << 31) - 1)
    bad(back=0, amount=money(-1000))
    bad(amount=money(HUGE))
    bad(back=HUGE, amount=money(HUGE))
    bad(tax_lines=[{"rate_ppm": 200000, "amount": money(-167)}])
    bad(tax_lines=[{"rate_ppm": 200000, "amount": money(HUGE)}, {"rate_ppm": 50000, "amount": money(HUGE)}])
    bad(tax_lines=[{"rate_ppm": 123456, "amount": money(167)}])  # a rate that the line does not have: the note has what it does have
    bad(line_id=f"{number + 1}-0")
    bad(line_id="")
    one.refund([copy.deepcopy(line)] * 2, paid=[("card", "paypal", HUGE), ("card", "paypal", HUGE)], succeeded=money(-2))
    one.refund([copy.deepcopy(line)], paid=[("card", "paypal", HUGE), ("card", "paypal", HUGE)], succeeded=money(HUGE))
    one.refund([copy.deepcopy(line)], currency="EUR")
    one.refund([copy.deepcopy(line)], succeeded=money(999))
    one.refund([copy.deepcopy(line)], paid=[("card", "paypal", -1000)], succeeded=money(-1000))
    one.refund([copy.deepcopy(line)], paid=[("wallet", "cryptopay", 1000)])
    one.refund([copy.deepcopy(line)], paid=[("store_credit", "store_credit", 1000)])
    one.refund([copy.deepcopy(line)], paid=[("card", "paypal", 400), ("store_credit", "store_credit", 600)])
    one.refund(back=HUGE)
    one.refund(back=10, taxes=[{"rate_ppm": 50000, "amount": money(10)}])
    one.refund(back=5, charges=[{"kind": "tip", "amount": money(5)}])
    one.refund(back=395, carriage=[{**one.carriage(), "line_id": "of-nobody"}])
    one.refund([copy.deepcopy(line)], set_off=money(-5))
    one.refund([copy.deepcopy(line), {**one.units(0, 1), "restock": "return", "location_id": "1001"}])  # one line in two ways: it adds up
    one.refund([one.units(0, 1, restock="return", location="9999")])
    one.refund([{**line, "amount": money(1), "quantity": 0}], back=1)
    other.refund([{**other.units(0, 1), "amount": money(600), "tax_lines": [{"rate_ppm": 200000, "amount": money(167)}]}], back=600)
    lost = Order(Stories(), shapes.order(number + 2, [(1, 1, 1000, 0, 200000)]))
    lost.story = story
    lost.refund([lost.units(0, 1)], to="endless")


def never_posted(story, number):
    """Of orders that nothing was posted of; and units that never left of one that Prima has cancelled."""
    test = order(story, number, [(1, 1, 1000, 0, 200000)])
    test.event["test"] = True
    test.refund([test.units(0, 1)], test=True, to="second")
    gone = order(story, number + 1, [(2, 2, 1000, 0, 200000)])
    gone.refund([gone.units(0, 1, restock="cancel")])
    gone.refund([gone.units(0, 1, restock="cancel")], to="second")
    story.cancelled.append("201" + gone.event["order_id"])


def early(story, number):
    one = order(story, number, [(3, 3, 1500, 33, 200000)])
    for _ in range(3):
        one.refund([one.units(0, 1)], to="early")


def stories(base, count):
    made = Stories()
    for i in range(count):
        at = base + 100 * i
        rates(made, at + 1, ("rates", "sum", "none")[i % 3], gross=True)
        rates(made, at + 2, ("rates", "sum", "none")[i % 3], gross=False, channel="woocommerce", store="outlet")
        unit_by_unit(made, at + 3, i=i)
        unit_by_unit(made, at + 4, gross=False, i=i)
        unit_by_unit(made, at + 5, currency="JPY", i=i)
        currencies(made, at + 6, "JPY", i)
        currencies(made, at + 7, "KWD", i)
        bundle(made, at + 8, gross=True)
        bundle(made, at + 9, gross=False)
        gift_cards(made, at + 10)
        fees(made, at + 11)
        exchanges(made, at + 13)
        on_account(made, at + 14)
        tax_alone(made, at + 15, gross=True)
        tax_alone(made, at + 16, gross=False)
        owed(made, at + 17, gross=True)
        owed(made, at + 18, gross=False)
        versions(made, at + 19)
        early(made, at + 20)
        days(made, at + 23, i)
        shelves(made, at + 25)
        never_posted(made, at + 21)
        if i == 0:
            hundred(made, at + 30)
        hostile(made, at + 32)
    return made
