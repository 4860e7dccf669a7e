/* Redis is not what it was: the loop's side of a loss. Loop thread only. */
#ifndef PRIMAFLOW_LOSS_H
#define PRIMAFLOW_LOSS_H

struct worker;

/* What has settled is committed, if that can begin within half a lease (the fleet's wait is longer
 * than that); everything else is dropped, and the worker starts over. */
void world_lost_redis(struct worker *w, const char *detail);
extern const char world_what_is_lost[]; /* when a script says "suspect" */

#endif
