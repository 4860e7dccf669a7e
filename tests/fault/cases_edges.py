"""kill -9 on each edge of a record's life: before and after each external effect, the first time and a later one.

Each point has the situation in which it is passed. The worker armed with it must die there (a point that is not reached is a failure: the table
would prove nothing), another one in the same slot goes on, and everything must have ended well.
"""

from case import FULL, case, expect

# ---- situations: what is fed, and what Prima is told to do, so that the point is passed ----


def plain(w):
    """New orders, a resend, an edit."""
    first = w.order(customer=w.numbers())
    return [first, *[w.order() for _ in range(4)], {**first, "event_id": "again"}]


def unknown(w):
    """Outcomes that must be resolved: applied or not, the answer is lost."""
    w.fault({"kind": "reset_after"}, type="NewOrder", count=2)
    w.fault({"kind": "hang"}, type="NewOrder", count=2)
    return plain(w)


def refused(w):
    w.fault({"kind": "error", "about": "period_closed"}, type="NewOrder", count=3)
    return plain(w)


def exists(w):
    """A number that somebody else has: parked. One only: had a second one's send an unknown outcome by the same kill, finding that document would
    prove it ours (the protocol's known limit: content cannot be compared)."""
    orders = [w.order() for _ in range(3)]
    w.stack.foreign_order("201" + orders[0]["order_id"])
    return orders


def deferred(w):
    """Prima cannot say whether it has the order, for longer than a record may wait: to the retry topic."""
    w.fault({"kind": "reset_before"}, type="NewOrder", count=3)
    w.fault({"kind": "error", "about": "busy"}, type="OrderStatus")
    return plain(w)


def throttled(w):
    w.fault({"kind": "throttle", "retry_after": 1}, type="NewOrder", count=2)
    return plain(w)


def staggered(w):
    """Orders that settle one after the other, so that there are several transactions."""
    orders = [w.order() for _ in range(8)]
    for i, o in enumerate(orders):
        w.fault({"kind": "latency", "latency": f"{40 * i}ms"}, type="NewOrder", key="*" + o["order_id"])
    return orders


def customers(w):
    """Each order a new customer's, and one customer's twice."""
    one = w.numbers()
    return [w.order(customer=one), w.order(customer=one), *[w.order(customer=w.numbers()) for _ in range(3)]]


# Chains of points: one worker after the other dies at the next point, and what they all leave behind is judged once.
CHAINS = {
    "claim": {"start": plain, "running": plain, "claim.before": plain, "claim.after": plain, "decide": plain},
    "send": {"sent.before": plain, "sent.after": plain, "post.before": plain, "prima.before_send": plain, "post.begun": plain,
             "prima.after_send": plain, "prima.before_callback": plain, "post.answered": plain},
    "finish": {"finish.before": plain, "finish.after": plain, "settled": plain, "refuse.before": refused, "refuse.after": refused,
               "defer.after": deferred},
    "park": {"park.before": exists, "park.after": exists},
    "resolve": {"resolve.before": unknown, "resolve.answered": unknown, "sent.before": throttled},
    "commit": {"commit.begun": staggered, "commit.before": staggered, "commit.after": staggered},
    "customer": {"customer.before_post": customers, "customer.created": customers, "customer.known": customers},
}
ASKING = ("prima.ask_before_first_send=always",)  # else Prima's own "exists" parks it, in one step with the answer
ONCE = {"start", "running", "park.before", "park.after"}  # passed once in a process's life, or once by its situation


def passes(point, w):
    """In full: the first time and a later one in both modes, else one of them in each."""
    later = 2 if point.startswith("commit.") else 3  # the first transaction takes a second: few are needed for eight orders
    if point in ONCE:
        return (1,)
    return (1, later) if FULL else (1,) if w.stack.unique else (later,)


def kill_at(w, point, nth, situation):
    """One armed worker to its death, in the same slot as all others."""
    events = situation(w)
    armed = w.worker(fail=f"{point}:kill:{nth}", options=ASKING if situation is exists else ())
    w.feed(*events)
    code = armed.await_death(40)
    expect(code == -9, f"{point}: exit {code}, not killed\n{armed.log()[-1500:]}")
    w.stack.no_faults()


def chain(name, points):
    def run(w):
        for point, situation in points.items():
            for nth in passes(point, w):
                kill_at(w, point, nth, situation)
        w.worker()
        w.judge()
    run.__name__ = name
    run.__doc__ = "kill -9 at " + ", ".join(points)
    case("edges")(run)


for chain_name, chain_points in CHAINS.items():
    chain(chain_name, chain_points)
