/* Partitions that are followed without a group: from where, to the end, one beside the other; and
 * what is said of those that cannot be read, or moved (test_kafka_cluster.h). */
#include "test_kafka_cluster.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "kafka/lookup.h"
#include "kafka/tail.h"

enum { PATIENCE_MS = 15000 };

static int wake_fd = -1;
static struct kafka_tail *tail;
static char seen[600];

static void begin(const char *topic)
{
    wake_fd = eventfd(0, EFD_NONBLOCK);
    assert_true(wake_fd >= 0);
    assert_int_equal(kafka_tail_new(config, topic, wake_fd, &tail, words), 0);
}

static void end(void)
{
    kafka_tail_free(tail);
    (void)close(wake_fd);
}

static struct kafka_queue *add(int32_t partition, int64_t offset)
{
    struct kafka_queue *queue = NULL;
    assert_int_equal(kafka_tail_add(tail, partition, offset, &queue), 0);
    assert_non_null(queue);
    return queue;
}

/* Only woken, as the loop is. */
static void wait_woken(int64_t until_ms)
{
    struct pollfd poll_fd = {.fd = wake_fd, .events = POLLIN};
    const int64_t left = until_ms - clock_monotonic_ms();
    eventfd_t count;
    (void)poll(&poll_fd, 1, left > 0 ? (int)left : 0);
    (void)eventfd_read(wake_fd, &count);
    kafka_tail_serve(tail);
}

/* Reads until the end is `until`, or something stands in the way; what it met is in `seen`. */
static void reads_to(struct kafka_queue *queue, int64_t until, const char *expected)
{
    const int64_t patience = clock_monotonic_ms() + PATIENCE_MS;
    struct kafka_record records[4];
    struct kafka_fetched f = {.end = -1};
    size_t used = 0;
    seen[0] = '\0';
    for (;;) {
        kafka_fetch(queue, records, 4, &f);
        for (size_t i = 0; i < f.count; i++) {
            used += (size_t)snprintf(seen + used, sizeof seen - used, "%d@%lld:%.*s ",
                                     records[i].partition, (long long)records[i].offset,
                                     (int)records[i].value_size, (const char *)records[i].value);
            kafka_record_free(&records[i]);
        }
        if (f.obstacle != KAFKA_CLEAR || f.end == until || clock_monotonic_ms() > patience)
            break;
        if (f.count == 0)
            wait_woken(patience);
    }
    (void)snprintf(seen + used, sizeof seen - used, "%s %lld", kafka_obstacle_name(f.obstacle),
                   (long long)f.end);
    assert_string_equal(seen, expected);
}

static void test_from_where(void **state)
{
    (void)state;
    cluster_has("from", 2);
    static const char *const values[] = {"a", "b", "c"};
    for (size_t i = 0; i < 3; i++)
        cluster_holds("from", 0, values[i], 0);
    begin("from");
    struct kafka_queue *queue = add(0, KAFKA_TAIL_BEGINNING);
    reads_to(queue, 3, "0@0:a 0@1:b 0@2:c none 3");
    assert_int_equal(kafka_tail_end(tail, 0), 3);
    assert_int_equal(kafka_tail_end(tail, 1), -1);
    cluster_holds("from", 0, "d", 0); /* it goes on */
    reads_to(queue, 4, "0@3:d none 4");
    kafka_tail_remove(tail, 0, queue);
    queue = add(0, 2); /* once more */
    reads_to(queue, 4, "0@2:c 0@3:d none 4");
    kafka_tail_remove(tail, 0, queue);
    queue = add(0, 4);
    reads_to(queue, 4, "none 4");
    kafka_tail_remove(tail, 0, queue);
    queue = add(1, KAFKA_TAIL_BEGINNING); /* empty */
    reads_to(queue, 0, "none 0");
    kafka_tail_remove(tail, 1, queue);
    end();
}

/* One comes and goes: the others have lost nothing of what was fetched, and read none of it twice. */
static void test_one_beside_the_other(void **state)
{
    struct kafka_queue *queues[3];
    (void)state;
    cluster_has("beside", 3);
    for (int32_t i = 0; i < 3; i++) {
        cluster_holds("beside", i, "a", 0);
        cluster_holds("beside", i, "b", 0);
    }
    begin("beside");
    queues[0] = add(0, KAFKA_TAIL_BEGINNING);
    queues[1] = add(1, KAFKA_TAIL_BEGINNING);
    reads_to(queues[0], 2, "0@0:a 0@1:b none 2");
    queues[2] = add(2, 1);
    cluster_holds("beside", 0, "c", 0);
    reads_to(queues[0], 3, "0@2:c none 3");
    kafka_tail_remove(tail, 0, queues[0]);
    reads_to(queues[2], 2, "2@1:b none 2");
    reads_to(queues[1], 2, "1@0:a 1@1:b none 2");
    kafka_tail_remove(tail, 1, queues[1]);
    kafka_tail_remove(tail, 2, queues[2]);
    end();
}

static void test_an_offset_that_is_gone(void **state)
{
    (void)state;
    cluster_has("gone", 1);
    cluster_holds("gone", 0, "a", 0);
    begin("gone");
    struct kafka_queue *queue = add(0, 7); /* beyond the end, as behind a cut */
    reads_to(queue, 1, "offset_gone -1");
    kafka_tail_remove(tail, 0, queue);
    queue = add(0, KAFKA_TAIL_BEGINNING);
    reads_to(queue, 1, "0@0:a none 1");
    kafka_tail_remove(tail, 0, queue);
    end();
}

static void test_what_stands_in_the_way(void **state)
{
    static const struct {
        rd_kafka_resp_err_t error;
        const char *seen;
    } rows[] = {
        {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "denied -1"},
        {RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, "offset_gone -1"},
    };
    (void)state;
    cluster_has("way", 1);
    cluster_holds("way", 0, "a", 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin("way");
        /* each fetch until it is cleared: a former tail's that is still under way may take one */
        cluster_answers(API_FETCH, rows[i].error, 100);
        struct kafka_queue *queue = add(0, 0);
        reads_to(queue, 1, rows[i].seen);
        kafka_tail_remove(tail, 0, queue);
        rd_kafka_mock_clear_request_errors(cluster, API_FETCH);
        queue = add(0, 0);
        reads_to(queue, 1, "0@0:a none 1");
        kafka_tail_remove(tail, 0, queue);
        end();
    }
}

/* Without a word. */
static void test_the_broker_is_away(void **state)
{
    (void)state;
    cluster_has("away", 1);
    cluster_holds("away", 0, "a", 0);
    begin("away");
    struct kafka_queue *queue = add(0, KAFKA_TAIL_BEGINNING);
    reads_to(queue, 1, "0@0:a none 1");
    rd_kafka_mock_broker_set_down(cluster, 1);
    rd_kafka_mock_broker_set_down(cluster, 2);
    wait_woken(clock_monotonic_ms() + 700);
    rd_kafka_mock_broker_set_up(cluster, 1);
    rd_kafka_mock_broker_set_up(cluster, 2);
    cluster_holds("away", 0, "b", 0);
    reads_to(queue, 2, "0@1:b none 2");
    kafka_tail_remove(tail, 0, queue);
    end();
}

static void test_the_leader_moves(void **state)
{
    (void)state;
    cluster_has("moves", 1);
    (void)rd_kafka_mock_partition_set_leader(cluster, "moves", 0, 1);
    cluster_holds("moves", 0, "a", 0);
    begin("moves");
    struct kafka_queue *queue = add(0, KAFKA_TAIL_BEGINNING);
    reads_to(queue, 1, "0@0:a none 1");
    (void)rd_kafka_mock_partition_set_leader(cluster, "moves", 0, 2);
    cluster_holds("moves", 0, "b", 0);
    reads_to(queue, 2, "0@1:b none 2");
    kafka_tail_remove(tail, 0, queue);
    end();
}

static void test_freed_while_it_reads(void **state)
{
    struct kafka_queue *queue;
    (void)state;
    cluster_has("freed", 1);
    for (int i = 0; i < 20; i++)
        cluster_holds("freed", 0, "a", 0);
    begin("freed");
    queue = add(0, KAFKA_TAIL_BEGINNING);
    wait_woken(clock_monotonic_ms() + PATIENCE_MS); /* there is something, which nobody takes */
    kafka_tail_remove(tail, 0, queue);
    end();
    kafka_tail_free(NULL);
}

static void test_a_property_that_is_refused(void **state)
{
    const char *options[] = {"rdkafka.fetch.wait.max.ms=abc"};
    struct config_message message;
    struct config *other;
    (void)state;
    if (config_load(NULL, options, 1, &other, &message) != 0)
        return; /* refused as early as that */
    assert_int_equal(kafka_tail_new(other, "x", -1, &tail, words), -EINVAL);
    assert_non_null(strstr(words, "fetch.wait.max.ms"));
    config_free(other);
}

/* ---- what a lookup says of a partition's bounds ---- */

static void test_bounds(void **state)
{
    struct kafka_lookup *lookup;
    int64_t first = -7, last = -7;
    (void)state;
    cluster_has("bounds", 1);
    cluster_holds("bounds", 0, "a", 0);
    cluster_holds("bounds", 0, "b", 0);
    assert_int_equal(kafka_lookup_new(config, &lookup, words), 0);
    assert_int_equal(kafka_lookup_bounds(lookup, "bounds", 0, 5000, &first, &last, words), 0);
    assert_int_equal(first, 0);
    assert_int_equal(last, 2);
    first = last = -7;
    cluster_answers(API_LIST_OFFSETS, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1);
    assert_int_equal(kafka_lookup_bounds(lookup, "bounds", 0, 5000, &first, &last, words), -EACCES);
    cluster_answers(API_LIST_OFFSETS, RD_KAFKA_RESP_ERR_INVALID_REQUEST, 1);
    assert_int_equal(kafka_lookup_bounds(lookup, "bounds", 0, 5000, &first, &last, words), -EIO);
    assert_int_equal(first, -7); /* untouched */
    assert_int_equal(last, -7);
    kafka_lookup_free(lookup);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_where),
        cmocka_unit_test(test_one_beside_the_other),
        cmocka_unit_test(test_an_offset_that_is_gone),
        cmocka_unit_test(test_what_stands_in_the_way),
        cmocka_unit_test(test_the_broker_is_away),
        cmocka_unit_test(test_the_leader_moves),
        cmocka_unit_test(test_freed_while_it_reads),
        cmocka_unit_test(test_a_property_that_is_refused),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests_name("kafka: partitions without a group", tests,
                                       cluster_set_up_two, cluster_tear_down);
}
