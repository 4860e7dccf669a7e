/* Keys in Redis, made again from what was committed, because a person asks for it: before a replay of
 * records whose keys Redis has let go of (idempotency.ttl), or that somebody deleted.
 *
 * Refused while workers of the flow are in their group: they would claim keys that are not back yet. What
 * holds workers off that start meanwhile is the marker, as in an incident (common/stream/rebuild.h): it
 * says that it is under way, so that they wait, or open an incident and do it all themselves. So a
 * process that dies here leaves nothing that a second run, or a worker's start, does not put right. A loss
 * of Redis is not this command's: workers see it, and rebuild by themselves.
 *
 * What Redis has of a key stays, where a result does not say that it was posted. One thread. */
#ifndef PRIMAFLOW_OPS_REPLAY_REBUILD_H
#define PRIMAFLOW_OPS_REPLAY_REBUILD_H

#include "core/context.h"

struct replay_rebuilt {
    int64_t restored;   /* states that were given to Redis */
    int64_t kept;       /* parked or cancelled in the topics, and known to Redis: left as it was */
    int64_t unreadable; /* results that could not be decoded: their keys stay forgotten */
};

struct replay_rebuild_options {
    const char *who, *reason;
    void (*seen)(void *user, const struct replay_rebuilt *so_far); /* now and then; NULL: none */
    void *user;
};

/* OPS_DATA: workers are at work, another one rebuilds, or Redis is not as the workers left it.
 * OPS_UNAVAILABLE: Kafka or Redis does not answer; run it again. */
__attribute__((warn_unused_result)) enum ops_kind replay_rebuild(
    struct ops *ops, const struct flow *flow, const struct replay_rebuild_options *options,
    struct replay_rebuilt *ret_rebuilt, struct ops_error *ret_error);

#endif
