"""Rights that Kafka's ACLs take away from running workers, one kind at a time: each is named, nothing ends, and all goes on when it is back."""

import time

import feed
from case import case, expect, until
from stack import DEAD, GROUP, IN, LEDGER, PARTITIONS, REPLAY, RESULTS


def says_which(worker, words):
    """/readyz, /status and the metric name the missing right."""
    status = worker.status()
    details = [wait["detail"] for wait in status["waiting"] if wait["for"] == "rights"]
    expect(not status["ready"] and details and words in details[0], f"/status: ready {status['ready']}, {status['waiting']}")
    expect(worker.metric("primaflow_ready") == {"": 0} and worker.metric("primaflow_waiting").get('for="rights"') == 1,
           f"metrics: {worker.metric('primaflow_ready')}, {worker.metric('primaflow_waiting')}")
    expect("kafka-acls --add" in details[0], f"no remedy: {details}")


def without(w, name, kind, operation, words, whose=("0", "1"), goes_on=False):
    """A right is taken away under two workers while orders come. Those that are `whose` say which, in few lines, and end not; goes_on: the orders are posted
    meanwhile. It is given back: all is posted within seconds, once."""
    workers = {s: w.worker(s).await_running() for s in ("0", "1")}
    concerned = [workers[s] for s in whose]
    before, during, after = ([w.order_in({p}) for p in range(PARTITIONS)] for _ in range(3))
    w.feed(*before)
    for o in before:
        w.await_outcomes(o)
    w.stack.kafka.take_rights(name, kind, operation)
    try:
        w.feed(*during)
        for worker in concerned:
            until(f"slot {worker.slot} names {words}: {worker.http('/readyz')}\n{worker.log()[-1500:]}", 25,
                  lambda worker=worker: "waiting for rights" in (said := worker.http("/readyz") or "") and words in said)
            says_which(worker, words)
        time.sleep(4)  # until each of its partitions was found to be one that waits
        logged = {worker: len(worker.log()) for worker in concerned}
        time.sleep(6)  # two sessions
        for worker in concerned:
            says_which(worker, words)
            lines = [line for line in worker.log()[logged[worker]:].splitlines()
                     if ("level=warn" in line or "level=error" in line) and "librdkafka message" not in line]  # those have a limit of their own: kafka/log.c
            expect(len(lines) <= 3, f"it says the same again and again:\n" + "\n".join(lines))
        if goes_on:
            for o in during:
                w.await_outcomes(o, seconds=10)
    finally:
        w.stack.kafka.give_rights(name, kind)
    w.feed(*after)
    for worker in concerned:
        until(f"slot {worker.slot} is ready: {worker.http('/readyz')}\n{worker.log()[-1500:]}", 25, lambda worker=worker: worker.http("/readyz") == "ok\n")
    for o in before + during + after:
        w.await_outcomes(o, seconds=25)
        expect(w.outcomes(o) == ["posted"], f"{feed.natural(o)}: {w.outcomes(o)}")
    for worker in workers.values():
        begins = worker.log().count("message=restarting")
        expect(worker.is_alive() and begins <= 1, f"slot {worker.slot} began anew {begins} times:\n{worker.log()[-1500:]}")
    w.judge()
    return workers


@case("rights", usual=("off",))
def no_right_to_read_the_input(w):
    """READ on orders.raw goes: its offsets cannot be committed either. Other topics are read on."""
    without(w, IN, "topic", "read", f"READ on topic {IN} ")


@case("rights", usual=("off",))
def no_right_to_read_the_replay(w):
    """READ on a topic in which nothing is goes: its offsets hold up no order of the others."""
    without(w, REPLAY, "topic", "read", f"READ on topic {REPLAY} ", goes_on=True)


@case("rights", usual=("off",))
def no_right_to_write_results(w):
    """WRITE on the results goes."""
    without(w, RESULTS, "topic", "write", f"WRITE on topic {RESULTS} ")


@case("rights", usual=("off",))
def no_right_to_write_the_ledger(w):
    """WRITE on the ledger goes, which is not the first topic that an order is written to: that one is named, and no other."""
    workers = without(w, LEDGER, "topic", "write", f"WRITE on topic {LEDGER} ")
    for worker in workers.values():
        expect(f"WRITE on topic {RESULTS}" not in worker.log(), f"it blames the results:\n{worker.log()[-1500:]}")


@case("rights", usual=("off",))
def no_right_to_the_group(w):
    """READ on the group goes: heartbeats are refused, offsets, and joining it again."""
    without(w, GROUP, "group", "read", f"READ on group {GROUP} ")


@case("rights", usual=("on",))
def no_right_to_the_group_at_all(w):
    """Every right on the group goes: not even its coordinator may be asked for."""
    without(w, GROUP, "group", None, f"READ on group {GROUP} ")


@case("rights", usual=("off",))
def no_right_to_transactions(w):
    """WRITE on one worker's transactional id goes: it begins anew once and waits; the other one does its work."""
    without(w, f"{GROUP}-0", "transactional-id", "write", f"WRITE on transactional id {GROUP}-0 ", whose=("0",), goes_on=True)


@case("rights", usual=("off",))
def no_right_to_the_fleets_topic(w):
    """READ on ops.control goes: nobody sends without the fleet's word."""
    without(w, "ops.control", "topic", None, "on topic ops.control ")


@case("rights", usual=("off",))
def no_rights_at_the_start(w):
    """A worker starts without one right after the other: it waits and says for which, a topic that it may not see is not called missing, and it starts."""
    for name, kind, operation, words in (
            (DEAD, "topic", None, f"DESCRIBE on topic {DEAD} "), (IN, "topic", "describe-configs", f"DESCRIBE_CONFIGS on topic {IN} "),
            (f"{GROUP}-0", "transactional-id", "write", f"WRITE on transactional id {GROUP}-0 "), (GROUP, "group", None, f"READ on group {GROUP} ")):
        w.stack.kafka.take_rights(name, kind, operation)
        try:
            worker = w.worker("0")
            until(f"it names {words}: {worker.http('/readyz')}\n{worker.log()[-1500:]}", 25,
                  lambda worker=worker, words=words: "waiting for rights" in (said := worker.http("/readyz") or "") and words in said)
            says_which(worker, words)
            expect("there is no topic" not in worker.log(), "it calls a topic missing")
        finally:
            w.stack.kafka.give_rights(name, kind)
        worker.await_running(25)
        expect(worker.drain() == 0, "it did not drain")
    order = w.order()
    w.worker("0").await_running()
    w.feed(order)
    w.judge()
