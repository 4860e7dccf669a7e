/* A Shopify order, as the REST Admin API documents it, made into our OrderEvent
 * (schemas/OrderEvent.avsc). README.md in this folder says what becomes what, and why.
 *
 * Invariants
 *   - Same order and options, same event, to the byte: nothing is taken from the clock or from the
 *     order of importing.
 *   - No amount is corrected: an order whose own parts do not add up becomes an event that does not
 *     add up, and the worker flags it.
 *   - An event is made of a whole order or not at all.
 * Pure functions. One thread. */
#ifndef PRIMAFLOW_SHOPIFY_ORDER_H
#define PRIMAFLOW_SHOPIFY_ORDER_H

#include "import_source.h"

extern const struct import_form shopify_orders_form;

struct shopify_order_options { /* what the JSON does not say */
    const char *channel, *store;
    const char *gift_wrap_sku; /* lines of this SKU are gift wrap, a charge; NULL: none are */
    /* true: where goods were sent from is not taken as the line's location */
    bool ignore_fulfilments;
};

/* The order itself, without what was sent in exchange. A new reference; NULL after complaints to
 * `reader` (its currencies are set here). */
json_t *shopify_order_event(const struct import_at *order,
                            const struct shopify_order_options *options,
                            struct import_reader *reader);
/* As an import_make: a list with those of its exchanges, if it has any, each an order of its own
 * (shopify_exchanges.h). `options` is a struct shopify_order_options. */
json_t *shopify_order_make(const struct import_at *order, const struct import_at *whole,
                           const void *options, struct import_reader *reader);

#endif
