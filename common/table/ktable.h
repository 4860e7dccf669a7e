/* A table from a compacted topic: the newest record of each key, found by the group of its key (all
 * keys with one beginning, as of an order and its refunds). Read anew from Kafka by each process and
 * kept up; nothing is stored, and nothing is written.
 *
 * Invariants
 *   - An answer has all of the group or nothing: each key's newest record, if that lies below the
 *     answer's read_to. Of a key whose newest record lies behind it, the answer has an older one or
 *     none, for compaction does not wait for readers: whoever decides must know of what is newer
 *     from elsewhere (or that there is nothing), and compare read_to with that place.
 *   - Memory: an index of each key's newest offset (some 70 bytes a key), and the values that were
 *     read last, up to table.cache. All other values are read from Kafka when they are asked for,
 *     in the pool, one reading at a time.
 *   - Keys are told apart by their digest, groups by the keys themselves.
 *   - What cannot be read is never taken for absent. A record counts as deleted only behind a
 *     tombstone, or when the partition now begins behind it.
 *   - A topic that was cut (its end fell below what was read) is read anew from its beginning.
 *
 * read_to is the next offset to be read, transaction markers counted: whoever compares it with a
 * place behind a record need not know of markers. It may fall when a partition is read anew.
 *
 * Names are Kafka's own (KTable), for base/table.h is something else. Loop thread only. */
#ifndef PRIMAFLOW_KTABLE_H
#define PRIMAFLOW_KTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/host.h"
#include "kafka/kafka.h"

struct ktable;

/* How many bytes of a key are its group, at most `size`; 0: the key is of none, and its record is
 * left out (counted as strange). Pure. */
typedef size_t (*ktable_group_of)(const void *key, size_t size);

/* Connects to nobody yet. `topic` is copied. -EINVAL: librdkafka refuses a property of the
 * configuration. */
__attribute__((warn_unused_result)) int ktable_new(struct host *h, const char *topic,
                                                   ktable_group_of group_of,
                                                   struct ktable **ret_table,
                                                   char ret_message[static KAFKA_TEXT_MAX]);

/* Who waits for an answer gets none any more. The loop lets go of it in its next turns; what the
 * pool has is waited for there. Accepts NULL. */
void ktable_free(struct ktable *t);

/* Reads a partition from its beginning and keeps it up until it was left as often as it was followed,
 * and for KTABLE_LINGER_MS then: a partition that a rebalance takes and gives again is not read
 * anew. */
enum { KTABLE_LINGER_MS = 30000 };
void ktable_follow(struct ktable *t, int32_t partition);
void ktable_leave(struct ktable *t, int32_t partition);

/* The next offset to be read; -1: nothing was heard of the partition yet, or nobody follows it. */
int64_t ktable_read_to(const struct ktable *t, int32_t partition);
/* Its end as last heard: open transactions count, so read_to may stand below it for as long as they
 * are open. -1: not known. For progress, not for decisions. */
int64_t ktable_end(const struct ktable *t, int32_t partition);
/* Has the end been reached since it was followed? */
bool ktable_is_restored(const struct ktable *t, int32_t partition);
/* What keeps it from being read, for people; valid until the next turn of the loop. NULL: nothing. */
const char *ktable_trouble(const struct ktable *t, int32_t partition);

/* ---- looking up ---- */

enum ktable_how {
    KTABLE_FOUND,   /* count may be 0: the table has nothing of the group */
    KTABLE_AWAY,    /* Kafka does not answer: later, perhaps */
    KTABLE_REFUSED, /* Kafka refuses: rights, properties */
    KTABLE_GONE,    /* a record of it cannot be read where it must be, and no newer one is there */
    KTABLE_LEFT     /* nobody follows the partition */
};

struct ktable_record {
    const void *key, *value;
    size_t key_size, value_size;
    int64_t offset;
};

struct ktable_answer {
    enum ktable_how how;
    const struct ktable_record *records; /* by their offsets, oldest first */
    size_t count;
    int64_t read_to; /* as of which the records are; -1 where there are none to be had */
    const char *why; /* for people; "" for KTABLE_FOUND */
};

/* The answer and all in it are void after it returns. It may ask again, follow and leave. */
typedef void (*ktable_found)(void *user, const struct ktable_answer *answer);

/* Calls `found` exactly once, from this call when all is in memory, else from the loop; not after
 * ktable_free. Waits at most KTABLE_WAIT_MS, and for the readings before it. */
enum { KTABLE_WAIT_MS = 5000 };
void ktable_find(struct ktable *t, int32_t partition, const char *group, ktable_found found,
                 void *user);

/* ---- progress ---- */

struct ktable_progress {
    size_t partitions, restored; /* that are followed; of them, whose end has been reached */
    int64_t keys;                /* in the index */
    int64_t behind;              /* offsets to the ends, as far as they are known */
    int64_t strange;             /* records that were left out: their keys are of no group */
    size_t index_bytes, cache_bytes;
};
void ktable_progress(const struct ktable *t, struct ktable_progress *ret_progress);
void ktable_write_metrics(const struct ktable *t); /* the same, and what was read; on each tick */

#endif
