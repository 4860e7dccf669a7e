/* Deciding rows; see test_order_rows.h. */
#include "test_order_rows.h"

struct arena *memory;

void *some(size_t size)
{
    void *p = arena_alloc(memory, size);
    assert_non_null(p);
    return p;
}

/* Pays the order at this total. */
void pay(struct order_event *e, int64_t total)
{
    e->totals.total.shop_minor = total;
    e->tenders.items[0].amount.shop_minor = total;
}

static void check_request(const struct order_row *row, const struct flow_plan *plan)
{
    xmlDoc *request = support_request(plan);
    if (row->account != NULL)
        assert_string_equal(support_attribute(support_node(request, "Data", 0), "Customer", memory),
                            row->account);
    const bool held =
        strcmp(support_attribute(support_node(request, "Data", 0), "HoldOrder", memory), "Yes") ==
        0;
    assert_int_equal(held, row->outcome == OUTCOME_POSTED_ON_HOLD);
    assert_int_equal(held, *support_attribute(support_node(request, "Data", 0),
                                              "HoldOrderNarrative", memory) != '\0');
    if (row->contains != NULL && strstr(plan->request, row->contains) == NULL)
        fail_msg("'%s' is not in\n%s", row->contains, plan->request);
    if (row->lacks != NULL && strstr(plan->request, row->lacks) != NULL)
        fail_msg("'%s' is in\n%s", row->lacks, plan->request);
    xmlFreeDoc(request);
}

void order_rows_check(const struct order_row rows[], size_t count)
{
    struct order_rules *rules =
        support_rules((const char *const[]){"orders.cutover_date=2026-01-01", NULL});
    for (size_t i = 0; i < count; i++) {
        const struct order_row *row = &rows[i];
        print_message("  %s\n", row->name);
        memory = arena_new(SUPPORT_ARENA);
        struct order_event *event = support_order(memory);
        row->alter(event);
        struct support_world world = {.missing_product = "GONE", .customer = row->customer};
        struct flow_key key;
        struct flow_plan plan;
        support_decide(event, rules, &world, memory, &key, &plan);
        assert_int_equal(plan.verdict, row->verdict);
        assert_int_equal(plan.code_count, row->code == PF_OK ? 0 : 1);
        if (row->code != PF_OK)
            assert_string_equal(pf_error_info(plan.codes[0])->name, pf_error_info(row->code)->name);
        if (row->verdict == FLOW_SENDS || row->verdict == FLOW_SETTLES)
            assert_int_equal(plan.outcome, row->outcome);
        if (row->verdict == FLOW_SENDS)
            check_request(row, &plan);
        if (row->verdict == FLOW_DEAD_LETTERS || row->verdict == FLOW_WAITS)
            assert_non_null(strstr(plan.detail, row->contains != NULL ? row->contains : ""));
        arena_free(memory);
    }
    support_rules_free(rules);
}
