/* What Prima's answers say about Prima itself and about the record that was answered: metrics, the
 * breaker, the fleet's pause, blame. Loop thread only. */
#ifndef PRIMAFLOW_OUTCOMES_H
#define PRIMAFLOW_OUTCOMES_H

#include "posting/posting.h"

/* Each answer to a request of this record, once. */
void outcomes_count(struct record *r, enum prima_type type, const struct prima_reply *reply);

/* The same without taking the probe: what follows needs something else first. */
bool outcomes_are_forbidden(struct record *r, enum prima_type type);
/* True: requests of this type fail for everybody, and it is not this record's turn
 * to probe; r->wait_ms says how long. */
bool outcomes_must_wait(struct record *r, enum prima_type type);

#endif
