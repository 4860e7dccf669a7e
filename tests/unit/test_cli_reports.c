/* What people read of the whole: topics, doctor, mappings check, report shadow, as text and as JSON,
 * and the exit codes that scripts go by. */
#include "test_cli_run.h"

#include "test_order_support.h"

#include "domain/events/order_result.h"

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

static json_t *run_json(void)
{
    json_error_t error;
    json_t *json = json_loads(run_out, 0, &error);
    if (json == NULL)
        fail_msg("%s in:\n%s", error.text, run_out);
    return json;
}

static int64_t number(const json_t *json, const char *name)
{
    assert_true(json_is_integer(json_object_get(json, name)));
    return json_integer_value(json_object_get(json, name));
}

static const char *text(const json_t *json, const char *name)
{
    assert_true(json_is_string(json_object_get(json, name)));
    return json_string_value(json_object_get(json, name));
}

/* ---- topics ---- */

static void test_topics_made_and_checked(void **state)
{
    (void)state;
    assert_int_equal(run("topics", "check", NULL), CLI_CONFIG);
    run_has(run_out,
            "error    orders.raw: topic is missing, wanted there\n         primaflow topics "
            "create\n");
    assert_int_equal(run("topics", "create", NULL), CLI_DONE);
    run_has(run_out, "created  orders.raw                     8 partitions  order events from");
    run_has(run_out, " created, 0 errors, 0 notes\n");
    assert_int_equal(run("topics", "check", NULL), CLI_DONE);
    run_has(run_out, " topics: 0 created, 0 errors, 0 notes\n");
    assert_null(strstr(run_out, "created  "));
    world.topics[0].partitions = 12;
    assert_int_equal(run("topics", "check", NULL), CLI_DONE); /* notes do not count */
    run_has(run_out, "note     orders.raw: partitions is 12, wanted 8\n");
    run_has(run_out, " topics: 0 created, 0 errors, 1 notes\n");
}

static void test_topics_for_machines(void **state)
{
    (void)state;
    assert_int_equal(run("topics", "create", "--partitions", "3", "--replication", "2",
                         "--min-insync", "2", "--shadow", "--json", NULL),
                     CLI_DONE);
    json_t *json = run_json();
    const json_t *first = json_array_get(json_object_get(json, "topics"), 0);
    assert_string_equal(text(first, "name"), "orders.raw");
    assert_true(json_is_true(json_object_get(first, "exists")));
    assert_true(json_is_true(json_object_get(first, "created")));
    assert_int_equal(number(first, "partitions"), 3);
    assert_int_equal(json_array_size(json_object_get(json, "differences")), 0);
    json_decref(json);
    world.topics[0] = world.topics[--world.topic_count];
    world.topics[1].partitions = 4;
    assert_int_equal(run("topics", "check", "--partitions", "3", "--replication", "2",
                         "--min-insync", "2", "--json", NULL),
                     CLI_CONFIG);
    json = run_json();
    first = json_array_get(json_object_get(json, "topics"), 0);
    assert_false(json_is_true(json_object_get(first, "exists")));
    assert_false(json_is_true(json_object_get(first, "created")));
    const json_t *differences = json_object_get(json, "differences");
    assert_int_equal(json_array_size(differences), 2);
    assert_string_equal(text(json_array_get(differences, 0), "severity"), "error");
    assert_string_equal(text(json_array_get(differences, 0), "is"), "missing");
    assert_string_equal(text(json_array_get(differences, 1), "severity"), "note");
    assert_string_equal(text(json_array_get(differences, 1), "wanted"), "3");
    json_decref(json);
    world.admin_rc = -EACCES;
    world.refusal = "not allowed";
    assert_int_equal(run("topics", "check", NULL), CLI_UNAVAILABLE);
    assert_string_equal(run_err, "primaflow: error: not allowed\n");
}

/* ---- doctor ---- */

static void test_doctor(void **state)
{
    static const struct {
        struct world_answer answer;
        int code;
    } rows[] = {{{.fate = PRIMA_ABSENT, .http_status = 200}, CLI_DONE},
                {{.fate = PRIMA_DENIED, .http_status = 401}, CLI_CONFIG},
                {{.fate = PRIMA_NOT_SENT}, CLI_UNAVAILABLE}};
    (void)state;
    assert_int_equal(run("topics", "create", NULL), CLI_DONE);
    world.answer_count = 1;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world.answers[0] = rows[i].answer;
        assert_int_equal(run("doctor", NULL), rows[i].code);
    }
    run_has(run_out, "ok           mappings   ops/deploy/mappings\n");
    run_has(run_out, "unreachable  prima      cannot connect to ");
    assert_int_equal(run("doctor", "--json", NULL), CLI_UNAVAILABLE);
    run_has(run_out,
            "{\"part\":\"mappings\",\"finding\":\"ok\",\"text\":\"ops/deploy/mappings\"}\n");
}

/* ---- mappings ---- */

static void put_event(const char *order_id, const char *location, const char *gateway, int lines)
{
    struct order_event *e = support_order(arena);
    e->order_id = order_id;
    e->lines.items[0].location_id = location;
    e->tenders.items[0].gateway = gateway;
    if (lines < 0)
        e->lines.items[0].quantity = -1;
    world_put_struct(world_ops(NULL), &(struct world_put){.topic = "orders.raw", .key = "k"},
                     &order_event_record, e);
}

static void test_what_is_not_mapped(void **state)
{
    (void)state;
    put_event("3", "9999", "shopify_payments", 1); /* the most orders come first */
    put_event("1", "9998", "shopify_payments", 1);
    put_event("2", "9998", "cryptopay", 1);
    put_event("4", "1001", "shopify_payments", -1);
    world_put(&(struct world_put){.topic = "orders.raw", .key = "k", .value = "x", .size = 1});
    assert_int_equal(run("mappings", "check", NULL), CLI_CONFIG);
    run_has(run_out, "2 locations have no depot (depots.yaml, depot_unmapped):\n"
                     "  9998 (shopify/uk): 2 orders, last 2026-11-18T");
    run_has(run_out, ", such as 2\n  9999 (shopify/uk): 1 order, last ");
    run_has(run_out, "\n1 payment is not mapped (payments.yaml, payment_unmapped):\n  ");
    run_has(run_out, "\n5 events of 4 orders; 0 never posted");
    run_has(run_out, "\n1 cannot be read; the first, orders.raw/0/4: framing_unknown\n");
    run_has(run_out, "\n1 contradicts themselves and would be dead letters (event_invalid); the "
                     "first, order 4: ");
    assert_null(strstr(run_out, "Everything in them is mapped."));
    assert_int_equal(run("mappings", "check", "--json", NULL), CLI_CONFIG);
    json_t *json = run_json();
    assert_int_equal(number(json, "events"), 5);
    assert_int_equal(number(json, "orders"), 4);
    assert_int_equal(number(json, "invalid"), 1);
    assert_int_equal(number(json, "unreadable"), 1);
    assert_int_equal(number(json, "never_posted"), 0);
    const json_t *first = json_array_get(json_object_get(json, "unmapped"), 0);
    assert_string_equal(text(first, "value"), "9998");
    assert_int_equal(number(first, "orders"), 2);
    assert_string_equal(text(first, "code"), "depot_unmapped");
    assert_string_equal(text(first, "file"), "depots.yaml");
    json_decref(json);
}

static void test_all_is_mapped_or_nothing_was_read(void **state)
{
    (void)state;
    assert_int_equal(run("mappings", "check", NULL), CLI_DONE);
    run_has(run_err, "warning: no events were read, so nothing was checked");
    assert_null(strstr(run_out, "Everything in them is mapped."));
    put_event("1", "1001", "shopify_payments", 1);
    assert_int_equal(run("mappings", "check", "--topic", "orders.raw", NULL), CLI_DONE);
    run_has(run_out, "1 event of 1 order; 0 never posted");
    run_has(run_out, "\nEverything in them is mapped.\n");
    assert_null(strstr(run_err, "no events were read"));
    assert_int_equal(run("mappings", "check", "--last", "7", NULL), CLI_DONE);
    assert_int_equal(world.range.from_value, 7);
    assert_int_equal(run("mappings", "check", "--since", "1970-01-02", NULL), CLI_DONE);
    assert_int_equal(world.range.from, KAFKA_FROM_TIME);
    assert_int_equal(world.range.from_value, 86400000);
}

static void test_more_than_fifty_of_a_kind(void **state)
{
    static char ids[51][8];
    (void)state;
    for (size_t i = 0; i < 51; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "9%03zu", i);
        put_event(ids[i], ids[i], "shopify_payments", 1);
    }
    assert_int_equal(run("mappings", "check", NULL), CLI_CONFIG);
    run_has(run_out, "51 locations have no depot (");
    run_has(run_out, "  9049 (shopify/uk)");
    assert_null(strstr(run_out, "  9050 (shopify/uk)"));
    run_has(run_out, "\n  and 1 more; --json has them all\n");
    assert_int_equal(run("mappings", "check", "--json", NULL), CLI_CONFIG);
    run_has(run_out, "\"9050\"");
}

static void test_mappings_of_a_file(void **state)
{
    static const char *const rows[][2] = {
        {"--topic", "t"}, {"--since", "2026-01-01"}, {"--last", "5"}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(run("mappings", "check", "--file", "x", rows[i][0], rows[i][1], NULL),
                         CLI_USAGE);
        run_has(run_err, "--file reads no topic");
    }
    assert_int_equal(run("mappings", "check", "--since", "2026-01-01", "--last", "5", NULL),
                     CLI_USAGE);
    run_has(run_err, "say both where to begin");
    assert_int_equal(run("generate", "orders", "--count", "2", NULL), CLI_DONE);
    char events[RUN_TEXT_MAX + 8];
    (void)snprintf(events, sizeof events, "%s{}\n", run_out);
    assert_int_equal(run("mappings", "check", "--file", run_file(events), NULL), CLI_DATA);
    run_has(run_err, ":3: ");
    run_has(run_err, "1 of 3 lines are no order events; correct them\n");
    run_has(run_out, "2 events of 2 orders"); /* the others are reported all the same */
    assert_int_equal(run("mappings", "check", "--file", run_file("{}\n"), NULL), CLI_DATA);
    assert_string_equal(run_out, "");
    assert_int_equal(run("mappings", "check", "--file", "/nowhere", NULL), CLI_DATA);
    run_has(run_err, "primaflow: error: /nowhere: No such file");
    world.read_rc = -EIO;
    world.refusal = "Kafka is away";
    assert_int_equal(run("mappings", "check", NULL), CLI_UNAVAILABLE);
    assert_string_equal(run_out, "");
    assert_int_equal(run("mappings", "check", "-o", "orders.mappings=/nowhere", NULL), CLI_CONFIG);
}

/* A row for a store that no channel has fits no order. */
static void test_rows_that_fit_no_order(void **state)
{
    char option[200];
    (void)state;
    const char *folder = support_mappings_copy(
        "depots.yaml",
        "depots:\n  - {channel: shopify, store: xx, location: \"1\", depot: \"01\"}\n");
    (void)snprintf(option, sizeof option, "orders.mappings=%s", folder);
    (void)run("mappings", "check", "-o", option, NULL);
    run_has(run_err, "warning: ");
    run_has(run_err, " is for channel shopify, store xx, which channels.yaml does not have: it "
                     "fits no order\n");
}

/* ---- report shadow ---- */

static void put_result(int outcome, const char *id, const struct shadow_post *post)
{
    static const char *codes[] = {"unknown_sku", ""};
    char key[100], order_number[40];
    (void)snprintf(key, sizeof key, "01/orders/shopify/uk/%s", id);
    (void)snprintf(order_number, sizeof order_number, "201%s", id);
    struct order_result r = {.outcome = outcome,
                             .code = "",
                             .key = key,
                             .company = "01",
                             .channel = "shopify",
                             .store = "uk",
                             .order_id = id,
                             .order_number = order_number,
                             .identity = "",
                             .goods = "",
                             .money = "",
                             .delivery = {.topic = "orders.raw"},
                             .source = {.topic = "orders.raw"},
                             .shadow = post};
    if (outcome == OUTCOME_POSTED_ON_HOLD) {
        r.codes.items = codes;
        r.codes.count = 1;
    }
    world_put_struct(
        world_ops(NULL),
        &(struct world_put){.topic = "shadow.orders.results", .key = "k", .at_ms = 1000 + outcome},
        &order_result_record, &r);
}

static const struct shadow_post post = {.request_digest = "",
                                        .currency = "GBP",
                                        .order_date = "2026-11-18",
                                        .lines = 1,
                                        .net_minor = 1000,
                                        .tax_minor = 200,
                                        .gross_minor = 1200,
                                        .creates_customer = true,
                                        .in_prima = true};

#define DOCUMENT(number_, currency_, net_, tax_, gross_, hold_, lines_)                            \
    {                                                                                              \
        .type = "Order", .number = number_, .date = "2026-11-18", .currency = currency_,           \
        .net = net_, .tax = tax_, .gross = gross_, .hold = hold_, .line_count = lines_             \
    }
static const struct prima_document documents[] = {
    DOCUMENT("2011", "GBP", "10.00", "2.00", "12.00", "Yes", 1), /* equal, but for the hold */
    DOCUMENT("2012", "GBP", "10.01", "2.02", "12.03", "No", 2),
    DOCUMENT("2013", "EUR", "10.00", "2.00", "12.00", "No", 1),
    DOCUMENT("2016", "GBP", "1.00", "0.00", "1.00", "No", 1), /* only seen */
    DOCUMENT("2018", "GBP", "1.00", "0.00", "1.00", "No", 1), /* never seen */
    DOCUMENT("2019", "GBP", "1.00", "0.00", "1.00", "No", 1), /* never seen */
    DOCUMENT("9", "GBP", "1.00", "0.00", "1.00", "No", 1),    /* of another channel */
    DOCUMENT("2011", "GBP", "10.00", "2.00", "12.00", "Yes", 1),
};

static void put_shadow(void)
{
    for (int i = 1; i <= 5; i++) {
        char id[] = {(char)('0' + i), '\0'};
        put_result(i == 4 ? OUTCOME_POSTED_ON_HOLD : OUTCOME_POSTED, id, &post);
    }
    put_result(OUTCOME_IGNORED_TEST, "6", NULL);
    put_result(OUTCOME_PAYMENT_UPDATED, "1", NULL);
    world_put(&(struct world_put){.topic = "shadow.orders.raw.dlq",
                                  .at_ms = 2000,
                                  .headers = {{"primaflow.code", "tip_unmapped"}}});
    world.answers[0] =
        (struct world_answer){.fate = PRIMA_OK,
                              .http_status = 200,
                              .pages = 1,
                              .documents = documents,
                              .document_count = sizeof documents / sizeof *documents};
    world.answer_count = 1;
}

static void test_a_shadow_in_words(void **state)
{
    (void)state;
    put_shadow();
    assert_int_equal(run("report", "shadow", NULL), CLI_DONE);
    assert_string_equal(
        run_out,
        "Shadow, published from 1970-01-01T00:00:01.000Z to 1970-01-01T00:00:02.000Z: 8 records, "
        "6 orders\n"
        "  would be posted                         4\n"
        "  would be posted on hold                 1\n"
        "    unknown_sku                             1  ecommerce\n"
        "  dead letters                            1\n"
        "    tip_unmapped                            1  finance\n"
        "  ignored_test                            1\n"
        "  payment_updated                         1\n"
        "  accounts would be created for           5  orders\n"
        "  Prima had when it was asked             5  of what would be posted\n"
        "\n"
        "Compared with Prima, orders of 2026-11-18 to 2026-11-18: 8 documents\n"
        "  equal to the penny                      1\n"
        "    of these, the hold differs            1\n"
        "  different                               2\n"
        "    2012  01/orders/shopify/uk/2  2026-11-18  owner finance\n"
        "      net      10.00 GBP here, 10.01 GBP in Prima\n"
        "      tax      2.00 GBP here, 2.02 GBP in Prima\n"
        "      gross    12.00 GBP here, 12.03 GBP in Prima\n"
        "      lines    1 here, 2 in Prima\n"
        "    2013  01/orders/shopify/uk/3  2026-11-18  owner finance\n"
        "      currency GBP here, EUR in Prima\n"
        "  lacking in Prima                        2\n"
        "    2014  01/orders/shopify/uk/4  2026-11-18  12.00 GBP\n"
        "    2015  01/orders/shopify/uk/5  2026-11-18  12.00 GBP\n"
        "  in Prima, never seen here               2\n"
        "    2018  company 01  2026-11-18  owner ecommerce\n"
        "    2019  company 01  2026-11-18  owner ecommerce\n"
        "  in Prima, would not be posted           1  dead letters, ignored, cancelled\n"
        "  met more than once                      1  two documents of a number, or Prima changed "
        "while it was read\n"
        "  of other channels                       1\n");
    assert_string_equal(run_err, "");
}

static void test_lists_are_as_long_as_asked(void **state)
{
    (void)state;
    put_shadow();
    assert_int_equal(run("report", "shadow", "--list", "1", NULL), CLI_DONE);
    run_has(run_out, "  different                               2\n    2012  ");
    run_has(run_out, "    ... and 1 more; see --list\n  lacking in Prima                        2\n"
                     "    2014  ");
    run_has(run_out, "    ... and 1 more; see --list\n  in Prima, never seen here               2\n"
                     "    2018  ");
    assert_null(strstr(run_out, "    2015  "));
    assert_null(strstr(run_out, "    2013  "));
    assert_null(strstr(run_out, "    2019  "));
    assert_int_equal(run("report", "shadow", "--list", "1", "--json", NULL), CLI_DONE);
    json_t *json = run_json();
    const json_t *c = json_object_get(json, "comparison");
    assert_int_equal(json_array_size(json_object_get(c, "different_orders")), 1);
    assert_int_equal(json_array_size(json_object_get(c, "lacking_orders")), 1);
    assert_int_equal(json_array_size(json_object_get(c, "never_seen_orders")), 1);
    assert_int_equal(number(c, "different"), 2);
    json_decref(json);
}

static void test_a_shadow_for_machines(void **state)
{
    (void)state;
    put_shadow();
    assert_int_equal(run("report", "shadow", "--json", NULL), CLI_DONE);
    json_t *json = run_json();
    assert_int_equal(number(json, "records"), 8);
    assert_int_equal(number(json, "orders"), 6);
    assert_int_equal(number(json, "dead_letters"), 1);
    assert_int_equal(number(json, "creates_customer"), 5);
    assert_int_equal(number(json, "in_prima_when_asked"), 5);
    assert_int_equal(number(json, "published_from_ms"), 1000);
    assert_int_equal(number(json, "published_to_ms"), 2000);
    const json_t *outcomes = json_object_get(json, "outcomes");
    assert_int_equal(json_object_size(outcomes), ORDER_OUTCOMES);
    assert_int_equal(number(outcomes, "posted"), 4);
    assert_int_equal(number(outcomes, "payment_updated"), 1);
    assert_int_equal(number(json_object_get(json, "held_by_code"), "unknown_sku"), 1);
    assert_int_equal(number(json_object_get(json, "dead_letters_by_code"), "tip_unmapped"), 1);
    assert_true(json_is_true(json_object_get(json, "compared")));
    const json_t *c = json_object_get(json, "comparison");
    assert_int_equal(number(c, "documents"), 8);
    assert_int_equal(number(c, "equal"), 1);
    assert_int_equal(number(c, "hold_differs"), 1);
    assert_int_equal(number(c, "lacking"), 2);
    assert_int_equal(number(c, "never_seen"), 2);
    assert_int_equal(number(c, "would_not_be_posted"), 1);
    assert_int_equal(number(c, "met_more_than_once"), 1);
    assert_int_equal(number(c, "other_channels"), 1);
    const json_t *d = json_array_get(json_object_get(c, "different_orders"), 0);
    assert_string_equal(text(d, "order_number"), "2012");
    assert_int_equal(json_array_size(json_object_get(d, "differs")), 4);
    assert_int_equal(number(json_object_get(d, "ours"), "gross_minor"), 1200);
    assert_int_equal(number(json_object_get(d, "prima"), "gross_minor"), 1203);
    assert_string_equal(
        text(json_array_get(json_object_get(c, "never_seen_orders"), 0), "order_number"), "2018");
    json_decref(json);
}

static void test_a_shadow_that_is_not_compared(void **state)
{
    (void)state;
    assert_int_equal(run("report", "shadow", NULL), CLI_DONE); /* nothing to compare */
    run_has(run_out, "Shadow, published from - to -: 0 records, 0 orders\n");
    run_has(run_out, "\nNot compared: nothing would be posted\n");
    put_shadow();
    world_put(&(struct world_put){
        .topic = "shadow.orders.results", .key = "k", .value = "x", .size = 1, .at_ms = 5});
    assert_int_equal(run("report", "shadow", "--no-prima", NULL), CLI_DONE);
    run_has(run_out, "\nNot compared: --no-prima\n");
    run_has(run_err, "warning: 1 results could not be read and are not counted");
    world.answers[0] = (struct world_answer){.fate = PRIMA_DENIED};
    assert_int_equal(run("report", "shadow", NULL), CLI_UNAVAILABLE);
    run_has(run_out, "\nNot compared: Prima query failed: denied");
    assert_int_equal(run("report", "shadow", "--json", "--page-size", "7", NULL), CLI_UNAVAILABLE);
    run_has(run_out, "\"comparison\": null");
    assert_int_equal(run("report", "shadow", "--since", "1970-01-02", NULL), CLI_DONE);
    assert_int_equal(world.range.from_value, 86400000);
    world.read_rc = -ENOENT;
    world.refusal = "no such topic";
    assert_int_equal(run("report", "shadow", NULL), CLI_DATA);
    run_has(run_err, "no such topic; the shadow's topics are made by: primaflow topics create");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_topics_made_and_checked),
        TEST(test_topics_for_machines),
        TEST(test_doctor),
        TEST(test_what_is_not_mapped),
        TEST(test_all_is_mapped_or_nothing_was_read),
        TEST(test_more_than_fifty_of_a_kind),
        TEST(test_mappings_of_a_file),
        TEST(test_rows_that_fit_no_order),
        TEST(test_a_shadow_in_words),
        TEST(test_lists_are_as_long_as_asked),
        TEST(test_a_shadow_for_machines),
        TEST(test_a_shadow_that_is_not_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
