/* What any script may say of a key, besides its own answer. Loop thread only. */
#ifndef PRIMAFLOW_VERDICT_H
#define PRIMAFLOW_VERDICT_H

#include "posting/record.h"

/* True: handled (Redis is lost, the slot is another's, the key is somebody else's), the caller
 * returns. */
bool claim_is_over(struct record *r, enum verdict verdict);

/* Tells Redis that a send of the record has ended, before its key is let go of. Nothing follows. */
void verdict_say_over(struct record *r);

#endif
