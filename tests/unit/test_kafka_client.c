/* Which properties a client of ours has: a user's stand over our defaults, and ours over a user's
 * where correctness hangs on them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "kafka/internal.h"
#include "kafka/topics.h"
#include "kafka/writer.h"

static struct config *load(const char *const overrides[], size_t count)
{
    struct config *config;
    struct config_message message;
    if (config_load(NULL, overrides, count, &config, &message) != 0)
        fail_msg("%s", message.text);
    return config;
}

static const char *property(const rd_kafka_conf_t *conf, const char *name, char text[static 100])
{
    size_t size = 100;
    assert_int_equal(rd_kafka_conf_get(conf, name, text, &size), RD_KAFKA_CONF_OK);
    return text;
}

static void test_precedence(void **state)
{
    static const char *const overrides[] = {"rdkafka.client.id=theirs", "rdkafka.check.crcs=false",
                                            "rdkafka.enable.partition.eof=false",
                                            "rdkafka.queued.min.messages=7",
                                            "kafka.bootstrap.servers=127.0.0.1:1"};
    static const char *const ours[][2] = {
        {"client.id", "ours"}, {"fetch.wait.max.ms", "17"}, {NULL, NULL}};
    static const char *const last[][2] = {{"check.crcs", "true"},
                                          {"enable.partition.eof", "true"},
                                          {"isolation.level", "read_committed"},
                                          {NULL, NULL}};
    char text[100], message[KAFKA_TEXT_MAX];
    struct config *config = load(overrides, 5);
    (void)state;
    rd_kafka_conf_t *conf = kafka_conf_new(config, ours, last, message);
    assert_non_null(conf);
    assert_string_equal(property(conf, "client.id", text), "theirs");
    assert_string_equal(property(conf, "fetch.wait.max.ms", text), "17");
    assert_string_equal(property(conf, "queued.min.messages", text), "7");
    assert_string_equal(property(conf, "check.crcs", text), "true");
    assert_string_equal(property(conf, "enable.partition.eof", text), "true");
    assert_string_equal(property(conf, "isolation.level", text), "read_committed");
    assert_string_equal(property(conf, "bootstrap.servers", text), "127.0.0.1:1");
    rd_kafka_conf_destroy(conf);
    config_free(config);
}

static void test_a_wrong_property_is_named(void **state)
{
    static const char *const overrides[] = {"rdkafka.no.such=1"};
    static const char *const none[][2] = {{NULL, NULL}};
    char message[KAFKA_TEXT_MAX];
    struct config *config = load(overrides, 1);
    (void)state;
    assert_null(kafka_conf_new(config, none, none, message));
    assert_non_null(strstr(message, "librdkafka refuses rdkafka.no.such: "));
    config_free(config);
}

/* What each client sets last is known to the configuration as ours (kafka_conf_new asserts it). */
static void test_clients_say_what_is_theirs(void **state)
{
    static const char *const overrides[] = {"kafka.bootstrap.servers=127.0.0.1:1"};
    const char *const topics[] = {topic_orders_raw};
    const struct kafka_consumer_hooks hooks = {NULL, NULL, NULL, NULL};
    const struct kafka_message record = {
        .topic = topic_ops_control, .key = "k", .key_size = 1, .value = "v", .value_size = 1};
    char text[100], message[KAFKA_TEXT_MAX];
    struct kafka_consumer *consumer;
    struct config *config = load(overrides, 1);
    const int fd = eventfd(0, EFD_NONBLOCK);
    (void)state;
    kafka_log_off();
    assert_int_equal(
        kafka_consumer_new(config, "g", "g-0", topics, 1, false, fd, &hooks, &consumer, message),
        0);
    kafka_consumer_free(consumer);
    assert_int_equal(
        kafka_consumer_new(config, "g", "g-0", topics, 1, true, fd, &hooks, &consumer, message), 0);
    assert_string_equal(
        property(rd_kafka_conf(consumer->rk), "partition.assignment.strategy", text),
        "range"); /* the one that puts partitions beside each other */
    kafka_consumer_free(consumer);
    assert_int_equal(kafka_write(config, &record, 1, 100, message), -EIO);
    assert_non_null(strstr(message, "cannot write k to ops.control: "));
    (void)close(fd);
    config_free(config);
}

static void test_names_of_topics(void **state)
{
    char text[100];
    (void)state;
    assert_string_equal(
        topic_of_input(topic_orders_raw, TOPIC_PART_RETRY, "10s", false, text, sizeof text),
        "orders.raw.retry.10s");
    assert_string_equal(
        topic_of_input(topic_orders_raw, TOPIC_PART_DLQ, "", true, text, sizeof text),
        "shadow.orders.raw.dlq");
    assert_string_equal(topic_name(topic_orders_results, true, text, sizeof text),
                        topic_shadow_orders_results);
    assert_string_equal(topic_without_shadow(text), "orders.results");
    assert_true(topic_is_shadow(text));
    assert_false(topic_is_shadow(topic_orders_results));
    assert_true(topic_is_of_input("orders.raw.dlq", TOPIC_PART_DLQ));
    assert_false(topic_is_of_input("orders.raw.dlqs", TOPIC_PART_DLQ));
    assert_true(topic_is_of_input("orders.raw.retry.1m", TOPIC_PART_RETRY));
    assert_false(topic_is_of_input("orders.raw.retry.", TOPIC_PART_RETRY));
    assert_false(topic_is_of_input(topic_orders_raw, TOPIC_PART_REPLAY));
}

/* Never less than what the broker counts: 61 of a batch, 36 of a record at most, and of each header
 * two lengths beside its bytes. */
static void test_bytes_of_a_message(void **state)
{
    (void)state;
    static const struct kafka_header headers[] = {{"name", "value", 5}, {"n", NULL, 0}};
    static const struct {
        const char *name;
        struct kafka_message message;
        size_t bytes;
    } rows[] = {
        {"empty", {.value_size = 0}, 97},
        {"a key", {.key_size = 10}, 107},
        {"a value", {.value_size = 1000}, 1097},
        {"a header", {.headers = headers, .header_count = 1}, 97 + 10 + 4 + 5},
        {"a header without a value", {.headers = headers, .header_count = 2}, 97 + 20 + 9 + 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        assert_int_equal(kafka_message_bytes(&rows[i].message), rows[i].bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_a_wrong_property_is_named),
        cmocka_unit_test(test_clients_say_what_is_theirs),
        cmocka_unit_test(test_names_of_topics),
        cmocka_unit_test(test_bytes_of_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
