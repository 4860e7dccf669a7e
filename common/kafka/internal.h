/* What the files of the Kafka adapter share; nobody else includes it. */
#ifndef PRIMAFLOW_KAFKA_INTERNAL_H
#define PRIMAFLOW_KAFKA_INTERNAL_H

#include "kafka/kafka.h"
#include "kafka/health.h"

#include <librdkafka/rdkafka.h>

struct kafka_consumer {
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue; /* events: rebalances, errors, statistics */
    int wake_fd;
    bool closing;
    int64_t session_ms;
    struct kafka_health health;
    const char *trouble;                     /* what health found, or NULL */
    rd_kafka_topic_partition_list_t *topics; /* subscribed to */
    char group[240];
    atomic_int generation; /* for which we have our partitions; read by the pool */
    struct kafka_consumer_hooks hooks;
};

/* A configuration with the bootstrap servers, the client's id and the pass-through properties;
 * `ours` are set before, `last` after those, so that nobody can turn off what correctness needs.
 * NULL with ret_message. */
rd_kafka_conf_t *kafka_conf_new(const struct config *config, const char *const ours[][2],
                                const char *const last[][2],
                                char ret_message[static KAFKA_TEXT_MAX]);

/* A client that is asked and waited for: the consumer of a reader, a producer, an admin. Embedded;
 * not moved while it is open. One thread at a time. */
struct kafka_client {
    rd_kafka_t *rk;
    char heard[200]; /* what librdkafka last said about its connections: rd_kafka_last_error has
                        only "Local: Timed out" when a port is closed */
};
enum {
    KAFKA_CONNECT_MS = 5000, /* for the first answer: a person waits who may have forgotten to start
                                Kafka */
    KAFKA_ANSWER_MS = 15000, /* of one request; the first transaction after a broker's start waits a
                                second or more */
};
/* `ours` and `last` as of kafka_conf_new. -EINVAL: librdkafka refuses a property. */
__attribute__((warn_unused_result)) int kafka_client_open(struct kafka_client *client,
                                                          rd_kafka_type_t type,
                                                          const struct config *config,
                                                          const char *const ours[][2],
                                                          const char *const last[][2],
                                                          char ret_message[static KAFKA_TEXT_MAX]);
void kafka_client_close(struct kafka_client *client); /* leaves no group; accepts one not open */
/* Writes "<doing>: <Kafka's words>; <remedy>" and returns the errno of the error's kind: -EIO,
 * -ENOENT, -EACCES, -EMSGSIZE. client, words: may be NULL. */
int kafka_complain(const struct kafka_client *client, rd_kafka_resp_err_t error, const char *words,
                   const char *doing, char ret_message[static KAFKA_TEXT_MAX]);

/* What was asked of, so that a denial can be told: the right by which the topic was, and the names;
 * NULL where none was. */
struct kafka_asked {
    enum kafka_right right;
    const char *topic, *group, *id;
};
/* Which right `error` says is missing, and of what: *ret_of. */
enum kafka_right kafka_denied(rd_kafka_resp_err_t error, const struct kafka_asked *asked,
                              const char **ret_of);
/* Writes "<doing>: <Kafka's words>", or which right is missing. -EACCES: one is; else -EIO. */
int kafka_failed(rd_kafka_resp_err_t error, const struct kafka_asked *asked, const char *doing,
                 char ret_message[static KAFKA_TEXT_MAX]);
/* What Kafka says of one topic, asked for by its name: among all topics it hides those that we may
 * not see. *ret_partitions is its number of partitions. */
rd_kafka_resp_err_t kafka_ask_topic(rd_kafka_t *rk, const char *topic, int timeout_ms,
                                    int *ret_partitions);

/* librdkafka's log callback: every client of ours has it. Any thread. */
void kafka_log_line(const rd_kafka_t *rk, int level, const char *facility, const char *text);

enum kafka_obstacle kafka_obstacle_of(rd_kafka_resp_err_t err);

/* What a member told its group (ConsumerProtocolSubscription), and what it was given
 * (ConsumerProtocolAssignment), as the broker keeps them. Bytes that end too early, or say nothing,
 * are neither. */
bool kafka_subscription_is(const void *bytes, size_t size, const char *const topics[],
                           size_t topic_count);
size_t kafka_assignment_count(const void *bytes, size_t size, const char *const topics[],
                              size_t topic_count);
/* member ids of static members are their group.instance.id, a dash and a UUID. */
bool kafka_member_is(const char *member_id, const char *instance);

/* Of a group's metadata as librdkafka writes it. */
int32_t kafka_generation_read(const void *bytes, size_t size);
int32_t kafka_generation_of(const rd_kafka_consumer_group_metadata_t *metadata);
/* May partitions that came with generation `assigned` be committed while the group is at `now`? Who
 * keeps them over rebalances (cooperative) sees it rise; all others have lost them by then. */
bool kafka_generation_holds(int32_t assigned, int32_t now, bool cooperative);

rd_kafka_t *kafka_producer_handle(const struct kafka_producer *producer);

/* Blocking. Where a partition begins (RD_KAFKA_OFFSET_BEGINNING) or ends (_END), to a reader of the
 * client's isolation level. rd_kafka_query_watermark_offsets does not keep to its time: for a
 * minute, or for ever, it waits for a broker that is dead. */
rd_kafka_resp_err_t kafka_bound(rd_kafka_t *rk, const char *topic, int32_t partition, int64_t which,
                                int timeout_ms, int64_t *ret_offset);
rd_kafka_topic_partition_list_t *kafka_list_new(const struct kafka_place places[], size_t count);
void kafka_record_read(rd_kafka_message_t *message, struct kafka_record *ret_record);

#endif
