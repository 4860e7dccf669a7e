/* A refund of Shopify's, as the REST Admin API documents it, made into our RefundEvent
 * (schemas/RefundEvent.avsc): out of its own object, or out of its order. README.md in this folder
 * says what becomes what, and why.
 *
 * Invariants
 *   - Same refund and options, same event, to the byte. The same refund out of its own object and out
 *     of its order has the same id and, as far as the object tells what the order does (its
 *     line_item), the same identity.
 *   - No amount is corrected: parts that miss the money become an event that misses it, and the
 *     worker says so.
 *   - An event is made of a whole refund or not at all.
 * Pure functions. One thread. */
#ifndef PRIMAFLOW_SHOPIFY_REFUND_H
#define PRIMAFLOW_SHOPIFY_REFUND_H

#include "import_source.h"

extern const struct import_form shopify_refunds_form;

struct shopify_refund_options { /* what the JSON does not say */
    const char *channel, *store;
    const char *gift_wrap_sku; /* lines of this SKU are gift wrap, a charge; NULL: none are */
    const char *currency;      /* the shop's, where the refund does not tell it; or NULL */
};

/* `order`: that it stands in, NULL: it stands alone. `options`: struct shopify_refund_options. A new
 * reference; NULL after complaints to `reader` (its currencies are set here). An import_make. */
json_t *shopify_refund_event(const struct import_at *refund, const struct import_at *order,
                             const void *options, struct import_reader *reader);

#endif
