/* What one order takes of one SKU at one depot until Prima's figure shows it, as a C struct:
 * schemas/StockReservation.avsc says what each field means.
 *
 * Invariants: no personal data; depot is never NULL ("": one of `depots`); text that is not nullable
 * must be set before encoding, or codec_encode refuses with -EINVAL. Plain data that points into its
 * maker's memory: any thread. */
#ifndef PRIMAFLOW_STOCK_RESERVATION_H
#define PRIMAFLOW_STOCK_RESERVATION_H

#include "codec/binding.h"

enum reservation_state {
    RESERVATION_ACCEPTED,
    RESERVATION_ALLOCATED, /* Prima took allocated_units off its figure at allocated_at */
    RESERVATION_STATE_COUNT
};

extern const char *const reservation_state_names[];

struct reservation_taken {
    const char *location; /* of the channel; "": the order names none */
    const char *sku;      /* of the channel */
    int64_t units;
};

struct stock_reservation {
    const char *order; /* natural key, company/orders/channel/store/order-id */
    const char *company;
    const char *channel;
    const char *store;
    const char *order_id;
    const char *sku;   /* stock key */
    const char *depot; /* "": not known which of `depots` */
    ARRAY_OF(const char *) depots;
    int64_t units;           /* by the order's newest version */
    int64_t allocated_units; /* that Prima took off its figure at allocated_at */
    int64_t since;           /* ms since 1970 UTC */
    int64_t version;         /* source version of the order's event */
    enum reservation_state state;
    bool has_allocated_at;
    int64_t allocated_at; /* ms since 1970 UTC, Redis' clock */
    ARRAY_OF(struct reservation_taken) taken;
    int64_t updated_at; /* ms since 1970 UTC */
};

extern const struct bound_record reservation_taken_record;
extern const struct bound_record stock_reservation_record;

#endif
