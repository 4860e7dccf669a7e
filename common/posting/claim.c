/* The key in Redis: claim it, wait for it, or learn what became of it. */
#include <assert.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "posting/actions.h"
#include "posting/decide.h"
#include "posting/facts.h"
#include "posting/findings.h"
#include "posting/permit_line.h"
#include "posting/resolve.h"
#include "posting/send.h"
#include "posting/send_queue.h"
#include "posting/stale.h"
#include "posting/verdict.h"
#include "stream/watch.h"
#include "posting/posting.h"

enum {
    BUSY_MS_MAX =
        1000, /* look again at least so often: a holder may finish long before its lease ends */
    IN_VAIN_ONE = 2, /* one order in three may be a duplicate before plain claims are cheaper */
    IN_VAIN_MAX = 32,
};

static void read_takeover(struct record *r, const struct redis_reply *reply)
{
    const struct keys_takeover t = keys_takeover(reply);
    r->claim.origin = CLAIM_TAKEN_OVER;
    r->claim.request_is_stored = true;
    if (t.identity != NULL)
        memcpy(r->decision.sent_identity, t.identity, IDENTITY_SIZE);
    r->decision.request = record_keep(r, t.request.data, t.request.size);
    r->decision.summary = record_keep(r, t.summary.data, t.summary.size);
    r->posted.version = t.version;
    r->resolve.absent_from_ms = clock_monotonic_ms() + t.absence_wait_ms + 1;
    r->claim.proven = t.proven;
    r->claim.is_from_lost_redis = t.is_from_lost_redis;
    r->claim.senders = record_keep(r, t.senders.data, t.senders.size).data;
    resolve_look_at_senders(r);
    if (r->heard.unknown_since_ms == 0)
        r->heard.unknown_since_ms = clock_wall_ms();
}

static void read_parked(struct record *r, const struct keys_parked *parked)
{
    r->claim.origin = CLAIM_PARKED;
    r->end.code = pf_error_find(parked->code);
    if (r->end.code == PF_OK)
        r->end.code = PF_E_outcome_unknown;
    if (parked->identity != NULL)
        memcpy(r->decision.sent_identity, parked->identity, IDENTITY_SIZE);
    r->decision.summary = record_keep(r, parked->summary.data, parked->summary.size);
    r->claim.proven = parked->proven;
    r->claim.reserved = parked->number;
    if (!parked->may_be_ours)
        r->end.code = PF_E_parked_behind;
    record_transition(r, parked->may_be_ours ? PARKED_SAME : PARKED_OTHER);
}

static void read_posted(struct record *r, const struct keys_posted *posted)
{
    static const enum life_event events[] = {
        [POSTED_BY_OWN_DELIVERY] = POSTED_OWN,      [POSTED_WITH_SAME_CONTENT] = POSTED_SAME,
        [POSTED_WITH_OTHER_CONTENT] = POSTED_OTHER, [POSTED_NEWER] = POSTED_LATER,
        [POSTED_MONEY_MOVED] = POSTED_LATER,        [POSTED_AMENDED] = POSTED_LATER,
        [POSTED_AMENDED_MORE] = POSTED_LATER,       [POSTED_AMENDED_SAME] = POSTED_LATER,
        [POSTED_AMENDMENT_ENDED] = POSTED_LATER,    [POSTED_THEN_CANCELLED] = POSTED_LATER,
        [POSTED_THEN_CANCELLED_SAME] = POSTED_LATER};
    r->posted.publisher = record_keep(r, posted->publisher.data, posted->publisher.size).data;
    r->decision.summary = record_keep(r, posted->summary.data, posted->summary.size);
    r->posted.version = posted->version;
    r->posted.at_ms = posted->at_ms;
    r->claim.reserved = posted->number;
    r->posted.by = posted->by;
    r->posted.name_until_ms = 0;
    r->posted.exception = record_keep(r, posted->exception.data, posted->exception.size).data;
    r->posted.document = posted->document.size > 0
                             ? record_keep(r, posted->document.data, posted->document.size).data
                             : r->posted.publisher;
    record_transition(r, events[posted->by]);
}

static void claimed_or_not(struct record *r, enum verdict verdict, const struct redis_reply *reply)
{
    struct keys_parked parked;
    struct keys_posted posted;
    switch (verdict) {
    case VERDICT_CLAIMED:
        facts_hear(r, reply);
        record_transition(r, KEY_FREE);
        break;
    case VERDICT_BUSY:
        r->timing.wait_ms = keys_wait_ms(reply);
        record_transition(r, KEY_BUSY);
        break;
    case VERDICT_DEFERRED:
        r->claim.is_deferred = true;
        record_transition(r, KEY_DEFERRED);
        break;
    case VERDICT_TAKEOVER:
        read_takeover(r, reply);
        record_transition(r, TAKEN_OVER);
        break;
    case VERDICT_POSTED:
        posted = keys_posted(reply);
        read_posted(r, &posted);
        break;
    case VERDICT_REFUSED:
        r->end.code = pf_error_find(keys_refused_code(reply));
        record_transition(r, REFUSED_OWN);
        break;
    case VERDICT_PARKED:
        parked = keys_parked(reply);
        read_parked(r, &parked);
        break;
    case VERDICT_DISCARDED:
        r->end.code = PF_E_discarded;
        record_transition(r, KEY_DISCARDED);
        break;
    case VERDICT_SUPERSEDED:
        r->end.outcome = OUTCOME_SUPERSEDED;
        r->end.detail = "a newer version waits to be posted, or has nothing left";
        record_transition(r, KEY_SUPERSEDED);
        break;
    case VERDICT_UNREADABLE:
        r->end.code = PF_E_defect;
        r->end.detail =
            "The value of its key in Redis is not readable by this version of primaflow: "
            "written by another tool, or by a later version.";
        record_transition(r, KEY_UNREADABLE);
        break;
    case VERDICT_CANCELLED:
        r->end.outcome = OUTCOME_CANCELLED_BEFORE_POSTING;
        record_transition(r, KEY_CANCELLED);
        break;
    default:
        (void)claim_is_over(r, VERDICT_DEFECT);
    }
}

/* ---- claim and `sent` in one step ----
 *
 * A new order mostly finds its key free, and all that its decision needs is known here: then it is
 * decided first, and one script claims the key and stores the request as sent. `sent` begins the
 * send's time, so that this waits for its turn before Prima, unclaimed meanwhile. Whatever else
 * may have to be waited for or asked, and whatever Redis has of the key, goes the way of a plain
 * claim. So do duplicates that come in numbers: to them a request would be carried in vain. */

static bool may_send_now(const struct record *r)
{
    struct worker *w = r->worker;
    return !w->posting->breaker.is_open && watch_may_send(w) &&
           partitions_may_send(r->partition, r->raw.offset);
}

static bool fits_one_step(const struct record *r)
{
    const struct worker *w = r->worker;
    const bool is_asked_for =
        r->lineage.resolve_first != RESOLVE_AS_NEEDED && !mutant("one_step_asks");
    return w->flow->ledger == NULL && !r->timing.has_begun && !record_takes_back(r) &&
           !is_asked_for && r->partition->topic->role == TOPIC_INPUT && !w->shadow &&
           !permit_line_is_needed(r) && w->posting->in_vain < POSTING_IN_VAIN && may_send_now(r) &&
           !mutant("sent");
}

static void count_claim(struct worker *w, enum verdict verdict, bool is_one_step)
{
    unsigned *in_vain = &w->posting->in_vain;
    if (verdict == VERDICT_SENT || verdict == VERDICT_CLAIMED)
        *in_vain -= *in_vain > 0;
    else if (is_one_step && *in_vain < IN_VAIN_MAX)
        *in_vain += IN_VAIN_ONE;
}

static void on_claim(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    const enum verdict verdict = keys_verdict(reply);
    const bool is_one_step = r->send_queue.turn == TURN_STORES;
    (void)fail_point("claim.after");
    if (is_one_step)
        (void)fail_point("sent.after");
    count_claim(r->worker, verdict, is_one_step);
    if (r->dropped || verdict != VERDICT_SENT)
        send_queue_release(r);
    if (r->dropped && verdict == VERDICT_CLAIMED)
        verdict_give_back(r);
    if (!record_unref(r))
        return;
    if (verdict == VERDICT_STALE)
        stale_heard(r, keys_stale_fence(reply));
    else
        r->timing.stale_ms = 0;
    if (verdict == VERDICT_SENT) {
        decide_is_sent(r);
        send_stored(r, reply);
        return;
    }
    if (verdict != VERDICT_CLAIMED)
        r->decision.plan = NULL; /* whatever comes first, it is decided anew behind it */
    if (verdict == VERDICT_UNREADABLE || !claim_is_over(r, verdict))
        claimed_or_not(r, verdict, reply);
}

static void claim_alone(struct record *r)
{
    struct worker *w = r->worker;
    (void)fail_point("claim.before");
    record_ref(r);
    keys_claim(&w->keys, &r->work, w->times.lease_ms, w->times.window_ms, on_claim, r);
}

static void claim_in_turn(struct record *r)
{
    if (!may_send_now(r)) {
        send_queue_release(r);
        claim_alone(r);
        return;
    }
    (void)fail_point("claim.before");
    send_with_claim(r, on_claim);
}

void act_claim(struct record *r)
{
    struct worker *w = r->worker;
    /* What an earlier claim of this record knew is void now. */
    r->claim =
        (struct claim_state){.number = r->claim.number + 1, .senders = "", .known = {.over = ""}};
    r->decision = (struct decision){0};
    r->end = (struct ending){0};
    findings_leave(r);
    permit_line_give_back(r);
    if (w->keys.limit_rate > 0 &&
        !r->timing.has_begun) /* what it stood behind others until now was the limit's time */
        r->timing.deadline_ms = clock_monotonic_ms() + w->posting->settle_deadline_ms;
    const bool is_to_be_sent = fits_one_step(r) && decide_ahead(r);
    r->timing.has_begun = true;
    if (!is_to_be_sent)
        claim_alone(r);
    else if (send_queue_acquire(r, claim_in_turn))
        claim_in_turn(r);
}

void act_claim_later(struct record *r)
{
    const int64_t wait = r->timing.wait_ms;
    r->timing.wait_ms = 0;
    record_delay(r, wait, act_claim);
}

void act_enter_lane(struct record *r)
{
    record_leave_flight(r);
    r->lane.at_head = act_claim;
    const char *lane = r->key.lane != NULL ? r->key.lane : r->key.natural;
    if (lanes_enter(&r->worker->posting->lanes, &r->lane.item, lane, strlen(lane)))
        record_make_ready(r, act_claim);
}

void act_wait_for_key(struct record *r)
{
    r->claim.waits_on_world = true;
    if (clock_monotonic_ms() + r->timing.wait_ms > r->timing.deadline_ms) {
        record_transition(r, TOO_LATE);
        return;
    }
    record_delay(r, r->timing.wait_ms < BUSY_MS_MAX ? r->timing.wait_ms + 1 : BUSY_MS_MAX,
                 act_claim);
}

/* ---- a record that cannot be understood any more, come back from a retry topic ---- */

static void on_mark_released(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    if (!record_unref(r))
        return;
    const enum verdict verdict = keys_verdict(reply);
    if (verdict == VERDICT_STALE) { /* not decoded, so that it cannot begin at the claim */
        worker_refresh_fence(r->worker);
        record_delay(r, STALE_REST_MS, act_release_mark);
    } else if (verdict == VERDICT_RELEASED || verdict == VERDICT_UNREADABLE) {
        record_transition(r, MALFORMED);
    } else {
        (void)claim_is_over(r, verdict);
    }
}

/* Its mark would hold back every later record of the key: nobody else removes it. */
void act_release_mark(struct record *r)
{
    record_ref(r);
    keys_release(&r->worker->keys, &r->work, true, on_mark_released, r);
}
