"""Waiting ends well: a long outage is nobody's fault, a deferral mark goes with its record, and where to begin is decided once."""

import re
import shutil
import signal
import time

import feed
from case import case, expect, until
from stack import IN, TREE


@case("waits", usual=("on",))
def throttled_past_max_age(w):
    """Prima says 429 for longer than retry.max_age: an infrastructure failure; nothing is dead-lettered, and all is posted when it lets us in."""
    rule = w.fault({"kind": "throttle", "status": 429, "retry_after": 1}, type="NewOrder")
    orders = [w.order() for _ in range(6)]
    worker = w.worker("0", options=("retry.max_age=2s", "worker.settle_deadline=500ms"))
    worker.await_running()
    w.feed(*orders)
    time.sleep(6)
    w.stack.no_faults(rule)
    w.judge()
    for order in orders:
        expect(w.outcomes(order) == ["posted"], f"{feed.natural(order)}: {w.outcomes(order)}")


@case("waits", usual=("on",))
def a_key_lives_on_after_old_age(w):
    """What is too old, though others of its kind pass, is dead-lettered, and takes its deferral mark along: the same order, sent again, is posted."""
    order = w.order(sku="SKU04998")
    w.fault({"kind": "error", "text": "Words that nobody knows"}, key="SKU04998", type="MultiAvailableToSell")
    worker = w.worker("0", options=("retry.max_age=1s", "worker.settle_deadline=1s"))
    worker.await_running()
    w.feed(order)
    time.sleep(4)
    expect(not w.outcomes(order), f"nobody else was there, and it was blamed: {w.outcomes(order)}")
    others = []
    while not w.outcomes(order):
        others.append(w.order(sku=f"SKU{3500 + len(others):05d}"))  # products that nobody has asked for
        w.feed(others[-1])
        time.sleep(0.1)
        expect(len(others) < 200, "it does not end")
    expect(w.outcomes(order) == ["waited_too_long"], f"{w.outcomes(order)}")
    w.stack.no_faults()
    w.feed(order)
    until("it is posted", 20, lambda: "posted" in w.outcomes(order))
    marks = w.stack.redis("ZRANGE", f"pf:d:{feed.natural(order)}", "0", "-1")
    expect(not marks, f"deferral marks are left: {marks}")


# ---- waiting for a mapping: policy `wait` ----

NEW_PLACE = "7007"  # no row of depots.yaml has it


def mappings_that_wait(w, tree=TREE):
    """A copy of a tree's example mappings of which unmapped locations wait, and the option that names it."""
    folder = w.stack.folder / f"mappings-{time.monotonic_ns()}"
    shutil.copytree(tree / "ops" / "deploy" / "mappings", folder)
    policies = folder / "policies.yaml"
    policies.write_text(policies.read_text().replace("depot_unmapped: hold", "depot_unmapped: wait"))
    return folder, f"orders.mappings={folder}"


def map_new_place(folder, worker):
    """The row that was missing, and SIGHUP."""
    depots = folder / "depots.yaml"
    depots.write_text(depots.read_text() + f'  - {{location: "{NEW_PLACE}", depot: "02"}}\n')
    worker.signal(signal.SIGHUP)
    worker.await_log("mappings reloaded")


def at_new_place(event):
    event["lines"][0]["location_id"] = NEW_PLACE
    return event


def await_tries(worker, delay, count):
    """Until the retry topic of a delay was written to so often by this worker."""
    name = f'topic="orders.raw.retry.{delay}"'
    until(f"{count} retries after {delay}", 40, lambda: worker.metric("primaflow_retries_total").get(name, 0) >= count)


def await_waiting(w, worker, count):
    worker.await_log("waiting by policy", seconds=30, times=count)


@case("waits", usual=("on",))
def for_a_mapping(w):
    """An order whose location has no depot waits, seen as such; with the row it is posted, without a restart, at that depot and not on hold."""
    folder, option = mappings_that_wait(w)
    worker = w.worker("0", options=(option,))
    worker.await_running()
    order = at_new_place(w.order())
    w.feed(order)
    await_waiting(w, worker, 1)
    expect(re.search(r"waiting by policy.*code=depot_unmapped.*owner=ecommerce", worker.log()) is not None, "the log does not say whose turn it is")
    expect(worker.metric("primaflow_exceptions_total").get('code="depot_unmapped"') == 1, f"it is not counted: {worker.metric('primaflow_exceptions_total')}")
    expect(not w.outcomes(order) and not w.requests(order), f"it did not wait: {w.outcomes(order)}")
    await_tries(worker, "4s", 1)  # the third: they are no new exceptions
    expect(worker.metric("primaflow_exceptions_total").get('code="depot_unmapped"') == 1, "each try is counted as an exception")
    map_new_place(folder, worker)
    until("it is posted", 30, lambda: w.outcomes(order) == ["posted"])
    lines = w.stack.sql("SELECT depot FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE o.order_number = ?", feed.order_number(order))
    expect([line["depot"] for line in lines] == ["02"], f"posted to {lines}")
    w.judge()


@case("waits", usual=("on",))
def cancelled_while_it_waits(w):
    """A cancellation of an order that waits for a mapping ends it: with the row there, nothing is posted."""
    folder, option = mappings_that_wait(w)
    worker = w.worker("0", options=(option,))
    worker.await_running()
    order = at_new_place(w.order())
    cancellation = at_new_place(feed.order(order["order_id"], version=2, kind="cancelled"))
    w.feed(order)
    await_waiting(w, worker, 1)
    w.feed(cancellation)
    until("the cancellation has ended", 30, lambda: "cancelled_before_posting" in w.outcomes(order))
    map_new_place(folder, worker)
    until("the order has ended, too", 30, lambda: w.outcomes(order) == ["cancelled_before_posting"] * 2)
    expect(not w.requests(order), "it was sent")


@case("waits", usual=("on",))
def the_newer_of_two(w):
    """Two versions of an order wait for the same mapping: with the row the newer is posted, the older superseded, and nobody has to settle a conflict."""
    folder, option = mappings_that_wait(w)
    worker = w.worker("0", options=(option,))
    worker.await_running()
    orders = [at_new_place(w.order()) for _ in range(5)]
    edits = [at_new_place(feed.order(o["order_id"], version=2, kind="edited", quantity=2)) for o in orders]
    w.feed(*orders)
    await_waiting(w, worker, 5)
    w.feed(*edits)
    await_waiting(w, worker, 10)
    await_tries(worker, "4s", 10)  # both in the slowest retry topic, where the older comes first
    map_new_place(folder, worker)
    for order in orders:
        until(f"{feed.natural(order)} has ended", 30, lambda o=order: len(w.outcomes(o)) == 2)
        expect(sorted(w.outcomes(order)) == ["posted", "superseded"], f"{feed.natural(order)}: {w.outcomes(order)}")
        lines = w.stack.sql("SELECT quantity FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE o.order_number = ?", feed.order_number(order))
        expect([int(line["quantity"]) for line in lines] == [2], f"the older was posted: {lines}")


@case("waits", usual=("on",))
def killed_while_it_waits(w):
    """kill -9 of the worker while orders wait: whoever is next goes on with them; each is posted once."""
    folder, option = mappings_that_wait(w)
    first = w.worker("0", options=(option,))
    first.await_running()
    orders = [at_new_place(w.order()) for _ in range(6)]
    w.feed(*orders)
    await_waiting(w, first, 1)
    first.kill()
    second = w.worker("0", options=(option,))
    second.await_running(40)
    map_new_place(folder, second)
    for order in orders:
        until(f"{feed.natural(order)} is posted", 40, lambda o=order: w.outcomes(o) == ["posted"])
    w.judge()


@case("waits", usual=("on",))
def for_a_mapping_in_vain(w):
    """Nobody adds the row: after retry.max_age the order is a dead letter of what it waited for, so that its owner is told."""
    _, option = mappings_that_wait(w)
    worker = w.worker("0", options=(option, "retry.max_age=3s"))
    worker.await_running()
    order = at_new_place(w.order())
    w.feed(order)
    until("it has ended", 30, lambda: w.outcomes(order))
    expect(w.outcomes(order) == ["depot_unmapped"], f"{w.outcomes(order)}")
    w.judge()


# ---- the last: its orders are another group's, and this group's next worker would find documents that it did not send ----


@case("waits", usual=("on",))
def begins_at_the_end_once(w):
    """start.from=end is decided at the first start, not at every one: what arrives while nobody runs is not passed over."""
    options = ("start.from=end", f"worker.group=from-end-{time.monotonic_ns()}", f"redis.prefix=end{time.monotonic_ns()}")
    first = w.worker("7", options=options)
    first.await_running(40)
    until("where to begin is committed", 20, lambda: (s := first.status()) and all(p["committed"] >= 0 for p in s["partitions"] if p["topic"] == IN))
    first.kill()
    orders = [w.order() for _ in range(6)]
    w.feed(*orders)
    w.worker("7", options=options)
    for order in orders:
        until(f"{feed.natural(order)} is posted", 30, lambda o=order: "posted" in w.outcomes(o))
