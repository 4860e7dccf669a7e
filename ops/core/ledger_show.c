/* Reading the ledger for one order; see ledger_show.h. */
#include "core/ledger_show.h"

#include "core/events.h"
#include "order_flow.h"
#include "order_write.h"

#include <stdlib.h>
#include <string.h>

/* The latest record of one of the orders that the id may mean. */
struct looking {
    struct why_id ids[WHY_ORDERS_MAX];
    struct ledger_shown *shown;
};

static int shown_take(void *user, const struct kafka_record *record)
{
    const struct looking *l = user;
    struct ledger_shown *s = l->shown;
    for (size_t i = 0; record->key != NULL && i < s->count; i++) {
        if (record->key_size != strlen(l->ids[i].kafka) ||
            memcmp(record->key, l->ids[i].kafka, record->key_size) != 0)
            continue;
        if (s->entries[i].at_ms > record->timestamp_ms &&
            s->entries[i].partition != record->partition)
            continue;
        free(s->entries[i].bytes);
        s->entries[i].bytes = record->value != NULL ? malloc(record->value_size + 1) : NULL;
        s->entries[i].size = record->value_size;
        s->entries[i].partition = record->partition;
        s->entries[i].at_ms = record->timestamp_ms;
        if (s->entries[i].bytes != NULL)
            memcpy(s->entries[i].bytes, record->value, record->value_size);
    }
    return 0;
}

enum ops_kind ledger_show(struct ops *ops, const char *id, struct ledger_shown *ret_shown,
                          struct ops_error *ret_error)
{
    const struct kafka_range range = {.from = KAFKA_FROM_BEGINNING, .partition = -1};
    struct kafka_words message = {""};
    struct looking looking = {.shown = ret_shown};
    struct codec *codec = NULL;
    *ret_shown = (struct ledger_shown){.count = 0};
    enum ops_kind kind = why_ids(ops, id, looking.ids, &ret_shown->count, ret_error);
    if (kind == OPS_DONE)
        kind = ops_codec(ops, &codec, ret_error);
    if (kind != OPS_DONE)
        return kind;
    const int rc = kafka_read(ops_config(ops), &order_flow.outputs[ORDER_LEDGER].name, 1, &range,
                              shown_take, &looking, message.text);
    if (rc != 0)
        return ops_fail_kafka(ret_error, rc, &message);
    for (size_t i = 0; i < ret_shown->count; i++)
        if (ret_shown->entries[i].bytes != NULL)
            return OPS_DONE;
    return ops_fail(ret_error, OPS_DATA, NULL, "the ledger has no entry of %s", id);
}

void ledger_shown_release(struct ledger_shown *shown)
{
    for (size_t i = 0; i < shown->count; i++)
        free(shown->entries[i].bytes);
    shown->count = 0;
}

static enum ops_kind entry_unreadable(const struct codec_fault *fault, struct ops_error *ret_error)
{
    return ops_fail(ret_error, OPS_DATA, NULL, "the entry cannot be read: %s",
                    pf_error_info(fault->code)->name);
}

enum ops_kind ledger_entry_decode(struct ops *ops, const void *bytes, size_t size,
                                  struct arena *arena, struct ledger_entry *ret_entry,
                                  struct ops_error *ret_error)
{
    struct codec_fault fault = {0};
    struct codec *codec = NULL;
    const enum ops_kind kind = ops_codec(ops, &codec, ret_error);
    if (kind != OPS_DONE)
        return kind;
    return events_decode(codec, &ledger_entry_record, bytes, size, arena, ret_entry, &fault) == 0
               ? OPS_DONE
               : entry_unreadable(&fault, ret_error);
}

enum ops_kind ledger_entry_json(struct ops *ops, const void *bytes, size_t size, json_t **ret_json,
                                struct ops_error *ret_error)
{
    struct codec_fault fault = {0};
    struct codec *codec = NULL;
    const enum ops_kind kind = ops_codec(ops, &codec, ret_error);
    if (kind != OPS_DONE)
        return kind;
    json_t *json = events_to_json(codec, bytes, size, &fault);
    if (json == NULL)
        return entry_unreadable(&fault, ret_error);
    *ret_json = json;
    return OPS_DONE;
}
