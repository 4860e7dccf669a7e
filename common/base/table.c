/* Linear probing; a removal moves what comes after it up, so that no slot is ever a tombstone. See
 * table.h. */
#include "base/table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { ROOM_MIN = 64 };

uint64_t table_hash(uint64_t hash, const void *bytes, size_t size)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ p[i]) * 0x100000001B3U;
    return hash;
}

/* Where a hash belongs. FNV's low bits alone are poor: the high ones are mixed in. */
static size_t home(const struct table *t, uint64_t hash)
{
    return (size_t)((hash ^ hash >> 31) * 0x9E3779B97F4A7C15U >> 32) & (t->room - 1);
}

void *table_find(const struct table *t, uint64_t hash, table_is_same is_same, const void *key)
{
    if (t->room == 0)
        return NULL;
    for (size_t at = home(t, hash); t->slots[at].item != NULL; at = (at + 1) & (t->room - 1))
        if (t->slots[at].hash == hash && is_same(t->slots[at].item, key))
            return t->slots[at].item;
    return NULL;
}

static void table_put(struct table *t, struct table_slot slot)
{
    size_t at = home(t, slot.hash);
    while (t->slots[at].item != NULL)
        at = (at + 1) & (t->room - 1);
    t->slots[at] = slot;
}

static int table_grow(struct table *t)
{
    struct table wider = {.room = t->room == 0 ? ROOM_MIN : 2 * t->room, .count = t->count};
    wider.slots = calloc(wider.room, sizeof *wider.slots);
    if (wider.slots == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < t->room; i++)
        if (t->slots[i].item != NULL)
            table_put(&wider, t->slots[i]);
    free(t->slots);
    *t = wider;
    return 0;
}

int table_add(struct table *t, uint64_t hash, void *item)
{
    assert(item != NULL);
    if (2 * (t->count + 1) > t->room) { /* half full at most: chains stay short */
        const int r = table_grow(t);
        if (r < 0)
            return r;
    }
    table_put(t, (struct table_slot){hash, item});
    t->count++;
    return 0;
}

void table_remove(struct table *t, uint64_t hash, const void *item)
{
    const size_t mask = t->room - 1;
    size_t hole = home(t, hash);
    while (t->slots[hole].item != item) {
        assert(t->slots[hole].item != NULL);
        hole = (hole + 1) & mask;
    }
    for (size_t at = (hole + 1) & mask; t->slots[at].item != NULL; at = (at + 1) & mask) {
        const size_t from_home = (at - home(t, t->slots[at].hash)) & mask;
        if (from_home >= ((at - hole) & mask)) { /* it may stand where the hole is */
            t->slots[hole] = t->slots[at];
            hole = at;
        }
    }
    t->slots[hole].item = NULL;
    t->count--;
}

void *table_next(const struct table *t, size_t *at)
{
    while (*at < t->room)
        if (t->slots[(*at)++].item != NULL)
            return t->slots[*at - 1].item;
    return NULL;
}

void table_release(struct table *t)
{
    free(t->slots);
    *t = (struct table){.count = 0};
}
