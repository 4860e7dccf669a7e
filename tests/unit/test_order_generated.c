/* The example mappings and the made-up orders of `primaflow generate` belong together: each order,
 * as bytes on a topic, becomes what its maker said, and Prima's own arithmetic of the request
 * leaves outstanding what the order states. */
#include "test_order_support.h"

#include "../support/effort.h"
#include "base/currency.h"
#include "codec/codec.h"
#include "order_gen.h"

enum { ORDERS = 1000 };

static const struct order_gen_options common = {
    .seed = 7,
    .faulty = 30,
    .customers = 200,
    .start_ms = INT64_C(1795000000000),
    .faults = 1ULL << ORDER_FAULT_tax_mismatch | 1ULL << ORDER_FAULT_total_mismatch |
              1ULL << ORDER_FAULT_unknown_sku | 1ULL << ORDER_FAULT_empty_sku |
              1ULL << ORDER_FAULT_depot_unmapped | 1ULL << ORDER_FAULT_payment_unmapped |
              1ULL << ORDER_FAULT_charge_unmapped | 1ULL << ORDER_FAULT_test_order,
};

struct made {
    const struct order_rules *rules;
    struct codec *codec;
    size_t orders, faulty;
};

static const char *outcome_of(const struct flow_plan *plan)
{
    if (plan->verdict == FLOW_SETTLES)
        return plan->outcome == OUTCOME_IGNORED_TEST ? "ignored_test" : "ignored_before_cutover";
    if (plan->verdict == FLOW_SENDS)
        return plan->outcome == OUTCOME_POSTED ? "posted" : "posted_on_hold";
    return plan->verdict == FLOW_WAITS ? "waits" : "dead_letter";
}

static void check(struct made *made, const struct order_gen_event *maker)
{
    struct arena *arena = arena_new(SUPPORT_ARENA);
    struct buf bytes;
    struct codec_fault fault = {.message = ""};
    struct order_event event;
    buf_init(&bytes, 1 << 20);
    if (codec_from_json(made->codec, "OrderEvent", maker->event, &bytes, &fault) < 0 ||
        codec_decode(made->codec, &order_event_record, bytes.data, bytes.size, arena, &event,
                     &fault) < 0)
        fail_msg("order %lld: %s", (long long)maker->index, fault.message);
    struct support_world world = {.missing_product = "NOSUCH"};
    struct flow_key key;
    struct flow_plan plan;
    support_decide(&event, made->rules, &world, arena, &key, &plan);
    const char *code = plan.code_count == 0 ? "" : pf_error_info(plan.codes[0])->name;
    if (strcmp(outcome_of(&plan), maker->outcome) != 0 || strcmp(code, maker->code) != 0 ||
        plan.code_count > 1)
        fail_msg("order %lld (%s): %s %s, but its maker said %s %s: %s", (long long)maker->index,
                 order_fault_info(maker->fault)->name, outcome_of(&plan), code, maker->outcome,
                 maker->code, plan.verdict == FLOW_SENDS ? plan.request : plan.detail);
    if (plan.verdict == FLOW_SENDS && plan.outcome == OUTCOME_POSTED) {
        xmlDoc *request = support_request(&plan);
        assert_int_equal(
            support_outstanding(request, currency_find(event.currency)->decimals, arena),
            event.totals.outstanding.shop_minor);
        xmlFreeDoc(request);
    }
    made->orders++;
    made->faulty += maker->fault != ORDER_FAULT_NONE;
    buf_release(&bytes);
    arena_free(arena);
}

static void test_made_up_orders(void **state)
{
    (void)state;
    struct made made = {.rules = support_rules(NULL)};
    char message[300] = "";
    const struct codec_limits limits = {
        .bytes_max = 1 << 20, .elements_max = 10000, .depth_max = 32};
    assert_int_equal(codec_open("schemas", NULL, limits, &made.codec, message), 0);
    assert_int_equal(codec_check(made.codec, &order_event_record, message), 0);
    struct order_gen_options options = common;
    options.count = test_effort(ORDERS);
    struct order_gen *gen = order_gen_new(&options);
    struct order_gen_event event;
    assert_non_null(gen);
    while (order_gen_next(gen, &event)) {
        check(&made, &event);
        json_decref(event.event);
    }
    print_message("  %zu orders, %zu of them faulty\n", made.orders, made.faulty);
    assert_true(made.orders == (size_t)options.count && made.faulty > made.orders / 6);
    order_gen_free(gen);
    codec_close(made.codec);
    support_rules_free((struct order_rules *)made.rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_made_up_orders),
    };
    return cmocka_run_group_tests_name("order_generated", tests, NULL, NULL);
}
