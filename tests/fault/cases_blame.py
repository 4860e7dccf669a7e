"""Is a failure the infrastructure's or this record's? What Prima, or a proxy before it, does to one order is that order's; what it does to all, nobody's."""

import time

import feed
from case import case, expect, until
from cases_prima import FAULTS_ON_RECORD, Stream, posted_of
from stack import DEAD, RETRIES

# Short tries and few of them: a denied order has ended after retry topics of 1 + 2 + 4 s.
QUICK = ("retry.max_age=5s", "worker.settle_deadline=1s", "breaker.record_faults_max=3")
STRANGE = {"kind": "error", "text": "Datenbank gesperrt, Satz 4711"}
FORBIDDEN = {"kind": "http", "status": 403, "text": "<html>Request blocked</html>"}


def dead(w):
    return {d.code for d in w.reader.dead()}


def all_end(w, orders, seconds):
    """Whether all of them end in time: that is what is to be shown, no arrangement."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if all(w.outcomes(o) for o in orders):
            return True
        time.sleep(0.2)
    return False


def alone(w, faults, expected, options=QUICK, seconds=40):
    """Each of these faults, [(do, match)], is for one order alone, while others pass. expected: what becomes of each, in the order of the faults."""
    bad = []
    for (do, match), code in zip(faults, expected):
        bad.append(w.order())
        key, then = "*" + bad[-1]["order_id"], match.pop("then", None)
        w.fault(do, **{"key": key, **match})
        if then:
            w.fault(then, key=key, type=match["type"])
        w.allow(code, bad[-1])
    worker = w.worker("0", options=options).await_running()
    with Stream(w) as stream:
        until("others pass", 20, lambda: posted_of(w, list(stream.orders)) > 2)
        w.feed(*bad)
        ends = all_end(w, bad, seconds)
    expect(ends, f"they have not ended: {[w.outcomes(o) for o in bad]}")
    w.judge()
    for order, code, (do, _) in zip(bad, expected, faults):
        expect(w.outcomes(order) == [code], f"{do}: {w.outcomes(order)}, not {code}")
    expect(posted_of(w, stream.orders) == len(stream.orders), f"{posted_of(w, stream.orders)} of {len(stream.orders)} others were posted")
    return bad, worker


@case("blame", usual=("on",))
def denied_to_one(w):
    """401 or 403 to one order, to another one's everything: they end as their own fault, and neither stops anybody or is sent again and again."""
    faults = [(FORBIDDEN, {"type": "NewOrder"}), ({**FORBIDDEN, "status": 401}, {"type": "NewOrder"}), (FORBIDDEN, {})]
    bad, worker = alone(w, faults, [FAULTS_ON_RECORD] * 3)
    for order in bad[:2]:
        expect(3 <= len(w.requests(order)) <= 8, f"{feed.natural(order)} was sent {len(w.requests(order))} times")
    expect(worker.log().count("paused: ") < 4, "it paused again and again")


@case("blame", usual=("off",))
def denied_to_one_not_enforced(w):
    """The same where numbers are not enforced: a denial is a clean no there, too."""
    alone(w, [(FORBIDDEN, {"type": "NewOrder"})], [FAULTS_ON_RECORD])


@case("blame")
def refused_to_one(w):
    """A proxy refuses one order in its own way: not sent for ever. Its page of 500 is no refusal where a second document would be taken."""
    faults = [({"kind": "http", "status": status, "text": "<html>no</html>"}, {"type": "NewOrder"}) for status in (400, 404, 413, 415, 431, 302, 500)]
    bad, _ = alone(w, faults, [*[FAULTS_ON_RECORD] * 6, FAULTS_ON_RECORD if w.stack.unique else "outcome_unknown"])
    for order in bad:
        expect(len(w.requests(order)) <= 8, f"{feed.natural(order)} was sent {len(w.requests(order))} times")


@case("blame")
def given_up_for_one(w):
    """A gateway gives up on one order each time: Prima may be at work on it, so that it is no clean refusal where a second document would be taken."""
    faults = [({"kind": "http", "status": status, "text": "<html>gateway</html>"}, {"type": "NewOrder"}) for status in (502, 503, 504)]
    alone(w, faults, [FAULTS_ON_RECORD if w.stack.unique else "outcome_unknown"] * 3)


@case("blame", usual=("on",))
def no_answer_to_one(w):
    """One order is never answered: parked, for a person, after as many tries."""
    bad, _ = alone(w, [({"kind": "hang"}, {"type": "NewOrder"}), ({"kind": "reset_before"}, {"type": "NewOrder"})], ["outcome_unknown"] * 2)
    for order in bad:
        expect(len(w.requests(order)) <= 8, f"{feed.natural(order)} was sent {len(w.requests(order))} times")


@case("blame", usual=("on",))
def denied_after_no_answer(w):
    """One order is not answered once, and denied from then on: parked, though nothing is under way, for the first of its tries says nothing."""
    alone(w, [({"kind": "hang"}, {"type": "NewOrder", "count": 1, "then": FORBIDDEN})], ["outcome_unknown"])


@case("blame", usual=("on",))
def throttled_alone(w):
    """One order is told to come back later, each time: the fleet does not wait with it for ever."""
    alone(w, [({"kind": "throttle", "status": 429, "retry_after": 1}, {"type": "NewOrder"})], [FAULTS_ON_RECORD])


@case("blame", usual=("off",))
def facts_denied_to_one(w):
    """What is denied is a request that one order hangs on: its product's, its customer's. Others' products and customers are answered."""
    who = w.numbers()
    faults = [(FORBIDDEN, {"type": "MultiAvailableToSell", "key": "SKU04999", "order": {"sku": "SKU04999"}}),
              (FORBIDDEN, {"type": "NewCustomer", "key": f"*{who}", "order": {"customer": who}})]
    bad = []
    for do, match in faults:
        bad.append(w.order(**match.pop("order")))
        w.fault(do, **match)
    w.allow(FAULTS_ON_RECORD, *bad)
    w.allow("waited_too_long", *bad)
    w.worker("0", options=QUICK).await_running()
    others = []
    w.feed(*bad)
    began = time.monotonic()
    while not all(w.outcomes(o) for o in bad):
        others.append(w.order(sku=f"SKU{3000 + len(others):05d}", customer=w.numbers()))
        w.feed(others[-1])
        time.sleep(0.2)
        expect(time.monotonic() - began < 40, f"they have not ended: {[w.outcomes(o) for o in bad]}")
    w.judge()
    for order in bad:
        expect(w.outcomes(order)[0] in (FAULTS_ON_RECORD, "waited_too_long"), f"{feed.natural(order)}: {w.outcomes(order)}")
    expect(posted_of(w, others) == len(others), f"{posted_of(w, others)} of {len(others)} others were posted")


@case("blame")
def strange_words_to_one(w):
    """Prima refuses one order in words that no pattern knows, and takes the others: its dead letter has the words, after no more sends than it takes."""
    bad, worker = alone(w, [(STRANGE, {"type": "NewOrder"})], ["prima_refused_unclassified"])
    expect(len(w.requests(bad[0])) <= 3, f"it was sent {len(w.requests(bad[0]))} times")
    letter = next(d for d in w.stack.consume(DEAD, raw=True) if feed.natural(bad[0]) in str(d["headers"]))
    expect(STRANGE["text"] in str(letter), f"a person does not see what Prima said: {letter['headers']}")
    expect(not worker.says("paused: "), "it paused")


# ---- the world ----


def outlives(w, do, orders, seconds, paused=None, **match):
    """A fault of all requests like these while the orders wait, for longer than they may grow old: nothing is dead-lettered, all is posted behind it."""
    rule = w.stack.fault(do, **match)
    worker = w.worker("0", options=QUICK).await_running()
    w.feed(*orders)
    if paused:
        time.sleep(5)
        expect(paused in worker.http("/readyz"), f"it has not paused within 5 s: {worker.http('/readyz')}")
    time.sleep(seconds)
    expect(not dead(w), f"I14 dead letters: {dead(w)}")
    if paused:
        expect(paused in worker.http("/readyz"), "it went on")
    w.stack.no_faults(rule)
    w.judge()
    expect(posted_of(w, orders) == len(orders), f"{posted_of(w, orders)} of {len(orders)} were posted: {dead(w)}")


@case("blame")
def all_is_denied(w):
    """403 to everything: paused within seconds, nothing dead-lettered, everything posted once we are let in."""
    outlives(w, FORBIDDEN, [w.order(sku=f"SKU{4000 + i:05d}") for i in range(20)], 3, "prima_denied")


@case("blame")
def all_is_denied_to_the_only_order(w):
    """The same with one order around: that its status is denied as well says that it is not the order."""
    outlives(w, {**FORBIDDEN, "status": 401}, [w.order(till=True)], 3, "prima_denied")


@case("blame", usual=("on",))
def writes_are_denied(w):
    """Reads pass and every order is denied: paused as well, for distinct keys say so."""
    outlives(w, FORBIDDEN, [w.order() for _ in range(12)], 3, "prima_denied", type="NewOrder")


@case("blame", usual=("on",))
def writes_are_denied_to_the_only_order(w):
    """... and only one order is there: nobody can tell whose fault it is. It waits."""
    outlives(w, FORBIDDEN, [w.order()], 12, type="NewOrder")


def in_turns(w):
    """No order was sent twice in a row while others waited for their turn, once Prima counted as down: five different ones had failed by then. Those that
    were under way at that moment arrived in an order of their own, so the first that comes again is compared with none of them."""
    keys = [row["natural_key"] for row in w.stack.sql("SELECT natural_key FROM requests WHERE type IN ('NewOrder', 'MultiNewOrder')"
                                                      " AND fault IS NOT NULL AND natural_key GLOB ? ORDER BY id", w.numbers.glob)]
    again = next((at for at, key in enumerate(keys) if key in keys[:at]), len(keys))
    twice = [key for at, key in enumerate(keys) if at > again and key == keys[at - 1] and len(set(keys[:at])) >= 5]
    expect(len(set(keys)) > 5, f"{len(set(keys))} orders probed")
    expect(not twice, f"asked twice in a row: {twice}, of {keys}")


@case("blame")
def strange_words_to_all(w):
    """Prima answers each order with an ERROR that no pattern knows, and reads pass: it counts as down, says why, nobody has dead letters; it takes them again,
    and all are posted."""
    outlives(w, STRANGE, [w.order() for _ in range(12)], 6, "in words that no pattern knows", type="NewOrder")
    worker = w.workers[0]
    expect("paused: " in worker.log() and "prima.patterns" in worker.log(), "its log has no remedy")
    expect(STRANGE["text"] not in worker.log(), "Prima's words, which may be personal data, are in the log")
    in_turns(w)


@case("blame", usual=("on",))
def strange_words_to_the_only_order(w):
    """... and only one order is there: it waits, and what Prima said goes with it."""
    order = w.order()
    outlives(w, STRANGE, [order], 12, type="NewOrder")
    said = [r for topic in RETRIES for r in w.stack.consume(topic, raw=True) if STRANGE["text"] in str(r["headers"])]
    expect(said, "no record in a retry topic says what Prima said")


@case("blame")
def quiet_night(w):
    """Prima answers 500 to everything for longer than retry.max_age, and fewer orders wait than make it count as down: they wait."""
    outlives(w, {"kind": "http", "status": 500, "text": "database is down"}, [w.order(sku=f"SKU0005{i}") for i in range(3)], 12)


@case("blame", usual=("on",))
def quiet_night_of_an_edited_order(w):
    """The same, and behind the only order its edit waits: it is no older than what it waits for."""
    order = w.order()
    edit = feed.order(order["order_id"], version=2, kind="edited")  # the same content
    rule = w.stack.fault({"kind": "http", "status": 503, "text": "down"})
    w.worker("0", options=QUICK).await_running()
    w.feed(order, edit)
    time.sleep(12)
    w.stack.no_faults(rule)
    w.feed(w.order())  # somebody else's passes at once; those that wait for their retry topic's time are not to blame
    w.judge()
    expect(sorted(w.outcomes(order)) == ["duplicate", "posted"], f"{w.outcomes(order)}")


@case("blame", usual=("on",))
def one_stays_denied(w):
    """All is denied; then all but one order is let in, which goes on asking: it keeps nobody out, and ends as its own fault."""
    bad = w.order()
    orders = [w.order() for _ in range(6)]
    rule = w.stack.fault(FORBIDDEN)
    w.fault(FORBIDDEN, key="*" + bad["order_id"])
    worker = w.worker("0", options=QUICK).await_running()
    w.allow(FAULTS_ON_RECORD, bad)
    w.feed(bad)
    until("it has paused", 10, lambda: "prima_denied" in (worker.http("/readyz") or ""))
    w.stack.no_faults(rule)
    w.feed(*orders)
    expect(all_end(w, orders, 15), f"{posted_of(w, orders)} of {len(orders)} others were posted")
    with Stream(w):
        ends = all_end(w, [bad], 40)
    expect(ends, "it has not ended")
    w.judge()
    expect(w.outcomes(bad) == [FAULTS_ON_RECORD], f"{w.outcomes(bad)}")


@case("blame", usual=("on",))
def another_companys_orders_pass(w):
    """The only order of a company is denied while those of another one pass: that says nothing about it, and it waits. It is blamed once one of its own
    company's passes as well."""
    bad = w.order(store="jp")
    w.fault(FORBIDDEN, type="NewOrder", key="*" + bad["order_id"])
    w.worker("0", options=QUICK).await_running()
    w.allow(FAULTS_ON_RECORD, bad)
    with Stream(w) as stream:
        until("others pass", 20, lambda: posted_of(w, list(stream.orders)) > 2)
        w.feed(bad)
        time.sleep(15)  # alone() shows that one of the same company has ended by then
        expect(len(w.requests(bad)) > 2 and not w.outcomes(bad), f"denied {len(w.requests(bad))} times, and then {w.outcomes(bad)}")
        own = []
        end = time.monotonic() + 40
        while not w.outcomes(bad) and time.monotonic() < end:
            own.append(w.order(store="jp"))
            w.feed(own[-1])
            time.sleep(0.2)
    w.judge()
    expect(w.outcomes(bad) == [FAULTS_ON_RECORD], f"{w.outcomes(bad)}")
    expect(posted_of(w, own) == len(own) > 0, f"{posted_of(w, own)} of {len(own)} of its company's were posted")
