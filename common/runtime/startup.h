/* Before the first record: everything that must be true, found out one after the other, blocking, in the pool, while the loop already
 * answers /livez.
 *
 *   1. Kafka has every topic, and the keys are kept longer than the topics (or a key could be forgotten while its record is still there).
 *   2. Redis answers and evicts nothing.
 *   3. Our slot is ours.
 *   4. Our transactional id is ours: a predecessor's open transaction is ended.
 *   5. Redis is what it was: its run id and its marker are those of the last cleared incident. Otherwise *suspect mode*:
 *      an incident is opened in ops.control (or the open one joined), one maximum lease passes in which nobody can be sending any more,
 * somebody rebuilds the keys from committed results and dead letters and sets the marker; then records are worked on, but each is resolved
 * against Prima before its first send, until everything below the incident's ends is committed. Because a worker that notices starts over
 * as a new process, all its partitions enter this together, and nothing that was not committed survives. */
#ifndef PRIMAFLOW_STARTUP_H
#define PRIMAFLOW_STARTUP_H

#include "runtime/worker.h"

/* Begins; `done` is called on the loop. On failure w->exit_code is set and worker_fail was called. */
void startup_begin(struct worker *w, void (*done)(struct worker *w));

/* Blocking, in the pool: is the open incident over? Clears it when every offset below its ends is committed. True: it is over. */
bool startup_incident_is_over(struct worker *w);

#endif
