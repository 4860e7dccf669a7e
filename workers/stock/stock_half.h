/* One half of the stock worker, as its engine (stock_engine.h) sees it: what is made of the records of
 * some of the topics that it reads, partition by partition. Levels are made of stock.snapshots,
 * reservations of the topics of orders; each half is a table of functions, and neither knows the other.
 *
 * Invariants
 *   - A partition is one half's, from `assigned` to `revoked`; its `state` is that half's own. All
 *     that a half keeps hangs on partitions: one that is revoked is forgotten, one that is assigned
 *     is restored from Kafka before its first record (is_ready).
 *   - What leaves, leaves in the stream's transaction: messages by `collect`, with the offset behind
 *     the records that they come of. They belong to the half until `committed` or `aborted`, one of
 *     which follows each `collect` that gave records or messages, before the next one of that
 *     partition. After `aborted` the same is collected again, or what replaces it.
 *   - Between `collect` and its end records may come, and the state may move on: what was collected
 *     stays as it is.
 *   - A half decides nothing by when something arrives.
 * Nothing blocks. Loop thread only. */
#ifndef PRIMAFLOW_STOCK_HALF_H
#define PRIMAFLOW_STOCK_HALF_H

#include "domain/mappings/order_rules.h"
#include "stream/engine.h"

struct codec;
struct host;
struct stock_part;

/* What both halves work with; constant while the process lives, but for the rules. */
struct stock_tools {
    struct host *host; /* timers, configuration, the loop */
    struct codec *codec;
    const char *group; /* of consumers: in dead letters */
    /* Replaced by a reload, and the former ones freed: a half keeps no pointer into them behind
     * `reload`. */
    const struct order_rules *rules;
    /* Something of the partition can be collected: a transaction is due within commit.interval. */
    void (*settled)(struct stock_part *part);
};

/* One partition of one topic. The engine's, for as long as it is assigned. */
struct stock_part {
    const struct stock_tools *tools;
    const char *topic; /* its name */
    int32_t partition;
    void *state;               /* the half's */
    void *partition_of_stream; /* the engine's own */
};

/* For /status and gauges, summed over partitions. */
struct stock_report {
    const char
        *name; /* bounded, lower case, as metrics label it: "rows", "reservations", "orders" */
    int64_t value;
};
enum { STOCK_REPORTS_MAX = 16 };

struct stock_restore {   /* how far a partition's state is restored */
    int64_t read, left;  /* records; `left` as far as ends are known */
    const char *trouble; /* what keeps it from being read, for people; NULL: nothing */
};

struct stock_half {
    /* Its state is made, and begins to be restored. */
    void (*assigned)(struct stock_part *part);
    void (*revoked)(struct stock_part *part); /* all of it is forgotten */
    /* False: nothing of the partition is read now, for its state is being restored, or there is no
     * room (asked before each fetch, so that it is back-pressure, too). */
    bool (*is_ready)(const struct stock_part *part);
    /* Takes the record over (kafka_record_free or _move), in the order of offsets. */
    void (*record)(struct stock_part *part, struct kafka_record *record);
    /* engine.h; the records of a partition settle in the order of their offsets. count 0 with
     * messages: they leave though no record has settled. A half may give fewer records than have
     * settled, and gives them and their messages together: `most` bounds the records. */
    struct collected (*collect)(struct stock_part *part, size_t most, struct batch *batch);
    void (*committed)(struct stock_part *part, size_t count);
    void (*aborted)(struct stock_part *part, size_t count);
    bool (*refused)(struct stock_part *part, size_t message);
    struct engine_view (*look)(const struct stock_part *part);
    bool (*has_output)(const struct stock_part *part); /* engine.h */
    bool (*is_idle)(const struct stock_part *part); /* nothing waits to be collected or committed */
    /* Each tick of the loop (a quarter of a second), wall clock: what is due by time. NULL: nothing. */
    void (*tick)(struct stock_part *part, int64_t now_ms);
    /* tools->rules are others: the partition's state is brought up to them, at leisure. NULL. */
    void (*reload)(struct stock_part *part);
    void (*restore)(const struct stock_part *part, struct stock_restore *ret_restore);
    /* Adds its figures to those of the same name; room for STOCK_REPORTS_MAX. NULL. */
    void (*report)(const struct stock_part *part, struct stock_report reports[], size_t *count);
};

/* Adds a figure to the one of its name; beyond STOCK_REPORTS_MAX it is left out. */
void stock_report_add(struct stock_report reports[], size_t *count, const char *name,
                      int64_t value);

#endif
