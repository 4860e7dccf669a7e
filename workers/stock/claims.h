/* The reservations of one partition, by SKU: what accepted orders take of it. A copy of what levels
 * need of each record, in some 250 bytes.
 *
 * A record of a lower version than what is known of its key changes nothing (stock_claim_replaces).
 * Aborts without memory. Embedded: zeroed, claims_release. One thread. */
#ifndef PRIMAFLOW_STOCK_CLAIMS_H
#define PRIMAFLOW_STOCK_CLAIMS_H

#include "base/table.h"
#include "domain/stock/stock_level.h"

struct claim {
    struct claim *next; /* of the same SKU */
    uint32_t sku;
    const char *key; /* of the record */
    size_t key_size;
    /* channel, store, depot, depots, units, allocated_units, version, state, allocated_at, taken; the
     * other texts are NULL */
    struct stock_reservation reservation;
};

struct claims {
    struct table by_key, by_sku;
};

/* The record counts: kept instead of what was there, which is the caller's now (claim_free; NULL:
 * nothing was). False: it changes nothing. */
bool claims_put(struct claims *claims, const char *key, size_t key_size, uint32_t sku,
                const struct stock_reservation *reservation, struct claim **ret_before);
/* The caller's now; NULL: it is not there. */
struct claim *claims_remove(struct claims *claims, const char *key, size_t key_size);

/* All of a SKU, in no order; NULL: none. */
const struct claim *claims_of(const struct claims *claims, uint32_t sku);
size_t claims_count(const struct claims *claims);

void claim_free(struct claim *claim); /* accepts NULL */
void claims_release(struct claims *claims);

#endif
