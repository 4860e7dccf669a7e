/* A confirmation's binding table; see stock_confirmation.h. */
#include "domain/events/stock_confirmation.h"

static const struct binding stock_confirmation_fields[] = {
    BIND(struct stock_confirmation, sku, BIND_TEXT),
    BIND(struct stock_confirmation, depot, BIND_TEXT),
    BIND(struct stock_confirmation, version, BIND_LONG),
    BIND(struct stock_confirmation, updated_at, BIND_LONG),
    BIND(struct stock_confirmation, confirmed_at, BIND_LONG),
};
const struct bound_record stock_confirmation_record =
    BOUND_RECORD("StockConfirmation", struct stock_confirmation, stock_confirmation_fields);
