/* A queue and a count; see send_queue.h. */
#include "posting/send_queue.h"

#include "posting/posting.h"

enum { FEW = 8 };

static bool has_room(const struct worker *w)
{
    return w->posting->send_queue.posting < w->posting->connections_max + FEW &&
           w->posting->send_queue.storing < w->posting->connections_max / 2 + FEW;
}

static void take_turn(struct record *r)
{
    r->send_queue.turn = TURN_STORES;
    r->worker->posting->send_queue.storing++;
}

bool send_queue_has_room(const struct worker *w)
{
    return w->posting->send_queue.first == NULL && has_room(w);
}

bool send_queue_acquire(struct record *r, void (*go)(struct record *))
{
    struct worker *w = r->worker;
    if (r->send_queue.turn != TURN_NONE)
        return true;
    if (send_queue_has_room(w)) {
        take_turn(r);
        return true;
    }
    record_ref(r);
    r->send_queue.acquired = go;
    r->send_queue.next = NULL;
    *w->posting->send_queue.last = r;
    w->posting->send_queue.last = &r->send_queue.next;
    return false;
}

void send_queue_stored(struct record *r)
{
    if (r->send_queue.turn != TURN_STORES)
        return;
    r->send_queue.turn = TURN_POSTS;
    r->worker->posting->send_queue.storing--;
    r->worker->posting->send_queue.posting++;
}

void send_queue_release(struct record *r)
{
    r->worker->posting->send_queue.storing -= r->send_queue.turn == TURN_STORES;
    r->worker->posting->send_queue.posting -= r->send_queue.turn == TURN_POSTS;
    r->send_queue.turn = TURN_NONE;
}

void send_queue_dispatch(struct worker *w)
{
    while (w->posting->send_queue.first != NULL) {
        struct record *r = w->posting->send_queue.first;
        const bool goes = r->dropped || r->partition->going || w->host.draining;
        if (!goes && !has_room(w))
            return;
        w->posting->send_queue.first = r->send_queue.next;
        if (w->posting->send_queue.first == NULL)
            w->posting->send_queue.last = &w->posting->send_queue.first;
        if (!record_unref(r) || goes)
            continue;
        take_turn(r);
        r->send_queue.acquired(r);
    }
}
