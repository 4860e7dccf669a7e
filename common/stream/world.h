/* The loop's view of the world: Redis' connection, our slot, an open incident. Loop thread only. */
#ifndef PRIMAFLOW_WORLD_H
#define PRIMAFLOW_WORLD_H

#include "stream/stream.h"

/* hooks of redis.h */
bool world_on_redis_server(void *user, const struct redis_server *server);
void world_on_redis_answer(void *user, const struct redis_script *script, int64_t took_ms);
void world_on_redis_lost(void *user, const char *reason);

void world_on_slot_renewed(void *user, const struct redis_reply *reply);

/* Asks in the pool whether the open incident is over; then w->stream->trust.is_suspect ends. Not while w->stream->trust.check_is_running.
 */
void world_look_at_incident(struct worker *w);

#endif
