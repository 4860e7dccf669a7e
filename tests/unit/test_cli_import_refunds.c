/* `primaflow import shopify refunds` and `import bigcommerce refunds`: what is printed or sent of a
 * file, out of whole orders and alone, what one refund that does not fit holds back, what is set
 * aside and can be imported again. */
#include "test_cli_run.h"

#include <jansson.h>
#include <unistd.h>

static int begin(void **state)
{
    (void)state;
    assert_int_equal(clearenv(), 0);
    world_reset();
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_release();
    return 0;
}

static json_t *loaded(const char *path)
{
    json_error_t error;
    json_t *json = json_load_file(path, 0, &error);
    if (json == NULL)
        fail_msg("%s: %s", path, error.text);
    return json;
}

/* Two orders with three refunds: an edit and a refund, and one that pays back the other order. */
static json_t *two_orders(void)
{
    json_t *first = loaded("tests/fixtures/shopify/edited_and_refunded.json"),
           *second = loaded("tests/fixtures/shopify_refunds/whole.json");
    json_t *both = json_pack("{s:[O, O]}", "orders", json_object_get(first, "order"),
                             json_object_get(second, "order"));
    json_decref(first);
    json_decref(second);
    assert_non_null(both);
    return both;
}

static const char *file_of(json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    const char *file = run_file(text);
    free(text);
    return file;
}

static json_t *order_of(json_t *both, size_t i)
{
    return json_array_get(json_object_get(both, "orders"), i);
}

static void test_refunds_of_orders_are_printed_or_sent(void **state)
{
    json_t *both = two_orders();
    (void)state;
    assert_int_equal(run("import", "shopify", "refunds", file_of(both), "--store", "uk", NULL),
                     CLI_DONE);
    assert_string_equal(run_err, "primaflow: 3 refunds imported: 2 as refunds, 1 as edits; 0 of "
                                 "them without transactions, 0 tests\n");
    run_has(run_out, "{\"event_id\":\"shopify-refund-702-");
    run_has(run_out, "\"order_id\":\"5700000000050\",\"refund_id\":\"7501\"");
    assert_string_equal(world.trace, "");
    assert_int_equal(run("import", "shopify", "refunds", file_of(both), "--store", "uk",
                         "--to-kafka", "--json", NULL),
                     CLI_DONE);
    assert_string_equal(run_out, "{\"topic\": \"refunds.raw\", \"records\": 3, \"refund\": 2, "
                                 "\"edit\": 1, \"untold\": 0, \"test\": 0, \"bad\": 0}\n");
    run_has(world.trace, "new | begin | add refunds.raw 01/shopify/uk/5700000000004");
    run_has(world.trace, "add refunds.raw 01/shopify/uk/5700000000050");
    json_decref(both);
}

/* What is printed is what produce takes: the schema of refunds, and the key of their order. */
static void test_what_is_printed_can_be_produced(void **state)
{
    json_t *both = two_orders();
    (void)state;
    assert_int_equal(run("import", "shopify", "refunds", file_of(both), "--store", "uk", NULL),
                     CLI_DONE);
    char *lines = strdup(run_out);
    assert_int_equal(run("produce", "refunds.raw", run_file(lines), NULL), CLI_DONE);
    run_has(run_err, "3 records sent to refunds.raw");
    run_has(world.trace, "add refunds.raw 01/shopify/uk/5700000000050");
    free(lines);
    json_decref(both);
}

static void test_each_form_of_a_file(void **state)
{
    static const char *const wraps[] = {"{\"refunds\": [%s]}", "{\"refund\": %s}", "%s", "[%s]",
                                        "\n%s\n\n"};
    json_t *whole = loaded("tests/fixtures/shopify_refunds/whole.json");
    json_t *refund = json_array_get(json_object_get(json_object_get(whole, "order"), "refunds"), 0);
    char *text = json_dumps(refund, JSON_COMPACT), *first = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof wraps / sizeof *wraps; i++) {
        const char *at = strstr(wraps[i], "%s");
        const size_t size = strlen(text) + strlen(wraps[i]) + 1;
        char *file = malloc(size);
        (void)snprintf(file, size, "%.*s%s%s", (int)(at - wraps[i]), wraps[i], text, at + 2);
        assert_int_equal(run("import", "shopify", "refunds", run_file(file), "--store", "uk", NULL),
                         CLI_DONE);
        if (first == NULL)
            first = strdup(run_out);
        assert_string_equal(run_out, first);
        free(file);
    }
    free(first);
    free(text);
    json_decref(whole);
}

/* One of an order's refunds does not fit: it is named by its id and its order's name, and what is set
 * aside is the order with a note that this one is meant, to be corrected and imported. */
static void test_one_that_does_not_fit(void **state)
{
    char path[64] = "/tmp/pf-bad-XXXXXX";
    const int bad = mkstemp(path);
    json_t *both = two_orders();
    json_t *refund = json_array_get(json_object_get(order_of(both, 0), "refunds"), 1);
    json_t *item = json_array_get(json_object_get(refund, "refund_line_items"), 0);
    (void)state;
    assert_true(bad >= 0);
    (void)json_object_set_new(item, "quantity", json_string("many"));
    assert_int_equal(run("import", "shopify", "refunds", file_of(both), "--store", "uk", NULL),
                     CLI_DATA);
    run_has(run_err,
            ":1: refund 703 of order #1004 (5700000000004): "
            "$.orders[0].refunds[1].refund_line_items[0].quantity: \"many\" is not a whole "
            "number");
    run_has(run_err, " about 1 of 3 refunds; nothing was printed. To take the others, add "
                     "--skip-bad FILE");
    assert_string_equal(run_out, "");
    assert_null(strstr(run_err, "Ada"));
    assert_int_equal(run("import", "shopify", "refunds", file_of(both), "--store", "uk",
                         "--skip-bad", path, "--to-kafka", NULL),
                     CLI_DATA);
    run_has(run_err, "2 refunds sent to refunds.raw: 1 as refunds, 1 as edits");
    run_has(run_err, "written to /tmp/pf-bad-");
    json_t *aside = loaded(path);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(aside, "primaflow"), "only")), 1);
    run_has(json_string_value(json_array_get(
                json_object_get(json_object_get(aside, "primaflow"), "complaints"), 0)),
            "\"many\" is not a whole number");
    refund = json_array_get(json_object_get(aside, "refunds"), 1);
    item = json_array_get(json_object_get(refund, "refund_line_items"), 0);
    (void)json_object_set_new(item, "quantity", json_integer(1));
    assert_int_equal(run("import", "shopify", "refunds", file_of(aside), "--store", "uk", NULL),
                     CLI_DONE);
    run_has(run_out,
            "\"order_id\":\"5700000000004\",\"refund_id\":\"703\",\"order_name\":\"#1004\"");
    json_decref(aside);
    json_decref(both);
    (void)close(bad);
    (void)unlink(path);
}

static void test_what_is_no_refund(void **state)
{
    static const struct {
        const char *text, *said;
    } rows[] = {
        {"{\"id\": 1, \"line_items\": [], \"refunds\": 7}",
         ":1: order 1: $.refunds: is not a list; export the refund again"},
        {"{\"errors\": \"Not Found\"}",
         ":1: $: holds no refunds but an error that Shopify answered; repeat the export"},
        {"{\"a\": 1}",
         ":1: $: has neither \"refunds\", a list, nor \"refund\" nor an \"id\"; what is "
         "read is in primaflow import shopify refunds --help"},
        {"[7]", ":1: $[0]: is not a refund; what is read are the documents of Shopify's REST Admin "
                "API"},
        {"{\"id\": 8, \"order_id\": 9, \"created_at\": \"2026-11-24T10:00:00Z\"}",
         ":1: refund 8 of order 9: $: tells no currency, neither in a money set nor in a "
         "transaction; say the shop's with --currency, or import the whole order"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(
            run("import", "shopify", "refunds", run_file(rows[i].text), "--store", "uk", NULL),
            CLI_DATA);
        run_has(run_err, rows[i].said);
        run_has(run_err, " of 1 refunds; nothing was printed");
    }
    assert_int_equal(run("import", "shopify", "refunds",
                         run_file("{\"order\": {\"id\": 1, \"line_items\": [], \"refunds\": []}}"),
                         "--store", "uk", NULL),
                     CLI_DONE);
    run_has(run_err, "holds no refunds: nothing was printed");
}

static void test_options(void **state)
{
    static const char *const money = "{\"id\": 8, \"order_id\": 9, \"created_at\": "
                                     "\"2026-11-24T10:00:00Z\", \"order_adjustments\": "
                                     "[{\"amount\": \"5.00\"}], \"transactions\": []}";
    (void)state;
    assert_int_equal(run("import", "shopify", "refunds", "/nowhere", NULL), CLI_USAGE);
    run_has(run_err, "import shopify refunds --store: which shop is it? The JSON does not say");
    assert_int_equal(
        run("import", "shopify", "refunds", "/nowhere", "--store", "uk", "--currency", "XX", NULL),
        CLI_USAGE);
    run_has(run_err, "import shopify refunds --currency: it is none of ISO 4217, such as GBP");
    assert_int_equal(run("import", "shopify", "refunds", run_file(money), "--store", "uk",
                         "--currency", "EUR", "--channel", "other", NULL),
                     CLI_DONE);
    run_has(run_out, "\"channel\":\"other\",\"store\":\"uk\"");
    run_has(run_out, "\"currency\":\"EUR\"");
}

static void test_bigcommerce(void **state)
{
    static const char *const file = "tests/fixtures/bigcommerce/refunds.json";
    static const char *const tax =
        "{\"id\": 5, \"order_id\": 6, \"created\": \"2026-11-24T10:00:00Z\", \"total_amount\": 4, "
        "\"items\": [{\"item_type\": \"TAX\", \"requested_amount\": 4}]}";
    (void)state;
    assert_int_equal(run("import", "bigcommerce", "refunds", file, "--store", "uk", NULL),
                     CLI_USAGE);
    run_has(run_err, "import bigcommerce refunds --currency: which is it? The JSON does not say");
    assert_int_equal(
        run("import", "bigcommerce", "refunds", file, "--store", "uk", "--currency", "GBP", NULL),
        CLI_DONE);
    assert_string_equal(run_err, "primaflow: 1 refunds imported: 1 as refunds, 0 as edits; 0 of "
                                 "them without transactions, 0 tests\n");
    run_has(run_out, "\"channel\":\"bigcommerce\",\"store\":\"uk\",\"order_id\":\"180\"");
    assert_int_equal(run("import", "bigcommerce", "refunds", file, "--store", "uk", "--channel",
                         "shopify", "--currency", "GBP", "--to-kafka", NULL),
                     CLI_DONE);
    run_has(world.trace, "add refunds.raw 01/shopify/uk/180");
    assert_int_equal(run("import", "bigcommerce", "refunds", run_file(tax), "--store", "uk",
                         "--currency", "GBP", NULL),
                     CLI_DATA);
    run_has(run_err, ":1: refund 5 of order 6: $.items[0]: is tax alone, and its rate is not told; "
                     "say it with --tax-rate");
    assert_int_equal(run("import", "bigcommerce", "refunds", run_file(tax), "--store", "uk",
                         "--currency", "GBP", "--tax-rate", "0.175", NULL),
                     CLI_DONE);
    run_has(run_out, "\"taxes\":[{\"rate_ppm\":175000,\"amount\":{\"shop_minor\":400}}]");
    assert_int_equal(run("import", "bigcommerce", "refunds", run_file(tax), "--store", "uk",
                         "--currency", "GBP", "--tax-rate", "20%", NULL),
                     CLI_USAGE);
    run_has(run_err, "--tax-rate: '20%' is not a rate from 0 to 10");
    assert_int_equal(run("import", "bigcommerce", "refunds", file, "--store", "uk", "--currency",
                         "GBP", "--prices-ex-tax", NULL),
                     CLI_DATA);
    run_has(run_err, "refund 12 of order 180: $.data[0].items: have a total_tax together");
}

static void test_more_refunds_than_memory(void **state)
{
    enum { ORDERS = 40 };
    json_t *whole = loaded("tests/fixtures/shopify_refunds/whole.json");
    char *one = json_dumps(whole, JSON_COMPACT);
    struct buf all;
    (void)state;
    buf_init(&all, ORDERS * (strlen(one) + 1) + 1);
    for (int i = 0; i < ORDERS; i++)
        buf_printf(&all, "%s\n", one);
    assert_false(all.failed);
    const char *text = all.data;
    world.memory_max = 40 << 10;
    assert_int_equal(run("import", "shopify", "refunds", run_file(text), "--store", "uk", NULL),
                     CLI_DATA);
    run_has(run_err, "too much for one call; import fewer refunds at a time");
    assert_string_equal(run_out, "");
    world.memory_max = 0;
    assert_int_equal(run("import", "shopify", "refunds", run_file(text), "--store", "uk", NULL),
                     CLI_DONE);
    run_has(run_err, "primaflow: 40 refunds imported");
    buf_release(&all);
    free(one);
    json_decref(whole);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_refunds_of_orders_are_printed_or_sent),
        TEST(test_what_is_printed_can_be_produced),
        TEST(test_each_form_of_a_file),
        TEST(test_one_that_does_not_fit),
        TEST(test_what_is_no_refund),
        TEST(test_options),
        TEST(test_bigcommerce),
        TEST(test_more_refunds_than_memory),
    };
    return cmocka_run_group_tests_name("cli_import_refunds", tests, NULL, NULL);
}
