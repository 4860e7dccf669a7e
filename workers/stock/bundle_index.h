/* Which bundles have a product among their parts, found by its stock key: made of the rules anew when
 * they change. Constant after bundle_index_make. Aborts without memory. */
#ifndef PRIMAFLOW_BUNDLE_INDEX_H
#define PRIMAFLOW_BUNDLE_INDEX_H

#include "domain/mappings/stock_rules.h"

struct bundle_use {
    const char *company, *key; /* of the part */
    const char *owner; /* stock key of the bundle's first part, whose partition it stands in */
    const struct channel_rules *channel;
    const struct bundle_rule *bundle;
    const char *const *parts; /* stock keys, bundle->count of them, in the order of its row */
};

struct bundle_index {
    struct arena *arena;
    struct bundle_use *uses; /* by company, then key */
    size_t count;
};

/* Bundles of which a part's key is too long are left out. */
void bundle_index_make(struct bundle_index *index, const struct order_rules *rules);
void bundle_index_release(struct bundle_index *index);

/* The uses of a part, *ret_count of them; NULL: none. */
const struct bundle_use *bundle_index_find(const struct bundle_index *index, const char *company,
                                           const char *key, size_t *ret_count);

#endif
