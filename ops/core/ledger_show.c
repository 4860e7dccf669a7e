/* Reading the ledger for one order; see ledger_show.h. */
#include "core/ledger_show.h"

#include "core/events.h"
#include "order_flow.h"
#include "order_write.h"

#include <stdlib.h>
#include <string.h>

enum { ARENA_MAX = 16 << 20 };

static int shown_take(void *user, const struct kafka_record *record)
{
    struct ledger_shown *s = user;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s->count; i++)
        rc = ledger_pages_take(&s->orders[i].pages, s->orders[i].key, record);
    return rc;
}

enum ops_kind ledger_show(struct ops *ops, const char *id, struct ledger_shown *ret_shown,
                          struct ops_error *ret_error)
{
    const struct kafka_range range = {.from = KAFKA_FROM_BEGINNING, .partition = -1};
    struct kafka_words message = {""};
    struct why_id ids[WHY_ORDERS_MAX];
    struct codec *codec = NULL;
    *ret_shown = (struct ledger_shown){.count = 0};
    enum ops_kind kind = why_ids(ops, id, ids, &ret_shown->count, ret_error);
    if (kind == OPS_DONE)
        kind = ops_codec(ops, &codec, ret_error);
    if (kind != OPS_DONE)
        return kind;
    for (size_t i = 0; i < ret_shown->count; i++)
        memcpy(ret_shown->orders[i].key, ids[i].kafka, sizeof ids[i].kafka);
    const int rc = kafka_read(ops_config(ops), &order_flow.outputs[ORDER_LEDGER].name, 1, &range,
                              shown_take, ret_shown, message.text);
    if (rc != 0)
        return message.text[0] == '\0' ? ops_fail_memory(ret_error)
                                       : ops_fail_kafka(ret_error, rc, &message);
    for (size_t i = 0; i < ret_shown->count; i++)
        if (ledger_pages_has_any(&ret_shown->orders[i].pages))
            return OPS_DONE;
    return ops_fail(ret_error, OPS_DATA, NULL, "the ledger has no entry of %s", id);
}

void ledger_shown_release(struct ledger_shown *shown)
{
    for (size_t i = 0; i < shown->count; i++)
        ledger_pages_release(&shown->orders[i].pages);
    shown->count = 0;
}

enum ops_kind ledger_shown_read(struct ops *ops, const struct ledger_shown_order *order,
                                struct arena *arena, struct ledger_standing *ret_standing,
                                struct ops_error *ret_error)
{
    struct codec *codec = NULL;
    const enum ops_kind kind = ops_codec(ops, &codec, ret_error);
    return kind != OPS_DONE
               ? kind
               : ledger_pages_read(&order->pages, codec, arena, ret_standing, ret_error);
}

int64_t ledger_standing_kept(const struct ledger_standing *standing)
{
    int64_t sum = 0; /* within the order's, for all of it was reserved in it */
    for (size_t i = 0; i < standing->kept.count; i++)
        for (size_t k = 0; k < standing->kept.credits[i].count; k++)
            sum += standing->kept.credits[i].parts[k].gross;
    return sum;
}

/* ---- JSON ---- */

static json_t *standing_json(const struct ledger_standing *s, const char *order, json_t *entry,
                             json_t *records)
{
    struct exact exact = {0};
    json_t *json = entry != NULL ? entry : json_pack("{s:s}", "order", order);
    int rc = json_object_set_new(json, "records", records);
    if (s->fold.entry != NULL) {
        const int64_t rest = ledger_creditable(&exact, s->fold.entry);
        rc |= json_object_set_new(json, "remains_minor",
                                  exact.overflow ? json_null() : json_integer(rest));
        rc |= json_object_set_new(json, "kept_minor",
                                  s->kept.is_all && !exact.overflow
                                      ? json_integer(rest)
                                      : json_integer(ledger_standing_kept(s)));
    }
    rc |= json_object_set_new(json, "misfit",
                              s->kept.misfit != NULL   ? json_string(s->kept.misfit->refund_id)
                              : s->fold.misfit != NULL ? json_string(s->fold.misfit->refund_id)
                                                       : json_null());
    if (rc != 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

enum ops_kind ledger_shown_json(struct ops *ops, const struct ledger_shown_order *order,
                                json_t **ret_json, struct ops_error *ret_error)
{
    struct ledger_standing standing;
    struct codec *codec = NULL;
    struct arena *arena = arena_new(ARENA_MAX);
    if (arena == NULL)
        return ops_fail_memory(ret_error);
    enum ops_kind kind = ops_codec(ops, &codec, ret_error);
    if (kind == OPS_DONE)
        kind = ledger_pages_read(&order->pages, codec, arena, &standing, ret_error);
    json_t *entry = NULL, *records = NULL;
    if (kind == OPS_DONE) /* everything was decoded once: it is JSON as well */
        kind = ledger_pages_json(&order->pages, codec, &entry, &records, ret_error);
    if (kind == OPS_DONE) {
        *ret_json = standing_json(&standing, order->key, entry, records);
        kind = *ret_json != NULL ? OPS_DONE : ops_fail_memory(ret_error);
    }
    arena_free(arena);
    return kind;
}
