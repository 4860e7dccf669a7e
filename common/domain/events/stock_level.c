/* A level's binding table; see stock_level.h. */
#include "domain/events/stock_level.h"

const char *const level_reason_names[] = {"other",     "snapshot",   "reservation", "release",
                                          "buffer",    "refresh",    "mapping",     "stale_keep",
                                          "stale_cap", "stale_zero", NULL};

static const struct binding stock_level_fields[] = {
    BIND(struct stock_level, channel, BIND_TEXT),
    BIND(struct stock_level, store, BIND_TEXT),
    BIND(struct stock_level, location, BIND_TEXT),
    BIND(struct stock_level, sku, BIND_TEXT),
    BIND(struct stock_level, company, BIND_TEXT),
    BIND(struct stock_level, stock_key, BIND_TEXT),
    BIND(struct stock_level, level, BIND_LONG),
    BIND(struct stock_level, version, BIND_LONG),
    BIND(struct stock_level, as_of, BIND_LONG),
    BIND(struct stock_level, available, BIND_LONG),
    BIND(struct stock_level, in_flight, BIND_LONG),
    BIND(struct stock_level, buffer, BIND_LONG),
    BIND_SYMBOL(struct stock_level, reason, level_reason_names),
    BIND(struct stock_level, taken, BIND_LONG),
    BIND_OPTIONAL(struct stock_level, stale_since, BIND_LONG),
    BIND(struct stock_level, published_at, BIND_LONG),
};
const struct bound_record stock_level_record =
    BOUND_RECORD("StockLevel", struct stock_level, stock_level_fields);
