"""kill -9 at random times under load, workers joining and leaving: what no list of edges thinks of. Also with the release binary."""

import os
import random
import time

import feed
from case import case, expect
from cases_prima import HOSTILE, mixed

KILLS = int(os.environ.get("PF_KILLS", "12"))  # of each case and mode
SEED = int(os.environ.get("PF_SEED", str(random.randrange(10**6))))


def storm(w, kills, between):
    """`kills` workers die at random moments, 2 to 4 slots are taken at a time, some leave politely. Three times as many orders as kills."""
    chance = random.Random(f"{SEED} {w.name} {w.stack.unique}")
    batches = [mixed(w, 12) for _ in range(1 + kills // 6)]
    slots, killed = {}, 0
    w.feed(*batches.pop())
    while killed < kills:
        while len(slots) < chance.randint(2, 4):
            free = next(str(i) for i in range(4) if str(i) not in slots)
            slots[free] = w.worker(free)
        if batches and chance.random() < 0.25:
            w.feed(*batches.pop())
        time.sleep(chance.uniform(*between))
        slot = chance.choice(sorted(slots))
        if chance.random() < 0.15:
            slots[slot].drain()
        else:
            slots[slot].kill()
            killed += 1
        del slots[slot]
    for events in batches:
        w.feed(*events)
    for slot in ("0", "1"):
        if slot not in slots:
            w.worker(slot)


@case("kills")
def under_load(w):
    """Random kill -9 among 2-4 workers under load (PF_KILLS of them, PF_SEED repeats a run)."""
    w.stack.admin("POST", "/latency", {"latency": "uniform:5ms-120ms"})
    print(f"       PF_SEED={SEED} PF_KILLS={KILLS}", flush=True)
    storm(w, KILLS, (0.2, 2.0))
    w.stack.admin("POST", "/latency", {"latency": "0ms"})
    w.judge()


@case("kills")
def with_hostilities(w):
    """The same with a hostile Prima: unknown outcomes and crashes together."""
    w.stack.admin("POST", "/latency", {"latency": "uniform:5ms-60ms"})
    for do in HOSTILE:
        w.stack.fault(do, probability=0.015)
    storm(w, KILLS // 2, (0.5, 2.5))
    w.stack.no_faults()
    w.stack.admin("POST", "/latency", {"latency": "0ms"})
    w.judge()


@case("kills", usual=("on",))
def two_in_one_slot(w):
    """A second process in a slot waits and exits 69; when the holder is dead, it takes over and everything ends well."""
    events = [w.order() for _ in range(6)]
    first = w.worker("0").await_running()
    second = w.worker("0")
    code = second.await_death(20)
    expect(code == 69, f"the second process in the slot ended with {code}, not 69:\n{second.log()[-1000:]}")
    expect(first.is_alive() and not first.says("restarting"), f"the holder was disturbed:\n{first.log()[-1000:]}")
    third = w.worker("0")
    third.await_log("another process holds this slot")
    w.feed(*events)
    first.kill()
    third.await_running(10)
    w.judge()
    for o in events:
        expect("posted" in w.outcomes(o), f"{feed.natural(o)}: {w.outcomes(o)}")
