/* What is to happen later: a heap of times on one libuv timer, so that a thousand waiting records
 * cost one handle. A timer belongs to its owner (embedded); it fires once; timers_cancel before the
 * owner dies. Loop thread only. */
#ifndef PRIMAFLOW_TIMERS_H
#define PRIMAFLOW_TIMERS_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct timer {
    int64_t at_ms; /* by clock_monotonic_ms */
    size_t place;  /* in the heap, from 1; 0: not set */
    void (*fire)(void *owner);
    void *owner;
};

struct timers {
    uv_timer_t timer;
    struct timer **heap; /* [1..count] */
    size_t count, room;
    int64_t armed_ms; /* what the timer waits for; 0: it does not */
};

void timers_init(struct timers *timers, uv_loop_t *loop);
void timers_set(struct timers *timers, struct timer *timer, int64_t after_ms,
                void (*fire)(void *owner), void *owner);        /* moves one that is set */
void timers_cancel(struct timers *timers, struct timer *timer); /* nothing when it is not set */
void timers_release(struct timers *timers);                     /* nothing may be set any more */

#endif
