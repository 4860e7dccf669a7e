/* The next step that `primaflow why` names, from what is known of an order: a table of lives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "why.h"

enum { FOUND = 1, ABSENT = 2 }; /* Prima; 0: not asked */

static const struct why_event event = {.kind = WHY_INPUT, .delivery = "orders.raw/0/1"};
static const struct why_event again = {.kind = WHY_INPUT, .delivery = "orders.raw/0/2"};
static const struct why_event posted = {.kind = WHY_RESULT, .delivery = "orders.raw/0/1", .outcome = "posted"};
static const struct why_event on_hold = {
    .kind = WHY_RESULT, .delivery = "orders.raw/0/1", .outcome = "posted_on_hold", .code = PF_E_tax_mismatch};
static const struct why_event duplicate = {.kind = WHY_RESULT, .delivery = "orders.raw/0/2", .outcome = "duplicate"};
static const struct why_event test_order = {.kind = WHY_RESULT, .delivery = "orders.raw/0/1", .outcome = "ignored_test"};
static const struct why_event conflict = {.kind = WHY_DEAD, .delivery = "orders.raw/0/2", .code = PF_E_conflict};
static const struct why_event refused = {.kind = WHY_DEAD, .delivery = "orders.raw/0/1", .code = PF_E_prima_unknown_product};
static const struct why_event waits = {.kind = WHY_WAITS, .topic = "orders.raw.retry.10s", .delivery = "orders.raw/0/1"};
static const struct why_event waits_for_a_mapping = {
    .kind = WHY_WAITS, .topic = "orders.raw.retry.10s", .delivery = "orders.raw/0/1", .code = PF_E_depot_unmapped};
static const struct why_event unreadable = {.kind = WHY_DEAD, .delivery = "orders.raw/0/1", .code = PF_E_avro_truncated};

static void test_next_steps(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const struct why_event *events[4];
        struct why_state redis;
        int prima;
        const char *says[WHY_NEXT_MAX]; /* in order; NULL: no more */
    } rows[] = {
        {"nothing known", {NULL}, {.is_asked = true}, ABSENT, {"Nothing is known"}},
        {"posted", {&event, &posted}, {.is_asked = true, .state = 'p'}, FOUND, {"Nothing is to be done."}},
        {"posted, resent", {&event, &posted, &again, &duplicate}, {.is_asked = true, .state = 'p'}, FOUND, {"Nothing is to be done."}},
        {"a test", {&event, &test_order}, {.is_asked = true}, ABSENT, {"Nothing is to be done."}},
        {"on hold", {&event, &on_hold}, {.is_asked = true, .state = 'p'}, FOUND, {"tax_mismatch (finance): "}},
        {"on hold, resent", {&event, &on_hold, &again, &duplicate}, {.is_asked = true, .state = 'p'}, FOUND, {"tax_mismatch (finance): "}},
        {"on hold, then a conflict",
         {&event, &on_hold, &again, &conflict},
         {.is_asked = true, .state = 'p'},
         FOUND,
         {"conflict (ecommerce): ", "tax_mismatch (finance): "}},
        {"on hold and a conflict, told in another order than they came in",
         {&event, &again, &conflict, &on_hold},
         {.is_asked = true, .state = 'p'},
         FOUND,
         {"conflict (ecommerce): ", "tax_mismatch (finance): "}},
        {"refused",
         {&event, &refused},
         {.is_asked = true, .state = 'r', .code = "prima_unknown_product"},
         ABSENT,
         {"prima_unknown_product (ecommerce): "}},
        {"refused, redriven, posted", {&event, &refused, &posted}, {.is_asked = true, .state = 'p'}, FOUND, {"Nothing is to be done."}},
        {"unreadable", {&event, &unreadable}, {.is_asked = true}, ABSENT, {"avro_truncated (operations): "}},
        {"parked",
         {&event},
         {.is_asked = true, .state = 'k', .code = "exists_unproven", .unanswered = 1},
         FOUND,
         {"exists_unproven (finance): ", "1 event is not settled"}},
        {"under way",
         {&event},
         {.is_asked = true, .state = 's', .lease_left_ms = 4200, .unanswered = 1},
         ABSENT,
         {"A worker is at it now; its lease ends in 5 s"}},
        {"claimed, its worker dead", {&event}, {.is_asked = true, .state = 'c', .lease_left_ms = -1}, ABSENT, {"begins again"}},
        {"sent, its worker dead",
         {&event},
         {.is_asked = true, .state = 's', .lease_left_ms = -1},
         ABSENT,
         {"asks Prima whether it was applied"}},
        {"waits", {&event, &waits}, {.is_asked = true, .deferred = 1}, ABSENT, {"It waits in orders.raw.retry.10s"}},
        {"waits for a mapping: whose turn it is",
         {&event, &waits_for_a_mapping},
         {.is_asked = true},
         ABSENT,
         {"It waits in orders.raw.retry.10s", "depot_unmapped (ecommerce): "}},
        {"waited for a mapping, then posted",
         {&event, &waits_for_a_mapping, &posted},
         {.is_asked = true, .state = 'p'},
         FOUND,
         {"Nothing is to be done."}},
        {"waited, then posted", {&event, &waits, &posted}, {.is_asked = true, .state = 'p'}, FOUND, {"Nothing is to be done."}},
        {"nobody read it", {&event}, {.is_asked = true}, ABSENT, {"1 event is not settled yet"}},
        {"nobody read the second", {&event, &posted, &again}, {.is_asked = true, .state = 'p'}, FOUND, {"1 event is not settled yet"}},
        {"posted, and Prima has lost it",
         {&event, &posted},
         {.is_asked = true, .state = 'p'},
         ABSENT,
         {"A result says posted, but Prima does not have order 2015001"}},
        {"in Prima, and not by us",
         {&event, &unreadable},
         {.is_asked = true},
         FOUND,
         {"nothing here says that we sent it", "avro_truncated"}},
        {"in Prima, Redis and results forgotten", {NULL}, {.is_asked = true}, FOUND, {"nothing here says that we sent it"}},
        {"Redis not asked", {&event, &posted}, {.is_asked = false}, 0, {"Nothing is to be done."}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct why_event events[4];
        char next[WHY_NEXT_MAX][700];
        struct why_order order = {.id = {.order_number = "2015001"}, .events = events, .redis = rows[i].redis};
        print_message("  %s\n", rows[i].name);
        while (order.event_count < 4 && rows[i].events[order.event_count] != NULL) {
            events[order.event_count] = *rows[i].events[order.event_count];
            order.event_count++;
        }
        order.prima.is_asked = rows[i].prima != 0;
        order.prima.answer = rows[i].prima == FOUND ? WHY_PRIMA_FOUND : rows[i].prima == ABSENT ? WHY_PRIMA_ABSENT : WHY_PRIMA_UNKNOWN;
        size_t count = why_next(&order, next);
        for (size_t k = 0; k < WHY_NEXT_MAX && rows[i].says[k] != NULL; k++)
            if (k >= count || strstr(next[k], rows[i].says[k]) == NULL)
                fail_msg("step %zu of %zu: %s", k, count, k < count ? next[k] : "none");
        assert_true(count == WHY_NEXT_MAX || rows[i].says[count] == NULL);
    }
}

/* Every code names its next step, so that a code is enough. */
static void test_every_code_has_a_next_step(void **state)
{
    (void)state;
    for (int i = 1; i < PF_ERROR_COUNT; i++) {
        char next[WHY_NEXT_MAX][700];
        struct why_event dead = {.kind = WHY_DEAD, .delivery = "orders.raw/0/1", .code = (enum pf_error)i}, both[2] = {event, dead};
        struct why_order order = {.events = both, .event_count = 2, .redis = {.is_asked = true}};
        assert_int_equal(why_next(&order, next), 1);
        assert_non_null(strstr(next[0], pf_error_info((enum pf_error)i)->next_step));
    }
}

static void test_ids(void **state)
{
    (void)state;
    static const struct {
        const char *text, *natural; /* NULL: refused */
        const char *number;
    } rows[] = {
        {"5001", "01/orders/shopify/uk/5001", "2015001"},
        {"2015001", "01/orders/shopify/uk/5001", "2015001"}, /* Prima's number */
        {"5001", "02/orders/shopify/jp/5001", "3015001"},
        {"01/shopify/uk/5001", "01/orders/shopify/uk/5001", "2015001"},
        {"01/orders/shopify/uk/5001", "01/orders/shopify/uk/5001", "2015001"},
        {"01/orders/ebay/uk/5001", "01/orders/ebay/uk/5001", ""}, /* no such channel: Redis and topics may know it all the same */
        {"01/shopify/uk", NULL, NULL},
        {"01/orders/shopify/uk/5001/9", NULL, NULL},
        {"/shopify/uk/5001", NULL, NULL},
    };
    struct config *config = NULL;
    struct config_message message;
    assert_int_equal(clearenv(), 0);
    assert_int_equal(config_load(NULL, NULL, 0, &config, &message), 0);
    const struct cli cli = {.config = config};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct why_id ids[WHY_ORDERS_MAX];
        size_t count = 0;
        bool found = false;
        print_message("  %s\n", rows[i].text);
        assert_int_equal(why_ids(&cli, rows[i].text, ids, &count), rows[i].natural != NULL ? CLI_DONE : CLI_USAGE);
        for (size_t k = 0; rows[i].natural != NULL && k < count; k++)
            found |= strcmp(ids[k].natural, rows[i].natural) == 0 && strcmp(ids[k].order_number, rows[i].number) == 0;
        assert_int_equal(found, rows[i].natural != NULL);
    }
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next_steps),
        cmocka_unit_test(test_every_code_has_a_next_step),
        cmocka_unit_test(test_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
