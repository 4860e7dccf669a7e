/* The next step that `primaflow why` names, from what is known of an order: a table of lives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec_support.h"
#include "core/why.h"

enum { FOUND = 1, ABSENT = 2 }; /* Prima; 0: not asked */

static const struct why_event event = {.kind = WHY_INPUT, .delivery = "orders.raw/0/1"};
static const struct why_event again = {.kind = WHY_INPUT, .delivery = "orders.raw/0/2"};
static const struct why_event posted = {
    .kind = WHY_RESULT, .delivery = "orders.raw/0/1", .outcome = "posted"};
static const struct why_event on_hold = {.kind = WHY_RESULT,
                                         .delivery = "orders.raw/0/1",
                                         .outcome = "posted_on_hold",
                                         .code = PF_E_tax_mismatch};
static const struct why_event duplicate = {
    .kind = WHY_RESULT, .delivery = "orders.raw/0/2", .outcome = "duplicate"};
static const struct why_event test_order = {
    .kind = WHY_RESULT, .delivery = "orders.raw/0/1", .outcome = "ignored_test"};
static const struct why_event conflict = {
    .kind = WHY_DEAD, .delivery = "orders.raw/0/2", .code = PF_E_conflict};
static const struct why_event amended = {
    .kind = WHY_DEAD, .delivery = "orders.raw/0/1", .code = PF_E_order_amended};
static const struct why_event as_before = {.kind = WHY_RESULT,
                                           .delivery = "orders.raw/0/2",
                                           .outcome = "duplicate",
                                           .resolves = "orders.raw/0/1"};
static const struct why_event lost = {
    .kind = WHY_DEAD, .delivery = "orders.raw/0/1", .code = PF_E_payment_lost};
static const struct why_event paid_again = {
    .kind = WHY_RESULT, .delivery = "orders.raw/0/2", .outcome = "payment_updated"};
static const struct why_event with_content = {
    .kind = WHY_INPUT, .delivery = "orders.raw/0/1", .content = "1a2b3c4d"};
static const struct why_event refused = {
    .kind = WHY_DEAD, .delivery = "orders.raw/0/1", .code = PF_E_prima_unknown_product};
static const struct why_event waits = {
    .kind = WHY_WAITS, .topic = "orders.raw.retry.10s", .delivery = "orders.raw/0/1"};
static const struct why_event waits_for_a_mapping = {.kind = WHY_WAITS,
                                                     .topic = "orders.raw.retry.10s",
                                                     .delivery = "orders.raw/0/1",
                                                     .code = PF_E_depot_unmapped};
static const struct why_event waits_for_a_tip = {.kind = WHY_WAITS,
                                                 .topic = "orders.raw.retry.10s",
                                                 .delivery = "orders.raw/0/1",
                                                 .code = PF_E_tip_unmapped};
static const struct why_event waits_for_prima = {.kind = WHY_WAITS,
                                                 .topic = "orders.raw.retry.10s",
                                                 .delivery = "orders.raw/0/1",
                                                 .code = PF_E_prima_unavailable};
static const struct why_event unreadable = {
    .kind = WHY_DEAD, .delivery = "orders.raw/0/1", .code = PF_E_avro_truncated};

static void test_next_steps(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const struct why_event *events[4];
        struct key_view redis;
        int prima;
        const char *says[WHY_NEXT_MAX]; /* in order; NULL: no more */
    } rows[] = {
        {"nothing known", {NULL}, {.is_asked = true}, ABSENT, {"Nothing found"}},
        {"posted",
         {&event, &posted},
         {.is_asked = true, .state = 'p'},
         FOUND,
         {"No action needed."}},
        {"posted, resent",
         {&event, &posted, &again, &duplicate},
         {.is_asked = true, .state = 'p'},
         FOUND,
         {"No action needed."}},
        {"a test", {&event, &test_order}, {.is_asked = true}, ABSENT, {"No action needed."}},
        {"on hold",
         {&event, &on_hold},
         {.is_asked = true, .state = 'p'},
         FOUND,
         {"tax_mismatch (finance): "}},
        {"on hold, resent",
         {&event, &on_hold, &again, &duplicate},
         {.is_asked = true, .state = 'p'},
         FOUND,
         {"tax_mismatch (finance): "}},
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
        {"amended, and sent again since",
         {&event, &amended, &again, &duplicate},
         {.is_asked = true, .state = 'p'},
         FOUND,
         {"order_amended (ecommerce): "}},
        {"amended, and as it was again",
         {&event, &amended, &again, &as_before},
         {.is_asked = true, .state = 'p'},
         FOUND,
         {"No action needed."}},
        {"amended, in Prima, too, by a person's word",
         {&with_content, &amended, &again, &duplicate},
         {.is_asked = true, .state = 'p', .content = "1a2b3c4d"},
         FOUND,
         {"No action needed."}},
        {"payment lost, sent again since",
         {&event, &lost, &again, &duplicate},
         {.is_asked = true, .state = 'p'},
         FOUND,
         {"payment_lost (finance): "}},
        {"payment lost, and paid again",
         {&event, &lost, &again, &paid_again},
         {.is_asked = true, .state = 'p'},
         FOUND,
         {"No action needed."}},
        {"refused",
         {&event, &refused},
         {.is_asked = true, .state = 'r', .code = "prima_unknown_product"},
         ABSENT,
         {"prima_unknown_product (ecommerce): "}},
        {"refused, redriven, posted",
         {&event, &refused, &posted},
         {.is_asked = true, .state = 'p'},
         FOUND,
         {"No action needed."}},
        {"unreadable",
         {&event, &unreadable},
         {.is_asked = true},
         ABSENT,
         {"avro_truncated (operations): "}},
        {"parked",
         {&event},
         {.is_asked = true, .state = 'k', .code = "exists_unproven", .unanswered = 1},
         FOUND,
         {"exists_unproven (finance): ", "1 event is not settled"}},
        {"parked, and its sender may live",
         {&event},
         {.is_asked = true,
          .state = 'k',
          .code = "outcome_unknown",
          .unanswered = 1,
          .senders = "3"},
         ABSENT,
         {"outcome_unknown (finance): ", "Not proven: that the worker of slot 3",
          "1 event is not settled"}},
        {"another tool wrote there",
         {&event},
         {.is_asked = true, .state = '?'},
         ABSENT,
         {"a value there that this version cannot read"}},
        {"under way",
         {&event},
         {.is_asked = true, .state = 's', .lease_left_ms = 4200, .unanswered = 1},
         ABSENT,
         {"A worker is processing it; its lease ends in 5 s"}},
        {"claimed, its worker dead",
         {&event},
         {.is_asked = true, .state = 'c', .lease_left_ms = -1},
         ABSENT,
         {"begins again"}},
        {"sent, its worker dead",
         {&event},
         {.is_asked = true, .state = 's', .lease_left_ms = -1},
         ABSENT,
         {"looks it up in Prima"}},
        {"sent, its worker dead, and Prima has it: ours as far as anybody knows",
         {&event},
         {.is_asked = true, .state = 's', .lease_left_ms = -1},
         FOUND,
         {"looks it up in Prima"}},
        {"posted, its result not committed yet",
         {&event},
         {.is_asked = true, .state = 'p'},
         FOUND,
         {"1 event is not settled yet"}},
        {"claimed and never sent, and Prima has one",
         {&event},
         {.is_asked = true, .state = 'c', .lease_left_ms = -1},
         FOUND,
         {"nothing here says that we sent it", "begins again"}},
        {"waits",
         {&event, &waits},
         {.is_asked = true, .deferred = 1},
         ABSENT,
         {"It waits in orders.raw.retry.10s"}},
        {"waits for a mapping: whose turn it is",
         {&event, &waits_for_a_mapping},
         {.is_asked = true},
         ABSENT,
         {"It waits in orders.raw.retry.10s", "depot_unmapped (ecommerce): "}},
        {"waits for a mapping without which it would be a dead letter",
         {&event, &waits_for_a_tip},
         {.is_asked = true},
         ABSENT,
         {"It waits in orders.raw.retry.10s", "tip_unmapped (finance): "}},
        {"waits for a service: nobody's turn",
         {&event, &waits_for_prima},
         {.is_asked = true},
         ABSENT,
         {"It waits in orders.raw.retry.10s"}},
        {"waited for a mapping, then posted",
         {&event, &waits_for_a_mapping, &posted},
         {.is_asked = true, .state = 'p'},
         FOUND,
         {"No action needed."}},
        {"waited, then posted",
         {&event, &waits, &posted},
         {.is_asked = true, .state = 'p'},
         FOUND,
         {"No action needed."}},
        {"nobody read it", {&event}, {.is_asked = true}, ABSENT, {"1 event is not settled yet"}},
        {"nobody read the second",
         {&event, &posted, &again},
         {.is_asked = true, .state = 'p'},
         FOUND,
         {"1 event is not settled yet"}},
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
        {"in Prima, Redis and results forgotten",
         {NULL},
         {.is_asked = true},
         FOUND,
         {"nothing here says that we sent it"}},
        {"Redis not asked", {&event, &posted}, {.is_asked = false}, 0, {"No action needed."}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct why_event events[4];
        char next[WHY_NEXT_MAX][700];
        struct why_order order = {
            .id = {.number = "2015001"}, .events = events, .redis = rows[i].redis};
        print_message("  %s\n", rows[i].name);
        while (order.event_count < 4 && rows[i].events[order.event_count] != NULL) {
            events[order.event_count] = *rows[i].events[order.event_count];
            order.event_count++;
        }
        order.prima.is_asked = rows[i].prima != 0;
        order.prima.answer = rows[i].prima == FOUND    ? WHY_PRIMA_FOUND
                             : rows[i].prima == ABSENT ? WHY_PRIMA_ABSENT
                                                       : WHY_PRIMA_UNKNOWN;
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
        struct why_event dead = {.kind = WHY_DEAD,
                                 .delivery = "orders.raw/0/1",
                                 .code = (enum pf_error)i},
                         both[2] = {event, dead};
        struct why_order order = {.events = both, .event_count = 2, .redis = {.is_asked = true}};
        assert_int_equal(why_next(&order, next), 1);
        assert_non_null(strstr(next[0], pf_error_info((enum pf_error)i)->next_step));
    }
}

/* What each version changed; what a dead letter of an order in Prima is about, while the posted
 * version can still be read. */
static void test_versions(void **state)
{
    (void)state;
    struct order_line line = {.line_id = "11", .sku = "A", .quantity = 2};
    struct order_line fewer = {.line_id = "11", .sku = "A", .quantity = 1};
    struct codec *codec = codec_test_open("schemas");
    char message[300];
    assert_int_equal(codec_check(codec, &order_event_record, message), 0);
    struct order_event one = {.currency = "GBP", .lines = {&line, 1}}, two = one, three = one;
    two.tax_exempt = true;
    three.lines.items = &fewer;
    struct why_event events[] = {
        {.kind = WHY_INPUT, .delivery = "orders.raw/0/1", .version = &one},
        {.kind = WHY_RESULT, .delivery = "orders.raw/0/1", .outcome = "posted"},
        {.kind = WHY_INPUT, .delivery = "orders.raw/0/2", .version = &two},
        {.kind = WHY_DEAD, .delivery = "orders.raw/0/2", .code = PF_E_conflict},
        {.kind = WHY_INPUT, .delivery = "orders.raw/0/3", .version = &three},
        {.kind = WHY_DEAD, .delivery = "orders.raw/0/3", .code = PF_E_conflict},
        {.kind = WHY_INPUT, .delivery = "orders.raw/0/4", .version = &three},
        {.kind = WHY_DEAD, .delivery = "orders.raw/0/4", .code = PF_E_prima_unknown_product},
    };
    static const char *const told[] = {
        NULL,
        NULL,
        "tax exempt from no to yes",
        "tax exempt from no to yes",
        "tax exempt from yes to no; line 11 (SKU A): units from 2 to 1",
        "line 11 (SKU A): units from 2 to 1",
        "",
        NULL};
    enum { COUNT = sizeof events / sizeof *events };
    struct why_order order = {.memory = arena_new(1 << 20), .events = events, .event_count = COUNT};
    why_versions_compare(codec, &order);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(events[i].is_compared, told[i] != NULL);
        assert_null(events[i].version); /* personal data */
        if (told[i] != NULL)
            assert_string_equal(
                differences_text(&events[i].changes->parts[PART_GOODS], 1000, order.memory),
                told[i]);
    }
    events[4] =
        (struct why_event){.kind = WHY_INPUT, .delivery = "orders.raw/0/3", .version = &three};
    events[5] =
        (struct why_event){.kind = WHY_DEAD, .delivery = "orders.raw/0/3", .code = PF_E_conflict};
    order.events += 1;
    order.event_count -= 1;
    why_versions_compare(codec, &order); /* the posted version has left the topic */
    assert_true(events[5].is_former_gone);
    assert_false(events[5].is_compared);

    /* a person has said that Prima holds version 2 now: what came behind it differs from that one */
    struct why_event after[] = {
        {.kind = WHY_INPUT, .delivery = "orders.raw/0/1", .version = &one, .content = "aaaaaaaa"},
        {.kind = WHY_RESULT, .delivery = "orders.raw/0/1", .outcome = "posted"},
        {.kind = WHY_INPUT, .delivery = "orders.raw/0/2", .version = &two, .content = "bbbbbbbb"},
        {.kind = WHY_DEAD, .delivery = "orders.raw/0/2", .code = PF_E_order_amended},
        {.kind = WHY_INPUT, .delivery = "orders.raw/0/3", .version = &three, .content = "cccccccc"},
        {.kind = WHY_DEAD, .delivery = "orders.raw/0/3", .code = PF_E_order_amended},
    };
    order.events = after;
    order.event_count = sizeof after / sizeof *after;
    order.redis = (struct key_view){.is_asked = true, .state = 'p', .content = "bbbbbbbb"};
    why_versions_compare(codec, &order);
    assert_string_equal(differences_text(&after[3].changes->parts[PART_GOODS], 1000, order.memory),
                        "tax exempt from no to yes");
    assert_string_equal(differences_text(&after[5].changes->parts[PART_GOODS], 1000, order.memory),
                        "tax exempt from yes to no; line 11 (SKU A): units from 2 to 1");
    arena_free(order.memory);
    codec_close(codec);
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
        {"01/orders/ebay/uk/5001", "01/orders/ebay/uk/5001",
         ""}, /* no such channel: Redis and topics may know it all the same */
        {"01/shopify/uk", NULL, NULL},
        {"01/orders/shopify/uk/5001/9", NULL, NULL},
        {"/shopify/uk/5001", NULL, NULL},
    };
    struct config *config = NULL;
    struct config_message message;
    assert_int_equal(clearenv(), 0);
    assert_int_equal(config_load(NULL, NULL, 0, &config, &message), 0);
    struct ops *ops = ops_new(config);
    struct ops_error error;
    assert_non_null(ops);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct why_id ids[WHY_ORDERS_MAX];
        size_t count = 0;
        bool found = false;
        print_message("  %s\n", rows[i].text);
        assert_int_equal(why_ids(ops, rows[i].text, ids, &count, &error),
                         rows[i].natural != NULL ? OPS_DONE : OPS_USAGE);
        for (size_t k = 0; rows[i].natural != NULL && k < count; k++)
            found |= strcmp(ids[k].natural, rows[i].natural) == 0 &&
                     strcmp(ids[k].number, rows[i].number) == 0;
        assert_int_equal(found, rows[i].natural != NULL);
    }
    ops_free(ops);
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next_steps),
        cmocka_unit_test(test_every_code_has_a_next_step),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
