/* Reading a real Kafka: where a partition begins, where it ends, an offset that is gone, rebalances
 * that are answered at leisure, and a retry topic's delay. */
#include "kafka_harness.h"

#include <errno.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "posting/decode.h"
#include "posting/posting.h"

static void test_where_a_time_begins(void **state)
{
    char topic[80], group[80], message[KAFKA_TEXT_MAX];
    struct reader r;
    const int64_t t = clock_wall_ms() - 60000;
    (void)state;
    topic_new(fresh_name("time", topic), 1, NULL);
    for (int i = 0; i < 3; i++)
        record_write(topic, "x", t + i * 1000);
    const struct {
        const char *name;
        int64_t start, offset;
    } rows[] = {
        {"the beginning", KAFKA_START_BEGINNING, 0},
        {"the end", KAFKA_START_END, 3},
        {"before the first", t - 5000, 0},
        {"at the second", t + 1000, 1},
        {"behind it", t + 1001, 2},
        {"behind the last", t + 2001, 3},
    };
    reader_join(&r, fresh_name("group", group), NULL, topic);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kafka_place place = {.partition = 0, .offset = -7};
        (void)snprintf(place.topic, sizeof place.topic, "%s", topic);
        if (kafka_start_offset(r.consumer, &place, rows[i].start, message) != 0)
            fail_msg("%s: %s", rows[i].name, message);
        if (place.offset != rows[i].offset)
            fail_msg("%s: %d", rows[i].name, (int)place.offset);
    }
    reader_leave(&r);
}

static void test_an_offset_that_is_gone(void **state)
{
    char topic[80], group[80];
    struct reader r;
    struct kafka_record record;
    struct kafka_fetched fetched = {.obstacle = KAFKA_CLEAR};
    (void)state;
    topic_new(fresh_name("gone", topic), 1, NULL);
    record_write(topic, "x", 0);
    reader_join(&r, fresh_name("group", group), NULL, topic);
    reader_wait_assigned(&r, 0, 999); /* never was there: as one that was deleted */
    for (const int64_t began = clock_monotonic_ms();
         fetched.obstacle == KAFKA_CLEAR && clock_monotonic_ms() - began < 10000;
         reader_serve(&r, 5))
        kafka_fetch(r.queues[0], &record, 1, &fetched);
    assert_int_equal(fetched.obstacle, KAFKA_OFFSET_GONE);
    assert_int_equal(fetched.count, 0);
    assert_non_null(strstr(fetched.words, topic));
    assert_non_null(strstr(fetched.words, "999"));
    reader_leave(&r);
}

/* The end counts what is not to be seen: an aborted record and the marks of transactions. */
static void test_the_end_is_behind_what_nobody_sees(void **state)
{
    char topic[80], group[80], id[80], text[80], message[KAFKA_TEXT_MAX];
    struct reader r;
    struct kafka_record record;
    struct kafka_fetched fetched = {.end = -1};
    int64_t low, high;
    (void)state;
    topic_new(fresh_name("end", topic), 1, NULL);
    record_write(topic, "first", 0);
    struct open_transaction *left = transaction_open(fresh_name("id", id), topic, "aborted");
    struct kafka_producer *successor;
    assert_int_equal(kafka_producer_new(config, id, INT64_MAX, false, &successor, message), 0);
    kafka_producer_free(successor);
    transaction_forget(left);
    reader_join(&r, fresh_name("group", group), NULL, topic);
    reader_wait_assigned(&r, KAFKA_START_BEGINNING, -1);
    assert_string_equal(reader_next(&r, text), "first");
    for (const int64_t began = clock_monotonic_ms();
         fetched.end < 3 && clock_monotonic_ms() - began < 10000; reader_serve(&r, 5)) {
        kafka_fetch(r.queues[0], &record, 1, &fetched);
        assert_int_equal(fetched.count, 0);
    }
    assert_int_equal(kafka_bounds(r.consumer, r.places, 1, &low, &high, message), 0);
    assert_int_equal(low, 0);
    assert_int_equal(high, 3);
    assert_int_equal(fetched.end, 3); /* the record, the aborted one, the mark of its abort */
    assert_int_equal(kafka_lag(r.consumer, &r.places[0], 0), 3);
    assert_int_equal(kafka_lag(r.consumer, &r.places[0], 3), 0);
    reader_leave(&r);
}

static void test_a_rebalance_is_answered_at_leisure(void **state)
{
    char topic[80], group[80], text[80];
    struct reader a, b;
    (void)state;
    topic_new(fresh_name("rebalance", topic), 2, NULL);
    record_write(topic, "x", 0);
    reader_join(&a, fresh_name("group", group), NULL, topic);
    assert_true(kafka_generation(a.consumer) <= 0);
    reader_wait_assigned(&a, KAFKA_START_BEGINNING, -1);
    assert_int_equal(a.count, 2);
    assert_int_equal(a.places[0].partition, 0);
    const int32_t first = kafka_generation(a.consumer);
    assert_true(first > 0);
    assert_string_equal(reader_next(&a, text), "x");
    reader_join(&b, group, NULL, topic);
    for (const int64_t began = clock_monotonic_ms();
         !a.is_revoked && clock_monotonic_ms() - began < 15000;)
        reader_serve(&a, 10);
    assert_true(a.is_revoked && !a.is_lost);
    reader_serve(&a, 500); /* draining: nobody else has them meanwhile */
    reader_serve(&b, 50);
    assert_false(b.is_assigned);
    reader_answer_revoke(&a);
    for (const int64_t began = clock_monotonic_ms();
         (!a.is_assigned || !b.is_assigned) && clock_monotonic_ms() - began < 15000;) {
        reader_serve(&a, 5);
        reader_serve(&b, 5);
    }
    assert_true(a.is_assigned && b.is_assigned);
    assert_int_equal(a.count + b.count, 2);
    assert_true(kafka_generation(a.consumer) > first);
    assert_int_equal(kafka_generation(a.consumer), kafka_generation(b.consumer));
    reader_wait_assigned(&a, KAFKA_START_BEGINNING, -1);
    reader_wait_assigned(&b, KAFKA_START_BEGINNING, -1);
    reader_leave(&b);
    reader_leave(&a);
}

/* ---- a retry topic's delay ---- */

void __wrap_decode_begin(struct record *r);

static struct {
    int64_t offset, late_ms;
} taken[8];
static size_t taken_count;
static int64_t delay_ms;

void __wrap_decode_begin(struct record *r)
{
    taken[taken_count].offset = r->raw.offset;
    taken[taken_count++].late_ms = clock_wall_ms() - (r->raw.timestamp_ms + delay_ms);
}

static void read_partition(struct worker *w, int64_t ms)
{
    const struct timespec moment = {0, 2000000};
    for (const int64_t until = clock_monotonic_ms() + ms; clock_monotonic_ms() < until;
         (void)nanosleep(&moment, NULL)) {
        kafka_consumer_serve(w->stream->consumer);
        w->stream->partitions->may_have_more = true;
        partitions_fetch(w);
        (void)uv_run(&w->host.loop, UV_RUN_NOWAIT);
    }
}

static void test_a_retry_waits_its_delay(void **state)
{
    static const struct flow flow = {.name = "orders", .reads = "orders.raw"};
    char topic[80], group[80];
    struct reader r;
    struct worker *w = calloc(1, sizeof *w);
    static struct stream stream;
    static struct posting posting;
    struct input_topic retry = {.role = TOPIC_RETRY, .delay_ms = 700};
    (void)state;
    assert_non_null(w);
    delay_ms = retry.delay_ms;
    topic_new(fresh_name("retry", topic), 1, NULL);
    record_write(topic, "overdue", clock_wall_ms() - 5000);
    record_write(topic, "now", 0);
    reader_join(&r, fresh_name("group", group), NULL, topic);
    reader_wait_assigned(&r, KAFKA_START_BEGINNING, -1);
    (void)snprintf(retry.name, sizeof retry.name, "%s", topic);
    stream = (struct stream){.engine = &posting_engine, .consumer = r.consumer};
    posting = (struct posting){.in_flight_max = 64, .buffered_max = 10};
    *w = (struct worker){.flow = &flow,
                         .host.config = config,
                         .stream = &stream,
                         .posting = &posting,
                         .host.running = true,
                         .times.ttl_ms = 86400000};
    ready_init(&w->posting->ready);
    assert_int_equal(uv_loop_init(&w->host.loop), 0);
    timers_init(&w->host.timers, &w->host.loop);
    lanes_init(&w->posting->lanes);
    struct partition p = {
        .topic = &retry, .place = r.places[0], .queue = r.queues[0], .worker = w, .end = -1};
    posting_engine.assigned(&p);
    w->stream->partitions = &p;
    record_write(topic, "behind", 0);
    read_partition(w, 400);
    assert_int_equal(
        taken_count,
        1); /* what was due came at once, what is not does not, and nothing passes it */
    record_write(topic, "later", 0);
    read_partition(w, 1500);
    assert_int_equal(taken_count, 4);
    for (size_t i = 0; i < taken_count; i++) {
        assert_int_equal(taken[i].offset, i);
        if (taken[i].late_ms < 0 || (i > 0 && taken[i].late_ms > 400))
            fail_msg("record %zu came %d ms after its time", i, (int)taken[i].late_ms);
    }
    posting_engine.revoked(&p);
    timers_release(&w->host.timers);
    lanes_release(&w->posting->lanes);
    (void)uv_run(&w->host.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->host.loop), 0);
    free(w);
    reader_leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where_a_time_begins),
        cmocka_unit_test(test_an_offset_that_is_gone),
        cmocka_unit_test(test_the_end_is_behind_what_nobody_sees),
        cmocka_unit_test(test_a_rebalance_is_answered_at_leisure),
        cmocka_unit_test(test_a_retry_waits_its_delay),
    };
    return cmocka_run_group_tests_name("reading", tests, harness_set_up, harness_tear_down);
}
