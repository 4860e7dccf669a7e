/* What is to happen later: a heap of times on one libuv timer, so that a thousand waiting records cost one handle.
 * A wake belongs to its owner (embedded); it fires once; wakes_cancel before the owner dies. Loop thread only. */
#ifndef PRIMAFLOW_WAKES_H
#define PRIMAFLOW_WAKES_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct wake {
    int64_t at_ms; /* by clock_monotonic_ms */
    size_t place;  /* in the heap, from 1; 0: not set */
    void (*fire)(void *owner);
    void *owner;
};

struct wakes {
    uv_timer_t timer;
    struct wake **heap; /* [1..count] */
    size_t count, room;
    int64_t armed_ms; /* what the timer waits for; 0: it does not */
};

void wakes_init(struct wakes *wakes, uv_loop_t *loop);
void wakes_set(struct wakes *wakes, struct wake *wake, int64_t after_ms, void (*fire)(void *owner),
               void *owner);                               /* moves one that is set */
void wakes_cancel(struct wakes *wakes, struct wake *wake); /* nothing when it is not set */
void wakes_release(struct wakes *wakes);                   /* nothing may be set any more */

#endif
