/* Taking a slot, and keeping it while starting (test_stream_world.h). */
#include "test_stream_world.h"

#include <errno.h>

#include "stream/slot.h"

static char words[KAFKA_TEXT_MAX];

static void finds(const struct keys_slot slots[], size_t count)
{
    memcpy(redis.slots, slots, count * sizeof *slots);
    redis.slot_count = count;
}

static void test_a_free_one(void **state)
{
    static const struct keys_slot slot = {
        .is_taken = true, .epoch = 8, .former_epoch = 7, .former_number = 55, .former_at_ms = 66};
    (void)state;
    begin_world();
    finds(&slot, 1);
    assert_int_equal(slot_take(&worker, REDIS, words), 0);
    traced("at once", "take");
    assert_int_equal(worker.keys.slot_epoch, 8);
    assert_int_equal(stream.fleet.former.epoch, 7);
    assert_int_equal(stream.fleet.former.number, 55);
    assert_int_equal(stream.fleet.former.at_ms, 66);
    assert_true(stream.fleet.former.is_known);
    assert_true(worker.slot_token[0] != '\0');
    assert_string_equal(worker.keys.sender, worker.slot_token);
    assert_int_equal(stream.fleet.slot_is_taken, 1);
    /* Taken again, after a connection broke: what the former holder left stays as it was found. */
    redis.slots[0] =
        (struct keys_slot){.is_taken = true, .epoch = 9, .former_epoch = 8, .former_number = 1};
    assert_int_equal(slot_take(&worker, REDIS, words), 0);
    assert_int_equal(stream.fleet.former.epoch, 7);
    assert_int_equal(worker.keys.slot_epoch, 9);
    redis.slots[0].former_epoch = 10; /* somebody had it in between */
    assert_int_equal(slot_take(&worker, REDIS, words), 0);
    assert_int_equal(stream.fleet.former.epoch, 10);
    end_world();
}

static void test_held(void **state)
{
    static const struct keys_slot busy = {.busy_ms = 700, .holder = "another"};
    (void)state;
    begin_world();
    finds(&busy, 1);
    const int64_t wait = config_int(worker.host.config, CFG_slot_wait);
    assert_int_equal(slot_take(&worker, REDIS, words), -EBUSY);
    assert_in_range(now_ms - BEGINNING_MS, wait + 1, wait + 100);
    assert_string_equal(words,
                        "slot 1 of group primaflow.orders is held by another process (another)");
    assert_string_equal(logged, "info: another process holds this slot; waiting for its lease to "
                                "expire 700 ms\n"); /* said once */
    struct wait_seen seen;
    waits_begin(&worker.host.waits, WAIT_slot);
    waits_look(&worker.host.waits, &seen);
    redis.slots[0].holder = NULL;
    assert_int_equal(slot_take(&worker, REDIS, words), -EBUSY);
    assert_string_equal(words,
                        "slot 1 of group primaflow.orders is held by another process (unknown)");
    waits_look(&worker.host.waits, &seen);
    assert_string_equal(seen.detail, "another process has it");
    assert_int_equal(stream.fleet.slot_is_taken, 0);
    end_world();
}

static void test_its_lease_ends(void **state)
{
    static const struct keys_slot slots[] = {{.holder = "another"}, {.is_taken = true, .epoch = 2}};
    (void)state;
    begin_world();
    finds(slots, 2);
    assert_int_equal(slot_take(&worker, REDIS, words), 0);
    assert_int_equal(now_ms - BEGINNING_MS, 100);
    traced("again", "take take");
    end_world();
}

/* A holder of this machine that is known to be over need not be waited for. */
static void test_a_dead_holder(void **state)
{
    static char dead[PROCESS_NAME_MAX];
    struct keys_slot slots[] = {{.holder = dead}, {.is_taken = true, .epoch = 2}};
    char expected[PROCESS_NAME_MAX + 20];
    (void)state;
    begin_world();
    (void)process_describe_self(dead); /* ours, but that the process began at another time */
    char *started = strrchr(dead, '/');
    assert_non_null(started);
    (void)snprintf(started + 1, sizeof dead - (size_t)(started + 1 - dead), "1");
    assert_true(process_is_over(dead));
    finds(slots, 2);
    assert_int_equal(slot_take(&worker, REDIS, words), 0);
    (void)snprintf(expected, sizeof expected, "take take:%s", dead);
    traced("at once", expected);
    assert_int_equal(now_ms, BEGINNING_MS);
    end_world();
}

static void test_what_ends_it(void **state)
{
    static const struct keys_slot busy = {.holder = "another"};
    (void)state;
    begin_world();
    assert_int_equal(slot_take(&worker, REDIS, words), -EIO);
    assert_string_equal(words, "cannot take slot 1: Redis connection lost");
    finds(&busy, 1);
    worker.host.give_up = true;
    assert_int_equal(slot_take(&worker, REDIS, words), -EIO);
    assert_int_equal(now_ms, BEGINNING_MS);
    end_world();
}

/* ---- keeping it ---- */

static int64_t keeper_ends_ms;
static void ends(void)
{
    if (now_ms >= keeper_ends_ms)
        stream.fleet.slot_keeper_ends = 1;
}

static void keeps(const char *name, int64_t ms, const char *failing, const char *expected)
{
    begin_world();
    keeper_ends_ms = now_ms + ms;
    redis.meanwhile = ends;
    redis.failing = failing;
    stream.fleet.slot_is_taken = 1;
    slot_keep(&worker);
    assert_int_equal(pool_jobs(), 1);
    pool_all();
    traced(name, expected);
    end_world();
}

static void test_kept(void **state)
{
    (void)state;
    keeps("every quarter of its lease", 5000, NULL, "open:2500 keep:10000 keep:10000 close");
    keeps("from the first moment", 2499, NULL, "open:2500 keep:10000 close");
    keeps("no connection", 40, "open", "open:2500 open:2500 keep:10000 close");
    keeps("it breaks: another one, at once", 40, "keep",
          "open:2500 keep:10000 close open:2500 keep:10000 close");
}

static void test_not_kept(void **state)
{
    (void)state;
    for (int row = 0; row < 3; row++) {
        begin_world();
        keeper_ends_ms = now_ms + 500;
        redis.meanwhile = ends;
        stream.fleet.slot_is_taken = row != 0;
        stream.fleet.slot_keeper_ends = row == 1;
        worker.host.give_up = row == 2;
        slot_keep(&worker);
        pool_all();
        traced("not", "");
        end_world();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_free_one),     cmocka_unit_test(test_held),
        cmocka_unit_test(test_its_lease_ends), cmocka_unit_test(test_a_dead_holder),
        cmocka_unit_test(test_what_ends_it),   cmocka_unit_test(test_kept),
        cmocka_unit_test(test_not_kept),
    };
    return cmocka_run_group_tests_name("stream: a slot", tests, set_up, tear_down);
}
