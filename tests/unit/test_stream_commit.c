/* Transactions: when one is due, what goes into it, and what becomes of it
 * (test_stream_world.h). */
#include "test_stream_world.h"

#include "stream/engine.h"

/* What came of a transaction that was waited for. */
static void commit_as(const char *result)
{
    kafka.commits = result;
    assert_true(pool_works());
    assert_true(pool_tells());
}

/* ---- when ---- */

static void test_waits_for_the_interval(void **state)
{
    (void)state;
    begin_world();
    holds(has_partition("orders.raw", 0, 5), 5, 2, 2);
    commit_soon(&worker);
    commit_consider(&worker);
    pass(49);
    commit_consider(&worker);
    assert_int_equal(pool_jobs(), 0);
    commit_soon(&worker); /* the first one's time counts */
    pass(1);
    assert_int_equal(pool_jobs(), 1);
    assert_true(commit_is_busy(&worker));
    commit_as("ok");
    assert_false(commit_is_busy(&worker));
    traced("committed", "commit[r5 r6] orders.raw/0@7 committed:orders.raw/0:2");
    has_counted(METRIC_commits, "committed}+1");
    has_counted(METRIC_commit_seconds, "}=0");
    pass(1000);
    assert_int_equal(pool_jobs(), 0); /* nothing settled since */
    end_world();
}

static void test_takes_its_time(void **state)
{
    (void)state;
    begin_world();
    holds(has_partition("orders.raw", 0, 5), 5, 1, 1);
    commit_hurry(&worker);
    assert_true(pool_works());
    now_ms += 1500;
    assert_true(pool_tells());
    has_counted(METRIC_commit_seconds, "}=1.5");
    end_world();
}

/* What settles during a transaction that is aborted waits anew. */
static void test_an_abort_begins_the_interval_anew(void **state)
{
    (void)state;
    configure((const char *const[]){"commit.interval=200ms", NULL});
    begin_world();
    holds(has_partition("orders.raw", 0, 5), 5, 1, 1);
    commit_hurry(&worker);
    commit_soon(&worker);
    now_ms += 150;
    commit_as("abort");
    pass(199);
    commit_consider(&worker);
    assert_int_equal(pool_jobs(), 0);
    pass(1);
    assert_int_equal(pool_jobs(), 1);
    end_world();
    configure(NULL);
}

static void test_does_not_wait_for_more_than_there_may_be(void **state)
{
    (void)state;
    configure((const char *const[]){"commit.records_max=3", NULL});
    begin_world();
    holds(has_partition("orders.raw", 0, 5), 5, 7, 7);
    commit_soon(&worker);
    commit_soon(&worker);
    commit_consider(&worker);
    assert_int_equal(pool_jobs(), 0);
    commit_soon(&worker);
    commit_consider(&worker);
    assert_int_equal(pool_jobs(), 1);
    commit_consider(&worker);
    assert_int_equal(pool_jobs(), 1); /* one at a time */
    commit_as("ok");
    traced("three", "commit[r5 r6 r7] orders.raw/0@8 committed:orders.raw/0:3");
    pass(50); /* there may be more */
    commit_as("ok");
    traced("three more", "commit[r8 r9 r10] orders.raw/0@11 committed:orders.raw/0:3");
    pass(50);
    commit_as("ok");
    traced("the last", "commit[r11] orders.raw/0@12 committed:orders.raw/0:1");
    pass(1000);
    assert_int_equal(pool_jobs(), 0);
    end_world();
    configure(NULL);
}

static void test_when_not(void **state)
{
    static const struct {
        const char *name;
        bool is_deaf, has_no_producer, has_nothing;
        size_t jobs;
    } rows[] = {
        {"in a hurry", .jobs = 1},
        {"ops.control was not heard of for too long", .is_deaf = true},
        {"no producer", .has_no_producer = true},
        {"nothing has settled", .has_nothing = true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_world();
        holds(has_partition("orders.raw", 0, 5), 5, 1, rows[i].has_nothing ? 0 : 1);
        if (rows[i].is_deaf)
            pass(config_int(worker.host.config, CFG_slot_lease) + 1);
        if (rows[i].has_no_producer) {
            kafka_producer_free(stream.producer);
            stream.producer = NULL;
        }
        commit_hurry(&worker);
        if (pool_jobs() != rows[i].jobs || commit_is_busy(&worker) != (rows[i].jobs > 0))
            fail_msg("%s", rows[i].name);
        pool_all();
        end_world();
    }
}

/* ---- what ---- */

static void test_positions(void **state)
{
    static const struct {
        const char *name;
        size_t count, settled; /* from offset 5 */
        int64_t committed, end, first;
        enum kafka_obstacle obstacle;
        const char *trace;
    } rows[] = {
        {"the settled ones alone", 3, 2, 5, -1, 5, .trace = "commit[r5 r6] orders.raw/0@7"},
        {"all was read: the markers behind them, too", 2, 2, 5, 9, 5,
         .trace = "commit[r5 r6] orders.raw/0@9"},
        {"read to its end, and some still at work: not the end", 3, 2, 5, 9, 5,
         .trace = "commit[r5 r6] orders.raw/0@7"},
        {"an end that is no further", 2, 2, 5, 7, 5, .trace = "commit[r5 r6] orders.raw/0@7"},
        {"markers alone", 0, 0, 5, 6, 5, .trace = "still_there commit[] orders.raw/0@6"},
        {"an end that is committed", 0, 0, 6, 6, 5, .trace = ""},
        {"where it begins was decided here", 0, 0, -1, -1, 5,
         .trace = "still_there commit[] orders.raw/0@5"},
        {"... and it was read to its end", 0, 0, -1, 8, 5,
         .trace = "still_there commit[] orders.raw/0@8"},
        {"a gap that nothing may be sent behind", 1, 0, 5, -1, 105,
         .trace = "still_there commit[] orders.raw/0@105"},
        {"a gap that is just short enough", 1, 0, 5, -1, 104, .trace = ""},
        {"its topic is gone: the messages without the offset", 1, 1, 5, -1, 5,
         .obstacle = KAFKA_NO_TOPIC, .trace = "commit[r5]"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_world();
        struct partition *p = has_partition("orders.raw", 0, 5);
        holds(p, rows[i].first, rows[i].count, rows[i].settled);
        p->committed = rows[i].committed;
        p->end = rows[i].end;
        p->obstacle = rows[i].obstacle;
        commit_hurry(&worker);
        (void)pool_works();
        traced(rows[i].name, rows[i].trace);
        end_world();
    }
}

static void test_all_partitions_in_one(void **state)
{
    (void)state;
    begin_world();
    struct partition *a = has_partition("orders.raw", 0, 5), *b = has_partition("orders.raw", 1, 9),
                     *c = has_partition("orders.raw.retry.1s", 0, 2);
    holds(a, 5, 2, 1);
    holds(b, 9, 1, 0);
    holds(c, 2, 2, 2);
    commit_hurry(&worker);
    commit_as("ok");
    traced("two of three", "commit[r2 r3 r5] orders.raw.retry.1s/0@4 orders.raw/0@6 "
                           "committed:orders.raw.retry.1s/0:2 committed:orders.raw/0:1");
    assert_int_equal(a->committed, 6);
    assert_int_equal(b->committed, 9);
    assert_int_equal(c->committed, 4);
    end_world();
}

/* With a topic that is deleted Kafka forgets the group's offsets in it: what goes back, and what
 * nothing was read of, is asked about. */
static void test_a_topic_that_is_gone(void **state)
{
    (void)state;
    begin_world();
    holds(has_partition("orders.raw", 0, 5), 5, 1, 1);
    kafka.gone = "orders.raw";
    stream.revoke.is_open = true;
    commit_hurry(&worker);
    commit_as("ok");
    traced("no offset", "still_there commit[r5] committed:orders.raw/0:1");
    end_world();
}

/* ---- what becomes of it ---- */

static void test_aborted(void **state)
{
    (void)state;
    begin_world();
    struct partition *p = has_partition("orders.raw", 0, 5);
    holds(p, 5, 2, 2);
    commit_hurry(&worker);
    commit_as("abort");
    traced("kept", "commit[r5 r6] orders.raw/0@7 aborted:orders.raw/0:2");
    assert_int_equal(p->committed, 5);
    has_counted(METRIC_commits, "aborted}+1");
    assert_string_equal(logged, "warning: transaction was aborted; its results are published again "
                                "(abort) count 2\n");
    commit_hurry(&worker);
    assert_int_equal(pool_jobs(), 0); /* not at once */
    pass(99);
    commit_hurry(&worker);
    assert_int_equal(pool_jobs(), 0);
    pass(1);
    commit_hurry(&worker);
    commit_as("ok");
    traced("again", "commit[r5 r6] orders.raw/0@7 committed:orders.raw/0:2");
    assert_int_equal(stream.commit_failures_in_a_row, 0);
    end_world();
}

/* By itself, after an abort: nobody needs to hurry it. */
static void test_aborted_is_tried_again(void **state)
{
    (void)state;
    begin_world();
    holds(has_partition("orders.raw", 0, 5), 5, 1, 1);
    for (int aborts = 1; aborts < 20; aborts++) {
        commit_hurry(&worker);
        commit_as("abort");
        assert_int_equal(stream.commit_failures_in_a_row, aborts);
        pass(100);
    }
    trace[0] = '\0';
    commit_consider(&worker);
    commit_as("abort");
    traced("the twentieth in a row", "commit[r5] orders.raw/0@6 aborted:orders.raw/0:1 "
                                     "start_over:transactions_abort:abort");
    end_world();
}

static void test_fenced(void **state)
{
    (void)state;
    begin_world();
    holds(has_partition("orders.raw", 0, 5), 5, 1, 1);
    commit_hurry(&worker);
    commit_as("fenced");
    has_counted(METRIC_commits, "fenced}+1");
    traced("another has our id", "commit[r5] orders.raw/0@6 start_over:fenced:fenced");
    end_world();
    begin_world();
    holds(has_partition("orders.raw", 0, 5), 5, 1, 1);
    worker.host.give_up = true;
    commit_hurry(&worker);
    commit_as("fenced");
    traced("given up", "commit[r5] orders.raw/0@6 aborted:orders.raw/0:1");
    end_world();
}

/* ---- a message was refused ---- */

static void test_halves_until_one_is_alone(void **state)
{
    (void)state;
    begin_world();
    holds(has_partition("orders.raw", 0, 5), 5, 4, 4);
    engine_makes_smaller = true;
    commit_hurry(&worker);
    commit_as("size:3");
    traced("all four", "commit[r5 r6 r7 r8] orders.raw/0@9 setting:max.message.bytes "
                       "producer:primaflow.orders-1:1048588 aborted:orders.raw/0:4");
    pass(100);
    commit_consider(&worker);
    commit_as("size:1");
    traced("two", "commit[r5 r6] orders.raw/0@7 setting:max.message.bytes "
                  "producer:primaflow.orders-1:1048588 aborted:orders.raw/0:2");
    pass(100);
    commit_consider(&worker);
    commit_as("size:0");
    traced("alone: made smaller", "commit[r5] orders.raw/0@6 setting:max.message.bytes "
                                  "producer:primaflow.orders-1:1048588 aborted:orders.raw/0:1 "
                                  "refused:orders.raw/0:0");
    pass(100);
    commit_consider(&worker);
    commit_as("ok");
    traced("the smaller one", "commit[r5] orders.raw/0@6 committed:orders.raw/0:1");
    pass(100);
    commit_as("ok");
    traced("twice as many", "commit[r6 r7] orders.raw/0@8 committed:orders.raw/0:2");
    end_world();
}

static void test_waits_with_its_partition(void **state)
{
    (void)state;
    begin_world();
    struct partition *bad = has_partition("orders.raw", 0, 5),
                     *good = has_partition("orders.raw", 1, 9);
    int64_t waits = 500;
    holds(bad, 5, 1, 1);
    holds(good, 9, 0, 0);
    logged[0] = '\0';
    commit_hurry(&worker);
    commit_as("message:0");
    assert_int_equal(bad->refused_until_ms, 0); /* what may pass by itself is tried again first */
    pass(100);
    for (int tries = 0; tries < 25; tries++) {
        commit_hurry(&worker);
        commit_as("message:0");
        assert_int_equal(bad->refused_wait_ms, waits);
        assert_int_equal(bad->refused_until_ms, now_ms + waits);
        waits = 2 * waits > 30000 ? 30000 : 2 * waits;
        if (tries < 24)
            stream.watch.heard_ms = now_ms = bad->refused_until_ms;
    }
    assert_non_null(strstr(logged, "warning: Kafka rejects a message of a record; its partition "
                                   "waits, the others continue (message:0) orders.raw/0@5 500 ms"));
    assert_non_null(strstr(logged, "orders.raw/0@5 30000 ms"));
    assert_int_equal(stream.commit_failures_in_a_row, 26); /* and it never begins anew for that */
    holds(good, 9, 1, 1);
    trace[0] = '\0';
    pass(100);
    commit_hurry(&worker);
    commit_as("ok");
    traced("the others go on", "commit[r9] orders.raw/1@10 committed:orders.raw/1:1");
    assert_int_equal(bad->refused_wait_ms, 30000);
    holds(good, 10, 1, 1);
    stream.watch.heard_ms = now_ms = bad->refused_until_ms;
    commit_hurry(&worker);
    commit_as("ok");
    traced("alone, and written", "search commit[r5] orders.raw/0@6 committed:orders.raw/0:1");
    assert_int_equal(bad->refused_until_ms, 0);
    assert_int_equal(bad->refused_wait_ms, 0);
    end_world();
}

/* The wait ends by itself: as long as a partition waits, a transaction comes. */
static void test_is_tried_again_by_itself(void **state)
{
    (void)state;
    begin_world();
    struct partition *p = has_partition("orders.raw", 0, 5);
    holds(p, 5, 1, 1);
    p->refused_wait_ms = 500;
    p->refused_until_ms = now_ms + 500;
    commit_hurry(&worker);
    assert_int_equal(pool_jobs(), 0);
    pass(499);
    assert_int_equal(pool_jobs(), 0);
    pass(60);
    commit_as("ok");
    traced("its time", "search commit[r5] orders.raw/0@6 committed:orders.raw/0:1");
    end_world();
}

static void test_nothing_smaller_can_be_said(void **state)
{
    (void)state;
    begin_world();
    struct partition *p = has_partition("orders.raw", 0, 5);
    (void)has_partition("orders.raw", 1, 9)->committed;
    stream.partitions->committed = -1; /* without a record, and before it in the transaction */
    holds(p, 5, 1, 1);
    commit_hurry(&worker);
    commit_as("size:7"); /* an index that is none of ours */
    traced("refused", "commit[r5] orders.raw/1@9 orders.raw/0@6 setting:max.message.bytes "
                      "producer:primaflow.orders-1:1048588 aborted:orders.raw/1:0 "
                      "aborted:orders.raw/0:1 refused:orders.raw/0:0");
    assert_int_equal(p->refused_wait_ms, 500);
    assert_int_equal(stream.partitions->refused_wait_ms, 0);
    end_world();
}

/* ---- the producer after a refusal ---- */

static void test_the_producer_is_made_anew(void **state)
{
    static const struct {
        const char *name, *result, *failing, *trace;
        int64_t topic_bytes, smallest;
        bool gives_up;
    } rows[] = {
        {"size: to what the topics take now", "size:0", NULL,
         "commit[r5 r6] orders.raw/0@7 setting:max.message.bytes producer:primaflow.orders-1:1000 "
         "aborted:orders.raw/0:2",
         .topic_bytes = 1000, .smallest = 1000},
        {"size, and the topics cannot be asked: as it was", "size:0", "setting",
         "commit[r5 r6] orders.raw/0@7 setting:max.message.bytes producer:primaflow.orders-1:5000 "
         "aborted:orders.raw/0:2",
         .topic_bytes = 1000, .smallest = 5000},
        {"another cause: the topics are not asked", "message:0", NULL,
         "commit[r5 r6] orders.raw/0@7 producer:primaflow.orders-1:5000 aborted:orders.raw/0:2",
         .topic_bytes = 1000, .smallest = 5000},
        {"Kafka is away, and comes back", "message:0", "producer producer",
         "commit[r5 r6] orders.raw/0@7 producer:primaflow.orders-1:5000 "
         "producer:primaflow.orders-1:5000 producer:primaflow.orders-1:5000 aborted:orders.raw/0:2",
         .topic_bytes = 1000, .smallest = 5000},
        {"for good: begins anew", "message:0", "producer_for_good",
         "commit[r5 r6] orders.raw/0@7 producer:primaflow.orders-1:5000 "
         "start_over:fenced:no producer_for_good",
         .topic_bytes = 1000, .smallest = 5000},
        {"Kafka is away, and we leave", "message:0", "producer",
         "commit[r5 r6] orders.raw/0@7 producer:primaflow.orders-1:5000 aborted:orders.raw/0:2",
         .topic_bytes = 1000, .smallest = 5000, .gives_up = true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_world();
        holds(has_partition("orders.raw", 0, 5), 5, 2, 2);
        stream.sizes = (struct sizes){
            .topics = {stream.outputs.dlq}, .bytes = {5000}, .count = 1, .message_max = 2000000};
        kafka.topic_bytes = rows[i].topic_bytes;
        commit_hurry(&worker);
        kafka.failing = rows[i].failing;
        worker.host.give_up = rows[i].gives_up;
        const int64_t began = now_ms;
        logged[0] = '\0';
        commit_as(rows[i].result);
        traced(rows[i].name, rows[i].trace);
        assert_int_equal(sizes_smallest(&stream.sizes), rows[i].smallest);
        assert_int_equal(strstr(logged, "low max.message.bytes") != NULL,
                         rows[i].smallest != 5000); /* news are said */
        if (strcmp(rows[i].name, "Kafka is away, and comes back") == 0)
            assert_int_equal(now_ms - began, 200);
        end_world();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waits_for_the_interval),
        cmocka_unit_test(test_takes_its_time),
        cmocka_unit_test(test_an_abort_begins_the_interval_anew),
        cmocka_unit_test(test_does_not_wait_for_more_than_there_may_be),
        cmocka_unit_test(test_when_not),
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_all_partitions_in_one),
        cmocka_unit_test(test_a_topic_that_is_gone),
        cmocka_unit_test(test_aborted),
        cmocka_unit_test(test_aborted_is_tried_again),
        cmocka_unit_test(test_fenced),
        cmocka_unit_test(test_halves_until_one_is_alone),
        cmocka_unit_test(test_waits_with_its_partition),
        cmocka_unit_test(test_is_tried_again_by_itself),
        cmocka_unit_test(test_nothing_smaller_can_be_said),
        cmocka_unit_test(test_the_producer_is_made_anew),
    };
    return cmocka_run_group_tests_name("stream: transactions", tests, set_up, tear_down);
}
