/* Orders in memory; see reservation_keep.h. */
#include "reservation_keep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct sought {
    const char *key;
    size_t size;
};

static uint64_t keep_hash(const char *key, size_t size)
{
    return table_hash(TABLE_HASH_BEGIN, key, size);
}

static bool is_sought(const void *item, const void *key)
{
    const struct kept_order *order = item;
    const struct sought *sought = key;
    return order->key_size == sought->size && memcmp(order->key, sought->key, sought->size) == 0;
}

static struct kept_order *find_order(const struct reservation_keep *keep, const char *key,
                                     size_t size)
{
    const struct sought sought = {key, size};
    return table_find(&keep->table, keep_hash(key, size), is_sought, &sought);
}

const struct kept_order *reservation_keep_find(const struct reservation_keep *keep, const char *key,
                                               size_t size)
{
    return find_order(keep, key, size);
}

static void count_order(struct reservation_keep *keep, const struct kept_order *order, bool there)
{
    const size_t one = there ? 1 : SIZE_MAX, bytes = (size_t)order->key_size + order->size;
    keep->bytes += there ? bytes : -bytes;
    keep->open += order->is_open ? one : 0;
    keep->with_gaps += order->gaps != 0 ? one : 0;
    for (size_t i = 0; i < GAP_COUNT; i++)
        keep->gap_orders[i] += (order->gaps >> i & 1) != 0 ? one : 0;
}

void reservation_keep_remove(struct reservation_keep *keep, const char *key, size_t size)
{
    struct kept_order *order = find_order(keep, key, size);
    if (order == NULL)
        return;
    count_order(keep, order, false);
    table_remove(&keep->table, keep_hash(key, size), order);
    free(order);
}

int reservation_keep_put(struct reservation_keep *keep, const char *key, size_t key_size,
                         const void *bytes, size_t size, struct kept_marks marks)
{
    if (key_size == 0 || key_size > KEPT_KEY_BYTES_MAX || size > UINT32_MAX)
        return -EINVAL;
    struct kept_order *order = malloc(sizeof *order + key_size + size);
    if (order == NULL)
        return -ENOMEM;
    *order = (struct kept_order){.size = (uint32_t)size,
                                 .key_size = (uint16_t)key_size,
                                 .day = marks.day,
                                 .gaps = marks.gaps,
                                 .is_open = marks.is_open,
                                 .is_over = marks.is_over};
    memcpy(order->key, key, key_size);
    memcpy(order->key + key_size, bytes, size);
    reservation_keep_remove(keep, key, key_size);
    if (table_add(&keep->table, keep_hash(key, key_size), order) < 0) {
        free(order);
        return -ENOMEM;
    }
    count_order(keep, order, true);
    return 0;
}

const struct kept_order *reservation_keep_next(const struct reservation_keep *keep, size_t *at)
{
    return table_next(&keep->table, at);
}

void reservation_keep_release(struct reservation_keep *keep)
{
    size_t at = 0;
    for (struct kept_order *order; (order = table_next(&keep->table, &at)) != NULL;)
        free(order);
    table_release(&keep->table);
    *keep = (struct reservation_keep){0};
}
