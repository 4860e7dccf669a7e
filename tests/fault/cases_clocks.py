"""Clocks that jump while orders are under way: a worker's, Redis', the broker's, forwards and backwards. Nothing that matters is told by the wall clock
alone: nothing is sent twice, nothing is sent early, nobody takes a jump for a loss, and every order is posted."""

import time

import feed
from case import case, expect, until
from cases_prima import posted_of
from stack import now_ms

STEP_MS, REST_SECONDS = 40000, 120  # far past every lease, deadline and delay; a record in a retry topic may wait for so much longer
COUNT = 12


def is_off_by(w, part, orders):
    """By how many ms a server's clock is off, as it tells: Redis when asked, the broker by what it stamps results with. A worker is not asked."""
    if part == "redis":
        seconds, micros = w.stack.redis("TIME")
        return int(seconds) * 1000 + int(micros) // 1000 - now_ms()
    keys = {feed.natural(o) for o in orders}
    until("one of them is posted", 20, lambda: any(r.key in keys for r in w.reader.results()))
    return max((r.at - now_ms() for r in w.reader.results() if r.key in keys), key=abs)


def stepped(w, part, ms):
    """Orders whose answers are lost, applied or not, and one that waits in a retry topic, when a clock jumps, and when it jumps back."""
    w.stack.admin("POST", "/latency", {"latency": "uniform:20ms-150ms"})
    for do in ({"kind": "hang"}, {"kind": "apply_then_hang"}, {"kind": "apply_delay", "delay": "700ms", "then": "reset"}, {"kind": "reset_before"}):
        w.fault(do, type="NewOrder", count=3)
    workers = [w.worker(str(slot), has_clock=True).await_running() for slot in range(2)]
    orders = [w.order() for _ in range(COUNT)]
    w.feed(*orders)
    until("some are sent", 20, lambda: sum(bool(w.requests(o)) for o in orders) >= 4)
    w.stack.clock(part, ms)
    orders += [w.order() for _ in range(COUNT)]
    w.feed(*orders[COUNT:])
    time.sleep(3)
    if part in ("redis", "kafka"):
        off = is_off_by(w, part, orders[COUNT:])
        expect(off * ms > 0 and abs(off) > STEP_MS // 2, f"the clock of {part} was not moved: {off} ms")
    w.stack.clock(part)
    w.stack.admin("POST", "/latency", {"latency": "0ms"})
    w.judge(REST_SECONDS)
    expect(posted_of(w, orders) == len(orders), f"{posted_of(w, orders)} of {len(orders)} were posted")
    expect(not any(x.says("Redis state lost") for x in workers), "a clock's jump was taken for a loss")
    expect(not any(len(w.documents(o)) != 1 for o in orders), "an order has not one document")


def step_case(part, name, ms, mode):
    def run(w):
        stepped(w, part, ms)
    run.__name__ = f"{name}_{'ahead' if ms > 0 else 'back'}"
    run.__doc__ = f"The clock of {part} jumps {abs(ms) // 1000} s {'ahead' if ms > 0 else 'back'}, and 3 s later to what it was."
    case("clocks", usual=(mode,))(run)


for clock_part, clock_name in (("worker-0", "worker"), ("redis", "redis"), ("kafka", "broker")):
    step_case(clock_part, clock_name, STEP_MS, "off")
    step_case(clock_part, clock_name, -STEP_MS, "on")
