"""A machine that sleeps. All that runs on it stands still at once, for longer than every lease, session, transaction and the time in which Prima applies a send;
the rest of the world goes on. When it goes on, too, its CLOCK_MONOTONIC has not counted the sleep, and nearly everything that waits goes by that.

Suspended: CLOCK_BOOTTIME and the wall clock tell how long it was. Paused: the machine was a guest, its host paused it, and no clock tells.
Nothing is lost, nothing is doubled, nobody is left with work, and nobody has to help.
"""

import json
import os
import signal
import subprocess
import time

import feed
from case import case, expect, until
from cases_prima import posted_of
from stack import IN, PARTITIONS, TREE, binaries
from workers import die_with_us

OPTIONS = ("commit.transaction_timeout=3s",)
ASLEEP_SECONDS = 6.5  # lease 1 s, session 3 s, a transaction 3 s, a send 0.8 s: twice the longest
REST_SECONDS = 90


def run_on(w, slot, fail=None):
    return w.worker(slot, fail, has_clock=True, options=OPTIONS)


def wake_all(workers, is_paused=False):
    for worker in workers:
        worker.wake(is_paused)


def all_posted(w, orders):
    until("all have ended", REST_SECONDS, lambda: posted_of(w, orders) == len(orders), 0.3)
    found = w.judge(REST_SECONDS)
    expect(not found.dead, f"somebody is left with work: {[(d.key, d.code) for d in found.dead]}")
    expect(all(len(w.documents(o)) == 1 for o in orders), "an order has not one document")


def under_load(w, is_paused, others):
    """Two workers of one machine sleep in mid-work, with answers lost; `others`: another machine's worker goes on meanwhile."""
    w.stack.admin("POST", "/latency", {"latency": "uniform:20ms-200ms"})
    for do in ({"kind": "hang"}, {"kind": "apply_then_hang"}, {"kind": "reset_after"}, {"kind": "apply_delay", "delay": "200ms", "then": "hang"}):
        w.fault(do, type="NewOrder", count=3)
    sleepers = [run_on(w, slot).await_running() for slot in ("0", "1")]
    awake = [w.worker("2", options=OPTIONS).await_running()] if others else []
    until("everybody has some", 20, lambda: all(w.partitions(x) for x in (*sleepers, *awake)))
    orders = [w.order() for _ in range(100)]
    w.feed(*orders, *[{**o, "event_id": "again"} for o in orders[:10]])
    until("some are posted", 20, lambda: sum(bool(w.requests(o)) for o in orders) >= 15)
    for worker in sleepers:
        worker.stop()
    later = [w.order() for _ in range(40)]
    w.feed(*later)
    time.sleep(ASLEEP_SECONDS)
    if others:
        until("what was behind them goes on elsewhere", 20, lambda: posted_of(w, later) >= len(later) // 4)
    wake_all(sleepers, is_paused)
    w.stack.admin("POST", "/latency", {"latency": "0ms"})
    all_posted(w, [*orders, *later])
    for worker in sleepers:
        expect(worker.is_alive(), f"slot {worker.slot} ended")
        until(f"slot {worker.slot} is ready: {worker.http('/readyz')}", 20, lambda x=worker: x.http("/readyz") == "ok\n")


# A run takes a quarter of a minute, most of it asleep; PF_FULL=1 has all in both modes.
USUAL = {(False, False): ("on",), (False, True): ("off",), (True, False): (), (True, True): ("off",)}


def load_case(is_paused, others):
    def run(w):
        under_load(w, is_paused, others)
    run.__name__ = ("paused" if is_paused else "suspended") + ("_while_another_works" if others else "_alone")
    run.__doc__ = f"A machine of two workers is {'paused' if is_paused else 'suspended'} under load, {'beside one that works' if others else 'and nobody else is there'}."
    case("suspend", usual=USUAL[is_paused, others])(run)


for paused in (False, True):
    for with_others in (False, True):
        load_case(paused, with_others)


# ---- at an edge ----

def at_edge(w, point, is_paused):
    """The one worker of a machine falls asleep at an edge with four orders; another machine's takes them over, as far as it may, before it wakes."""
    orders = [w.order(till=True) for _ in range(4)]
    sleeper = run_on(w, "0", f"{point}:stop")
    other = w.worker("1", options=OPTIONS).await_running()
    w.feed(*orders)
    sleeper.await_stopped()
    time.sleep(ASLEEP_SECONDS)
    until("the other has all partitions", 20, lambda: len(w.partitions(other)) == PARTITIONS)
    if w.stack.unique:  # else it waits for what the sleeper may still send
        for o in orders:
            w.await_outcomes(o)
    sleeper.wake(is_paused)
    all_posted(w, orders)


def edge_case(point, is_paused, modes):
    def run(w):
        at_edge(w, point, is_paused)
    run.__name__ = f"{point.replace('.', '_')}{'_paused' if is_paused else ''}"
    run.__doc__ = f"{'Paused' if is_paused else 'Suspended'} at {point}, while another machine takes over."
    case("suspend", usual=modes)(run)


for edge in ("sent.after", "post.begun"):  # on the way to the wire: only a clock that counted the sleep tells that it is too late
    edge_case(edge, False, ("on", "off"))
    edge_case(edge, True, ("off",))  # no clock tells; then only who waits for the sleeper is safe
for edge in ("claim.after", "prima.after_send", "finish.before", "settled", "commit.before"):
    edge_case(edge, False, ("on",))
    edge_case(edge, True, ())


# ---- whoever writes orders ----

@case("suspend", usual=("on",))
def a_producer(w):
    """`primaflow produce` sleeps in the middle of its transaction: all of its orders arrive, once each."""
    w.worker("0").await_running()
    orders = [w.order() for _ in range(400)]
    before = sum(w.stack.kafka.ends([IN], PARTITIONS).values())
    link = w.stack.links["kafka"]
    link.delay(40)
    lines = w.stack.folder / "orders.jsonl"
    lines.write_text("".join(json.dumps(o) + "\n" for o in orders))
    with subprocess.Popen([binaries() / "primaflow", "produce", IN, lines], env={**w.stack.env, **w.stack.through(["kafka"])}, cwd=TREE, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=die_with_us) as producer:
        until("some of them are in Kafka", 20, lambda: sum(w.stack.kafka.ends([IN], PARTITIONS).values()) > before or producer.poll() is not None, 0.005)
        os.kill(producer.pid, signal.SIGSTOP)
        expect(producer.poll() is None and posted_of(w, orders) == 0, "it had ended before it was stopped: the case proves nothing")
        time.sleep(ASLEEP_SECONDS)
        os.kill(producer.pid, signal.SIGCONT)
        said, _ = producer.communicate(timeout=60)
    expect(producer.returncode == 0, f"exit {producer.returncode}: {said}")
    all_posted(w, orders)
