/* What the ledger has of the orders that are to be imported. */
#include "core/ledger_import.h"

#include "core/events.h"
#include "domain/ledger/ledger_key.h"
#include "order_flow.h"
#include "order_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int item_by_key(const void *key, const void *item)
{
    return strcmp(key, ((const struct ledger_item *)item)->key);
}

/* What a refund takes of one of the orders: one that is credited, owed, or may have been. Without an
 * entry its own amounts would be counted against whatever is imported, of another state of the order. */
static void ledger_take_refund(const struct ledger_items *items, const struct kafka_record *record,
                               char key[static LEDGER_KEY_MAX])
{
    const size_t order = ledger_key_order(key, record->key_size);
    if (order == 0 ||
        order + 1 >= record->key_size) /* an entry; or that the order has no document */
        return;
    key[order] = '\0';
    struct ledger_item *item =
        bsearch(key, items->list, items->count, sizeof *items->list, item_by_key);
    if (item == NULL)
        return;
    if (record->value != NULL)
        item->refunds++;
    else if (item->refunds > 0)
        item->refunds--;
}

/* The latest record of a key: the last of its partition; when partitions were added since, the
 * younger one. */
static int ledger_take(void *user, const struct kafka_record *record)
{
    const struct ledger_items *items = user;
    char key[LEDGER_KEY_MAX];
    if (record->key == NULL || record->key_size >= sizeof key)
        return 0;
    memcpy(key, record->key, record->key_size);
    key[record->key_size] = '\0';
    struct ledger_item *item =
        bsearch(key, items->list, items->count, sizeof *items->list, item_by_key);
    if (item == NULL)
        ledger_take_refund(items, record, key);
    if (item == NULL ||
        (item->found_ms > record->timestamp_ms && item->found_partition != record->partition))
        return 0;
    free(item->found);
    item->found = NULL;
    item->found_size = record->value_size;
    item->found_partition = record->partition;
    item->found_ms = record->timestamp_ms;
    if (record->value == NULL) /* taken back */
        return 0;
    item->found = malloc(record->value_size + 1);
    if (item->found == NULL)
        return -ENOMEM;
    memcpy(item->found, record->value, record->value_size);
    return 0;
}

/* By their values, not their bytes: an older version of the schema may have written the same. */
static bool is_same(struct codec *codec, const struct ledger_item *item)
{
    struct codec_fault fault = {0};
    json_t *ours = events_to_json(codec, item->bytes, item->size, &fault),
           *theirs = events_to_json(codec, item->found, item->found_size, &fault);
    const bool same = ours != NULL && theirs != NULL && json_equal(ours, theirs);
    json_decref(ours);
    json_decref(theirs);
    return same;
}

enum ops_kind ledger_look(struct ops *ops, struct ledger_items *items, struct ops_error *ret_error)
{
    const struct kafka_range range = {.from = KAFKA_FROM_BEGINNING, .partition = -1};
    struct kafka_words message = {""};
    struct codec *codec = NULL;
    const enum ops_kind kind = ops_codec(ops, &codec, ret_error);
    if (kind != OPS_DONE)
        return kind;
    const int rc = kafka_read(ops_config(ops), &order_flow.outputs[ORDER_LEDGER].name, 1, &range,
                              ledger_take, items, message.text);
    if (rc == -ENOMEM && message.text[0] == '\0')
        return ops_fail_memory(ret_error);
    if (rc != 0)
        return ops_fail_kafka(ret_error, rc, &message);
    for (size_t i = 0; i < items->count; i++) {
        struct ledger_item *item = &items->list[i];
        item->state = item->found == NULL    ? (item->refunds > 0 ? LEDGER_REFUNDED : LEDGER_NEW)
                      : is_same(codec, item) ? LEDGER_SAME
                                             : LEDGER_OTHER;
    }
    return OPS_DONE;
}
