/* A hash table of queues; see lanes.h. */
#include "runtime/lanes.h"

#include <assert.h>

struct lane {
    struct lane *next; /* in the bucket */
    struct lane_item *head, *tail;
    size_t count, size;
    uint64_t hash;
    char key[];
};

enum { BUCKETS_MIN = 256 };

/* FNV-1a with a final mix: keys are ours after decoding, collisions cost time only, and the table grows. */
static uint64_t hash_of(const void *key, size_t size)
{
    const uint8_t *p = key;
    uint64_t h = 1469598103934665603ULL;
    for (size_t i = 0; i < size; i++)
        h = (h ^ p[i]) * 1099511628211ULL;
    h ^= h >> 31;
    h *= 0x9e3779b97f4a7c15ULL;
    return h ^ h >> 29;
}

void lanes_init(struct lanes *l)
{
    *l = (struct lanes){.buckets = BUCKETS_MIN};
    l->table = calloc(l->buckets, sizeof(struct lane *));
    if (l->table == NULL)
        abort();
}

void lanes_release(struct lanes *l)
{
    assert(l->lanes == 0);
    free(l->table);
    l->table = NULL;
}

static void grow(struct lanes *l)
{
    const size_t buckets = l->buckets * 2;
    struct lane **table = calloc(buckets, sizeof(struct lane *));
    if (table == NULL)
        return; /* longer chains, nothing worse */
    for (size_t i = 0; i < l->buckets; i++)
        for (struct lane *lane = l->table[i], *next; lane != NULL; lane = next) {
            next = lane->next;
            lane->next = table[lane->hash & (buckets - 1)];
            table[lane->hash & (buckets - 1)] = lane;
        }
    free(l->table);
    l->table = table;
    l->buckets = buckets;
}

static struct lane *find_or_make(struct lanes *l, const void *key, size_t size)
{
    const uint64_t hash = hash_of(key, size);
    for (struct lane *lane = l->table[hash & (l->buckets - 1)]; lane != NULL; lane = lane->next)
        if (lane->hash == hash && lane->size == size && memcmp(lane->key, key, size) == 0)
            return lane;
    if (l->lanes >= l->buckets)
        grow(l);
    struct lane *lane = calloc(1, sizeof *lane + size);
    if (lane == NULL)
        abort();
    lane->hash = hash;
    lane->size = size;
    if (size > 0)
        memcpy(lane->key, key, size);
    lane->next = l->table[hash & (l->buckets - 1)];
    l->table[hash & (l->buckets - 1)] = lane;
    l->lanes++;
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

static void remove_lane(struct lanes *l, struct lane *lane)
{
    struct lane **at = &l->table[lane->hash & (l->buckets - 1)];
    while (*at != lane)
        at = &(*at)->next;
    *at = lane->next;
    free(lane);
    l->lanes--;
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
        remove_lane(l, lane);
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
    size_t deepest = 0;
    for (size_t i = 0; i < l->buckets; i++)
        for (const struct lane *lane = l->table[i]; lane != NULL; lane = lane->next)
            if (lane->count > deepest)
                deepest = lane->count;
    return deepest;
}
