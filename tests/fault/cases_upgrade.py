"""Two releases in one group. Workers of an earlier one are replaced by this tree's, one after the other, while orders come, and one goes back and forth again:
what one release has stored, marked, sent or published, the other one goes on with.

    tests/run upgrade [COMMIT]                        # builds that release first, in build/upgrade/
    PF_UPGRADE_FROM=COMMIT tests/fault/run.py 'upgrade.*'

A label of its own: no case here runs with the others.
"""

import dataclasses
import os
import random
import shutil
import time

import feed
import wire
from case import case, expect, until
from cases_life import version_of
from cases_prima import posted_of
from cases_waits import at_new_place, map_new_place, mappings_that_wait
from mixture import Mixture
from releases import previous
from stack import LEDGER, RESULTS, TREE

SLOTS, REST_SECONDS = ("0", "1", "2"), 120
SEED = int(os.environ.get("PF_SEED", str(random.randrange(10**6))))


def begin(w):
    """The earlier release as an upgrade finds it (ops/runbook, Upgrade): this one's schemas are put where its programs read theirs, before any worker of
    this one starts; and it goes on writing the orders."""
    old = previous()
    folder = w.stack.folder / f"schemas-{time.monotonic_ns()}"
    shutil.copytree(old.tree / "schemas", folder)
    shutil.copytree(TREE / "schemas", folder, dirs_exist_ok=True)
    w.stack.writer = dataclasses.replace(old, env={"PRIMAFLOW_SCHEMA_FOLDER": str(folder)})
    return w.stack.writer


def takes_the_place_of(w, worker, release, how="drain", **more):
    """Ends a worker, and starts one of a release (None: this one) in its slot; `how`: "drain" is SIGTERM, "kill" kill -9."""
    if how == "kill":
        worker.kill()
        left_by_the_dead(w, worker)
    else:
        expect(worker.drain(30) == 0, f"slot {worker.slot} did not drain:\n{worker.log()[-800:]}")
    return w.worker(worker.slot, release=release, **more)


def left_by_the_dead(w, worker):
    """An earlier release does not write down which process sends, so that nobody can know whether its sends are over: a person has to look at a customer
    whom it was creating when it was killed, and, where Prima does not enforce unique numbers, at an order that it was sending."""
    if worker.release is None:
        return
    w.allow("customer_unknown_outcome")
    if w.stack.unique:
        return
    for name in w.stack.redis("KEYS", "pf:k:*"):
        record = wire.record(w.stack.redis("GET", name))
        if record["state"] == "s" and record["slot"] == worker.slot:
            w.allowed.add((name.decode().removeprefix("pf:k:"), "outcome_unknown"))


def judge(w):
    """Every invariant; and parked is only what a killed worker of the earlier release leaves open by its design."""
    found = w.judge(REST_SECONDS)
    parked = [f"{d.key} {d.code}" for d in found.dead if d.klass == "park" and d.code != "parked_behind" and (d.key, d.code) not in w.allowed]
    expect(not parked, f"parked: {', '.join(parked)}")
    return found


# ---- one after the other ----

STEPS = (  # slot, how its worker ends, whether the earlier release takes its place
    ("0", "drain", False), ("1", "kill", False), ("2", "drain", False), ("1", "drain", True), ("1", "kill", False))


@case("upgrade")
def one_after_the_other(w):
    """Three workers are upgraded under load, with lost answers, resends, edits and cancellations; one of them by kill -9, and one goes back and forth again."""
    print(f"       PF_SEED={SEED}", flush=True)
    old = begin(w)
    options = ("limit.rate=100",) if w.stack.unique else ()  # permits are shared, too
    w.stack.admin("POST", "/latency", {"latency": "uniform:10ms-120ms"})
    lost = ({"kind": "reset_after"}, {"kind": "apply_then_hang"}, {"kind": "error", "about": "busy"})
    for do in (*lost, {"kind": "hang"}) if w.stack.unique else lost:  # what Prima does not have the earlier release leaves to a person, if numbers are not unique
        w.stack.fault(do, probability=0.02)
    workers = {slot: w.worker(slot, release=old, options=options).await_running() for slot in SLOTS}
    orders = Mixture(w, SEED)
    with orders.feeding():
        for slot, how, is_back in STEPS:
            time.sleep(2)
            workers[slot] = takes_the_place_of(w, workers[slot], old if is_back else None, how, options=options).await_running(40)
        time.sleep(2)
    w.stack.no_faults()
    w.stack.admin("POST", "/latency", {"latency": "0ms"})
    found = judge(w)
    print(f"       {len(orders.orders)} orders, {posted_of(w, orders.orders)} posted, {len(found.dead)} dead letters", flush=True)
    readable_by_both(w, old)


def readable_by_both(w, old):
    """Ledger and results, whoever wrote them."""
    for topic in (RESULTS, LEDGER):
        ours, theirs = w.stack.consume(topic), w.stack.consume(topic, release=old)
        for lines, who in ((ours, "this release"), (theirs, "the earlier one")):
            strange = [line for line in lines if "undecodable" in line]
            expect(not strange, f"{who} cannot read {len(strange)} of {len(lines)} records of {topic}: {strange[0] if strange else ''}")
        expect(len(ours) == len(theirs), f"{topic}: {len(ours)} records, and the earlier release reads {len(theirs)}")


# ---- what one leaves, and the other goes on with ----

EDGES = ("claim.after", "sent.after", "post.begun", "prima.after_send", "post.answered", "finish.before", "finish.after", "settled", "commit.before")


@case("upgrade")
def killed_on_each_edge(w):
    """kill -9 on each edge of a record's life, of one release and of the other in turn: the one goes on with what the other left."""
    old = begin(w)
    for point in EDGES:
        for release in (old, None):
            orders = [w.order(customer=w.numbers()), w.order(), w.order()]
            dying = w.worker("0", fail=f"{point}:kill", release=release)
            w.feed(*orders, {**orders[0], "event_id": "again"}, feed.order(orders[1]["order_id"], version=2, quantity=2))
            expect(dying.await_death(40) == -9, f"{point}: it was not killed\n{dying.log()[-1500:]}")
            w.allow("customer_unknown_outcome", *orders)  # nobody knows whether the sender is over when one of the two is the earlier release
            if not w.stack.unique:
                w.allow("outcome_unknown", *orders)
    w.worker("0")
    judge(w)


def tries(worker):
    """How often it has put a record into a retry topic."""
    return sum(worker.metric("primaflow_retries_total").values())


@case("upgrade")
def it_waits_by_policy(w):
    """Orders that wait for a mapping pass from one release to the other and back: nobody asks Prima for what was never sent, and with the row they are posted."""
    old = begin(w)
    folder, option = mappings_that_wait(w, old.tree)  # this one reads the earlier one's files
    orders = [at_new_place(w.order()) for _ in range(2)]
    worker = w.worker("0", release=old, options=(option,)).await_running()
    w.feed(orders[0])
    until("it waits", 20, lambda: tries(worker))
    worker = takes_the_place_of(w, worker, None, options=(option,)).await_running()
    w.feed(orders[1])
    until("both wait", 30, lambda: tries(worker) >= 3)
    worker = takes_the_place_of(w, worker, old, options=(option,)).await_running()
    until("the earlier release has tried them", 30, lambda: tries(worker) >= 3)
    asked = [r["type"] for o in orders for r in w.requests(o, ("OrderStatus", "NewOrder"))]
    expect(not asked and not any(w.outcomes(o) for o in orders), f"they did not just wait: {asked} {[w.outcomes(o) for o in orders]}")
    worker = takes_the_place_of(w, worker, None, options=(option,)).await_running()
    map_new_place(folder, worker)
    until("they are posted", 40, lambda: all(w.outcomes(o) == ["posted"] for o in orders))
    judge(w)


@case("upgrade")
def redis_is_lost_midway(w):
    """FLUSHALL while workers of both releases run: each rebuilds the keys from what both have published; nothing is sent twice, and nobody is left with work."""
    old = begin(w)
    workers = [w.worker("0", release=old).await_running(), w.worker("1").await_running()]
    until("each has its part", 30, lambda: all(w.partitions(x) for x in workers))
    posted = [w.order() for _ in range(16)]
    w.feed(*posted)
    for o in posted:
        w.await_outcomes(o)
    w.rest()
    w.stack.redis("FLUSHALL")
    w.feed(*[{**o, "event_id": "again"} for o in posted])
    w.rest(REST_SECONDS)
    expect(all(x.says("keys rebuilt") or x.says("restarting") or x.says("starting over") for x in workers), "somebody has not heard of the loss")
    fresh = [w.order() for _ in range(16)]
    w.feed(*fresh)
    found = judge(w)
    expect(posted_of(w, fresh) == len(fresh), f"{posted_of(w, fresh)} of {len(fresh)} were posted")
    expect(sum(r.outcome == "duplicate" for r in found.results) == len(posted), "what came again is a duplicate")


@case("upgrade")
def lives_of_both(w):
    """What one release has posted, the other is told of again: a repetition is a duplicate, an edit is somebody's exception, and nothing is posted twice."""
    old = begin(w)
    worker = w.worker("0", release=old).await_running()
    by_old = [w.order() for _ in range(3)]
    w.feed(*by_old)
    for o in by_old:
        w.await_outcomes(o)
    worker = takes_the_place_of(w, worker, None).await_running()
    by_new = [w.order() for _ in range(3)]
    w.feed(*by_new, *[{**o, "event_id": "again"} for o in by_old], *[version_of(o, 2, quantity=2) for o in by_old])
    for o, count in (*((o, 1) for o in by_new), *((o, 3) for o in by_old)):
        w.await_outcomes(o, count)
    worker = takes_the_place_of(w, worker, old).await_running()
    w.feed(*[{**o, "event_id": "again"} for o in by_new], *[version_of(o, 2, quantity=2) for o in by_new])
    for o in by_new:
        w.await_outcomes(o, 3)
    takes_the_place_of(w, worker, None)
    w.feed(*[version_of(o, 3, quantity=3) for o in (*by_old, *by_new)])
    judge(w)
    for o in (*by_old, *by_new):
        print("      ", sorted(w.outcomes(o)))
