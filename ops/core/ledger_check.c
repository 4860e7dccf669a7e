/* Whether an imported order adds up; see ledger_draft.h. What is wrong here would become a refund
 * that is refused, or one too many. */
#include "core/ledger_draft.h"

#include "base/money.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>

struct check {
    const struct ledger_draft *draft;
    char *why;
    int result;
    int64_t amounts, taxes, credited, credited_taxes;
};

__attribute__((format(printf, 2, 3))) static void check_fail(struct check *c, const char *format,
                                                             ...)
{
    if (c->result < 0)
        return;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(c->why, LEDGER_WHY_MAX, format, args);
    va_end(args);
    c->result = -EINVAL;
}

static void check_add(struct check *c, int64_t *sum, int64_t more)
{
    if (!__builtin_add_overflow(*sum, more, sum) || c->result < 0)
        return;
    (void)snprintf(c->why, LEDGER_WHY_MAX, "the amounts are too large to be added");
    c->result = -ERANGE;
}

static const char *minor_text(const struct check *c, int64_t minor,
                              char digits[static MONEY_TEXT_MAX])
{
    return money_digits((struct money){minor, c->draft->currency}, digits);
}

static void check_same(struct check *c, const char *what, int64_t sum, int64_t stated)
{
    char a[MONEY_TEXT_MAX], b[MONEY_TEXT_MAX];
    if (c->result == 0 && sum != stated)
        check_fail(c, "%s: %s, but %s is stated", what, minor_text(c, sum, a),
                   minor_text(c, stated, b));
}

/* 0 <= part <= whole, or the other way round where the whole is negative (cash rounding). */
static bool is_part(int64_t part, int64_t whole)
{
    return whole >= 0 ? part >= 0 && part <= whole : part <= 0 && part >= whole;
}

static void check_taxes(struct check *c, const char *where, size_t at,
                        const struct ledger_tax taxes[], size_t count, int64_t amount)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        check_add(c, &sum, taxes[i].tax_minor);
        check_add(c, &c->credited_taxes, taxes[i].credited_minor);
        if (!is_part(taxes[i].credited_minor, taxes[i].tax_minor))
            check_fail(c, "%s[%zu].taxes[%zu].credited: more was credited than the tax is", where,
                       at, i);
    }
    if (c->draft->entry.tax_included && !is_part(sum, amount))
        check_fail(c, "%s[%zu].taxes: more tax than the amount that contains it", where, at);
    check_add(c, &c->taxes, sum);
}

static void check_lines(struct check *c)
{
    const struct ledger_entry *e = &c->draft->entry;
    for (size_t i = 0; i < e->lines.count && c->result == 0; i++) {
        const struct ledger_line *l = &e->lines.items[i];
        if (l->amount_minor < 0)
            check_fail(c, "lines[%zu].amount: is below 0", i);
        if (l->discount_minor < 0)
            check_fail(c, "lines[%zu].discount: is below 0", i);
        if (l->credited_quantity > l->quantity)
            check_fail(c, "lines[%zu].credited_quantity: more was credited than was sold", i);
        if (!is_part(l->credited_minor, l->amount_minor))
            check_fail(c, "lines[%zu].credited: more was credited than was sold", i);
        for (size_t k = 0; k < i; k++) {
            if (strcmp(e->lines.items[k].line_id, l->line_id) == 0)
                check_fail(c, "lines[%zu].line_id: is that of lines[%zu], too", i, k);
            if (e->lines.items[k].number == l->number)
                check_fail(c, "lines[%zu].number: is that of lines[%zu], too", i, k);
        }
        check_add(c, &c->amounts, l->amount_minor);
        check_add(c, &c->credited, l->credited_minor);
        check_taxes(c, "lines", i, l->taxes.items, l->taxes.count, l->amount_minor);
    }
}

static void check_charges(struct check *c)
{
    const struct ledger_entry *e = &c->draft->entry;
    for (size_t i = 0; i < e->charges.count && c->result == 0; i++) {
        const struct ledger_charge *charge = &e->charges.items[i];
        if (charge->amount_minor < 0 && strcmp(charge->kind, "cash_rounding") != 0)
            check_fail(c, "charges[%zu].amount: is below 0, which only cash_rounding may be", i);
        if (!is_part(charge->credited_minor, charge->amount_minor))
            check_fail(c, "charges[%zu].credited: more was credited than was charged", i);
        check_add(c, &c->amounts, charge->amount_minor);
        check_add(c, &c->credited, charge->credited_minor);
        check_taxes(c, "charges", i, charge->taxes.items, charge->taxes.count,
                    charge->amount_minor);
    }
}

/* Without tenders (an export may lack them) nothing is said of who paid how. */
static void check_tenders(struct check *c)
{
    const struct ledger_entry *e = &c->draft->entry;
    int64_t paid = e->outstanding_minor;
    for (size_t i = 0; i < e->tenders.count && c->result == 0; i++) {
        const struct ledger_tender *t = &e->tenders.items[i];
        if (!is_part(t->credited_minor, t->amount_minor))
            check_fail(c, "tenders[%zu].credited: more was paid back than was paid", i);
        check_add(c, &paid, t->amount_minor);
    }
    if (e->outstanding_minor < 0 || e->outstanding_minor > e->total_minor)
        check_fail(c, "outstanding: is not between 0 and the total");
    if (e->tenders.count > 0)
        check_same(c, "total: tenders and outstanding come to", paid, e->total_minor);
}

/* What was credited is known by its notes: their refund ids keep the same refund from being
 * credited again. */
static void check_credits(struct check *c)
{
    const struct ledger_entry *e = &c->draft->entry;
    int64_t notes = 0, credited = c->credited;
    for (size_t i = 0; i < e->credits.count && c->result == 0; i++) {
        check_add(c, &notes, e->credits.items[i].amount_minor);
        if (e->credits.items[i].amount_minor < 0)
            check_fail(c, "credits[%zu].amount: is below 0", i);
        for (size_t k = 0; k < i; k++)
            if (strcmp(e->credits.items[k].refund_id, e->credits.items[i].refund_id) == 0)
                check_fail(c, "credits[%zu].refund_id: is that of credits[%zu], too", i, k);
    }
    if (!e->tax_included)
        check_add(c, &credited, c->credited_taxes);
    check_same(c, "credits: what was credited of lines and charges, tax included, comes to",
               credited, notes);
}

int ledger_check(const struct ledger_draft *draft, int64_t *ret_remaining,
                 char ret_why[static LEDGER_WHY_MAX])
{
    const struct ledger_entry *e = &draft->entry;
    struct check c = {.draft = draft, .why = ret_why};
    check_lines(&c);
    check_charges(&c);
    int64_t total = c.amounts, remaining = e->total_minor;
    if (!e->tax_included)
        check_add(&c, &total, c.taxes);
    check_same(&c, "tax: the taxes of lines and charges come to", c.taxes, e->tax_minor);
    check_same(&c,
               e->tax_included ? "total: lines and charges come to"
                               : "total: lines, charges and taxes come to",
               total, e->total_minor);
    check_tenders(&c);
    check_credits(&c);
    check_add(&c, &remaining, -c.credited);
    if (!e->tax_included)
        check_add(&c, &remaining, -c.credited_taxes);
    if (c.result == 0)
        *ret_remaining = remaining;
    return c.result;
}
