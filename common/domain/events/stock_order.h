/* What the stock worker remembers of one order, as a C struct: schemas/StockOrder.avsc says what each
 * field means. What it is made of, and what is made of it: workers/stock/reservation_facts.h.
 *
 * Invariants: no personal data; a place in `texts` is checked by whoever reads it, for the codec does
 * not know that it is one; text must be set before encoding. Plain data that points into its maker's
 * memory: any thread. */
#ifndef PRIMAFLOW_STOCK_ORDER_H
#define PRIMAFLOW_STOCK_ORDER_H

#include "codec/binding.h"

enum stock_gap_what { /* the first ones as enum stock_gap_kind of domain/stock/stock_reserve.h */
                      GAP_SKU,
                      GAP_LOCATION,
                      GAP_DEPOT,
                      GAP_KEY,
                      GAP_CHANNEL,
                      GAP_COUNT
};
enum stock_order_hold { HOLD_UNKNOWN, HOLD_HELD, HOLD_FREE };

extern const char *const stock_gap_names[];
extern const char *const stock_order_hold_names[];

struct stock_order_depot {
    int32_t depot;
};

struct stock_order_row {
    int32_t sku, depot;
    ARRAY_OF(struct stock_order_depot) depots;
    int64_t units;
};

struct stock_order_taken {
    int32_t sku_key, location, sku;
    int64_t units;
};

struct stock_order_gap {
    int32_t line; /* of the event, from 1; 0: all of it */
    enum stock_gap_what what;
};

struct stock_order_document {
    int64_t version, entry;
    int64_t posted_at; /* ms since 1970 UTC */
    ARRAY_OF(struct stock_order_row) lines;
};

struct stock_order_reservation {
    int32_t sku, depot;
    ARRAY_OF(struct stock_order_depot) depots;
    int64_t units, allocated_units;
    bool has_allocated_at;
    int64_t allocated_at; /* ms since 1970 UTC */
    int64_t version;
    int64_t updated_at; /* ms since 1970 UTC */
    bool tells_taken, confirmed;
};

struct stock_order_state {
    ARRAY_OF(const char *) texts;
    bool has_version;
    int64_t version;
    int64_t event_time; /* ms since 1970 UTC */
    bool cancelled, handed_over;
    ARRAY_OF(struct stock_order_row) wants;
    ARRAY_OF(struct stock_order_taken) takes;
    ARRAY_OF(struct stock_order_gap) gaps;
    int64_t gap_version, gap_offset;
    const struct stock_order_document *document; /* NULL: none is known */
    enum stock_order_hold hold;
    bool has_discarded_at;
    int64_t discarded_at;      /* ms since 1970 UTC */
    int64_t since, changed_at; /* ms since 1970 UTC */
    ARRAY_OF(struct stock_order_reservation) reservations;
};

extern const struct bound_record stock_order_depot_record;
extern const struct bound_record stock_order_row_record;
extern const struct bound_record stock_order_taken_record;
extern const struct bound_record stock_order_gap_record;
extern const struct bound_record stock_order_document_record;
extern const struct bound_record stock_order_reservation_record;
extern const struct bound_record stock_order_record;

#endif
