/* What a later version of a refund says, whose note is posted: about its money, and about what came
 * back. */
#include "test_refund_support.h"

#include <string.h>

#include "domain/ledger/ledger_fold.h"
#include "refund_facts.h"
#include "refund_key.h"
#include "refund_life.h"

static struct arena *memory;
static struct order_rules *rules;

static void digest_of(const struct refund_event *event, uint8_t digest[FLOW_MONEY_SIZE])
{
    struct flow_money money;
    refund_flow_money(event, &money);
    flow_money_digest(&money, digest);
}

/* ---- money ---- */

static void as_it_is(struct refund_event *e)
{
    (void)e;
}
static void another_transaction_fails(struct refund_event *e)
{
    struct refund_transaction *both = arena_alloc(memory, 2 * sizeof *both);
    assert_non_null(both);
    both[0] = both[1] = e->transactions.items[0];
    both[1].status = TRANSACTION_FAILED;
    e->transactions.items = both;
    e->transactions.count = 2;
}
static void another_is_pending(struct refund_event *e)
{
    another_transaction_fails(e);
    e->transactions.items[1].status = TRANSACTION_PENDING;
}
static void another_gateway(struct refund_event *e)
{
    e->transactions.items[0].gateway = "elsewhere";
}
static void fails(struct refund_event *e)
{
    e->transactions.items[0].status = TRANSACTION_FAILED;
    e->succeeded.shop_minor = 0;
}
static void more(struct refund_event *e)
{
    refund_paid(e, memory, 3000);
}
static void deleted(struct refund_event *e)
{
    e->deleted = true;
}

static void test_what_is_money(void **state)
{
    static const struct {
        const char *name;
        void (*alter)(struct refund_event *);
        bool same;
    } rows[] = {
        {"the same", as_it_is, true},
        {"a failed attempt beside it", another_transaction_fails, true},
        {"more is on its way", another_is_pending, true},
        {"told with another gateway", another_gateway, true},
        {"it fails", fails, false},
        {"more went back", more, false},
        {"deleted", deleted, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t before[FLOW_MONEY_SIZE], after[FLOW_MONEY_SIZE];
        print_message("  %s\n", rows[i].name);
        memory = arena_new(SUPPORT_ARENA);
        struct refund_event *event = refund_event(memory);
        digest_of(event, before);
        rows[i].alter(event);
        digest_of(event, after);
        assert_int_equal(memcmp(before, after, sizeof before) == 0, rows[i].same);
        arena_free(memory);
    }
}

/* The summary of the shirt's note. */
static void post(const struct refund_event *event, struct ledger_entry *entry,
                 struct flow_plan *plan)
{
    struct ledger_fold fold = {.entry = entry};
    struct fact fact = {.kind = FACT_CREDIT, .state = FACT_KNOWN, .credit = &fold};
    struct flow_key key;
    const char *detail = NULL;
    assert_int_equal(refund_key(event, rules, memory, &key, &detail), PF_OK);
    assert_int_equal(refund_flow_decide(event, &key, rules, &fact, 1, NULL, memory, plan), 0);
    assert_int_equal(plan->verdict, FLOW_SENDS);
}

static void test_who_has_to_look(void **state)
{
    static const struct {
        const char *name;
        void (*alter)(struct refund_event *);
        bool is_lost; /* the note's summary */
        enum pf_error code;
        const char *says;
    } rows[] = {
        {"the same after all", as_it_is, false, PF_OK, "is what the credit note says"},
        {"it fails", fails, false, PF_E_refund_money_failed_after_credit,
         "the credit note paid back 25.00 GBP, and now 0.00 GBP has gone back"},
        {"deleted", deleted, false, PF_E_refund_money_failed_after_credit, "now 0.00 GBP"},
        {"more went back", more, false, PF_E_refund_more_money_after_credit,
         "now 30.00 GBP has gone back: 5.00 GBP of it has no credit note"},
        {"it fails, and what was posted is not known", fails, true,
         PF_E_refund_money_failed_after_credit, "Now 0.00 GBP has gone back; what its credit note"},
        {"deleted, and what was posted is not known", deleted, true,
         PF_E_refund_money_failed_after_credit, "Now 0.00 GBP"},
        {"it moved, and what was posted is not known", more, true,
         PF_E_refund_more_money_after_credit, "Now 30.00 GBP"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        memory = arena_new(SUPPORT_ARENA);
        struct refund_event *event = refund_event(memory);
        struct flow_plan plan;
        const char *detail = NULL;
        post(event, refund_entry(memory), &plan);
        rows[i].alter(event);
        assert_int_equal(refund_flow_money_moved(event, rows[i].is_lost ? NULL : plan.summary,
                                                 plan.summary_size, memory, &detail),
                         rows[i].code);
        if (strstr(detail, rows[i].says) == NULL)
            fail_msg("it says: %s", detail);
        arena_free(memory);
    }
}

/* What moved is the channel's money: that the note is of the order's, at another rate, is no news. */
static void test_another_rate_is_no_news(void **state)
{
    (void)state;
    memory = arena_new(SUPPORT_ARENA);
    struct refund_event *event = refund_event(memory);
    struct refund_transaction *t = &event->transactions.items[0];
    struct flow_plan plan;
    const char *detail = NULL;
    event->presentment_currency = t->currency = "EUR";
    event->lines.items[0].amount = (struct money_set){2500, true, 3000};
    t->amount = event->succeeded = (struct money_set){2550, true, 3000};
    event->set_off = (struct money_set){0, true, 0};
    post(event, refund_entry(memory), &plan);
    assert_int_equal(
        refund_flow_money_moved(event, plan.summary, plan.summary_size, memory, &detail), PF_OK);
    fails(event);
    assert_int_equal(
        refund_flow_money_moved(event, plan.summary, plan.summary_size, memory, &detail),
        PF_E_refund_money_failed_after_credit);
    arena_free(memory);
}

static void test_a_summary_that_cannot_be_read(void **state)
{
    (void)state;
    memory = arena_new(SUPPORT_ARENA);
    struct refund_event *event = refund_event(memory);
    const char *detail = NULL;
    assert_int_equal(refund_flow_money_moved(event, "\x07nonsense", 9, memory, &detail),
                     PF_E_refund_more_money_after_credit);
    assert_non_null(strstr(detail, "is not known here"));
    arena_free(memory);
}

/* ---- what came back ---- */

static void another_unit(struct refund_event *e)
{
    e->lines.items[0].quantity = 2;
    e->lines.items[0].amount.shop_minor = 5000;
}
static void restocked_elsewise(struct refund_event *e)
{
    e->lines.items[0].restock = RESTOCK_NONE;
}
static void in_another_order(struct refund_event *e)
{
    const struct refund_line line = e->lines.items[0];
    refund_lines(e, memory, 2);
    e->lines.items[0] = e->lines.items[1] = line;
    e->lines.items[0].quantity = 0;
    e->lines.items[0].amount.shop_minor = 500;
    e->lines.items[0].tax = NULL;
    e->lines.items[1].amount.shop_minor = 2000;
}
static void another_line(struct refund_event *e)
{
    e->lines.items[0].line_id = "L1";
}
static void with_carriage(struct refund_event *e)
{
    static struct refund_carriage carriage;
    carriage = (struct refund_carriage){.line_id = "S1", .amount = SHOP(350)};
    e->carriage.items = &carriage;
    e->carriage.count = 1;
}
static void with_a_fee(struct refund_event *e)
{
    static struct refund_adjustment fee;
    fee = (struct refund_adjustment){.kind = ADJUSTMENT_RESTOCKING_FEE, .amount = SHOP(-500)};
    e->adjustments.items = &fee;
    e->adjustments.count = 1;
}
static void of_a_return(struct refund_event *e)
{
    e->return_id = "R1";
}
static void with_a_set_off(struct refund_event *e)
{
    e->set_off.shop_minor = 1000;
}
static void an_edit(struct refund_event *e)
{
    e->kind = REFUND_KIND_EDIT;
}
static void at_another_time(struct refund_event *e)
{
    e->created_at += 3600000;
}
static void in_presentment(struct refund_event *e)
{
    e->lines.items[0].amount.has_presentment_minor = true;
    e->lines.items[0].amount.presentment_minor = 3000;
}
static void of_another_order(struct refund_event *e)
{
    e->order_id = "1002";
}
static void of_a_hostile_line(struct refund_event *e)
{
    e->lines.items[0].line_id = "L\x01\n2";
}
static void many_lines(struct refund_event *e)
{
    refund_lines(e, memory, 200);
    for (size_t i = 0; i < 200; i++)
        e->lines.items[i] = (struct refund_line){
            .line_id = arena_printf(memory, "X%03zu", i), .quantity = 1, .amount = SHOP(1)};
}
static void note_alone(struct refund_event *e)
{
    e->note = "seen";
}

static void test_what_differs(void **state)
{
    static const struct {
        const char *name;
        void (*alter)(struct refund_event *);
        const char *says;
    } rows[] = {
        {"units", another_unit,
         "Line L2: units from 1 to 2; line L2: amount from 25.00 GBP to 50.00 GBP."},
        {"how it is restocked", restocked_elsewise, "Line L2: restock from return to no_restock."},
        {"one line told as two", in_another_order,
         "What came back differs: primaflow why shows both versions."},
        {"another line", another_line, "Line L1 added: 25.00 GBP; line L2 removed: 25.00 GBP."},
        {"carriage", with_carriage, "Carriage S1 added: 3.50 GBP."},
        {"an adjustment", with_a_fee, "Adjustment restocking_fee added: -5.00 GBP."},
        {"a return", of_a_return, "Return from none to R1."},
        {"a set-off", with_a_set_off, "Set-off added: 10.00 GBP."},
        {"its kind", an_edit, "Kind from refund to edit."},
        {"its time", at_another_time, "Time from 2026-11-19T"},
        {"the customer's money alone", in_presentment,
         "Line L2: amount in the customer's currency differs."},
        {"its order", of_another_order, "Order from 1001 to 1002."},
        {"a line with control characters", of_a_hostile_line, "Line L  2 added: 25.00 GBP;"},
        {"more than can be told", many_lines, "more"},
        {"nothing of its goods", note_alone,
         "What came back differs: primaflow why shows both versions."},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        memory = arena_new(SUPPORT_ARENA);
        struct refund_event *former = refund_event(memory), *now = refund_event(memory);
        const char *detail = NULL;
        rows[i].alter(now);
        assert_int_equal(refund_goods_moved(NULL, former, NULL, now, memory, &detail),
                         PF_E_refund_amended);
        if (strstr(detail, rows[i].says) == NULL)
            fail_msg("it says: %s", detail);
        assert_true(strlen(detail) <= FLOW_DIFFERENCES_MAX);
        arena_free(memory);
    }
}

/* Where the version that was posted is not known, what is known is said. */
static void test_former_not_known(void **state)
{
    (void)state;
    memory = arena_new(SUPPORT_ARENA);
    const char *detail = NULL;
    assert_int_equal(refund_goods_moved(NULL, NULL, "Its record is gone.", refund_event(memory),
                                        memory, &detail),
                     PF_E_refund_amended);
    assert_string_equal(detail, "What came back differs. Its record is gone.");
    arena_free(memory);
}

/* A full arena: the sentence that needs none. */
static void test_no_memory(void **state)
{
    (void)state;
    memory = arena_new(SUPPORT_ARENA);
    struct refund_event *former = refund_event(memory), *now = refund_event(memory);
    another_unit(now);
    for (size_t size = 16; size < 4096; size += 16) {
        struct arena *small = arena_new(size);
        const char *detail = NULL;
        assert_int_equal(refund_goods_moved(NULL, former, NULL, now, small, &detail),
                         PF_E_refund_amended);
        assert_true(detail == NULL || strstr(detail, "What came back") != NULL ||
                    strstr(detail, "Line L2: units") != NULL);
        arena_free(small);
    }
    arena_free(memory);
}

static int load_rules(void **state)
{
    (void)state;
    rules = support_rules(NULL);
    return 0;
}

static int free_rules(void **state)
{
    (void)state;
    support_rules_free(rules);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_money),
        cmocka_unit_test(test_who_has_to_look),
        cmocka_unit_test(test_another_rate_is_no_news),
        cmocka_unit_test(test_a_summary_that_cannot_be_read),
        cmocka_unit_test(test_what_differs),
        cmocka_unit_test(test_former_not_known),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests_name("refund_life", tests, load_rules, free_rules);
}
