/* What of the retailer's rules stock alone reads: which depots a channel's location sums, what is
 * kept back, how a channel writes a product's SKU, when Prima's figure has an order.
 *
 * Invariants, checked when loading
 *   - The depots that a location sums contain the one that its orders are taken from: what is sold is
 *     seen.
 *   - A level is published for locations whose row names channel and store; a row for everybody does
 *     not say whose location it is.
 *   - Whatever a channel's SKU is written as, reading it gives the same product again.
 * Constant after loading: any thread. */
#ifndef PRIMAFLOW_STOCK_RULES_H
#define PRIMAFLOW_STOCK_RULES_H

#include "domain/mappings/order_rules.h"

/* ---- depots.yaml ---- */

struct stock_location {
    const char *location;      /* of the channel */
    const char *depot;         /* that its orders are taken from */
    struct rules_texts depots; /* whose stock it sums; none: it publishes nothing, on purpose */
};

/* False: the location is not mapped. */
bool rules_stock_location(const struct order_rules *rules, const struct channel_rules *channel,
                          const char *location, struct stock_location *ret_location);

/* The locations of a channel's store for which levels are published, one a call: *cursor begins at
 * 0. False: there are no more. */
bool rules_stock_next(const struct order_rules *rules, const struct channel_rules *channel,
                      size_t *cursor, struct stock_location *ret_location);

/* Every depot that could serve a line of the channel that names no location: those that its
 * locations' orders are taken from, each once, in order. In the arena. -ENOMEM. */
__attribute__((warn_unused_result)) int rules_serving_depots(const struct order_rules *rules,
                                                             const struct channel_rules *channel,
                                                             struct arena *arena,
                                                             struct rules_texts *ret_depots);

/* ---- buffers.yaml ---- */

struct buffer_rule {              /* NULL: any */
    const char *channel, *store;  /* whose levels */
    const char *location, *depot; /* of the channel; Prima's */
    const char *product;          /* Prima's */
    struct rules_texts matrix;    /* its first codes; those left out: any */
    int64_t units;                /* kept back */
    int32_t from, until;          /* YYYYMMDD, both included; 0: open */
    const char *reason;           /* for reports; may be NULL */
    size_t line;                  /* in the file */
};

/* What is kept back at a location: of the rows without depot the one that names most decides; of
 * those with a depot the one that names most for each of the location's depots, summed; and of both
 * the larger. `date` is today in the company's time zone. */
int64_t rules_buffer(const struct order_rules *rules, const struct channel_rules *channel,
                     const struct stock_location *location, const struct prima_sku *sku,
                     int32_t date);

/* Every row, in no order: from 0 until NULL. */
const struct buffer_rule *rules_buffer_at(const struct order_rules *rules, size_t index);

/* ---- skus.yaml, the other way ---- */

enum sku_unwritten {
    SKU_WRITTEN,
    SKU_NO_SHAPE,    /* no shape is for this channel */
    SKU_NO_TEMPLATE, /* the channel's shape is a pattern without write */
    SKU_AMBIGUOUS,   /* what the shape writes is too long, or is read as something else */
    SKU_UNWRITTEN_COUNT
};
extern const char *const sku_unwritten_texts[]; /* for people, with the remedy */

enum { SKU_SPELLINGS_MAX = 20 }; /* of one product in one channel */

/* How the channel writes a product: rows of the table that are for it, and what its first shape
 * makes of it (*ret_why: why not). In the arena. -ENOMEM. */
__attribute__((warn_unused_result)) int rules_sku_write(const struct order_rules *rules,
                                                        const struct channel_rules *channel,
                                                        const struct prima_sku *sku,
                                                        struct arena *arena,
                                                        struct rules_texts *ret_skus,
                                                        enum sku_unwritten *ret_why);

/* Calls `seen` for each channel of which no level, or none but those of the table, can be published:
 * the file to look at, and why, with the remedy. Not at all where nothing in the folder is there for
 * stock. */
typedef void (*rules_silent_seen)(void *user, const char *file, const char *channel,
                                  const char *store, const char *why);
void rules_silent_channels(const struct order_rules *rules, rules_silent_seen seen, void *user);

/* ---- bundles.yaml ---- */

/* Every bundle that a channel's store sells under that row, for which levels are published (not
 * computed_by_channel), one a call. */
const struct bundle_rule *rules_bundle_next(const struct order_rules *rules,
                                            const struct channel_rules *channel, size_t *cursor);

/* ---- configuration, companies.yaml ---- */

/* When Prima takes an order off its available figure. */
enum allocates { ALLOCATES_ON_POST, ALLOCATES_ON_RELEASE, ALLOCATES_ON_DESPATCH };

enum stale_policy { STALE_KEEP, STALE_CAP, STALE_ZERO };

struct stock_settings {
    enum allocates allocates; /* prima.allocates; a company may have its own */
    int64_t lag_ms;           /* prima.stock_lag */
    int64_t stale_after_ms;   /* stock.stale_after */
    enum stale_policy stale;  /* stock.stale_policy */
    int64_t stale_cap;        /* stock.stale_cap */
    int64_t refresh_every_ms; /* stock.refresh_every */
};

const struct stock_settings *rules_stock_settings(const struct order_rules *rules);

/* The company's own, else prima.allocates. */
enum allocates rules_allocates(const struct order_rules *rules, const char *company);

/* Which depot a row of Prima without depot is of; NULL: none is configured. */
const char *rules_depot_of_all(const struct order_rules *rules, const char *company);

#endif
