/* What the files of a table share; nobody else includes it. */
#ifndef PRIMAFLOW_KTABLE_INTERNAL_H
#define PRIMAFLOW_KTABLE_INTERNAL_H

#include "kafka/tail.h"
#include "table/key_index.h"
#include "table/ktable.h"
#include "table/reading.h"
#include "table/value_cache.h"

/* One partition, from its first follower to KTABLE_LINGER_MS after its last one. */
struct ktable_part {
    struct ktable *table;
    int32_t id;
    unsigned followers;
    unsigned epoch;            /* another one: what was read before counts no more */
    struct kafka_queue *queue; /* NULL: not being read at the moment */
    struct key_index index;
    int64_t read_to; /* -1: not known */
    bool is_restored;
    char trouble[KAFKA_TEXT_MAX]; /* why it is not being read; "": it is */
    struct timer again;           /* it is read again */
    struct timer linger;
};

struct ktable_find; /* who waits for an answer: find.h */
struct ktable_finds {
    struct ktable_find *first, **last;
    struct timer late;
};

struct ktable {
    struct host *host;
    char topic[160];
    ktable_group_of group_of;
    struct kafka_tail *tail;
    int wake_fd;
    uv_poll_t wake;
    struct timer beat;
    struct ktable_part **parts; /* by partition; NULL: not followed */
    size_t part_room;
    unsigned epochs;
    int64_t strange; /* records whose key is of no group */
    struct value_cache values;
    struct table_reader reader;
    struct ktable_finds finds;
    bool is_freed, is_wake_closed;
};

static inline struct ktable_part *ktable_part(const struct ktable *t, int32_t partition)
{
    return partition >= 0 && (size_t)partition < t->part_room ? t->parts[partition] : NULL;
}

#endif
