/* Stock in `why`: what is reserved for an order, by the newest record of stock.orders. */
#include "test_why_support.h"

#include "domain/events/stock_order.h"

static const char *texts[] = {"SHIRT:RED", "01", "", "S1", "L1", "SHIRT-RED"};
static struct stock_order_depot depots[] = {{1}, {3}};
static struct stock_order_gap gap = {1, GAP_SKU};

/* Two shirts at depot 01, of which Prima has one; and three somewhere. */
static struct stock_order_reservation *reservations(void)
{
    static struct stock_order_reservation rows[] = {
        {.sku = 0,
         .depot = 1,
         .units = 2,
         .allocated_units = 1,
         .has_allocated_at = true,
         .allocated_at = 500},
        {.sku = 0, .depot = 2, .depots = {depots, 2}, .units = 3},
    };
    return rows;
}

static struct stock_order_state a_state(void)
{
    return (struct stock_order_state){.texts = {texts, sizeof texts / sizeof *texts},
                                      .has_version = true,
                                      .version = 7,
                                      .gaps = {&gap, 1},
                                      .gap_offset = 3,
                                      .since = 400,
                                      .reservations = {reservations(), 2}};
}

static void put_state(struct ops *ops, const struct stock_order_state *state)
{
    world_put_struct(ops, &(struct world_put){.topic = "stock.orders", .key = KEY, .at_ms = 5},
                     &stock_order_record, state);
}

static const struct why_stock *stock(void)
{
    assert_int_equal(story.count, 1);
    return &story.orders[0].stock;
}

static struct ops *ops_with_order(void)
{
    struct ops *ops = world_ops(NULL);
    put_event(ops, version(7), 1, 0);
    return ops;
}

static void test_reserved(void **state)
{
    (void)state;
    struct ops *ops = ops_with_order();
    struct stock_order_state older = a_state();
    const struct stock_order_state newest = a_state();
    older.reservations.count = 1;
    put_state(ops, &older);
    put_state(ops, &newest);
    world_put_struct(ops, &(struct world_put){.topic = "stock.orders", .key = KEY "2", .at_ms = 6},
                     &stock_order_record, &older);
    assert_int_equal(why(ops, KEY, 0, true), OPS_DONE);
    assert_true(stock()->is_read && stock()->is_remembered && !story.is_incomplete);
    assert_int_equal(stock()->count, 2);
    assert_int_equal(stock()->gaps, 1);
    const struct why_stock_row *row = stock()->rows;
    assert_string_equal(row[0].sku, "SHIRT:RED");
    assert_string_equal(row[0].depot, "01");
    assert_true(row[0].units == 2 && row[0].allocated_units == 1 && row[0].allocated_ms == 500 &&
                row[0].since_ms == 400);
    assert_string_equal(row[1].depot, "");
    assert_true(row[1].units == 3 && row[1].allocated_units == 0);
}

static void test_forgotten(void **state)
{
    (void)state;
    struct ops *ops = ops_with_order();
    const struct stock_order_state before = a_state();
    put_state(ops, &before);
    world_put(&(struct world_put){.topic = "stock.orders", .key = KEY, .at_ms = 6});
    assert_int_equal(why(ops, KEY, 0, true), OPS_DONE);
    assert_true(stock()->is_read && !stock()->is_remembered && stock()->count == 0);
    assert_false(story.is_incomplete);
}

/* A record that does not hold together is told, and nothing of it. */
static void test_unreadable(void **state)
{
    (void)state;
    struct ops *ops = ops_with_order();
    struct stock_order_state odd = a_state();
    odd.reservations.items[1].sku = 99;
    put_state(ops, &odd);
    odd.reservations.items[1].sku = 0;
    assert_int_equal(why(ops, KEY, 0, true), OPS_DONE);
    assert_false(stock()->is_read || stock()->is_remembered);
    assert_non_null(strstr(stock()->why_not, "cannot be read"));
    assert_true(story.is_incomplete);
}

/* Without the topic nobody makes reservations here; Kafka that is away is another thing. */
static void test_not_asked(void **state)
{
    (void)state;
    struct ops *ops = ops_with_order();
    world.fails_read = "stock.orders";
    world.read_rc = -ENOENT;
    assert_int_equal(why(ops, KEY, 0, true), OPS_DONE);
    assert_true(!stock()->is_read && stock()->why_not[0] == '\0' && !story.is_incomplete);
    why_story_release(&story);
    story = (struct why_story){0};
    world.read_rc = -EIO;
    world.refusal = "Kafka is away";
    assert_int_equal(why(ops, KEY, 0, true), OPS_DONE);
    assert_string_equal(stock()->why_not, "Kafka is away");
    assert_true(story.is_incomplete);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_reserved), TEST(test_forgotten),
                                       TEST(test_unreadable), TEST(test_not_asked)};
    return cmocka_run_group_tests_name("ops_why_stock", tests, NULL, NULL);
}
