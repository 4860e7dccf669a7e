/* What `primaflow produce` gathers before it sends: every line or none, and words that name the
 * line and the field, never a value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes_json.h"
#include "core/events.h"
#include "order_gen.h"
#include "core/spool.h"

static struct config *config;
static struct ops *ops;
static struct event_maker *maker;

static int setup(void **state)
{
    struct config_message message;
    (void)state;
    assert_int_equal(clearenv(), 0);
    assert_int_equal(config_load(NULL, NULL, 0, &config, &message), 0);
    struct ops_error error;
    ops = ops_new(config);
    assert_non_null(ops);
    return events_maker_new(ops, "orders.raw", &maker, &error) == OPS_DONE ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    events_maker_free(maker);
    ops_free(ops);
    config_free(config);
    return 0;
}

/* Runs spool_read with what it complains of, and its error, in `said`, as they are printed. */
static enum ops_kind read_said(struct spool *spool, const char *text, spool_line line, void *user,
                               char *said, size_t said_size)
{
    struct complaints complaints = {.count = 0};
    struct ops_error error;
    FILE *in = fmemopen((char *)(uintptr_t)text, strlen(text), "r");
    assert_non_null(in);
    const enum ops_kind kind =
        spool_read(spool, in, "orders.jsonl", line, user, &complaints, &error);
    size_t used = 0;
    said[0] = '\0';
    for (size_t i = 0; i < complaints_kept(&complaints) && used < said_size; i++)
        used += (size_t)snprintf(said + used, said_size - used, "orders.jsonl:%zu: %s\n",
                                 complaints.first[i].line, complaints.first[i].text);
    if (kind != OPS_DONE && used < said_size)
        (void)snprintf(said + used, said_size - used, "%s\n", error.text);
    (void)fclose(in);
    return kind;
}

/* Orders of the generator, one a line, with line `bad` (from 1; 0: none) replaced. */
static char *orders_text(int64_t count, int64_t bad, const char *instead)
{
    const struct order_gen_options options = {.seed = 1, .count = count, .customers = 9};
    struct order_gen *gen = order_gen_new(&options);
    struct order_gen_event e;
    struct buf text;
    buf_init(&text, 1 << 24);
    for (int64_t i = 1; order_gen_next(gen, &e); i++) {
        char *line = json_dumps(e.event, JSON_COMPACT);
        buf_printf(&text, "%s\n", i == bad ? instead : line);
        free(line);
        json_decref(e.event);
    }
    order_gen_free(gen);
    char *copy = strdup(text.data);
    buf_release(&text);
    return copy;
}

static void test_right_lines_are_all_taken(void **state)
{
    (void)state;
    char said[2000], *text = orders_text(50, 0, "");
    struct spool spool;
    spool_init(&spool);
    assert_int_equal(read_said(&spool, text, events_line, maker, said, sizeof said), OPS_DONE);
    assert_int_equal(spool.count, 50);
    assert_string_equal(said, "");
    spool_release(&spool);
    free(text);
}

static void test_a_wrong_line_is_named_and_stops_all(void **state)
{
    (void)state;
    static const struct {
        const char *name, *line, *said;
    } rows[] = {
        {"not JSON", "{\"event_id\": ", "orders.jsonl:7: not JSON, at column"},
        {"no object", "[1, 2]", "orders.jsonl:7: not a JSON object"},
        {"a key twice", "{\"event_id\": \"a\", \"event_id\": \"b\"}", "orders.jsonl:7: not JSON"},
        {"a field missing", "{\"event_id\": \"a\"}", "orders.jsonl:7: "},
        {"a NUL in it", "{\"event_id\": \"a\\u0000b\"}", "orders.jsonl:7: "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char said[2000], *text = orders_text(20, 7, rows[i].line);
        struct spool spool;
        print_message("  %s\n", rows[i].name);
        spool_init(&spool);
        assert_int_equal(read_said(&spool, text, events_line, maker, said, sizeof said), OPS_DATA);
        if (strstr(said, rows[i].said) == NULL)
            fail_msg("said: %s", said);
        assert_non_null(strstr(said, "1 of 20 lines are wrong; nothing was sent"));
        spool_release(&spool);
        free(text);
    }
}

/* Changes one field of a right order. */
static char *order_with(const char *name, json_t *value)
{
    char *text = orders_text(1, 0, ""), *changed;
    json_t *event = json_loads(text, 0, NULL);
    (void)json_object_set_new(event, name, value);
    changed = json_dumps(event, JSON_COMPACT);
    json_decref(event);
    free(text);
    return changed;
}

static void test_what_has_no_key_is_refused_without_its_values(void **state)
{
    (void)state;
    static const struct {
        const char *name, *field, *value, *said;
    } rows[] = {
        {"a channel that nobody configured", "channel", "ebay", "company_unmapped"},
        {"an id that no path can hold", "order_id", "12/../34", "event_invalid"},
        {"a kind that the schema has not", "kind", "burnt", "kind"},
        {"an unknown field", "evnt_id", "x", "evnt_id"},
        {"text for a number", "created_at", "Amelia Wiśniewski", "created_at"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char said[2000], *text = order_with(rows[i].field, json_string(rows[i].value));
        struct spool spool;
        print_message("  %s\n", rows[i].name);
        spool_init(&spool);
        assert_int_equal(read_said(&spool, text, events_line, maker, said, sizeof said), OPS_DATA);
        if (strstr(said, "orders.jsonl:1: ") == NULL || strstr(said, rows[i].said) == NULL)
            fail_msg("said: %s", said);
        assert_null(strstr(said, "Amelia"));
        spool_release(&spool);
        free(text);
    }
}

static void test_complaints_are_bounded_and_counted(void **state)
{
    (void)state;
    char said[8000], text[1000] = "";
    struct spool spool;
    for (size_t i = 0; i < 200; i++)
        memcpy(text + 3 * i, "[]\n", 4);
    spool_init(&spool);
    assert_int_equal(read_said(&spool, text, events_line, maker, said, sizeof said), OPS_DATA);
    assert_non_null(strstr(said, "200 of 200 lines are wrong"));
    assert_non_null(strstr(said, "orders.jsonl:20: "));
    assert_null(strstr(said, "orders.jsonl:21: "));
    spool_release(&spool);
}

static void test_blank_lines_count_but_are_nothing(void **state)
{
    (void)state;
    char said[2000];
    struct spool spool;
    spool_init(&spool);
    assert_int_equal(read_said(&spool, "\n  \r\n{\"value\": 1}\n\n[]\n", spool_raw_line, NULL, said,
                               sizeof said),
                     OPS_DATA);
    assert_non_null(strstr(said, "orders.jsonl:5: not a JSON object"));
    assert_int_equal(spool.count, 1);
    spool_release(&spool);
}

static void test_raw_lines(void **state)
{
    (void)state;
    static const struct {
        const char *name, *line, *said; /* said: NULL: taken */
    } rows[] = {
        {"text", "{\"key\": \"a\", \"value\": \"b\", \"headers\": {\"x\": \"y\"}}", NULL},
        {"bytes", "{\"key\": null, \"value\": {\"base64\": \"AP8=\"}}", NULL},
        {"a tombstone", "{\"key\": \"a\", \"value\": null}", NULL},
        {"JSON", "{\"key\": \"a\", \"value\": {\"n\": [1, 2]}}", NULL},
        {"a header twice", "{\"value\": \"b\", \"headers\": {\"x\": [\"1\", \"2\", null]}}", NULL},
        {"no value", "{\"key\": \"a\"}", "value: missing"},
        {"bad base64", "{\"value\": {\"base64\": \"***=\"}}", "value: neither"},
        {"headers that are none", "{\"value\": \"b\", \"headers\": 7}", "headers: neither"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char said[2000];
        struct spool spool;
        print_message("  %s\n", rows[i].name);
        spool_init(&spool);
        assert_int_equal(read_said(&spool, rows[i].line, spool_raw_line, NULL, said, sizeof said),
                         rows[i].said == NULL ? OPS_DONE : OPS_DATA);
        assert_int_equal(spool.count, rows[i].said == NULL);
        if (rows[i].said != NULL && strstr(said, rows[i].said) == NULL)
            fail_msg("said: %s", said);
        spool_release(&spool);
    }
}

static void test_too_large_for_kafka_is_refused_before_it_is_sent(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t key, value;
        bool taken;
    } rows[] = {
        {"value too large", 0, KAFKA_RECORD_MAX + 1, false},
        {"together too large", KAFKA_RECORD_MAX / 2, KAFKA_RECORD_MAX / 2 + 1, false},
        {"just", KAFKA_RECORD_MAX / 2, KAFKA_RECORD_MAX / 2, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char said[2000], *xs = malloc(KAFKA_RECORD_MAX + 2);
        struct buf line;
        struct spool spool;
        print_message("  %s\n", rows[i].name);
        assert_non_null(xs);
        memset(xs, 'x', KAFKA_RECORD_MAX + 1);
        buf_init(&line, 4 << 20);
        buf_printf(&line, "{\"key\": \"%.*s\", \"value\": \"%.*s\"}\n", (int)rows[i].key, xs,
                   (int)rows[i].value, xs);
        spool_init(&spool);
        assert_int_equal(read_said(&spool, line.data, spool_raw_line, NULL, said, sizeof said),
                         rows[i].taken ? OPS_DONE : OPS_DATA);
        assert_int_equal(spool.count, rows[i].taken);
        assert_true(rows[i].taken || strstr(said, "orders.jsonl:1: ") != NULL);
        spool_release(&spool);
        buf_release(&line);
        free(xs);
    }
}

static void test_bytes_go_through_json_unchanged(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        size_t size;
    } rows[] = {{"none", NULL, 0},
                {"empty", "", 0},
                {"text", "Łukasz", 7},
                {"a NUL", "a\0b", 3},
                {"bad UTF-8", "\xff\xfe", 2},
                {"one byte", "\x80", 1},
                {"three", "\x80\x81\x82", 3},
                {"four", "\x80\x81\x82\x83", 4}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool is_null = true;
        struct buf out;
        print_message("  %s\n", rows[i].name);
        buf_init(&out, 100);
        json_t *json = bytes_to_json(rows[i].bytes, rows[i].size);
        assert_int_equal(bytes_from_json(json, &out, &is_null), 0);
        assert_int_equal(is_null, rows[i].bytes == NULL);
        assert_int_equal(out.size, rows[i].size);
        assert_memory_equal(out.data, rows[i].bytes != NULL ? rows[i].bytes : "", rows[i].size);
        json_decref(json);
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right_lines_are_all_taken),
        cmocka_unit_test(test_a_wrong_line_is_named_and_stops_all),
        cmocka_unit_test(test_what_has_no_key_is_refused_without_its_values),
        cmocka_unit_test(test_complaints_are_bounded_and_counted),
        cmocka_unit_test(test_blank_lines_count_but_are_nothing),
        cmocka_unit_test(test_raw_lines),
        cmocka_unit_test(test_too_large_for_kafka_is_refused_before_it_is_sent),
        cmocka_unit_test(test_bytes_go_through_json_unchanged),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
