/* Orders that are over, forgotten after a while; see reservation_maker.h. */
#include "reservation_maker.h"

#include "domain/stock/stock_key.h"
#include "kafka/topics.h"

#include <errno.h>
#include <string.h>

enum { FORGET_ARENA = 128 * 1024 * 1024 };

static int end_reservations(struct reservation_maker *maker, const struct reservation_facts *facts,
                            struct arena *arena)
{
    int r = 0;
    for (size_t i = 0; i < facts->count && r == 0; i++) {
        const struct stock_reservation *row = &facts->rows[i];
        const char *key =
            stock_key_of_reservation(arena, row->company, row->sku, row->depot, row->order);
        r = key == NULL
                ? -ENOMEM
                : reservation_outbox_add(&maker->outbox, topic_stock_reservations, key, strlen(key),
                                         stock_key_place(key, strlen(key)), NULL, 0);
    }
    return r;
}

static int forget_order(struct reservation_maker *maker, const struct kept_order *kept)
{
    struct stock_reserve_key key;
    struct reservation_facts facts;
    const size_t before = maker->outbox.count;
    struct arena *arena = arena_new(FORGET_ARENA);
    int r = arena == NULL ? -ENOMEM : reservation_key_read(kept->key, kept->key_size, arena, &key);
    if (r == 0)
        r = reservation_unpack(maker->codec, kept_order_bytes(kept), kept->size, &key, arena,
                               &facts);
    if (r == 0)
        r = end_reservations(maker, &facts, arena);
    if (r == 0)
        r = reservation_outbox_add(&maker->outbox, topic_stock_orders, kept->key, kept->key_size,
                                   kept->key_size, NULL, 0);
    if (r == 0)
        reservation_keep_remove(&maker->keep, kept->key, kept->key_size);
    else
        reservation_outbox_truncate(&maker->outbox, before);
    arena_free(arena);
    return r;
}

void reservation_forget(struct reservation_maker *maker, int64_t now_ms, size_t *at)
{
    const int64_t since = (now_ms - RESERVATION_OLD_MS) / KEPT_DAY_MS;
    for (size_t looks = 0; looks < RESERVATION_LOOKS; looks++) {
        const struct kept_order *kept = reservation_keep_next(&maker->keep, at);
        if (kept == NULL) {
            *at = 0;
            return;
        }
        if (!kept->is_over || kept->day >= since)
            continue;
        if (forget_order(maker, kept) < 0)
            return;
        *at = *at > 0 ? *at - 1 : 0; /* another one may stand there now */
    }
}
