/* The parts of a refund of Shopify's, rule by rule, each an alteration of a whole one and what it does
 * to its event: goods, carriage, duties, fees, adjustments, what was sent in exchange. */
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

static void test_goods(void **state)
{
    static const struct refund_rule rules[] = {
        {"returned", "whole", BOTH, {{NULL}}, "lines[0].restock", "\"return\""},
        {"the old restock",
         "whole",
         BOTH,
         {{ITEM "restock_type", "\"legacy_restock\""}},
         "lines[0].restock",
         "\"return\""},
        {"never left",
         "whole",
         BOTH,
         {{ITEM "restock_type", "\"cancel\""}},
         "lines[0].restock",
         "\"cancel\""},
        {"kept by the customer",
         "whole",
         BOTH,
         {{ITEM "restock_type", "\"no_restock\""}},
         "lines[0].restock",
         "\"no_restock\""},
        {"not said",
         "whole",
         BOTH,
         {{ITEM "restock_type", NULL}},
         "lines[0].restock",
         "\"unknown\""},
        {"a word of tomorrow",
         "whole",
         BOTH,
         {{ITEM "restock_type", "\"recycled\""}},
         "lines[0].restock",
         "\"unknown\""},
        {"where to", "whole", BOTH, {{NULL}}, "lines[0].location_id", "\"1001\""},
        {"nowhere",
         "whole",
         BOTH,
         {{ITEM "location_id", "null"}},
         "lines[0].location_id",
         "(none)"},
        {"a plain amount",
         "whole",
         BOTH,
         {{ITEM "subtotal_set", "null"}},
         "lines[0].amount",
         "{\"shop_minor\":4250}"},
        {"a plain amount as text",
         "whole",
         BOTH,
         {{ITEM "subtotal_set", NULL}, {ITEM "subtotal", "\"42.50\""}},
         "lines[0].amount",
         "{\"shop_minor\":4250}"},
        {"a plain tax",
         "whole",
         BOTH,
         {{ITEM "total_tax_set", NULL}},
         "lines[0].tax",
         "{\"shop_minor\":708}"},
        {"tax is not said",
         "whole",
         BOTH,
         {{ITEM "total_tax_set", NULL}, {ITEM "total_tax", "null"}},
         "lines[0].tax",
         "(none)"},
        {"an amount without units",
         "whole",
         BOTH,
         {{ITEM "quantity", "0"}},
         "lines[0].quantity",
         "0"},
        {"its share of discounts",
         "whole",
         BOTH,
         {{NULL}},
         "lines[0].discount",
         "{\"shop_minor\":250}"},
        {"a line by its own object",
         "whole",
         BOTH,
         {{ITEM "line_item_id", NULL}},
         "lines[0].line_id",
         "\"201\""},
        {"ids of GraphQL",
         "whole",
         BOTH,
         {{ITEM "line_item_id", "\"gid://shopify/LineItem/201\""}},
         "lines[0].line_id",
         "\"201\""},
        {"a tip is a charge",
         "whole",
         BOTH,
         {{NULL}},
         "charges[0]",
         "{\"kind\":\"tip\",\"line_id\":\"202\",\"amount\":{\"shop_minor\":300},\"tax\":{"
         "\"shop_minor\":0}}"},
        {"a tip by its order",
         "whole",
         WITHIN,
         {{TIP "line_item", NULL}},
         "charges[0].kind",
         "\"tip\""},
        {"an empty line_item tells nothing",
         "whole",
         WITHIN,
         {{TIP "line_item", "{}"}},
         "charges[0].kind",
         "\"tip\""},
        {"nobody says that it is a tip",
         "whole",
         ALONE,
         {{TIP "line_item", NULL}},
         "lines[1].line_id",
         "\"202\""},
        {"gift wrap",
         "whole",
         BOTH,
         {{ITEM "line_item.sku", "\"WRAP\""}},
         "charges[0].kind",
         "\"gift_wrap\""},
        {"properties as an object",
         "whole",
         BOTH,
         {{ITEM "line_item.properties", "{\"a\": \"b\"}"}},
         "lines[0].quantity",
         "1"},
    };
    (void)state;
    CHECK(rules);
}

#define SHOE(restock, location, units, amount, tax)                                                \
    "{\"line_item_id\": 201, \"quantity\": " units ", \"restock_type\": \"" restock                \
    "\", \"location_id\": " location ", \"subtotal\": " amount ", \"total_tax\": " tax "}"

static void test_the_same_line_twice_is_added_up(void **state)
{
    static const struct refund_rule rules[] = {
        {"twice",
         "whole",
         ALONE,
         {{R "refund_line_items", "[" SHOE("return", "1001", "1", "42.50", "7.08") "," SHOE(
                                      "return", "1001", "2", "85.01", "14.17") "]"}},
         "lines",
         "[{\"line_id\":\"201\",\"quantity\":3,\"restock\":\"return\",\"location_id\":\"1001\","
         "\"amount\":{\"shop_minor\":12751},\"discount\":{\"shop_minor\":0},\"tax\":{\"shop_"
         "minor\":2125}}]"},
        {"the tax of one is not said",
         "whole",
         ALONE,
         {{R "refund_line_items", "[" SHOE("return", "1001", "1", "42.50", "7.08") "," SHOE(
                                      "return", "1001", "2", "85.01", "null") "]"}},
         "lines[0].tax",
         "(none)"},
        {"back in two ways",
         "whole",
         BOTH,
         {{R "refund_line_items", "[" SHOE("return", "1001", "1", "42.50", "7.08") "," SHOE(
                                      "no_restock", "1001", "1", "42.50", "7.08") "]"}},
         "lines[1].quantity",
         "1"},
        {"to two places",
         "whole",
         BOTH,
         {{R "refund_line_items", "[" SHOE("return", "1001", "1", "42.50", "7.08") "," SHOE(
                                      "return", "1002", "1", "42.50", "7.08") "]"}},
         "lines[1].location_id",
         "\"1002\""},
        {"carriage of one line",
         "whole",
         BOTH,
         {{R "refund_shipping_lines[1]",
           "{\"shipping_line_id\": 951, \"subtotal_amount_set\": {\"shop_money\": {\"amount\": "
           "\"1.50\"}}, \"tax_amount_set\": {\"shop_money\": {\"amount\": \"0.25\"}}}"}},
         "carriage",
         "[{\"line_id\":\"951\",\"amount\":{\"shop_minor\":500},\"tax\":{\"shop_minor\":83}}]"},
        {"a duty of one line",
         "whole",
         BOTH,
         {{R "duties[1]", "{\"duty_id\": 9901, \"amount_set\": {\"shop_money\": {\"amount\": "
                          "\"0.50\"}}}"}},
         "charges[1]",
         "{\"kind\":\"duty\",\"line_id\":\"201\",\"amount\":{\"shop_minor\":250}}"},
    };
    (void)state;
    CHECK(rules);
}

static void test_carriage_duties_and_fees(void **state)
{
    static const struct refund_rule rules[] = {
        {"carriage",
         "whole",
         BOTH,
         {{NULL}},
         "carriage",
         "[{\"line_id\":\"951\",\"amount\":{\"shop_minor\":350},\"tax\":{\"shop_minor\":58}}]"},
        {"its tax is not said",
         "whole",
         BOTH,
         {{R "refund_shipping_lines[0].tax_amount_set", NULL}},
         "carriage[0].tax",
         "(none)"},
        {"by its own object",
         "whole",
         BOTH,
         {{R "refund_shipping_lines[0].shipping_line_id", NULL}},
         "carriage[0].line_id",
         "\"951\""},
        {"nobody says which",
         "whole",
         BOTH,
         {{R "refund_shipping_lines[0].shipping_line_id", NULL},
          {R "refund_shipping_lines[0].shipping_line", NULL}},
         "carriage[0].line_id",
         "(none)"},
        {"told twice, the line wins",
         "whole",
         BOTH,
         {{NULL}},
         "adjustments",
         "[{\"kind\":\"discrepancy\",\"amount\":{\"shop_minor\":100}}]"},
        {"told as an adjustment alone",
         "whole",
         BOTH,
         {{R "refund_shipping_lines", "[]"}},
         "adjustments[0]",
         "{\"kind\":\"carriage\",\"amount\":{\"shop_minor\":-350},\"tax\":{\"shop_minor\":-58}}"},
        {"a line of nothing says nothing",
         "whole",
         BOTH,
         {{R "refund_shipping_lines[0].subtotal_amount_set.shop_money.amount", "\"0.00\""},
          {R "refund_shipping_lines[0].tax_amount_set", "null"}},
         "adjustments[0].kind",
         "\"carriage\""},
        {"a duty is of its line",
         "whole",
         BOTH,
         {{NULL}},
         "charges[1]",
         "{\"kind\":\"duty\",\"line_id\":\"201\",\"amount\":{\"shop_minor\":200}}"},
        {"by its order",
         "whole",
         WITHIN,
         {{ITEM "line_item", NULL}},
         "charges[1].line_id",
         "\"201\""},
        {"of whichever",
         "whole",
         BOTH,
         {{R "duties[0].duty_id", "77"}},
         "charges[1].line_id",
         "(none)"},
        {"as the documentation shows them",
         "whole",
         BOTH,
         {{R "duties", "{\"duties\": [{\"duty_id\": 9901, \"amount_set\": {\"shop_money\": "
                       "{\"amount\": \"2.00\"}}}]}"}},
         "charges[1].line_id",
         "\"201\""},
        {"their sum alone",
         "whole",
         BOTH,
         {{R "duties", "[]"}},
         "charges[1]",
         "{\"kind\":\"duty\",\"amount\":{\"shop_minor\":200}}"},
        {"in the prices",
         "whole",
         WITHIN,
         {{"duties_included", "true"}},
         "charges[1].kind",
         "\"other\""},
        {"fees",
         "whole",
         BOTH,
         {{NULL}},
         "charges[2]",
         "{\"kind\":\"other\",\"code\":\"additional_fees\",\"amount\":{\"shop_minor\":150}}"},
        {"fees one by one",
         "whole",
         BOTH,
         {{R "total_additional_fees_set", NULL}},
         "charges[2].amount",
         "{\"shop_minor\":150}"},
    };
    (void)state;
    CHECK(rules);
}

#define ADJUSTED "refunds[0].order_adjustments[1]."

static void test_adjustments(void **state)
{
    static const struct refund_rule rules[] = {
        {"less than nothing",
         "whole",
         BOTH,
         {{ADJUSTED "amount_set.shop_money.amount", "\"-1.00\""}},
         "adjustments[0].amount",
         "{\"shop_minor\":-100}"},
        {"plain",
         "whole",
         BOTH,
         {{ADJUSTED "amount_set", NULL}},
         "adjustments[0].amount",
         "{\"shop_minor\":100}"},
        {"a tax of 0 is no statement", "whole", BOTH, {{NULL}}, "adjustments[0].tax", "(none)"},
        {"its tax",
         "whole",
         BOTH,
         {{ADJUSTED "tax_amount_set", NULL}, {ADJUSTED "tax_amount", "\"0.17\""}},
         "adjustments[0].tax",
         "{\"shop_minor\":17}"},
        {"a fee",
         "whole",
         BOTH,
         {{ADJUSTED "kind", "\"restocking_fee\""}},
         "adjustments[0].kind",
         "\"restocking_fee\""},
        {"no kind since 2024-10",
         "whole",
         BOTH,
         {{ADJUSTED "kind", NULL}},
         "adjustments[0].kind",
         "\"discrepancy\""},
        {"a kind of tomorrow",
         "whole",
         BOTH,
         {{ADJUSTED "kind", "\"goodwill\""}},
         "adjustments[0].kind",
         "\"other\""},
    };
    (void)state;
    CHECK(rules);
}

/* ---- exchange ---- */

#define SENT(units, amount, tax)                                                                   \
    "{\"id\": 5501, \"exchange_line_items\": [{\"line_item_id\": 301, \"quantity\": " units        \
    ", \"subtotal\": \"" amount "\", \"total_tax\": \"" tax "\"}]}"

static void test_exchange(void **state)
{
    static const struct refund_rule rules[] = {
        {"what was sent",
         "whole",
         WITHIN,
         {{R "return", SENT("1", "20.00", "3.33")}},
         "sent",
         "[{\"line_id\":\"301\",\"quantity\":1,\"amount\":{\"shop_minor\":2000}}]"},
        {"less was sent than came back",
         "whole",
         WITHIN,
         {{R "return", SENT("1", "20.00", "3.33")}},
         "set_off",
         "{\"shop_minor\":2000}"},
        {"more was sent than came back",
         "whole",
         WITHIN,
         {{R "return", SENT("1", "80.00", "13.33")}},
         "set_off",
         "{\"shop_minor\":5250}"},
        {"prices without tax",
         "whole",
         WITHIN,
         {{R "return", SENT("1", "20.00", "4.00")}, {"taxes_included", "false"}},
         "set_off",
         "{\"shop_minor\":2400}"},
        {"prices without tax, more sent",
         "whole",
         WITHIN,
         {{R "return", SENT("1", "80.00", "16.00")}, {"taxes_included", "false"}},
         "set_off",
         "{\"shop_minor\":6016}"},
        {"none", "whole", BOTH, {{NULL}}, "set_off", "(none)"},
    };
    (void)state;
    CHECK(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goods),
        cmocka_unit_test(test_the_same_line_twice_is_added_up),
        cmocka_unit_test(test_carriage_duties_and_fees),
        cmocka_unit_test(test_adjustments),
        cmocka_unit_test(test_exchange),
    };
    return cmocka_run_group_tests_name("shopify_refund_parts", tests, setup, teardown);
}
