/* A denial (401, 403) of one told from a denial of all, by the cheapest read there is; see blame.h.
 * Loop thread only. */
#ifndef PRIMAFLOW_DENIAL_H
#define PRIMAFLOW_DENIAL_H

#include "posting/record.h"

/* Asks for its document's status when a denial has not yet been compared with a read; `done` (which
 * must call denial_compared first) gets the answer. False: there is nothing to compare, or it cannot
 * be asked. */
typedef void (*denial_done)(struct record *r, const struct prima_reply *reply);
bool denial_compare(struct record *r, denial_done done);
void denial_compared(struct record *r, const struct prima_reply *reply);

#endif
