#!/usr/bin/env python3
"""Thousands of orders, and refunds of some, through real workers into the sandbox, and then an accountant who has seen nobody's code: is Prima's money
what the channels sold, and paid back? Judged from the raw events' bytes (avro.py, expect.py, expect_refund.py) and SQL; the judge is tested on damaged
copies of the same database.

    tests/integration/money/test_money.py [--orders N] [--refunds N] [--seed S] [--keep]

PRIMAFLOW_BIN says which build. Exit 1: a finding, or damage that the judge did not find."""

import argparse
import json
import os
import shutil
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "fault")]

import damage_notes  # noqa: E402
import feed_refunds  # noqa: E402
import judge  # noqa: E402
import judge_notes  # noqa: E402
import shapes  # noqa: E402
from avro import Schema  # noqa: E402
from stack import DEAD, IN, RESULTS, TREE, Stack  # noqa: E402
from workers import Worker  # noqa: E402

PENNIES = 600
STILL_SECONDS = 40
# Deadlines of a machine that is busy: this is about money, not about time.
PATIENCE = [*(f"prima.deadline.{name}=20s" for name in ("new_order", "order_status", "customer_search", "new_customer", "product_read")),
            "prima.connect_timeout=5s", "worker.settle_deadline=60s", "slot.lease=10s", "worker.drain_deadline=20s", "log.level=warning"]


def say(text):
    print(text, flush=True)


def mappings(folder):
    """The examples, but an order that is not paid is held and does not wait: a wait has no end within a test."""
    made = folder / "mappings"
    shutil.copytree(TREE / "ops" / "deploy" / "mappings", made)
    path = made / "channels.yaml"
    text = path.read_text()
    assert text.count("pending: wait") == 1
    path.write_text(text.replace("pending: wait", "pending: hold"))
    return made


def feed(stack, orders, seed):
    """Returns the number of records, and of how many orders which amount was moved."""
    generate = ["generate", "orders", "--to-kafka", "--start", "2026-09-30T09:00:00Z", "--customers", "300"]
    stack.primaflow(*generate, "--seed", str(seed), "--count", str(orders), "--duplicates", "8", "--faulty", "25")
    plain = stack.primaflow("generate", "orders", "--seed", str(seed + 1), "--count", str(PENNIES), "--start", "2026-10-24T22:30:00Z")
    moved = shapes.pennies([json.loads(line) for line in plain.splitlines()])
    stack.produce([event for _, event in moved])
    edges = shapes.edges(77000000000 + seed * 100000, 12)
    stack.produce(edges)
    stack.produce(edges[::3])  # again, the very same
    return orders + len(moved) + len(edges) + len(edges[::3]), {path for path, _ in moved}


def await_rest(stack, worker, records):
    """Each record has its one committed end. Late is no failure, standing still is."""
    ended, moved_at = -1, time.monotonic()
    while ended < records:
        if not worker.is_alive():
            raise RuntimeError(f"the worker ended\n{worker.log()[-2000:]}")
        now = len(stack.consume(RESULTS, raw=True)) + len(stack.consume(DEAD, raw=True))
        if now > ended:
            ended, moved_at = now, time.monotonic()
        elif time.monotonic() - moved_at > STILL_SECONDS:
            raise TimeoutError(f"{ended} of {records} records have an end, and none was added for {STILL_SECONDS} s\n{worker.log()[-1500:]}")
        time.sleep(0.5)


def facts_of(stack, db):
    raw = [judge.Record(f"{line['topic']}/{line['partition']}/{line['offset']}", judge.bytes_of(line["value"]))
           for line in stack.consume(IN, raw=True)]
    dead = {line["headers"]["primaflow.delivery"]: (line["headers"]["primaflow.code"], judge.bytes_of(line["value"]))
            for line in stack.consume(DEAD, raw=True)}
    return judge.Facts(raw, dead, str(db), Schema((TREE / "schemas" / "OrderEvent.avsc").read_text()))


# ---- the judge is judged ----

FIRST = "(SELECT MIN(id) FROM orders WHERE hold = 0)"
DAMAGE = [
    ("a penny more for a line", f"UPDATE order_lines SET price = price + 1 WHERE order_id = {FIRST} AND position = 1"),
    ("a penny less discount", f"UPDATE order_lines SET discount = discount - 1 WHERE order_id = {FIRST} AND position = 1"),
    ("a price and its discount, both a penny more",
     f"UPDATE order_lines SET price = price + 1, discount = discount + quantity WHERE order_id = {FIRST} AND position = 1"),
    ("a penny of tax", "UPDATE order_lines SET tax = tax + 1 WHERE order_id = (SELECT MIN(id) FROM orders WHERE hold = 0 AND vat_inclusive = 0) "
                       "AND position = 1"),
    ("two pennies of tax where it is rounded per invoice",
     "UPDATE order_lines SET tax = tax + 2 WHERE order_id = (SELECT MIN(id) FROM orders WHERE order_number LIKE '202%') AND position = 1"),
    ("a penny of carriage", "UPDATE order_charges SET value = value - 1 WHERE order_id = (SELECT MIN(order_id) FROM order_charges)"),
    ("a penny paid", "UPDATE order_payments SET amount = amount + 1 WHERE order_id = (SELECT MIN(order_id) FROM order_payments)"),
    ("a payment of somebody else", "UPDATE order_payments SET transaction_id = 'x' WHERE order_id = (SELECT MIN(order_id) FROM order_payments)"),
    ("a penny outstanding", f"UPDATE orders SET paid_total = paid_total + 1, difference = difference - 1 WHERE id = {FIRST}"),
    ("one unit more", f"UPDATE order_lines SET quantity = quantity + 1 WHERE order_id = {FIRST} AND position = 1"),
    ("another product", f"UPDATE order_lines SET product = 'MISC' WHERE order_id = {FIRST} AND position = 1"),
    ("another depot", f"UPDATE order_lines SET depot = 'EU' WHERE order_id = {FIRST} AND position = 1"),
    ("a missing line", f"DELETE FROM order_lines WHERE order_id = {FIRST} AND position = 1"),
    ("a missing order", f"DELETE FROM orders WHERE id = {FIRST}"),
    ("a second order", "INSERT INTO orders SELECT (SELECT MAX(id) + 1 FROM orders), company, order_number, request_id, created_at, account, "
                       "customer_ref, channel, order_type, order_date, hold, hold_narrative, status, surname, post_code, country, "
                       "special_instructions, carrier, payment_terms, currency, vat_inclusive, lines_total, discount_total, tax_total, "
                       f"charge_total, paid_total, stated_paid, outstanding, difference FROM orders WHERE id = {FIRST}"),
    ("an order that nobody sent", f"UPDATE orders SET order_number = '2019999' WHERE id = {FIRST}"),
    ("another day", f"UPDATE orders SET order_date = '2020-02-29' WHERE id = {FIRST}"),
    ("another currency", f"UPDATE orders SET currency = 'USD' WHERE id = {FIRST}"),
    ("another company", f"UPDATE orders SET company = '03' WHERE id = {FIRST}"),
    ("net for gross", f"UPDATE orders SET vat_inclusive = 1 - vat_inclusive, difference = difference + tax_total * (2 * vat_inclusive - 1) "
                      f"WHERE id = {FIRST}"),
    ("held though it balances", f"UPDATE orders SET hold = 1 WHERE id = {FIRST}"),
    ("clean though it does not", "UPDATE orders SET hold = 0 WHERE id = (SELECT MIN(id) FROM orders WHERE hold = 1)"),
]


def slim(facts, folder):
    """The same without the requests' texts, which nobody here reads: it is copied for each damage."""
    copy = folder / "slim.sqlite"
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(facts.db)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        target.execute("DELETE FROM requests")
        target.commit()
        target.execute("PRAGMA journal_mode = DELETE")
        target.execute("VACUUM")
    return judge.Facts(facts.raw, facts.dead, str(copy), facts.schema)


def damaged(facts, folder, statement):
    """A copy of the database with one thing wrong."""
    copy = folder / "damaged.sqlite"
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(facts.db)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        if "INSERT INTO orders" in statement:  # numbers are unique there: the judge must not lean on that
            for (name,) in target.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'orders' AND sql IS NOT NULL").fetchall():
                target.execute(f"DROP INDEX {name}")
        if target.execute(statement).rowcount < 1:
            raise RuntimeError(f"nothing to damage: {statement}")
        if "DELETE FROM orders" in statement:
            for table in ("order_lines", "order_charges", "order_payments"):
                target.execute(f"DELETE FROM {table} WHERE order_id NOT IN (SELECT id FROM orders)")
        target.commit()
    return judge.Facts(facts.raw, facts.dead, str(copy), facts.schema)


def test_judge(facts, asked, folder):
    missed, facts = 0, slim(facts, folder)
    wrongs = [(name, damaged, (facts, folder, statement)) for name, statement in DAMAGE]
    place = next(iter(facts.dead))
    lost = {p: v for p, v in facts.dead.items() if p != place}
    wrongs += [("a lost dead letter", judge.Facts, (facts.raw, lost, facts.db, facts.schema)),
               ("a dead letter with other bytes", judge.Facts, (facts.raw, {**facts.dead, place: ("x", b"other")}, facts.db, facts.schema)),
               ("a dead letter of an order that is in Prima", judge.Facts,
                (facts.raw, {**facts.dead, **clean_place(facts, asked)}, facts.db, facts.schema))]
    for name, make, words in wrongs:
        findings = judge.judge(make(*words), asked)
        if not findings:
            missed += 1
            say(f"NOT OK: the judge does not see {name}")
        else:
            say(f"ok: {name}: {findings[0]}" + (f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""))
    return missed


def clean_place(facts, asked):
    place = next(iter(asked.may_be_dead))
    return {place: ("order_amended", next(r.value for r in facts.raw if r.place == place))}


# ---- the whole ----

def check_spread(facts, asked, moved):
    """The sample must have been worth judging: many of each kind, or a judge of nothing would be content."""
    clean = sum(not o.reasons for o in asked.orders.values())
    reasons = {name: sum(name in o.reasons for o in asked.orders.values()) for name in ("tax", "total", "sku", "location", "payment", "carriage")}
    say(f"{len(facts.raw)} records: {clean} orders that balance, {len(asked.orders) - clean} that do not {reasons}, {len(asked.dead)} that are none; "
        f"a penny moved in {len(moved)} places of an order")
    assert clean > len(asked.orders) // 2 and min(reasons.values()) > 5 and len(asked.dead) > 20, "too few of a kind"
    for prefix in ("201", "202", "301", "401", "501"):
        assert sum(n.startswith(prefix) for n in asked.orders) > 20, f"too few orders of {prefix}"
    assert {"JPY", "KWD", "GBP", "EUR"} <= {o.currency for o in asked.orders.values()}
    assert len(moved) >= 14, moved


NOTE_ENDS = {"posted": 100, "duplicate": 10, "no_money": 10, "contained": 5, "superseded": 5, "nothing_to_credit": 1, "refund_exceeds_creditable": 20,
             "refund_mismatch": 5, "refund_money_failed": 3, "refund_money_pending": 3, "refund_money_failed_after_credit": 2, "refund_more_money_after_credit": 1, "refund_amended": 1,
             "store_credit_undecided": 2, "refund_tender_unmapped": 2, "event_invalid": 5, "order_cancelled_in_prima": 1, "company_unmapped": 1}


def check_notes(seen):
    """As check_spread, of refunds."""
    full = sum(a.left == 0 for a in seen.accounts.values())
    currencies = {n.currency for n in seen.notes}
    say(f"{sum(seen.ends.values())} refunds of {len(seen.accounts)} orders: {len(seen.notes)} credit notes in {', '.join(sorted(currencies))}; {full} orders are "
        f"credited whole; {dict(sorted(seen.ends.items()))}")
    assert {"GBP", "EUR", "JPY", "KWD"} <= currencies and full > 20, "too few of a kind"
    few = {end: seen.ends.get(end, 0) for end, least in NOTE_ENDS.items() if seen.ends.get(end, 0) < least}
    assert not few, f"too few of: {few}"


def judge_all(stack, refunds, moved):
    """True: nothing was found, and the judge finds what is wrong."""
    db = stack.dir / "prima.sqlite"
    facts, of_refunds, seen = facts_of(stack, db), refunds.facts(db), judge_notes.Refunds()
    asked = judge.demand(facts)
    check_spread(facts, asked, moved)
    findings = judge.judge(facts, asked) + judge_notes.judge(of_refunds, asked, seen)
    for finding in findings[:40]:
        say(f"NOT OK: {finding}")
    check_notes(seen)
    return not findings and test_judge(facts, asked, stack.folder) + damage_notes.test_judge(of_refunds, asked, stack.folder, say) == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=int, default=2400)
    parser.add_argument("--refunds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 90000 if os.environ.get("PF_SEED") is None else int(os.environ["PF_SEED"]))
    parser.add_argument("--keep", action="store_true", help="leave the stack's folder")
    given = parser.parse_args()
    say(f"PF_SEED={given.seed}")
    stack, began, good, workers = Stack(unique=True), time.monotonic(), False, []
    refunds = feed_refunds.Refunds(stack, given.refunds, given.seed + 2, max(2, given.refunds // 250))
    try:
        stack.up()
        options = [*PATIENCE, f"orders.mappings={mappings(stack.folder)}"]
        early = refunds.orders()  # they are first, and their refunds come while the others are under way
        records, moved = feed(stack, given.orders, given.seed)
        records += early
        refunds.start(options)
        workers = [refunds.worker, Worker(stack, options=options)]
        await_rest(stack, workers[1], early)
        records += refunds.first()
        refunds.await_rest()
        refunds.second()
        refunds.await_rest()
        say(f"{refunds.fed} refunds settled after {time.monotonic() - began:.0f} s")
        await_rest(stack, workers[1], records)
        for worker in workers:
            worker.drain(30)
        say(f"{records} orders settled after {time.monotonic() - began:.0f} s")
        good = judge_all(stack, refunds, moved)
    finally:
        for worker in workers:
            worker.kill()
        stack.down()
        if good and not given.keep:
            shutil.rmtree(stack.folder)
        else:
            say(f"left for you: {stack.folder}")
    say(f"{'passed' if good else 'FAILED'} in {time.monotonic() - began:.0f} s")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
