/* The loop's view of the world: Redis' connection, our slot, an open incident. Loop thread only. */
#ifndef PRIMAFLOW_WORLD_H
#define PRIMAFLOW_WORLD_H

#include "runtime/worker.h"

void world_remember_argv(char **argv); /* what worker_start_over runs again */

/* Redis is not what it was. What has settled is committed, if that can begin within half a lease (the fleet's wait is longer than that);
 * everything else is dropped, and the worker starts over. world_leave is called each turn. */
void world_lost_redis(struct worker *w, const char *detail);
void world_leave(struct worker *w);

/* hooks of redis.h */
bool world_on_redis_server(void *user, const struct redis_server *server);
void world_on_redis_answer(void *user, enum script script, int64_t took_ms);
void world_on_redis_lost(void *user, const char *reason);

void world_on_slot_renewed(void *user, const struct redis_reply *reply);

/* Asks in the pool whether the open incident is over; then w->suspect ends. Not while w->looking. */
void world_look_at_incident(struct worker *w);

#endif
