"""What an order was posted as, place by place, and what of it is left to be credited.

A place is a line (of a bundle: one of its parts), a charge, units that an edit took away without money, or everything at one combination of tax
rates. Gross contains the tax. What is taken of a line or a charge is taken of its rates, too; an amount for the whole order lowers rates alone."""

from dataclasses import dataclass, field, replace

import expect
import shop


@dataclass(eq=False)
class Place:
    name: tuple                  # ("line", line id, product), ("charge", number), ("owed", ...), ("rates",)
    rates: tuple
    units: int
    gross: int
    taxes: list
    rates_place: "Place | None" = None   # everything at these rates; None: itself, or a negative amount, which makes room for nothing
    code: str = ""               # of a charge: in Prima
    kind: str = ""               # ... "shipping", or as the event has it
    id: str | None = None        # ... the channel's id
    bundles: int = 0             # of a bundle's part: how many were sold, in so many units
    sold: int = 0
    line: "Place | None" = None  # of something owed: whose units it was

    @property
    def tax(self):
        return sum(self.taxes)

    @property
    def net(self):
        return self.gross - self.tax

    def net_room(self):
        return min(self.net, self.rates_place.net) if self.rates_place else self.net

    def tax_room(self):
        other = self.rates_place.taxes if self.rates_place else self.taxes
        return [min(a, b) for a, b in zip(self.taxes, other)]

    def room(self):
        """What can be taken of it at most, with nothing of it above what is left of its rates."""
        return min(self.gross, max(self.net_room(), 0) + sum(max(t, 0) for t in self.tax_room()))


def split(whole, weights):
    """Largest remainder; the earlier of two that are equal first."""
    total = sum(weights)
    if total == 0:
        weights, total = [1] * len(weights), len(weights)
    floors = [whole * w // total for w in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(whole * weights[i] % total), i))
    for i in order[:whole - sum(floors)]:
        floors[i] += 1
    return floors


def portion(amount, numerator, denominator):
    return expect.nearest(amount * numerator, denominator) if denominator > 0 else 0


@dataclass
class Account:
    """One order."""
    number: str
    company: str
    currency: str
    gross: bool
    version_at: int              # when the posted version was made in its channel
    cancelled: bool = False      # Prima has it so, when a refund is decided
    lines: list = field(default_factory=list)
    charges: list = field(default_factory=list)
    rates: dict = field(default_factory=dict)
    owed: list = field(default_factory=list)
    left: int = 0                # of the whole order
    outstanding: int = 0
    total: int = 0               # as posted
    tax: int = 0

    def copy(self):
        rates = {key: replace(place, taxes=list(place.taxes)) for key, place in self.rates.items()}

        def moved(places, lines=()):
            return [replace(p, taxes=list(p.taxes), rates_place=p.rates_place and rates[p.rates], line=p.line and lines[p.line.name]) for p in places]
        lines = moved(self.lines)
        return replace(self, rates=rates, lines=lines, charges=moved(self.charges), owed=moved(self.owed, {p.name: p for p in lines}))

    def join(self, place):
        if place.gross < 0:
            return
        every = self.rates.setdefault(place.rates, Place(("rates",), place.rates, 0, 0, [0] * len(place.rates)))
        place.rates_place = every
        every.gross += place.gross
        every.taxes = [a + b for a, b in zip(every.taxes, place.taxes)]

    def take(self, place, units, gross, taxes):
        """False: more than is left; nothing was taken then."""
        if place.gross >= 0 and not (0 <= units <= place.units and gross <= place.gross and 0 <= gross - sum(taxes) <= place.net_room()
                                     and all(0 <= t <= r for t, r in zip(taxes, place.tax_room()))):
            return False
        if place.gross < 0 and not (units <= place.units and place.gross <= gross <= 0):
            return False
        if gross > self.left:
            return False
        place.units -= units
        for each in (place, place.rates_place):
            if each is not None:
                each.gross -= gross
                each.taxes = [a - b for a, b in zip(each.taxes, taxes)]
        self.left -= gross
        return True

    def owe(self, edit_id, line_id, units):
        """Units that an edit took away without money: their share of what is left of the line."""
        for place in self.lines:
            if place.name[1] == line_id and not place.bundles and 0 < min(units, place.units):
                units = min(units, place.units)
                gross, taxes = portion(place.gross, units, place.units), [portion(t, units, place.units) for t in place.taxes]
                self.owed.append(Place(("owed", edit_id, *place.name[1:]), place.rates, units, gross, taxes, place.rates_place, line=place))
                place.units -= units
                place.gross -= gross
                place.taxes = [a - b for a, b in zip(place.taxes, taxes)]


def tax_by_rate(lines, whole):
    """One sum, as the channel's tax lines have it."""
    stated = [expect.minor(t["amount"]) for t in lines]
    return stated if sum(stated) == whole else split(whole, stated)


def line_places(line, rows):
    """Of one of the event's lines what Prima's document has: `rows` by product, a bundle's parts apart."""
    rates = tuple(t["rate_ppm"] for t in line["tax_lines"])
    for product, its in rows.items():
        units = sum(r["quantity"] for r in its)
        net = sum(r["quantity"] * r["price"] - r["discount"] for r in its)
        taxes = tax_by_rate(line["tax_lines"], sum(r["tax"] for r in its))
        left = line["quantity"] if line["current_quantity"] is None else line["current_quantity"]
        yield Place(("line", line["line_id"], product), rates, units, net, taxes, sold=units, bundles=left if line["sku"] in shop.BUNDLES else 0)


def charge_places(event, order, tax):
    """`tax`: what is left of the document's for charges; where it is rounded per invoice, the last penny of it may be on any of them."""
    made, told = [], [(c, "price", "shipping", shop.CARRIAGE.get(c["code"])) for c in event["shipping_lines"]]
    told += [(c, "amount", c["kind"], shop.CHARGES.get(c["kind"])) for c in event["charges"]]
    for c, amount, kind, code in told:
        net = expect.minor(c[amount]) - expect.total_of(c["discounts"])
        taxes = [expect.minor(t["amount"]) for t in c["tax_lines"]]
        if code is None and net == 0 and sum(taxes) == 0:
            continue
        made.append(Place(("charge", len(made)), tuple(t["rate_ppm"] for t in c["tax_lines"]), 0, net, taxes, code=code or shop.OTHER_CHARGE,
                          kind=kind, id=c["line_id"]))
    missing = tax - sum(p.tax for p in made) if order.tax_is_spread else 0
    for place in made:
        if missing and place.taxes:
            step = 1 if missing > 0 else -1
            place.taxes[0] += step
            missing -= step
    return made


def account(event, order, document, rows):
    """From the event, what was expected of it, and Prima's document. `rows`: {line id: {product: rows}}."""
    made = Account(order.number, order.company, order.currency, order.gross, event["event_time"])
    for line in event["lines"]:
        made.lines += line_places(line, rows.get(line["line_id"], {}))
    tax = expect.minor(event["totals"]["tax"]) - sum(p.tax for p in made.lines)
    made.charges = charge_places(event, order, tax)
    for place in made.lines + made.charges:
        if not order.gross:
            place.gross += place.tax
        made.left += place.gross
        made.tax += place.tax
        made.join(place)
    made.total = made.left
    made.outstanding = max(document["outstanding"] + document["difference"], 0)
    return made
