/* Writing outside of transactions and in one's own: what is told when it does not go through
 * (test_kafka_cluster.h). */
#include "test_kafka_cluster.h"

#include <errno.h>

#include "kafka/reader.h"

static void see(void *user, const struct kafka_record *r)
{
    char *all = user;
    const size_t used = strlen(all);
    (void)snprintf(all + used, 300 - used, "%s%.*s=%.*s", used > 0 ? " " : "", (int)r->key_size,
                   r->key != NULL ? (const char *)r->key : "", (int)r->value_size,
                   r->value != NULL ? (const char *)r->value : "");
}

static void holds(const char *topic, const char *expected)
{
    char all[300] = "";
    assert_int_equal(kafka_scan(config, topic, NULL, see, all, words), 0);
    assert_string_equal(all, expected);
}

/* ---- outside ---- */

static void test_plain(void **state)
{
    const struct kafka_message messages[] = {
        {.topic = "plain", .key = "a", .key_size = 1, .value = "1", .value_size = 1},
        {.topic = "plain", .key = "b", .key_size = 1},
        {.topic = "plain", .value = "3", .value_size = 1},
    };
    (void)state;
    cluster_has("plain", 1);
    assert_int_equal(kafka_write(config, messages, 3, 5000, words), 0);
    holds("plain", "a=1 b= =3");
    assert_int_equal(kafka_write(config, messages, 0, 5000, words), 0);
}

static void test_plain_that_is_refused(void **state)
{
    char long_key[300];
    memset(long_key, 'k', sizeof long_key);
    const struct kafka_message messages[] = {
        {.topic = "refused", .key = "a", .key_size = 1, .value = "1", .value_size = 1},
    };
    const struct kafka_message large = {.topic = "refused",
                                        .key = long_key,
                                        .key_size = sizeof long_key,
                                        .value = long_key,
                                        .value_size = sizeof long_key};
    (void)state;
    cluster_has("refused", 1);
    cluster_answers(API_PRODUCE, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1);
    assert_int_equal(kafka_write(config, messages, 1, 5000, words), -EACCES);
    assert_string_equal(words, "WRITE on topic refused (kafka-acls --add --operation Write --topic "
                               "refused)");
    cluster_answers(API_PRODUCE, RD_KAFKA_RESP_ERR_POLICY_VIOLATION, 1);
    assert_int_equal(kafka_write(config, messages, 1, 5000, words), -EIO);
    assert_string_equal(words, "cannot write a to refused: Broker: Policy violation");
    cluster_answers(API_PRODUCE, RD_KAFKA_RESP_ERR_POLICY_VIOLATION, 1);
    assert_int_equal(kafka_write(config, &large, 1, 5000, words), -EIO);
    assert_memory_equal(words, "cannot write kkkk", 17);
    assert_int_equal(strspn(words + 13, "k"), 150);
    holds("refused", "");
}

/* Who waits no longer hears that nothing is known of it. */
static void test_plain_without_an_answer(void **state)
{
    const struct kafka_message message = {.topic = "slow", .value = "1", .value_size = 1};
    (void)state;
    cluster_has("slow", 1);
    cluster_answers(API_PRODUCE, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, 400);
    assert_int_equal(kafka_write(config, &message, 1, 500, words), -EIO);
    assert_non_null(strstr(words, "cannot write  to slow: "));
    rd_kafka_mock_clear_request_errors(cluster, API_PRODUCE);
}

/* ---- in transactions ---- */

static const struct kafka_record record = {
    .topic = "own", .partition = 0, .key = "k", .key_size = 1, .value = "v", .value_size = 1};

static void test_own_transactions(void **state)
{
    struct kafka_writer *writer, *successor;
    (void)state;
    cluster_has("own", 1);
    assert_int_equal(kafka_writer_new_as(config, "me", 40 << 20, &writer, words), 0);
    assert_int_equal(kafka_writer_begin(writer, words), 0);
    assert_int_equal(kafka_writer_begin(writer, words), -EIO); /* one at a time */
    assert_non_null(strstr(words, "nothing was sent: "));
    assert_int_equal(kafka_writer_add(writer, &record, words), 0);
    assert_int_equal(kafka_writer_commit(writer, words), 0);
    holds("own", "k=v");
    assert_int_equal(kafka_writer_new_as(config, "me", 0, &successor, words), 0);
    kafka_writer_free(writer);
    kafka_writer_free(successor);
    kafka_writer_free(NULL);
}

static void test_own_that_fail(void **state)
{
    static const struct {
        const char *name;
        int16_t api;
        rd_kafka_resp_err_t err;
        int result;
        const char *words;
    } rows[] = {
        {"fenced", API_END_TXN, RD_KAFKA_RESP_ERR_PRODUCER_FENCED, -EIO,
         "another process writes in our place"},
        {"no rights", API_ADD_PARTITIONS, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, -EACCES,
         "see the credentials"},
        {"too large", API_PRODUCE, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, -EIO, "nothing was sent"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kafka_writer *writer;
        assert_int_equal(kafka_writer_new(config, 0, &writer, words), 0);
        assert_int_equal(kafka_writer_begin(writer, words), 0);
        cluster_answers(rows[i].api, rows[i].err, 1);
        int result = kafka_writer_add(writer, &record, words);
        if (result == 0)
            result = kafka_writer_commit(writer, words);
        if (result >= 0 || strstr(words, rows[i].words) == NULL)
            fail_msg("%s: %d, %s", rows[i].name, result, words);
        kafka_writer_free(writer);
        rd_kafka_mock_clear_request_errors(cluster, rows[i].api);
    }
}

static void test_one_that_may_not_begin(void **state)
{
    struct kafka_writer *writer;
    (void)state;
    cluster_answers(API_INIT_PRODUCER_ID, RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
                    1);
    assert_int_equal(kafka_writer_new(config, 0, &writer, words), -EACCES);
    assert_non_null(strstr(words, "nothing was sent: "));
}

static void test_a_record_that_is_too_large(void **state)
{
    static char value[2100000];
    struct kafka_record large = record;
    struct kafka_writer *writer;
    (void)state;
    large.value = value;
    large.value_size = sizeof value;
    assert_int_equal(kafka_writer_new(config, sizeof value, &writer, words), 0);
    assert_int_equal(kafka_writer_begin(writer, words), 0);
    assert_int_equal(kafka_writer_add(writer, &large, words), -EMSGSIZE);
    assert_non_null(strstr(words, "nothing was sent: topic own: "));
    assert_non_null(strstr(words, "; make the record smaller"));
    kafka_writer_free(writer);
}

/* ---- words for people ---- */

static void test_complaints(void **state)
{
    static const struct {
        rd_kafka_resp_err_t err;
        int result;
        const char *words, *heard, *says;
    } rows[] = {
        {RD_KAFKA_RESP_ERR__TIMED_OUT, -EIO, NULL, "",
         "doing: Local: Timed out; is Kafka up, and kafka.bootstrap.servers "
         "(KAFKA_BOOTSTRAP_SERVERS) right?"},
        {RD_KAFKA_RESP_ERR__TIMED_OUT, -EIO, "its words", "refused",
         "doing: its words (refused); is Kafka up, and kafka.bootstrap.servers "
         "(KAFKA_BOOTSTRAP_SERVERS) right?"},
        {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, -ENOENT, "w", "refused",
         "doing: w; see the topic's name, or: primaflow topics create"},
        {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, -ENOENT, "w", "",
         "doing: w; see the topic's name, or: primaflow topics create"},
        {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, -ENOENT, "w", "",
         "doing: w; see the topic's name, or: primaflow topics create"},
        {RD_KAFKA_RESP_ERR__AUTHENTICATION, -EACCES, "w", "no",
         "doing: w (no); see the credentials in rdkafka.sasl.* and the principal's ACLs"},
        {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, -EACCES, "w", "",
         "doing: w; see the credentials in rdkafka.sasl.* and the principal's ACLs"},
        {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, -EMSGSIZE, "w", "refused",
         "doing: w; make the record smaller"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kafka_client client = {.rk = NULL};
        (void)snprintf(client.heard, sizeof client.heard, "%s", rows[i].heard);
        assert_int_equal(kafka_complain(&client, rows[i].err, rows[i].words, "doing", words),
                         rows[i].result);
        assert_string_equal(words, rows[i].says);
    }
    assert_int_equal(kafka_complain(NULL, RD_KAFKA_RESP_ERR__TIMED_OUT, "w", "d", words), -EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_plain_that_is_refused),
        cmocka_unit_test(test_plain_without_an_answer),
        cmocka_unit_test(test_own_transactions),
        cmocka_unit_test(test_own_that_fail),
        cmocka_unit_test(test_one_that_may_not_begin),
        cmocka_unit_test(test_a_record_that_is_too_large),
        cmocka_unit_test(test_complaints),
    };
    return cmocka_run_group_tests_name("kafka: writing", tests, cluster_set_up, cluster_tear_down);
}
