/* Who has no partitions asks why; which topics are there (test_stream_world.h). */
#include "test_stream_world.h"

#include "stream/topic_watch.h"

#define LOOK "look:primaflow.orders:orders.raw.retry.1s"

/* ---- membership ---- */

static void watches(const char *name, const char *expected)
{
    membership_watch(&worker);
    pool_all();
    traced(name, expected);
}

static void test_asks_after_two_sessions(void **state)
{
    (void)state;
    begin_world();
    watches("begins", "");
    now_ms += 20000;
    watches("not yet", "");
    now_ms += 1;
    kafka.look =
        (struct kafka_group_look){.is_settled = true, .has_us = true, .given = 2, .in_all = 2};
    watches("without partitions for two sessions", LOOK);
    assert_string_equal(stream.membership.words, "");
    now_ms += 9999;
    watches("once a session", "");
    now_ms += 1;
    membership_watch(&worker);
    membership_watch(&worker);
    assert_int_equal(pool_jobs(), 1);
    now_ms += 10000;
    membership_watch(&worker);
    assert_int_equal(pool_jobs(), 1); /* one at a time */
    pool_all();
    traced("again", LOOK);
    end_world();
}

static void test_who_does_not_ask(void **state)
{
    static const struct {
        const char *name;
        bool has, pending, revoke, topic;
        const char *trace;
    } rows[] = {
        {"has none", .trace = LOOK},
        {"has some", .has = true, .trace = ""},
        {"some come", .pending = true, .trace = ""},
        {"some go", .revoke = true, .trace = ""},
        {"has some, and a topic cannot be read", .has = true, .topic = true, .trace = LOOK},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_world();
        membership_watch(&worker);
        if (rows[i].has)
            (void)has_partition("orders.raw", 0, 5);
        stream.assignment.is_pending = rows[i].pending;
        stream.revoke.is_open = rows[i].revoke;
        if (rows[i].topic)
            membership_note_topic(&worker, "denied");
        kafka.look.why = rows[i].topic ? "denied" : NULL;
        now_ms += 20001;
        watches(rows[i].name, rows[i].trace);
        end_world();
    }
}

static void test_two_answers_in_a_row(void **state)
{
    (void)state;
    begin_world();
    membership_watch(&worker);
    now_ms += 20001;
    kafka.look = (struct kafka_group_look){.is_settled = true, .in_all = 2};
    watches("not a member", LOOK);
    assert_string_equal(stream.membership.words,
                        "this worker is not a member of the group according to Kafka");
    assert_non_null(strstr(logged, "warning: no partitions assigned"));
    now_ms += 10000;
    kafka.look.has_us = true;
    kafka.look.given = 2;
    watches("and now one", LOOK);
    assert_string_equal(stream.membership.words, "");
    now_ms += 10000;
    kafka.look.given = 1;
    watches("some are nobody's", LOOK);
    logged[0] = '\0';
    now_ms += 10000;
    watches("and again", LOOK " start_over:no_partitions:the group has unassigned partitions, and "
                              "this worker has none");
    free(pool_left);
    assert_string_equal(logged, ""); /* said once */
    end_world();
}

static void test_an_answer_that_comes_too_late(void **state)
{
    static const struct {
        const char *name;
        bool has, pending, revoke, drains, over;
    } rows[] = {{"partitions came", .has = true},
                {"they are coming", .pending = true},
                {"they go", .revoke = true},
                {"it drains", .drains = true},
                {"it ends", .over = true}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_world();
        membership_watch(&worker);
        now_ms += 20001;
        kafka.look = (struct kafka_group_look){.is_settled = true, .in_all = 2};
        membership_watch(&worker);
        if (rows[i].has)
            (void)has_partition("orders.raw", 0, 5);
        stream.assignment.is_pending = rows[i].pending;
        stream.revoke.is_open = rows[i].revoke;
        worker.host.draining = rows[i].drains;
        worker.host.over = rows[i].over;
        pool_all();
        if (stream.membership.strikes != 0)
            fail_msg("%s", rows[i].name);
        stream.membership.strikes = 1;
        membership_watch(&worker);
        assert_int_equal(stream.membership.strikes, rows[i].has ? 0 : 1);
        pool_all();
        end_world();
    }
}

static void test_kafka_does_not_say(void **state)
{
    (void)state;
    begin_world();
    membership_watch(&worker);
    for (int i = 0; i < 3; i++) {
        now_ms += 20001;
        kafka.failing = i < 2 ? "group_look" : NULL;
        kafka.look =
            (struct kafka_group_look){.is_settled = true, .has_us = true, .given = 2, .in_all = 2};
        watches("asked", LOOK);
        assert_string_equal(stream.membership.unseen, i < 2 ? "no group_look" : "");
        assert_int_equal(logged[0] != '\0', i == 0); /* said once */
        logged[0] = '\0';
    }
    end_world();
}

static void test_a_topic_that_cannot_be_read(void **state)
{
    (void)state;
    begin_world();
    membership_watch(&worker);
    membership_note_topic(&worker, "no such topic");
    assert_string_equal(logged, "warning: Kafka says (no such topic)\n");
    membership_note_topic(&worker, "other words");
    assert_string_equal(stream.membership.topic_words, "no such topic");
    kafka.look.why = "denied";
    (void)snprintf(kafka.look.without, sizeof kafka.look.without, "orders.raw");
    logged[0] = '\0';
    watches("at once", LOOK);
    assert_string_equal(stream.membership.topic_words, "orders.raw: denied");
    assert_string_equal(logged, "warning: a topic cannot be read (orders.raw: denied)\n");
    now_ms += 10000;
    logged[0] = '\0';
    watches("until it is over", LOOK);
    assert_string_equal(logged, "");
    kafka.look.why = NULL;
    now_ms += 10000;
    watches("over", LOOK);
    assert_string_equal(logged, "info: no topic is missing any more\n");
    logged[0] = '\0';
    stream.membership.asks_of_rights = true; /* a right is known to be missing */
    membership_note_topic(&worker, "no such topic");
    assert_string_equal(logged, "");
    stream.membership.asks_of_rights = false;
    now_ms += 10000;
    stream.membership.since_ms = now_ms;
    watches("asked no more", "");
    assert_string_equal(logged, "");
    end_world();
}

/* ---- topics ---- */

static void test_topics(void **state)
{
    (void)state;
    begin_world();
    (void)kafka_has("orders.raw", 0, 0, 0, -1);
    (void)kafka_has("orders.raw", 1, 0, 0, -1);
    (void)kafka_has("orders.raw.retry.1s", 0, 0, 0, -1);
    (void)kafka_has("orders.raw.dlq", 0, 0, 0, -1);
    (void)kafka_has("orders.results", 0, 0, 0, -1);
    topic_watch_consider(&worker);
    topic_watch_consider(&worker);
    assert_int_equal(pool_jobs(), 1);
    pool_all();
    assert_int_equal(stream.inputs.list[0].partitions, 2);
    assert_int_equal(stream.inputs.list[1].partitions, 1);
    assert_null(stream.missing_topic);
    now_ms += 29999;
    topic_watch_consider(&worker);
    assert_int_equal(pool_jobs(), 0);
    now_ms += 1;
    kafka_find("orders.raw", 0)->topic[0] = kafka_find("orders.raw", 1)->topic[0] = '-';
    kafka_find("orders.raw.dlq", 0)->topic[0] = '-';
    topic_watch_consider(&worker);
    pool_all();
    assert_string_equal(stream.missing_topic, "orders.raw"); /* the first */
    assert_int_equal(stream.inputs.list[0].partitions, 0);
    assert_non_null(strstr(logged, "warning: topic deleted orders.raw/"));
    logged[0] = '\0';
    now_ms += 30000;
    topic_watch_consider(&worker);
    pool_all();
    assert_string_equal(logged, ""); /* said once */
    now_ms += 30000;
    kafka.failing = "partition_count";
    topic_watch_consider(&worker);
    pool_all();
    assert_string_equal(stream.missing_topic, "orders.raw"); /* as before */
    kafka_find("-rders.raw", 0)->topic[0] = kafka_find("-rders.raw.dlq", 0)->topic[0] = 'o';
    now_ms += 30000;
    topic_watch_consider(&worker);
    pool_all();
    assert_null(stream.missing_topic);
    assert_int_equal(stream.inputs.list[0].partitions, 1);
    end_world();
}

static void test_topics_that_are_written(void **state)
{
    (void)state;
    begin_world();
    (void)kafka_has("orders.raw", 0, 0, 0, -1);
    (void)kafka_has("orders.raw.retry.1s", 0, 0, 0, -1);
    (void)kafka_has("orders.raw.dlq", 0, 0, 0, -1);
    topic_watch_consider(&worker);
    pool_all();
    assert_string_equal(stream.missing_topic, "orders.results");
    end_world();
}

static void test_topics_are_not_asked_for(void **state)
{
    (void)state;
    begin_world();
    worker.host.draining = true;
    topic_watch_consider(&worker);
    worker.host.draining = false;
    worker.host.pauses.bits = 1u << PAUSE_KAFKA;
    topic_watch_consider(&worker);
    assert_int_equal(pool_jobs(), 0);
    worker.host.pauses.bits = 1u << PAUSE_REDIS;
    topic_watch_consider(&worker);
    assert_int_equal(pool_jobs(), 1);
    pool_all();
    end_world();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_asks_after_two_sessions),
        cmocka_unit_test(test_who_does_not_ask),
        cmocka_unit_test(test_two_answers_in_a_row),
        cmocka_unit_test(test_an_answer_that_comes_too_late),
        cmocka_unit_test(test_kafka_does_not_say),
        cmocka_unit_test(test_a_topic_that_cannot_be_read),
        cmocka_unit_test(test_topics),
        cmocka_unit_test(test_topics_that_are_written),
        cmocka_unit_test(test_topics_are_not_asked_for),
    };
    return cmocka_run_group_tests_name("stream: the group", tests, set_up, tear_down);
}
