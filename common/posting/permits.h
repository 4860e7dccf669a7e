/* Permits in hand: what Redis gave this process of the fleet's limit (limit.rate), each with the
 * time from which it may be used.
 *
 * Redis gives a batch before its time, so that nobody asks in vain: about what 100 ms let through,
 * two at least. The next batch is asked for shortly before the last permit of this one is due,
 * which keeps the flow even; and only for so many as wait, so that few are left over. One that is
 * left over may be used for a while and is lost then: kept for longer, it would become part of a
 * burst beyond the limit.
 *
 * No clock and no Redis of its own: times are given, monotonic microseconds. Loop thread only. */
#ifndef PRIMAFLOW_PERMITS_H
#define PRIMAFLOW_PERMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PERMIT_BATCHES_MAX = 4,
    /* a batch is asked for so long before the last one's last permit is due: an answer of Redis', a
     * turn of the loop */
    PERMITS_AHEAD_US = 20000,
    PERMIT_LIFE_US = 1000000, /* from its time on */
    PERMIT_FRESH_US =
        25000 /* that no pause held then is believed for so long without asking again */
};

struct permit_batch {
    size_t count;
    int64_t next_us, each_us; /* when the first of those left may be used; between two */
};

struct permits {
    struct permit_batch batches[PERMIT_BATCHES_MAX]; /* the oldest first; count 0: none */
    bool is_asking;
    int64_t not_before_us; /* a pause, or a long queue: nothing goes and nobody asks until then */
    int64_t heard_us;      /* when Redis last said that there is no pause */
    /* when the last batch was asked for; how long after that its first permit was due */
    int64_t asked_us, lead_us;
};

size_t permits_in_hand(const struct permits *p);

/* One that is due, if nothing holds it up. */
bool permits_take(struct permits *p, int64_t now_us);
/* It was not used: it may be at once. */
void permits_give_back(struct permits *p, int64_t now_us);

/* How many to ask Redis for now, when `waiting` wait; 0: do not ask. */
size_t permits_to_ask(const struct permits *p, size_t waiting, int64_t now_us);
void permits_asked(struct permits *p, int64_t now_us);
/* The answer: `count` permits, the first due `first_us` from now (or before now), the others
 * `each_us` behind each other. */
void permits_got(struct permits *p, size_t count, int64_t first_us, int64_t each_us,
                 int64_t now_us);
/* Nothing goes for so long; also news from elsewhere (Retry-After). */
void permits_hold(struct permits *p, int64_t us, int64_t now_us);
void permits_not_answered(struct permits *p); /* the question is off the table */

/* When there is something to do for those who wait: a permit is due, a question is to be asked, a
 * pause is over. INT64_MAX: an answer will tell. */
int64_t permits_next_us(const struct permits *p, int64_t now_us);

#endif
