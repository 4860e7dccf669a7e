/* librdkafka's own mock of a cluster, in this process: what the adapter makes of a broker's answers,
 * without a broker. It knows no groups' members, no settings of topics, and ends no transaction of
 * readers: those are the integration tests'. */
#ifndef PRIMAFLOW_TEST_KAFKA_CLUSTER_H
#define PRIMAFLOW_TEST_KAFKA_CLUSTER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "kafka/internal.h"
#include "kafka/writer.h"

#include <librdkafka/rdkafka_mock.h>

extern rd_kafka_mock_cluster_t *cluster;
extern struct config *config; /* of this cluster */
extern char words[KAFKA_TEXT_MAX];

/* cmocka group fixtures: a cluster of one broker, of two. */
int cluster_set_up(void **state);
int cluster_set_up_two(void **state);
int cluster_tear_down(void **state);

void cluster_has(const char *topic, int partitions);
/* A record as value (key "k" + value), to this partition, of this time; 0: now. */
void cluster_holds(const char *topic, int32_t partition, const char *value, int64_t at_ms);
/* The next request of this kind is answered so, `times` times. */
enum {
    API_PRODUCE = 0,
    API_FETCH = 1,
    API_LIST_OFFSETS = 2,
    API_METADATA = 3,
    API_OFFSET_FETCH = 9,
    API_FIND_COORDINATOR = 10,
    API_INIT_PRODUCER_ID = 22,
    API_ADD_PARTITIONS = 24,
    API_ADD_OFFSETS = 25,
    API_END_TXN = 26,
    API_TXN_OFFSET_COMMIT = 28
};
void cluster_answers(int16_t api, rd_kafka_resp_err_t err, int times);

#endif
