/* One order's life gathered from topics, Redis and Prima: which order is meant, where it is looked
 * for, what is told of each record, and that a source that cannot be asked leaves the rest. */
#include "test_ops_world.h"

#include "test_order_support.h"

#include "core/why.h"
#include "domain/events/order_result.h"

#define NATURAL "01/orders/shopify/uk/1001"
#define KEY "01/shopify/uk/1001"

static struct why_story story;
static struct ops_error error;
static struct arena *arena;

static int begin(void **state)
{
    (void)state;
    world_reset();
    arena = arena_new(SUPPORT_ARENA);
    world.answers[0] = (struct world_answer){.fate = PRIMA_ABSENT, .http_status = 200};
    world.answer_count = 1;
    story = (struct why_story){.count = 0};
    return arena == NULL;
}

static int end(void **state)
{
    (void)state;
    why_story_release(&story);
    arena_free(arena);
    world_release();
    return 0;
}

static enum ops_kind why(struct ops *ops, const char *id, int64_t since_ms, bool all_partitions)
{
    const struct why_options options = {.since_ms = since_ms, .all_partitions = all_partitions};
    why_story_release(&story);
    story = (struct why_story){.count = 0};
    return ops_why(ops, id, &options, &story, &error);
}

static void put_event(struct ops *ops, const struct order_event *event, int64_t at_ms,
                      int32_t partition)
{
    world_put_struct(ops,
                     &(struct world_put){
                         .topic = "orders.raw", .key = KEY, .at_ms = at_ms, .partition = partition},
                     &order_event_record, event);
}

static struct order_event *version(int64_t number)
{
    struct order_event *e = support_order(arena);
    e->source_version = number;
    return e;
}

static struct order_result result_of(int outcome)
{
    return (struct order_result){.outcome = outcome,
                                 .code = "",
                                 .key = NATURAL,
                                 .company = "01",
                                 .channel = "shopify",
                                 .store = "uk",
                                 .order_id = "1001",
                                 .identity = "01abcdef1234567890",
                                 .goods = "",
                                 .money = "",
                                 .delivery = {.topic = "orders.raw", .partition = 2, .offset = 9},
                                 .source = {.topic = "orders.raw", .partition = 2, .offset = 9}};
}

static void put_result(struct ops *ops, const struct order_result *result, int64_t at_ms)
{
    world_put_struct(ops,
                     &(struct world_put){.topic = "orders.results", .key = KEY, .at_ms = at_ms},
                     &order_result_record, result);
}

static const struct why_event *only_event(void)
{
    assert_int_equal(story.count, 1);
    assert_int_equal(story.orders[0].event_count, 1);
    return &story.orders[0].events[0];
}

/* ---- what is told of each record ---- */

static void test_an_event_by_kind_version_size_and_total(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    struct order_event *e = version(7);
    put_event(ops, e, 10, 0);
    assert_int_equal(why(ops, KEY, 0, false), OPS_DONE);
    assert_string_equal(only_event()->text, "created, version 7, 2 lines, 52.50 GBP");
    assert_string_equal(only_event()->topic, "orders.raw");
    assert_string_equal(only_event()->delivery, "orders.raw/0/0");
    assert_int_equal(only_event()->kind, WHY_INPUT);
    assert_int_equal(only_event()->at_ms, 10);
    assert_int_equal(strlen(only_event()->content), 8);
    assert_null(only_event()->version); /* personal data: let go */
    assert_true(story.is_known);
    assert_false(story.is_incomplete);
}

static void test_one_line_a_test_and_no_currency(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    struct order_event *e = version(8);
    e->kind = ORDER_EDITED;
    e->lines.count = 1;
    e->test = true;
    e->currency = "???";
    put_event(ops, e, 10, 0);
    assert_int_equal(why(ops, KEY, 0, false), OPS_DONE);
    assert_string_equal(only_event()->text, "edited, version 8, 1 line, ?, a test");
}

static void test_the_same_content_has_the_same_digest(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    struct order_event *other = version(9);
    other->lines.items[0].quantity = 3;
    put_event(ops, version(7), 10, 0);
    put_event(ops, version(8), 20, 0);
    put_event(ops, other, 30, 0);
    assert_int_equal(why(ops, KEY, 0, false), OPS_DONE);
    const struct why_event *e = story.orders[0].events;
    assert_int_equal(story.orders[0].event_count, 3);
    assert_string_equal(e[0].content, e[1].content);
    assert_string_not_equal(e[1].content, e[2].content);
    assert_false(e[0].is_compared);
    assert_true(e[1].is_compared && e[2].is_compared);
    assert_int_equal(e[1].changes->parts[PART_GOODS].count, 0);
    assert_int_equal(e[2].changes->parts[PART_GOODS].count, 1);
}

static void test_what_cannot_be_read_says_why(void **state)
{
    static const struct {
        const char *topic, *value, *text;
    } rows[] = {{"orders.raw", NULL, "cannot be read: no value"},
                {"orders.raw", "x", "cannot be read: framing_unknown"},
                {"orders.raw.replay", "x", "cannot be read: framing_unknown"},
                {"orders.results", "x", "cannot be read: framing_unknown"},
                {"orders.ledger", "x", "what remains creditable"},
                {"orders.ledger", NULL, "taken back"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_reset();
        world.answer_count = 1;
        struct ops *ops = world_ops(NULL);
        world_put(&(struct world_put){.topic = rows[i].topic,
                                      .key = KEY,
                                      .value = rows[i].value,
                                      .size = rows[i].value != NULL});
        assert_int_equal(why(ops, KEY, 0, true), OPS_DONE);
        assert_string_equal(only_event()->text, rows[i].text);
        assert_string_equal(only_event()->content, "");
    }
}

static void test_a_result(void **state)
{
    const char *codes[] = {"unknown_sku", "total_mismatch"};
    const struct result_delivery before = {.topic = "orders.raw", .partition = 1, .offset = 4};
    (void)state;
    struct ops *ops = world_ops(NULL);
    struct order_result r = result_of(OUTCOME_POSTED_ON_HOLD);
    r.code = codes[0];
    r.codes.items = codes;
    r.codes.count = 2;
    r.document = "2011001";
    r.narrative = "Held for a look.";
    r.publisher = r.resolves = &before;
    put_result(ops, &r, 10);
    assert_int_equal(why(ops, KEY, 0, true), OPS_DONE);
    assert_string_equal(only_event()->text,
                        "posted_on_hold: unknown_sku, total_mismatch; document 2011001; posted by "
                        "orders.raw/1/4; Held for a look.");
    assert_string_equal(only_event()->outcome, "posted_on_hold");
    assert_string_equal(only_event()->delivery, "orders.raw/2/9");
    assert_string_equal(only_event()->resolves, "orders.raw/1/4");
    assert_string_equal(only_event()->content, "abcdef12");
    assert_int_equal(only_event()->code, PF_E_unknown_sku);
    assert_int_equal(only_event()->kind, WHY_RESULT);
}

static void test_a_plain_result(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    struct order_result r = result_of(OUTCOME_IGNORED_TEST);
    r.identity = "01abcdef12"; /* too short to be one */
    r.narrative = "";
    put_result(ops, &r, 10);
    assert_int_equal(why(ops, KEY, 0, true), OPS_DONE);
    assert_string_equal(only_event()->text, "ignored_test");
    assert_string_equal(only_event()->resolves, "");
    assert_string_equal(only_event()->content, "");
}

static void test_dead_letters_and_retries_by_their_headers(void **state)
{
    static const struct {
        struct world_put put;
        const char *text, *delivery;
        enum why_kind kind;
        enum pf_error code;
    } rows[] = {
        {{.topic = "orders.raw.dlq",
          .headers = {{"primaflow.code", "unknown_sku"},
                      {"primaflow.owner", "catalogue"},
                      {"primaflow.delivery", "orders.raw/0/3"}}},
         "dead letter: unknown_sku, owner catalogue",
         "orders.raw/0/3",
         WHY_DEAD,
         PF_E_unknown_sku},
        {{.topic = "orders.raw.dlq",
          .headers = {{"primaflow.owner", "catalogue"}, {"primaflow.replay-count", "2"}}},
         "dead letter: no code, owner catalogue, redriven or replayed before: 2",
         "",
         WHY_DEAD,
         PF_OK},
        {{.topic = "orders.raw.retry.10s",
          .headers = {{"primaflow.retry-reason", "order_settling"},
                      {"primaflow.attempts", "4"},
                      {"primaflow.delivery", "orders.raw/0/3"}}},
         "waits: order_settling, attempt 4",
         "orders.raw/0/3",
         WHY_WAITS,
         PF_E_order_settling},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world_put put = rows[i].put;
        world_reset();
        world.answer_count = 1;
        struct ops *ops = world_ops(NULL);
        put.key = KEY;
        world_put(&put);
        assert_int_equal(why(ops, KEY, 0, true), OPS_DONE);
        assert_string_equal(only_event()->text, rows[i].text);
        assert_string_equal(only_event()->delivery, rows[i].delivery);
        assert_int_equal(only_event()->kind, rows[i].kind);
        assert_int_equal(only_event()->code, rows[i].code);
    }
}

static void test_records_by_time_then_kind_then_offset(void **state)
{
    static const enum why_kind expected[] = {WHY_RESULT, WHY_INPUT, WHY_INPUT, WHY_RESULT,
                                             WHY_DEAD};
    (void)state;
    struct ops *ops = world_ops(NULL);
    const struct order_result r = result_of(OUTCOME_DUPLICATE);
    put_result(ops, &r, 20);
    world_put(&(struct world_put){.topic = "orders.raw.dlq", .key = KEY, .at_ms = 20});
    put_event(ops, version(7), 20, 0);
    put_event(ops, version(8), 20, 0);
    put_result(ops, &r, 10);
    world_put(&(struct world_put){.topic = "orders.raw.dlq", .key = "01/shopify/uk/10011"});
    world_put(&(struct world_put){.topic = "orders.raw.dlq", .key = NULL});
    assert_int_equal(why(ops, KEY, 0, true), OPS_DONE);
    const struct why_order *o = &story.orders[0];
    assert_int_equal(o->event_count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(o->events[i].kind, expected[i]);
    assert_int_equal(o->events[1].offset, 2);
    assert_int_equal(o->events[2].offset, 3);
}

/* More than the list's first room. */
static void test_many_records_of_one_order(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    for (int i = 0; i < WORLD_RECORDS; i++)
        world_put(
            &(struct world_put){.topic = "orders.raw.dlq", .key = KEY, .at_ms = WORLD_RECORDS - i});
    assert_int_equal(why(ops, KEY, 0, true), OPS_DONE);
    assert_int_equal(story.orders[0].event_count, WORLD_RECORDS);
    assert_int_equal(story.orders[0].events[0].offset, WORLD_RECORDS - 1);
}

/* Versions beyond the memory for comparing are told without what they changed. */
static void test_versions_beyond_memory(void **state)
{
    enum { VERSIONS = 60, NOTE = 900000 };
    static char note[NOTE + 1];
    (void)state;
    struct ops *ops = world_ops(NULL);
    memset(note, 'n', NOTE);
    struct order_event *e = version(1);
    e->note = note;
    for (int64_t i = 1; i <= VERSIONS; i++) {
        e->source_version = i;
        put_event(ops, e, i, 0);
    }
    assert_int_equal(why(ops, KEY, 0, true), OPS_DONE);
    const struct why_order *o = &story.orders[0];
    assert_int_equal(o->event_count, VERSIONS);
    assert_true(o->events[1].is_compared);
    assert_non_null(o->events[1].changes);
    assert_false(o->events[VERSIONS - 1].is_compared);
    assert_null(o->events[VERSIONS - 1].changes);
    assert_string_equal(o->events[VERSIONS - 1].text, "created, version 60, 2 lines, 52.50 GBP");
    assert_string_equal(o->events[0].content, o->events[VERSIONS - 1].content);
}

/* ---- where it is looked for ---- */

static void test_the_keys_partition_then_all(void **state)
{
    static const struct {
        const char *name;
        int32_t partition; /* of the event; keys belong to 0 */
        bool all;
        const char *trace, *range_key;
    } rows[] = {
        {"there", 0, false, "redis | read orders.raw,... | only reads | OrderStatus of '01'", KEY},
        {"elsewhere", 5, false,
         "redis | read orders.raw,... | read orders.raw,... | only reads | OrderStatus of '01'",
         ""},
        {"all at once", 0, true, "redis | read orders.raw,... | only reads | OrderStatus of '01'",
         ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_reset();
        world.answer_count = 1;
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
    assert_string_equal(world.trace, "redis | read orders.raw,... | read orders.raw,... | "
                                     "only reads | OrderStatus of '01'");
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_an_event_by_kind_version_size_and_total),
        TEST(test_one_line_a_test_and_no_currency),
        TEST(test_the_same_content_has_the_same_digest),
        TEST(test_what_cannot_be_read_says_why),
        TEST(test_a_result),
        TEST(test_a_plain_result),
        TEST(test_dead_letters_and_retries_by_their_headers),
        TEST(test_records_by_time_then_kind_then_offset),
        TEST(test_many_records_of_one_order),
        TEST(test_versions_beyond_memory),
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
