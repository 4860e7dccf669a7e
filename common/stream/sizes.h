/* What fits into the topics that a worker writes to.
 *
 * A message fits when it is, uncompressed and alone in its batch, within its topic's
 * max.message.bytes and the producer's message.max.bytes: a simple rule, so that people can tell
 * beforehand what will happen to a record, at the price that one which compression would have made
 * small enough is cut (too_large.h). The limits are read when a worker starts, and again when a
 * broker refuses a message for its size; a topic that we may not ask about has none that we know
 * of, and the broker's refusal is what tells.
 *
 * sizes_read blocks (in the pool) and touches nothing but *ret_sizes; the rest is the loop's. */
#ifndef PRIMAFLOW_SIZES_H
#define PRIMAFLOW_SIZES_H

#include "kafka/kafka.h"

enum { SIZES_TOPICS_MAX = 16 };

struct worker;

struct sizes {
    /* names that the worker owns: results, ledger, dead letters, retries */
    const char *topics[SIZES_TOPICS_MAX];
    int64_t bytes[SIZES_TOPICS_MAX]; /* max.message.bytes; INT64_MAX: not known */
    size_t count;
    int64_t message_max; /* the producer's */
};

/* -EIO with ret_message: Kafka does not answer. */
__attribute__((warn_unused_result)) int sizes_read(const struct worker *w, struct sizes *ret_sizes,
                                                   char ret_message[static KAFKA_TEXT_MAX]);

/* The smallest limit of them all: what several messages in one batch may come to. */
int64_t sizes_smallest(const struct sizes *sizes);

/* How large a message in this topic may be. */
int64_t sizes_limit(const struct sizes *sizes, const char *topic);

/* Says which topics take less than a copy of the largest input. */
void sizes_warn(const struct worker *w, const struct sizes *sizes);

#endif
