/* A transaction of Shopify's as it is stated: what it does, how far it has come, how much it is.
 * Orders and refunds read theirs alike. Plain values. One thread. */
#ifndef PRIMAFLOW_SHOPIFY_TRANSACTIONS_H
#define PRIMAFLOW_SHOPIFY_TRANSACTIONS_H

#include "import_reader.h"

enum shopify_role {
    ROLE_PAYS,
    ROLE_CAPTURES,
    ROLE_PROMISES,
    ROLE_VOIDS,
    ROLE_GIVES_CHANGE,
    ROLE_ELSEWHERE /* what refunds is an event of its own */
};

struct shopify_kind {
    const char *name;
    enum shopify_role role;
    const char *in_refund; /* the refund's event's word for it */
};

struct shopify_status {
    const char *name;
    bool counts;           /* something came of it, or may */
    bool is_done;          /* it succeeded */
    const char *in_refund; /* the refund's event's word for it */
};

/* NULL after a complaint. */
const struct shopify_kind *shopify_kind_read(struct import_reader *r, const struct import_at *at);
const struct shopify_status *shopify_status_read(struct import_reader *r,
                                                 const struct import_at *at);

/* An amount in the one currency that it is stated in, minor units. */
struct shopify_amount {
    const struct currency *currency;
    bool by_presentment;     /* the customer's, and that is another than the shop's */
    int64_t minor, rounding; /* of cash, belongs to it */
    bool has_rounding;
};

/* False: complained of. */
bool shopify_amount_read(struct import_reader *r, const struct import_at *at,
                         struct shopify_amount *ret_amount);

#endif
