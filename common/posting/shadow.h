/* Shadow mode (worker.shadow): everything but the writes to Prima, beside live workers or before
 * there are any.
 *
 * A shadow reads the flow's input under a group of its own (<group>.shadow), keeps its keys under a
 * prefix of its own in Redis
 * (<prefix>.<that group>), and writes to topics of its own (shadow.<results>, shadow.<in>.dlq,
 * shadow.<in>.retry.<delay>; no ledger): it shares nothing with live workers but the input and the
 * limit on Prima, in which it is a class of the least weight. What is the same is the code: claims,
 * duplicates, conflicts, decisions, retries, dead letters.
 *
 * A planned request is not stored as sent, and SENT is never entered: Prima is asked whether it has
 * the document's number (RESOLVING), and the key is finished as posted within the shadow's own world.
 * A crash before that leaves a claim whose lease ends; a crash after it finds `posted` and
 * publishes it again. Three things keep a write from leaving: its way through the life table has no
 * SENT, customers.c creates nobody, and the client refuses (prima/guard.h), which ends the process
 * as the defect it is.
 *
 * What was found out travels behind the flow's own summary in Redis, because the result may have to
 * be written after a crash. Loop thread only. */
#ifndef PRIMAFLOW_RUNTIME_SHADOW_H
#define PRIMAFLOW_RUNTIME_SHADOW_H

#include "posting/record.h"

enum { SHADOW_SEAL_SIZE = 84 };

/* The status of its document has answered: what would have been posted and whether Prima has it goes behind the
 * summary, and the record goes on. */
void shadow_compared(struct record *r, bool in_prima);

/* A summary of this shadow, taken apart. False: it has no seal (rebuilt after a loss), *ret_flow is
 * all of it. */
bool shadow_open(struct redis_bytes summary, struct redis_bytes *ret_flow,
                 struct flow_shadow *ret_shadow);

#endif
