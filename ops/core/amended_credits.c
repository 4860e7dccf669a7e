/* What was credited of an order, put over to the version that its document holds now; see
 * amended.h. A credit note is about lines of the document, which keeps them: so each finds its line
 * again, and no later note credits more than remains of it. */
#include "core/amended.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct carrying {
    const struct ledger_entry *former;
    struct ledger_entry *entry;
    char *why;
    int result;
};

__attribute__((format(printf, 2, 3))) static void carry_fail(struct carrying *c, const char *format,
                                                             ...)
{
    va_list args;
    if (c->result < 0)
        return;
    va_start(args, format);
    (void)vsnprintf(c->why, AMENDED_WHY_MAX, format, args);
    va_end(args);
    c->result = -EINVAL;
}

static bool is_same(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

/* Amounts below 0 are cash rounding's. */
static bool fits(int64_t credited, int64_t posted)
{
    return posted >= 0 ? credited >= 0 && credited <= posted : credited <= 0 && credited >= posted;
}

/* ---- taxes ---- */

static bool any_tax(const struct ledger_tax taxes[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (taxes[i].credited_minor != 0)
            return true;
    return false;
}

static void carry_taxes(struct carrying *c, const char *whose, const struct ledger_tax former[],
                        size_t former_count, struct ledger_tax taxes[], size_t count)
{
    for (size_t f = 0; f < former_count; f++) {
        struct ledger_tax *to = NULL;
        for (size_t i = 0; i < count && to == NULL; i++)
            if (taxes[i].rate_ppm == former[f].rate_ppm && taxes[i].credited_minor == 0)
                to = &taxes[i];
        if (former[f].credited_minor == 0)
            continue;
        if (to == NULL || !fits(former[f].credited_minor, to->tax_minor))
            carry_fail(c, "more tax of %s is credited than it has now", whose);
        else
            to->credited_minor = former[f].credited_minor;
    }
}

/* ---- lines ---- */

static bool is_credited_line(const struct ledger_line *l)
{
    return l->credited_quantity != 0 || l->credited_minor != 0 ||
           any_tax(l->taxes.items, l->taxes.count);
}

/* Of one channel's line there may be several: a bundle's parts. */
static bool is_same_line(const struct ledger_line *a, const struct ledger_line *b)
{
    bool same = a->matrix_codes.count == b->matrix_codes.count && is_same(a->line_id, b->line_id) &&
                is_same(a->product, b->product) && is_same(a->bundle_line_id, b->bundle_line_id);
    for (size_t i = 0; same && i < a->matrix_codes.count; i++)
        same = is_same(a->matrix_codes.items[i], b->matrix_codes.items[i]);
    return same;
}

static void carry_line(struct carrying *c, const struct ledger_line *former)
{
    struct ledger_line *to = NULL;
    char whose[120];
    for (size_t i = 0; i < c->entry->lines.count && to == NULL; i++)
        if (is_same_line(&c->entry->lines.items[i], former) &&
            !is_credited_line(&c->entry->lines.items[i]))
            to = &c->entry->lines.items[i];
    (void)snprintf(whose, sizeof whose, "line %.40s (%.40s)", former->line_id, former->product);
    if (to == NULL) {
        carry_fail(c, "%s is credited, and is not in it", whose);
        return;
    }
    if (former->credited_quantity > to->quantity || !fits(former->credited_minor, to->amount_minor))
        carry_fail(c, "%s: %" PRId32 " units are credited, and it has %" PRId32, whose,
                   former->credited_quantity, to->quantity);
    carry_taxes(c, whose, former->taxes.items, former->taxes.count, to->taxes.items,
                to->taxes.count);
    to->credited_quantity = former->credited_quantity;
    to->credited_minor = former->credited_minor;
}

/* ---- charges, payments ---- */

static bool is_credited_charge(const struct ledger_charge *charge)
{
    return charge->credited_minor != 0 || any_tax(charge->taxes.items, charge->taxes.count);
}

static void carry_charge(struct carrying *c, const struct ledger_charge *former)
{
    struct ledger_charge *to = NULL;
    char whose[120];
    for (size_t i = 0; i < c->entry->charges.count && to == NULL; i++) {
        struct ledger_charge *charge = &c->entry->charges.items[i];
        if (is_same(charge->kind, former->kind) && is_same(charge->code, former->code) &&
            is_same(charge->line_id, former->line_id) && !is_credited_charge(charge))
            to = charge;
    }
    (void)snprintf(whose, sizeof whose, "charge %.40s (%.40s)", former->code, former->kind);
    if (to == NULL || !fits(former->credited_minor, to->amount_minor)) {
        carry_fail(c, "%s is credited, and is %s", whose, to == NULL ? "not in it" : "smaller now");
        return;
    }
    carry_taxes(c, whose, former->taxes.items, former->taxes.count, to->taxes.items,
                to->taxes.count);
    to->credited_minor = former->credited_minor;
}

static void carry_tender(struct carrying *c, const struct ledger_tender *former)
{
    struct ledger_tender *to = NULL;
    for (size_t i = 0; i < c->entry->tenders.count && to == NULL; i++) {
        struct ledger_tender *tender = &c->entry->tenders.items[i];
        if (is_same(tender->kind, former->kind) && is_same(tender->gateway, former->gateway) &&
            is_same(tender->transaction_id, former->transaction_id) && tender->credited_minor == 0)
            to = tender;
    }
    if (to == NULL || !fits(former->credited_minor, to->amount_minor))
        carry_fail(c, "a payment by %s was paid back in part, and is %s", former->kind,
                   to == NULL ? "not in it" : "smaller now");
    else
        to->credited_minor = former->credited_minor;
}

/* ---- all of it ---- */

static void check_notes(struct carrying *c)
{
    int64_t notes = 0;
    for (size_t i = 0; i < c->former->credits.count; i++)
        if (__builtin_add_overflow(notes, c->former->credits.items[i].amount_minor, &notes))
            notes = INT64_MAX;
    if (notes > c->entry->total_minor)
        carry_fail(c, "more is credited than it comes to");
    if (c->former->money != c->entry->money || c->former->tax_included != c->entry->tax_included ||
        !is_same(c->former->currency, c->entry->currency))
        carry_fail(c, "its credit notes are in other money");
}

int amended_carry_credits(const struct ledger_entry *former, struct ledger_entry *entry,
                          char ret_why[static AMENDED_WHY_MAX])
{
    struct carrying c = {.former = former, .entry = entry, .why = ret_why};
    if (former->credits.count == 0)
        return 0;
    check_notes(&c);
    for (size_t i = 0; i < former->lines.count; i++)
        if (is_credited_line(&former->lines.items[i]))
            carry_line(&c, &former->lines.items[i]);
    for (size_t i = 0; i < former->charges.count; i++)
        if (is_credited_charge(&former->charges.items[i]))
            carry_charge(&c, &former->charges.items[i]);
    for (size_t i = 0; i < former->tenders.count; i++)
        if (former->tenders.items[i].credited_minor != 0)
            carry_tender(&c, &former->tenders.items[i]);
    entry->credits.items = former->credits.items;
    entry->credits.count = former->credits.count;
    return c.result;
}

/* ---- records beside the entry ---- */

int amended_has_room(const struct ledger_entry *entry, const struct ledger_group *group,
                     const struct ledger_credit reserved[], size_t reserved_count,
                     struct arena *arena, char ret_why[static AMENDED_WHY_MAX])
{
    struct ledger_fold fold;
    struct ledger_kept kept = {.count = 0};
    int r = ledger_fold(entry, group->records, group->record_count, NULL, arena, &fold);
    if (r == 0)
        r = ledger_keep(&fold, reserved, reserved_count, arena, &kept);
    if (r == -ENOMEM)
        return r;
    if (r < 0) {
        (void)snprintf(ret_why, AMENDED_WHY_MAX, "it does not add up");
        return -EINVAL;
    }
    for (size_t i = 0; i < fold.open_count; i++)
        if (fold.open[i]->all) {
            (void)snprintf(ret_why, AMENDED_WHY_MAX,
                           "nobody knows yet what the credit note of refund %.60s took: tell of it "
                           "first",
                           fold.open[i]->refund_id);
            return -EINVAL;
        }
    if (kept.misfit == NULL)
        return 0;
    (void)snprintf(ret_why, AMENDED_WHY_MAX, "it has no room for what refund %.60s %s",
                   strrchr(kept.misfit->key, '/') != NULL ? strrchr(kept.misfit->key, '/') + 1
                                                          : kept.misfit->key,
                   kept.misfit->state == CREDIT_CREDITED ? "took" : "may have taken");
    return -EINVAL;
}
