/* A lease on a name: one process of the fleet holds it at a time, under a fencing token that is
 * greater than that of every former holder. It is taken, kept and, when it is lost, taken again by
 * itself, on the host's timers.
 *
 * Invariants
 *   - `taken` and `lost` come in turn, on the loop. `lost` comes at the latest when the lease ends by
 *     our own clock, which counts it from before it was asked for and counts the machine's sleep:
 *     never after it ended in Redis, unless the two clocks run apart.
 *   - lease_is_held may be asked by any thread at any moment, and is the last question before what
 *     only the holder may do. Between the answer and the deed the process may be stopped: what is
 *     done must be fenced besides (README.md).
 *   - A holder that is known dead (base/process.h) is not waited for; any other one that has ended
 *     for as long as its lease, at most.
 *   - The note is a text of the holder's for its successor; a former holder cannot write it.
 * Loop thread only, but for lease_is_held. Embedded; lease_stop before the owner dies. */
#ifndef PRIMAFLOW_SCHEDULE_LEASE_H
#define PRIMAFLOW_SCHEDULE_LEASE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/process.h"
#include "host/timers.h"
#include "redis/redis.h"

struct lease_hooks {
    /* now_ms: Redis' clock; `note` as it was last written, "" where there is none, lives until it
     * returns. */
    void (*taken)(void *user, int64_t token, int64_t now_ms, const char *note);
    void (*lost)(void *user);
    void *user;
};

struct lease {
    struct redis *redis;
    struct timers *timers;
    const char *prefix, *name; /* the owner's */
    char holder[PROCESS_NAME_MAX];
    int64_t lease_ms, token; /* token 0: not held */
    struct lease_hooks hooks;
    struct timer timer;
    _Atomic int64_t held_until_ms;            /* of clock_boot_ms; 0: not held */
    int64_t asked_ms;                         /* ... when the command that is under way was given */
    bool is_asking, is_stopped, is_elsewhere; /* elsewhere: another process has it, as last heard */
    char dead[PROCESS_NAME_MAX];
};

/* Begins to take it. `holder` NULL: this process. */
void lease_start(struct lease *lease, struct redis *redis, struct timers *timers,
                 const char *prefix, const char *name, const char *holder, int64_t lease_ms,
                 const struct lease_hooks *hooks);
/* Gives it back, as soon as Redis hears of it; no hook is called any more. */
void lease_stop(struct lease *lease);
/* The answer to lease_stop's command has come, or there was nothing to give back; or Redis is away, and
 * what we may hold ends by itself. */
bool lease_is_stopped(const struct lease *lease);

bool lease_is_held(const struct lease *lease); /* any thread */
void lease_note(struct lease *lease, const char *note);

#endif
