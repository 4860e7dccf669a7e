/* Where `mappings check` gets its events: which records of a topic, which lines of a file, and what
 * is said of those that are none. What they lack: test_cli_mappings.c. */
#include "test_ops_world.h"

#include "test_order_support.h"

#include "core/mappings_check.h"

static struct seen seen;
static struct ops_error error;
static struct arena *arena;

static int begin(void **state)
{
    (void)state;
    world_reset();
    seen_init(&seen);
    arena = arena_new(SUPPORT_ARENA);
    return arena == NULL;
}

static int end(void **state)
{
    (void)state;
    seen_release(&seen);
    arena_free(arena);
    world_release();
    return 0;
}

static void put_event(struct ops *ops, const char *topic, const char *order_id,
                      const char *location, int64_t at_ms)
{
    struct order_event *e = support_order(arena);
    e->order_id = order_id;
    e->lines.items[0].location_id = location;
    world_put_struct(ops, &(struct world_put){.topic = topic, .key = "k", .at_ms = at_ms},
                     &order_event_record, e);
}

static void test_which_records(void **state)
{
    static const struct {
        struct mappings_range range;
        const char *trace;
        int from;
        int64_t value;
    } rows[] = {
        {{NULL, -1, 0}, "read orders.raw", KAFKA_FROM_LAST, MAPPINGS_LAST},
        {{NULL, -1, 1}, "read orders.raw", KAFKA_FROM_LAST, 1},
        {{"other", -1, 7}, "read other", KAFKA_FROM_LAST, 7},
        {{NULL, 0, 0}, "read orders.raw", KAFKA_FROM_TIME, 0},
        {{NULL, 55, 0}, "read orders.raw", KAFKA_FROM_TIME, 55},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ops *ops = world_ops(NULL);
        world_untrace();
        assert_int_equal(mappings_check_topic(ops, &rows[i].range, &seen, &error), OPS_DONE);
        assert_string_equal(world.trace, rows[i].trace);
        assert_int_equal(world.range.from, rows[i].from);
        assert_int_equal(world.range.from_value, rows[i].value);
        assert_int_equal(world.range.partition, -1);
    }
    assert_int_equal(seen.events, 0);
}

static const struct mappings_range usual = {NULL, -1, 0};

static void test_records_of_all_kinds(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    put_event(ops, "orders.raw", "1", "9999", 5);
    put_event(ops, "orders.raw", "2", "9999", 5);
    put_event(ops, "orders.raw", "2", "9999", 5); /* resent: counted once */
    put_event(ops, "other", "3", "9999", 5);
    assert_int_equal(mappings_check_topic(ops, &usual, &seen, &error), OPS_DONE);
    assert_int_equal(seen.events, 3);
    assert_int_equal(seen.item_count, 1);
    assert_string_equal(seen.items[0].value, "9999");
    assert_int_equal(seen.items[0].orders, 2);
    assert_int_equal(seen.unreadable, 0);
}

static void test_the_first_that_cannot_be_read_is_named(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    put_event(ops, "orders.raw", "1", "1001", 5);
    world_put(&(struct world_put){.topic = "orders.raw", .key = "k", .partition = 3});
    world_put(&(struct world_put){.topic = "orders.raw", .key = "k", .value = "x", .size = 1});
    assert_int_equal(mappings_check_topic(ops, &usual, &seen, &error), OPS_DONE);
    assert_int_equal(seen.events, 3);
    assert_int_equal(seen.unreadable, 2);
    assert_string_equal(seen.first_unreadable, "orders.raw/3/1: tombstone");
    seen_release(&seen);
    world_reset();
    ops = world_ops(NULL);
    world_put(&(struct world_put){.topic = "orders.raw", .key = "k", .value = "x", .size = 1});
    assert_int_equal(mappings_check_topic(ops, &usual, &seen, &error), OPS_DONE);
    assert_string_equal(seen.first_unreadable, "orders.raw/0/0: framing_unknown");
}

static void test_what_cannot_be_opened(void **state)
{
    static const char *const mappings[] = {"orders.mappings=/nowhere", NULL},
                             *const schemas[] = {"schema.folder=/nowhere", NULL};
    (void)state;
    assert_int_equal(mappings_check_topic(world_ops(mappings), &usual, &seen, &error), OPS_CONFIG);
    assert_int_equal(mappings_check_topic(world_ops(schemas), &usual, &seen, &error), OPS_CONFIG);
    assert_string_equal(world.trace, "");
    struct ops *ops = world_ops(NULL);
    world.read_rc = -ENOENT;
    world.refusal = "no such topic";
    assert_int_equal(mappings_check_topic(ops, &usual, &seen, &error), OPS_DATA);
    assert_string_equal(error.text, "no such topic");
}

/* ---- a file ---- */

static struct complaints complaints;

static enum ops_kind check_lines(const char *text)
{
    FILE *in = fmemopen((char *)(uintptr_t)text, strlen(text), "r");
    assert_non_null(in);
    complaints = (struct complaints){.count = 0};
    const enum ops_kind kind =
        mappings_check_lines(world_ops(NULL), in, "f.jsonl", &seen, &complaints, &error);
    (void)fclose(in);
    return kind;
}

#define EVENT(id)                                                                                  \
    "{\"event_id\": \"e\", \"event_time\": 1, \"kind\": \"created\", \"source_version\": 1, "      \
    "\"channel\": \"shopify\", \"store\": \"nl\", \"order_id\": \"" id                             \
    "\", \"created_at\": 1795000000000, \"currency\": \"GBP\", \"taxes_included\": true, "         \
    "\"payment_status\": \"paid\", \"totals\": {\"total\": {\"shop_minor\": 0}, \"tax\": "         \
    "{\"shop_minor\": 0}}, \"lines\": []}\n"

static void test_lines_of_a_file(void **state)
{
    (void)state;
    assert_int_equal(check_lines("\n" EVENT("1") " \t\n" EVENT("2")), OPS_DONE);
    assert_int_equal(complaints.count, 0);
    assert_int_equal(seen.events, 2);
    assert_int_equal(seen.item_count, 1);
    assert_int_equal(seen.items[0].orders, 2);
}

static void test_lines_that_are_no_events(void **state)
{
    (void)state;
    assert_int_equal(check_lines("{\n\n" EVENT("1") "{}\n"), OPS_DATA);
    assert_int_equal(complaints.count, 2);
    assert_int_equal(complaints.first[0].line, 1);
    assert_memory_equal(complaints.first[0].text, "not JSON, at column ", 20);
    assert_int_equal(complaints.first[1].line, 4);
    assert_string_equal(complaints.first[1].text, "event_id: missing, and it has no default");
    assert_string_equal(error.text, "2 of 4 lines are no order events");
    assert_string_equal(error.remedy, "correct them");
    assert_int_equal(seen.events, 1); /* the others were taken all the same */
}

static void test_a_file_that_breaks_off(void **state)
{
    (void)state;
    FILE *in = fopen(".", "re"); /* a folder cannot be read */
    assert_non_null(in);
    complaints = (struct complaints){.count = 0};
    assert_int_equal(
        mappings_check_lines(world_ops(NULL), in, "f.jsonl", &seen, &complaints, &error), OPS_DATA);
    (void)fclose(in);
    assert_string_equal(error.text, "f.jsonl:1: cannot be read further: Is a directory");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_which_records),
        TEST(test_records_of_all_kinds),
        TEST(test_the_first_that_cannot_be_read_is_named),
        TEST(test_what_cannot_be_opened),
        TEST(test_lines_of_a_file),
        TEST(test_lines_that_are_no_events),
        TEST(test_a_file_that_breaks_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
