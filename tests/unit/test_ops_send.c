/* Records into topics and out of them: transactions of a whole spool or in batches, and what is
 * read back as JSON. */
#include "test_ops_world.h"

#include "core/consume.h"
#include "core/events.h"
#include "core/send.h"
#include "domain/events/order_event.h"

#include <jansson.h>

static struct ops_error error;

static int add(struct spool *spool, const char *key, const char *value)
{
    return spool_add(spool,
                     &(struct kafka_record){.partition = 3,
                                            .timestamp_ms = 77,
                                            .key = key,
                                            .key_size = key != NULL ? strlen(key) : 0,
                                            .value = value,
                                            .value_size = value != NULL ? strlen(value) : 0});
}

static void test_a_spool_goes_in_one_transaction(void **state)
{
    struct spool spool;
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    spool_init(&spool);
    assert_int_equal(add(&spool, "k1", "v1"), 0);
    assert_int_equal(add(&spool, NULL, "v2"), 0);
    assert_int_equal(add(&spool, "k3", NULL), 0);
    assert_int_equal(send_spool(ops, &spool, "t", &error), OPS_DONE);
    assert_string_equal(world.trace, "new | begin | add t k1 | add t - | add t k3 | commit | free");
    assert_string_equal(world.sent[0], "v1");
    assert_string_equal(world.sent[1], "v2");
    assert_string_equal(world.sent[2], "(null)");
    assert_int_equal(world.last_added.partition, 3);
    assert_int_equal(world.last_added.timestamp_ms, 77);
    assert_int_equal(world.last_added.key_size, 2);
    assert_int_equal(world.last_added.value_size, 0);
    assert_int_equal(world.writer_bytes, 8); /* the transaction's time grows with them */
    spool_release(&spool);
}

static void test_a_part_of_a_spool(void **state)
{
    struct kafka_words message;
    struct kafka_writer *writer = NULL;
    struct spool spool;
    struct config *config = NULL;
    struct config_message wrong;
    (void)state;
    world_reset();
    assert_int_equal(config_load(NULL, NULL, 0, &config, &wrong), 0);
    spool_init(&spool);
    for (int i = 0; i < 5; i++) {
        const char key[] = {(char)('a' + i), '\0'};
        assert_int_equal(add(&spool, key, "v"), 0);
    }
    assert_int_equal(kafka_writer_new(config, 0, &writer, message.text), 0);
    assert_int_equal(spool_send(&spool, 1, 3, "t", writer, &message), 0);
    assert_string_equal(world.trace, "new | begin | add t b | add t c | add t d | commit");
    spool_release(&spool);
    config_free(config);
}

static void test_headers_travel_with_their_record(void **state)
{
    struct kafka_header headers[] = {{"a", "12", 2}, {"b", NULL, 0}, {"a", "", 0}};
    struct spool spool;
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    spool_init(&spool);
    assert_int_equal(add(&spool, "k0", "v0"), 0);
    for (int i = 0; i < 30; i++) /* more than the list's first room */
        assert_int_equal(spool_add(&spool, &(struct kafka_record){.key = "k",
                                                                  .key_size = 1,
                                                                  .value = "v",
                                                                  .value_size = 1,
                                                                  .headers = headers,
                                                                  .header_count = 3}),
                         0);
    assert_int_equal(spool.header_count, 90);
    assert_int_equal(send_spool(ops, &spool, "t", &error), OPS_DONE);
    assert_int_equal(world.last_header_count, 3);
    assert_string_equal(world.last_headers, "a=12 b=- a= ");
    spool_clear(&spool);
    assert_int_equal(spool.count, 0);
    assert_int_equal(spool.header_count, 0);
    assert_int_equal(spool.bytes.size, 0);
    spool_release(&spool);
}

/* Key, value and headers count; what does not fit leaves nothing behind. */
static void test_the_largest_record(void **state)
{
    static char bytes[KAFKA_RECORD_MAX + 1];
    struct kafka_header header = {"name", bytes, 0};
    struct kafka_record record = {
        .key = "k", .key_size = 1, .value = bytes, .headers = &header, .header_count = 1};
    struct spool spool;
    (void)state;
    spool_init(&spool);
    header.size = 100;
    record.value_size = KAFKA_RECORD_MAX - 1 - 4 - 100;
    assert_int_equal(spool_add(&spool, &record), 0);
    const size_t size = spool.bytes.size;
    record.value_size++;
    assert_int_equal(spool_add(&spool, &record), -EMSGSIZE);
    record.value_size--;
    header.size++;
    assert_int_equal(spool_add(&spool, &record), -EMSGSIZE);
    assert_int_equal(spool.count, 1);
    assert_int_equal(spool.header_count, 1);
    assert_int_equal(spool.bytes.size, size);
    spool_release(&spool);
}

/* A record is in the spool as a whole or not at all; what was there before can be sent. */
static void test_a_spool_that_is_full(void **state)
{
    struct kafka_header header = {"h", "12345", 5};
    const struct kafka_record record = {.key = "k",
                                        .key_size = 1,
                                        .value = "v",
                                        .value_size = 1,
                                        .headers = &header,
                                        .header_count = 1};
    struct spool spool;
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    spool_init(&spool);
    buf_init(&spool.bytes, 25);
    assert_int_equal(spool_add(&spool, &record), 0);
    assert_int_equal(spool_add(&spool, &record), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(spool_add(&spool, &record), -ENOMEM);
        assert_int_equal(spool.count, 2);
        assert_int_equal(spool.header_count, 2);
    }
    assert_int_equal(send_spool(ops, &spool, "t", &error), OPS_DONE);
    assert_string_equal(world.trace, "new | begin | add t k | add t k | commit | free");
    assert_string_equal(world.last_headers, "h=12345 ");
    spool_release(&spool);
}

static void test_a_transaction_that_fails_is_told(void **state)
{
    static const struct {
        const char *fails_at, *trace;
    } rows[] = {{"new", "new"},
                {"begin", "new | begin | free"},
                {"add 1", "new | begin | add t k1 | free"},
                {"commit", "new | begin | add t k1 | add t k2 | commit | free"}};
    struct spool spool;
    (void)state;
    spool_init(&spool);
    assert_int_equal(add(&spool, "k1", "v"), 0);
    assert_int_equal(add(&spool, "k2", "v"), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_reset();
        struct ops *ops = world_ops(NULL);
        world.fails_at = rows[i].fails_at;
        world.writer_rc = -EIO;
        world.refusal = "Kafka is away";
        assert_int_equal(send_spool(ops, &spool, "t", &error), OPS_UNAVAILABLE);
        assert_string_equal(error.text, "Kafka is away");
        assert_string_equal(world.trace, rows[i].trace);
    }
    spool_release(&spool);
}

/* ---- lines of JSON ---- */

static enum ops_kind read_lines(struct spool *spool, const char *text,
                                struct complaints *complaints)
{
    FILE *in = fmemopen((char *)(uintptr_t)text, strlen(text), "r");
    assert_non_null(in);
    *complaints = (struct complaints){.count = 0};
    const enum ops_kind kind = spool_read(spool, in, "f", spool_raw_line, NULL, complaints, &error);
    (void)fclose(in);
    return kind;
}

/* What `consume --raw` prints comes out as it went in. */
static void test_a_raw_line_is_the_record_that_it_says(void **state)
{
    static const struct {
        const char *line, *trace, *value, *headers;
        int32_t partition;
    } rows[] = {
        {"{\"key\": \"k\", \"value\": \"v\"}", "add t k", "v", "", -1},
        {"{\"value\": {\"a\": 1}, \"partition\": 0}", "add t -", "{\"a\":1}", "", 0},
        {"{\"key\": 5, \"value\": [1, 2], \"partition\": 7}", "add t 5", "[1,2]", "", 7},
        {"{\"key\": \"k\", \"value\": null, \"partition\": \"1\"}", "add t k", "(null)", "", -1},
        {"{\"key\": {\"base64\": \"YWI=\"}, \"value\": {\"base64\": \"YQ==\"}}", "add t ab", "a",
         "", -1},
        {"{\"value\": {\"base64\": \"\"}}", "add t -", "", "", -1},
        {"{\"value\": {\"base64\": \"YWJj\", \"x\": 1}}", "add t -",
         "{\"base64\":\"YWJj\",\"x\":1}", "", -1},
        {"{\"value\": \"v\", \"headers\": {\"a\": \"12\", \"b\": [\"3\", null, \"\"], \"c\": "
         "null, \"d\": {\"base64\": \"YWI=\"}}}",
         "add t -", "v", "a=12 b=3 b=- b= c=- d=ab ", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct complaints complaints;
        struct spool spool;
        world_reset();
        struct ops *ops = world_ops(NULL);
        spool_init(&spool);
        assert_int_equal(read_lines(&spool, rows[i].line, &complaints), OPS_DONE);
        assert_int_equal(send_spool(ops, &spool, "t", &error), OPS_DONE);
        assert_non_null(strstr(world.trace, rows[i].trace));
        assert_string_equal(world.sent[0], rows[i].value);
        assert_string_equal(world.last_headers, rows[i].headers);
        assert_int_equal(world.last_added.partition, rows[i].partition);
        spool_release(&spool);
    }
}

static void test_a_raw_line_that_is_none(void **state)
{
    static const struct {
        const char *line, *said;
    } rows[] = {
        {"{\"value\": {\"base64\": \"YQ\"}}",
         "value: neither text, null, JSON nor {\"base64\": ...}"},
        {"{\"key\": {\"base64\": \"?\"}, \"value\": 1}", "key: neither"},
        {"{\"value\": 1, \"headers\": [1]}", "headers: neither"},
        {"{\"value\": 1, \"headers\": {\"a\": {\"base64\": \"?\"}}}", "headers: neither"},
        {"{\"key\": 1}", "value: missing; for a tombstone write null"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct complaints complaints;
        struct spool spool;
        spool_init(&spool);
        assert_int_equal(read_lines(&spool, rows[i].line, &complaints), OPS_DATA);
        assert_int_equal(complaints.count, 1);
        assert_memory_equal(complaints.first[0].text, rows[i].said, strlen(rows[i].said));
        assert_string_equal(error.text, "1 of 1 lines are wrong; nothing was sent");
        spool_release(&spool);
    }
}

/* 64 headers, no more. */
static void test_so_many_headers(void **state)
{
    (void)state;
    for (int count = 63; count <= 65; count++) {
        struct complaints complaints;
        struct spool spool;
        struct buf line;
        buf_init(&line, 10000);
        buf_text(&line, "{\"value\": 1, \"headers\": {\"a\": [");
        for (int i = 0; i < count; i++)
            buf_printf(&line, "%s\"%d\"", i > 0 ? ", " : "", i);
        buf_text(&line, "]}}");
        spool_init(&spool);
        assert_int_equal(read_lines(&spool, line.data, &complaints),
                         count <= 64 ? OPS_DONE : OPS_DATA);
        if (count > 64)
            assert_string_equal(complaints.first[0].text, "headers: too many");
        else
            assert_int_equal(spool.header_count, count);
        spool_release(&spool);
        buf_release(&line);
    }
}

static void test_a_file_that_breaks_off(void **state)
{
    struct complaints complaints = {.count = 0};
    struct spool spool;
    (void)state;
    FILE *in = fopen(".", "re"); /* a folder cannot be read */
    assert_non_null(in);
    spool_init(&spool);
    assert_int_equal(spool_read(&spool, in, "f", spool_raw_line, NULL, &complaints, &error),
                     OPS_DATA);
    assert_string_equal(error.text,
                        "f:1: cannot be read further: Is a directory; nothing was sent");
    (void)fclose(in);
    spool_release(&spool);
}

/* ---- in batches ---- */

static const struct kafka_record small = {
    .partition = -1, .key = "k", .key_size = 1, .value = "v", .value_size = 1};

static void test_a_full_batch_is_sent(void **state)
{
    struct sender *sender = NULL;
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    assert_int_equal(sender_new(ops, "t", &sender, &error), OPS_DONE);
    world_untrace();
    world.sent_count = WORLD_RECORDS; /* no trace of each */
    for (int i = 0; i < SENDER_BATCH_MAX - 1; i++)
        assert_int_equal(sender_add(sender, &small, false, &error), OPS_DONE);
    world.now_ms += 10 * SENDER_BATCH_MS; /* time alone sends nothing without in_time */
    assert_string_equal(world.trace, "");
    assert_int_equal(sender_sent(sender), 0);
    assert_int_equal(sender_add(sender, &small, false, &error), OPS_DONE);
    assert_string_equal(world.trace, "begin | commit");
    assert_int_equal(sender_sent(sender), SENDER_BATCH_MAX);
    assert_int_equal(sender_flush(sender, &error), OPS_DONE); /* nothing is left */
    assert_string_equal(world.trace, "begin | commit");
    assert_int_equal(sender_add(sender, &small, false, &error), OPS_DONE);
    assert_int_equal(sender_flush(sender, &error), OPS_DONE);
    assert_int_equal(sender_sent(sender), SENDER_BATCH_MAX + 1);
    world.sent_count = 0;
    sender_free(sender);
    sender_free(NULL);
}

static void test_a_batch_in_time(void **state)
{
    static const struct {
        int64_t after_ms;
        bool sent;
    } rows[] = {{SENDER_BATCH_MS - 1, false}, {SENDER_BATCH_MS, true}, {SENDER_BATCH_MS + 1, true}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sender *sender = NULL;
        world_reset();
        struct ops *ops = world_ops(NULL);
        assert_int_equal(sender_new(ops, "t", &sender, &error), OPS_DONE);
        assert_int_equal(sender_add(sender, &small, true, &error), OPS_DONE);
        assert_int_equal(sender_sent(sender), 0); /* its time begins with its first record */
        world.now_ms += rows[i].after_ms;
        assert_int_equal(sender_add(sender, &small, true, &error), OPS_DONE);
        assert_int_equal(sender_sent(sender), rows[i].sent ? 2 : 0);
        assert_int_equal(sender_flush(sender, &error), OPS_DONE);
        world.now_ms += 10 * SENDER_BATCH_MS;
        assert_int_equal(sender_add(sender, &small, true, &error), OPS_DONE);
        assert_int_equal(sender_sent(sender), 2); /* a new batch, a new time */
        sender_free(sender);
    }
}

static void test_a_batch_that_fails_says_how_many_went_before(void **state)
{
    static char bytes[KAFKA_RECORD_MAX + 1];
    struct sender *sender = NULL;
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    assert_int_equal(sender_new(ops, "t", &sender, &error), OPS_DONE);
    assert_int_equal(sender_add(sender, &small, false, &error), OPS_DONE);
    assert_int_equal(sender_flush(sender, &error), OPS_DONE);
    assert_int_equal(sender_add(sender, &small, false, &error), OPS_DONE);
    world.fails_at = "commit";
    world.writer_rc = -ENOENT;
    world.refusal = "no such topic";
    assert_int_equal(sender_flush(sender, &error), OPS_DATA);
    assert_string_equal(error.text, "after 1 records: no such topic");
    assert_int_equal(sender_sent(sender), 1);
    const struct kafka_record large = {.value = bytes, .value_size = sizeof bytes};
    assert_int_equal(sender_add(sender, &large, false, &error), OPS_DATA);
    assert_string_equal(error.text, "a record is larger than a Kafka record may be");
    sender_free(sender);
    world.fails_at = "new";
    world.writer_rc = -EINVAL;
    assert_int_equal(sender_new(ops, "t", &sender, &error), OPS_CONFIG);
}

/* ---- reading ---- */

static char taken[8][600];
static size_t taken_count, takes_until;

static bool take(void *user, const json_t *record)
{
    assert_ptr_equal(user, taken);
    if (taken_count == takes_until)
        return false;
    char *text = json_dumps(record, JSON_COMPACT);
    assert_non_null(text);
    (void)snprintf(taken[taken_count++], sizeof taken[0], "%s", text);
    free(text);
    return true;
}

static enum ops_kind consume(struct ops *ops, const struct consume_options *options)
{
    const struct kafka_range range = {.from = KAFKA_FROM_BEGINNING, .partition = 4};
    taken_count = 0;
    takes_until = 8;
    return ops_consume(ops, options, &range, take, taken, &error);
}

static void test_records_as_json(void **state)
{
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    world_put(&(struct world_put){.topic = "t",
                                  .key = "k",
                                  .value = "text",
                                  .size = 4,
                                  .partition = 2,
                                  .at_ms = 1000,
                                  .headers = {{"a", "1"}, {"b", NULL}, {"a", "2"}, {"a", "3"}}});
    world_put(&(struct world_put){.topic = "t", .key = NULL, .value = "\xff", .size = 1});
    world_put(&(struct world_put){.topic = "t", .key = "k"});
    world_put(&(struct world_put){.topic = "other", .key = "k"});
    assert_int_equal(consume(ops, &(struct consume_options){.topic = "t", .raw = true}), OPS_DONE);
    assert_int_equal(taken_count, 3);
    assert_string_equal(taken[0], "{\"topic\":\"t\",\"partition\":2,\"offset\":0,\"timestamp\":"
                                  "\"1970-01-01T00:00:01.000Z\",\"timestamp_type\":\"create\","
                                  "\"key\":\"k\",\"headers\":{\"a\":[\"1\",\"2\",\"3\"],\"b\":null}"
                                  ",\"value\":\"text\"}");
    assert_non_null(
        strstr(taken[1], "\"key\":null,\"headers\":{},\"value\":{\"base64\":\"/w==\"}"));
    assert_non_null(strstr(taken[2], "\"value\":null"));
    assert_int_equal(world.range.partition, 4); /* as it was given */
}

static void test_values_are_decoded(void **state)
{
    struct order_event event = {.event_id = "e",
                                .channel = "shopify",
                                .store = "uk",
                                .order_id = "1",
                                .currency = "GBP",
                                .source_name = NULL};
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    world_put_struct(ops, &(struct world_put){.topic = "t", .key = "k"}, &order_event_record,
                     &event);
    world_put(&(struct world_put){
        .topic = "t", .key = "k", .value = "{\"action\": 1}", .size = 13}); /* our own for people */
    world_put(&(struct world_put){.topic = "t", .key = "k", .value = "\xff!", .size = 2});
    world_put(&(struct world_put){.topic = "t", .key = "k"});
    assert_int_equal(consume(ops, &(struct consume_options){.topic = "t"}), OPS_DONE);
    assert_int_equal(taken_count, 4);
    assert_non_null(strstr(taken[0], "\"value\":{\"event_id\":\"e\""));
    assert_null(strstr(taken[0], "undecodable"));
    assert_non_null(strstr(taken[1], "\"value\":{\"action\":1}"));
    assert_null(strstr(taken[1], "undecodable"));
    assert_non_null(strstr(taken[2], "\"undecodable\":{\"code\":\"framing_unknown\""));
    assert_non_null(strstr(taken[2], "\"value\":{\"base64\":\"/yE=\"}"));
    assert_non_null(strstr(taken[3], "\"value\":null}"));
    assert_null(strstr(taken[3], "undecodable"));
}

static void test_which_and_how_many(void **state)
{
    static const struct {
        const char *name, *key;
        int64_t count;
        size_t takes_until, taken;
    } rows[] = {{"all", NULL, 0, 8, 4},
                {"of a key", "k", 0, 8, 2},
                {"a key's part", "kk", 0, 8, 1},
                {"no such key", "", 0, 8, 0},
                {"so many", NULL, 3, 8, 3},
                {"so many of a key", "k", 1, 8, 1},
                {"more than there are", NULL, 9, 8, 4},
                {"as long as they are taken", NULL, 0, 2, 2}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct kafka_range range = {.from = KAFKA_FROM_BEGINNING};
        const struct consume_options options = {
            .topic = "t", .key = rows[i].key, .count = rows[i].count, .raw = true};
        world_reset();
        struct ops *ops = world_ops(NULL);
        world_put(&(struct world_put){.topic = "t", .key = "k"});
        world_put(&(struct world_put){.topic = "t", .key = "kk"});
        world_put(&(struct world_put){.topic = "t", .key = NULL});
        world_put(&(struct world_put){.topic = "t", .key = "k"});
        taken_count = 0;
        takes_until = rows[i].takes_until;
        assert_int_equal(ops_consume(ops, &options, &range, take, taken, &error), OPS_DONE);
        if (taken_count != rows[i].taken)
            fail_msg("%s: %zu records", rows[i].name, taken_count);
    }
}

static void test_a_topic_that_cannot_be_read(void **state)
{
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    world.read_rc = -ENOENT;
    world.refusal = "no such topic";
    assert_int_equal(consume(ops, &(struct consume_options){.topic = "t", .raw = true}), OPS_DATA);
    assert_string_equal(error.text, "no such topic");
    static const char *const nowhere[] = {"schema.folder=/nowhere", NULL};
    ops = world_ops(nowhere);
    assert_int_equal(consume(ops, &(struct consume_options){.topic = "t"}), OPS_CONFIG);
    world.read_rc = 0;
    assert_int_equal(consume(ops, &(struct consume_options){.topic = "t", .raw = true}), OPS_DONE);
}

/* A registry that does not answer is not the record's fault: reading ends before it, unread. */
static void test_a_registry_that_is_away(void **state)
{
    static const char *const overrides[] = {"schema.registry.url=http://127.0.0.1:1", NULL};
    static const uint8_t unknown[] = {0, 0, 0, 0, 9, 1, 2, 3}; /* Confluent's frame of schema 9 */
    (void)state;
    world_reset();
    struct ops *ops = world_ops(overrides);
    world_put(&(struct world_put){.topic = "t", .key = "k", .value = "{}", .size = 2});
    world_put(
        &(struct world_put){.topic = "t", .key = "k", .value = unknown, .size = sizeof unknown});
    world_put(&(struct world_put){.topic = "t", .key = "k", .value = "{}", .size = 2});
    assert_int_equal(consume(ops, &(struct consume_options){.topic = "t"}), OPS_UNAVAILABLE);
    assert_string_equal(error.text,
                        "the schema registry does not answer: 1 records printed, stopped there");
    assert_string_equal(error.remedy, "--raw needs none");
    assert_int_equal(taken_count, 1);

    struct codec *codec = NULL;
    struct codec_fault fault = {0};
    struct order_event event;
    struct arena *arena = arena_new(1 << 20);
    assert_int_equal(ops_codec(ops, &codec, &error), OPS_DONE);
    assert_true(events_decode(codec, &order_event_record, unknown, sizeof unknown, arena, &event,
                              &fault) < 0);
    assert_int_equal(fault.code, PF_E_registry_unavailable);
    arena_free(arena);
}

static int end(void **state)
{
    (void)state;
    world_release();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_spool_goes_in_one_transaction),
        cmocka_unit_test(test_a_part_of_a_spool),
        cmocka_unit_test(test_headers_travel_with_their_record),
        cmocka_unit_test(test_the_largest_record),
        cmocka_unit_test(test_a_spool_that_is_full),
        cmocka_unit_test(test_a_transaction_that_fails_is_told),
        cmocka_unit_test(test_a_raw_line_is_the_record_that_it_says),
        cmocka_unit_test(test_a_raw_line_that_is_none),
        cmocka_unit_test(test_so_many_headers),
        cmocka_unit_test(test_a_file_that_breaks_off),
        cmocka_unit_test(test_a_full_batch_is_sent),
        cmocka_unit_test(test_a_batch_in_time),
        cmocka_unit_test(test_a_batch_that_fails_says_how_many_went_before),
        cmocka_unit_test(test_records_as_json),
        cmocka_unit_test(test_values_are_decoded),
        cmocka_unit_test(test_which_and_how_many),
        cmocka_unit_test(test_a_topic_that_cannot_be_read),
        cmocka_unit_test(test_a_registry_that_is_away),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
