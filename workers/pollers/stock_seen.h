/* Which SKUs and depots a reply has had, and with how many units: 16 bytes a row, at most three
 * quarters full, so that a million rows take 32 MiB. A row is known by 96 bits of two hashes, made
 * with random seeds: two different rows pass for one in a million times a million reads. Embedded;
 * one thread. */
#ifndef PRIMAFLOW_STOCK_SEEN_H
#define PRIMAFLOW_STOCK_SEEN_H

#include <stddef.h>
#include <stdint.h>

enum { STOCK_SEEN_MAX = 3 * 1000 * 1000 };

struct stock_seen {
    struct seen_row {
        uint64_t one;
        uint32_t two;
        int32_t units;
    } * rows; /* one and two 0: free */
    size_t room, count;
    uint64_t seeds[2];
};

void stock_seen_init(struct stock_seen *seen);
void stock_seen_release(struct stock_seen *seen);

enum stock_sight { STOCK_SIGHT_NEW, STOCK_SIGHT_SAME, STOCK_SIGHT_OTHER };
/* units: of 32 bits (STOCK_UNITS_MAX). -ENOMEM; -E2BIG: more than STOCK_SEEN_MAX rows. */
__attribute__((warn_unused_result)) int stock_seen_add(struct stock_seen *seen, const char *key,
                                                       const char *depot, int64_t units,
                                                       enum stock_sight *ret_sight);

#endif
