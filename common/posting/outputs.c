/* The flow's messages; see outputs.h. */
#include "posting/outputs.h"

#include "base/clock.h"
#include "flow/overlay_seal.h"
#include "posting/outgoing.h"
#include "posting/posting.h"
#include "posting/shadow.h"

enum { MESSAGE_KEPT_BYTES = 64 * 1024 }; /* of the scratch buffer, from one message to the next */

struct redis_bytes outputs_summary(const struct record *r, struct flow_shadow *ret_shadow,
                                   bool *ret_sealed, char ret_overlay[static OVERLAY_TOLD_MAX])
{
    struct redis_bytes summary = r->decision.summary;
    *ret_sealed = r->worker->shadow && shadow_open(r->decision.summary, &summary, ret_shadow);
    summary.size = overlay_seal_open(summary.data, summary.size, ret_overlay);
    return summary;
}

struct flow_settlement outputs_settlement(const struct record *r, enum outcome outcome,
                                          struct flow_shadow *shadow)
{
    bool is_sealed;
    char overlay[OVERLAY_TOLD_MAX];
    const struct redis_bytes summary = outputs_summary(r, shadow, &is_sealed, overlay);
    struct flow_settlement s = {
        .outcome = outcome,
        .key = &r->key,
        .identity = r->identity,
        .goods = r->goods,
        .money = r->money,
        .summary = summary.size > 0 ? summary.data : NULL,
        .summary_size = summary.size,
        .delivery = r->lineage.delivery,
        .origin = r->lineage.parent[0] != '\0' ? r->lineage.parent : r->lineage.replay_of,
        .related = r->claim.related,
        .source_topic = r->lineage.entry_topic,
        .source_partition = r->lineage.entry_partition,
        .source_offset = r->lineage.entry_offset,
        .received_ms = r->lineage.first_seen_ms,
        .posted_ms = r->worker->shadow ? 0 : r->posted.at_ms,
        .published_ms = clock_wall_ms(),
        .attempts = r->lineage.attempts + 1,
        .code = r->end.code,
        .detail = r->end.detail,
        .is_shadow = r->worker->shadow,
        .shadow = is_sealed ? shadow : NULL,
    };
    memcpy(s.overlay, overlay, sizeof s.overlay);
    return s;
}

/* ---- messages ---- */

struct putting {
    struct flow_outputs outputs;
    struct record *record;
};

static void outputs_put(struct flow_outputs *outputs, size_t topic, const char *key)
{
    struct putting *p = (struct putting *)outputs; /* its first member */
    const char *name = p->record->worker->stream->outputs.written[topic],
               *record_key = p->record->key.kafka, *its_key = key != NULL ? key : record_key;
    struct buf *value = outputs->value;
    if (name[0] != '\0') {
        struct outgoing *out = outgoing_add(p->record);
        outgoing_build(out, name, (struct redis_bytes){its_key, strlen(its_key)},
                       (struct redis_bytes){value->data, value->size}, NULL, 0);
        if (key != NULL)
            outgoing_place(out, (struct redis_bytes){record_key, strlen(record_key)});
    }
    if (value->room > MESSAGE_KEPT_BYTES)
        buf_release(value);
    buf_clear(value);
}

bool outputs_add(struct record *r, const struct flow_settlement *s)
{
    struct worker *w = r->worker;
    struct putting p = {{&w->posting->message, outputs_put}, r};
    const size_t before = r->out.count;
    buf_clear(&w->posting->message);
    if (w->flow->write_outputs(w->codec, s, r->event, w->posting->rules, r->arena, &p.outputs) == 0)
        return true;
    outputs_drop(r, before);
    return false;
}

void outputs_drop(struct record *r, size_t from)
{
    while (r->out.count > from)
        outgoing_free(&r->out.list[--r->out.count]);
}

const char *outputs_what(const struct worker *w, const char *topic)
{
    for (size_t i = 0; i < FLOW_OUTPUTS_MAX; i++)
        if (topic == w->stream->outputs.written[i])
            return w->flow->outputs[i].what;
    return NULL;
}
