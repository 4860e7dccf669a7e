/* Every fixture of tests/fixtures/shopify: the event that it becomes, to the byte, and what the
 * orders worker makes of it: its own arithmetic balances to the minor unit, and so does Prima's,
 * from the request. The numbers in the table are worked out by hand. */
#include "test_order_support.h"
#include "test_shopify_support.h"

#include "codec/codec.h"
#include "order_resolve.h"
#include "order_sale.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

static struct codec *codec;
static struct order_rules *rules;

static const struct row {
    const char *name;
    const char *outcome, *code; /* "posted" "posted_on_hold" "ignored_test" "cancelled" */
    int64_t goods, tax, total, paid,
        open; /* minor units: kept lines after discounts; of the event; captured; outstanding */
} rows[] = {
    {"uk_vat_included", "posted", "", 5400, 958, 5750, 5750, 0},
    {"us_tax_exclusive", "posted", "", 10999, 1087, 13336, 13336, 0},
    {"edited", "posted", "", 6100, 1100, 6600, 6600, 0},
    {"edited_overpaid", "posted_on_hold", "payment_excess", 6100, 1100, 6600, 8900, 0},
    {"edited_odd_penny", "posted_on_hold", "payment_excess", 1000, 166, 1000, 1999, 0},
    {"edited_and_refunded", "posted", "", 6000, 999, 6000, 6000, 0},
    {"edited_delivery", "posted_on_hold", "payment_pending", 5000, 1180, 7080, 6600, 480},
    {"pos_cash_rounding", "posted", "", 1233, 231, 1235, 1235, 0},
    {"partially_refunded", "posted", "", 9000, 1558, 9350, 9350, 0},
    {"multi_currency", "posted", "", 4500, 846, 5300, 5300, 0},
    {"gift_card_used", "posted", "", 6000, 1000, 6000, 6000, 0},
    {"gift_card_sold", "posted", "", 5600, 158, 5950, 5950, 0},
    {"custom_line", "posted_on_hold", "unknown_sku", 3300, 550, 3300, 3300, 0},
    {"tip", "posted", "", 2400, 400, 2700, 2700, 0},
    {"duties", "posted", "", 12000, 894, 15944, 15944, 0},
    {"b2b_net_terms", "posted", "", 18500, 3900, 23400, 0, 23400},
    {"cancelled", "cancelled", "", 0, 0, 0, 0, 0},
    {"test_order", "ignored_test", "", 0, 0, 0, 0, 0},
    {"jpy", "posted_on_hold", "address_illegible", 7660, 720, 8320, 8320, 0},
    {"discounts", "posted", "", 7600, 1267, 7600, 7600, 0},
    {"bundle", "posted", "", 5000, 892, 5350, 5350, 0},
    {"beyond_latin1", "posted", "", 9900, 1650, 9900, 9900, 0},
    {"kwd", "posted", "", 24690, 0, 28190, 28190, 0},
    {"authorized", "posted", "", 3600, 600, 3600, 3600, 0},
    {"partially_paid", "posted_on_hold", "payment_pending", 8000, 1333, 8000, 2000, 6000},
};
enum { ROWS = sizeof rows / sizeof *rows };

static int setup(void **state)
{
    const struct codec_limits limits = {
        .bytes_max = 1 << 20, .elements_max = 10000, .depth_max = 32};
    char message[300] = "";
    (void)state;
    assert_int_equal(clearenv(), 0);
    rules = support_rules(NULL);
    return codec_open("schemas", NULL, limits, &codec, message) != 0 ||
           codec_check(codec, &order_event_record, message) != 0;
}

static int teardown(void **state)
{
    (void)state;
    codec_close(codec);
    support_rules_free(rules);
    return 0;
}

static json_t *event_of(const char *name)
{
    const struct shopify_order_options options = {.channel = "shopify",
                                                  .store = shopify_fixture_store(name)};
    json_t *order = shopify_fixture(name), *event = shopify_import(order, &options, NULL);
    json_decref(order);
    return event;
}

static void test_each_becomes_its_event(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        char path[200];
        json_error_t error;
        (void)snprintf(path, sizeof path, "tests/fixtures/shopify/%s.event.json", rows[i].name);
        json_t *wanted = json_load_file(path, JSON_REJECT_DUPLICATES, &error),
               *event = event_of(rows[i].name);
        if (wanted == NULL)
            fail_msg("%s:%d: %s", path, error.line, error.text);
        if (!json_equal(wanted, event)) {
            char *text = json_dumps(event, JSON_INDENT(1));
            print_message("%s\n", text);
            free(text);
            fail_msg("%s: another event than %s (above)", rows[i].name, path);
        }
        json_decref(wanted);
        json_decref(event);
    }
}

static void test_no_fixture_is_forgotten(void **state)
{
    (void)state;
    size_t found = 0;
    struct dirent *entry;
    DIR *folder = opendir("tests/fixtures/shopify");
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL)
        found +=
            strstr(entry->d_name, ".event.json") == NULL && strstr(entry->d_name, ".json") != NULL;
    (void)closedir(folder);
    assert_int_equal(found, ROWS);
}

static void test_the_same_again_is_the_same_to_the_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        json_t *once = event_of(rows[i].name), *twice = event_of(rows[i].name);
        char *a = json_dumps(once, JSON_COMPACT), *b = json_dumps(twice, JSON_COMPACT);
        assert_string_equal(a, b);
        free(a);
        free(b);
        json_decref(once);
        json_decref(twice);
    }
}

/* ---- the worker's arithmetic ---- */

static void decode(const json_t *json, struct arena *arena, struct order_event *event)
{
    struct codec_fault fault = {.message = ""};
    struct buf bytes;
    buf_init(&bytes, 1 << 20);
    if (codec_from_json(codec, "OrderEvent", json, &bytes, &fault) < 0 ||
        codec_decode(codec, &order_event_record, bytes.data, bytes.size, arena, event, &fault) < 0)
        fail_msg("%s", fault.message);
    buf_release(&bytes);
}

static const char *outcome_of(const struct flow_plan *plan)
{
    if (plan->verdict == FLOW_SETTLES)
        return plan->outcome == OUTCOME_IGNORED_TEST ? "ignored_test" : "cancelled";
    if (plan->verdict == FLOW_SENDS)
        return plan->outcome == OUTCOME_POSTED ? "posted" : "posted_on_hold";
    return plan->verdict == FLOW_WAITS ? "waits" : "dead_letter";
}

/* The proof in one of the order's moneys: balanced, and every total that the channel states is what
 * the parts come to. */
static void check_proof(const struct row *row, const struct order_event *event,
                        enum money_chosen money, struct arena *arena)
{
    struct channel_rules channel = *rules_channel(rules, event->channel, event->store);
    struct flags flags = {.count = 0};
    struct sale sale;
    const char *detail = "";
    channel.money = (int)money;
    if (sale_read(event, money, arena, &sale, &detail) < 0)
        fail_msg("%s: %s", row->name, detail);
    sale.date = 20261118;
    sale.tax_place.country =
        event->shipping_address != NULL ? event->shipping_address->country_code : channel.country;
    assert_int_equal(sale_check_tax(&sale, event, rules, &channel, NULL, arena, &flags), 0);
    sale_promise_tenders(&sale, event, rules, &channel);
    sale_check_totals(&sale, event, &channel, &flags);
    assert_false(sale.exact.overflow);
    const int64_t difference =
        row->total - row->paid - row->open; /* 0 but where the customer is owed money back */
    if ((difference == 0 && flags.count > 0) ||
        (money == MONEY_SHOP && sale.proof.difference != difference))
        fail_msg("%s: %s, difference %lld", row->name,
                 flags.count > 0 ? pf_error_info(flags.items[0].code)->name : "no flag",
                 (long long)sale.proof.difference);
    if (money == MONEY_PRESENTMENT)
        return;
    assert_int_equal(sale.proof.lines - sale.proof.discounts, row->goods);
    assert_int_equal(sale.proof.tax, row->tax);
    assert_int_equal(event->totals.total.shop_minor, row->total);
    assert_int_equal(sale.proof.tenders, row->paid);
    assert_int_equal(sale.proof.outstanding, row->open);
}

static void test_the_worker_finds_each_balanced(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];
        struct arena *arena = arena_new(SUPPORT_ARENA);
        struct order_event event;
        struct flow_key key;
        struct flow_plan plan;
        json_t *json = event_of(row->name);
        decode(json, arena, &event);
        support_decide(&event, rules, NULL, arena, &key, &plan);
        const char *code = plan.code_count == 0 ? "" : pf_error_info(plan.codes[0])->name;
        if (strcmp(outcome_of(&plan), row->outcome) != 0 || strcmp(code, row->code) != 0 ||
            plan.code_count > 1)
            fail_msg("%s: %s %s (%zu codes): %s", row->name, outcome_of(&plan), code,
                     plan.code_count, plan.detail != NULL ? plan.detail : "");
        if (plan.verdict == FLOW_SENDS) {
            xmlDoc *request = support_request(&plan);
            assert_int_equal(
                support_outstanding(request, currency_find(event.currency)->decimals, arena),
                row->total - row->paid);
            xmlFreeDoc(request);
            check_proof(row, &event, MONEY_SHOP, arena);
            if (event.presentment_currency != NULL)
                check_proof(row, &event, MONEY_PRESENTMENT, arena);
        }
        json_decref(json);
        arena_free(arena);
    }
}

/* ---- what is the same order ---- */

static void identity_of(const json_t *order, bool ignore_fulfilments,
                        uint8_t ret_identity[static CODEC_IDENTITY_SIZE])
{
    const struct shopify_order_options options = {
        .channel = "shopify", .store = "uk", .ignore_fulfilments = ignore_fulfilments};
    struct arena *arena = arena_new(SUPPORT_ARENA);
    struct order_event event;
    json_t *json = shopify_import(order, &options, NULL);
    decode(json, arena, &event);
    codec_identity(codec, &order_event_record, &event, ret_identity);
    json_decref(json);
    arena_free(arena);
}

/* An order that was posted, then sent and refunded and tagged, comes back as a duplicate; edited,
 * as another one. */
static void test_what_happens_later_does_not_make_it_another_order(void **state)
{
    (void)state;
    uint8_t before[CODEC_IDENTITY_SIZE], after[CODEC_IDENTITY_SIZE];
    json_t *order = shopify_fixture("partially_refunded");
    identity_of(order, true, after);
    shopify_alter(order, "refunds", "[]");
    shopify_alter(order, "fulfillments", "[]");
    shopify_alter(order, "fulfillment_status", "null");
    shopify_alter(order, "financial_status", "\"paid\"");
    shopify_alter(order, "updated_at", "\"2026-11-18T10:08:00Z\"");
    shopify_alter(order, "line_items[0].current_quantity", "2");
    shopify_alter(order, "current_total_price_set.shop_money.amount", "\"93.50\"");
    shopify_alter(order, "tags", "\"vip\"");
    identity_of(order, true, before);
    assert_memory_equal(before, after, sizeof before);
    shopify_alter(order, "line_items[0].current_quantity", "1");
    identity_of(order, true, after);
    assert_memory_not_equal(before, after, sizeof before);
    json_decref(order);

    order = shopify_fixture(
        "partially_refunded"); /* where it was sent from decides the depot: that is another order */
    identity_of(order, false, after);
    assert_memory_not_equal(before, after, sizeof before);
    json_decref(order);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_becomes_its_event),
        cmocka_unit_test(test_no_fixture_is_forgotten),
        cmocka_unit_test(test_the_same_again_is_the_same_to_the_byte),
        cmocka_unit_test(test_the_worker_finds_each_balanced),
        cmocka_unit_test(test_what_happens_later_does_not_make_it_another_order),
    };
    return cmocka_run_group_tests_name("shopify_orders", tests, setup, teardown);
}
