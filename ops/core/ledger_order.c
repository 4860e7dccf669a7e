/* Reading one order's ledger; see ledger_order.h. */
#include "core/ledger_order.h"

#include "core/events.h"
#include "domain/ledger/ledger_key.h"
#include "kafka/topics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MEMORY_MAX = 64 << 20, KEYS_MAX = 100000 };

/* The newest message of one key. */
struct kept {
    const char *key;
    size_t key_size;
    const void *value; /* NULL: a tombstone */
    size_t size;
    int64_t place; /* when it was read, in order of the partition */
};

struct gathering {
    const char *order;
    struct arena *memory;
    struct kept *kept;
    size_t count, room;
    int32_t partition;
    int64_t read;
};

static struct kept *kept_find(struct gathering *g, const struct kafka_record *record)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->kept[i].key_size == record->key_size &&
            memcmp(g->kept[i].key, record->key, record->key_size) == 0)
            return &g->kept[i];
    if (g->count == g->room) {
        const size_t room = g->room > 0 ? 2 * g->room : 16;
        struct kept *more =
            room <= 2 * (size_t)KEYS_MAX ? realloc(g->kept, room * sizeof *more) : NULL;
        if (more == NULL)
            return NULL;
        g->kept = more;
        g->room = room;
    }
    struct kept *kept = &g->kept[g->count];
    *kept = (struct kept){.key = arena_text(g->memory, record->key, record->key_size),
                          .key_size = record->key_size};
    if (kept->key == NULL)
        return NULL;
    g->count++;
    return kept;
}

static int ledger_see(void *user, const struct kafka_record *record)
{
    struct gathering *g = user;
    const size_t size = record->key != NULL ? ledger_key_order(record->key, record->key_size) : 0;
    if (size == 0 || size != strlen(g->order) || memcmp(record->key, g->order, size) != 0)
        return 0;
    struct kept *kept = kept_find(g, record);
    if (kept == NULL)
        return -ENOMEM;
    g->partition = record->partition;
    kept->place = g->read++;
    kept->size = record->value_size;
    kept->value = NULL;
    if (record->value == NULL)
        return 0;
    kept->value = arena_text(g->memory, record->value, record->value_size);
    return kept->value != NULL ? 0 : -ENOMEM;
}

static int kept_compare(const void *a_, const void *b_)
{
    const struct kept *a = a_, *b = b_;
    return a->place < b->place ? -1 : a->place > b->place;
}

static enum ops_kind kept_decode(struct codec *codec, const struct gathering *g,
                                 struct ledger_order *ret_order, struct ops_error *ret_error)
{
    ret_order->records = arena_alloc(g->memory, (g->count + 1) * sizeof *ret_order->records);
    if (ret_order->records == NULL)
        return ops_fail_memory(ret_error);
    for (size_t i = 0; i < g->count; i++) {
        const struct kept *k = &g->kept[i];
        const bool is_entry = ledger_key_is_entry(k->key, k->key_size);
        struct codec_fault fault = {0};
        if (k->value == NULL)
            continue;
        if (events_decode(codec, is_entry ? &ledger_entry_record : &ledger_credit_record, k->value,
                          k->size, g->memory,
                          is_entry ? (void *)&ret_order->entry
                                   : (void *)&ret_order->records[ret_order->record_count],
                          &fault) != 0)
            return ops_fail(ret_error,
                            fault.code == PF_E_registry_unavailable ? OPS_UNAVAILABLE : OPS_DATA,
                            "is schema.folder of this version?", "the ledger's %s %s: %s",
                            is_entry ? "entry" : "record", k->key, pf_error_info(fault.code)->name);
        ret_order->has_entry |= is_entry;
        ret_order->record_count += !is_entry;
    }
    return OPS_DONE;
}

enum ops_kind ledger_order_read(struct ops *ops, const char *order, bool waits,
                                struct ledger_order *ret_order, struct ops_error *ret_error)
{
    const char *const topics[] = {topic_orders_ledger};
    const struct kafka_range range = {.from = KAFKA_FROM_BEGINNING,
                                      .until = waits ? KAFKA_UNTIL_WRITTEN : KAFKA_UNTIL_END,
                                      .partition = -1,
                                      .partition_of_key = order};
    struct gathering g = {.order = order, .memory = arena_new(MEMORY_MAX), .partition = -1};
    struct kafka_words message = {""};
    struct codec *codec = NULL;
    ret_order->memory = g.memory;
    enum ops_kind kind =
        g.memory != NULL ? ops_codec(ops, &codec, ret_error) : ops_fail_memory(ret_error);
    if (kind != OPS_DONE)
        return kind;
    const int rc = kafka_read(ops_config(ops), topics, 1, &range, ledger_see, &g, message.text);
    if (rc == -ENOMEM && message.text[0] == '\0')
        kind = ops_fail(ret_error, OPS_DATA, NULL, "the ledger has too much of order %s", order);
    else if (rc != 0)
        kind = ops_fail_kafka(ret_error, rc, &message);
    if (kind == OPS_DONE && g.count > 0)
        qsort(g.kept, g.count, sizeof *g.kept, kept_compare);
    if (kind == OPS_DONE)
        kind = kept_decode(codec, &g, ret_order, ret_error);
    ret_order->partition = g.partition;
    free(g.kept);
    return kind;
}

void ledger_order_release(struct ledger_order *order)
{
    arena_free(order->memory);
    *order = (struct ledger_order){.memory = NULL};
}

enum ops_kind ledger_order_fold(const struct ledger_order *order, struct ledger_fold *ret_fold,
                                struct ops_error *ret_error)
{
    const int rc = ledger_fold(order->has_entry ? &order->entry : NULL, order->records,
                               order->record_count, NULL, order->memory, ret_fold);
    if (rc == -ENOMEM)
        return ops_fail_memory(ret_error);
    return rc == 0 ? OPS_DONE
                   : ops_fail(ret_error, OPS_DATA, "see primaflow ledger show",
                              "the ledger's entry %s does not add up", order->entry.key);
}
