"""Bundles: what is posted is what the order came to, and what may be credited later is found by the channel's line, also when a worker dies between
the two and the mappings are others by then."""

import shutil
import time

import feed
from case import case, expect, until
from stack import LEDGER, TREE

BUNDLE = "WEEKENDSET"  # two TSHIRT and one SKU00002, 60 : 40 (ops/deploy/mappings/bundles.yaml)


def bundle_order(w):
    """Three of them at 33.36: 100.08, of which 60.05 are no six prices of whole pence."""
    return w.order(sku=BUNDLE, price=3336, quantity=3)


def lines_in_prima(w, order):
    return w.stack.sql("SELECT l.* FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE o.order_number = ? ORDER BY position",
                       feed.order_number(order))


def ledger_of(w, order):
    entries = [line["value"] for line in w.stack.consume(LEDGER) if line["value"] and line["value"]["key"] == feed.natural(order)]
    expect(len(entries) == 1, f"{len(entries)} ledger entries of {feed.natural(order)}")
    return entries[0]


def units(rows, product, quantity):
    found = {}
    for row in rows:
        found[row[product]] = found.get(row[product], 0) + int(row[quantity])
    return found


def expect_whole_document(w, order):
    rows = lines_in_prima(w, order)
    expect(units(rows, "product", "quantity") == {"TSHIRT": 6, "SKU00002": 3}, f"Prima has {units(rows, 'product', 'quantity')}")
    expect(sum(int(r["quantity"]) * int(r["price"]) - int(r["discount"]) for r in rows) == 10008, "the parts do not come to the bundle")
    expect(sum(int(r["tax"]) for r in rows) == 1668, "nor does their tax")
    expect({r["reference"] for r in rows} == {f"{order['order_id']}-1"}, "a part does not name the channel's line")
    return rows


@case("bundles")
def posted_and_resent(w):
    """A bundle becomes its components in Prima and in the ledger, to the penny; sent again it is a duplicate."""
    order = bundle_order(w)
    w.worker().await_running()
    w.feed(order)
    w.await_outcomes(order)
    w.feed({**order, "event_id": "again"})
    until("the resend has ended", 30, lambda: sorted(w.outcomes(order)) == ["duplicate", "posted"])
    expect_whole_document(w, order)
    lines = ledger_of(w, order)["lines"]
    expect([(line["product"], line["quantity"], line["bundle_quantity"]) for line in lines] == [("TSHIRT", 6, 3), ("SKU00002", 3, 3)], f"the ledger has {lines}")
    expect({line["line_id"] for line in lines} == {f"{order['order_id']}-1"}, "the ledger's lines are not found by the channel's line")
    expect(sum(line["amount_minor"] for line in lines) == 10008, "less or more can be credited than was sold")


@case("bundles")
def killed_after_sending(w):
    """kill -9 when the request has left; the next worker has mappings without that bundle: one document of the components, one result, and the money whole."""
    order = bundle_order(w)
    armed = w.worker(fail="post.answered:kill:1")
    w.feed(order)
    expect(armed.await_death(40) == -9, "it was not killed")
    expect(len(w.requests(order)) == 1 and not w.outcomes(order), "it was killed too early, or too late")
    folder = w.stack.folder / f"mappings-{time.monotonic_ns()}"
    shutil.copytree(TREE / "ops" / "deploy" / "mappings", folder)
    (folder / "bundles.yaml").unlink()
    w.worker(options=(f"orders.mappings={folder}",))
    until("it is posted", 45, lambda: w.outcomes(order) == ["posted"])
    expect(len(w.documents(order)) == 1 and len(w.requests(order)) == 1, f"{len(w.documents(order))} documents by {len(w.requests(order))} requests")
    expect_whole_document(w, order)
    lines = ledger_of(w, order)["lines"]
    expect([(line["product"], line["quantity"], line["amount_minor"]) for line in lines] == [(BUNDLE, 3, 10008)], f"the ledger has {lines}")
    expect(sum(t["tax_minor"] for line in lines for t in line["taxes"]) == 1668, f"the ledger has {lines}")
