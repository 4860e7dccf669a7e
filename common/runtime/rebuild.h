/* After Redis was lost: its keys are made again from committed results (posted, cancelled), dead letters (parked) and retry topics
 * (deferral marks), read committed to their ends, and only then the marker is set that lets the fleet work. Blocking, in the pool. */
#ifndef PRIMAFLOW_REBUILD_H
#define PRIMAFLOW_REBUILD_H

#include "idempotency/redis_once.h"
#include "runtime/worker.h"

/* One rebuilds at a time. Nothing breaks when two do (each script of theirs may run twice), but it costs the fleet a start: so the lock, a
 * lease in Redis in the name of our slot, is taken here, renewed by rebuild_keys as it reads, and ends by itself with a holder that died.
 * -EBUSY: another one has it; -EIO. */
__attribute__((warn_unused_result)) int rebuild_lock(const struct worker *w, struct redis_once *redis);
__attribute__((warn_unused_result)) int rebuild_unlock(const struct worker *w, struct redis_once *redis);

/* Rebuilds for the incident of w->control, whose ends it extends to now, and sets the marker. -EIO (the world), -EAGAIN (give_up), -EBUSY
 * (we stood still for so long that another one has the lock: the work is its now). */
__attribute__((warn_unused_result)) int rebuild_keys(struct worker *w, struct redis_once *redis, char ret_message[static KAFKA_TEXT_MAX]);

size_t rebuild_input_names(const struct worker *w, const char *names[TOPICS_MAX]);
const char *rebuild_marker_name(const struct worker *w, char text[static 200]);
__attribute__((warn_unused_result)) int rebuild_set(struct redis_once *redis, const char *name, const char *value);

#endif
