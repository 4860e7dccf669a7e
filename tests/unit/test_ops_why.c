/* One order's life gathered from topics, Redis and Prima: which order is meant, where it is looked
 * for, and that a source that cannot be asked leaves the rest. */
#include "test_why_support.h"

static void test_the_keys_partition_then_all(void **state)
{
    static const struct {
        const char *name;
        int32_t partition; /* of the event; keys belong to 0 */
        bool all;
        const char *trace, *range_key;
    } rows[] = {
        {"there", 0, false,
         "redis | read orders.raw,... | read refunds.raw,... | read stock.orders | only reads | "
         "OrderStatus of '01'",
         KEY},
        {"elsewhere", 5, false,
         "redis | read orders.raw,... | read orders.raw,... | read refunds.raw,... | read "
         "stock.orders | only reads | "
         "OrderStatus of '01'",
         ""},
        {"all at once", 0, true,
         "redis | read orders.raw,... | read refunds.raw,... | read stock.orders | only reads | "
         "OrderStatus of '01'",
         ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_reset();
        world.answer_count = 1;
        world.range_of = "refunds.raw";
        struct ops *ops = world_ops(NULL);
        put_event(ops, version(7), 10, rows[i].partition);
        put_event(ops, version(6), 4, rows[i].partition); /* too old */
        assert_int_equal(why(ops, KEY, 5, rows[i].all), OPS_DONE);
        if (strcmp(world.trace, rows[i].trace) != 0 ||
            strcmp(world.range_key, rows[i].range_key) != 0)
            fail_msg("%s: %s, %s", rows[i].name, world.trace, world.range_key);
        assert_int_equal(only_event()->at_ms, 10);
        assert_int_equal(world.range.from, KAFKA_FROM_TIME);
        assert_int_equal(world.range.from_value, 5);
        assert_int_equal(world.range.partition, -1);
    }
}

/* A result in the key's partition does not end the search for the event; nothing is told twice. */
static void test_a_result_alone_is_not_enough(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    const struct order_result r = result_of(OUTCOME_DUPLICATE);
    put_result(ops, &r, 10);
    assert_int_equal(why(ops, KEY, 0, false), OPS_DONE);
    assert_string_equal(
        world.trace, "redis | read orders.raw,... | read orders.raw,... | "
                     "read refunds.raw,... | read stock.orders | only reads | OrderStatus of '01'");
    assert_int_equal(only_event()->kind, WHY_RESULT);
}

/* An id may be an order of each channel: those that nobody knows are not shown. */
static void test_an_id_of_several_channels(void **state)
{
    const struct key_view posted = {.state = 'p'};
    (void)state;
    struct ops *ops = world_ops(NULL);
    put_event(ops, version(7), 10, 3);
    assert_int_equal(why(ops, "1001", 0, false), OPS_DONE); /* the topics tell */
    assert_int_equal(story.count, 1);
    assert_string_equal(story.orders[0].id.natural, NATURAL);
    assert_string_equal(world.range_key, "");
    assert_int_equal(story.orders[0].event_count, 1);

    world_view("01/orders/shopify/eu/1001", &posted); /* Redis tells */
    assert_int_equal(why(ops, "1001", 0, false), OPS_DONE);
    assert_int_equal(story.count, 1);
    assert_string_equal(story.orders[0].id.natural, "01/orders/shopify/eu/1001");

    assert_int_equal(why(ops, "9", 0, false), OPS_DONE);
    assert_int_equal(story.count, 0);
    assert_false(story.is_known);
}

/* A key means one order, which is told of though nobody knows it. */
static void test_a_key_that_nobody_knows(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    assert_int_equal(why(ops, KEY, 0, false), OPS_DONE);
    assert_int_equal(story.count, 1);
    assert_false(story.is_known);
    world.answers[0] =
        (struct world_answer){.fate = PRIMA_OK, .http_status = 200, .order_status = "Despatched"};
    assert_int_equal(why(ops, KEY, 0, false), OPS_DONE);
    assert_true(story.is_known); /* Prima has it */
    assert_string_equal(story.orders[0].prima.status, "Despatched");
}

static void test_known_is_what_topics_or_redis_have(void **state)
{
    const struct key_view waits = {.deferred = 1};
    struct why_order o = {.event_count = 0};
    (void)state;
    assert_false(why_is_known(&o));
    o.redis = waits;
    assert_true(why_is_known(&o));
    o.redis = (struct key_view){.state = '?'};
    assert_true(why_is_known(&o));
    o.redis = (struct key_view){.state = '\0'};
    o.event_count = 1;
    assert_true(why_is_known(&o));
}

/* ---- what cannot be asked ---- */

static void test_a_redis_that_does_not_answer(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    put_event(ops, version(7), 10, 0);
    world.redis_rc = -ECONNREFUSED;
    world.refusal = "refused";
    assert_int_equal(why(ops, KEY, 0, false), OPS_DONE);
    assert_true(story.is_incomplete && story.is_known);
    assert_string_equal(story.redis_why_not, "Redis not queried: refused");
    assert_false(story.orders[0].redis.is_asked);

    world.redis_rc = 0;
    world.view_rc = -EIO;
    world.refusal = "it broke off";
    world_untrace();
    assert_int_equal(why(ops, KEY, 0, false), OPS_DONE);
    assert_true(story.is_incomplete);
    assert_string_equal(story.redis_why_not, "it broke off");
    assert_non_null(strstr(world.trace, "redis | redis closed")); /* opened anew next time */
    assert_string_equal(only_event()->text, "created, version 7, 2 lines, 52.50 GBP");
}

static void test_what_prima_answers(void **state)
{
    static const struct {
        struct world_answer answer;
        bool asked;
        int found;
        const char *why_not;
    } rows[] = {
        {{.fate = PRIMA_OK, .http_status = 200}, true, WHY_PRIMA_FOUND, ""},
        {{.fate = PRIMA_EXISTS, .http_status = 200}, true, WHY_PRIMA_FOUND, ""},
        {{.fate = PRIMA_ABSENT, .http_status = 200}, true, WHY_PRIMA_ABSENT, ""},
        {{.fate = PRIMA_UNKNOWN, .http_status = 502},
         false,
         WHY_PRIMA_UNKNOWN,
         "Prima query failed: unknown, HTTP 502; see primaflow doctor"},
        {{.fate = PRIMA_NOT_SENT},
         false,
         WHY_PRIMA_UNKNOWN,
         "Prima query failed: not_sent, HTTP 0; see primaflow doctor"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ops *ops = world_ops(NULL);
        world.answers[0] = rows[i].answer;
        assert_int_equal(why(ops, KEY, 0, false), OPS_DONE);
        const struct why_prima *p = &story.orders[0].prima;
        assert_int_equal(p->is_asked, rows[i].asked);
        assert_int_equal(p->answer, rows[i].found);
        assert_string_equal(p->why_not, rows[i].why_not);
        assert_int_equal(story.is_incomplete, !rows[i].asked);
    }
}

static void test_a_channel_that_is_not_configured(void **state)
{
    static const char *const nowhere[] = {"prima.patterns=/nowhere", NULL};
    (void)state;
    struct ops *ops = world_ops(NULL);
    assert_int_equal(why(ops, "01/orders/amazon/uk/1", 0, false), OPS_DONE);
    assert_non_null(strstr(story.orders[0].prima.why_not, "not in channels.yaml"));
    assert_true(story.is_incomplete);
    assert_int_equal(world.prima_count, 0);
    assert_int_equal(why(world_ops(nowhere), KEY, 0, false), OPS_DONE);
    assert_memory_equal(story.orders[0].prima.why_not, "Prima not queried: ", 19);
    assert_non_null(strstr(story.orders[0].prima.why_not, "/nowhere"));
}

static void test_topics_that_cannot_be_read(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    world.read_rc = -EIO;
    world.refusal = "Kafka is away";
    assert_int_equal(why(ops, KEY, 0, false), OPS_UNAVAILABLE);
    assert_string_equal(error.text, "Kafka is away");
    world.read_rc = -ENOMEM;
    world.refusal = "";
    assert_int_equal(why(ops, KEY, 0, false), OPS_UNAVAILABLE);
    assert_string_equal(error.text, "no memory for so many events");
    world.refusal = "Kafka's own words";
    assert_int_equal(why(ops, KEY, 0, false), OPS_UNAVAILABLE);
    assert_string_equal(error.text, "Kafka's own words");
    assert_int_equal(why(ops, "a/b", 0, false), OPS_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_keys_partition_then_all),
        TEST(test_a_result_alone_is_not_enough),
        TEST(test_an_id_of_several_channels),
        TEST(test_a_key_that_nobody_knows),
        TEST(test_known_is_what_topics_or_redis_have),
        TEST(test_a_redis_that_does_not_answer),
        TEST(test_what_prima_answers),
        TEST(test_a_channel_that_is_not_configured),
        TEST(test_topics_that_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
