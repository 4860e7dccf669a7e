/* The queue of those that may go on; see ready.h. */
#include "posting/ready.h"

#include "posting/posting.h"

void ready_init(struct ready_queue *queue)
{
    *queue = (struct ready_queue){.last = &queue->first};
}

void record_leave_flight(struct record *r)
{
    if (r->ready.is_in_flight) {
        r->ready.is_in_flight = false;
        r->worker->posting->ready.in_flight--;
    }
}

void record_make_ready(struct record *r, void (*resume)(struct record *))
{
    struct worker *w = r->worker;
    record_leave_flight(r); /* it waits in line from here on, whatever it did before */
    r->ready.resume = resume;
    if (r->ready.is_queued)
        return;
    r->ready.is_queued = true;
    r->ready.next = NULL;
    *w->posting->ready.last = r;
    w->posting->ready.last = &r->ready.next;
}

void record_leave_lane(struct record *r)
{
    struct record *next = lanes_leave(&r->worker->posting->lanes, &r->lane.item);
    if (next != NULL)
        record_make_ready(next, next->lane.at_head);
}

static void wake_up(void *owner)
{
    struct record *r = owner;
    record_make_ready(r, r->ready.resume);
}

void record_delay(struct record *r, int64_t ms, void (*resume)(struct record *))
{
    record_leave_flight(r);
    r->ready.resume = resume;
    timers_set(&r->worker->host.timers, &r->ready.timer, ms > 0 ? ms : 1, wake_up, r);
}

static struct record *ready_take(struct ready_queue *q)
{
    struct record *r = q->first;
    q->first = r->ready.next;
    if (q->first == NULL)
        q->last = &q->first;
    r->ready.is_queued = false;
    return r;
}

void ready_run(struct worker *w)
{
    struct ready_queue *q = &w->posting->ready;
    while (!w->leaving && q->first != NULL && q->in_flight < w->posting->in_flight_max) {
        struct record *r = ready_take(q);
        if (r->dropped) {
            if (r->held == 0)
                record_free(r);
            continue;
        }
        if (r->partition->going || w->host.draining)
            continue;
        if (!r->ready.is_in_flight) {
            r->ready.is_in_flight = true;
            q->in_flight++;
        }
        r->ready.resume(r);
    }
}
