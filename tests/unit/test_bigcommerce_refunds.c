/* What a refund of BigCommerce's becomes: a whole one against its event, then rule by rule: amounts
 * and taxes that are told of several items together, how money went back, what is refused. */
#include "test_refunds_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct codec *codec;

static int setup(void **state)
{
    (void)state;
    return refunds_codec(&codec);
}

static int teardown(void **state)
{
    (void)state;
    codec_close(codec);
    return 0;
}

static void test_a_whole_refund(void **state)
{
    json_t *refund = bigcommerce_fixture(), *event = bigcommerce_import(refund, NULL),
           *wanted = refunds_event_fixture("bigcommerce/refunds.event.json");
    struct arena *arena = arena_new(1 << 20);
    (void)state;
    if (!json_equal(event, wanted))
        fail_msg("%s", json_dumps(event, JSON_INDENT(1)));
    const struct refund_event decoded = refunds_decode(codec, event, arena);
    assert_int_equal(decoded.succeeded.shop_minor, decoded.total->shop_minor);
    arena_free(arena);
    json_decref(wanted);
    json_decref(event);
    json_decref(refund);
}

/* ---- rule by rule ---- */

#define PRODUCT(id, quantity, amount)                                                              \
    "{\"item_type\": \"PRODUCT\", \"item_id\": " id ", \"quantity\": " quantity                    \
    ", \"requested_amount\": " amount "}"
#define OTHER(type, amount)                                                                        \
    "{\"item_type\": \"" type "\", \"item_id\": 31, \"requested_amount\": " amount "}"
#define PRICES                                                                                     \
    ", \"products\": [{\"id\": 87, \"price_inc_tax\": \"12.0000\", \"price_ex_tax\": "             \
    "\"10.0000\"}, {\"id\": 88, \"price_inc_tax\": 7.5, \"price_ex_tax\": 7.5}, {\"id\": 89, "     \
    "\"price_inc_tax\": \"6.0000\", \"price_ex_tax\": \"5.0000\"}]"
#define REFUND(total, tax, items, more)                                                            \
    "{\"id\": 12, \"order_id\": 180, \"created\": \"2026-11-24T16:44:15+00:00\", "                 \
    "\"total_amount\": " total ", \"total_tax\": " tax ", \"items\": [" items "]" more "}"

static json_t *import_text_of(const char *text, const struct bigcommerce_refund_options *options,
                              struct heard *heard)
{
    json_error_t error;
    json_t *refund = json_loads(text, 0, &error);
    if (refund == NULL)
        fail_msg("%s: %s", text, error.text);
    json_t *event = refunds_import(bigcommerce_refund_event, refund, NULL, options, heard);
    json_decref(refund);
    return event;
}

struct rule {
    const char *name, *refund, *path, *wanted;
    bool ex_tax;
    int64_t rate_ppm;
};

static void check(const struct rule *rule)
{
    const struct bigcommerce_refund_options options = {
        .channel = "bigcommerce",
        .store = "uk",
        .currency = "GBP",
        .prices_ex_tax = rule->ex_tax,
        .tax_rate_ppm = rule->rate_ppm != 0 ? rule->rate_ppm : -1};
    struct heard heard = {.count = 0};
    json_t *event = import_text_of(rule->refund, &options, &heard);
    if (event == NULL) {
        if (strstr(heard.text, rule->wanted) == NULL)
            fail_msg("%s: %s", rule->name, heard.text);
        return;
    }
    const char *got = refunds_value(event, rule->path);
    if (strcmp(got, rule->wanted) != 0)
        fail_msg("%s: %s is %s, wanted %s", rule->name, rule->path, got, rule->wanted);
    struct arena *arena = arena_new(1 << 20);
    (void)refunds_decode(codec, event, arena);
    arena_free(arena);
    json_decref(event);
}

#define CHECK_ALL(rules)                                                                           \
    for (size_t i = 0; i < sizeof(rules) / sizeof *(rules); i++)                                   \
    check(&(rules)[i])

static void test_amounts(void **state)
{
    static const struct rule rules[] = {
        {"units alone have all of the total",
         REFUND("24.00", "4.00", PRODUCT("87", "2", "null"), ""), "lines[0].amount",
         "{\"shop_minor\":2400}", false, 0},
        {"what is told", REFUND("24.00", "4.00", PRODUCT("87", "2", "\"20.50\""), ""),
         "lines[0].amount", "{\"shop_minor\":2050}", false, 0},
        {"an amount without units", REFUND("5", "0", PRODUCT("87", "null", "5"), ""),
         "lines[0].quantity", "0", false, 0},
        {"what others leave",
         REFUND("27.50", "4.00", PRODUCT("87", "2", "null") "," OTHER("SHIPPING", "3.50"), ""),
         "lines[0].amount", "{\"shop_minor\":2400}", false, 0},
        {"by prices",
         REFUND("31.50", "4.00", PRODUCT("87", "2", "null") "," PRODUCT("88", "1", "null"), PRICES),
         "lines[1].amount", "{\"shop_minor\":750}", false, 0},
        {"by prices, when less is paid back: largest remainder",
         REFUND("10.01", "0", PRODUCT("87", "1", "null") "," PRODUCT("89", "1", "null"), PRICES),
         "lines[0].amount", "{\"shop_minor\":667}", false, 0},
        {"and its rest",
         REFUND("10.01", "0", PRODUCT("87", "1", "null") "," PRODUCT("89", "1", "null"), PRICES),
         "lines[1].amount", "{\"shop_minor\":334}", false, 0},
        {"the same line twice is added up",
         REFUND("24.00", "0", PRODUCT("87", "1", "12") "," PRODUCT("87", "1", "12.00"), ""),
         "lines",
         "[{\"line_id\":\"87\",\"quantity\":2,\"restock\":\"unknown\",\"amount\":{\"shop_minor\":"
         "2400},\"discount\":{\"shop_minor\":0},\"tax\":{\"shop_minor\":0}}]",
         false, 0},
        {"for the whole order", REFUND("5", "0", OTHER("ORDER", "3") "," OTHER("ORDER", "2"), ""),
         "order_amount", "{\"shop_minor\":500}", false, 0},
        {"what it comes to", REFUND("5.25", "0", OTHER("ORDER", "5.25"), ""), "total",
         "{\"shop_minor\":525}", false, 0},
        {"overruled",
         REFUND("20.00", "0", PRODUCT("87", "2", "24.00"),
                ", \"uses_merchant_override_values\": true"),
         "adjustments", "[{\"kind\":\"discrepancy\",\"amount\":{\"shop_minor\":-400}}]", false, 0},
        {"not overruled: the worker sees it", REFUND("20.00", "0", PRODUCT("87", "2", "24.00"), ""),
         "adjustments", "[]", false, 0},
        {"tax alone", REFUND("4.00", "4.00", OTHER("TAX", "4.00"), ""), "taxes",
         "[{\"rate_ppm\":200000,\"amount\":{\"shop_minor\":400}}]", false, 200000},
    };
    (void)state;
    CHECK_ALL(rules);
}

static void test_taxes(void **state)
{
    static const struct rule rules[] = {
        {"of one item it is all", REFUND("24.00", "4.00", PRODUCT("87", "2", "null"), ""),
         "lines[0].tax", "{\"shop_minor\":400}", false, 0},
        {"not of an amount for the order",
         REFUND("29.00", "4.00", PRODUCT("87", "2", "24") "," OTHER("ORDER", "5"), ""),
         "lines[0].tax", "{\"shop_minor\":400}", false, 0},
        {"nor what is paid back alone",
         REFUND("25.00", "5.00", PRODUCT("87", "2", "24") "," OTHER("TAX", "1"), ""),
         "lines[0].tax", "{\"shop_minor\":400}", false, 200000},
        {"of several nobody says",
         REFUND("27.50", "4.58", PRODUCT("87", "2", "24") "," PRODUCT("88", "1", "3.50"), ""),
         "lines[0].tax", "(none)", false, 0},
        {"of several by prices",
         REFUND("31.50", "4.00", PRODUCT("87", "2", "null") "," PRODUCT("88", "1", "null"), PRICES),
         "lines[0].tax", "{\"shop_minor\":400}", false, 0},
        {"untaxed by prices",
         REFUND("31.50", "4.00", PRODUCT("87", "2", "null") "," PRODUCT("88", "1", "null"), PRICES),
         "lines[1].tax", "{\"shop_minor\":0}", false, 0},
        {"the rest is of carriage",
         REFUND("27.50", "4.58", PRODUCT("87", "2", "24") "," OTHER("SHIPPING", "3.50"), PRICES),
         "carriage[0].tax", "{\"shop_minor\":58}", false, 0},
        {"collected by refunding less", REFUND("24.00", "-1.00", PRODUCT("87", "2", "24"), ""),
         "lines[0].tax", "(none)", false, 0},
        {"not told", REFUND("24.00", "null", PRODUCT("87", "2", "24"), ""), "lines[0].tax",
         "(none)", false, 0},
        {"more than the goods is none of theirs",
         REFUND("3.00", "4.00", PRODUCT("87", "2", "3"), ""), "lines[0].tax", "(none)", false, 0},
        {"prices without tax", REFUND("24.00", "4.00", PRODUCT("87", "2", "null"), ""),
         "lines[0].amount", "{\"shop_minor\":2000}", true, 0},
        {"prices without tax, its tax", REFUND("24.00", "4.00", PRODUCT("87", "2", "null"), ""),
         "lines[0].tax", "{\"shop_minor\":400}", true, 0},
        {"for the order it is contained",
         REFUND("29.00", "4.00", PRODUCT("87", "2", "24") "," OTHER("ORDER", "5"), ""),
         "order_amount", "{\"shop_minor\":500}", true, 0},
    };
    (void)state;
    CHECK_ALL(rules);
}

static void test_money(void **state)
{
    static const struct rule rules[] = {
        {"not told", REFUND("24", "4", PRODUCT("87", "2", "null"), ""), "transactions_told",
         "false", false, 0},
        {"null is not told", REFUND("24", "4", PRODUCT("87", "2", "null"), ", \"payments\": null"),
         "transactions_told", "false", false, 0},
        {"none", REFUND("24", "4", PRODUCT("87", "2", "null"), ", \"payments\": []"),
         "transactions_told", "true", false, 0},
        {"declined",
         REFUND("24", "4", PRODUCT("87", "2", "null"),
                ", \"payments\": [{\"provider_id\": \"stripe\", \"amount\": 24, \"is_declined\": "
                "true, \"declined_message\": \"no\"}, {\"provider_id\": \"storecredit\", "
                "\"amount\": \"1.50\"}]"),
         "transactions[0].status", "\"failed\"", false, 0},
        {"what was declined did not go back",
         REFUND("24", "4", PRODUCT("87", "2", "null"),
                ", \"payments\": [{\"provider_id\": \"stripe\", \"amount\": 24, \"is_declined\": "
                "true}, {\"provider_id\": \"storecredit\", \"amount\": \"1.50\"}]"),
         "succeeded", "{\"shop_minor\":150}", false, 0},
        {"by hand it did",
         REFUND("24", "4", PRODUCT("87", "2", "null"),
                ", \"payments\": [{\"provider_id\": \"custom\", \"amount\": 24, \"offline\": "
                "true}]"),
         "succeeded", "{\"shop_minor\":2400}", false, 0},
        {"by hand",
         REFUND("24", "4", PRODUCT("87", "2", "null"),
                ", \"payments\": [{\"provider_id\": \"custom\", \"amount\": 24, \"offline\": "
                "true}]"),
         "transactions[0]",
         "{\"type\":\"refund\",\"status\":\"succeeded\",\"offline\":true,\"kind\":\"other\","
         "\"gateway\":\"custom\",\"amount\":{\"shop_minor\":2400},\"processed_at\":1795538655000}",
         false, 0},
        {"the provider's own id",
         REFUND("24", "4", PRODUCT("87", "2", "null"),
                ", \"payments\": [{\"id\": 5, \"transaction_id\": \"re_9\", \"amount\": 24}]"),
         "transactions[0].transaction_id", "\"re_9\"", false, 0},
        {"newer when its money is told",
         REFUND("24", "4", PRODUCT("87", "2", "null"), ", \"payments\": [{\"amount\": 24}]"),
         "source_version", "1795538655002", false, 0},
        {"older when not", REFUND("24", "4", PRODUCT("87", "2", "null"), ""), "source_version",
         "1795538655000", false, 0},
    };
    (void)state;
    CHECK_ALL(rules);
}

static void test_what_is_refused(void **state)
{
    static const struct rule rules[] = {
        {"several units alone",
         REFUND("31.50", "4", PRODUCT("87", "2", "null") "," PRODUCT("88", "1", "null"), ""), "",
         "$.items[0].requested_amount: is not told, as of 2 items: which has how much of the total "
         "nobody says; put "
         "the answer of /v2/orders/ID/products into the refund as \"products\"\n",
         false, 0},
        {"one of them without a price",
         REFUND("31.50", "4", PRODUCT("87", "2", "null") "," PRODUCT("90", "1", "null"), PRICES),
         "", "$.items[1].requested_amount: is not told, as of 2 items", false, 0},
        {"more than the total",
         REFUND("3.00", "0", PRODUCT("87", "2", "null") "," OTHER("SHIPPING", "3.50"), ""), "",
         "$.items: come to more than the refund's total_amount without those whose amount is not "
         "told; export the refund again\n",
         false, 0},
        {"no total", REFUND("null", "0", PRODUCT("87", "2", "null"), ""), "",
         "$.total_amount: is missing; export the whole refund, without a choice of fields\n", false,
         0},
        {"an unknown type", REFUND("3", "0", OTHER("GOODWILL", "3"), ""), "",
         "$.items[0].item_type: \"GOODWILL\" is none of PRODUCT, GIFT_WRAPPING, SHIPPING, "
         "HANDLING, "
         "FEE, ORDER and TAX; what is paid back is not known\n",
         false, 0},
        {"a rate that nobody says", REFUND("4", "4", OTHER("TAX", "4"), ""), "",
         "$.items[0]: is tax alone, and its rate is not told; say it with --tax-rate\n", false, 0},
        {"prices without tax, and whose is it",
         REFUND("27.50", "4.58", PRODUCT("87", "2", "24") "," OTHER("SHIPPING", "3.50"), ""), "",
         "$.items: have a total_tax together, and which has how much of it is not told", true, 0},
        {"prices without tax, and none told", REFUND("24", "null", PRODUCT("87", "2", "24"), ""),
         "", "$.total_tax: is missing; export the whole refund", true, 0},
        {"a negative amount", REFUND("24", "4", PRODUCT("87", "2", "-24"), ""), "",
         "$.items[0].requested_amount: -24 is negative, where what goes back is positive; correct "
         "it in the file\n",
         false, 0},
        {"an amount that is no penny", REFUND("24.005", "4", PRODUCT("87", "2", "24"), ""), "",
         "$.total_amount: 24.004999999999999 has more than the 2 decimals of GBP", false, 0},
        {"a price",
         REFUND("24", "4", PRODUCT("87", "2", "24"),
                ", \"products\": [{\"id\": 87, \"price_inc_tax\": \"a\"}]"),
         "", "$.products[0].price_inc_tax: \"a\" is not a price such as \"12.0000\"", false, 0},
        {"no payment", REFUND("24", "4", PRODUCT("87", "2", "24"), ", \"payments\": [7]"), "",
         "$.payments[0]: is not a payment; export the refund again\n", false, 0},
        {"no item", REFUND("24", "4", "7", ""), "",
         "$.items[0]: is not a refunded item; export the refund again\n", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const struct bigcommerce_refund_options options = {.channel = "bigcommerce",
                                                           .store = "uk",
                                                           .currency = "GBP",
                                                           .prices_ex_tax = rules[i].ex_tax,
                                                           .tax_rate_ppm = -1};
        struct heard heard = {.count = 0};
        if (import_text_of(rules[i].refund, &options, &heard) != NULL ||
            strstr(heard.text, rules[i].wanted) == NULL)
            fail_msg("%s: %s", rules[i].name, heard.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_refund),  cmocka_unit_test(test_amounts),
        cmocka_unit_test(test_taxes),           cmocka_unit_test(test_money),
        cmocka_unit_test(test_what_is_refused),
    };
    return cmocka_run_group_tests_name("bigcommerce_refunds", tests, setup, teardown);
}
