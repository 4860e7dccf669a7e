"""Replays of an input (primaflow replay): nothing is posted twice; whatever dies, no record is left out and none goes twice."""

import json
import signal
import subprocess
import time

import feed
import records
from case import case, expect, until
from cases_refunds import at_rest, feed_refunds, posted, refunder
from refund_feed import REFUND_RESULTS, REFUNDS, Book, excess, natural, refund
from stack import IN, LEDGER, REPLAY, RESULTS, TREE, binaries

YES = ("--reason", "a test", "--yes")


def start(w, *words, fail=None):
    """primaflow in the background."""
    env = {**w.stack.env, **({"PRIMAFLOW_FAIL": fail} if fail else {})}
    return subprocess.Popen([binaries() / "primaflow", *words], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=TREE)


def fails(w, *words, fail=None, seconds=60):
    """The exit code of what is to fail, and its words."""
    process = start(w, *words, fail=fail)
    out, err = process.communicate(timeout=seconds)
    expect(process.returncode != 0, f"primaflow {' '.join(words)} did not fail: {out}{err}")
    return process.returncode, out + err


def replays(w):
    return json.loads(w.stack.primaflow("--json", "replay", "status"))["replays"]


def copies(w, since):
    """What stands in the replay topic behind `since` (partition: offset), with its headers in their order."""
    return [r for r in records.read(w.stack.kafka, [REPLAY], w.stack.partitions) if r.offset >= since.get(r.partition, 0)]


def ends(w, topic):
    return {partition: end for (_, partition), end in w.stack.kafka.ends([topic], w.stack.partitions).items()}


def of(record):
    return dict(record.headers)["primaflow.replay-of"].decode()


def writes(w):
    """Documents and attempts at one that reached Prima."""
    return [w.stack.sql("SELECT COUNT(*) AS n FROM requests WHERE type = ?", kind)[0]["n"] for kind in ("NewOrder", "MultiNewOrder", "NewCreditNote", "NewCustomer")]


def ledger(w):
    """The newest value of each of its keys."""
    newest = {}
    for line in w.stack.consume(LEDGER):
        newest[line["key"]] = line["value"]
    return newest


@case("replay", usual=("on", "off"))
def everything_posts_nothing(w):
    """The whole history of orders and refunds is replayed: no order, no credit note, no account reaches Prima; results are duplicates; ledger and credit stay."""
    orders = [w.order(quantity=3) for _ in range(4)]
    cancelled, amended = w.order(), w.order()
    posted(w, *orders, cancelled, amended)
    worker = w.worker("0").await_running()
    w.feed({**feed.order(int(amended["order_id"]), version=2, quantity=2), "customer": amended["customer"]}, orders[0])
    w.feed(feed.order(int(cancelled["order_id"]), version=2, kind="cancelled"))
    w.await_outcomes(amended, 2)
    w.await_outcomes(cancelled, 2)
    w.await_outcomes(orders[0], 2)
    refunds = refunder(w).await_running()
    base = w.numbers() * 10
    events = [refund(order, base + n, units=1 + n % 2) for n, order in enumerate(orders)]
    feed_refunds(w, *events, events[0])
    at_rest(w)
    book = Book(w.stack)
    for event in events:
        expect(book.outcomes()[natural(event)][0] == "posted", f"{natural(event)}: {book.outcomes()}")
    w.rest()
    before, kept, sent = writes(w), ledger(w), len(w.stack.consume(RESULTS)) + len(w.stack.consume(REFUND_RESULTS))
    reserved = w.stack.redis("KEYS", "pf:o:*")
    for topic in (IN, REFUNDS):
        plan = json.loads(w.stack.primaflow("--json", "replay", "plan", topic))
        expect(plan["would_become"]["new"] == 0 and plan["would_become"]["unknown"] == 0, f"{plan}")
        expect(plan["sampled"] == plan["records"], f"{plan}")
        told = json.loads(w.stack.primaflow("--json", "replay", "run", topic, "--rate", "100000", *YES))
        expect(told["state"] == "done" and told["sent"] == plan["records"] and sum(told["left_out"].values()) == 0, f"{told}, planned {plan}")
    w.rest()
    at_rest(w)
    expect(writes(w) == before, f"writes reached Prima: {writes(w)}, before {before}")
    expect(ledger(w) == kept, "the ledger changed")
    expect(sorted(w.stack.redis("KEYS", "pf:o:*")) == sorted(reserved), "credit is reserved")
    expect(not excess(book, orders), "\n".join(excess(book, orders)))
    results = [line["value"] for topic in (RESULTS, REFUND_RESULTS) for line in w.stack.consume(topic)]
    again = [v for v in results if v["delivery"]["topic"] in (REPLAY, REFUNDS + ".replay")]
    expect(len(again) >= sent, f"{len(again)} results of replays, {sent} before")
    for value in again:
        expect(value["outcome"] in ("duplicate", "superseded"), f"a replay ended as {value['outcome']}: {value['key']}")
        expect(value["origin"] and value["origin"]["topic"] in (IN, REFUNDS), f"nobody knows what it replayed: {value}")
    for order in orders:
        expect(w.outcomes(order).count("posted") == 1, f"{feed.natural(order)}: {w.outcomes(order)}")
    expect(worker.is_alive() and refunds.is_alive(), "a worker ended")
    w.judge()


HEADERS = [("note", b"a"), ("note", b"b"), ("empty", b""), ("none", None), ("primaflow.code", b"a stranger's"), ("traceparent", b"00-aa-bb-01"),
           ("binary", b"\x00\xff"), ("drop-me", b"x")]
SET = ("-o", "replay.drop_headers=drop-me", "-o", "replay.max_count=1000")


class Bulk:
    """Records of a channel of their own, which need not be orders: no worker reads them."""

    def __init__(self, w, count):
        self.stack, self.channel, self.count = w.stack, f"bulk{w.numbers()}", count
        self.started = ends(w, REPLAY)
        base = ends(w, IN)
        for partition in range(w.stack.partitions):
            records.write(w.stack.kafka, IN, partition, [(f"01/{self.channel}/shop/{n}".encode(), None if n % 50 == 0 else b"value \xff %d" % n, HEADERS)
                                                         for n in range(partition, count, w.stack.partitions)], int(time.time() * 1000) - 60000)
        self.originals = {f"{r.topic}/{r.partition}/{r.offset}": r for r in records.read(w.stack.kafka, [IN], w.stack.partitions)
                          if r.offset >= base[r.partition]}

    @property
    def run(self):
        return ("replay", "run", IN, "--channel", self.channel, "--rate", "100000", *SET, *YES)

    def copies(self):
        return [r for r in records.read(self.stack.kafka, [REPLAY], self.stack.partitions) if r.offset >= self.started[r.partition]]

    def judge(self):
        """Each record once, byte for byte, headers in their order."""
        until("all are visible", 20, lambda: len(self.copies()) >= self.count)
        found = self.copies()
        places = [of(r) for r in found]
        expect(len(places) == len(set(places)), f"{len(places) - len(set(places))} went twice")
        expect(set(places) == set(self.originals), f"{len(set(self.originals) - set(places))} were left out, {len(set(places) - set(self.originals))} are of none")
        for copy in found:
            original = self.originals[of(copy)]
            expect((copy.key, copy.value) == (original.key, original.value), f"{of(copy)}: other bytes")
            theirs = [(n, v) for n, v in copy.headers if not n.startswith("primaflow.")]
            expect(theirs == [("note", b"a"), ("note", b"b"), ("empty", b""), ("none", None), ("traceparent-link", b"00-aa-bb-01"), ("binary", b"\x00\xff")],
                   f"{of(copy)}: headers {theirs}")
            ours = {n: v for n, v in copy.headers if n.startswith("primaflow.")}
            expect(ours["primaflow.original-timestamp"] == str(original.timestamp).encode(), f"{ours}, {original.timestamp}")
            expect("primaflow.code" not in ours and "primaflow.parent" not in ours, f"a stranger's context is believed: {ours}")


def open_one(w, before):
    [mine] = [r["id"] for r in replays(w) if r["state"] == "open" and r["id"] not in before]
    return mine


@case("replaying", modes=("on",))
def killed_and_resumed(w):
    """Killed within a transaction and behind it, again and again, and resumed: each record has its one copy, with every byte."""
    bulk, before = Bulk(w, 6000), {r["id"] for r in replays(w)}
    fails(w, *bulk.run, fail="replay.added:kill:1")
    mine = open_one(w, before)
    for fail in ("replay.committed:kill:1", "replay.added:kill:2", "replay.committed:kill:2"):
        fails(w, "replay", "resume", mine, "--yes", *SET, fail=fail)
    told = json.loads(w.stack.primaflow("--json", "replay", "resume", mine, "--yes", *SET))
    expect(told["state"] == "done" and told["sent"] == 6000 and told["left"] == 0, f"{told}")
    bulk.judge()
    code, said = fails(w, "replay", "resume", mine, "--yes")
    expect(code == 65 and "is done already" in said, f"{code} {said}")


@case("replaying", modes=("on",))
def broker_restarts(w):
    """The broker goes and comes back in the middle: what run does not end, resume does; nothing twice, nothing left out."""
    bulk, before = Bulk(w, 6000), {r["id"] for r in replays(w)}
    process = start(w, *bulk.run[:6], "2000", *bulk.run[7:])
    until("some are sent", 30, lambda: len(bulk.copies()) > 0)
    w.stack.restart("kafka", keep_data=True)
    out, err = process.communicate(timeout=120)
    if process.returncode != 0:
        expect(process.returncode == 69, f"exit {process.returncode}: {out}{err}")
        w.stack.primaflow("replay", "resume", open_one(w, before), "--yes", *SET, seconds=120)
    bulk.judge()


@case("replaying", modes=("on",))
def two_at_once(w):
    """A second process goes on with a replay: the first one writes nothing any more, and says so. A third one cancels it."""
    bulk, before = Bulk(w, 6000), {r["id"] for r in replays(w)}
    first = start(w, *bulk.run[:6], "500", *bulk.run[7:])
    until("some are sent", 30, lambda: len(bulk.copies()) > 0)
    mine = open_one(w, before)
    w.stack.primaflow("replay", "resume", mine, "--yes", "--rate", "100000", *SET)
    out, err = first.communicate(timeout=60)
    expect(first.returncode == 69 and "another process" in err, f"exit {first.returncode}: {out}{err}")
    bulk.judge()

    slow = start(w, *bulk.run[:6], "500", *bulk.run[7:])
    until("it has begun", 30, lambda: any(r["state"] == "open" and r["sent"] > 0 for r in replays(w)))
    other = open_one(w, before | {mine})
    w.stack.primaflow("replay", "cancel", other, *YES)
    out, err = slow.communicate(timeout=60)
    expect(slow.returncode == 69 and "another process" in err, f"exit {slow.returncode}: {out}{err}")
    code, said = fails(w, "replay", "resume", other, "--yes")
    expect(code == 65 and "is cancelled already" in said, f"{code} {said}")


@case("replaying", modes=("on",))
def stopped_by_a_signal(w):
    """Ctrl-C ends it behind the batch at hand, with the way to go on; what is left goes with resume."""
    bulk, before = Bulk(w, 3000), {r["id"] for r in replays(w)}
    process = start(w, *bulk.run[:6], "500", *bulk.run[7:])
    until("some are sent", 30, lambda: len(bulk.copies()) > 0)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    expect(process.returncode == 69 and "goes on" in err, f"exit {process.returncode}: {out}{err}")
    w.stack.primaflow("replay", "resume", open_one(w, before), "--yes", "--rate", "100000", *SET)
    bulk.judge()


@case("replaying", modes=("on",))
def no_right_to_write(w):
    """A user that may only read hears which right is missing, nothing is sent, and the same replay goes on once the right is there."""
    bulk, before = Bulk(w, 500), {r["id"] for r in replays(w)}
    w.stack.kafka.take_rights("ops.audit", "topic", "write")
    try:
        code, said = fails(w, *bulk.run)
        expect(code == 69 and "WRITE on topic ops.audit" in said, f"{code} {said}")
    finally:
        w.stack.kafka.give_rights("ops.audit", "topic")
    w.stack.kafka.take_rights(REPLAY, "topic", "write")
    try:
        code, said = fails(w, *bulk.run)
        expect(code == 69 and f"WRITE on topic {REPLAY}" in said, f"{code} {said}")
    finally:
        w.stack.kafka.give_rights(REPLAY, "topic")
    expect(not bulk.copies(), "something was sent")
    w.stack.primaflow("replay", "resume", open_one(w, before), "--yes", *SET)
    bulk.judge()


@case("replaying", modes=("on",))
def replayed_too_often(w):
    """Each replay counts; what has been replayed replay.max_count times is left out, and the exit says so."""
    bulk = Bulk(w, 40)
    limit = ("-o", "replay.max_count=2", "-o", "replay.drop_headers=drop-me")
    words = [word for word in bulk.run if word not in SET] + list(limit)
    for count in (b"1", b"2"):
        w.stack.primaflow(*words)
        until("all are visible", 20, lambda n=40 * int(count): len(bulk.copies()) == n)
        counts = [dict(r.headers)["primaflow.replay-count"] for r in bulk.copies()]
        expect(counts.count(count) == 40, f"replay {count}: {counts}")
    code, said = fails(w, *words)
    expect(code == 65 and "40 left out: replayed replay.max_count times" in said, f"{code} {said}")
    expect(len(bulk.copies()) == 80, f"{len(bulk.copies())}")


def forgets(w, events, refunds=()):
    """Somebody deletes the keys of these, and what Redis knows of the ledger."""
    for key in [feed.natural(e) for e in events] + [natural(e) for e in refunds]:
        expect(w.stack.redis("DEL", f"pf:k:{key}") == 1, f"Redis does not have {key}")


def prices(w, topic, *more):
    return {fate: n for fate, n in json.loads(w.stack.primaflow("--json", "replay", "plan", topic, *more))["would_become"].items() if n}


@case("rebuild", usual=("on",))
def keys_come_back(w):
    """Keys that Redis has let go of are made again from results, also by a run that was killed; while workers work it is refused; then a replay posts nothing."""
    orders = [w.order(quantity=3) for _ in range(3)]
    posted(w, *orders)
    events = [refund(order, w.numbers() * 10) for order in orders]
    refunds = refunder(w).await_running()
    feed_refunds(w, *events)
    at_rest(w)
    code, said = fails(w, "replay", "rebuild-keys", "refunds", *YES)
    expect(code == 65 and "are at work" in said, f"{code} {said}")
    expect(refunds.drain() == 0, "it did not drain")
    w.workers.remove(refunds)
    forgets(w, orders, events)
    before, book = writes(w), Book(w.stack)
    expect(prices(w, IN).get("forgotten") == 3 and prices(w, REFUNDS).get("forgotten") == 3, f"{prices(w, IN)} {prices(w, REFUNDS)}")
    until("the group is empty", 20, lambda: fails_or_not(w, "rebuild_keys.marked:kill", "orders") == -9)
    for fail in ("rebuild.record:kill:2", "rebuild_keys.restored:kill"):
        expect(fails_or_not(w, fail, "orders") == -9, f"{fail} was not passed")
    for flow in ("orders", "refunds"):
        w.stack.primaflow("replay", "rebuild-keys", flow, *YES)
    expect(prices(w, IN) == {"duplicate": 3} and prices(w, REFUNDS) == {"duplicate": 3}, f"{prices(w, IN)} {prices(w, REFUNDS)}")
    worker, refunds = w.worker("0").await_running(), refunder(w).await_running()
    expect(not worker.says("Redis state lost") and not refunds.says("Redis state lost"), "a worker takes it for a loss of Redis")
    for topic in (IN, REFUNDS):
        w.stack.primaflow("replay", "run", topic, "--rate", "100000", *YES)
    w.rest()
    at_rest(w)
    expect(writes(w) == before, f"writes reached Prima: {writes(w)}, before {before}")
    for order in orders:
        expect(w.outcomes(order) == ["posted", "duplicate"], f"{feed.natural(order)}: {w.outcomes(order)}")
    for event in events:
        expect(book.outcomes()[natural(event)] == ["posted", "duplicate"], f"{natural(event)}: {book.outcomes()[natural(event)]}")
    more = refund(orders[0], w.numbers() * 10)
    feed_refunds(w, more)
    until("refunds go on", 30, lambda: book.outcomes().get(natural(more)) == ["posted"])
    w.judge()


def fails_or_not(w, fail, flow):
    process = start(w, "replay", "rebuild-keys", flow, *YES, fail=fail)
    process.communicate(timeout=60)
    return process.returncode


@case("rebuild", usual=("on",))
def killed_and_left_alone(w):
    """A rebuild that was killed, and never run again: workers that start put it right themselves, and work."""
    orders = [w.order() for _ in range(3)]
    posted(w, *orders)
    forgets(w, orders)
    until("it was killed", 20, lambda: fails_or_not(w, "rebuild_keys.marked:kill", "orders") == -9)
    before = writes(w)
    w.worker("0")
    w.feed(*orders)
    for order in orders:
        w.await_outcomes(order, 2, seconds=60)
        expect(w.outcomes(order) == ["posted", "duplicate"], f"{feed.natural(order)}: {w.outcomes(order)}")
    expect(writes(w) == before, f"writes reached Prima: {writes(w)}, before {before}")
    w.judge(60)


@case("old", usual=("on", "off"))
def older_than_keys_are_kept(w):
    """What is older than idempotency.ttl is left out; with --resolve-first Prima is asked about each first: what it has is a person's, what it lacks is posted."""
    known, forgotten, lacking = w.order(), w.order(), w.order(till=True)
    w.feed(known, forgotten)
    worker = w.worker("0").await_running()
    for order in (known, forgotten):
        w.await_outcomes(order)
    expect(worker.drain() == 0, "it did not drain")
    w.workers.remove(worker)
    forgets(w, [forgotten])
    w.feed(lacking)
    short = ("-o", "idempotency.ttl=1s", "--rate", "100000")
    time.sleep(1.1)
    code, said = fails(w, "replay", "run", IN, *short, *YES)
    expect(code == 65 and "3 left out: older than idempotency.ttl" in said, f"{code} {said}")
    w.stack.primaflow("replay", "run", IN, "--resolve-first", *short, *YES)
    before = writes(w)
    asked = lambda event: [r["type"] for r in w.stack.sql("SELECT type FROM requests WHERE natural_key = ? ORDER BY id", feed.order_number(event))]
    w.worker("0")
    for order in (known, forgotten, lacking):
        w.await_outcomes(order, 2)
    expect(sorted(w.outcomes(known)) == ["duplicate", "posted"], f"{w.outcomes(known)}")
    expect(sorted(w.outcomes(forgotten)) == ["exists_unproven", "posted"], f"{w.outcomes(forgotten)}")
    expect(sorted(w.outcomes(lacking)) == ["duplicate", "posted"], f"{w.outcomes(lacking)}")
    expect(asked(forgotten)[-1] == "OrderStatus" and sum(t in ("NewOrder", "MultiNewOrder") for t in asked(forgotten)) == 1, f"{asked(forgotten)}")
    expect(sum(writes(w)[:2]) == sum(before[:2]) + 1, f"writes reached Prima: {writes(w)}, before {before}")
    w.rest()
    for order in (known, forgotten, lacking):
        expect(len(w.documents(order)) == 1, f"I1 {feed.natural(order)}: {w.documents(order)}")
