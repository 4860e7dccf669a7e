/* A record of stock.rows, the stock worker's own memory of Prima's stock, as a C struct:
 * schemas/StockState.avsc says what each field means.
 *
 * Invariants: no personal data; text that is not nullable must be set before encoding, or codec_encode
 * refuses with -EINVAL. Plain data that points into its maker's memory: any thread. */
#ifndef PRIMAFLOW_STOCK_STATE_H
#define PRIMAFLOW_STOCK_STATE_H

#include "codec/binding.h"

struct stock_figure {
    const char *depot; /* "": Prima named none */
    int64_t available; /* units, may be negative */
    int64_t began_at;  /* ms since 1970 UTC, Redis' clock */
    bool alone;        /* a newer complete read of its scope did not have it */
};

struct stock_state {
    const char *company;
    const char *stock_key; /* NULL: of a read */
    ARRAY_OF(struct stock_figure) figures;
    const char *range_from, *range_to; /* of a read; may be NULL */
    bool has_began_at;
    int64_t began_at; /* of a read: ms since 1970 UTC, Redis' clock */
    int64_t token;    /* of a read: of the poller that read */
};

extern const struct bound_record stock_figure_record;
extern const struct bound_record stock_state_record;

#endif
