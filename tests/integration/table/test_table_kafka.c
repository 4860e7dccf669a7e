/* A table on a real Kafka: transactions and their markers, values that are read when they are asked
 * for, compaction by the broker, deletion, and a topic that is deleted and made anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "kafka/admin.h"
#include "kafka/reader.h"
#include "kafka/writer.h"
#include "table/ktable.h"

enum { PATIENCE_MS = 60000, COMPACTION_MS = 120000 };

static struct config *config;
static struct host host;
static struct ktable *table;
static char topic[80], words[KAFKA_TEXT_MAX];

/* ---- the topic ---- */

static void topic_make(const char *cleanup)
{
    const struct kafka_setting settings[] = {{.name = "cleanup.policy"},
                                             {.name = "segment.ms", .value = "100"},
                                             {.name = "min.cleanable.dirty.ratio", .value = "0.01"},
                                             {.name = "max.compaction.lag.ms", .value = "100"},
                                             {.name = "delete.retention.ms", .value = "100"}};
    struct kafka_setting set[5];
    struct kafka_admin *admin;
    bool is_created = false;
    const char *name = topic;
    memcpy(set, settings, sizeof set);
    (void)snprintf(set[0].value, sizeof set[0].value, "%s", cleanup);
    const struct kafka_topic wanted = {topic, 2, 1, set, 5};
    if (kafka_admin_new(config, &admin, words) < 0 ||
        kafka_topics_create(admin, &wanted, 1, &is_created, words) < 0)
        fail_msg("%s", words);
    assert_true(is_created);
    for (bool is_ready = false; !is_ready; uv_sleep(50))
        if (kafka_topics_ready(admin, &name, &wanted.partitions, 1, &is_ready, words) < 0)
            fail_msg("%s", words);
    kafka_admin_free(admin);
}

static void put(struct kafka_writer *writer, const char *key, const char *value)
{
    const struct kafka_record record = {.topic = topic,
                                        .partition = 0,
                                        .key = key,
                                        .key_size = strlen(key),
                                        .value = value,
                                        .value_size = value != NULL ? strlen(value) : 0};
    if (kafka_writer_add(writer, &record, words) < 0)
        fail_msg("%s", words);
}

static struct kafka_writer *begin(void)
{
    struct kafka_writer *writer;
    if (kafka_writer_new(config, 1000, &writer, words) < 0 || kafka_writer_begin(writer, words) < 0)
        fail_msg("%s", words);
    return writer;
}

static void commit(struct kafka_writer *writer)
{
    if (kafka_writer_commit(writer, words) < 0)
        fail_msg("%s", words);
    kafka_writer_free(writer);
}

/* In a transaction of its own: the record, and its marker. */
static void put_one(const char *key, const char *value)
{
    struct kafka_writer *writer = begin();
    put(writer, key, value);
    commit(writer);
}

/* What the adapter has no call for: people do that. */
static void ask_admin(void (*ask)(rd_kafka_t *rk, rd_kafka_queue_t *queue, int64_t offset),
                      int64_t offset)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    assert_int_equal(rd_kafka_conf_set(conf, "bootstrap.servers",
                                       config_text(config, CFG_kafka_bootstrap_servers), words,
                                       sizeof words),
                     RD_KAFKA_CONF_OK);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, words, sizeof words);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    ask(rk, queue, offset);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, PATIENCE_MS);
    assert_non_null(event);
    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
        fail_msg("%s", rd_kafka_event_error_string(event));
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(rk);
}

static void ask_delete_records(rd_kafka_t *rk, rd_kafka_queue_t *queue, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, 0)->offset = offset;
    rd_kafka_DeleteRecords_t *request = rd_kafka_DeleteRecords_new(list);
    rd_kafka_DeleteRecords(rk, &request, 1, NULL, queue);
    rd_kafka_DeleteRecords_destroy(request);
    rd_kafka_topic_partition_list_destroy(list);
}

static void ask_delete_topic(rd_kafka_t *rk, rd_kafka_queue_t *queue, int64_t offset)
{
    rd_kafka_DeleteTopic_t *request = rd_kafka_DeleteTopic_new(topic);
    (void)offset;
    rd_kafka_DeleteTopics(rk, &request, 1, NULL, queue);
    rd_kafka_DeleteTopic_destroy(request);
}

/* ---- the table ---- */

static size_t group_before_slash(const void *key, size_t size)
{
    const char *slash = memchr(key, '/', size);
    return slash != NULL ? (size_t)(slash - (const char *)key) : size;
}

static void table_make(void)
{
    if (ktable_new(&host, topic, group_before_slash, &table, words) < 0)
        fail_msg("%s", words);
    ktable_follow(table, 0);
    ktable_follow(table, 1);
}

static void table_drop(void)
{
    ktable_free(table);
    table = NULL;
    for (int i = 0; i < 100; i++, uv_sleep(2))
        (void)uv_run(&host.loop, UV_RUN_NOWAIT);
}

static void read_until(int64_t offset)
{
    const int64_t until = clock_monotonic_ms() + PATIENCE_MS;
    while (ktable_read_to(table, 0) != offset || !ktable_is_restored(table, 0)) {
        if (clock_monotonic_ms() > until)
            fail_msg("read to %lld, not to %lld: %s", (long long)ktable_read_to(table, 0),
                     (long long)offset,
                     ktable_trouble(table, 0) != NULL ? ktable_trouble(table, 0) : "-");
        (void)uv_run(&host.loop, UV_RUN_ONCE);
    }
}

/* What is written, not yet committed. */
static void end_grows_to(int64_t end)
{
    const int64_t until = clock_monotonic_ms() + PATIENCE_MS;
    while (ktable_end(table, 0) < end && clock_monotonic_ms() < until)
        (void)uv_run(&host.loop, UV_RUN_ONCE);
    assert_int_equal(ktable_end(table, 0), end);
}

static char answer[1000];
static bool is_answered;

static void on_found(void *user, const struct ktable_answer *a)
{
    size_t used = 0;
    (void)user;
    is_answered = true;
    (void)snprintf(answer, sizeof answer, "%s", a->why);
    for (size_t i = 0; i < a->count; i++)
        used +=
            (size_t)snprintf(answer + used, sizeof answer - used, "%s%.*s=%.*s", i > 0 ? " " : "",
                             (int)a->records[i].key_size, (const char *)a->records[i].key,
                             (int)a->records[i].value_size, (const char *)a->records[i].value);
}

static const char *finds(const char *group)
{
    const int64_t until = clock_monotonic_ms() + PATIENCE_MS;
    is_answered = false;
    ktable_find(table, 0, group, on_found, NULL);
    while (!is_answered && clock_monotonic_ms() < until)
        (void)uv_run(&host.loop, UV_RUN_ONCE);
    assert_true(is_answered);
    return answer;
}

/* ---- what is read ---- */

static void test_transactions(void **state)
{
    (void)state;
    topic_make("compact");
    put_one("g", "1");   /* 0, marker 1 */
    put_one("g/1", "a"); /* 2, 3 */
    table_make();
    read_until(4);
    struct kafka_writer *writer = begin();
    put(writer, "g/2", "never"); /* 4, aborted by marker 5 */
    end_grows_to(5);
    kafka_writer_free(writer);
    read_until(6);
    put_one("h", "2"); /* 6, 7 */
    read_until(8);
    table_drop();
    table_make();
    read_until(8);
    assert_string_equal(finds("g"), "g=1 g/1=a");
    assert_string_equal(finds("h"), "h=2");
    assert_string_equal(finds("x"), "");
    put_one("g/1", NULL); /* it goes on */
    put_one("g", "3");
    read_until(12);
    assert_string_equal(finds("g"), "g=3");
    writer = begin(); /* open: nothing behind it is read */
    put(writer, "g", "4");
    put(writer, "h", "5");
    end_grows_to(14);
    assert_int_equal(ktable_read_to(table, 0), 12);
    assert_string_equal(finds("g"), "g=3");
    commit(writer);
    read_until(15);
    assert_string_equal(finds("g"), "g=4");
    assert_string_equal(finds("h"), "h=5");
    table_drop();
}

/* Nothing is cached: each value is read from its place. */
static void test_values_on_demand(void **state)
{
    enum { ORDERS = 400 };
    char key[40], value[80];
    (void)state;
    topic_make("compact");
    struct kafka_writer *writer = begin();
    for (int i = 0; i < ORDERS; i++) {
        (void)snprintf(key, sizeof key, "g%d", i);
        (void)snprintf(value, sizeof value, "v%d", i);
        put(writer, key, value);
        (void)snprintf(key, sizeof key, "g%d/1", i);
        put(writer, key, "credit");
    }
    commit(writer);
    table_make();
    read_until(2 * ORDERS + 1);
    for (int i = 0; i < ORDERS; i += 37) {
        char group[20];
        (void)snprintf(group, sizeof group, "g%d", i);
        (void)snprintf(value, sizeof value, "g%d=v%d g%d/1=credit", i, i, i);
        assert_string_equal(finds(group), value);
    }
    table_drop();
}

/* ---- what goes ---- */

static int64_t key_count(void)
{
    struct ktable_progress now;
    ktable_progress(table, &now);
    return now.keys;
}

static void count(void *user, const struct kafka_record *record)
{
    int *seen = user;
    (void)record;
    (*seen)++;
}

/* The broker takes away what was replaced, while a table follows and before one begins. */
static void test_compaction(void **state)
{
    char value[20];
    (void)state;
    topic_make("compact");
    for (int i = 0; i < 5; i++) {
        (void)snprintf(value, sizeof value, "%d", i);
        put_one("g", value);
        put_one("g/1", i < 4 ? value : NULL);
        uv_sleep(150);
    }
    table_make();
    read_until(20);
    int seen = 0;
    for (const int64_t until = clock_monotonic_ms() + COMPACTION_MS;;) {
        seen = 0;
        put_one("x", "y"); /* closes the segment; its own last one stays */
        if (kafka_scan(config, topic, NULL, count, &seen, words) < 0)
            fail_msg("%s", words);
        if (seen <= 3 || clock_monotonic_ms() > until)
            break;
        uv_sleep(1000);
    }
    assert_in_range(seen, 1, 4);
    assert_string_equal(finds("g"), "g=4");
    table_drop();
    table_make(); /* and one that begins now */
    for (const int64_t until = clock_monotonic_ms() + PATIENCE_MS;
         !ktable_is_restored(table, 0) && clock_monotonic_ms() < until;)
        (void)uv_run(&host.loop, UV_RUN_ONCE);
    assert_string_equal(finds("g"), "g=4");
    assert_string_equal(finds("x"), "x=y");
    assert_int_equal(key_count(), 2);
    table_drop();
}

/* By age, as it were: no tombstone comes. */
static void test_deletion(void **state)
{
    (void)state;
    topic_make("compact,delete");
    put_one("g", "1");   /* 0 */
    put_one("g/1", "a"); /* 2 */
    put_one("h", "2");   /* 4 */
    table_make();
    read_until(6);
    ask_admin(ask_delete_records, 2);
    assert_string_equal(finds("g"), "g/1=a");
    assert_int_equal(key_count(), 2);
    ask_admin(ask_delete_records, 6);
    assert_string_equal(finds("h"), "");
    put_one("h", "3");
    read_until(8);
    assert_string_equal(finds("h"), "h=3");
    table_drop();
    table_make();
    read_until(8);
    assert_string_equal(finds("h"), "h=3");
    assert_string_equal(finds("g"), "");
    table_drop();
}

/* Deleted and made anew, with less in it: what the table had is gone. */
static void test_a_topic_made_anew(void **state)
{
    (void)state;
    topic_make("compact");
    put_one("g", "1");
    put_one("g/1", "a");
    put_one("h", "2");
    table_make();
    read_until(6);
    ask_admin(ask_delete_topic, 0);
    uv_sleep(1000);
    topic_make("compact");
    put_one("h", "new");
    read_until(2);
    assert_string_equal(finds("h"), "h=new");
    assert_string_equal(finds("g"), "");
    table_drop();
}

/* ---- fixtures ---- */

static int set_up(void **state)
{
    static const char *const options[] = {"table.cache=0"};
    struct config_message message;
    uint8_t random[6];
    char hex[13];
    (void)state;
    digest_random(random, sizeof random);
    (void)snprintf(topic, sizeof topic, "test.table.%s", digest_hex(random, sizeof random, hex));
    if (config_load(NULL, options, 1, &config, &message) < 0)
        fail_msg("%s", message.text);
    host = (struct host){.config = config};
    assert_int_equal(uv_loop_init(&host.loop), 0);
    timers_init(&host.timers, &host.loop);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ktable_free(table); /* of a test that failed */
    table = NULL;
    (void)uv_run(&host.loop, UV_RUN_NOWAIT);
    timers_release(&host.timers);
    (void)uv_run(&host.loop, UV_RUN_DEFAULT);
    config_free(config);
    return uv_loop_close(&host.loop);
}

int main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ROW(test_transactions), ROW(test_values_on_demand),  ROW(test_compaction),
        ROW(test_deletion),     ROW(test_a_topic_made_anew),
    };
#undef ROW
    return cmocka_run_group_tests_name("table: on Kafka", tests, NULL, NULL);
}
