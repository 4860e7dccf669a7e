/* The records that were read last, up to a number of bytes: the one that was not asked for longest
 * goes first. A value is counted: whoever is given one holds it until table_value_unref, in the cache or
 * not. One thread. */
#ifndef PRIMAFLOW_VALUE_CACHE_H
#define PRIMAFLOW_VALUE_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "base/table.h"

struct table_value {
    unsigned refs;
    int32_t partition;
    int64_t offset;
    size_t key_size, size;
    struct table_value *older, *newer; /* in the cache */
    char bytes[];                      /* the key, then the value */
};

struct table_value *table_value_new(int32_t partition, int64_t offset, const void *key,
                                    size_t key_size, const void *bytes,
                                    size_t size); /* one reference */
struct table_value *table_value_ref(struct table_value *v);
void table_value_unref(struct table_value *v); /* accepts NULL */
static inline const void *table_value_bytes(const struct table_value *v)
{
    return v->bytes + v->key_size;
}

struct value_cache { /* zeroed but for bytes_max */
    struct table table;
    struct table_value *oldest, *newest;
    size_t bytes, bytes_max;
};

/* Takes a reference of its own, unless it is there already or is too large. */
void value_cache_put(struct value_cache *vs, struct table_value *v);
/* NULL: it is not there. The reference is the caller's. */
struct table_value *value_cache_get(struct value_cache *vs, int32_t partition, int64_t offset);
void value_cache_drop(struct value_cache *vs, int32_t partition, int64_t offset);
void value_cache_drop_partition(struct value_cache *vs, int32_t partition);
void value_cache_release(struct value_cache *vs);

#endif
