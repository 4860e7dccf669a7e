/* Which rule fires for which request, what is wrong with a rule, and latencies in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "faults.h"

static int add(struct faults *f, const char *text, char message[static 200])
{
    json_error_t error;
    json_t *json = json_loads(text, 0, &error);
    assert_non_null(json);
    int id = 0;
    const int result = faults_add(f, json, &id, message);
    json_decref(json);
    return result < 0 ? result : id;
}

static void test_match(void **state)
{
    (void)state;
    static const struct {
        const char *name, *match;
        /* for NewOrder 1001, OrderStatus 1001, NewOrder 2001, NewOrder 1002, in this order, twice
         * over */
        const char *fires;
    } rows[] = {
        {"nothing said: all", "{}", "yyyyyyyy"},
        {"a type", "{\"type\": \"NewOrder\"}", "y-yyy-yy"},
        {"several types", "{\"type\": [\"OrderStatus\", \"NewCustomer\"]}", "-y---y--"},
        {"every type", "{\"type\": \"*\"}", "yyyyyyyy"},
        {"a key", "{\"key\": \"1001\"}", "yy--yy--"},
        {"a glob", "{\"key\": \"10*\", \"type\": \"NewOrder\"}", "y--yy--y"},
        {"the nth of those that match, once", "{\"type\": \"NewOrder\", \"nth\": 2}", "--y-----"},
        {"at most so often", "{\"key\": \"1001\", \"count\": 3}", "yy--y---"},
        {"never", "{\"probability\": 0}", "--------"},
        {"always", "{\"probability\": 1}", "yyyyyyyy"},
    };
    static const char *const requests[][2] = {
        {"NewOrder", "1001"}, {"OrderStatus", "1001"}, {"NewOrder", "2001"}, {"NewOrder", "1002"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct faults *f = faults_new();
        char rule[200], message[200], fired[9] = "";
        (void)snprintf(rule, sizeof rule, "{\"match\": %s, \"do\": {\"kind\": \"hang\"}}",
                       rows[i].match);
        assert_true(add(f, rule, message) > 0);
        for (size_t r = 0; r < 8; r++) {
            struct fault fault;
            int64_t latency;
            fired[r] = faults_choose(f, requests[r % 4][0], requests[r % 4][1], &fault, &latency)
                           ? 'y'
                           : '-';
        }
        assert_string_equal(fired, rows[i].fires);
        faults_free(f);
    }
}

static void test_order_of_rules(void **state)
{
    (void)state;
    struct faults *f = faults_new();
    char message[200];
    struct fault fault;
    int64_t latency;
    assert_int_equal(add(f, "{\"do\": {\"kind\": \"latency\", \"latency\": \"5ms\"}}", message), 1);
    assert_int_equal(add(f,
                         "{\"do\": {\"kind\": \"cut\", \"bytes\": 7, \"latency\": \"2ms\"}, "
                         "\"match\": {\"count\": 1}}",
                         message),
                     2);
    assert_int_equal(add(f, "{\"do\": {\"kind\": \"hang\", \"latency\": \"90ms\"}}", message), 3);
    assert_true(faults_choose(f, "NewOrder", "1", &fault,
                              &latency)); /* latencies add up to the first that acts */
    assert_int_equal(fault.kind, FAULT_CUT);
    assert_int_equal(fault.bytes, 7);
    assert_string_equal(fault.name, "cut#2");
    assert_true(latency == 7000);
    assert_true(faults_choose(f, "NewOrder", "1", &fault, &latency)); /* the second is used up */
    assert_int_equal(fault.kind, FAULT_HANG);
    assert_true(faults_remove(f, 3));
    assert_false(faults_remove(f, 3));
    assert_false(faults_choose(f, "NewOrder", "1", &fault, &latency));
    assert_true(latency == 5000);
    faults_free(f);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *rule, *message;
    } rows[] = {
        {"no such kind", "{\"do\": {\"kind\": \"explode\"}}", "do.kind: "},
        {"nothing to do", "{\"match\": {}}", "rule: "},
        {"a misspelt field", "{\"do\": {\"kind\": \"cut\", \"byte\": 1}}", "do: "},
        {"a misspelt match", "{\"match\": {\"typ\": \"NewOrder\"}, \"do\": {\"kind\": \"cut\"}}",
         "match: "},
        {"a probability of 2", "{\"match\": {\"probability\": 2}, \"do\": {\"kind\": \"cut\"}}",
         "match.probability: "},
        {"a negative count", "{\"match\": {\"count\": -1}, \"do\": {\"kind\": \"cut\"}}",
         "match: "},
        {"a type that is a number", "{\"match\": {\"type\": [1]}, \"do\": {\"kind\": \"cut\"}}",
         "match.type: "},
        {"no type in the list", "{\"match\": {\"type\": []}, \"do\": {\"kind\": \"cut\"}}",
         "match.type: "},
        {"a status of 999", "{\"do\": {\"kind\": \"http\", \"status\": 999}}", "do.status: "},
        {"negative bytes", "{\"do\": {\"kind\": \"cut\", \"bytes\": -1}}", "do.bytes: "},
        {"a latency in words", "{\"do\": {\"kind\": \"latency\", \"latency\": \"long\"}}",
         "do.latency: "},
        {"a delay without a unit", "{\"do\": {\"kind\": \"apply_delay\", \"delay\": \"5\"}}",
         "do.delay: "},
        {"a status that is no error at then",
         "{\"do\": {\"kind\": \"apply_delay\", \"then\": 200}}", "do.then: "},
        {"something else then", "{\"do\": {\"kind\": \"apply_delay\", \"then\": \"cry\"}}",
         "do.then: "},
        {"a header in Retry-After",
         "{\"do\": {\"kind\": \"throttle\", \"retry_after\": \"1\\r\\nX: y\"}}",
         "do.retry_after: "},
        {"about nothing known", "{\"do\": {\"kind\": \"error\", \"about\": \"love\"}}",
         "do.about: "},
    };
    struct faults *f = faults_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        char message[200] = "";
        assert_int_equal(add(f, rows[i].rule, message), -EINVAL);
        assert_memory_equal(message, rows[i].message, strlen(rows[i].message));
    }
    json_t *list = faults_list(f);
    assert_int_equal(json_array_size(list), 0);
    json_decref(list);
    for (int i = 0; i < 100; i++) {
        char message[200];
        assert_true(add(f, "{\"do\": {\"kind\": \"hang\"}}", message) > 0);
    }
    char message[200];
    assert_int_equal(add(f, "{\"do\": {\"kind\": \"hang\"}}", message), -ENOSPC);
    faults_free(f);
}

static void test_latency(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int result;
        int64_t low, high, mean_low, mean_high; /* of 20000 draws, microseconds */
    } rows[] = {
        {"0", 0, 0, 0, 0, 0},
        {"5ms", 0, 5000, 5000, 5000, 5000},
        {"250us", 0, 250, 250, 250, 250},
        {"1.5s", 0, 1500000, 1500000, 1500000, 1500000},
        {"uniform:5ms-20ms", 0, 5000, 20000, 12300, 12700},
        {"exp:50ms", 0, 0, 1000000, 48000, 52000},
        {"5", -EINVAL, 0, 0, 0, 0},
        {"", -EINVAL, 0, 0, 0, 0},
        {"-5ms", -EINVAL, 0, 0, 0, 0},
        {"5ms ", -EINVAL, 0, 0, 0, 0},
        {"uniform:20ms-5ms", -EINVAL, 0, 0, 0, 0},
        {"uniform:20ms", -EINVAL, 0, 0, 0, 0},
        {"normal:5ms", -EINVAL, 0, 0, 0, 0},
        {"2000h", -EINVAL, 0, 0, 0, 0},
        {"4000s", -ERANGE, 0, 0, 0, 0},
        {"inf", -EINVAL, 0, 0, 0, 0},
    };
    random_seed(7);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  '%s'\n", rows[i].text);
        struct latency l;
        assert_int_equal(latency_parse(rows[i].text, &l), rows[i].result);
        int64_t sum = 0;
        for (int draw = 0; rows[i].result == 0 && draw < 20000; draw++) {
            const int64_t us = latency_draw_us(&l);
            assert_in_range(us, rows[i].low, rows[i].high);
            sum += us;
        }
        assert_in_range(sum / 20000, rows[i].mean_low, rows[i].mean_high);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match),
        cmocka_unit_test(test_order_of_rules),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_latency),
    };
    return cmocka_run_group_tests_name("sandbox faults", tests, NULL, NULL);
}
