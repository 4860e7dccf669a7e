/* `primaflow import shopify orders`: what is printed or sent of a file, what one order that does not
 * fit holds back, and what is said about it. */
#include "test_cli_run.h"

#include <fcntl.h>
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

static size_t lines_of(const char *text)
{
    size_t lines = 0;
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

static char orders[60000];

static const char *fixtures(const char *const names[], size_t count)
{
    size_t used = (size_t)snprintf(orders, sizeof orders, "{\"orders\": [");
    for (size_t i = 0; i < count; i++) {
        char path[100];
        (void)snprintf(path, sizeof path, "tests/fixtures/shopify/%s.json", names[i]);
        json_error_t error;
        json_t *json = json_load_file(path, 0, &error);
        assert_non_null(json);
        json_t *order = json_object_get(json, "order");
        char *text = json_dumps(order != NULL ? order : json, JSON_COMPACT);
        used +=
            (size_t)snprintf(orders + used, sizeof orders - used, "%s%s", i > 0 ? "," : "", text);
        assert_true(used < sizeof orders);
        free(text);
        json_decref(json);
    }
    (void)snprintf(orders + used, sizeof orders - used, "]}");
    return orders;
}

static const char *const two[] = {"uk_vat_included", "cancelled"}, *const one[] = {"edited"};

static void test_a_shops_orders_are_printed_or_sent(void **state)
{
    (void)state;
    const char *file = run_file(fixtures(two, 2));
    assert_int_equal(run("import", "shopify", "orders", file, "--store", "uk", NULL), CLI_DONE);
    assert_string_equal(run_err, "primaflow: 2 orders imported: 1 as placed, 0 edited, 1 "
                                 "cancelled; 0 of them tests\n");
    assert_int_equal(lines_of(run_out), 2);
    run_has(run_out, "\"channel\":\"shopify\",\"store\":\"uk\"");
    assert_string_equal(world.trace, "");
    file = run_file(fixtures(two, 2));
    assert_int_equal(run("import", "shopify", "orders", file, "--store", "uk", "--to-kafka", NULL),
                     CLI_DONE);
    run_has(run_err, "primaflow: 2 orders sent to orders.raw: 1 as placed");
    assert_string_equal(run_out, "");
    run_has(world.trace, "new | begin | add orders.raw 01/shopify/uk/");
    file = run_file(fixtures(one, 1));
    assert_int_equal(
        run("import", "shopify", "orders", file, "--store", "uk", "--to-kafka", "--json", NULL),
        CLI_DONE);
    assert_string_equal(run_out,
                        "{\"topic\": \"orders.raw\", \"records\": 1, \"created\": 0, \"edited\": "
                        "1, \"cancelled\": 0, \"test\": 0, \"bad\": 0}\n");
    world.fails_at = "commit";
    world.writer_rc = -EIO;
    world.refusal = "Kafka is away";
    file = run_file(fixtures(one, 1));
    assert_int_equal(run("import", "shopify", "orders", file, "--store", "uk", "--to-kafka", NULL),
                     CLI_UNAVAILABLE);
    assert_string_equal(run_err, "primaflow: error: Kafka is away\n");
}

static void test_which_shop_it_is(void **state)
{
    static const struct {
        const char *words[4];
        const char *err;
    } rows[] = {
        {{NULL}, "import shopify orders --store: which shop is it? The JSON does not say"},
        {{"--store", "u k"}, "import shopify orders --store: a name is letters, digits"},
        {{"--store", ""}, "import shopify orders --store: a name is letters, digits"},
        {{"--store", "uk", "--channel", "a/b"}, "import shopify orders --channel: a name is"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const *w = rows[i].words;
        assert_int_equal(
            run("import", "shopify", "orders", "/nowhere", w[0], w[1], w[2], w[3], (char *)NULL),
            CLI_USAGE);
        run_has(run_err, rows[i].err);
    }
    const char *file = run_file(fixtures(one, 1));
    assert_int_equal(
        run("import", "shopify", "orders", file, "--store", "u.k_-1", "--channel", "other", NULL),
        CLI_DONE);
    run_has(run_out, "\"channel\":\"other\",\"store\":\"u.k_-1\"");
}

static void test_one_that_does_not_fit_holds_back_all(void **state)
{
    char path[64] = "/tmp/pf-bad-XXXXXX", text[20000] = "";
    const int bad = mkstemp(path);
    (void)state;
    assert_true(bad >= 0);
    char mixed[sizeof orders + 100];
    (void)snprintf(mixed, sizeof mixed, "%s\n{\"id\": 5}\n", fixtures(one, 1));
    const char *file = run_file(mixed);
    assert_int_equal(run("import", "shopify", "orders", file, "--store", "uk", NULL), CLI_DATA);
    run_has(run_err, " complaints about 1 of 2 orders; nothing was printed. To take the others, "
                     "add --skip-bad FILE\n");
    assert_string_equal(run_out, "");
    file = run_file(mixed);
    assert_int_equal(run("import", "shopify", "orders", file, "--store", "uk", "--to-kafka", NULL),
                     CLI_DATA);
    run_has(run_err, "; nothing was sent. To take");
    assert_string_equal(world.trace, "");
    file = run_file(mixed);
    assert_int_equal(
        run("import", "shopify", "orders", file, "--store", "uk", "--skip-bad", path, NULL),
        CLI_DATA);
    assert_int_equal(lines_of(run_out), 1);
    run_has(run_err, " complaints about 1 of 2 orders; written to /tmp/pf-bad-");
    run_has(run_err, ": correct them and import that file\n");
    FILE *kept = fopen(path, "re");
    assert_non_null(kept);
    assert_true(fread(text, 1, sizeof text - 1, kept) > 0);
    (void)fclose(kept);
    run_has(text, "{\"id\":5,\"primaflow\":{\"file\":\"/proc/self/fd/");
    run_has(text, "\",\"line\":2,\"complaints\":[\"$.");
    file = run_file("{\"id\": 5}\nnot JSON\n");
    assert_int_equal(run("import", "shopify", "orders", file, "--store", "uk", NULL), CLI_DATA);
    assert_null(strstr(run_err, "To take the others"));
    (void)snprintf(mixed, sizeof mixed, "%s\nnot JSON\n", fixtures(one, 1));
    file = run_file(mixed);
    assert_int_equal(run("import", "shopify", "orders", file, "--store", "uk", NULL), CLI_DATA);
    run_has(run_err, " about 1 of 2 orders; nothing was printed. To take the others, add ");
    (void)close(bad);
    (void)unlink(path);
}

static void test_what_to_do_about_what_could_not_be_read(void **state)
{
    static const struct {
        const char *text, *remedy, *orders;
    } rows[] = {
        {"{\"id\": 5}\n", ": correct them and import that file\n", " about 1 of 1 orders; "},
        {"not JSON\n", ": export the file again, for what could not be read is missing\n",
         " about 1 of 1 orders; "},
        {"{\"id\": 5}\nnot JSON\n",
         ": correct the orders in it and import that file; what could "
         "not be read is missing: export it again\n",
         " about 2 of 2 orders; "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char path[64] = "/tmp/pf-bad-XXXXXX";
        const int bad = mkstemp(path);
        assert_true(bad >= 0);
        const char *file = run_file(rows[i].text);
        assert_int_equal(
            run("import", "shopify", "orders", file, "--store", "uk", "--skip-bad", path, NULL),
            CLI_DATA);
        run_has(run_err, rows[i].remedy);
        run_has(run_err, rows[i].orders);
        (void)close(bad);
        (void)unlink(path);
    }
}

/* All or none: what there is no memory to print makes the order one that is not imported. */
static void test_more_orders_than_memory(void **state)
{
    enum { ORDERS = 20 };
    struct buf all;
    (void)state;
    buf_init(&all, ORDERS * sizeof orders);
    for (size_t i = 0; i < ORDERS; i++)
        buf_printf(&all, "%s\n", fixtures(one, 1));
    assert_false(all.failed);
    const char *text = all.data;
    world.memory_max = 32 << 10;
    assert_int_equal(run("import", "shopify", "orders", run_file(text), "--store", "uk", NULL),
                     CLI_DATA);
    run_has(run_err, "too much for one call; import fewer orders at a time");
    run_has(run_err, " of 20 orders; nothing was printed. To take the others, add --skip-bad");
    assert_string_equal(run_out, "");
    world.memory_max = 0;
    assert_int_equal(run("import", "shopify", "orders", run_file(text), "--store", "uk", NULL),
                     CLI_DONE);
    assert_int_equal(lines_of(run_out), ORDERS);
    run_stdout = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_int_equal(run("import", "shopify", "orders", run_file(text), "--store", "uk", NULL),
                     CLI_UNAVAILABLE);
    (void)close(run_stdout);
    run_stdout = -1;
    assert_string_equal(run_err,
                        "primaflow: error: stdout cannot be written: No space left on device\n");
    buf_release(&all);
}

/* Not an order without its payments. */
static void test_more_payments_than_memory(void **state)
{
    enum { PAYMENTS = 2000 };
    json_error_t error;
    json_t *json = json_loads(fixtures(one, 1), 0, &error), *list = json_object_get(json, "orders"),
           *payments = json_array();
    (void)state;
    for (int i = 0; i < PAYMENTS; i++)
        (void)json_array_append_new(payments, json_object());
    (void)json_object_set_new(json_array_get(list, 0), "transactions", payments);
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    world.memory_max = 64 << 10;
    assert_int_equal(run("import", "shopify", "orders", run_file(text), "--store", "uk", NULL),
                     CLI_DATA);
    run_has(run_err, " about 1 of 1 orders; nothing was printed");
    run_has(run_err, "memory");
    free(text);
}

/* Each order has its own complaints: what was said of one is said of the next, too. */
static void test_each_order_is_told(void **state)
{
    char path[64] = "/tmp/pf-bad-XXXXXX";
    const int bad = mkstemp(path);
    (void)state;
    assert_true(bad >= 0);
    json_error_t error;
    json_t *json = json_loads(fixtures(one, 1), 0, &error), *list = json_object_get(json, "orders"),
           *first = json_array_get(list, 0), *refunds = json_array(), *items = json_array();
    for (int i = 0; i < 4000; i++)
        (void)json_array_append_new(items, json_pack("{s:i, s:i, s:s, s:s}", "line_item_id", 121,
                                                     "quantity", 0, "subtotal", "9999999999999.00",
                                                     "total_tax", "9999999999999.00"));
    for (int i = 0; i < 3; i++)
        (void)json_array_append_new(refunds, json_pack("{s:O}", "refund_line_items", items));
    json_decref(items);
    (void)json_object_set_new(first, "refunds", refunds);
    (void)json_array_append_new(list, json_deep_copy(first));
    (void)json_array_append_new(list, json_integer(5));
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    const char *file = run_file(text);
    assert_int_equal(run("import", "shopify", "orders", file, "--store", "uk", NULL), CLI_DATA);
    const char *once = strstr(run_err, "too large");
    if (once == NULL || strstr(once + 1, "too large") == NULL)
        fail_msg("said:\n%s", run_err);
    run_has(run_err, "$.orders[2]: is not an order");
    free(text);
    (void)close(bad);
    (void)unlink(path);
}

static void test_files_that_cannot_be_used(void **state)
{
    (void)state;
    assert_int_equal(run("import", "shopify", "orders", "/nowhere", "--store", "uk", NULL),
                     CLI_DATA);
    run_has(run_err, "/nowhere: No such file");
    assert_int_equal(run("import", "shopify", "orders", ".", "--store", "uk", NULL), CLI_DATA);
    assert_string_equal(run_err, "primaflow: error: .:1: cannot be read further: Is a directory\n");
    const char *file = run_file("[]");
    assert_int_equal(
        run("import", "shopify", "orders", file, "--store", "uk", "--skip-bad", file, NULL),
        CLI_USAGE);
    run_has(run_err, "is the file that is imported, and would be overwritten; name another one");
    assert_int_equal(
        run("import", "shopify", "orders", file, "--store", "uk", "--skip-bad", "/nowhere/x", NULL),
        CLI_UNAVAILABLE);
    run_has(run_err, "/nowhere/x: cannot be written: No such file or directory; nothing was read");
    file = run_file("{\"orders\": []}");
    assert_int_equal(run("import", "shopify", "orders", file, "--store", "uk", NULL), CLI_DONE);
    run_has(run_err, "holds no orders: nothing was printed");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_shops_orders_are_printed_or_sent),
        TEST(test_which_shop_it_is),
        TEST(test_one_that_does_not_fit_holds_back_all),
        TEST(test_what_to_do_about_what_could_not_be_read),
        TEST(test_more_orders_than_memory),
        TEST(test_more_payments_than_memory),
        TEST(test_each_order_is_told),
        TEST(test_files_that_cannot_be_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
