/* What cannot be reserved: it is counted by its name, changes nothing of what was known, and is made
 * good once the mappings know it. */
#include "test_reservation_world.h"

#include "flow/flow.h"
#include "kafka/topics.h"
#include "obs/metrics.h"

#include <string.h>

#define BEFORE "SKU00001@01 2, 1001/SKU00001 2; TSHIRT:RED:M@01 1, 1001/TSHIRT-RED-M 1; "

static void plain(struct order_event *e)
{
    e->source_version = 9;
}
static void no_sku(struct order_event *e)
{
    plain(e);
    e->lines.items[0].sku = NULL;
}
static void unmapped_location(struct order_event *e)
{
    plain(e);
    e->lines.items[0].location_id = "9999";
}
static void no_channel(struct order_event *e)
{
    plain(e);
    e->store = "nowhere";
}
static void bad_id(struct order_event *e)
{
    plain(e);
    e->order_id = "10/01";
}
static void negative(struct order_event *e)
{
    plain(e);
    e->lines.items[0].quantity = -1;
}
static void nowhere(struct order_event *e)
{
    plain(e);
    e->store = "eu"; /* no online depot, and no location is named */
    e->lines.items[0].location_id = e->lines.items[1].location_id = NULL;
}

/* Of another order than the one before where its store differs. */
static const struct {
    const char *name;
    void (*alter)(struct order_event *e);
    const char *gap;
    bool is_remembered; /* it is made good by another mapping */
} rows[] = {
    {"nothing is missing", plain, NULL, false},
    {"no SKU", no_sku, "sku", true},
    {"a location that is not mapped", unmapped_location, "location", true},
    {"a channel that is not mapped", no_channel, "channel", true},
    {"an id that is no key", bad_id, "contradiction", false},
    {"a quantity below 0", negative, "contradiction", false},
};

static double counted(void)
{
    static const char *const names[] = {"sku",           "location",   "depot",     "key",
                                        "channel",       "unreadable", "misplaced", "large",
                                        "contradiction", NULL};
    double sum = 0;
    for (size_t i = 0; names[i] != NULL; i++)
        sum += metrics_value(METRIC_stock_gaps, names[i]);
    return sum;
}

static void test_events(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct world world;
        struct arena *arena = arena_new(SUPPORT_ARENA);
        struct order_event *event = support_order(arena);
        world_begin(&world, "on_post");
        const struct world_record before = world_version(&world, 1, 2, 1);
        world_hear(&world, &before);
        rows[i].alter(event);
        const struct world_record record = world_event(&world, event);
        const double all = counted(), of_it = rows[i].gap == NULL
                                                  ? 0
                                                  : metrics_value(METRIC_stock_gaps, rows[i].gap);
        world_hear(&world, &record);
        assert_true(counted() == all + (rows[i].gap != NULL));
        if (rows[i].gap != NULL)
            assert_true(metrics_value(METRIC_stock_gaps, rows[i].gap) == of_it + 1);
        assert_int_equal(world.maker.keep.with_gaps, rows[i].is_remembered);
        world_commit(&world);
        if (rows[i].gap != NULL && !rows[i].is_remembered)
            assert_string_equal(world_reservations(&world), BEFORE);
        world_hear(&world, &record); /* once more: it is told, if it was not remembered */
        assert_true(counted() ==
                    all + (rows[i].gap != NULL) + (rows[i].gap != NULL && !rows[i].is_remembered));
        world_kill(&world);
        assert_int_equal(world.maker.keep.with_gaps, rows[i].is_remembered);
        world_end(&world);
        arena_free(arena);
    }
}

/* Bytes that are no record, of each topic; keys that are none. */
static void test_hostile(void **state)
{
    (void)state;
    static const char *const keys[] = {WORLD_KEY, WORLD_KEY "/", "", "a/b", "//", NULL};
    static const char *const values[] = {"", "\xc3\x01", "\xc3\x01\x01\x02\x03\x04\x05\x06\x07\x08",
                                         "{\"json\": true}", NULL};
    struct world world;
    world_begin(&world, "on_post");
    const struct world_record before = world_version(&world, 1, 2, 1);
    world_hear(&world, &before);
    world_commit(&world);
    const size_t written = world.written;
    for (int source = 0; source < RESERVATION_SOURCES; source++)
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
            for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
                const struct world_record record =
                    world_bytes(&world, (enum reservation_source)source, keys[k], values[v],
                                values[v] == NULL ? 0 : strlen(values[v]));
                const double all = counted();
                const bool is_order = keys[k] == keys[0] || keys[k] == keys[1],
                           is_silent =
                               source == RESERVATION_OF_LEDGER && is_order && values[v] == NULL;
                world_hear(&world, &record);
                assert_true(counted() == all + !is_silent);
            }
    world_commit(&world);
    assert_int_equal(world.written, written);
    assert_string_equal(world_reservations(&world), BEFORE);
    world_end(&world);
}

/* Each prefix of each record, and each byte of it changed: nothing breaks, and what was there stays, or
 * is another order's that reads well. */
static void test_cut(void **state)
{
    (void)state;
    struct world world;
    world_begin(&world, "on_post");
    const struct world_record records[] = {world_version(&world, 1, 2, 1),
                                           world_entry(&world, 1, 2, 1),
                                           world_discard(&world, WORLD_BEGAN)};
    for (size_t i = 0; i < sizeof records / sizeof *records; i++)
        for (size_t size = 0; size < records[i].record.value_size; size++) {
            struct world_record cut = records[i];
            cut.record.value_size = size;
            world_hear(&world, &cut);
            assert_int_equal(world.maker.keep.table.count, 0);
        }
    for (size_t i = 0; i < sizeof records / sizeof *records; i++)
        for (size_t at = 0; at < records[i].record.value_size; at++) {
            struct world_record odd = records[i];
            char *bytes = malloc(odd.record.value_size);
            assert_non_null(bytes);
            memcpy(bytes, odd.record.value, odd.record.value_size);
            bytes[at] = (char)(bytes[at] ^ 0x15);
            odd.record.value = bytes;
            world_hear(&world, &odd);
            free(bytes);
        }
    world_commit(&world);
    world_kill(&world);
    world_end(&world);
}

/* An order's event and its result in different partitions. */
static void test_misplaced(void **state)
{
    (void)state;
    struct world world;
    world_begin(&world, "on_post");
    struct world_record result = world_result(&world, OUTCOME_POSTED, 1);
    const double before = metrics_value(METRIC_stock_gaps, "misplaced");
    world_hear(&world, &result);
    assert_true(metrics_value(METRIC_stock_gaps, "misplaced") == before);
    result.record.partition++;
    world_hear(&world, &result);
    assert_true(metrics_value(METRIC_stock_gaps, "misplaced") == before + 1);
    world_end(&world);
}

/* Lines without a location, of a channel without an online depot: at every depot that could serve it. */
static void test_nowhere(void **state)
{
    (void)state;
    struct world world;
    struct arena *arena = arena_new(SUPPORT_ARENA);
    struct order_event *event = support_order(arena);
    world_begin(&world, "on_post");
    nowhere(event);
    const struct world_record record = world_event(&world, event);
    world_hear(&world, &record);
    world_commit(&world);
    assert_string_equal(world_reservations(&world),
                        "SKU00001@ 2 01 02 EU, 3001/SKU00001 2; TSHIRT:RED:M@ 1 01 02 EU, "
                        "3001/TSHIRT-RED-M 1; ");
    world_end(&world);
    arena_free(arena);
}

/* An order whose channel is not mapped is remembered by the company of its key; another company by the
 * mappings, then: what stood in for it goes. And an older version does not take its place. */
static void test_channel_mended(void **state)
{
    (void)state;
    struct world world;
    struct arena *arena = arena_new(SUPPORT_ARENA);
    struct order_event *event = support_order(arena);
    world_begin(&world, "on_post");
    struct order_rules *whole = world.rules, *without = NULL;
    static const char other[] =
        "channels:\n  - {channel: shopify, store: eu, company: \"01\", "
        "prefix: \"2\", country: IE, accounts: {guest: G, unresolved: U}}\n";
    char folder[300];
    (void)snprintf(folder, sizeof folder, "orders.mappings=%s",
                   support_mappings_copy("channels.yaml", other));
    without = support_rules((const char *const[]){folder, NULL});
    world.rules = without;
    event->source_version = 8;
    const struct world_record newer = world_event(&world, event);
    event->source_version = 7;
    event->lines.items[0].quantity = 5;
    const struct world_record older = world_event(&world, event);
    world_hear(&world, &newer);
    world_hear(&world, &older);
    world_commit(&world);
    assert_string_equal(world_reservations(&world), "");
    assert_int_equal(world.maker.keep.gap_orders[GAP_CHANNEL], 1);
    world.rules = whole;
    world_hear(&world, &older); /* the other one's gap stays */
    assert_int_equal(world.maker.keep.gap_orders[GAP_CHANNEL], 1);
    world.maker.rules = whole;
    assert_int_equal(reservation_mend(&world.maker, &newer.record), 0);
    world_commit(&world);
    assert_int_equal(world.maker.keep.with_gaps, 0);
    assert_string_equal(world_reservations(&world), BEFORE);
    assert_int_equal(world_count(&world, topic_stock_orders), 1);

    event->order_id = "1001";
    event->source_version = 9;
    struct world_record foreign = world_event(&world, event);
    foreign.record.key = "77/shopify/uk/1001";
    foreign.record.offset = 777;
    world.rules = without;
    world_hear(&world, &foreign);
    world_commit(&world);
    assert_int_equal(world_count(&world, topic_stock_orders), 2);
    world.maker.rules = world.rules = whole;
    assert_int_equal(reservation_mend(&world.maker, &foreign.record), 0);
    world_commit(&world);
    assert_int_equal(world_count(&world, topic_stock_orders), 1);
    assert_string_equal(world_reservations(&world),
                        "SKU00001@01 5, 1001/SKU00001 5; TSHIRT:RED:M@01 1, 1001/TSHIRT-RED-M 1; ");
    support_rules_free(without);
    world_end(&world);
    arena_free(arena);
}

/* News of the ledger that are older than what is remembered make no order; its event does. */
static void test_old(void **state)
{
    (void)state;
    struct world world;
    world_begin(&world, "on_post");
    struct world_record entry = world_entry(&world, 1, 2, 1),
                        event = world_version(&world, 1, 2, 1);
    entry.record.timestamp_ms = event.record.timestamp_ms =
        world.began_ms - RESERVATION_OLD_MS - 3600000;
    world_hear(&world, &entry);
    assert_int_equal(world.maker.keep.table.count, 0);
    world_hear(&world, &event);
    world_hear(&world, &entry);
    world_commit(&world);
    assert_string_equal(world_reservations(&world),
                        "SKU00001@01 2 of 2 at 500, 1001/SKU00001 2; TSHIRT:RED:M@01 1 of 1 at "
                        "500, 1001/TSHIRT-RED-M 1; ");
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events),  cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_cut),     cmocka_unit_test(test_misplaced),
        cmocka_unit_test(test_nowhere), cmocka_unit_test(test_channel_mended),
        cmocka_unit_test(test_old),
    };
    return cmocka_run_group_tests_name("reservation_gaps", tests, NULL, NULL);
}
