/* Records that people put into topics and read out of them: produce, consume, generate, each as a
 * command line with what it prints, sends and refuses. */
#include "test_cli_run.h"

#include <unistd.h>

static int begin(void **state)
{
    (void)state;
    assert_int_equal(clearenv(), 0);
    world_reset();
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_release();
    return 0;
}

/* ---- produce ---- */

static void test_lines_into_a_topic(void **state)
{
    (void)state;
    run_input("{\"key\": \"k\", \"value\": \"v\"}\n{\"key\": null, \"value\": null}\n");
    assert_int_equal(run("produce", "t", "--raw", NULL), CLI_DONE);
    assert_string_equal(run_err, "primaflow: 2 records sent to t\n");
    assert_string_equal(run_out, "");
    assert_string_equal(world.trace, "new | begin | add t k | add t - | commit | free");
    assert_int_equal(run("produce", "t", run_file("{\"value\": 1}"), "--raw", "--json", NULL),
                     CLI_DONE);
    assert_string_equal(run_out, "{\"topic\": \"t\", \"records\": 1}\n");
    assert_string_equal(run_err, "");
}

static void test_lines_that_are_refused(void **state)
{
    (void)state;
    assert_int_equal(run("produce", "t", run_file("{}\n{\"value\": 1}\n"), "--raw", NULL),
                     CLI_DATA);
    run_has(run_err, ":1: value: missing; for a tombstone write null\n");
    run_has(run_err, "1 of 2 lines are wrong; nothing was sent\n");
    assert_string_equal(world.trace, "");
    assert_int_equal(run("produce", "t", run_file("{}"), NULL), CLI_USAGE);
    run_has(run_err, "topic t carries no events that are made here (these do: orders.raw, "
                     "refunds.raw); for other");
    assert_int_equal(run("produce", "orders.raw", run_file("{}"), NULL), CLI_DATA);
    run_has(run_err, "event_id: missing");
    assert_int_equal(run("produce", "orders.raw", "/nowhere", NULL), CLI_DATA);
    run_input("");
    assert_int_equal(run("produce", "orders.raw", "-", NULL), CLI_DONE);
    assert_string_equal(run_err, "primaflow: warning: stdin has no lines: nothing was sent\n");
    world.fails_at = "commit";
    world.writer_rc = -EIO;
    world.refusal = "Kafka is away";
    assert_int_equal(run("produce", "t", run_file("{\"value\": 1}"), "--raw", NULL),
                     CLI_UNAVAILABLE);
    assert_string_equal(run_err, "primaflow: error: Kafka is away\n");
}

/* ---- consume ---- */

static void test_from_where_to_where(void **state)
{
    static const struct {
        const char *from, *until;
        int from_kind, until_kind;
        int64_t from_value, until_ms;
    } rows[] = {
        {"beginning", "end", KAFKA_FROM_BEGINNING, KAFKA_UNTIL_END, 0, 0},
        {"0", "end", KAFKA_FROM_OFFSET, KAFKA_UNTIL_END, 0, 0},
        {"17", "never", KAFKA_FROM_OFFSET, KAFKA_UNTIL_STOPPED, 17, 0},
        {"1970-01-02", "1970-01-03", KAFKA_FROM_TIME, KAFKA_UNTIL_TIME, 86400000, 172800000},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(run("consume", "t", "--raw", "--from", rows[i].from, "--until",
                             rows[i].until, "--partition", "3", NULL),
                         CLI_DONE);
        assert_int_equal(world.range.from, rows[i].from_kind);
        assert_int_equal(world.range.until, rows[i].until_kind);
        assert_int_equal(world.range.from_value, rows[i].from_value);
        assert_int_equal(world.range.until_ms, rows[i].until_ms);
        assert_int_equal(world.range.partition, 3);
        assert_non_null(world.range.stop);
        assert_int_equal(*world.range.stop, 0);
    }
    assert_int_equal(run("consume", "t", "--raw", NULL), CLI_DONE);
    assert_int_equal(world.range.from, KAFKA_FROM_BEGINNING);
    assert_int_equal(world.range.until, KAFKA_UNTIL_END);
    assert_int_equal(world.range.partition, -1);
}

static void test_a_place_that_is_none(void **state)
{
    static const char *const wrong[] = {"", "-1", "1x", "99999999999999999999", "yesterday"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(run("consume", "t", "--from", wrong[i], NULL), CLI_USAGE);
        run_has(run_err, "consume --from: '");
        assert_int_equal(run("consume", "t", "--until", wrong[i], NULL), CLI_USAGE);
        run_has(run_err, "consume --until: '");
    }
    assert_string_equal(world.trace, "");
}

static void test_records_line_by_line(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        world_put(
            &(struct world_put){.topic = "t", .key = i == 1 ? "b" : "a", .value = "{}", .size = 2});
    assert_int_equal(run("consume", "t", "--raw", "--key", "a", "--count", "1", NULL), CLI_DONE);
    run_has(run_out, "{\"topic\":\"t\",\"partition\":0,\"offset\":0,");
    run_has(run_out, "\"value\":\"{}\"}\n");
    assert_null(strstr(run_out, "\"offset\":2"));
    assert_int_equal(run("consume", "t", "--key", "a", NULL), CLI_DONE);
    run_has(run_out, "\"value\":{}}\n");
    run_has(run_out, "\"offset\":2");
    assert_null(strstr(run_out, "\"offset\":1"));
    world.read_rc = -ENOENT;
    world.refusal = "no such topic";
    assert_int_equal(run("consume", "t", NULL), CLI_DATA);
    assert_string_equal(run_err, "primaflow: error: no such topic\n");
}

/* ---- generate ---- */

static size_t lines_of(const char *text)
{
    size_t lines = 0;
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

static void test_orders_are_printed_or_sent(void **state)
{
    (void)state;
    assert_int_equal(run("generate", "orders", NULL), CLI_DONE);
    assert_int_equal(lines_of(run_out), 10);
    assert_string_equal(run_err, "");
    run_has(run_out, "\"created_at\"");
    char *first = strdup(run_out);
    assert_non_null(first);
    assert_int_equal(run("generate", "orders", "--count", "3", NULL), CLI_DONE);
    assert_int_equal(lines_of(run_out), 3);
    assert_memory_equal(run_out, first, strlen(run_out)); /* the same seed, the same orders */
    assert_int_equal(run("generate", "orders", "--seed", "2", NULL), CLI_DONE);
    assert_string_not_equal(run_out, first);
    free(first);
    assert_int_equal(run("generate", "orders", "--count", "3", "--to-kafka", NULL), CLI_DONE);
    assert_string_equal(run_err, "primaflow: 3 records sent to orders.raw\n");
    assert_string_equal(run_out, "");
    run_has(world.trace, "new | begin | add orders.raw ");
    run_has(world.trace, " | commit | free");
    assert_int_equal(world.sent_count, 3);
    assert_string_equal(world.registered, "OrderEvent of orders.raw");
    world.fails_at = "commit";
    world.writer_rc = -EIO;
    world.refusal = "Kafka is away";
    assert_int_equal(run("generate", "orders", "--to-kafka", NULL), CLI_UNAVAILABLE);
    run_has(run_err, "after 0 records: Kafka is away");
}

static void test_a_rate_is_kept(void **state)
{
    (void)state;
    assert_int_equal(run("generate", "orders", "--count", "5", "--rate", "2", NULL), CLI_DONE);
    assert_int_equal(world.slept_ms, 2000); /* the first at once, the fifth after two seconds */
    assert_int_equal(run("generate", "orders", "--count", "3", "--rate", "2", "--to-kafka", NULL),
                     CLI_DONE);
    assert_int_equal(world.slept_ms, 3000);
    /* what waits in a batch goes before a sleep, each in its time */
    size_t commits = 0;
    for (const char *at = world.trace; (at = strstr(at, "commit")) != NULL; at++)
        commits++;
    assert_int_equal(commits, 3);
}

static void test_expectations_are_written(void **state)
{
    char path[64] = "/tmp/pf-expect-XXXXXX", text[20000] = "";
    const int file = mkstemp(path);
    (void)state;
    assert_true(file >= 0);
    assert_int_equal(run("generate", "orders", "--count", "20", "--faulty", "50", "--duplicates",
                         "30", "--expect", path, NULL),
                     CLI_DONE);
    assert_int_equal(lines_of(run_out), 20);
    assert_true(read(file, text, sizeof text - 1) > 0);
    assert_int_equal(lines_of(text), 20);
    run_has(text, "\"is_resend\":true");
    run_has(text, "\"fault\":\"none\"");
    (void)close(file);
    (void)unlink(path);
    assert_int_equal(run("generate", "orders", "--expect", "/nowhere/x", NULL), CLI_USAGE);
    run_has(run_err, "--expect /nowhere/x: No such file");
    assert_string_equal(run_out, "");
    assert_int_equal(run("generate", "orders", "--expect", "/dev/full", NULL), CLI_UNAVAILABLE);
    run_has(run_err, "--expect /dev/full cannot be written: No space left");
}

static void test_generate_refuses(void **state)
{
    static const struct {
        const char *words[4];
        const char *err;
    } rows[] = {
        {{"--duplicates", "101"}, "--duplicates: '101' is not a number from 0 to 100"},
        {{"--duplicates", "-1"}, "--duplicates: '-1' is not"},
        {{"--faulty", "x"}, "--faulty: 'x' is not a number from 0 to 100"},
        {{"--faulty", "1x"}, "--faulty: '1x' is not"},
        {{"--faulty", ""}, "--faulty: '' is not"},
        {{"--faulty", "nan"}, "--faulty: 'nan' is not"},
        {{"--skew", "10.1"}, "--skew: '10.1' is not a number from 0 to 10"},
        {{"--faults", "frob"}, "--faults: there is no 'frob'"},
        {{"--faults", "truncated"}, "--faults truncated breaks the encoded bytes: it needs"},
        {{"--keys", "3", "--faulty", "1"}, "--keys does not go with --duplicates and --faulty"},
        {{"--keys", "3", "--duplicates", "1"}, "--keys does not go with --duplicates and --faulty"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const *w = rows[i].words;
        assert_int_equal(run("generate", "orders", w[0], w[1], w[2], w[3], (char *)NULL),
                         CLI_USAGE);
        run_has(run_err, rows[i].err);
        assert_string_equal(run_out, "");
    }
    assert_int_equal(run("generate", "orders", "--keys", "3", "--skew", "10", NULL), CLI_DONE);
    assert_int_equal(run("generate", "orders", "--duplicates", "100", "--faulty", "100", NULL),
                     CLI_DONE);
}

static void test_faults_in_turn(void **state)
{
    (void)state;
    assert_int_equal(run("generate", "orders", "--faulty", "100", "--count", "4", "--faults",
                         "tombstone,truncated", "--to-kafka", NULL),
                     CLI_DONE);
    assert_int_equal(world.sent_count, 4);
    size_t tombstones = 0;
    for (size_t i = 0; i < 4; i++)
        tombstones += strcmp(world.sent[i], "(null)") == 0;
    assert_int_equal(tombstones, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lines_into_a_topic),   TEST(test_lines_that_are_refused),
        TEST(test_from_where_to_where),  TEST(test_a_place_that_is_none),
        TEST(test_records_line_by_line), TEST(test_orders_are_printed_or_sent),
        TEST(test_a_rate_is_kept),       TEST(test_expectations_are_written),
        TEST(test_generate_refuses),     TEST(test_faults_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
