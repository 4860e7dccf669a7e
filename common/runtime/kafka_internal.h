/* What the files of the Kafka adapter share; nobody else includes it. */
#ifndef PRIMAFLOW_KAFKA_INTERNAL_H
#define PRIMAFLOW_KAFKA_INTERNAL_H

#include "runtime/kafka.h"

#include <librdkafka/rdkafka.h>

struct kafka_consumer {
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue; /* events: rebalances, errors */
    int wake_fd;
    bool closing;
    struct kafka_consumer_hooks hooks;
};

/* A configuration with the bootstrap servers, the client's id and the pass-through properties; `ours` are set before, `last` after those,
 * so that nobody can turn off what correctness needs. NULL with ret_message. */
rd_kafka_conf_t *kafka_conf_new(const struct config *config, const char *const ours[][2], const char *const last[][2],
                                char ret_message[static KAFKA_TEXT_MAX]);

rd_kafka_topic_partition_list_t *kafka_list_new(const struct kafka_place places[], size_t count);
void kafka_record_read(rd_kafka_message_t *message, struct kafka_record *ret_record);

#endif
