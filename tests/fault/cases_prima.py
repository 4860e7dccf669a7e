"""Prima at its worst, under load, with and without unique numbers."""

import threading
import time

import feed
from case import case, expect, until
from stack import binaries

HOSTILE = [
    {"kind": "http", "status": 500, "text": "java.lang.NullPointerException"}, {"kind": "soap_fault", "text": "Operation failed"},
    {"kind": "http", "status": 502, "text": "bad gateway"},
    {"kind": "error", "about": "busy", "wording": "random"}, {"kind": "ok_with_error", "about": "busy"},
    {"kind": "bare_ok"}, {"kind": "bare_ok", "apply": False}, {"kind": "other_answer"}, {"kind": "other_answer", "apply": False},
    {"kind": "reset_before"}, {"kind": "reset_during"}, {"kind": "reset_after"}, {"kind": "reset_after", "bytes": 30}, {"kind": "hang"},
    {"kind": "apply_then_hang"}, {"kind": "apply_delay", "delay": "250ms", "then": "hang"}, {"kind": "apply_delay", "delay": "200ms", "then": "reset"},
    {"kind": "apply_delay", "delay": "650ms", "then": "hang"}, {"kind": "apply_delay", "delay": "100ms", "then": "answer"},
    {"kind": "apply_delay", "delay": "250ms", "then": 502}, {"kind": "cut", "bytes": 150}, {"kind": "cut", "bytes": 20},
    {"kind": "garbage"}, {"kind": "garbage", "raw": True}, {"kind": "encoding"}, {"kind": "latency", "latency": "exp:80ms"},
    {"kind": "throttle", "status": 429, "retry_after": 1}, {"kind": "throttle", "status": 503, "retry_after": "date:1"},
    {"kind": "throttle", "status": 429, "retry_after": "soon"}, {"kind": "throttle", "status": 503, "retry_after": "999999999999"},
    {"kind": "maintenance"},
]


def name_of(do):
    words = [do["kind"], *[str(v) for k, v in do.items() if k in ("status", "then", "bytes", "retry_after", "delay", "raw")]]
    return "_".join(words).replace(":", "_")


def mixed(w, count=8):
    """New orders, resends of some, edits of some, an unknown product."""
    orders = [w.order(customer=w.numbers() if i % 3 == 0 else None) for i in range(count)]
    resends = [{**o, "event_id": "again"} for o in orders[:3]]
    edits = [feed.order(o["order_id"], version=2, quantity=2) for o in orders[2:4]]
    return [*orders, *resends, *edits, w.order(sku=feed.UNKNOWN_SKU + "1")]


def posted_of(w, events):
    found = w.reader.results()
    return sum(r.outcome.startswith("posted") and r.key in {feed.natural(e) for e in events} for r in found)


@case("prima")
def every_write_once(w):
    """Each hostility on a few NewOrders and NewCustomers: everything is resolved, nothing doubled; every order but parked ones gets there."""
    events = mixed(w)
    for do in HOSTILE:
        victims = [w.order(customer=w.numbers()), w.order()]
        for o in victims:
            w.fault(do, type="NewOrder", key="*" + o["order_id"], count=1)
        w.fault(do, type="NewCustomer", key=f"*{victims[0]['customer']['customer_id']}", count=1)
        events += victims
    w.feed(*events)
    w.worker()
    w.worker("1")
    w.judge()


# ---- all of it at once, under load ----

# Beside HOSTILE: answers cut at every kind of place (within the status line, the head, the envelope, the inner document), words in any language, dates of
# the past and absurd ones, an answer behind the deadline, a proxy's 503 and 504.
MORE = [
    *({"kind": "cut", "bytes": n} for n in (1, 60, 230, 300, 380, 440)), {"kind": "error", "about": "busy", "wording": "foreign"},
    {"kind": "error", "about": "period_closed", "wording": "random"}, {"kind": "error", "about": "refused", "wording": "random"},
    {"kind": "error", "about": "invalid", "wording": "foreign"}, {"kind": "http", "status": 503, "text": "no retry-after"},
    {"kind": "http", "status": 504, "text": "gateway"}, {"kind": "latency", "latency": "uniform:10ms-700ms"},
    {"kind": "throttle", "status": 429, "retry_after": "Thu, 01 Jan 1970 00:00:00 GMT"}, {"kind": "throttle", "status": 503, "retry_after": -5},
    {"kind": "throttle", "status": 503, "retry_after": "Mon, 01 Jan 2035 00:00:00 GMT"},
]
ROWS = [({"kind": "rows", "shuffle": True, "duplicate": 0.5}, {"probability": 0.3}), ({"kind": "rows", "keep_rows": 0}, {"nth": 5}),
        ({"kind": "rows", "keep_rows": 0}, {"nth": 80})]  # far from each other: two in a row without rows are Prima's word that it lacks the product
ENDS = {  # what an order may come to when Prima lies at random: in which modes, and why
    "prima_period_closed": ("on", "off"), "prima_invalid": ("on", "off"), "prima_refused_unclassified": ("on", "off"),
    "refused_after_unknown": ("on", "off"), "prima_faults_on_record": ("on", "off"), "outcome_unknown": ("off",), "parked_behind": ("off",), "order_amended": ("on", "off"),
}


def rage(w):
    """Every hostility at random; a throttled fleet stands still, so that each kind of that comes once."""
    rules = [w.stack.fault(do, probability=0.012, **({"count": 1} if do["kind"] in ("throttle", "maintenance") else {})) for do in [*HOSTILE, *MORE]]
    return rules + [w.stack.fault(do, type="MultiAvailableToSell", **match) for do, match in ROWS]


def crowd(w, count):
    """Orders of many customers and products, resends, edits."""
    orders = [w.order(customer=w.numbers() if i % 4 == 0 else None, sku=f"SKU{2000 + i % 120:05d}", store="eu" if i % 5 == 0 else "uk") for i in range(count)]
    resends = [{**o, "event_id": "again"} for o in orders[::10]]
    edits = [feed.order(o["order_id"], version=2, quantity=2, sku=o["lines"][0]["sku"], store=o["store"]) for o in orders[::15]]
    return [*orders, *resends, *edits]


@case("prima")
def storm(w):
    """All hostilities at random on every request type, hundreds of orders, three workers; amid it a maintenance window and a closed period."""
    first = w.order()
    w.feed(first)
    w.worker("0")
    w.await_outcomes(first)  # everybody's customer is known: were the answer to its creation lost, each order would have to look for it, one by one
    rules = rage(w)
    events = crowd(w, 240)
    w.feed(*events[:150])
    for slot in ("1", "2"):
        w.worker(slot)
    until("half of them have ended", 150, lambda: ended(w) > 75)
    window = w.stack.fault({"kind": "maintenance"})
    w.feed(*events[150:])
    until("somebody came to the maintenance window", 20, lambda: w.stack.fired(window) > 3)
    w.stack.no_faults(window)
    w.stack.admin("POST", "/period", {"closed_until": "2027-12-31"})
    until("somebody was told of the closed period", 30, lambda: any(d.code == "prima_period_closed" for d in w.reader.dead()))
    w.stack.admin("POST", "/period", {"closed_until": None})
    w.while_working(10)
    silent = [do for rule, do in zip(rules, [*HOSTILE, *MORE, *(do for do, _ in ROWS)]) if w.stack.fired(rule) == 0]
    w.stack.no_faults()
    w.judge()
    mode = "on" if w.stack.unique else "off"
    codes = {d.code for d in w.reader.dead()}
    expect(not {c for c in codes if mode not in ENDS.get(c, ())}, f"I14 dead letters of {codes - set(ENDS)}")
    expect(not (left := neither_posted_nor_met(w, events)), f"Prima took all that was asked about {left}, and they were not posted")
    expect(posted_of(w, events) > 80, f"not much of a storm: {posted_of(w, events)} of 240 orders were posted")
    expect(len(silent) < 7, f"not much of a storm: these never came: {silent}")


def neither_posted_nor_met(w, events):
    """Orders that were not posted although Prima refused nothing of theirs and answered as it should: by its own log, whatever the worker says."""
    posted = {r.number for r in w.reader.results() if r.outcome.startswith("posted")}
    met = {row["natural_key"] for row in w.stack.sql("SELECT DISTINCT natural_key FROM requests WHERE fault IS NOT NULL"
                                                     " OR outcome = 'refused' AND type IN ('NewOrder', 'MultiNewOrder')")}
    return {feed.order_number(e) for e in events} - posted - met


def ended(w):
    return len(w.reader.results()) + len(w.reader.dead())


# ---- is it Prima, or is it the record? ----


class Stream:
    """Other orders, some each second, for as long as it is open: the world goes on."""

    def __init__(self, w):
        self.w, self.orders, self.over = w, [], threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while not self.over.wait(0.1):
            self.orders.append(self.w.order())
            self.w.stack.produce([self.orders[-1]])

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join(30)


FAULTS_ON_RECORD = "prima_faults_on_record"


# The proportions of the defaults (deadline 30 s, apply delay 30 s, margin 5 s, settle deadline 90 s), twenty times as fast: a record does not get
# through its five faults in one go, but over the retry topics, each time with another token.
LIKE_DEFAULTS = ("prima.deadline.new_order=1500ms", "prima.max_apply_delay=1500ms", "worker.settle_deadline=4500ms")
WINDOW_MS = 3000  # deadline and delay


def faults_on_two(w, options):
    bad = [w.order(), w.order()]
    for order, do in zip(bad, ({"kind": "soap_fault", "text": "Operation failed"}, {"kind": "http", "status": 500, "text": "NullPointerException"})):
        w.fault(do, type="NewOrder", key="*" + order["order_id"])
    w.worker("0", options=options).await_running()
    with Stream(w) as stream:
        until("others pass", 20, lambda: posted_of(w, list(stream.orders)) > 2)
        w.feed(*bad)
        began = time.monotonic()
        for order in bad:
            until(f"{feed.natural(order)} ends", 65, lambda o=order: w.outcomes(o))
        took = time.monotonic() - began
    w.judge()
    ends = [FAULTS_ON_RECORD, FAULTS_ON_RECORD if w.stack.unique else "outcome_unknown"]  # a page of plain text: a proxy's, and Prima may be at work behind it
    for order, end in zip(bad, ends):
        sends, asked = w.requests(order), w.requests(order, ("OrderStatus",))
        expect(w.outcomes(order) == [end], f"{feed.natural(order)}: {w.outcomes(order)}, not {end}")
        expect(len(sends) >= 5, f"dead-lettered after {len(sends)} sends")
        late = asked[-1]["arrived_at"] - sends[-1]["arrived_at"]
        expect(late >= WINDOW_MS, f"it was asked for {late} ms after the last send, which may be applied for {WINDOW_MS} ms")
    expect(took < 45, f"it took {took:.0f} s, bound 45 s")
    expect(posted_of(w, stream.orders) == len(stream.orders), f"{posted_of(w, stream.orders)} of {len(stream.orders)} others were posted")


@case("prima")
def faults_on_one_record(w):
    """Prima always faults on two orders while it takes others: dead letters, known absent each time, within breaker.record_faults_max × (window + lease
    + retry delay), here 5 × (3 + 2 + 4) s."""
    faults_on_two(w, LIKE_DEFAULTS)


@case("prima", usual=("off",))
def faults_on_one_record_hurried(w):
    """The same where a record may not even stay for the time that its send may take: each fault is counted after a retry topic."""
    faults_on_two(w, (*LIKE_DEFAULTS[:2], "worker.settle_deadline=2s"))


def outage(w, types):
    orders = [w.order() for _ in range(10)]
    before = w.order()
    w.feed(before)
    w.worker("0", options=() if w.stack.unique else LIKE_DEFAULTS).await_running()
    w.await_outcomes(before)
    if not w.stack.unique:
        time.sleep(WINDOW_MS / 1000)  # so that the order before is no sign of health any more; the one behind comes while absences are waited for
    rule = w.stack.fault({"kind": "http", "status": 500, "text": "database is down"}, **({"type": types} if types else {}))
    w.feed(*orders)
    until("there were more faults than a record may have", 40, lambda: w.stack.fired(rule) >= (50 if w.stack.unique and types else 10))
    w.stack.no_faults(rule)
    w.feed(*[w.order() for _ in range(3)])
    w.judge()
    codes = {d.code for d in w.reader.dead()}
    expect(FAULTS_ON_RECORD not in codes, "I14 an outage was taken for a fault of records")
    if w.stack.unique or not types:
        expect(posted_of(w, orders) == len(orders), f"{posted_of(w, orders)} of {len(orders)} orders were posted: {codes}")


@case("prima", usual=("off",))
def outage_of_writes(w):
    """Prima answers reads and faults on every order: whatever the reads say, and however soon it takes orders again, that is no record's fault."""
    outage(w, "NewOrder")


@case("prima", usual=("off",))
def outage_of_everything(w):
    """Prima faults on everything."""
    outage(w, None)


@case("prima")
def foreign_number(w):
    """Order numbers that Prima holds from somebody else are never `posted`: parked, and one document stays one."""
    orders = [w.order() for _ in range(4)]
    for o in orders:
        w.stack.foreign_order(feed.order_number(o))
    w.feed(*orders, *[{**o, "event_id": "again"} for o in orders])
    w.worker()
    w.judge()
    for o in orders:
        expect(not any(x.startswith("posted") for x in w.outcomes(o)), f"I4 {feed.natural(o)} is somebody else's, and was {w.outcomes(o)}")
        expect("exists_unproven" in w.outcomes(o), f"{feed.natural(o)} is somebody else's: {w.outcomes(o)}")


@case("prima", modes=("on",))
def late_application(w):
    """Applied after the client gave up, within prima.max_apply_delay: an absence that is asked for too early proves nothing."""
    orders = [w.order() for _ in range(6)]
    w.fault({"kind": "apply_delay", "delay": "700ms", "then": "reset"}, type="NewOrder", count=6)
    w.feed(*orders)
    w.worker()
    w.judge()


@case("prima")
def ok_to_whom(w):
    """An OK that names no order, or another one, and whose order Prima never had, or had, is never `posted` on its own word; nor is another's status or
    another's product believed. Each costs a question, not an order: what Prima never had is sent again, in both modes, once its absence is final."""
    first = w.order()
    w.feed(first)
    w.worker("0").await_running()
    w.await_outcomes(first)
    orders = {}
    for kind in ("bare_ok", "other_answer"):
        for apply in (True, False):
            orders[kind, apply] = [w.order() for _ in range(2)]
            for o in orders[kind, apply]:
                w.fault({"kind": kind, "apply": apply}, type="NewOrder", key="*" + o["order_id"], count=1)
                w.fault({"kind": "other_answer"}, type="OrderStatus", key="*" + o["order_id"], nth=1)
    w.stack.fault({"kind": "other_answer"}, type="MultiAvailableToSell", count=2)
    w.feed(*[o for each in orders.values() for o in each])
    w.judge()
    for (kind, apply), each in orders.items():
        for o in each:
            posted = any(x.startswith("posted") for x in w.outcomes(o))
            expect(posted, f"{kind}, {'applied' if apply else 'not applied'}: {w.outcomes(o)}")
            expect(len(w.requests(o)) == (1 if apply else 2), f"{kind}: sent {len(w.requests(o))} times")


@case("prima")
def first_write_would_block(w):
    """A NewOrder's first write finds the socket full; it leaves a little later, is applied, and no answer comes: it is never taken for not sent."""
    orders = [w.order() for _ in range(3)]
    for o in orders:
        w.fault({"kind": "apply_then_hang"}, type="NewOrder", key="*" + o["order_id"], count=1)
    w.worker("0", limits=["env", f"LD_PRELOAD={binaries().parent / 'tests' / 'socket_faults.so'}", "PF_FULL_SOCKET=MultiNewOrder"])
    w.feed(*orders)
    w.judge()
    for o in orders:
        expect(len(w.requests(o)) == 1, f"I1 {feed.natural(o)} was sent {len(w.requests(o))} times")
        expect(any(x.startswith("posted") for x in w.outcomes(o)), f"{feed.natural(o)}: {w.outcomes(o)}")


@case("prima", usual=("on",))
def down(w):
    """Prima killed for three seconds under load: paused, nothing dead-lettered, everything posted once it is back."""
    events = mixed(w, 20)
    w.stack.kill("prima")
    w.feed(*events)
    w.worker().await_log("paused")
    w.stack.start("prima")
    w.judge()
    expect(posted_of(w, events) == 21, f"{posted_of(w, events)} of 21 orders were posted")


@case("prima", modes=("off",))
def unproven_wait(w):
    """Where numbers are not enforced, and a sender sleeps that nobody can vouch for: the order waits for its end, for as long as it is told to; then it is
    parked, and `why` says which proof is missing."""
    waits = 15  # since its send's time was over
    order = w.order(till=True)
    w.fault({"kind": "hang"}, type="NewOrder", key=feed.order_number(order), count=1)
    w.feed(order)
    sleeper = w.worker("0", "prima.after_send:stop:3")
    sleeper.await_stopped()
    w.worker("1", options=(f"prima.unproven_wait={waits}s",)).await_running()
    until("its absence was seen", 20, lambda: len(w.requests(order, ("OrderStatus",))) > 1)  # the first was before its send
    expect(not w.outcomes(order) and len(w.requests(order)) == 1, f"it did not wait: {w.outcomes(order)}, sent {len(w.requests(order))} times")
    w.asleep("outcome_unknown", order)
    w.await_outcomes(order)
    waited = [d.at for d in w.reader.dead() if d.key == feed.natural(order)][0] - w.requests(order)[0]["arrived_at"]
    expect(waited >= 1000 * waits, f"parked {waited} ms after it was sent")
    expect(w.outcomes(order) == ["outcome_unknown"] and len(w.requests(order)) == 1, f"{w.outcomes(order)}, sent {len(w.requests(order))} times")
    told = w.stack.primaflow("why", order["order_id"])
    expect("Not proven: that the worker of slot 0" in told, f"`why` names no missing proof:\n{told}")
    sleeper.go_on()
    w.judge()
