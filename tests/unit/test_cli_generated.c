/* `primaflow generate refunds` as a command line: what it prints, sends, expects and refuses. */
#include "test_cli_run.h"

#include <jansson.h>
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

static size_t lines_of(const char *text)
{
    size_t lines = 0;
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

static void test_refunds_are_printed_or_sent(void **state)
{
    (void)state;
    assert_int_equal(run("generate", "refunds", NULL), CLI_DONE);
    assert_int_equal(lines_of(run_out), 10);
    assert_string_equal(run_err, "");
    char *first = strdup(run_out);
    assert_non_null(first);
    assert_int_equal(run("generate", "refunds", "--count", "10", "--keys", "10", NULL), CLI_DONE);
    assert_string_equal(run_out, first); /* of as many orders as --count */
    assert_int_equal(run("generate", "refunds", "--seed", "2", NULL), CLI_DONE);
    assert_string_not_equal(run_out, first);
    free(first);
    assert_int_equal(run("generate", "refunds", "--count", "3", "--to-kafka", NULL), CLI_DONE);
    assert_string_equal(run_err, "primaflow: 3 records sent to refunds.raw\n");
    assert_string_equal(run_out, "");
    run_has(world.trace, "new | begin | add refunds.raw 01/"); /* as its order's */
    run_has(world.trace, " | commit | free");
    assert_int_equal(world.sent_count, 3);
    assert_string_equal(world.registered, "RefundEvent of refunds.raw");
    assert_int_equal(run("generate", "refunds", "--count", "0", NULL), CLI_DONE);
    assert_string_equal(run_out, "");
}

/* The first word of each line behind `"name":`, as `generate orders` and `generate refunds` say it. */
static json_t *values_of(const char *text, const char *name)
{
    json_t *values = json_object();
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        json_t *event = json_loads(line, JSON_DISABLE_EOF_CHECK, NULL);
        assert_non_null(event);
        (void)json_object_set_new(values, json_string_value(json_object_get(event, name)),
                                  json_true());
        json_decref(event);
    }
    return values;
}

static void test_they_are_of_the_orders(void **state)
{
    (void)state;
    static const char *const ids[] = {"order_id", "order_name"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        const char *id;
        json_t *yes;
        assert_int_equal(run("generate", "orders", "--seed", "7", "--count", "12", NULL), CLI_DONE);
        json_t *orders = values_of(run_out, ids[i]);
        assert_int_equal(json_object_size(orders), 12);
        assert_int_equal(
            run("generate", "refunds", "--seed", "7", "--keys", "12", "--count", "30", NULL),
            CLI_DONE);
        json_t *refunded = values_of(run_out, ids[i]);
        assert_true(json_object_size(refunded) > 8);
        json_object_foreach(refunded, id, yes) assert_non_null(json_object_get(orders, id));
        json_decref(orders);
        json_decref(refunded);
    }
}

static void test_expectations_are_written(void **state)
{
    char path[64] = "/tmp/pf-expect-XXXXXX", text[40000] = "";
    const int file = mkstemp(path);
    (void)state;
    assert_true(file >= 0);
    assert_int_equal(run("generate", "refunds", "--count", "60", "--faulty", "50", "--duplicates",
                         "30", "--expect", path, NULL),
                     CLI_DONE);
    assert_int_equal(lines_of(run_out), 60);
    assert_true(read(file, text, sizeof text - 1) > 0);
    assert_int_equal(lines_of(text), 60);
    static const char *const parts[] = {
        "\"is_resend\":true",
        "\"outcome\":\"duplicate\",\"code\":\"\"",
        "\"kind\":\"partial\",\"waits\":\"\",\"outcome\":\"posted\"",
        "\"waits\":\"refund_order_missing\",\"outcome\":\"posted\"",
        "\"outcome\":\"dead_letter\",\"code\":\"refund_mismatch\"",
        "\"refund_id\":\"5000010000",
        "\"event_id\":\"evt-refund-1-59\"",
        "{\"channel\":\"",
        "\"store\":\"",
        "\"order_id\":\"50000100000"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        run_has(text, parts[i]);
    (void)close(file);
    (void)unlink(path);
    assert_int_equal(run("generate", "refunds", "--expect", "/nowhere/x", NULL), CLI_USAGE);
    run_has(run_err, "--expect /nowhere/x: No such file");
}

static void test_generate_refuses(void **state)
{
    static const struct {
        const char *words[6];
        const char *err;
    } rows[] = {
        {{"--duplicates", "101"}, "refunds --duplicates: '101' is not a number from 0 to 100"},
        {{"--faulty", "x"}, "refunds --faulty: 'x' is not a number from 0 to 100"},
        {{"--skew", "10.1"}, "refunds --skew: '10.1' is not a number from 0 to 10"},
        {{"--kinds", "partial,frob"}, "--kinds: there is no 'frob'; see: primaflow generate refu"},
        {{"--kinds", "tombstone", "--faulty", "100"}, "--kinds tombstone breaks the encoded bytes"},
        {{"--kinds", "failed"}, "--kinds: these come with --faulty alone, and it is below 100"},
        {{"--kinds", "failed", "--faulty", "99"}, "--kinds: these come with --faulty alone"},
        {{"--kinds", "partial", "--faulty", "1"}, "--faulty: none of --kinds waits or is stopped"},
        {{"--kinds", "money_lost", "--faulty", "100"},
         "after 0 of 10 events nothing of these kinds is left to be refunded; more orders "
         "(--keys)"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const *w = rows[i].words;
        assert_int_equal(
            run("generate", "refunds", w[0], w[1], w[2], w[3], w[4], w[5], (char *)NULL),
            CLI_USAGE);
        run_has(run_err, rows[i].err);
        assert_string_equal(run_out, "");
    }
    assert_int_equal(run("generate", "refunds", "--kinds", "failed", "--faulty", "100", NULL),
                     CLI_DONE);
    assert_int_equal(lines_of(run_out), 10);
}

static void test_bytes_are_broken(void **state)
{
    (void)state;
    assert_int_equal(run("generate", "refunds", "--faulty", "100", "--count", "4", "--kinds",
                         "tombstone,truncated", "--to-kafka", NULL),
                     CLI_DONE);
    assert_int_equal(world.sent_count, 4);
    size_t tombstones = 0;
    for (size_t i = 0; i < 4; i++)
        tombstones += strcmp(world.sent[i], "(null)") == 0;
    assert_int_equal(tombstones, 2);
}

static void test_refunds_are_produced(void **state)
{
    (void)state;
    assert_int_equal(run("generate", "refunds", "--count", "4", NULL), CLI_DONE);
    char *lines = strdup(run_out);
    assert_non_null(lines);
    run_input(lines);
    assert_int_equal(run("produce", "refunds.raw", NULL), CLI_DONE);
    assert_string_equal(run_err, "primaflow: 4 records sent to refunds.raw\n");
    run_input(NULL);
    free(lines);
    assert_int_equal(run("produce", "refunds.raw", run_file("{}"), NULL), CLI_DATA);
    run_has(run_err, "event_id: missing");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_refunds_are_printed_or_sent),
        TEST(test_they_are_of_the_orders),
        TEST(test_expectations_are_written),
        TEST(test_generate_refuses),
        TEST(test_bytes_are_broken),
        TEST(test_refunds_are_produced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
