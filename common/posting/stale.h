/* A key that somebody newer has written is not ours to touch: as a rule a rebalance is about to
 * take its partition from us. But a partition that stays ours for two sessions while Redis calls us
 * a ghost to one of its keys is ours in truth, and the fence in Redis is of another counting:
 * ops.control was lost, Kafka is a new one, another group wrote the same keys, or several workers
 * of a group that was made anew started at the same moment. Then a higher epoch is written to
 * ops.control, above all that is known and above the key's own fence, and the worker begins anew
 * under it. A ghost in truth does not come so far: it loses its partitions within a session of
 * being awake, and only time in which we were awake is counted. Loop thread. */
#ifndef PRIMAFLOW_STALE_H
#define PRIMAFLOW_STALE_H

#include <stdint.h>

struct record;

enum { STALE_REST_MS = 500 }; /* until the key is claimed again */

void stale_heard(struct record *r, int64_t fence); /* claim said so; `fence` is the key's */

#endif
