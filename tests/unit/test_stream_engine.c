/* What an engine says of a partition besides its records: that it cannot be read yet, and that messages
 * wait which belong to none (test_stream_world.h). */
#include "test_stream_world.h"

#include "stream/engine.h"

static const struct kafka_place first = {"orders.raw", 0, 5};

static void commit_as(const char *result)
{
    kafka.commits = result;
    assert_true(pool_works());
    assert_true(pool_tells());
}

static void turn(void)
{
    partitions_fetch(&worker);
    commit_consider(&worker);
    partitions_answer_revoke(&worker);
}

/* ---- not ready ---- */

static void test_is_not_read_and_holds_up_nobody(void **state)
{
    (void)state;
    begin_world();
    struct partition *restoring = has_partition("orders.raw", 0, 5);
    (void)has_partition("orders.raw", 1, 9);
    held_of(restoring)->is_restoring = true;
    kafka_brings(kafka_find("orders.raw", 0), 5, WALL_MS);
    kafka_brings(kafka_find("orders.raw", 1), 9, WALL_MS);
    partitions_fetch(&worker);
    traced("the other one alone", "fetch:orders.raw/1:64 read:9 fetch:orders.raw/1:64");
    partitions_fetch(&worker);
    traced("nothing", "");
    holds(stream.partitions, 9, 1, 1);
    commit_hurry(&worker);
    commit_as("ok");
    traced("which is committed", "commit[r9] orders.raw/1@10 committed:orders.raw/1:1");
    held_of(restoring)->is_restoring = false; /* and nobody wakes it */
    partitions_fetch(&worker);
    traced("restored", "fetch:orders.raw/0:64 read:5 fetch:orders.raw/0:64");
    end_world();
}

static void test_is_given_back_at_once(void **state)
{
    (void)state;
    begin_world();
    struct partition *p = has_partition("orders.raw", 0, 5);
    held_of(p)->is_restoring = true;
    kafka_brings(kafka_find("orders.raw", 0), 5, WALL_MS);
    turn();
    partitions_revoked(&worker, &first, 1, false);
    turn();
    traced("unread", "drop:orders.raw/0 unassign orders.raw/0@5");
    assert_int_equal(pool_jobs(), 0);
    end_world();
}

/* ---- messages of no record ---- */

static void test_leaves_without_a_record(void **state)
{
    (void)state;
    begin_world();
    held_of(has_partition("orders.raw", 0, 5))->output = 2;
    (void)has_partition("orders.raw", 1, 9);
    turn(); /* nobody said commit_soon */
    trace[0] = '\0';
    pass(49);
    turn();
    assert_int_equal(pool_jobs(), 0);
    pass(1);
    assert_int_equal(pool_jobs(), 1);
    commit_as("ok"); /* with an offset: a transaction of one who lost the partition fails by it */
    traced("where it stands", "still_there commit[o0 o1] orders.raw/0@5 committed:orders.raw/0:0");
    turn();
    pass(1000);
    assert_int_equal(pool_jobs(), 0);
    end_world();
}

static void test_leaves_with_what_has_settled(void **state)
{
    (void)state;
    begin_world();
    struct partition *both = has_partition("orders.raw", 0, 5);
    held_of(has_partition("orders.raw", 1, 9))->output = 1;
    holds(both, 5, 2, 1);
    held_of(both)->output = 1;
    commit_hurry(&worker);
    commit_as("ok");
    traced("one transaction", "commit[o0 r5 o0] orders.raw/1@9 orders.raw/0@6 "
                              "committed:orders.raw/1:0 committed:orders.raw/0:1");
    end_world();
}

/* Where a new partition begins is committed in any case. */
static void test_of_a_partition_without_an_offset(void **state)
{
    (void)state;
    begin_world();
    struct partition *p = has_partition("orders.raw", 0, 5);
    p->committed = -1;
    held_of(p)->output = 1;
    commit_hurry(&worker);
    commit_as("ok");
    traced("its beginning", "still_there commit[o0] orders.raw/0@5 committed:orders.raw/0:0");
    assert_int_equal(p->committed, 5);
    end_world();
}

static void test_is_told_of_an_abort(void **state)
{
    (void)state;
    begin_world();
    held_of(has_partition("orders.raw", 0, 5))->output = 1;
    commit_hurry(&worker);
    commit_as("abort");
    traced("aborted", "still_there commit[o0] orders.raw/0@5 aborted:orders.raw/0:0");
    pass(150);
    turn();
    trace[0] = '\0';
    commit_as("ok");
    traced("said again", "still_there commit[o0] orders.raw/0@5 committed:orders.raw/0:0");
    end_world();
}

/* ---- ... of which one is refused ---- */

static void pass_to(const struct partition *p)
{
    stream.watch.heard_ms = now_ms = p->refused_until_ms;
}

static void test_waits_alone(void **state)
{
    (void)state;
    begin_world();
    struct partition *bad = has_partition("orders.raw", 0, 5),
                     *good = has_partition("orders.raw", 1, 9);
    held_of(bad)->output = 1;
    holds(good, 9, 2, 2);
    commit_hurry(&worker);
    commit_as("size:2");
    traced("together", "commit[r9 r10 o0] orders.raw/1@11 orders.raw/0@5 setting:max.message.bytes "
                       "producer:primaflow.orders-1:1048588 aborted:orders.raw/1:2 "
                       "aborted:orders.raw/0:0");
    pass(100);
    commit_hurry(&worker);
    commit_as("ok");
    traced("apart", "search commit[r9] orders.raw/1@10 committed:orders.raw/1:1");
    commit_hurry(&worker);
    commit_as("size:0");
    traced("alone", "still_there search commit[o0] orders.raw/0@5 setting:max.message.bytes "
                    "producer:primaflow.orders-1:1048588 aborted:orders.raw/0:0 "
                    "refused:orders.raw/0:0");
    assert_int_equal(bad->refused_wait_ms, 500);
    pass(100);
    commit_hurry(&worker);
    commit_as("ok");
    traced("the other goes on", "commit[r10] orders.raw/1@11 committed:orders.raw/1:1");
    pass_to(bad);
    commit_hurry(&worker);
    commit_as("ok");
    traced("written", "still_there search commit[o0] orders.raw/0@5 committed:orders.raw/0:0");
    assert_int_equal(bad->refused_until_ms, 0);
    end_world();
}

static void test_is_made_smaller(void **state)
{
    (void)state;
    begin_world();
    struct partition *p = has_partition("orders.raw", 0, 5);
    held_of(p)->output = 2;
    engine_makes_smaller = true;
    commit_hurry(&worker);
    commit_as("size:1");
    traced("which one", "still_there commit[o0 o1] orders.raw/0@5 setting:max.message.bytes "
                        "producer:primaflow.orders-1:1048588 aborted:orders.raw/0:0 "
                        "refused:orders.raw/0:1");
    assert_int_equal(p->refused_until_ms, 0);
    end_world();
}

/* ---- ... of a partition that goes ---- */

static void test_leaves_before_its_partition(void **state)
{
    (void)state;
    begin_world();
    struct partition *p = has_partition("orders.raw", 0, 5);
    held_of(p)->output = 1;
    partitions_revoked(&worker, &first, 1, false);
    partitions_answer_revoke(&worker);
    commit_as("ok");
    traced("first", "still_there commit[o0] orders.raw/0@5 committed:orders.raw/0:0");
    partitions_answer_revoke(&worker);
    traced("then", "drop:orders.raw/0 unassign orders.raw/0@5");
    end_world();
}

/* An engine that always has something to say. */
static void test_not_for_ever(void **state)
{
    (void)state;
    begin_world();
    struct partition *p = has_partition("orders.raw", 0, 5);
    const int64_t deadline = config_int(worker.host.config, CFG_worker_drain_deadline);
    partitions_revoked(&worker, &first, 1, false);
    for (int i = 0; i < 3; i++) {
        held_of(p)->output = 1;
        partitions_answer_revoke(&worker);
        assert_true(stream.revoke.is_open);
        commit_as("ok");
    }
    trace[0] = '\0';
    held_of(p)->output = 1;
    stream.watch.heard_ms = now_ms += deadline - 1;
    partitions_answer_revoke(&worker);
    commit_as("ok");
    traced("until the deadline", "still_there commit[o0] orders.raw/0@5 committed:orders.raw/0:0");
    held_of(p)->output = 1;
    stream.watch.heard_ms = now_ms += 1;
    partitions_answer_revoke(&worker);
    traced("dropped with it", "drop:orders.raw/0 unassign orders.raw/0@5");
    end_world();
}

static void test_a_drain_waits_for_it(void **state)
{
    (void)state;
    begin_world();
    struct partition *p = has_partition("orders.raw", 0, 5);
    assert_true(partitions_are_idle(&worker));
    held_of(p)->output = 1;
    assert_false(partitions_are_idle(&worker));
    assert_false(partitions_has_settled(&worker));
    end_world();
}

/* A partition whose offset is gone begins anew behind what it still has to say. */
static void test_a_stopped_partition(void **state)
{
    (void)state;
    begin_world();
    struct partition *p = has_partition("orders.raw", 0, 5);
    p->stopped = true;
    p->obstacle = KAFKA_UNREADABLE;
    held_of(p)->output = 1;
    partitions_watch(&worker);
    traced("not yet", "");
    commit_hurry(&worker);
    commit_as("ok");
    trace[0] = '\0';
    partitions_watch(&worker);
    traced("ends", "drain:70");
    end_world();
}

/* An engine of which neither is asked, as that of orders. */
static void test_an_engine_without_either(void **state)
{
    (void)state;
    begin_world();
    struct engine plain = *stream.engine;
    plain.is_ready = NULL;
    plain.has_output = NULL;
    stream.engine = &plain;
    struct partition *p = has_partition("orders.raw", 0, 5);
    held_of(p)->is_restoring = true;
    assert_true(partition_is_ready(p));
    assert_false(partition_has_output(p));
    turn();
    traced("read", "fetch:orders.raw/0:64");
    end_world();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_not_read_and_holds_up_nobody),
        cmocka_unit_test(test_is_given_back_at_once),
        cmocka_unit_test(test_leaves_without_a_record),
        cmocka_unit_test(test_leaves_with_what_has_settled),
        cmocka_unit_test(test_of_a_partition_without_an_offset),
        cmocka_unit_test(test_is_told_of_an_abort),
        cmocka_unit_test(test_waits_alone),
        cmocka_unit_test(test_is_made_smaller),
        cmocka_unit_test(test_leaves_before_its_partition),
        cmocka_unit_test(test_not_for_ever),
        cmocka_unit_test(test_a_drain_waits_for_it),
        cmocka_unit_test(test_a_stopped_partition),
        cmocka_unit_test(test_an_engine_without_either),
    };
    return cmocka_run_group_tests_name("stream engine", tests, set_up, tear_down);
}
