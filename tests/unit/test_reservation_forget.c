/* How orders are forgotten: by what Prima's own figure has, never by time alone, and all of an order
 * together. */
#include "test_reservation_world.h"

#include "domain/events/stock_confirmation.h"
#include "flow/flow.h"
#include "kafka/topics.h"
#include "reservation_confirm.h"

#include <string.h>

enum { ROWS_MAX = 8 };

/* What is written of the order, as a reader of stock.reservations has it. */
static size_t read_rows(struct world *world, struct stock_reservation rows[ROWS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < world->kept_count; i++)
        if (world->kept[i].topic == topic_stock_reservations && world->kept[i].value != NULL) {
            assert_true(count < ROWS_MAX);
            assert_int_equal(codec_test_decode(world->codec, &stock_reservation_record,
                                               world->kept[i].value, world->kept[i].size,
                                               world->arena, &rows[count++]),
                             PF_OK);
        }
    return count;
}

static struct world_record confirm(struct world *world, const struct stock_reservation *row)
{
    struct buf value;
    const char *key = NULL;
    buf_init(&value, 4096);
    assert_int_equal(reservation_confirm(world->codec, row, 1, world->arena, &key, &value), 0);
    assert_string_equal(key, WORLD_KEY);
    const struct world_record record =
        world_bytes(world, RESERVATION_OF_CONFIRMED, key, value.data, value.size);
    buf_release(&value);
    return record;
}

static void forget(struct world *world, int64_t now)
{
    size_t at = 0;
    reservation_forget(&world->maker, now, &at);
    assert_int_equal(at, 0); /* all were looked at */
    world_commit(world);
}

static void tell(struct world *world, struct world_record record)
{
    world_hear(world, &record);
    world_commit(world);
}

#define LONG_AFTER(world) ((world).began_ms + RESERVATION_OLD_MS + INT64_C(2) * KEPT_DAY_MS)
#define A_YEAR_AFTER(world) ((world).began_ms + INT64_C(365) * KEPT_DAY_MS)

/* An order that waits, is parked or was never posted stays, be it for a year. */
static void test_never_by_time(void **state)
{
    (void)state;
    struct world world;
    struct stock_reservation rows[ROWS_MAX];
    world_begin(&world, "on_release");
    tell(&world, world_version(&world, 1, 2, 1));
    tell(&world, world_entry(&world, 1, 2, 1)); /* held, as far as is known */
    forget(&world, A_YEAR_AFTER(world));
    assert_int_equal(read_rows(&world, rows), 2);
    tell(&world, world_result(&world, OUTCOME_POSTED, 1)); /* allocated, but no read has it */
    forget(&world, A_YEAR_AFTER(world));
    assert_int_equal(read_rows(&world, rows), 2);
    assert_int_equal(world_count(&world, topic_stock_orders), 1);
    world_end(&world);
}

/* Both reservations are confirmed: both go, with what was remembered, but not before their time. */
static void test_confirmed(void **state)
{
    (void)state;
    struct world world;
    struct stock_reservation rows[ROWS_MAX];
    world_begin(&world, "on_post");
    tell(&world, world_version(&world, 1, 2, 1));
    tell(&world, world_entry(&world, 1, 2, 1));
    assert_int_equal(read_rows(&world, rows), 2);
    assert_false(reservation_wants_confirmation(&rows[0], LONG_AFTER(world) - 30LL * KEPT_DAY_MS));
    assert_true(reservation_wants_confirmation(&rows[0], LONG_AFTER(world)));
    const struct world_record first = confirm(&world, &rows[0]), second = confirm(&world, &rows[1]);
    tell(&world, first);
    forget(&world, LONG_AFTER(world));
    assert_int_equal(world_count(&world, topic_stock_reservations), 2);
    const size_t written = world.written;
    tell(&world, first); /* again */
    assert_int_equal(world.written, written);
    world_kill(&world); /* it is remembered */
    tell(&world, second);
    forget(&world, world.began_ms + KEPT_DAY_MS);
    assert_int_equal(world_count(&world, topic_stock_reservations), 2);
    const size_t tombstones = world.tombstones;
    forget(&world, LONG_AFTER(world));
    assert_int_equal(world.tombstones, tombstones + 3);
    assert_int_equal(world_count(&world, topic_stock_reservations), 0);
    assert_int_equal(world_count(&world, topic_stock_orders), 0);
    assert_int_equal(world.maker.keep.table.count, 0);
    tell(&world, second); /* of nobody */
    assert_int_equal(world_count(&world, topic_stock_orders), 0);
    world_end(&world);
}

/* A confirmation on its way meets an amendment: it is not of that record. What stays as it was keeps
 * its own. */
static void test_amended_meanwhile(void **state)
{
    (void)state;
    struct world world;
    struct stock_reservation rows[ROWS_MAX], now[ROWS_MAX];
    world_begin(&world, "on_post");
    tell(&world, world_version(&world, 1, 2, 1));
    tell(&world, world_entry(&world, 1, 2, 1));
    assert_int_equal(read_rows(&world, rows), 2);
    const bool shoes_first = strcmp(rows[0].sku, "SKU00001") == 0;
    const struct stock_reservation *shoes = &rows[shoes_first ? 0 : 1],
                                   *shirts = &rows[shoes_first ? 1 : 0];
    tell(&world, confirm(&world, shirts));
    tell(&world, world_version(&world, 2, 3, 1)); /* one more shoe */
    tell(&world, confirm(&world, shoes));
    forget(&world, A_YEAR_AFTER(world));
    assert_int_equal(read_rows(&world, now), 2);
    tell(&world, world_entry(&world, 2, 3, 1)); /* a person has amended the document */
    assert_int_equal(read_rows(&world, now), 2);
    for (size_t i = 0; i < 2; i++)
        tell(&world, confirm(&world, &now[i]));
    forget(&world, A_YEAR_AFTER(world));
    assert_int_equal(world_count(&world, topic_stock_reservations), 0);
    assert_int_equal(world_count(&world, topic_stock_orders), 0);
    world_end(&world);
}

/* What takes nothing any more needs no read: cancelled, discarded, or never one of ours. A late older
 * version changes nothing while it is remembered. */
static void test_nothing_taken(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++) {
        struct world world;
        world_begin(&world, "on_post");
        if (how != 2)
            tell(&world, world_version(&world, 1, 2, 1));
        tell(&world, how == 0   ? world_version(&world, 2, 0, 0)
                     : how == 1 ? world_discard(&world, WORLD_BEGAN + 2000)
                                : world_entry(&world, 1, 2, 1));
        const size_t written = world.written;
        if (how != 2)
            tell(&world, world_version(&world, 1, 2, 1));
        assert_int_equal(world.written, written);
        forget(&world, world.began_ms + KEPT_DAY_MS);
        assert_int_equal(world_count(&world, topic_stock_orders), 1);
        forget(&world, LONG_AFTER(world));
        assert_int_equal(world_count(&world, topic_stock_orders), 0);
        assert_int_equal(world_count(&world, topic_stock_reservations), 0);
        world_end(&world);
    }
}

/* Of many some are looked at each time; all that are over go. */
static void test_many(void **state)
{
    (void)state;
    enum { MANY = 1000 };
    struct world world;
    size_t at = 0, calls = 0;
    world_begin(&world, "on_post");
    for (int i = 0; i < MANY; i++) {
        char id[20];
        (void)snprintf(id, sizeof id, "%d", 2000 + i);
        struct arena *arena = arena_new(SUPPORT_ARENA);
        struct order_event *event = support_order(arena);
        event->order_id = id;
        event->kind = i % 2 == 0 ? ORDER_CANCELLED : ORDER_CREATED;
        const struct world_record record = world_event(&world, event);
        world_hear(&world, &record);
        arena_free(arena);
    }
    do {
        reservation_forget(&world.maker, LONG_AFTER(world), &at);
        assert_true(++calls < 100);
    } while (at != 0 || world.maker.keep.table.count > MANY / 2);
    assert_true(calls > 2);
    assert_int_equal(world.maker.keep.table.count, MANY / 2);
    assert_int_equal(world.maker.keep.open, MANY / 2);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_never_by_time),
        cmocka_unit_test(test_confirmed),
        cmocka_unit_test(test_amended_meanwhile),
        cmocka_unit_test(test_nothing_taken),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests_name("reservation_forget", tests, NULL, NULL);
}
