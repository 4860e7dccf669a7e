/* What of an order is reserved, and what of its document Prima has: by the example mappings, from the
 * order that the orders' tests have (2 x SKU00001 and one TSHIRT-RED-M for delivery, by shopify/uk). */
#include "test_order_support.h"

#include "domain/stock/stock_reserve.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void plain(struct order_event *e)
{
    e->lines.items[0].location_id = "1001";
    e->lines.items[1].location_id = "2001";
}
static void nowhere(struct order_event *e)
{
    e->lines.items[0].location_id = e->lines.items[1].location_id = NULL;
}
static void unmapped_location(struct order_event *e)
{
    plain(e);
    e->lines.items[0].location_id = "9999";
}
static void edited(struct order_event *e)
{
    plain(e);
    e->lines.items[0].has_current_quantity = true;
    e->lines.items[0].current_quantity = 1;
}
static void no_sku(struct order_event *e)
{
    plain(e);
    e->lines.items[0].sku = NULL;
}
static void gift_card(struct order_event *e)
{
    plain(e);
    e->lines.items[0].gift_card = true;
}
static void service(struct order_event *e)
{
    plain(e);
    e->lines.items[0].requires_shipping = false;
}
static void bundle(struct order_event *e)
{
    plain(e);
    e->lines.items[0].sku = "WEEKENDSET";
}
static void part(struct order_event *e)
{
    plain(e);
    e->lines.items[1].parent_line_id = e->lines.items[0].line_id;
}
static void cancelled(struct order_event *e)
{
    plain(e);
    e->kind = ORDER_CANCELLED;
}
static void a_test(struct order_event *e)
{
    plain(e);
    e->test = true;
}
static void at_a_till(struct order_event *e)
{
    plain(e);
    e->source_name = "pos";
    e->shipping_address = NULL;
}
static void too_long(struct order_event *e)
{
    plain(e);
    e->lines.items[0].sku =
        "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
        "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
        "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
        "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9";
}

static void describe(const struct stock_want *want, char *text, size_t room)
{
    size_t used = (size_t)snprintf(text, room, "%s", want->cancelled ? "nothing; " : "");
    for (size_t i = 0; i < want->count; i++)
        used += (size_t)snprintf(text + used, room - used, "%s@%s %lld; ", want->rows[i].sku,
                                 want->rows[i].depot, (long long)want->rows[i].units);
    for (size_t i = 0; i < want->taken_count; i++)
        used += (size_t)snprintf(text + used, room - used, "%s/%s %lld; ", want->taken[i].location,
                                 want->taken[i].sku, (long long)want->taken[i].units);
    for (size_t i = 0; i < want->gap_count; i++)
        used += (size_t)snprintf(text + used, room - used, "line %zu gap %d; ", want->gaps[i].line,
                                 (int)want->gaps[i].kind);
}

static void test_want(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*alter)(struct order_event *e);
        const char *override, *wants;
    } rows[] = {
        {"as its lines name", plain, NULL,
         "SKU00001@01 2; TSHIRT:RED:M@S1 1; 1001/SKU00001 2; 2001/TSHIRT-RED-M 1; "},
        {"no location: the online depot, at the one location that sums it", nowhere, NULL,
         "SKU00001@01 2; TSHIRT:RED:M@01 1; 1001/SKU00001 2; 1001/TSHIRT-RED-M 1; "},
        {"a location that is not mapped", unmapped_location, NULL,
         "SKU00001@01 2; TSHIRT:RED:M@S1 1; 9999/SKU00001 2; 2001/TSHIRT-RED-M 1; line 1 gap 1; "},
        {"units after edits", edited, NULL,
         "SKU00001@01 1; TSHIRT:RED:M@S1 1; 1001/SKU00001 1; 2001/TSHIRT-RED-M 1; "},
        {"no SKU: none is possible", no_sku, NULL,
         "TSHIRT:RED:M@S1 1; 2001/TSHIRT-RED-M 1; line 1 gap 0; "},
        {"a gift card", gift_card, NULL, "TSHIRT:RED:M@S1 1; 2001/TSHIRT-RED-M 1; "},
        {"a service", service, NULL, "TSHIRT:RED:M@S1 1; 2001/TSHIRT-RED-M 1; "},
        {"a bundle's parts, and its own figure", bundle, NULL,
         "SKU00002@01 2; TSHIRT:RED:M@01 4; TSHIRT:RED:M@S1 1; 1001/WEEKENDSET 2; "
         "1001/WEEKENDSET 2; 2001/TSHIRT-RED-M 1; "},
        {"parts that the channel sends: the parent is left out", part, NULL,
         "TSHIRT:RED:M@S1 1; 2001/TSHIRT-RED-M 1; "},
        {"cancelled", cancelled, NULL, "nothing; "},
        {"a test", a_test, NULL, "nothing; "},
        {"from before the cut-over", plain, "orders.cutover_date=2099-01-01", "nothing; "},
        {"handed over: netted until it is posted", at_a_till, NULL,
         "SKU00001@01 2; TSHIRT:RED:M@S1 1; 1001/SKU00001 2; 2001/TSHIRT-RED-M 1; "},
        {"a key that is too long", too_long, NULL,
         "TSHIRT:RED:M@S1 1; 2001/TSHIRT-RED-M 1; line 1 gap 3; "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        char text[600];
        const char *detail = NULL;
        struct arena *arena = arena_new(SUPPORT_ARENA);
        struct order_rules *rules = support_rules((const char *const[]){rows[i].override, NULL});
        struct order_event *event = support_order(arena);
        struct stock_want want;
        rows[i].alter(event);
        assert_int_equal(stock_want(event, rules, arena, &want, &detail), 0);
        describe(&want, text, sizeof text);
        assert_string_equal(text, rows[i].wants);
        support_rules_free(rules);
        arena_free(arena);
    }
}

static void test_refused(void **state)
{
    (void)state;
    struct arena *arena = arena_new(SUPPORT_ARENA);
    struct order_rules *rules = support_rules((const char *const[]){NULL});
    struct order_event *event = support_order(arena);
    struct stock_want want;
    const char *detail = NULL;
    event->lines.items[0].quantity = -1;
    assert_int_equal(stock_want(event, rules, arena, &want, &detail), -EINVAL);
    assert_non_null(detail);
    event->store = "nowhere";
    assert_int_equal(stock_want(event, rules, arena, &want, &detail), -ENOENT);
    support_rules_free(rules);
    arena_free(arena);
}

static void test_have(void **state)
{
    (void)state;
    static const struct {
        const char *name, *policy;
        bool held, released, despatched, handed_over, allocated;
        int64_t at;
    } rows[] = {
        {"posted", "on_post", true, false, false, false, true, 100},
        {"not held", "on_release", false, false, false, false, true, 100},
        {"held", "on_release", true, false, false, false, false, 0},
        {"held and released", "on_release", true, true, false, false, true, 200},
        {"held, and it left all the same", "on_release", true, false, true, false, true, 300},
        {"not despatched", "on_despatch", false, true, false, false, false, 0},
        {"despatched", "on_despatch", false, false, true, false, true, 300},
        {"handed over", "on_despatch", false, false, false, true, true, 100},
    };
    static const char *codes[] = {"RED", "M"};
    static struct ledger_line lines[] = {
        {.product = "TSHIRT", .matrix_codes = {codes, 2}, .depot = "S1", .quantity = 2},
        {.product = "TSHIRT", .matrix_codes = {codes, 2}, .depot = "S1", .quantity = 1},
        {.product = "SKU00001", .quantity = 4},
        {.product = "MISC", .quantity = 1},
        {.product = "GIFTCARD", .gift_card = true, .quantity = 1},
    };
    struct ledger_entry entry = {.company = "02",
                                 .channel = "shopify",
                                 .store = "uk",
                                 .source_version = 7,
                                 .posted_at = 100,
                                 .lines = {lines, 5}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        char policy[60];
        (void)snprintf(policy, sizeof policy, "prima.allocates=%s", rows[i].policy);
        struct arena *arena = arena_new(SUPPORT_ARENA);
        struct order_rules *rules = support_rules((const char *const[]){policy, NULL});
        const struct stock_fate fate = {.entry = &entry,
                                        .held = rows[i].held,
                                        .has_released_at = rows[i].released,
                                        .released_at = 200,
                                        .has_despatched_at = rows[i].despatched,
                                        .despatched_at = 300};
        struct stock_have have;
        assert_int_equal(stock_have(&fate, rows[i].handed_over, rules, arena, &have), 0);
        assert_int_equal(have.allocated, rows[i].allocated);
        if (have.allocated)
            assert_int_equal(have.allocated_at, rows[i].at);
        assert_int_equal(have.version, 7);
        assert_int_equal(have.count, 2);
        assert_string_equal(have.rows[0].sku, "SKU00001");
        assert_string_equal(have.rows[0].depot, "01"); /* Prima chose: as if it were online */
        assert_string_equal(have.rows[1].depot, "S1");
        assert_int_equal(have.rows[1].units, 3);
        support_rules_free(rules);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_want),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_have),
    };
    return cmocka_run_group_tests_name("stock_want", tests, NULL, NULL);
}
