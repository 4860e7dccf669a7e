/* What a channel's location shall show of one SKU, as a C struct: schemas/StockLevel.avsc says what
 * each field means, and what whoever pushes it to a shop may do with it.
 *
 * Invariants: level >= 0; no personal data; text that is not nullable must be set before encoding,
 * or codec_encode refuses with -EINVAL. Plain data that points into its maker's memory: any
 * thread. */
#ifndef PRIMAFLOW_STOCK_LEVEL_EVENT_H
#define PRIMAFLOW_STOCK_LEVEL_EVENT_H

#include "codec/binding.h"

enum level_reason {
    LEVEL_OTHER,
    LEVEL_SNAPSHOT,
    LEVEL_RESERVATION, /* an order takes */
    LEVEL_RELEASE,     /* an order gives back */
    LEVEL_BUFFER,
    LEVEL_REFRESH, /* nothing changed */
    LEVEL_MAPPING,
    LEVEL_STALE_KEEP,
    LEVEL_STALE_CAP,
    LEVEL_STALE_ZERO,
    LEVEL_REASON_COUNT
};

extern const char *const level_reason_names[];

struct stock_level {
    const char *channel;
    const char *store;
    const char *location; /* of the channel */
    const char *sku;      /* of the channel */
    const char *company;
    const char *stock_key; /* NULL: a bundle */
    int64_t level;
    int64_t version;   /* grows per key, from 1 */
    int64_t as_of;     /* ms since 1970 UTC, Redis' clock: when the oldest read began */
    int64_t available; /* may be negative */
    int64_t in_flight;
    int64_t buffer;
    enum level_reason reason;
    int64_t taken; /* running total */
    bool has_stale_since;
    int64_t stale_since;  /* ms since 1970 UTC */
    int64_t published_at; /* ms since 1970 UTC */
};

extern const struct bound_record stock_level_record;

#endif
