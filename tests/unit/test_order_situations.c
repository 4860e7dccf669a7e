/* Situations from outside, a row each: a plain Shopify order, altered as such a shop would send it,
 * imported, and what the orders worker makes of it by mappings of the row's own. */
#include "test_order_support.h"
#include "test_shopify_support.h"

#include "codec/codec.h"

#include <stdio.h>
#include <string.h>

static struct codec *codec;

/* ---- mappings ---- */

#define STORE(more)                                                                                \
    "channels:\n"                                                                                  \
    "  - {channel: shopify, store: uk, company: \"01\", prefix: \"201\", country: GB,\n"           \
    "     accounts: {guest: G, pos: TILL01, unresolved: U}, pos_sources: [pos]" more "}\n"

static const char always[] = STORE(", order_location: always");
static const char own_tax[] = STORE(", channel_liable: own");

static const char islands[] = "rates:\n"
                              "  - {country: GB, rate: \"20\"}\n"
                              "  - {country: GB, rate: \"0\"}\n"
                              "  - {country: GB, region: Northern Ireland, rate: \"23\"}\n"
                              "  - {country: GB, postcodes: [\"BT*\"], rate: \"23\"}\n"
                              "  - {country: ES, rate: \"21\"}\n"
                              "  - {country: ES, postcodes: [\"35*\", \"38*\"], rate: \"0\"}\n"
                              "  - {country: DE, rate: \"19\"}\n"
                              "  - {country: DE, postcodes: [\"78266\"], rate: \"0\"}\n"
                              "  - {channel: shopify, store: uk, country: FR, rate: \"20\"}\n"
                              "  - {channel: shopify, store: eu, country: IT, rate: \"20\"}\n"
                              "  - {country: \"*\", rate: \"0\"}\n";

static const char pending_posts[] = STORE(", unpaid: {pending: post}");
static const char pending_waits[] = STORE(", unpaid: {pending: wait}");
static const char authorized_is_open[] = STORE(", unpaid: {authorized: outstanding}");

static const char gateways[] =
    "payments:\n"
    "  - {gateway: shopify_payments, provider: SHOPIFY, authorized: hold}\n"
    "  - {gateway: Pay at the door, provider: DOOR, pending: outstanding, terms: DOOR}\n"
    "  - {kind: bank_transfer, provider: BACS, pending: wait}\n";

static const char fallback[] = "carriage:\n"
                               "  - {channel: shopify, store: uk, charge: ANYWAY}\n"
                               "  - {code: standard, charge: CARR}\n"
                               "charges: []\n"
                               "unmapped: MISCCHG\n";

/* ---- the table ---- */

#define POUNDS(amount)                                                                             \
    "{\"shop_money\": {\"amount\": \"" amount                                                      \
    "\", \"currency_code\": \"GBP\"}, \"presentment_money\": {\"amount\": \"" amount               \
    "\", \"currency_code\": \"GBP\"}}"
#define TAX(rate, amount)                                                                          \
    "{\"title\": \"VAT\", \"rate\": " rate ", \"price\": \"" amount                                \
    "\", \"price_set\": " POUNDS(amount) "}"
#define LIABLE(amount)                                                                             \
    "[{\"title\": \"VAT\", \"rate\": 0.2, \"channel_liable\": true, \"price\": \"" amount          \
    "\", \"price_set\": " POUNDS(amount) "}]"
#define ADDRESS(line1, city, region, postcode, country)                                            \
    "{\"first_name\": \"Ada\", \"last_name\": \"Example\", \"address1\": \"" line1                 \
    "\", \"city\": \"" city "\", \"province\": " region ", \"zip\": \"" postcode                   \
    "\", \"country_code\": \"" country "\"}"
#define TAX_OF_ALL(rate, first, second, carriage, sum)                                             \
    {"line_items[0].tax_lines", "[" TAX(rate, first) "]"},                                         \
        {"line_items[1].tax_lines", "[" TAX(rate, second) "]"},                                    \
        {"shipping_lines[0].tax_lines", "[" TAX(rate, carriage) "]"},                              \
        {"total_tax_set", POUNDS(sum)},                                                            \
    {                                                                                              \
        "current_total_tax_set", POUNDS(sum)                                                       \
    }

/* 24.00 at 20 % and 30.00 at 0 %; carriage 3.50. */
#define MIXED(carriage_taxes, sum)                                                                 \
    {"line_items[1].tax_lines", "[" TAX("0.0", "0.00") "]"},                                       \
        {"shipping_lines[0].tax_lines", "[" carriage_taxes "]"}, {"total_tax_set", POUNDS(sum)},   \
    {                                                                                              \
        "current_total_tax_set", POUNDS(sum)                                                       \
    }

#define UNPAID(status, gateway)                                                                    \
    {"financial_status", "\"" status "\""}, {"payment_gateway_names", "[\"" gateway "\"]"},        \
        {"total_outstanding", "\"57.50\""},                                                        \
    {                                                                                              \
        "transactions", NULL                                                                       \
    }
#define AUTHORIZATION                                                                              \
    {"financial_status", "\"authorized\""},                                                        \
    {                                                                                              \
        "transactions",                                                                            \
            "[{\"id\": 801, \"kind\": \"authorization\", \"status\": \"success\", "                \
            "\"amount\": \"57.50\", \"currency\": \"GBP\", \"authorization\": \"A-77\", "          \
            "\"gateway\": \"shopify_payments\"}]"                                                  \
    }
#define EDITED_DOWN                                                                                \
    {"line_items[0].current_quantity", "1"}, {"current_total_price_set", POUNDS("45.50")},         \
        {"current_subtotal_price_set", POUNDS("42.00")},                                           \
    {                                                                                              \
        "current_total_tax_set", POUNDS("7.58")                                                    \
    }
#define TAKEN_BACK(transactions)                                                                   \
    "{\"id\": 71, \"refund_line_items\": [{\"id\": 711, \"line_item_id\": 101, \"quantity\": 1, "  \
    "\"restock_type\": \"cancel\", \"subtotal_set\": " POUNDS(                                     \
        "12.00") ", \"total_tax_set\": " POUNDS("2.00") "}], \"transactions\": " transactions "}"
#define PAID_BACK                                                                                  \
    "{\"id\": 712, \"kind\": \"refund\", \"status\": \"success\", \"amount\": \"12.00\", "         \
    "\"currency\": \"GBP\", \"gateway\": \"shopify_payments\"}"
#define ALTERS_MAX 12
struct row {
    const char *name;
    const char *file, *content; /* mappings instead of the example's; NULL: none */
    struct {
        const char *path, *json;
    } alters[ALTERS_MAX];
    const char *outcome, *code;   /* "posted", "held", "dead", "waits", "cancelled"; "": none */
    const char *contains, *lacks; /* of the request, or of the detail */
};

#define POSTED .outcome = "posted", .code = ""
#define HELD(code_) .outcome = "held", .code = #code_
#define DEAD(code_) .outcome = "dead", .code = #code_

static const struct row rows[] = {
    /* where goods are handed over */
    {"typed in by a shop's staff, to be sent: not that shop's depot",
     NULL,
     NULL,
     {{"location_id", "2001"}, {"source_name", "\"shopify_draft_order\""}},
     POSTED,
     .lacks = "Warehouse=\"S1\""},
    {"sold at the till, to be sent: not the till's shelf",
     NULL,
     NULL,
     {{"location_id", "2001"}, {"source_name", "\"pos\""}},
     POSTED,
     .lacks = "Warehouse=\"S1\""},
    {"unless the mapping says so",
     "channels.yaml",
     always,
     {{"location_id", "2001"}, {"source_name", "\"shopify_draft_order\""}},
     POSTED,
     .contains = "Warehouse=\"S1\""},
    {"handed over at the till: its shelf",
     NULL,
     NULL,
     {{"location_id", "2001"}, {"source_name", "\"pos\""}, {"shipping_address", NULL}},
     POSTED,
     .contains = "Warehouse=\"S1\""},
    {"a location nobody knows is no matter where nothing leaves from it",
     NULL,
     NULL,
     {{"location_id", "9999"}},
     POSTED},
    {"and one where it is handed over",
     NULL,
     NULL,
     {{"location_id", "9999"}, {"shipping_address", NULL}},
     HELD(depot_unmapped)},

    /* carriage */
    {"a service that nobody mapped: the store's row without code",
     "charges.yaml",
     fallback,
     {{"shipping_lines[0].code", "\"Royal Pigeon\""}},
     POSTED,
     .contains = "Charge=\"ANYWAY\""},
    {"one without a code",
     "charges.yaml",
     fallback,
     {{"shipping_lines[0].code", "null"}},
     POSTED,
     .contains = "Charge=\"ANYWAY\""},
    {"a row with the code wins, wherever it stands",
     "charges.yaml",
     fallback,
     {{NULL, NULL}},
     POSTED,
     .contains = "Charge=\"CARR\""},

    /* carriage of mixed baskets */
    {"one rate between those of the goods",
     NULL,
     NULL,
     {MIXED(TAX("0.1", "0.32"), "4.32")},
     POSTED,
     .contains = "ChargeValue=\"3.50\""},
    {"a blended rate with decimals", NULL, NULL, {MIXED(TAX("0.088889", "0.29"), "4.29")}, POSTED},
    {"its tax is checked all the same",
     NULL,
     NULL,
     {MIXED(TAX("0.1", "0.42"), "4.42")},
     HELD(tax_mismatch)},
    {"a rate above all of the goods",
     NULL,
     NULL,
     {MIXED(TAX("0.25", "0.70"), "4.70")},
     HELD(tax_rate_unmapped)},
    {"a blended rate where nothing is mixed",
     NULL,
     NULL,
     {{"shipping_lines[0].tax_lines", "[" TAX("0.1", "0.32") "]"},
      {"total_tax_set", POUNDS("9.32")},
      {"current_total_tax_set", POUNDS("9.32")}},
     HELD(tax_rate_unmapped)},
    {"each rate on its part: 20.00 and 30.00 net of 3.50 are 1.40 and 2.10",
     NULL,
     NULL,
     {MIXED(TAX("0.2", "0.23") ", " TAX("0.0", "0.00"), "4.23")},
     POSTED},
    {"or 24.00 and 30.00 gross: 1.56 and 1.94",
     NULL,
     NULL,
     {MIXED(TAX("0.2", "0.26") ", " TAX("0.0", "0.00"), "4.26")},
     POSTED},
    {"each rate on all of it is too much",
     NULL,
     NULL,
     {MIXED(TAX("0.2", "0.58") ", " TAX("0.0", "0.00"), "4.58")},
     HELD(tax_mismatch)},

    /* tax borders within a country */
    {"Northern Ireland by its postcode",
     "tax.yaml",
     islands,
     {{"shipping_address", ADDRESS("1 Test Street", "Belfast", "null", "bt1 1aa", "GB")},
      TAX_OF_ALL("0.23", "4.49", "5.61", "0.65", "10.75")},
     POSTED},
    {"by its region",
     "tax.yaml",
     islands,
     {{"shipping_address", ADDRESS("1 Test Street", "Belfast", "\"Northern Ireland\"", "", "GB")},
      TAX_OF_ALL("0.23", "4.49", "5.61", "0.65", "10.75")},
     POSTED},
    {"is no hole for the rest of the country",
     "tax.yaml",
     islands,
     {TAX_OF_ALL("0.23", "4.49", "5.61", "0.65", "10.75")},
     HELD(tax_rate_unmapped)},
    {"nor are its country's rates right there",
     "tax.yaml",
     islands,
     {{"shipping_address",
       ADDRESS("1 Test Street", "Belfast", "\"Northern Ireland\"", "BT1 1AA", "GB")}},
     HELD(tax_rate_unmapped)},
    {"the Canaries are not taxed as Spain",
     "tax.yaml",
     islands,
     {{"shipping_address", ADDRESS("Calle 1", "Las Palmas", "\"GC\"", "35001", "ES")},
      TAX_OF_ALL("0.21", "4.17", "5.21", "0.61", "9.99")},
     HELD(tax_rate_unmapped)},
    {"Madrid is",
     "tax.yaml",
     islands,
     {{"shipping_address", ADDRESS("Calle 1", "Madrid", "\"M\"", "28001", "ES")},
      TAX_OF_ALL("0.21", "4.17", "5.21", "0.61", "9.99")},
     POSTED},
    {"a village: one postcode",
     "tax.yaml",
     islands,
     {{"shipping_address", ADDRESS("Weg 1", "B\\u00fcsingen", "\"BW\"", "78266", "DE")},
      TAX_OF_ALL("0.19", "3.83", "4.79", "0.56", "9.18")},
     HELD(tax_rate_unmapped)},
    {"a rate of this store",
     "tax.yaml",
     islands,
     {{"shipping_address", ADDRESS("Rue 1", "Paris", "null", "75001", "FR")}},
     POSTED},
    {"of another store",
     "tax.yaml",
     islands,
     {{"shipping_address", ADDRESS("Via 1", "Roma", "null", "00118", "IT")}},
     HELD(tax_rate_unmapped)},

    /* tax that is the channel's to pay */
    {"a marketplace's tax is not ours",
     NULL,
     NULL,
     {{"line_items[0].tax_lines", LIABLE("4.00")},
      {"line_items[1].tax_lines", LIABLE("5.00")},
      {"shipping_lines[0].tax_lines", LIABLE("0.58")}},
     DEAD(tax_not_ours),
     .contains = "the channel says that it pays the tax itself"},
    {"nor that of one line",
     NULL,
     NULL,
     {{"line_items[0].tax_lines", LIABLE("4.00")}},
     DEAD(tax_not_ours),
     .contains = "(line 1)"},
    {"nor that of carriage",
     NULL,
     NULL,
     {{"shipping_lines[0].tax_lines", LIABLE("0.58")}},
     DEAD(tax_not_ours)},
    {"unless the mapping says so",
     "channels.yaml",
     own_tax,
     {{"line_items[0].tax_lines", LIABLE("4.00")}},
     POSTED},

    /* money that is not captured */
    {"authorised, told by the status alone: a payment",
     NULL,
     NULL,
     {{"financial_status", "\"authorized\""}, {"transactions", NULL}},
     POSTED,
     .contains = "OrderPaid=\"57.50\""},
    {"authorised, told by its transaction: with the authorisation",
     NULL,
     NULL,
     {AUTHORIZATION},
     POSTED,
     .contains = "PayAuthRef=\"A-77\""},
    {"a card that nothing is said about is a payment",
     "channels.yaml",
     own_tax,
     {AUTHORIZATION},
     POSTED,
     .contains = "OrderPaid=\"57.50\""},
    {"where authorised money is outstanding",
     "channels.yaml",
     authorized_is_open,
     {AUTHORIZATION},
     POSTED,
     .contains = "OrderPaid=\"0.00\""},
    {"a gateway's own word comes before the channel's",
     "payments.yaml",
     gateways,
     {AUTHORIZATION},
     HELD(payment_pending)},
    {"cash on delivery, in a store that posts what is pending",
     "channels.yaml",
     pending_posts,
     {UNPAID("pending", "Cash on Delivery (COD)")},
     POSTED,
     .contains = "To pay: 57.50 GBP by Cash on Delivery (COD)"},
    {"by the gateway's row, with its terms",
     "payments.yaml",
     gateways,
     {UNPAID("pending", "Pay at the door")},
     POSTED,
     .contains = "PaymentTerms=\"DOOR\""},
    {"a bank deposit waits by its row",
     "payments.yaml",
     gateways,
     {UNPAID("pending", "Bank Deposit")},
     .outcome = "waits",
     .code = "payment_pending"},
    {"another gateway as the store says",
     "payments.yaml",
     gateways,
     {UNPAID("pending", "Carrier Pigeon Bank")},
     HELD(payment_pending)},
    {"paid, and all of it outstanding",
     NULL,
     NULL,
     {UNPAID("paid", "shopify_payments")},
     HELD(payment_contradicts),
     .contains = "the channel calls the order paid, and 57.50 outstanding"},
    {"which a store that waits for money does not wait for",
     "channels.yaml",
     pending_waits,
     {UNPAID("paid", "shopify_payments")},
     HELD(payment_contradicts)},
    {"nor one that posts what is pending leaves unsaid",
     "channels.yaml",
     pending_posts,
     {UNPAID("paid", "shopify_payments")},
     HELD(payment_contradicts)},
    {"more was taken than is due",
     NULL,
     NULL,
     {{"transactions", "[{\"id\": 801, \"kind\": \"sale\", \"status\": \"success\", \"amount\": "
                       "\"60.00\", \"currency\": \"GBP\", \"gateway\": \"shopify_payments\"}]"}},
     HELD(payment_excess),
     .contains = "60.00 was taken, too much by 2.50"},

    /* units that are taken back before anything left: the first line, 2 at 12.00 of 57.50 */
    {"by an edit, and the money is not back yet",
     NULL,
     NULL,
     {EDITED_DOWN, {"refunds", "[" TAKEN_BACK("[]") "]"}, {"transactions", NULL}},
     HELD(payment_excess),
     .contains = "57.50 was taken, too much by 12.00"},
    {"with the money, in one entry",
     NULL,
     NULL,
     {EDITED_DOWN,
      {"refunds", "[" TAKEN_BACK("[" PAID_BACK "]") "]"},
      {"transactions", NULL},
      {"financial_status", "\"partially_refunded\""}},
     POSTED,
     .contains = "OrderPaid=\"45.50\""},
    {"and only what is left is to be picked",
     NULL,
     NULL,
     {EDITED_DOWN,
      {"refunds", "[" TAKEN_BACK("[" PAID_BACK "]") "]"},
      {"transactions", NULL},
      {"financial_status", "\"partially_refunded\""}},
     POSTED,
     .contains = "Quantity=\"1\" Price=\"12.00\"",
     .lacks = "Quantity=\"2\""},

    /* what Prima cannot show */
    {"a street that nobody can read",
     NULL,
     NULL,
     {{"shipping_address",
       ADDRESS("\\u6e0b\\u8c37\\u533a1-1", "\\u6771\\u4eac", "null", "E1 1AA", "GB")}},
     HELD(address_illegible)},
    {"a name",
     NULL,
     NULL,
     {{"shipping_address.first_name", "\"\\u5c71\\u7530\""},
      {"shipping_address.last_name", "\"\\u592a\\u90ce\""}},
     HELD(address_illegible)},
    {"letters with stand-ins are read",
     NULL,
     NULL,
     {{"shipping_address", ADDRESS("\\u0443\\u043b\\u0438\\u0446\\u0430 1",
                                   "\\u0141\\u00f3d\\u017a", "null", "E1 1AA", "GB")}},
     POSTED},
    {"an emoji beside a name hides nothing",
     NULL,
     NULL,
     {{"shipping_address.first_name", "\"Ada \\ud83c\\udf89\""}},
     POSTED},
    {"an e-mail is no reason",
     NULL,
     NULL,
     {{"email", "\"\\u5c71\\u7530@example.com\""},
      {"customer.email", "\"\\u5c71\\u7530@example.com\""}},
     POSTED},
};

/* ---- from JSON to a decision ---- */

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
        return plan->outcome == OUTCOME_POSTED ? "posted" : "held";
    return plan->verdict == FLOW_WAITS ? "waits" : "dead";
}

static void check_row(const struct row *row, struct arena *arena)
{
    char folder[200];
    (void)snprintf(folder, sizeof folder, "orders.mappings=%s",
                   row->file != NULL ? support_mappings_copy(row->file, row->content)
                                     : "ops/deploy/mappings");
    struct order_rules *rules = support_rules((const char *const[]){folder, NULL});
    json_t *order = shopify_fixture("uk_vat_included");
    for (size_t i = 0; i < ALTERS_MAX && row->alters[i].path != NULL; i++)
        shopify_alter(order, row->alters[i].path, row->alters[i].json);
    json_t *json = shopify_import_plain(order);
    struct order_event event;
    decode(json, arena, &event);
    struct flow_key key;
    struct flow_plan plan;
    support_decide(&event, rules, NULL, arena, &key, &plan);
    const char *code = plan.code_count > 0 ? pf_error_info(plan.codes[0])->name : "";
    const char *text = plan.verdict == FLOW_SENDS ? plan.request : plan.detail;
    if (strcmp(outcome_of(&plan), row->outcome) != 0 || strcmp(code, row->code) != 0 ||
        plan.code_count > 1)
        fail_msg("%s: %s %s\n%s", row->name, outcome_of(&plan), code, text);
    if (row->contains != NULL && strstr(text, row->contains) == NULL)
        fail_msg("%s: '%s' is not in\n%s", row->name, row->contains, text);
    if (row->lacks != NULL && strstr(text, row->lacks) != NULL)
        fail_msg("%s: '%s' is in\n%s", row->name, row->lacks, text);
    json_decref(json);
    json_decref(order);
    support_rules_free(rules);
}

static void test_situations(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct arena *arena = arena_new(SUPPORT_ARENA);
        check_row(&rows[i], arena);
        arena_free(arena);
    }
}

static int setup(void **state)
{
    const struct codec_limits limits = {
        .bytes_max = 1 << 20, .elements_max = 10000, .depth_max = 32};
    char message[300] = "";
    (void)state;
    return codec_open("schemas", NULL, limits, &codec, message) != 0 ||
           codec_check(codec, &order_event_record, message) != 0;
}

static int teardown(void **state)
{
    (void)state;
    codec_close(codec);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_situations),
    };
    return cmocka_run_group_tests_name("order_situations", tests, setup, teardown);
}
