/* Who goes on, and when: records that may go on now stand in a queue, of which so many are at work
 * at once (worker.max_in_flight); the others wait for a time, for the head of their lane, or for an
 * answer. This file alone writes the queue and counts those in flight. Loop thread only. */
#ifndef PRIMAFLOW_READY_H
#define PRIMAFLOW_READY_H

#include <stddef.h>
#include <stdint.h>

struct record;
struct worker;

struct ready_queue {
    struct record *first, **last; /* linked by ready.next */
    size_t in_flight;             /* at work: out of the queue, and not settled */
};

void ready_init(struct ready_queue *queue);

/* Lets those go on for whom there is room. The dropped are freed; those whose partition goes, or
 * all while the worker drains, are put aside: whoever owns it next fetches them. */
void ready_run(struct worker *w);

/* Goes on in `resume` when there is room among those in flight, or after a while. */
void record_make_ready(struct record *r, void (*resume)(struct record *));
void record_delay(struct record *r, int64_t ms, void (*resume)(struct record *));

/* It is not among those in flight any more, if it was. */
void record_leave_flight(struct record *r);

/* Out of its lane: whoever comes to the head goes on. */
void record_leave_lane(struct record *r);

#endif
