/* What the refunds' topics tell of refunds: events in, waiting, results, dead letters; see why.h. */
#include "core/why.h"

#include "core/events.h"
#include "refund_flow.h"
#include "order_flow.h"

#include "base/digest.h"
#include "base/money.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ARENA_MAX = 16 * 1024 * 1024 };

struct gather {
    struct why_order *refunds;
    size_t count;
    struct refund_reader reader;
};

static const char *amount_text(const struct refund_money_told *money, int64_t minor,
                               char text[static MONEY_TEXT_MAX])
{
    const struct currency *currency = currency_find(money->currency);
    if (currency == NULL)
        (void)snprintf(text, MONEY_TEXT_MAX, "?");
    else
        (void)money_format((struct money){minor, currency}, text);
    return text;
}

/* Kind, version, size and money: what tells two versions of a refund apart. */
static void input_read(const struct gather *g, const struct refund_message *m, struct why_event *e)
{
    char back[MONEY_TEXT_MAX], pending[MONEY_TEXT_MAX];
    uint8_t identity[CODEC_IDENTITY_SIZE];
    const struct refund_event *event = m->event;
    (void)snprintf(e->delivery, sizeof e->delivery, "%s/%" PRId32 "/%" PRId64, e->topic,
                   e->partition, e->offset);
    if (event == NULL) {
        (void)snprintf(e->text, sizeof e->text, "cannot be read");
        return;
    }
    codec_identity(g->reader.codec, &refund_event_record, event, identity);
    (void)digest_hex(identity + 1, 4, e->content); /* behind the version byte */
    const size_t size = (size_t)snprintf(
        e->text, sizeof e->text, "%s, version %" PRId64 ", %zu line%s, %s gone back",
        refund_kind_names[event->kind], event->source_version, event->lines.count,
        event->lines.count == 1 ? "" : "s", amount_text(&m->money, m->money.back_minor, back));
    (void)snprintf(
        e->text + size, sizeof e->text - size, "%s%s%s%s",
        m->money.pending_minor != 0 ? ", pending " : "",
        m->money.pending_minor != 0 ? amount_text(&m->money, m->money.pending_minor, pending) : "",
        event->transactions_told ? "" : ", its transactions are not told",
        event->test ? ", a test" : "");
}

static void result_read(const struct refund_message *m, struct why_event *e)
{
    const struct refund_result *r = m->result;
    const char *const *codes = (const char *const *)(const void *)r->codes.items;
    struct buf text;
    (void)snprintf(e->outcome, sizeof e->outcome, "%s", refund_outcome_names[r->outcome]);
    (void)snprintf(e->delivery, sizeof e->delivery, "%s", m->delivery);
    (void)snprintf(e->resolves, sizeof e->resolves, "%s", m->resolves);
    (void)snprintf(e->content, sizeof e->content, "%.8s",
                   strlen(r->identity) > 10 ? r->identity + 2 : "");
    e->code = m->code;
    buf_init(&text, sizeof e->text);
    buf_text(&text, e->outcome);
    for (size_t i = 0; i < r->codes.count; i++)
        buf_printf(&text, "%s%s", i == 0 ? ": " : ", ", codes[i]);
    if (r->document != NULL)
        buf_printf(&text, "; credit note %s", r->document);
    if (r->has_days_left)
        buf_printf(&text, "; %" PRId32 " days were left for it", r->days_left);
    if (r->related != NULL)
        buf_printf(&text, "; its order has %s", r->related);
    if (r->publisher != NULL)
        buf_printf(&text, "; posted by %s/%" PRId32 "/%" PRId64, r->publisher->topic,
                   r->publisher->partition, r->publisher->offset);
    if (r->overlay != NULL)
        buf_printf(&text, "; as a person edited it, edit %s", r->overlay);
    if (r->narrative != NULL && r->narrative[0] != '\0')
        buf_printf(&text, "; %s", r->narrative);
    (void)snprintf(e->text, sizeof e->text, "%s", text.data);
    buf_release(&text);
}

static int event_add(const struct gather *g, struct why_order *refund,
                     const struct refund_message *m, const struct kafka_record *record)
{
    const enum why_kind kind = why_kind_of(&refund_flow, record->topic);
    struct why_event *e = why_event_add(refund, kind, record);
    if (e == NULL)
        return -ENOMEM;
    if (refund->id.kafka[0] == '\0')
        (void)snprintf(refund->id.kafka, sizeof refund->id.kafka, "%s", m->order);
    switch (kind) {
    case WHY_WAITS:
        why_event_waits(e, record);
        break;
    case WHY_RESULT:
        result_read(m, e);
        break;
    case WHY_DEAD:
        why_event_dead(e, record);
        break;
    default:
        input_read(g, m, e);
    }
    return 0;
}

static int refund_take(void *user, const struct kafka_record *record)
{
    const struct gather *g = user;
    struct refund_message m;
    struct arena *arena = arena_new(ARENA_MAX);
    if (arena == NULL)
        return -ENOMEM;
    int rc = refund_message_read(&g->reader, record, arena, &m);
    for (size_t i = 0; rc == 0 && i < g->count; i++)
        if (g->refunds[i].id.is_refund && strcmp(g->refunds[i].id.natural, m.natural) == 0)
            rc = event_add(g, &g->refunds[i], &m, record);
    arena_free(arena);
    return rc == -ENOENT ? 0 : rc;
}

enum ops_kind why_refund_topics(struct ops *ops, struct why_order refunds[], size_t count,
                                int64_t since_ms, bool all_partitions, struct ops_error *ret_error)
{
    struct gather g = {.refunds = refunds, .count = count};
    const void *rules = NULL;
    struct flow_topics topics;
    struct kafka_words message = {""};
    const bool is_placed = !all_partitions && refunds[0].id.kafka[0] != '\0';
    const struct kafka_range range = {.from = KAFKA_FROM_TIME,
                                      .from_value = since_ms,
                                      .partition = -1,
                                      .partition_of_key = is_placed ? refunds[0].id.kafka : NULL};
    enum ops_kind kind = ops_codec(ops, &g.reader.codec, ret_error);
    if (kind == OPS_DONE)
        kind = ops_rules(ops, &order_flow, &rules, ret_error);
    if (kind == OPS_DONE)
        kind = flow_topics_list(ops, &refund_flow, false,
                                TOPIC_ROLES_ALL & ~TOPIC_ROLE(TOPIC_LEDGER), &topics, ret_error);
    if (kind != OPS_DONE)
        return kind;
    g.reader.rules = rules;
    const int rc = flow_topics_read(ops, &topics, &range, refund_take, &g, &message);
    if (rc == -ENOMEM && message.text[0] == '\0')
        return ops_fail(ret_error, OPS_UNAVAILABLE, NULL, "no memory for so many events");
    if (rc != 0)
        return ops_fail_kafka(ret_error, rc, &message);
    for (size_t i = 0; i < count; i++)
        if (refunds[i].id.is_refund)
            why_events_sort(&refunds[i]);
    return OPS_DONE;
}
