/* A decision before its claim: what claim.c has of decide.c. Loop thread only. */
#ifndef PRIMAFLOW_DECIDE_H
#define PRIMAFLOW_DECIDE_H

#include <stdbool.h>

struct record;

/* Decides by what this process knows now, and keeps the plan (record.decision.plan): nothing follows
 * from it before the key is the record's. True: it is to be sent. */
bool decide_ahead(struct record *r);

/* That plan is stored in Redis as sent: it is the record's decision from here on. */
void decide_is_sent(struct record *r);

#endif
