/* Partitions that are given back: what is waited for, committed, dropped, and said to Kafka
 * (test_stream_world.h). */
#include "test_stream_world.h"

#include "stream/engine.h"
#include "stream/remember.h"

static const struct kafka_place first = {"orders.raw", 0, 5}, second = {"orders.raw", 1, 9};

static void revoked(const struct kafka_place *place, bool lost)
{
    partitions_revoked(&worker, place, 1, lost);
}

static void answered(const char *name, const char *expected)
{
    partitions_answer_revoke(&worker);
    traced(name, expected);
}

/* Two partitions, of which the first is given back. */
static struct partition *begin_revoke(bool cooperative, bool lost)
{
    begin_world();
    kafka.cooperative = cooperative;
    struct partition *a = has_partition(first.topic, first.partition, first.offset);
    (void)has_partition(second.topic, second.partition, second.offset);
    stream.assignment.joined = true;
    revoked(&first, lost);
    return a;
}

static void end_revoke(void)
{
    pool_all();
    end_world();
}

/* ---- what goes ---- */

static void test_all_or_some(void **state)
{
    (void)state;
    struct partition *a = begin_revoke(true, false);
    assert_true(a->going);
    assert_false(stream.partitions->going);
    answered("the listed one", "drop:orders.raw/0 unassign orders.raw/0@5");
    assert_true(stream.assignment.joined);
    assert_false(stream.revoke.is_open);
    answered("once", "");
    end_revoke();

    a = begin_revoke(false, false);
    assert_true(a->going && stream.partitions->going);
    answered("everything at once", "drop:orders.raw/1 drop:orders.raw/0 unassign orders.raw/0@5");
    assert_false(stream.assignment.joined);
    assert_null(stream.partitions);
    end_revoke();
}

static void test_a_timer_and_a_record_that_waits_go_with_it(void **state)
{
    (void)state;
    begin_world();
    struct partition *p = has_partition("orders.raw.retry.1s", 0, 5);
    kafka_brings(kafka_find("orders.raw.retry.1s", 0), 5, WALL_MS + now_ms);
    partitions_fetch(&worker);
    assert_non_null(p->waiting.handle);
    assert_int_equal(worker.host.timers.count, 1);
    partitions_revoked(&worker, &p->place, 1, false);
    trace[0] = '\0';
    answered("gone", "drop:orders.raw.retry.1s/0 unassign orders.raw.retry.1s/0@5");
    assert_int_equal(worker.host.timers.count, 0);
    end_revoke();
}

/* ---- when ---- */

static void test_waits_for_what_is_under_way(void **state)
{
    (void)state;
    struct partition *a = begin_revoke(true, false);
    held_of(a)->is_under_way = true;
    held_of(stream.partitions)->is_under_way = true; /* stays: not waited for */
    answered("at work", "");
    now_ms += config_int(worker.host.config, CFG_worker_drain_deadline) - 1;
    answered("still", "");
    now_ms += 1;
    answered("for no longer", "drop:orders.raw/0 unassign orders.raw/0@5");
    end_revoke();

    a = begin_revoke(true, false);
    held_of(a)->is_under_way = true;
    answered("at work", "");
    held_of(a)->is_under_way = false;
    answered("done", "drop:orders.raw/0 unassign orders.raw/0@5");
    end_revoke();
}

static void test_a_drain_ends_it_earlier(void **state)
{
    (void)state;
    begin_world();
    const int64_t all = config_int(worker.host.config, CFG_worker_drain_deadline);
    (void)has_partition("orders.raw", 0, 5);
    worker.host.draining = true;
    worker.host.drain_by_ms = now_ms + 300;
    revoked(&first, false);
    assert_int_equal(stream.revoke.by_ms, now_ms + 300);
    worker.host.drain_by_ms = now_ms + all + 1;
    revoked(&first, false);
    assert_int_equal(stream.revoke.by_ms, now_ms + all);
    worker.host.draining = false;
    worker.host.drain_by_ms = now_ms + 300; /* of no drain */
    revoked(&first, false);
    assert_int_equal(stream.revoke.by_ms, now_ms + all);
    revoked(&first, true);
    assert_int_equal(stream.revoke.by_ms, now_ms);
    end_world();
}

static void test_what_has_settled_is_committed_first(void **state)
{
    static const struct {
        const char *name;
        size_t count, settled;
        int64_t committed, end, refused_until;
        bool is_committed;
    } rows[] = {
        {"settled", 2, 1, 5, -1, 0, true},
        {"nothing settled", 1, 0, 5, -1, 0, false},
        {"where it begins", 0, 0, -1, -1, 0, true},
        {"an end", 0, 0, 5, 8, 0, true},
        {"refused by Kafka: whoever has it next tries again", 1, 1, 5, -1, 1, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct partition *a = begin_revoke(true, false);
        holds(a, 5, rows[i].count, rows[i].settled);
        a->committed = rows[i].committed;
        a->end = rows[i].end;
        a->refused_until_ms = rows[i].refused_until;
        partitions_answer_revoke(&worker);
        if (pool_jobs() != rows[i].is_committed || stream.revoke.is_open != rows[i].is_committed)
            fail_msg("%s: %s", rows[i].name, trace);
        trace[0] = '\0';
        if (rows[i].is_committed) {
            answered("under way", "");
            pool_all();
            trace[0] = '\0';
            answered(rows[i].name, "drop:orders.raw/0 unassign orders.raw/0@5");
        }
        end_revoke();
    }
}

/* The one that stays has something to commit: it does not hold up the others. */
static void test_who_stays_is_not_waited_for(void **state)
{
    (void)state;
    (void)begin_revoke(true, false);
    holds(stream.partitions, 9, 1, 1);
    answered("at once", "drop:orders.raw/0 unassign orders.raw/0@5");
    end_revoke();
}

static void test_not_for_ever(void **state)
{
    (void)state;
    struct partition *a = begin_revoke(true, false);
    holds(a, 5, 1, 1);
    for (int aborts = 0; aborts < 3; aborts++) {
        partitions_answer_revoke(&worker);
        kafka.commits = "abort";
        assert_true(pool_works() && pool_tells());
        now_ms += 100;
    }
    trace[0] = '\0';
    answered("given back uncommitted", "drop:orders.raw/0 unassign orders.raw/0@5");
    end_revoke();
}

static void test_lost(void **state)
{
    static const struct {
        const char *name;
        bool said, heard;
    } rows[] = {{"as the event says", .said = true}, {"as the client hears later", .heard = true}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct partition *a = begin_revoke(true, rows[i].said);
        kafka.lost = rows[i].heard;
        holds(a, 5, 1, 1);
        held_of(a)->is_under_way = true;
        answered(rows[i].name, "drop:orders.raw/0 unassign orders.raw/0@5");
        assert_int_equal(pool_jobs(), 0);
        assert_non_null(strstr(logged, rows[i].said ? "partitions lost" : "partitions revoked"));
        end_revoke();
    }
}

static void test_while_partitions_come(void **state)
{
    (void)state;
    (void)begin_revoke(true, false);
    stream.assignment.is_pending = true;
    answered("looked up first", "");
    stream.assignment.is_pending = false;
    answered("now", "drop:orders.raw/0 unassign orders.raw/0@5");
    end_revoke();
}

/* ---- what the group does meanwhile ---- */

static void test_overtaken(void **state)
{
    (void)state;
    (void)begin_revoke(false, false);
    partitions_overtaken(&worker);
    assert_false(stream.revoke.is_open);
    answered("by a new assignment: no answer", "");
    logged[0] = '\0';
    partitions_overtaken(&worker);
    assert_string_equal(logged, ""); /* none was open */
    end_revoke();
    (void)begin_revoke(true, false);
    partitions_overtaken(&worker);
    assert_true(stream.revoke.is_open); /* comes on top of what is there */
    end_revoke();
}

static void test_replaced(void **state)
{
    (void)state;
    begin_world();
    assert_true(partitions_replaced(&worker));
    holds(has_partition("orders.raw", 0, 5), 5, 1, 1);
    kafka.cooperative = true;
    assert_true(partitions_replaced(&worker));
    assert_non_null(stream.partitions);
    kafka.cooperative = false;
    commit_hurry(&worker);
    assert_false(partitions_replaced(&worker)); /* not while it is committed */
    pool_all();
    trace[0] = '\0';
    assert_true(partitions_replaced(&worker));
    traced("dropped", "drop:orders.raw/0");
    assert_null(stream.partitions);
    end_world();
}

/* ---- of all partitions ---- */

static void test_of_all(void **state)
{
    (void)state;
    begin_world();
    assert_false(partitions_has_settled(&worker));
    assert_true(partitions_are_idle(&worker));
    struct partition *a = has_partition("orders.raw", 0, 5);
    (void)has_partition("orders.raw", 1, 5);
    assert_false(partitions_has_settled(&worker));
    assert_true(partitions_are_idle(&worker));
    holds(a, 5, 1, 1);
    held_of(a)->is_idle = false;
    assert_true(partitions_has_settled(&worker));
    assert_false(partitions_are_idle(&worker));
    end_world();
}

static void test_how_far_may_be_sent(void **state)
{
    static const struct {
        const char *name, *topic;
        int64_t committed, offset;
        bool may;
    } rows[] = {
        {"the last one within reach", "orders.raw", 50, 149, true},
        {"one too far", "orders.raw", 50, 150, false},
        {"nothing committed: from where it begins", "orders.raw", -1, 104, true},
        {"... and not further", "orders.raw", -1, 105, false},
        {"a retry topic has no bound", "orders.raw.retry.1s", 50, 5000, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_world();
        struct partition *p = has_partition(rows[i].topic, 0, 5);
        p->committed = rows[i].committed;
        if (partitions_may_send(p, rows[i].offset) != rows[i].may)
            fail_msg("%s", rows[i].name);
        end_world();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_or_some),
        cmocka_unit_test(test_a_timer_and_a_record_that_waits_go_with_it),
        cmocka_unit_test(test_waits_for_what_is_under_way),
        cmocka_unit_test(test_a_drain_ends_it_earlier),
        cmocka_unit_test(test_what_has_settled_is_committed_first),
        cmocka_unit_test(test_who_stays_is_not_waited_for),
        cmocka_unit_test(test_not_for_ever),
        cmocka_unit_test(test_lost),
        cmocka_unit_test(test_while_partitions_come),
        cmocka_unit_test(test_overtaken),
        cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_of_all),
        cmocka_unit_test(test_how_far_may_be_sent),
    };
    return cmocka_run_group_tests_name("stream: giving back", tests, set_up, tear_down);
}
