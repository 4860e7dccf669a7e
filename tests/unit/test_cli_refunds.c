/* What people read of refunds without a credit note: as text, as JSON, as rows for a spreadsheet; and
 * that none is said in words. */
#include "test_cli_run.h"

#include "test_refund_topics.h"

#include "base/clock.h"
#include "domain/events/ledger_credit.h"

#include <jansson.h>

static struct arena *arena;

static int begin(void **state)
{
    (void)state;
    assert_int_equal(clearenv(), 0);
    world_reset();
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

static const struct result_delivery first = {.topic = "refunds.raw", .partition = 0, .offset = 1};

static const char *day(int64_t at_ms)
{
    static char text[CLOCK_TEXT_MAX];
    return clock_format(at_ms, text);
}

/* One of each place, so many days old. */
static void put_some(int64_t now)
{
    struct ops *ops = world_ops(NULL);
    put_refund(ops, arena,
               &(struct put_refund){.id = "R1",
                                    .topic = "refunds.raw.dlq",
                                    .at_ms = now - 20 * REFUND_DAY_MS,
                                    .delivery = "refunds.raw/0/1",
                                    .code = "refund_mismatch"});
    put_refund(ops, arena,
               &(struct put_refund){.id = "R2",
                                    .topic = "refunds.raw.retry.10s",
                                    .at_ms = now - 3 * REFUND_DAY_MS,
                                    .minor = -1,
                                    .delivery = "refunds.raw/0/2",
                                    .code = "refund_money_pending"});
    put_refund(ops, arena,
               &(struct put_refund){.id = "R3",
                                    .topic = "refunds.raw.dlq",
                                    .at_ms = now - 7200000,
                                    .minor = 1000,
                                    .delivery = "refunds.raw/0/3",
                                    .code = "outcome_unknown"});
    put_refund(ops, arena,
               &(struct put_refund){.id = "R4",
                                    .topic = "refunds.raw.dlq",
                                    .at_ms = now - 9 * REFUND_DAY_MS,
                                    .is_broken = true,
                                    .delivery = "refunds.raw/0/4",
                                    .code = "prima_invalid"});
    put_refund(ops, arena,
               &(struct put_refund){.topic = "refunds.raw.dlq",
                                    .at_ms = now,
                                    .is_broken = true,
                                    .is_unnamed = true,
                                    .delivery = "refunds.raw/0/5",
                                    .code = "framing_unknown"});
    put_refund_result(ops, &(struct put_refund_result){.id = "R6",
                                                       .outcome = OUTCOME_POSTED,
                                                       .at_ms = now,
                                                       .delivery = &first,
                                                       .document = "CN6"});
    put_refund_result(
        ops, &(struct put_refund_result){
                 .id = "R7", .outcome = OUTCOME_NO_MONEY, .at_ms = now, .delivery = &first});
}

static void test_none_is_said_in_words(void **state)
{
    (void)state;
    assert_int_equal(run("report", "refunds", NULL), CLI_DONE);
    run_has(run_out, "Refunds without a credit note, ");
    run_has(run_out, ": none.\nEvery refund that was read has its note, or needs none.\n");
    run_has(run_out, "\n0 have their credit note.\n");
    assert_int_equal(run("report", "refunds", "--csv", NULL), CLI_DONE);
    assert_string_equal(run_out,
                        "refund,order,where,reason,owner,since,age_days,currency,gone_back,"
                        "pending,days_left\n");
    run_has(run_err, "no refund is without its credit note\n");
    assert_int_equal(run("report", "refunds", "--json", NULL), CLI_DONE);
    run_has(run_out, "\"refunds\":[]");
    run_has(run_out, "\"complete\":true");
}

static void test_for_people(void **state)
{
    (void)state;
    put_some(clock_wall_ms());
    assert_int_equal(run("report", "refunds", NULL), CLI_DONE);
    run_has(run_out, ": 4\n0 of them have 3 days or fewer left for the note, 1 is late.\n\n");
    run_has(run_out,
            "  6 late    20 days       25.00 GBP  refund_mismatch              finance     "
            "01/refunds/shopify/uk/R1, order 1001\n");
    run_has(run_out, "10.00 GBP  outcome_unknown              finance     "
                     "01/refunds/shopify/uk/R3, order 1001, parked: a person must tell whether "
                     "Prima has its note\n");
    run_has(run_out,
            "  -         3 days         0.00 GBP  refund_money_pending         finance     "
            "01/refunds/shopify/uk/R2, order 1001, 25.00 GBP pending\n");
    run_has(run_out, "  -         9 days                ?  prima_invalid                ecommerce");
    run_has(run_out, "  finance         3  35.00 GBP gone back, 25.00 GBP pending\n");
    run_has(run_out, "  ecommerce       1  with amounts that nobody could read\n");
    run_has(run_out, "\n1 have their credit note, 1 need none (no_money).\n");
    run_has(run_out, "1 dead letters name no refund, because nobody could read them");
    assert_true(strstr(run_out, "R1") < strstr(run_out, "R3")); /* the most urgent first */
    assert_null(strstr(run_out, "R6"));
}

static void test_what_is_near_its_last_day(void **state)
{
    const int64_t now = clock_wall_ms();
    (void)state;
    put_some(now);
    put_refund(world_ops(NULL), arena,
               &(struct put_refund){.id = "R8",
                                    .topic = "refunds.raw.retry.10s",
                                    .at_ms = now - 12 * REFUND_DAY_MS,
                                    .delivery = "refunds.raw/0/8",
                                    .code = "refund_order_missing"});
    assert_int_equal(run("report", "refunds", "--days", "3", NULL), CLI_DONE);
    run_has(run_out, ": 5\n1 of them has 3 days or fewer left for the note, 1 is late.\n"
                     "Those with 3 days or fewer left:\n\n");
    run_has(run_out, "  6 late    20 days ");
    run_has(run_out, "  2 left    12 days ");
    assert_null(strstr(run_out, "R2"));
    assert_null(strstr(run_out, "R3"));
    assert_int_equal(run("report", "refunds", "--days", "1", "--csv", NULL), CLI_DONE);
    run_has(run_out, ",-6\n");
    assert_null(strstr(run_out, "R8"));
    assert_int_equal(run("report", "refunds", "--metrics", NULL), CLI_DONE);
    run_has(run_out, "# TYPE primaflow_refunds_without_note gauge\n"
                     "primaflow_refunds_without_note{left=\"many\"} 1\n"
                     "primaflow_refunds_without_note{left=\"few\"} 1\n"
                     "primaflow_refunds_without_note{left=\"late\"} 1\n"
                     "primaflow_refunds_without_note{left=\"uncounted\"} 2\n");
    assert_int_equal(run("report", "refunds", "--json", NULL), CLI_DONE);
    run_has(run_out, "\"days_left\":{\"many\":1,\"few\":1,\"late\":1,\"uncounted\":2}");
}

static void test_nothing_is_near(void **state)
{
    (void)state;
    put_refund(world_ops(NULL), arena,
               &(struct put_refund){.id = "R9",
                                    .topic = "refunds.raw.dlq",
                                    .at_ms = clock_wall_ms(),
                                    .delivery = "refunds.raw/0/9",
                                    .code = "refund_mismatch"});
    assert_int_equal(run("report", "refunds", "--days", "3", NULL), CLI_DONE);
    run_has(run_out, ": 1\nNone with 3 days or fewer left: nothing is urgent.\n");
    assert_null(strstr(run_out, "R9"));
    assert_int_equal(run("report", "refunds", "--days", "3", "--csv", NULL), CLI_DONE);
    run_has(run_err, "no refund without its credit note has so few days left");
}

static void test_for_machines(void **state)
{
    const int64_t now = clock_wall_ms();
    (void)state;
    put_some(now);
    assert_int_equal(run("report", "refunds", "--json", NULL), CLI_DONE);
    json_t *json = json_loads(run_out, 0, NULL);
    const json_t *rows = json_object_get(json, "refunds"), *row = json_array_get(rows, 0);
    assert_int_equal(json_array_size(rows), 4);
    assert_string_equal(json_string_value(json_object_get(row, "key")), "01/refunds/shopify/uk/R1");
    assert_string_equal(json_string_value(json_object_get(row, "order_key")), REFUND_ORDER);
    assert_string_equal(json_string_value(json_object_get(row, "where")), "stopped");
    assert_string_equal(json_string_value(json_object_get(row, "reason")), "refund_mismatch");
    assert_string_equal(json_string_value(json_object_get(row, "owner")), "finance");
    assert_string_equal(json_string_value(json_object_get(row, "currency")), "GBP");
    assert_int_equal(json_integer_value(json_object_get(row, "back_minor")), 2500);
    assert_int_equal(json_integer_value(json_object_get(row, "pending_minor")), 0);
    assert_int_equal(json_integer_value(json_object_get(row, "days_left")), -6);
    assert_string_equal(json_string_value(json_object_get(row, "since")),
                        day(now - 20 * REFUND_DAY_MS));
    row = json_array_get(rows, 3); /* the youngest of those that no day counts for */
    assert_string_equal(json_string_value(json_object_get(row, "refund_id")), "R2");
    assert_true(json_is_null(json_object_get(row, "days_left")));
    row = json_array_get(rows, 2);
    assert_true(json_is_null(json_object_get(row, "back_minor")));
    assert_true(json_is_null(json_object_get(row, "currency")));
    const json_t *sums = json_object_get(json, "sums"), *others = json_object_get(json, "others");
    assert_int_equal(json_array_size(sums), 2);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(sums, 0), "count")), 3);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(sums, 0), "back_minor")),
                     3500);
    assert_int_equal(json_integer_value(json_object_get(others, "credited")), 1);
    assert_int_equal(json_integer_value(json_object_get(others, "unnamed_dead_letters")), 1);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(others, "settled"), "no_money")), 1);
    json_decref(json);
}

static void test_for_a_spreadsheet(void **state)
{
    const int64_t now = clock_wall_ms();
    char line[300];
    (void)state;
    put_some(now);
    assert_int_equal(run("report", "refunds", "--csv", NULL), CLI_DONE);
    (void)snprintf(line, sizeof line,
                   "01/refunds/shopify/uk/R1,01/shopify/uk/1001,stopped,refund_mismatch,finance,%s,"
                   "20,GBP,25.00,0.00,-6\n",
                   day(now - 20 * REFUND_DAY_MS));
    run_has(run_out, line);
    run_has(run_out, ",9,,,,\n"); /* what nobody could read */
    assert_string_equal(run_err, "");
}

static void test_what_it_cannot_do(void **state)
{
    (void)state;
    put_some(clock_wall_ms());
    assert_int_equal(run("report", "refunds", "--csv", "--json", NULL), CLI_USAGE);
    run_has(run_err, "--json, --csv, --metrics: one of them");
    world.redis_rc = -ECONNREFUSED;
    world.refusal = "refused";
    assert_int_equal(run("report", "refunds", NULL), CLI_UNAVAILABLE);
    run_has(run_err, "Redis not queried: refused; what people have adopted or discarded may be "
                     "listed");
    run_has(run_out, "R1"); /* the rest is told */
    assert_int_equal(run("report", "refunds", "--json", NULL), CLI_UNAVAILABLE);
    run_has(run_out, "\"complete\":false");
    world.read_rc = -EIO;
    assert_int_equal(run("report", "refunds", NULL), CLI_UNAVAILABLE);
}

/* ---- why ---- */

static void put_ledger(struct ops *ops)
{
    const struct ledger_credit credit = {.key = "01/refunds/shopify/uk/R2",
                                         .order = REFUND_ORDER,
                                         .company = "01",
                                         .channel = "shopify",
                                         .store = "uk",
                                         .order_id = "1001",
                                         .refund_id = "R2",
                                         .state = CREDIT_OPEN,
                                         .all = true,
                                         .currency = "",
                                         .at = 6};
    world_put_struct(ops,
                     &(struct world_put){.topic = "orders.ledger", .key = REFUND_ORDER, .at_ms = 5},
                     &ledger_entry_record, refund_entry(arena));
    world_put_struct(
        ops, &(struct world_put){.topic = "orders.ledger", .key = REFUND_ORDER "/R2", .at_ms = 6},
        &ledger_credit_record, &credit);
}

static void test_why_of_a_refund(void **state)
{
    const int64_t now = clock_wall_ms();
    (void)state;
    world.answers[0] = (struct world_answer){.fate = PRIMA_ABSENT, .http_status = 200};
    world.answer_count = 1;
    put_some(now);
    put_ledger(world_ops(NULL));
    world_reserve("01/refunds/shopify/uk/R1", 7, "?", 1); /* of another version */
    assert_int_equal(run("why", "01/refunds/shopify/uk/R1", NULL), CLI_DONE);
    run_has(run_out, "01/refunds/shopify/uk/R1  Prima's number 201RR1\n");
    run_has(run_out, "dead letter: refund_mismatch");
    run_has(run_out, "  Order: 01/orders/shopify/uk/1001, posted\n");
    run_has(run_out, "  Reserved: 25.00 GBP of order " REFUND_ORDER ", number 7\n");
    run_has(run_out, "  Ledger: no record of it\n");
    run_has(run_out, "  Creditable: 52.50 GBP remains, all of it kept for refunds under way\n");
    run_has(run_out, "  Prima: does not have it\n");
    run_has(run_out, "All that remains creditable is kept for 01/refunds/shopify/uk/R2");
    run_has(run_out, "refund_mismatch (finance)");
    assert_int_equal(run("why", "01/refunds/shopify/uk/R2", NULL), CLI_DONE);
    run_has(run_out, "  Ledger: open, keeps all that remains of the order, since ");
    run_has(run_out, "  Reserved: nothing\n");

    assert_int_equal(run("why", "01/refunds/shopify/uk/R1", "--json", NULL), CLI_DONE);
    json_t *json = json_loads(run_out, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(json, "credit_number")), "201RR1");
    const json_t *creditable = json_object_get(json, "creditable"),
                 *order = json_object_get(json, "order");
    assert_int_equal(json_integer_value(json_object_get(creditable, "remains_minor")), 5250);
    assert_true(json_is_true(json_object_get(creditable, "all_kept")));
    assert_string_equal(json_string_value(json_object_get(order, "key")),
                        "01/orders/shopify/uk/1001");
    assert_true(json_is_true(json_object_get(order, "posted")));
    json_decref(json);
}

static void test_why_of_an_order_with_refunds(void **state)
{
    const int64_t now = clock_wall_ms();
    const struct key_view posted = {.state = 'p'};
    (void)state;
    world.answers[0] = (struct world_answer){.fate = PRIMA_OK, .http_status = 200};
    world.answer_count = 1;
    put_some(now);
    put_ledger(world_ops(NULL));
    world_view("01/orders/shopify/uk/1001", &posted);
    assert_int_equal(run("why", REFUND_ORDER, NULL), CLI_DONE);
    run_has(run_out, "  Refund R1: stopped, refund_mismatch (finance), 25.00 GBP, since ");
    run_has(run_out, "  Refund R2: waiting, refund_money_pending (finance), 0.00 GBP, since ");
    run_has(run_out, "  Refund R6: credited, credit note CN6, since ");
    run_has(run_out, "  Refund R7: settled, no_money, since ");
    run_has(run_out, "  Creditable: 52.50 GBP remains, all of it kept for refunds under way\n");
    assert_int_equal(run("why", REFUND_ORDER, "--json", NULL), CLI_DONE);
    json_t *json = json_loads(run_out, 0, NULL);
    const json_t *refunds = json_object_get(json, "refunds");
    assert_int_equal(json_array_size(refunds), 6);
    assert_null(json_object_get(json, "order"));
    assert_non_null(json_object_get(json, "order_number"));
    json_decref(json);
    world.credit_verdict = VERDICT_SUSPECT;
    assert_int_equal(run("why", REFUND_ORDER, NULL), CLI_UNAVAILABLE);
    run_has(run_err, "Redis is being rebuilt for the refunds workers");
    run_has(run_out, "; what is reserved in Redis is not known\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_none_is_said_in_words),
        TEST(test_for_people),
        TEST(test_what_is_near_its_last_day),
        TEST(test_nothing_is_near),
        TEST(test_for_machines),
        TEST(test_for_a_spreadsheet),
        TEST(test_what_it_cannot_do),
        TEST(test_why_of_a_refund),
        TEST(test_why_of_an_order_with_refunds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
