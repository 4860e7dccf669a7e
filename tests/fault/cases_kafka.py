"""Kafka broken inside transactions, fenced slots, rebalances in a row."""

import time

import feed
from case import case, expect
from cases_prima import mixed


@case("kafka", usual=("on",))
def broker_dies_inside_a_transaction(w):
    """The broker is killed while a transaction is open, and started again two seconds later."""
    events = mixed(w, 20)
    worker = w.worker("0", "commit.before:sleep=1500:2").await_running()
    w.feed(*events[:12])
    time.sleep(1)
    w.feed(*events[12:])
    time.sleep(0.7)
    w.stack.kill("kafka")
    time.sleep(2)
    w.stack.start("kafka")
    w.judge()
    expect(worker.is_alive(), "the worker ended")


@case("kafka", usual=("off",))
def broker_dies_under_load(w):
    """Killed and started again at three moments while results are being committed."""
    w.stack.admin("POST", "/latency", {"latency": "uniform:20ms-200ms"})
    w.feed(*mixed(w, 80))
    for slot in ("0", "1"):
        w.worker(slot).await_running()
    for pause in (0.3, 0.8, 1.7):
        time.sleep(pause)
        w.stack.kill("kafka")
        time.sleep(1)
        w.stack.start("kafka")
    w.stack.admin("POST", "/latency", {"latency": "0ms"})
    w.judge()


@case("kafka", usual=("off",))
def transaction_aborted(w):
    """A transaction is aborted after its offsets were sent: its results are published again from memory, once."""
    events = mixed(w, 10)
    w.feed(*events)
    worker = w.worker("0", "commit.abort:error,commit.abort:error:2")
    w.judge()
    expect(worker.says("aborted"), "no transaction was aborted")


@case("kafka", usual=("off",))
def fenced(w):
    """A slot's sleeper wakes after its successor has its slot: it is a ghost, publishes nothing, and gives way."""
    events = [w.order() for _ in range(6)]
    sleeper = w.worker("0", "commit.before:stop")
    w.feed(*events)
    sleeper.await_stopped()
    time.sleep(1.5)
    w.worker("0").await_running(20)
    sleeper.go_on()
    w.judge()
    for e in events:
        expect(any(x.startswith("posted") for x in w.outcomes(e)), f"{feed.natural(e)}: {w.outcomes(e)}")


@case("kafka", usual=("off",))
def rebalances_in_a_row(w):
    """Workers join and leave every half second while records are under way."""
    w.stack.admin("POST", "/latency", {"latency": "uniform:50ms-300ms"})
    w.feed(*mixed(w, 100))
    w.worker("0").await_running()
    for turn in range(6):
        joined = w.worker(str(1 + turn % 3))
        time.sleep(1.6)
        if turn % 2:
            joined.drain()
        else:
            joined.kill()
    w.stack.admin("POST", "/latency", {"latency": "0ms"})
    w.judge()


@case("kafka", usual=("on",))
def killed_while_giving_partitions_back(w):
    """kill -9 between the last commit and the answer to a revoke."""
    w.stack.admin("POST", "/latency", {"latency": "uniform:50ms-300ms"})
    first = w.worker("0", "revoke.before_answer:kill").await_running()
    w.feed(*mixed(w, 30))
    w.worker("1")
    code = first.await_death(30)
    expect(code == -9, f"exit {code}")
    w.stack.admin("POST", "/latency", {"latency": "0ms"})
    w.worker("0")
    w.judge()
