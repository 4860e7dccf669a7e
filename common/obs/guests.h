/* Who is connected to a small server, the one that asked for something longest ago first: so that
 * whoever comes next finds room, however many connections are held open without a word. A probe
 * must be answered while a broken scraper, or somebody with time, holds hundreds.
 *
 * The caller owns the descriptors; a guest is forgotten with guests_leave, whether it was asked to
 * go or not. One thread. */
#ifndef PRIMAFLOW_OBS_GUESTS_H
#define PRIMAFLOW_OBS_GUESTS_H

#include <stddef.h>

struct guest {
    struct guest *before, *after;
    int fd;
};

struct guests {
    struct guest *first, *last; /* first: was active longest ago */
    size_t count, max;
};

void guests_init(struct guests *g, size_t max);

/* NULL: no memory, and nobody is known to have come. *ret_fd gets the descriptor of a guest that
 * has to go for it, and is counted no more; -1: there is room. */
struct guest *guests_come(struct guests *g, int fd, int *ret_fd);

void guests_ask(
    struct guests *g,
    struct guest *guest); /* it asked for something; accepts NULL, and one that had to go */
void guests_leave(struct guests *g, struct guest *guest); /* frees it; accepts NULL */

#endif
