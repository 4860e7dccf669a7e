/* Which levels a SKU has by the rules, and what each is: its own at each location that sums stock, in
 * each spelling that the channel has for it; and those of bundles that it is the first part of.
 *
 * What is known of a SKU comes from the caller (level_known). Results live in the arena. Pure: any
 * thread. */
#ifndef PRIMAFLOW_LEVEL_WANT_H
#define PRIMAFLOW_LEVEL_WANT_H

#include "bundle_index.h"
#include "domain/stock/stock_level.h"

struct level_wanted {
    const struct channel_rules *channel;
    const char *place; /* channel/store/location */
    const char *location;
    const char *own; /* the channel's SKU */
    bool is_bundle;
    struct stock_parts parts;
};

struct level_list {
    struct level_wanted *items;
    size_t count, room;
    size_t hidden; /* bundles of which nothing is known here of a part: split over partitions */
};

struct level_rules { /* of a rules generation */
    const struct order_rules *rules;
    const struct bundle_index *bundles;
};

/* What is known of a SKU, in the arena, of reads and claims; lag_ms is filled in by who asks. False:
 * it is not ours to know. */
struct level_known {
    bool (*look)(void *user, const char *company, const char *key, struct arena *arena,
                 struct stock_inputs *ret_inputs);
    void *user;
};

/* All that can be stated. 0; -ENOMEM. */
__attribute__((warn_unused_result)) int level_want(const struct level_rules *rules,
                                                   const struct level_known *known,
                                                   const char *company, const char *key,
                                                   int64_t now, struct arena *arena,
                                                   struct level_list *ret_list);

#endif
