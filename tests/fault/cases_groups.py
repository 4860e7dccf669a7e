"""The consumer group and its topics: members that Kafka forgets, offsets that vanish, retention, topics and partitions that come and go."""

import base64
import json
import re
import struct
import time

import feed
import wire
from case import FULL, case, committed, expect, until
from cases_prima import posted_of
from stack import DEAD, GROUP, IN, LEDGER, PARTITIONS, READ, REPLAY, RESULTS, RETRIES


def covered(w, workers):
    """Every partition of every topic has an owner, and nobody who should have one is without."""
    owned = set()
    for worker in workers:
        status = worker.status() or {"partitions": []}
        owned |= {(p["topic"], p["partition"]) for p in status["partitions"]}
    return len(owned) == len(READ) * PARTITIONS


# ---- members ----

@case("groups", usual=("on",))
def broker_naps(w):
    """The broker stands still for a little longer than a session, again and again: who was fenced meanwhile begins anew."""
    workers = [w.worker(s).await_running() for s in ("0", "1", "2")]
    events = []
    for nap in (3.6, 4.5, 5.5):
        events += w.feed(w.order(), w.order())
        time.sleep(0.5)
        w.stack.kill("kafka", "STOP")
        time.sleep(nap)
        w.stack.kill("kafka", "CONT")
        time.sleep(2.5)
    until("all partitions are somebody's", 25, lambda: covered(w, workers), 0.3)
    w.judge()
    for worker in workers:
        expect(worker.is_alive(), f"slot {worker.slot} ended")
        expect(worker.http("/readyz") == "ok\n", f"slot {worker.slot}: {worker.http('/readyz')}")
    for e in events:
        expect("posted" in w.outcomes(e), f"{feed.natural(e)}: {w.outcomes(e)}")


@case("groups", usual=("off",))
def an_assignment_is_not_heard_of(w):
    """A worker that never hears of what its group gave it says that it is not ready, and begins anew."""
    worker = w.worker("0", ",".join(f"rebalance.unheard:error:{n}" for n in range(1, 9))).await_log("listening")
    until("it says that it has nothing to do", 20, lambda: "no partitions" in (worker.http("/readyz") or ""), 0.1)
    worker.await_log("reason=no_partitions", 20)
    worker.kill()
    order = w.order()
    w.feed(order)
    w.worker("0")
    w.judge()
    expect(w.outcomes(order) == ["posted"], f"{w.outcomes(order)}")


@case("groups", usual=("off",))
def more_workers_than_partitions(w):
    """Who is left without a partition because there are not so many is well, and waits."""
    workers = [w.worker(str(slot)) for slot in range(PARTITIONS + 2)]
    until("somebody is without", 25, lambda: all(x.status() and x.status()["running"] for x in workers) and covered(w, workers))
    time.sleep(9)  # more than two sessions
    idle = [x for x in workers if not x.status()["partitions"]]
    expect(idle, "each of six workers has one of four partitions")
    for x in workers:
        expect(not x.says("restarting"), f"slot {x.slot} began anew, and nothing was wrong")
        expect("no partitions" not in x.http("/readyz"), f"slot {x.slot}: {x.http('/readyz')}")


@case("groups", usual=("on",))
def fenced_by_a_namesake(w):
    """Somebody else joins the group under a worker's name: Kafka fences the worker, for good. It hears of that, and begins anew."""
    worker = w.worker("0").await_running()
    w.feed(w.order())
    w.rest()
    w.stack.kafka.join(GROUP, f"{GROUP}-0", READ)
    until("it begins anew", 30, lambda: worker.says("restarting"))
    expect(worker.says("reason=fenced"), f"it did not hear that it was fenced:\n{worker.log()[-800:]}")
    w.feed(w.order())
    w.judge()


# ---- retention ----

def through_a_retry_topic(w, order, *options):
    """An order, of a product of its own, that waits in a retry topic once: its forward, and behind it Kafka's marker."""
    rule = w.stack.fault({"kind": "error", "about": "busy"}, type="MultiAvailableToSell")
    w.feed(order)
    worker = w.worker("0", options=("worker.settle_deadline=500ms", *options)).await_running()
    until("it was in a retry topic", 20, lambda: worker.metric("primaflow_retries_total"))
    w.stack.no_faults(rule)
    w.await_outcomes(order)
    w.rest()
    return worker


@case("groups", usual=("on",))
def retention_passes_a_marker(w):
    """All was read and committed; then retention takes everything, Kafka's markers too, in topics of every role. Nothing is unread."""
    worker = through_a_retry_topic(w, w.order(sku=w.product()))
    line = w.stack.consume(IN, raw=True)[-1]
    w.stack.produce_raw([{"key": line["key"], "value": line["value"]}], REPLAY)  # a transaction, as those that wrote the others
    w.rest()
    expect(worker.drain() == 0, "it did not drain")
    ends, now = w.stack.kafka.ends(READ, PARTITIONS), committed(w)
    behind = {p: (now[p], ends[p]) for p in ends if ends[p] > 0 and now[p] < ends[p]}
    expect(not behind, f"committed below the end, and all was read: {behind}")
    expect({t for t, p in ends if ends[t, p] > 0} >= {IN, REPLAY, RETRIES[0]}, f"one of each role: {ends}")
    w.stack.kafka.delete_records({p: -1 for p in ends if ends[p] > 0})
    again = w.worker("0").await_running()
    order = w.order()
    w.feed(order)
    w.await_outcomes(order)
    expect(again.is_alive() and not again.says("level=error"), f"it stops, and nothing was lost:\n{again.log()[-500:]}")


@case("groups", usual=("off",))
def idle_ends_are_committed(w):
    """Without any further order the position behind the markers is committed soon, so that a crash leaves nothing to retention either."""
    worker = through_a_retry_topic(w, w.order(sku=w.product()))
    ends = w.stack.kafka.ends(READ, PARTITIONS)
    until("every end is committed", 12, lambda: all(committed(w)[p] == ends[p] for p in ends if ends[p] > 0), 0.3)
    worker.kill()


# ---- what cannot be read ----

def batches(path):
    """(position in the file, base offset, size) of each batch of a log segment."""
    data, at = path.read_bytes(), 0
    while at + 12 <= len(data):
        base, size = struct.unpack_from(">qi", data, at)
        if size <= 0:
            return
        yield at, base, size + 12
        at += size + 12


@case("groups", usual=("on",))
def a_corrupt_batch(w):
    """One batch of a partition is corrupt on the broker's disk. It is never passed over: what came before it ends, the others go on, and it is said where."""
    first = w.order()
    place = wire.partition_of(feed.topic_key(first), PARTITIONS)
    bad, behind, others = w.order_in({place}), w.order_in({place}), [w.order_in(set(range(PARTITIONS)) - {place}) for _ in range(3)]
    w.feed(first)
    offset = w.stack.kafka.ends([IN], PARTITIONS)[IN, place]
    for e in (bad, behind, *others):
        w.feed(e)
    log = next(w.stack.dir.glob(f"**/{IN}-{place}/*.log"))
    at, _, size = next(b for b in batches(log) if b[1] == offset)
    w.stack.spoilt = True
    with open(log, "r+b") as file:
        file.seek(at + size - 8)
        byte = file.read(1)
        file.seek(at + size - 8)
        file.write(bytes([byte[0] ^ 0x55]))
    for turn in range(2):
        worker = w.worker("0")
        code = worker.await_death(25)
        expect(code == 70, f"exit {code}, turn {turn}")
        expect(f"{IN}/{place}, offset {offset}" in worker.log(), f"it does not say where:\n{worker.log()[-800:]}")
    for e in (first, *others):
        expect(w.outcomes(e) == ["posted"], f"{feed.natural(e)}, not behind it: {w.outcomes(e)}")
    expect(not w.outcomes(bad) and not w.outcomes(behind), "what is corrupt was passed over")
    expect(committed(w)[IN, place] <= offset, f"{committed(w)[IN, place]} is committed, {offset} cannot be read")
    time.sleep(3.5)  # the dead member's session ends
    w.stack.kafka.set_offset(GROUP, IN, place, offset + 1)  # a person's decision
    w.worker("0")
    w.await_outcomes(behind)


# ---- offsets that vanish ----

def delete_group(w):
    until("the group is deleted", 20, lambda: w.stack.kafka.delete_group(GROUP), 0.3)


def reset(w, topics):
    """Sets a group without members back to the beginning of these topics."""
    until("the group has no members", 20, lambda: not set_back(w, topics), 0.5)


def set_back(w, topics):
    try:
        for (topic, partition), offset in w.stack.kafka.begins(topics, PARTITIONS).items():
            w.stack.kafka.set_offset(GROUP, topic, partition, offset)
        return ""
    except RuntimeError as error:
        return str(error)


def one_of_each_ending(w):
    """Orders that end in every way that leaves a terminal record, one that waited in a retry topic among them. Their worker, at rest."""
    good, closed, waits = w.order(), w.order(), w.order(sku=w.product())
    w.fault({"kind": "error", "about": "period_closed"}, type="NewOrder", key="*" + closed["order_id"])
    rule = w.stack.fault({"kind": "error", "about": "busy"}, type="MultiAvailableToSell")
    w.feed(good, closed, waits)
    worker = w.worker("0", options=("worker.settle_deadline=500ms",)).await_running()
    until("it was in a retry topic", 20, lambda: worker.metric("primaflow_retries_total"))
    w.stack.no_faults(rule)
    w.await_outcomes(good)
    w.feed({**good, "event_id": "again"}, feed.order(good["order_id"], version=2, quantity=3))  # a duplicate, an amendment
    w.stack.produce_raw([{"key": feed.topic_key(good), "value": {"base64": "AAAA"}}])           # a letter that cannot be read
    w.await_outcomes(good, 3)
    w.await_outcomes(waits)
    w.rest()
    return worker, (good, closed, waits)


def ends_of(w, orders):
    return [sorted(w.outcomes(o)) for o in orders], len(w.reader.dead())


@case("groups", usual=("on",))
def group_deleted(w):
    """The group's offsets are gone. It is asked where to go on; told to begin anew, nothing gets a second ending, and what came meanwhile gets its first."""
    worker, orders = one_of_each_ending(w)
    before = ends_of(w, orders)
    expect(worker.drain() == 0, "it did not drain")
    delete_group(w)
    late = w.order()
    w.feed(late)
    asked = w.worker("0", options=("start.from=end",))
    expect(asked.await_death(20) == 70, "it decided by itself where to go on")
    expect("start.vanished=" in asked.log() and "orders.raw/" in asked.log(), f"it does not say what to do:\n{asked.log()[-600:]}")
    w.worker("0", options=("start.from=end", "start.vanished=beginning")).await_running(30)
    w.judge()
    expect(w.outcomes(late) == ["posted"], f"what came meanwhile: {w.outcomes(late)}")
    expect(ends_of(w, orders) == before, f"{ends_of(w, orders)}, before {before}")


def remembered(w, topic):
    """{partition: offset} of a topic that ops.control has of the group."""
    found = {}
    for line in w.stack.consume("ops.control", raw=True):
        match = re.fullmatch(rf"position/{re.escape(GROUP)}/{re.escape(topic)}/(\d+)", line["key"] or "")
        if match:
            found[int(match[1])] = line["value"]["offset"] if isinstance(line["value"], dict) else json.loads(line["value"])["offset"]
    return found


@case("groups", usual=("off",))
def group_deleted_after_a_crash(w):
    """A group's first workers die within minutes, and its offsets vanish: ops.control knows that something was read. A question, and nothing ends twice."""
    w.stack.spoilt = True
    worker = w.worker("0", options=("worker.group=young",)).await_running()
    orders = [w.order() for _ in range(6)]
    w.feed(*orders)
    for o in orders:
        w.await_outcomes(o)
    time.sleep(1.5)
    worker.kill()
    until("the group is deleted", 20, lambda: w.stack.kafka.delete_group("young"), 0.3)
    asked = w.worker("0", options=("worker.group=young",))
    expect(asked.await_death(25) == 70 and "start.vanished=" in asked.log(), f"it decided by itself where to go on:\n{asked.log()[-600:]}")
    for o in orders:
        expect(w.outcomes(o) == ["posted"], f"{feed.natural(o)}: {w.outcomes(o)}")


@case("groups", usual=("on",))
def group_deleted_goes_on_where_it_was(w):
    """The same, told to go on where ops.control saw the group last: exact after a drain. Then killed before its first commit, and started again."""
    worker = w.worker("0").await_running()
    orders = [w.order() for _ in range(5)]
    w.feed(*orders)
    w.rest()
    expect(worker.drain() == 0 and not worker.says("ending before"), f"it did not drain:\n{worker.log()[-500:]}")
    delete_group(w)
    late = [w.order() for _ in range(3)]
    w.feed(*late)
    options = ("start.vanished=remembered",)
    w.worker("0", "commit.begun:kill", options=options).await_death(30)
    again = w.worker("0", options=options).await_running(30)
    w.judge()
    expect(not again.metric("primaflow_records_passed_over_total").get(f'topic="{IN}"'), "it read again what it had read")
    for o in orders + late:
        expect(w.outcomes(o) == ["posted"], f"{feed.natural(o)}: {w.outcomes(o)}")


@case("groups", usual=("on",))
def offsets_set_back(w):
    """Somebody sets the group back to the beginning, of all topics, while an order waits in a retry topic. No second ending, and it ends once."""
    worker, orders = one_of_each_ending(w)
    before = ends_of(w, orders)
    rule = w.stack.fault({"kind": "error", "about": "busy"}, type="MultiAvailableToSell")
    waiting = w.order(sku=w.product())
    w.feed(waiting)
    until("it waits", 20, lambda: any(line["key"] == feed.topic_key(waiting) for t in RETRIES[1:] for line in w.stack.consume(t, raw=True)))
    expect(worker.drain() == 0, "it did not drain")
    w.stack.no_faults(rule)
    reset(w, READ)
    first = w.worker("0", "settled:kill:4")  # the next owner goes on amid what is read again
    first.await_death(30)
    again = w.worker("0").await_running(30)
    w.judge()
    expect(w.outcomes(waiting) == ["posted"], f"what waited: {w.outcomes(waiting)}")
    expect(ends_of(w, orders) == before, f"{ends_of(w, orders)}, before {before}")
    until("it forgets what has ended", 10, lambda: again.says("all possibly redelivered records have been passed"))


@case("groups", usual=("off",))
def one_partition_set_back(w):
    """Only one partition of the input is set back."""
    orders = [w.order() for _ in range(8)]
    w.feed(*orders)
    worker = w.worker("0").await_running()
    w.rest()
    expect(worker.drain() == 0, "it did not drain")
    place = wire.partition_of(feed.topic_key(orders[0]), PARTITIONS)
    until("the group has no members", 20, lambda: not set_one_back(w, place), 0.5)
    again = w.worker("0").await_running(30)
    w.judge()
    expect(sum(again.metric("primaflow_records_passed_over_total").values()) > 0, "nothing was read again: the case proves nothing")
    for o in orders:
        expect(w.outcomes(o) == ["posted"], f"{feed.natural(o)}: {w.outcomes(o)}")


def set_one_back(w, place):
    try:
        w.stack.kafka.set_offset(GROUP, IN, place, 0)
        return ""
    except RuntimeError as error:
        return str(error)


@case("groups", usual=("on",))
def first_start_at_the_end(w):
    """start.from=end of a new group, killed before its first commit: what came between the two starts is read. Then deleted: a question."""
    w.stack.spoilt = True
    options = ("worker.group=late", "start.from=end")
    w.feed(w.order())
    until("it is there", 10, lambda: sum(w.stack.kafka.ends([IN], PARTITIONS).values()) > 0)
    w.worker("0", "commit.begun:kill", options=options).await_death(25)
    order = w.order()
    w.feed(order)
    w.worker("0", options=options).await_running(30)
    w.await_outcomes(order)
    expect(w.outcomes(order) == ["posted"], f"{w.outcomes(order)}")


@case("groups", usual=("off",))
def partitions_are_added(w):
    """Partitions are added to a topic whose group began at the end; what is written to them before anybody has noticed is read."""
    w.stack.spoilt = True
    options = ("start.from=end", "rdkafka.topic.metadata.refresh.interval.ms=2000", "worker.group=grows")
    warm = w.order()
    worker = w.worker("0", options=options).await_running()
    w.feed(warm)
    w.await_outcomes(warm)
    line = next(line for line in w.stack.consume(IN, raw=True) if line["key"] == feed.topic_key(warm))  # others' may stand behind it
    w.stack.kafka.add_partitions(IN, PARTITIONS + 2)
    orders = [w.order() for _ in range(2)]
    template = base64.b64decode(line["value"]["base64"])
    w.stack.produce_raw([{"key": feed.topic_key(o), "value": {"base64": base64.b64encode(template.replace(warm["order_id"].encode(), o["order_id"].encode())).decode()},
                          "partition": PARTITIONS + i} for i, o in enumerate(orders)])
    for o in orders:
        w.await_outcomes(o, seconds=20)
        expect(w.outcomes(o) == ["posted"], f"{feed.natural(o)}: {w.outcomes(o)}")
    expect(worker.is_alive(), "it ended")


@case("groups", usual=("off",))
def partitions_are_added_in_a_row(w):
    """Again and again, while workers still look up what came before: the group moves on, and nobody reads a partition twice, or one that is not its own."""
    w.stack.spoilt = True
    options = ("rdkafka.topic.metadata.refresh.interval.ms=1000",)
    workers = [w.worker(str(slot), options=options, through=("kafka",)).await_running() for slot in range(3)]
    w.stack.links["kafka"].delay(100, 100)  # a look-up takes seconds
    orders = []
    for count in range(PARTITIONS + 1, PARTITIONS + 5):
        grow(w, count)
        orders += [w.order() for _ in range(8)]
        w.feed(*orders[-8:])
        time.sleep(0.9)
    time.sleep(4)
    w.stack.links["kafka"].calm()
    w.judge(60)
    expect(posted_of(w, orders) == len(orders), f"{posted_of(w, orders)} of {len(orders)} were posted")
    expect(all(worker.is_alive() for worker in workers), "one ended")


def grow(w, count):
    """Every topic of the flow gets so many partitions."""
    for topic in (RESULTS, DEAD, LEDGER, *READ):
        w.stack.kafka.add_partitions(topic, count)
    w.stack.partitions = count


@case("groups", usual=("off",))
def a_revoke_is_overtaken(w):
    """Partitions are added, and again while the worker finishes an order before it gives its own back: the group moves on without its answer. All is read."""
    w.stack.spoilt = True
    worker = w.worker("0", options=("rdkafka.topic.metadata.refresh.interval.ms=500", "prima.deadline.new_order=8s")).await_running()
    w.rest()
    slow = w.order()
    w.fault({"kind": "latency", "latency": "5s"}, type="NewOrder", key="*" + slow["order_id"], count=1)
    w.feed(slow)
    w.await_state(slow, "s")
    grow(w, PARTITIONS + 1)
    worker.await_log("partitions revoked")
    assigned = worker.log().count('"partitions assigned"')
    grow(w, PARTITIONS + 2)
    worker.await_log('"partitions assigned"', 20, assigned + 1)
    expect(worker.says("nobody took our partitions from us"), "the order ended before the group moved on: the case proves nothing")
    orders = [w.order_in({p}) for p in range(PARTITIONS + 2)]
    w.feed(*orders)
    w.judge()
    expect(posted_of(w, [slow, *orders]) == len(orders) + 1, f"{posted_of(w, [slow, *orders])} of {len(orders) + 1} were posted")
    expect(not worker.says("restarting"), "it gave back what it had just been given, and had to begin anew")


@case("groups", usual=("on",))
def input_deleted_before_it_was_read(w):
    """Orders were deleted before anybody read them: it says how many offsets of which topic, ends with 70, and goes on where it is told to."""
    worker = w.worker("0").await_running()
    w.feed(*[w.order() for _ in range(4)])
    w.rest()
    expect(worker.drain() == 0, "it did not drain")
    lost, kept = w.order(), w.order()
    place = wire.partition_of(feed.topic_key(lost), PARTITIONS)
    was = committed(w)[IN, place]
    w.feed(lost)
    w.stack.kafka.delete_records({(IN, place): -1})
    end = w.stack.kafka.begins([IN], PARTITIONS)[IN, place]
    w.feed(kept)
    asked = w.worker("0")
    expect(asked.await_death(25) == 70, "it passed over orders by itself")
    expect(f"{IN}/{place}" in asked.log() and f"{end - was} offsets are missing" in asked.log(), f"not said:\n{asked.log()[-600:]}")
    w.worker("0", options=("start.vanished=beginning",)).await_running(30)
    w.rest()  # not judged: the inputs of what has ended were deleted, too
    expect(w.outcomes(kept) == ["posted"] and not w.outcomes(lost), f"{w.outcomes(kept)} {w.outcomes(lost)}")


@case("groups", usual=("off",))
def retry_deleted_before_it_was_read(w):
    """Forwards were deleted before anybody read them: it says how many of which topic, counts them, and works on."""
    rule = w.stack.fault({"kind": "error", "about": "busy"}, type="MultiAvailableToSell")
    order = w.order(sku=w.product())
    w.feed(order)
    worker = w.worker("0", options=("worker.settle_deadline=500ms",)).await_running()
    until("it waits", 30, lambda: any(line["key"] == feed.topic_key(order) for line in w.stack.consume(RETRIES[2], raw=True)))
    worker.kill()
    w.stack.no_faults(rule)
    ends = w.stack.kafka.ends([RETRIES[2]], PARTITIONS)
    w.stack.kafka.delete_records({p: -1 for p in ends if ends[p] > 0})
    again = w.worker("0").await_running(30)
    good = w.order()
    w.feed(good)
    w.await_outcomes(good)
    expect(again.says("offsets are missing") and sum(again.metric("primaflow_offsets_missing_total").values()) > 0, "not said")
    w.stack.redis("DEL", f"pf:d:{feed.natural(order)}", f"pf:k:{feed.natural(order)}")  # nothing will ever end it


@case("groups", usual=("on",))
def retention_overtakes_a_running_worker(w):
    """A worker stands still for a moment, and meanwhile records that it has not read are deleted. It says how many of which topic, and asks, with 70."""
    w.stack.spoilt = True
    first = w.order()
    place = wire.partition_of(feed.topic_key(first), PARTITIONS)
    option = "rdkafka.session.timeout.ms=20000"  # it stands still for less
    worker = w.worker("0", options=(option,)).await_running()
    w.feed(first)
    w.rest()
    was = committed(w)[IN, place]
    worker.stop()
    lost = [w.order_in({place}) for _ in range(5)]
    w.feed(*lost)
    w.stack.kafka.delete_records({(IN, place): -1})
    low = w.stack.kafka.begins([IN], PARTITIONS)[IN, place]
    kept = w.order_in({place})
    w.feed(kept)
    worker.go_on()
    code = worker.await_death(30)
    expect(code == 70, f"it passed over orders by itself: exit {code}\n{worker.log()[-600:]}")
    said = re.search(rf"{IN}/{place}: the group has read up to (\d+), and the topic begins at {low} now: (\d+) offsets are missing", worker.log())
    expect(said, f"it does not say what is missing:\n{worker.log()[-800:]}")
    expect(int(said[2]) == low - int(said[1]) and int(said[1]) >= was and worker.says("reason=offset_gone"), f"{said[0]}; committed was {was}")
    w.worker("0", options=(option, "start.vanished=beginning")).await_running(30)
    w.await_outcomes(kept)  # not judged: the inputs of what has ended were deleted, too
    got = sum(bool(w.outcomes(o)) for o in lost)  # the first may have been in its socket already
    expect(w.outcomes(kept) == ["posted"] and got < len(lost), f"{w.outcomes(kept)}; {got} of the deleted ones were read")


# ---- topics that change ----


def all_is_committed(w):
    ends, now = w.stack.kafka.ends([IN], PARTITIONS), committed(w)
    return all(now[p] == ends[p] for p in ends)


def made_anew(w, fill):
    """The input is deleted under two workers, and made anew; `fill`: orders for it. Every worker that had read of it asks, and on the answer all of them end."""
    w.stack.spoilt = True
    workers = [w.worker(s, options=("rdkafka.topic.metadata.refresh.interval.ms=2000",)).await_running() for s in ("0", "1")]
    w.feed(*[w.order_in({p}) for p in range(PARTITIONS) for _ in range(2)])
    w.rest()
    # one that is under way while the topic is deleted: input_deleted_amid_a_transaction
    until("all is committed, markers too", 20, lambda: all_is_committed(w), 0.2)
    until("ops.control knows", 20, lambda: all(remembered(w, IN).get(p, 0) > 0 for p in range(PARTITIONS)), 0.2)
    w.stack.kafka.delete_topic(IN)
    for worker in workers:
        until(f"slot {worker.slot} says that a topic is not there: {worker.http('/readyz')}", 30, lambda: "waiting for topic" in (worker.http("/readyz") or ""))
    w.stack.kafka.create_topic(IN, PARTITIONS)
    orders = [w.order_in({p}) for p in range(PARTITIONS) for _ in range(fill)]
    w.feed(*orders)
    asked = [worker for worker in workers if worker.await_death(40) == 70]
    expect(len(asked) == 2, f"{[x.process.returncode for x in workers]}\n{workers[0].log()[-800:]}\n{workers[1].log()[-800:]}")
    for worker in asked:
        expect("start.vanished=" in worker.log() and f"{IN}/" in worker.log(), f"it does not say what to do:\n{worker.log()[-600:]}")
    expect(not any(w.outcomes(o) for o in orders), "something was read before anybody had said from where")
    w.worker("0", options=("start.vanished=beginning",)).await_running(40)
    for o in orders:
        w.await_outcomes(o)
        expect(w.outcomes(o) == ["posted"], f"{feed.natural(o)}: {w.outcomes(o)}")  # not judged: what was fed first is in no topic any more


@case("groups", usual=("on",))
def input_made_anew(w):
    """The input topic is deleted and made anew while the fleet runs; its offsets are lower than those that the workers stood at."""
    made_anew(w, 1)


@case("groups", usual=("off",))
def input_made_anew_and_filled(w):
    """The same, and before anybody has looked it has more records than the old one: a worker that went on at its offset would pass over the first of them."""
    made_anew(w, 4)


@case("groups", usual=("off",))
def input_deleted_amid_a_transaction(w):
    """The input is deleted between a transaction's offsets and its commit, and made anew with more in it than before: Kafka forgets those offsets, too, and
    nothing of the new topic is passed over."""
    w.stack.spoilt = True
    before = w.worker("0").await_running()
    w.feed(w.order_in({0}))
    w.rest()
    until("all is committed, markers too", 20, lambda: all_is_committed(w), 0.2)
    expect(before.drain() == 0, "it did not drain")
    second = w.order_in({0})
    w.feed(second)
    worker = w.worker("0", fail="commit.before:stop", options=("rdkafka.topic.metadata.refresh.interval.ms=2000",))
    worker.await_stopped(40)  # its first transaction is that order's
    w.stack.kafka.delete_topic(IN)
    worker.go_on()
    w.await_outcomes(second)  # what was under way is committed, behind the deletion
    until(f"it says that a topic is not there: {worker.http('/readyz')}", 30, lambda: "waiting for topic" in (worker.http("/readyz") or ""))
    left = w.stack.kafka.committed(GROUP, [IN], PARTITIONS)
    expect(set(left.values()) == {-1}, f"the group keeps offsets in a topic that is gone: {left}")
    until("it is made anew", 20, lambda: is_created(w, IN), 0.2)
    orders = [w.order_in({0}) for _ in range(5)]
    w.feed(*orders)
    expect(worker.await_death(40) == 70 and "start.vanished=" in worker.log(), f"it does not ask where to begin:\n{worker.log()[-800:]}")
    w.worker("0", options=("start.vanished=beginning",)).await_running(40)
    for o in orders:
        w.await_outcomes(o)
        expect(w.outcomes(o) == ["posted"], f"{feed.natural(o)}: {w.outcomes(o)}")  # not judged: what was fed first is in no topic any more


def is_created(w, topic):
    try:
        w.stack.kafka.create_topic(topic, PARTITIONS)
        return True
    except RuntimeError:  # the one of that name is still being deleted
        return False


@case("groups", usual=("on",))
def input_made_anew_behind_a_forward(w):
    """The input is made anew, and an order has the place of one that waited in a retry topic once: it is another order, and is posted."""
    w.stack.spoilt = True
    option = "start.vanished=beginning"

    def anew():
        w.stack.kafka.delete_topic(IN)
        until("the topic is made anew", 20, lambda: is_created(w, IN), 0.2)

    anew()
    first, second = w.order_in({0}, sku=w.product()), w.order_in({0})
    expect(through_a_retry_topic(w, first, option).drain() == 0, "it did not drain")
    end = w.stack.kafka.ends([IN], PARTITIONS)[IN, 0]
    def has_the_place():
        """A topic that is only just there may refuse the first attempt, whose transaction takes a place as well."""
        anew()
        w.feed(second)
        return w.stack.kafka.ends([IN], PARTITIONS)[IN, 0] == end

    until("an order has the place of the first", 90, has_the_place)
    w.worker("0", options=(option,)).await_running(30)
    w.await_outcomes(second)
    expect(w.outcomes(second) == ["posted"], f"{w.outcomes(second)}")


@case("groups", usual=("off",))
def rights_are_taken_away(w):
    """The right to read the input, to write results, to read and write ops.control, each taken away for seconds: nothing ends without it, and all does after it."""
    workers = [w.worker(s).await_running() for s in ("0", "1")]
    for topic in (IN, RESULTS, "ops.control"):
        logged = {worker: len(worker.log()) for worker in workers}
        before, during = [w.order() for _ in range(4)], [w.order() for _ in range(4)]
        w.feed(*before)
        w.stack.kafka.take_rights(topic)
        try:
            if topic != IN:
                w.feed(*during)
            time.sleep(15 if topic == RESULTS else 6)  # two sessions; time for as many aborted transactions as would make it begin anew
        finally:
            w.stack.kafka.give_rights(topic)
        if topic == IN:
            w.feed(*during)
        for o in before + during:
            w.await_outcomes(o)
        for worker in workers:
            expect(worker.is_alive(), f"slot {worker.slot} ended without the right to {topic}:\n{worker.log()[-600:]}")
            if topic == IN:  # the offsets of what was read just before cannot be committed: a worker that begins anew for that waits for the right
                continue
            aborted = worker.log()[logged[worker]:].count("reason=transactions_abort")
            expect(aborted == 0, f"slot {worker.slot} began anew because a message is refused:\n{worker.log()[-600:]}")
    w.judge()


@case("groups", usual=("on",))
def a_delay_is_taken_out(w):
    """retry.delays loses the delay in whose topic an order waits; the same slot is started again at once, and its edit comes behind it."""
    rule = w.stack.fault({"kind": "error", "about": "busy"}, type="MultiAvailableToSell")
    order = w.order(sku=w.product())
    w.feed(order)
    first = w.worker("0", options=("worker.settle_deadline=500ms",)).await_running()
    until("it is in the last retry topic", 30, lambda: any(line["key"] == feed.topic_key(order) for line in w.stack.consume(RETRIES[2], raw=True)))
    first.kill()
    w.stack.no_faults(rule)
    second = w.worker("0", options=("retry.delays=1s,2s",)).await_running(30)
    w.await_outcomes(order)
    edit = feed.order(order["order_id"], version=2, quantity=2, sku=order["lines"][0]["sku"])
    w.feed(edit)
    w.await_outcomes(order, 2)
    w.judge()
    expect(sorted(w.outcomes(order)) == ["order_amended", "posted"], f"{w.outcomes(order)}")
    expect(second.drain() == 0, "it did not drain")
    third = w.worker("0", options=("retry.delays=1s,2s",)).await_running(30)
    time.sleep(1)
    expect(not any(p["topic"] == RETRIES[2] for p in third.status()["partitions"]), "an empty topic of former days is read for ever")


@case("groups", usual=("off",))
def a_delay_is_added(w):
    """retry.delays gets one more; the same slot is started again within its session, and the new topic is read at once."""
    first = w.worker("0", options=("retry.delays=1s,2s",)).await_running()
    time.sleep(1)
    first.kill()
    second = w.worker("0").await_running(30)
    until("it reads the new topic", 20, lambda: any(p["topic"] == RETRIES[2] for p in (second.status() or {"partitions": []})["partitions"]))
    w.feed(w.order())
    w.judge()


@case("groups", usual=("on",))
def two_lists_of_delays_in_one_group(w):
    """A rolling change: one worker reads a topic that the other does not know; orders that wait there end, whoever sent them there."""
    old = w.worker("0", options=("retry.delays=1s,2s", "worker.settle_deadline=500ms")).await_running()
    new = w.worker("1", options=("worker.settle_deadline=500ms",)).await_running()
    until("the new one has the new topic", 20, lambda: any(p["topic"] == RETRIES[2] for p in (new.status() or {"partitions": []})["partitions"]))
    rule = w.stack.fault({"kind": "error", "about": "busy"}, type="MultiAvailableToSell")
    orders = [w.order(sku=w.product()) for _ in range(6)]
    w.feed(*orders)
    time.sleep(6)
    w.stack.no_faults(rule)
    for o in orders:
        w.await_outcomes(o)
    w.judge()
    expect(old.is_alive() and new.is_alive(), "one of them ended")
    for o in orders:
        expect(w.outcomes(o) == ["posted"], f"{feed.natural(o)}: {w.outcomes(o)}")


# ---- fences ----

@case("groups", usual=("on",))
def another_group(w):
    """worker.group is renamed: the keys carry the former group's fences, and its generations were higher. One waited in a retry topic, which is read anew."""
    w.stack.spoilt = True
    first = through_a_retry_topic(w, w.order(sku=w.product()))
    for slot in ("1", "2", "1"):  # generations rise
        w.worker(slot).await_running().drain()
        time.sleep(0.2)
    order = w.order()
    w.feed(order)
    w.await_outcomes(order)
    first.drain()
    for worker in w.workers:
        worker.kill()
    other = w.worker("0", options=("worker.group=renamed",)).await_running(40)
    expect(not other.says("keys of a later epoch"), "it began below keys that are its own")
    fresh = w.order()
    w.feed({**order, "event_id": "again"}, fresh)
    until("both end", 20, lambda: len(w.outcomes(order)) >= 2 and w.outcomes(fresh))
    expect(sorted(w.outcomes(order)) == ["duplicate", "posted"], f"what the former group had ended was ended again: {w.outcomes(order)}")
    expect(not other.metric("primaflow_stale_writes_refused_total"), "it was a ghost to keys that are its own")


def raise_fence(w, order):
    """As if the key had been written under an epoch that ops.control does not know."""
    key = f"pf:k:{feed.natural(order)}"
    raw = w.stack.redis("GET", key)
    at, high = (3 if raw[0] == 0xDC else 1), b"\xcf" + struct.pack(">Q", (7 << 32) + 5)
    for _ in range(wire.RECORD.index("fence")):
        _, at = wire.unpack(raw, at)
    _, after = wire.unpack(raw, at)
    changed = raw[:at] + high + raw[after:]
    expect(wire.record(changed)["fence"] == (7 << 32) + 5, "the fence was not found in the record")
    w.stack.redis("SET", key, changed)


@case("groups", usual=("off",))
def keys_of_a_higher_epoch(w):
    """ops.control was lost and Redis was not: the keys' fences are above all that anybody knows. Within two sessions they can be worked on again."""
    order = w.order()
    w.feed(order)
    worker = w.worker("0").await_running()
    w.await_outcomes(order)
    raise_fence(w, order)
    w.feed({**order, "event_id": "again"})
    w.judge()
    expect(sorted(w.outcomes(order)) == ["duplicate", "posted"], f"{w.outcomes(order)}")
    expect(worker.says("reason=stale"), "nothing was stale: the case proves nothing")


@case("groups", usual=("on",))
def a_rebuild_of_keys_of_a_higher_epoch(w):
    """The same, and the marker was lost, too, while a retry topic is read again: the rebuild goes on above the keys' epoch, and does not fail for ever."""
    order = w.order(sku=w.product())
    first = through_a_retry_topic(w, order)
    expect(first.drain() == 0, "it did not drain")
    reset(w, RETRIES)
    raise_fence(w, order)
    w.stack.redis("DEL", "pf:marker:orders")
    again = w.worker("0").await_running(30)
    fresh = w.order()
    w.feed(fresh)
    w.judge()
    expect(w.outcomes(order) == ["posted"] and w.outcomes(fresh) == ["posted"], f"{w.outcomes(order)} {w.outcomes(fresh)}")
    expect(again.says("keys of a later epoch"), "no key refused the rebuild: the case proves nothing")


# ---- starts ----

@case("groups", usual=("off",))
def killed_at_every_start(w):
    """kill -9 again and again within the first second: nothing grows, and the next start takes no longer."""
    w.worker("0").await_running().drain()
    keys, control = len(w.stack.redis("KEYS", "*")), w.stack.kafka.ends(["ops.control"], 1)["ops.control", 0]
    order = w.order()
    w.feed(order)
    turns = 100 if FULL else 40
    for turn in range(turns):
        worker = w.worker("0")
        time.sleep(0.02 + (turn % 25) * 0.04)
        worker.kill()
    began = time.monotonic()
    w.worker("0")
    w.await_outcomes(order)
    took = time.monotonic() - began
    w.judge()
    expect(took < 8, f"{took:.1f} s until it worked, after {turns} starts")
    grown = len(w.stack.redis("KEYS", "*")) - keys
    expect(grown <= 8, f"{grown} more keys in Redis")
    written = w.stack.kafka.ends(["ops.control"], 1)["ops.control", 0] - control
    expect(written <= 3 * turns + 60, f"{written} records in ops.control")
