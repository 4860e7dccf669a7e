/* A record of stock.snapshots as a C struct: schemas/StockEvent.avsc says what each field means and
 * of which kind it is; this file only lays them out.
 *
 * Invariants
 *   - A decoded struct points into the arena that it was decoded with and is read only; absent
 *     texts are NULL.
 *   - An enum's value is the index into its *_names, in the order of the schema's symbols; never
 *     out of range after decoding.
 *   - That a kind's own fields are there is not the codec's business: stock_event_lacks.
 * Plain data: any thread. */
#ifndef PRIMAFLOW_STOCK_EVENT_H
#define PRIMAFLOW_STOCK_EVENT_H

#include "codec/binding.h"

enum stock_kind {
    STOCK_ROW,
    STOCK_END,
    STOCK_CHANNEL_LEVEL,
    STOCK_COUNT,
    STOCK_ADJUSTMENT,
    STOCK_KIND_COUNT
};
enum stock_scope {
    STOCK_SCOPE_WHOLE,
    STOCK_SCOPE_RANGE,  /* products from range_from to range_to */
    STOCK_SCOPE_CHOSEN, /* single SKUs */
    STOCK_SCOPE_COUNT
};

extern const char *const stock_kind_names[];
extern const char *const stock_scope_names[];

enum { STOCK_MATRIX_MAX = 4 }; /* matrix codes of a product */

struct stock_event {
    enum stock_kind kind;
    const char *company;
    const char *snapshot; /* row, end */
    int64_t token;        /* row, end: of the poller that read */
    bool has_began_at;
    int64_t began_at; /* row, end: ms since 1970 UTC, Redis' clock */
    enum stock_scope scope;
    const char *range_from; /* NULL: from the first product of all */
    const char *range_to;   /* NULL: to the last */
    const char *product;    /* row, count, adjustment */
    ARRAY_OF(const char *) matrix;
    const char *depot; /* of a row, NULL: all depots together */
    bool has_available;
    int64_t available;          /* row: units, may be negative */
    const char *available_date; /* row; as Prima wrote it */
    bool has_partition;
    int32_t partition; /* end */
    bool has_count;
    int64_t count; /* end: rows of the read in this partition */
    bool has_checksum;
    int64_t checksum;                             /* end */
    const char *channel, *store, *location, *sku; /* channel_level */
    bool has_level;
    int64_t level;      /* channel_level: units, may be negative */
    const char *number; /* count, adjustment */
    bool has_quantity;
    int64_t quantity;   /* count: units that were there; adjustment: more, or fewer */
    const char *reason; /* count, adjustment; may be NULL */
    const char *event_id;
    bool has_at;
    int64_t at; /* channel_level, count, adjustment: ms since 1970 UTC */
};

/* The name of the first field that an event of this kind needs and does not have, or has with a
 * value that it cannot have (an empty product, five matrix codes, a negative count); NULL: it is
 * well formed. */
const char *stock_event_lacks(const struct stock_event *event);

extern const struct bound_record stock_event_record;

#endif
