/* The one adapter between the command line and librdkafka: blocking calls, errors in words.
 *
 * Errors: 0 or a negative errno, the message filled with what failed, where, and the remedy:
 *   -EIO     Kafka does not answer, or answers that it cannot now            (exit 69)
 *   -ENOENT  no such topic or partition                                      (exit 65)
 *   -EACCES  Kafka refuses: credentials or rights                            (exit 69)
 *   -EINVAL  librdkafka refuses a property of the configuration             (exit 78)
 *   -EMSGSIZE a record is larger than the producer or the topic takes       (exit 65)
 * Everything else Kafka says becomes -EIO. One thread. */
#ifndef PRIMAFLOW_CLI_BROKER_H
#define PRIMAFLOW_CLI_BROKER_H

#include "config/config.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct broker_message {
    char text[400];
};

int broker_exit_code(int rc); /* of the errnos above, as sysexits; 0 → 0 */

struct broker_header {
    const char *name;
    const void *value; /* NULL: a null header */
    size_t size;
};

/* A record to write or as read. Pointers of a read record live until the callback returns. */
struct broker_record {
    const char *topic;
    int32_t partition; /* to write: -1 = by key (murmur2, as Java's clients do) */
    int64_t offset;
    int64_t timestamp_ms;    /* to write: 0 = now; read: -1 = none */
    bool log_append_time;    /* read */
    const void *key, *value; /* NULL: none */
    size_t key_size, value_size;
    const struct broker_header *headers;
    size_t header_count;
};

/* ---- topics ---- */

struct broker_setting {
    const char *name;
    char value[40];
};

struct broker_topic {
    const char *name;
    int partitions, replicas;
    const struct broker_setting *settings;
    size_t setting_count;
};

struct broker_admin;
__attribute__((warn_unused_result)) int broker_admin_new(const struct config *config, struct broker_admin **ret_admin,
                                                         struct broker_message *ret_message);
void broker_admin_free(struct broker_admin *admin);

/* Asks for the cluster's metadata; also the test whether Kafka is there. */
__attribute__((warn_unused_result)) int broker_broker_count(struct broker_admin *admin, int *ret_count, struct broker_message *ret_message);

/* Creates them all in one request; `ret_created[i]` is false for those that were there. Returns when the cluster knows them. */
__attribute__((warn_unused_result)) int broker_topics_create(struct broker_admin *admin, const struct broker_topic topics[], size_t count,
                                                             bool ret_created[], struct broker_message *ret_message);

/* Partitions and replicas of topics[i] as the cluster has them; 0 partitions: no such topic. */
__attribute__((warn_unused_result)) int broker_topics_count(struct broker_admin *admin, const char *const names[], size_t count,
                                                            int ret_partitions[], int ret_replicas[], struct broker_message *ret_message);

/* Whether every partition of these topics has a leader that answers, as it does a moment after creation. */
__attribute__((warn_unused_result)) int broker_topics_ready(struct broker_admin *admin, const char *const names[], const int partitions[],
                                                            size_t count, bool *ret_ready, struct broker_message *ret_message);

/* Calls `seen` for every setting of every topic named (all must exist). */
typedef void (*broker_setting_seen)(void *user, size_t topic, const char *name, const char *value);
__attribute__((warn_unused_result)) int broker_topics_settings(struct broker_admin *admin, const char *const names[], size_t count,
                                                               broker_setting_seen seen, void *user, struct broker_message *ret_message);

/* ---- writing ---- */

enum { BROKER_RECORD_MAX = 1000000 }; /* bytes of key and value; input topics take 1 MiB with headers and framing */

struct broker_producer;
/* Transactional. `bytes` is about what one transaction will carry: its timeout grows with it, at 1 s per 4 MiB beyond 15 s. */
__attribute__((warn_unused_result)) int broker_producer_new(const struct config *config, size_t bytes,
                                                            struct broker_producer **ret_producer, struct broker_message *ret_message);
/* The same under a name of its own, which one process holds at a time: who takes it ends what its former holder left open, and from then on
 * nothing of that one's is accepted. */
__attribute__((warn_unused_result)) int broker_producer_new_as(const struct config *config, const char *transactional_id, size_t bytes,
                                                               struct broker_producer **ret_producer, struct broker_message *ret_message);
void broker_producer_free(struct broker_producer *producer); /* aborts what is open */
__attribute__((warn_unused_result)) int broker_producer_begin(struct broker_producer *producer, struct broker_message *ret_message);
/* Copies the record; waits while librdkafka's queue is full. */
__attribute__((warn_unused_result)) int broker_producer_add(struct broker_producer *producer, const struct broker_record *record,
                                                            struct broker_message *ret_message);
/* After 0 all records since begin are visible; after anything else none is, except that -ETIMEDOUT leaves it unknown (the message says so).
 */
__attribute__((warn_unused_result)) int broker_producer_commit(struct broker_producer *producer, struct broker_message *ret_message);

/* ---- reading ---- */

struct broker_range {
    enum { BROKER_FROM_BEGINNING, BROKER_FROM_OFFSET, BROKER_FROM_TIME, BROKER_FROM_LAST } from;
    int64_t from_value; /* offset; wall ms: records of that time and later; so many offsets before each partition's end */
    enum { BROKER_UNTIL_END, BROKER_UNTIL_TIME, BROKER_UNTIL_STOPPED } until;
    int64_t until_ms;                  /* BROKER_UNTIL_TIME: records before that time; waits for the clock when it lies ahead */
    int32_t partition;                 /* -1: all */
    const char *partition_of_key;      /* not NULL: only the partition of each topic that this key is written to (murmur2) */
    const volatile sig_atomic_t *stop; /* not 0 ends the reading; may be NULL */
};

/* Returns 0 to go on, anything else to end the reading with that value. */
typedef int (*broker_record_seen)(void *user, const struct broker_record *record);

/* Reads committed records of the topics, in offset order within a partition, and returns at the range's end. "End" is the last stable
 * offset when reading began. Reads without a group: nothing is committed, nobody is disturbed. */
__attribute__((warn_unused_result)) int broker_read(const struct config *config, const char *const topics[], size_t topic_count,
                                                    const struct broker_range *range, broker_record_seen seen, void *user,
                                                    struct broker_message *ret_message);

#endif
