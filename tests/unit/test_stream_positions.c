/* What is written down of positions, and what a worker learns of its group before it joins it
 * (test_stream_world.h). */
#include "test_stream_world.h"

#include <errno.h>

#include "kafka/topics.h"
#include "stream/remember.h"
#include "stream/startup_group.h"

#define CONTROL topic_ops_control

/* ---- positions ---- */

#define POSITION "position/primaflow.orders/orders.raw/0"

static void remembers(const char *name, const char *value)
{
    const size_t before = kafka.record_count;
    remember_watch(&worker);
    pool_all();
    if ((kafka.record_count > before) != (value[0] != '\0') ||
        (value[0] != '\0' && strcmp(kafka_last(CONTROL, POSITION), value) != 0))
        fail_msg("%s: %s", name, kafka_last(CONTROL, POSITION));
    assert_false(remember_is_busy(&worker));
}

static void test_positions(void **state)
{
    (void)state;
    begin_world();
    struct partition *p = has_partition("orders.raw", 0, 5);
    assert_false(remember_is_busy(&worker));
    p->remembered = -1;
    remembers("the first", "{\"ground\":0,\"offset\":5}");
    remembers("nothing new", "");
    p->committed = 6;
    p->ground = 9;
    remembers("the first move", "{\"ground\":9,\"offset\":6}");
    p->committed = 9;
    remembers("then only now and then", "");
    now_ms += 10 * 60 * 1000 - 1;
    remembers("not yet", "");
    now_ms += 1;
    remembers("its time; and the ground was passed", "{\"ground\":0,\"offset\":9}");
    p->committed = 12;
    remember_now(&worker);
    assert_true(remember_is_busy(&worker));
    pool_all();
    assert_string_equal(kafka_last(CONTROL, POSITION), "{\"ground\":0,\"offset\":12}");
    p->committed = 13;
    remember_going(&worker, p);
    assert_true(remember_is_busy(&worker));
    remembers("and as it goes", "{\"ground\":0,\"offset\":13}");
    p->remembered = 13;
    remember_going(&worker, p);
    assert_false(remember_is_busy(&worker));
    end_world();
}

/* What comes while others are being written is written behind them. */
static void test_positions_while_others_are_written(void **state)
{
    (void)state;
    begin_world();
    struct partition *a = has_partition("orders.raw", 0, 5), *b = has_partition("orders.raw", 1, 8);
    a->remembered = -1;
    remember_watch(&worker);
    assert_int_equal(pool_jobs(), 1);
    for (int64_t i = 0; i < 40; i++) {
        b->committed = 10 + i;
        remember_going(&worker, b);
    }
    assert_int_equal(pool_jobs(), 1);
    pool_all();
    assert_string_equal(kafka_last(CONTROL, POSITION), "{\"ground\":0,\"offset\":5}");
    assert_string_equal(kafka_last(CONTROL, "position/primaflow.orders/orders.raw/1"),
                        "{\"ground\":0,\"offset\":49}");
    b->remembered = 49;
    end_world();
}

static void test_positions_that_cannot_be_written(void **state)
{
    static const struct {
        bool drains;
        int64_t again_ms;
    } rows[] = {{false, 5000}, {true, 200}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        begin_world();
        struct partition *p = has_partition("orders.raw", 0, 5);
        p->remembered = -1;
        kafka.failing = "write";
        worker.host.draining = rows[i].drains;
        remember_watch(&worker);
        pool_all();
        assert_true(remember_is_busy(&worker));
        assert_non_null(strstr(logged, "cannot record the group's position (no write)"));
        now_ms += rows[i].again_ms - 1;
        p->committed = 7;
        remember_now(&worker);
        assert_int_equal(pool_jobs(), 0);
        now_ms += 1;
        remember_watch(&worker);
        pool_all();
        traced("in order", "write:" POSITION " write:" POSITION);
        assert_string_equal(kafka_last(CONTROL, POSITION), "{\"ground\":0,\"offset\":7}");
        assert_false(remember_is_busy(&worker));
        end_world();
    }
}

static void test_many_positions(void **state)
{
    (void)state;
    begin_world();
    struct partition *p = has_partition("orders.raw", 0, 5);
    p->committed = 9;
    for (int32_t i = 0; i < 70; i++) {
        p->place.partition = i;
        p->remembered = -1;
        remember_going(&worker, p);
    }
    p->remembered = 9;
    kafka.failing = NULL;
    remember_now(&worker);
    pool_all();
    assert_string_equal(kafka_last(CONTROL, "position/primaflow.orders/orders.raw/69"),
                        "{\"ground\":0,\"offset\":9}");
    assert_string_equal(kafka_last(CONTROL, POSITION), "{\"ground\":0,\"offset\":9}");
    end_world();
}

/* ---- before it is joined ---- */

static void starts(const char *name, int result, const char *expected)
{
    char words[KAFKA_TEXT_MAX];
    const int got = startup_group(&worker, words);
    if (got != result)
        fail_msg("%s: %d", name, got);
    traced(name, expected);
}

static void test_former_retry_topics(void **state)
{
    (void)state;
    begin_world();
    (void)kafka_has("orders.raw.retry.1s", 0, 0, 9, 2);
    (void)kafka_has("orders.raw.retry.5s", 0, 0, 9, 8);   /* not read to its end */
    (void)kafka_has("orders.raw.retry.6s", 0, 0, 9, 9);   /* read */
    (void)kafka_has("orders.raw.retry.7s", 0, 0, 0, -1);  /* never written to */
    (void)kafka_has("orders.raw.retry.odd", 0, 0, 1, -1); /* no delay of ours */
    starts("those that hold records", 0, "");
    assert_int_equal(stream.inputs.count, 4);
    assert_string_equal(stream.inputs.list[2].name, "orders.raw.retry.5s");
    assert_int_equal(stream.inputs.list[2].delay_ms, 5000);
    assert_int_equal(stream.inputs.list[2].role, TOPIC_RETRY);
    assert_true(stream.inputs.list[2].is_former);
    assert_string_equal(stream.inputs.list[3].name, "orders.raw.retry.odd");
    assert_int_equal(stream.inputs.list[3].delay_ms, 0);
    starts("once", 0, "");
    assert_int_equal(stream.inputs.count, 4);
    end_world();

    begin_world();
    (void)kafka_has("orders.raw.retry.5s", 0, 0, 9, 8);
    stream.inputs.count = TOPICS_MAX;
    starts("no room", 0, "");
    assert_int_equal(stream.inputs.count, TOPICS_MAX);
    assert_non_null(strstr(logged, "too many retry topics hold records"));
    end_world();
}

static void test_the_group_before(void **state)
{
    static const struct {
        const char *name, *failing;
        int result;
    } rows[] = {
        {"more topics than are listed", "more_topics", 0},
        {"no list", "topics_like", -EIO},
        {"no ends", "ends", -EIO},
        {"more partitions than are supported", "too_many", -E2BIG},
        {"no past", "scan:ops.control", -EIO},
        {"no topic of it", "missing:ops.control", -EIO},
        {"no committed offsets", "group_committed", -EIO},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_world();
        if (strcmp(rows[i].failing, "group_committed") == 0)
            (void)kafka_has("orders.raw.retry.5s", 0, 0, 9, 8);
        kafka.failing = rows[i].failing;
        starts(rows[i].name, rows[i].result, "");
        end_world();
    }
}

static void test_its_epoch(void **state)
{
    (void)state;
    begin_world();
    (void)kafka_holds(CONTROL, "generation/other",
                      "{\"epoch\":6,\"flow\":\"orders\",\"prefix\":\"pf\"}", NULL);
    stream.control.epoch = 7;
    stream.control.generation = 5;
    starts("ours is as high", 0, "");
    assert_int_equal(stream.control.epoch, 7);
    assert_int_equal(stream.control.generation, 5);
    stream.control.epoch = 6;
    starts("above all who wrote the same keys", 0, "");
    assert_int_equal(stream.control.epoch, 7);
    assert_int_equal(stream.control.generation, 0);
    (void)kafka_holds(CONTROL, POSITION, "{\"offset\":9,\"ground\":0}", NULL);
    starts("read anew", 0, "");
    starts("and again", 0, ""); /* what was read before is freed */
    end_world();
}

static void test_epochs(void **state)
{
    static const struct {
        const char *name, *own, *other, *possible;
        int64_t epoch;
    } rows[] = {
        {"nobody", NULL, NULL, NULL, 0},
        {"a group of its own", "{\"epoch\":7}", NULL, NULL, 7},
        {"another one below it", "{\"epoch\":7}", "5", NULL, 7},
        {"as high", "{\"epoch\":7}", "7", NULL, 8},
        {"above it", "{\"epoch\":7}", "9", NULL, 10},
        {"a first one, and another at zero", NULL, "0", NULL, 1},
        {"an older record, by whomever", NULL, NULL, "4", 5},
        {"... and the group is known", "{\"epoch\":2}", NULL, "4", 2},
        {"... the higher counts", NULL, "6", "4", 7},
        {"... of another flow, by its name", NULL, NULL, NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char value[100];
        begin_world();
        if (rows[i].own != NULL)
            (void)kafka_holds(CONTROL, "generation/primaflow.orders", rows[i].own, NULL);
        (void)snprintf(value, sizeof value, "{\"epoch\":%s,\"flow\":\"orders\",\"prefix\":\"pf\"}",
                       rows[i].other);
        if (rows[i].other != NULL)
            (void)kafka_holds(CONTROL, "generation/renamed", value, NULL);
        (void)snprintf(value, sizeof value, "{\"epoch\":%s}", rows[i].possible);
        if (rows[i].possible != NULL)
            (void)kafka_holds(CONTROL, "generation/older", value, NULL);
        (void)kafka_holds(CONTROL, "generation/primaflow.stock", "{\"epoch\":50}", NULL);
        (void)kafka_holds(CONTROL, "generation/other",
                          "{\"epoch\":60,\"flow\":\"orders\",\"prefix\":\"another\"}", NULL);
        (void)kafka_holds(CONTROL, "generation/another",
                          "{\"epoch\":70,\"flow\":\"stock\",\"prefix\":\"pf\"}", NULL);
        starts(rows[i].name, 0, "");
        if (stream.control.epoch != rows[i].epoch)
            fail_msg("%s: %lld", rows[i].name, (long long)stream.control.epoch);
        end_world();
    }
}

static void test_our_former_self(void **state)
{
    (void)state;
    begin_world();
    worker.host.options.slot = "1";
    kafka.knows_other_topics = true;
    starts("a member with other topics", 0, "former_self:primaflow.orders:primaflow.orders-1:2");
    assert_true(stream.assignment.rejoins);
    kafka.failing = "former_self";
    starts("Kafka does not say", -EIO, "former_self:primaflow.orders:primaflow.orders-1:2");
    end_world();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_positions_while_others_are_written),
        cmocka_unit_test(test_positions_that_cannot_be_written),
        cmocka_unit_test(test_many_positions),
        cmocka_unit_test(test_former_retry_topics),
        cmocka_unit_test(test_the_group_before),
        cmocka_unit_test(test_its_epoch),
        cmocka_unit_test(test_epochs),
        cmocka_unit_test(test_our_former_self),
    };
    return cmocka_run_group_tests_name("stream: the group's past", tests, set_up, tear_down);
}
