/* A refund of BigCommerce's, as GET /v3/orders/payment_actions/refunds answers it, made into our
 * RefundEvent (schemas/RefundEvent.avsc). README.md in this folder says what becomes what, and why.
 *
 * Invariants
 *   - Same refund and options, same event, to the byte.
 *   - Amounts are those of the refund. What an item's is not told is what its refund's total leaves
 *     for it; it is shared by prices only when they are told, never guessed.
 *   - An event is made of a whole refund or not at all.
 * Pure functions. One thread. */
#ifndef PRIMAFLOW_BIGCOMMERCE_REFUND_H
#define PRIMAFLOW_BIGCOMMERCE_REFUND_H

#include "import_source.h"

extern const struct import_form bigcommerce_refunds_form;

struct bigcommerce_refund_options { /* what the JSON does not say */
    const char *channel, *store;
    const char *currency; /* ISO 4217, of all amounts */
    bool prices_ex_tax;   /* the shop's prices are without tax, and so are the orders' lines */
    int64_t tax_rate_ppm; /* of tax that is paid back alone; < 0: nobody says */
};

/* `options`: struct bigcommerce_refund_options; `whole` is not used. A new reference; NULL after
 * complaints to `reader` (its currencies are set here). An import_make. */
json_t *bigcommerce_refund_event(const struct import_at *refund, const struct import_at *whole,
                                 const void *options, struct import_reader *reader);

#endif
