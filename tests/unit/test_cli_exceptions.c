/* primaflow report exceptions: what waits for each owner, how near its end; what is remembered of a dead letter
 * whose bytes are about to go, and that it stays listed until somebody decides, or its order settles. */
#include "test_cli_run.h"

#include "test_refund_topics.h"

#include "base/clock.h"
#include "domain/events/order_event.h"
#include "domain/events/order_result.h"
#include "kafka/headers.h"

#include <jansson.h>

#define ORDER "01/shopify/uk/1001"
#define NATURAL "01/orders/shopify/uk/1001"
#define HOURS INT64_C(3600000)

static struct arena *arena;
static int64_t now_ms;

static void has_topic(const char *name, const char *retention_ms)
{
    struct world_topic *t = &world.topics[world.topic_count++];
    *t = (struct world_topic){.partitions = 1, .replicas = 1, .setting_count = 1};
    (void)snprintf(t->name, sizeof t->name, "%s", name);
    t->settings[0].name = "retention.ms";
    (void)snprintf(t->settings[0].value, sizeof t->settings[0].value, "%s", retention_ms);
}

static void has_topics(void)
{
    has_topic("orders.raw.dlq", "360000000"); /* 100 h */
    has_topic("orders.results", "-1");
    has_topic("refunds.raw.dlq", "360000000");
    has_topic("refunds.results", "-1");
    has_topic("orders.ledger", "-1");
}

static int begin(void **state)
{
    (void)state;
    assert_int_equal(clearenv(), 0);
    world_reset();
    arena = arena_new(SUPPORT_ARENA);
    now_ms = clock_wall_ms();
    has_topics();
    return arena == NULL;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    world_release();
    return 0;
}

static void put_letter(enum pf_error code, int64_t offset, int64_t age_ms)
{
    world_put_struct(
        world_ops(NULL),
        &(struct world_put){
            .topic = "orders.raw.dlq",
            .key = arena_printf(arena, "01/shopify/uk/%d", 1000 + (int)offset),
            .at_ms = now_ms - age_ms,
            .offset = offset,
            .headers = {{HEADER_CODE, pf_error_info(code)->name},
                        {HEADER_DELIVERY, arena_printf(arena, "orders.raw/0/%d", (int)offset)},
                        {HEADER_SOURCE_VERSION, "1"},
                        {HEADER_IDEMPOTENCY_KEY,
                         arena_printf(arena, "01/orders/shopify/uk/%d", 1000 + (int)offset)}}},
        &order_event_record, support_order(arena));
}

static void put_decision(const char *json)
{
    world_put(&(struct world_put){.topic = "ops.decisions",
                                  .key = NATURAL,
                                  .value = json,
                                  .size = strlen(json),
                                  .at_ms = now_ms});
}

#define REMEMBERED(offset)                                                                         \
    "{\"decision\":\"remembered\",\"letter\":\"orders.raw.dlq/0/" offset                           \
    "\",\"delivery\":\"orders.raw/0/" offset "\",\"key\":\"" NATURAL "\",\"code\":"                \
    "\"event_invalid\",\"order\":\"" ORDER                                                         \
    "\",\"letter_at\":\"2026-01-01T00:00:00Z\",\"version\":"                                       \
    "1,\"currency\":\"GBP\",\"minor\":5250}"

static void test_by_owner(void **state)
{
    (void)state;
    put_letter(PF_E_event_invalid, 1, 2 * HOURS);
    put_letter(PF_E_event_invalid, 2, 30 * HOURS);
    put_letter(PF_E_outcome_unknown, 3, 80 * HOURS);
    put_letter(PF_E_tip_unmapped, 4, 1000); /* discarded */
    put_decision("{\"decision\":\"discarded\",\"delivery\":\"orders.raw/0/4\"}");
    assert_int_equal(run("report", "exceptions", NULL), 0);
    run_has(run_out, "ecommerce        2 open, oldest 30 h, 29.9 % of its retention\n");
    run_has(run_out, "finance          1 open, oldest 3 days, 79.9 % of its retention\n");
    run_has(run_out, "operations       0 open\n");
    run_has(run_out, "1 dead letters are past three quarters of their retention; --yes has them");
    assert_int_equal(world.sent_count, 0);

    assert_int_equal(run("report", "exceptions", "--metrics", NULL), 0);
    run_has(run_out, "# TYPE primaflow_open_exceptions gauge\n"
                     "primaflow_open_exceptions{owner=\"finance\"} 1\n"
                     "primaflow_open_exceptions{owner=\"ecommerce\"} 2\n"
                     "primaflow_open_exceptions{owner=\"operations\"} 0\n");
    run_has(run_out, "primaflow_oldest_exception_seconds{owner=\"ecommerce\"} 108000\n");
    run_has(run_out, "primaflow_exception_retention_ratio{owner=\"finance\"} 0.799\n");
    run_has(run_out, "primaflow_exception_retention_ratio{owner=\"operations\"} 0.000\n");

    assert_int_equal(run("--json", "report", "exceptions", NULL), 0);
    json_t *json = json_loads(run_out, 0, NULL);
    assert_non_null(json);
    assert_int_equal(json_integer_value(json_object_get(json, "near_end")), 1);
    assert_true(json_is_true(json_object_get(json, "complete")));
    json_decref(json);
}

static void test_remembering(void **state)
{
    (void)state;
    put_letter(PF_E_event_invalid, 1, 76 * HOURS);
    put_letter(PF_E_event_invalid, 2, 74 * HOURS);
    world_untrace();
    assert_int_equal(run("report", "exceptions", "--yes", NULL), 0);
    run_has(run_out, "1 dead letters are past three quarters of their retention; they stay listed");
    run_has(world.trace,
            "as primaflow.cli.decisions | read ops.decisions | begin | read orders.raw.dlq | add "
            "ops.decisions 01/orders/shopify/uk/1001 | add ops.audit report exceptions | commit");
    run_has(world.sent[0], "\"decision\":\"remembered\"");
    run_has(world.sent[0], "\"letter\":\"orders.raw.dlq/0/1\"");
    run_has(world.sent[0], "\"code\":\"event_invalid\",\"order\":\"01/shopify/uk/1001\"");
    run_has(world.sent[0], "\"version\":1,\"currency\":\"GBP\",\"minor\":5250");
    /* once */
    put_decision(REMEMBERED("1"));
    const size_t before = world.sent_count;
    assert_int_equal(run("report", "exceptions", "--yes", NULL), 0);
    assert_int_equal(world.sent_count, before);
}

/* Its bytes have gone. */
static void test_expired(void **state)
{
    (void)state;
    put_decision(REMEMBERED("7"));
    put_decision(
        "{\"decision\":\"assigned\",\"delivery\":\"orders.raw/0/7\",\"assignee\":\"ann\"}");
    assert_int_equal(run("dlq", "list", "--each", NULL), 0);
    run_has(run_out, "orders.raw.dlq/0/7           expired   dead ");
    run_has(run_out, "52.50 GBP  event_invalid                01/shopify/uk, ann");
    assert_int_equal(run("dlq", "list", "--state", "open", NULL), 0);
    run_has(run_out, "No exception matches");
    assert_int_equal(run("report", "exceptions", NULL), 0);
    run_has(run_out, "100.0 % of its retention, 1 expired: their bytes have gone");

    assert_int_equal(run("dlq", "retry", "--code", "event_invalid", "--yes", "--reason", "x", NULL),
                     0);
    run_has(run_err, "no dead letter matches");
    assert_int_equal(run("dlq", "show", "orders.raw.dlq/0/7", NULL), 65);
    assert_int_equal(run("dlq", "note", "orders.raw.dlq/0/7", "asked", NULL), 0);
    assert_int_equal(run("dlq", "note", "orders.raw.dlq/0/8", "asked", NULL), 65);
    world_untrace();
    assert_int_equal(
        run("dlq", "discard", "orders.raw.dlq/0/7", "--reason", "by hand", "--yes", NULL), 0);
    run_has(world.trace, "add orders.ledger " ORDER "/ | add ops.audit");
    put_decision("{\"decision\":\"discarded\",\"delivery\":\"orders.raw/0/7\"}");
    assert_int_equal(run("dlq", "list", NULL), 0);
    run_has(run_out, "No exception matches");
}

static void test_expired_and_settled_since(void **state)
{
    const struct order_result r = {.outcome = OUTCOME_POSTED,
                                   .code = "",
                                   .key = NATURAL,
                                   .company = "01",
                                   .channel = "shopify",
                                   .store = "uk",
                                   .order_id = "1001",
                                   .identity = "",
                                   .goods = "",
                                   .money = "",
                                   .delivery = {.topic = "orders.raw", .offset = 9},
                                   .source = {.topic = "orders.raw", .offset = 9}};
    (void)state;
    put_decision(REMEMBERED("7"));
    world_put_struct(world_ops(NULL),
                     &(struct world_put){.topic = "orders.results", .key = ORDER, .at_ms = now_ms},
                     &order_result_record, &r);
    assert_int_equal(run("dlq", "list", "--each", NULL), 0);
    run_has(run_out, "No exception matches");
    assert_int_equal(run("dlq", "list", "--each", "--state", "resolved", NULL), 0);
    run_has(run_out, "orders.raw.dlq/0/7");
}

/* It is there still, and older than --since: listed as it is. */
static void test_remembered_and_there(void **state)
{
    (void)state;
    put_letter(PF_E_event_invalid, 1, 900 * HOURS);
    assert_int_equal(run("dlq", "list", "--each", NULL), 0);
    run_has(run_out, "No exception matches");
    put_decision(REMEMBERED("1"));
    assert_int_equal(run("dlq", "list", "--each", NULL), 0);
    run_has(run_out, "orders.raw.dlq/0/1           open ");
}

static void test_what_is_not_known(void **state)
{
    static const char *const hostile[] = {
        "{\"decision\":\"remembered\"}",
        "{\"decision\":\"remembered\",\"letter\":\"ops.audit/0/1\",\"delivery\":\"x\"}",
        "{\"decision\":\"remembered\",\"letter\":\"orders.results/0/1\",\"delivery\":\"x\"}",
        "{\"decision\":\"remembered\",\"letter\":7,\"minor\":\"x\"}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
        put_decision(hostile[i]);
    assert_int_equal(run("dlq", "list", NULL), 0);
    run_has(run_out, "No exception matches");

    put_letter(PF_E_event_invalid, 1, 90 * HOURS);
    world.admin_rc = -EIO;
    world.refusal = "no broker answers";
    assert_int_equal(run("report", "exceptions", "--yes", NULL), 69);
    assert_int_equal(world.sent_count, 0);
    world.admin_rc = 0;
    world.fails_read = "orders.results";
    world.read_rc = -EIO;
    assert_int_equal(run("report", "exceptions", "--yes", NULL), 69);
    run_has(run_out, "NOT COMPLETE: results not read");
    assert_int_equal(world.sent_count, 0);
    assert_int_equal(run("--json", "report", "exceptions", "--metrics", NULL), 64);
}

/* A user who may only read is told so. */
static void test_a_user_who_may_only_read(void **state)
{
    (void)state;
    put_letter(PF_E_event_invalid, 1, 90 * HOURS);
    world.fails_at = "new";
    world.writer_rc = -EACCES;
    world.refusal = "not allowed to write";
    assert_int_equal(run("report", "exceptions", "--yes", NULL), 69);
    run_has(run_err, "not allowed to write");
    assert_int_equal(run("report", "exceptions", NULL), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_by_owner),
        TEST(test_remembering),
        TEST(test_expired),
        TEST(test_expired_and_settled_since),
        TEST(test_remembered_and_there),
        TEST(test_what_is_not_known),
        TEST(test_a_user_who_may_only_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
