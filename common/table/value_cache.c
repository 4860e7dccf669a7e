/* A hash table and a list from the oldest to the newest; see value_cache.h. */
#include "table/value_cache.h"

#include <stdlib.h>
#include <string.h>

enum { OVERHEAD = sizeof(struct table_value) + 2 * sizeof(struct table_slot) + 16 /* malloc's */ };

/* ---- one ---- */

struct table_value *table_value_new(int32_t partition, int64_t offset, const void *key,
                                    size_t key_size, const void *bytes, size_t size)
{
    struct table_value *v = malloc(sizeof *v + key_size + size);
    if (v == NULL)
        abort();
    *v = (struct table_value){
        .refs = 1, .partition = partition, .offset = offset, .key_size = key_size, .size = size};
    if (key_size > 0)
        memcpy(v->bytes, key, key_size);
    if (size > 0)
        memcpy(v->bytes + key_size, bytes, size);
    return v;
}

struct table_value *table_value_ref(struct table_value *v)
{
    v->refs++;
    return v;
}

void table_value_unref(struct table_value *v)
{
    if (v != NULL && --v->refs == 0)
        free(v);
}

/* ---- those that are kept ---- */

struct place {
    int32_t partition;
    int64_t offset;
};

static uint64_t hash(int32_t partition, int64_t offset)
{
    return table_hash(table_hash(TABLE_HASH_BEGIN, &partition, sizeof partition), &offset,
                      sizeof offset);
}

static bool is_at(const void *item, const void *key)
{
    const struct table_value *v = item;
    const struct place *place = key;
    return v->offset == place->offset && v->partition == place->partition;
}

static struct table_value *find(const struct value_cache *vs, int32_t partition, int64_t offset)
{
    const struct place place = {partition, offset};
    return table_find(&vs->table, hash(partition, offset), is_at, &place);
}

static size_t bytes_of(const struct table_value *v)
{
    return OVERHEAD + v->key_size + v->size;
}

static void link_newest(struct value_cache *vs, struct table_value *v)
{
    v->older = vs->newest;
    v->newer = NULL;
    *(vs->newest != NULL ? &vs->newest->newer : &vs->oldest) = v;
    vs->newest = v;
}

static void unlink_value(struct value_cache *vs, struct table_value *v)
{
    *(v->older != NULL ? &v->older->newer : &vs->oldest) = v->newer;
    *(v->newer != NULL ? &v->newer->older : &vs->newest) = v->older;
}

static void drop(struct value_cache *vs, struct table_value *v)
{
    table_remove(&vs->table, hash(v->partition, v->offset), v);
    unlink_value(vs, v);
    vs->bytes -= bytes_of(v);
    table_value_unref(v);
}

void value_cache_put(struct value_cache *vs, struct table_value *v)
{
    const size_t bytes = bytes_of(v);
    if (bytes > vs->bytes_max || find(vs, v->partition, v->offset) != NULL)
        return;
    while (vs->bytes + bytes > vs->bytes_max)
        drop(vs, vs->oldest);
    if (table_add(&vs->table, hash(v->partition, v->offset), v) < 0)
        abort();
    link_newest(vs, table_value_ref(v));
    vs->bytes += bytes;
}

struct table_value *value_cache_get(struct value_cache *vs, int32_t partition, int64_t offset)
{
    struct table_value *v = find(vs, partition, offset);
    if (v == NULL)
        return NULL;
    unlink_value(vs, v);
    link_newest(vs, v);
    return table_value_ref(v);
}

void value_cache_drop(struct value_cache *vs, int32_t partition, int64_t offset)
{
    struct table_value *v = find(vs, partition, offset);
    if (v != NULL)
        drop(vs, v);
}

void value_cache_drop_partition(struct value_cache *vs, int32_t partition)
{
    for (struct table_value *v = vs->oldest, *newer; v != NULL; v = newer) {
        newer = v->newer;
        if (v->partition == partition)
            drop(vs, v);
    }
}

void value_cache_release(struct value_cache *vs)
{
    while (vs->oldest != NULL)
        drop(vs, vs->oldest);
    table_release(&vs->table);
}
