/* The result of an order; see order_write.h. */
#include "order_write.h"

#include "base/digest.h"
#include "domain/events/order_event.h"
#include "domain/events/order_result.h"
#include "domain/events/result_parts.h"
#include "order_key.h"
#include "order_summary.h"

#include <errno.h>

static bool is_posted(enum outcome outcome)
{
    return outcome == OUTCOME_POSTED || outcome == OUTCOME_POSTED_ON_HOLD;
}

/* The flags of what was posted, else the settlement's own code. */
static int add_codes(const struct order_summary *summary, enum pf_error own, struct arena *arena,
                     struct order_result *result)
{
    struct result_codes codes;
    const int r = result_codes_list(summary != NULL ? &summary->flags : NULL, own, arena, &codes);
    if (r < 0)
        return r;
    result->codes.items = codes.items;
    result->codes.count = codes.count;
    result->code = codes.first;
    result->owner = codes.owner;
    return 0;
}

static const struct money_proof *copy_proof(const struct order_summary *summary,
                                            struct arena *arena)
{
    struct money_proof *proof = arena_alloc(arena, sizeof *proof);
    if (proof != NULL)
        *proof = (struct money_proof){
            .currency = summary->currency->code,
            .lines_minor = summary->proof.lines,
            .discounts_minor = summary->proof.discounts,
            .charges_minor = summary->proof.charges,
            .tax_minor = summary->proof.tax,
            .tax_included = summary->proof.tax_included,
            .tenders_minor = summary->proof.tenders,
            .outstanding_minor = summary->proof.outstanding,
            .difference_minor = summary->proof.difference,
            .tolerance_minor = summary->proof.tolerance,
        };
    return proof;
}

static struct shadow_post copy_shadow(const struct flow_shadow *s)
{
    return (struct shadow_post){
        .in_prima = s->in_prima,
        .creates_customer = s->creates_customer,
        .hold = s->amounts.hold,
        .request_digest = s->request_digest,
        .currency = s->amounts.currency,
        .order_date = s->amounts.date,
        .lines = s->amounts.line_count,
        .net_minor = s->amounts.net_minor,
        .tax_minor = s->amounts.tax_minor,
        .gross_minor = s->amounts.gross_minor,
    };
}

/* What the summary knows. A duplicate shows the proof of what was posted, but raises no flag
 * again. */
static int add_summary(const struct flow_settlement *s, struct arena *arena,
                       struct order_result *result)
{
    struct order_summary *summary = NULL;
    if (s->summary != NULL) {
        summary = arena_alloc(arena, sizeof *summary);
        const int r = summary == NULL
                          ? -ENOMEM
                          : order_summary_read(s->summary, s->summary_size, arena, summary);
        if (r < 0)
            return r;
        result->proof = copy_proof(summary, arena);
        result->account = *summary->account == '\0' ? NULL : summary->account;
        if (result->proof == NULL)
            return -ENOMEM;
    }
    result->narrative = s->detail;
    if (summary != NULL && is_posted(s->outcome)) {
        const char *narrative = order_summary_narrative(summary, arena);
        if (narrative == NULL)
            return -ENOMEM;
        if (*narrative != '\0')
            result->narrative = narrative;
    }
    return add_codes(is_posted(s->outcome) ? summary : NULL, s->code, arena, result);
}

int order_write_result(struct codec *codec, const struct flow_settlement *s, const void *event_,
                       struct arena *arena, struct buf *out)
{
    const struct order_event *event = event_;
    struct order_key_parts parts = {0};
    char identity[2 * CODEC_IDENTITY_SIZE + 1], goods[2 * CODEC_PART_SIZE + 1],
        money[2 * FLOW_MONEY_SIZE + 1];
    int r = order_key_split(s->key->natural, arena, &parts);
    if (r < 0)
        return r;
    const bool has_document =
        !s->is_shadow && (is_posted(s->outcome) || s->outcome == OUTCOME_DUPLICATE ||
                          s->outcome == OUTCOME_PAYMENT_UPDATED);
    struct order_result result = {
        .outcome = (int)s->outcome,
        .key = s->key->natural,
        .company = parts.company,
        .channel = parts.channel,
        .store = parts.store,
        .order_id = parts.order_id,
        .order_number = s->key->document,
        .document = has_document ? s->key->document : NULL,
        .identity = digest_hex(s->identity, CODEC_IDENTITY_SIZE, identity),
        .goods = digest_hex(s->goods, CODEC_PART_SIZE, goods),
        .money = digest_hex(s->money, FLOW_MONEY_SIZE, money),
        .source_version = event->source_version,
        .source_name = event->source_name,
        .has_delivery_address = event->shipping_address != NULL,
        .source = {s->source_topic, s->source_partition, s->source_offset},
        .overlay = s->overlay[0] != '\0' ? s->overlay : NULL,
        .event_id = event->event_id,
        .event_time = event->event_time,
        .received_at = s->received_ms,
        .has_posted_at = s->posted_ms != 0,
        .posted_at = s->posted_ms,
        .published_at = s->published_ms,
        .attempts = s->attempts > INT32_MAX ? INT32_MAX : (int32_t)s->attempts,
    };
    r = result_delivery_read(s->delivery, arena, &result.delivery);
    if (r == 0)
        r = result_delivery_add(s->publisher, arena, &result.publisher);
    if (r == 0)
        r = result_delivery_add(s->exception, arena, &result.exception);
    if (r == 0)
        r = result_delivery_add(s->resolves, arena, &result.resolves);
    if (r == 0)
        r = result_origin_add(s->origin, arena, &result.origin);
    if (r == 0)
        r = add_summary(s, arena, &result);
    struct shadow_post shadow;
    if (r == 0 && s->shadow != NULL) {
        shadow = copy_shadow(s->shadow);
        result.shadow = &shadow;
    }
    return r < 0 ? r : codec_encode(codec, &order_result_record, &result, out);
}
