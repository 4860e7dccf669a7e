/* A queue for each key, in a table; see lanes.h. */
#include "posting/lanes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct lane {
    struct lane_item *head, *tail;
    size_t count, size;
    uint64_t hash;
    char key[];
};

struct lane_key {
    const void *key;
    size_t size;
};

void lanes_init(struct lanes *l)
{
    *l = (struct lanes){.items = 0};
}

void lanes_release(struct lanes *l)
{
    assert(l->table.count == 0);
    table_release(&l->table);
}

static bool is_lane_of(const void *item, const void *key)
{
    const struct lane *lane = item;
    const struct lane_key *k = key;
    return lane->size == k->size && memcmp(lane->key, k->key, k->size) == 0;
}

static struct lane *find_or_make(struct lanes *l, const void *key, size_t size)
{
    const uint64_t hash = table_hash(TABLE_HASH_BEGIN, key, size);
    const struct lane_key wanted = {key, size};
    struct lane *lane = table_find(&l->table, hash, is_lane_of, &wanted);
    if (lane != NULL)
        return lane;
    lane = calloc(1, sizeof *lane + size);
    if (lane == NULL || table_add(&l->table, hash, lane) < 0)
        abort();
    lane->hash = hash;
    lane->size = size;
    if (size > 0)
        memcpy(lane->key, key, size);
    return lane;
}

bool lanes_enter(struct lanes *l, struct lane_item *item, const void *key, size_t size)
{
    assert(item->lane == NULL);
    struct lane *lane = find_or_make(l, key, size);
    item->lane = lane;
    item->next = NULL;
    item->previous = lane->tail;
    if (lane->tail != NULL)
        lane->tail->next = item;
    else
        lane->head = item;
    lane->tail = item;
    lane->count++;
    l->items++;
    return lane->head == item;
}

void *lanes_leave(struct lanes *l, struct lane_item *item)
{
    struct lane *lane = item->lane;
    if (lane == NULL)
        return NULL;
    const bool was_head = lane->head == item;
    if (item->previous != NULL)
        item->previous->next = item->next;
    else
        lane->head = item->next;
    if (item->next != NULL)
        item->next->previous = item->previous;
    else
        lane->tail = item->previous;
    item->lane = NULL;
    lane->count--;
    l->items--;
    if (lane->count == 0) {
        table_remove(&l->table, lane->hash, lane);
        free(lane);
        return NULL;
    }
    assert(lane->head != NULL);
    return was_head ? lane->head->owner : NULL;
}

bool lanes_is_head(const struct lane_item *item)
{
    return item->lane != NULL && item->lane->head == item;
}

size_t lanes_deepest(const struct lanes *l)
{
    size_t deepest = 0, at = 0;
    for (const struct lane *lane; (lane = table_next(&l->table, &at)) != NULL;)
        if (lane->count > deepest)
            deepest = lane->count;
    return deepest;
}
