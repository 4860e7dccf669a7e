/* A reservation that Prima's own figure has, as a C struct: schemas/StockConfirmation.avsc says what
 * each field means. Who writes it, and when: workers/stock/reservation_confirm.h.
 *
 * Invariants: no personal data; texts must be set before encoding. Plain data that points into its
 * maker's memory: any thread. */
#ifndef PRIMAFLOW_STOCK_CONFIRMATION_H
#define PRIMAFLOW_STOCK_CONFIRMATION_H

#include "codec/binding.h"

struct stock_confirmation {
    const char *sku; /* stock key */
    const char *depot;
    int64_t version;
    int64_t updated_at, confirmed_at; /* ms since 1970 UTC */
};

extern const struct bound_record stock_confirmation_record;

#endif
