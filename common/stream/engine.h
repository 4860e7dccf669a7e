/* What the stream (partitions, transactions) needs of an engine, whatever that makes of the
 * records: the stream reads partitions and commits what has settled, the engine works in
 * between. Everything on the loop's thread; nothing here blocks. */
#ifndef PRIMAFLOW_ENGINE_H
#define PRIMAFLOW_ENGINE_H

#include "kafka/kafka.h"

struct worker;
struct partition;

/* The messages of one transaction. They belong to the engine until it is told how it ended. */
struct batch {
    const struct kafka_message **messages;
    size_t count, room;
};
void batch_add(struct batch *batch, const struct kafka_message *message);

/* What can be seen of a partition from outside. */
struct engine_view {
    size_t count;         /* records read and not committed */
    int64_t first_offset; /* of the first of them; -1: none */
    bool has_settled;     /* ... it can be committed */
};

/* What collect found: `count` records, and the offset behind the last of them. */
struct collected {
    size_t count;
    int64_t next;
    bool is_all; /* nothing is left behind them */
};

struct engine {
    /* What became of each of its keys is kept in Redis, and nothing of it may ever happen twice: a
     * Redis that lost something is an incident (incident.h), and deliveries that come again are
     * looked up first (ended.h). False: it has nothing in Redis but its slot. */
    bool keeps_keys;

    void (*assigned)(struct partition *p);
    /* NULL: always. False: nothing of the partition is read now, for what it keeps of it is not
     * there yet, or it has no room for more; the others go on. Asked before each fetch. */
    bool (*is_ready)(const struct partition *p);
    /* How many records may be read now. */
    size_t (*room)(const struct worker *w);
    /* Takes the records over, in the order of their offsets. */
    void (*records)(struct partition *p, struct kafka_record raw[], size_t count);
    /* NULL: never. Messages of the partition wait that belong to no record: they leave in the
     * next transaction, if need be without a record, so that collect may add messages and return
     * none. Asked in each turn; false once they are in a batch, until that is aborted. While a
     * partition is being given back it is collected for as long as worker.drain_deadline, and no
     * longer. */
    bool (*has_output)(const struct partition *p);
    /* The settled prefix, `most` records of it at most (which may be none), and what has_output
     * spoke of, into the transaction that begins. */
    struct collected (*collect)(struct partition *p, size_t most, struct batch *batch);
    /* How it ended, for the first `count` records of the partition (0: none of it had settled, or
     * only its position was committed) and for the messages beside them. */
    void (*committed)(struct partition *p, size_t count);
    void (*aborted)(struct partition *p, size_t count);
    /* Alone, its message of this index was refused for its size. False: nothing smaller can be
     * said instead; it is tried again, less and less often. */
    bool (*refused)(struct partition *p, size_t message);
    /* The partition goes, and all that was not committed is forgotten. */
    void (*revoked)(struct partition *p);
    void (*turn)(struct worker *w); /* before the loop sleeps: starts what may start */
    void (*tick)(struct worker *w, int64_t now_ms); /* now and then */
    void (*reload)(struct worker *w);               /* mappings, again */
    /* The worker ends, and waits no longer for what is under way. */
    void (*abandon)(struct worker *w);
    bool (*is_finishing)(const struct worker *w); /* something of its own is still to end */
    /* A pause has ended: its time is not the records'. */
    void (*resumed)(struct worker *w, int64_t pause_ms);
    size_t (*in_flight)(const struct worker *w); /* at work */
    struct engine_view (*look)(const struct partition *p);
    bool (*is_under_way)(const struct partition *p); /* what has not settled waits for an answer */
    bool (*is_idle)(const struct partition *p);      /* nothing waits, nothing has settled */
};

#endif
