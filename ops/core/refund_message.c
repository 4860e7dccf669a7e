/* Reading one message of the refunds' topics; see refund_message.h. */
#include "core/refund_message.h"

#include "core/events.h"
#include "domain/keys/key_parts.h"
#include "domain/money/exact.h"
#include "kafka/headers.h"
#include "refund_days.h"
#include "refund_flow.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { HEADER_MAX = 300, KEY_PARTS = 5 };

static const char *header_keep(const struct kafka_record *record, const char *name,
                               struct arena *arena)
{
    char text[HEADER_MAX];
    if (kafka_header_text(record, name, text, sizeof text) == NULL)
        return "";
    const char *kept = arena_text(arena, text, strlen(text));
    return kept != NULL ? kept : "";
}

static const char *place_write(struct arena *arena, const char *topic, int32_t partition,
                               int64_t offset)
{
    const char *text = arena_printf(arena, "%s/%" PRId32 "/%" PRId64, topic, partition, offset);
    return text != NULL ? text : "";
}

static void money_read(const struct refund_event *event, struct refund_money_told *ret_money)
{
    struct exact exact = {0};
    *ret_money = (struct refund_money_told){.back_minor = event->succeeded.shop_minor};
    (void)snprintf(ret_money->currency, sizeof ret_money->currency, "%.3s", event->currency);
    for (size_t i = 0; i < event->transactions.count; i++) {
        const struct refund_transaction *t = &event->transactions.items[i];
        if (t->type == TRANSACTION_VOID || t->status == TRANSACTION_FAILED)
            continue;
        if (t->status != TRANSACTION_SUCCEEDED)
            ret_money->pending_minor =
                exact_add(&exact, ret_money->pending_minor, t->amount.shop_minor);
    }
    if (exact.overflow)
        ret_money->pending_minor = 0; /* such an event is invalid, whatever it waits for */
    ret_money->went_at = refund_went_at(event);
}

/* ---- who it is ---- */

static int key_take(struct refund_message *m, const char *natural, struct arena *arena)
{
    char *parts[KEY_PARTS];
    const int rc = key_split(natural, arena, parts, KEY_PARTS);
    if (rc != 0 || strcmp(parts[1], KEY_TYPE_REFUNDS) != 0)
        return rc == -ENOMEM ? rc : -ENOENT;
    m->natural = natural;
    m->company = parts[0];
    m->channel = parts[2];
    m->store = parts[3];
    m->refund_id = parts[4];
    m->order_id = "";
    const char *id = strrchr(m->order, '/');
    if (id != NULL)
        m->order_id = id + 1;
    return 0;
}

static int event_take(const struct refund_reader *reader, const struct kafka_record *record,
                      struct arena *arena, struct refund_message *m)
{
    struct refund_event *event = arena_alloc(arena, sizeof *event);
    struct codec_fault fault = {0};
    if (event == NULL)
        return -ENOMEM;
    if (record->value == NULL || events_decode(reader->codec, &refund_event_record, record->value,
                                               record->value_size, arena, event, &fault) != 0)
        return -ENOENT;
    m->event = event;
    m->version = event->source_version;
    money_read(event, &m->money);
    return 0;
}

/* The worker has said who it is; what it has not seen yet says it by itself. */
static int event_read(const struct refund_reader *reader, const struct kafka_record *record,
                      struct arena *arena, struct refund_message *m)
{
    const char *natural = header_keep(record, HEADER_IDEMPOTENCY_KEY, arena);
    const int rc = event_take(reader, record, arena, m);
    if (rc == -ENOMEM)
        return rc;
    if (natural[0] != '\0')
        return key_take(m, natural, arena);
    if (rc != 0)
        return rc;
    struct flow_key key;
    const char *detail = NULL;
    if (refund_flow.key(m->event, reader->rules, arena, &key, &detail) != PF_OK)
        return -ENOENT;
    return key_take(m, key.natural, arena);
}

static int result_read(const struct refund_reader *reader, const struct kafka_record *record,
                       struct arena *arena, struct refund_message *m)
{
    struct refund_result *r = arena_alloc(arena, sizeof *r);
    struct codec_fault fault = {0};
    if (r == NULL)
        return -ENOMEM;
    if (record->value == NULL || events_decode(reader->codec, &refund_result_record, record->value,
                                               record->value_size, arena, r, &fault) != 0)
        return -ENOENT;
    m->result = r;
    m->version = r->source_version;
    m->outcome = (enum outcome)r->outcome;
    m->code = pf_error_find(r->code);
    m->document = r->document;
    m->delivery = place_write(arena, r->delivery.topic, r->delivery.partition, r->delivery.offset);
    if (r->resolves != NULL)
        m->resolves =
            place_write(arena, r->resolves->topic, r->resolves->partition, r->resolves->offset);
    return key_take(m, r->key, arena);
}

/* ---- all of it ---- */

int refund_message_read(const struct refund_reader *reader, const struct kafka_record *record,
                        struct arena *arena, struct refund_message *ret_message)
{
    struct refund_message m = {
        .at_ms = record->timestamp_ms, .outcome = OUTCOME_COUNT, .resolves = "", .order = ""};
    if (!flow_topic_role(&refund_flow, record->topic, &m.role) || m.role == TOPIC_LEDGER)
        return -ENOENT;
    if (record->key != NULL && (m.order = arena_text(arena, record->key, record->key_size)) == NULL)
        return -ENOMEM;
    int rc = 0;
    switch (m.role) {
    case TOPIC_RESULTS:
        rc = result_read(reader, record, arena, &m);
        break;
    case TOPIC_DEAD_LETTERS:
    case TOPIC_RETRY:
        rc = event_read(reader, record, arena, &m);
        m.delivery = header_keep(record, HEADER_DELIVERY, arena);
        m.code = pf_error_find(
            header_keep(record, m.role == TOPIC_RETRY ? HEADER_RETRY_REASON : HEADER_CODE, arena));
        break;
    default:
        rc = event_read(reader, record, arena, &m);
        m.delivery = place_write(arena, record->topic, record->partition, record->offset);
    }
    if (rc == 0)
        *ret_message = m;
    return rc;
}
