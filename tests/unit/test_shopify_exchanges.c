/* Goods sent in exchange: an order of their own, paid by what was set off and by money for the rest; the
 * first order goes without them, so that it is the same as before. */
#include "test_order_support.h"
#include "test_shopify_support.h"

#include "codec/codec.h"

#include "shopify_refund.h"

#include <string.h>

static const struct shopify_order_options options = {.channel = "shopify", .store = "uk"};

#define SALE(id, amount, at)                                                                       \
    "{\"id\": " id ", \"amount\": \"" amount "\", \"created_at\": \"" at                           \
    "\", \"processed_at\": \"" at                                                                  \
    "\", \"currency\": \"GBP\", \"gateway\": \"shopify_payments\", \"kind\": \"sale\", "           \
    "\"status\": \"success\"}"
#define FIRST_SALE SALE("801", "27.50", "2026-11-18T10:00:03+00:00")
#define SECOND_SALE SALE("802", "18.00", "2026-11-20T10:00:03+00:00")

#define REFUND(id, return_id, item, sent)                                                          \
    "{\"id\": " id ", \"order_id\": 5700000000001, \"created_at\": "                               \
    "\"2026-11-20T09:00:00+00:00\", \"processed_at\": \"2026-11-20T09:00:00+00:00\", "             \
    "\"return\": {\"id\": " return_id ", \"exchange_line_items\": [" sent                          \
    "]}, \"refund_line_items\": [" item "], \"transactions\": [], \"order_adjustments\": []}"
#define BACK                                                                                       \
    "{\"id\": 1, \"line_item_id\": 101, \"quantity\": 1, \"restock_type\": \"return\", "           \
    "\"subtotal\": \"12.00\", \"total_tax\": \"2.00\"}"
#define SENT_102                                                                                   \
    "{\"line_item_id\": 102, \"quantity\": 1, \"subtotal\": \"30.00\", \"total_tax\": \"5.00\"}"
#define EXCHANGED REFUND("704", "5501", BACK, SENT_102)

/* 2 x 12.00 and carriage 3.50, paid by card; one of them came back for a shirt of 30.00, and 18.00 were
 * paid. */
static json_t *exchanged(void)
{
    json_t *order = shopify_fixture("uk_vat_included");
    shopify_alter(order, "transactions", "[" FIRST_SALE ", " SECOND_SALE "]");
    shopify_alter(order, "refunds", "[" EXCHANGED "]");
    shopify_alter(order, "line_items[0].current_quantity", NULL); /* refunds[] tell it */
    shopify_alter(order, "updated_at", "\"2026-11-20T11:00:00+00:00\"");
    return order;
}

/* The same before that. */
static json_t *before(void)
{
    json_t *order = shopify_fixture("uk_vat_included");
    json_t *lines = json_object_get(order, "line_items");
    assert_int_equal(json_array_remove(lines, 1), 0);
    shopify_alter(order, "transactions", "[" FIRST_SALE "]");
    for (size_t i = 0; i < 2; i++) {
        shopify_alter(order, i == 0 ? "total_price_set" : "current_total_price_set", NULL);
        shopify_alter(order, i == 0 ? "subtotal_price_set" : "current_subtotal_price_set", NULL);
        shopify_alter(order, i == 0 ? "total_tax_set" : "current_total_tax_set", NULL);
    }
    shopify_alter(order, "total_price", "\"27.50\"");
    shopify_alter(order, "subtotal_price", "\"24.00\"");
    shopify_alter(order, "total_tax", "\"4.58\"");
    return order;
}

static void hear(void *user, const char *text)
{
    struct heard *heard = user;
    heard->count++;
    (void)snprintf(heard->text, sizeof heard->text, "%s", text);
}

/* All that an order comes to; NULL after complaints. */
static json_t *make(json_t *order, struct heard *heard)
{
    struct import_reader reader = {.complain = hear, .user = heard};
    const struct import_at at = {.json = order};
    json_t *made = shopify_order_make(&at, NULL, &options, &reader);
    assert_int_equal(made == NULL, heard->count > 0);
    json_decref(order);
    return made;
}

static json_t *make_well(json_t *order)
{
    struct heard heard = {.count = 0};
    json_t *made = make(order, &heard);
    if (made == NULL)
        fail_msg("%s", heard.text);
    return made;
}

static void assert_json(json_t *from, const char *path, const char *wanted_text)
{
    json_t *wanted = json_loads(wanted_text, JSON_DECODE_ANY, NULL),
           *got = shopify_find(from, path);
    assert_non_null(wanted);
    if (got == NULL || !json_equal(got, wanted)) {
        char *text = got == NULL ? strdup("nothing") : json_dumps(got, JSON_ENCODE_ANY);
        fail_msg("%s is %s, not %s", path, text, wanted_text);
    }
    json_decref(wanted);
}

static void assert_same(json_t *a, json_t *b, const char *name)
{
    if (!json_equal(json_object_get(a, name), json_object_get(b, name)))
        fail_msg("%s: %s\nand %s", name, json_dumps(json_object_get(a, name), JSON_ENCODE_ANY),
                 json_dumps(json_object_get(b, name), JSON_ENCODE_ANY));
}

/* A resend is a duplicate of what was posted before anything came back. */
static void test_the_first_order_is_as_it_was(void **state)
{
    static const char *const parts[] = {"order_id", "created_at", "kind",    "lines",
                                        "charges",  "totals",     "tenders", "shipping_lines"};
    (void)state;
    json_t *made = make_well(exchanged()), *first = make_well(before());
    assert_true(json_is_object(first));
    assert_int_equal(json_array_size(made), 2);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_same(json_array_get(made, 0), first, parts[i]);
    json_decref(made);
    json_decref(first);
}

static void test_an_order_of_its_own(void **state)
{
    (void)state;
    json_t *made = make_well(exchanged());
    assert_json(made, "[1].order_id", "\"5700000000001.5501\"");
    assert_json(made, "[1].event_id", "\"shopify-5700000000001.5501-1795172400000\"");
    assert_json(made, "[1].kind", "\"created\"");
    assert_json(made, "[1].created_at", "1795165200000"); /* of the exchange */
    assert_int_equal(json_array_size(shopify_find(made, "[1].lines")), 1);
    assert_json(made, "[1].lines[0].line_id", "\"102\"");
    assert_json(made, "[1].shipping_lines", "[]");
    assert_json(made, "[1].charges", "[]");
    assert_json(made, "[1].totals.total.shop_minor", "3000");
    assert_json(made, "[1].totals.tax.shop_minor", "500");
    assert_json(made, "[1].totals.outstanding.shop_minor", "0");
    assert_json(made, "[1].payment_status", "\"paid\"");
    assert_int_equal(json_array_size(shopify_find(made, "[1].tenders")), 2);
    assert_json(made, "[1].tenders[0].transaction_id", "\"802\"");
    assert_json(made, "[1].tenders[0].amount.shop_minor", "1800");
    assert_json(made, "[1].tenders[1].gateway", "\"exchange\"");
    assert_json(made, "[1].tenders[1].voucher_number", "\"704\""); /* its refund: the credit note */
    assert_json(made, "[1].tenders[1].amount.shop_minor", "1200");
    assert_json(made, "[1].tenders[1].status", "\"captured\"");
    json_decref(made);
}

/* What the credit note sets off is what pays for the order. */
static void test_as_its_refund_says(void **state)
{
    static const struct shopify_refund_options of_refunds = {.channel = "shopify", .store = "uk"};
    struct heard heard = {.count = 0};
    struct import_reader reader = {.complain = hear, .user = &heard};
    (void)state;
    json_t *order = exchanged();
    const struct import_at at = {.json = order}, list = import_field(&at, "refunds"),
                           one = import_item(&list, 0);
    json_t *refund = shopify_refund_event(&one, &at, &of_refunds, &reader),
           *made = make_well(json_incref(order));
    assert_non_null(refund);
    assert_true(json_equal(json_object_get(refund, "set_off"),
                           shopify_find(made, "[1].tenders[1].amount")));
    json_decref(refund);
    json_decref(made);
    json_decref(order);
}

/* ---- as the worker posts both ---- */

static void decide(struct codec *codec, const struct order_rules *rules, json_t *json,
                   struct arena *arena, struct flow_key *key, struct flow_plan *plan)
{
    struct codec_fault fault = {.message = ""};
    struct support_world world = {.missing_product = NULL};
    struct order_event *event = arena_alloc(arena, sizeof *event);
    struct buf bytes;
    buf_init(&bytes, 1 << 20);
    if (codec_from_json(codec, "OrderEvent", json, &bytes, &fault) < 0 ||
        codec_decode(codec, &order_event_record, bytes.data, bytes.size, arena, event, &fault) < 0)
        fail_msg("%s", fault.message);
    support_decide(event, rules, &world, arena, key, plan);
    buf_release(&bytes);
}

static void test_both_are_posted(void **state)
{
    const struct codec_limits limits = {
        .bytes_max = 1 << 20, .elements_max = 10000, .depth_max = 32};
    char message[300] = "";
    struct codec *codec = NULL;
    (void)state;
    assert_int_equal(codec_open("schemas", NULL, limits, &codec, message), 0);
    assert_int_equal(codec_check(codec, &order_event_record, message), 0);
    struct order_rules *rules = support_rules((const char *const[]){"orders.cutover_date=", NULL});
    struct arena *arena = arena_new(SUPPORT_ARENA);
    json_t *made = make_well(exchanged());
    struct flow_key first_key, key;
    struct flow_plan first, plan;
    decide(codec, rules, json_array_get(made, 0), arena, &first_key, &first);
    decide(codec, rules, json_array_get(made, 1), arena, &key, &plan);
    assert_int_equal(first.verdict, FLOW_SENDS);
    assert_int_equal(first.outcome, OUTCOME_POSTED);
    assert_int_equal(plan.verdict, FLOW_SENDS);
    assert_int_equal(plan.outcome, OUTCOME_POSTED);
    assert_int_equal(plan.code_count, 0);
    assert_string_equal(first_key.natural, "01/orders/shopify/uk/5700000000001");
    assert_string_equal(key.natural, "01/orders/shopify/uk/5700000000001.5501");
    assert_string_equal(key.document, "2015700000000001.5501");
    xmlDoc *request = support_request(&plan);
    xmlNode *card = support_node(request, "OrderPaymentData", 0),
            *exchange = support_node(request, "OrderPaymentData", 1);
    assert_string_equal(support_attribute(card, "TranAmount", arena), "18.00");
    assert_string_equal(support_attribute(card, "ExchCreditNo", arena), "");
    assert_string_equal(support_attribute(exchange, "TranAmount", arena), "12.00");
    assert_string_equal(support_attribute(exchange, "PayMethod", arena), "EXC");
    assert_string_equal(support_attribute(exchange, "ExchCreditNo", arena), "201R704");
    assert_int_equal(support_outstanding(request, 2, arena), 0);
    xmlFreeDoc(request);
    json_decref(made);
    arena_free(arena);
    support_rules_free(rules);
    codec_close(codec);
}

/* ---- who paid ---- */

static void no_transactions(json_t *order)
{
    shopify_alter(order, "transactions", NULL);
}
static void one_payment(json_t *order)
{
    shopify_alter(order, "transactions[0].amount", "\"45.50\"");
    shopify_alter(order, "transactions[1].status", "\"failure\"");
}
static void unpaid(json_t *order)
{
    shopify_alter(order, "transactions[1].status", "\"failure\"");
}
static void less_was_sent(json_t *order)
{
    shopify_alter(order, "line_items[1].price", "\"9.00\"");
    shopify_alter(order, "line_items[1].price_set", NULL);
    shopify_alter(order, "line_items[1].tax_lines", "[]");
    shopify_alter(order, "refunds[0].return.exchange_line_items[0].subtotal", "\"9.00\"");
    shopify_alter(order, "refunds[0].return.exchange_line_items[0].total_tax", "\"0.00\"");
    shopify_alter(order, "total_price_set", NULL);
    shopify_alter(order, "total_price", "\"36.50\"");
    shopify_alter(order, "transactions[1].status", "\"failure\"");
}

static void test_who_paid(void **state)
{
    static const struct {
        const char *name;
        void (*alter)(json_t *);
        int64_t first, money, set_off, outstanding;
    } rows[] = {
        {"no transactions are told", no_transactions, 2750, 1800, 1200, 0},
        {"all in one payment", one_payment, 2750, 1800, 1200, 0},
        {"the rest is not paid: of the first order nothing is taken", unpaid, 2750, 0, 1200, 1800},
        {"less was sent than came back", less_was_sent, 2750, 0, 900, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        json_t *order = exchanged();
        rows[i].alter(order);
        json_t *made = make_well(order), *tenders = shopify_find(made, "[1].tenders");
        int64_t of[2] = {0, 0};
        const json_t *tender;
        size_t k;
        json_array_foreach(tenders, k, tender)
        {
            const char *gateway = json_string_value(json_object_get(tender, "gateway"));
            of[strcmp(gateway, "exchange") == 0] += json_integer_value(
                json_object_get(json_object_get(tender, "amount"), "shop_minor"));
        }
        assert_int_equal(of[0], rows[i].money);
        assert_int_equal(of[1], rows[i].set_off);
        assert_int_equal(json_integer_value(shopify_find(made, "[0].tenders[0].amount.shop_minor")),
                         rows[i].first);
        assert_int_equal(
            json_integer_value(shopify_find(made, "[1].totals.outstanding.shop_minor")),
            rows[i].outstanding);
        json_decref(made);
    }
}

static void test_prices_without_tax(void **state)
{
    (void)state;
    json_t *order = exchanged();
    shopify_alter(order, "taxes_included", "false");
    shopify_alter(order, "total_price_set", NULL);
    shopify_alter(order, "total_price", "\"67.08\"");
    json_t *made = make_well(order);
    assert_json(made, "[0].totals.total.shop_minor", "3208"); /* 27.50 and 4.58 */
    assert_json(made, "[1].totals.total.shop_minor", "3500");
    json_decref(made);
}

/* ---- what else may be told ---- */

static void test_two_exchanges(void **state)
{
    (void)state;
    json_t *order = exchanged();
    shopify_alter(order, "refunds[1]",
                  REFUND("705", "5502", BACK,
                         "{\"line_item_id\": 103, \"quantity\": 1, \"subtotal\": \"12.00\", "
                         "\"total_tax\": \"0.00\", \"line_item\": {\"id\": 103, \"quantity\": 1, "
                         "\"price\": \"12.00\", \"sku\": \"S103\", \"title\": \"Cap\", "
                         "\"tax_lines\": [], \"discount_allocations\": []}}"));
    json_t *made = make_well(order);
    assert_int_equal(json_array_size(made), 3);
    assert_json(made, "[0].totals.total.shop_minor", "2750"); /* the cap is in none of its totals */
    assert_json(made, "[1].order_id", "\"5700000000001.5501\"");
    assert_json(made, "[1].tenders[0].amount.shop_minor", "1800");
    assert_json(made, "[2].order_id", "\"5700000000001.5502\"");
    assert_json(made, "[2].lines[0].sku", "\"S103\"");
    assert_json(made, "[2].totals.total.shop_minor", "1200");
    assert_int_equal(json_array_size(shopify_find(made, "[2].tenders")), 1);
    assert_json(made, "[2].tenders[0].voucher_number", "\"705\"");
    json_decref(made);
}

static void test_what_cannot_be_told(void **state)
{
    static const struct {
        const char *name, *path, *json, *says;
    } rows[] = {
        {"what it is, nobody says", "refunds[0].return.exchange_line_items[0].line_item_id", "999",
         "is no line of the order"},
        {"which return it was", "refunds[0].return.id", NULL, "id"},
        {"the return in two refunds", "refunds[1]", REFUND("705", "5501", BACK, SENT_102),
         "stands in more than one refund"},
        {"the line by two returns", "refunds[1]", REFUND("705", "5502", BACK, SENT_102),
         "was sent by more than one return"},
        {"what it came to", "refunds[0].return.exchange_line_items[0].subtotal", "\"much\"",
         "subtotal"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct heard heard = {.count = 0};
        print_message("  %s\n", rows[i].name);
        json_t *order = exchanged();
        shopify_alter(order, rows[i].path, rows[i].json);
        assert_null(make(order, &heard));
        assert_int_equal(heard.count, 1);
        if (strstr(heard.text, rows[i].says) == NULL)
            fail_msg("%s", heard.text);
    }
}

/* ---- what was sent comes back ---- */

#define BACK_102                                                                                   \
    "{\"id\": 2, \"line_item_id\": 102, \"quantity\": 1, \"restock_type\": \"return\", "           \
    "\"subtotal\": \"30.00\", \"total_tax\": \"5.00\"}"
#define LATER(items)                                                                               \
    "{\"id\": 706, \"created_at\": \"2026-11-25T09:00:00+00:00\", \"refund_line_items\": [" items  \
    "], \"transactions\": [], \"order_adjustments\": []}"

static void test_what_was_sent_comes_back(void **state)
{
    static const struct shopify_refund_options of_refunds = {.channel = "shopify", .store = "uk"};
    static const struct {
        const char *name, *refund, *order_id; /* NULL: complained of */
    } rows[] = {
        {"of the first order", LATER(BACK), "5700000000001"},
        {"of the exchange's", LATER(BACK_102), "5700000000001.5501"},
        {"of both", LATER(BACK ", " BACK_102), NULL},
        {"money alone, of the first", LATER(""), "5700000000001"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct heard heard = {.count = 0};
        struct import_reader reader = {.complain = hear, .user = &heard};
        print_message("  %s\n", rows[i].name);
        json_t *order = exchanged();
        shopify_alter(order, "refunds[1]", rows[i].refund);
        const struct import_at at = {.json = order}, list = import_field(&at, "refunds"),
                               one = import_item(&list, 1);
        json_t *event = shopify_refund_event(&one, &at, &of_refunds, &reader);
        if (rows[i].order_id == NULL)
            assert_non_null(strstr(heard.text, "sent in exchange"));
        else
            assert_string_equal(json_string_value(json_object_get(event, "order_id")),
                                rows[i].order_id);
        assert_int_equal(event == NULL, rows[i].order_id == NULL);
        json_decref(event);
        json_decref(order);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_order_is_as_it_was),
        cmocka_unit_test(test_an_order_of_its_own),
        cmocka_unit_test(test_as_its_refund_says),
        cmocka_unit_test(test_both_are_posted),
        cmocka_unit_test(test_who_paid),
        cmocka_unit_test(test_prices_without_tax),
        cmocka_unit_test(test_two_exchanges),
        cmocka_unit_test(test_what_cannot_be_told),
        cmocka_unit_test(test_what_was_sent_comes_back),
    };
    return cmocka_run_group_tests_name("shopify_exchanges", tests, NULL, NULL);
}
