/* Reading: how much, what waits until its time, and what stands in the way
 * (test_stream_world.h). */
#include "test_stream_world.h"

#include "base/clock.h"
#include "stream/engine.h"

static void brings(const char *topic, int32_t partition, int64_t first, int count)
{
    for (int i = 0; i < count; i++)
        kafka_brings(kafka_find(topic, partition), first + i, clock_wall_ms());
}

static void fetched(const char *name, const char *expected)
{
    partitions_fetch(&worker);
    traced(name, expected);
}

/* ---- how much ---- */

static void test_reads_while_there_is_room(void **state)
{
    (void)state;
    begin_world();
    struct partition *p = has_partition("orders.raw", 0, 5);
    brings("orders.raw", 0, 5, 4);
    engine_room = 3;
    fetched("three", "fetch:orders.raw/0:3 read:5 read:6 read:7");
    assert_int_equal(p->position, 8);
    has_counted(METRIC_fetched, "orders.raw}+3");
    assert_int_equal(p->end, -1);
    fetched("no room", "");
    engine_room = 3;
    fetched("the fourth", "fetch:orders.raw/0:3 read:8 fetch:orders.raw/0:2");
    assert_false(p->may_have_more);
    fetched("empty, until it is woken", "");
    end_world();
}

static void test_no_more_than_one_fetch_at_once(void **state)
{
    (void)state;
    begin_world();
    (void)has_partition("orders.raw", 0, 0);
    fetched("many", "fetch:orders.raw/0:64");
    engine_room = 64;
    stream.partitions->may_have_more = true;
    fetched("just as many", "fetch:orders.raw/0:64");
    end_world();
}

static void test_partitions_take_turns(void **state)
{
    (void)state;
    begin_world();
    (void)has_partition("orders.raw", 0, 5);
    (void)has_partition("orders.raw", 1, 7);
    brings("orders.raw", 0, 5, 2);
    brings("orders.raw", 1, 7, 1);
    worker.host.pauses.bits = 1; /* one record at a time */
    fetched("in turn", "fetch:orders.raw/1:1 read:7 fetch:orders.raw/0:1 read:5 "
                       "fetch:orders.raw/1:1 fetch:orders.raw/0:1 read:6 fetch:orders.raw/0:1");
    end_world();
}

static void test_who_is_not_read(void **state)
{
    static const struct {
        const char *name;
        bool drains, not_running, going, stopped, is_read;
    } rows[] = {
        {"at work", .is_read = true},
        {"a drain", .drains = true},
        {"at start", .not_running = true},
        {"it is given back", .going = true},
        {"nothing more may be read", .stopped = true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_world();
        struct partition *p = has_partition("orders.raw", 0, 5);
        worker.host.draining = rows[i].drains;
        worker.host.running = !rows[i].not_running;
        p->going = rows[i].going;
        p->stopped = rows[i].stopped;
        fetched(rows[i].name, rows[i].is_read ? "fetch:orders.raw/0:64" : "");
        end_world();
    }
}

static void test_ends_where_the_process_ends(void **state)
{
    (void)state;
    begin_world();
    (void)has_partition("orders.raw", 0, 5);
    brings("orders.raw", 0, 5, 1);
    worker.host.over = true;
    fetched("once", "fetch:orders.raw/0:64 read:5");
    end_world();
}

static void test_the_end_is_a_position(void **state)
{
    (void)state;
    begin_world();
    struct partition *p = has_partition("orders.raw", 0, 5);
    kafka_find("orders.raw", 0)->end = 0; /* an end, too */
    fetched("at zero", "fetch:orders.raw/0:64 fetch:orders.raw/0:64");
    assert_int_equal(p->end, 0);
    brings("orders.raw", 0, 5, 1);
    kafka_find("orders.raw", 0)->end = 9;
    p->may_have_more = true;
    fetched("behind a record", "fetch:orders.raw/0:64 read:5 fetch:orders.raw/0:64");
    assert_int_equal(p->position, 9);
    assert_int_equal(p->end, 9);
    end_world();
}

/* ---- a retry topic's delay ---- */

static void test_a_retry_waits_for_its_time(void **state)
{
    static const struct {
        const char *name;
        int64_t age_ms, waits_ms; /* 0: at once */
        bool has_no_time;
    } rows[] = {
        {"just written", 0, 1001, false},
        {"half of it is over", 500, 501, false},
        {"a moment too early", 999, 2, false},
        {"due", 1000, 0, false},
        {"long due", 5000, 0, false},
        {"by a clock ahead of ours: no longer than its delay", -5000, 1001, false},
        {"without a time", 0, 0, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_world();
        struct partition *p = has_partition("orders.raw.retry.1s", 0, 5);
        kafka_brings(kafka_find("orders.raw.retry.1s", 0), 5,
                     rows[i].has_no_time ? 0 : clock_wall_ms() - rows[i].age_ms);
        brings("orders.raw.retry.1s", 0, 6, 1);
        partitions_fetch(&worker);
        if (rows[i].waits_ms == 0) {
            if (strstr(trace, "read:5") == NULL)
                fail_msg("%s: %s", rows[i].name, trace);
            end_world();
            continue;
        }
        traced(rows[i].name, "fetch:orders.raw.retry.1s/0:1");
        assert_true(p->waiting.handle != NULL);
        pass(rows[i].waits_ms - 1);
        p->may_have_more = true;
        fetched(rows[i].name, ""); /* nothing behind it is due earlier */
        p->may_have_more = false;
        pass(1);
        traced(rows[i].name, "read:5");
        assert_int_equal(p->position, 6);
        assert_true(p->may_have_more);
        end_world();
    }
}

static void test_an_input_does_not_wait(void **state)
{
    (void)state;
    begin_world();
    (void)has_partition("orders.raw", 0, 5);
    kafka_brings(kafka_find("orders.raw", 0), 5, clock_wall_ms() + 5000);
    fetched("at once", "fetch:orders.raw/0:64 read:5 fetch:orders.raw/0:64");
    end_world();
}

/* ---- obstacles ---- */

static void test_obstacles(void **state)
{
    static const struct {
        const char *name;
        enum kafka_obstacle obstacle;
        bool stops;
    } rows[] = {
        {"gone", KAFKA_OFFSET_GONE, true}, {"bytes", KAFKA_UNREADABLE, true},
        {"rights", KAFKA_DENIED, false},   {"topic", KAFKA_NO_TOPIC, false},
        {"trouble", KAFKA_TROUBLE, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_world();
        struct partition *p = has_partition("orders.raw", 0, 5);
        kafka_find("orders.raw", 0)->obstacle = rows[i].obstacle;
        kafka_find("orders.raw", 0)->words = "its words";
        partitions_fetch(&worker);
        assert_int_equal(p->obstacle, rows[i].obstacle);
        assert_int_equal(p->stopped, rows[i].stops);
        assert_int_equal(p->asked_again_ms, now_ms);
        assert_string_equal(p->obstacle_words, "its words");
        has_counted(METRIC_obstacles,
                    (const char *const[]){[KAFKA_OFFSET_GONE] = "gone}+1",
                                          [KAFKA_UNREADABLE] = "bytes}+1",
                                          [KAFKA_DENIED] = "rights}+1",
                                          [KAFKA_NO_TOPIC] = "topic}+1",
                                          [KAFKA_TROUBLE] = "trouble}+1"}[rows[i].obstacle]);
        assert_string_equal(logged, "warning: partition unreadable (its words) orders.raw/0@-1\n");
        kafka_find("orders.raw", 0)->obstacle = rows[i].obstacle;
        p->may_have_more = true;
        p->stopped = false;
        logged[0] = '\0';
        partitions_fetch(&worker);
        assert_string_equal(logged, ""); /* said once */
        p->may_have_more = true;
        p->stopped = false;
        partitions_fetch(&worker);
        assert_int_equal(p->obstacle, rows[i].obstacle); /* nothing was heard */
        p->may_have_more = true;
        if (i % 2 == 0)
            kafka_find("orders.raw", 0)->end = 0;
        else
            brings("orders.raw", 0, 5, 1);
        partitions_fetch(&worker);
        assert_int_equal(p->obstacle, KAFKA_CLEAR);
        assert_string_equal(logged, "info: partition readable again orders.raw/0@-1\n");
        end_world();
    }
}

static void test_asked_again(void **state)
{
    (void)state;
    begin_world();
    struct partition *p = has_partition("orders.raw", 0, 5);
    p->obstacle = KAFKA_DENIED;
    p->asked_again_ms = now_ms;
    now_ms += 4999;
    partitions_watch(&worker);
    traced("not before 5 s", "");
    now_ms += 1;
    partitions_watch(&worker);
    partitions_watch(&worker);
    traced("once", "ask_again:orders.raw/0@5");
    now_ms += 5000;
    p->waiting = (struct kafka_record){.handle = malloc(1), .offset = 7};
    partitions_watch(&worker);
    traced("behind the one that waits", "ask_again:orders.raw/0@8");
    now_ms += 5000;
    p->going = true;
    partitions_watch(&worker);
    traced("not one that goes", "");
    p->going = false;
    p->obstacle = KAFKA_CLEAR;
    partitions_watch(&worker);
    traced("nor one that can be read", "");
    end_world();
}

static void test_a_stopped_partition_ends_the_worker(void **state)
{
    static const struct {
        const char *name;
        enum kafka_obstacle obstacle;
        bool holds, waits, going, drains, commits;
        const char *trace;
    } rows[] = {
        {"a batch that cannot be read", KAFKA_UNREADABLE, .trace = "drain:70"},
        {"records before it", KAFKA_UNREADABLE, .holds = true, .trace = ""},
        {"one that waits for its time", KAFKA_UNREADABLE, .waits = true, .trace = ""},
        {"it goes anyway", KAFKA_UNREADABLE, .going = true, .trace = ""},
        {"it drains already", KAFKA_UNREADABLE, .drains = true, .trace = ""},
        {"a transaction is under way", KAFKA_UNREADABLE, .commits = true, .trace = ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_world();
        struct partition *p = has_partition("orders.raw", 0, 5),
                         *other = has_partition("orders.raw", 1, 5);
        p->stopped = true;
        p->obstacle = rows[i].obstacle;
        if (rows[i].holds)
            holds(p, 5, 1, 0);
        if (rows[i].waits)
            p->waiting = (struct kafka_record){.handle = malloc(1)};
        p->going = rows[i].going;
        worker.host.draining = rows[i].drains;
        if (rows[i].commits) {
            holds(other, 5, 1, 1);
            commit_hurry(&worker);
        }
        partitions_watch(&worker);
        traced(rows[i].name, rows[i].trace);
        end_world();
    }
}

static void watch(void)
{
    partitions_watch(&worker);
}

static void test_an_offset_that_is_gone_begins_anew(void **state)
{
    (void)state;
    begin_world();
    struct partition *p = has_partition("orders.raw", 0, 5);
    p->stopped = true;
    p->obstacle = KAFKA_OFFSET_GONE;
    (void)snprintf(p->obstacle_words, sizeof p->obstacle_words, "offset 5");
    may_start_over(watch);
    traced("begins anew", "start_over:offset_gone:offset 5");
    end_world();
}

/* ---- ends of idle partitions ---- */

static void test_ends_are_committed_now_and_then(void **state)
{
    (void)state;
    begin_world();
    struct partition *p = has_partition("orders.raw", 0, 5);
    p->end = 8;
    now_ms += 5000;
    partitions_watch(&worker);
    assert_int_equal(stream.ends_said_ms, now_ms);
    pool_all();
    traced("markers", "still_there commit[] orders.raw/0@8 committed:orders.raw/0:0");
    p->end = 9;
    now_ms += 4999;
    partitions_watch(&worker);
    assert_int_equal(pool_jobs(), 0);
    now_ms += 1;
    holds(p, 8, 1, 0);
    partitions_watch(&worker); /* not while records are at work */
    assert_int_equal(pool_jobs(), 0);
    holds(p, 9, 0, 0);
    partitions_watch(&worker);
    assert_int_equal(pool_jobs(), 1);
    pool_all();
    now_ms += 5000;
    partitions_watch(&worker); /* nothing new */
    assert_int_equal(pool_jobs(), 0);
    end_world();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_while_there_is_room),
        cmocka_unit_test(test_no_more_than_one_fetch_at_once),
        cmocka_unit_test(test_partitions_take_turns),
        cmocka_unit_test(test_who_is_not_read),
        cmocka_unit_test(test_ends_where_the_process_ends),
        cmocka_unit_test(test_the_end_is_a_position),
        cmocka_unit_test(test_a_retry_waits_for_its_time),
        cmocka_unit_test(test_an_input_does_not_wait),
        cmocka_unit_test(test_obstacles),
        cmocka_unit_test(test_asked_again),
        cmocka_unit_test(test_a_stopped_partition_ends_the_worker),
        cmocka_unit_test(test_an_offset_that_is_gone_begins_anew),
        cmocka_unit_test(test_ends_are_committed_now_and_then),
    };
    return cmocka_run_group_tests_name("stream: reading", tests, set_up, tear_down);
}
