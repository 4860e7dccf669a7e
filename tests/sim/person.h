/* A person at the command line, who amends orders while their refunds are under way, as `primaflow
 * amended` does: block, read the ledger, judge, commit, unblock. A process of its own, which is
 * killed and stopped as workers are, and begins what it did not end anew. */
#ifndef PRIMAFLOW_SIM_PERSON_H
#define PRIMAFLOW_SIM_PERSON_H

#include "codec/codec.h"
#include "sim.h"

void person_draw(struct codec *codec); /* behind refunds_draw */
_Noreturn void person_main(struct process *p);
bool person_is_done(void);

/* What an order comes to by its newest entry that is not blocked any more; and the least that it ever
 * came to. */
int64_t person_total(const char *order);
int64_t person_lowest(const char *order);

#endif
