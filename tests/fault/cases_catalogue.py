"""Products: asked for once by the whole fleet, believed for so long, and never missing because a reply was cut."""

import time

import feed
from case import case, expect, until

READ = ("MultiAvailableToSell",)


def till(w, *skus, **more):
    """An order at a till, of one line a SKU: nothing of it but its products is asked for."""
    event = w.order(till=True, sku=skus[0], **more)
    one = event["lines"][0]
    event["lines"] = [{**one, "line_id": f"{one['line_id']}-{i}", "sku": sku} for i, sku in enumerate(skus)]
    for amount in (*event["totals"].values(), event["tenders"][0]["amount"]):
        amount["shop_minor"] *= len(skus)
    return event


class Reads:
    """Product reads that reached Prima since it was made. It begins with an empty catalogue: what other cases have asked for does not count."""

    def __init__(self, w):
        w.stack.redis("DEL", "pf:p:01", "pf:q:01")
        self.w, self.since = w, w.stack.sql("SELECT COALESCE(MAX(id), 0) AS id FROM requests")[0]["id"]

    def of(self, sku):
        rows = self.w.stack.sql("SELECT request FROM requests WHERE id > ? AND type = ?", self.since, *READ)
        return sum(f'"{sku}"'.encode() in bytes(row["request"]).replace(b"&quot;", b'"') for row in rows)


def products_of(w, event):
    rows = w.stack.sql("SELECT l.product FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE o.order_number = ?", feed.order_number(event))
    return sorted(row["product"] for row in rows)


def posted_as(w, event, *products):
    expect(products_of(w, event) == sorted(products), f"I4 {feed.natural(event)} was posted as {products_of(w, event)}, wanted {sorted(products)}")


def sku(w, n):
    """A product of Prima's that no other case and no other turn uses."""
    return f"SKU{1000 + (w.numbers.base // 1000 * 7 + n) % 3900:05d}"


# ---- who asks ----

PATIENT = ("prima.deadline.product_read=10s",)  # so that a busy machine is no reason to ask twice


@case("catalogue", usual=("on",))
def shared_and_lasting(w):
    """One worker asks; another one, and each that comes later, knows; when it is too old, it is asked for again."""
    one, two, reads = sku(w, 1), sku(w, 2), Reads(w)
    first, others = till(w, one, two), [till(w, two, one) for _ in range(6)]
    w.feed(first)
    w.worker("0", options=PATIENT).await_running()
    w.await_outcomes(first)
    w.worker("1", options=PATIENT), w.worker("2", options=PATIENT)
    w.feed(*others)
    w.rest()
    for worker in w.workers:
        worker.kill()
    last = till(w, one)
    w.feed(last)
    w.worker("0", options=PATIENT)
    w.judge()
    expect(reads.of(one) == 1 and reads.of(two) == 1, f"asked {reads.of(one)} and {reads.of(two)} times, not once each")
    aged = till(w, one)
    w.workers[-1].kill()
    time.sleep(1)  # it is older now than it may be
    w.feed(aged)
    w.worker("0", options=(*PATIENT, "catalogue.max_age=1s"))
    w.judge()
    expect(reads.of(one) == 2, f"a product of a second ago was asked for {reads.of(one) - 1} times where it may be believed for a second")


@case("catalogue", usual=("off",))
def stampede(w):
    """Four cold workers, two hundred orders of the same three products, a Prima that takes its time: asked a few times, not hundreds."""
    three, reads = [sku(w, n) for n in range(3)], Reads(w)
    w.stack.fault({"kind": "latency", "latency": "200ms"}, type=list(READ))
    orders = [till(w, *(three[i % 3], three[(i + 1) % 3])) for i in range(200)]
    workers = [w.worker(str(n)) for n in range(4)]
    for worker in workers:
        worker.await_running()
    w.feed(*orders)
    w.judge()
    for product in three:
        expect(1 <= reads.of(product) <= 12, f"{product} was asked for {reads.of(product)} times")
    for order in orders:
        posted_as(w, order, *products_wanted(order))


def products_wanted(event):
    return [line["sku"] for line in event["lines"]]


@case("catalogue", usual=("off",))
def stampede_of_the_unknown(w):
    """The same for a product that Prima lacks: each order waits for an answer that was asked for after it came, and shares it."""
    unknown, reads = feed.UNKNOWN_SKU + str(w.numbers()), Reads(w)
    w.stack.fault({"kind": "latency", "latency": "100ms"}, type=list(READ))
    orders = [till(w, unknown) for _ in range(100)]
    workers = [w.worker(str(n)) for n in range(2)]
    for worker in workers:
        worker.await_running()
    w.feed(*orders)
    w.judge()
    expect(2 <= reads.of(unknown) <= 24, f"asked for {reads.of(unknown)} times")
    for order in orders:
        expect(w.documents(order)[0]["hold"] == 1, f"{feed.natural(order)} is not on hold")
        posted_as(w, order, "MISC")


@case("catalogue", usual=("on",))
def who_asks_dies(w):
    """Killed with the question taken up, and with its answer in hand: the others ask after a while."""
    for point in ("products.ask", "products.heard"):
        product = sku(w, len(w.workers))
        dying = w.worker("0", f"{point}:kill").await_running()
        first = till(w, product)
        w.feed(first)
        dying.await_death(30)
        second = till(w, product)
        w.feed(second)
        w.worker("1").await_running()
        began = time.monotonic()
        until(f"{feed.natural(second)} is posted", 30, lambda o=second: w.documents(o))
        expect(time.monotonic() - began < 15, "the others waited for a dead one's question")
        w.worker("0")
        w.rest()
        for worker in w.workers:
            worker.kill()
    w.worker("0")
    w.judge()


@case("catalogue", usual=("on",))
def forgotten(w):
    """Redis is emptied: all is asked for once more, and that is all."""
    product, reads = sku(w, 1), Reads(w)
    first, second = till(w, product), till(w, product)
    w.feed(first)
    w.worker("0")
    w.rest()
    w.forget()
    w.rest()
    w.feed(second)
    w.judge()
    posted_as(w, first, product)
    posted_as(w, second, product)
    expect(reads.of(product) <= 2, f"asked for {reads.of(product)} times")


# ---- what a reply proves ----


@case("catalogue", usual=("off",))
def reply_without_rows(w):
    """One reply comes without its rows: the product is asked for once more before it counts as unknown."""
    product = sku(w, 1)
    order = till(w, product)
    rule = w.stack.fault({"kind": "rows", "keep_rows": 0}, type=list(READ), count=1)
    w.feed(order)
    w.worker("0")
    w.judge()
    expect(w.stack.fired(rule) == 1, "the reply was not cut")
    posted_as(w, order, product)


@case("catalogue", usual=("on",))
def reply_cut_to_one_row(w):
    """Every reply is cut to its first row: what it lacks is asked for without what it has, until all is told, and what Prima really lacks stays out."""
    three, unknown = [sku(w, n) for n in range(3)], feed.UNKNOWN_SKU + str(w.numbers())
    order, odd = till(w, *three), till(w, *three, unknown)
    rule = w.stack.fault({"kind": "rows", "keep_rows": 1}, type=list(READ))
    w.feed(order, odd)
    w.worker("0")
    w.judge()
    expect(w.stack.fired(rule) >= 3, "no reply was cut")
    posted_as(w, order, *three)
    posted_as(w, odd, *three, "MISC")
    expect(w.documents(odd)[0]["hold"] == 1 and w.documents(order)[0]["hold"] == 0, "on hold is the one with an unknown product, and only that")


@case("catalogue", usual=("off",))
def told_in_words(w):
    """A reply to a question for several says that a product is unknown: it does not say which, so each is asked for alone."""
    known, unknown = sku(w, 1), feed.UNKNOWN_SKU + str(w.numbers())
    order = till(w, known, unknown)
    w.stack.fault({"kind": "error", "text": f"Unknown product {unknown}"}, type=list(READ), count=2)
    w.feed(order)
    w.worker("0")
    w.judge()
    posted_as(w, order, known, "MISC")


@case("catalogue", usual=("on",))
def known_again(w):
    """Unknown once is not unknown for ever: each order asks now."""
    product = sku(w, 1)
    rule = w.stack.fault({"kind": "rows", "keep_rows": 0}, type=list(READ))
    odd, good = till(w, product), till(w, product)
    w.feed(odd)
    w.worker("0")
    until("the first one is posted", 30, lambda: w.documents(odd))
    w.stack.no_faults(rule)
    w.feed(good)
    w.rest()
    posted_as(w, odd, "MISC")
    posted_as(w, good, product)


@case("catalogue", usual=("off",))
def no_answer_is_no_absence(w):
    """Prima does not answer product reads: nothing is posted meanwhile, and all of it as it should be when it does."""
    product, unknown = sku(w, 1), feed.UNKNOWN_SKU + str(w.numbers())
    orders = [till(w, product), till(w, unknown), till(w, product, unknown)]
    rules = [w.stack.fault(do, type=list(READ), count=4) for do in ({"kind": "hang"}, {"kind": "soap_fault"}, {"kind": "error", "about": "busy"},
                                                                    {"kind": "error", "text": "Words that nobody knows"})]
    w.feed(*orders)
    w.worker("0")
    w.judge()
    expect(all(w.stack.fired(rule) > 0 for rule in rules), "a hostility did not come about")
    posted_as(w, orders[0], product)
    posted_as(w, orders[1], "MISC")
    posted_as(w, orders[2], product, "MISC")


# ---- a product that is gone ----

REFUSES = {"kind": "error", "about": "unknown_product"}


@case("catalogue", usual=("off",))
def gone_since_it_was_heard_of(w):
    """Prima refuses a product that the catalogue has, and, asked, lacks it: the order is posted on hold, under the miscellaneous item; so is the next."""
    one, two = sku(w, 31), sku(w, 32)
    first, second, third = till(w, one, two), till(w, one, two), till(w, one)
    w.fault({"kind": "error", "about": "period_closed"}, type="NewOrder", key=feed.order_number(first))  # read about, not posted
    w.worker("0", options=PATIENT).await_running()
    w.feed(first)
    w.await_outcomes(first)
    w.stack.product_gone(one)
    w.feed(second)
    w.await_outcomes(second)
    w.feed(third)
    w.judge()
    posted_as(w, second, "MISC", two)
    posted_as(w, third, "MISC")
    expect(len(w.requests(second)) == 2 and len(w.requests(third)) == 1, f"{len(w.requests(second))} and {len(w.requests(third))} sends, wanted 2 and 1")
    expect(w.outcomes(second) == ["posted_on_hold"], f"{w.outcomes(second)}")


@case("catalogue", usual=("on",))
def refused_all_the_same(w):
    """Prima refuses a product that it has, asked now: after a second refusal it is a dead letter, and no third one is sought."""
    event = till(w, sku(w, 33))
    w.fault(REFUSES, type=["NewOrder", "MultiNewOrder"])
    w.worker("0", options=PATIENT).await_running()
    w.feed(event)
    w.judge()
    expect(w.outcomes(event) == ["prima_unknown_product"], f"{w.outcomes(event)}")
    expect(len(w.requests(event)) == 2, f"{len(w.requests(event))} sends, wanted 2")


@case("catalogue", usual=("off",))
def dies_while_it_asks_again(w):
    """kill -9 between the refusal of a product and what Prima is asked about it then: the next worker is refused in turn, asks, and posts it on hold."""
    one, two = sku(w, 41), sku(w, 42)
    first, second = till(w, one, two), till(w, one, two)
    w.fault({"kind": "error", "about": "period_closed"}, type="NewOrder", key=feed.order_number(first))  # read about, not posted
    dying = w.worker("0", "products.ask:kill:2", options=PATIENT).await_running()
    w.feed(first)
    w.await_outcomes(first)
    w.stack.product_gone(one)
    w.feed(second)
    dying.await_death(30)
    w.worker("0", options=PATIENT)
    w.judge()
    posted_as(w, second, "MISC", two)
    expect(w.outcomes(second) == ["posted_on_hold"], f"{w.outcomes(second)}")
