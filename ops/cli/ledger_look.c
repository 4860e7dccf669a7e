/* What the ledger has of the orders that are to be imported. */
#include "ledger.h"

#include "broker.h"
#include "events.h"

#include <errno.h>

const char ledger_topic[] = "orders.ledger";

static int by_key(const void *key, const void *item)
{
    return strcmp(key, ((const struct ledger_item *)item)->key);
}

/* The latest record of a key: the last of its partition; when partitions were added since, the younger one. */
static int take(void *user, const struct broker_record *record)
{
    const struct ledger_items *items = user;
    char key[LEDGER_KEY_MAX];
    if (record->key == NULL || record->key_size >= sizeof key)
        return 0;
    memcpy(key, record->key, record->key_size);
    key[record->key_size] = '\0';
    struct ledger_item *item = bsearch(key, items->list, items->count, sizeof *items->list, by_key);
    if (item == NULL || (item->found_ms > record->timestamp_ms && item->found_partition != record->partition))
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

int ledger_look(const struct cli *cli, struct codec *codec, struct ledger_items *items)
{
    const char *const topics[] = {ledger_topic};
    const struct broker_range range = {.from = BROKER_FROM_BEGINNING, .partition = -1};
    struct broker_message message = {""};
    const int rc = broker_read(cli->config, topics, 1, &range, take, items, &message);
    if (rc != 0)
        return cli_fail(broker_exit_code(rc), "%s", message.text[0] != '\0' ? message.text : "no memory");
    for (size_t i = 0; i < items->count; i++) {
        struct ledger_item *item = &items->list[i];
        item->state = item->found == NULL ? LEDGER_NEW : is_same(codec, item) ? LEDGER_SAME : LEDGER_OTHER;
    }
    return CLI_DONE;
}
