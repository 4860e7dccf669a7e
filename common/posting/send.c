/* The request: stored, sent, and what its answer leads to. */
#include "base/clock.h"
#include "base/digest.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "posting/actions.h"
#include "posting/credit.h"
#include "posting/denial.h"
#include "posting/facts.h"
#include "posting/outcomes.h"
#include "posting/permit_line.h"
#include "posting/send.h"
#include "posting/send_queue.h"
#include "posting/verdict.h"
#include "stream/watch.h"
#include "posting/posting.h"

enum { REACH_WAIT_MS = 50 };

static void store_request(struct record *r);

/* ---- `sent`, before bytes leave ---- */

void send_stored(struct record *r, const struct redis_reply *reply)
{
    if (clock_boot_ms() - r->send.stored_at_ms > r->worker->times.margin_ms) {
        store_request(r); /* the answer took so long that the lease may end while we send: the same
                             send, a fresh lease */
        return;
    }
    r->claim.request_is_stored = true;
    r->send.sends = keys_sends(reply);
    send_queue_stored(r);
    if (r->worker->leaving)
        return; /* for this process it ends here */
    record_transition(r, REQUEST_STORED);
}

static void on_stored(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    const enum verdict verdict = keys_verdict(reply);
    (void)fail_point("sent.after");
    if (r->dropped || verdict != VERDICT_SENT)
        send_queue_release(r);
    if (verdict == VERDICT_SENT)
        permit_line_use(r);
    if (!record_unref(r))
        return;
    permit_line_give_back(r);
    if (claim_is_over(r, verdict))
        return;
    if (verdict == VERDICT_MOVED) {
        r->send.on_record = false;
        credit_forget(r);
        facts_hear(r, reply);
        record_transition(r, CREDIT_MOVED);
        return;
    }
    if (verdict == VERDICT_WAIT) {
        r->timing.wait_ms = keys_wait_ms(reply);
        permit_line_hold(r->worker, r->timing.wait_ms);
        record_transition(r, MUST_WAIT);
        return;
    }
    send_stored(r, reply);
}

static void store_request(struct record *r)
{
    struct worker *w = r->worker;
    r->send.stored_at_ms = clock_boot_ms();
    r->send.on_record = true;
    r->resolve.absent_from_ms = 0;
    (void)fail_point("sent.before");
    if (mutant("sent")) {
        record_transition(r, REQUEST_STORED);
        return;
    }
    record_ref(r);
    keys_sent(&w->keys, &r->work, r->send.number, w->times.lease_ms, w->times.window_ms,
              r->decision.sent_identity, r->decision.request, r->decision.summary, on_stored, r);
}

static void number_send(struct record *r)
{
    uint64_t number;
    digest_random(&number, sizeof number);
    r->send.number = (int64_t)(number >> 12) | 1; /* exact in Lua's doubles, never 0 */
}

void send_with_claim(struct record *r, redis_done done)
{
    struct worker *w = r->worker;
    const struct flow_plan *plan = r->decision.plan;
    number_send(r);
    r->send.stored_at_ms = clock_boot_ms();
    r->send.on_record = true;
    (void)fail_point("sent.before");
    record_ref(r);
    keys_claim_sent(&w->keys, &r->work, r->send.number, w->times.lease_ms, w->times.window_ms,
                    (struct redis_bytes){plan->request, plan->request_size},
                    (struct redis_bytes){plan->summary, plan->summary_size}, done, r);
}

/* Denied, and others are not (blame.h): nothing of it is under way, so that its next try may begin
 * with a new claim. */
static void leave(struct record *r)
{
    send_queue_release(r);
    r->claim.request_is_stored = false;
    r->claim.waits_on_world = true;
    record_transition(r, TOO_LATE);
}

void act_store_request(struct record *r)
{
    const enum prima_type type = r->worker->flow->writes;
    if (blame_leaves(r)) {
        permit_line_give_back(r);
        leave(r);
        return;
    }
    if (!partitions_may_send(r->partition,
                             r->raw.offset)) { /* what lies before it is committed first */
        commit_hurry(r->worker);
        permit_line_give_back(r);
        send_queue_release(r);
        r->timing.wait_ms = REACH_WAIT_MS;
        record_transition(r, MUST_WAIT);
        return;
    }
    if (!watch_may_send(r->worker)) {
        permit_line_give_back(r);
        send_queue_release(r);
        r->timing.wait_ms = 0;
        record_transition(r, MUST_WAIT);
        return;
    }
    if (permit_line_is_needed(r) && !breaker_forbids(&r->worker->posting->breaker, type,
                                                     r->key.natural, clock_monotonic_ms())) {
        permit_line_enter(r, true, act_store_request);
        return;
    }
    if (!send_queue_acquire(r, act_store_request))
        return;
    if (outcomes_must_wait(r, type)) {
        permit_line_give_back(r);
        send_queue_release(r);
        record_transition(r, MUST_WAIT);
        return;
    }
    number_send(r);
    store_request(r);
}

static void on_compared(struct record *r, const struct prima_reply *reply)
{
    denial_compared(r, reply);
    act_wait_to_send(r);
}

void act_wait_to_send(struct record *r)
{
    if (blame_leaves(r)) {
        leave(r);
        return;
    }
    if (denial_compare(r, on_compared))
        return;
    const int64_t wait = r->timing.wait_ms > 0 ? r->timing.wait_ms : record_backoff(r);
    r->timing.wait_ms = 0;
    r->claim.waits_on_world = true;
    if (clock_monotonic_ms() + wait > r->timing.deadline_ms &&
        !r->worker->posting->breaker.is_open && watch_may_send(r->worker)) {
        record_transition(r, TOO_LATE);
        return;
    }
    record_delay(r, wait, act_store_request);
}

/* ---- the answer ---- */

static void keep_words(struct record *r, const struct prima_reply *reply)
{
    r->heard.http_status = reply->http_status;
    record_keep_words(r, reply->words);
}

/* Words that prove nothing, or a proxy's refusal: they may have been said because somebody else has
 * this number. After an absence they cannot have been, so that what appears is ours. */
static bool was_told_no(const struct record *r, const struct prima_reply *reply)
{
    const bool refused_by_status =
        reply->http_status >= 400 && reply->http_status < 500 && reply->http_status != 408;
    return !r->claim.absence_is_known &&
           (reply->fate == PRIMA_UNCLASSIFIED || reply->is_soap_fault || refused_by_status);
}

static void outcome_is_unknown(struct record *r, const struct prima_reply *reply)
{
    if (r->heard.unknown_since_ms == 0)
        r->heard.unknown_since_ms = clock_wall_ms();
    r->resolve.absent_from_ms = clock_monotonic_ms() + r->worker->times.window_ms;
    r->timing.wait_ms = 0;
    record_transition(r, was_told_no(r, reply) ? TOLD_NO : NO_ANSWER);
}

/* A product was deleted since the catalogue heard of it, perhaps: Prima is asked which one, and the
 * order decided again, once. */
static bool is_about_a_product(const struct record *r)
{
    return r->end.code == PF_E_prima_unknown_product && r->claim.names_products &&
           !r->claim.distrusts_catalogue && r->claim.origin != CLAIM_TAKEN_OVER;
}

static void on_post(void *user, const struct prima_reply *reply)
{
    struct record *r = user;
    (void)fail_point("post.answered");
    send_queue_release(r);
    if (r->dropped)
        verdict_say_over(r);
    if (!record_unref(r))
        return;
    outcomes_count(r, r->worker->flow->writes, reply);
    keep_words(r, reply);
    switch (reply->fate) {
    case PRIMA_OK:
        record_transition(r, ACCEPTED);
        break;
    case PRIMA_REFUSED:
        r->end.code = reply->code;
        if (is_about_a_product(r)) {
            r->claim.distrusts_catalogue = r->send.decides_again = true;
            record_transition(r, PRODUCT_REFUSED);
        } else {
            record_transition(r, REFUSED);
        }
        break;
    case PRIMA_EXISTS:
        r->claim.last_answer = ANSWER_EXISTS;
        record_transition(r, EXISTS);
        break;
    case PRIMA_NOT_ACCEPTED:
    case PRIMA_NOT_SENT:
    case PRIMA_DENIED:
        if (reply->fate == PRIMA_NOT_ACCEPTED)
            r->timing.wait_ms = reply->retry_after_ms;
        record_transition(r, NOT_APPLIED);
        break;
    default:
        outcome_is_unknown(r, reply);
    }
}

void act_post(struct record *r)
{
    struct worker *w = r->worker;
    const char *request = r->decision.request.data;
    size_t size = r->decision.request.size;
    (void)fail_point("post.before");
    record_ref(r);
    prima_client_send(w->posting->prima, w->flow->writes, r->key.company, request, size, on_post,
                      r);
    (void)fail_point("post.begun");
}

static void on_answered(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    if (!record_unref(r))
        return;
    const enum verdict verdict = keys_verdict(reply);
    if (claim_is_over(r, verdict))
        return;
    const bool clean = verdict == VERDICT_CLAIMED, decides_again = clean && r->send.decides_again;
    r->send.decides_again = false;
    const struct keys_answer answer = keys_answer(reply);
    r->claim.proven = answer.proven;
    if (verdict == VERDICT_PARKED) {
        r->end.code = PF_E_exists_unproven;
        r->claim.reserved = keys_parked_number(reply);
        record_transition(r, PARKING_STORED);
    } else if (r->claim.last_answer == ANSWER_EXISTS) {
        record_transition(r, FOUND_OURS);
    } else if (clean && memcmp(r->decision.sent_identity, r->identity, IDENTITY_SIZE) != 0) {
        record_transition(r,
                          OWN_TURN); /* it was another content's request, and it is off the table:
                                        our own turn */
    } else if (decides_again) {
        r->claim.facts = NULL;
        r->claim.products = NULL;
        r->claim.credit = NULL;
        r->claim.fact_count = 0;
        r->claim.request_is_stored = false;
        record_transition(r, DECIDE_AGAIN);
    } else if (clean) {
        record_transition(r, MUST_WAIT);
    } else {
        r->resolve.absent_from_ms = clock_monotonic_ms() + answer.absence_wait_ms + 1;
        record_transition(r, ABSENT_EARLY);
    }
}

void act_mark_answered(struct record *r)
{
    const char *code = r->claim.last_answer == ANSWER_EXISTS && !mutant("exists_is_ours")
                           ? pf_error_info(PF_E_exists_unproven)->name
                           : "";
    record_ref(r);
    keys_answered(&r->worker->keys, &r->work, r->send.number, code, on_answered, r);
}

static void on_told_no(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    if (record_unref(r) && !claim_is_over(r, keys_verdict(reply)))
        record_transition(r, NO_ANSWER);
}

void act_mark_told_no(struct record *r)
{
    record_ref(r);
    keys_told_no(&r->worker->keys, &r->work, r->send.number, on_told_no, r);
}

/* ---- posted, refused, parked ---- */

static void on_finished(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    (void)fail_point("finish.after");
    if (!record_unref(r))
        return;
    const enum verdict verdict = keys_verdict(reply);
    if (claim_is_over(r, verdict))
        return;
    if (verdict == VERDICT_UNPROVEN) {
        r->end.code = PF_E_exists_unproven;
        record_transition(r, FOUND_UNPROVEN);
        return;
    }
    r->posted.at_ms = keys_finished_ms(reply);
    r->claim.reserved = keys_finished_number(reply);
    const char *related = keys_finished_related(reply);
    r->claim.related = related[0] != '\0' ? pf_error_find(related) : PF_OK;
    record_transition(r, memcmp(r->decision.sent_identity, r->identity, IDENTITY_SIZE) == 0
                             ? FINISHED
                             : FINISHED_OTHER);
}

void act_finish(struct record *r)
{
    const bool ours = memcmp(r->decision.sent_identity, r->identity, IDENTITY_SIZE) == 0;
    enum finish_how how = r->state == SENT || r->worker->shadow
                              ? FINISH_OK
                              : FINISH_FOUND; /* a shadow proves nothing: it sent nothing */
    if (mutant("exists_is_ours") && r->claim.last_answer == ANSWER_EXISTS)
        how = FINISH_ADOPT;
    (void)fail_point("finish.before");
    record_ref(r);
    keys_finish(&r->worker->keys, &r->work, how, r->decision.sent_identity, ours,
                r->decision.summary, on_finished, r);
}

static void on_refused(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    (void)fail_point("refuse.after");
    if (!record_unref(r))
        return;
    const enum verdict verdict = keys_verdict(reply);
    if (claim_is_over(r, verdict))
        return;
    if (verdict == VERDICT_MOVED) {
        credit_forget(r);
        facts_hear(r, reply);
        record_transition(r, CREDIT_MOVED);
        return;
    }
    if (verdict == VERDICT_PARKED) {
        r->end.code = PF_E_refused_after_unknown;
        r->claim.reserved = keys_parked_number(reply);
        record_transition(r, PARKING_STORED);
    } else if (r->claim.request_is_stored &&
               memcmp(r->decision.sent_identity, r->identity, IDENTITY_SIZE) != 0) {
        record_transition(r,
                          OWN_TURN); /* the refusal was another content's: ours may be tried now */
    } else {
        record_transition(r, REFUSAL_STORED);
    }
}

void act_refuse(struct record *r)
{
    const bool ours = !r->claim.request_is_stored ||
                      memcmp(r->decision.sent_identity, r->identity, IDENTITY_SIZE) == 0;
    const int64_t number = r->state == SENT ? r->send.number : -1; /* no send's */
    if (r->state != CLAIMED)
        r->credit.read_to = -1; /* Prima said no, not the ledger */
    (void)fail_point("refuse.before");
    record_ref(r);
    keys_refuse(&r->worker->keys, &r->work, number, pf_error_info(r->end.code)->name,
                pf_error_info(PF_E_refused_after_unknown)->name, ours, on_refused, r);
}

static void on_parked(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    (void)fail_point("park.after");
    if (!record_unref(r))
        return;
    const enum verdict verdict = keys_verdict(reply);
    if (claim_is_over(r, verdict))
        return;
    if (verdict == VERDICT_PARKED) /* else it was parked before, and the claim said which it is */
        r->claim.reserved = keys_parked_number(reply);
    record_transition(r, PARKING_STORED);
}

void act_park(struct record *r)
{
    record_ref(r);
    if (r->claim.origin ==
        CLAIM_PARKED) { /* it was parked before, and stays so; what is deferred behind it may come
                           and see */
        keys_release(&r->worker->keys, &r->work, true, on_parked, r);
        return;
    }
    (void)fail_point("park.before");
    keys_park(&r->worker->keys, &r->work, pf_error_info(r->end.code)->name,
              r->end.code == PF_E_exists_unproven, on_parked, r);
}
