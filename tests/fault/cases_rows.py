"""Ways through the life table (common/posting/transitions.c) that nobody takes by chance. coverage.py tells which rows all the other cases leave out."""

import signal

import feed
from case import case, expect, until
from cases_rules import BUSY, CLOSED, ended_as, of
from cases_waits import mappings_that_wait
from stack import IN, REPLAY, now_ms

LONG_SESSION = ("rdkafka.session.timeout.ms=15000",)  # who sleeps past its lease keeps its partitions
CUT = "local r = cmsgpack.unpack(redis.call('GET', KEYS[1])) for i = #r, 17, -1 do r[i] = nil end return redis.call('SET', KEYS[1], cmsgpack.pack(r), 'KEEPTTL')"
DISCARD = "local r = cmsgpack.unpack(redis.call('GET', KEYS[1])) r[1] = 'd' return redis.call('SET', KEYS[1], cmsgpack.pack(r), 'KEEPTTL')"


# ---- what Redis has ----

@case("rows", usual=("on",))
def posted_by_an_earlier_release(w):
    """Of what a release posted that did not keep goods and money apart, only the content is known: the same is a duplicate, another one a conflict."""
    same, other = w.order(), w.order()
    w.feed(same, other)
    w.worker("0")
    for order in (same, other):
        w.await_outcomes(order)
        w.stack.redis("EVAL", CUT, "1", f"pf:k:{feed.natural(order)}")
    w.feed({**same, "event_id": "again"}, feed.order(other["order_id"], version=2, quantity=2))
    w.judge()
    ended_as(w, same, "posted", "duplicate")
    ended_as(w, other, "posted", "conflict")


@case("rows", usual=("on",))
def discarded_by_a_person(w):
    """What a person has discarded ends as that, whenever it comes again, and is never sent."""
    order = w.order()
    w.stack.foreign_order(feed.order_number(order))
    w.feed(order)
    w.worker("0")
    w.await_outcomes(order)
    sends = len(w.requests(order))
    w.stack.redis("EVAL", DISCARD, "1", f"pf:k:{feed.natural(order)}")
    w.feed({**order, "event_id": "again"})
    w.judge()
    ended_as(w, order, "exists_unproven", "discarded")
    expect(len(w.requests(order)) == sends, "it was sent")


@case("rows", usual=("on",))
def another_tools_value(w):
    """Another tool's value stands where the order's would: it is a person's, its neighbours are posted."""
    order, others = w.order(), [w.order() for _ in range(4)]
    w.stack.redis("SET", f"pf:k:{feed.natural(order)}", "somebody's")
    w.stack.happens("unreadable", key=feed.natural(order), is_over=False)
    w.feed(order, *others)
    w.worker("0")
    w.await_outcomes(order)
    w.stack.redis("DEL", f"pf:k:{feed.natural(order)}")
    w.judge()
    ended_as(w, order, "defect")
    for other in others:
        ended_as(w, other, "posted")


# ---- what comes back from a retry topic ----

@case("rows", modes=("on",))
def its_store_is_taken_away(w):
    """The store's row is removed while orders of it wait: what may have been sent waits for the row, what was not is a person's."""
    folder, option = mappings_that_wait(w)
    worker = w.worker("0", options=(option, "worker.settle_deadline=500ms")).await_running(60)
    known = w.order(till=True)  # its product is known from now on
    w.feed(known)
    w.await_outcomes(known)
    sent, unsent = w.order(till=True), w.order(till=True, sku=w.product())
    w.stack.fault(BUSY, type="MultiAvailableToSell")
    w.fault({"kind": "reset_before"}, **of(sent, type="NewOrder", count=1))
    w.stack.fault(BUSY, **of(sent, type="OrderStatus"))
    w.feed(sent, unsent)
    until("both wait, while others are posted", 30, lambda: len(w.reader.waited()) >= 2 or not w.feed(w.order(till=True)), 0.5)
    channels = folder / "channels.yaml"
    sound = channels.read_text()
    channels.write_text(sound.replace("store: uk", "store: gone"))
    worker.signal(signal.SIGHUP)
    worker.await_log("no longer decodable", 30)
    unmapped = lambda: [d.delivery for d in w.reader.dead() if d.code == "company_unmapped"]  # such a letter names no key
    until("what was not sent is a person's", 30, unmapped)
    channels.write_text(sound)
    worker.signal(signal.SIGHUP)
    worker.await_log("mappings reloaded", 20, 2)
    w.stack.no_faults()
    found = w.judge()
    ended_as(w, sent, "posted")
    expect(unmapped() == [i.delivery for i in found.inputs if i.key == feed.natural(unsent)], f"{unmapped()} instead of the one that was not sent")


@case("rows", usual=("on",))
def too_old_behind_another(w):
    """An order whose turn does not come, for another of its key waits before it, is a person's once it is too old; it was never claimed."""
    order = w.order()
    mark, before = f"pf:d:{feed.natural(order)}", f"{IN}/0/999999"
    w.stack.redis("ZADD", mark, str(now_ms() + 3600000), before)  # it does not grow old
    w.allow("waited_too_long", order)
    w.feed(order)
    w.worker("0", options=("retry.max_age=5s",))
    until("it has ended, while others are posted", 45, lambda: w.outcomes(order) or not w.feed(w.order()), 0.5)
    w.stack.redis("ZREM", mark, before)
    w.judge()
    ended_as(w, order, "waited_too_long")


@case("rows", usual=("off",))
def too_old_to_be_asked_about(w):
    """Prima cannot say whether it has a number that is asked for before the first send, for this order alone: a person's once it is too old; it was never sent."""
    order = w.order(till=True)
    rule = w.stack.fault(BUSY, **of(order, type="OrderStatus"))
    w.allow("waited_too_long", order)
    w.feed(order)
    w.worker("0", options=("retry.max_age=5s", "worker.settle_deadline=1s", "breaker.record_faults_max=100"))
    until("it has ended, while others are posted", 45, lambda: w.outcomes(order) or not w.feed(w.order(till=True)), 0.5)
    w.stack.no_faults(rule)
    w.judge()
    ended_as(w, order, "waited_too_long")
    expect(not w.requests(order), "it was sent")


@case("rows", usual=("on",))
def not_to_be_sent(w):
    """An order that is decided once it is claimed, and is nothing for Prima: a test of the shop's."""
    orders = [{**w.order(), "test": True} for _ in range(3)]
    w.feed(*orders)
    w.worker("0")
    w.judge()
    for order in orders:
        ended_as(w, order, "ignored_test")
        expect(not w.requests(order), "it was sent")


# ---- whose request it was ----

def two_with_shares(w, fail):
    """The first falls asleep, or dies, by its fail point and keeps its partitions all the while; the second has partitions of the replay topic."""
    first, second = w.worker("0", fail, options=LONG_SESSION), w.worker("1", options=LONG_SESSION)
    first.await_running(), second.await_running()
    until("each has its share", 25, lambda: w.partitions(first) and w.partitions(second, REPLAY) and not w.partitions(first) & w.partitions(second))
    return first, second


def replay(w, worker, event):
    """Writes an event, behind what its partition's worker sleeps over, and into the replay topic for another one."""
    w.feed(event)
    raw = [line for line in w.stack.consume(IN, raw=True) if line["key"] == feed.topic_key(event)][-1]
    w.stack.produce_raw([{"key": raw["key"], "value": raw["value"], "partition": min(w.partitions(worker, REPLAY))}], REPLAY)


# The first asks for the product, which nobody has asked for before: its second request is the order's.

@case("rows", usual=("on",))
def anothers_request_is_found(w):
    """A later version takes over what an earlier one has sent, finds it in Prima, and is a later version of what is posted from then on."""
    sleeper, other = two_with_shares(w, "prima.after_send:stop:2")
    order = w.order_in(w.partitions(sleeper), till=True, sku=w.product())
    w.fault({"kind": "apply_then_hang"}, **of(order, type="NewOrder", count=1))
    w.feed(order)
    sleeper.await_stopped()
    replay(w, other, feed.order(order["order_id"], version=2, quantity=2, sku=order["lines"][0]["sku"], till=True))
    w.await_outcomes(order)
    sleeper.go_on()
    w.judge()
    ended_as(w, order, "posted", "order_amended", "duplicate")


@case("rows", modes=("on",))
def anothers_request_is_sent(w):
    """... does not find it, and sends it: not its own content, to which it comes afterwards. The sleeper, awake, is told that the number is taken."""
    sleeper, other = two_with_shares(w, "prima.before_send:stop:2")
    order = w.order_in(w.partitions(sleeper), till=True, sku=w.product())
    w.feed(order)
    sleeper.await_stopped()
    replay(w, other, feed.order(order["order_id"], version=2, quantity=2, sku=order["lines"][0]["sku"], till=True))
    w.await_outcomes(order)
    w.resends += 1
    sleeper.go_on()
    w.judge()
    ended_as(w, order, "posted", "order_amended", "duplicate")


def anothers_request_is_refused(w, do):
    dying, other = two_with_shares(w, "prima.before_send:kill:2")
    order = w.order_in(w.partitions(dying), till=True, sku=w.product())
    w.fault(do, **of(order, type="NewOrder", count=1))
    w.feed(order)
    dying.await_death()
    replay(w, other, feed.order(order["order_id"], version=2, quantity=2, sku=order["lines"][0]["sku"], till=True))
    w.await_outcomes(order)
    w.worker("0", options=LONG_SESSION)
    w.judge()
    ended_as(w, order, "posted", "superseded", "duplicate")


@case("rows", modes=("on",))
def its_own_turn_after_a_refusal(w):
    """... sends it, and Prima refuses it: that says nothing of its own content, whose turn it is."""
    anothers_request_is_refused(w, CLOSED)


@case("rows", modes=("on",))
def asked_while_another_took_it(w):
    """A worker sleeps over Prima's answer that it lacks an order; another has taken it over and posted it since: the sleeper's answer is worth nothing."""
    sleeper, other = two_with_shares(w, "resolve.answered:stop")
    order = w.order_in(w.partitions(sleeper), till=True, sku=w.product())
    w.fault({"kind": "reset_before"}, **of(order, type="NewOrder", count=1))
    w.feed(order)
    sleeper.await_stopped()
    replay(w, other, {**order, "event_id": "again"})
    w.await_outcomes(order)
    sleeper.go_on()
    w.judge()
    ended_as(w, order, "posted", "duplicate", "duplicate")


@case("rows", modes=("on",))
def the_sleeper_was_first(w):
    """A sleeper's bytes are applied just before those of who took over from it: that one is told that the number is taken, and it is ours."""
    order = w.order(till=True, sku=w.product())
    w.fault({"kind": "reset_after"}, **of(order, type="NewOrder", count=1))
    w.feed(order)
    sleeper = w.worker("0", "prima.before_send:stop:2").await_stopped()
    other = w.worker("1", "sent.after:stop", options=LONG_SESSION).await_stopped(30)
    w.resends += 1
    sleeper.go_on()
    until("the sleeper's was applied", 15, lambda: w.documents(order))
    other.go_on()
    w.judge()
    ended_as(w, order, "posted")
