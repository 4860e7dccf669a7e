/* Which deliveries have ended, as their topics say; who is asked, and when it is forgotten
 * (test_stream_world.h). The set itself is test_runtime_ended's. */
#include "test_stream_world.h"

#include <errno.h>

#include "base/digest.h"
#include "kafka/headers.h"
#include "stream/ended.h"

#define PRINT "a1000000000000000000000000000000000000000000000000000000000000000f"
#define RESULT(more)                                                                               \
    "{\"identity\":\"" PRINT "\",\"delivery\":{\"topic\":\"orders.raw\",\"partition\":3,"          \
    "\"offset\":9}" more "}"

static char words[KAFKA_TEXT_MAX];
static uint8_t identity[33];

/* A record that is read again: of orders.raw/3, offset 9. */
static struct kafka_record again(const char *value)
{
    return (struct kafka_record){.topic = "orders.raw",
                                 .partition = 3,
                                 .offset = 9,
                                 .key = "k",
                                 .key_size = 1,
                                 .value = value,
                                 .value_size = strlen(value)};
}

static bool has_ended(const char *delivery, const char *natural, const char *value)
{
    struct partition p = {.worker = &worker, .ground = 10};
    const struct kafka_record raw = again(value);
    const struct ended_question about = {delivery, natural, identity};
    return ended_has(&p, &raw, &about);
}

static void begin_ended(void)
{
    begin_world();
    (void)digest_of_hex(PRINT, identity, sizeof identity);
}

static int reads(void)
{
    return ended_read(&worker, &stream.ended, words);
}

/* ---- what the topics say ---- */

static void test_results(void **state)
{
    static const struct {
        const char *name, *value;
        bool has_ended, is_unreadable;
    } rows[] = {
        {"a result", RESULT(",\"key\":\"01/k\""), true, false},
        {"without a key", RESULT(""), false, true},
        {"without a delivery", "{\"identity\":\"" PRINT "\",\"key\":\"01/k\"}", false, true},
        {"without an identity",
         "{\"key\":\"01/k\",\"delivery\":{\"topic\":\"orders.raw\",\"partition\":3,\"offset\":9}}",
         false, true},
        {"a tombstone", NULL, false, false},
        {"bytes", "?", false, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_ended();
        (void)kafka_holds("orders.results", "k", rows[i].value, NULL);
        assert_int_equal(reads(), 0);
        if (has_ended("orders.raw/3/9", "01/k", "v") != rows[i].has_ended)
            fail_msg("%s", rows[i].name);
        assert_false(has_ended("orders.raw/3/8", "01/k", "v"));
        assert_false(has_ended("orders.raw/3/9", "01/other", "v"));
        assert_false(has_ended("orders.raw/3/9", NULL, "v"));
        assert_int_equal(
            strstr(logged, "warning: unreadable results; their deliveries are processed again if "
                           "redelivered count 1") != NULL,
            rows[i].is_unreadable);
        assert_int_equal(strstr(logged, "info: ended deliveries loaded count 1") != NULL,
                         rows[i].has_ended);
        end_world();
    }
}

static void test_letters(void **state)
{
    static const char *const whole[] = {HEADER_DELIVERY,
                                        "orders.raw/3/9",
                                        HEADER_IDEMPOTENCY_KEY,
                                        "01/k",
                                        HEADER_FINGERPRINT,
                                        PRINT,
                                        NULL},
                             *const bytes[] = {HEADER_DELIVERY, "orders.raw/3/9", NULL},
                             *const nobody[] = {HEADER_CODE, "c", NULL},
                             *const odd[] = {HEADER_DELIVERY,
                                             "orders.raw/3/9",
                                             HEADER_IDEMPOTENCY_KEY,
                                             "01/k",
                                             HEADER_FINGERPRINT,
                                             "zz",
                                             NULL};
    static const struct {
        const char *name, *const *headers;
        bool by_key, by_bytes;
    } rows[] = {{"by its key, and byte for byte", whole, true, true},
                {"one that could not be decoded", bytes, false, true},
                {"of no delivery", nobody, false, false},
                {"with an identity that is none", odd, false, true}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_ended();
        (void)kafka_holds("orders.raw.dlq", "k", "v", rows[i].headers);
        assert_int_equal(reads(), 0);
        if (has_ended("orders.raw/3/9", "01/k", "another") != rows[i].by_key ||
            has_ended("orders.raw/3/9", NULL, "v") != rows[i].by_bytes)
            fail_msg("%s", rows[i].name);
        assert_false(has_ended("orders.raw/3/9", NULL, "another"));
        end_world();
    }
}

static void test_forwards(void **state)
{
    static const char *const headers[] = {HEADER_DELIVERY, "orders.raw/3/9", NULL};
    (void)state;
    begin_ended();
    (void)kafka_holds("orders.raw.retry.1s", "k", "v", headers);
    (void)kafka_holds("orders.raw.retry.1s", "k", "w", NULL); /* of no delivery */
    (void)kafka_holds("orders.raw", "k", "v", headers);       /* no retry topic */
    assert_int_equal(reads(), 0);
    assert_true(has_ended("orders.raw/3/9", NULL, "v"));
    struct partition p = {.worker = &worker, .ground = 10};
    struct kafka_record itself = again("v");
    itself.topic = "orders.raw.retry.1s";
    itself.partition = 0;
    itself.offset = 0;
    const struct ended_question about = {"orders.raw/3/9", NULL, identity};
    assert_false(ended_has(&p, &itself, &about)); /* it is the one that lives on */
    itself.offset = 1;
    assert_true(ended_has(&p, &itself, &about));
    end_world();
}

static void test_what_cannot_be_read(void **state)
{
    static const struct {
        const char *name, *failing, *value;
    } rows[] = {{"the letters", "scan:orders.raw.dlq", NULL},
                {"the results", "scan:orders.results", NULL},
                {"what waits", "scan:orders.raw.retry.1s", NULL},
                {"a result's schema", NULL, "registry away"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_ended();
        if (rows[i].value != NULL)
            (void)kafka_holds("orders.results", "k", rows[i].value, NULL);
        (void)kafka_holds("orders.results", "k", RESULT(",\"key\":\"01/k\""), NULL);
        kafka.failing = rows[i].failing;
        if (reads() != -EIO || stream.ended != NULL)
            fail_msg("%s", rows[i].name);
        assert_string_not_equal(words, "");
        end_world();
    }
}

/* ---- who is asked ---- */

static void test_only_below_the_ground(void **state)
{
    struct partition p = {.worker = &worker, .ground = 10};
    struct kafka_record raw = again("v");
    const struct ended_question about = {"orders.raw/3/9", "01/k", identity};
    (void)state;
    begin_ended();
    assert_false(ended_has(&p, &raw, &about)); /* nothing is read again */
    (void)kafka_holds("orders.results", "k", RESULT(",\"key\":\"01/k\""), NULL);
    assert_int_equal(reads(), 0);
    assert_true(ended_has(&p, &raw, &about));
    raw.offset = 10;
    assert_false(ended_has(&p, &raw, &about));
    end_world();
}

static void test_forgotten_once_nobody_needs_it(void **state)
{
    (void)state;
    begin_ended();
    ended_watch(&worker);
    assert_int_equal(reads(), 0);
    struct partition *a = has_partition("orders.raw", 0, 5);
    (void)has_partition("orders.raw", 1, 5);
    a->ground = 9;
    ended_watch(&worker);
    assert_non_null(stream.ended);
    a->position = 9;
    stream.assignment.is_pending = true;
    ended_watch(&worker);
    assert_non_null(stream.ended);
    stream.assignment.is_pending = false;
    logged[0] = '\0';
    ended_watch(&worker);
    assert_null(stream.ended);
    assert_string_equal(logged, "info: all possibly redelivered records have been passed\n");
    logged[0] = '\0';
    ended_watch(&worker);
    assert_string_equal(logged, "");
    end_world();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_letters),
        cmocka_unit_test(test_forwards),
        cmocka_unit_test(test_what_cannot_be_read),
        cmocka_unit_test(test_only_below_the_ground),
        cmocka_unit_test(test_forgotten_once_nobody_needs_it),
    };
    return cmocka_run_group_tests_name("stream: deliveries that have ended", tests, set_up,
                                       tear_down);
}
