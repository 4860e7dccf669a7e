/* Losses of Redis' state: noticing, waiting, rebuilding the keys, ending. The whole story is in
 * startup.h; the records in control.h. Blocking, in the pool. */
#ifndef PRIMAFLOW_INCIDENT_H
#define PRIMAFLOW_INCIDENT_H

#include "redis/once.h"
#include "stream/stream.h"

/* Returns 0 when this Redis may be worked with: w->keys.marker is set, and w->stream->trust.is_suspect says whether
 * an incident is still open. -EIO (infrastructure; retry on a new connection), -EAGAIN (give_up),
 * -E2BIG (more partitions than an incident can hold). */
__attribute__((warn_unused_result)) int incident_settle(struct worker *w, struct redis_once *redis,
                                                        const struct redis_server *server,
                                                        char ret_message[static KAFKA_TEXT_MAX]);

/* Blocking, in the pool: is the open incident over? Clears it when every offset below its ends is
 * committed. True: it is over. */
bool incident_is_over(struct worker *w);

#endif
