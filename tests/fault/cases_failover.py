"""Redis restarted, failed over, failed over and back, split in two: what lost nothing goes on at once, what lost something is noticed by everybody."""

import base64
import contextlib
import socket
import subprocess
import threading
import time

import feed
import proxy
import wire
from case import case, expect, until
from cases_redis import half_done, posted
from stack import IN, PARTITIONS, REPLAY
from workers import die_with_us

LOST, ACCEPTED = "Redis state lost", "lost no data"


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class SecondRedis:
    """Another server, beside the stack's: its replica, its successor, its rival."""

    def __init__(self, w):
        self.port = free_port()
        folder = w.stack.folder / f"redis-{self.port}"
        folder.mkdir()
        self.process = subprocess.Popen(["redis-server", "--port", str(self.port), "--dir", str(folder), "--save", "", "--bind", "127.0.0.1",
                                         "--loglevel", "warning"], stdout=subprocess.DEVNULL, preexec_fn=die_with_us)
        self.redis = wire.Redis(self.port)
        self.world, self.first = w, w.stack.redis
        until("the second Redis answers", 10, self._answers)

    def _answers(self):
        try:
            return self.redis("PING") == "PONG"
        except OSError:
            return False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        look_at(self.world, self.first)
        self.process.kill()
        self.process.wait()

    def url(self):
        return f"redis.url=redis://127.0.0.1:{self.port}/0"


def follow(replica, master_port):
    """Makes it a replica, and waits until it has everything."""
    replica("REPLICAOF", "127.0.0.1", master_port)

    def synced():
        info = replica("INFO", "replication").decode()
        return "master_link_status:up" in info and "master_sync_in_progress:0" in info
    until("the replica is there", 30, synced)


def promote(replica):
    replica("REPLICAOF", "NO", "ONE")


def bytes_of(w, template, order):
    """The raw value of an order, made from another one's that is in the topic: it can be written to any topic and partition."""
    raw = [line for line in w.stack.consume(IN, raw=True) if line["key"] == feed.topic_key(template)][0]
    value = base64.b64decode(raw["value"]["base64"]).replace(template["order_id"].encode(), order["order_id"].encode())
    return {"key": feed.topic_key(order), "value": {"base64": base64.b64encode(value).decode()}}


class Name(proxy.Link):
    """A name that leads to a server: the workers' redis.url. It can lead elsewhere; then connections break, as with a virtual address or DNS."""

    def __init__(self, port):
        super().__init__("redis", free_port(), port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def url(self):
        return f"redis.url=redis://127.0.0.1:{self.port}/0"

    def lead_to(self, port):
        self.target = port
        self.reset()


def look_at(w, redis):
    """What the workers know is looked for in this Redis: it is theirs now."""
    w.stack.redis = redis
    w.history.redis.port = redis.port
    w.history.redis.close()


def says(workers, text):
    return any(x.says(text) for x in workers)


def lost(workers):
    """How often a loss was found."""
    return sum(x.log().count(LOST) for x in workers)


def all_posted(w, events, where):
    """Every one of them, and none parked or sent to a person: nothing was lost, so nothing is unclear."""
    left = {feed.natural(e): w.outcomes(e) for e in events if not any(o.startswith("posted") for o in w.outcomes(e))}
    expect(not left, f"{where}: not posted: {left}")


def goes_on_within(w, seconds, count):
    """Orders that arrive now are posted soon."""
    fresh = [w.order() for _ in range(count)]
    w.feed(*fresh)
    began = time.monotonic()
    until(f"{count} orders are posted", 60, lambda: posted(w, fresh) == count)
    took = time.monotonic() - began
    expect(took < seconds, f"it took {took:.1f} s until {count} orders were posted")
    return fresh


def stop_redis(w):
    """As an administrator would: it writes everything down first."""
    with contextlib.suppress(OSError, wire.Gone):
        w.stack.redis("SHUTDOWN", "SAVE")


@case("failover")
def restarted_with_its_data(w):
    """Stopped and started again amid orders, nothing lost: everybody is called, and goes on at once; nothing is asked for, nothing is parked."""
    events = half_done(w, 30)
    before = lost(w.workers)
    stop_redis(w)
    time.sleep(1)
    w.stack.start("redis", keep_data=True)
    w.stack.admin("POST", "/latency", {"latency": "0ms"})
    fresh = goes_on_within(w, 5, 40)
    w.judge()
    all_posted(w, events + fresh, "after a restart that lost nothing")
    expect(lost(w.workers) == before, "a restart that lost nothing was taken for a loss")
    expect(says(w.workers, ACCEPTED), "nobody noticed that it was restarted")


@case("failover", usual=("off",))
def restarted_while_nobody_worked(w):
    """Workers stopped, Redis restarted with its data, workers started, one of them in another slot: what they left in ops.control is enough."""
    events = [w.order() for _ in range(5)]
    workers = [w.worker("0").await_running(), w.worker("1").await_running()]
    w.feed(*events)
    for e in events:
        w.await_outcomes(e)
    for worker in workers:
        expect(worker.drain() == 0, "it did not stop")
    stop_redis(w)
    w.stack.start("redis", keep_data=True)
    again = [w.worker("0"), w.worker("2")]
    fresh = goes_on_within(w, 10, 10)
    w.feed(*[{**e, "event_id": "again"} for e in events])
    w.judge()
    all_posted(w, fresh, "after a restart while nobody worked")
    expect(not lost(again), "a restart that lost nothing was taken for a loss")


@case("failover", usual=("off",))
def old_file_while_nobody_worked(w):
    """The same, but it was started from yesterday's file, made at a time when nobody worked: what they left in ops.control is not there."""
    first, second = w.order(), w.order()
    worker = w.worker("0").await_running()
    w.feed(first)
    w.await_outcomes(first)
    worker.drain()
    w.stack.redis("SAVE")
    worker = w.worker("0").await_running()
    w.feed(second)
    w.await_outcomes(second)
    worker.drain()
    w.stack.kill("redis")  # the file is the old one
    w.stack.start("redis", keep_data=True)
    worker = w.worker("0")
    w.feed({**second, "event_id": "again"})
    w.judge()
    expect(sorted(w.outcomes(second)) == ["duplicate", "posted"], f"{w.outcomes(second)}")
    expect(worker.says(LOST), "it was not noticed")


@case("failover")
def replica_takes_over(w):
    """A planned failover amid orders: the replica has everything, the name leads to it. Nobody is asked for, nothing is parked; and so back again."""
    with SecondRedis(w) as second, Name(w.stack.redis.port) as name:
        a, b = w.stack.redis, second.redis
        workers = [w.worker(slot, options=(name.url(),)).await_running() for slot in ("0", "1")]
        w.rest()
        before = lost(workers)  # whatever the last case's end left behind is over
        follow(b, a.port)
        events = [w.order() for _ in range(40)]
        w.stack.admin("POST", "/latency", {"latency": "uniform:20ms-100ms"})
        w.feed(*events[:20])
        until("some are posted", 20, lambda: posted(w, events) > 5)
        for old, new in ((a, b), (b, a)):
            w.feed(*(events[20:] if new is b else []))
            hand_over(old, new)
            look_at(w, new)
            name.lead_to(new.port)
            promote(new)
            events += goes_on_within(w, 5, 10)
            follow(old, new.port)
        promote(b)
        w.stack.admin("POST", "/latency", {"latency": "0ms"})
        w.judge()
        all_posted(w, events, "after a planned failover")
        expect(lost(workers) == before, "a failover that lost nothing was taken for a loss")
        expect(sum(x.log().count(ACCEPTED) for x in workers) >= 2, "nobody noticed the failovers")


def hand_over(old, new):
    """No more writes at the old master, and the replica has them all."""
    old("CLIENT", "PAUSE", "3000", "WRITE")

    def offset(redis, field):
        return next(x for x in redis("INFO", "replication").decode().splitlines() if x.startswith(field)).split(":")[1]
    until("the replica has everything", 10, lambda: offset(old, "master_repl_offset") == offset(new, "slave_repl_offset"))


@case("failover", usual=("off",))
def replica_was_behind(w):
    """The master dies, and what it last acknowledged never reached the replica that takes over: noticed by those it was acknowledged to."""
    with SecondRedis(w) as second, Name(w.stack.redis.port) as name:
        workers = [w.worker(slot, options=(name.url(),)).await_running() for slot in ("0", "1")]
        warm, lost = w.order(), [w.order() for _ in range(5)]
        w.feed(warm)
        w.await_outcomes(warm)
        follow(second.redis, w.stack.redis.port)
        promote(second.redis)  # cut off: it has nothing of what follows
        w.feed(*lost)
        for e in lost:
            w.await_outcomes(e)
        w.stack.happens("lost", "a replica that was behind took over")
        look_at(w, second.redis)
        name.lead_to(second.port)
        until("the loss is noticed", 20, lambda: says(workers, LOST))
        w.feed(*[{**e, "event_id": "again"} for e in lost])
        w.judge()
        expect(all(sorted(w.outcomes(e)) == ["duplicate", "posted"] for e in lost), f"{[w.outcomes(e) for e in lost]}")


@case("failover", usual=("on",))
def failover_and_back(w):
    """A, B, A: the old master becomes the new one's replica, which throws away its last writes, and is promoted again. Its run id is the same."""
    with SecondRedis(w) as second:
        a, b = w.stack.redis, second.redis
        worker = w.worker("0").await_running()
        warm, lost = w.order(), [w.order() for _ in range(5)]
        w.feed(warm)
        w.await_outcomes(warm)
        follow(b, a.port)
        promote(b)
        w.feed(*lost)
        for e in lost:
            w.await_outcomes(e)
        w.stack.happens("lost", "it had to take over what another one had")
        follow(a, second.port)
        promote(a)
        w.feed(*[{**e, "event_id": "again"} for e in lost])
        w.judge()
        expect(all(sorted(w.outcomes(e)) == ["duplicate", "posted"] for e in lost), f"{[w.outcomes(e) for e in lost]}")
        expect(worker.says(LOST), "it was not noticed")


def photograph(redis):
    """Every key as it is, at one moment."""
    keys = redis("KEYS", "*")
    return [(key, max(0, redis("PTTL", key)), redis("DUMP", key)) for key in keys]


def set_back(redis, picture):
    """In one instant, without a connection that breaks: the server, its run id and its replication id are the same, as after a machine's snapshot."""
    redis("MULTI")
    redis("FLUSHALL")
    for key, ttl, value in picture:
        redis("RESTORE", key, ttl, value)
    redis("EXEC")


@case("failover", usual=("on",))
def set_back_unseen(w):
    """Redis' machine is set back to a snapshot; no connection breaks, run id and marker are the right ones. The next command tells, before it writes."""
    worker = w.worker("0").await_running()
    warm, order = w.order(), w.order()
    w.feed(warm)
    w.await_outcomes(warm)
    until("it rests", 10, lambda: worker.status()["in_flight"] == 0)
    picture = photograph(w.stack.redis)
    w.feed(order)
    w.await_outcomes(order)
    set_back(w.stack.redis, picture)
    w.feed({**order, "event_id": "again"})
    w.judge()
    expect(sorted(w.outcomes(order)) == ["duplicate", "posted"], f"{w.outcomes(order)}")
    expect(worker.says(LOST), "it was not noticed")


@case("failover", usual=("on",))
def nobody_answers_for_the_dead(w):
    """One worker sleeps; the other one posts an order and dies; Redis is started from a file from before that. The sleeper misses nothing of its own, but
    the dead one does not answer."""
    sleeper, dead = w.worker("0").await_running(), w.worker("1").await_running()
    until("each has its share", 15, lambda: w.partitions(sleeper) and w.partitions(dead) and not w.partitions(sleeper) & w.partitions(dead))
    warm, order = w.order(), w.order_in(w.partitions(dead))
    w.feed(warm)
    w.await_outcomes(warm)
    sleeper.stop()
    w.stack.redis("SAVE")
    w.feed(order)
    w.await_outcomes(order)
    dead.kill()
    w.stack.kill("redis")
    w.stack.start("redis", keep_data=True)
    sleeper.go_on()
    w.feed({**order, "event_id": "again"})
    w.judge()
    expect(sorted(w.outcomes(order)) == ["duplicate", "posted"], f"{w.outcomes(order)}")


@case("failover", modes=("off",))
def a_sleeper_may_still_send(w):
    """Redis is emptied while one worker sleeps between `sent` and its bytes. Nobody knows what it will do, so that its order is a person's to decide;
    orders that nobody can have sent before are posted."""
    sleeper = w.worker("0", "prima.before_send:stop:2")
    order = w.order(till=True)
    w.feed(order)
    sleeper.await_stopped()
    w.stack.redis("FLUSHALL")
    other = w.worker("1", options=("prima.unproven_wait=4s",)).await_log("waiting until no process can still be sending", 30)
    time.sleep(2.5)  # whoever has not heard of it by now sends nothing
    fresh = [w.order() for _ in range(20)]
    w.feed(*fresh)
    until("those of afterwards are posted", 60, lambda: posted(w, fresh) == len(fresh))
    w.await_outcomes(order)
    sleeper.kill()
    w.judge()
    expect(w.outcomes(order) == ["outcome_unknown"], f"the sleeper's order: {w.outcomes(order)}")
    expect(other.says("keys rebuilt"), "Redis was not rebuilt")


@case("failover", usual=("off",))
def two_masters(w):
    """A replica was promoted for one worker, while the other one still talks to the old master: two notebooks. The same order reaches both at once,
    while Prima takes it late: one document."""
    with SecondRedis(w) as second:
        old = w.worker("0").await_running()
        warm = w.order(till=True)
        w.feed(warm)
        w.await_outcomes(warm)
        follow(second.redis, w.stack.redis.port)
        promote(second.redis)
        new = w.worker("1", options=(second.url(),))
        until("one of them works with its Redis alone, and the other one has left", 60, lambda: (s := new.status()) and s["running"] and old.says("restarting"))
        w.stack.happens("lost", "the fleet has another Redis")
        look_at(w, second.redis)
        order = w.order(till=True)
        record = bytes_of(w, warm, order)
        w.fault({"kind": "apply_delay", "delay": "750ms", "then": "hang"}, type="NewOrder", key="*" + order["order_id"], count=1)
        there = wire.partition_of(feed.topic_key(order), PARTITIONS)
        twice = [threading.Thread(target=w.stack.produce_raw, args=([{**record, "partition": there}], IN)),
                 threading.Thread(target=lambda: (time.sleep(0.12), w.stack.produce_raw([{**record, "partition": 0}], REPLAY)))]
        for thread in twice:
            thread.start()
        for thread in twice:
            thread.join()
        old.kill()  # what is left is the new one's, and its Redis is the fleet's
        w.judge()
        expect(len(w.documents(order)) <= 1, f"I1 {len(w.documents(order))} documents of one order")
