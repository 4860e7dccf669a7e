/* What the shards (reservation_shard.h) of one process share, and the shards themselves by partition.
 *
 * It lives as long as there is a shard, or something of it is in the pool: who comes back from there
 * finds it, and no shard that is gone. Loop thread only. */
#ifndef PRIMAFLOW_RESERVATION_PROCESS_H
#define PRIMAFLOW_RESERVATION_PROCESS_H

#include "host/host.h"
#include "obs/log_limit.h"
#include "stock_follow.h"
#include "stock_half.h"

struct reservation_shard;

struct reservation_process {
    struct reservation_process *next;
    const struct stock_tools *tools;
    struct stock_follow *follow; /* stock.orders; NULL: not yet */
    struct reservation_shard **shards;
    size_t count, room;
    struct log_limit limit;
    unsigned in_pool;         /* questions there */
    bool is_fetching;         /* ... for a schema */
    struct timer fetch_again; /* the registry did not answer */
    bool is_mending;          /* ... for events of orders with gaps */
    int64_t mend_from_ms;     /* monotonic: not before, for Kafka did not answer */
    /* A schema has come, or may be asked for again. */
    void (*resume)(struct reservation_shard *shard);
};

struct reservation_process *reservation_process_of(const struct stock_tools *tools);
void reservation_process_add(struct reservation_process *process, struct reservation_shard *shard);
void reservation_process_remove(struct reservation_process *process,
                                struct reservation_shard *shard);

/* Nobody is there any more, and nothing in the pool: it goes. */
void reservation_process_consider(struct reservation_process *process);

#endif
