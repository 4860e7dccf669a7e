/* Kafka as the runtime needs it: records by partition, rebalances as events, results and offsets in one transaction. librdkafka's names end
 * here.
 *
 * Invariants
 *   - Every assigned partition has a queue of its own that is read only while there is room: back-pressure without pause and resume, which
 * throw away prefetched records or rewind.
 *   - A rebalance is an event that is answered when the runtime is ready (kafka_assign, kafka_unassign), never inside a callback.
 *   - Offsets move only inside a transaction, with the group's current metadata; nothing is ever stored or committed automatically.
 *   - auto.offset.reset is `error`: a place to start is always said, an offset that Kafka no longer has stops the worker.
 * Blocking calls say so and are made in libuv's pool; the rest on the loop thread. */
#ifndef PRIMAFLOW_KAFKA_H
#define PRIMAFLOW_KAFKA_H

#include "base/buf.h"
#include "config/config.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { KAFKA_TEXT_MAX = 300, KAFKA_HEADERS_MAX = 40 };

/* ---- a record, as it came ---- */

struct kafka_header {
    const char *name;
    const void *value;
    size_t size;
};

struct kafka_record {
    void *handle; /* librdkafka's message; kafka_record_free */
    const char *topic;
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;    /* -1: none */
    const void *key, *value; /* NULL: absent */
    size_t key_size, value_size;
    struct kafka_header *headers; /* the first KAFKA_HEADERS_MAX; more are a defect of the producer's and stay uncopied. NULL: none */
    size_t header_count;
};
void kafka_record_free(struct kafka_record *record);                /* accepts one already freed or moved */
struct kafka_record kafka_record_move(struct kafka_record *record); /* the caller's from now on; `record` is left empty */
/* A header's value as text in `text` (cut to its room); NULL when absent. The last one of a name counts. */
const char *kafka_header_text(const struct kafka_record *record, const char *name, char *text, size_t room);

/* ---- consumer ---- */

struct kafka_place {
    char topic[160];
    int32_t partition;
    int64_t offset; /* where to begin, or up to where; -1: not known */
};

struct kafka_consumer;
struct kafka_queue; /* of one partition */

struct kafka_consumer_hooks {
    /* Partitions came: answer with kafka_assign, at leisure. */
    void (*on_assign)(void *user, const struct kafka_place places[], size_t count);
    /* Partitions go: answer with kafka_unassign after the last commit. lost: they are gone already, nothing can be committed. */
    void (*on_revoke)(void *user, const struct kafka_place places[], size_t count, bool lost);
    void (*on_error)(void *user, const char *words, bool fatal, bool fenced);
    void *user;
};

/* Subscribes. `instance`: group.instance.id, or NULL. `wake_fd`: an eventfd that is written when there is something to read. -EINVAL with
 * ret_message. */
__attribute__((warn_unused_result)) int kafka_consumer_new(const struct config *config, const char *group, const char *instance,
                                                           const char *const topics[], size_t topic_count, int wake_fd,
                                                           const struct kafka_consumer_hooks *hooks, struct kafka_consumer **ret_consumer,
                                                           char ret_message[static KAFKA_TEXT_MAX]);
/* Serves events; call when woken, and at least every second. */
void kafka_consumer_serve(struct kafka_consumer *consumer);

/* Takes partitions on, each from its place's offset; ret_queues[i] reads places[i]. -EIO: librdkafka refuses (the group moved on). */
__attribute__((warn_unused_result)) int kafka_assign(struct kafka_consumer *consumer, const struct kafka_place places[], size_t count,
                                                     struct kafka_queue *ret_queues[]);
void kafka_unassign(struct kafka_consumer *consumer, const struct kafka_place places[], size_t count);
bool kafka_assignment_lost(const struct kafka_consumer *consumer);

/* Up to `max` records. Returns how many; *ret_end is the offset after the last record when the end was reached, else -1. -ESTALE: Kafka has
 * not the offset any more (ret_message). */
int kafka_fetch(struct kafka_queue *queue, struct kafka_record records[], size_t max, int64_t *ret_end,
                char ret_message[static KAFKA_TEXT_MAX]);
void kafka_queue_free(struct kafka_queue *queue);

/* The group's generation, or -1 while there is none. */
int32_t kafka_generation(const struct kafka_consumer *consumer);
/* Records between `position` and the partition's end as last heard; 0 when not known. */
int64_t kafka_lag(const struct kafka_consumer *consumer, const struct kafka_place *place, int64_t position);

/* Blocking. Fills each place's offset with the group's committed one, -1 where there is none. -EIO with ret_message. */
__attribute__((warn_unused_result)) int kafka_committed(struct kafka_consumer *consumer, struct kafka_place places[], size_t count,
                                                        char ret_message[static KAFKA_TEXT_MAX]);
/* Blocking. Where a time (ms), "beginning" or "end" begins. -EIO. */
enum { KAFKA_START_BEGINNING = -2, KAFKA_START_END = -1 };
__attribute__((warn_unused_result)) int kafka_start_offset(struct kafka_consumer *consumer, struct kafka_place *place, int64_t start,
                                                           char ret_message[static KAFKA_TEXT_MAX]);

/* Begins to leave: on_revoke comes; then kafka_consumer_closed is true and kafka_consumer_free may be called. */
void kafka_consumer_close(struct kafka_consumer *consumer);
bool kafka_consumer_closing(const struct kafka_consumer *consumer);
bool kafka_consumer_closed(const struct kafka_consumer *consumer);
void kafka_consumer_free(struct kafka_consumer *consumer);

/* ---- producer: one transaction at a time ---- */

struct kafka_message {
    const char *topic;
    const void *key, *value; /* NULL: absent */
    size_t key_size, value_size;
    const struct kafka_header *headers;
    size_t header_count;
};

enum kafka_commit_result {
    KAFKA_COMMITTED,
    KAFKA_ABORTED, /* nothing is visible; may be tried again while the assignment holds */
    KAFKA_FENCED,  /* another process has our transactional id, or the producer is broken for good: start over */
};

struct kafka_producer;

/* Blocking: fences whoever had this id, and waits for the coordinator. -EIO with ret_message (may be tried again), -EPERM: fatal. */
__attribute__((warn_unused_result)) int kafka_producer_new(const struct config *config, const char *transactional_id,
                                                           struct kafka_producer **ret_producer, char ret_message[static KAFKA_TEXT_MAX]);

/* Blocking: everything or nothing. `offsets` are the next ones to read. A commit whose answer is lost is asked again until it is known; it
 * is never aborted. `give_up` is read between tries: true ends the wait as KAFKA_FENCED. */
enum kafka_commit_result kafka_commit(struct kafka_producer *producer, struct kafka_consumer *consumer,
                                      const struct kafka_message *const messages[], size_t message_count,
                                      const struct kafka_place offsets[], size_t offset_count, const atomic_int *give_up,
                                      char ret_message[static KAFKA_TEXT_MAX]);
void kafka_producer_free(struct kafka_producer *producer); /* blocking, briefly; accepts NULL */

#endif
