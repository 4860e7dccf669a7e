/* See prima_ask.h. */
#include "posting/prima_ask.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "posting/outcomes.h"
#include "posting/permit_line.h"
#include "posting/verdict.h"
#include "posting/posting.h"

struct ask {
    struct record *record;
    enum prima_type type;
    prima_ask_answer done;
    void (*dropped)(struct record *r);
    size_t size, room;
    char bytes[]; /* the request */
};

static void on_answer(void *user, const struct prima_reply *reply)
{
    struct ask *ask = user;
    struct record *r = ask->record;
    if (r->dropped && ask->dropped != NULL)
        ask->dropped(r);
    if (!record_unref(r))
        return;
    outcomes_count(r, ask->type, reply);
    ask->done(r, reply);
}

static const struct prima_reply not_begun = {.fate = PRIMA_NOT_SENT, .retry_after_ms = -1};

static void ask_now(struct ask *ask)
{
    struct record *r = ask->record;
    permit_line_use(r);
    record_ref(r);
    prima_client_send(r->worker->posting->prima, ask->type, r->key.company, ask->bytes, ask->size,
                      on_answer, ask);
}

/* The fleet does not pause; where there is no limit, that is all that is asked. */
static void on_permit(void *user, const struct redis_reply *reply)
{
    struct ask *ask = user;
    struct record *r = ask->record;
    if (!record_unref(r))
        return;
    const enum verdict verdict = keys_verdict(reply);
    if (claim_is_over(r, verdict))
        return;
    if (verdict == VERDICT_WAIT) {
        static const struct prima_reply not_now = {.fate = PRIMA_NOT_ACCEPTED,
                                                   .retry_after_ms = -1};
        r->timing.wait_ms = keys_wait_ms(reply);
        permit_line_give_back(r);
        permit_line_hold(r->worker, r->timing.wait_ms);
        ask->done(r, &not_now);
        return;
    }
    ask_now(ask);
}

static void ask_for_permit(struct record *r)
{
    struct ask *ask = r->ask;
    if (permit_line_is_needed(r) && !breaker_forbids(&r->worker->posting->breaker, ask->type,
                                                     r->key.natural, clock_monotonic_ms())) {
        permit_line_enter(r, false, ask_for_permit);
        return;
    }
    if (outcomes_must_wait(r, ask->type)) {
        permit_line_give_back(r);
        ask->done(r, &not_begun);
        return;
    }
    if (r->permit.is_held && permit_line_is_fresh(r->worker)) {
        ask_now(ask);
        return;
    }
    record_ref(r);
    keys_permit(&r->worker->keys, 0, on_permit, ask);
}

void prima_ask(struct record *r, enum prima_type type, const struct buf *request,
               prima_ask_answer done, void (*dropped)(struct record *r))
{
    r->timing.wait_ms = 0;
    if (outcomes_are_forbidden(
            r, type)) { /* first of all: an outage of hours must not fill the arena */
        done(r, &not_begun);
        return;
    }
    /* One question at a time, so its memory serves the next one, too: a record may have to ask for
     * hours. */
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
    ask->dropped = dropped;
    ask->size = request->size;
    memcpy(ask->bytes, request->data, request->size);
    ask_for_permit(r);
}
