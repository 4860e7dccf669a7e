/* The shadow report gathered: what the shadow published, which companies and days Prima is asked of,
 * and what is said when it cannot be compared. */
#include "test_ops_world.h"

#include "core/shadow_report.h"

static struct shadow_report report;
static struct ops_error error;

static enum ops_kind make(struct ops *ops, const struct shadow_report_options *options)
{
    return shadow_report_make(ops, options, &report, &error);
}

static const struct shadow_report_options usual = {.list_max = 5, .page_size = 100};

/* A result of the shadow's, as of order `id` of a store. */
static void put_result(struct ops *ops, int outcome, const char *company, const char *store,
                       const char *number, const char *id, const char *date, int64_t at_ms)
{
    char key[100];
    const struct shadow_post post = {.request_digest = "",
                                     .currency = "GBP",
                                     .order_date = date,
                                     .lines = 1,
                                     .net_minor = 1000,
                                     .tax_minor = 200,
                                     .gross_minor = 1200};
    (void)snprintf(key, sizeof key, "%s/orders/shopify/%s/%s", company, store, id);
    const struct order_result r = {.outcome = outcome,
                                   .code = "",
                                   .key = key,
                                   .company = company,
                                   .channel = "shopify",
                                   .store = store,
                                   .order_id = id,
                                   .order_number = number,
                                   .identity = "",
                                   .goods = "",
                                   .money = "",
                                   .delivery = {.topic = "orders.raw"},
                                   .source = {.topic = "orders.raw"},
                                   .shadow = date != NULL ? &post : NULL};
    world_put_struct(
        ops, &(struct world_put){.topic = "shadow.orders.results", .key = "k", .at_ms = at_ms},
        &order_result_record, &r);
}

static void put_document(struct world_answer *answer, const struct prima_document *document)
{
    *answer = (struct world_answer){.fate = PRIMA_OK,
                                    .http_status = 200,
                                    .pages = 1,
                                    .documents = document,
                                    .document_count = 1};
    world.answer_count++;
}

#define DOCUMENT(number_, date_, gross_)                                                           \
    {                                                                                              \
        .type = "Order", .number = number_, .date = date_, .currency = "GBP", .net = "10.00",      \
        .tax = "2.00", .gross = gross_, .hold = "No", .line_count = 1                              \
    }

static void test_results_are_compared_company_by_company(void **state)
{
    static const struct prima_document first = DOCUMENT("2011", "2026-11-18", "12.00"),
                                       second = DOCUMENT("3012", "2026-11-20", "12.01");
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    put_result(ops, 0, "01", "uk", "2011", "1", "2026-11-18", 500);
    put_result(ops, 0, "01", "uk", "2013", "3", "2026-11-19", 900);
    put_result(ops, 1, "02", "jp", "3012", "2", "2026-11-20", 700);
    put_result(ops, 5, "03", "uk", "9", "9", NULL, 600); /* a test order: not of Prima's business */
    put_document(&world.answers[0], &first);
    put_document(&world.answers[1], &second);
    assert_int_equal(make(ops, &usual), OPS_DONE);
    assert_true(report.compared);
    assert_string_equal(report.not_compared.text, "");
    assert_int_equal(report.book.records, 4);
    assert_int_equal(report.book.order_count, 4);
    assert_int_equal(report.book.equal, 1);
    assert_int_equal(report.book.different, 1);
    assert_int_equal(book_lacking(&report.book), 1);
    assert_int_equal(report.first_ms, 500);
    assert_int_equal(report.last_ms, 900);
    assert_int_equal(report.list_max, 5);
    assert_int_equal(world.prima_count, 2);
    assert_string_equal(world.trace,
                        "read shadow.orders.results,... | only reads | OrderSearch of '01' | "
                        "only reads | OrderSearch of '02'");
    /* a day further on both sides */
    assert_non_null(strstr(world.prima_asked[0], "2026-11-17"));
    assert_non_null(strstr(world.prima_asked[0], "2026-11-21"));
    assert_non_null(strstr(world.prima_asked[0], "100"));
    assert_int_equal(world.range.from, KAFKA_FROM_BEGINNING);
    assert_int_equal(world.range.partition, -1);
    shadow_report_release(&report);
}

static void test_dead_letters_by_their_headers(void **state)
{
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    const struct world_put rows[] = {
        {.topic = "shadow.orders.raw.dlq",
         .headers = {{"primaflow.code", "unknown_sku"},
                     {"primaflow.idempotency-key", "01/orders/shopify/uk/77"}}},
        {.topic = "shadow.orders.raw.dlq",
         .value = "bytes",
         .size = 5,
         .headers = {{"primaflow.code", "unknown_sku"},
                     {"primaflow.idempotency-key", "01/orders/amazon/uk/77"}}}, /* not configured */
        {.topic = "shadow.orders.raw.dlq", .headers = {{"primaflow.code", "framing_unknown"}}},
        {.topic = "shadow.orders.raw.dlq",
         .headers = {{"primaflow.code", "no_such_code"}, {"primaflow.idempotency-key", "x"}}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        world_put(&rows[i]);
    assert_int_equal(make(ops, &usual), OPS_DONE);
    const struct book *b = &report.book;
    assert_int_equal(b->dead_letters, 4);
    assert_int_equal(b->dead_without_order, 3);
    assert_int_equal(b->dead_by_code[PF_E_unknown_sku], 2);
    assert_int_equal(b->dead_by_code[PF_E_framing_unknown], 1);
    assert_int_equal(b->dead_by_code[PF_OK], 1);
    assert_int_equal(b->order_count, 1);
    assert_string_equal(b->orders[0]->number, "20177");
    assert_string_equal(b->orders[0]->key, "01/orders/shopify/uk/77");
    assert_string_equal(b->orders[0]->company, "01");
    assert_false(report.compared);
    assert_string_equal(report.not_compared.text, "nothing would be posted");
    shadow_report_release(&report);
}

static void test_results_that_are_none(void **state)
{
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    world_put(&(struct world_put){
        .topic = "shadow.orders.results", .key = "k", .value = "x", .size = 1, .at_ms = 3});
    world_put(&(struct world_put){.topic = "shadow.orders.results", .key = "k", .at_ms = 2});
    assert_int_equal(make(ops, &usual), OPS_DONE);
    assert_int_equal(report.unreadable, 1);
    assert_int_equal(report.book.records, 0);
    assert_int_equal(report.first_ms, 2);
    assert_int_equal(report.last_ms, 3);
    shadow_report_release(&report);
}

static void test_since_when(void **state)
{
    struct shadow_report_options options = usual;
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    put_result(ops, 5, "01", "uk", "9", "9", NULL, 600);
    put_result(ops, 5, "01", "uk", "8", "8", NULL, 500);
    options.since_ms = 501;
    assert_int_equal(make(ops, &options), OPS_DONE);
    assert_int_equal(world.range.from, KAFKA_FROM_TIME);
    assert_int_equal(world.range.from_value, 501);
    assert_int_equal(report.book.records, 1);
    shadow_report_release(&report);
}

static void test_why_it_was_not_compared(void **state)
{
    struct shadow_report_options options = usual;
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    put_result(ops, 0, "01", "uk", "2011", "1", "2026-11-18", 500);
    options.no_prima = true;
    assert_int_equal(make(ops, &options), OPS_DONE);
    assert_false(report.compared);
    assert_string_equal(report.not_compared.text, "--no-prima");
    assert_int_equal(world.prima_count, 0);
    shadow_report_release(&report);

    world.answers[0] = (struct world_answer){.fate = PRIMA_DENIED, .http_status = 401};
    world.answer_count = 1;
    assert_int_equal(make(ops, &usual), OPS_DONE);
    assert_false(report.compared);
    assert_string_equal(report.not_compared.text,
                        "Prima query failed: denied; see primaflow doctor");
    shadow_report_release(&report);
}

static void test_topics_that_cannot_be_read(void **state)
{
    static const struct {
        int rc;
        const char *said, *text, *remedy;
        enum ops_kind kind;
    } rows[] = {
        {-ENOENT, "no such topic", "no such topic",
         "the shadow's topics are made by: primaflow topics create --shadow", OPS_DATA},
        {-EIO, "away", "away", "", OPS_UNAVAILABLE},
        {-ENOMEM, "", "more than 2000000 orders: too many for one report", "say --since", OPS_DATA},
        {-ENOMEM, "Kafka's own", "Kafka's own", "", OPS_UNAVAILABLE}};
    static const char *const nowhere[] = {"orders.mappings=/nowhere", NULL};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_reset();
        struct ops *ops = world_ops(NULL);
        world.read_rc = rows[i].rc;
        world.refusal = rows[i].said;
        assert_int_equal(make(ops, &usual), rows[i].kind);
        assert_string_equal(error.text, rows[i].text);
        assert_string_equal(error.remedy, rows[i].remedy);
        shadow_report_release(&report);
    }
    assert_int_equal(make(world_ops(nowhere), &usual), OPS_CONFIG);
    shadow_report_release(&report);
}

static int end(void **state)
{
    (void)state;
    world_release();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results_are_compared_company_by_company),
        cmocka_unit_test(test_dead_letters_by_their_headers),
        cmocka_unit_test(test_results_that_are_none),
        cmocka_unit_test(test_since_when),
        cmocka_unit_test(test_why_it_was_not_compared),
        cmocka_unit_test(test_topics_that_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
