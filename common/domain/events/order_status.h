/* How far Prima is with an order, as a C struct: schemas/OrderStatus.avsc says what each field means,
 * and what a consumer may do with it.
 *
 * Invariants: no personal data; parcels are in the order of their numbers, each number once; text
 * that is not nullable must be set before encoding, or codec_encode refuses with -EINVAL. Plain data
 * that points into its maker's memory: any thread. */
#ifndef PRIMAFLOW_ORDER_STATUS_H
#define PRIMAFLOW_ORDER_STATUS_H

#include "codec/binding.h"

enum order_state {
    STATE_OTHER,
    STATE_OPEN,
    STATE_HELD,
    STATE_PART_DESPATCHED,
    STATE_DESPATCHED,
    STATE_CANCELLED,
    STATE_COUNT
};

extern const char *const order_state_names[];

struct parcel_line {
    const char *order_line;
    int64_t quantity;
};

struct parcel {
    const char *number;
    int64_t version;           /* the order's, in which it last changed */
    const char *despatch_date; /* may be NULL */
    const char *carrier;       /* the channel's name, or Prima's; "": none */
    bool carrier_mapped;
    const char *prima_carrier;   /* "": none */
    const char *service;         /* may be NULL */
    const char *tracking_number; /* may be NULL */
    const char *tracking_url;    /* may be NULL */
    ARRAY_OF(struct parcel_line) lines;
    bool url_is_primas; /* tracking_url is Prima's word; of no record: false in what was decoded */
};

struct order_status {
    const char *key, *company, *channel, *store, *order_id, *order_number;
    enum order_state state;
    const char *status; /* as Prima says */
    ARRAY_OF(struct parcel) parcels;
    int64_t version; /* grows per key */
    int64_t as_of;   /* ms since 1970 UTC, Redis' clock */
    ARRAY_OF(const char *) codes;
    bool is_final, imported;
    int64_t published_at; /* ms since 1970 UTC */
};

extern const struct bound_record order_status_record;

#endif
