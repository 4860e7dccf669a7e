"""The judge of credit notes is judged: small databases with one thing wrong, each column of each of their tables among them. Each must be found."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import judge_notes

ORDERS = 44
NOTES_MAX = 8                  # of one order
SHAPES = "78"                  # how ids of refund_shapes.py begin

# A note with a line of one unit and nothing else, paid in money once; one with two lines of different tax; one with two payments.
NOTE = ("(SELECT MIN(n.id) FROM credit_notes n WHERE n.charge_total = 0 AND n.tax_total > 0 "
        "AND (SELECT SUM(quantity * 1000 + 1) FROM credit_note_lines l WHERE l.credit_note_id = n.id) = 1001 "
        "AND (SELECT SUM(1 + 9 * (p.pay_method <> 'CSH')) FROM credit_note_payments p WHERE p.credit_note_id = n.id) = 1)")
CHARGED = "(SELECT MIN(credit_note_id) FROM credit_note_charges WHERE tax > 0)"
TWO_RATES = """(SELECT MIN(a.credit_note_id) FROM credit_note_lines a JOIN credit_note_lines b ON b.credit_note_id = a.credit_note_id AND b.position = 2
    JOIN credit_notes n ON n.id = a.credit_note_id WHERE a.position = 1 AND a.quantity = 1 AND b.quantity = 1 AND a.tax > 1 AND b.tax > 1
    AND ABS(a.tax * 1.0 / a.price - b.tax * 1.0 / b.price) > 0.05)"""
TWO_PAID = "(SELECT MIN(credit_note_id) FROM credit_note_payments WHERE position = 2)"
OTHER_ORDER = f"(SELECT MAX(id) FROM orders WHERE currency = 'GBP' AND company = '01' AND id <> (SELECT order_id FROM credit_notes WHERE id = {NOTE}))"


def columns():
    """Every column that says something: a penny, or another word."""
    for column in ("lines_total", "charge_total", "tax_total", "paid_total", "difference"):
        yield f"credit_notes.{column}: a penny", [f"UPDATE credit_notes SET {column} = {column} + 1 WHERE id = {NOTE}"]
    yield "credit_notes.vat_inclusive", [f"UPDATE credit_notes SET vat_inclusive = 1 - vat_inclusive WHERE id = {NOTE}"]
    for column in ("company", "credit_number", "order_number", "refund_date", "post_date", "reason", "currency", "status"):
        yield f"credit_notes.{column}", [f"UPDATE credit_notes SET {column} = '2020-02-29' WHERE id = {NOTE}"]
    yield "credit_notes.order_id", [f"UPDATE credit_notes SET order_id = {OTHER_ORDER} WHERE id = {NOTE}"]
    for column in ("quantity", "price", "tax"):
        yield f"credit_note_lines.{column}: one more", [f"UPDATE credit_note_lines SET {column} = {column} + 1 WHERE credit_note_id = {NOTE}"]
        yield f"credit_note_lines.{column}: one less", [f"UPDATE credit_note_lines SET {column} = {column} - 1 WHERE credit_note_id = {NOTE}"]
    yield "credit_note_lines.restock", [f"UPDATE credit_note_lines SET restock = 1 - restock WHERE credit_note_id = {NOTE}"]
    for column in ("order_line", "product", "mtrx_code1", "mtrx_code2", "mtrx_code3", "mtrx_code4", "depot"):
        yield f"credit_note_lines.{column}", [f"UPDATE credit_note_lines SET {column} = {column} || '9' WHERE credit_note_id = {NOTE}"]
    for column in ("value", "tax"):
        yield f"credit_note_charges.{column}: a penny", [f"UPDATE credit_note_charges SET {column} = {column} - 1 WHERE credit_note_id = {CHARGED}"]
    yield "credit_note_charges.charge", [f"UPDATE credit_note_charges SET charge = 'DUTY' WHERE credit_note_id = {CHARGED}"]
    yield "credit_note_payments.amount: a penny", [f"UPDATE credit_note_payments SET amount = amount + 1 WHERE credit_note_id = {NOTE}"]
    for column in ("pay_method", "sub_pay_method", "provider", "transaction_id", "voucher_number", "exchange_number"):
        yield f"credit_note_payments.{column}", [f"UPDATE credit_note_payments SET {column} = {column} || 'X' WHERE credit_note_id = {NOTE}"]


def whole():
    """Damage that balances within its note, or is a note."""
    yield "a penny more, on the line, paid, and in every sum", [
        f"UPDATE credit_note_lines SET price = price + 1 WHERE credit_note_id = {NOTE} AND quantity = 1",
        f"UPDATE credit_note_payments SET amount = amount + 1 WHERE credit_note_id = {NOTE}",
        f"UPDATE credit_notes SET lines_total = lines_total + 1, paid_total = paid_total + 1 WHERE id = {NOTE}"]
    yield "a penny of tax more, in every sum", [
        f"UPDATE credit_note_lines SET tax = tax + 1 WHERE credit_note_id = {NOTE}", f"UPDATE credit_notes SET tax_total = tax_total + 1 WHERE id = {NOTE}"]
    yield "a penny of tax at another rate", [
        f"UPDATE credit_note_lines SET tax = tax + 3 - 2 * position WHERE credit_note_id = {TWO_RATES} AND position IN (1, 2)"]
    yield "all of a line's tax at another rate", [
        f"UPDATE credit_note_lines SET tax = CASE position WHEN 1 THEN 0 ELSE tax + (SELECT a.tax FROM credit_note_lines a WHERE a.position = 1 "
        f"AND a.credit_note_id = credit_note_lines.credit_note_id) END WHERE credit_note_id = {TWO_RATES} AND position IN (1, 2)"]
    yield "a penny of another line", [
        f"UPDATE credit_note_lines SET price = price + 3 - 2 * position WHERE credit_note_id = {TWO_RATES} AND position IN (1, 2)"]
    yield "a penny to another tender", [
        f"UPDATE credit_note_payments SET amount = amount + 3 - 2 * position WHERE credit_note_id = {TWO_PAID} AND position IN (1, 2)"]
    yield "another tender", [f"UPDATE credit_note_payments SET pay_method = 'VCH', sub_pay_method = 'GIFTCARD' WHERE credit_note_id = {NOTE}"]
    yield "on account instead of money", [f"UPDATE credit_note_payments SET pay_method = 'ACC', sub_pay_method = '' WHERE credit_note_id = {NOTE}"]
    yield "another date", [f"UPDATE credit_notes SET refund_date = DATE(refund_date, '+1 day'), post_date = DATE(post_date, '+1 day') WHERE id = {NOTE}"]
    yield "linked to another order, in every way", [
        f"UPDATE credit_notes SET order_id = {OTHER_ORDER} WHERE id = {NOTE}",
        f"UPDATE credit_notes SET order_number = (SELECT order_number FROM orders o WHERE o.id = credit_notes.order_id) WHERE id = {NOTE}"]
    yield "a line as an amount of money", [
        f"UPDATE credit_note_lines SET price = price * quantity, quantity = 0 WHERE credit_note_id = {NOTE}"]
    yield "a line as an amount for the order", [
        f"INSERT INTO credit_note_charges SELECT credit_note_id, 1, 'MISCCHG', price * quantity, tax FROM credit_note_lines WHERE credit_note_id = {NOTE}",
        f"UPDATE credit_notes SET charge_total = lines_total, lines_total = 0 WHERE id = {NOTE}",
        "DELETE FROM credit_note_lines WHERE credit_note_id IN (SELECT id FROM credit_notes WHERE lines_total = 0 AND charge_total > 0)"]
    yield "a missing note", [f"DELETE FROM credit_notes WHERE id = {NOTE}", *ORPHANS]
    for name, number in (("a note doubled", "credit_number"), ("a note doubled, with a number of its own", "credit_number || '1'")):
        yield name, [doubled("credit_notes", number), *(doubled_rows(t) for t in ("lines", "charges", "payments"))]
    yield "a missing line", [f"DELETE FROM credit_note_lines WHERE credit_note_id = {NOTE}"]
    yield "a missing payment", [f"DELETE FROM credit_note_payments WHERE credit_note_id = {NOTE}"]


ORPHANS = [f"DELETE FROM credit_note_{table} WHERE credit_note_id NOT IN (SELECT id FROM credit_notes)" for table in ("lines", "charges", "payments")]
HEAD = ("company", "credit_number", "order_id", "order_number", "request_id", "created_at", "refund_date", "post_date", "reason", "currency", "status",
        "vat_inclusive", "lines_total", "charge_total", "tax_total", "paid_total", "difference")


def doubled(table, number):
    return (f"INSERT INTO {table} (id, {', '.join(HEAD)}) SELECT (SELECT MAX(id) + 1 FROM {table}), "
            f"{', '.join(number if name == 'credit_number' else name for name in HEAD)} FROM {table} WHERE id = {NOTE}")


def doubled_rows(table):
    names = {"lines": "position, order_line, product, mtrx_code1, mtrx_code2, mtrx_code3, mtrx_code4, quantity, price, tax, restock, depot",
             "charges": "position, charge, value, tax",
             "payments": "position, pay_method, sub_pay_method, amount, provider, transaction_id, voucher_number, exchange_number"}[table]
    return (f"INSERT INTO credit_note_{table} (credit_note_id, {names}) SELECT (SELECT MAX(id) FROM credit_notes), {names} FROM credit_note_{table} "
            f"WHERE credit_note_id = {NOTE}")


# ---- a few orders, and what is done to them ----

def small(facts, asked, folder):
    """The same facts of a few orders: a judgement takes milliseconds. The first of the shapes and the first of `generate` are among them."""
    db = folder / "small.sqlite"
    db.unlink(missing_ok=True)
    with closing(sqlite3.connect(facts.db)) as source, closing(sqlite3.connect(db)) as target:
        source.backup(target)
        numbers = [n for (n,) in target.execute("SELECT order_number FROM credit_notes GROUP BY order_number HAVING COUNT(*) <= ? "
                                                        "ORDER BY order_number", (NOTES_MAX,)).fetchall()]
        shapes = [n for n in numbers if n[3:].startswith(SHAPES)][:ORDERS // 2]
        kept = set(shapes + [n for n in numbers if n not in shapes][:ORDERS - len(shapes)])
        marks = ", ".join("?" * len(kept))
        target.execute(f"DELETE FROM orders WHERE order_number NOT IN ({marks})", tuple(kept))
        target.execute(f"DELETE FROM credit_notes WHERE order_number NOT IN ({marks})", tuple(kept))
        for table in ("lines", "charges", "payments"):
            target.execute(f"DELETE FROM order_{table} WHERE order_id NOT IN (SELECT id FROM orders)")
        for statement in ORPHANS:
            target.execute(statement)
        target.execute("DELETE FROM requests WHERE id NOT IN (SELECT request_id FROM credit_notes)")
        target.execute("UPDATE requests SET request = '', reply = ''")
        for (name,) in target.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE 'CREATE UNIQUE%'").fetchall():
            target.execute(f"DROP INDEX {name}")  # the judge must not lean on what is unique there
        target.commit()
        target.execute("PRAGMA journal_mode = DELETE")  # one file is all of it, and can be copied
        target.execute("VACUUM")
    events = judge_notes.read_events(facts)
    places = {place for place, event in events.items() if event is not None and judge_notes.number_of(event) in kept}
    return replace(facts, db=str(db), raw=[r for r in facts.raw if r.place in places], events={},
                   ends=[e for e in facts.ends if e.place in places])


class NothingToDamage(Exception):
    """The run, whose orders are drawn, has no such row: the damage is left out, a few of them at most."""


LEFT_OUT_MAX = 8


def damaged(facts, folder, statements):
    copy = folder / "damaged_notes.sqlite"
    assert not any(Path(f"{copy}{end}").exists() for end in ("-wal", "-journal")), "of another copy"
    shutil.copyfile(facts.db, copy)
    with closing(sqlite3.connect(copy)) as target:
        target.execute("PRAGMA ignore_check_constraints = ON")
        before, first = target.total_changes, True
        for statement in statements:
            target.execute(statement)
            if first and target.total_changes == before:
                raise NothingToDamage(statement)
            first = False
        target.commit()
    return replace(facts, db=str(copy))


def ends_damaged(facts):
    """Not the database, but what the worker said."""
    dead = next(e for e in facts.ends if e.is_dead)
    note = next(e for e in facts.ends if e.outcome == "posted")
    other = next(e for e in facts.ends if e.outcome in ("contained", "no_money"))

    def ends(name, old, *new):
        return name, replace(facts, ends=[e for e in facts.ends if e is not old] + list(new))
    yield ends("a lost dead letter", dead)
    yield ends("a dead letter with other bytes", dead, replace(dead, value=b"other"))
    yield ends("a dead letter with another code", dead, replace(dead, outcome="order_cancelled_in_prima"))
    yield ends("a dead letter that says that its order is missing, which is there", dead, replace(dead, outcome="refund_order_missing"))
    yield ends("a second end", note, note, note)
    yield ends("a note without a result", note)
    yield ends("a note that ended as nothing to credit", note, replace(note, outcome="nothing_to_credit"))
    yield ends("an outcome without a note that has one", other, replace(other, outcome="posted", number="201R1"))
    yield ends("no money for what is in the order", other, replace(other, outcome="nothing_to_credit"))
    yield ends("an end of no record", dead, dead, replace(dead, place="refunds.raw/0/999999999"))


def stopped(facts, asked, folder):
    """A refund that could be credited, stopped with a code, and its note is not in Prima: nothing contradicts anything but the rules."""
    seen = judge_notes.Refunds()
    judge_notes.judge(facts, asked, seen)
    number = max((n.number for n in seen.notes), key=lambda number: next(e.ended_at for e in facts.ends if e.number == number))
    value = next(e for e in facts.ends if e.number == number and e.outcome == "posted")
    without = damaged(facts, folder, [f"DELETE FROM credit_notes WHERE credit_number = '{number}'", *ORPHANS])
    raw = next(r.value for r in facts.raw if r.place == value.place)
    for code in ("refund_exceeds_creditable", "refund_mismatch", "refund_money_failed", "event_invalid"):
        dead = replace(value, outcome=code, is_dead=True, number="", value=raw)
        yield f"a refund that fits, stopped as {code}", replace(without, ends=[e for e in facts.ends if e.number != number] + [dead])


def test_judge(facts, asked, folder, say):
    """How many were missed."""
    few, missed, left_out = small(facts, asked, folder), 0, []
    clean = judge_notes.judge(few, asked)
    if clean:
        say(f"NOT OK: the small database without damage: {clean[0]}")
        return 1
    for name, make in [(n, lambda s=s: damaged(few, folder, s)) for n, s in (*columns(), *whole())] + \
            [(n, lambda f=f: f) for n, f in ends_damaged(few)]:
        try:
            made = make()
        except NothingToDamage:
            left_out.append(name)
            continue
        missed += tell(name, judge_notes.judge(made, asked), say)
    for name, made in stopped(few, asked, folder):
        missed += tell(name, judge_notes.judge(made, asked), say)
    if left_out:
        say(f"{'NOT OK' if len(left_out) > LEFT_OUT_MAX else 'left out'}: nothing in this run to damage so: {'; '.join(left_out)}")
    return missed + (len(left_out) > LEFT_OUT_MAX)


def tell(name, findings, say):
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    say(f"ok: {name}: {findings[0][:240]}{more}" if findings else f"NOT OK: the judge does not see: {name}")
    return not findings
