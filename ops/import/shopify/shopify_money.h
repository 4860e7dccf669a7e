/* Amounts as Shopify tells them: a set of both of an order's currencies, the shop's and the
 * customer's, or one of them alone. One thread. */
#ifndef PRIMAFLOW_SHOPIFY_MONEY_H
#define PRIMAFLOW_SHOPIFY_MONEY_H

#include "import_money.h"

/* What may stand for an amount: the set "<name>_set" with both currencies, or, where the order has
 * but one, the plain text "<name>". */
enum shopify_money_rule {
    SHOPIFY_POSITIVE = 0,
    SHOPIFY_SIGNED = 1,
    SHOPIFY_NEEDED = 2, /* a complaint when it is missing; else false in silence */
};

/* `set` or `plain` may be NULL: the JSON has no such form. False: missing, or complained of. */
bool shopify_money(struct import_reader *r, const struct import_at *parent, const char *set,
                   const char *plain, unsigned rule, struct import_money *ret_money);
/* {"shop_money": ..., "presentment_money": ...} at `at`. */
bool shopify_money_set(struct import_reader *r, const struct import_at *at, unsigned rule,
                       struct import_money *ret_money);

#endif
