/* The command line's Kafka adapter on a real broker: transactions whole or not at all, aborted and
 * open ones never seen, ranges that end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "kafka/admin.h"
#include "kafka/lookup.h"
#include "kafka/reader.h"
#include "kafka/writer.h"
#include "core/spool.h"

static struct config *config;
static char topic[60];

/* A new topic of `partitions` for each test; bytes_max NULL: Kafka's own. */
static void topic_new(int partitions, const char *bytes_max)
{
    char hex[17];
    uint8_t random[8];
    struct kafka_admin *admin;
    struct kafka_words message;
    struct kafka_setting setting = {.name = "max.message.bytes"};
    bool created = false;

    digest_random(random, sizeof random);
    (void)snprintf(topic, sizeof topic, "test.cli.%s", digest_hex(random, sizeof random, hex));
    (void)snprintf(setting.value, sizeof setting.value, "%s", bytes_max != NULL ? bytes_max : "");
    const struct kafka_topic wanted = {topic, partitions, 1, &setting, bytes_max != NULL};
    assert_int_equal(kafka_admin_new(config, &admin, message.text), 0);
    if (kafka_topics_create(admin, &wanted, 1, &created, message.text) != 0)
        fail_msg("%s", message.text);
    assert_true(created);
    kafka_admin_free(admin);
}

static int setup(void **state)
{
    struct config_message message;
    (void)state;
    return config_load(NULL, NULL, 0, &config, &message);
}

static int teardown(void **state)
{
    (void)state;
    config_free(config);
    return 0;
}

/* ---- writing ---- */

/* Sends texts in one transaction, with the time given (0: now). */
static int texts_send_at(const char *const texts[], int64_t timestamp_ms,
                         struct kafka_words *message)
{
    struct kafka_writer *producer;
    struct spool spool;
    spool_init(&spool);
    for (size_t i = 0; texts[i] != NULL; i++)
        assert_int_equal(spool_add(&spool, &(struct kafka_record){.partition = -1,
                                                                  .timestamp_ms = timestamp_ms,
                                                                  .key = texts[i],
                                                                  .key_size = 1,
                                                                  .value = texts[i],
                                                                  .value_size = strlen(texts[i])}),
                         0);
    int rc = kafka_writer_new(config, 0, &producer, message->text);
    if (rc == 0) {
        rc = spool_send(&spool, 0, spool.count, topic, producer, message);
        kafka_writer_free(producer);
    }
    spool_release(&spool);
    return rc;
}

static void texts_send(const char *const texts[], int64_t timestamp_ms)
{
    struct kafka_words message = {""};
    if (texts_send_at(texts, timestamp_ms, &message) != 0)
        fail_msg("%s", message.text);
}

/* A transaction that is left open, by librdkafka itself. */
static rd_kafka_t *open_transaction(const char *text)
{
    char words[200];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    assert_int_equal(rd_kafka_conf_set(conf, "bootstrap.servers",
                                       config_text(config, CFG_kafka_bootstrap_servers), words,
                                       sizeof words),
                     0);
    assert_int_equal(rd_kafka_conf_set(conf, "transactional.id", topic, words, sizeof words), 0);
    rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, words, sizeof words);
    assert_non_null(client);
    assert_null(rd_kafka_init_transactions(client, 15000));
    assert_null(rd_kafka_begin_transaction(client));
    const rd_kafka_vu_t parts[] = {
        {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = topic},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = 0},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)(uintptr_t)text, strlen(text)}},
    };
    assert_null(rd_kafka_produceva(client, parts, sizeof parts / sizeof *parts));
    assert_int_equal(rd_kafka_flush(client, 15000), 0);
    return client;
}

/* ---- reading ---- */

struct seen {
    struct buf text; /* values, each with a blank behind it */
    int64_t count, first_offset, last_timestamp;
};

static int see(void *user, const struct kafka_record *record)
{
    struct seen *s = user;
    if (s->count++ == 0)
        s->first_offset = record->offset;
    s->last_timestamp = record->timestamp_ms;
    buf_append(&s->text, record->value, record->value_size);
    buf_byte(&s->text, ' ');
    return 0;
}

/* Reads a range and compares the values in order; returns how long it took. */
static int64_t read_is(struct kafka_range range, const char *wanted)
{
    struct kafka_words message = {""};
    struct seen s = {.count = 0};
    const char *const topics[] = {topic};
    int64_t began = clock_monotonic_ms();
    buf_init(&s.text, 1 << 20);
    if (kafka_read(config, topics, 1, &range, see, &s, message.text) != 0)
        fail_msg("%s", message.text);
    assert_string_equal(s.text.data, wanted);
    buf_release(&s.text);
    return clock_monotonic_ms() - began;
}

static const struct kafka_range whole = {.partition = -1};

static void test_a_transaction_is_read_whole(void **state)
{
    (void)state;
    topic_new(1, NULL);
    read_is(whole, "");
    texts_send((const char *const[]){"a1", "b1", "a2", NULL}, 0);
    read_is(whole, "a1 b1 a2 ");
}

static void test_aborted_records_are_never_seen(void **state)
{
    (void)state;
    topic_new(1, NULL);
    texts_send((const char *const[]){"a1", NULL}, 0);
    rd_kafka_t *client = open_transaction("aborted");
    assert_null(rd_kafka_abort_transaction(client, 15000));
    rd_kafka_destroy(client);
    read_is(whole, "a1 ");
    texts_send((const char *const[]){"a2", NULL}, 0);
    read_is(whole, "a1 a2 ");
}

static void test_an_open_transaction_ends_the_reading(void **state)
{
    (void)state;
    topic_new(1, NULL);
    texts_send((const char *const[]){"a1", NULL}, 0);
    rd_kafka_t *client = open_transaction("open");
    texts_send((const char *const[]){"a2", NULL},
               0); /* committed, but behind the open one: not stable yet */
    assert_true(read_is(whole, "a1 ") < 5000);
    assert_null(rd_kafka_commit_transaction(client, 15000));
    rd_kafka_destroy(client);
    read_is(whole, "a1 open a2 ");
}

/* Writes another record the first time that it is shown one. */
static int see_and_write(void *user, const struct kafka_record *record)
{
    struct seen *s = user;
    if (s->count == 0) {
        texts_send((const char *const[]){"late", NULL}, 0);
        texts_send((const char *const[]){"later", NULL}, 0);
    }
    return see(user, record);
}

static void test_the_end_is_where_it_was_when_reading_began(void **state)
{
    (void)state;
    struct kafka_words message = {""};
    struct seen s = {.count = 0};
    const char *const topics[] = {topic};
    topic_new(1, NULL);
    for (int i = 0; i < 3; i++)
        texts_send((const char *const[]){"a1", NULL}, 0);
    buf_init(&s.text, 1000);
    assert_int_equal(kafka_read(config, topics, 1, &whole, see_and_write, &s, message.text), 0);
    assert_string_equal(s.text.data, "a1 a1 a1 ");
    buf_release(&s.text);
}

static void test_records_come_by_key_into_one_partition(void **state)
{
    (void)state;
    topic_new(4, NULL);
    texts_send((const char *const[]){"a1", "b1", "c1", "a2", "b2", "c2", "a3", NULL}, 0);
    int64_t total = 0;
    for (int32_t p = 0; p < 4; p++) {
        struct kafka_words message = {""};
        struct seen s = {.count = 0};
        const char *const topics[] = {topic};
        buf_init(&s.text, 1000);
        assert_int_equal(kafka_read(config, topics, 1, &(struct kafka_range){.partition = p}, see,
                                    &s, message.text),
                         0);
        const char *a1 = strstr(s.text.data, "a1"), *a2 = strstr(s.text.data, "a2"),
                   *a3 = strstr(s.text.data, "a3");
        assert_true((a1 == NULL && a2 == NULL && a3 == NULL) || (a1 != NULL && a1 < a2 && a2 < a3));
        total += s.count;
        buf_release(&s.text);
    }
    assert_int_equal(total, 7);
}

static void test_ranges(void **state)
{
    (void)state;
    static const int64_t day = 86400000;
    int64_t now = clock_wall_ms();
    topic_new(1, NULL);
    texts_send((const char *const[]){"a1", NULL},
               now - 3 * day); /* offset 0; each transaction ends with a marker */
    texts_send((const char *const[]){"a2", NULL}, now - 2 * day); /* 2 */
    texts_send((const char *const[]){"late", NULL},
               now - 4 * day);                                /* 4: written after, but older */
    texts_send((const char *const[]){"a3", NULL}, now - day); /* 6 */
    const struct {
        const char *name;
        struct kafka_range range;
        const char *wanted;
    } rows[] = {
        {"all", whole, "a1 a2 late a3 "},
        {"from an offset",
         {.from = KAFKA_FROM_OFFSET, .from_value = 2, .partition = -1},
         "a2 late a3 "},
        {"from a marker's offset",
         {.from = KAFKA_FROM_OFFSET, .from_value = 3, .partition = -1},
         "late a3 "},
        {"from beyond the end", {.from = KAFKA_FROM_OFFSET, .from_value = 99, .partition = -1}, ""},
        {"from a time",
         {.from = KAFKA_FROM_TIME, .from_value = now - 2 * day, .partition = -1},
         "a2 a3 "},
        {"from a time before all",
         {.from = KAFKA_FROM_TIME, .from_value = now - 9 * day, .partition = -1},
         "a1 a2 late a3 "},
        {"from a time after all",
         {.from = KAFKA_FROM_TIME, .from_value = now, .partition = -1},
         ""},
        {"until a time",
         {.until = KAFKA_UNTIL_TIME, .until_ms = now - 2 * day, .partition = -1},
         "a1 late "},
        {"from and until",
         {.from = KAFKA_FROM_TIME,
          .from_value = now - 3 * day,
          .until = KAFKA_UNTIL_TIME,
          .until_ms = now - day,
          .partition = -1},
         "a1 a2 "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        assert_true(read_is(rows[i].range, rows[i].wanted) < 5000);
    }
    int64_t took = read_is((struct kafka_range){.until = KAFKA_UNTIL_TIME,
                                                .until_ms = clock_wall_ms() + 1200,
                                                .partition = -1},
                           "a1 a2 late a3 ");
    assert_in_range(took, 1000, 6000); /* waits for the clock */
}

static void test_all_or_nothing_when_the_topic_refuses_one(void **state)
{
    (void)state;
    char large[5000];
    struct kafka_words message = {""};
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    topic_new(1, "2000");
    int rc = texts_send_at((const char *const[]){"a1", large, "a2", NULL}, 0, &message);
    assert_int_not_equal(rc, 0);
    assert_non_null(strstr(message.text, "nothing was sent"));
    read_is(whole, "");
}

static void see_value(void *user, const struct kafka_record *record)
{
    (void)see(user, record);
}

/* The values at these offsets, -1 behind the last. */
static void lookup_is(struct kafka_lookup *lookup, const int64_t offsets[], const char *wanted)
{
    struct kafka_words message = {""};
    struct kafka_place places[8] = {{.partition = 0}};
    struct seen s = {.count = 0};
    size_t count = 0;
    for (; offsets[count] >= 0; count++) {
        places[count].offset = offsets[count];
        (void)snprintf(places[count].topic, sizeof places->topic, "%s", topic);
    }
    buf_init(&s.text, 1000);
    if (kafka_lookup_read(lookup, places, count, 15000, see_value, &s, message.text) != 0)
        fail_msg("offset %" PRId64 ": %s", offsets[0], message.text);
    assert_string_equal(s.text.data != NULL ? s.text.data : "", wanted);
    buf_release(&s.text);
}

#define LOOKUP_IS(wanted, ...) lookup_is(lookup, (const int64_t[]){__VA_ARGS__, -1}, wanted)

static void test_records_by_their_places(void **state)
{
    enum { TIMES = 200, COST_MS_MAX = 25 };
    (void)state;
    struct kafka_words message = {""};
    struct kafka_lookup *lookup;
    char first[60];
    assert_int_equal(kafka_lookup_new(config, &lookup, message.text), 0);
    topic_new(1, NULL);
    texts_send((const char *const[]){"a1", "b1", NULL}, 0); /* 0, 1, and a marker */
    rd_kafka_t *client = open_transaction("aborted");
    assert_null(rd_kafka_abort_transaction(client, 15000)); /* 3, and a marker */
    rd_kafka_destroy(client);
    texts_send((const char *const[]){"a2", NULL}, 0); /* 5 */
    LOOKUP_IS("b1 ", 1);
    LOOKUP_IS("a1 ", 0);
    LOOKUP_IS("a2 ", 5);
    LOOKUP_IS("", 2); /* a marker */
    LOOKUP_IS("", 3); /* aborted */
    LOOKUP_IS("", 7); /* not written yet */
    LOOKUP_IS("", 1000000);
    LOOKUP_IS("a2 ", 5);
    LOOKUP_IS("a1 b1 a2 ", 5, 3, 0, 1); /* several, in one go */

    const int64_t begun = clock_monotonic_ms();
    for (int i = 0; i < TIMES; i++)
        LOOKUP_IS(i % 2 == 0 ? "a1 " : "b1 ", i % 2);
    const int64_t took = clock_monotonic_ms() - begun;
    print_message("  %d readings took %" PRId64 " ms\n", TIMES, took);
    assert_true(took < TIMES * COST_MS_MAX);

    (void)snprintf(first, sizeof first, "%s", topic);
    topic_new(1, NULL); /* another topic by the same client, and back */
    texts_send((const char *const[]){"other", NULL}, 0);
    LOOKUP_IS("other ", 0);
    (void)snprintf(topic, sizeof topic, "%s", first);
    LOOKUP_IS("a1 ", 0);
    kafka_lookup_free(lookup);
}

static void test_what_is_not_there_is_said(void **state)
{
    (void)state;
    struct kafka_words message = {""};
    struct seen s = {.count = 0};
    const char *const topics[] = {"test.cli.no-such-topic"};
    assert_int_equal(kafka_read(config, topics, 1, &whole, see, &s, message.text), -ENOENT);
    assert_non_null(strstr(message.text, "test.cli.no-such-topic"));
    assert_non_null(strstr(message.text, "topics create"));

    topic_new(2, NULL);
    const char *const there[] = {topic};
    assert_int_equal(
        kafka_read(config, there, 1, &(struct kafka_range){.partition = 2}, see, &s, message.text),
        -ENOENT);

    struct config *nowhere;
    struct config_message wrong;
    struct kafka_admin *admin;
    int brokers = 0;
    const char *override = "kafka.bootstrap.servers=127.0.0.1:1";
    assert_int_equal(config_load(NULL, &override, 1, &nowhere, &wrong), 0);
    assert_int_equal(kafka_admin_new(nowhere, &admin, message.text), 0);
    assert_int_equal(kafka_broker_count(admin, &brokers, message.text), -EIO);
    assert_non_null(strstr(message.text, "kafka.bootstrap.servers"));
    kafka_admin_free(admin);
    config_free(nowhere);
}

static void test_keys_values_and_headers_come_back_as_they_were(void **state)
{
    (void)state;
    static const char *const lines = "{\"key\":\"k\",\"headers\":{\"x\":\"1\",\"y\":[\"2\",null,{"
                                     "\"base64\":\"AP8=\"}]},\"value\":{"
                                     "\"base64\":\"/wA=\"}}\n{\"key\":null,\"value\":null}\n";
    FILE *in = fmemopen((char *)(uintptr_t)lines, strlen(lines), "r");
    struct kafka_writer *producer;
    struct kafka_words message = {""};
    struct complaints complaints = {.count = 0};
    struct ops_error error;
    struct spool spool;
    topic_new(1, NULL);
    spool_init(&spool);
    assert_int_equal(spool_read(&spool, in, "lines", spool_raw_line, NULL, &complaints, &error), 0);
    assert_int_equal(kafka_writer_new(config, 0, &producer, message.text), 0);
    assert_int_equal(spool_send(&spool, 0, spool.count, topic, producer, &message), 0);
    kafka_writer_free(producer);
    spool_release(&spool);
    (void)fclose(in);

    /* by the broker's other reader: the command itself */
    char command[400], output[2000];
    (void)snprintf(command, sizeof command, "%s consume %s --raw", getenv("PRIMAFLOW"), topic);
    FILE *out = popen(command, "r");
    output[fread(output, 1, sizeof output - 1, out)] = '\0';
    assert_int_equal(pclose(out), 0);
    assert_non_null(strstr(output, "\"key\":\"k\",\"headers\":{\"x\":\"1\",\"y\":[\"2\",null,{"
                                   "\"base64\":\"AP8=\"}]},\"value\":{\"base64\":\"/wA=\"}}"));
    assert_non_null(strstr(output, "\"key\":null,\"headers\":{},\"value\":null}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_transaction_is_read_whole),
        cmocka_unit_test(test_aborted_records_are_never_seen),
        cmocka_unit_test(test_an_open_transaction_ends_the_reading),
        cmocka_unit_test(test_the_end_is_where_it_was_when_reading_began),
        cmocka_unit_test(test_records_come_by_key_into_one_partition),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_all_or_nothing_when_the_topic_refuses_one),
        cmocka_unit_test(test_records_by_their_places),
        cmocka_unit_test(test_what_is_not_there_is_said),
        cmocka_unit_test(test_keys_values_and_headers_come_back_as_they_were),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
