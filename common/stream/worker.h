/* One worker: a program that reads topics. Its host (host.h), and the two that live on that: the
 * stream (partitions and transactions, stream.h) and its engine (worker_engine.h). Its fields
 * are the runtime's own; nobody outside includes this. */
#ifndef PRIMAFLOW_WORKER_H
#define PRIMAFLOW_WORKER_H

#include "base/process.h"
#include "host/host.h"
#include "idempotency/keys.h"
#include "stream/worker_engine.h"

struct codec;
struct flow;
struct posting;
struct stream;

struct worker {
    struct host host; /* the first: a host of ours is a worker's */
    const struct flow *flow;
    char instance[240], slot_token[PROCESS_NAME_MAX];
    struct stream *stream;
    struct worker_engine engine;
    void *engine_state;      /* its own, for the whole worker */
    struct posting *posting; /* the posting engine's, by its name; of another engine NULL */

    /* what several of the two use */
    struct codec *codec;
    struct redis *redis;
    struct keyspace keys;
    struct { /* that the fleet relies on: configuration, read once */
        int64_t lease_ms, margin_ms, ttl_ms, deferral_life_ms;
        int64_t window_ms; /* until when a document that was sent may be applied */
        int64_t write_ms;  /* ... and anything that this flow sends, accounts included */
    } times;

    bool shadow;  /* worker.shadow: nothing is written to Prima */
    bool leaving; /* Redis was lost: commit what has settled, then start over */
    int64_t leave_by_ms;
};

static inline struct worker *worker_of(struct host *h)
{
    return (struct worker *)h;
}

#endif
