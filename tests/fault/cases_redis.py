"""Redis lost, emptied, rolled back, asleep, full: fail closed, rebuild from what was committed, post nothing twice."""

import time

import feed
from case import case, expect, until
from cases_prima import mixed


def posted(w, events):
    keys = {feed.natural(e) for e in events}
    return sum(r.outcome.startswith("posted") and r.key in keys for r in w.reader.results())


def neither_posted_nor_parked(w, events):
    """What Prima had applied when Redis was lost, without a committed result, is a person's to adopt: nothing proves it ours."""
    good = {r.key for r in w.reader.results() if r.outcome.startswith("posted")} | {d.key for d in w.reader.dead() if d.klass == "park"}
    return {feed.natural(e) for e in events} - good


def half_done(w, count=20):
    """Orders of which some are posted and committed, some are under way and some wait, with two workers at work."""
    w.stack.admin("POST", "/latency", {"latency": "uniform:20ms-150ms"})
    for slot in ("0", "1"):
        w.worker(slot).await_running()
    first, second = mixed(w, count), mixed(w, count)
    w.feed(*first)
    until("some are posted", 20, lambda: posted(w, first) > 5)
    w.feed(*second)
    return first + second


def healed(w, events):
    """Slow no more; all ends; resends are recognised although Redis had forgotten."""
    w.stack.admin("POST", "/latency", {"latency": "0ms"})
    w.feed(*[{**e, "event_id": "late"} for e in events[:10]])
    w.judge()
    left = neither_posted_nor_parked(w, events)
    expect(not left, f"neither posted nor parked: {left}")


@case("redis", usual=("off",))
def killed_and_empty(w):
    """kill -9, restarted with nothing: another run id, no marker."""
    events = half_done(w)
    w.stack.restart("redis")
    healed(w, events)


@case("redis", usual=("on",))
def flushed(w):
    """FLUSHALL in mid-flight: the run id stays, only the marker tells."""
    events = half_done(w)
    w.stack.redis("FLUSHALL")
    healed(w, events)


@case("redis", usual=("off",))
def flushed_again_and_again(w):
    """Lost once more while the keys are being rebuilt, and again after."""
    events = half_done(w, 16)
    w.stack.redis("FLUSHALL")
    time.sleep(2.2)
    w.stack.restart("redis")
    time.sleep(2.6)
    w.stack.redis("FLUSHALL")
    healed(w, events)


@case("redis", usual=("on",))
def old_snapshot(w):
    """Restarted from a snapshot taken before most of the work: keys are there, and say what is not so any more."""
    w.stack.admin("POST", "/latency", {"latency": "uniform:20ms-100ms"})
    w.worker("0").await_running()
    events = mixed(w, 20)
    w.feed(*events)
    until("some are posted", 20, lambda: posted(w, events) > 2)
    w.stack.redis("BGSAVE")
    until("the snapshot is written", 10, lambda: b"rdb_bgsave_in_progress:0" in w.stack.redis("INFO", "persistence"))
    more = mixed(w, 10)
    w.feed(*more)
    until("the snapshot is old", 30, lambda: posted(w, events) > 15)
    w.stack.kill("redis")
    w.stack.start("redis", keep_data=True)
    healed(w, events + more)


@case("redis", usual=("off",))
def asleep_past_the_lease(w):
    """SIGSTOP for longer than a lease: paused, nothing is sent meanwhile, nothing is lost."""
    events = half_done(w)
    w.stack.kill("redis", "STOP")
    time.sleep(2.5)
    w.stack.kill("redis", "CONT")
    healed(w, events)
    expect(not any(x.says("redis_lost_state") for x in w.workers), "a sleep was taken for a loss")


@case("redis", usual=("on",))
def scripts_forgotten(w):
    """SCRIPT FLUSH: NOSCRIPT is no error, the scripts are sent again."""
    events = half_done(w)
    for _ in range(10):
        w.stack.redis("SCRIPT", "FLUSH")
        time.sleep(0.05)
    healed(w, events)


@case("redis", usual=("off",))
def out_of_memory(w):
    """maxmemory reached: writes are refused, so nothing is sent; going on when there is room again."""
    events = half_done(w)
    w.stack.redis("CONFIG", "SET", "maxmemory", "1")
    time.sleep(2)
    before = len(w.stack.sql("SELECT id FROM requests WHERE applied = 1 AND type LIKE '%NewOrder'"))
    time.sleep(1.5)
    after = len(w.stack.sql("SELECT id FROM requests WHERE applied = 1 AND type LIKE '%NewOrder'"))
    w.stack.redis("CONFIG", "SET", "maxmemory", "0")
    expect(before == after, f"{after - before} orders were sent while Redis could not remember it")
    healed(w, events)


@case("redis", usual=("on",))
def lost_while_nobody_ran(w):
    """Emptied while all workers were dead, one of them in the middle of a send: found out at start-up."""
    events = [w.order() for _ in range(6)]
    w.feed(*events)
    w.worker("0", "post.answered:kill:4").await_death()
    w.stack.redis("FLUSHALL")
    w.worker("0")
    healed(w, events)


@case("redis", usual=("off",))
def killed_while_rebuilding(w):
    """kill -9 before and after the keys are rebuilt: the next one begins again."""
    events = mixed(w, 8)
    w.feed(*events)
    w.worker("0").await_running()
    w.rest()
    w.stack.redis("FLUSHALL")
    w.workers[-1].kill()
    for point in ("rebuild.before", "rebuild.after"):
        w.worker("0", f"{point}:kill").await_death(30)
    w.worker("0")
    healed(w, events)


def emptied_under_nobody(w):
    """Some orders have ended, nobody runs, Redis is empty."""
    events = mixed(w, 8)
    w.feed(*events)
    w.worker("0").await_running()
    w.rest()
    w.workers[-1].kill()
    w.stack.redis("FLUSHALL")
    return events


REBUILT = "keys rebuilt"


@case("redis", usual=("on",))
def a_rebuild_takes_its_time(w):
    """Longer than the lock on it lasts (three slot leases, 3 s): it is renewed, nobody begins a second one."""
    events = emptied_under_nobody(w)
    slow = w.worker("0", ",".join(["rebuild.record:sleep=1200"] * 5))
    until("it has the lock", 20, lambda: w.stack.redis("GET", "pf:rebuild:orders") == b"0")
    other = w.worker("1")
    slow.await_log(REBUILT, 40)
    healed(w, events)
    expect(not other.says(REBUILT), "the other one rebuilt as well")


@case("redis", usual=("off",))
def a_rebuild_sleeps(w):
    """Whoever has the lock is stopped in the middle: another one rebuilds in its place, and the sleeper, awake again, takes nothing from those at work."""
    events = emptied_under_nobody(w)
    sleeper = w.worker("0", "rebuild.record:stop:2").await_stopped(40)
    other = w.worker("1").await_log(REBUILT, 40)
    sleeper.go_on()
    healed(w, events)
    expect(not other.says("restarting"), "the one at work had to start over")


@case("redis", usual=("on",))
def a_rebuild_comes_too_late(w):
    """Just about to take the lock when another one rebuilds and goes to work: nothing is left to rebuild."""
    events = emptied_under_nobody(w)
    late = w.worker("1", "rebuild.lock:stop").await_stopped(40)
    other = w.worker("0").await_log(REBUILT, 40)
    late.go_on()
    healed(w, events)
    expect(not late.says(REBUILT) and not other.says("restarting"), "it was rebuilt a second time, under those at work")


@case("redis", modes=("on",))
def eviction_is_refused(w):
    """A Redis that may evict keys: start-up ends with 78 and says what to set."""
    w.stack.redis("CONFIG", "SET", "maxmemory-policy", "volatile-lru")
    worker = w.worker("0")
    code = worker.await_death()
    w.stack.redis("CONFIG", "SET", "maxmemory-policy", "noeviction")
    expect(code == 78 and worker.says("noeviction"), f"exit {code}\n{worker.log()[-800:]}")


@case("redis", usual=("on",))
def flushed_at_the_end_of_a_rebuild(w):
    """FLUSHALL between the last restored key and the marker: nobody may take the empty Redis for the rebuilt one."""
    orders = [w.order() for _ in range(5)]
    w.feed(*orders)
    worker = w.worker("0").await_running()
    w.rest()
    worker.kill()
    w.stack.redis("FLUSHALL")
    second = w.worker("0", "rebuild.after:stop").await_stopped(40)
    expect(all(w.state(o) == "p" for o in orders), "the keys were not rebuilt")
    w.stack.redis("FLUSHALL")
    second.go_on()
    w.feed(*[{**o, "event_id": "again"} for o in orders])
    w.judge()
    expect(all(sorted(w.outcomes(o)) == ["duplicate", "posted"] for o in orders), f"forgotten, and not noticed: {[w.outcomes(o) for o in orders]}")


@case("redis", usual=("on",))
def may_evict_from_now_on(w):
    """Its policy is changed while workers work, and it is connected to anew: nothing is sent until it evicts nothing again."""
    worker = w.worker("0").await_running()
    w.stack.redis("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    w.stack.redis("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    order = w.order()
    w.feed(order)
    worker.await_log("maxmemory-policy is allkeys-lru")
    time.sleep(1)
    expect(not w.requests(order), "an order was sent")
    w.stack.redis("CONFIG", "SET", "maxmemory-policy", "noeviction")
    w.judge()
    expect(w.outcomes(order) == ["posted"] and not worker.says("redis_lost_state"), f"{w.outcomes(order)}")


@case("redis", usual=("off",))
def no_replica_is_left(w):
    """A master that stops taking writes when it has lost its replica (min-replicas-to-write, as the manual says): nothing is sent; nothing was lost."""
    events = half_done(w)
    before = [x.log().count("Redis state lost") for x in w.workers]
    w.stack.redis("CONFIG", "SET", "min-replicas-to-write", "1")
    time.sleep(1.5)
    w.stack.redis("CONFIG", "SET", "min-replicas-to-write", "0")
    healed(w, events)
    expect([x.log().count("Redis state lost") for x in w.workers] == before, "a pause was taken for a loss")


@case("redis", usual=("on",))
def a_replica_for_a_while(w):
    """The master is made a replica of nobody and promoted again (a manager's mistake): it takes no writes meanwhile, has another replication id after,
    and has lost nothing."""
    events = half_done(w)
    before = [x.log().count("Redis state lost") for x in w.workers]
    w.stack.redis("REPLICAOF", "127.0.0.1", "1")
    time.sleep(1.5)
    w.stack.redis("REPLICAOF", "NO", "ONE")
    healed(w, events)
    expect([x.log().count("Redis state lost") for x in w.workers] == before, "a promotion that lost nothing was taken for a loss")


@case("redis", usual=("off",))
def one_is_slow_to_begin_anew(w):
    """Redis is emptied while one worker sleeps. What came before everybody can have heard of it may have been sent: it waits until the sleeper, awake,
    has begun anew, and is nobody's work."""
    workers = [w.worker("0").await_running(), w.worker("1").await_running()]
    until("each has its share", 20, lambda: (a := w.partitions(workers[0])) and (b := w.partitions(workers[1])) and not a & b)
    warm = [w.order() for _ in range(10)]
    w.feed(*warm)
    w.rest()
    workers[1].stop()
    w.stack.redis("FLUSHALL")
    orders = [w.order() for _ in range(12)]
    w.feed(*orders)
    workers[0].await_log("keys rebuilt", 40)
    until("some are asked for", 30, lambda: w.stack.sql("SELECT id FROM requests WHERE type = 'OrderStatus' AND natural_key = ?",
                                                        feed.order_number(orders[0])))
    time.sleep(2)
    expect(not w.reader.dead(), f"parked, though the sleeper is about to wake: {[d.code for d in w.reader.dead()]}")
    expect(posted(w, orders) < len(orders), "all are posted already: none of them can have been sent before, the case proves nothing")
    workers[1].go_on()
    w.judge(60)
    expect(posted(w, orders) == len(orders), f"{posted(w, orders)} of {len(orders)} were posted")
