/* The terminal messages of a record that ends with a result. */
#include "posting/actions.h"
#include "posting/outgoing.h"
#include "posting/outputs.h"
#include "posting/posting.h"
#include "posting/publish.h"
#include "posting/settle.h"
#include "posting/too_large.h"

static bool messages_fit(struct record *r, enum outcome outcome)
{
    const size_t i = too_large_first(r, 0);
    if (i == r->out.count)
        return true;
    const struct kafka_message *m = &r->out.list[i].message;
    too_large_note(r, outputs_what(r->worker, m->topic), m, outcome_name(outcome));
    return false;
}

/* A result that cannot be written (larger than its memory or its topic, a summary of another
 * version) must not vanish: the record becomes a dead letter. */
static void publish(struct record *r, const struct flow_settlement *s)
{
    r->end.outcome = s->outcome;
    const bool is_written = outputs_add(r, s);
    if (is_written && messages_fit(r, s->outcome)) {
        record_settled(r);
        return;
    }
    outgoing_clear(r);
    if (!is_written) {
        r->end.code = PF_E_defect;
        r->end.detail = "cannot write its result";
    }
    act_dead_letter(r);
}

void act_publish_posted(struct record *r)
{
    struct worker *w = r->worker;
    if (r->decision.summary.size ==
        0) { /* rebuilt after a loss, from the result that is committed already */
        act_publish_duplicate(r);
        return;
    }
    struct flow_shadow shadow;
    bool is_sealed;
    char overlay[OVERLAY_TOLD_MAX];
    const struct redis_bytes summary = outputs_summary(r, &shadow, &is_sealed, overlay);
    const enum outcome outcome =
        w->flow->summary_outcome(summary.data, summary.size, r->end.codes, &r->end.code_count);
    r->end.code = r->end.code_count > 0 ? r->end.codes[0] : PF_OK;
    const struct flow_settlement s = outputs_settlement(r, outcome, &shadow);
    publish(r, &s);
}

void publish_of_posted(struct record *r, enum outcome outcome, const struct publish_extra *extra)
{
    struct flow_shadow shadow;
    struct flow_settlement s = outputs_settlement(r, outcome, &shadow);
    s.publisher = r->posted.publisher;
    s.detail = extra->detail;
    s.exception = extra->exception;
    s.resolves = extra->resolves;
    r->end.code = s.code = extra->code;
    r->end.code_count = 0;
    publish(r, &s);
}

void act_publish_duplicate(struct record *r)
{
    const struct publish_extra extra = {.code = PF_OK, .detail = r->end.detail};
    publish_of_posted(r, OUTCOME_DUPLICATE, &extra);
}

/* Posted by an earlier version of primaflow, which kept one digest of all: whether goods, money or
 * neither differ cannot be told any more. */
void act_publish_conflict(struct record *r)
{
    if (r->key.version != 0 && r->posted.version != 0 && r->key.version < r->posted.version) {
        publish_of_posted(r, OUTCOME_SUPERSEDED, &(struct publish_extra){.code = PF_OK});
        return;
    }
    r->end.code = r->key.cancels ? PF_E_cancelled_after_posting : PF_E_conflict;
    act_dead_letter(r);
}

void act_publish_outcome(struct record *r)
{
    struct flow_shadow shadow;
    const struct flow_settlement s = outputs_settlement(r, r->end.outcome, &shadow);
    publish(r, &s);
}
