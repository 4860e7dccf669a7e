/* What the parts of the Kafka adapter share; nobody else includes it. */
#ifndef PRIMAFLOW_CLI_BROKER_INTERNAL_H
#define PRIMAFLOW_CLI_BROKER_INTERNAL_H

#include "broker.h"

#include <librdkafka/rdkafka.h>

enum {
    BROKER_CONNECT_MS = 5000,  /* for the first answer: a person waits who may have forgotten to start Kafka */
    BROKER_TIMEOUT_MS = 15000, /* of one request; the first transaction after a broker's start waits a second or more */
};

/* A client with kafka.bootstrap.servers, then `properties` (name, value, ..., NULL), then the configuration's rdkafka.*, which win. */
__attribute__((warn_unused_result)) int broker_client_new(const struct config *config, rd_kafka_type_t type, const char *const properties[],
                                                          rd_kafka_t **ret_client, struct broker_message *ret_message);

/* Writes "<doing>: <Kafka's words>; <remedy>" and returns the errno of the error's kind. */
int broker_complain(rd_kafka_t *client, rd_kafka_resp_err_t error, const char *words, const char *doing,
                    struct broker_message *ret_message);

#endif
