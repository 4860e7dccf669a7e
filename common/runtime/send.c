/* The request: stored, sent, and what its answer leads to. */
#include "base/clock.h"
#include "base/digest.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "runtime/outcomes.h"
#include "runtime/send_line.h"
#include "runtime/worker.h"

static void store_request(struct record *r);

/* ---- `sent`, before bytes leave ---- */

static void on_stored(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    const enum verdict verdict = keys_verdict(reply);
    (void)fail_point("sent.after");
    if (r->dropped || verdict != VERDICT_SENT)
        send_line_leave(r);
    if (!record_let_go(r))
        return;
    if (claim_is_over(r, verdict))
        return;
    if (verdict == VERDICT_WAIT) {
        r->wait_ms = reply->items[1].number;
        life_happens(r, MUST_WAIT);
        return;
    }
    if (clock_monotonic_ms() - r->stored_at_ms > r->worker->margin_ms) {
        store_request(r); /* the answer took so long that the lease may end while we send: the same send, a fresh lease */
        return;
    }
    r->request_is_stored = true;
    send_line_stored(r);
    life_happens(r, REQUEST_STORED);
}

static void store_request(struct record *r)
{
    struct worker *w = r->worker;
    r->stored_at_ms = clock_monotonic_ms();
    r->absent_from_ms = 0;
    (void)fail_point("sent.before");
    if (mutant("sent")) {
        life_happens(r, REQUEST_STORED);
        return;
    }
    record_hold(r);
    keys_sent(&w->keys, &r->work, r->send_number, w->lease_ms, w->window_ms, r->sent_identity, r->request, r->summary, on_stored, r);
}

void act_store_request(struct record *r)
{
    if (!breaker_allows(&r->worker->breaker, clock_monotonic_ms())) {
        send_line_leave(r);
        r->wait_ms = 0;
        life_happens(r, MUST_WAIT);
        return;
    }
    if (!send_line_enter(r))
        return;
    uint64_t number;
    digest_random(&number, sizeof number);
    r->send_number = (int64_t)(number >> 12) | 1; /* exact in Lua's doubles, never 0 */
    store_request(r);
}

void act_wait_to_send(struct record *r)
{
    const int64_t wait = r->wait_ms > 0 ? r->wait_ms : record_backoff(r);
    r->wait_ms = 0;
    r->waits_on_world = true;
    if (clock_monotonic_ms() + wait > r->deadline_ms && !r->worker->breaker.is_open) {
        life_happens(r, TOO_LATE);
        return;
    }
    record_rest(r, wait, act_store_request);
}

/* ---- the answer ---- */

static void keep_words(struct record *r, const struct prima_reply *reply)
{
    r->http_status = reply->http_status;
    record_keep_words(r, reply->words);
}

static void outcome_is_unknown(struct record *r, const struct prima_reply *reply)
{
    if (r->unknown_since_ms == 0)
        r->unknown_since_ms = clock_wall_ms();
    r->is_fault = reply->is_soap_fault || reply->http_status >= 500;
    r->fault_ms = clock_monotonic_ms();
    r->fault_is_amid = r->worker->last_write_ms > 0 && r->fault_ms - r->worker->last_write_ms < r->worker->window_ms;
    r->absent_from_ms = clock_monotonic_ms() + r->worker->window_ms;
    r->wait_ms = 0;
    life_happens(r, NO_ANSWER);
}

/* A product was deleted since the catalogue heard of it, perhaps: Prima is asked which one, and the order decided again, once. */
static bool is_about_a_product(const struct record *r)
{
    return r->code == PF_E_prima_unknown_product && r->names_products && !r->distrusts_catalogue && !r->is_takeover;
}

static void on_post(void *user, const struct prima_reply *reply)
{
    struct record *r = user;
    (void)fail_point("post.answered");
    send_line_leave(r);
    if (!record_let_go(r))
        return;
    outcomes_count(r->worker, r->worker->flow->writes, reply, r->key.natural);
    if (reply->fate == PRIMA_OK || reply->fate == PRIMA_REFUSED || reply->fate == PRIMA_EXISTS)
        r->worker->last_write_ms = clock_monotonic_ms();
    keep_words(r, reply);
    switch (reply->fate) {
    case PRIMA_OK:
        life_happens(r, ACCEPTED);
        break;
    case PRIMA_REFUSED:
        r->code = reply->code;
        if (is_about_a_product(r)) {
            r->distrusts_catalogue = r->decides_again = true;
            life_happens(r, PRODUCT_REFUSED);
        } else {
            life_happens(r, REFUSED);
        }
        break;
    case PRIMA_EXISTS:
        r->exists = true;
        life_happens(r, EXISTS);
        break;
    case PRIMA_NOT_ACCEPTED:
    case PRIMA_NOT_SENT:
    case PRIMA_DENIED:
        r->wait_ms = reply->fate == PRIMA_NOT_ACCEPTED ? reply->retry_after_ms : 0;
        life_happens(r, NOT_APPLIED);
        break;
    case PRIMA_UNCLASSIFIED:
        r->unclassified = true;
        outcome_is_unknown(r, reply);
        break;
    default:
        outcome_is_unknown(r, reply);
    }
}

void act_post(struct record *r)
{
    struct worker *w = r->worker;
    const char *request = r->request.data;
    size_t size = r->request.size;
    (void)fail_point("post.before");
    record_hold(r);
    prima_client_send(w->prima, w->flow->writes, r->key.company, request, size, on_post, r);
    (void)fail_point("post.begun");
}

static void on_answered(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    if (!record_let_go(r))
        return;
    const enum verdict verdict = keys_verdict(reply);
    if (claim_is_over(r, verdict))
        return;
    const bool clean = verdict == VERDICT_CLAIMED, decides_again = clean && r->decides_again;
    r->decides_again = false;
    r->proven = reply->items[2].number != 0;
    if (verdict == VERDICT_PARKED) {
        r->code = PF_E_exists_unproven;
        life_happens(r, PARKING_STORED);
    } else if (r->exists) {
        life_happens(r, FOUND_OURS);
    } else if (clean && memcmp(r->sent_identity, r->identity, IDENTITY_SIZE) != 0) {
        life_happens(r, TOKEN_LOST); /* it was another content's request, and it is off the table: our own turn */
    } else if (decides_again) {
        r->facts = NULL;
        r->products = NULL;
        r->fact_count = 0;
        r->request_is_stored = false;
        life_happens(r, DECIDE_AGAIN);
    } else if (clean) {
        life_happens(r, MUST_WAIT);
    } else {
        r->absent_from_ms = clock_monotonic_ms() + reply->items[1].number + 1;
        life_happens(r, ABSENT_EARLY);
    }
}

void act_mark_answered(struct record *r)
{
    const char *code = r->exists && !mutant("exists_is_ours") ? pf_error_info(PF_E_exists_unproven)->name : "";
    record_hold(r);
    keys_answered(&r->worker->keys, &r->work, r->send_number, code, on_answered, r);
}

/* ---- posted, refused, parked ---- */

static void on_finished(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    (void)fail_point("finish.after");
    if (!record_let_go(r))
        return;
    const enum verdict verdict = keys_verdict(reply);
    if (claim_is_over(r, verdict))
        return;
    if (verdict == VERDICT_UNPROVEN) {
        r->code = PF_E_exists_unproven;
        life_happens(r, FOUND_UNPROVEN);
        return;
    }
    r->posted_ms = reply->items[1].number;
    life_happens(r, memcmp(r->sent_identity, r->identity, IDENTITY_SIZE) == 0 ? FINISHED : FINISHED_OTHER);
}

void act_finish(struct record *r)
{
    const bool ours = memcmp(r->sent_identity, r->identity, IDENTITY_SIZE) == 0;
    enum finish_how how = r->state == SENT || r->worker->shadow ? FINISH_OK : FINISH_FOUND; /* a shadow proves nothing: it sent nothing */
    if (mutant("exists_is_ours") && r->exists)
        how = FINISH_ADOPT;
    (void)fail_point("finish.before");
    record_hold(r);
    keys_finish(&r->worker->keys, &r->work, how, r->sent_identity, ours, r->summary, on_finished, r);
}

static void on_refused(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    (void)fail_point("refuse.after");
    if (!record_let_go(r))
        return;
    const enum verdict verdict = keys_verdict(reply);
    if (claim_is_over(r, verdict))
        return;
    if (verdict == VERDICT_PARKED) {
        r->code = PF_E_refused_after_unknown;
        life_happens(r, PARKING_STORED);
    } else if (r->request_is_stored && memcmp(r->sent_identity, r->identity, IDENTITY_SIZE) != 0) {
        life_happens(r, TOKEN_LOST); /* the refusal was another content's: ours may be tried now */
    } else {
        life_happens(r, REFUSAL_STORED);
    }
}

void act_refuse(struct record *r)
{
    const int64_t number = r->state == SENT ? r->send_number : 0;
    (void)fail_point("refuse.before");
    record_hold(r);
    keys_refuse(&r->worker->keys, &r->work, number, pf_error_info(r->code)->name, pf_error_info(PF_E_refused_after_unknown)->name,
                on_refused, r);
}

static void on_parked(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    (void)fail_point("park.after");
    if (!record_let_go(r))
        return;
    if (!claim_is_over(r, keys_verdict(reply)))
        life_happens(r, PARKING_STORED);
}

void act_park(struct record *r)
{
    record_hold(r);
    if (r->is_parked) { /* it was parked before, and stays so; what is deferred behind it may come and see */
        keys_release(&r->worker->keys, &r->work, true, on_parked, r);
        return;
    }
    (void)fail_point("park.before");
    keys_park(&r->worker->keys, &r->work, pf_error_info(r->code)->name, r->code == PF_E_exists_unproven, on_parked, r);
}
