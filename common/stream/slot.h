/* A slot: the stable identity of one process among its fleet. group.instance.id and
 * transactional.id derive from it, so that a successor takes over at once. Its lease in Redis keeps
 * two processes of one slot from fencing each other in turns for ever; its epoch, checked by every
 * script, makes whoever had it before a ghost.
 *
 * A holder that is known dead (base/process.h) is not waited for. Blocking, start-up. */
#ifndef PRIMAFLOW_SLOT_H
#define PRIMAFLOW_SLOT_H

#include "idempotency/keys_once.h"
#include "stream/stream.h"

/* Fills w->slot_token, w->keys.slot_epoch and w->stream->fleet.former. -EBUSY: another process kept it for
 * slot.wait (message says who); -EIO: Redis went away. */
__attribute__((warn_unused_result)) int slot_take(struct worker *w, struct redis_once *redis,
                                                  char ret_message[static KAFKA_TEXT_MAX]);

/* Renews the lease from when it is taken until the loop has renewed it once (w->stream->fleet.slot_keeper_ends).
 * Call on the loop, before slot_take. */
void slot_keep(struct worker *w);

#endif
