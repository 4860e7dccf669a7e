/* Writing: a few records outside of transactions, or many in transactions of their own. Blocking;
 * errors as of kafka_complain (internal.h). One thread a writer. */
#ifndef PRIMAFLOW_KAFKA_WRITER_H
#define PRIMAFLOW_KAFKA_WRITER_H

#include "kafka/kafka.h"

/* Writes all of these, in order, and waits until Kafka has them. -EIO: some it may have. */
__attribute__((warn_unused_result)) int kafka_write(const struct config *config,
                                                    const struct kafka_message messages[],
                                                    size_t count, int timeout_ms,
                                                    char ret_message[static KAFKA_TEXT_MAX]);

enum {
    KAFKA_RECORD_MAX = 1000000
}; /* bytes of key and value; input topics take 1 MiB with headers and framing */

struct kafka_writer;
/* Transactional. `bytes` is about what one transaction will carry: its timeout grows with it, at 1
 * s per 4 MiB beyond 15 s. */
__attribute__((warn_unused_result)) int kafka_writer_new(const struct config *config, size_t bytes,
                                                         struct kafka_writer **ret_writer,
                                                         char ret_message[static KAFKA_TEXT_MAX]);
/* The same under a name of its own, which one process holds at a time: who takes it ends what its
 * former holder left open, and from then on nothing of that one's is accepted. */
__attribute__((warn_unused_result)) int kafka_writer_new_as(
    const struct config *config, const char *transactional_id, size_t bytes,
    struct kafka_writer **ret_writer, char ret_message[static KAFKA_TEXT_MAX]);
void kafka_writer_free(struct kafka_writer *writer); /* aborts what is open */
__attribute__((warn_unused_result)) int kafka_writer_begin(struct kafka_writer *writer,
                                                           char ret_message[static KAFKA_TEXT_MAX]);
/* How many partitions a topic has now. -ENOENT: there is no such topic. */
__attribute__((warn_unused_result)) int kafka_writer_partitions(
    struct kafka_writer *writer, const char *topic, int32_t *ret_count,
    char ret_message[static KAFKA_TEXT_MAX]);
/* record->partition -1: by key (murmur2, as Java's clients do); timestamp_ms 0: now. Copies the
 * record; waits while librdkafka's queue is full. */
__attribute__((warn_unused_result)) int kafka_writer_add(struct kafka_writer *writer,
                                                         const struct kafka_record *record,
                                                         char ret_message[static KAFKA_TEXT_MAX]);
/* After 0 all records since begin are visible; after anything else none is, except that -ETIMEDOUT
 * leaves it unknown (the message says so).
 */
__attribute__((warn_unused_result)) int kafka_writer_commit(
    struct kafka_writer *writer, char ret_message[static KAFKA_TEXT_MAX]);

#endif
