/* The topics that primaflow needs, expanded from topics.def by configuration, and how a cluster's
 * topics differ from them.
 *
 * Invariants: pure, no Kafka here; a wanted list is complete and sorted as topics.def is; settings
 * are texts as Kafka writes them, so that they can be sent and compared. A difference is an ERROR
 * when it can lose, double or leak something, else a NOTE that somebody's own choice may explain.
 * One thread. */
#ifndef PRIMAFLOW_OPS_TOPIC_TABLE_H
#define PRIMAFLOW_OPS_TOPIC_TABLE_H

#include "kafka/admin.h"
#include "kafka/reader.h"
#include "kafka/writer.h"
#include "config/config.h"

enum { TOPIC_NAME_MAX = 80, TOPICS_MAX = 68, TOPIC_SETTINGS_MAX = 6, TOPIC_DIFFERENCES_MAX = 512 };

struct topic_wanted {
    char name[TOPIC_NAME_MAX];
    const char *meaning;
    int partitions, replicas;
    struct kafka_setting settings[TOPIC_SETTINGS_MAX]; /* cleanup.policy, retention.ms, ... */
    size_t setting_count;
    int64_t retention_ms;  /* -1: forever */
    bool is_input, is_fed; /* is_fed: input, or a topic of an input: workers read it */
    bool personal, single;
};

struct topic_shape {
    int partitions; /* of keyed topics */
    int replicas;
    int min_insync; /* 0: replicas - 1, at least 1 */
    bool shadow;    /* with the topics of shadow mode */
};

/* Fills `wanted` (room for TOPICS_MAX). -EINVAL with the message: retry.delays is not a list of
 * durations, or too long. */
__attribute__((warn_unused_result)) int topic_table_expand(const struct config *config,
                                                           const struct topic_shape *shape,
                                                           struct topic_wanted wanted[],
                                                           size_t *ret_count,
                                                           struct config_message *ret_message);

/* A topic as the cluster has it. */
struct topic_found {
    int partitions, replicas; /* 0 partitions: there is none */
    /* names and order of the wanted one; value "" when Kafka did not say */
    struct kafka_setting settings[TOPIC_SETTINGS_MAX];
};

struct topic_difference {
    const char *topic, *what; /* "partitions", or a setting's name */
    char is[40], wanted[40];
    bool is_error;
    char remedy[300];
};

/* Compares one topic. Appends to `differences` and returns their new count, at most
 * TOPIC_DIFFERENCES_MAX. */
size_t topic_table_compare(const struct topic_wanted *wanted, const struct topic_found *found,
                           struct topic_difference differences[], size_t count);

/* What must hold between the topics' retention and idempotency.ttl: a redelivery of any record that
 * can still be read must meet its key. Appends as topic_table_compare does. `retention_ms`: of the
 * topic as it is (-1 forever). */
size_t topic_table_compare_ttl(const struct config *config, const struct topic_wanted *wanted,
                               int64_t retention_ms, struct topic_difference differences[],
                               size_t count);

#endif
