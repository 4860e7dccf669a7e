/* What the worker makes of imported refunds: those of each channel, against one order of the ledger,
 * become a credit note that comes to the money that went back; an edit that the order has already is
 * contained; money that is not told waits. */
#include "test_refund_support.h"
#include "test_refunds_support.h"

#include <string.h>

static struct codec *codec;
static struct order_rules *rules;

static int setup(void **state)
{
    (void)state;
    rules = support_rules(NULL);
    return refunds_codec(&codec);
}

static int teardown(void **state)
{
    (void)state;
    codec_close(codec);
    support_rules_free(rules);
    return 0;
}

/* Ids of the ledger's order, as refund_entry has them. */
#define SHOPIFY_HEAD                                                                               \
    "\"id\": 9001, \"order_id\": 1001, \"created_at\": \"2026-11-20T12:00:00Z\", "                 \
    "\"total_duties_set\": {\"shop_money\": {\"amount\": \"0.00\", \"currency_code\": \"GBP\"}}"
#define SHIRT                                                                                      \
    "{\"line_item_id\": \"L2\", \"quantity\": 1, \"restock_type\": \"return\", \"location_id\": "  \
    "1001, \"subtotal\": \"25.00\", \"total_tax\": \"4.17\"}"
#define CARD(amount, status)                                                                       \
    "{\"id\": 77, \"parent_id\": \"T1\", \"kind\": \"refund\", \"status\": \"" status              \
    "\", \"gateway\": \"shopify_payments\", \"amount\": \"" amount                                 \
    "\", \"processed_at\": \"2026-11-20T12:00:03Z\", \"payment_details\": "                        \
    "{\"credit_card_company\": \"Visa\"}}"
#define CARRIAGE                                                                                   \
    "\"refund_shipping_lines\": [{\"shipping_line_id\": \"S1\", \"subtotal_amount_set\": "         \
    "{\"shop_money\": {\"amount\": \"3.50\"}}}]"

static const struct {
    const char *name, *channel, *refund;
    int verdict;
    enum outcome outcome;
    int64_t back; /* of a note */
} rows[] = {
    {"a shirt", "shopify",
     "{" SHOPIFY_HEAD ", \"refund_line_items\": [" SHIRT
     "], \"transactions\": [" CARD("25.00", "success") "]}",
     REFUND_SENDS, OUTCOME_POSTED, 2500},
    {"with carriage", "shopify",
     "{" SHOPIFY_HEAD ", \"refund_line_items\": [" SHIRT "], " CARRIAGE
     ", \"transactions\": [" CARD("28.50", "success") "]}",
     REFUND_SENDS, OUTCOME_POSTED, 2850},
    {"with carriage, told twice", "shopify",
     "{" SHOPIFY_HEAD ", \"refund_line_items\": [" SHIRT "], " CARRIAGE
     ", \"order_adjustments\": [{\"kind\": \"shipping_refund\", \"amount\": \"-3.50\", "
     "\"tax_amount\": \"-0.58\"}], \"transactions\": [" CARD("28.50", "success") "]}",
     REFUND_SENDS, OUTCOME_POSTED, 2850},
    {"with carriage, as an adjustment alone", "shopify",
     "{" SHOPIFY_HEAD ", \"refund_line_items\": [" SHIRT "], \"order_adjustments\": [{\"kind\": "
     "\"shipping_refund\", \"amount\": \"-3.50\", \"tax_amount\": \"-0.58\"}], "
     "\"transactions\": [" CARD("28.50", "success") "]}",
     REFUND_SENDS, OUTCOME_POSTED, 2850},
    {"less back, as it is signed", "shopify",
     "{" SHOPIFY_HEAD ", \"refund_line_items\": [" SHIRT "], \"order_adjustments\": [{\"kind\": "
     "\"refund_discrepancy\", \"amount\": \"2.00\"}], \"transactions\": [" CARD("23.00",
                                                                                "success") "]}",
     REFUND_SENDS, OUTCOME_POSTED, 2300},
    {"the line twice", "shopify",
     "{" SHOPIFY_HEAD ", \"refund_line_items\": [{\"line_item_id\": \"L1\", \"quantity\": 1, "
     "\"restock_type\": \"return\", \"location_id\": 1001, \"subtotal\": \"12.00\", "
     "\"total_tax\": 2}, {\"line_item_id\": \"L1\", \"quantity\": 1, \"restock_type\": "
     "\"return\", \"location_id\": 1001, \"subtotal\": 12, \"total_tax\": \"2.00\"}], "
     "\"transactions\": [" CARD("24.00", "success") "]}",
     REFUND_SENDS, OUTCOME_POSTED, 2400},
    {"parts that miss the money", "shopify",
     "{" SHOPIFY_HEAD ", \"refund_line_items\": [" SHIRT
     "], \"transactions\": [" CARD("20.00", "success") "]}",
     REFUND_DEAD_LETTERS, OUTCOME_COUNT, 0},
    {"pending", "shopify",
     "{" SHOPIFY_HEAD ", \"refund_line_items\": [" SHIRT
     "], \"transactions\": [" CARD("25.00", "pending") "]}",
     REFUND_WAITS, OUTCOME_COUNT, 0},
    {"not told", "shopify", "{" SHOPIFY_HEAD ", \"refund_line_items\": [" SHIRT "]}", REFUND_WAITS,
     OUTCOME_COUNT, 0},
    {"failed", "shopify",
     "{" SHOPIFY_HEAD ", \"refund_line_items\": [" SHIRT
     "], \"transactions\": [" CARD("25.00", "failure") "]}",
     REFUND_DEAD_LETTERS, OUTCOME_COUNT, 0},
    {"deleted", "shopify",
     "{" SHOPIFY_HEAD ", \"deleted\": true, \"refund_line_items\": [" SHIRT
     "], \"transactions\": [" CARD("25.00", "success") "]}",
     REFUND_SETTLES, OUTCOME_NO_MONEY, 0},
    {"an edit before the order was posted", "shopify",
     "{\"id\": 9001, \"order_id\": 1001, \"created_at\": \"2026-11-17T12:00:00Z\", "
     "\"total_duties_set\": {\"shop_money\": {\"amount\": \"0.00\", \"currency_code\": \"GBP\"}}, "
     "\"transactions\": [], \"refund_line_items\": [{\"line_item_id\": \"L2\", \"quantity\": 1, "
     "\"restock_type\": \"cancel\", \"subtotal\": \"25.00\"}]}",
     REFUND_SETTLES, OUTCOME_CONTAINED, 0},
    {"an edit since", "shopify",
     "{" SHOPIFY_HEAD ", \"transactions\": [], \"refund_line_items\": [{\"line_item_id\": \"L2\", "
     "\"quantity\": 1, \"restock_type\": \"cancel\", \"subtotal\": \"25.00\"}]}",
     REFUND_SETTLES, OUTCOME_NO_MONEY, 0},
    {"BigCommerce's shirt and carriage", "bigcommerce",
     "{\"id\": 9001, \"order_id\": 1001, \"created\": \"2026-11-20T12:00:00+00:00\", "
     "\"total_amount\": 28.5, \"total_tax\": 4.75, \"payments\": [{\"id\": 3, \"provider_id\": "
     "\"shopify_payments\", \"amount\": 28.5, \"offline\": false, \"is_declined\": false}], "
     "\"items\": [{\"item_type\": \"PRODUCT\", \"item_id\": \"L2\", \"quantity\": 1, "
     "\"requested_amount\": null}, {\"item_type\": \"SHIPPING\", \"item_id\": \"S1\", "
     "\"requested_amount\": \"3.50\"}]}",
     REFUND_SENDS, OUTCOME_POSTED, 2850},
    {"BigCommerce's declined one", "bigcommerce",
     "{\"id\": 9001, \"order_id\": 1001, \"created\": \"2026-11-20T12:00:00+00:00\", "
     "\"total_amount\": 25, \"total_tax\": 4.17, \"payments\": [{\"provider_id\": "
     "\"shopify_payments\", \"amount\": 25, \"is_declined\": true}], \"items\": [{\"item_type\": "
     "\"PRODUCT\", \"item_id\": \"L2\", \"quantity\": 1, \"requested_amount\": null}]}",
     REFUND_DEAD_LETTERS, OUTCOME_COUNT, 0},
};

static json_t *event_of(const char *channel, const char *text)
{
    static const struct shopify_refund_options shopify = {.channel = "shopify", .store = "uk"};
    /* the ledger's order is shopify/uk's: which channel's JSON it was says nothing */
    static const struct bigcommerce_refund_options bigcommerce = {
        .channel = "shopify", .store = "uk", .currency = "GBP", .tax_rate_ppm = -1};
    const bool is_shopify = strcmp(channel, "shopify") == 0;
    json_error_t error;
    json_t *refund = json_loads(text, 0, &error);
    if (refund == NULL)
        fail_msg("%s: %s", text, error.text);
    json_t *event =
        refunds_import(is_shopify ? shopify_refund_event : bigcommerce_refund_event, refund, NULL,
                       is_shopify ? (const void *)&shopify : &bigcommerce, NULL);
    json_decref(refund);
    return event;
}

static void test_what_the_worker_makes_of_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *arena = arena_new(4 << 20);
        json_t *json = event_of(rows[i].channel, rows[i].refund);
        const struct refund_event event = refunds_decode(codec, json, arena);
        const struct refund_known known = refund_known_of(refund_entry(arena));
        const struct refund_plan plan = refund_plan_of(&event, rules, &known, arena);
        if ((int)plan.verdict != rows[i].verdict ||
            (rows[i].outcome != OUTCOME_COUNT && plan.outcome != rows[i].outcome))
            fail_msg("%s: verdict %d, %s", rows[i].name, (int)plan.verdict,
                     plan.detail != NULL ? plan.detail : "");
        if (plan.verdict == REFUND_SENDS) {
            assert_int_equal(plan.proof.money_minor, rows[i].back);
            assert_int_equal(refund_difference(&plan, arena), 0);
        }
        json_decref(json);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_the_worker_makes_of_them),
    };
    return cmocka_run_group_tests_name("refunds_decided", tests, setup, teardown);
}
