/* Does Prima have the document? The one way out of an unknown outcome. */
#include "base/clock.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "runtime/facts.h"
#include "runtime/shadow.h"
#include "runtime/worker.h"

enum { REQUEST_MAX = 8 << 10 };

/* ---- absent ---- */

/* Is it Prima, or is it the record? A fault counts against the record only when Prima took another key's document between the fault and
 * this absence: that reads are answered says nothing, for a Prima that cannot write answers them, too. Where numbers are enforced it is
 * sent again until it has faulted breaker.record_faults_max times. Where they are not, nothing is sent twice, so that one fault has to do;
 * it must have come amid documents that Prima took, before it and after it, or it is parked as any other unknown outcome. */
static bool is_this_records_fault(struct record *r)
{
    const struct worker *w = r->worker;
    const bool others_pass = r->is_fault && w->last_write_ms > r->fault_ms && !w->breaker.is_open;
    r->is_fault = false;
    if (!others_pass)
        return false;
    r->faults++;
    return w->unique ? r->faults >= (int)config_int(w->config, CFG_breaker_record_faults_max) : r->fault_is_amid;
}

static void on_absent(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    struct worker *w = r->worker;
    if (!record_let_go(r))
        return;
    const enum verdict verdict = keys_verdict(reply);
    if (claim_is_over(r, verdict))
        return;
    if (verdict == VERDICT_WAIT) {
        r->absent_from_ms = clock_monotonic_ms() + reply->items[1].number + 1;
        life_happens(r, ABSENT_EARLY);
        return;
    }
    const bool other = memcmp(r->sent_identity, r->identity, IDENTITY_SIZE) != 0;
    if (r->unclassified) {
        r->code = PF_E_prima_refused_unclassified;
        life_happens(r, NOT_ACCEPTABLE);
    } else if (is_this_records_fault(r)) {
        r->code = PF_E_prima_faults_on_record;
        life_happens(r, NOT_ACCEPTABLE);
    } else if (!w->unique) {
        r->code = PF_E_outcome_unknown; /* a second document would be accepted: a person decides */
        life_happens(r, GIVE_UP);
    } else if ((other && r->is_from_lost_redis) || mutant("body_freeze")) {
        r->request_is_stored = false;
        life_happens(r, KEY_FREE);
    } else {
        life_happens(r, RESEND);
    }
}

void act_mark_absent(struct record *r)
{
    const bool other = memcmp(r->sent_identity, r->identity, IDENTITY_SIZE) != 0;
    const bool anew = (other && r->is_from_lost_redis) || mutant("body_freeze");
    record_hold(r);
    keys_absent(&r->worker->keys, &r->work, r->worker->lease_ms, anew, on_absent, r);
}

static void is_absent(struct record *r)
{
    if (r->is_parked) {
        life_happens(r, GIVE_UP);
    } else if (r->resolve_first && !r->asked_first && !r->request_is_stored) {
        r->asked_first = true;
        if (r->worker->unique || r->resolve_first_is_caution) {
            life_happens(r, KEY_FREE);
        } else {
            r->code = PF_E_outcome_unknown;
            life_happens(r, GIVE_UP);
        }
    } else if (r->asked_at_ms < r->absent_from_ms && !mutant("resolve_wait")) {
        life_happens(r, ABSENT_EARLY);
    } else {
        life_happens(r, ABSENT_CLEAN);
    }
}

/* ---- found ---- */

static void is_found(struct record *r)
{
    const bool nothing_sent = !r->is_parked && !r->request_is_stored;
    r->code = r->is_parked ? r->code : PF_E_exists_unproven;
    if (nothing_sent || (r->is_parked && !r->proven))
        life_happens(r, FOUND_UNPROVEN);
    else
        life_happens(r, FOUND_OURS);
}

/* ---- asking ---- */

/* Prima was really asked, and does not say, though it has answered others since it was last away. */
static bool waited_long_enough(const struct record *r, const struct prima_reply *reply)
{
    const struct worker *w = r->worker;
    const int64_t from = r->unknown_since_ms > w->healed_ms ? r->unknown_since_ms : w->healed_ms;
    const bool asked = reply->fate == PRIMA_UNKNOWN || reply->fate == PRIMA_UNCLASSIFIED || reply->fate == PRIMA_REFUSED;
    return asked && r->unknown_since_ms > 0 && clock_wall_ms() - from > w->resolve_max_ms && !w->breaker.is_open &&
           w->breaker.last_success_ms >= r->asked_at_ms - w->settle_deadline_ms && w->breaker.last_success_ms > 0;
}

static void on_status(struct record *r, const struct prima_reply *reply)
{
    const bool compares = r->worker->shadow && !r->is_parked;
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
        if (waited_long_enough(r, reply)) {
            r->code = r->is_parked ? r->code : PF_E_outcome_unknown;
            life_happens(r, GIVE_UP);
        } else {
            life_happens(r, CANNOT_TELL);
        }
    }
}

static void ask(struct record *r)
{
    struct buf request;
    buf_init(&request, REQUEST_MAX);
    (void)fail_point("resolve.before");
    if (r->worker->flow->status_request(&r->key, &request) == 0) {
        r->asked_at_ms = clock_monotonic_ms();
        facts_ask(r, PRIMA_ORDER_STATUS, &request, on_status);
    } else {
        life_happens(r, CANNOT_TELL);
    }
    buf_release(&request);
}

void act_resolve(struct record *r)
{
    if (mutant("resolve") && r->request_is_stored && !r->is_parked) { /* send again without asking */
        life_happens(r, RESEND);
        return;
    }
    r->wait_ms = 0;
    ask(r);
}

/* A lease that would end while we wait is renewed first. */
static void on_renewed(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    if (!record_let_go(r))
        return;
    if (!claim_is_over(r, keys_verdict(reply)))
        ask(r);
}

static void renew_and_ask(struct record *r)
{
    struct worker *w = r->worker;
    if (r->is_parked) {
        ask(r);
        return;
    }
    record_hold(r);
    keys_renew(&w->keys, &r->work, w->lease_ms, on_renewed, r);
}

static void wait_on(struct record *r)
{
    struct worker *w = r->worker;
    const int64_t now = clock_monotonic_ms();
    if (now >= r->absent_from_ms) {
        renew_and_ask(r);
        return;
    }
    const int64_t left = r->absent_from_ms - now, most = w->lease_ms / 3;
    record_rest(r, left < most ? left : most, left <= most ? renew_and_ask : wait_on);
}

void act_wait_to_ask(struct record *r)
{
    struct worker *w = r->worker;
    const int64_t now = clock_monotonic_ms();
    const bool early = r->absent_from_ms > now;
    int64_t wait = r->wait_ms > 0 ? r->wait_ms : early ? r->absent_from_ms - now : record_backoff(r);
    r->wait_ms = 0;
    r->waits_on_world = r->request_is_stored;
    if (now + wait > r->deadline_ms && !w->breaker.is_open) {
        life_happens(r, TOO_LATE);
        return;
    }
    const int64_t most = w->lease_ms / 3;
    if (early && wait > most)
        record_rest(r, most, wait_on);
    else
        record_rest(r, wait < most ? wait : most, renew_and_ask);
}
