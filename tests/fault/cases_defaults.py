"""kill -9 in the settings that the product ships with: what short leases and deadlines of profile.yaml might hide, or only they show. A campaign, not CI:

    PF_KILLS=40 tests/fault/run.py --mode off --turns 12 kills.default_settings     # 480 kills, 48,000 orders; an hour and a half

A dead sender's orders may have to wait for its deadline and prima.max_apply_delay, a dead worker's slot for its lease, so that a run rests for minutes.
"""

import os
import random
import time
from collections import Counter

import feed
from case import Failed, case, expect
from cases_kills import KILLS, SEED
from cases_prima import posted_of

ORDERS_PER_KILL = int(os.environ.get("PF_ORDERS_PER_KILL", "100"))
REST_SECONDS = 900
# What has nothing to do with who is alive, who sent what, and until when: retry topics are those of the stack; a digest's key has no default.
OURS = ("retry.delays=1s,2s,4s", "customers.secret=only-for-tests")


def wave(w, count):
    """Most people order once, some are known."""
    return [w.order(customer=w.numbers() if i % 3 == 0 else None, sku=f"SKU{1000 + i % 400:05d}") for i in range(count)]


def counted(w, orders):
    """What became of them: lost, doubled, parked, on hold because nobody knows the customer."""
    results, dead = w.reader.results(), w.reader.dead()
    ended = Counter(r.key for r in results) + Counter(d.key for d in dead)
    numbers = [feed.order_number(o) for o in orders]
    documents = Counter(row["order_number"] for row in w.stack.sql("SELECT order_number FROM orders"))
    return {"orders": len(orders), "posted": posted_of(w, orders), "lost": sum(feed.natural(o) not in ended for o in orders),
            "doubled": sum(documents[n] > 1 for n in numbers), "parked": sum(d.klass == "park" for d in dead),
            "held for a customer": sum("customer_unknown_outcome" in r.codes for r in results)}


@case("kills", usual=())
def default_settings(w):
    """kill -9 of three workers in default settings (PF_KILLS of them, PF_ORDERS_PER_KILL orders each): nothing lost, doubled, parked or held for it."""
    w.numbers = feed.ManyNumbers(w.name, w.stack.unique)
    chance = random.Random(f"{SEED} {w.name} {w.stack.unique}")
    w.stack.admin("POST", "/latency", {"latency": "uniform:50ms-900ms"})
    made = {slot: w.worker(slot, profile=None, options=OURS) for slot in ("0", "1", "2")}
    orders, began = [], time.monotonic()
    for _ in range(KILLS):
        more = wave(w, ORDERS_PER_KILL)
        orders += more
        w.feed(*more)
        time.sleep(chance.uniform(0.3, 3.0))
        slot = chance.choice(sorted(made))
        made[slot].kill()
        made[slot] = w.worker(slot, profile=None, options=OURS)
    w.stack.admin("POST", "/latency", {"latency": "0ms"})
    killed = time.monotonic() - began
    failure = None
    try:
        w.judge(REST_SECONDS)
    except Failed as error:
        failure = error
    found = counted(w, orders)
    print(f"       PF_SEED={SEED} PF_KILLS={KILLS}: {found}, {killed:.0f} s of kills, {time.monotonic() - began - killed:.0f} s to rest", flush=True)
    if failure:
        raise failure
    expect(found["posted"] == found["orders"] and not any(found[what] for what in ("lost", "doubled", "parked", "held for a customer")), f"{found}")
