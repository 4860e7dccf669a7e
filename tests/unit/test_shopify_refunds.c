/* What a refund of Shopify's becomes: whole fixtures against their events, out of their order and
 * alone; then its head, which copy is newer, and whether it is an edit. */
#include "test_refunds_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct codec *codec;

static int setup(void **state)
{
    (void)state;
    return refunds_codec(&codec);
}

static int teardown(void **state)
{
    (void)state;
    codec_close(codec);
    return 0;
}

static void same_event(const char *what, const json_t *got, const json_t *wanted)
{
    if (json_equal((json_t *)(uintptr_t)got, (json_t *)(uintptr_t)wanted))
        return;
    char *a = json_dumps(got, JSON_INDENT(1)), *b = json_dumps(wanted, JSON_INDENT(1));
    fail_msg("%s became:\n%s\nwanted:\n%s", what, a, b);
}

static const char *const fixtures[] = {"whole", "whole_eur"};
enum { FIXTURES = sizeof fixtures / sizeof *fixtures };

static void test_a_whole_refund(void **state)
{
    (void)state;
    for (size_t i = 0; i < FIXTURES; i++) {
        char path[100];
        (void)snprintf(path, sizeof path, "shopify_refunds/%s.event.json", fixtures[i]);
        json_t *order = refunds_fixture(fixtures[i]), *wanted = refunds_event_fixture(path),
               *event = refund_in_order(order, 0, NULL);
        same_event(fixtures[i], event, wanted);
        struct arena *arena = arena_new(1 << 20);
        (void)refunds_decode(codec, event, arena);
        arena_free(arena);
        json_decref(event);
        json_decref(wanted);
        json_decref(order);
    }
}

/* Out of its object alone it is the same but for what people call its order. */
static void test_the_same_refund_by_either_way(void **state)
{
    (void)state;
    for (size_t i = 0; i < FIXTURES; i++) {
        struct arena *arena = arena_new(1 << 20);
        uint8_t a[CODEC_IDENTITY_SIZE], b[CODEC_IDENTITY_SIZE];
        json_t *order = refunds_fixture(fixtures[i]), *within = refund_in_order(order, 0, NULL),
               *alone = refund_alone(order, 0, NULL);
        const struct refund_event first = refunds_decode(codec, within, arena),
                                  second = refunds_decode(codec, alone, arena);
        codec_identity(codec, &refund_event_record, &first, a);
        codec_identity(codec, &refund_event_record, &second, b);
        assert_memory_equal(a, b, sizeof a);
        assert_string_equal(first.event_id, second.event_id);
        (void)json_object_del(within, "order_name");
        same_event(fixtures[i], alone, within);
        json_decref(within);
        json_decref(alone);
        json_decref(order);
        arena_free(arena);
    }
}

static void test_head(void **state)
{
    static const struct refund_rule rules[] = {
        {"who", "whole", BOTH, {{NULL}}, "refund_id", "\"7501\""},
        {"whose", "whole", BOTH, {{NULL}}, "order_id", "\"5700000000050\""},
        {"by the order around it",
         "whole",
         WITHIN,
         {{R "order_id", NULL}},
         "order_id",
         "\"5700000000050\""},
        {"what people call it", "whole", WITHIN, {{NULL}}, "order_name", "\"#1050\""},
        {"made",
         "whole",
         BOTH,
         {{R "processed_at", "\"2026-11-01T00:00:00Z\""}},
         "created_at",
         "1795516200000"},
        {"made, where nothing else says",
         "whole",
         BOTH,
         {{R "created_at", NULL}},
         "created_at",
         "1795516200000"},
        {"a return", "whole", BOTH, {{NULL}}, "return_id", "\"5501\""},
        {"none", "whole", BOTH, {{R "return", "null"}}, "return_id", "(none)"},
        {"a test order", "whole", WITHIN, {{"test", "true"}}, "test", "true"},
        {"a test gateway", "whole", BOTH, {{PAID "test", "true"}}, "test", "true"},
        {"not deleted", "whole", BOTH, {{NULL}}, "deleted", "(none)"},
        {"deleted", "whole", BOTH, {{R "deleted", "true"}}, "deleted", "true"},
        {"deleted some time",
         "whole",
         BOTH,
         {{R "deleted_at", "\"2026-11-25T00:00:00Z\""}},
         "deleted",
         "true"},
        {"the shop's currency", "whole", BOTH, {{NULL}}, "currency", "\"GBP\""},
        {"by its sets", "whole", WITHIN, {{"currency", NULL}}, "currency", "\"GBP\""},
    };
    (void)state;
    CHECK(rules);
}

static json_int_t version_with(const char *path, const char *json)
{
    json_t *order = refunds_fixture("whole");
    if (path != NULL)
        shopify_alter(order, path, json);
    json_t *event = refund_alone(order, 0, NULL);
    const json_int_t version = json_integer_value(json_object_get(event, "source_version"));
    json_decref(event);
    json_decref(order);
    return version;
}

/* The more is known of its money, the newer, in one second of the channel's clock; a later time beats
 * all. */
static void test_which_copy_is_newer(void **state)
{
    (void)state;
    const json_int_t base = 1795516207000; /* its last transaction's time */
    json_t *order = refunds_fixture("whole");
    shopify_alter(order, R "transactions", NULL);
    shopify_alter(order, R "processed_at", "\"2026-11-24T10:30:07Z\"");
    json_t *event = refund_alone(order, 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(event, "source_version")), base);
    json_decref(event);
    json_decref(order);
    assert_int_equal(version_with(PAID "status", "\"pending\""), base + 1);
    assert_int_equal(version_with(NULL, NULL), base + 2);
    assert_int_equal(version_with(PAID "status", "\"failure\""), base + 2);
    assert_int_equal(version_with(R "deleted", "true"), base + 3);
    assert_int_equal(version_with(PAID "processed_at", "\"2026-11-24T10:30:08Z\""), base + 1002);
}

static json_t *bare_order(const char *refunds)
{
    json_t *order = refunds_fixture("whole");
    shopify_alter(order, "refunds", refunds);
    return order;
}

#define HEAD(id, at)                                                                               \
    "\"id\": " id ", \"order_id\": 5700000000050, \"created_at\": \"2026-11-2" at "T10:00:00Z\""
#define MONEY(amount) "{\"kind\": \"refund\", \"status\": \"success\", \"amount\": \"" amount "\"}"
#define UNIT(restock)                                                                              \
    "{\"line_item_id\": 201, \"quantity\": 1, \"restock_type\": " restock                          \
    ", \"subtotal\": \"42.50\", \"total_tax\": \"7.08\"}"

/* ---- edits ---- */

static void test_edit_or_refund(void **state)
{
    static const struct {
        const char *name, *refunds, *kind;
        size_t index;
        bool alone; /* it is the same alone */
    } rows[] = {
        {"units without money",
         "[{" HEAD("1", "1") ", \"transactions\": [], "
                             "\"refund_line_items\": [" UNIT("\"no_restock\"") "]}]",
         "edit", 0, true},
        {"they had left",
         "[{" HEAD("1", "1") ", \"transactions\": [], "
                             "\"refund_line_items\": [" UNIT("\"return\"") "]}]",
         "refund", 0, true},
        {"one of them had left",
         "[{" HEAD("1", "1") ", \"transactions\": [], "
                             "\"refund_line_items\": [" UNIT("\"cancel\"") "," UNIT(
                                 "\"legacy_restock\"") "]}]",
         "refund", 0, true},
        {"taken back with their money",
         "[{" HEAD("1", "1") ", \"transactions\": [" MONEY("42.50") "], "
                                                                    "\"refund_line_items\": [" UNIT(
                                                                        "\"cancel\"") "]}]",
         "edit", 0, true},
        {"kept, and paid back",
         "[{" HEAD("1", "1") ", \"transactions\": [" MONEY("42.50") "], "
                                                                    "\"refund_line_items\": [" UNIT(
                                                                        "\"no_restock\"") "]}]",
         "refund", 0, true},
        {"taken back with carriage",
         "[{" HEAD("1", "1") ", \"transactions\": [" MONEY(
             "46.00") "], "
                      "\"refund_line_items\": [" UNIT(
                          "\"cancel\"") "], \"refund_shipping_lines\": "
                                        "[{\"subtotal_amount_set\": {\"shop_money\": {\"amount\": "
                                        "\"3.50\"}}}]}]",
         "refund", 0, true},
        {"with a return",
         "[{" HEAD("1", "1") ", \"transactions\": [], \"return\": {\"id\": 3}, "
                             "\"refund_line_items\": [" UNIT("\"no_restock\"") "]}]",
         "refund", 0, true},
        {"adjusted",
         "[{" HEAD("1", "1") ", \"transactions\": [], \"order_adjustments\": "
                             "[{\"kind\": \"refund_discrepancy\", \"amount\": \"1.00\"}]}]",
         "refund", 0, true},
        {"fees",
         "[{" HEAD("1", "1") ", \"transactions\": [" MONEY(
             "42.50") "], "
                      "\"refund_line_items\": [" UNIT(
                          "\"cancel\"") "], \"additional_fees\": "
                                        "[{\"amount_set\": {\"shop_money\": {\"amount\": "
                                        "\"1.00\"}}}]}]",
         "refund", 0, true},
        {"money alone, for goodwill",
         "[{" HEAD("1", "1") ", \"transactions\": [" MONEY("5.00") "]}]", "refund", 0, false},
        {"money alone, after an edit",
         "[{" HEAD("1", "1") ", \"transactions\": [], \"refund_line_items\": [" UNIT(
             "\"cancel\"") "]}, {" HEAD("2", "2") ", \"transactions\": [" MONEY("42.50") "]}]",
         "edit", 1, false},
        {"money alone, before the edit",
         "[{" HEAD("2", "1") ", \"transactions\": [" MONEY("5.00") "]}, {" HEAD(
             "1", "2") ", \"transactions\": [], \"refund_line_items\": [" UNIT("\"cancel\"") "]}]",
         "refund", 0, false},
        {"money alone, after units with theirs",
         "[{" HEAD("1", "1") ", \"transactions\": [" MONEY(
             "42.50") "], "
                      "\"refund_line_items\": [" UNIT("\"cancel\"") "]}, {" HEAD(
                          "2", "2") ", \"transactions\": [" MONEY("5.00") "]}]",
         "refund", 1, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *order = bare_order(rows[i].refunds),
               *event = refund_in_order(order, rows[i].index, NULL);
        const char *kind = json_string_value(json_object_get(event, "kind"));
        if (strcmp(kind, rows[i].kind) != 0)
            fail_msg("%s: %s", rows[i].name, kind);
        json_decref(event);
        for (size_t k = 0; k < json_array_size(json_object_get(order, "refunds")); k++) {
            json_t *refund = json_array_get(json_object_get(order, "refunds"), k),
                   *transaction = json_array_get(json_object_get(refund, "transactions"), 0);
            if (transaction != NULL)
                (void)json_object_set_new(transaction, "currency", json_string("GBP"));
            else
                (void)json_object_set_new(refund, "total_duties_set",
                                          json_pack("{s:{s:s, s:s}}", "shop_money", "amount",
                                                    "0.00", "currency_code", "GBP"));
        }
        struct heard heard = {.count = 0};
        event = refund_alone(order, rows[i].index, &heard);
        if (rows[i].alone)
            assert_string_equal(json_string_value(json_object_get(event, "kind")), rows[i].kind);
        else
            assert_string_equal(heard.text,
                                "$: is money alone, without a reason: whether it pays back an "
                                "edit, only its order tells; import the whole order "
                                "(/orders/ID.json)\n");
        json_decref(event);
        json_decref(order);
    }
}

/* Carriage that an edit took away leaves money owed, too. */
static void test_money_alone_after_carriage_was_removed(void **state)
{
    (void)state;
    json_t *order = bare_order("[{" HEAD("1", "1") ", \"transactions\": [" MONEY("3.50") "]}]");
    shopify_alter(order, "shipping_lines[0].is_removed", "true");
    json_t *event = refund_in_order(order, 0, NULL);
    assert_string_equal(refunds_value(event, "kind"), "\"edit\"");
    json_decref(event);
    json_decref(order);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_refund),
        cmocka_unit_test(test_the_same_refund_by_either_way),
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_which_copy_is_newer),
        cmocka_unit_test(test_edit_or_refund),
        cmocka_unit_test(test_money_alone_after_carriage_was_removed),
    };
    return cmocka_run_group_tests_name("shopify_refunds", tests, setup, teardown);
}
