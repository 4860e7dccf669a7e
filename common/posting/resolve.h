/* What is known of the senders of an unanswered request. Loop thread only. */
#ifndef PRIMAFLOW_RESOLVE_H
#define PRIMAFLOW_RESOLVE_H

struct record;

void resolve_look_at_senders(struct record *r); /* r->senders is new: who of them is over? */

#endif
