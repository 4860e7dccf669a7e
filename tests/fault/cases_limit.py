"""The fleet's limit on Prima (limit.rate): kept, shared, and cheap. Nobody asks Redis in vain, nobody overtakes, and what is posted is soon seen."""

import time

import feed
from case import case, expect, until
from cases_prima import posted_of
from stack import IN, PARTITIONS

BURST = 10            # limit.burst's default
SEEN_WITHIN_MS = 5000  # a result, after its order was posted
DEARER = 1.5          # scripts an order, more than without a limit: its claim and its send are two calls, for a permit may be waited for between them; permits come in batches
IDLE = ("slot", "command")  # of a process, not of an order
WARM = 2


def scripts(workers):
    return sum(n for w in workers for name, n in w.metric("primaflow_redis_scripts_total").items() if name.split('"')[1] not in IDLE)


def arrivals(w, after):
    """When requests reached Prima, in ms."""
    return [row["arrived_at"] for row in w.stack.sql("SELECT arrived_at FROM requests WHERE id > ? ORDER BY id", after)]


def start(w, slots, rate, *options):
    workers = [w.worker(str(slot), options=(f"limit.rate={rate}", "worker.settle_deadline=30s", *options)) for slot in range(slots)]
    until("each has its share", 60, lambda: all(w.partitions(x) for x in workers if x.says("partitions assigned")) and
          all(x.says("partitions assigned") for x in workers) and sum(len(w.partitions(x)) for x in workers) == PARTITIONS)
    return workers


def measured(w, slots, rate, count):
    """Orders through so many workers under a limit: scripts an order, requests' times, and how late results were seen at worst, ms."""
    workers = start(w, slots, rate)
    warm = [w.order() for _ in range(WARM * slots)]  # what a fleet finds out once: the customer, the product
    w.feed(*warm)
    until("they are warm", 60, lambda: posted_of(w, warm) == len(warm))
    orders = [w.order() for _ in range(count)]
    after = w.stack.sql("SELECT max(id) AS id FROM requests")[0]["id"]
    before = scripts(workers)
    w.feed(*orders)
    keys = {feed.natural(o): feed.order_number(o) for o in orders}
    seen = until("all are posted", 90, lambda: (r := [x for x in w.reader.results() if x.key in keys and x.outcome.startswith("posted")]) and
                 len(r) == count and r, 0.5)
    spent = scripts(workers) - before
    applied = {row["natural_key"]: row["applied_at"] for row in w.stack.sql(
        "SELECT natural_key, applied_at FROM requests WHERE id > ? AND type IN ('NewOrder', 'MultiNewOrder')", after)}
    late = max(x.at - applied[keys[x.key]] for x in seen)
    times = arrivals(w, after)
    for worker in workers:
        expect(worker.drain(20) == 0, f"slot {worker.slot} did not end well")
    return spent / count, times, late


def judge_rate(times, rate, name):
    """In no window of time more than the limit lets through, a few percent and the burst; and in all not much less."""
    for span_ms in (1000, 3000, max(3000, times[-1] - times[0])):
        first = 0
        for last, at in enumerate(times):
            while at - times[first] > span_ms:
                first += 1
            most = rate * span_ms / 1000 * 1.05 + BURST + 3
            expect(last - first + 1 <= most, f"{name}: {last - first + 1} requests within {span_ms} ms at {rate} a second")
    least = (len(times) - 1) / rate * 1000
    expect(times[-1] - times[0] < least * 1.3 + 1500, f"{name}: {len(times)} requests took {times[-1] - times[0]} ms, {least:.0f} would do")


def compare(w, rate, count, slots):
    w.stack.admin("POST", "/latency", {"latency": "50ms"})
    try:
        free, _, _ = measured(w, 1, 0, 100)
        for n in slots:
            dear, times, late = measured(w, n, rate, count)
            name = f"{n} workers at {rate} a second"
            print(f"   {name}: {dear:.2f} scripts an order, {free:.2f} without a limit; a result {late} ms behind its post at worst", flush=True)
            judge_rate(times, rate, name)
            expect(dear <= free + DEARER, f"{name}: {dear:.2f} scripts an order, {free:.2f} without a limit")
            expect(late < SEEN_WITHIN_MS, f"{name}: a result was seen {late} ms after its order was posted")
    finally:
        w.stack.admin("POST", "/latency", {"latency": "0ms"})
    w.close()
    w.worker("0")
    w.judge()


@case("limit", usual=("off",))
def of_five(w):
    """5 requests per second, one worker and four."""
    compare(w, 5, 15, (1, 4))


@case("limit", usual=("off",))
def of_a_hundred(w):
    """100 requests per second, one worker and four."""
    compare(w, 100, 240, (1, 4))


@case("limit", usual=("on",))
def of_a_thousand(w):
    """1,000 requests per second, one worker and four."""
    compare(w, 1000, 700, (1, 4))


@case("limit", modes=("on",))
def a_pause_holds_all(w):
    """Prima says 429 to one of two workers: the other one asks nothing either until it is over, with permits in hand or not."""
    workers = start(w, 2, 50)
    orders = [w.order() for _ in range(80)]
    rule = w.fault({"kind": "throttle", "status": 429, "retry_after": 2}, type="NewOrder", count=1, nth=20)
    w.feed(*orders)
    until("Prima has said it", 20, lambda: w.stack.fired(rule) == 1)
    until("all are posted", 40, lambda: posted_of(w, orders) == len(orders))
    times = arrivals(w, 0)
    gaps = sorted(b - a for a, b in zip(times, times[1:]))
    expect(gaps[-1] > 1500, f"the longest pause was of {gaps[-1]} ms")
    for worker in workers:
        worker.drain()
    w.worker("0")
    w.judge()


@case("limit", usual=("off",))
def killed_with_permits(w):
    """kill -9 of workers that have permits: the limit holds, and the others' orders flow on."""
    start(w, 2, 40)
    w.feed(*[w.order() for _ in range(120)])
    after = w.stack.sql("SELECT coalesce(max(id), 0) AS id FROM requests")[0]["id"]
    for _ in range(3):
        time.sleep(0.7)
        w.workers[-1].kill()
        w.worker("1", options=("limit.rate=40",))
    w.rest(60)
    judge = arrivals(w, after)
    for first, at in enumerate(judge):
        within = sum(at <= x < at + 1000 for x in judge[first:])
        expect(within <= 40 * 1.05 + BURST + 6, f"{within} requests within a second at 40")
    w.judge()


@case("limit", modes=("on",))
def clock_of_redis_set_back(w):
    """Redis' clock goes back by half a minute: the limit goes on as before."""
    orders, more = [w.order() for _ in range(5)], [w.order() for _ in range(20)]
    w.worker("0", options=("limit.rate=50", "worker.settle_deadline=20s")).await_running()
    w.feed(*orders)
    until("they are posted", 30, lambda: posted_of(w, orders) == len(orders))
    was = int(w.stack.redis("TIME")[0])
    w.stack.clock("redis", -30000)
    until("the clock is back", 5, lambda: int(w.stack.redis("TIME")[0]) < was - 20)
    began = time.monotonic()
    w.feed(*more)
    until("they are posted, too", 30, lambda: posted_of(w, more) == len(more))
    expect(time.monotonic() - began < 8, f"it took {time.monotonic() - began:.1f} s")
    w.judge()
