/* Connections in the order of their last request; see guests.h. */
#include "obs/guests.h"

#include <stdlib.h>

static void take_out(struct guests *g, struct guest *guest)
{
    if (guest->before != NULL)
        guest->before->after = guest->after;
    else
        g->first = guest->after;
    if (guest->after != NULL)
        guest->after->before = guest->before;
    else
        g->last = guest->before;
    guest->before = guest->after = NULL;
    g->count--;
}

static void put_last(struct guests *g, struct guest *guest)
{
    guest->before = g->last;
    guest->after = NULL;
    if (g->last != NULL)
        g->last->after = guest;
    else
        g->first = guest;
    g->last = guest;
    g->count++;
}

static int is_here(const struct guests *g, const struct guest *guest)
{
    return guest->before != NULL || g->first == guest;
}

void guests_init(struct guests *g, size_t max)
{
    *g = (struct guests){.max = max};
}

struct guest *guests_come(struct guests *g, int fd, int *ret_fd)
{
    struct guest *guest = calloc(1, sizeof *guest);
    *ret_fd = -1;
    if (guest == NULL)
        return NULL;
    guest->fd = fd;
    if (g->count == g->max) {
        struct guest *oldest = g->first;
        *ret_fd = oldest->fd;
        take_out(g, oldest);
    }
    put_last(g, guest);
    return guest;
}

void guests_ask(struct guests *g, struct guest *guest)
{
    if (guest == NULL || !is_here(g, guest))
        return;
    take_out(g, guest);
    put_last(g, guest);
}

void guests_leave(struct guests *g, struct guest *guest)
{
    if (guest != NULL && is_here(g, guest))
        take_out(g, guest);
    free(guest);
}
