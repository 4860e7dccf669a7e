"""A worker that sleeps past its lease and wakes up again: before and after its bytes leave, with and without a rebalance meanwhile.

The lease is 1 s, a send may be applied for 0.8 s, a session ends after 3 s. The sleeper's partition is taken over by slot 1 only through a rebalance;
without one the sleeper itself goes on with what it held.
"""

import time

from case import case, expect

PAST_LEASE, PAST_SESSION = 2.0, 4.5


def asleep(w, point, rebalance, count=4):
    """Stops slot 0 at a point with orders in flight; wakes it after its lease, or after slot 1 has had its partitions and worked on them."""
    events = [w.order() for _ in range(count)]
    sleeper = w.worker("0", f"{point}:stop")
    other = w.worker("1").await_running() if rebalance else None
    w.feed(*events)
    sleeper.await_stopped()
    time.sleep(PAST_SESSION if rebalance else PAST_LEASE)
    if other is not None:
        for e in events:
            w.await_outcomes(e)
    sleeper.go_on()
    w.judge()
    posted = sum(any(x.startswith("posted") for x in w.outcomes(e)) for e in events)
    expect(posted == count, f"{posted} of {count} were posted")


def stop_case(point, rebalance):
    def run(w):
        asleep(w, point, rebalance)
    run.__name__ = point.replace(".", "_") + ("_rebalance" if rebalance else "")
    run.__doc__ = f"SIGSTOP at {point} past the lease{', with a rebalance' if rebalance else ''}, then SIGCONT"
    case("stops", usual=("off",) if rebalance else ("on",))(run)


for stop_point in ("prima.before_send", "prima.after_send", "finish.before"):
    stop_case(stop_point, False)
    stop_case(stop_point, True)
stop_case("claim.after", True)
stop_case("commit.before", True)


@case("stops", usual=("off",))
def whole_fleet(w):
    """Both workers stopped from outside in mid-work, both longer than lease and session, then both wake."""
    w.stack.admin("POST", "/latency", {"latency": "uniform:50ms-200ms"})
    workers = [w.worker("0").await_running(), w.worker("1").await_running()]
    w.feed(*[w.order() for _ in range(150)])
    time.sleep(0.4)
    for worker in workers:
        worker.stop()
    time.sleep(PAST_SESSION)
    for worker in workers:
        worker.go_on()
    w.stack.admin("POST", "/latency", {"latency": "0ms"})
    w.judge()


