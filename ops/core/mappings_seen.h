/* What events lack in the mappings, gathered: each thing once, with how many orders have it, when
 * it was last seen, and one of them.
 *
 * Invariants: an order counts once for a thing, however often it is resent; memory is bounded by
 * SEEN_ITEMS_MAX things and SEEN_ORDERS_MAX pairs of thing and order, beyond which `overflow` says
 * that counts are too low. No personal data. Embedded: seen_init / seen_release. One thread. */
#ifndef PRIMAFLOW_OPS_MAPPINGS_SEEN_H
#define PRIMAFLOW_OPS_MAPPINGS_SEEN_H

#include "order_unmapped.h"

enum { SEEN_ITEMS_MAX = 20000, SEEN_ORDERS_MAX = 1 << 21, SEEN_TEXT_MAX = 160 };

struct seen_item {
    enum unmapped_kind kind;
    char channel[64], store[64]; /* plain texts, as order_key wants them */
    char value[SEEN_TEXT_MAX];   /* UTF-8, cut where it is too long, without control characters */
    char example[64];            /* an order's id */
    int64_t orders, last_ms;
};

struct seen_set { /* digests, open addressing */
    uint64_t *slots;
    uint32_t *values;
    size_t count, room;
};

struct seen {
    struct seen_item *items;
    size_t item_count, item_room;
    struct seen_set by_digest, pairs, orders;
    int64_t events, never_posted, invalid, unreadable;
    char first_invalid[300], first_unreadable[300]; /* order id or place, and why; "" */
    bool overflow;
};

void seen_init(struct seen *seen);
void seen_release(struct seen *seen);

/* Tries the mappings on one event. False: no memory. */
bool seen_event(struct seen *seen, const struct order_event *event, const struct order_rules *rules,
                struct arena *arena);
void seen_unreadable(struct seen *seen, const char *where, const char *why);

void seen_sort(struct seen *seen); /* by kind, then the most orders first */

#endif
