/* One fact after the other, and the way in which Prima is asked for any; see facts.h. */
#include "runtime/facts.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "obs/metrics.h"
#include "runtime/outcomes.h"
#include "runtime/worker.h"

/* ---- asking Prima ---- */

struct ask {
    struct record *record;
    enum prima_type type;
    facts_answer done;
    size_t size, room;
    char bytes[]; /* the request */
};

static void on_answer(void *user, const struct prima_reply *reply)
{
    struct ask *ask = user;
    struct record *r = ask->record;
    if (!record_let_go(r))
        return;
    outcomes_count(r->worker, ask->type, reply, r->key.natural);
    ask->done(r, reply);
}

static void on_permit(void *user, const struct redis_reply *reply)
{
    struct ask *ask = user;
    struct record *r = ask->record;
    if (!record_let_go(r))
        return;
    const enum verdict verdict = keys_verdict(reply);
    if (claim_is_over(r, verdict))
        return;
    if (verdict == VERDICT_WAIT) {
        static const struct prima_reply not_now = {.fate = PRIMA_NOT_ACCEPTED, .retry_after_ms = -1};
        r->wait_ms = reply->items[1].number;
        ask->done(r, &not_now);
        return;
    }
    record_hold(r);
    prima_client_send(r->worker->prima, ask->type, r->key.company, ask->bytes, ask->size, on_answer, ask);
}

void facts_ask(struct record *r, enum prima_type type, const struct buf *request, facts_answer done)
{
    static const struct prima_reply not_begun = {.fate = PRIMA_NOT_SENT, .retry_after_ms = -1};
    r->wait_ms = 0;
    if (!breaker_allows(&r->worker->breaker, clock_monotonic_ms())) { /* first of all: an outage of hours must not fill the arena */
        done(r, &not_begun);
        return;
    }
    /* One question at a time, so its memory serves the next one, too: a record may have to ask for hours. */
    if (r->ask == NULL || r->ask->room < request->size) {
        struct ask *fresh = arena_alloc(r->arena, sizeof *fresh + request->size);
        if (fresh == NULL) {
            done(r, &not_begun);
            return;
        }
        fresh->room = request->size;
        r->ask = fresh;
    }
    struct ask *ask = r->ask;
    ask->record = r;
    ask->type = type;
    ask->done = done;
    ask->size = request->size;
    memcpy(ask->bytes, request->data, request->size);
    record_hold(r);
    keys_permit(&r->worker->keys, on_permit, ask);
}

/* ---- what is known ---- */

void facts_look(void *record, struct fact *fact)
{
    struct record *r = record;
    r->names_products |= fact->kind == FACT_PRODUCT;
    if (fact->kind == FACT_CUSTOMER)
        fact->account = customers_look(r, fact);
    if (fact->kind == FACT_CUSTOMER ? fact->account != NULL : products_look(r, &fact->sku))
        fact->state = FACT_KNOWN;
}

/* ---- one fact after the other ---- */

void facts_next(struct record *r)
{
    r->fact_at++;
    act_find_facts(r);
}

static void begin_again(struct record *r)
{
    act_find_facts(r);
}

void facts_wait(struct record *r)
{
    const int64_t wait = r->wait_ms > 0 ? r->wait_ms : record_backoff(r);
    r->waits_on_world = r->wait_ms > 0 || r->worker->breaker.is_open;
    if (clock_monotonic_ms() > r->deadline_ms && !r->worker->breaker.is_open) {
        life_happens(r, TOO_LATE);
        return;
    }
    record_rest(r, wait, begin_again);
}

void facts_on_released(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    if (!record_let_go(r))
        return;
    if (!claim_is_over(r, keys_verdict(reply)))
        life_happens(r, NOT_TO_SEND);
}

void act_find_facts(struct record *r)
{
    if (products_find(r))
        return;
    for (size_t i = 0; i < r->fact_count; i++)
        if (r->facts[i].kind == FACT_CUSTOMER && r->facts[i].state == FACT_UNASKED) {
            r->fact_at = i;
            customers_find(r);
            return;
        }
    r->backoff_ms = 0;
    life_happens(r, FACTS_FOUND);
}
