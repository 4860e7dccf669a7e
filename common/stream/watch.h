/* ops.control, watched while we work: an incident that somebody else opened is ours, too.
 *
 * A script tells a worker that *its* Redis has changed. It cannot tell when there are two: after a
 * failover that reached only some of us, the others go on with the old master, whose marker and
 * records are all good, and both would send. Kafka is where we all meet, so:
 *   - each worker asks for the end of ops.control three times within watch_bound_ms, and reads it
 *     when it moved;
 *   - whoever finds an incident that is not its own leaves, and starts over;
 *   - whoever has not heard of ops.control for watch_bound_ms sends nothing, neither to Prima nor
 *     to Redis, and commits nothing (PAUSE_KAFKA): what it would find in a Redis that the others
 *     have left, and publish, may be wrong. So within watch_bound_ms of an incident's opening
 *     everybody has heard of it or has stopped sending, and that is what the fleet's wait begins
 *     with (incident.c).
 * Loop thread only. */
#ifndef PRIMAFLOW_WATCH_H
#define PRIMAFLOW_WATCH_H

#include "stream/stream.h"

int64_t watch_bound_ms(
    const struct worker *w); /* slot.lease, but no less than a busy machine needs. Any thread */

void watch_tick(struct worker *w); /* often */

/* Nothing was heard for too long: no answer of our Redis is to be believed, for it may be the one
 * that the others have left. */
bool watch_is_deaf(const struct worker *w);

/* May something be sent to Prima that it acts on? */
bool watch_may_send(const struct worker *w);

#endif
