"""A posted order's life goes on: its channel sends it whole again at each step. Nobody has work but where Prima's document really parts from it."""

import os
import random
import time

import feed
from case import case, expect, until
from stack import DEAD

STORM = int(os.environ.get("PF_VERSIONS", "100"))


def version_of(order, version, quantity=1, outstanding=0, note=None):
    """A later version: another quantity is other goods, something outstanding is other money, a note is the rest."""
    made = feed.order(order["order_id"], version=version, quantity=quantity)
    made["totals"]["outstanding"] = {"shop_minor": outstanding}
    return {**made, "note": note} if note else made


def told(w, order):
    """Outcome of each version, in the order in which they were committed."""
    key = feed.natural(order)
    ends = [(r.delivery, r.outcome) for r in w.reader.results() if r.key == key] + [(d.delivery, d.code) for d in w.reader.dead() if d.key == key]
    place = lambda delivery: tuple(int(part) for part in delivery.split("/")[1:])
    return [end for _, end in sorted((place(delivery), end) for delivery, end in ends)]


LIFE = (  # what comes, what is to be said of it
    (dict(version=2, note="ring twice"), "duplicate"), (dict(version=3, outstanding=100), "payment_updated"),
    (dict(version=3, outstanding=50), "payment_updated"),  # of one version the later one counts
    (dict(version=4, outstanding=50), "duplicate"), (dict(version=3, outstanding=60), "superseded"),  # what a newer one said again is the newest word
    (dict(version=2, outstanding=70), "superseded"), (dict(version=5, quantity=2, outstanding=50), "order_amended"),
    (dict(version=6, quantity=2, outstanding=50, note="again"), "duplicate"), (dict(version=7, quantity=3, outstanding=50), "duplicate"),
    (dict(version=6, quantity=4, outstanding=50), "superseded"), (dict(version=8, quantity=3, outstanding=0), "payment_updated"),
    (dict(version=9), "duplicate"), (dict(version=10, quantity=5), "order_amended"))


@case("life", usual=("on",))
def step_by_step(w):
    """Tags, captures, edits, an edit taken back, in one order's life: one document, an exception for each edit that stays, and each version says what it is."""
    order = w.order()
    w.feed(order)
    w.worker("0").await_running()
    w.await_outcomes(order)
    versions = [(version_of(order, **what), end) for what, end in LIFE]
    w.feed(*(v for v, _ in versions))
    w.await_outcomes(order, len(versions) + 1)
    cancelled = {**feed.order(order["order_id"], version=11, kind="cancelled", quantity=5), "cancelled_at": feed.BASE_MS}
    w.feed(cancelled, {**cancelled, "event_id": "again", "source_version": 12})
    w.judge()
    wanted = ["posted", *(end for _, end in versions), "cancelled_after_posting", "duplicate"]
    expect(told(w, order) == wanted, f"{told(w, order)}\nwanted {wanted}")
    key = feed.natural(order)
    named = {r.exception for r in w.reader.results() if r.key == key and r.exception}
    dead = [d.delivery for d in w.reader.dead() if d.key == key]
    expect(named <= set(dead) and len(dead) == 3, f"{named} are named, {dead} have a dead letter")
    expect([r.resolves for r in w.reader.results() if r.key == key and r.resolves] == dead[:1], "the version that took the edit back ends its exception")


@case("life", usual=("off",))
def killed_before_it_is_told(w):
    """kill -9 once Redis has taken note of a version, before anything is committed: the same is said of it afterwards, be it money, an edit, or a cancellation."""
    for what, end in ((dict(version=2, outstanding=100), "payment_updated"), (dict(version=2, quantity=2), "order_amended"), (None, "cancelled_after_posting")):
        order = w.order()
        w.feed(order)
        worker = w.worker("0")
        w.await_outcomes(order)
        worker.drain()
        late = version_of(order, **what) if what else {**feed.order(order["order_id"], version=2, kind="cancelled"), "cancelled_at": feed.BASE_MS}
        w.feed(late)
        w.worker("0", fail="settled:kill").await_death()
        w.worker("0")
        w.await_outcomes(order, 2)
        w.judge()
        expect(told(w, order) == ["posted", end], f"{told(w, order)}, wanted {end}")


@case("life", usual=("off",))
def over_a_flush(w):
    """FLUSHALL amid an order's life: what was said is rebuilt from what was committed, and nothing is said twice."""
    order = w.order()
    w.feed(order)
    w.worker("0")
    w.await_outcomes(order)
    w.feed(version_of(order, 2, outstanding=100), version_of(order, 3, quantity=2, outstanding=100))
    w.await_outcomes(order, 3)
    w.rest()
    w.stack.redis("FLUSHALL")
    w.feed(version_of(order, 4, quantity=2, outstanding=100, note="again"), version_of(order, 5, outstanding=100), version_of(order, 6, outstanding=100, note="x"))
    w.judge()
    wanted = ["posted", "payment_updated", "order_amended", "duplicate", "duplicate", "duplicate"]
    expect(told(w, order) == wanted, f"{told(w, order)}\nwanted {wanted}")
    expect(sum(bool(r.resolves) for r in w.reader.results() if r.key == feed.natural(order)) == 1, "the amendment has ended, once")


@case("life")
def storm_of_versions(w):
    """A hundred versions of each of a few orders, in any order of arrival, on three workers that are killed meanwhile: one document each, one open exception."""
    seed = int(os.environ.get("PF_SEED", str(random.randrange(10**6))))
    chance = random.Random(seed)
    print(f"       PF_SEED={seed}", flush=True)
    orders = [w.order() for _ in range(3)]
    w.feed(*orders)
    workers = {slot: w.worker(slot) for slot in ("0", "1", "2")}
    for order in orders:
        w.await_outcomes(order)
    versions = [version_of(order, v, quantity=chance.choice((1, 1, 1, 2, 3)), outstanding=chance.choice((0, 0, 60, 120))) for order in orders
                for v in range(2, STORM + 2)]
    chance.shuffle(versions)
    for begin in range(0, len(versions), 60):
        w.feed(*versions[begin:begin + 60])
        time.sleep(chance.uniform(0.1, 0.6))
        slot = chance.choice(list(workers))
        workers[slot].kill()
        workers[slot] = w.worker(slot)
    w.judge()
    for order in orders:
        expect(len(w.documents(order)) == 1, f"PF_SEED={seed}: {len(w.documents(order))} documents")
        last = version_of(order, STORM + 2, quantity=7)
        w.feed(last)
    w.judge()
    for order in orders:
        said = told(w, order)[-1]  # the last goods are known, whichever came before them: they open the amendment, or add to the open one
        expect(said in ("order_amended", "duplicate"), f"PF_SEED={seed}: {said}")


def emptied(order, version):
    """Every unit taken back, and the money."""
    made = feed.order(order["order_id"], version=version, kind="edited")
    made["lines"][0]["current_quantity"] = 0
    made["tenders"] = []
    for name in ("subtotal", "tax", "total"):
        made["totals"][name] = {"shop_minor": 0}
    return {**made, "payment_status": "refunded"}


@case("life", usual=("on",))
def nothing_left_in_time(w):
    """An order is taken back whole before it is posted: what is older is never posted, over a loss of Redis, too, and a newer version with units is."""
    order, known = w.order(), w.order()
    w.feed(known)
    w.worker("0").await_running()
    w.await_outcomes(known)
    w.feed(emptied(order, 3), version_of(order, 2), emptied(known, 3))
    w.await_outcomes(order, 2)
    w.rest()
    w.forget()
    w.feed(version_of(order, 2, note="late"))
    w.await_outcomes(order, 3)
    expect(not w.documents(order), "what was taken back was posted")
    w.feed(version_of(order, 4, quantity=2))
    w.judge()
    wanted = ["cancelled_before_posting", "superseded", "superseded", "posted"]
    expect(told(w, order) == wanted, f"{told(w, order)}\nwanted {wanted}")
    expect(told(w, known) == ["posted", "units_cancelled_after_posting"], f"{told(w, known)}")
    expect([d["quantity"] for d in w.stack.sql("SELECT quantity FROM order_lines WHERE order_id = ?", w.documents(order)[0]["id"])] == [2], "two units")


def timed(w, events):
    """Seconds until all of these have ended."""
    begun = time.monotonic()
    w.feed(*events)
    w.rest(60)
    return time.monotonic() - begun


@case("life", usual=("on",))
def storm_of_edits(w):
    """Three hundred posted orders are edited at once: an exception each, named or said why not, and it takes no longer than as many new orders."""
    orders = [w.order() for _ in range(400)]
    w.worker("0").await_running()
    timed(w, orders)
    new = timed(w, [w.order() for _ in range(300)])
    edited = timed(w, [version_of(o, 2, quantity=2) for o in orders[:300]])
    print(f"       300 new orders {new:.2f} s, 300 edits {edited:.2f} s", flush=True)
    w.judge()
    keys = {feed.topic_key(o) for o in orders}
    texts = [d["headers"]["__dlq.errors.message"] for d in w.stack.consume(DEAD) if d["key"] in keys]
    named = sum("units from 1 to 2" in t for t in texts)
    unnamed = sum("Goods differ. Too many orders were amended at once" in t for t in texts)
    print(f"       {named} of 300 are named", flush=True)
    expect(len(texts) == 300 and named + unnamed == 300, f"{len(texts)} exceptions, {named} named, {unnamed} not")
    expect(named >= 20, f"{named} of 300 are named")
    expect(edited < 2 * new + 2, f"300 new orders took {new:.1f} s, 300 edits {edited:.1f} s")


@case("life", usual=("on",))
def an_older_one_has_waited(w):
    """Two versions of one whole second: the earlier waits in a retry topic for its product, the later is posted, and the earlier is news to nobody."""
    rule = w.stack.fault({"kind": "error", "about": "busy"}, type="MultiAvailableToSell")
    order = w.order(sku=w.product())
    paid = {**order, "event_id": "paid", "totals": {**order["totals"], "outstanding": {"shop_minor": 60}}}
    w.feed(order)
    worker = w.worker("0", options=("worker.settle_deadline=500ms",)).await_running()
    until("it waits in the slowest retry topic", 30, lambda: any("4s" in topic for topic in worker.metric("primaflow_retries_total")))
    w.stack.redis("DEL", f"pf:d:{feed.natural(order)}")  # as if its mark had outlived its life: the later one overtakes
    w.stack.no_faults(rule)
    w.feed(paid)
    w.await_outcomes(order, 2)
    expect(sorted(w.outcomes(order)) == ["posted_on_hold", "superseded"], f"{w.outcomes(order)}")
