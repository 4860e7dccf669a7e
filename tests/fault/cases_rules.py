"""One case for each rule of the protocol, arranged so that nothing is left to luck: without its rule (mutants.py) each must fail.

Two tricks come back. An order that Prima applies late (apply_delay) stands for bytes that were under way when their sender died. And a NewOrder that is
refused after an earlier one whose fate is unknown shows whether the refusal is taken for clean: then the earlier one's document has no result (I5).
"""

import shutil
import time

import feed
import wire
from case import case, expect, until
from stack import DEAD, GROUP, IN, PARTITIONS, REPLAY, RETRIES

CLOSED = {"kind": "error", "about": "period_closed"}
SENT = "prima.after_send:kill:2"  # of an order sold at a till: the first request asks for its product
ASKED_AND_SENT = "prima.after_send:kill:3"  # ... where its number is asked for first, too
BUSY = {"kind": "error", "about": "busy"}


def of(event, **more):
    """A fault's match: this order only."""
    return {"key": "*" + event["order_id"], **more}


def ended_as(w, event, *wanted):
    outcomes = w.outcomes(event)
    expect(sorted(outcomes) == sorted(wanted), f"{feed.natural(event)}: {outcomes}, wanted {wanted}")


def snapshot(w):
    """Redis as it is now; give the path to `roll_back`."""
    w.stack.redis("SAVE")
    copy = w.stack.folder / "old.rdb"
    shutil.copy(w.stack.dir / "redis" / "dump.rdb", copy)
    return copy


def roll_back(w, copy):
    w.stack.kill("redis")
    shutil.copy(copy, w.stack.dir / "redis" / "dump.rdb")
    w.stack.start("redis", keep_data=True)


# ---- who holds the key ----


@case("rules", usual=("off",))
def another_holder(w):
    """A sleeper past its lease, and another delivery of its order at another worker in the same generation: only one token may send."""
    sleeper, other = w.worker("0", "sent.before:stop"), w.worker("1")
    sleeper.await_running(), other.await_running()
    until("each has its share", 10, lambda: w.partitions(sleeper) and w.partitions(other, REPLAY) and not w.partitions(sleeper) & w.partitions(other))
    order = w.order_in(w.partitions(sleeper))
    w.fault({"kind": "apply_then_hang"}, **of(order, type="NewOrder", count=1))
    w.feed(order)
    sleeper.await_stopped()
    raw = [line for line in w.stack.consume(IN, raw=True) if line["key"] == feed.topic_key(order)][0]
    w.stack.produce_raw([{"key": raw["key"], "value": raw["value"], "partition": min(w.partitions(other, REPLAY))}], REPLAY)
    until("the other one has sent it", 10, lambda: (r := w.stack.redis.key(feed.natural(order))) and r["state"] == "s" and r["slot"] == "1")
    sleeper.go_on()
    w.judge()
    ended_as(w, order, "posted", "duplicate")


@case("rules", usual=("on",))
def ghost_of_an_older_generation(w):
    """A worker that was put out of the group and has not heard: its successor refused two versions; the ghost may not send the first one after all."""
    other = w.worker("1").await_running()
    deaf = ("rdkafka.session.timeout.ms=60000", "rdkafka.heartbeat.interval.ms=55000", "rdkafka.max.poll.interval.ms=60000")
    ghost = w.worker("0", "claim.before:sleep=7000:2", options=deaf).await_running()
    until("each has its share", 10, lambda: w.partitions(other) and w.partitions(ghost) and not w.partitions(ghost) & w.partitions(other))
    warm = w.order_in(w.partitions(ghost))
    w.feed(warm)
    w.await_outcomes(warm)
    first = w.order_in(w.partitions(ghost))
    second = feed.order(first["order_id"], version=2, quantity=2)
    w.fault(CLOSED, **of(first, type="NewOrder", count=2))
    w.feed(first, second)
    time.sleep(0.3)
    w.stack.kafka.expel(GROUP, f"{GROUP}-0")
    w.await_outcomes(first, 2, 20)
    asleep = ghost.status() is None
    expect(asleep or not w.documents(first), "the ghost woke too early: the machine is too slow for this arrangement")
    until("the ghost woke", 15, ghost.status)
    time.sleep(2)
    ghost.kill()
    w.judge()
    ended_as(w, first, "prima_period_closed", "prima_period_closed")


# ---- what was sent, and what an answer proves ----


@case("rules", usual=("on",))
def sent_is_stored_first(w):
    """Killed when Prima had answered OK: the next one must know that it was sent."""
    order = w.order()
    w.feed(order)
    w.worker("0", "post.answered:kill").await_death()
    w.worker("0")
    w.judge()
    ended_as(w, order, "posted")


@case("rules", modes=("on",))
def a_send_is_met_with_a_decision(w):
    """Applied, its sender killed: whoever has its partition then could decide at once, and must not store its own request over that send."""
    sender, other = w.worker("0", "post.answered:kill:2"), w.worker("1")
    sender.await_running(), other.await_running()
    until("each has its share", 10, lambda: w.partitions(sender) and w.partitions(other) and not w.partitions(sender) & w.partitions(other))
    for before in [w.order_in(w.partitions(worker)) for worker in (sender, other)]:
        w.feed(before)
        w.await_outcomes(before)
    order = w.order_in(w.partitions(sender))
    w.feed(order)
    sender.await_death()
    w.judge()
    ended_as(w, order, "posted")


@case("rules", usual=("off",))
def lost_answer_is_asked_for(w):
    """Applied, answer lost: asked for, never sent again blind."""
    order = w.order()
    w.fault({"kind": "reset_after"}, **of(order, type="NewOrder", count=1))
    w.feed(order)
    w.worker("0")
    w.judge()
    ended_as(w, order, "posted")


@case("rules")
def absence_asked_too_early(w):
    """The answer is lost at once, Prima applies 700 ms later: an absence before that proves nothing."""
    order = w.order()
    w.fault({"kind": "apply_delay", "delay": "700ms", "then": "reset"}, **of(order, type="NewOrder", count=1))
    w.fault(CLOSED, **of(order, type="NewOrder", count=1))
    w.feed(order)
    w.worker("0")
    w.judge()
    ended_as(w, order, "posted")


@case("rules", modes=("on",))
def refusal_after_an_unknown(w):
    """Asleep with bytes under way that Prima applies 8 s later; the resend is refused: no clean refusal while the sender may live, a person's turn."""
    order = w.order(till=True)
    w.fault({"kind": "apply_delay", "delay": "8s", "then": "hang"}, **of(order, type="NewOrder", count=1))
    w.fault(CLOSED, **of(order, type="NewOrder", count=1))
    w.feed(order)
    sleeper = w.worker("0", "prima.after_send:stop:2")
    sleeper.await_stopped()
    w.worker("1")
    until("Prima applied it late", 20, lambda: w.documents(order))
    w.judge()
    ended_as(w, order, "refused_after_unknown")


@case("rules", modes=("off",))
def sender_killed_elsewhere(w):
    """Killed with a request under way that Prima never takes: whoever takes over sees that the sender is gone, and sends it; nobody's work."""
    dying, other = w.worker("0", ASKED_AND_SENT), w.worker("1")
    dying.await_running(), other.await_running()
    until("each has its share", 10, lambda: w.partitions(dying) and w.partitions(other) and not w.partitions(dying) & w.partitions(other))
    order = w.order_in(w.partitions(dying), till=True)
    w.fault({"kind": "hang"}, **of(order, type="NewOrder", count=1))
    w.feed(order)
    dying.await_death()
    w.judge()
    ended_as(w, order, "posted")


@case("rules", modes=("off",))
def sender_asleep(w):
    """Asleep with bytes under way that Prima applies 6 s later: nothing proves that the sender has ended, so that nothing is sent a second time."""
    order = w.order(till=True)
    w.fault({"kind": "apply_delay", "delay": "6s", "then": "hang"}, **of(order, type="NewOrder", count=1))
    w.feed(order)
    w.worker("0", "prima.after_send:stop:3").await_stopped()
    w.worker("1")
    until("Prima applied it late", 20, lambda: w.documents(order))
    w.judge()
    ended_as(w, order, "posted")


@case("rules", modes=("off",))
def sender_asleep_for_good(w):
    """... and never applied: after prima.unproven_wait a person's turn, told whose end is not proven."""
    order = w.order(till=True)
    w.fault({"kind": "hang"}, **of(order, type="NewOrder", count=1))
    w.feed(order)
    w.worker("0", "prima.after_send:stop:3").await_stopped()
    w.worker("1", options=("prima.unproven_wait=3s",))
    w.asleep("outcome_unknown", order)
    w.await_outcomes(order)
    w.judge()
    ended_as(w, order, "outcome_unknown")
    letter = [d for d in w.stack.consume(DEAD, raw=True) if d["key"] == feed.topic_key(order)][-1]
    expect("worker of slot 0" in letter["headers"]["__dlq.errors.message"], letter["headers"]["__dlq.errors.message"])


@case("rules", modes=("off",))
def answer_lost_before_a_rebalance(w):
    """The answer is lost, and before Prima tells the partition goes to another worker: the sender lives, but has said that its transfer ended."""
    options = ("prima.unproven_wait=1s",)
    first = w.worker("0", options=options).await_running()
    order = w.order_in({PARTITIONS - 1}, till=True)  # slot 1 gets it when it comes
    w.fault({"kind": "reset_before"}, **of(order, type="NewOrder", count=1))
    w.feed(order)
    w.await_state(order, "s")
    busy = w.stack.fault(BUSY, **of(order, type="OrderStatus"))
    second = w.worker("1", options=options).await_running()
    until("the other one has it", 10, lambda: PARTITIONS - 1 in w.partitions(second))
    w.stack.no_faults(busy)
    w.judge()
    ended_as(w, order, "posted")
    expect(first.is_alive() and w.stack.redis.key(feed.natural(order))["state"] == "p", "the sender died, or another key was looked at")


@case("rules", modes=("on",))
def told_no_in_unknown_words(w):
    """Somebody else's number, and Prima says so in words that no pattern knows, or by a fault: never ours."""
    w.stack.admin("POST", "/wording", {"wording": "foreign"})
    try:
        foreign, fault = w.order(till=True), w.order(till=True)
        for order in (foreign, fault):
            w.stack.foreign_order(feed.order_number(order))
        w.fault({"kind": "soap_fault", "text": "Unique index violated"}, **of(fault, type="NewOrder"))
        w.feed(foreign, fault)
        w.worker("0")
        w.judge()
        ended_as(w, foreign, "exists_unproven")
        ended_as(w, fault, "exists_unproven")
    finally:
        w.stack.admin("POST", "/wording", {"wording": "plain"})


@case("rules", modes=("on",))
def mark_of_a_ghost(w):
    """A sleeper that lost its partition defers a record that its successor has ended: no mark is left, and the same order again ends at once."""
    options = ("worker.settle_deadline=3s",)
    sleeper, other = w.worker("0", "resolve.answered:stop", options=options), w.worker("1", options=options)
    sleeper.await_running(), other.await_running()
    until("each has its share", 10, lambda: w.partitions(sleeper) and w.partitions(other) and not w.partitions(sleeper) & w.partitions(other))
    order = w.order_in(w.partitions(sleeper), till=True)
    w.fault({"kind": "reset_before"}, **of(order, type="NewOrder", count=1))
    busy = w.stack.fault(BUSY, **of(order, type="OrderStatus"))
    w.feed(order)
    sleeper.await_stopped()
    w.stack.no_faults(busy)
    w.await_outcomes(order, 1, 30)
    sleeper.go_on()
    until("the sleeper noticed", 15, lambda: sleeper.log().count("partitions assigned") > 1 or sleeper.says("restarting"))
    marks = w.stack.redis("ZRANGE", f"pf:d:{feed.natural(order)}", "0", "-1")
    expect(not marks, f"marks that nobody will remove: {marks}")
    w.feed({**order, "event_id": "again"})
    w.await_outcomes(order, 2, 5)
    w.judge()


@case("rules", modes=("on",))
def somebody_elses_number(w):
    """"Exists" in answer to the first send: never ours."""
    order = w.order()
    w.stack.foreign_order(feed.order_number(order))
    w.feed(order)
    w.worker("0")
    w.judge()
    ended_as(w, order, "exists_unproven")


@case("rules", modes=("on",))
def resend_of_the_same_bytes(w):
    """Between a send that was not applied and its resend the configuration changes: the stored request goes again, byte for byte."""
    order = w.order(quantity=3)
    w.fault({"kind": "reset_before"}, **of(order, type="NewOrder", count=1))
    w.feed(order)
    w.worker("0", "resolve.before:kill").await_death()
    w.worker("0", options=("prima.price_basis=line", "prima.order_request=NewOrder"))
    w.judge()
    requests = [bytes(r["request"]) for r in w.requests(order)]
    expect(len(requests) == 2 and requests[0] == requests[1], f"{len(requests)} requests, not one sent twice the same")


# ---- one result a delivery, in order ----


@case("rules", usual=("off",))
def resend_of_a_posted_order(w):
    """The delivery that published it is the only one that says posted."""
    order = w.order()
    w.feed(order, {**order, "event_id": "again"})
    w.worker("0")
    w.judge()
    ended_as(w, order, "posted", "duplicate")


@case("rules", usual=("off",))
def results_of_an_aborted_transaction(w):
    """Aborted after its offsets were sent, and a later one goes past it: its results are published again."""
    warm, first = w.order(), w.order()
    before = w.worker("0")  # so that the start of each partition is committed, and the next one's first transaction has a record
    w.feed(warm)
    w.await_outcomes(warm)
    before.kill()
    w.feed(first)
    worker = w.worker("0", "commit.abort:error")
    until("a transaction was aborted", 20, lambda: any("aborted" in labels for labels in worker.metric("primaflow_commits_total")))
    w.feed(w.order_in({wire.partition_of(feed.topic_key(first), PARTITIONS)}))
    w.judge()
    ended_as(w, first, "posted")


@case("rules", usual=("off",))
def edit_behind_a_waiting_order(w):
    """An order waits in a retry topic because Prima does not tell its products; its edit comes when Prima does: it may not overtake."""
    rule = w.stack.fault(BUSY, type="MultiAvailableToSell")
    order = w.order(sku="SKU00042")
    edit = feed.order(order["order_id"], version=2, quantity=2, sku="SKU00042")
    w.feed(order)
    w.worker("0", options=("worker.settle_deadline=500ms",))
    until("it is in the last retry topic", 30, lambda: w.stack.consume(RETRIES[2], raw=True)
          and any(line["key"] == feed.topic_key(order) for line in w.stack.consume(RETRIES[2], raw=True)))
    w.stack.no_faults(rule)
    w.feed(edit)
    w.judge()
    ended_as(w, order, "posted", "order_amended")
    expect(len(w.documents(order)) == 1 and w.documents(order)[0]["lines_total"] == 600, "the edit was posted")


# ---- Redis lost ----


@case("rules", usual=("off",))
def resend_after_a_flush(w):
    """A posted order comes again after FLUSHALL: the keys are rebuilt from committed results, it is a duplicate."""
    order = w.order()
    w.feed(order)
    w.worker("0")
    w.rest()
    w.stack.redis("FLUSHALL")
    w.feed({**order, "event_id": "again"})
    w.judge()
    ended_as(w, order, "posted", "duplicate")


@case("rules", usual=("on",))
def resend_after_a_rollback(w):
    """The same after a restart from a snapshot that has the marker, and not the order."""
    warm, order = w.order(), w.order()
    w.feed(warm)
    worker = w.worker("0")
    w.await_outcomes(warm)
    old = snapshot(w)
    w.feed(order)
    w.await_outcomes(order)
    worker.kill()  # at work it would miss its own last commands
    roll_back(w, old)
    w.worker("0")
    w.feed({**order, "event_id": "again"})
    w.judge()
    ended_as(w, order, "posted", "duplicate")


@case("rules", modes=("on",))
def rolled_back_send(w):
    """A snapshot has version 1 as sent; it was refused since, and version 2 applied, its result not committed. What the snapshot says of sends
    proves nothing: the document is not version 1's."""
    order = w.order()
    edit = feed.order(order["order_id"], version=2, quantity=2)
    w.fault({"kind": "reset_before"}, **of(order, type="NewOrder", count=1))
    w.fault(CLOSED, **of(order, type="NewOrder", count=1))
    busy = w.fault(BUSY, **of(order, type="OrderStatus"))
    w.feed(order)
    worker = w.worker("0")
    w.await_state(order, "s")
    old = snapshot(w)
    w.stack.no_faults(busy)
    w.await_outcomes(order)
    worker.kill()
    w.feed(edit)
    w.worker("0", "finish.after:kill").await_death()
    roll_back(w, old)
    w.worker("0")
    w.judge()
    ended_as(w, order, "prima_period_closed", "exists_unproven")


@case("rules", modes=("off",))
def rolled_back_and_never_sent(w):
    """A snapshot has it as sent, and Prima never got it. Its sender is dead and so is everybody from before: it is sent again, and is nobody's work."""
    order = w.order()
    w.feed(order)
    w.worker("0", "sent.after:kill").await_death()
    old = snapshot(w)
    roll_back(w, old)
    w.worker("0")
    w.judge()
    expect(w.outcomes(order) == ["posted"], f"{w.outcomes(order)}")


@case("rules", modes=("on",))
def nobody_sends_after_a_loss(w):
    """Bytes are under way, applied 10 s later, when Redis is emptied: nobody may send before they can have arrived."""
    order, slow = w.order(till=True), "prima.max_apply_delay=10s"
    w.fault({"kind": "apply_delay", "delay": "10s", "then": "hang"}, **of(order, type="NewOrder", count=1))
    w.fault(CLOSED, **of(order, type="NewOrder", count=1))
    w.feed(order)
    w.worker("0", SENT, options=(slow,)).await_death()
    w.stack.redis("FLUSHALL")
    w.worker("0", options=(slow,))
    until("Prima applied it late", 25, lambda: w.documents(order))
    w.judge()
    ended_as(w, order, "exists_unproven")


@case("rules", modes=("on",))
def asked_for_after_a_loss(w):
    """Applied, its result not committed, Redis emptied: asked for before anything is sent."""
    order = w.order()
    w.feed(order)
    w.worker("0", "finish.after:kill").await_death()
    w.stack.redis("FLUSHALL")
    w.worker("0")
    w.judge()
    ended_as(w, order, "exists_unproven")


@case("rules", modes=("on",))
def asked_for_after_a_loss_with_all_known(w):
    """The same by a worker that has found out what the decision needs for the order before: it is asked for nevertheless."""
    one_by_one = ("worker.max_in_flight=1", "commit.interval=2s")
    first = w.order()
    order = w.order_in({wire.partition_of(feed.topic_key(first), PARTITIONS)})
    w.feed(first, order)
    w.worker("0", "finish.after:kill:2", options=one_by_one).await_death()
    w.stack.redis("FLUSHALL")
    w.worker("0", options=one_by_one)
    w.judge()
    ended_as(w, order, "exists_unproven")
    ended_as(w, first, "exists_unproven")


@case("rules", modes=("on",))
def suspicion_lasts_until_committed(w):
    """The same, behind a record that takes its time: suspicion lasts until everything from before is committed. The worker stops itself when it has
    looked whether it may end; until then Prima does not tell of the first record, so that the second one, for which there is no room, is not fetched."""
    first = w.order()
    order = w.order_in({wire.partition_of(feed.topic_key(first), PARTITIONS)})
    w.fault({"kind": "reset_before"}, **of(first, type="NewOrder", count=1))
    busy = w.fault(BUSY, **of(first, type="OrderStatus"))
    w.feed(first, order)
    w.worker("0", "finish.after:kill").await_death(40)
    w.stack.redis("FLUSHALL")
    looked = w.worker("0", "incident.looked:stop", options=("worker.buffered_max=1", "worker.settle_deadline=10m")).await_stopped(60)
    w.stack.no_faults(busy)
    looked.go_on()
    w.judge()
    ended_as(w, order, "exists_unproven")
    ended_as(w, first, "posted")
