/* A refund of two currencies; see refund_rates.h. */
#include "refund_rates.h"

/* The event's parts in the other currency, as refund_parts.c adds them up in the order's. */
struct other_sums {
    const struct refund_event *event;
    const struct ledger_entry *entry;
    struct exact exact;
    int64_t stated, adjustments;
    bool lacks;
};

static int64_t other_money(struct other_sums *s, const struct money_set *set)
{
    s->lacks |= !refund_has_other(s->entry, set);
    return refund_pick_other(s->entry, set);
}

/* With its tax, which is stated where the amount does not contain it. */
static int64_t other_gross(struct other_sums *s, const struct money_set *amount,
                           const struct money_set *tax, const struct refund_tax *rates,
                           size_t rate_count)
{
    int64_t gross = other_money(s, amount);
    if (s->entry->tax_included)
        return gross;
    s->lacks |= tax == NULL && rate_count == 0;
    for (size_t i = 0; i < rate_count; i++)
        gross = exact_add(&s->exact, gross, other_money(s, &rates[i].amount));
    if (rate_count == 0 && tax != NULL)
        gross = exact_add(&s->exact, gross, other_money(s, tax));
    return gross;
}

static void add_stated(struct other_sums *s, int64_t gross)
{
    s->stated = exact_add(&s->exact, s->stated, gross);
}

static void add_parts(struct other_sums *s)
{
    const struct refund_event *e = s->event;
    for (size_t i = 0; i < e->lines.count; i++) {
        const struct refund_line *l = &e->lines.items[i];
        add_stated(s, other_gross(s, &l->amount, l->tax, l->tax_lines.items, l->tax_lines.count));
    }
    for (size_t i = 0; i < e->carriage.count; i++) {
        const struct refund_carriage *c = &e->carriage.items[i];
        add_stated(s, other_gross(s, &c->amount, c->tax, c->tax_lines.items, c->tax_lines.count));
    }
    for (size_t i = 0; i < e->charges.count; i++) {
        const struct refund_charge *c = &e->charges.items[i];
        add_stated(s, other_gross(s, &c->amount, c->tax, c->tax_lines.items, c->tax_lines.count));
    }
    if (e->order_amount != NULL)
        add_stated(s, other_money(s, e->order_amount));
    for (size_t i = 0; i < e->taxes.count; i++)
        add_stated(s, other_money(s, &e->taxes.items[i].amount));
}

static void add_adjustments(struct other_sums *s)
{
    const struct refund_event *e = s->event;
    int64_t carriage = 0;
    for (size_t i = 0; i < e->adjustments.count; i++) {
        const struct refund_adjustment *a = &e->adjustments.items[i];
        const int64_t gross = other_gross(s, &a->amount, a->tax, NULL, 0);
        int64_t *sum = a->kind == ADJUSTMENT_CARRIAGE ? &carriage : &s->adjustments;
        *sum = exact_add(&s->exact, *sum, gross);
    }
    if (e->carriage.count == 0) /* told twice, the line wins */
        add_stated(s, carriage < 0 ? exact_subtract(&s->exact, 0, carriage) : carriage);
}

bool refund_rates_agree(const struct refund_event *event, const struct ledger_entry *entry,
                        const struct refund_parts *parts, const struct refund_money *money,
                        int64_t tolerance, int64_t *ret_gross)
{
    struct other_sums s = {.event = event, .entry = entry};
    if (!money->is_foreign || (parts->count == 0 && parts->adjustments == 0))
        return false;
    add_parts(&s);
    add_adjustments(&s);
    const int64_t paid = exact_add(&s.exact, money->other_back, other_money(&s, &event->set_off)),
                  more = exact_add(&s.exact, s.stated, s.adjustments),
                  less = exact_subtract(&s.exact, s.stated, s.adjustments),
                  above = exact_distance(&s.exact, more, paid),
                  below = exact_distance(&s.exact, less, paid);
    const int64_t gross = above <= below
                              ? exact_add(&s.exact, parts->stated, parts->adjustments)
                              : exact_subtract(&s.exact, parts->stated, parts->adjustments);
    if (s.lacks || s.exact.overflow || gross <= 0 || (above < below ? above : below) > tolerance)
        return false;
    *ret_gross = gross;
    return true;
}
