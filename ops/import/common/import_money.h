/* Amounts in both currencies, the shop's and the customer's, and sums of them that cannot overflow
 * unseen.
 *
 * Invariants: where the customer saw the shop's currency both sides are the same; a sum that does
 * not fit is complained of once. Plain values. One thread. */
#ifndef PRIMAFLOW_IMPORT_MONEY_H
#define PRIMAFLOW_IMPORT_MONEY_H

#include "import_reader.h"

struct import_money {
    int64_t shop, presentment; /* minor units */
};

static inline bool import_is_multi(const struct import_reader *r)
{
    return r->shop != r->presentment;
}

struct import_money import_add(struct import_reader *r, struct import_money a,
                               struct import_money b);
struct import_money import_subtract(struct import_reader *r, struct import_money a,
                                    struct import_money b);
struct import_money import_times(struct import_reader *r, struct import_money a, int64_t factor);
/* The share of `part` of `whole` units, as the orders worker shares out a line: largest
 * remainder. */
struct import_money import_share(struct import_reader *r, struct import_money a, int64_t part,
                                 int64_t whole);

static inline bool import_same(struct import_money a, struct import_money b)
{
    return a.shop == b.shop && a.presentment == b.presentment;
}

static inline bool import_is_zero(struct import_money a)
{
    return a.shop == 0 && a.presentment == 0;
}

/* The event's MoneySet; a new reference. */
json_t *import_money_json(const struct import_reader *r, struct import_money a);
/* ... read back. */
struct import_money import_money_of(const json_t *set);

#endif
