/* Losses of Redis' state: noticing, waiting, rebuilding the keys, ending. The whole story is in startup.h; the records in control.h.
 * Blocking, in the pool. */
#ifndef PRIMAFLOW_INCIDENT_H
#define PRIMAFLOW_INCIDENT_H

#include "idempotency/redis_once.h"
#include "runtime/worker.h"

/* Returns 0 when this Redis may be worked with: w->keys.marker is set, and w->suspect says whether an incident is still open.
 * -EIO (the world; again on a new connection), -EAGAIN (give_up). */
__attribute__((warn_unused_result)) int incident_settle(struct worker *w, struct redis_once *redis, const struct redis_server *server,
                                                        char ret_message[static KAFKA_TEXT_MAX]);

#endif
