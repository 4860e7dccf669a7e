/* What contradicts itself: each fault of an event, said in its words, and the last value that is
 * none. */
#include "test_order_rows.h"

#include "order_decide.h"
#include "order_key.h"

static struct order_address *address_of(struct order_event *e)
{
    struct order_address *copy = some(sizeof *copy);
    *copy = *e->shipping_address;
    e->shipping_address = copy;
    return copy;
}
static void in_the_states(struct order_event *e) /* where the channel's rates are trusted */
{
    address_of(e)->country_code = "US";
}

static void discount_of_nothing(struct order_event *e)
{
    e->lines.items[1].discounts.items[0].amount.shop_minor = 0;
    e->lines.items[1].tax_lines.items[0].amount.shop_minor = 500;
    e->totals.tax.shop_minor = 958;
    pay(e, 5750);
}
static void negative_discount(struct order_event *e)
{
    e->lines.items[1].discounts.items[0].amount.shop_minor = -1;
}
static void negative_discount_of_carriage(struct order_event *e)
{
    struct order_discount *discount = some(sizeof *discount);
    discount->amount.shop_minor = -1;
    e->shipping_lines.items[0].discounts.items = discount;
    e->shipping_lines.items[0].discounts.count = 1;
}
static void rate(struct order_event *e, int64_t ppm)
{
    in_the_states(e);
    e->lines.items[0].tax_lines.items[0].rate_ppm = ppm;
}
static void negative_rate(struct order_event *e)
{
    rate(e, -1);
}
static void highest_rate(struct order_event *e)
{
    rate(e, 10000000);
}
static void too_high_a_rate(struct order_event *e)
{
    rate(e, 10000001);
}
static void too_high_a_rate_of_carriage(struct order_event *e)
{
    in_the_states(e);
    e->shipping_lines.items[0].tax_lines.items[0].rate_ppm = 10000001;
}
static void negative_current_quantity(struct order_event *e)
{
    e->lines.items[0].has_current_quantity = true;
    e->lines.items[0].current_quantity = -1;
}
static void negative_tender(struct order_event *e)
{
    e->tenders.items[0].amount.shop_minor = -1;
}
static void negative_tender_that_failed(struct order_event *e)
{
    e->tenders.items[0].amount.shop_minor = -1;
    e->tenders.items[0].status = TENDER_STATUS_FAILED;
}
static void charge_below_nothing(struct order_event *e, enum charge_kind kind)
{
    struct order_charge *charge = some(sizeof *charge);
    *charge = (struct order_charge){.kind = kind, .title = "", .amount = {.shop_minor = -1}};
    e->charges.items = charge;
    e->charges.count = 1;
    pay(e, 5249);
}
static void negative_duty(struct order_event *e)
{
    charge_below_nothing(e, CHARGE_DUTY);
}
static void rounded_down(struct order_event *e)
{
    charge_below_nothing(e, CHARGE_CASH_ROUNDING);
}
static void no_lines(struct order_event *e)
{
    e->lines.count = 0;
}
static void no_quantity(struct order_event *e)
{
    for (size_t i = 0; i < e->lines.count; i++)
        e->lines.items[i].quantity = 0;
}
static void no_currency(struct order_event *e)
{
    e->currency = "";
}
static void no_date(struct order_event *e)
{
    e->created_at = INT64_MAX;
}
static void too_large(struct order_event *e)
{
    e->lines.items[0].unit_price.shop_minor = INT64_MAX / 2 + 1;
}
static void too_large_a_total(struct order_event *e)
{
    e->shipping_lines.items[0].price.shop_minor = INT64_MAX - 4000;
}

#define INVALID(name_, alter_, says_)                                                              \
    {                                                                                              \
        .name = (name_), .alter = (alter_), REFUSES(PF_E_event_invalid), .contains = (says_)       \
    }

static const struct order_row rows[] = {
    {"a discount of nothing", discount_of_nothing, POSTS},
    INVALID("a discount below", negative_discount,
            "a discount is negative; discounts are positive amounts"),
    INVALID("carriage's, too", negative_discount_of_carriage, "a discount is negative"),
    INVALID("a rate below nothing", negative_rate, "a tax rate lies outside 0 to 1000 percent"),
    {"the highest rate", highest_rate, HOLDS(PF_E_tax_mismatch)},
    INVALID("one beyond", too_high_a_rate, "a tax rate lies outside 0 to 1000 percent"),
    INVALID("carriage's, too", too_high_a_rate_of_carriage, "a tax rate lies outside"),
    INVALID("a current quantity below nothing", negative_current_quantity,
            "a line's quantity is negative"),
    INVALID("money taken below nothing", negative_tender,
            "a tender is negative; refunds are events of their own"),
    INVALID("whether it came or not", negative_tender_that_failed, "a tender is negative"),
    INVALID("a charge below nothing", negative_duty,
            "a charge is negative; only cash rounding may be"),
    {"cash rounding may be", rounded_down, POSTS},
    INVALID("no lines", no_lines, "no line with a quantity is left"),
    INVALID("no units", no_quantity, "no line with a quantity is left"),
    INVALID("no currency", no_currency, "the currency is not in ISO 4217"),
    INVALID("no date", no_date, "created_at is no date of the calendar"),
    INVALID("a line too large", too_large, "the amounts are too large to add up"),
    INVALID("a total too large", too_large_a_total, "the amounts are too large to add up"),
};

static void test_faults(void **state)
{
    (void)state;
    order_rows_check(rows, sizeof rows / sizeof *rows);
}

/* A channel that is posted in the customer's money needs it of every amount. */
static void test_an_amount_without_presentment_money(void **state)
{
    struct support_world world = {.missing_product = NULL};
    struct flow_key key;
    struct flow_plan plan;
    char option[200];
    (void)state;
    (void)snprintf(option, sizeof option, "orders.mappings=%s",
                   support_mappings_copy(
                       "channels.yaml",
                       "channels:\n  - {channel: shopify, store: uk, company: \"01\", prefix: "
                       "\"201\", country: GB, money: presentment, accounts: {guest: G, "
                       "unresolved: U}}\n"));
    struct order_rules *rules = support_rules((const char *const[]){option, NULL});
    memory = arena_new(SUPPORT_ARENA);
    struct order_event *event = support_order(memory);
    event->presentment_currency = "EUR";
    support_decide(event, rules, &world, memory, &key, &plan);
    assert_int_equal(plan.verdict, FLOW_DEAD_LETTERS);
    assert_int_equal(plan.codes[0], PF_E_event_invalid);
    assert_string_equal(plan.detail, "an amount lacks presentment money, in which this channel's "
                                     "orders are posted");
    event->presentment_currency = "???";
    support_decide(event, rules, &world, memory, &key, &plan);
    assert_string_equal(plan.detail, "the currency is not in ISO 4217");
    arena_free(memory);
    support_rules_free(rules);
}

/* order_key lets no such number through; what slips by it is not sent all the same. */
static void test_a_number_that_no_request_can_have(void **state)
{
    static const char *const numbers[] = {"", "201 1001", "201<1001",
                                          "201100110011001100110011001100110011001100110011001"};
    (void)state;
    struct order_rules *rules = support_rules(NULL);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct flow_key key;
        struct flow_plan plan;
        const char *detail = NULL;
        memory = arena_new(SUPPORT_ARENA);
        struct order_event *event = support_order(memory);
        assert_int_equal(order_key(event, rules, memory, &key, &detail), PF_OK);
        key.document = numbers[i];
        assert_int_equal(order_decide(event, &key, rules, NULL, 0, NULL, memory, &plan), 0);
        assert_int_equal(plan.verdict, FLOW_NEEDS_FACTS);
        struct fact *facts = plan.facts;
        const size_t count = plan.fact_count;
        for (size_t k = 0; k < count; k++) {
            facts[k].state = FACT_KNOWN;
            facts[k].account = "C000123";
        }
        assert_int_equal(order_decide(event, &key, rules, facts, count, NULL, memory, &plan), 0);
        assert_int_equal(plan.verdict, FLOW_DEAD_LETTERS);
        assert_int_equal(plan.codes[0], PF_E_event_invalid);
        assert_string_equal(plan.detail, "the order cannot be written as a request: an amount or "
                                         "the order number does not fit");
        arena_free(memory);
    }
    support_rules_free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_an_amount_without_presentment_money),
        cmocka_unit_test(test_a_number_that_no_request_can_have),
    };
    return cmocka_run_group_tests_name("order_invalid", tests, NULL, NULL);
}
