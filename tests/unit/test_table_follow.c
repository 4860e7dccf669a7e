/* What a table knows of its partitions: how far it has read, what it left out, and what it does when
 * one stumbles, is cut, moves away and comes back (test_table_world.h). */
#include "test_table_world.h"

#include <errno.h>

#include "obs/metrics.h"

static struct ktable_progress progress(void)
{
    struct ktable_progress now;
    ktable_progress(world.table, &now);
    return now;
}

static void test_read_to(void **state)
{
    (void)state;
    log_put(1, "g", "1");
    log_put(1, "g/1", "2");
    log_marker(1);
    assert_int_equal(ktable_read_to(world.table, 1), -1);
    assert_int_equal(ktable_end(world.table, 1), -1);
    ktable_follow(world.table, 1);
    assert_int_equal(ktable_read_to(world.table, 1), -1);
    assert_int_equal(ktable_end(world.table, 1), 3);
    assert_false(ktable_is_restored(world.table, 1));
    world.logs[1].fetchable = 1;
    world_turn();
    assert_int_equal(ktable_read_to(world.table, 1), 1);
    assert_false(ktable_is_restored(world.table, 1));
    assert_int_equal(progress().behind, 2);
    assert_int_equal(progress().restored, 0);
    world.logs[1].fetchable = INT64_MAX;
    world_pass(1000);                                    /* no wake: the beat */
    assert_int_equal(ktable_read_to(world.table, 1), 3); /* behind the marker */
    assert_true(ktable_is_restored(world.table, 1));
    assert_int_equal(ktable_read_to(world.table, 0), -1);
    assert_int_equal(ktable_read_to(world.table, -1), -1);
    assert_int_equal(ktable_read_to(world.table, 99999), -1);
    const struct ktable_progress now = progress();
    assert_int_equal(now.partitions, 1);
    assert_int_equal(now.restored, 1);
    assert_int_equal(now.keys, 2);
    assert_int_equal(now.behind, 0);
    assert_true(now.cache_bytes > 0 && now.index_bytes > 0);
}

static void test_an_empty_partition(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    log_delete(0, 1);
    ktable_follow(world.table, 0);
    world_turn();
    assert_int_equal(ktable_read_to(world.table, 0), 1);
    assert_true(ktable_is_restored(world.table, 0));
    assert_string_equal(world_asks(0, "g"), "1:");
}

/* What is of an open transaction is not read, nor what lies behind it; and the end says so. */
static void test_an_open_transaction(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    log_put(0, "g", "2");
    world.logs[0].stable = 1;
    ktable_follow(world.table, 0);
    world_turn();
    assert_int_equal(ktable_read_to(world.table, 0), 1);
    assert_int_equal(ktable_end(world.table, 0), 2);
    assert_true(ktable_is_restored(world.table, 0));
    assert_string_equal(world_asks(0, "g"), "1: g=1@0");
    world.logs[0].stable = 2;
    world_pass(1000);
    assert_string_equal(world_asks(0, "g"), "2: g=2@1");
}

/* More than one turn of the loop may take at once; each partition has its share. */
static void test_many(void **state)
{
    char key[20];
    (void)state;
    for (int i = 0; i < 5000; i++) {
        (void)snprintf(key, sizeof key, "g%d/%d", i / 2, i % 2);
        log_put(0, key, "v");
        if (i < 1000)
            log_put(1, key, "v");
    }
    ktable_follow(world.table, 0);
    ktable_follow(world.table, 1);
    (void)uv_run(&world.host.loop, UV_RUN_NOWAIT);
    assert_in_range(ktable_read_to(world.table, 0), 200, 700);
    assert_in_range(ktable_read_to(world.table, 1), 200, 700);
    world_turn();
    assert_int_equal(progress().keys, 6000);
    assert_int_equal(ktable_read_to(world.table, 0), 5000);
    assert_string_equal(world_asks(0, "g2499"), "5000: g2499/0=v@4998 g2499/1=v@4999");
    assert_string_equal(world_asks(1, "g7"), "1000: g7/0=v@14 g7/1=v@15");
}

/* What is replaced is not in memory any more. */
static void test_the_same_key(void **state)
{
    (void)state;
    ktable_follow(world.table, 0);
    log_put(0, "g", "1");
    world_turn();
    const struct ktable_progress one = progress();
    for (int i = 0; i < 100; i++)
        log_put(0, "g", "2");
    world_turn();
    assert_int_equal(progress().cache_bytes, one.cache_bytes);
    assert_int_equal(progress().index_bytes, one.index_bytes);
    log_put(0, "g", NULL);
    world_turn();
    assert_int_equal(progress().cache_bytes, 0);
}

static void test_strange_keys(void **state)
{
    (void)state;
    const double before = metrics_value(METRIC_table_strange, "topic");
    log_put(0, "/x", "1"); /* of no group */
    log_put(0, "", "2");   /* without a key */
    log_put(0, "/x", NULL);
    ktable_follow(world.table, 0);
    world_turn();
    assert_int_equal(ktable_read_to(world.table, 0), 3);
    assert_int_equal(progress().keys, 0);
    assert_int_equal(progress().strange, 3);
    assert_int_equal((int)(metrics_value(METRIC_table_strange, "topic") - before), 3);
}

/* ---- what stumbles ---- */

/* Nothing behind an unreadable batch is read; it is tried again from there. */
static void test_it_stumbles(void **state)
{
    static const enum kafka_obstacle rows[] = {KAFKA_UNREADABLE, KAFKA_DENIED, KAFKA_NO_TOPIC,
                                               KAFKA_TROUBLE};
    (void)state;
    log_put(0, "g", "1");
    ktable_follow(world.table, 0);
    world_turn();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char expected[60], words[60];
        const int64_t read_to = ktable_read_to(world.table, 0);
        world.logs[0].obstacle = rows[i];
        log_put(0, "g/1", "2");
        world_turn();
        (void)snprintf(words, sizeof words, "topic/0: %s", kafka_obstacle_name(rows[i]));
        assert_string_equal(ktable_trouble(world.table, 0), words);
        assert_false(world.logs[0].is_followed);
        assert_int_equal(ktable_read_to(world.table, 0), read_to); /* it still says what it knows */
        assert_true(ktable_is_restored(world.table, 0));
        world_pass(999);
        assert_false(world.logs[0].is_followed);
        world_pass(1);
        assert_null(ktable_trouble(world.table, 0));
        (void)snprintf(expected, sizeof expected, "%lld: g=1@0 g/1=2@%lld", (long long)read_to + 1,
                       (long long)read_to);
        assert_string_equal(world_asks(0, "g"), expected);
    }
    world.add_result = -EIO; /* librdkafka refuses */
    world.logs[0].obstacle = KAFKA_TROUBLE;
    log_put(0, "g/2", "3");
    world_turn();
    world_pass(5000);
    assert_string_equal(ktable_trouble(world.table, 0), "librdkafka refuses to read it");
    world.add_result = 0;
    world_pass(1000);
    assert_null(ktable_trouble(world.table, 0));
    assert_string_equal(world_asks(0, "g"), "6: g=1@0 g/1=2@4 g/2=3@5");
}

static void test_it_is_cut(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    log_put(0, "g/1", "2");
    log_put(0, "h", "3");
    log_put(1, "g", "other");
    ktable_follow(world.table, 0);
    ktable_follow(world.table, 1);
    world_turn();
    log_cut(0, 1);
    world_turn();
    assert_int_equal(ktable_read_to(world.table, 0), -1);
    assert_false(ktable_is_restored(world.table, 0));
    assert_string_equal(world_asks(0, "g"), "away: topic/0: offset_gone");
    assert_string_equal(world_asks(1, "g"), "1: g=other@0"); /* its neighbour's cache is its own */
    log_put(0, "g/1", "new");
    world_pass(1000);
    assert_string_equal(world_asks(0, "g"), "2: g=1@0 g/1=new@1");
    assert_string_equal(world_asks(0, "h"), "2:");
}

/* What comes next was deleted before it was read: what it replaced is not known. */
static void test_it_fell_behind(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    ktable_follow(world.table, 0);
    world_turn();
    log_put(0, "h", "2");
    log_put(0, "h/1", "3");
    log_delete(0, 2);
    world_turn();
    assert_int_equal(ktable_read_to(world.table, 0), -1);
    world_pass(1000);
    assert_string_equal(world_asks(0, "g"), "3:");
    assert_string_equal(world_asks(0, "h"), "3: h/1=3@2");
}

/* ---- who follows ---- */

static void test_it_is_left_as_often_as_it_is_followed(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    ktable_follow(world.table, 0);
    ktable_follow(world.table, 0);
    world_turn();
    ktable_leave(world.table, 0);
    world_pass(2 * KTABLE_LINGER_MS);
    assert_string_equal(world_asks(0, "g"), "1: g=1@0");
    ktable_leave(world.table, 0);
    assert_string_equal(world_asks(0, "g"), "left: The partition is not this process's.");
    assert_int_equal(ktable_read_to(world.table, 0), -1);
    assert_int_equal(ktable_end(world.table, 0), -1);
    assert_false(ktable_is_restored(world.table, 0));
    assert_int_equal(progress().partitions, 0);
    world_pass(KTABLE_LINGER_MS - 1);
    assert_true(world.logs[0].is_followed);
    world_pass(1);
    assert_false(world.logs[0].is_followed);
    assert_int_equal(progress().keys, 0);
    assert_int_equal(progress().cache_bytes, 0);
    ktable_leave(world.table, 0); /* once more than followed: nothing */
    ktable_leave(world.table, 1);
    assert_int_equal(world.adds, 1);
    assert_int_equal(world.removes, 1);
}

/* As a rebalance takes it and gives it again. */
static void test_it_comes_back(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    ktable_follow(world.table, 0);
    world_turn();
    ktable_leave(world.table, 0);
    log_put(0, "g", "2");
    world_pass(KTABLE_LINGER_MS - 1);
    ktable_follow(world.table, 0);
    assert_true(ktable_is_restored(world.table, 0));
    assert_string_equal(world_asks(0, "g"), "2: g=2@1");
    world_pass(2 * KTABLE_LINGER_MS);
    assert_true(world.logs[0].is_followed);
    assert_int_equal(world.adds, 1);
    ktable_leave(world.table, 0);
    world_pass(KTABLE_LINGER_MS);
    ktable_follow(world.table, 0); /* too late: anew */
    assert_false(ktable_is_restored(world.table, 0));
    world_turn();
    assert_string_equal(world_asks(0, "g"), "2: g=2@1");
    assert_int_equal(world.adds, 2);
}

static void test_left_amid_trouble(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    ktable_follow(world.table, 0);
    world.logs[0].obstacle = KAFKA_TROUBLE;
    world_turn();
    ktable_leave(world.table, 0);
    world.add_result = -EIO;
    world_pass(2 * KTABLE_LINGER_MS); /* it tries again, and no more then */
    const int adds = world.adds;
    assert_in_range(adds, 2, KTABLE_LINGER_MS / 1000 + 1);
    world_pass(10000);
    assert_int_equal(world.adds, adds);
}

static void test_metrics(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    log_put(0, "g/1", "2");
    ktable_follow(world.table, 0);
    world.logs[0].fetchable = 1;
    world_turn();
    ktable_write_metrics(world.table);
    assert_int_equal((int)metrics_value(METRIC_table_keys, "topic"), 1);
    assert_int_equal((int)metrics_value(METRIC_table_behind, "topic"), 1);
    assert_int_equal((int)metrics_value(METRIC_table_unrestored, "topic"), 1);
    assert_true(metrics_value(METRIC_table_bytes, "topic") > 100);
    world.logs[0].fetchable = 9;
    world_pass(1000);
    ktable_write_metrics(world.table);
    assert_int_equal((int)metrics_value(METRIC_table_keys, "topic"), 2);
    assert_int_equal((int)metrics_value(METRIC_table_behind, "topic"), 0);
    assert_int_equal((int)metrics_value(METRIC_table_unrestored, "topic"), 0);
}

int main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        ROW(test_read_to),
        ROW(test_an_empty_partition),
        ROW(test_an_open_transaction),
        ROW(test_many),
        ROW(test_the_same_key),
        ROW(test_strange_keys),
        ROW(test_it_stumbles),
        ROW(test_it_is_cut),
        ROW(test_it_fell_behind),
        ROW(test_it_is_left_as_often_as_it_is_followed),
        ROW(test_it_comes_back),
        ROW(test_left_amid_trouble),
        ROW(test_metrics),
    };
#undef ROW
    return cmocka_run_group_tests_name("table: partitions", tests, NULL, NULL);
}
