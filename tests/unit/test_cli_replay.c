/* primaflow replay: what people ask for, what they see, what is refused. */
#include "test_cli_run.h"

#include "test_order_support.h"

#include "base/clock.h"
#include "domain/events/order_event.h"
#include "domain/events/order_result.h"

#include <jansson.h>

static struct arena *arena;

static int begin(void **state)
{
    (void)state;
    world_reset();
    world.keeps = "ops.audit";
    arena = arena_new(SUPPORT_ARENA);
    return arena == NULL;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    world_release();
    return 0;
}

static void put_order(const char *id, int64_t version, int64_t offset)
{
    char key[80];
    struct order_event *e = support_order(arena);
    e->order_id = id;
    e->source_version = version;
    (void)snprintf(key, sizeof key, "01/shopify/uk/%s", id);
    world_put_struct(
        world_ops(NULL),
        &(struct world_put){
            .topic = "orders.raw", .key = key, .offset = offset, .at_ms = clock_wall_ms() - 1000},
        &order_event_record, e);
}

/* The first digits of F of the order that put_order puts. */
static void content_of(const char *id, int64_t version, char content[static 9])
{
    struct codec *codec = NULL;
    struct ops_error error;
    uint8_t identity[IDENTITY_SIZE];
    struct order_event *e = support_order(arena);
    e->order_id = id;
    e->source_version = version;
    assert_int_equal(ops_codec(world_ops(NULL), &codec, &error), OPS_DONE);
    codec_identity(codec, &order_event_record, e, identity);
    for (int i = 0; i < 4; i++)
        (void)snprintf(content + 2 * i, 3, "%02x", identity[1 + i]);
}

static void put_some(void)
{
    struct key_view same = {.state = 'p', .version = 1};
    put_order("1001", 1, 1);
    put_order("1002", 1, 2);
    put_order("1003", 1, 3);
    put_order("1004", 3, 4);
    put_order("1005", 1, 5);
    put_order("1006", 1, 6);
    world_put(&(struct world_put){.topic = "orders.raw",
                                  .key = "01/shopify/uk/9",
                                  .value = "\x1b[2J",
                                  .size = 4,
                                  .offset = 7,
                                  .at_ms = clock_wall_ms()});
    content_of("1001", 1, same.content);
    world_view("01/orders/shopify/uk/1001", &same);
    world_view("01/orders/shopify/uk/1002",
               &(struct key_view){.state = 'p', .version = 1, .content = "00000000"});
    world_view("01/orders/shopify/uk/1003",
               &(struct key_view){.state = 'p', .version = 2, .content = "00000000"});
    world_view("01/orders/shopify/uk/1004",
               &(struct key_view){.state = 'p', .version = 2, .content = "00000000"});
    world_view("01/orders/shopify/uk/1005", &(struct key_view){.state = 'k'});
}

static int64_t number_of(const json_t *json, const char *name)
{
    return json_integer_value(json_object_get(json, name));
}

static void test_plan(void **state)
{
    (void)state;
    put_some();
    assert_int_equal(run("replay", "plan", "orders.raw", NULL), 0);
    run_has(run_out, "orders.raw: 7 records of 7 keys");
    run_has(run_out, "each of them, by Redis and the results:");
    run_has(run_out, "14.3 %  duplicate");
    run_has(run_out, "at 1000 records a second: 0 s");
    assert_null(strchr(run_out, '\x1b'));
    assert_null(strstr(world.trace, "begin"));

    assert_int_equal(run("--json", "replay", "plan", "orders.raw", "--rate", "7", NULL), 0);
    json_t *json = json_loads(run_out, 0, NULL), *fates = json_object_get(json, "would_become");
    assert_int_equal(number_of(json, "records"), 7);
    assert_int_equal(number_of(json, "sampled"), 7);
    assert_int_equal(number_of(json, "rate"), 7);
    static const char *const one_each[] = {"duplicate", "conflict", "superseded", "later_version",
                                           "parked",    "new",      "unreadable"};
    for (size_t i = 0; i < sizeof one_each / sizeof *one_each; i++)
        if (number_of(fates, one_each[i]) != 1)
            fail_msg("%s: %s", one_each[i], run_out);
    json_decref(json);

    assert_int_equal(run("--json", "replay", "plan", "orders.raw", "--sample", "0", NULL), 0);
    json = json_loads(run_out, 0, NULL);
    assert_int_equal(number_of(json, "records"), 7);
    assert_int_equal(number_of(json, "sampled"), 0);
    json_decref(json);
}

static void test_redis_is_away(void **state)
{
    (void)state;
    put_some();
    world.redis_rc = -ECONNREFUSED;
    world.refusal = "Redis does not answer";
    assert_int_equal(run("replay", "plan", "orders.raw", NULL), 0);
    run_has(run_out, "6  85.7 %  unknown       unknown: Redis does not answer");
}

/* Redis has nothing of it, and a result says that it was posted. */
static void test_forgotten(void **state)
{
    (void)state;
    put_order("1006", 1, 6);
    const struct order_result result = {.key = "01/orders/shopify/uk/1006",
                                        .outcome = OUTCOME_POSTED,
                                        .code = "",
                                        .company = "01",
                                        .channel = "shopify",
                                        .store = "uk",
                                        .order_id = "1006",
                                        .identity = "",
                                        .goods = "",
                                        .money = "",
                                        .delivery = {.topic = "orders.raw", .offset = 6},
                                        .source = {.topic = "orders.raw", .offset = 6}};
    world_put_struct(world_ops(NULL),
                     &(struct world_put){.topic = "orders.results", .at_ms = clock_wall_ms()},
                     &order_result_record, &result);
    assert_int_equal(run("replay", "plan", "orders.raw", NULL), 0);
    run_has(run_out, "forgotten");
    run_has(run_out, "rebuild-keys");
}

static void test_run(void **state)
{
    (void)state;
    put_some();
    assert_int_equal(run("replay", "run", "orders.raw", NULL), 0);
    run_has(run_out, "Nothing was sent");
    assert_null(strstr(world.trace, "begin"));
    assert_int_equal(run("replay", "run", "orders.raw", "--yes", NULL), CLI_USAGE);
    run_has(run_err, "--reason TEXT is missing");
    assert_int_equal(
        run("replay", "run", "orders.raw", "--until", "4", "--yes", "--reason", "why", NULL), 0);
    run_has(run_out, ": 3 records sent");
    run_has(run_err, "of orders.raw, as ");
    assert_int_equal(run("replay", "status", NULL), 0);
    run_has(run_out, "done      orders.raw: 3 sent");
    run_has(run_out, ": why");
    assert_int_equal(run("--json", "replay", "status", NULL), 0);
    json_t *json = json_loads(run_out, 0, NULL);
    const char *id = json_string_value(
        json_object_get(json_array_get(json_object_get(json, "replays"), 0), "id"));
    assert_non_null(id);
    assert_int_equal(run("replay", "resume", id, NULL), CLI_USAGE);
    assert_int_equal(run("replay", "resume", id, "--yes", NULL), CLI_DATA);
    run_has(run_err, "is done already");
    assert_int_equal(run("replay", "cancel", id, "--yes", "--reason", "why", NULL), CLI_DATA);
    assert_int_equal(run("replay", "cancel", id, "--yes", NULL), CLI_USAGE);
    assert_int_equal(run("replay", "cancel", id, "--reason", "why", NULL), CLI_USAGE);
    assert_int_equal(run("replay", "status", "nobody", NULL), CLI_DATA);
    json_decref(json);
}

static void test_a_rate_below_the_limit(void **state)
{
    static const struct {
        const char *limit, *said;
    } rows[] = {{"limit.rate=0", "at 1000 records a second"},
                {"limit.rate=5", "at 1 records a second"},
                {"limit.rate=90", "at 9 records a second"}};
    (void)state;
    put_some();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(run("-o", rows[i].limit, "replay", "plan", "orders.raw", NULL), 0);
        run_has(run_out, rows[i].said);
    }
}

static void test_usage(void **state)
{
    static const struct {
        const char *words[4], *said;
    } rows[] = {
        {{"plan", "orders.results", NULL}, "orders.results is no worker's input"},
        {{"plan", "orders.raw.dlq", NULL}, "dlq retry"},
        {{"plan", "orders.raw", "--from", "x"}, "--from: 'x' is none of"},
        {{"plan", "orders.raw", "--until", "-1"}, "--until: '-1' is none of"},
        {{"plan", "orders.raw", "--outcome", "x"}, "--outcome 'x' is none"},
        {{"rebuild-keys", "orders", NULL}, "--yes is missing"},
        {{"rebuild-keys", "orders", "--yes", NULL}, "--reason TEXT is missing"},
    };
    (void)state;
    put_some();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(run("replay", rows[i].words[0], rows[i].words[1], rows[i].words[2],
                             rows[i].words[2] != NULL ? rows[i].words[3] : NULL, NULL),
                         CLI_USAGE);
        run_has(run_err, rows[i].said);
    }
    assert_int_equal(run("replay", "rebuild-keys", "x", "--yes", "--reason", "why", NULL),
                     CLI_USAGE);
}

static void test_rebuild_is_refused(void **state)
{
    (void)state;
    world.group_works = true;
    assert_int_equal(run("replay", "rebuild-keys", "orders", "--yes", "--reason", "why", NULL),
                     CLI_DATA);
    run_has(run_err, "workers of primaflow.orders are at work");
    assert_null(strstr(world.trace, "redis"));
    assert_in_range(world.slept_ms, 15000, 30000); /* the session of one that has just ended */
}

static void test_refused(void **state)
{
    (void)state;
    put_some();
    world.spans_rc = -EACCES;
    world.refusal = "no";
    assert_int_equal(run("replay", "plan", "orders.raw", NULL), CLI_UNAVAILABLE);
    world.spans_rc = 0;
    world.fails_at = "partitions";
    world.writer_rc = -ENOENT;
    assert_int_equal(run("replay", "run", "orders.raw", "--yes", "--reason", "why", NULL),
                     CLI_CONFIG);
    run_has(run_err, "there is no topic orders.raw.replay");
    world.fails_at = "add 1";
    world.writer_rc = -EACCES;
    assert_int_equal(run("replay", "run", "orders.raw", "--yes", "--reason", "why", NULL),
                     CLI_UNAVAILABLE);
    run_has(run_err, "WRITE on topic orders.raw.replay, WRITE on topic ops.audit");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plan, begin, end),
        cmocka_unit_test_setup_teardown(test_redis_is_away, begin, end),
        cmocka_unit_test_setup_teardown(test_forgotten, begin, end),
        cmocka_unit_test_setup_teardown(test_run, begin, end),
        cmocka_unit_test_setup_teardown(test_a_rate_below_the_limit, begin, end),
        cmocka_unit_test_setup_teardown(test_usage, begin, end),
        cmocka_unit_test_setup_teardown(test_rebuild_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(test_refused, begin, end),
    };
    return cmocka_run_group_tests_name("primaflow replay", tests, NULL, NULL);
}
