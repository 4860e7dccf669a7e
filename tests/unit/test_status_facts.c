/* Which orders Prima is asked for, and what is kept of each. */
#include "test_order_support.h"

#include "flow/flow.h"
#include "status_facts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct order_result result_of(int outcome)
{
    return (struct order_result){.outcome = outcome,
                                 .key = "01/orders/shopify/uk/1",
                                 .company = "01",
                                 .channel = "shopify",
                                 .store = "uk",
                                 .order_id = "1",
                                 .order_number = "2011",
                                 .source_name = "web",
                                 .has_delivery_address = true,
                                 .has_posted_at = true,
                                 .posted_at = 5000,
                                 .published_at = 9000};
}

static void test_which_are_asked(void **state)
{
    struct order_rules *rules = support_rules(NULL);
    struct order_result r;
    (void)state;
    for (int outcome = 0; outcome < ORDER_OUTCOMES; outcome++) {
        r = result_of(outcome);
        assert_int_equal(status_is_asked(&r, rules),
                         outcome == OUTCOME_POSTED || outcome == OUTCOME_POSTED_ON_HOLD);
    }
    r = result_of(OUTCOME_POSTED);
    r.source_name = "pos"; /* sold at a till, and sent */
    assert_true(status_is_asked(&r, rules));
    r.has_delivery_address = false; /* ... handed over */
    assert_false(status_is_asked(&r, rules));
    r.source_name = "web"; /* collected: somebody gets it ready */
    assert_true(status_is_asked(&r, rules));
    r.source_name = NULL;
    assert_true(status_is_asked(&r, rules));
    r.order_number = NULL;
    assert_false(status_is_asked(&r, rules));
    r = result_of(OUTCOME_POSTED);
    const struct shadow_post shadow = {.in_prima = false};
    r.shadow = &shadow;
    assert_false(status_is_asked(&r, rules));
    r = result_of(OUTCOME_POSTED);
    r.channel = "closed"; /* a channel that is not mapped any more: its parcels still come */
    assert_true(status_is_asked(&r, rules));
    support_rules_free(rules);
}

static void test_third_parties(void **state)
{
    char folder[300];
    const struct order_result r = result_of(OUTCOME_POSTED);
    const struct ledger_entry entry = {.channel = "shopify", .store = "uk", .identity = ""};
    (void)state;
    (void)snprintf(folder, sizeof folder, "orders.mappings=%s",
                   support_mappings_copy("channels.yaml",
                                         "channels:\n  - {channel: shopify, store: uk, company: "
                                         "\"01\", prefix: \"201\", fulfilled_by: third_party, "
                                         "accounts: {unresolved: X}}\n"));
    struct order_rules *rules = support_rules((const char *const[]){folder, NULL});
    assert_false(status_is_asked(&r, rules));
    assert_false(status_is_imported(&entry, rules));
    support_rules_free(rules);
}

static void test_imports(void **state)
{
    struct order_rules *rules = support_rules(NULL);
    struct ledger_entry entry = {.channel = "shopify", .store = "uk", .identity = ""};
    (void)state;
    assert_true(status_is_imported(&entry, rules));
    entry.identity = "01ab"; /* posted by a worker, whose result tells of it */
    assert_false(status_is_imported(&entry, rules));
    support_rules_free(rules);
}

static void test_kept(void **state)
{
    static const struct {
        const char *facts;
        bool held, imported, cancelled;
        int result;
    } rows[] = {
        {"- 5000 2011", false, false, false, 0},   {"h- 5000 2011", true, false, false, 0},
        {"ci- 5000 2011", false, true, true, 0},   {"", false, false, false, -EINVAL},
        {"-", false, false, false, -EINVAL},       {"- 5000", false, false, false, -EINVAL},
        {"- 5000 ", false, false, false, -EINVAL}, {"- x 2011", false, false, false, -EINVAL},
    };
    struct arena *arena = arena_new(100000);
    struct polled_order o;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  '%s'\n", rows[i].facts);
        assert_int_equal(status_facts_read("01/orders/shopify/uk/1", rows[i].facts, arena, &o),
                         rows[i].result);
        if (rows[i].result < 0)
            continue;
        assert_int_equal(o.is_held, rows[i].held);
        assert_int_equal(o.is_imported, rows[i].imported);
        assert_int_equal(o.is_cancelled, rows[i].cancelled);
        assert_int_equal(o.since_ms, 5000);
        assert_string_equal(o.order_number, "2011");
        assert_string_equal(o.company, "01");
        assert_string_equal(o.channel, "shopify");
        assert_string_equal(o.store, "uk");
        assert_string_equal(o.order_id, "1");
    }
    assert_int_equal(status_facts_read("no key", "- 5000 2011", arena, &o), -EINVAL);
    arena_free(arena);
}

static void test_written(void **state)
{
    char facts[STATUS_FACTS_MAX], number[200];
    struct order_result r = result_of(OUTCOME_POSTED_ON_HOLD);
    const struct ledger_entry entry = {.order_number = "2011"};
    struct order_status s = {.order_number = "2011", .as_of = 7000, .imported = true};
    (void)state;
    assert_true(status_facts_of_result(&r, facts));
    assert_string_equal(facts, "h- 5000 2011");
    r = result_of(OUTCOME_POSTED);
    r.has_posted_at = false;
    assert_true(status_facts_of_result(&r, facts));
    assert_string_equal(facts, "- 9000 2011");
    assert_true(status_facts_of_entry(&entry, 8000, facts));
    assert_string_equal(facts, "i- 8000 2011");
    assert_true(status_facts_of_status(&s, facts));
    assert_string_equal(facts, "i- 7000 2011");
    memset(number, '1', sizeof number - 1);
    number[sizeof number - 1] = '\0';
    r.order_number = number;
    assert_false(status_facts_of_result(&r, facts));
    /* what is over is remembered for longer than what tells of it is kept */
    const int64_t imported = status_forget_ms(&s);
    s.imported = false;
    assert_true(status_forget_ms(&s) > 7000 + INT64_C(60) * 86400000);
    assert_true(imported > 7000 + INT64_C(400) * 86400000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which_are_asked), cmocka_unit_test(test_third_parties),
        cmocka_unit_test(test_imports),         cmocka_unit_test(test_kept),
        cmocka_unit_test(test_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
