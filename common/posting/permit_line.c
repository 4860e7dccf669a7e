/* A heap by fetch order, and what Redis says; see permit_line.h. */
#include "posting/permit_line.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "idempotency/keys.h"
#include "posting/send_queue.h"
#include "posting/posting.h"
#include "stream/world.h"
#include "stream/loss.h"

enum { WAKE_MS_MIN = 2, WAIT_MS_MAX = 60000, WANTED_MAX = 1000 };

/* ---- the heap ---- */

static void put(struct permit_line *l, size_t place, struct record *r)
{
    l->heap[place] = r;
    r->permit.place = place;
}

static void rise(struct permit_line *l, size_t place)
{
    struct record *r = l->heap[place];
    for (; place > 1 && l->heap[place / 2]->timing.fetched > r->timing.fetched; place /= 2)
        put(l, place, l->heap[place / 2]);
    put(l, place, r);
}

static void sink(struct permit_line *l, size_t place)
{
    struct record *r = l->heap[place];
    for (size_t child; (child = place * 2) <= l->count; place = child) {
        if (child < l->count && l->heap[child + 1]->timing.fetched < l->heap[child]->timing.fetched)
            child++;
        if (l->heap[child]->timing.fetched >= r->timing.fetched)
            break;
        put(l, place, l->heap[child]);
    }
    put(l, place, r);
}

static void add(struct permit_line *l, struct record *r)
{
    if (l->count + 2 > l->room) {
        l->room = l->room == 0 ? 64 : l->room * 2;
        l->heap = realloc(l->heap, l->room * sizeof(struct record *));
        if (l->heap == NULL)
            abort();
    }
    put(l, ++l->count, r);
    rise(l, l->count);
}

static void take_out(struct permit_line *l, struct record *r)
{
    const size_t place = r->permit.place;
    struct record *last = l->heap[l->count--];
    r->permit.place = 0;
    if (last == r)
        return;
    put(l, place, last);
    rise(l, place);
    sink(l, last->permit.place);
}

/* ---- a record's permit ---- */

static int64_t now_us(void)
{
    return clock_monotonic_ms() * 1000;
}

bool permit_line_is_needed(const struct record *r)
{
    return r->worker->keys.limit_rate > 0 && !r->permit.is_held && !mutant("permit");
}

void permit_line_enter(struct record *r, bool writes, void (*go)(struct record *))
{
    record_ref(r);
    r->permit.writes = writes;
    r->permit.go = go;
    r->permit.since_ms = clock_monotonic_ms();
    add(&r->worker->posting->permit_line, r);
}

void permit_line_use(struct record *r)
{
    r->permit.is_held = false;
}

void permit_line_give_back(struct record *r)
{
    if (r->permit.is_held)
        permits_give_back(&r->worker->posting->permit_line.permits, now_us());
    r->permit.is_held = false;
}

void permit_line_leave(struct record *r)
{
    permit_line_give_back(r);
    if (r->permit.place == 0)
        return;
    take_out(&r->worker->posting->permit_line, r);
    r->held--; /* its owner frees it */
}

bool permit_line_is_fresh(const struct worker *w)
{
    return now_us() - w->posting->permit_line.permits.heard_us <= PERMIT_FRESH_US;
}

void permit_line_hold(struct worker *w, int64_t ms)
{
    permits_hold(&w->posting->permit_line.permits, ms * 1000, now_us());
}

int64_t permit_line_wait_ms(const struct record *r)
{
    const struct permit_line *l = &r->worker->posting->permit_line;
    if (r->worker->keys.limit_rate <= 0)
        return 0;
    int64_t before = 1;
    for (size_t i = 1; i <= l->count; i++)
        before += l->heap[i]->timing.fetched < r->timing.fetched;
    const int64_t ms = (before * l->pace_us + l->permits.lead_us) / 1000;
    return ms < WAIT_MS_MAX ? ms : WAIT_MS_MAX;
}

/* ---- the turn ---- */

static void put_aside_who_goes(struct worker *w)
{
    struct permit_line *l = &w->posting->permit_line;
    if (!w->host.draining && !w->stream->revoke.is_open)
        return;
    for (size_t i = l->count; i > 0;
         i--) /* from behind: what moves up has been looked at, or comes again */
        if (i <= l->count && (w->host.draining || l->heap[i]->partition->going)) {
            struct record *r = l->heap[i];
            take_out(l, r);
            (void)record_unref(r);
        }
}

static void go(struct permit_line *l, struct record *r)
{
    const int64_t now = clock_monotonic_ms(), waited = now - r->permit.since_ms,
                  between = (now - l->went_us / 1000) * 1000;
    take_out(l, r);
    l->pace_us = l->went_us == 0 ? 0 : l->pace_us + (between - l->pace_us) / 8;
    l->went_us = now * 1000;
    r->timing.deadline_ms += waited;
    r->permit.is_held = true;
    (void)record_unref(r); /* the dropped are not here */
    r->permit.go(r);
}

static void on_permits(void *user, const struct redis_reply *reply)
{
    struct worker *w = user;
    struct permits *p = &w->posting->permit_line.permits;
    struct keys_permits given;
    switch (keys_verdict(reply)) {
    case VERDICT_GO:
        given = keys_permits(reply);
        permits_got(p, given.count, given.first_us, given.each_us, now_us());
        break;
    case VERDICT_WAIT:
        permits_hold(p, keys_wait_ms(reply) * 1000, now_us());
        permits_not_answered(p);
        break;
    case VERDICT_SUSPECT:
        permits_not_answered(p);
        world_lost_redis(w, "the marker key is missing or different");
        break;
    default:
        host_fail(&w->host, 70, "Redis refused a script: a defect", redis_last_error(w->redis),
                  "report it with this line and Redis' version");
    }
}

static void wake_up(void *owner)
{
    (void)owner; /* the turn that follows serves */
}

static bool has_room(const struct worker *w, const struct record *r)
{
    return !r->permit.writes || send_queue_has_room(w);
}

void permit_line_serve(struct worker *w)
{
    struct permit_line *l = &w->posting->permit_line;
    if (l->count == 0)
        return;
    put_aside_who_goes(w);
    while (l->count > 0 && has_room(w, l->heap[1]) && permits_take(&l->permits, now_us()))
        go(l, l->heap[1]);
    if (l->count == 0 || !has_room(w, l->heap[1]))
        return; /* an answer of Prima's comes first */
    const int64_t now = now_us();
    const size_t wanted = permits_to_ask(&l->permits, l->count, now);
    if (wanted > 0) {
        permits_asked(&l->permits, now);
        keys_permit(&w->keys, wanted < WANTED_MAX ? wanted : WANTED_MAX, on_permits, w);
    }
    const int64_t next = permits_next_us(&l->permits, now);
    if (next == INT64_MAX ||
        (l->timer.place != 0 && l->timer.at_ms <= next / 1000 && l->timer.at_ms > now / 1000))
        return;
    const int64_t ms = (next - now + 999) / 1000;
    timers_set(&w->host.timers, &l->timer, ms > WAKE_MS_MIN ? ms : WAKE_MS_MIN, wake_up, w);
}
