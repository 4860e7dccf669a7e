/* A refund's transactions: how much went back, and how far the rest has come.
 *
 * A transaction is stated in one currency. Where the order has two, the other side is what the
 * refund itself states for the same sum: of its parts, with or without tax and adjustments. Money
 * that is none of these is converted at the refund's own rate. So a refund whose money is its parts
 * comes to the same in both, to the minor unit, however many transactions it has. */
#include "base/money.h"

#include "shopify_means.h"
#include "shopify_refund_parts.h"
#include "shopify_transactions.h"

#include <stdlib.h>
#include <string.h>

struct movement {
    struct import_at at;
    const struct shopify_kind *kind;
    const struct shopify_status *status;
    struct shopify_amount stated;
    struct import_money amount;
    char id[64], parent[64];
};

static int64_t *stated_side(struct movement *m)
{
    return m->stated.by_presentment ? &m->amount.presentment : &m->amount.shop;
}

static bool went_back(const struct movement *m)
{
    return strcmp(m->kind->in_refund, "refund") == 0 && m->status->is_done;
}

/* False: complained of. */
static bool movement_read(struct shopify_refunding *f, const struct import_at *at,
                          struct movement *ret_movement)
{
    struct movement m = {.at = *at};
    if (!json_is_object(at->json)) {
        import_complain(f->r, at, "is not a transaction; export the transactions again");
        return false;
    }
    m.kind = shopify_kind_read(f->r, at);
    m.status = shopify_status_read(f->r, at);
    const bool has_amount = shopify_amount_read(f->r, at, &m.stated);
    (void)import_id(f->r, at, "id", m.id);
    (void)import_id(f->r, at, "parent_id", m.parent);
    if (m.kind == NULL || m.status == NULL || !has_amount)
        return false;
    *stated_side(&m) = m.stated.minor + m.stated.rounding;
    if (m.amount.shop < 0 || m.amount.presentment < 0)
        import_complain(f->r, at, "comes to less than nothing with its rounding; export it again");
    if (!import_is_multi(f->r))
        m.amount.presentment = m.amount.shop;
    *ret_movement = m;
    return true;
}

/* ---- the other currency ---- */

/* What the refund states in both currencies and comes to `amount` in the one. */
static bool stated_twice(struct shopify_refunding *f, int64_t amount, bool by_presentment,
                         int64_t *ret_other)
{
    const struct shopify_stated *s = &f->stated;
    const struct import_money more = import_add(f->r, s->parts, s->adjustments),
                              less = import_subtract(f->r, s->parts, s->adjustments);
    const struct import_money sums[] = {
        s->parts, import_add(f->r, s->parts, s->tax), more,
        less,     import_add(f->r, more, s->tax),     import_add(f->r, less, s->tax)};
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        const int64_t one = by_presentment ? sums[i].presentment : sums[i].shop,
                      other = by_presentment ? sums[i].shop : sums[i].presentment;
        if (one == amount && other >= 0) {
            *ret_other = other;
            return true;
        }
    }
    return false;
}

/* `at` is what is complained of. */
static int64_t converted(struct shopify_refunding *f, const struct import_at *at, int64_t amount,
                         bool by_presentment)
{
    struct import_reader *r = f->r;
    const int64_t from = by_presentment ? r->presentment_total : r->shop_total,
                  to = by_presentment ? r->shop_total : r->presentment_total;
    const struct currency *currency = by_presentment ? r->shop : r->presentment;
    struct money money = {0, currency};
    int64_t other;
    if (amount == 0 || stated_twice(f, amount, by_presentment, &other))
        return amount == 0 ? 0 : other;
    if (from <= 0)
        import_complain(r, at,
                        "stands in one currency, and nothing tells what it is in %s; import the "
                        "whole order",
                        currency->code);
    else if (money_portion((struct money){amount, currency}, to, from, &money) < 0)
        import_complain(r, at, "is too large to convert; correct it or export the refund again");
    return money.minor;
}

/* Those that went back in one currency, together: their sum is converted, and shared out by largest
 * remainder. */
static void fill_went_back(struct shopify_refunding *f, struct movement *items, size_t count,
                           bool by_presentment, int64_t *weights, struct money *shares)
{
    struct movement *first = NULL;
    int64_t sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (went_back(&items[i]) && items[i].stated.by_presentment == by_presentment) {
            first = first == NULL ? &items[i] : first;
            weights[n++] = *stated_side(&items[i]);
            if (__builtin_add_overflow(sum, *stated_side(&items[i]), &sum))
                import_complain(f->r, &items[i].at,
                                "is too large to add up; correct it or export the refund again");
        }
    if (n == 0 || sum <= 0)
        return;
    const struct currency *currency = by_presentment ? f->r->shop : f->r->presentment;
    const struct money other = {converted(f, &first->at, sum, by_presentment), currency};
    if (money_allocate(other, weights, n, shares) < 0) {
        import_complain(f->r, &first->at,
                        "is too large to share out; correct it or export the refund again");
        return;
    }
    n = 0;
    for (size_t i = 0; i < count; i++)
        if (went_back(&items[i]) && items[i].stated.by_presentment == by_presentment) {
            if (by_presentment)
                items[i].amount.shop = shares[n++].minor;
            else
                items[i].amount.presentment = shares[n++].minor;
        }
}

static void fill_other_sides(struct shopify_refunding *f, struct movement *items, size_t count)
{
    int64_t *weights = calloc(count, sizeof *weights);
    struct money *shares = calloc(count, sizeof *shares);
    f->r->no_memory |= weights == NULL || shares == NULL;
    for (int side = 0; side <= 1 && !f->r->no_memory; side++)
        fill_went_back(f, items, count, side == 1, weights, shares);
    for (size_t i = 0; i < count; i++) {
        struct movement *m = &items[i];
        if (went_back(m))
            continue;
        const int64_t other = converted(f, &m->at, *stated_side(m), m->stated.by_presentment);
        if (m->stated.by_presentment)
            m->amount.shop = other;
        else
            m->amount.presentment = other;
    }
    free(weights);
    free(shares);
}

/* ---- the event's ---- */

/* Paid back by hand, beside the channel: a person says so. */
static bool is_offline(const char *gateway)
{
    static const char *const names[] = {"manual", "Cash on Delivery (COD)", "Bank Deposit",
                                        "bank_deposit", "Money Order"};
    for (size_t i = 0; gateway != NULL && i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], gateway) == 0)
            return true;
    return false;
}

/* A time that a transaction lacks is its refund's. */
static bool processed_read(struct shopify_refunding *f, const struct movement *m, int64_t *ret_ms)
{
    return import_time(f->r, &m->at, "processed_at", ret_ms) ||
           import_time(f->r, &m->at, "created_at", ret_ms) ||
           import_time(f->r, f->refund, "processed_at", ret_ms);
}

static void movement_write(struct shopify_refunding *f, const struct movement *m)
{
    const char *gateway = import_text(f->r, &m->at, "gateway");
    struct import_refund_transaction t = {
        .type = m->kind->in_refund,
        .status = m->status->in_refund,
        .id = m->id[0] != '\0' ? m->id : NULL,
        .parent_id = m->parent[0] != '\0' ? m->parent : NULL,
        .currency = import_is_multi(f->r) ? m->stated.currency->code : NULL,
        .is_offline = is_offline(gateway),
        .is_test = import_flag(f->r, &m->at, "test", false),
        .amount = m->amount,
    };
    t.has_time = processed_read(f, m, &t.processed_ms);
    json_t *transaction = import_refund_transaction(&f->out, &t);
    shopify_put_means(f->r, &m->at, gateway, transaction);
    shopify_put_voucher(f->r, &m->at, transaction);
}

/* The rounding of the cash that went back, as a charge: what the parts do not have. */
static void rounding_write(struct shopify_refunding *f, const struct movement *items, size_t count)
{
    struct import_part part = {.has_tax = false};
    for (size_t i = 0; i < count; i++) {
        const struct movement *m = &items[i];
        if (!went_back(m) || m->stated.rounding == 0)
            continue;
        const int64_t other = import_is_multi(f->r) ? converted(f, &m->at, m->stated.rounding,
                                                                m->stated.by_presentment)
                                                    : m->stated.rounding;
        const struct import_money rounding = {m->stated.by_presentment ? other : m->stated.rounding,
                                              m->stated.by_presentment ? m->stated.rounding
                                                                       : other};
        part.amount = import_add(f->r, part.amount, rounding);
    }
    import_refund_charge(&f->out, "cash_rounding", NULL, NULL, part);
}

void shopify_refund_money(struct shopify_refunding *f)
{
    const struct import_at list = import_field(f->refund, "transactions");
    const size_t count = import_count(f->r, &list);
    const size_t wrong = f->r->wrong;
    struct movement *items = calloc(count > 0 ? count : 1, sizeof *items);
    size_t read = 0;
    f->r->no_memory |= items == NULL;
    for (size_t i = 0; i < count && items != NULL; i++) {
        const struct import_at at = import_item(&list, i);
        read += movement_read(f, &at, &items[read]);
    }
    if (f->r->wrong == wrong && read > 0) {
        if (import_is_multi(f->r))
            fill_other_sides(f, items, read);
        rounding_write(f, items, read);
        for (size_t i = 0; i < read; i++)
            movement_write(f, &items[i]);
    }
    free(items);
}
