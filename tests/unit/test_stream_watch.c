/* What a worker looks at now and then: ops.control, the group, its topics; and what it writes
 * down of its positions (test_stream_world.h). */
#include "test_stream_world.h"

#include "base/clock.h"
#include "idempotency/keys_reply.h"
#include "kafka/topics.h"
#include "stream/remember.h"
#include "stream/topic_watch.h"
#include "stream/watch.h"
#include "stream/world.h"

#define CONTROL topic_ops_control
#define OPEN "redis.open/primaflow.orders"

static void looks(const char *name, const char *expected)
{
    watch_tick(&worker);
    pool_all();
    traced(name, expected);
}

/* ---- ops.control ---- */

static void test_looks_three_times_within_the_bound(void **state)
{
    static const struct {
        const char *option;
        int64_t bound;
    } rows[] = {{"slot.lease=9s", 9000}, {"slot.lease=2001ms", 2001}, {"slot.lease=1s", 2000}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        configure((const char *const[]){rows[i].option, NULL});
        begin_world();
        assert_int_equal(watch_bound_ms(&worker), rows[i].bound);
        char expected[40];
        (void)snprintf(expected, sizeof expected, "end:%lld", (long long)rows[i].bound / 3);
        looks("at once", expected);
        now_ms += rows[i].bound / 3 - 1;
        looks("not yet", "");
        now_ms += 1;
        watch_tick(&worker);
        now_ms += rows[i].bound;
        watch_tick(&worker);
        assert_int_equal(pool_jobs(), 1); /* one at a time */
        pool_all();
        traced("again", expected);
        end_world();
    }
    configure(NULL);
}

static void test_hears_as_of_the_question(void **state)
{
    (void)state;
    begin_world();
    now_ms += 5000;
    watch_tick(&worker);
    now_ms += 700;
    pool_all();
    assert_int_equal(stream.watch.heard_ms, now_ms - 700);
    assert_int_equal(stream.watch.looked_ms, now_ms - 700);
    assert_int_equal(stream.watch.end, 0);
    traced("asked", "end:3333");
    now_ms += 5000;
    kafka.failing = "end";
    looks("no answer", "end:3333");
    assert_int_equal(stream.watch.heard_ms, now_ms - 5700);
    assert_string_equal(stream.watch.words, "no end");
    end_world();
}

static void test_deaf(void **state)
{
    (void)state;
    begin_world();
    now_ms += 10000;
    assert_false(watch_is_deaf(&worker));
    assert_true(watch_may_send(&worker));
    now_ms += 1;
    assert_true(watch_is_deaf(&worker));
    assert_false(watch_may_send(&worker));
    stream.watch.is_looking = true;
    watch_tick(&worker);
    assert_true(redis.is_held);
    assert_int_equal(worker.host.pauses.bits, 0); /* one look late is nothing */
    now_ms += 3333;
    watch_tick(&worker);
    assert_true(pauses_has(&worker.host.pauses, PAUSE_KAFKA));
    assert_string_equal(worker.host.pauses.kafka_trouble, "ops.control cannot be read");
    (void)snprintf(stream.watch.words, sizeof stream.watch.words, "timed out");
    watch_tick(&worker);
    assert_string_equal(worker.host.pauses.kafka_trouble, "timed out");
    stream.watch.heard_ms = now_ms;
    watch_tick(&worker);
    assert_false(redis.is_held);
    assert_int_equal(worker.host.pauses.bits, 0);
    worker.leaving = true;
    assert_false(watch_may_send(&worker));
    stream.watch.is_looking = false;
    now_ms += 5000;
    looks("leaving: no more", "");
    end_world();
}

static void test_another_workers_incident(void **state)
{
    (void)state;
    begin_world();
    (void)snprintf(stream.control.incident, CONTROL_ID_MAX, "a");
    (void)snprintf(stream.control.server.run_id, 64, "run");
    (void)kafka_holds(CONTROL, OPEN, "{\"incident\":\"a\",\"run_id\":\"run\"}", NULL);
    now_ms += 5000;
    looks("ours", "end:3333");
    assert_false(worker.leaving);
    (void)kafka_holds(CONTROL, OPEN, "{\"incident\":\"b\",\"run_id\":\"run\"}", NULL);
    stream.watch.end = 2; /* its end has not moved: not read */
    now_ms += 5000;
    looks("not read", "end:3333");
    assert_false(worker.leaving);
    stream.watch.end = 1;
    now_ms += 5000;
    looks("another", "end:3333");
    assert_true(worker.leaving);
    assert_int_equal(worker.leave_by_ms, now_ms + 15000);
    assert_string_equal(logged, "warning: Redis state lost; committing settled records, then "
                                "restarting (another worker reported Redis state lost)\n");
    end_world();
}

static void test_another_server_that_others_accepted(void **state)
{
    (void)state;
    begin_world();
    (void)snprintf(stream.control.incident, CONTROL_ID_MAX, "a");
    (void)snprintf(stream.control.server.run_id, 64, "old");
    (void)kafka_holds(CONTROL, OPEN, "{\"incident\":\"a\",\"run_id\":\"new\"}", NULL);
    now_ms += 5000;
    stream.trust.is_calling = true;
    looks("asked already", "end:3333");
    assert_string_equal(stream.control.server.run_id, "old");
    stream.trust.is_calling = false;
    stream.watch.end = 0;
    now_ms += 5000;
    looks("gone over to", "end:3333 connect_again");
    assert_string_equal(stream.control.server.run_id, "new");
    end_world();
}

static void test_senders(void **state)
{
    (void)state;
    begin_world();
    (void)snprintf(stream.control.incident, CONTROL_ID_MAX, "a");
    (void)kafka_holds(CONTROL, OPEN, "{\"incident\":\"a\",\"since\":[\"z\"]}", NULL);
    stream.watch.asks_for_senders = true;
    stream.watch.end = 1;
    now_ms += 5000;
    looks("read though its end has not moved", "end:3333");
    assert_int_equal(stream.incident.senders_over_ms, now_ms);
    assert_false(stream.watch.asks_for_senders);
    const int64_t then = now_ms;
    stream.watch.asks_for_senders = true;
    now_ms += 5000;
    looks("again", "end:3333");
    assert_int_equal(stream.incident.senders_over_ms, then);
    stream.incident.senders_over_ms = 0;
    (void)kafka_holds(CONTROL, "worker/primaflow.orders/2",
                      "{\"group\":\"primaflow.orders\",\"slot\":\"2\",\"incident\":\"z\","
                      "\"process\":\"of another machine\",\"epoch\":1}",
                      NULL);
    now_ms += 5000;
    looks("one may be", "end:3333");
    assert_int_equal(stream.incident.senders_over_ms, 0);
    end_world();
}

/* The last breath of our slot's former holder stands behind our own record. */
static void test_says_that_it_is_there(void **state)
{
    static const char *const ours = "{\"group\":\"primaflow.orders\",\"slot\":\"1\",\"epoch\":4}",
                             *const its = "{\"group\":\"primaflow.orders\",\"slot\":\"1\","
                                          "\"epoch\":3,\"stopped\":true}";
    static const struct {
        const char *name;
        const char *former;
        int64_t entered;
        const char *trace;
    } rows[] = {
        {"overwritten", its, 4, "end:3333 write:worker/primaflow.orders/1"},
        {"not overwritten", "", 4, "end:3333"},
        {"the holder is another one than we", its, 5, "end:3333"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_world();
        (void)kafka_holds(CONTROL, "worker/primaflow.orders/1", ours, NULL);
        if (rows[i].former[0] != '\0')
            (void)kafka_holds(CONTROL, "worker/primaflow.orders/1", rows[i].former, NULL);
        stream.fleet.entered_epoch = rows[i].entered;
        now_ms += 5000;
        looks(rows[i].name, rows[i].trace);
        end_world();
    }
}

/* ---- Redis and the slot, as the loop hears of them ---- */

/* An engine without keys: any server will do, and nothing is paused or suspected. */
static void test_on_redis_without_keys(void **state)
{
    struct engine without_keys;
    const struct redis_server server = {.run_id = "another"};
    (void)state;
    begin_world();
    without_keys = *stream.engine;
    without_keys.keeps_keys = false;
    stream.engine = &without_keys;
    world_on_redis_lost(&worker, "reset");
    world_on_redis_lost(&worker, "refused");
    assert_string_equal(
        logged, "warning: Redis connection lost; work goes on, without the slot's lease (reset)\n");
    assert_int_equal(worker.host.pauses.bits, 0);
    logged[0] = '\0';
    assert_true(world_on_redis_server(&worker, &server));
    assert_true(world_on_redis_server(&worker, &server));
    assert_string_equal(logged, "info: Redis connection restored\n");
    assert_int_equal(pool_jobs(), 0); /* no roll call */
    assert_false(worker.leaving || stream.trust.is_suspect);
    end_world();
}

static void test_on_redis(void **state)
{
    struct redis_server server = {.run_id = "run", .replication_id = "repl"};
    (void)state;
    begin_world();
    (void)snprintf(stream.control.server.run_id, 64, "run");
    world_on_redis_lost(&worker, "reset");
    assert_true(pauses_has(&worker.host.pauses, PAUSE_REDIS));
    assert_true(world_on_redis_server(&worker, &server));
    assert_false(pauses_has(&worker.host.pauses, PAUSE_REDIS));
    (void)snprintf(server.run_id, 64, "another");
    assert_false(world_on_redis_server(&worker, &server));
    assert_true(pauses_has(&worker.host.pauses, PAUSE_REDIS));
    assert_true(stream.trust.is_calling);
    assert_int_equal(pool_jobs(), 1);
    pool_all();
    end_world();
}

static struct redis_reply slot_reply;
static void renewed(void)
{
    world_on_slot_renewed(&worker, &slot_reply);
}

static void test_on_slot(void **state)
{
    static const struct {
        const char *word, *trace;
        bool leaves;
    } rows[] = {
        {"ok", "", false},
        {"slot_lost", "start_over:slot_lost:another process holds this slot", false},
        {"suspect", "", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_world();
        slot_reply =
            (struct redis_reply){.count = 1, .items = {{rows[i].word, strlen(rows[i].word), 0}}};
        may_start_over(renewed);
        traced(rows[i].word, rows[i].trace);
        assert_int_equal(worker.leaving, rows[i].leaves);
        if (rows[i].trace[0] == '\0') {
            assert_int_equal(stream.fleet.slot_renewed_ms, now_ms);
            assert_int_equal(stream.fleet.slot_keeper_ends, 1);
        }
        end_world();
    }
}

static void test_the_open_incident(void **state)
{
    static const struct {
        const char *name, *cleared;
        int64_t committed;
        bool is_over, says_so;
    } rows[] = {
        {"cleared by another", "{\"incident\":\"a\"}", 0, true, false},
        {"all before the loss is committed", "{}", 9, true, true},
        {"not all", "{}", 8, false, false},
        {"another one is open", "", 9, false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_world();
        (void)kafka_has("orders.raw", 0, 0, 20, rows[i].committed);
        (void)kafka_has("orders.raw", 1, 0, 0, -1);
        (void)snprintf(stream.control.incident, CONTROL_ID_MAX,
                       rows[i].cleared[0] != '\0' ? "a" : "b");
        (void)kafka_holds(CONTROL, OPEN,
                          "{\"incident\":\"a\",\"ends\":["
                          "{\"topic\":\"orders.raw\",\"partition\":0,\"offset\":9},"
                          "{\"topic\":\"orders.raw\",\"partition\":1,\"offset\":0}]}",
                          NULL);
        (void)kafka_holds(CONTROL, "redis.cleared/primaflow.orders", rows[i].cleared, NULL);
        stream.trust.is_suspect = true;
        world_look_at_incident(&worker);
        assert_true(stream.trust.check_is_running);
        pool_all();
        assert_false(stream.trust.check_is_running);
        if (stream.trust.is_suspect == rows[i].is_over)
            fail_msg("%s", rows[i].name);
        assert_int_equal(logged[0] != '\0', rows[i].is_over);
        assert_int_equal(strstr(trace, "write:redis.cleared") != NULL, rows[i].says_so);
        end_world();
    }
}

/* A record may name more than is remembered: the latest of what was left, all that is waited for. */
static void test_more_than_is_remembered(void **state)
{
    struct control control = {.ends = NULL};
    char words[KAFKA_TEXT_MAX], value[1000] = "{\"incident\":\"a\",\"left\":[";
    (void)state;
    begin_world();
    for (int i = 0; i <= CONTROL_LEFT_MAX; i++)
        (void)snprintf(value + strlen(value), sizeof value - strlen(value), "%s{\"run_id\":\"%d\"}",
                       i > 0 ? "," : "", i);
    (void)snprintf(value + strlen(value), sizeof value - strlen(value), "],\"since\":[7");
    for (int i = 0; i <= CONTROL_SINCE_MAX; i++)
        (void)snprintf(value + strlen(value), sizeof value - strlen(value), ",\"s%d\"", i);
    (void)snprintf(value + strlen(value), sizeof value - strlen(value), "]}");
    (void)kafka_holds(CONTROL, OPEN, value, NULL);
    static const char member[] = "{\"group\":\"primaflow.orders\",\"slot\":\"9\"}";
    (void)kafka_holds(CONTROL, "worker/", member, NULL); /* of no slot */
    (void)kafka_holds(CONTROL, "position/primaflow.orders", member, NULL);
    (void)kafka_holds(CONTROL, "", member, NULL);
    assert_int_equal(control_read(worker.host.config, stream.group, &control, words), 0);
    assert_int_equal(control.member_count, 0);
    assert_int_equal(control.left_count, CONTROL_LEFT_MAX);
    assert_string_equal(control.left[0].run_id, "0");
    assert_string_equal(control.left[CONTROL_LEFT_MAX - 1].run_id, "3");
    assert_int_equal(control.since_count, CONTROL_SINCE_MAX);
    assert_string_equal(control.since[0], "s0");
    control_free(&control);
    end_world();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_looks_three_times_within_the_bound),
        cmocka_unit_test(test_hears_as_of_the_question),
        cmocka_unit_test(test_deaf),
        cmocka_unit_test(test_another_workers_incident),
        cmocka_unit_test(test_another_server_that_others_accepted),
        cmocka_unit_test(test_senders),
        cmocka_unit_test(test_says_that_it_is_there),
        cmocka_unit_test(test_on_redis),
        cmocka_unit_test(test_on_redis_without_keys),
        cmocka_unit_test(test_on_slot),
        cmocka_unit_test(test_the_open_incident),
        cmocka_unit_test(test_more_than_is_remembered),
    };
    return cmocka_run_group_tests_name("stream: ops.control and Redis, watched", tests, set_up,
                                       tear_down);
}
