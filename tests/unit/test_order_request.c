/* What of an order stands where in Prima's request, and what is asked before it is written. */
#include "test_order_support.h"

#include <errno.h>

#include "order_decide.h"
#include "order_key.h"

static struct arena *memory; /* of the row under test */

static void *some(size_t size)
{
    void *p = arena_alloc(memory, size);
    assert_non_null(p);
    return p;
}

static void plain(struct order_event *e)
{
    (void)e;
}
static void net(struct order_event *e) /* 2 x 10.00, 25.00 - 4.17, carriage 2.92 */
{
    e->taxes_included = false;
    e->lines.items[0].unit_price.shop_minor = 1000;
    e->lines.items[1].unit_price.shop_minor = 2500;
    e->lines.items[1].discounts.items[0].amount.shop_minor = 417;
    e->shipping_lines.items[0].price.shop_minor = 292;
}
static void in_yen(struct order_event *e)
{
    e->currency = "JPY";
}
static void in_dinar(struct order_event *e)
{
    e->currency = "KWD";
}
static void on_a_summer_night(struct order_event *e)
{
    e->created_at = 1782862200000; /* 2026-06-30 23:30 UTC */
}
static void with_messages(struct order_event *e)
{
    e->note = "Leave it with the neighbour";
    e->gift_message = "Many happy returns";
    e->delivery_instructions = "Ring twice";
    e->lines.items[0].gift_message = "For Bea";
    e->lines.items[1].properties.count = 1;
    e->lines.items[1].properties.items = some(sizeof *e->lines.items[1].properties.items);
    e->lines.items[1].properties.items[0] = (struct order_property){"Engraving", "AE"};
}
static void guest(struct order_event *e)
{
    ((struct order_customer *)e->customer)->customer_id = NULL;
}
static void business(struct order_event *e)
{
    struct order_business *b = some(sizeof *b);
    *b = (struct order_business){.company_id = "9", .name = "Test Ltd", .purchase_order = "PO 17"};
    e->business = b;
}
static void business_with_all(struct order_event *e)
{
    business(e);
    ((struct order_business *)e->business)->vat_number = "GB123456789";
    ((struct order_business *)e->business)->location_name = "Leeds";
    e->note = "By the back door";
    e->customer = NULL;
}
static void business_at_its_own_address(struct order_event *e)
{
    business(e);
    ((struct order_address *)e->billing_address)->company = "Test Ltd, Accounts";
}
static void without_anybody(struct order_event *e)
{
    e->customer = NULL;
}
static void in_pounds_both_ways(struct order_event *e)
{
    e->presentment_currency = "GBP";
}
static void by_gift_card(struct order_event *e)
{
    e->tenders.items[0] = (struct order_tender){.kind = TENDER_GIFT_CARD,
                                                .voucher_number = "**12",
                                                .amount = {.shop_minor = 5250},
                                                .status = TENDER_STATUS_CAPTURED};
}
static void by_exchange(struct order_event *e)
{
    e->tenders.items[0] = (struct order_tender){.kind = TENDER_OTHER,
                                                .gateway = "exchange",
                                                .voucher_number = "9001",
                                                .amount = {.shop_minor = 5250},
                                                .status = TENDER_STATUS_CAPTURED};
}
static void by_exchange_of_whatever(struct order_event *e)
{
    by_exchange(e);
    e->tenders.items[0].voucher_number = NULL;
}
static void with_a_failed_card_first(struct order_event *e)
{
    struct order_tender *two = some(2 * sizeof *two);
    two[0] = two[1] = e->tenders.items[0];
    two[0].status = TENDER_STATUS_FAILED;
    two[0].transaction_id = "T0";
    e->tenders.items = two;
    e->tenders.count = 2;
}
static void without_its_carriage_price(struct order_event *e)
{
    e->shipping_lines.items[0] = (struct shipping_line){.code = "drone", .title = "Free"};
    e->totals.tax.shop_minor = 817;
    e->totals.total.shop_minor = e->tenders.items[0].amount.shop_minor = 4900;
}
static void unknown_line(struct order_event *e)
{
    e->lines.items[1].sku = NULL;
    e->lines.items[1].variant_title = "Red / M";
}

static const struct {
    const char *name, *setting;
    void (*alter)(struct order_event *event);
    const char *element;
    size_t nth;
    const char *attribute, *value;
} rows[] = {
    {"the number is ours", NULL, plain, "Data", 0, "OrderNumber", "2011001"},
    {"so is the id under which Prima knows it", NULL, plain, "Data", 0, "TPGUID", "2011001"},
    {"gross prices as the channel has them", NULL, plain, "Data", 0, "VatInclusive", "Yes"},
    {"a unit's price", NULL, plain, "OrderLineData", 0, "Price", "12.00"},
    {"a line's price, where Prima is set up so", "prima.price_basis=line", plain, "OrderLineData",
     0, "Price", "24.00"},
    {"the discount is the line's", NULL, plain, "OrderLineData", 1, "TrDisc", "5.00"},
    {"no discount is no attribute", NULL, plain, "OrderLineData", 0, "TrDisc", ""},
    {"the line's tax", NULL, plain, "OrderLineData", 0, "ExtTaxVal", "4.00"},
    {"the channel's line", NULL, plain, "OrderLineData", 1, "LineReference", "L2"},
    {"product", NULL, plain, "OrderLineData", 1, "Product", "TSHIRT"},
    {"first matrix code", NULL, plain, "OrderLineData", 1, "MtrxCode1", "RED"},
    {"second matrix code", NULL, plain, "OrderLineData", 1, "MtrxCode2", "M"},
    {"depot", NULL, plain, "OrderLineData", 0, "Warehouse", "01"},
    {"carriage", NULL, plain, "OrderChargeData", 0, "Charge", "CARR"},
    {"its price with tax", NULL, plain, "OrderChargeData", 0, "ChargeValue", "3.50"},
    {"its carrier", NULL, plain, "OrderHeaderData", 0, "Carrier", "RM"},
    {"its service", NULL, plain, "OrderHeaderData", 0, "CarrServ", "48"},
    {"free carriage needs no charge, mapped or not", NULL, without_its_carriage_price,
     "OrderChargeData", 0, NULL, NULL},
    {"payment method", NULL, plain, "OrderPaymentData", 0, "PayMethod", "CSH"},
    {"provider", NULL, plain, "OrderPaymentData", 0, "SubPayMethod", "SHOPIFY"},
    {"our number as authorisation", NULL, plain, "OrderPaymentData", 0, "PayAuthRef", "2011001"},
    {"the provider's transaction", NULL, plain, "OrderPaymentData", 0, "TransactionID", "T1"},
    {"amount paid", NULL, plain, "OrderPaymentData", 0, "TranAmount", "52.50"},
    {"a gift card's number", NULL, by_gift_card, "OrderPaymentData", 0, "VchNumber", "**12"},
    {"goods that came back pay: their credit note's number", NULL, by_exchange, "OrderPaymentData",
     0, "ExchCreditNo", "201R9001"},
    {"... which is no voucher's", NULL, by_exchange, "OrderPaymentData", 0, "VchNumber", ""},
    {"... as its row says", NULL, by_exchange, "OrderPaymentData", 0, "PayMethod", "EXC"},
    {"... of a refund that nobody names", NULL, by_exchange_of_whatever, "OrderPaymentData", 0,
     "ExchCreditNo", ""},
    {"no other payment has one", NULL, plain, "OrderPaymentData", 0, "ExchCreditNo", ""},
    {"a payment that failed is none", NULL, with_a_failed_card_first, "OrderPaymentData", 0,
     "TransactionID", "T1"},
    {"nor is it counted", NULL, with_a_failed_card_first, "OrderPaymentData", 1, NULL, NULL},
    {"all that was paid", NULL, plain, "OrderHeaderData", 0, "OrderPaid", "52.50"},
    {"currency", NULL, in_yen, "OrderHeaderData", 0, "Currency", "JPY"},
    {"yen have no decimals", NULL, in_yen, "OrderLineData", 0, "Price", "1200"},
    {"dinars have three", NULL, in_dinar, "OrderLineData", 0, "Price", "1.200"},
    {"the date in the company's time zone", NULL, on_a_summer_night, "OrderHeaderData", 0,
     "OrderDate", "2026-07-01"},
    {"and in another one", "company.timezone=America/New_York", on_a_summer_night,
     "OrderHeaderData", 0, "OrderDate", "2026-06-30"},

    {"net prices as the channel has them", NULL, net, "Data", 0, "VatInclusive", "No"},
    {"net unit price", NULL, net, "OrderLineData", 0, "Price", "10.00"},
    {"a charge has no tax of its own in Prima: it contains it", NULL, net, "OrderChargeData", 0,
     "ChargeValue", "3.50"},
    {"gross made net", "prima.price_vat=net", plain, "OrderLineData", 0, "Price", "10.00"},
    {"with its discount", "prima.price_vat=net", plain, "OrderLineData", 1, "TrDisc", "4.17"},
    {"net made gross", "prima.price_vat=gross", net, "OrderLineData", 0, "Price", "12.00"},
    {"says so", "prima.price_vat=gross", net, "Data", 0, "VatInclusive", "Yes"},

    {"a note is for the shop", NULL, with_messages, "OrderHeaderData", 0, "SpecialInstructions",
     "Leave it with the neighbour"},
    {"a gift message goes with the parcel", NULL, with_messages, "OrderHeaderData", 0,
     "ShippingInstructions", "Gift message: Many happy returns; Ring twice"},
    {"a line's gift message", NULL, with_messages, "OrderLineData", 0, "LineNarrative",
     "Gift message: For Bea"},
    {"what the customer chose", NULL, with_messages, "OrderLineData", 1, "LineNarrative",
     "Engraving: AE"},
    {"all that is known of an unknown product", NULL, unknown_line, "OrderLineData", 1,
     "LineNarrative", "SKU (none): T-shirt / Red / M, 30.00 each, tax rate 20.0000 %"},
    {"its price stays", NULL, unknown_line, "OrderLineData", 1, "Price", "30.00"},

    {"the account that was found", NULL, plain, "Data", 0, "Customer", "C000123"},
    {"our reference", NULL, plain, "Data", 0, "CustomerRef", "201-C77"},
    {"a guest's reference does not show the address", NULL, guest, "Data", 0, "CustomerRef",
     "201-Eb5fc85e55755f9e0d030"},
    {"a business buys on its company's account", NULL, business, "Data", 0, "CustomerRef",
     "201-B9"},
    {"its own order number", NULL, business, "OrderHeaderData", 0, "OrderContact", "PO 17"},
    {"its name heads the invoice", NULL, business, "OrderInvoiceData", 0, "InvoiceAddrLine1",
     "Test Ltd"},
    {"unless the address has one", NULL, business_at_its_own_address, "OrderInvoiceData", 0,
     "InvoiceAddrLine1", "Test Ltd, Accounts"},
    {"not the parcel", NULL, business, "Data", 0, "AddrLine1", "1 Test Street"},
    {"its VAT number and branch go where people read", NULL, business_with_all, "OrderHeaderData",
     0, "SpecialInstructions", "By the back door; Branch: Leeds; VAT number: GB123456789"},
    {"whoever of it ordered", NULL, business_with_all, "Data", 0, "CustomerRef", "201-B9"},
    {"its order type", NULL, business, "Data", 0, "OrderType", "B2B"},
    {"by Prima: no account", "prima.customers=by_prima", plain, "Data", 0, "Customer", ""},
    {"by Prima: nobody is nobody's account but the guests'", "prima.customers=by_prima",
     without_anybody, "Data", 0, "Customer", "WEBGUEST"},
    {"by Prima: strangers share no reference", "prima.customers=by_prima", without_anybody, "Data",
     0, "CustomerRef", ""},
    {"one currency is no other money", NULL, in_pounds_both_ways, "OrderHeaderData", 0, "Currency",
     "GBP"},
    {"by Prima: the details", "prima.customers=by_prima", plain, "Data", 0, "CustomerSurname",
     "Example"},
    {"by Prima: the address to match, as it is compared", "prima.customers=by_prima", plain, "Data",
     0, "CustomerEmail", "ada@example.com"},
};

static void test_attributes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct order_rules *rules = support_rules((const char *const[]){rows[i].setting, NULL});
        struct flow_key key;
        struct flow_plan plan;
        memory = arena_new(SUPPORT_ARENA);
        struct order_event *event = support_order(memory);
        rows[i].alter(event);
        support_decide(event, rules, NULL, memory, &key, &plan);
        xmlDoc *request = support_request(&plan);
        xmlNode *node = support_node(request, rows[i].element, rows[i].nth);
        if (rows[i].attribute == NULL)
            assert_null(node);
        else
            assert_string_equal(support_attribute(node, rows[i].attribute, memory), rows[i].value);
        xmlFreeDoc(request);
        arena_free(memory);
        support_rules_free(rules);
    }
}

/* What people wrote is never cut, least of all in the middle of a letter. */
static void test_long_messages_are_whole(void **state)
{
    (void)state;
    enum { LETTERS = 3000 };
    struct order_rules *rules = support_rules(NULL);
    struct flow_key key;
    struct flow_plan plan;
    memory = arena_new(SUPPORT_ARENA);
    struct order_event *event = support_order(memory);
    char *message = some(2 * LETTERS + 1);
    for (size_t i = 0; i < LETTERS; i++)
        memcpy(message + 2 * i, "\xc3\xa9", 2);
    event->gift_message = event->lines.items[0].gift_message = message;
    support_decide(event, rules, NULL, memory, &key, &plan);
    xmlDoc *request = support_request(&plan);
    const char *expected = arena_printf(memory, "Gift message: %s", message);
    assert_string_equal(support_attribute(support_node(request, "OrderHeaderData", 0),
                                          "ShippingInstructions", memory),
                        expected);
    assert_string_equal(
        support_attribute(support_node(request, "OrderLineData", 0), "LineNarrative", memory),
        expected);
    xmlFreeDoc(request);
    arena_free(memory);
    support_rules_free(rules);
}

/* ---- the other money ---- */

static void presentment(struct money_set *set, int64_t minor)
{
    set->has_presentment_minor = true;
    set->presentment_minor = minor;
}

static struct order_event *in_euros(void)
{
    struct order_event *e = support_order(memory);
    e->presentment_currency = "EUR";
    presentment(&e->lines.items[0].unit_price, 1400);
    presentment(&e->lines.items[0].tax_lines.items[0].amount, 467);
    presentment(&e->lines.items[1].unit_price, 3500);
    presentment(&e->lines.items[1].discounts.items[0].amount, 600);
    presentment(&e->lines.items[1].tax_lines.items[0].amount, 483);
    presentment(&e->shipping_lines.items[0].price, 410);
    presentment(&e->shipping_lines.items[0].tax_lines.items[0].amount, 68);
    presentment(&e->totals.tax, 1018);
    presentment(&e->totals.total, 6110);
    presentment(&e->tenders.items[0].amount, 6110);
    return e;
}

static void test_money_is_chosen_once(void **state)
{
    (void)state;
    char folder[200];
    (void)snprintf(folder, sizeof folder, "orders.mappings=%s",
                   support_mappings_copy("channels.yaml",
                                         "channels:\n  - {channel: shopify, store: uk, company: "
                                         "\"01\", prefix: \"201\", country: GB, "
                                         "money: presentment, accounts: {unresolved: X}}\n"));
    struct order_rules *rules = support_rules((const char *const[]){folder, NULL});
    struct flow_key key;
    struct flow_plan plan;
    memory = arena_new(SUPPORT_ARENA);
    struct order_event *event = in_euros();
    support_decide(event, rules, NULL, memory, &key, &plan);
    xmlDoc *request = support_request(&plan);
    assert_int_equal(plan.outcome, OUTCOME_POSTED);
    assert_string_equal(
        support_attribute(support_node(request, "OrderHeaderData", 0), "Currency", memory), "EUR");
    assert_string_equal(
        support_attribute(support_node(request, "OrderLineData", 0), "Price", memory), "14.00");
    assert_int_equal(support_outstanding(request, 2, memory), 0);
    xmlFreeDoc(request);

    print_message("  one amount lacks it\n");
    event->tenders.items[0].amount.has_presentment_minor = false;
    support_decide(event, rules, NULL, memory, &key, &plan);
    assert_int_equal(plan.verdict, FLOW_DEAD_LETTERS);
    assert_int_equal(plan.codes[0], PF_E_event_invalid);

    print_message("  both are the same: the shop's, whatever it says of the other\n");
    event = support_order(memory);
    event->presentment_currency = event->currency;
    support_decide(event, rules, NULL, memory, &key, &plan);
    assert_int_equal(plan.verdict, FLOW_SENDS);

    print_message("  the channel has none: the shop's\n");
    event = support_order(memory);
    support_decide(event, rules, NULL, memory, &key, &plan);
    assert_int_equal(plan.verdict, FLOW_SENDS);
    assert_non_null(strstr(plan.request, "Currency=\"GBP\""));
    arena_free(memory);
    support_rules_free(rules);
}

/* ---- facts ---- */

/* `account`: of every customer; NULL: of none. */
static void know_all(void *account, struct fact *fact)
{
    assert_int_equal(fact->state, FACT_UNASKED);
    fact->account = fact->kind == FACT_CUSTOMER ? account : NULL;
    if (fact->kind == FACT_PRODUCT || account != NULL)
        fact->state = FACT_KNOWN;
}

static void test_facts(void **state)
{
    (void)state;
    struct order_rules *rules = support_rules(NULL);
    struct flow_key key;
    struct flow_plan plan;
    const char *detail = NULL;
    memory = arena_new(SUPPORT_ARENA);
    struct order_event *event = support_order(memory);
    event->lines.items[1].sku = event->lines.items[0].sku;
    assert_int_equal(order_key(event, rules, memory, &key, &detail), PF_OK);

    print_message("  each product once, and the customer\n");
    assert_int_equal(order_decide(event, &key, rules, NULL, 0, NULL, memory, &plan), 0);
    assert_int_equal(plan.verdict, FLOW_NEEDS_FACTS);
    assert_int_equal(plan.fact_count, 2);
    assert_int_equal(plan.facts[0].kind, FACT_PRODUCT);
    assert_string_equal(plan.facts[0].sku.product, "SKU00001");
    assert_int_equal(plan.facts[1].kind, FACT_CUSTOMER);
    assert_string_equal(plan.facts[1].channel_customer, "shopify/uk/77");
    assert_string_equal(plan.facts[1].email, "ada@example.com");
    assert_string_equal(plan.facts[1].customer.customer_ref, "201-C77");
    assert_string_equal(plan.facts[1].customer.address.surname, "Example");

    print_message("  what is known is not asked again\n");
    plan.facts[0].state = FACT_KNOWN;
    assert_int_equal(
        order_decide(event, &key, rules, plan.facts, plan.fact_count, NULL, memory, &plan), 0);
    assert_int_equal(plan.verdict, FLOW_NEEDS_FACTS);
    assert_int_equal(plan.facts[0].state, FACT_KNOWN);
    assert_int_equal(plan.facts[1].state, FACT_UNASKED);
    plan.facts[1].state = FACT_KNOWN;
    plan.facts[1].account = "C1";
    struct flow_plan again;
    assert_int_equal(
        order_decide(event, &key, rules, plan.facts, plan.fact_count, NULL, memory, &again), 0);
    assert_int_equal(again.verdict, FLOW_SENDS);

    print_message("  the same arguments, the same bytes\n");
    struct flow_plan third;
    assert_int_equal(
        order_decide(event, &key, rules, plan.facts, plan.fact_count, NULL, memory, &third), 0);
    assert_int_equal(third.request_size, again.request_size);
    assert_memory_equal(third.request, again.request, again.request_size);
    assert_int_equal(third.summary_size, again.summary_size);
    assert_memory_equal(third.summary, again.summary, again.summary_size);

    print_message(
        "  what the process knows is not asked for: decided at once, to the same bytes\n");
    static char account[] = "C1";
    const struct flow_known all = {.look = know_all, .user = account},
                            products = {.look = know_all};
    assert_int_equal(order_decide(event, &key, rules, NULL, 0, &all, memory, &third), 0);
    assert_int_equal(third.verdict, FLOW_SENDS);
    assert_int_equal(third.request_size, again.request_size);
    assert_memory_equal(third.request, again.request, again.request_size);

    print_message("  ... and the rest is asked for\n");
    assert_int_equal(order_decide(event, &key, rules, NULL, 0, &products, memory, &third), 0);
    assert_int_equal(third.verdict, FLOW_NEEDS_FACTS);
    assert_int_equal(third.facts[0].state, FACT_KNOWN);
    assert_int_equal(third.facts[1].state, FACT_UNASKED);

    print_message("  what was found out is not looked up\n");
    plan.facts[0].state = FACT_ABSENT;
    plan.facts[1].account = "C2";
    assert_int_equal(
        order_decide(event, &key, rules, plan.facts, plan.fact_count, &all, memory, &third), 0);
    assert_int_equal(third.verdict, FLOW_SENDS);
    assert_int_equal(third.codes[0], PF_E_unknown_sku);
    assert_non_null(strstr(third.request, "C2"));

    print_message("  nothing is asked for an order that is not posted\n");
    event->lines.items[0].quantity = -1;
    assert_int_equal(order_decide(event, &key, rules, NULL, 0, NULL, memory, &plan), 0);
    assert_int_equal(plan.verdict, FLOW_DEAD_LETTERS);
    arena_free(memory);
    support_rules_free(rules);
}

static void make_long(struct order_event *event, size_t count)
{
    const struct order_line model = event->lines.items[0];
    event->lines.items = some(count * sizeof model);
    event->lines.count = count;
    for (size_t i = 0; i < count; i++) {
        event->lines.items[i] = model;
        event->lines.items[i].sku = arena_printf(memory, "SKU%05zu", i);
    }
}

static void test_many_lines(void **state)
{
    (void)state;
    struct order_rules *rules = support_rules(NULL);
    struct flow_key key;
    struct flow_plan plan;
    memory = arena_new(4 * SUPPORT_ARENA);
    struct order_event *event = support_order(memory);
    make_long(event, FLOW_FACTS_MAX - 1);
    support_decide(event, rules, NULL, memory, &key, &plan);
    assert_int_equal(plan.verdict,
                     FLOW_SENDS); /* on hold, for its totals are still those of two lines */
    make_long(event, FLOW_FACTS_MAX);
    support_decide(event, rules, NULL, memory, &key, &plan);
    assert_int_equal(plan.verdict, FLOW_DEAD_LETTERS);
    arena_free(memory);
    support_rules_free(rules);
}

/* The arena ends somewhere: at each size the decision is the same or says so, and nothing is
 * written past it. */
static void test_small_arenas(void **state)
{
    (void)state;
    struct order_rules *rules =
        support_rules((const char *const[]){"prima.customers=by_prima", NULL});
    struct arena *own = memory = arena_new(SUPPORT_ARENA);
    struct order_event *event = support_order(own);
    struct flow_key key;
    const char *detail = NULL;
    struct fact facts[2] = {
        {.kind = FACT_PRODUCT, .state = FACT_KNOWN, .sku = {.product = "SKU00001"}},
        {.kind = FACT_PRODUCT,
         .state = FACT_KNOWN,
         .sku = {.product = "TSHIRT", .matrix = {"RED", "M"}}}};
    assert_int_equal(order_key(event, rules, own, &key, &detail), PF_OK);
    bool has_failed = false, has_worked = false;
    for (size_t size = 0; size < 24000; size += 16) {
        struct arena *small = arena_new(size);
        struct flow_plan plan;
        const int r = order_decide(event, &key, rules, facts, 2, NULL, small, &plan);
        if (r == 0)
            assert_int_equal(plan.verdict, FLOW_SENDS);
        else
            assert_int_equal(r, -ENOMEM);
        has_failed |= r != 0;
        has_worked |= r == 0;
        arena_free(small);
    }
    assert_true(has_failed && has_worked);
    arena_free(own);
    support_rules_free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attributes),           cmocka_unit_test(test_long_messages_are_whole),
        cmocka_unit_test(test_money_is_chosen_once), cmocka_unit_test(test_facts),
        cmocka_unit_test(test_many_lines),           cmocka_unit_test(test_small_arenas),
    };
    return cmocka_run_group_tests_name("order_request", tests, NULL, NULL);
}
