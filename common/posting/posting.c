/* The posting engine: its part in the stream (engine.h). Each record that was read and not committed
 * stands in its partition's backlog, by offset. */
#include "posting/posting.h"
#include "posting/surge_watch.h"

#include <assert.h>

#include "base/failpoint.h"
#include "obs/log.h"
#include "posting/decode.h"
#include "posting/facts.h"
#include "posting/findings.h"
#include "posting/permit_line.h"
#include "posting/send_queue.h"
#include "posting/too_large.h"
#include "posting/verdict.h"
#include "posting/posting.h"

/* ---- partitions come and go ---- */

static void assigned(struct partition *p)
{
    struct backlog *b = calloc(1, sizeof *b);
    if (b == NULL)
        abort();
    b->last = &b->first;
    p->engine_state = b;
    facts_assigned(p);
}

/* The partition went away: forgotten now, or when the last answer comes. */
static void drop(struct record *r)
{
    struct worker *w = r->worker;
    r->dropped = true;
    if (r->send.on_record && r->state < SETTLED &&
        r->send_queue.turn != TURN_POSTS) /* else on_post says it, when its transfer has ended */
        verdict_say_over(r);
    else if (r->state == CLAIMED && !r->claim.request_is_stored && !r->send.on_record)
        verdict_give_back(r);
    window_let_go(&w->posting->window, r->bytes, r->state >= SETTLED);
    record_leave_flight(r);
    findings_leave(r);
    permit_line_leave(r);
    timers_cancel(&w->host.timers, &r->ready.timer);
    record_leave_lane(r);
    if (r->held == 0 && !r->ready.is_queued)
        record_free(r);
}

static void revoked(struct partition *p)
{
    struct backlog *b = p->engine_state;
    for (struct record *r = b->first, *next; r != NULL; r = next) {
        next = r->next;
        r->partition = NULL;
        drop(r);
    }
    free(b);
    p->engine_state = NULL;
    facts_revoked(p);
}

static void resumed(struct worker *w, int64_t pause_ms)
{
    for (const struct partition *p = w->stream->partitions; p != NULL; p = p->next)
        for (struct record *r = backlog_of(p)->first; r != NULL; r = r->next)
            r->timing.deadline_ms += pause_ms;
}

/* ---- reading ---- */

static void records(struct partition *p, struct kafka_record raw[], size_t count)
{
    struct worker *w = p->worker;
    struct backlog *b = p->engine_state;
    for (size_t i = 0; i < count; i++) {
        struct record *r = record_new(w, p, &raw[i]);
        *b->last = r;
        b->last = &r->next;
        b->count++;
        window_fetched(&w->posting->window, r->bytes);
        decode_begin(r);
    }
}

/* ---- transactions ---- */

/* Everything of it fits, as far as is known now: a limit may have become smaller since it settled.
 */
static bool is_ready(struct record *r)
{
    for (size_t i = 0; i < r->out.count && !r->out.is_cut; i++)
        if (!too_large_fits(r->worker, &r->out.list[i].message)) {
            (void)too_large_replace(r, i, false);
            break;
        }
    return r->held == 0; /* else it waits for Redis, to end elsewhere than in a retry topic */
}

static struct collected collect(struct partition *p, size_t most, struct batch *batch)
{
    struct collected got = {0};
    struct record *r = backlog_of(p)->first;
    for (; r != NULL && r->state == SETTLED && got.count < most && is_ready(r); r = r->next) {
        record_transition(r, PREFIX_COMPLETE);
        for (size_t i = 0; i < r->out.count; i++) {
            if (p->worker->flow->ledger != NULL)
                r->out.list[i].message.ret_offset = &r->out.list[i].offset;
            batch_add(batch, &r->out.list[i].message);
        }
        got.next = r->raw.offset + 1;
        got.count++;
    }
    got.is_all = r == NULL;
    return got;
}

static void committed(struct partition *p, size_t count)
{
    struct worker *w = p->worker;
    struct backlog *b = p->engine_state;
    for (size_t i = 0; i < count; i++) {
        struct record *r = b->first;
        assert(r != NULL && r->state == PUBLISHED);
        b->first = r->next;
        if (b->first == NULL)
            b->last = &b->first;
        b->count--;
        window_let_go(&w->posting->window, r->bytes, true);
        record_transition(r, TRANSACTION_DONE);
    }
}

static void aborted(struct partition *p, size_t count)
{
    struct record *r = backlog_of(p)->first;
    for (size_t i = 0; i < count; i++, r = r->next)
        record_transition(r, TRANSACTION_ABORTED);
}

static bool refused(struct partition *p, size_t message)
{
    return too_large_replace(backlog_of(p)->first, message, true);
}

static size_t in_flight(const struct worker *w)
{
    return w->posting->ready.in_flight;
}

static struct engine_view look(const struct partition *p)
{
    const struct record *first = backlog_of(p)->first;
    return (struct engine_view){
        .count = backlog_of(p)->count,
        .first_offset = first != NULL ? first->raw.offset : -1,
        .has_settled = first != NULL && first->state == SETTLED,
    };
}

static bool is_under_way(const struct partition *p)
{
    for (const struct record *r = backlog_of(p)->first; r != NULL; r = r->next)
        if (r->held > 0 && r->state < SETTLED)
            return true;
    return false;
}

static bool is_idle(const struct partition *p)
{
    const struct record *first = backlog_of(p)->first;
    if (first != NULL && first->state >= SETTLED)
        return false;
    for (const struct record *r = first; r != NULL; r = r->next)
        if (r->held > 0)
            return false;
    return true;
}

/* ---- the loop ---- */

static void turn(struct worker *w)
{
    send_queue_dispatch(w);
    ready_run(w);
    permit_line_serve(w);
}

static void tick(struct worker *w, int64_t now_ms)
{
    struct breaker *b = &w->posting->breaker;
    if (!b->is_open || !breaker_lapse(b, w->posting->window.buffered == 0, now_ms))
        return;
    pauses_end(&w->host.pauses,
               PAUSE_PRIMA); /* with empty hands nobody probes: the next record will tell */
    pauses_end(&w->host.pauses, PAUSE_DENIED);
}

static void reload(struct worker *w)
{
    struct config_message message = {""};
    void *fresh = NULL;
    if (w->flow->rules_load(w->host.config, &fresh, &message) < 0) {
        log_error(.message = "mappings not reloaded; the previous ones stay in effect",
                  .detail = message.text);
        return;
    }
    w->flow->rules_free(w->posting->rules);
    w->posting->rules = fresh;
    log_info(.message = "mappings reloaded");
    surge_reloaded(w);
}

/* What is at Prima is not waited for: its transfer ends, and its key says so for whoever takes
 * over. */
static void abandon(struct worker *w)
{
    prima_client_abandon(w->posting->prima);
}

static bool is_finishing(const struct worker *w)
{
    return w->posting->rising;
}

const struct engine posting_engine = {
    .keeps_keys = true,
    .assigned = assigned,
    .room = window_room,
    .records = records,
    .collect = collect,
    .committed = committed,
    .aborted = aborted,
    .refused = refused,
    .revoked = revoked,
    .turn = turn,
    .tick = tick,
    .reload = reload,
    .abandon = abandon,
    .is_finishing = is_finishing,
    .resumed = resumed,
    .in_flight = in_flight,
    .look = look,
    .is_under_way = is_under_way,
    .is_idle = is_idle,
};
