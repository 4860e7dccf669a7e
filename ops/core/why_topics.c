/* What the topics tell of an order: events in, waiting, results, dead letters, ledger. Of refunds:
 * why_refund_topics.c. */
#include "core/events.h"
#include "core/flow_topics.h"
#include "core/why.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/money.h"
#include "domain/events/order_event.h"
#include "domain/events/order_result.h"
#include "domain/ledger/ledger_key.h"
#include "kafka/headers.h"
#include "order_flow.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_MAX = 16 * 1024 * 1024 };

/* All versions of one order, to be compared: some thousands of ordinary ones. Those behind are told
 * without what they changed. */
enum { VERSIONS_MAX = 64 * 1024 * 1024 };

struct gather {
    struct why_order *orders;
    size_t count;
    struct codec *codec;
};

static void content_write(const uint8_t identity[static CODEC_IDENTITY_SIZE], char text[static 9])
{
    (void)digest_hex(identity + 1, 4, text); /* behind the version byte */
}

/* Kind, version, size and total: what tells two events of an order apart, and nobody's name. */
static void input_read(const struct gather *g, const struct kafka_record *record,
                       struct arena *arena, struct why_event *e)
{
    struct order_event event;
    struct codec_fault fault = {0};
    uint8_t identity[CODEC_IDENTITY_SIZE];
    char amount[MONEY_TEXT_MAX] = "?";
    if (record->value == NULL || events_decode(g->codec, &order_event_record, record->value,
                                               record->value_size, arena, &event, &fault) != 0) {
        (void)snprintf(e->text, sizeof e->text, "cannot be read: %s",
                       record->value == NULL ? "no value" : pf_error_info(fault.code)->name);
        return;
    }
    codec_identity(g->codec, &order_event_record, &event, identity);
    content_write(identity, e->content);
    const struct currency *currency = currency_find(event.currency);
    if (currency != NULL)
        (void)money_format((struct money){event.totals.total.shop_minor, currency}, amount);
    (void)snprintf(e->text, sizeof e->text, "%s, version %" PRId64 ", %zu line%s, %s%s",
                   order_kind_names[event.kind], event.source_version, event.lines.count,
                   event.lines.count == 1 ? "" : "s", amount, event.test ? ", a test" : "");
    struct order_event *kept = arena_alloc(arena, sizeof *kept);
    if (kept != NULL)
        *kept = event;
    e->version = kept;
}

/* Into the order's memory while it has room, so that versions can be compared. */
static int version_read(const struct gather *g, struct why_order *order,
                        const struct kafka_record *record, struct why_event *e)
{
    (void)snprintf(e->delivery, sizeof e->delivery, "%s/%" PRId32 "/%" PRId64, e->topic,
                   e->partition, e->offset);
    if (order->memory == NULL)
        order->memory = arena_new(VERSIONS_MAX);
    if (order->memory != NULL && arena_used(order->memory) + ARENA_MAX <= VERSIONS_MAX) {
        input_read(g, record, order->memory, e);
        return 0;
    }
    struct arena *arena = arena_new(ARENA_MAX);
    if (arena == NULL)
        return -ENOMEM;
    input_read(g, record, arena, e);
    e->version = NULL;
    arena_free(arena);
    return 0;
}

static void result_read(const struct gather *g, const struct kafka_record *record,
                        struct arena *arena, struct why_event *e)
{
    struct order_result r;
    struct codec_fault fault = {0};
    if (record->value == NULL || events_decode(g->codec, &order_result_record, record->value,
                                               record->value_size, arena, &r, &fault) != 0) {
        (void)snprintf(e->text, sizeof e->text, "cannot be read: %s",
                       pf_error_info(fault.code)->name);
        return;
    }
    (void)snprintf(e->outcome, sizeof e->outcome, "%s", order_outcome_names[r.outcome]);
    (void)snprintf(e->delivery, sizeof e->delivery, "%s/%" PRId32 "/%" PRId64, r.delivery.topic,
                   r.delivery.partition, r.delivery.offset);
    if (r.resolves != NULL)
        (void)snprintf(e->resolves, sizeof e->resolves, "%s/%" PRId32 "/%" PRId64,
                       r.resolves->topic, r.resolves->partition, r.resolves->offset);
    (void)snprintf(e->content, sizeof e->content, "%.8s",
                   strlen(r.identity) > 10 ? r.identity + 2 : "");
    e->code = pf_error_find(r.code);
    struct buf text;
    buf_init(&text, sizeof e->text);
    buf_text(&text, e->outcome);
    const char *const *codes = (const char *const *)(const void *)r.codes.items;
    for (size_t i = 0; i < r.codes.count; i++)
        buf_printf(&text, "%s%s", i == 0 ? ": " : ", ", codes[i]);
    if (r.document != NULL)
        buf_printf(&text, "; document %s", r.document);
    if (r.publisher != NULL)
        buf_printf(&text, "; posted by %s/%" PRId32 "/%" PRId64, r.publisher->topic,
                   r.publisher->partition, r.publisher->offset);
    if (r.overlay != NULL)
        buf_printf(&text, "; as a person edited it, edit %s", r.overlay);
    if (r.narrative != NULL && r.narrative[0] != '\0')
        buf_printf(&text, "; %s", r.narrative);
    (void)snprintf(e->text, sizeof e->text, "%s", text.data);
    buf_release(&text);
}

static int event_add(const struct gather *g, struct why_order *order, enum why_kind kind,
                     const struct kafka_record *record)
{
    struct why_event *e = why_event_add(order, kind, record);
    if (e == NULL)
        return -ENOMEM;
    if (kind == WHY_INPUT || kind == WHY_REPLAYED)
        return version_read(g, order, record, e);
    struct arena *arena = arena_new(ARENA_MAX);
    if (arena == NULL)
        return -ENOMEM;
    switch (kind) {
    case WHY_WAITS:
        why_event_waits(e, record);
        break;
    case WHY_RESULT:
        result_read(g, record, arena, e);
        break;
    case WHY_DEAD:
        why_event_dead(e, record);
        break;
    default:
        why_ledger_read(g->codec, record, arena, e);
    }
    arena_free(arena);
    return 0;
}

/* The ledger has messages of an order's refunds as well, behind the order's key. */
static int why_take(void *user, const struct kafka_record *record)
{
    const struct gather *g = user;
    const enum why_kind kind = why_kind_of(&order_flow, record->topic);
    const size_t size = record->key == NULL  ? 0
                        : kind == WHY_LEDGER ? ledger_key_order(record->key, record->key_size)
                                             : record->key_size;
    for (size_t i = 0; size > 0 && i < g->count; i++)
        if (!g->orders[i].id.is_refund && size == strlen(g->orders[i].id.kafka) &&
            memcmp(record->key, g->orders[i].id.kafka, size) == 0)
            return event_add(g, &g->orders[i], kind, record);
    return 0;
}

static bool has_order(const struct why_order orders[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!orders[i].id.is_refund)
            return true;
    return false;
}

static enum ops_kind orders_read(struct ops *ops, struct why_order orders[], size_t count,
                                 int64_t since_ms, bool all_partitions, struct ops_error *ret_error)
{
    struct gather g = {.orders = orders, .count = count};
    struct flow_topics topics;
    struct kafka_words message = {""};
    const struct kafka_range range = {.from = KAFKA_FROM_TIME,
                                      .from_value = since_ms,
                                      .partition = -1,
                                      .partition_of_key =
                                          all_partitions ? NULL : orders[0].id.kafka};

    enum ops_kind kind = ops_codec(ops, &g.codec, ret_error);
    if (kind == OPS_DONE)
        kind = flow_topics_list(ops, &order_flow, false, TOPIC_ROLES_ALL, &topics, ret_error);
    if (kind != OPS_DONE)
        return kind;
    const int rc = flow_topics_read(ops, &topics, &range, why_take, &g, &message);
    if (rc == -ENOMEM && message.text[0] == '\0')
        return ops_fail(ret_error, OPS_UNAVAILABLE, NULL, "no memory for so many events");
    if (rc != 0)
        return ops_fail_kafka(ret_error, rc, &message);
    for (size_t i = 0; i < count; i++) {
        if (orders[i].id.is_refund)
            continue;
        why_events_sort(&orders[i]);
        why_versions_compare(g.codec, &orders[i]);
    }
    return OPS_DONE;
}

enum ops_kind why_topics(struct ops *ops, struct why_order orders[], size_t count, int64_t since_ms,
                         bool all_partitions, struct ops_error *ret_error)
{
    enum ops_kind kind = OPS_DONE;
    bool has_refund = false;
    for (size_t i = 0; i < count; i++)
        has_refund |= orders[i].id.is_refund;
    if (has_order(orders, count))
        kind = orders_read(ops, orders, count, since_ms, all_partitions, ret_error);
    if (kind == OPS_DONE && has_refund)
        kind = why_refund_topics(ops, orders, count, since_ms, all_partitions, ret_error);
    return kind;
}
