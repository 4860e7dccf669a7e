/* Amounts in both of an order's currencies, the shop's and the customer's, and sums of them that
 * cannot overflow unseen.
 *
 * Invariants: where the customer saw the shop's currency both sides are the same; a sum that does
 * not fit is complained of once. Plain values. One thread. */
#ifndef PRIMAFLOW_SHOPIFY_MONEY_H
#define PRIMAFLOW_SHOPIFY_MONEY_H

#include "shopify_reader.h"

struct shopify_money {
    int64_t shop, presentment; /* minor units */
};

/* What may stand for an amount: the set "<name>_set" with both currencies, or, where the order has
 * but one, the plain text "<name>". */
enum shopify_money_rule {
    SHOPIFY_POSITIVE = 0,
    SHOPIFY_SIGNED = 1,
    SHOPIFY_NEEDED = 2, /* a complaint when it is missing; else false in silence */
};

/* `set` or `plain` may be NULL: the JSON has no such form. False: missing, or complained of. */
bool shopify_money(struct shopify_reader *r, const struct shopify_at *parent, const char *set,
                   const char *plain, unsigned rule, struct shopify_money *ret_money);
/* {"shop_money": ..., "presentment_money": ...} at `at`. */
bool shopify_money_set(struct shopify_reader *r, const struct shopify_at *at, unsigned rule,
                       struct shopify_money *ret_money);

struct shopify_money shopify_add(struct shopify_reader *r, struct shopify_money a,
                                 struct shopify_money b);
struct shopify_money shopify_subtract(struct shopify_reader *r, struct shopify_money a,
                                      struct shopify_money b);
struct shopify_money shopify_times(struct shopify_reader *r, struct shopify_money a,
                                   int64_t factor);
/* The share of `part` of `whole` units, as the orders worker shares out a line: largest
 * remainder. */
struct shopify_money shopify_share(struct shopify_reader *r, struct shopify_money a, int64_t part,
                                   int64_t whole);

static inline bool shopify_same(struct shopify_money a, struct shopify_money b)
{
    return a.shop == b.shop && a.presentment == b.presentment;
}

static inline bool shopify_is_zero(struct shopify_money a)
{
    return a.shop == 0 && a.presentment == 0;
}

/* The event's MoneySet; a new reference. */
json_t *shopify_money_json(const struct shopify_reader *r, struct shopify_money a);

#endif
