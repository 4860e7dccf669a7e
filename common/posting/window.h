/* What is in hand: records that were read and not committed, and how many more may be read. This file
 * alone writes it. Loop thread only. */
#ifndef PRIMAFLOW_WINDOW_H
#define PRIMAFLOW_WINDOW_H

#include <stdbool.h>
#include <stddef.h>

struct worker;

struct window {
    size_t buffered, bytes; /* read and not committed */
    size_t unsettled;       /* of those */
};

void window_fetched(struct window *window, size_t bytes);
void window_settled(struct window *window);
/* Committed, or dropped. */
void window_let_go(struct window *window, size_t bytes, bool has_settled);

/* engine.h: how many records may be read now. */
size_t window_room(const struct worker *w);

#endif
