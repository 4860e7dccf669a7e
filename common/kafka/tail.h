/* Partitions of one topic, each followed from a place of its own, without a group: for who keeps up
 * with a topic, and commits nothing.
 *
 * Each partition has a queue that is read by kafka_fetch (committed records, the end, what stands in
 * the way) only while there is room: back-pressure as in a consumer. Behind an obstacle it is taken
 * out and followed anew by the caller, from where that one thinks right. A broker that is away is
 * waited for, and a leader that moved is found, without a word.
 * Loop thread only. */
#ifndef PRIMAFLOW_KAFKA_TAIL_H
#define PRIMAFLOW_KAFKA_TAIL_H

#include "kafka/kafka.h"

struct kafka_tail;

/* `wake_fd`: an eventfd that is written when there is something to read. -EINVAL: librdkafka refuses
 * a property of the configuration. Waits for nobody. */
__attribute__((warn_unused_result)) int kafka_tail_new(const struct config *config,
                                                       const char *topic, int wake_fd,
                                                       struct kafka_tail **ret_tail,
                                                       char ret_message[static KAFKA_TEXT_MAX]);

/* Follows a partition that is not followed, from an offset. -EIO: librdkafka refuses. */
enum { KAFKA_TAIL_BEGINNING = -1 };
__attribute__((warn_unused_result)) int kafka_tail_add(struct kafka_tail *tail, int32_t partition,
                                                       int64_t offset,
                                                       struct kafka_queue **ret_queue);
/* Takes the queue. What it still has is void. */
void kafka_tail_remove(struct kafka_tail *tail, int32_t partition, struct kafka_queue *queue);

/* Serves events; call when woken, and at least every second. */
void kafka_tail_serve(struct kafka_tail *tail);
/* A partition's end as last heard, open transactions counted; -1: not yet. */
int64_t kafka_tail_end(const struct kafka_tail *tail, int32_t partition);

void kafka_tail_free(struct kafka_tail *tail); /* briefly; no queue is open; accepts NULL */

#endif
