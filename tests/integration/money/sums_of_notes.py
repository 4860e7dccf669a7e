"""Credit notes as sums, by SQL over Prima's tables and whatever the sequence was: within a note, against its order, and per day."""

from judge import rows

# A note is what its rows are, and they are what went back.
NOTE = """SELECT n.credit_number, n.lines_total, n.charge_total, n.tax_total, n.paid_total, n.difference, n.vat_inclusive,
    (SELECT COALESCE(SUM(CASE l.quantity WHEN 0 THEN l.price ELSE l.quantity * l.price END), 0) FROM credit_note_lines l WHERE l.credit_note_id = n.id) AS lines,
    (SELECT COALESCE(SUM(c.value), 0) FROM credit_note_charges c WHERE c.credit_note_id = n.id) AS charges,
    (SELECT COALESCE(SUM(l.tax), 0) FROM credit_note_lines l WHERE l.credit_note_id = n.id)
        + (SELECT COALESCE(SUM(c.tax), 0) FROM credit_note_charges c WHERE c.credit_note_id = n.id) AS tax,
    (SELECT COALESCE(SUM(p.amount), 0) FROM credit_note_payments p WHERE p.credit_note_id = n.id) AS paid
    FROM credit_notes n ORDER BY n.id"""

# Of one line and product of an order: what was posted, what is credited.
LINES = """SELECT o.order_number, l.reference, l.product, l.mtrx_code1, l.mtrx_code2, l.mtrx_code3, l.mtrx_code4,
    SUM(l.quantity) AS units, SUM(l.quantity * l.price - l.discount) AS amount, SUM(l.tax) AS tax,
    (SELECT COALESCE(SUM(c.quantity), 0) FROM {credited}) AS back_units,
    (SELECT COALESCE(SUM(CASE c.quantity WHEN 0 THEN c.price ELSE c.quantity * c.price END), 0) FROM {credited}) AS back_amount,
    (SELECT COALESCE(SUM(c.tax), 0) FROM {credited}) AS back_tax
    FROM orders o JOIN order_lines l ON l.order_id = o.id WHERE o.id IN (SELECT order_id FROM credit_notes)
    GROUP BY o.id, l.reference, l.product, l.mtrx_code1, l.mtrx_code2, l.mtrx_code3, l.mtrx_code4""".replace(
    "{credited}", """credit_notes n JOIN credit_note_lines c ON c.credit_note_id = n.id WHERE n.order_id = o.id AND c.product = l.product
        AND c.mtrx_code1 = l.mtrx_code1 AND c.mtrx_code2 = l.mtrx_code2 AND c.mtrx_code3 = l.mtrx_code3 AND c.mtrx_code4 = l.mtrx_code4
        AND c.order_line IN (SELECT same.order_line FROM order_lines same WHERE same.order_id = o.id AND same.reference = l.reference)""")

# Per charge of an order; a charge of no code there is an amount for the whole order.
CHARGES = """SELECT o.order_number, c.charge, SUM(c.value) AS value,
    (SELECT COALESCE(SUM(b.value + CASE n.vat_inclusive WHEN 1 THEN 0 ELSE b.tax END), 0) FROM credit_notes n JOIN credit_note_charges b ON b.credit_note_id = n.id
     WHERE n.order_id = o.id AND b.charge = c.charge) AS back
    FROM orders o JOIN order_charges c ON c.order_id = o.id WHERE o.id IN (SELECT order_id FROM credit_notes) AND c.charge <> 'MISCCHG'
    GROUP BY o.id, c.charge"""

ORDERS = """SELECT o.order_number, o.lines_total - o.discount_total + o.charge_total + CASE o.vat_inclusive WHEN 1 THEN 0 ELSE o.tax_total END AS total,
    SUM(n.lines_total + n.charge_total + CASE n.vat_inclusive WHEN 1 THEN 0 ELSE n.tax_total END) AS back, SUM(n.tax_total) AS back_tax
    FROM orders o JOIN credit_notes n ON n.order_id = o.id GROUP BY o.id"""

DAYS = """SELECT n.company, SUBSTR(n.order_number, 1, 3), n.refund_date, n.currency, COUNT(*), SUM(n.paid_total), SUM(n.tax_total),
    SUM((SELECT COALESCE(SUM(p.amount), 0) FROM credit_note_payments p WHERE p.credit_note_id = n.id AND p.pay_method NOT IN ('EXC', 'ACC'))),
    SUM((SELECT COALESCE(SUM(p.amount), 0) FROM credit_note_payments p WHERE p.credit_note_id = n.id AND p.pay_method = 'EXC')),
    SUM((SELECT COALESCE(SUM(p.amount), 0) FROM credit_note_payments p WHERE p.credit_note_id = n.id AND p.pay_method = 'ACC'))
    FROM credit_notes n GROUP BY 1, 2, 3, 4"""
NAMES = ("notes", "gross", "tax", "money", "set off", "on account")

NUMBERS = """SELECT company, credit_number, COUNT(*) AS many FROM credit_notes GROUP BY 1, 2 HAVING COUNT(*) > 1"""
LINKS = """SELECT n.credit_number, n.order_number, o.order_number AS linked FROM credit_notes n LEFT JOIN orders o ON o.id = n.order_id
    WHERE o.order_number IS NOT n.order_number OR o.company IS NOT n.company OR o.currency IS NOT n.currency"""


def judge_each(db):
    for row in rows(db, NOTE):
        for name, made in (("lines_total", "lines"), ("charge_total", "charges"), ("tax_total", "tax"), ("paid_total", "paid")):
            if row[name] != row[made]:
                yield f"note {row['credit_number']}: {name} is {row[name]}, its rows come to {row[made]}"
        gross = row["lines"] + row["charges"] + (0 if row["vat_inclusive"] else row["tax"])
        if gross != row["paid"] or row["difference"] != 0:
            yield f"note {row['credit_number']}: its parts come to {gross}, its payments to {row['paid']}, its difference is {row['difference']}"
    for row in rows(db, NUMBERS):
        yield f"note {row['credit_number']}: Prima has it {row['many']} times"
    for row in rows(db, LINKS):
        yield f"note {row['credit_number']}: it says order {row['order_number']} and is linked to {row['linked']}, or to another company or currency"


def is_more(back, posted):
    return back > posted if posted >= 0 else back < posted


def judge_orders(db, accounts):
    for row in rows(db, LINES):
        for name in ("units", "amount", "tax"):
            if is_more(row[f"back_{name}"], row[name]):
                yield (f"order {row['order_number']}: line {row['reference']} ({row['product']}): {row[f'back_{name}']} of {name} is credited, "
                       f"{row[name]} was posted")
    for row in rows(db, CHARGES):
        if is_more(row["back"], row["value"]):
            yield f"order {row['order_number']}: {row['back']} of {row['charge']} is credited, {row['value']} was posted"
    for row in rows(db, ORDERS):
        account = accounts.get(row["order_number"])
        if account is None:
            yield f"order {row['order_number']}: it has credit notes, and no event of a refund"
            continue
        if row["back"] > row["total"] or row["back_tax"] > account.tax:
            yield (f"order {row['order_number']}: {row['back']} with {row['back_tax']} of tax is credited, {row['total']} with {account.tax} of tax "
                   "was posted")
        elif row["back"] == row["total"] and row["back_tax"] != account.tax:
            yield f"order {row['order_number']}: all of its {row['total']} is credited, but {row['back_tax']} of its {account.tax} of tax"
        if row["total"] - row["back"] != account.left:
            yield f"order {row['order_number']}: {account.left} remains by its refunds, {row['total'] - row['back']} in Prima"


def judge_days(db, notes):
    wanted = {}
    for note in notes:
        money = sum(amount for method, _, amount, *_ in note.payments if method not in ("EXC", "ACC"))
        values = (1, note.gross, sum(t.tax for t in note.takes), money, note.gross - money - note.account, note.account)
        day = (note.company, note.order[:3], note.date, note.currency)
        wanted[day] = [a + b for a, b in zip(wanted.get(day, [0] * len(NAMES)), values)]
    found = {tuple(row)[:4]: list(tuple(row)[4:]) for row in rows(db, DAYS)}
    for day in sorted(wanted.keys() | found.keys()):
        for name, a, b in zip(NAMES, wanted.get(day, [0] * len(NAMES)), found.get(day, [0] * len(NAMES))):
            if a != b:
                yield f"{' '.join(day)}: {name} of credit notes come to {a} by the refunds, to {b} in Prima"


def judge_sums(facts, seen):
    yield from judge_each(facts.db)
    yield from judge_orders(facts.db, seen.accounts)
    yield from judge_days(facts.db, seen.notes)
