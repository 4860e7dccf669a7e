/* Who an order is. The order numbers here are golden: a change of one would make two documents of
 * one order. */
#include "test_order_support.h"

#include <errno.h>

#include "order_key.h"

static void test_key(void **state)
{
    (void)state;
    static const struct {
        const char *name, *channel, *store, *order_id;
        enum pf_error result;
        const char *natural, *kafka, *number;
    } rows[] = {
        {"golden: shopify uk", "shopify", "uk", "5847206183", PF_OK,
         "01/orders/shopify/uk/5847206183", "01/shopify/uk/5847206183", "2015847206183"},
        {"golden: another store, another prefix", "shopify", "eu", "1001", PF_OK,
         "01/orders/shopify/eu/1001", "01/shopify/eu/1001", "2021001"},
        {"golden: another company", "shopify", "jp", "1001", PF_OK, "02/orders/shopify/jp/1001",
         "02/shopify/jp/1001", "3011001"},
        {"golden: marketplace id with letters", "mirakl", "marketplace", "C-0012_A.1", PF_OK,
         "01/orders/mirakl/marketplace/C-0012_A.1", "01/mirakl/marketplace/C-0012_A.1",
         "501C-0012_A.1"},
        {"no order id", "shopify", "uk", "", PF_E_event_invalid, NULL, NULL, NULL},
        {"a slash would be another key", "shopify", "uk", "1/2", PF_E_event_invalid, NULL, NULL,
         NULL},
        {"a blank", "shopify", "uk", "10 01", PF_E_event_invalid, NULL, NULL, NULL},
        {"the number sign of order names", "shopify", "uk", "#1001", PF_E_event_invalid, NULL, NULL,
         NULL},
        {"not ASCII", "shopify", "uk", "10\xc3\xa9", PF_E_event_invalid, NULL, NULL, NULL},
        {"a store with a slash", "shopify", "u/k", "1", PF_E_event_invalid, NULL, NULL, NULL},
        {"no channel", "", "uk", "1", PF_E_event_invalid, NULL, NULL, NULL},
        {"an id longer than Prima's numbers", "shopify", "uk",
         "123456789012345678901234567890123456789012345678", PF_E_event_invalid, NULL, NULL, NULL},
        {"a store that is not mapped", "shopify", "us", "1", PF_E_company_unmapped, NULL, NULL,
         NULL},
        {"store names tell upper case from lower", "shopify", "UK", "1", PF_E_company_unmapped,
         NULL, NULL, NULL},
    };
    struct order_rules *rules = support_rules(NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct arena *arena = arena_new(SUPPORT_ARENA);
        struct order_event *event = support_order(arena);
        event->channel = rows[i].channel;
        event->store = rows[i].store;
        event->order_id = rows[i].order_id;
        struct flow_key key = {.natural = "untouched"};
        const char *detail = NULL;
        assert_int_equal(order_key(event, rules, arena, &key, &detail), rows[i].result);
        if (rows[i].result == PF_OK) {
            assert_string_equal(key.natural, rows[i].natural);
            assert_string_equal(key.kafka, rows[i].kafka);
            assert_string_equal(key.document, rows[i].number);
        } else {
            assert_string_equal(key.natural, "untouched");
            assert_non_null(detail);
        }
        arena_free(arena);
    }
    support_rules_free(rules);
}

static void test_key_comes_from_nothing_else(void **state)
{
    (void)state;
    struct order_rules *rules = support_rules(NULL);
    struct arena *arena = arena_new(SUPPORT_ARENA);
    struct order_event *event = support_order(arena);
    struct flow_key key, edited;
    const char *detail = NULL;
    assert_int_equal(order_key(event, rules, arena, &key, &detail), PF_OK);
    assert_int_equal(key.version, 7);
    assert_false(key.cancels);
    event->kind = ORDER_CANCELLED;
    event->source_version = 9;
    event->currency = "EUR";
    event->created_at = 0;
    event->lines.items[0].quantity = 5;
    assert_int_equal(order_key(event, rules, arena, &edited, &detail), PF_OK);
    assert_string_equal(edited.natural, key.natural);
    assert_string_equal(edited.document, key.document);
    assert_int_equal(edited.version, 9);
    assert_true(edited.cancels);
    assert_false(edited.is_empty);
    arena_free(arena);
    support_rules_free(rules);
}

/* Of an order that nothing is left of, the version says so; of one with money, or one that was
 * cancelled, it does not. */
static void test_nothing_left(void **state)
{
    static const struct {
        const char *name;
        int32_t ordered, left;
        int64_t total, outstanding;
        enum tender_status status; /* of 52.50 */
        enum order_kind kind;
        bool is_empty;
    } rows[] = {
        {"all of it, and its money", 2, 0, 0, 0, TENDER_STATUS_VOIDED, ORDER_EDITED, true},
        {"... its payment had failed", 2, 0, 0, 0, TENDER_STATUS_FAILED, ORDER_CREATED, true},
        {"a unit is left", 2, 1, 0, 0, TENDER_STATUS_VOIDED, ORDER_EDITED, false},
        {"carriage is due", 2, 0, 395, 0, TENDER_STATUS_VOIDED, ORDER_EDITED, false},
        {"something is outstanding", 2, 0, 0, 395, TENDER_STATUS_VOIDED, ORDER_EDITED, false},
        {"what was paid is not back", 2, 0, 0, 0, TENDER_STATUS_CAPTURED, ORDER_EDITED, false},
        {"... nor what is set aside", 2, 0, 0, 0, TENDER_STATUS_AUTHORIZED, ORDER_EDITED, false},
        {"it never had units", 0, 0, 0, 0, TENDER_STATUS_VOIDED, ORDER_CREATED, false},
        {"it is cancelled", 2, 0, 0, 0, TENDER_STATUS_VOIDED, ORDER_CANCELLED, false},
    };
    (void)state;
    struct order_rules *rules = support_rules(NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *arena = arena_new(SUPPORT_ARENA);
        struct order_event *event = support_order(arena);
        struct flow_key key;
        const char *detail = NULL;
        for (size_t l = 0; l < event->lines.count; l++) {
            event->lines.items[l].quantity = rows[i].ordered;
            event->lines.items[l].has_current_quantity = true;
            event->lines.items[l].current_quantity = rows[i].left;
        }
        event->totals.total.shop_minor = rows[i].total;
        event->totals.outstanding.shop_minor = rows[i].outstanding;
        event->tenders.items[0].status = rows[i].status;
        event->kind = rows[i].kind;
        print_message("  %s\n", rows[i].name);
        assert_int_equal(order_key(event, rules, arena, &key, &detail), PF_OK);
        assert_int_equal(key.is_empty, rows[i].is_empty);
        arena_free(arena);
    }
    support_rules_free(rules);
}

static void test_split(void **state)
{
    (void)state;
    static const struct {
        const char *name, *natural;
        int result;
    } rows[] = {
        {"whole", "01/orders/shopify/uk/1001", 0},
        {"another type", "01/refunds/shopify/uk/1001", -EINVAL},
        {"too short", "01/orders/shopify/uk", -EINVAL},
        {"too long", "01/orders/shopify/uk/1/2", -EINVAL},
        {"an empty part", "01/orders//uk/1", -EINVAL},
        {"empty", "", -EINVAL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct arena *arena = arena_new(SUPPORT_ARENA);
        struct order_key_parts parts = {0};
        assert_int_equal(order_key_split(rows[i].natural, arena, &parts), rows[i].result);
        if (rows[i].result == 0) {
            assert_string_equal(parts.company, "01");
            assert_string_equal(parts.channel, "shopify");
            assert_string_equal(parts.store, "uk");
            assert_string_equal(parts.order_id, "1001");
        }
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key),
        cmocka_unit_test(test_key_comes_from_nothing_else),
        cmocka_unit_test(test_nothing_left),
        cmocka_unit_test(test_split),
    };
    return cmocka_run_group_tests_name("order_key", tests, NULL, NULL);
}
