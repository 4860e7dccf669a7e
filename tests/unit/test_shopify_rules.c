/* The rules of ops/import/shopify/README.md, one row each: a fixture, altered, and what its event then
 * says. */
#include "test_shopify_support.h"

#include <string.h>

struct rule {
    const char *name, *fixture;
    struct {
        const char *path, *json;
    } alters[6];
    const char *event_path, *wanted; /* JSON; NULL: not there */
    struct shopify_order_options options;
};

static void check(const struct rule *rule)
{
    struct shopify_order_options options = rule->options;
    options.channel = "shopify";
    options.store = "uk";
    json_t *order = shopify_fixture(rule->fixture);
    for (size_t i = 0; i < 6 && rule->alters[i].path != NULL; i++)
        shopify_alter(order, rule->alters[i].path, rule->alters[i].json);
    json_t *event = shopify_import(order, &options, NULL),
           *got = shopify_find(event, rule->event_path);
    json_t *wanted = rule->wanted != NULL ? json_loads(rule->wanted, JSON_DECODE_ANY, NULL) : NULL;
    if ((wanted == NULL) != (got == NULL) || (wanted != NULL && !json_equal(wanted, got))) {
        char *text =
            got != NULL ? json_dumps(got, JSON_COMPACT | JSON_ENCODE_ANY) : strdup("nothing");
        fail_msg("%s: %s is %s", rule->name, rule->event_path, text);
    }
    json_decref(wanted);
    json_decref(event);
    json_decref(order);
}

#define AS_IS(name_, fixture_, path_, wanted_)                                                     \
    {                                                                                              \
        .name = (name_), .fixture = (fixture_), .event_path = (path_), .wanted = (wanted_)         \
    }
#define ALTERED(name_, fixture_, path_, wanted_, ...)                                              \
    {                                                                                              \
        .name = (name_), .fixture = (fixture_), .event_path = (path_), .wanted = (wanted_),        \
        .alters = {                                                                                \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

#define CHECK_ALL(table)                                                                           \
    for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)                                   \
    check(&(table)[i])

#define PRICE "line_items[0].price_set.shop_money.amount"
#define UNIT "lines[0].unit_price.shop_minor"

static void test_amounts(void **state)
{
    (void)state;
    static const struct rule table[] = {
        ALTERED("zeros beyond the decimals", "uk_vat_included", UNIT, "1230",
                {PRICE, "\"12.30000\""}),
        ALTERED("fewer decimals", "uk_vat_included", UNIT, "1230", {PRICE, "\"12.3\""}),
        ALTERED("none", "uk_vat_included", UNIT, "1200", {PRICE, "\"12\""}),
        ALTERED("a whole number for text", "uk_vat_included", UNIT, "1200", {PRICE, "12"}),
        ALTERED("a number that is what it says", "uk_vat_included", UNIT, "1999", {PRICE, "19.99"}),
        ALTERED("a large one", "uk_vat_included", UNIT, "999999999999999",
                {PRICE, "\"9999999999999.99\""}),
        ALTERED("the plain text, without a set", "uk_vat_included", UNIT, "1200",
                {"line_items[0].price_set", NULL}),
        ALTERED("the set wins over the plain number", "uk_vat_included", UNIT, "1200",
                {"line_items[0].price", "12.004999"}),
        ALTERED("yen with a point alone", "jpy", UNIT, "5500", {PRICE, "\"5500.\""}),
        ALTERED("yen with decimals of nothing", "jpy", UNIT, "5500", {PRICE, "\"5500.000\""}),
        AS_IS("no presentment money in one currency", "uk_vat_included",
              "lines[0].unit_price.presentment_minor", NULL),
        AS_IS("both in two", "multi_currency", "lines[0].unit_price",
              "{\"shop_minor\": 2500, \"presentment_minor\": 2940}"),
        ALTERED("in two, told in one: at the order's rate", "multi_currency", "lines[0].unit_price",
                "{\"shop_minor\": 2500, \"presentment_minor\": 2940}",
                {"line_items[0].price_set", NULL}),
        ALTERED("a set with one side", "multi_currency", "lines[0].unit_price",
                "{\"shop_minor\": 2500, \"presentment_minor\": 2940}",
                {"line_items[0].price_set.presentment_money", NULL}),
        ALTERED("a currency that is not told in amounts", "multi_currency", "lines[0].unit_price",
                "{\"shop_minor\": 2500}", {"total_price_set.presentment_money", NULL},
                {"transactions", NULL}),
        ALTERED("... is handed on by its name", "multi_currency", "presentment_currency", "\"EUR\"",
                {"total_price_set.presentment_money", NULL}, {"transactions", NULL}),
        ALTERED("one that nobody knows", "uk_vat_included", "presentment_currency", "\"XBT\"",
                {"presentment_currency", "\"XBT\""}),
        ALTERED("tax that only the lines carry", "uk_vat_included", "totals.tax.shop_minor", "958",
                {"total_tax_set", NULL}, {"total_tax", NULL}),
        ALTERED("... after an edit", "edited_odd_penny", "totals.tax.shop_minor", "166",
                {"current_total_tax_set", NULL}, {"current_total_tax", NULL}),
        ALTERED("a rate to the nearest ppm", "uk_vat_included", "lines[0].tax_lines[0].rate_ppm",
                "123457", {"line_items[0].tax_lines[0].rate", "0.1234567"}),
        ALTERED("a rate that no double holds", "uk_vat_included", "lines[0].tax_lines[0].rate_ppm",
                "88750", {"line_items[0].tax_lines[0].rate", "0.08875"}),
        ALTERED("a rate as text", "uk_vat_included", "lines[0].tax_lines[0].rate_ppm", "200000",
                {"line_items[0].tax_lines[0].rate", "\"0.2\""}),
        ALTERED("what does not add up stays so", "uk_vat_included", "totals.total.shop_minor",
                "5751", {"total_price_set.shop_money.amount", "\"57.51\""}),
        ALTERED("nor is tax mended", "uk_vat_included", "totals.tax.shop_minor", "900",
                {"total_tax_set.shop_money.amount", "\"9.00\""}),
        ALTERED("line total_discount is nothing", "uk_vat_included", "lines[0].discounts", "[]",
                {"line_items[0].total_discount", "\"5.00\""},
                {"line_items[0].total_discount_set.shop_money.amount", "\"5.00\""}),
    };
    CHECK_ALL(table);
}

static void test_identity(void **state)
{
    (void)state;
    static const struct rule table[] = {
        AS_IS("the event's id", "uk_vat_included", "event_id",
              "\"shopify-5700000000001-1794996180000\""),
        ALTERED("another time of change, another id", "uk_vat_included", "event_id",
                "\"shopify-5700000000001-1794999780000\"",
                {"updated_at", "\"2026-11-18T12:03:00+01:00\""}),
        ALTERED("the version is the time of change", "uk_vat_included", "source_version",
                "1794999780000", {"updated_at", "\"2026-11-18T12:03:00+01:00\""}),
        ALTERED("the date that Shopify reports", "uk_vat_included", "created_at", "1794996060000",
                {"created_at", "\"2026-11-25T00:00:00Z\""}),
        ALTERED("else that of the record", "uk_vat_included", "created_at", "1795564800000",
                {"created_at", "\"2026-11-25T00:00:00Z\""}, {"processed_at", NULL}),
        ALTERED("GraphQL's form of an id", "uk_vat_included", "order_id", "\"5700000000001\"",
                {"id", "\"gid://shopify/Order/5700000000001\""}),
        ALTERED("an id as text", "uk_vat_included", "order_id", "\"5700000000001\"",
                {"id", "\"5700000000001\""}),
    };
    CHECK_ALL(table);
}

#define REFUND "refunds[0]"
#define ITEM "refunds[0].refund_line_items[0]"

static void test_edits_and_refunds(void **state)
{
    (void)state;
    static const struct rule table[] = {
        AS_IS("an edit reduces", "edited", "lines[0].current_quantity", "2"),
        ALTERED("by refunds[] alone, as before the API of 2024-01", "edited",
                "lines[0].current_quantity", "2", {"line_items[0].current_quantity", NULL}),
        ALTERED("by current_quantity alone", "edited", "lines[0].current_quantity", "2",
                {"refunds", "[]"}),
        ALTERED("totals after the edit", "edited", "totals.total.shop_minor", "6600",
                {"refunds", "[]"}),
        AS_IS("a removed line is kept at 0", "edited", "lines[1].current_quantity", "0"),
        ALTERED("with its own tax, whatever the edit says went", "edited", "lines[1].quantity", "1",
                {"refunds[0].refund_line_items[1].total_tax_set.shop_money.amount", "\"4.99\""}),
        ALTERED("... and its units", "edited", "lines[1].current_quantity", "0",
                {"refunds[0].refund_line_items[1].total_tax_set.shop_money.amount", "\"4.99\""}),
        AS_IS("an untouched line has none", "edited", "lines[2].current_quantity", NULL),
        AS_IS("a refund keeps the quantity", "partially_refunded", "lines[0].current_quantity",
              NULL),
        ALTERED("also without current_quantity", "partially_refunded", "lines[0].current_quantity",
                NULL, {"line_items[0].current_quantity", NULL}),
        ALTERED("taken back before anything left, with its money", "partially_refunded",
                "lines[0].current_quantity", "1", {ITEM ".restock_type", "\"cancel\""}),
        ALTERED("or with money to come", "partially_refunded", "lines[0].current_quantity", "1",
                {REFUND ".transactions[0].status", "\"pending\""},
                {ITEM ".restock_type", "\"cancel\""}),
        ALTERED("money to come is money", "partially_refunded", "lines[0].current_quantity", NULL,
                {REFUND ".transactions[0].status", "\"pending\""},
                {ITEM ".restock_type", "\"no_restock\""}),
        ALTERED("goods that came back had left", "partially_refunded", "lines[0].current_quantity",
                NULL, {REFUND ".transactions", "[]"}),
        ALTERED("so says the old word", "partially_refunded", "lines[0].current_quantity", NULL,
                {REFUND ".transactions", "[]"}, {ITEM ".restock_type", "\"legacy_restock\""}),
        ALTERED("a return is a refund to come", "partially_refunded", "lines[0].current_quantity",
                NULL, {REFUND ".transactions", "[]"}, {ITEM ".restock_type", "\"no_restock\""},
                {REFUND ".return", "{\"id\": 1}"}),
        ALTERED("an adjustment is money", "partially_refunded", "lines[0].current_quantity", NULL,
                {REFUND ".transactions", "[]"}, {ITEM ".restock_type", "\"cancel\""},
                {REFUND ".order_adjustments", "[{\"kind\": \"refund_discrepancy\"}]"}),
        ALTERED("nothing of all that: an edit", "partially_refunded", "lines[0].current_quantity",
                "1", {REFUND ".transactions", "[]"}, {ITEM ".restock_type", "\"cancel\""}),
        AS_IS("the total of a refunded order is whole", "partially_refunded",
              "totals.total.shop_minor", "9350"),
        AS_IS("an edit's kind", "edited", "kind", "\"edited\""),
        AS_IS("a refund's is not edited", "partially_refunded", "kind", "\"created\""),
        ALTERED("cancelled wins", "edited", "kind", "\"cancelled\"",
                {"cancelled_at", "\"2026-11-20T00:00:00Z\""}),
        AS_IS("what a cancellation takes is no edit", "cancelled", "lines[0].current_quantity",
              NULL),
        ALTERED("nor when only current_quantity shows it", "cancelled", "lines[0].current_quantity",
                NULL, {"refunds", "[]"}),
        AS_IS("when it was cancelled", "cancelled", "cancelled_at", "1795003200000"),
        AS_IS("Shopify rounded the other way: the line as it stands", "edited_odd_penny",
              "lines[0].tax_lines[0].amount.shop_minor", "166"),
        AS_IS("with its units", "edited_odd_penny", "lines[0].quantity", "1"),
        AS_IS("and its discount", "edited_odd_penny", "lines[0].discounts[0].amount.shop_minor",
              "50"),
        ALTERED("rounded as the worker shares: the whole line", "edited_odd_penny",
                "lines[0].current_quantity", "1",
                {ITEM ".total_tax_set.shop_money.amount", "\"1.66\""},
                {ITEM ".subtotal_set.shop_money.amount", "\"10.00\""}),
        ALTERED("more than a rounding is left for the worker to flag", "edited_odd_penny",
                "lines[0].tax_lines[0].amount.shop_minor", "333",
                {ITEM ".total_tax_set.shop_money.amount", "\"1.00\""}),
        ALTERED("nor is a discount that went", "edited_odd_penny", "lines[0].current_quantity", "1",
                {ITEM ".subtotal_set.shop_money.amount", "\"9.80\""}),
        ALTERED("nor one that was made larger", "edited_odd_penny", "lines[0].current_quantity",
                "1", {ITEM ".subtotal_set.shop_money.amount", "\"10.20\""}),
        AS_IS("a removed delivery is gone", "edited_delivery", "shipping_lines[0].code",
              "\"express\""),
        ALTERED("removed delivery, then refunds: totals less the edit", "edited_delivery",
                "totals.total.shop_minor", "7080",
                {"refunds", "[{\"transactions\": [{}], \"order_adjustments\": [{}]}]"}),
        ALTERED("and its tax", "edited_delivery", "totals.tax.shop_minor", "1180",
                {"refunds", "[{\"transactions\": [{}], \"order_adjustments\": [{}]}]"}),
        ALTERED("no total as of now: total less the edit", "edited_delivery",
                "totals.total.shop_minor", "7080", {"current_total_price_set", NULL},
                {"current_total_price", NULL}),
        ALTERED("as of now where one of them is stated", "edited_delivery",
                "totals.total.shop_minor", "7079", {"current_total_price_set", NULL},
                {"current_total_price", "\"70.79\""}),
    };
    CHECK_ALL(table);
}

static void test_payments(void **state)
{
    (void)state;
    static const struct rule table[] = {
        AS_IS("by the status, one gateway", "partially_refunded", "tenders",
              "[{\"kind\": \"card\", \"gateway\": \"shopify_payments\", \"amount\": "
              "{\"shop_minor\": 9350}, \"status\": \"captured\"}]"),
        ALTERED("several: who paid what is not known", "gift_card_used", "tenders",
                "[{\"kind\": \"other\", \"gateway\": \"gift_card+shopify_payments\", \"amount\": "
                "{\"shop_minor\": 6000}, \"status\": "
                "\"captured\"}]",
                {"transactions", NULL}),
        ALTERED("nothing to pay, no tender", "gift_card_used", "tenders", "[]",
                {"transactions", NULL}, {"total_price_set.shop_money.amount", "\"0.00\""}),
        AS_IS("pending without a gateway", "b2b_net_terms", "tenders", "[]"),
        ALTERED("pending with one", "b2b_net_terms", "tenders[0]",
                "{\"kind\": \"bank_transfer\", \"gateway\": \"Bank Deposit\", \"amount\": "
                "{\"shop_minor\": 23400}, \"status\": \"pending\"}",
                {"payment_gateway_names", "[\"Bank Deposit\"]"}),
        ALTERED("voided", "cancelled", "tenders", "[]", {"transactions", NULL}),
        AS_IS("authorised is outstanding", "authorized", "totals.outstanding.shop_minor", "3600"),
        ALTERED("given back: not paid, though nobody asks for it", "authorized",
                "totals.outstanding.shop_minor", "3600", {"financial_status", "\"voided\""},
                {"total_outstanding", "\"0.00\""}),
        ALTERED("also where Shopify counts it as settled", "us_tax_exclusive",
                "totals.outstanding.shop_minor", "13336",
                {"transactions[1].status", "\"failure\""}),
        AS_IS("an authorisation that was captured is no second payment", "us_tax_exclusive",
              "tenders[1]", NULL),
        ALTERED("in part: the rest is still promised", "us_tax_exclusive",
                "tenders[0].amount.shop_minor", "3336", {"transactions[1].amount", "\"100.00\""}),
        ALTERED("beside what came", "us_tax_exclusive", "tenders[1].amount.shop_minor", "10000",
                {"transactions[1].amount", "\"100.00\""}),
        ALTERED("a capture to come", "us_tax_exclusive", "tenders[0].status", "\"authorized\"",
                {"transactions[1].status", "\"pending\""}),
        ALTERED("a payment whose end is not known is to come", "uk_vat_included",
                "tenders[0].status", "\"pending\"", {"transactions[0].status", "\"unknown\""}),
        ALTERED("nor is one that is still asked for", "uk_vat_included", "tenders[0].status",
                "\"pending\"", {"transactions[0].status", "\"awaiting_response\""}),
        AS_IS("voided by its transaction", "cancelled", "tenders[0].status", "\"voided\""),
        ALTERED("a void that failed", "cancelled", "tenders[0].status", "\"authorized\"",
                {"transactions[1].status", "\"failure\""}),
        AS_IS("what failed is none", "gift_card_used", "tenders[2]", NULL),
        ALTERED("a promise that was voided", "uk_vat_included", "tenders[0].status", "\"voided\"",
                {"transactions[0]", "{\"id\": 9, \"kind\": \"authorization\", \"status\": "
                                    "\"success\", \"amount\": \"57.50\"}"},
                {"transactions[1]", "{\"id\": 10, \"kind\": \"void\", \"status\": \"success\", "
                                    "\"amount\": \"57.50\", \"parent_id\": 9}"}),
        ALTERED("a void that failed ends nothing", "uk_vat_included", "tenders[0].status",
                "\"authorized\"",
                {"transactions[0]", "{\"id\": 9, \"kind\": \"authorization\", \"status\": "
                                    "\"success\", \"amount\": \"57.50\"}"},
                {"transactions[1]", "{\"id\": 10, \"kind\": \"void\", \"status\": \"failure\", "
                                    "\"amount\": \"57.50\", \"parent_id\": 9}"}),
        ALTERED("nor does one that is not done yet", "uk_vat_included", "tenders[0].status",
                "\"authorized\"",
                {"transactions[0]", "{\"id\": 9, \"kind\": \"authorization\", \"status\": "
                                    "\"success\", \"amount\": \"57.50\"}"},
                {"transactions[1]", "{\"id\": 10, \"kind\": \"void\", \"status\": \"pending\", "
                                    "\"amount\": \"57.50\", \"parent_id\": 9}"}),
        ALTERED("nor one of money that came", "uk_vat_included", "tenders[0].status",
                "\"captured\"",
                {"transactions[0]",
                 "{\"id\": 9, \"kind\": \"sale\", \"status\": \"success\", \"amount\": \"57.50\"}"},
                {"transactions[1]", "{\"id\": 10, \"kind\": \"void\", \"status\": \"success\", "
                                    "\"amount\": \"57.50\", \"parent_id\": 9}"}),
        ALTERED("what a promise became is not voided with it", "uk_vat_included",
                "tenders[0].status", "\"captured\"",
                {"transactions[0]", "{\"id\": 9, \"kind\": \"authorization\", \"status\": "
                                    "\"success\", \"amount\": \"57.50\"}"},
                {"transactions[1]", "{\"id\": 10, \"kind\": \"capture\", \"status\": \"success\", "
                                    "\"amount\": \"57.50\", \"parent_id\": 9}"},
                {"transactions[2]", "{\"id\": 11, \"kind\": \"void\", \"status\": \"success\", "
                                    "\"amount\": \"57.50\", \"parent_id\": 9}"}),
        ALTERED("a promise that names a sale is left", "uk_vat_included", "tenders[0].status",
                "\"authorized\"",
                {"transactions[0]", "{\"id\": 9, \"kind\": \"authorization\", \"status\": "
                                    "\"success\", \"amount\": \"10.00\"}"},
                {"transactions[1]", "{\"id\": 10, \"kind\": \"sale\", \"status\": \"success\", "
                                    "\"amount\": \"47.50\", \"parent_id\": 9}"}),
        ALTERED("a till's change of a promise is none", "uk_vat_included",
                "tenders[0].amount.shop_minor", "5750",
                {"transactions[0]", "{\"id\": 9, \"kind\": \"authorization\", \"status\": "
                                    "\"success\", \"amount\": \"57.50\"}"},
                {"transactions[1]", "{\"id\": 10, \"kind\": \"change\", \"status\": \"success\", "
                                    "\"amount\": \"1.00\", \"parent_id\": 9}"}),
        AS_IS("a gift card's id", "gift_card_used", "tenders[0].voucher_number", "\"5552\""),
        ALTERED("or the end of its code", "gift_card_used", "tenders[0].voucher_number",
                "\"**** c3d4\"", {"transactions[0].receipt.gift_card_id", NULL}),
        AS_IS("a refund is an event of its own", "edited_and_refunded", "tenders[1]", NULL),
        AS_IS("test money", "test_order", "tenders[0].test", "true"),
        ALTERED("paid too much is not hidden", "uk_vat_included", "totals.outstanding.shop_minor",
                "0", {"transactions[0].amount", "\"60.00\""}),
        ALTERED("paid too little, and Shopify does not say so: the worker will", "uk_vat_included",
                "totals.outstanding.shop_minor", "0", {"transactions[0].amount", "\"50.00\""}),
        ALTERED("outstanding not stated: what no payment covers", "uk_vat_included",
                "totals.outstanding.shop_minor", "750", {"transactions[0].amount", "\"50.00\""},
                {"total_outstanding", NULL}),
        AS_IS("paid back after an edit: what was kept", "edited", "tenders[0].amount.shop_minor",
              "6600"),
        ALTERED("from the payment that it came from", "edited", "tenders[1].amount.shop_minor",
                "4000", {"transactions[0].amount", "\"49.00\""},
                {"transactions[1]", "{\"id\": 9, \"kind\": \"sale\", \"status\": \"success\", "
                                    "\"amount\": \"40.00\"}"}),
        ALTERED("not from one that is no money", "edited", "tenders[1].amount.shop_minor", "6600",
                {"transactions[0]", "{\"id\": 9, \"kind\": \"authorization\", \"status\": "
                                    "\"success\", \"amount\": \"99.00\"}"},
                {"transactions[1]", "{\"id\": 10, \"kind\": \"sale\", \"status\": \"success\", "
                                    "\"amount\": \"89.00\"}"}),
        ALTERED("nor from one that is smaller", "edited", "tenders[1].amount.shop_minor", "5600",
                {"transactions[0]", "{\"id\": 9, \"kind\": \"sale\", \"status\": \"success\", "
                                    "\"amount\": \"10.00\"}"},
                {"transactions[1]", "{\"id\": 10, \"kind\": \"sale\", \"status\": \"success\", "
                                    "\"amount\": \"79.00\"}"}),
        ALTERED("not yet paid back: no debt, but a difference", "edited",
                "tenders[0].amount.shop_minor", "8900",
                {"refunds[1].transactions[0].status", "\"pending\""}),
        AS_IS("which is not hidden", "edited_overpaid", "totals.outstanding.shop_minor", "0"),
        ALTERED("more paid back than was too much: the rest is a refund", "edited",
                "tenders[0].amount.shop_minor", "6600",
                {"refunds[1].transactions[0].amount", "\"30.00\""}),
        ALTERED("paid back for a reason: a refund", "edited", "tenders[0].amount.shop_minor",
                "8900", {"refunds[1].order_adjustments", "[{\"kind\": \"refund_discrepancy\"}]"}),
        ALTERED("money back without an edit is a refund", "uk_vat_included",
                "tenders[0].amount.shop_minor", "6000", {"transactions[0].amount", "\"60.00\""},
                {"refunds", "[{\"transactions\": [{\"kind\": \"refund\", \"status\": \"success\", "
                            "\"amount\": \"2.50\", \"parent_id\": 801}]}]"}),
        ALTERED("in the shop's currency when asked for so", "multi_currency", "tenders[1].amount",
                "{\"shop_minor\": 3599, \"presentment_minor\": 4233}",
                {"transactions[1].currency", "\"GBP\""}, {"transactions[1].amount", "\"35.99\""}),
        ALTERED("shared so that the shop's sum is exact", "multi_currency", "tenders[1].amount",
                "{\"shop_minor\": 2650, \"presentment_minor\": 3117}",
                {"transactions[0].amount", "\"31.16\""}, {"transactions[1].amount", "\"31.17\""}),
        ALTERED("also beside a payment of nothing", "multi_currency", "tenders[1].amount",
                "{\"shop_minor\": 2650, \"presentment_minor\": 3117}",
                {"transactions[0].amount", "\"31.16\""}, {"transactions[1].amount", "\"31.17\""},
                {"transactions[2]", "{\"id\": 3, \"kind\": \"sale\", \"status\": \"success\", "
                                    "\"currency\": \"EUR\", \"amount\": \"0.00\"}"}),
        ALTERED("three whose parts would round to a penny more", "multi_currency",
                "tenders[1].amount", "{\"shop_minor\": 1700, \"presentment_minor\": 2000}",
                {"transactions[0].amount", "\"20.00\""}, {"transactions[1].amount", "\"20.00\""},
                {"transactions[2]", "{\"id\": 3, \"kind\": \"sale\", \"status\": \"success\", "
                                    "\"currency\": \"EUR\", \"amount\": \"22.33\"}"}),
        AS_IS("a wallet", "gift_card_used", "tenders[1].method", "\"apple_pay\""),
        ALTERED("an unknown status of an old order", "authorized", "payment_status", "\"unknown\"",
                {"financial_status", "\"expired\""}),
    };
    CHECK_ALL(table);
}

static void test_charges(void **state)
{
    (void)state;
    static const struct rule table[] = {
        AS_IS("a tip's line is a charge", "tip", "charges[0].kind", "\"tip\""),
        AS_IS("and no goods", "tip", "lines[1]", NULL),
        AS_IS("once", "tip", "charges[1]", NULL),
        ALTERED("a tip without a line", "uk_vat_included", "charges[0].amount.shop_minor", "250",
                {"total_tip_received", "\"2.50\""}),
        AS_IS("duties by line", "duties", "charges[1].code", "\"640699\""),
        ALTERED("... in another currency than the shop's", "multi_currency", "charges[0].amount",
                "{\"shop_minor\": 250, \"presentment_minor\": 294}",
                {"total_tip_received", "\"2.50\""}),
        ALTERED("duties of the order", "duties", "charges",
                "[{\"kind\": \"duty\", \"title\": \"Duties\", \"amount\": {\"shop_minor\": 1550}}]",
                {"line_items[0].duties", "[]"}),
        ALTERED("duties that prices contain", "duties", "charges", "[]",
                {"duties_included", "true"}),
        ALTERED("fees", "uk_vat_included", "charges[0].code", "\"additional_fees\"",
                {"original_total_additional_fees_set", "{\"shop_money\": {\"amount\": \"1.00\"}}"}),
        AS_IS("cash rounded up", "pos_cash_rounding", "charges[0].amount.shop_minor", "2"),
        ALTERED("cash as the order says, where the transaction does not", "pos_cash_rounding",
                "tenders[0].amount.shop_minor", "1235", {"transactions[0].amount_rounding", NULL}),
        ALTERED("cash rounded down", "pos_cash_rounding", "tenders[0].amount.shop_minor", "1230",
                {"transactions[0].amount_rounding", NULL},
                {"total_cash_rounding_payment_adjustment_set.shop_money.amount", "\"-0.03\""}),
        ALTERED("its total", "pos_cash_rounding", "totals.total.shop_minor", "1230",
                {"total_cash_rounding_payment_adjustment_set.shop_money.amount", "\"-0.03\""}),
        ALTERED("gift wrap is goods", "uk_vat_included", "charges", "[]",
                {"line_items[0].sku", "\"WRAP\""}),
        {.name = "unless its SKU is named",
         .fixture = "uk_vat_included",
         .event_path = "charges[0].kind",
         .wanted = "\"gift_wrap\"",
         .options = {.gift_wrap_sku = "WRAP"},
         .alters = {{"line_items[0].sku", "\"WRAP\""}}},
        {.name = "with its tax",
         .fixture = "uk_vat_included",
         .event_path = "charges[0].tax_lines[0].amount.shop_minor",
         .wanted = "400",
         .options = {.gift_wrap_sku = "WRAP"},
         .alters = {{"line_items[0].sku", "\"WRAP\""}}},
        {.name = "then Shopify's subtotal is not ours",
         .fixture = "uk_vat_included",
         .event_path = "totals.subtotal",
         .wanted = NULL,
         .options = {.gift_wrap_sku = "WRAP"},
         .alters = {{"line_items[0].sku", "\"WRAP\""}}},
        {.name = "what an edit left of it",
         .fixture = "edited_odd_penny",
         .event_path = "charges[0]",
         .wanted = "{\"kind\": \"gift_wrap\", \"title\": \"Socks\", \"line_id\": \"321\", "
                   "\"amount\": {\"shop_minor\": 1050}, \"discounts\": "
                   "[{\"title\": \"Autumn\", \"amount\": {\"shop_minor\": 50}}], \"tax_lines\": "
                   "[{\"title\": \"GB VAT\", \"rate_ppm\": 200000, "
                   "\"amount\": {\"shop_minor\": 166}}]}",
         .options = {.gift_wrap_sku = "WRAP"},
         .alters = {{"line_items[0].sku", "\"WRAP\""}}},
        AS_IS("discounts with carriage's", "discounts", "totals.discounts.shop_minor", "1895"),
        ALTERED("or stated without", "discounts", "totals.discounts.shop_minor", "1895",
                {"total_discounts_set.shop_money.amount", "\"14.00\""}),
        ALTERED("neither: as it is", "discounts", "totals.discounts.shop_minor", "1300",
                {"total_discounts_set.shop_money.amount", "\"13.00\""}),
        AS_IS("a code", "discounts", "lines[0].discounts[0].code", "\"WELCOME10\""),
        AS_IS("a name", "discounts", "shipping_lines[0].discounts[0].title", "\"Free delivery\""),
    };
    CHECK_ALL(table);
}

static void test_people_and_places(void **state)
{
    (void)state;
    static const struct rule table[] = {
        AS_IS("nobody", "pos_cash_rounding", "customer", NULL),
        ALTERED("a guest", "uk_vat_included", "customer",
                "{\"email\": \"ada.example@example.com\"}", {"customer", NULL}),
        ALTERED("the customer's address, when the order has none", "uk_vat_included",
                "customer.email", "\"ada.example@example.com\"", {"email", "\"\""},
                {"contact_email", NULL}),
        ALTERED("a whole name only", "uk_vat_included", "billing_address.surname",
                "\"Ada Example\"", {"billing_address.first_name", NULL},
                {"billing_address.last_name", NULL}),
        ALTERED("a country by its name only", "uk_vat_included", "shipping_address.country_code",
                "\"FR\"", {"shipping_address.country_code", NULL},
                {"shipping_address.country", "\"France\""}),
        ALTERED("... the code wins", "uk_vat_included", "shipping_address.country_code", "\"GB\"",
                {"shipping_address.country", "\"France\""}),
        ALTERED("... that nobody knows", "uk_vat_included", "shipping_address.country_code", NULL,
                {"shipping_address.country_code", NULL},
                {"shipping_address.country", "\"Atlantis\""}),
        ALTERED("no address", "uk_vat_included", "shipping_address", NULL,
                {"shipping_address", "null"}),
        AS_IS("a business by its invoice address", "b2b_net_terms", "business",
              "{\"company_id\": \"88001\", \"name\": \"Smith & Sons <Outfitters> Ltd\", "
              "\"location_id\": \"88002\", \"purchase_order\": "
              "\"PO-4711\"}"),
        ALTERED("or by its id", "b2b_net_terms", "business.name", "\"Company 88001\"",
                {"billing_address", NULL}, {"shipping_address", NULL}),
        ALTERED("an order number of nobody's business", "b2b_net_terms", "properties",
                "[{\"name\": \"po_number\", \"value\": \"PO-4711\"}]", {"company", "null"}),
        ALTERED("due at the last instalment", "b2b_net_terms", "payment_terms.due_at",
                "1800230400000",
                {"payment_terms.payment_schedules[1]", "{\"due_at\": \"2027-01-18T00:00:00Z\"}"}),
        ALTERED("terms without a name", "b2b_net_terms", "payment_terms.name", "\"net\"",
                {"payment_terms", "{\"payment_terms_type\": \"net\"}"}),
        AS_IS("where it was sent from", "partially_refunded", "lines[0].location_id", "\"1001\""),
        ALTERED("nor is one that failed", "partially_refunded", "lines[0].location_id", NULL,
                {"fulfillments[0].status", "\"failure\""}),
        ALTERED("nor one that broke off", "partially_refunded", "lines[0].location_id", NULL,
                {"fulfillments[0].status", "\"error\""}),
        ALTERED("a fulfilment that was cancelled is none", "partially_refunded",
                "lines[0].location_id", NULL, {"fulfillments[0].status", "\"cancelled\""}),
        ALTERED("from two places", "partially_refunded", "lines[0].location_id", NULL,
                {"fulfillments[1].status", "\"success\""}),
        {.name = "not wanted",
         .fixture = "partially_refunded",
         .event_path = "lines[0].location_id",
         .wanted = NULL,
         .options = {.ignore_fulfilments = true}},
        AS_IS("a till", "tip", "location_id", "\"2001\""),
        AS_IS("a line's message", "uk_vat_included", "lines[1].gift_message",
              "\"Happy birthday, Grace!\""),
        ALTERED("spelt another way", "uk_vat_included", "lines[1].gift_message",
                "\"Happy birthday, Grace!\"",
                {"line_items[1].properties[0].name", "\"_gift-message\""}),
        AS_IS("other properties but the hidden", "uk_vat_included", "lines[1].properties",
              "[{\"name\": \"Engraving\", \"value\": \"A.E.\"}]"),
        ALTERED("properties as one object", "uk_vat_included", "lines[1].properties",
                "[{\"name\": \"Engraving\", \"value\": \"B.\"}]",
                {"line_items[1].properties", "{\"Engraving\": \"B.\", \"_app\": 1}"}),
        ALTERED("... with nothing in it", "uk_vat_included", "lines[1].properties", NULL,
                {"line_items[1].properties", "{}"}),
        ALTERED("an order's message", "uk_vat_included", "gift_message", "\"autumn\"",
                {"note_attributes[1].name", "\"Gift note\""}),
        AS_IS("for the carrier", "uk_vat_included", "delivery_instructions",
              "\"Leave with a neighbour\""),
        ALTERED("a value that is no text", "uk_vat_included", "properties[0].value",
                "\"{\\\"a\\\":[1]}\"", {"note_attributes[1].value", "{\"a\": [1]}"}),
        ALTERED("tags", "uk_vat_included", "tags", "[\"a\", \"b\"]", {"tags", "\" a ,, b\""}),
        ALTERED("the order's exemption", "kwd", "tax_exempt", "true", {"tax_exempt", "true"}),
        ALTERED("the customer's, where the order has none", "kwd", "tax_exempt", "true",
                {"tax_exempt", NULL}, {"customer.tax_exempt", "true"}),
        ALTERED("not against tax that was charged", "uk_vat_included", "tax_exempt", NULL,
                {"tax_exempt", NULL}, {"customer.tax_exempt", "true"}),
        AS_IS("parts of a bundle", "bundle", "lines[2].parent_line_id", "\"4401\""),
        AS_IS("no SKU", "custom_line", "lines[2].sku", NULL),
        AS_IS("no product", "custom_line", "lines[0].product_id", NULL),
    };
    CHECK_ALL(table);
}

/* Every unit taken back before anything left, and all of the money: nothing is left of the order. */
#define TAKEN_BACK(status, restock, left, path_, wanted_, ...)                                     \
    ALTERED("taken back whole: " path_, "partially_refunded", path_, wanted_,                      \
            {"financial_status", "\"" status "\""}, {ITEM ".restock_type", "\"" restock "\""},     \
            {ITEM ".quantity", "2"}, {"line_items[0].current_quantity", left}, __VA_ARGS__)
#define CARRIAGE_TOO                                                                               \
    {                                                                                              \
        REFUND ".refund_shipping_lines", "[{\"id\": 1, \"shipping_line_id\": 951}]"                \
    }
#define WHOLE(path_, wanted_) TAKEN_BACK("refunded", "cancel", "0", path_, wanted_, CARRIAGE_TOO)

static void test_taken_back_whole(void **state)
{
    (void)state;
    static const struct rule table[] = {
        WHOLE("lines[0].current_quantity", "0"),
        WHOLE("kind", "\"edited\""),
        WHOLE("shipping_lines", "[]"),
        WHOLE("charges", "[]"),
        WHOLE("tenders", "[]"),
        WHOLE("totals", "{\"tax\": {\"shop_minor\": 0}, \"total\": {\"shop_minor\": 0},"
                        "\"outstanding\": {\"shop_minor\": 0}}"),
        WHOLE("payment_status", "\"refunded\""),
        TAKEN_BACK("refunded", "cancel", "0", "shipping_lines", "[]", {NULL, NULL}),
        TAKEN_BACK("voided", "cancel", "0", "tenders", "[]", {REFUND ".transactions", "[]"}),
        /* what is not all of it, or not back, stays */
        TAKEN_BACK("partially_refunded", "cancel", "0", "shipping_lines[0].code", "\"standard\"",
                   {NULL, NULL}),
        TAKEN_BACK("refunded", "return", "0", "lines[0].current_quantity", NULL, CARRIAGE_TOO),
        TAKEN_BACK("refunded", "cancel", "0", "lines[0].current_quantity", NULL,
                   {REFUND ".return", "{\"id\": 1}"}),
        TAKEN_BACK("refunded", "cancel", "0", "kind", "\"cancelled\"",
                   {"cancelled_at", "\"2026-11-19T10:00:00+00:00\""}),
        ALTERED("one of two units", "partially_refunded", "shipping_lines[0].code", "\"standard\"",
                {"financial_status", "\"refunded\""}, {ITEM ".restock_type", "\"cancel\""}),
    };
    CHECK_ALL(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_amounts),           cmocka_unit_test(test_identity),
        cmocka_unit_test(test_edits_and_refunds), cmocka_unit_test(test_payments),
        cmocka_unit_test(test_charges),           cmocka_unit_test(test_people_and_places),
        cmocka_unit_test(test_taken_back_whole),
    };
    return cmocka_run_group_tests_name("shopify_rules", tests, NULL, NULL);
}
