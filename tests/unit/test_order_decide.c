/* The rule book: whether an order is posted at all and when, what contradicts itself, and whose
 * account it is. Money: test_order_money.c; goods and charges: test_order_goods.c. */
#include "test_order_rows.h"

#include "order_decide.h"

static void plain(struct order_event *e)
{
    (void)e;
}
static void a_test(struct order_event *e)
{
    e->test = true;
}
static void test_money(struct order_event *e)
{
    e->tenders.items[0].test = true;
}
static void test_gateway(struct order_event *e)
{
    e->tenders.items[0].gateway = "bogus";
}
static void real_money_beside_test_money(struct order_event *e)
{
    struct order_tender *two = some(2 * sizeof *two);
    two[0] = two[1] = e->tenders.items[0];
    two[0].amount.shop_minor = 5000;
    two[1].amount.shop_minor = 250;
    two[1].test = true;
    e->tenders.items = two;
    e->tenders.count = 2;
}
static void cancelled(struct order_event *e)
{
    e->kind = ORDER_CANCELLED;
}
static void old(struct order_event *e)
{
    e->created_at = 1577836800000; /* 2020-01-01 */
}
static void unknown_currency(struct order_event *e)
{
    e->currency = "XXX";
}
static void negative_quantity(struct order_event *e)
{
    e->lines.items[0].quantity = -1;
}
static void all_lines_gone(struct order_event *e)
{
    for (size_t i = 0; i < e->lines.count; i++) {
        e->lines.items[i].has_current_quantity = true;
        e->lines.items[i].current_quantity = 0;
    }
}
static void nothing_left(struct order_event *e)
{
    all_lines_gone(e);
    pay(e, 0);
}
static void money_not_back(struct order_event *e)
{
    all_lines_gone(e);
    e->totals.total.shop_minor = 0;
}
static void nothing_ordered(struct order_event *e)
{
    for (size_t i = 0; i < e->lines.count; i++)
        e->lines.items[i].quantity = 0;
}
static void overflow(struct order_event *e)
{
    e->lines.items[0].unit_price.shop_minor = INT64_MAX;
}
static void cancelled_test(struct order_event *e)
{
    cancelled(e);
    a_test(e);
}
static void guest_with_mail(struct order_event *e)
{
    ((struct order_customer *)e->customer)->customer_id = NULL;
}
static void guest_without_mail(struct order_event *e)
{
    e->customer = NULL;
}
static void guest_of_the_outlet(struct order_event *e) /* [5] */
{
    e->store = "outlet";
    e->channel = "woocommerce";
    ((struct order_customer *)e->customer)->customer_id = NULL;
}
static void at_the_till(struct order_event *e) /* [5] */
{
    e->source_name = "pos";
    e->location_id = "2001";
    e->customer = NULL;
    e->shipping_address = e->billing_address = NULL;
}

static const struct order_row rows[] = {
    {"a plain order is posted", plain, POSTS, .account = "C000123", .contains = "HoldOrder=\"No\"",
     .lacks = "HoldOrderNarrative=\"t"},
    {"a test order is never posted", a_test, SETTLES(OUTCOME_IGNORED_TEST)},
    {"nor one with test money", test_money, SETTLES(OUTCOME_IGNORED_TEST)},
    {"nor one of a test gateway", test_gateway, SETTLES(OUTCOME_IGNORED_TEST)},
    {"real money beside test money is not ignored", real_money_beside_test_money, POSTS},
    {"a cancellation is never sent", cancelled, SETTLES(OUTCOME_CANCELLED_BEFORE_POSTING)},
    {"before the cut-over", old, SETTLES(OUTCOME_IGNORED_BEFORE_CUTOVER)},
    {"a currency that is none", unknown_currency, REFUSES(PF_E_event_invalid)},
    {"a negative quantity", negative_quantity, REFUSES(PF_E_event_invalid)},
    {"no line is left", all_lines_gone, REFUSES(PF_E_event_invalid),
     .contains = "no line with a quantity is left"},
    {"no unit was ever there", nothing_ordered, REFUSES(PF_E_event_invalid),
     .contains = "no line with a quantity is left"},
    {"nothing is left, and the money is back", nothing_left,
     SETTLES(OUTCOME_CANCELLED_BEFORE_POSTING)},
    {"nothing is left, and the money is not back yet", money_not_back, WAITS(PF_E_payment_excess),
     .contains = "not back yet"},
    {"amounts that do not fit", overflow, REFUSES(PF_E_event_invalid), .contains = "too large"},

    {"a cancellation of a test", cancelled_test, SETTLES(OUTCOME_CANCELLED_BEFORE_POSTING)},

    {"a guest with mail is matched", guest_with_mail, POSTS, .account = "C000123"},
    {"[5] a guest without mail: the channel's guest account", guest_without_mail, POSTS,
     .account = "WEBGUEST"},
    {"[5] guests of a channel that does not match them", guest_of_the_outlet, POSTS,
     .account = "OUTLETGUEST"},
    {"[5] the till's account", at_the_till, POSTS, .account = "TILL01",
     .contains = "OrderType=\"POS\""},
    {"several accounts match: held, never guessed", plain, HOLDS(PF_E_customer_ambiguous),
     .account = "WEBCHECK", .customer = FACT_AMBIGUOUS},
    {"unknown whether the account was made: held, no second one", plain,
     HOLDS(PF_E_customer_unknown_outcome), .account = "WEBCHECK", .customer = FACT_UNCERTAIN},
};

static void test_rules(void **state)
{
    (void)state;
    order_rows_check(rows, sizeof rows / sizeof *rows);
}

static void look_nowhere(void *user, struct fact *fact)
{
    (void)user;
    (void)fact;
}

/* A new order waits for its edits, five minutes here; what is older has settled. */
static void test_settling(void **state)
{
    (void)state;
    enum { MADE = 1000, MINUTE = 60000 };
    static const struct {
        const char *name;
        void (*alter)(struct order_event *event);
        int64_t made, seen, now;
        int verdict;
    } settles[] = {
        {"just made", plain, MADE, MADE, MADE + 1, FLOW_WAITS},
        {"a moment before", plain, MADE, MADE, MADE + 5 * MINUTE - 1, FLOW_WAITS},
        {"then it is posted", plain, MADE, MADE, MADE + 5 * MINUTE, FLOW_NEEDS_FACTS},
        {"late from its channel: it has settled", plain, MADE, MADE + 5 * MINUTE,
         MADE + 5 * MINUTE + 1, FLOW_NEEDS_FACTS},
        {"by a clock that is ahead: from when it was seen", plain, MADE + 900 * MINUTE, MADE,
         MADE + 5 * MINUTE, FLOW_NEEDS_FACTS},
        {"... and it waits all the same", plain, MADE + 900 * MINUTE, MADE, MADE + MINUTE,
         FLOW_WAITS},
        {"nor does who decides without a clock", plain, MADE, MADE, -1795000000000,
         FLOW_NEEDS_FACTS},
        {"a cancellation does not wait", cancelled, MADE, MADE, MADE + 1, FLOW_SETTLES},
        {"nor does a test", a_test, MADE, MADE, MADE + 1, FLOW_SETTLES},
    };
    const int64_t base = 1795000000000;
    struct order_rules *rules =
                           support_rules((const char *const[]){"orders.settle_after=5m", NULL}),
                       *at_once = support_rules(NULL);
    for (size_t i = 0; i < sizeof settles / sizeof *settles; i++) {
        print_message("  %s\n", settles[i].name);
        memory = arena_new(SUPPORT_ARENA);
        struct order_event *event = support_order(memory);
        settles[i].alter(event);
        event->created_at = base + settles[i].made;
        const struct flow_known known = {.look = look_nowhere,
                                         .now_ms = base + settles[i].now,
                                         .first_seen_ms = base + settles[i].seen};
        const struct flow_key key = {.document = "2011001"};
        struct flow_plan plan;
        assert_int_equal(order_decide(event, &key, rules, NULL, 0, &known, memory, &plan), 0);
        assert_int_equal(plan.verdict, settles[i].verdict);
        if (plan.verdict == FLOW_WAITS)
            assert_int_equal(plan.codes[0], PF_E_order_settling);
        assert_int_equal(order_decide(event, &key, at_once, NULL, 0, &known, memory, &plan), 0);
        assert_int_not_equal(plan.verdict, FLOW_WAITS);
        arena_free(memory);
    }
    support_rules_free(at_once);
    support_rules_free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_settling),
    };
    return cmocka_run_group_tests_name("order_decide", tests, NULL, NULL);
}
