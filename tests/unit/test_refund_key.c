/* Who a refund is. The numbers here are golden: a change of one would make two credit notes of one
 * refund. */
#include "test_refund_support.h"

#include <errno.h>
#include <string.h>

#include "domain/keys/key_parts.h"
#include "order_key.h"
#include "refund_key.h"

static void test_key(void **state)
{
    (void)state;
    static const struct {
        const char *name, *channel, *store, *order_id, *refund_id;
        enum pf_error result;
        const char *natural, *kafka, *lane, *number;
    } rows[] = {
        {"golden: shopify uk", "shopify", "uk", "5847206183", "929361462", PF_OK,
         "01/refunds/shopify/uk/929361462", "01/shopify/uk/5847206183",
         "01/orders/shopify/uk/5847206183", "201R929361462"},
        {"golden: another company", "shopify", "jp", "1001", "7", PF_OK, "02/refunds/shopify/jp/7",
         "02/shopify/jp/1001", "02/orders/shopify/jp/1001", "301R7"},
        {"golden: an edit with letters", "mirakl", "marketplace", "C-1", "edit-88.a_B", PF_OK,
         "01/refunds/mirakl/marketplace/edit-88.a_B", "01/mirakl/marketplace/C-1",
         "01/orders/mirakl/marketplace/C-1", "501Redit-88.a_B"},
        {"no refund id", "shopify", "uk", "1", "", PF_E_event_invalid, NULL, NULL, NULL, NULL},
        {"no order id", "shopify", "uk", "", "1", PF_E_event_invalid, NULL, NULL, NULL, NULL},
        {"a slash would be another key", "shopify", "uk", "1", "1/2", PF_E_event_invalid, NULL,
         NULL, NULL, NULL},
        {"... in the order's", "shopify", "uk", "1/2", "1", PF_E_event_invalid, NULL, NULL, NULL,
         NULL},
        {"a blank", "shopify", "uk", "1", "9 1", PF_E_event_invalid, NULL, NULL, NULL, NULL},
        {"a store with a slash", "shopify", "u/k", "1", "1", PF_E_event_invalid, NULL, NULL, NULL,
         NULL},
        {"the longest number", "shopify", "uk", "1",
         "1234567890123456789012345678901234567890123456", PF_OK,
         "01/refunds/shopify/uk/1234567890123456789012345678901234567890123456", "01/shopify/uk/1",
         "01/orders/shopify/uk/1", "201R1234567890123456789012345678901234567890123456"},
        {"a byte more than Prima's numbers have", "shopify", "uk", "1",
         "12345678901234567890123456789012345678901234567", PF_E_event_invalid, NULL, NULL, NULL,
         NULL},
        {"an order id longer than Prima's numbers", "shopify", "uk",
         "123456789012345678901234567890123456789012345678901", "1", PF_E_event_invalid, NULL, NULL,
         NULL, NULL},
        {"a store that is not mapped", "shopify", "us", "1", "1", PF_E_company_unmapped, NULL, NULL,
         NULL, NULL},
    };
    struct order_rules *rules = support_rules(NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct arena *arena = arena_new(SUPPORT_ARENA);
        struct refund_event *event = refund_event(arena);
        event->channel = rows[i].channel;
        event->store = rows[i].store;
        event->order_id = rows[i].order_id;
        event->refund_id = rows[i].refund_id;
        struct flow_key key = {.natural = "untouched"};
        const char *detail = NULL;
        assert_int_equal(refund_key(event, rules, arena, &key, &detail), rows[i].result);
        if (rows[i].result == PF_OK) {
            assert_string_equal(key.natural, rows[i].natural);
            assert_string_equal(key.kafka, rows[i].kafka);
            assert_string_equal(key.lane, rows[i].lane);
            assert_string_equal(key.document, rows[i].number);
            assert_true(strlen(key.document) <= DOCUMENT_NUMBER_MAX);
        } else {
            assert_string_equal(key.natural, "untouched");
            assert_non_null(detail);
        }
        arena_free(arena);
    }
    support_rules_free(rules);
}

/* Whatever else a version says: no version cancels its refund, and a deleted one is decided. */
static void test_key_comes_from_nothing_else(void **state)
{
    (void)state;
    struct order_rules *rules = support_rules(NULL);
    struct arena *arena = arena_new(SUPPORT_ARENA);
    struct refund_event *event = refund_event(arena);
    struct flow_key key, other;
    const char *detail = NULL;
    assert_int_equal(refund_key(event, rules, arena, &key, &detail), PF_OK);
    assert_int_equal(key.version, 1);
    event->kind = REFUND_KIND_EDIT;
    event->deleted = true;
    event->source_version = 9;
    event->created_at = 0;
    event->currency = "EUR";
    event->lines.count = 0;
    refund_paid(event, arena, 0);
    assert_int_equal(refund_key(event, rules, arena, &other, &detail), PF_OK);
    assert_string_equal(other.natural, key.natural);
    assert_string_equal(other.document, key.document);
    assert_int_equal(other.version, 9);
    assert_false(other.cancels || other.is_empty);
    arena_free(arena);
    support_rules_free(rules);
}

/* A refund is worked on in the line of its order, and stands in its partition. */
static void test_the_order_is_the_same(void **state)
{
    (void)state;
    struct order_rules *rules = support_rules(NULL);
    struct arena *arena = arena_new(SUPPORT_ARENA);
    struct flow_key of_refund, of_order;
    struct refund_key_parts parts;
    const char *detail = NULL;
    assert_int_equal(refund_key(refund_event(arena), rules, arena, &of_refund, &detail), PF_OK);
    assert_int_equal(order_key(support_order(arena), rules, arena, &of_order, &detail), PF_OK);
    assert_string_equal(of_refund.kafka, of_order.kafka);
    assert_string_equal(of_refund.lane, of_order.natural);
    assert_string_equal(of_refund.company, of_order.company);
    assert_int_equal(refund_key_split(&of_refund, arena, &parts), 0);
    assert_string_equal(refund_order_number(&of_refund, &parts, arena), of_order.document);
    arena_free(arena);
    support_rules_free(rules);
}

static void test_split(void **state)
{
    (void)state;
    static const struct {
        const char *name, *natural, *kafka;
        int result;
    } rows[] = {
        {"whole", "01/refunds/shopify/uk/9001", "01/shopify/uk/1001", 0},
        {"another type", "01/orders/shopify/uk/9001", "01/shopify/uk/1001", -EINVAL},
        {"too short", "01/refunds/shopify/uk", "01/shopify/uk/1001", -EINVAL},
        {"too long", "01/refunds/shopify/uk/1/2", "01/shopify/uk/1001", -EINVAL},
        {"an order's natural key for its topic's", "01/refunds/shopify/uk/9001",
         "01/orders/shopify/uk/1001", -EINVAL},
        {"an empty part", "01/refunds/shopify/uk/9001", "01/shopify//1001", -EINVAL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct arena *arena = arena_new(SUPPORT_ARENA);
        struct refund_key_parts parts = {0};
        const struct flow_key key = {.natural = rows[i].natural, .kafka = rows[i].kafka};
        assert_int_equal(refund_key_split(&key, arena, &parts), rows[i].result);
        if (rows[i].result == 0) {
            assert_string_equal(parts.company, "01");
            assert_string_equal(parts.channel, "shopify");
            assert_string_equal(parts.store, "uk");
            assert_string_equal(parts.order_id, "1001");
            assert_string_equal(parts.refund_id, "9001");
        }
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key),
        cmocka_unit_test(test_key_comes_from_nothing_else),
        cmocka_unit_test(test_the_order_is_the_same),
        cmocka_unit_test(test_split),
    };
    return cmocka_run_group_tests_name("refund_key", tests, NULL, NULL);
}
