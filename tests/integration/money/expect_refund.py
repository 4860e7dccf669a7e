"""From a refund's event and what is left of its order to the credit note that Prima must hold, or why none may exist.

Money decides what a refund is; the note's gross is the money that went back, what was set off and what is taken off an account. Its parts are the
event's, and never more than is left of any line, unit, charge, rate, tax: `Note`. Otherwise `reasons`: the outcomes and codes that may have stopped it.
Where the rules leave the last minor unit open (rounding between parts, a bundle's parts), a Take has a `slack`; sums are exact all the same."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import shop
from expect import PPM, minor, nearest
from posted import portion, split

INT64 = 1 << 63
PLAIN = re.compile(r"[A-Za-z0-9._-]{1,50}")
FINAL = ("succeeded", "failed")
WAITS = "refund_money_pending"


class Stopped(Exception):
    """No note may exist; for this reason, or for one of these."""

    def __init__(self, *reasons):
        super().__init__(", ".join(reasons))
        self.reasons = set(reasons)


@dataclass
class Take:
    place: object                # posted.Place
    units: int
    gross: int
    taxes: list
    slack: int = 0
    restock: bool = False
    depot: str = ""

    @property
    def tax(self):
        return sum(self.taxes)


@dataclass
class Note:
    number: str
    order: str
    company: str
    currency: str
    vat_inclusive: bool
    date: str
    reason: str
    gross: int
    takes: list = field(default_factory=list)
    payments: list = field(default_factory=list)  # (method, provider, amount, transaction id, voucher, exchange number)
    account: int = 0
    flags: set = field(default_factory=set)  # of what was posted all the same
    after: object = None         # posted.Account, with it taken


@dataclass
class Part:
    """What the event says of one thing. `taxes`: [(rate, amount)], rate None: of all rates together; None: it says nothing."""
    places: list
    amount: int
    taxes: list | None
    units: int = 0
    restock: bool = False
    depot: str = ""
    comes_back: bool = False     # to a place of which nobody has said which depot it is, where `restock` is not
    adjusted: bool = False       # rounding or a fee has changed it


def money_sum(amounts):
    made = sum(amounts)
    if not -INT64 <= made < INT64:
        raise Stopped("event_invalid", "refund_mismatch", "refund_exceeds_creditable")
    return made


# ---- money ----

def check_event(event):
    ids = [event[name] for name in ("channel", "store", "order_id", "refund_id")]
    if not all(PLAIN.fullmatch(i) for i in ids):
        raise Stopped("event_invalid")
    told = [t for t in event["transactions"] if t["type"] != "other"]
    currencies = {event["currency"], event["presentment_currency"], None}
    if any(minor(t["amount"]) < 0 or t["currency"] not in currencies for t in event["transactions"]) or minor(event["set_off"]) < 0:
        raise Stopped("event_invalid")
    if event["transactions_told"] and minor(event["succeeded"]) != money_sum(minor(t["amount"]) for t in told
                                                                             if t["type"] == "refund" and t["status"] == "succeeded"):
        raise Stopped("event_invalid")


def money_back(event):
    """[(transaction, amount)] that went back."""
    return [(t, minor(t["amount"])) for t in event["transactions"] if t["type"] == "refund" and t["status"] == "succeeded"]


def check_money(event, account):
    """True: a note of money; False: it is taken off the account."""
    told = [t for t in event["transactions"] if t["type"] != "other"]
    if event["deleted"]:
        raise Stopped("no_money")
    if not event["transactions_told"] or any(t["status"] not in FINAL for t in told):
        raise Stopped(WAITS)
    if sum(amount for _, amount in money_back(event)) > 0:
        return True
    if any(t["type"] == "refund" and t["status"] == "failed" for t in told):
        raise Stopped("refund_money_failed")
    if minor(event["set_off"]) > 0:
        return True
    if told or account.outstanding <= 0:
        raise Stopped("no_money")
    return False


# ---- what it says ----

def taxes_of(part):
    """Per rate before the sum; a negative tax is none."""
    made = [(t["rate_ppm"], minor(t["amount"])) for t in part.get("tax_lines") or []]
    if not made and part["tax"] is not None:
        made = [(None, minor(part["tax"]))]
    if any(amount < 0 for _, amount in made):
        raise Stopped("event_invalid")
    money_sum([amount for _, amount in made])
    return made or None


def charges_of(account, kind, its_id):
    """By the id, else every charge of this kind where one side has none."""
    of_kind = [p for p in account.charges if p.kind == kind]
    return [p for p in of_kind if its_id is not None and p.id == its_id] or [p for p in of_kind if its_id is None or p.id is None]


def read_lines(event, account, key):
    for line in event["lines"]:
        if line["quantity"] < 0 or minor(line["amount"]) < 0:
            raise Stopped("event_invalid")
        places = [p for p in account.lines if p.name[1] == line["line_id"]]
        depot = shop.depot(key, line["location_id"]) if line["restock"] == "return" and line["location_id"] else None
        yield Part(places, minor(line["amount"]), taxes_of(line), line["quantity"], depot is not None, depot or "",
                   line["restock"] == "return")


def read_charges(event, account):
    for c in event["carriage"]:
        if minor(c["amount"]) < 0:
            raise Stopped("event_invalid")
        yield Part(charges_of(account, "shipping", c["line_id"]), minor(c["amount"]), taxes_of(c))
    for c in event["charges"]:
        if minor(c["amount"]) < 0 and c["kind"] != "cash_rounding":
            raise Stopped("event_invalid")
        yield Part(charges_of(account, c["kind"], c["line_id"]), minor(c["amount"]), taxes_of(c))
    told = [a for a in event["adjustments"] if a["kind"] == "carriage"]
    amount = abs(sum(minor(a["amount"]) for a in told))
    if amount and not event["carriage"]:  # told twice, the line wins
        tax = abs(sum(minor(a["tax"]) for a in told if a["tax"] is not None))
        yield Part(charges_of(account, "shipping", None), amount, [(None, tax)] if any(a["tax"] is not None for a in told) else None)


def spread(part, account):
    """[Part of one place, gross]: a bundle's line over its parts, carriage over the charges, by what is left of each."""
    told_tax = sum(amount for _, amount in part.taxes) if part.taxes is not None else None
    weights = [max(p.gross if account.gross else p.net, 0) for p in part.places]
    amounts, taxes = split(part.amount, weights) if part.amount >= 0 else [part.amount], [None] * len(part.places)
    if told_tax is not None:
        taxes = split(told_tax, [max(p.tax, 0) for p in part.places])
    for place, amount, tax in zip(part.places, amounts, taxes):
        units = part.units * place.sold // place.bundles if place.bundles else part.units
        stated = None if tax is None else [(rate, portion(of, tax, told_tax) if told_tax else 0) for rate, of in part.taxes]
        gross = amount
        if not account.gross:
            gross += tax if tax is not None else portion(amount, place.tax, place.net)
        yield Part([place], gross, stated, units, part.restock, part.depot, part.comes_back,
                   len(part.places) > 1)


@dataclass
class Told:
    """All that an event says."""
    placed: list                 # Part, of one place each
    for_order: list              # amounts for the whole order
    taxes: list                  # (rate, amount): tax alone
    adjustments: int             # more or less back, by the sum

    @property
    def stated(self):
        return money_sum([p.amount for p in self.placed] + self.for_order + [amount for _, amount in self.taxes])

    @property
    def count(self):
        return len(self.placed) + len(self.for_order) + len(self.taxes)


def read_told(event, account, key):
    parts = [*read_lines(event, account, key), *read_charges(event, account)]
    if any(not p.places for p in parts):
        raise Stopped("refund_exceeds_creditable")
    amount = event["order_amount"]
    taxes = [(t["rate_ppm"], minor(t["amount"])) for t in event["taxes"]]
    if (amount is not None and minor(amount) < 0) or any(a < 0 for _, a in taxes):
        raise Stopped("event_invalid")
    others = [a for a in event["adjustments"] if a["kind"] != "carriage"]
    adjustments = sum(minor(a["amount"]) + (minor(a["tax"]) if a["tax"] is not None and not account.gross else 0) for a in others)
    return Told([one for p in parts for one in spread(p, account)], [minor(amount)] if amount is not None else [], taxes, adjustments)


# ---- against the money ----

def gross_of(event, told, account, channel, by_money):
    """(the note's gross, what of it is taken off the account)."""
    tolerance = min(max(told.count, 1), channel.cap)
    if not by_money:
        if told.adjustments or told.stated <= 0:
            raise Stopped("refund_mismatch")
        return told.stated, told.stated
    paid = money_sum([amount for _, amount in money_back(event)] + [minor(event["set_off"])])
    if told.count == 0 and told.adjustments == 0:
        return paid, 0
    more, less = told.stated + told.adjustments, told.stated - told.adjustments
    nearer = more if abs(more - paid) <= abs(less - paid) else less
    if abs(nearer - paid) <= tolerance:
        adjust(told, nearer - told.stated, paid - nearer)
        return paid, 0
    if tolerance < nearer - paid <= account.outstanding:
        adjust(told, nearer - told.stated, 0)
        return nearer, nearer - paid
    raise Stopped("refund_mismatch")


def lower(part, by):
    before = part.amount
    part.amount, part.adjusted = before - by, True
    if part.taxes is not None and before > 0:
        part.taxes = [(rate, portion(tax, part.amount, before)) for rate, tax in part.taxes]


def adjust(told, by, rounding):
    """More: an amount for the whole order. Less: a fee, off the lines as far as they go, else off everything that was stated."""
    if by > 0:
        told.for_order.append(by)
    if by < 0:
        lines = [p for p in told.placed if p.places[0].name[0] == "line"]
        if sum(p.amount for p in lines) < -by:
            lines = told.placed
        if not lines or sum(p.amount for p in lines) < -by:
            raise Stopped("refund_mismatch")
        fee = split(-by, [max(p.amount, 0) for p in lines])
        for part, off in zip(lines, fee):
            if off:
                lower(part, off)
    if rounding:
        rounded(told, rounding)


def rounded(told, by):
    """A penny that the parts lack goes to one that has room for it, one too many off the largest."""
    for part in told.placed:
        part.adjusted = True
    if by < 0 and told.placed:
        max(told.placed, key=lambda p: p.amount).amount += by
        return
    for part in told.placed:
        more = min(by, max(part.places[0].gross - part.amount, 0)) if part.amount >= 0 else 0
        part.amount += more
        by -= more
    if told.for_order:
        told.for_order[0] += by
    elif by:
        raise Stopped("refund_exceeds_creditable", "refund_mismatch")


# ---- what it takes ----

def tax_taken(part, place, note):
    """The tax of a part, per rate of its place. What the channel states beyond what is left is posted with what is left, and told."""
    rates, gross = place.rates, part.amount
    stated = [0] * len(rates)
    if part.units and part.units == place.units and place.name[0] == "line":
        allowed = nearest(gross * sum(rates), PPM + sum(rates)) if sum(rates) else portion(gross, place.tax, place.gross)
        stated = list(place.taxes) if place.tax <= allowed + place.sold else split(allowed, place.taxes)
    elif part.taxes is None:
        stated = [portion(gross, t, place.gross) for t in place.taxes]
    elif [rate for rate, _ in part.taxes] == [None]:
        stated = split(part.taxes[0][1], [max(t, 0) for t in place.taxes]) if rates else stated
    else:
        for rate, amount in part.taxes:
            if rate in rates:
                stated[rates.index(rate)] += amount
    made = bounded(stated, place, gross)
    is_last = part.units and part.units == place.units and place.name[0] == "line"
    said = sum(stated) if is_last or part.taxes is None else sum(amount for _, amount in part.taxes)
    cut = said - sum(min(s, r, gross) for s, r in zip(stated, place.tax_room()))
    if part.taxes is not None and cut > max(part.units, 1):
        note.flags.add("refund_tax_capped")
    return made


def bounded(taxes, place, gross):
    """No tax above what is left of it, nor above the gross; and no net above what is left of the net."""
    room = place.tax_room()
    made = [min(t, r) for t, r in zip(taxes, room)]
    over = sum(made) - gross
    for i, tax in enumerate(made):
        off = min(max(over, 0), tax)
        made[i], over = tax - off, over - off
    lacks = gross - sum(made) - place.net_room()
    for i, tax in enumerate(made):
        more = min(max(lacks, 0), room[i] - tax)
        made[i], lacks = tax + more, lacks - more
    return made


def take(account, note, place, units, gross, taxes, part=None):
    if not account.take(place, units, gross, taxes):
        raise Stopped("refund_exceeds_creditable")
    slack = 2 if part is not None and part.adjusted else 0
    has_goods = part is not None and units > 0
    note.takes.append(Take(place, units, gross, taxes, slack, has_goods and part.restock, part.depot if has_goods else ""))


def take_placed(account, note, part):
    place = part.places[0]
    if part.amount == 0 and part.units == 0:
        return
    if part.units > place.units or (part.amount > 0 and part.amount > place.room()):
        raise Stopped("refund_exceeds_creditable")
    if part.comes_back and part.units and not part.restock:
        note.flags.add("restock_depot_unmapped")
    take(account, note, place, part.units, part.amount, tax_taken(part, place, note) if part.amount > 0 else [0] * len(place.rates), part)


def take_for_order(account, note, gross):
    """Over the rates, by what is left of each; its tax by the same share."""
    groups = list(account.rates.values())
    if gross > sum(g.gross for g in groups):
        raise Stopped("refund_exceeds_creditable")
    for group, share in zip(groups, split(gross, [g.gross for g in groups]) if gross else []):
        if share:
            taxes = bounded([portion(share, t, group.gross) for t in group.taxes], group, share)
            take(account, note, group, 0, share, taxes)


def take_tax(account, note, rate, tax):
    for group in account.rates.values():
        for i, its in enumerate(group.rates):
            part = min(tax, group.taxes[i]) if its == rate else 0
            if part > 0:
                take(account, note, group, 0, part, [part if k == i else 0 for k in range(len(group.rates))])
                tax -= part
    if tax > 0:
        raise Stopped("refund_exceeds_creditable")


def take_money(account, note, gross):
    """Money and nothing else: what edits left owed, the oldest first."""
    for place in account.owed:
        part = min(gross, max(place.net_room(), 0) + sum(max(t, 0) for t in place.tax_room()))
        if part <= 0:
            continue
        taxes = bounded([portion(part, t, place.gross) for t in place.taxes], place, part)
        take(account, note, place, place.units if part == place.gross else 0, part, taxes)
        note.takes[-1].slack = 1
        gross -= part
    take_for_order(account, note, gross)


def take_all(account, note, told):
    for part in sorted(told.placed, key=lambda p: p.amount >= 0):  # the rounding of cash makes room
        take_placed(account, note, part)
    if told.count == 0 and told.adjustments == 0:
        take_money(account, note, note.gross)
        return
    for amount in told.for_order:
        take_for_order(account, note, amount)
    for rate, tax in told.taxes:
        take_tax(account, note, rate, tax)


# ---- the whole ----

def payments_of(event, note):
    for t, amount in money_back(event):
        method = shop.tender(t["kind"], t["gateway"])
        if method is None and amount:
            raise Stopped("refund_tender_unmapped")
        if amount:
            yield (*method, amount, t["transaction_id"] or "", t["voucher_number"] or "", "")
    if minor(event["set_off"]):
        yield (*shop.EXCHANGE, minor(event["set_off"]), "", "", note.number)
    if note.account:
        yield (*shop.ON_ACCOUNT, note.account, "", "", "")


def day_of(event, company):
    """The day the money went back, where the company is."""
    times = [t["processed_at"] for t, _ in money_back(event) if t["processed_at"] is not None]
    when = datetime.fromtimestamp(max(times, default=event["created_at"]) / 1000, timezone.utc)
    return when.astimezone(ZoneInfo(shop.ZONES[company])).date().isoformat()


def read(event, account):
    """The note that this refund must have, of an order of which so much is left. Stopped: none may exist."""
    channel = shop.CHANNELS[event["channel"], event["store"]]
    check_event(event)
    if event["kind"] == "edit" and event["created_at"] <= account.version_at:
        raise Stopped("contained")
    if event["currency"] != account.currency:
        raise Stopped("refund_mismatch", "event_invalid")
    by_money = check_money(event, account)
    if any(t["kind"] == "store_credit" and amount for t, amount in money_back(event)) and (event["channel"], event["store"]) not in shop.STORE_CREDIT:
        raise Stopped("store_credit_undecided")
    after = account.copy()
    told = read_told(event, after, (event["channel"], event["store"]))
    gross, off = gross_of(event, told, after, channel, by_money)
    note = Note(channel.prefix + shop.NOTE_MARK + event["refund_id"], account.number, account.company, account.currency, account.gross,
                day_of(event, account.company), event["reason"] or "", gross, account=off, after=after)
    take_all(after, note, told)
    if off > after.outstanding:
        raise Stopped("refund_exceeds_creditable")
    after.outstanding -= off
    if not note.takes:
        raise Stopped("no_money")
    if account.cancelled and any(line["restock"] == "cancel" and line["quantity"] > 0 for line in event["lines"]):
        raise Stopped("order_cancelled_in_prima")
    note.payments = list(payments_of(event, note))
    return note
