/* The result of a refund; see refund_write.h. */
#include "refund_write.h"

#include "base/digest.h"
#include "base/text.h"
#include "domain/events/refund_event.h"
#include "domain/events/result_parts.h"
#include "refund_key.h"
#include "refund_summary.h"

#include <errno.h>

struct result_maker {
    const struct flow_settlement *s;
    const struct refund_event *event;
    struct arena *arena;
    struct refund_key_parts parts;
    struct refund_summary summary;
    struct refund_result result;
};

static const char *number_of_order(const struct result_maker *m)
{
    return m->summary.order_number != NULL ? m->summary.order_number
                                           : refund_order_number(m->s->key, &m->parts, m->arena);
}

static int add_dates(struct result_maker *m)
{
    const struct refund_summary *s = &m->summary;
    m->result.refund_date = text_date(m->arena, s->refund_date);
    m->result.post_date = text_date(m->arena, s->post_date);
    m->result.has_days_left = s->has_days_left;
    m->result.days_left = s->days_left;
    return m->result.refund_date == NULL || m->result.post_date == NULL ? -ENOMEM : 0;
}

/* What the summary knows. A duplicate shows the proof of what was posted; what remained after it is
 * no news, and may have changed. */
static int add_summary(struct result_maker *m)
{
    const struct flow_settlement *s = m->s;
    struct ledger_credit takes;
    if (s->summary == NULL)
        return 0;
    int r = refund_summary_read(s->summary, s->summary_size, m->arena, &m->summary, &takes);
    if (r < 0)
        return r;
    m->result.order_number = number_of_order(m);
    if (!m->summary.has_note)
        return 0;
    m->result.proof = &m->summary.proof;
    if (s->outcome == OUTCOME_POSTED)
        m->result.remaining = &m->summary.remaining;
    return add_dates(m);
}

static int add_codes(struct result_maker *m)
{
    const struct flow_settlement *s = m->s;
    const bool is_note = s->outcome == OUTCOME_POSTED && m->summary.has_note;
    struct result_codes codes;
    const int r = result_codes_list(is_note ? &m->summary.flags : NULL, s->code, m->arena, &codes);
    if (r < 0)
        return r;
    m->result.code = codes.first;
    m->result.codes.items = codes.items;
    m->result.codes.count = codes.count;
    m->result.owner = codes.owner;
    m->result.narrative = s->detail;
    if (!is_note)
        return 0;
    const char *narrative = refund_summary_narrative(&m->summary, m->arena);
    if (narrative == NULL)
        return -ENOMEM;
    if (*narrative != '\0')
        m->result.narrative = narrative;
    return 0;
}

static int add_deliveries(struct result_maker *m)
{
    const struct flow_settlement *s = m->s;
    int r = result_delivery_read(s->delivery, m->arena, &m->result.delivery);
    if (r == 0)
        r = result_delivery_add(s->publisher, m->arena, &m->result.publisher);
    if (r == 0)
        r = result_delivery_add(s->exception, m->arena, &m->result.exception);
    if (r == 0)
        r = result_delivery_add(s->resolves, m->arena, &m->result.resolves);
    if (r == 0)
        r = result_origin_add(s->origin, m->arena, &m->result.origin);
    return r;
}

static bool has_document(enum outcome outcome)
{
    return outcome == OUTCOME_POSTED || outcome == OUTCOME_DUPLICATE ||
           outcome == OUTCOME_PAYMENT_UPDATED;
}

int refund_write_result(struct codec *codec, const struct flow_settlement *s, const void *event_,
                        struct arena *arena, struct buf *out)
{
    const struct refund_event *event = event_;
    struct result_maker m = {.s = s, .event = event, .arena = arena};
    char identity[2 * CODEC_IDENTITY_SIZE + 1], goods[2 * CODEC_PART_SIZE + 1],
        money[2 * FLOW_MONEY_SIZE + 1];
    int r = refund_key_split(s->key, arena, &m.parts);
    if (r < 0)
        return r;
    m.result = (struct refund_result){
        .outcome = (int)s->outcome,
        .key = s->key->natural,
        .company = m.parts.company,
        .channel = m.parts.channel,
        .store = m.parts.store,
        .order_id = m.parts.order_id,
        .refund_id = m.parts.refund_id,
        .credit_number = s->key->document,
        .document = !s->is_shadow && has_document(s->outcome) ? s->key->document : NULL,
        .identity = digest_hex(s->identity, CODEC_IDENTITY_SIZE, identity),
        .goods = digest_hex(s->goods, CODEC_PART_SIZE, goods),
        .money = digest_hex(s->money, FLOW_MONEY_SIZE, money),
        .source_version = event->source_version,
        .source = {s->source_topic, s->source_partition, s->source_offset},
        .overlay = s->overlay[0] != '\0' ? s->overlay : NULL,
        .event_id = event->event_id,
        .event_time = event->event_time,
        .received_at = s->received_ms,
        .has_posted_at = s->posted_ms != 0,
        .posted_at = s->posted_ms,
        .published_at = s->published_ms,
        .related = s->related != PF_OK ? pf_error_info(s->related)->name : NULL,
        .attempts = s->attempts > INT32_MAX ? INT32_MAX : (int32_t)s->attempts,
    };
    r = add_deliveries(&m);
    if (r == 0)
        r = add_summary(&m);
    if (r == 0)
        r = add_codes(&m);
    return r < 0 ? r : codec_encode(codec, &refund_result_record, &m.result, out);
}
