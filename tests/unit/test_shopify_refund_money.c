/* The money of a refund of Shopify's, rule by rule: its transactions, and amounts of two currencies. */
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

static void test_money(void **state)
{
    static const struct refund_rule rules[] = {
        {"what went back", "whole", BOTH, {{NULL}}, "succeeded", "{\"shop_minor\":5150}"},
        {"pending",
         "whole",
         BOTH,
         {{PAID "status", "\"pending\""}},
         "succeeded",
         "{\"shop_minor\":200}"},
        {"pending",
         "whole",
         BOTH,
         {{PAID "status", "\"pending\""}},
         "transactions[0].status",
         "\"pending\""},
        {"awaited",
         "whole",
         BOTH,
         {{PAID "status", "\"awaiting_response\""}},
         "transactions[0].status",
         "\"pending\""},
        {"not known",
         "whole",
         BOTH,
         {{PAID "status", "\"unknown\""}},
         "transactions[0].status",
         "\"unknown\""},
        {"failed",
         "whole",
         BOTH,
         {{PAID "status", "\"failure\""}},
         "transactions[0].status",
         "\"failed\""},
        {"an error",
         "whole",
         BOTH,
         {{PAID "status", "\"error\""}},
         "transactions[0].status",
         "\"failed\""},
        {"failed",
         "whole",
         BOTH,
         {{PAID "status", "\"error\""}},
         "succeeded",
         "{\"shop_minor\":200}"},
        {"void", "whole", BOTH, {{PAID "kind", "\"void\""}}, "transactions[0].type", "\"void\""},
        {"a void moves nothing",
         "whole",
         BOTH,
         {{PAID "kind", "\"void\""}},
         "succeeded",
         "{\"shop_minor\":200}"},
        {"a sale is neither",
         "whole",
         BOTH,
         {{PAID "kind", "\"sale\""}},
         "transactions[0].type",
         "\"other\""},
        {"a sale is not back",
         "whole",
         BOTH,
         {{PAID "kind", "\"sale\""}},
         "succeeded",
         "{\"shop_minor\":200}"},
        {"none", "whole", BOTH, {{R "transactions", "[]"}}, "transactions_told", "true"},
        {"not told", "whole", BOTH, {{R "transactions", NULL}}, "transactions_told", "false"},
        {"null is not told",
         "whole",
         BOTH,
         {{R "transactions", "null"}},
         "transactions_told",
         "false"},
        {"not told", "whole", BOTH, {{R "transactions", NULL}}, "transactions", "[]"},
        {"by card", "whole", BOTH, {{NULL}}, "transactions[0].kind", "\"card\""},
        {"which card", "whole", BOTH, {{NULL}}, "transactions[0].method", "\"visa\""},
        {"on a gift card", "whole", BOTH, {{NULL}}, "transactions[1].kind", "\"gift_card\""},
        {"which gift card", "whole", BOTH, {{NULL}}, "transactions[1].voucher_number", "\"66001\""},
        {"store credit",
         "whole",
         BOTH,
         {{PAID "gateway", "\"shopify_store_credit\""}},
         "transactions[0].kind",
         "\"store_credit\""},
        {"of which payment", "whole", BOTH, {{NULL}}, "transactions[0].parent_id", "\"9501\""},
        {"by hand",
         "whole",
         BOTH,
         {{PAID "gateway", "\"manual\""}},
         "transactions[0].offline",
         "true"},
        {"not by hand", "whole", BOTH, {{NULL}}, "transactions[0].offline", "(none)"},
        {"when", "whole", BOTH, {{NULL}}, "transactions[0].processed_at", "1795516205000"},
        {"when it was made",
         "whole",
         BOTH,
         {{PAID "processed_at", NULL}, {PAID "created_at", "\"2026-11-24T10:30:01Z\""}},
         "transactions[0].processed_at",
         "1795516201000"},
        {"when the refund was",
         "whole",
         BOTH,
         {{PAID "processed_at", NULL},
          {PAID "created_at", NULL},
          {R "processed_at", "\"2026-11-20T10:30:00Z\""}},
         "transactions[0].processed_at",
         "1795170600000"},
        {"cash rounded up",
         "whole",
         BOTH,
         {{PAID "gateway", "\"cash\""}, {PAID "amount_rounding", "\"0.03\""}},
         "charges[3]",
         "{\"kind\":\"cash_rounding\",\"amount\":{\"shop_minor\":3}}"},
        {"cash rounded down",
         "whole",
         BOTH,
         {{PAID "gateway", "\"cash\""}, {PAID "amount_rounding", "\"-0.02\""}},
         "charges[3].amount",
         "{\"shop_minor\":-2}"},
        {"the rounding went back, too",
         "whole",
         BOTH,
         {{PAID "amount_rounding", "\"-0.02\""}},
         "succeeded",
         "{\"shop_minor\":5148}"},
        {"of what failed, it did not",
         "whole",
         BOTH,
         {{PAID "amount_rounding", "\"-0.02\""}, {PAID "status", "\"failure\""}},
         "charges[3]",
         "(none)"},
    };
    (void)state;
    CHECK(rules);
}

/* ---- two currencies ---- */

#define ONE_ITEM                                                                                   \
    "[{\"line_item_id\": 201, \"quantity\": 1, \"restock_type\": \"return\", \"subtotal_set\": "   \
    "{\"shop_money\": {\"amount\": \"10.00\", \"currency_code\": \"GBP\"}, "                       \
    "\"presentment_money\": {\"amount\": \"11.83\", \"currency_code\": \"EUR\"}}, "                \
    "\"total_tax_set\": {\"shop_money\": {\"amount\": \"2.00\", \"currency_code\": \"GBP\"}, "     \
    "\"presentment_money\": {\"amount\": \"2.37\", \"currency_code\": \"EUR\"}}}]"
#define THIRD(amount)                                                                              \
    "{\"kind\": \"refund\", \"status\": \"success\", \"gateway\": \"paypal\", \"currency\": "      \
    "\"EUR\", \"amount\": \"" amount "\"}"
static json_t *in_euros(const char *transactions)
{
    json_t *order = refunds_fixture("whole_eur");
    static const char *const none[] = {
        "refund_shipping_lines", "order_adjustments", "duties",
        "total_duties_set",      "additional_fees",   "total_additional_fees_set"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        char path[100];
        (void)snprintf(path, sizeof path, R "%s", none[i]);
        shopify_alter(order, path, NULL);
    }
    shopify_alter(order, R "refund_line_items", ONE_ITEM);
    shopify_alter(order, R "transactions", transactions);
    return order;
}

static void test_money_of_two_currencies(void **state)
{
    static const struct {
        const char *name, *transactions, *path, *wanted;
    } rows[] = {
        {"the parts' money is what the parts say", "[" THIRD("11.83") "]", "succeeded",
         "{\"shop_minor\":1000,\"presentment_minor\":1183}"},
        {"tax on top", "[" THIRD("14.20") "]", "succeeded",
         "{\"shop_minor\":1200,\"presentment_minor\":1420}"},
        {"in three", "[" THIRD("3.94") "," THIRD("3.94") "," THIRD("3.95") "]", "succeeded",
         "{\"shop_minor\":1000,\"presentment_minor\":1183}"},
        {"in three, shared out", "[" THIRD("3.94") "," THIRD("3.94") "," THIRD("3.95") "]",
         "transactions[2].amount", "{\"shop_minor\":334,\"presentment_minor\":395}"},
        {"other money at the refund's rate", "[" THIRD("5.00") "]", "succeeded",
         "{\"shop_minor\":423,\"presentment_minor\":500}"},
        {"paid back in the shop's",
         "[{\"kind\": \"refund\", \"status\": \"success\", "
         "\"currency\": \"GBP\", \"amount\": \"10.00\"}]",
         "succeeded", "{\"shop_minor\":1000,\"presentment_minor\":1183}"},
        {"which it was in", "[" THIRD("11.83") "]", "transactions[0].currency", "\"EUR\""},
        {"what is pending, too",
         "[{\"kind\": \"refund\", \"status\": \"pending\", \"currency\": \"EUR\", \"amount\": "
         "\"11.83\"}]",
         "transactions[0].amount", "{\"shop_minor\":1000,\"presentment_minor\":1183}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int within = 0; within <= 1; within++) {
            json_t *order = in_euros(rows[i].transactions),
                   *event = within ? refund_in_order(order, 0, NULL) : refund_alone(order, 0, NULL);
            const char *got = refunds_value(event, rows[i].path);
            if (strcmp(got, rows[i].wanted) != 0)
                fail_msg("%s: %s, wanted %s", rows[i].name, got, rows[i].wanted);
            json_decref(event);
            json_decref(order);
        }
}

static void test_amounts_of_two_currencies(void **state)
{
    static const struct refund_rule rules[] = {
        {"a plain amount at the refund's rate",
         "whole_eur",
         BOTH,
         {{ITEM "total_tax_set", NULL}},
         "lines[0].tax",
         "{\"shop_minor\":708,\"presentment_minor\":835}"},
        {"a set of one side",
         "whole_eur",
         BOTH,
         {{ITEM "total_tax_set.presentment_money", NULL}},
         "lines[0].tax",
         "{\"shop_minor\":708,\"presentment_minor\":835}"},
        {"less back by what both say",
         "whole_eur",
         BOTH,
         {{NULL}},
         "succeeded",
         "{\"shop_minor\":5150,\"presentment_minor\":6077}"},
        {"the customer's by the sets",
         "whole_eur",
         WITHIN,
         {{"presentment_currency", "\"GBP\""}},
         "presentment_currency",
         "\"EUR\""},
    };
    (void)state;
    CHECK(rules);
}

static json_t *bare_order(const char *refunds)
{
    json_t *order = refunds_fixture("whole");
    shopify_alter(order, "refunds", refunds);
    return order;
}

#define HEAD(id, at)                                                                               \
    "\"id\": " id ", \"order_id\": 5700000000050, \"created_at\": \"2026-11-2" at "T10:00:00Z\""
#define MONEY(amount) "{\"kind\": \"refund\", \"status\": \"success\", \"amount\": \"" amount "\"}"
#define UNIT(restock)                                                                              \
    "{\"line_item_id\": 201, \"quantity\": 1, \"restock_type\": " restock                          \
    ", \"subtotal\": \"42.50\", \"total_tax\": \"7.08\"}"

/* Where no set names it: the order's, what is said, what the money went back in. */
static void test_the_currency(void **state)
{
    (void)state;
    static const char *const plain = "[{" HEAD("1", "1") ", \"refund_line_items\": [" UNIT(
        "\"return\"") "], \"transactions\": [{\"kind\": \"refund\", \"status\": \"success\", "
                      "\"amount\": "
                      "\"42.50\", \"currency\": \"USD\"}]}]";
    struct shopify_refund_options options = {.channel = "shopify", .store = "uk"};
    json_t *order = bare_order(plain), *refund = shopify_find(order, "refunds[0]");
    json_t *event = refunds_import(shopify_refund_event, refund, NULL, &options, NULL);
    assert_string_equal(refunds_value(event, "currency"), "\"USD\"");
    assert_string_equal(refunds_value(event, "lines[0].amount"), "{\"shop_minor\":4250}");
    json_decref(event);
    options.currency = "EUR"; /* then the dollars are the customer's, at a rate that nobody tells */
    struct heard heard = {.count = 0};
    assert_null(refunds_import(shopify_refund_event, refund, NULL, &options, &heard));
    assert_non_null(strstr(heard.text, "stands in one currency"));
    (void)json_object_del(shopify_find(order, "refunds[0].transactions[0]"), "currency");
    event = refunds_import(shopify_refund_event, refund, NULL, &options, NULL);
    assert_string_equal(refunds_value(event, "currency"), "\"EUR\"");
    json_decref(event);
    event = refunds_import(shopify_refund_event, refund, order, &options, NULL);
    assert_string_equal(refunds_value(event, "currency"), "\"GBP\"");
    json_decref(event);
    json_decref(order);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_money),
        cmocka_unit_test(test_money_of_two_currencies),
        cmocka_unit_test(test_amounts_of_two_currencies),
        cmocka_unit_test(test_the_currency),
    };
    return cmocka_run_group_tests_name("shopify_refund_money", tests, setup, teardown);
}
