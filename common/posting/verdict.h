/* What any script may say of a key, besides its own answer. Loop thread only. */
#ifndef PRIMAFLOW_VERDICT_H
#define PRIMAFLOW_VERDICT_H

#include "posting/record.h"

/* True: handled (Redis is lost, the slot is another's, the key is somebody else's), the caller
 * returns. */
bool claim_is_over(struct record *r, enum verdict verdict);

/* Of a record whose partition has gone, and of which nothing was sent: its claim goes back. It may be the
 * last that anybody hears of the key, where the delivery has ended elsewhere without leaving a record of
 * it. What a newer owner has claimed meanwhile stays that one's. Nothing follows. */
void verdict_give_back(struct record *r);

/* Tells Redis that a send of the record has ended, before its key is let go of. Nothing follows. */
void verdict_say_over(struct record *r);

#endif
