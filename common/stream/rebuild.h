/* After Redis was lost: its keys are made again from committed results (posted, cancelled), dead
 * letters (parked) and retry topics (deferral marks), read committed to their ends, and only then
 * the marker is set that lets the fleet work. Blocking, in the pool. */
#ifndef PRIMAFLOW_REBUILD_H
#define PRIMAFLOW_REBUILD_H

#include "idempotency/keys_once.h"
#include "stream/stream.h"

/* One rebuilds at a time. Nothing breaks when two do (each script of theirs may run twice), but it
 * costs the fleet a start: so the lock, a lease in Redis in the name of our slot, is taken here,
 * renewed by rebuild_keys as it reads, and ends by itself with a holder that died. -EBUSY: another
 * one has it; -EIO. */
__attribute__((warn_unused_result)) int rebuild_lock(const struct worker *w,
                                                     struct redis_once *redis);
__attribute__((warn_unused_result)) int rebuild_unlock(const struct worker *w,
                                                       struct redis_once *redis);

const char *rebuild_lock_name(const struct worker *w, char text[static 200]);

/* Rebuilds for the incident of w->stream->control, whose ends it takes anew, and sets the marker, which was
 * `marker`. -EIO (infrastructure), -EBUSY (we stood still for so long that another one has the
 * lock: the work is its now), -EAGAIN (Redis was lost once more, or give_up). */
__attribute__((warn_unused_result)) int rebuild_keys(struct worker *w, struct redis_once *redis,
                                                     const char *marker,
                                                     char ret_message[static KAFKA_TEXT_MAX]);

/* ... where there are no keys yet: the marker becomes `incident`, and with it what the ledger's tables
 * are compared with, where the flow has a ledger. Errors as of rebuild_mark; -EIO with ret_message. */
__attribute__((warn_unused_result)) int rebuild_nothing(struct worker *w, struct redis_once *redis,
                                                        const char *marker, const char *incident,
                                                        char ret_message[static KAFKA_TEXT_MAX]);

size_t rebuild_input_names(const struct worker *w, const char *names[TOPICS_MAX]);
const char *rebuild_marker_name(const struct worker *w, char text[static 200]);

/* The marker becomes another one ("": none), if it is what was seen ("": none) and our slot's epoch
 * is there. -EAGAIN: it is not; -EIO. */
__attribute__((warn_unused_result)) int rebuild_mark(const struct worker *w,
                                                     struct redis_once *redis, const char *seen,
                                                     const char *marker);

#endif
