/* Taking, keeping and losing a lease; see lease.h. One command is under way at a time, but for
 * notes. */
#include "schedule/lease.h"

#include "base/clock.h"
#include "obs/log.h"
#include "schedule/schedule_calls.h"

#include <stdio.h>

enum { AFTER_EXPIRY_MS = 2, AGAIN_MIN_MS = 20 };

static void lease_turn(void *owner);
static void on_lease(void *user, const struct redis_reply *reply);

static void lease_ask(struct lease *l, enum lease_op op)
{
    const struct lease_call call = {.op = op,
                                    .prefix = l->prefix,
                                    .name = l->name,
                                    .holder = l->holder,
                                    .lease_ms = l->lease_ms,
                                    .token = l->token,
                                    .dead = l->dead};
    l->is_asking = true;
    l->asked_ms = clock_boot_ms();
    schedule_call_lease(l->redis, &call, on_lease, l);
}

static void again(struct lease *l, int64_t ms)
{
    timers_set(l->timers, &l->timer, ms > AGAIN_MIN_MS ? ms : AGAIN_MIN_MS, lease_turn, l);
}

static void lose(struct lease *l)
{
    if (l->token == 0)
        return;
    atomic_store(&l->held_until_ms, 0);
    l->token = 0;
    l->hooks.lost(l->hooks.user);
}

/* Its time is over by our clock, or it is to be renewed, or tried for. */
static void lease_turn(void *owner)
{
    struct lease *l = owner;
    const int64_t left = atomic_load(&l->held_until_ms) - clock_boot_ms();
    if (l->token != 0 && left <= 0)
        lose(l);
    if (!l->is_asking)
        lease_ask(l, l->token != 0 ? LEASE_OP_RENEW : LEASE_OP_TAKE);
    if (l->token != 0) /* the answer sets it anew */
        again(l, left);
}

static void keep(struct lease *l)
{
    atomic_store(&l->held_until_ms, l->asked_ms + l->lease_ms);
    again(l, l->lease_ms / 3);
}

static void on_taken(struct lease *l, const struct lease_answer *a)
{
    l->token = a->token;
    l->is_elsewhere = false;
    l->dead[0] = '\0';
    keep(l);
    if (lease_is_held(l))
        l->hooks.taken(l->hooks.user, a->token, a->now_ms, a->note);
    else /* the answer was long in coming: a new token next time */
        l->token = 0;
}

static void on_busy(struct lease *l, const struct lease_answer *a)
{
    l->is_elsewhere = true;
    if (a->holder[0] != '\0' && process_is_over(a->holder)) {
        (void)snprintf(l->dead, sizeof l->dead, "%s", a->holder);
        lease_ask(l, LEASE_OP_TAKE);
        return;
    }
    l->dead[0] = '\0';
    const int64_t at_expiry = a->left_ms + AFTER_EXPIRY_MS;
    again(l, at_expiry < l->lease_ms / 3 ? at_expiry : l->lease_ms / 3);
}

static void on_lease(void *user, const struct redis_reply *reply)
{
    struct lease *l = user;
    const struct lease_answer a = schedule_read_lease(reply);
    l->is_asking = false;
    if (l->is_stopped)
        return;
    switch (a.word) {
    case LEASE_TAKEN:
        on_taken(l, &a);
        break;
    case LEASE_BUSY:
        on_busy(l, &a);
        break;
    case LEASE_RENEWED:
        if (l->token != 0 && l->asked_ms + l->lease_ms > clock_boot_ms())
            keep(l);
        else
            again(l, 0);
        break;
    case LEASE_LOST:
        lose(l);
        again(l, 0);
        break;
    case LEASE_NOTED:
    case LEASE_RELEASED:
        break;
    case LEASE_REFUSED:
        log_warning(.message = "Redis refuses a lease", .detail = a.error, .key = l->name);
        again(l, l->lease_ms / 3);
        break;
    }
}

void lease_start(struct lease *l, struct redis *redis, struct timers *timers, const char *prefix,
                 const char *name, const char *holder, int64_t lease_ms,
                 const struct lease_hooks *hooks)
{
    *l = (struct lease){.redis = redis,
                        .timers = timers,
                        .prefix = prefix,
                        .name = name,
                        .lease_ms = lease_ms,
                        .hooks = *hooks};
    if (holder != NULL)
        (void)snprintf(l->holder, sizeof l->holder, "%s", holder);
    else
        (void)process_describe_self(l->holder);
    lease_turn(l);
}

static void on_released(void *user, const struct redis_reply *reply)
{
    struct lease *l = user;
    (void)reply;
    l->is_asking = false;
}

void lease_stop(struct lease *l)
{
    timers_cancel(l->timers, &l->timer);
    l->is_stopped = true;
    if (l->token == 0)
        return;
    const struct lease_call call = {.op = LEASE_OP_RELEASE,
                                    .prefix = l->prefix,
                                    .name = l->name,
                                    .holder = l->holder,
                                    .lease_ms = l->lease_ms,
                                    .token = l->token};
    atomic_store(&l->held_until_ms, 0);
    l->token = 0;
    l->is_asking = true;
    schedule_call_lease(l->redis, &call, on_released, l);
}

bool lease_is_stopped(const struct lease *l)
{
    return l->is_stopped && (!l->is_asking || !redis_is_ready(l->redis));
}

bool lease_is_held(const struct lease *l)
{
    return clock_boot_ms() < atomic_load(&l->held_until_ms);
}

static void on_noted(void *user, const struct redis_reply *reply)
{
    (void)user, (void)reply; /* whoever lost the lease hears it by the renewal */
}

void lease_note(struct lease *l, const char *note)
{
    if (l->token == 0)
        return;
    const struct lease_call call = {.op = LEASE_OP_NOTE,
                                    .prefix = l->prefix,
                                    .name = l->name,
                                    .holder = l->holder,
                                    .lease_ms = l->lease_ms,
                                    .token = l->token,
                                    .note = note};
    schedule_call_lease(l->redis, &call, on_noted, l);
}
