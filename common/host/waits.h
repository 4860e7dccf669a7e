/* What a worker waits for: said by /readyz, /status and the metric primaflow_waiting, also while it
 * starts, which may take as long as an outage does.
 *
 * Start-up runs in the pool and says at each step what it needs next, before it asks for it: a call
 * that hangs is seen as well as one that fails. Two threads share it, under its own lock. What a
 * running worker waits for follows from its pauses (status.c). */
#ifndef PRIMAFLOW_WAITS_H
#define PRIMAFLOW_WAITS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum wait {
#define WAIT(id, meaning) WAIT_##id,
#include "host/waits.def"
#undef WAIT
    WAITS,
    WAIT_NONE = WAITS
};

enum { WAIT_DETAIL_MAX = 300 };

struct waits {
    pthread_mutex_t lock;
    enum wait wait;
    int64_t since_ms; /* wall */
    char detail[WAIT_DETAIL_MAX];
};

struct wait_seen {
    enum wait wait; /* WAIT_NONE: nothing is waited for */
    int64_t since_ms;
    char detail[WAIT_DETAIL_MAX]; /* what was last said about it, a library's words; "": nothing */
};

const char *wait_name(enum wait wait);
const char *wait_meaning(enum wait wait);

void waits_init(struct waits *waits);
/* Any thread. Needs this now; the same as before changes nothing. */
void waits_begin(struct waits *waits, enum wait wait);
void waits_explain(struct waits *waits, const char *detail);
void waits_end(struct waits *waits);
void waits_look(struct waits *waits, struct wait_seen *ret_seen);

#endif
