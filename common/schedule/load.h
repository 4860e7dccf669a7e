/* A job's load on Prima: each of its requests waits for a permit of the fleet's limit (limit.rate),
 * in a class of its own. Every class that asks gets its weight's share at least, and all that others
 * leave. Also obeys the fleet's pause (Retry-After), and begins one. Blocking; one thread a
 * connection. */
#ifndef PRIMAFLOW_SCHEDULE_LOAD_H
#define PRIMAFLOW_SCHEDULE_LOAD_H

#include "schedule/schedule_calls.h"

/* A permit. `goes_on` is asked every 50 ms: false ends the waiting. 0; -ECANCELED; -EIO: Redis. */
__attribute__((warn_unused_result)) int load_wait(struct redis_once *redis,
                                                  const struct load_call *load,
                                                  bool (*goes_on)(void *user), void *user);

#endif
