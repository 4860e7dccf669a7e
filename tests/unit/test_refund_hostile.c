/* Hostile refunds: amounts at the edges of what a number holds, negative units, lines of other orders.
 * Whatever they say, there is a decision, and what is sent balances and fits into what remains. */
#include "test_refund_support.h"

#include "../support/chance.h"

static struct money_set *money_set(struct arena *arena, int64_t minor)
{
    struct money_set *set = arena_alloc(arena, sizeof *set);
    assert_non_null(set);
    set->shop_minor = minor;
    return set;
}

static int64_t hostile_minor(void)
{
    static const int64_t edges[] = {0,
                                    1,
                                    -1,
                                    350,
                                    2400,
                                    2500,
                                    INT64_MAX,
                                    INT64_MIN,
                                    INT64_MAX / 2,
                                    INT64_MIN / 2,
                                    INT64_MAX - 1};
    return chance_below(3) == 0 ? edges[chance_below(sizeof edges / sizeof *edges)]
                                : chance_below(6000) - 500;
}

static void fill_hostile(struct refund_event *e, struct arena *arena)
{
    refund_lines(e, arena, (size_t)chance_below(4));
    for (size_t i = 0; i < e->lines.count; i++)
        e->lines.items[i] = (struct refund_line){
            .line_id = chance_below(8) == 0   ? "X"
                       : chance_below(2) == 0 ? "L1"
                                              : "L2",
            .quantity = chance_below(5) == 0 ? INT32_MIN + (int32_t)chance_below(3)
                                             : (int32_t)chance_below(4),
            .restock = (enum restock)chance_below(RESTOCK_COUNT),
            .amount = SHOP(hostile_minor()),
            .tax = chance_below(2) == 0 ? money_set(arena, hostile_minor()) : NULL};
    if (chance_below(3) == 0) {
        e->adjustments.count = 1;
        e->adjustments.items = arena_alloc(arena, sizeof *e->adjustments.items);
        e->adjustments.items[0] = (struct refund_adjustment){
            (enum adjustment_kind)chance_below(ADJUSTMENT_KIND_COUNT), SHOP(hostile_minor()),
            chance_below(2) == 0 ? money_set(arena, hostile_minor()) : NULL};
    }
    if (chance_below(3) == 0) {
        e->charges.count = 1;
        e->charges.items = arena_alloc(arena, sizeof *e->charges.items);
        e->charges.items[0] =
            (struct refund_charge){.kind = CHARGE_CASH_ROUNDING, .amount = SHOP(hostile_minor())};
    }
    if (chance_below(4) == 0)
        e->order_amount = money_set(arena, hostile_minor());
    if (chance_below(5) == 0)
        e->set_off.shop_minor = hostile_minor();
    refund_paid(e, arena, hostile_minor());
}

static void test_hostile(void **state)
{
    (void)state;
    struct order_rules *rules = support_rules(NULL);
    size_t sent = 0;
    chance = 20261129;
    for (size_t n = 0; n < 20000; n++) {
        struct arena *arena = arena_new(SUPPORT_ARENA);
        struct ledger_entry *entry = refund_entry(arena);
        struct refund_event *event = refund_event(arena);
        struct ledger_balance balance;
        struct ledger_excess excess;
        entry->tax_included = chance_below(2) == 0;
        entry->total_minor += entry->tax_included ? 0 : entry->tax_minor;
        fill_hostile(event, arena);
        const struct refund_known known = refund_known_of(entry);
        const struct refund_plan plan = refund_plan_of(event, rules, &known, arena);
        if (plan.verdict == REFUND_SENDS) {
            assert_int_equal(ledger_balance_read(entry, arena, &balance), 0);
            assert_int_equal(ledger_reserve(&balance, &plan.credit, &excess), 0);
            assert_true(refund_difference(&plan, arena) == 0);
            sent++;
        }
        arena_free(arena);
    }
    print_message("  %zu of 20000 could be posted\n", sent);
    assert_true(sent > 100);
    support_rules_free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hostile)};
    return cmocka_run_group_tests_name("refund_hostile", tests, NULL, NULL);
}
