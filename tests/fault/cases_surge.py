"""One cause stops many orders: it is told once, and by policy the worker takes no more until its mappings are loaded anew."""

import signal

import feed
from case import case, expect, until

PAUSES = ("deadletter.surge=pause", "deadletter.surge_keys=10", "deadletter.surge_share=60")


@case("surge", modes=("on",))
def pauses_until_the_mappings_are_loaded(w):
    """Ten orders of products that nobody knows, each on hold; what comes then waits unread, and goes on behind the reload. A second surge is told again."""
    worker = w.worker("0", options=PAUSES).await_running()
    held = [w.order(till=True, sku=f"{feed.UNKNOWN_SKU}{i}") for i in range(10)]
    w.feed(*held)
    worker.await_log("surge: one code stops many records")
    until("it waits for that", 10, lambda: (s := worker.status()) and "dead_letter_surge" in s["paused"])
    expect('10 of the last 10 orders ended so; mapping changed last: ' in worker.log(), worker.log()[-800:])
    expect(worker.metric("primaflow_surge") == {'code="unknown_sku"': 1}, f"{worker.metric('primaflow_surge')}")
    later = w.order(till=True)
    w.feed(later)
    before = worker.status()["records"] if "records" in worker.status() else None
    expect(not w.requests(later) and w.state(later) == "", f"it was taken: {w.state(later)} {before}")
    worker.signal(signal.SIGHUP)
    w.await_outcomes(later)
    expect(worker.metric("primaflow_surge") == {'code="unknown_sku"': 0}, f"{worker.metric('primaflow_surge')}")
    w.feed(*(w.order(till=True, sku=f"{feed.UNKNOWN_SKU}{i}") for i in range(10)))
    worker.await_log("surge: one code stops many records", times=2)
    worker.signal(signal.SIGHUP)
    w.judge()
