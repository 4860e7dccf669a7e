/* What Kafka knows of topics and groups, asked by a client of its own. Blocking; any thread. */
#ifndef PRIMAFLOW_KAFKA_ADMIN_H
#define PRIMAFLOW_KAFKA_ADMIN_H

#include "kafka/kafka.h"

/* Partitions of all topics of a flow: an incident keeps their ends in one record. */
enum { KAFKA_ENDS_MAX = 12000 };

/* What follows returns -EIO when Kafka does not say, and -EACCES when a right is missing, which
 * ret_message names (rights.h). */

/* Nobody is in the consumer group. */
__attribute__((warn_unused_result)) int kafka_group_is_empty(
    const struct config *config, const char *group, bool *ret_empty,
    char ret_message[static KAFKA_TEXT_MAX]);

/* Every one of these topics exists. -ENOENT (ret_message names the first that does not). */
__attribute__((warn_unused_result)) int kafka_topics_exist(const struct config *config,
                                                           const char *const topics[],
                                                           size_t topic_count,
                                                           char ret_message[static KAFKA_TEXT_MAX]);

/* The topics of this cluster whose names begin so. -E2BIG: more than there is room for;
 * ret_count of them are there. */
__attribute__((warn_unused_result)) int kafka_topics_like(const struct config *config,
                                                          const char *prefix, char names[][160],
                                                          size_t room, size_t *ret_count,
                                                          char ret_message[static KAFKA_TEXT_MAX]);

/* The ends of all partitions of these topics, now, in a list that the caller frees. KAFKA_END_HIGH:
 * open transactions included; KAFKA_END_STABLE: as far as readers of committed records come.
 * -ENOENT (ret_message names the topic); -E2BIG: more than KAFKA_ENDS_MAX. */
enum kafka_end { KAFKA_END_HIGH, KAFKA_END_STABLE };
__attribute__((warn_unused_result)) int kafka_ends(const struct config *config,
                                                   const char *const topics[], size_t topic_count,
                                                   enum kafka_end which,
                                                   struct kafka_place **ret_places,
                                                   size_t *ret_count,
                                                   char ret_message[static KAFKA_TEXT_MAX]);

/* A setting of these topics that is a whole number, such as "retention.ms" (-1: for ever) or
 * "max.message.bytes". -EACCES: of some we may not ask; ret_values of those is untouched. */
__attribute__((warn_unused_result)) int kafka_topic_setting(
    const struct config *config, const char *name, const char *const topics[], size_t topic_count,
    int64_t ret_values[], char ret_message[static KAFKA_TEXT_MAX]);

/* The group's committed offsets, by a connection of its own. */
__attribute__((warn_unused_result)) int kafka_group_committed(
    const struct config *config, const char *group, struct kafka_place places[], size_t count,
    char ret_message[static KAFKA_TEXT_MAX]);

/* ---- topics, created and described; errors as in reader.h ---- */

struct kafka_setting {
    const char *name;
    char value[40];
};

struct kafka_topic {
    const char *name;
    int partitions, replicas;
    const struct kafka_setting *settings;
    size_t setting_count;
};

struct kafka_admin;
__attribute__((warn_unused_result)) int kafka_admin_new(const struct config *config,
                                                        struct kafka_admin **ret_admin,
                                                        char ret_message[static KAFKA_TEXT_MAX]);
void kafka_admin_free(struct kafka_admin *admin);

/* Asks for the cluster's metadata; also the test whether Kafka is there. */
__attribute__((warn_unused_result)) int kafka_broker_count(struct kafka_admin *admin,
                                                           int *ret_count,
                                                           char ret_message[static KAFKA_TEXT_MAX]);

/* Creates them all in one request; `ret_created[i]` is false for those that were there. Returns
 * when the cluster knows them. */
__attribute__((warn_unused_result)) int kafka_topics_create(
    struct kafka_admin *admin, const struct kafka_topic topics[], size_t count, bool ret_created[],
    char ret_message[static KAFKA_TEXT_MAX]);

/* Partitions and replicas of topics[i] as the cluster has them; 0 partitions: no such topic. */
__attribute__((warn_unused_result)) int kafka_topics_count(struct kafka_admin *admin,
                                                           const char *const names[], size_t count,
                                                           int ret_partitions[], int ret_replicas[],
                                                           char ret_message[static KAFKA_TEXT_MAX]);

/* Whether every partition of these topics has a leader that answers, as it does a moment after
 * creation. */
__attribute__((warn_unused_result)) int kafka_topics_ready(struct kafka_admin *admin,
                                                           const char *const names[],
                                                           const int partitions[], size_t count,
                                                           bool *ret_ready,
                                                           char ret_message[static KAFKA_TEXT_MAX]);

/* Calls `seen` for every setting of every topic named (all must exist). */
typedef void (*kafka_setting_seen)(void *user, size_t topic, const char *name, const char *value);
__attribute__((warn_unused_result)) int kafka_topics_settings(
    struct kafka_admin *admin, const char *const names[], size_t count, kafka_setting_seen seen,
    void *user, char ret_message[static KAFKA_TEXT_MAX]);

#endif
