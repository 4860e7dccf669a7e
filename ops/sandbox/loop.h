/* The sandbox's one loop: descriptors to watch, timers to the microsecond, and signals that end it.
 *
 * Not libuv, whose timers count in whole milliseconds from the loop's last look at the clock: a
 * latency of 5 ms would come out as 4 to 6. Invariants: callbacks run one after the other, never
 * from inside a loop_* call; a timer that is set fires once. Ownership: timers and sources are
 * embedded in their owners and must be cancelled before those are freed. One thread. */
#ifndef SANDBOX_LOOP_H
#define SANDBOX_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop_timer {
    int64_t due_us;
    size_t place; /* 1-based in the heap; 0: not set */
    void (*fire)(struct loop_timer *timer);
};

struct loop_source {
    int fd;
    void (*run)(void *user); /* called when fd is readable or due has come */
    int64_t (*due_us)(
        void *user); /* when it wants to run without being readable; INT64_MAX: never */
    void *user;
};

struct loop;

struct loop *loop_new(
    void); /* NULL: no memory. SIGTERM and SIGINT end the loop from here on, SIGPIPE is ignored */
void loop_free(struct loop *loop);
__attribute__((warn_unused_result)) int loop_watch(
    struct loop *loop, const struct loop_source *source); /* copied; -ENOMEM */

/* Runs until a signal; `after` is called at the end of each round and says when it wants to be
 * called again (us; INT64_MAX: no matter). 0, or a negative errno of ppoll. */
__attribute__((warn_unused_result)) int loop_run(struct loop *loop, int64_t (*after)(void *user),
                                                 void *user);

int64_t loop_now_us(void); /* monotonic */

/* Sets or moves a timer. -ENOMEM. */
__attribute__((warn_unused_result)) int loop_timer_set(struct loop *loop, struct loop_timer *timer,
                                                       int64_t due_us);
void loop_timer_cancel(struct loop *loop,
                       struct loop_timer *timer); /* also of one that is not set */

#endif
