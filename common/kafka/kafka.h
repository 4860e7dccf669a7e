/* Kafka as workers need it: records by partition, rebalances as events, results and offsets in
 * one transaction. librdkafka's names end in this folder.
 *
 * Invariants
 *   - Every assigned partition has a queue of its own that is read only while there is room:
 *     back-pressure without pause and resume, which throw away prefetched records or rewind.
 *   - A rebalance is an event that is answered when the runtime is ready (kafka_assign,
 *     kafka_unassign), never inside a callback.
 *   - Offsets move only inside a transaction, with the group's current metadata; nothing is ever
 *     stored or committed automatically.
 *   - auto.offset.reset is `error`: a place to start is always said, an offset that Kafka no longer
 *     has stops the worker.
 * Blocking calls say so and are made in libuv's pool; the rest on the loop thread. */
#ifndef PRIMAFLOW_KAFKA_H
#define PRIMAFLOW_KAFKA_H

#include "base/buf.h"
#include "config/config.h"
#include "kafka/rights.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { KAFKA_TEXT_MAX = 400 };

struct kafka_words { /* what went wrong, for people; room for any ret_message here */
    char text[KAFKA_TEXT_MAX];
};

/* librdkafka's own lines are dropped from now on: for a program whose standard error is a
 * person's. */
void kafka_log_off(void);

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
    bool log_append_time;    /* the broker's time, not the writer's */
    const void *key, *value; /* NULL: absent */
    size_t key_size, value_size;
    struct kafka_header
        *headers; /* all of them: the record's own size is their bound. NULL: none */
    size_t header_count;
};
void kafka_record_free(struct kafka_record *record); /* accepts one already freed or moved */
struct kafka_record kafka_record_move(
    struct kafka_record *record); /* the caller's from now on; `record` is left empty */
/* A header's value as text in `text` (cut to its room); NULL when absent. The last one of a name
 * counts. */
const char *kafka_header_text(const struct kafka_record *record, const char *name, char *text,
                              size_t room);

/* ---- consumer ---- */

/* What stands in the way of reading. Nothing that a partition's queue says is dropped: behind some
 * of it librdkafka goes on as if nothing had been there. */
enum kafka_obstacle {
    KAFKA_CLEAR,
    KAFKA_OFFSET_GONE,  /* Kafka has not the offset that was asked for: deleted, or beyond the end.
                          Nothing more comes */
    KAFKA_UNREADABLE,   /* a batch is corrupt, or in a form that librdkafka does not know: it skips
                          it. Nothing more may be read */
    KAFKA_DENIED,       /* not authorized; asked again by itself, as are all below */
    KAFKA_DENIED_GROUP, /* ... to be in the group */
    KAFKA_NO_TOPIC,
    KAFKA_TROUBLE, /* anything else */
    KAFKA_OBSTACLES
};
const char *kafka_obstacle_name(enum kafka_obstacle obstacle); /* as metrics label it */

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
    /* Partitions go: answer with kafka_unassign after the last commit. lost: they are gone already,
     * nothing can be committed. */
    void (*on_revoke)(void *user, const struct kafka_place places[], size_t count, bool lost);
    /* fatal: the consumer is of no use any more; fenced: another one has our group.instance.id. */
    void (*on_error)(void *user, enum kafka_obstacle obstacle, const char *words, bool fatal,
                     bool fenced);
    void *user;
};

/* Subscribes. `instance`: group.instance.id, or NULL. `wake_fd`: an eventfd that is written when
 * there is something to read. `beside`: the same partitions of each topic come to the same
 * member, as far as the topics have as many (the range assignor; only where all members ask for
 * it). -EINVAL with ret_message. */
__attribute__((warn_unused_result)) int kafka_consumer_new(
    const struct config *config, const char *group, const char *instance,
    const char *const topics[], size_t topic_count, bool beside, int wake_fd,
    const struct kafka_consumer_hooks *hooks, struct kafka_consumer **ret_consumer,
    char ret_message[static KAFKA_TEXT_MAX]);
/* Serves events; call when woken, and at least every second. */
void kafka_consumer_serve(struct kafka_consumer *consumer);

/* An assignment comes on top of what is there, and does not replace it. */
bool kafka_is_cooperative(const struct kafka_consumer *c);

/* Takes partitions on, each from its place's offset; ret_queues[i] reads places[i]. -EIO:
 * librdkafka refuses (the group moved on). */
__attribute__((warn_unused_result)) int kafka_assign(struct kafka_consumer *consumer,
                                                     const struct kafka_place places[],
                                                     size_t count,
                                                     struct kafka_queue *ret_queues[]);
void kafka_take_none(struct kafka_consumer *consumer); /* answers on_assign with nothing; the group
                                                          counts them as ours all the same */
void kafka_unassign(struct kafka_consumer *consumer, const struct kafka_place places[],
                    size_t count);
bool kafka_assignment_lost(const struct kafka_consumer *consumer);

struct kafka_fetched {
    size_t count;
    int64_t end; /* the offset after the last record, Kafka's markers included, when the end was
                    reached; else -1 */
    enum kafka_obstacle obstacle;
    char words[KAFKA_TEXT_MAX]; /* of the obstacle */
};
/* Up to `max` records; with KAFKA_OFFSET_GONE and KAFKA_UNREADABLE those before it. */
void kafka_fetch(struct kafka_queue *queue, struct kafka_record records[], size_t max,
                 struct kafka_fetched *ret_fetched);
/* Reads once more from `position`, whose records were not taken yet: an obstacle that is gone is
 * heard of by the next records or end. */
void kafka_ask_again(struct kafka_consumer *consumer, const struct kafka_place *place,
                     int64_t position);
void kafka_queue_free(struct kafka_queue *queue);

/* The group's generation; KAFKA_NO_GENERATION while there is none. KAFKA_GENERATION_UNREADABLE:
 * this librdkafka writes its metadata in a form that we do not know; without it nothing tells a
 * ghost from an owner. */
enum { KAFKA_NO_GENERATION = -1, KAFKA_GENERATION_UNREADABLE = -2 };
int32_t kafka_generation(const struct kafka_consumer *consumer);
/* What is wrong with the connections to Kafka, a constant, or NULL; as of the last events served
 * (health.h). */
const char *kafka_trouble(const struct kafka_consumer *consumer);
int64_t kafka_session_ms(const struct kafka_consumer *consumer); /* session.timeout.ms */
/* Records between `position` and the partition's end as last heard; -1 when no end was heard of
 * yet. */
int64_t kafka_lag(const struct kafka_consumer *consumer, const struct kafka_place *place,
                  int64_t position);

/* Blocking. Where the partitions begin and end (to a reader of committed records) now; ret_low and
 * ret_high have room for `count`. -EIO. */
__attribute__((warn_unused_result)) int kafka_bounds(struct kafka_consumer *consumer,
                                                     const struct kafka_place places[],
                                                     size_t count, int64_t ret_low[],
                                                     int64_t ret_high[],
                                                     char ret_message[static KAFKA_TEXT_MAX]);
/* Blocking. The end of one partition, as a number that rises with each record. -EIO. */
__attribute__((warn_unused_result)) int kafka_end(const struct kafka_consumer *consumer,
                                                  const char *topic, int32_t partition,
                                                  int timeout_ms, int64_t *ret_end,
                                                  char ret_message[static KAFKA_TEXT_MAX]);
/* Blocking. Fills each place's offset with the group's committed one, -1 where there is none. -EIO
 * with ret_message. */
__attribute__((warn_unused_result)) int kafka_committed(struct kafka_consumer *consumer,
                                                        struct kafka_place places[], size_t count,
                                                        char ret_message[static KAFKA_TEXT_MAX]);
/* Blocking. How many partitions a topic has now. -ENOENT: there is no such topic; -EIO: Kafka does
 * not say; with ret_message. */
__attribute__((warn_unused_result)) int kafka_partition_count(
    struct kafka_consumer *consumer, const char *topic, int32_t *ret_count,
    char ret_message[static KAFKA_TEXT_MAX]);
/* Blocking. Leaves out those places whose topic Kafka has not any more, as far as it says; returns
 * how many are left. */
size_t kafka_still_there(struct kafka_consumer *consumer, struct kafka_place places[],
                         size_t count);
/* Blocking. Where a time (ms), "beginning" or "end" begins. -EIO. */
enum { KAFKA_START_BEGINNING = -2, KAFKA_START_END = -1 };
__attribute__((warn_unused_result)) int kafka_start_offset(struct kafka_consumer *consumer,
                                                           struct kafka_place *place, int64_t start,
                                                           char ret_message[static KAFKA_TEXT_MAX]);

/* Leaves the group as if for good and joins it again: on_revoke, later on_assign come. A static
 * member that came back with other topics is given what its former self had; only so the group
 * deals anew. */
void kafka_consumer_rejoin(struct kafka_consumer *consumer);

/* Begins to leave: on_revoke comes; then kafka_consumer_closed is true and kafka_consumer_free may
 * be called. */
void kafka_consumer_close(struct kafka_consumer *consumer);
bool kafka_consumer_closing(const struct kafka_consumer *consumer);
bool kafka_consumer_closed(const struct kafka_consumer *consumer);
void kafka_consumer_free(struct kafka_consumer *consumer);

/* Which of `count` partitions a message with this key goes to. */
int32_t kafka_partition_of(const void *key, size_t size, int32_t count);

/* ---- producer: one transaction at a time ---- */

struct kafka_message {
    const char *topic;
    const void *key, *value; /* NULL: absent */
    size_t key_size, value_size;
    const struct kafka_header *headers;
    size_t header_count;
    /* chooses the partition, as if it were the key; NULL: the key does */
    const void *place_key;
    size_t place_key_size;
    int64_t
        *ret_offset; /* where it stands, written once it is there and before kafka_commit returns;
                            NULL: nobody asks. Of a producer that tells offsets */
};
/* What a message takes alone in its batch, before compression: never less than Kafka counts against
 * max.message.bytes. */
size_t kafka_message_bytes(const struct kafka_message *m);

enum kafka_commit_result {
    KAFKA_COMMITTED,
    KAFKA_ABORTED, /* nothing is visible; may be tried again while the assignment holds */
    KAFKA_FENCED,  /* another process has our transactional id, or the producer is broken for good:
                      start over */
};

/* Why a transaction did not commit, where Kafka refused something of it. */
struct kafka_refusal {
    enum {
        KAFKA_REFUSES_NOTHING,
        KAFKA_REFUSES_SIZE,
        KAFKA_REFUSES_MESSAGE,
        KAFKA_REFUSES_OFFSETS,
        KAFKA_REFUSES_ID /* with KAFKA_FENCED: transactions as such */
    } kind;
    size_t message; /* index of the first that was refused; others of its batch are refused with it,
                       whosever fault it is */
    enum kafka_right right;   /* that is missing; KAFKA_NO_RIGHT: it is something else */
    bool is_of_unknown_topic; /* KAFKA_WRITE_TOPIC: Kafka does not say of which; see below */
};

struct kafka_producer;

/* Blocking: fences whoever had this id, and waits for the coordinator. -EIO with ret_message
 * (may be tried again), -EACCES: a right is missing, -EPERM: fatal. Several messages go in one
 * batch only up to `batch_bytes_max`: the smallest max.message.bytes among the topics that are
 * written to. tells_offsets: some instructions for each message. */
__attribute__((warn_unused_result)) int kafka_producer_new(const struct config *config,
                                                           const char *transactional_id,
                                                           int64_t batch_bytes_max,
                                                           bool tells_offsets,
                                                           struct kafka_producer **ret_producer,
                                                           char ret_message[static KAFKA_TEXT_MAX]);
int64_t kafka_producer_message_max(
    const struct kafka_producer
        *producer); /* message.max.bytes: key, value and headers of one message */

/* From now on the messages of a transaction go topic by topic where they are few: slower, and a
 * topic that may not be written to is known by what does not go, one whose offsets may not be
 * committed by what went before. */
void kafka_producer_search(struct kafka_producer *producer, bool searches);

/* Blocking: everything or nothing. `offsets` are the next ones to read. Nothing is committed under
 * another generation than the one for which the partitions were assigned (KAFKA_ABORTED). A commit
 * whose answer is lost is asked again until it is known; it is never aborted. `give_up` is read
 * between tries: true ends the wait as KAFKA_FENCED. *ret_refusal says what Kafka refused, if
 * anything. */
enum kafka_commit_result kafka_commit(struct kafka_producer *producer,
                                      struct kafka_consumer *consumer,
                                      const struct kafka_message *const messages[],
                                      size_t message_count, const struct kafka_place offsets[],
                                      size_t offset_count, const atomic_int *give_up,
                                      struct kafka_refusal *ret_refusal,
                                      char ret_message[static KAFKA_TEXT_MAX]);
bool kafka_producer_is_broken(const struct kafka_producer *producer,
                              char ret_words[static KAFKA_TEXT_MAX]); /* for good: start over */
void kafka_producer_free(struct kafka_producer *producer); /* blocking, briefly; accepts NULL */

/* ---- the group, as its coordinator sees it: group.c; blocking ---- */

struct kafka_group_look {
    bool is_settled;      /* not amid a rebalance */
    bool has_us;          /* we are a member */
    size_t ours;          /* partitions of our topics that the group counts as ours */
    size_t given, in_all; /* partitions of our topics: assigned to members, and that there are */
    char without[160];    /* a topic of ours that we cannot see, or "" */
    const char *why;      /* ... in Kafka's words, a constant; NULL: all can be seen */
    bool is_denied;       /* ... for a right is missing */
};
/* -EIO: Kafka does not say; -EACCES: a right is missing. */
__attribute__((warn_unused_result)) int kafka_group_look(
    struct kafka_consumer *consumer, const char *group, const char *const topics[],
    size_t topic_count, struct kafka_group_look *ret_look, char ret_message[static KAFKA_TEXT_MAX]);
/* Is `instance` a member still, with other topics than these (or unknown ones, amid a rebalance)?
 * Asked before it joins. -EIO, -EACCES. */
__attribute__((warn_unused_result)) int kafka_group_knows_other_topics(
    struct kafka_producer *producer, const char *group, const char *instance,
    const char *const topics[], size_t topic_count, bool *ret_other,
    char ret_message[static KAFKA_TEXT_MAX]);

#endif
