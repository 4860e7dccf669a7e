/* The orders of one partition in memory: each by its key, as the bytes that stock.orders has of it.
 *
 * Memory: 32 to 64 bytes an order for its place, 12 for its marks, its key and bytes, in one allocation;
 * test_reservation_memory measures what that comes to. No order is looked into here, but for what is said of it when it is
 * put. Embedded, zeroed; reservation_keep_release. Loop thread only. */
#ifndef PRIMAFLOW_RESERVATION_KEEP_H
#define PRIMAFLOW_RESERVATION_KEEP_H

#include "base/table.h"
#include "domain/events/stock_order.h"

struct kept_order {
    uint32_t size;     /* of its bytes */
    uint16_t key_size; /* of its topic key, which stands before them */
    int32_t day;       /* on which it was changed, since 1970 UTC */
    uint8_t gaps;      /* a bit for each enum stock_gap_what */
    bool is_open;      /* Prima has not all of it, as far as is known */
    bool is_over;      /* no reservation of it counts anywhere any more */
    char key[];
};

static inline const void *kept_order_bytes(const struct kept_order *order)
{
    return order->key + order->key_size;
}

struct reservation_keep {
    struct table table;
    size_t bytes;                 /* of keys and bytes */
    size_t open, with_gaps;       /* orders */
    size_t gap_orders[GAP_COUNT]; /* orders that have such a gap */
};

enum { KEPT_KEY_BYTES_MAX = UINT16_MAX, KEPT_DAY_MS = 24 * 3600 * 1000 };

struct kept_marks { /* as of kept_order */
    int32_t day;
    uint8_t gaps;
    bool is_open, is_over;
};

/* NULL: it is not there. Lives until it is put again or removed. */
const struct kept_order *reservation_keep_find(const struct reservation_keep *keep, const char *key,
                                               size_t size);
/* Its bytes are these from now on. 0; -EINVAL: the key is too long; -ENOMEM. */
__attribute__((warn_unused_result)) int reservation_keep_put(struct reservation_keep *keep,
                                                             const char *key, size_t key_size,
                                                             const void *bytes, size_t size,
                                                             struct kept_marks marks);
void reservation_keep_remove(struct reservation_keep *keep, const char *key, size_t size);

/* All of them, in no order: *at is 0 at first; NULL: that was all. Nothing is put or removed
 * meanwhile. */
const struct kept_order *reservation_keep_next(const struct reservation_keep *keep, size_t *at);

void reservation_keep_release(struct reservation_keep *keep); /* it is empty then */

#endif
