/* A slot: the stable identity of one process among its fleet. group.instance.id and transactional.id derive from it, so that a successor
 * takes over at once. Its lease in Redis keeps two processes of one slot from fencing each other in turns for ever; its epoch, checked by
 * every script, makes whoever had it before a ghost.
 *
 * A holder on this machine that is known dead (same boot, same process namespace, no such process any more) is not waited for. Blocking,
 * start-up. */
#ifndef PRIMAFLOW_SLOT_H
#define PRIMAFLOW_SLOT_H

#include "idempotency/redis_once.h"
#include "runtime/worker.h"

/* Fills w->slot_token and w->keys.slot_epoch. -EBUSY: another process kept it for slot.wait (message says who); -EIO: Redis went away. */
__attribute__((warn_unused_result)) int slot_take(struct worker *w, struct redis_once *redis, char ret_message[static KAFKA_TEXT_MAX]);

/* Renews the lease from when it is taken until the loop has renewed it once (w->slot_keeper_ends). Call on the loop, before slot_take. */
void slot_keep(struct worker *w);

/* Who we are, as the lease names it: boot/namespace/pid/start time. Is such a holder known to be dead? */
void slot_describe_self(char *text, size_t room);
bool slot_holder_is_dead(const char *holder);

#endif
