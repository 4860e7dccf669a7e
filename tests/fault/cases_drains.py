"""SIGTERM: one deadline for all of it. A worker ends within worker.drain_deadline whatever does not answer, and leaves what Kafka would take committed."""

import json
import signal
import subprocess
import time

import feed
from case import Failed, case, committed, expect, until
from stack import GROUP, PARTITIONS, READ

DEADLINE = 4  # seconds
OPTION = f"worker.drain_deadline={DEADLINE}s"
LONG = "prima.deadline.new_order=12s"  # longer than a drain


def ends_in_time(worker, at_least=0.0):
    """SIGTERM; exit 0, and not later than the deadline (a moment for the process to be gone, on a busy machine)."""
    began = time.monotonic()
    worker.signal(signal.SIGTERM)
    try:
        code = worker.process.wait(timeout=3 * DEADLINE)
    except subprocess.TimeoutExpired:
        raise Failed(f"after {3 * DEADLINE} s it has not ended\n{worker.log()[-600:]}") from None
    took = time.monotonic() - began
    expect(code == 0, f"exit {code}\n{worker.log()[-600:]}")
    expect(at_least <= took <= DEADLINE + 0.5, f"it took {took:.1f} s, worker.drain_deadline is {DEADLINE} s\n{worker.log()[-600:]}")
    return took


def under_way(w, worker, order):
    """Prima has the order, and its answer is not there yet."""
    w.feed(order)
    until("it is at Prima", 15, lambda: w.requests(order))
    expect(worker.is_alive(), "it ended")


@case("drains", usual=("on",))
def prima_hangs(w):
    """Prima does not answer an order; the others of its worker are committed, and it ends in time."""
    hangs, good = w.order(), [w.order() for _ in range(6)]
    rule = w.stack.fault({"kind": "hang"}, type="NewOrder", key="*" + hangs["order_id"])
    worker = w.worker("0", options=(OPTION, LONG)).await_running()
    under_way(w, worker, hangs)
    w.feed(*good)
    for order in good:
        w.await_state(order, "p")
    ends_in_time(worker, at_least=DEADLINE / 3)
    expect(not worker.says("ending before all was committed"), f"Kafka answered:\n{worker.log()[-600:]}")
    ended = [o for o in good if feed.topic_key(o) != feed.topic_key(hangs) and w.outcomes(o)]
    expect(ended, "nothing was committed")
    w.stack.no_faults(rule)
    w.worker("0", options=(OPTION,))
    w.judge()


def ends_while_it_stands_still(w, server):
    """SIGTERM while orders are under way and the server is stopped; afterwards it goes on, and so does the next worker."""
    w.stack.admin("POST", "/latency", {"latency": "300ms"})
    worker = w.worker("0", options=(OPTION,)).await_running()
    orders = [w.order() for _ in range(8)]
    w.feed(*orders)
    until("some are at Prima", 15, lambda: any(w.requests(o) for o in orders))
    w.stack.kill(server, "STOP")
    try:
        ends_in_time(worker)
    finally:
        w.stack.kill(server, "CONT")
    w.stack.admin("POST", "/latency", {"latency": "0ms"})
    w.worker("0", options=(OPTION,))
    w.judge()


@case("drains", usual=("off",))
def kafka_stands_still(w):
    """Kafka is stopped while orders are under way: nothing can be committed, and nobody waits for that longer than told."""
    ends_while_it_stands_still(w, "kafka")


@case("drains", usual=("off",))
def redis_stands_still(w):
    """Redis is stopped while orders are under way."""
    ends_while_it_stands_still(w, "redis")


@case("drains", usual=("on",))
def a_revoke_in_its_middle(w):
    """Another worker joins, its partitions are asked for, and SIGTERM comes while it still waits for Prima: the drain's deadline is the revoke's."""
    hangs = [w.order_in({p}) for p in range(PARTITIONS)]
    rule = w.stack.fault({"kind": "hang"}, type="NewOrder", key=w.numbers.glob)
    worker = w.worker("0", options=(OPTION, LONG, "rdkafka.max.poll.interval.ms=60000")).await_running()
    for order in hangs:
        under_way(w, worker, order)
    other = w.worker("1", options=(OPTION,))
    worker.await_log("partitions revoked", 20)
    time.sleep(1)
    ends_in_time(worker)
    w.stack.no_faults(rule)
    other.await_running(30)
    w.judge()


@case("drains", usual=("off",))
def nobody_hears_that_it_stops(w):
    """The last word, to ops.control, does not end: the process does."""
    worker = w.worker("0", "fleet.leave:sleep=60000", options=(OPTION,)).await_running()
    order = w.order()
    w.feed(order)
    w.rest()
    ends_in_time(worker, at_least=DEADLINE - 0.5)
    w.worker("0", options=(OPTION,))
    w.judge()


def control(w):
    """What ops.control would keep: the last value of each key."""
    return {line["key"]: line["value"] for line in w.stack.consume("ops.control", raw=True)}


def last_word_of_slot(w, slot):
    word = control(w)[f"worker/{GROUP}/{slot}"]
    return word if isinstance(word, dict) else json.loads(word)


@case("drains", usual=("off",))
def a_ghost_says_that_it_stops(w):
    """A worker falls asleep over its last word, its slot gets another holder, and the word comes then: the fleet knows the new holder all the same."""
    ghost = w.worker("0", "fleet.leave:stop").await_running()
    w.feed(w.order())
    w.rest()
    ghost.signal(signal.SIGTERM)
    ghost.await_stopped()
    worker = w.worker("0").await_running(30)
    epoch = last_word_of_slot(w, "0")["epoch"]
    ghost.go_on()
    until("the ghost ends", 20, lambda: not ghost.is_alive())
    until("the slot's holder is who has it", 15, lambda: not (last := last_word_of_slot(w, "0"))["stopped"] and last["epoch"] == epoch, 0.3)
    w.feed(w.order())
    w.judge()
    expect(worker.is_alive() and not worker.says("restarting"), "the holder of the slot was disturbed")


@case("drains", usual=("off",))
def kafka_is_slow(w):
    """Every word to and from Kafka takes long, as on a machine that is very busy. A drain commits all the same, and writes down how far it came."""
    worker = w.worker("0", through=("kafka",)).await_running()
    w.feed(*[w.order() for _ in range(4)])
    w.rest()
    w.stack.links["kafka"].delay(60, 60)
    late = [w.order() for _ in range(6)]
    w.feed(*late)
    for order in late:
        w.await_state(order, "p")
    expect(worker.drain() == 0, "it did not drain")
    w.stack.links["kafka"].calm()
    expect(not worker.says("ending before all was committed"), f"Kafka was slow, not silent:\n{worker.log()[-800:]}")
    now = committed(w)
    for order in late:
        expect(w.outcomes(order) == ["posted"], f"{feed.natural(order)}: {w.outcomes(order)}")
    noted = control(w)
    for topic in READ:
        for partition in range(PARTITIONS):
            if now[topic, partition] > 0:
                said = str(noted.get(f"position/primaflow.orders/{topic}/{partition}"))
                expect(f'"offset":{now[topic, partition]}}}' in said, f"{topic}/{partition}: {now[topic, partition]} is committed, {said} on record")
    w.worker("0")
    w.judge()
