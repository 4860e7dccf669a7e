/* The line before Prima: records whose request is ready leave in the order in which they became so, as many at a time as Prima has
 * connections for, and a few more whose request is just being stored. More are under way than that (worker.max_in_flight), so that a
 * connection never waits for a claim or a decision; and none waits with its request stored, for then its deadline runs. Loop thread only.
 */
#ifndef PRIMAFLOW_SEND_LINE_H
#define PRIMAFLOW_SEND_LINE_H

#include <stdbool.h>

struct record;
struct worker;

/* True: it is its turn. False: it stands in line, and act_store_request comes when it is. */
bool send_line_enter(struct record *r);

/* It has its answer, or does not send after all. Nothing when it had no turn. */
void send_line_leave(struct record *r);

/* Lets those go on whose turn it is. Those whose partition goes are put aside: whoever owns it next fetches them. */
void send_line_serve(struct worker *w);

#endif
