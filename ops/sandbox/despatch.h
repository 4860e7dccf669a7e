/* A warehouse at work: parcels of an order leave. One thread. */
#ifndef SANDBOX_DESPATCH_H
#define SANDBOX_DESPATCH_H

#include <jansson.h>

#include "ledger.h"

/* A new despatch_number: the lines that `body` names, or all that remains, leave the shelf, and the
 * order is Despatched, or Part Despatched while something remains. One that is there: what `body` has
 * of it replaces what it had. NULL; else what is wrong, a constant, and nothing changed. */
const char *despatch_take(struct ledger *ledger, json_t *body);

#endif
