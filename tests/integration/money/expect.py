"""From the raw events to what Prima must hold: whole orders in minor units, with an accountant's arithmetic of its own.

An event is turned into an `Order`: its money part by part, and the `reasons` why it may not simply be posted. No reasons: it balances, and
must be in Prima, clean, to the penny. With reasons: on hold in Prima, or a dead letter; its money is judged all the same where it is there."""

from dataclasses import dataclass, field
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import shop

PPM = 1000000


@dataclass
class Line:
    quantity: int
    full: int                    # quantity times the unit's price
    discount: int
    tax: int
    product: tuple | None        # None: the miscellaneous item; else product and matrix codes
    depot: str | None
    parts: tuple = ()            # of a bundle: (product and matrix codes, units, weight of its price)


@dataclass
class Order:
    number: str
    company: str
    currency: str
    date: str
    gross: bool
    lines: dict = field(default_factory=dict)     # line id: Line
    charges: list = field(default_factory=list)   # (charge code, value with tax)
    payments: dict = field(default_factory=dict)  # transaction id: amount
    tax: int = 0                                  # of the lines alone: a charge's value contains its own
    tax_is_spread: bool = False                   # lines' taxes may each differ by one from the event's, their sum may not
    reasons: set = field(default_factory=set)

    @property
    def goods(self):
        return sum(line.full for line in self.lines.values())

    @property
    def discounts(self):
        return sum(line.discount for line in self.lines.values())

    @property
    def total(self):
        return self.goods - self.discounts + sum(value for _, value in self.charges) + (0 if self.gross else self.tax)

    @property
    def paid(self):
        return sum(self.payments.values())


def nearest(n, d):
    """n / d, halves away from zero."""
    return (2 * n + d) // (2 * d) if n >= 0 else -((-2 * n + d) // (2 * d))


def minor(money):
    return money["shop_minor"]


def total_of(discounts):
    return sum(minor(d["amount"]) for d in discounts)


@dataclass
class Taxed:
    """One thing that tax is on."""
    base: int                    # after discounts, as priced
    rates: list
    stated: int


def expected_tax(things, gross, by_invoice):
    """What the rates come to: rounded for each thing, or once for all that have the same rate."""
    def part(base, rate, of):
        return nearest(base * rate, PPM + of) if gross else nearest(base * rate, PPM)

    if not by_invoice:
        return sum(part(t.base, rate, sum(t.rates)) for t in things for rate in t.rates)
    bases = {}
    for t in things:
        for rate in t.rates:
            if rate > 0:
                bases[rate, sum(t.rates)] = bases.get((rate, sum(t.rates)), 0) + t.base
    return sum(part(base, rate, of) for (rate, of), base in bases.items())


def check_tax(things, event, channel):
    """True: the tax is right within rounding."""
    gross, by_invoice = event["taxes_included"], channel.rounds == "invoice"
    stated, said = sum(t.stated for t in things), minor(event["totals"]["tax"])
    taxes = sum(rate > 0 for t in things for rate in t.rates)
    groups = len({(rate, sum(t.rates)) for t in things for rate in t.rates if rate > 0})
    expected = expected_tax(things, gross, by_invoice)
    if by_invoice:
        return abs(said - stated) <= taxes and abs(said - expected) <= min(groups, channel.cap)
    each = all(abs(t.stated - expected_tax([t], gross, False)) <= sum(rate > 0 for rate in t.rates) for t in things)
    return each and said == stated and abs(stated - expected) <= min(taxes, channel.cap)


def left_of(amount, left, ordered):
    """The share of the units that are left; the other share is the rest, so that both come to the whole."""
    return amount if left == ordered else nearest(amount * left, ordered)


def read_line(event, line, key, order, known):
    ordered = line["quantity"]
    left = ordered if line["current_quantity"] is None else line["current_quantity"]
    if left == 0:
        return None
    discount = left_of(total_of(line["discounts"]), left, ordered)
    tax = left_of(sum(minor(t["amount"]) for t in line["tax_lines"]), left, ordered)
    full = left * minor(line["unit_price"])
    product = (shop.GIFT_CARD, "", "", "", "") if line["gift_card"] else shop.product(key, line["sku"])
    parts = tuple((made, left * units, weight) for made, units, weight in shop.BUNDLES.get(line["sku"], ()))
    if parts:
        product = parts[0][0]
    if product is None or (product not in known and not line["gift_card"]):
        product = None
        order.reasons.add("sku")
    location = line["location_id"] or event["location_id"]
    depot = shop.depot(key, location) if location and line["requires_shipping"] and not line["gift_card"] else None
    if location and depot is None and line["requires_shipping"] and not line["gift_card"]:
        order.reasons.add("location")
    order.lines[line["line_id"]] = Line(left, full, discount, tax, product, depot, parts)
    rates = [t["rate_ppm"] for t in line["tax_lines"]]
    return Taxed(full - discount, rates, tax), full, discount


def read_charge(charge, amount, code, order):
    discount = total_of(charge["discounts"])
    tax = sum(minor(t["amount"]) for t in charge["tax_lines"])
    value = amount - discount
    posted = value if order.gross else value + tax
    if code is not None or posted != 0:
        order.charges.append((code or shop.OTHER_CHARGE, posted))
    if code is None and (amount != 0 or tax != 0):
        order.reasons.add("carriage")
    return Taxed(value, [t["rate_ppm"] for t in charge["tax_lines"]], tax), value, discount


def read_payments(event, channel, order):
    captured = authorized = 0
    for tender in event["tenders"]:
        if tender["status"] == "authorized":
            authorized += minor(tender["amount"])
        if tender["status"] != "captured":
            continue
        captured += minor(tender["amount"])
        if tender["kind"] in shop.PAID_BY_KIND or tender["gateway"] in shop.PAID_BY_GATEWAY:
            order.payments[tender["transaction_id"]] = minor(tender["amount"])
        else:
            order.reasons.add("payment")
    terms = event["payment_terms"]
    if terms is not None and terms["name"] not in shop.TERMS:
        order.reasons.add("payment")
    owed = minor(event["totals"]["outstanding"])
    if owed > 0:
        on_account = terms is not None or event["business"] is not None or any(t["kind"] == "on_account" for t in event["tenders"])
        policy = channel.on_account if on_account else channel.authorized if authorized >= owed else "hold"
        if policy != "post":
            order.reasons.add("unpaid")
    return captured


def check_rates(event, channel, things):
    is_pos = channel.pos and event["source_name"] == "pos"
    address = event["shipping_address"] or event["billing_address"]
    country = channel.country if is_pos or address is None or not address["country_code"] else address["country_code"]
    return all(rate in shop.RATES.get(country, shop.ABROAD) for t in things for rate in t.rates)


def read(event, known):
    """The order that an event asks for. `known`: the products that Prima has."""
    key = (event["channel"], event["store"])
    channel = shop.CHANNELS[key]
    when = datetime.fromtimestamp(event["created_at"] / 1000, timezone.utc).astimezone(ZoneInfo(shop.TIMEZONE))
    order = Order(channel.prefix + event["order_id"], channel.company, event["currency"], when.date().isoformat(), event["taxes_included"])
    lines = [made for made in (read_line(event, line, key, order, known) for line in event["lines"]) if made]
    carriage = [read_charge(s, minor(s["price"]), shop.CARRIAGE.get(s["code"]), order) for s in event["shipping_lines"]]
    others = [read_charge(c, minor(c["amount"]), shop.CHARGES.get(c["kind"]), order) for c in event["charges"]]
    things = [made[0] for made in lines + carriage + others]
    order.tax_is_spread = channel.rounds == "invoice"
    order.tax = sum(line.tax for line in order.lines.values())
    if not check_rates(event, channel, things):
        order.reasons.add("rate")
    if not check_tax(things, event, channel):
        order.reasons.add("tax")
    captured = read_payments(event, channel, order)
    goods = sum(full - discount for _, full, discount in lines)
    carried, charged = sum(value for _, value, _ in carriage), sum(value for _, value, _ in others)
    tax = minor(event["totals"]["tax"]) if channel.rounds == "invoice" else sum(t.stated for t in things)
    total = goods + carried + charged + (0 if order.gross else tax)
    stated = {"subtotal": goods, "discounts": sum(d for _, _, d in lines + carriage + others), "shipping": carried, "charges": charged,
              "total": total}
    if any(event["totals"][name] is not None and minor(event["totals"][name]) != value for name, value in stated.items()):
        order.reasons.add("total")
    if total != captured + minor(event["totals"]["outstanding"]):
        order.reasons.add("total")
    return order


def is_test(event):
    tenders = event["tenders"]
    return event["test"] or (len(tenders) > 0 and all(t["test"] or t["gateway"] == shop.TEST_GATEWAY for t in tenders))
