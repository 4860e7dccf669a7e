/* What is said in the end: results and ledger entries, written from the stored summary and read
 * back as their readers do. */
#include "test_order_support.h"

#include <errno.h>

#include "codec/codec.h"
#include "domain/events/ledger_entry.h"
#include "domain/events/order_result.h"
#include "order_summary.h"
#include "order_write.h"

struct desk {
    struct codec *codec;
    struct order_rules *rules;
    struct arena *arena;
    struct order_event *event;
    struct flow_key key;
    struct flow_plan plan;
    struct flow_settlement settlement;
    uint8_t identity[CODEC_IDENTITY_SIZE], goods[CODEC_PART_SIZE], money[FLOW_MONEY_SIZE];
};

static struct desk desk_open(const char *override, void (*alter)(struct order_event *event))
{
    const struct codec_limits limits = {
        .bytes_max = 1 << 20, .elements_max = 10000, .depth_max = 32};
    char message[300] = "";
    struct desk d = {.arena = arena_new(SUPPORT_ARENA),
                     .rules = support_rules((const char *const[]){override, NULL}),
                     .identity = {1, 0xab},
                     .goods = {1, 0xcd},
                     .money = {1, 0xef}};
    assert_int_equal(codec_open("schemas", NULL, limits, &d.codec, message), 0);
    assert_int_equal(codec_check(d.codec, &order_result_record, message), 0);
    assert_int_equal(codec_check(d.codec, &ledger_entry_record, message), 0);
    d.event = support_order(d.arena);
    if (alter != NULL)
        alter(d.event);
    struct support_world world = {.missing_product = "GONE"};
    support_decide(d.event, d.rules, &world, d.arena, &d.key, &d.plan);
    assert_int_equal(d.plan.verdict, FLOW_SENDS);
    return d;
}

static const struct flow_settlement *settle(struct desk *d, enum outcome outcome)
{
    d->settlement = (struct flow_settlement){
        .outcome = outcome,
        .key = &d->key,
        .identity = d->identity,
        .goods = d->goods,
        .money = d->money,
        .summary = d->plan.summary,
        .summary_size = d->plan.summary_size,
        .delivery = "orders.raw/3/1234567890123",
        .source_topic = "orders.raw.retry.10s",
        .source_partition = 1,
        .source_offset = 42,
        .received_ms = 1795000001000,
        .posted_ms = 1795000002000,
        .published_ms = 1795000003000,
        .attempts = 2,
    };
    return &d->settlement;
}

static void desk_close(struct desk *d)
{
    codec_close(d->codec);
    support_rules_free(d->rules);
    arena_free(d->arena);
}

static void decode(struct desk *d, const struct bound_record *record, struct buf *bytes,
                   void *ret_struct)
{
    struct codec_fault fault = {.message = ""};
    if (codec_decode(d->codec, record, bytes->data, bytes->size, d->arena, ret_struct, &fault) < 0)
        fail_msg("%s", fault.message);
    buf_release(bytes);
}

static struct order_result result_of(struct desk *d, const struct flow_settlement *settlement)
{
    struct order_result result;
    struct buf bytes;
    buf_init(&bytes, 1 << 20);
    errno = ERANGE; /* of something before */
    assert_int_equal(order_write_result(d->codec, settlement, d->event, d->arena, &bytes), 0);
    assert_null(strstr(bytes.data + 10, "example.com"));
    decode(d, &order_result_record, &bytes, &result);
    return result;
}

static void test_posted(void **state)
{
    (void)state;
    struct desk d = desk_open("orders.cutover_date=", NULL);
    const struct order_result r = result_of(&d, settle(&d, OUTCOME_POSTED));
    assert_int_equal(r.outcome, OUTCOME_POSTED);
    assert_string_equal(r.code, "ok");
    assert_int_equal(r.codes.count, 0);
    assert_null(r.owner);
    assert_string_equal(r.key, "01/orders/shopify/uk/1001");
    assert_string_equal(r.company, "01");
    assert_string_equal(r.channel, "shopify");
    assert_string_equal(r.store, "uk");
    assert_string_equal(r.order_id, "1001");
    assert_string_equal(r.order_number, "2011001");
    assert_string_equal(r.document, "2011001");
    assert_string_equal(r.account, "C000123");
    assert_memory_equal(r.identity, "01ab00", 6);
    assert_string_equal(r.delivery.topic, "orders.raw");
    assert_int_equal(r.delivery.partition, 3);
    assert_int_equal(r.delivery.offset, 1234567890123);
    assert_string_equal(r.source.topic, "orders.raw.retry.10s");
    assert_int_equal(r.source.offset, 42);
    assert_null(r.publisher);
    assert_true(r.has_posted_at);
    assert_int_equal(r.posted_at, 1795000002000);
    assert_int_equal(r.attempts, 2);
    assert_int_equal(r.source_version, 7);
    assert_string_equal(r.proof->currency, "GBP");
    assert_int_equal(r.proof->lines_minor, 5400);
    assert_int_equal(r.proof->discounts_minor, 500);
    assert_int_equal(r.proof->charges_minor, 350);
    assert_int_equal(r.proof->tax_minor, 875);
    assert_true(r.proof->tax_included);
    assert_int_equal(r.proof->tenders_minor, 5250);
    assert_int_equal(r.proof->outstanding_minor, 0);
    assert_int_equal(r.proof->difference_minor, 0);
    assert_int_equal(r.proof->tolerance_minor, 3);
    assert_null(r.narrative);
    assert_null(r.overlay);
    struct flow_settlement edited = *settle(&d, OUTCOME_POSTED);
    (void)snprintf(edited.overlay, sizeof edited.overlay, "%s", "00c1ff0203040506");
    assert_string_equal(result_of(&d, &edited).overlay, "00c1ff0203040506");
    assert_string_equal(r.source_name, d.event->source_name);
    assert_true(r.has_delivery_address);
    d.event->shipping_address = NULL; /* handed over */
    d.event->source_name = NULL;
    const struct order_result handed = result_of(&d, settle(&d, OUTCOME_POSTED));
    assert_null(handed.source_name);
    assert_false(handed.has_delivery_address);
    desk_close(&d);
}

/* A shadow posted nothing: no document, whatever the outcome; what would have been posted is a
 * record of its own. */
static void test_shadow(void **state)
{
    (void)state;
    struct desk d = desk_open("orders.cutover_date=", NULL);
    const struct flow_shadow shadow = {.in_prima = true,
                                       .creates_customer = true,
                                       .amounts.hold = true,
                                       .request_digest = "ab12",
                                       .amounts.currency = "GBP",
                                       .amounts.date = "2026-11-20",
                                       .amounts.line_count = 3,
                                       .amounts.net_minor = 4375,
                                       .amounts.tax_minor = 875,
                                       .amounts.gross_minor = 5250};
    struct flow_settlement s = *settle(&d, OUTCOME_POSTED);
    s.is_shadow = true;
    s.posted_ms = 0;
    s.shadow = &shadow;
    const struct order_result r = result_of(&d, &s);
    assert_int_equal(r.outcome, OUTCOME_POSTED);
    assert_null(r.document);
    assert_false(r.has_posted_at);
    assert_int_equal(r.proof->tenders_minor, 5250);
    assert_true(r.shadow->in_prima && r.shadow->creates_customer && r.shadow->hold);
    assert_string_equal(r.shadow->request_digest, "ab12");
    assert_string_equal(r.shadow->currency, "GBP");
    assert_string_equal(r.shadow->order_date, "2026-11-20");
    assert_int_equal(r.shadow->lines, 3);
    assert_int_equal(r.shadow->net_minor, 4375);
    assert_int_equal(r.shadow->tax_minor, 875);
    assert_int_equal(r.shadow->gross_minor, 5250);
    s.outcome = OUTCOME_DUPLICATE;
    assert_null(result_of(&d, &s).document);
    assert_null(result_of(&d, settle(&d, OUTCOME_POSTED)).shadow);
    desk_close(&d);
}

static void lose_a_penny(struct order_event *event)
{
    event->tenders.items[0].amount.shop_minor--;
    event->lines.items[1].sku = "GONE";
}

static void test_on_hold(void **state)
{
    (void)state;
    struct desk d = desk_open("orders.cutover_date=", lose_a_penny);
    struct flow_settlement s = *settle(&d, OUTCOME_POSTED_ON_HOLD);
    s.code = PF_E_total_mismatch; /* the plan's first, which is not said twice */
    const struct order_result r = result_of(&d, &s);
    assert_string_equal(r.code, "total_mismatch");
    assert_int_equal(r.codes.count, 2);
    assert_string_equal(r.codes.items[1], "unknown_sku");
    assert_string_equal(r.owner, "finance");
    assert_int_equal(r.proof->difference_minor, 1);
    assert_string_equal(r.narrative, "lines 54.00 - discounts 5.00 + charges 3.50, but tenders "
                                     "52.49 + outstanding 0.00: difference 0.01; product unknown, "
                                     "posted as miscellaneous item (line 2)");
    desk_close(&d);
}

static void test_other_outcomes(void **state)
{
    (void)state;
    struct desk d = desk_open("orders.cutover_date=", lose_a_penny);
    struct flow_settlement s = *settle(&d, OUTCOME_DUPLICATE);
    s.publisher = "orders.raw/0/7";
    struct order_result r = result_of(&d, &s);
    assert_int_equal(r.outcome, OUTCOME_DUPLICATE);
    assert_string_equal(r.code, "ok"); /* whose flags were raised when it was posted */
    assert_null(r.owner);
    assert_string_equal(r.document, "2011001");
    assert_string_equal(r.publisher->topic, "orders.raw");
    assert_int_equal(r.publisher->offset, 7);
    assert_int_equal(r.proof->lines_minor, 5400);

    s = *settle(&d, OUTCOME_IGNORED_TEST);
    s.summary = NULL;
    s.summary_size = 0;
    s.posted_ms = 0;
    s.detail = "a test";
    s.code = PF_E_discarded;
    r = result_of(&d, &s);
    assert_int_equal(r.outcome, OUTCOME_IGNORED_TEST);
    assert_string_equal(r.code, "discarded"); /* a code of its own, without summary */
    assert_int_equal(r.codes.count, 1);
    assert_string_equal(r.owner, "finance");
    assert_null(r.document);
    assert_null(r.proof);
    assert_false(r.has_posted_at);
    assert_string_equal(r.narrative, "a test");
    desk_close(&d);
}

static void test_unreadable(void **state)
{
    (void)state;
    static const struct {
        const char *name, *summary, *delivery, *natural;
        int result;
    } rows[] = {
        {"a summary of another version", "\x02rest", "t/0/1", "01/orders/a/b/1", -EBADMSG},
        {"no summary at all", "", "t/0/1", "01/orders/a/b/1", -EBADMSG},
        {"a delivery without partition", NULL, "t", "01/orders/a/b/1", -EINVAL},
        {"a delivery without offset", NULL, "t/0/", "01/orders/a/b/1", -EINVAL},
        {"a delivery of nothing", NULL, "/0/1", "01/orders/a/b/1", -EINVAL},
        {"a delivery of no partition", NULL, "t//1", "01/orders/a/b/1", -EINVAL},
        {"a partition that is none", NULL, "t/x/1", "01/orders/a/b/1", -EINVAL},
        {"half a partition", NULL, "t/1x/1", "01/orders/a/b/1", -EINVAL},
        {"a negative partition", NULL, "t/-1/1", "01/orders/a/b/1", -EINVAL},
        {"one beyond all", NULL, "t/2147483648/1", "01/orders/a/b/1", -EINVAL},
        {"half an offset", NULL, "t/0/1x", "01/orders/a/b/1", -EINVAL},
        {"an offset beyond all", NULL, "t/0/9223372036854775808", "01/orders/a/b/1", -EINVAL},
        {"a negative offset", NULL, "t/0/-1", "01/orders/a/b/1", -EINVAL},
        {"a key of something else", NULL, "t/0/1", "01/refunds/a/b/1", -EINVAL},
    };
    struct desk d = desk_open("orders.cutover_date=", NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct flow_settlement s = *settle(&d, OUTCOME_POSTED);
        struct flow_key key = d.key;
        key.natural = rows[i].natural;
        s.key = &key;
        s.delivery = rows[i].delivery;
        if (rows[i].summary != NULL) {
            s.summary = rows[i].summary;
            s.summary_size = strlen(rows[i].summary);
        }
        struct buf bytes;
        buf_init(&bytes, 1 << 20);
        assert_int_equal(order_write_result(d.codec, &s, d.event, d.arena, &bytes), rows[i].result);
        assert_int_equal(bytes.size, 0);
        buf_release(&bytes);
    }
    desk_close(&d);
}

static void test_the_largest_delivery(void **state)
{
    (void)state;
    struct desk d = desk_open("orders.cutover_date=", NULL);
    struct flow_settlement s = *settle(&d, OUTCOME_POSTED);
    s.delivery = "t/2147483647/9223372036854775807";
    s.publisher = s.exception = "";
    const struct order_result r = result_of(&d, &s);
    assert_int_equal(r.delivery.partition, INT32_MAX);
    assert_true(r.delivery.offset == INT64_MAX);
    assert_null(r.publisher);
    assert_null(r.exception);
    assert_null(r.resolves);
    desk_close(&d);
}

/* Whoever wrote the record may have written anything there. */
static void test_the_origin(void **state)
{
    static const struct {
        const char *text;
        int64_t offset; /* -1: left out */
    } rows[] = {{"orders.raw/1/17", 17}, {"", -1}, {NULL, -1}, {"yesterday", -1}, {"t/1", -1}};
    (void)state;
    struct desk d = desk_open("orders.cutover_date=", NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct flow_settlement s = *settle(&d, OUTCOME_POSTED);
        s.origin = rows[i].text;
        const struct order_result r = result_of(&d, &s);
        if ((r.origin == NULL) != (rows[i].offset < 0))
            fail_msg("%s", rows[i].text != NULL ? rows[i].text : "(null)");
        if (r.origin != NULL)
            assert_int_equal(r.origin->offset, rows[i].offset);
    }
    desk_close(&d);
}

static struct ledger_entry ledger_of(struct desk *d, const struct order_rules *rules)
{
    struct ledger_entry entry;
    struct buf bytes;
    buf_init(&bytes, 1 << 20);
    assert_int_equal(
        order_write_ledger(d->codec, settle(d, OUTCOME_POSTED), d->event, rules, d->arena, &bytes),
        0);
    assert_null(strstr(bytes.data + 10, "example.com"));
    decode(d, &ledger_entry_record, &bytes, &entry);
    return entry;
}

static void test_ledger(void **state)
{
    (void)state;
    struct desk d = desk_open("orders.cutover_date=", lose_a_penny);
    const struct ledger_entry e = ledger_of(&d, d.rules);
    assert_string_equal(e.key, "01/orders/shopify/uk/1001");
    assert_string_equal(e.document, "2011001");
    assert_string_equal(e.account, "C000123");
    assert_string_equal(e.currency, "GBP");
    assert_int_equal(e.money, MONEY_SHOP);
    assert_string_equal(e.order_date, "2026-11-18");
    assert_int_equal(e.total_minor, 5250);
    assert_int_equal(e.tax_minor, 875);
    assert_int_equal(strlen(e.goods), 2 * CODEC_PART_SIZE);
    assert_int_equal(strlen(e.payment), 2 * FLOW_MONEY_SIZE);
    assert_true(e.source_version == 7 && e.event_time == 1795000000000);
    assert_int_equal(e.lines.count, 2);
    assert_int_equal(e.lines.items[0].discount_minor, 0);
    assert_int_equal(e.lines.items[1].discount_minor, 500);
    assert_int_equal(e.lines.items[0].number, 1);
    assert_string_equal(e.lines.items[0].product, "SKU00001");
    assert_string_equal(e.lines.items[0].depot, "01");
    assert_int_equal(e.lines.items[0].quantity, 2);
    assert_int_equal(e.lines.items[0].amount_minor, 2400);
    assert_int_equal(e.lines.items[0].taxes.count, 1);
    assert_int_equal(e.lines.items[0].taxes.items[0].tax_minor, 400);
    assert_int_equal(e.lines.items[0].taxes.items[0].rate_ppm, 200000);
    assert_string_equal(e.lines.items[1].product,
                        "MISC"); /* as it was posted, though no fact is asked any more */
    assert_int_equal(e.lines.items[1].amount_minor, 2500);
    assert_int_equal(e.charges.count, 1);
    assert_string_equal(e.charges.items[0].code, "CARR");
    assert_string_equal(e.charges.items[0].kind, "shipping");
    assert_int_equal(e.charges.items[0].amount_minor, 350);
    assert_int_equal(e.charges.items[0].taxes.items[0].tax_minor, 58);
    assert_int_equal(e.tenders.count, 1);
    assert_string_equal(e.tenders.items[0].method, "CSH");
    assert_int_equal(e.tenders.items[0].amount_minor, 5249);
    desk_close(&d);
}

/* Three shoes at 11.99 less 5.00: without VAT a total that three units do not divide. */
static void three_shoes(struct order_event *event)
{
    struct order_line *line = &event->lines.items[0];
    line->quantity = 3;
    line->unit_price.shop_minor = 1199;
    line->discounts = event->lines.items[1].discounts;
    line->tax_lines.items[0].amount.shop_minor = 516; /* of 30.97 */
    event->totals.tax.shop_minor = 991;
    event->totals.total.shop_minor = event->tenders.items[0].amount.shop_minor = 5947;
}

static void test_ledger_numbers_follow_split_lines(void **state)
{
    (void)state;
    struct desk d = desk_open("prima.price_vat=net", three_shoes);
    xmlDoc *request = support_request(&d.plan);
    const struct ledger_entry e = ledger_of(&d, d.rules);
    assert_non_null(support_node(request, "OrderLineData", 1));
    for (size_t i = 0; i < e.lines.count;
         i++) { /* the line that has this number refers to this line */
        xmlNode *line = support_node(request, "OrderLineData", (size_t)e.lines.items[i].number - 1);
        assert_string_equal(support_attribute(line, "LineReference", d.arena),
                            e.lines.items[i].line_id);
        assert_int_equal(strtol(support_attribute(line, "OrderLine", d.arena), NULL, 10),
                         e.lines.items[i].number);
    }
    assert_true((size_t)e.lines.items[1].number == 3); /* the first line went out as two */
    assert_int_equal(support_outstanding(request, 2, d.arena), 0);
    xmlFreeDoc(request);
    desk_close(&d);
}

/* The invoice's tax is a penny more than its lines': the ledger has it where the request has it. */
static void invoice_rounds(struct order_event *event)
{
    static const int64_t taxes[] = {
        448, 467, 66}; /* 24.00, 25.00 and 3.50 contain 4.488, 4.675 and 0.654 at 23 % */
    event->store = "eu";
    ((struct order_address *)event->shipping_address)->country_code = "IE";
    event->shipping_lines.items[0].tax_lines.items[0] =
        (struct tax_line){.title = "VAT", .rate_ppm = 230000, .amount = {.shop_minor = taxes[2]}};
    for (size_t i = 0; i < 2; i++)
        event->lines.items[i].tax_lines.items[0] = (struct tax_line){
            .title = "VAT", .rate_ppm = 230000, .amount = {.shop_minor = taxes[i]}};
    event->totals.tax.shop_minor = 982; /* of 52.50: 9.817 */
}

static void test_ledger_has_the_tax_that_was_posted(void **state)
{
    (void)state;
    struct desk d = desk_open("orders.cutover_date=", invoice_rounds);
    assert_int_equal(d.plan.outcome, OUTCOME_POSTED);
    xmlDoc *request = support_request(&d.plan);
    const struct ledger_entry e = ledger_of(&d, d.rules);
    int64_t sum = e.charges.items[0].taxes.items[0].tax_minor;
    for (size_t i = 0; i < e.lines.count; i++) {
        char text[32];
        const int64_t tax = e.lines.items[i].taxes.items[0].tax_minor;
        (void)snprintf(text, sizeof text, "%lld.%02lld", (long long)(tax / 100),
                       (long long)(tax % 100));
        assert_string_equal(
            support_attribute(support_node(request, "OrderLineData", i), "ExtTaxVal", d.arena),
            text);
        sum += tax;
    }
    assert_int_equal(sum, 982);
    assert_int_equal(e.tax_minor, 982);
    xmlFreeDoc(request);
    desk_close(&d);
}

/* After a crash the summary speaks, whatever the mappings say by then. */
static void test_results_outlive_the_mappings(void **state)
{
    (void)state;
    struct desk d = desk_open("orders.cutover_date=", lose_a_penny);
    char folder[200];
    (void)snprintf(folder, sizeof folder, "orders.mappings=%s",
                   support_mappings_copy("channels.yaml",
                                         "channels:\n  - {channel: a, store: b, company: \"01\", "
                                         "prefix: \"9\", accounts: {unresolved: X}}\n"));
    struct order_rules *later = support_rules((const char *const[]){folder, NULL});
    const struct order_result r = result_of(&d, settle(&d, OUTCOME_POSTED_ON_HOLD));
    assert_string_equal(r.code, "total_mismatch");
    assert_string_equal(r.account, "C000123");
    const struct ledger_entry e = ledger_of(&d, later);
    assert_int_equal(e.total_minor, 5250);
    assert_string_equal(e.lines.items[0].product,
                        "SKU00001"); /* the channel's own word, for want of a mapping */
    assert_string_equal(e.lines.items[1].product, "MISC");
    assert_null(e.lines.items[0].depot);
    support_rules_free(later);
    desk_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_posted),
        cmocka_unit_test(test_shadow),
        cmocka_unit_test(test_on_hold),
        cmocka_unit_test(test_other_outcomes),
        cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_the_largest_delivery),
        cmocka_unit_test(test_the_origin),
        cmocka_unit_test(test_ledger),
        cmocka_unit_test(test_ledger_numbers_follow_split_lines),
        cmocka_unit_test(test_ledger_has_the_tax_that_was_posted),
        cmocka_unit_test(test_results_outlive_the_mappings),
    };
    return cmocka_run_group_tests_name("order_result", tests, NULL, NULL);
}
