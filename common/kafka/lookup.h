/* Records by their places, without a group: for who reads few, and knows where they are. The client
 * lives from one reading to the next, for a new one costs more than many of them. Blocking; one thread
 * at a time. */
#ifndef PRIMAFLOW_KAFKA_LOOKUP_H
#define PRIMAFLOW_KAFKA_LOOKUP_H

#include "kafka/kafka.h"

struct kafka_lookup;

/* -EINVAL: librdkafka refuses a property of the configuration. Waits for nobody. */
__attribute__((warn_unused_result)) int kafka_lookup_new(const struct config *config,
                                                         struct kafka_lookup **ret_lookup,
                                                         char ret_message[static KAFKA_TEXT_MAX]);

/* Calls `seen` for each committed record that is at one of the places, in no order; the record lives
 * until it returns. Each partition is read from its first place to its last one: those of one are to
 * lie close together. 0: whoever was not shown is not there, any more or yet. -EIO: Kafka does not
 * answer within patience_ms, or a topic is gone; -EACCES: it refuses. With ret_message; the client is not to be used again
 * then. */
__attribute__((warn_unused_result)) int kafka_lookup_read(
    struct kafka_lookup *lookup, const struct kafka_place places[], size_t count,
    int64_t patience_ms, void (*seen)(void *user, const struct kafka_record *record), void *user,
    char ret_message[static KAFKA_TEXT_MAX]);

/* Where a partition begins and ends (to a reader of committed records) now: what kafka_lookup_read
 * did not show is deleted when it lies before the beginning. -EIO, -EACCES, with ret_message. */
__attribute__((warn_unused_result)) int kafka_lookup_bounds(
    struct kafka_lookup *lookup, const char *topic, int32_t partition, int timeout_ms,
    int64_t *ret_begin, int64_t *ret_end, char ret_message[static KAFKA_TEXT_MAX]);

void kafka_lookup_free(struct kafka_lookup *lookup); /* briefly; accepts NULL */

#endif
