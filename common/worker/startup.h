/* Before the first record: everything that must be true, found out one after the other, blocking,
 * in the pool, while the loop already answers /livez.
 *
 *   1. Kafka has every topic, those that lie beside each other have as many partitions, and the
 *      keys are kept longer than the topics (or a key could be forgotten while its record is still
 *      there).
 *   2. Redis answers, evicts nothing, and is no replica.
 *   3. Our slot is ours.
 *   4. Our transactional id is ours: a predecessor's open transaction is ended.
 *   5. Redis is what it was. Its marker is the last incident's; and it is the server that the fleet
 *      works with, or everybody is accounted for (roll_call.h). Otherwise *suspect mode*: an
 *      incident is opened in ops.control (or the open one joined); everybody hears of it, or stops
 *      sending (watch.h); one maximum lease passes in which nobody can be sending any more;
 *      somebody rebuilds the keys from committed results and dead letters and sets the marker; then
 *      records are worked on, but each is resolved against Prima before its first send, until
 *      everything below the incident's ends is committed. Because a worker that notices starts over
 *      as a new process, all its partitions enter this together, and nothing that was not committed
 *      survives.
 *   6. ops.control knows that we are in our slot (fleet.h).
 *
 * An engine that keeps no keys in Redis (engine.h) has only its slot there: it skips what is
 * asked of keys, and 5. */
#ifndef PRIMAFLOW_STARTUP_H
#define PRIMAFLOW_STARTUP_H

#include "stream/stream.h"

/* Begins; `done` is called on the loop. On failure w->host.exit_code is set and host_fail was
 * called. */
void startup_begin(struct worker *w, void (*done)(struct worker *w));

#endif
