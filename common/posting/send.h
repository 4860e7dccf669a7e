/* `sent`, stored with the claim: what claim.c has of send.c. Loop thread only. */
#ifndef PRIMAFLOW_SEND_H
#define PRIMAFLOW_SEND_H

#include "posting/record.h"

/* The claim and `sent` as one step (idempotency/scripts/claimsent.lua), of a record that is
 * decided (decide_ahead) and has its turn. Its hold is `done`'s. */
void send_with_claim(struct record *r, redis_done done);

/* Redis answered SENT: bytes leave, or the same send is stored once more when that took too long. */
void send_stored(struct record *r, const struct redis_reply *reply);

#endif
