/* The line before Prima: records whose request is ready leave in the order in which they became so.
 * More are under way than Prima has connections for (worker.max_in_flight), so that a connection
 * never waits for a claim or a decision. A request is stored only when it is about to have a
 * connection, for from then on its deadline runs:
 *   - at most as many as there are connections, and a few, are stored and not yet answered;
 *   - at most half as many, and a few, are just being stored. Where Prima answers within a few
 *     times what a script takes, that many are needed; where it is slow, hardly one at a time finds
 *     room.
 * Loop thread only. */
#ifndef PRIMAFLOW_SEND_QUEUE_H
#define PRIMAFLOW_SEND_QUEUE_H

#include <stdbool.h>

struct record;
struct worker;

/* Whether one that enters now has its turn at once. */
bool send_queue_has_room(const struct worker *w);

/* True: it is its turn. False: it stands in line, and `go` comes when it is. */
bool send_queue_acquire(struct record *r, void (*go)(struct record *));

/* Its request is stored: it goes to a connection. */
void send_queue_stored(struct record *r);

/* It has its answer, or does not send after all. Nothing when it had no turn. */
void send_queue_release(struct record *r);

/* Lets those go on whose turn it is. Those whose partition goes are put aside: whoever owns it next
 * fetches them. */
void send_queue_dispatch(struct worker *w);

#endif
