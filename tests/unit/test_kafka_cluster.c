/* The mock cluster; see test_kafka_cluster.h. */
#include "test_kafka_cluster.h"

static rd_kafka_t *host;
static struct kafka_writer *writer; /* once a program: to begin takes a second */
rd_kafka_mock_cluster_t *cluster;
struct config *config;
char words[KAFKA_TEXT_MAX];

static int set_up(int brokers)
{
    char servers[200];
    const char *const options[] = {servers, "rdkafka.retry.backoff.ms=10"};
    struct config_message message;
    kafka_log_off();
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, NULL);
    host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, words, sizeof words);
    cluster = host != NULL ? rd_kafka_mock_cluster_new(host, brokers) : NULL;
    if (cluster == NULL)
        return 1;
    (void)snprintf(servers, sizeof servers, "kafka.bootstrap.servers=%s",
                   rd_kafka_mock_cluster_bootstraps(cluster));
    return config_load(NULL, options, 2, &config, &message);
}

int cluster_set_up(void **state)
{
    (void)state;
    return set_up(1);
}

int cluster_set_up_two(void **state)
{
    (void)state;
    return set_up(2);
}

int cluster_tear_down(void **state)
{
    (void)state;
    kafka_writer_free(writer);
    config_free(config);
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(host);
    return 0;
}

void cluster_has(const char *topic, int partitions)
{
    assert_int_equal(rd_kafka_mock_topic_create(cluster, topic, partitions, 1),
                     RD_KAFKA_RESP_ERR_NO_ERROR);
}

void cluster_holds(const char *topic, int32_t partition, const char *value, int64_t at_ms)
{
    char key[60];
    (void)snprintf(key, sizeof key, "k%s", value);
    const struct kafka_record record = {.topic = topic,
                                        .partition = partition,
                                        .key = key,
                                        .key_size = strlen(key),
                                        .value = value,
                                        .value_size = strlen(value),
                                        .timestamp_ms = at_ms};
    if ((writer == NULL && kafka_writer_new(config, 100, &writer, words) < 0) ||
        kafka_writer_begin(writer, words) < 0 || kafka_writer_add(writer, &record, words) < 0 ||
        kafka_writer_commit(writer, words) < 0)
        fail_msg("%s", words);
}

void cluster_answers(int16_t api, rd_kafka_resp_err_t err, int times)
{
    for (int i = 0; i < times; i++)
        rd_kafka_mock_push_request_errors(cluster, api, 1, err);
}
