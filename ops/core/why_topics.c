/* What the topics tell of an order: events in, waiting, results, dead letters, ledger. */
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

enum { ARENA_MAX = 16 * 1024 * 1024, EVENTS_MAX = 10000 };

/* All versions of one order, to be compared: some thousands of ordinary ones. Those behind are told
 * without what they changed. */
enum { VERSIONS_MAX = 64 * 1024 * 1024 };

struct gather {
    struct why_order *orders;
    size_t count;
    struct codec *codec;
};

static const char *header_get(const struct kafka_record *record, const char *name,
                              char text[static 200])
{
    text[0] = '\0';
    (void)kafka_header_text(record, name, text, 200);
    return text;
}

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
    if (r.narrative != NULL && r.narrative[0] != '\0')
        buf_printf(&text, "; %s", r.narrative);
    (void)snprintf(e->text, sizeof e->text, "%s", text.data);
    buf_release(&text);
}

static void dead_letter_read(const struct kafka_record *record, struct why_event *e)
{
    char code[200], owner[200], delivery[200], count[200];
    const char *name = header_get(record, HEADER_CODE, code);
    e->code = pf_error_find(name);
    (void)snprintf(e->delivery, sizeof e->delivery, "%.150s",
                   header_get(record, HEADER_DELIVERY, delivery));
    (void)snprintf(e->text, sizeof e->text, "dead letter: %s, owner %s%s%s",
                   name[0] != '\0' ? name : "no code", header_get(record, HEADER_OWNER, owner),
                   header_get(record, HEADER_REPLAY_COUNT, count)[0] != '\0'
                       ? ", redriven or replayed before: "
                       : "",
                   count);
}

static void wait_read(const struct kafka_record *record, struct why_event *e)
{
    char reason[200], attempts[200], delivery[200];
    (void)snprintf(e->delivery, sizeof e->delivery, "%.150s",
                   header_get(record, HEADER_DELIVERY, delivery));
    const char *name = header_get(record, HEADER_RETRY_REASON, reason);
    e->code = pf_error_find(name);
    (void)snprintf(e->text, sizeof e->text, "waits: %s, attempt %s", name,
                   header_get(record, HEADER_ATTEMPTS, attempts));
}

static int event_add(const struct gather *g, struct why_order *order, enum why_kind kind,
                     const struct kafka_record *record)
{
    if (order->event_count == EVENTS_MAX)
        return -ENOMEM;
    if (order->event_count % 64 == 0) {
        struct why_event *more = realloc(order->events, (order->event_count + 64) * sizeof *more);
        if (more == NULL)
            return -ENOMEM;
        order->events = more;
    }
    struct why_event *e = &order->events[order->event_count++];
    *e = (struct why_event){.at_ms = record->timestamp_ms,
                            .partition = record->partition,
                            .offset = record->offset,
                            .kind = kind};
    (void)snprintf(e->topic, sizeof e->topic, "%s", record->topic);
    if (kind == WHY_INPUT || kind == WHY_REPLAYED)
        return version_read(g, order, record, e);
    struct arena *arena = arena_new(ARENA_MAX);
    if (arena == NULL)
        return -ENOMEM;
    switch (kind) {
    case WHY_WAITS:
        wait_read(record, e);
        break;
    case WHY_RESULT:
        result_read(g, record, arena, e);
        break;
    case WHY_DEAD:
        dead_letter_read(record, e);
        break;
    default:
        why_ledger_read(g->codec, record, arena, e);
    }
    arena_free(arena);
    return 0;
}

static enum why_kind kind_of(const struct flow *flow, const char *topic)
{
    static const enum why_kind kinds[] = {
        [TOPIC_INPUT] = WHY_INPUT,     [TOPIC_DEAD_LETTERS] = WHY_DEAD, [TOPIC_RETRY] = WHY_WAITS,
        [TOPIC_REPLAY] = WHY_REPLAYED, [TOPIC_RESULTS] = WHY_RESULT,    [TOPIC_LEDGER] = WHY_LEDGER,
    };
    enum topic_role role;
    return flow_topic_role(flow, topic, &role) ? kinds[role] : WHY_INPUT;
}

/* The ledger has messages of an order's refunds as well, behind the order's key. */
static int why_take(void *user, const struct kafka_record *record)
{
    const struct gather *g = user;
    const enum why_kind kind = kind_of(&order_flow, record->topic);
    const size_t size = record->key == NULL  ? 0
                        : kind == WHY_LEDGER ? ledger_key_order(record->key, record->key_size)
                                             : record->key_size;
    for (size_t i = 0; size > 0 && i < g->count; i++)
        if (size == strlen(g->orders[i].id.kafka) &&
            memcmp(record->key, g->orders[i].id.kafka, size) == 0)
            return event_add(g, &g->orders[i], kind, record);
    return 0;
}

static int event_compare(const void *a_, const void *b_)
{
    const struct why_event *a = a_, *b = b_;
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

enum ops_kind why_topics(struct ops *ops, struct why_order orders[], size_t count, int64_t since_ms,
                         bool all_partitions, struct ops_error *ret_error)
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
        if (orders[i].event_count > 0)
            qsort(orders[i].events, orders[i].event_count, sizeof *orders[i].events, event_compare);
        why_versions_compare(g.codec, &orders[i]);
    }
    return OPS_DONE;
}
