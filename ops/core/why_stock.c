/* What an order takes from stock, by what the stock worker remembers of it; see why.h. */
#include "core/why.h"

#include "core/events.h"
#include "kafka/topics.h"
#include "reservation_pack.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { STOCK_MEMORY_MAX = 64 << 20 };

struct stocking {
    struct codec *codec;
    const char *order;
    struct why_stock *stock;
    bool is_broken; /* the newest record cannot be read */
};

static const struct stock_order_state *read_state(const struct stocking *s,
                                                  const struct kafka_record *record,
                                                  struct arena *memory)
{
    struct codec_fault fault;
    struct stock_order_state *state = arena_alloc(memory, sizeof *state);
    return state != NULL && events_decode(s->codec, &stock_order_record, record->value,
                                          record->value_size, memory, state, &fault) == 0
               ? state
               : NULL;
}

static int take_rows(struct why_stock *stock, const struct reservation_facts *facts)
{
    stock->rows = arena_alloc(stock->memory, (facts->count + 1) * sizeof *stock->rows);
    if (stock->rows == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < facts->count; i++) {
        const struct stock_reservation *r = &facts->rows[i];
        stock->rows[i] = (struct why_stock_row){.sku = r->sku,
                                                .depot = r->depot,
                                                .since_ms = r->since,
                                                .units = r->units,
                                                .allocated_units = r->allocated_units,
                                                .allocated_ms = r->allocated_at};
    }
    stock->count = facts->count;
    stock->gaps = facts->gap_count;
    stock->is_remembered = true;
    return 0;
}

/* The newest record of the key counts. */
static int stock_take(void *user, const struct kafka_record *record)
{
    struct stocking *s = user;
    struct stock_reserve_key key;
    struct reservation_facts facts;
    if (record->key == NULL || record->key_size != strlen(s->order) ||
        memcmp(record->key, s->order, record->key_size) != 0)
        return 0;
    why_stock_release(s->stock);
    s->is_broken = false;
    if (record->value == NULL)
        return 0;
    s->stock->memory = arena_new(STOCK_MEMORY_MAX);
    if (s->stock->memory == NULL)
        return -ENOMEM;
    const struct stock_order_state *state = read_state(s, record, s->stock->memory);
    s->is_broken =
        state == NULL ||
        reservation_key_read(record->key, record->key_size, s->stock->memory, &key) < 0 ||
        reservation_facts_of(state, &key, s->stock->memory, &facts) < 0;
    return s->is_broken ? 0 : take_rows(s->stock, &facts);
}

enum ops_kind why_stock_gather(struct ops *ops, const char *order,
                               const struct why_options *options, struct why_stock *ret_stock,
                               struct ops_error *ret_error)
{
    const char *const topics[] = {topic_stock_orders};
    const struct kafka_range range = {.from = KAFKA_FROM_BEGINNING,
                                      .partition = -1,
                                      .partition_of_key = options->all_partitions ? NULL : order};
    struct stocking s = {.order = order, .stock = ret_stock};
    struct kafka_words message = {""};
    const enum ops_kind kind = ops_codec(ops, &s.codec, ret_error);
    if (kind != OPS_DONE)
        return kind;
    const int rc = kafka_read(ops_config(ops), topics, 1, &range, stock_take, &s, message.text);
    if (rc == -ENOMEM && message.text[0] == '\0')
        return ops_fail(ret_error, OPS_UNAVAILABLE, NULL, "no memory for an order's stock");
    if (rc == -ENOENT)
        return OPS_DONE; /* there is no stock worker here */
    if (rc < 0)
        (void)snprintf(ret_stock->why_not, sizeof ret_stock->why_not, "%s", message.text);
    else if (s.is_broken)
        (void)snprintf(ret_stock->why_not, sizeof ret_stock->why_not,
                       "the record of %s in %s cannot be read by schemas/", order, topics[0]);
    else
        ret_stock->is_read = true;
    return OPS_DONE;
}

void why_stock_release(struct why_stock *stock)
{
    arena_free(stock->memory);
    *stock = (struct why_stock){0};
}
