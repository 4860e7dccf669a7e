/* Prima's HTTP side: takes SOAP calls, has them applied together, answers each when its time has
 * come, or misbehaves as told.
 *
 * A call's life: read whole -> hostility chosen -> applied in the open transaction (or later, or
 * never) -> asleep until it is due -> committed with all that came meanwhile -> answered. No thread
 * waits: a sleeping call is a suspended connection and a timer.
 *
 * Invariants
 *   - No answer leaves before what it reports is committed: a kill -9 takes nothing back that was
 *     answered.
 *   - Every call that was read whole has a row in requests, with the reply made for it, whatever
 *     leaves.
 *   - What was applied is committed within COMMIT_WITHIN_US, answered or not.
 * One thread: the loop's. */
#ifndef SANDBOX_SERVER_H
#define SANDBOX_SERVER_H

#include "faults.h"
#include "latency.h"
#include "loop.h"
#include "request.h"

enum { STATS_TYPES_MAX = 24, STATS_TYPE_NAME_MAX = 40 };

struct stats {
    struct stats_of_type {
        char type[STATS_TYPE_NAME_MAX];
        int64_t received, applied, read, refused, malformed, not_applied, duplicates, seconds,
            faults;
    } types[STATS_TYPES_MAX]; /* the last one gathers what has no room: type "(other)" */
    size_t type_count;
    int64_t in_flight, in_flight_max, connections, commits;
};

struct capacity {
    int64_t per_second; /* 0: no limit */
    int status;         /* beyond it: 503 or 429, with Retry-After: 1 */
};

struct server;

/* What the server works with; it owns none of it. Latency, capacity and the ledger's settings may
 * change between calls. */
struct server_world {
    struct loop *loop;
    struct ledger *ledger;
    struct faults *faults;
    struct latency latency;
    struct capacity capacity;
    struct stats stats;
};

/* `address` is "HOST:PORT", "PORT" or "[V6]:PORT"; port 0 picks a free one. -EINVAL: no address;
 * else why it cannot be bound. */
__attribute__((warn_unused_result)) int server_new(struct server_world *world, const char *address,
                                                   struct server **ret_server);
void server_free(struct server *server);                 /* ends all connections; accepts NULL */
const char *server_address(const struct server *server); /* "127.0.0.1:40123" */
size_t server_connections(const struct server *server);

/* For the end of each round of the loop: commits when it is time; says when to be asked again. */
int64_t server_after(void *server);

#endif
