/* Reading topics from one place to another, without a group: nothing is committed, nobody is
 * disturbed. Blocking; any thread, each call with a client of its own.
 *
 * Errors: 0 or a negative errno with ret_message, which says what failed, where, and the remedy:
 *   -EIO     Kafka does not answer, or answers that it cannot now
 *   -ENOENT  no such topic or partition
 *   -EACCES  Kafka refuses: credentials or rights
 *   -EINVAL  librdkafka refuses a property of the configuration */
#ifndef PRIMAFLOW_KAFKA_READER_H
#define PRIMAFLOW_KAFKA_READER_H

#include "kafka/kafka.h"

#include <signal.h>

struct kafka_span { /* offsets [from, until) of a partition */
    int32_t partition;
    int64_t from, until;
};

struct kafka_range {
    enum { KAFKA_FROM_BEGINNING, KAFKA_FROM_OFFSET, KAFKA_FROM_TIME, KAFKA_FROM_LAST } from;
    int64_t from_value; /* offset; wall ms: records of that time and later; so many offsets before
                           each partition's end */
    enum {
        KAFKA_UNTIL_END,     /* the last stable offset when reading began */
        KAFKA_UNTIL_WRITTEN, /* all that was written then: a transaction that is open there is
                                waited for, half a minute long, for ours end sooner; and a broker
                                that is away, a minute long */
        KAFKA_UNTIL_TIME,
        KAFKA_UNTIL_STOPPED
    } until;
    int64_t until_ms;  /* KAFKA_UNTIL_TIME: records before that time; waits for the clock when it
                          lies ahead */
    int32_t partition; /* -1: all */
    const char *partition_of_key; /* not NULL: only the partition of each topic that this key is
                                     written to (murmur2) */
    /* not NULL: of one topic only these, each partition once, as far as they are there; `from` and
     * `partition` say nothing then */
    const struct kafka_span *spans;
    size_t span_count;
    const volatile sig_atomic_t *stop; /* not 0 ends the reading: 0. May be NULL */
    const atomic_int *give_up;         /* the same: -ECANCELED. May be NULL */
};

/* Returns 0 to go on, anything else to end the reading with that value. The record lives until it
 * returns. */
typedef int (*kafka_record_seen)(void *user, const struct kafka_record *record);

/* Reads committed records of the topics, in offset order within a partition, and returns at the
 * range's end. */
__attribute__((warn_unused_result)) int kafka_read(const struct config *config,
                                                   const char *const topics[], size_t topic_count,
                                                   const struct kafka_range *range,
                                                   kafka_record_seen seen, void *user,
                                                   char ret_message[static KAFKA_TEXT_MAX]);

/* What kafka_read would read of the topic now, in a list that the caller frees: a span for each
 * partition, empty ones too. Of a time, it begins at the first record of that time or later. The same errors. */
__attribute__((warn_unused_result)) int kafka_spans(const struct config *config, const char *topic,
                                                    const struct kafka_range *range,
                                                    struct kafka_span **ret_spans,
                                                    size_t *ret_count,
                                                    char ret_message[static KAFKA_TEXT_MAX]);

/* All of one topic, KAFKA_UNTIL_WRITTEN: `each` is called for every committed record. -EIO
 * (ret_message names the partition that a transaction holds back), -EACCES (it names the right that
 * is missing: rights.h), -ENOENT, -ECANCELED (give_up, may be NULL). */
__attribute__((warn_unused_result)) int kafka_scan(
    const struct config *config, const char *topic, const atomic_int *give_up,
    void (*each)(void *user, const struct kafka_record *record), void *user,
    char ret_message[static KAFKA_TEXT_MAX]);

#endif
