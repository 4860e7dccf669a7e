/* A queue and a count; see send_line.h. */
#include "runtime/send_line.h"

#include "runtime/worker.h"

enum { FEW = 8 };

static bool has_room(const struct worker *w)
{
    return w->posting < w->connections_max + FEW && w->storing < w->connections_max / 2 + FEW;
}

static void take_turn(struct record *r)
{
    r->turn = TURN_STORES;
    r->worker->storing++;
}

bool send_line_enter(struct record *r)
{
    struct worker *w = r->worker;
    if (r->turn != TURN_NONE)
        return true;
    if (w->line == NULL && has_room(w)) {
        take_turn(r);
        return true;
    }
    record_hold(r);
    r->line_next = NULL;
    *w->line_last = r;
    w->line_last = &r->line_next;
    return false;
}

void send_line_stored(struct record *r)
{
    if (r->turn != TURN_STORES)
        return;
    r->turn = TURN_POSTS;
    r->worker->storing--;
    r->worker->posting++;
}

void send_line_leave(struct record *r)
{
    r->worker->storing -= r->turn == TURN_STORES;
    r->worker->posting -= r->turn == TURN_POSTS;
    r->turn = TURN_NONE;
}

void send_line_serve(struct worker *w)
{
    while (w->line != NULL) {
        struct record *r = w->line;
        const bool goes = r->dropped || r->partition->going || w->draining;
        if (!goes && !has_room(w))
            return;
        w->line = r->line_next;
        if (w->line == NULL)
            w->line_last = &w->line;
        if (!record_let_go(r) || goes)
            continue;
        take_turn(r);
        act_store_request(r);
    }
}
