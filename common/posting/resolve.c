/* Does Prima have the document? The one way out of an unknown outcome. */
#include "posting/resolve.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "posting/actions.h"
#include "posting/prima_ask.h"
#include "posting/shadow.h"
#include "posting/verdict.h"
#include "posting/posting.h"
#include "stream/fleet.h"

enum { REQUEST_MAX = 8 << 10, PROOF_LOOK_MS = 5000 };

/* ---- absent ---- */

/* Prima does not have it, and a sender of it may be alive: should that one wake, or its bytes still
 * be on their way, a resend would make a second document. It is looked for again, in Prima and for
 * proof of the sender's end, up to prima.unproven_wait; then a person's turn. */
static void sender_may_live(struct record *r, int64_t since_ms)
{
    const int64_t left =
        r->claim.known.any_unknown ? 0 : r->worker->posting->unproven_wait_ms - since_ms;
    if (left > 0) {
        r->timing.wait_ms = left < PROOF_LOOK_MS ? left : PROOF_LOOK_MS;
        record_transition(r, ABSENT_UNPROVEN);
        return;
    }
    const char *whose =
        r->claim.known.any_unknown
            ? ""
            : arena_printf(r->arena, " The worker of slot %s may still have been sending it.",
                           r->claim.known.open_one);
    r->end.detail = arena_printf(
        r->arena, "Prima does not have it, but its sender is not proven to have ended.%s",
        whose != NULL ? whose : "");
    r->end.code = PF_E_outcome_unknown;
    record_transition(r, GIVE_UP);
}

/* The stored request was another content's, and need not go again. */
static bool begins_anew(const struct record *r)
{
    const bool other = memcmp(r->decision.sent_identity, r->identity, IDENTITY_SIZE) != 0;
    const bool has_no_reservation = r->worker->flow->ledger != NULL && r->claim.is_from_lost_redis;
    return (other && (r->claim.is_from_lost_redis || record_takes_back(r))) || has_no_reservation ||
           mutant("body_freeze");
}

static void on_absent(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    const struct worker *w = r->worker;
    if (!record_unref(r))
        return;
    const enum verdict verdict = keys_verdict(reply);
    if (claim_is_over(r, verdict))
        return;
    if (verdict == VERDICT_WAIT) {
        r->resolve.absent_from_ms = clock_monotonic_ms() + keys_wait_ms(reply) + 1;
        record_transition(r, ABSENT_EARLY);
        return;
    }
    const struct keys_absence absence = keys_absence(reply);
    const bool all_over = absence.unanswered == 0;
    r->claim.absence_is_known = all_over;
    if (blame_absent(r)) {
        record_transition(r, r->end.code == PF_E_outcome_unknown ? GIVE_UP : NOT_ACCEPTABLE);
    } else if (!all_over && (!w->posting->unique || record_takes_back(r)) &&
               !mutant("sender_is_over")) {
        sender_may_live(r, absence.since_ms);
    } else if (begins_anew(r)) {
        r->claim.request_is_stored = false;
        record_transition(r, KEY_FREE);
    } else if (r->decision.request.size == 0) { /* the record's memory was full when it was read */
        r->end.code = PF_E_outcome_unknown;
        record_transition(r, GIVE_UP);
    } else {
        record_transition(r, RESEND);
    }
}

void act_mark_absent(struct record *r)
{
    const struct worker *w = r->worker;
    record_ref(r);
    keys_absent(&r->worker->keys, &r->work, w->times.lease_ms, w->times.window_ms, begins_anew(r),
                r->claim.known.over, on_absent, r);
}

/* The one sender that proof is needed for is one whose bytes left late, it having slept on the way
 * to the wire; then it died. They are applied within max_apply_delay of its end, so that an absence
 * counts for it only when asked so long after its end was seen. Seen at the takeover, that is over
 * long before the send's own time. */
void resolve_look_at_senders(struct record *r)
{
    const struct worker *w = r->worker;
    const struct senders known =
        senders_read(r->claim.senders, &w->keys, w->stream->fleet.slot_is_exclusive,
                     w->stream->control.senders_over, r->arena);
    if (strcmp(known.over, r->claim.known.over) != 0)
        r->resolve.proven_from_ms = clock_monotonic_ms() + w->keys.apply_delay_ms;
    r->claim.known = known;
    if (known.over[0] != '\0' && r->resolve.absent_from_ms < r->resolve.proven_from_ms)
        r->resolve.absent_from_ms = r->resolve.proven_from_ms;
}

/* Redis, which knew who had sent it, was lost. */
static bool anybody_may_send(const struct record *r)
{
    const struct worker *w = r->worker;
    const bool over = r->lineage.resolve_first == RESOLVE_FIRST_AFTER_LAST_LOSS &&
                      fleet_absence_counts(w->stream->incident.senders_over_ms,
                                           r->resolve.asked_at_ms, w->keys.apply_delay_ms);
    return !record_goes_on_absent(r) && !over;
}

/* Somebody of the fleet from before the loss has not begun anew yet, and may be asleep: the absence
 * is proof once that one is over. Waited for as for a sender by name. */
static void fleet_may_live(struct record *r)
{
    struct worker *w = r->worker;
    if (r->heard.unknown_since_ms == 0)
        r->heard.unknown_since_ms = clock_wall_ms();
    const int64_t left =
        w->posting->unproven_wait_ms - (clock_wall_ms() - r->heard.unknown_since_ms);
    if (left > 0 && r->lineage.resolve_first == RESOLVE_FIRST_AFTER_LAST_LOSS &&
        !mutant("senders_awaited")) {
        w->stream->watch.asks_for_senders = true;
        r->timing.wait_ms = left < PROOF_LOOK_MS ? left : PROOF_LOOK_MS;
        record_transition(r, ABSENT_UNPROVEN);
        return;
    }
    r->end.code = PF_E_outcome_unknown;
    r->end.detail =
        "Prima does not have it, but Redis was lost, and nothing proves that every worker "
        "from before has ended.";
    record_transition(r, GIVE_UP);
}

static void is_absent(struct record *r)
{
    if (r->claim.origin == CLAIM_PARKED) {
        record_transition(r, GIVE_UP);
    } else if (r->lineage.resolve_first != RESOLVE_AS_NEEDED && !r->claim.asked_first &&
               !r->claim.request_is_stored) {
        if (anybody_may_send(r)) {
            fleet_may_live(r);
            return;
        }
        r->claim.asked_first = r->claim.absence_is_known = true;
        r->heard.unknown_since_ms = 0;
        record_transition(r, KEY_FREE);
    } else if (r->resolve.asked_at_ms < r->resolve.absent_from_ms && !mutant("resolve_wait")) {
        record_transition(r, ABSENT_EARLY);
    } else {
        record_transition(r, ABSENT_CLEAN);
    }
}

/* ---- found ---- */

static void is_found(struct record *r)
{
    const bool nothing_sent = r->claim.origin != CLAIM_PARKED && !r->claim.request_is_stored;
    r->end.code = (r->claim.origin == CLAIM_PARKED) ? r->end.code : PF_E_exists_unproven;
    if (nothing_sent || ((r->claim.origin == CLAIM_PARKED) && !r->claim.proven))
        record_transition(r, FOUND_UNPROVEN);
    else
        record_transition(r, FOUND_OURS);
}

/* ---- asking ---- */

/* Prima was really asked, and does not say, though it has answered others since it was last
 * away. */
static bool waited_long_enough(const struct record *r, const struct prima_reply *reply)
{
    const struct worker *w = r->worker;
    const int64_t from = r->heard.unknown_since_ms > w->host.pauses.resumed_ms
                             ? r->heard.unknown_since_ms
                             : w->host.pauses.resumed_ms;
    const bool told =
        blame_others_are_told(r, reply, clock_monotonic_ms() - w->posting->resolve_max_ms);
    return told && r->heard.unknown_since_ms > 0 &&
           clock_wall_ms() - from > w->posting->resolve_max_ms && !w->posting->breaker.is_open &&
           w->posting->breaker.last_success_ms >=
               r->resolve.asked_at_ms - w->posting->settle_deadline_ms &&
           w->posting->breaker.last_success_ms > 0;
}

static void on_status(struct record *r, const struct prima_reply *reply)
{
    const bool compares = r->worker->shadow && r->claim.origin != CLAIM_PARKED;
    (void)fail_point("resolve.answered");
    switch (reply->fate) {
    case PRIMA_OK:
    case PRIMA_EXISTS:
        if (compares)
            shadow_compared(r, true);
        else
            is_found(r);
        break;
    case PRIMA_ABSENT:
        if (compares)
            shadow_compared(r, false);
        else
            is_absent(r);
        break;
    default:
        if (record_outlived_redis(r) && r->heard.unknown_since_ms == 0)
            r->heard.unknown_since_ms =
                clock_wall_ms(); /* it may have been sent before Redis was lost */
        if (waited_long_enough(r, reply)) {
            r->end.code = (r->claim.origin == CLAIM_PARKED) ? r->end.code : PF_E_outcome_unknown;
            record_transition(r, GIVE_UP);
        } else {
            record_transition(r, CANNOT_TELL);
        }
    }
}

static void ask(struct record *r)
{
    struct buf request;
    buf_init(&request, REQUEST_MAX);
    (void)fail_point("resolve.before");
    if (r->worker->flow->status_request(&r->key, r->worker->posting->rules, &request) == 0) {
        resolve_look_at_senders(r);
        r->resolve.asked_at_ms = clock_monotonic_ms();
        prima_ask(r, r->worker->flow->asks, &request, on_status, NULL);
    } else {
        record_transition(r, CANNOT_TELL);
    }
    buf_release(&request);
}

void act_resolve(struct record *r)
{
    if (mutant("resolve") && r->claim.request_is_stored &&
        r->claim.origin != CLAIM_PARKED) { /* send again without asking */
        record_transition(r, RESEND);
        return;
    }
    r->timing.wait_ms = 0;
    ask(r);
}

/* A lease that would end while we wait is renewed first. */
static void on_renewed(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    if (!record_unref(r) || claim_is_over(r, keys_verdict(reply)))
        return;
    const struct redis_bytes senders = keys_senders(reply);
    if (strlen(r->claim.senders) != senders.size ||
        memcmp(r->claim.senders, senders.data, senders.size) != 0)
        r->claim.senders = record_keep(r, senders.data, senders.size).data;
    ask(r);
}

static void renew_and_ask(struct record *r)
{
    struct worker *w = r->worker;
    if (r->claim.origin == CLAIM_PARKED) {
        ask(r);
        return;
    }
    record_ref(r);
    keys_renew(&w->keys, &r->work, w->times.lease_ms, w->times.window_ms, on_renewed, r);
}

static void wait_on(struct record *r)
{
    struct worker *w = r->worker;
    const int64_t now = clock_monotonic_ms();
    if (now >= r->resolve.absent_from_ms) {
        renew_and_ask(r);
        return;
    }
    const int64_t left = r->resolve.absent_from_ms - now, most = w->times.lease_ms / 3;
    record_delay(r, left < most ? left : most, left <= most ? renew_and_ask : wait_on);
}

void act_wait_to_ask(struct record *r)
{
    struct worker *w = r->worker;
    const int64_t now = clock_monotonic_ms();
    const bool early = r->resolve.absent_from_ms > now;
    int64_t wait = r->timing.wait_ms > 0 ? r->timing.wait_ms
                   : early               ? r->resolve.absent_from_ms - now
                                         : record_backoff(r);
    r->timing.wait_ms = 0;
    r->claim.waits_on_world = r->claim.request_is_stored;
    if (now + wait > r->timing.deadline_ms && !w->posting->breaker.is_open) {
        record_transition(r, TOO_LATE);
        return;
    }
    const int64_t most = w->times.lease_ms / 3;
    if (early && wait > most)
        record_delay(r, most, wait_on);
    else
        record_delay(r, wait < most ? wait : most, renew_and_ask);
}
