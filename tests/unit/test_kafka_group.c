/* A consumer of a group and its transactions: assignment, records and their end, offsets, and how a
 * transaction ends (test_kafka_cluster.h). */
#include "test_kafka_cluster.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "kafka/admin.h"

static struct kafka_consumer *consumer;
static struct kafka_producer *producer;
static struct kafka_queue *queues[2];
static struct kafka_place assigned[2];
static size_t assigned_count;
static int assignments, revokes, errors, wake_fd;
static bool last_fatal;

static void on_assign(void *user, const struct kafka_place places[], size_t count)
{
    assert_ptr_equal(user, &assignments);
    assignments++;
    assigned_count = count;
    memcpy(assigned, places, (count < 2 ? count : 2) * sizeof *places);
}

static void on_revoke(void *user, const struct kafka_place places[], size_t count, bool lost)
{
    assert_ptr_equal(user, &assignments);
    assert_false(lost);
    revokes++;
    assert_int_equal(count, 2);
    assert_string_equal(places[0].topic, "in");
}

static void on_error(void *user, enum kafka_obstacle obstacle, const char *what, bool fatal,
                     bool fenced)
{
    (void)user, (void)obstacle, (void)what, (void)fenced;
    errors++;
    last_fatal = fatal;
}

static const struct kafka_consumer_hooks hooks = {on_assign, on_revoke, on_error, &assignments};

/* Serves until `count` of them came; fails after 20 s. */
static void serve_until(const int *count, int wanted)
{
    const int64_t until = clock_monotonic_ms() + 20000;
    while (*count < wanted && clock_monotonic_ms() < until) {
        kafka_consumer_serve(consumer);
        (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    assert_int_equal(*count, wanted);
}

static int join(void **state)
{
    static const char *const topics[] = {"in"};
    if (cluster_set_up(state) != 0)
        return 1;
    cluster_has("in", 2);
    cluster_has("out", 1);
    cluster_holds("in", 0, "a", 1000);
    cluster_holds("in", 0, "b", 2000);
    cluster_holds("in", 1, "c", 3000);
    wake_fd = eventfd(0, EFD_NONBLOCK);
    assert_int_equal(kafka_consumer_new(config, "group", NULL, topics, 1, false, wake_fd, &hooks,
                                        &consumer, words),
                     0);
    assert_int_equal(kafka_generation(consumer), KAFKA_NO_GENERATION);
    assert_int_equal(kafka_producer_new(config, "id", 1000, false, &producer, words), 0);
    serve_until(&assignments, 1);
    return 0;
}

static int leave(void **state)
{
    kafka_producer_free(producer);
    kafka_producer_free(NULL);
    kafka_consumer_free(consumer);
    kafka_consumer_free(NULL);
    (void)close(wake_fd);
    return cluster_tear_down(state);
}

/* ---- what it is given ---- */

static void test_an_assignment(void **state)
{
    (void)state;
    assert_int_equal(assigned_count, 2);
    assert_string_equal(assigned[0].topic, "in");
    assert_int_equal(assigned[0].partition + assigned[1].partition, 1);
    assert_true(kafka_generation(consumer) > 0);
    assert_int_equal(consumer->generation, kafka_generation(consumer));
    assert_false(kafka_is_cooperative(consumer));
    assert_false(kafka_assignment_lost(consumer));
    assert_int_equal(kafka_session_ms(consumer), 10000);
    assert_int_equal(consumer->health.patience_ms, 5000);
    assert_null(kafka_trouble(consumer));
    assert_int_equal(kafka_lag(consumer, &assigned[0], 0), -1); /* no end was heard of yet */
    assigned[0].offset = assigned[1].offset = 0;
    assert_int_equal(kafka_assign(consumer, assigned, 2, queues), 0);
}

static struct kafka_queue *queue_of(int32_t partition)
{
    return queues[assigned[0].partition == partition ? 0 : 1];
}

/* Up to `max` records at once, and an end; waits for as much. */
static void fetch_until(int32_t partition, size_t max, size_t wanted, int64_t end,
                        const char *values)
{
    char got[100] = "";
    struct kafka_record records[8];
    struct kafka_fetched fetched = {.end = -1};
    const int64_t until = clock_monotonic_ms() + 10000;
    size_t count = 0;
    while ((count < wanted || (end >= 0 && fetched.end < 0)) && clock_monotonic_ms() < until) {
        struct kafka_fetched now;
        kafka_fetch(queue_of(partition), records, max, &now);
        assert_true(now.count <= max);
        assert_int_equal(now.obstacle, KAFKA_CLEAR);
        for (size_t i = 0; i < now.count; i++) {
            const size_t used = strlen(got);
            (void)snprintf(got + used, sizeof got - used, "%lld%.*s", (long long)records[i].offset,
                           (int)records[i].value_size, (const char *)records[i].value);
            struct kafka_record moved = kafka_record_move(&records[i]);
            assert_null(records[i].handle);
            kafka_record_free(&moved);
            kafka_record_free(&moved);
            kafka_record_free(&records[i]);
        }
        count += now.count;
        fetched.end = now.end >= 0 ? now.end : fetched.end;
        (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    assert_string_equal(got, values);
    assert_int_equal(fetched.end, end);
}

static void test_records_and_their_end(void **state)
{
    uint64_t wakes = 0;
    (void)state;
    fetch_until(0, 1, 2, 2, "0a1b");
    fetch_until(1, 8, 1, 1, "0c");
    assert_int_equal(read(wake_fd, &wakes, sizeof wakes), (ssize_t)sizeof wakes);
    kafka_ask_again(consumer, &(struct kafka_place){"in", 0, 0}, 1);
    fetch_until(0, 8, 1, 2, "1b");
}

static void test_how_far_behind(void **state)
{
    static const struct {
        const char *name;
        int64_t position, lag;
    } rows[] = {
        {"at its beginning", 0, 2}, {"one read", 1, 1}, {"all read", 2, 0}, {"beyond", 9, 0}};
    const struct kafka_place place = {"in", 0, 0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (kafka_lag(consumer, &place, rows[i].position) != rows[i].lag)
            fail_msg("%s", rows[i].name);
}

static void test_where_they_begin_and_end(void **state)
{
    struct kafka_place places[] = {{"in", 0, 7}, {"in", 1, 7}}, place = {"in", 0, -1};
    int64_t low[2] = {5, 5}, high[2] = {5, 5}, end = 5;
    (void)state;
    assert_int_equal(kafka_bounds(consumer, places, 2, low, high, words), 0);
    assert_true(low[0] == 0 && low[1] == 0 && high[0] == 2 && high[1] == 1);
    assert_int_equal(kafka_bounds(consumer, places, 0, low, high, words), 0);
    assert_int_equal(kafka_end(consumer, "in", 0, 5000, &end, words), 0);
    assert_int_equal(end, 2);
    assert_int_equal(kafka_committed(consumer, places, 2, words), 0);
    assert_true(places[0].offset == -1 && places[1].offset == -1);
    assert_int_equal(kafka_start_offset(consumer, &place, KAFKA_START_END, words), 0);
    assert_int_equal(place.offset, 2);
    assert_int_equal(kafka_start_offset(consumer, &place, KAFKA_START_BEGINNING, words), 0);
    assert_int_equal(place.offset, 0);
}

static void test_what_cannot_be_asked(void **state)
{
    struct kafka_place places[] = {{"in", 1, 7}};
    int64_t low[1], high[1], end;
    (void)state;
    cluster_answers(API_LIST_OFFSETS, RD_KAFKA_RESP_ERR_INVALID_REQUEST, 1);
    assert_int_equal(kafka_bounds(consumer, places, 1, low, high, words), -EIO);
    assert_non_null(strstr(words, "cannot find where in/1 begins and ends: "));
    cluster_answers(API_LIST_OFFSETS, RD_KAFKA_RESP_ERR_INVALID_REQUEST, 1);
    assert_int_equal(kafka_end(consumer, "in", 0, 5000, &end, words), -EIO);
    assert_non_null(strstr(words, "cannot read the end of in: "));
    cluster_answers(API_LIST_OFFSETS, RD_KAFKA_RESP_ERR_INVALID_REQUEST, 1);
    assert_int_equal(kafka_start_offset(consumer, &places[0], KAFKA_START_END, words), -EIO);
    assert_non_null(strstr(words, "cannot find where in/1 begins: "));
    cluster_answers(API_OFFSET_FETCH, RD_KAFKA_RESP_ERR_INVALID_REQUEST, 1);
    assert_int_equal(kafka_committed(consumer, places, 1, words), -EIO);
    assert_non_null(strstr(words, "cannot read committed offsets: "));
    assert_int_equal(places[0].offset, 7);
}

static void assert_denied(int result, const char *right)
{
    assert_int_equal(result, -EACCES);
    assert_string_equal(words, right);
    words[0] = '\0';
}

/* Who is denied hears which right is missing, and of what. */
static void test_what_is_denied(void **state)
{
    static const char topic[] =
        "DESCRIBE on topic in (kafka-acls --add --operation Describe --topic in)";
    struct kafka_place places[] = {{"in", 1, 7}};
    int64_t low[1], high[1], end;
    (void)state;
    cluster_answers(API_LIST_OFFSETS, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1);
    assert_denied(kafka_bounds(consumer, places, 1, low, high, words), topic);
    cluster_answers(API_LIST_OFFSETS, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1);
    assert_denied(kafka_end(consumer, "in", 0, 5000, &end, words), topic);
    cluster_answers(API_LIST_OFFSETS, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1);
    assert_denied(kafka_start_offset(consumer, &places[0], KAFKA_START_END, words), topic);
    assert_int_equal(places[0].offset, 7);
    cluster_answers(API_OFFSET_FETCH, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, 1);
    assert_denied(kafka_committed(consumer, places, 1, words),
                  "READ on group group (kafka-acls --add --operation Read --group group)");
}

static void test_which_topics_there_are(void **state)
{
    struct kafka_place places[] = {{"in", 0, 1}, {"gone", 0, 2}, {"out", 0, 3}};
    int32_t count = 0;
    (void)state;
    cluster_has("gone", 1);
    assert_int_equal(kafka_partition_count(consumer, "in", &count, words), 0);
    assert_int_equal(count, 2);
    assert_int_equal(kafka_still_there(consumer, places, 3), 3);
    rd_kafka_mock_topic_set_error(cluster, "gone", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    assert_int_equal(kafka_partition_count(consumer, "gone", &count, words), -ENOENT);
    assert_non_null(strstr(words, "topic gone: "));
    assert_int_equal(count, 2);
    rd_kafka_mock_topic_set_error(cluster, "gone", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    assert_denied(kafka_partition_count(consumer, "gone", &count, words),
                  "DESCRIBE on topic gone (kafka-acls --add --operation Describe --topic gone)");
    rd_kafka_mock_topic_set_error(cluster, "gone", RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION);
    assert_int_equal(kafka_partition_count(consumer, "gone", &count, words), -EIO);
    assert_string_equal(words, "topic gone: Broker: Invalid topic");
    assert_int_equal(count, 2);
    assert_int_equal(kafka_still_there(consumer, places, 0), 0);
}

/* ---- transactions ---- */

static enum kafka_commit_result commit(size_t messages, int64_t offset,
                                       struct kafka_refusal *refusal)
{
    static const atomic_int go_on;
    const struct kafka_header headers[] = {{"h", "v", 1}};
    const struct kafka_message message = {.topic = "out",
                                          .key = "k",
                                          .key_size = 1,
                                          .value = "v",
                                          .value_size = 1,
                                          .headers = headers,
                                          .header_count = 1},
                               *const list[] = {&message, &message, &message};
    const struct kafka_place offsets[] = {{"in", 0, offset}};
    words[0] = '\0';
    return kafka_commit(producer, consumer, list, messages, offsets, 1, &go_on, refusal, words);
}

static bool is_same(const struct kafka_refusal *a, const struct kafka_refusal *b)
{
    return a->kind == b->kind && a->message == b->message && a->right == b->right &&
           a->is_of_unknown_topic == b->is_of_unknown_topic;
}

/* What the mock keeps of offsets in transactions is nothing: tests/integration looks at those. */
static void test_transactions(void **state)
{
    static const struct {
        const char *name;
        int16_t api;
        rd_kafka_resp_err_t err;
        int times;
        enum kafka_commit_result result;
        struct kafka_refusal refusal;
    } rows[] = {
        {"as it should", -1, 0, 0, KAFKA_COMMITTED, {.kind = KAFKA_REFUSES_NOTHING}},
        {"a moment's trouble",
         API_END_TXN,
         RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
         1,
         KAFKA_COMMITTED,
         {.kind = KAFKA_REFUSES_NOTHING}},
        {"a message too large for its topic",
         API_PRODUCE,
         RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
         1,
         KAFKA_ABORTED,
         {.kind = KAFKA_REFUSES_SIZE}},
        {"again well", -1, 0, 0, KAFKA_COMMITTED, {.kind = KAFKA_REFUSES_NOTHING}},
        {"a message that a policy refuses",
         API_PRODUCE,
         RD_KAFKA_RESP_ERR_POLICY_VIOLATION,
         1,
         KAFKA_ABORTED,
         {.kind = KAFKA_REFUSES_MESSAGE}},
        {"no rights on a topic",
         API_ADD_PARTITIONS,
         RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
         1,
         KAFKA_ABORTED,
         {.kind = KAFKA_REFUSES_MESSAGE, .right = KAFKA_WRITE_TOPIC, .is_of_unknown_topic = true}},
        {"no right to write a message",
         API_PRODUCE,
         RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
         1,
         KAFKA_ABORTED,
         {.kind = KAFKA_REFUSES_MESSAGE, .right = KAFKA_WRITE_TOPIC}},
        {"no right to the group",
         API_TXN_OFFSET_COMMIT,
         RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
         1,
         KAFKA_ABORTED,
         {.kind = KAFKA_REFUSES_OFFSETS, .right = KAFKA_READ_GROUP}},
        {"the group went on",
         API_TXN_OFFSET_COMMIT,
         RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
         1,
         KAFKA_ABORTED,
         {.kind = KAFKA_REFUSES_NOTHING}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kafka_refusal refusal = {.kind = KAFKA_REFUSES_SIZE, .message = 99};
        if (rows[i].api >= 0)
            cluster_answers(rows[i].api, rows[i].err, rows[i].times);
        const enum kafka_commit_result result = commit(1, 100 + (int64_t)i, &refusal);
        if (result != rows[i].result || !is_same(&refusal, &rows[i].refusal))
            fail_msg("%s: %d, refused %d of message %zu, right %d: %s", rows[i].name, (int)result,
                     (int)refusal.kind, refusal.message, (int)refusal.right, words);
        if (result == KAFKA_ABORTED)
            assert_string_not_equal(words, "");
        if (refusal.kind != KAFKA_REFUSES_NOTHING) { /* as commit.c does */
            kafka_producer_free(producer);
            assert_int_equal(kafka_producer_new(config, "id", 1000, false, &producer, words), 0);
        }
    }
}

/* Tried alone it is known which topic is denied: offsets go first, then messages topic by topic. */
static void test_transactions_that_are_searched(void **state)
{
    static const atomic_int go_on;
    static const struct {
        const char *name;
        int16_t api;
        int passed; /* requests before the one that is denied */
        struct kafka_refusal refusal;
    } rows[] = {
        {"the first topic",
         API_ADD_PARTITIONS,
         0,
         {.kind = KAFKA_REFUSES_MESSAGE, .message = 1, .right = KAFKA_WRITE_TOPIC}},
        {"the second",
         API_ADD_PARTITIONS,
         1,
         {.kind = KAFKA_REFUSES_MESSAGE, .message = 2, .right = KAFKA_WRITE_TOPIC}},
        {"of the offsets",
         API_TXN_OFFSET_COMMIT,
         0,
         {.kind = KAFKA_REFUSES_OFFSETS, .right = KAFKA_READ_TOPIC}},
    };
    const struct kafka_message first = {.topic = "out", .value = "v", .value_size = 1},
                               second = {.topic = "out2", .value = "v", .value_size = 1},
                               *const list[] = {&first, &first, &second};
    const struct kafka_place offsets[] = {{"in", 0, 500}};
    struct kafka_refusal refusal;
    (void)state;
    cluster_has("out2", 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        kafka_producer_search(producer, true);
        cluster_answers(rows[i].api, RD_KAFKA_RESP_ERR_NO_ERROR, rows[i].passed);
        cluster_answers(rows[i].api, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1);
        const enum kafka_commit_result result =
            kafka_commit(producer, consumer, list, 3, offsets, 1, &go_on, &refusal, words);
        if (result != KAFKA_ABORTED || !is_same(&refusal, &rows[i].refusal))
            fail_msg("%s: %d, refused %d of message %zu, right %d: %s", rows[i].name, (int)result,
                     (int)refusal.kind, refusal.message, (int)refusal.right, words);
        kafka_producer_free(producer);
        assert_int_equal(kafka_producer_new(config, "id", 1000, false, &producer, words), 0);
    }
    kafka_producer_search(producer, true);
    assert_int_equal(kafka_commit(producer, consumer, list, 3, offsets, 1, &go_on, &refusal, words),
                     KAFKA_COMMITTED);
    kafka_producer_search(producer, false);
}

/* Nothing is committed under another generation than that of our partitions. */
static void test_another_generation(void **state)
{
    struct kafka_refusal refusal;
    const int32_t ours = consumer->generation;
    char expected[100];
    (void)state;
    consumer->generation = ours + 1;
    assert_int_equal(commit(1, 900, &refusal), KAFKA_ABORTED);
    (void)snprintf(expected, sizeof expected,
                   "our partitions are of generation %d, the group is at %d", ours + 1, ours);
    assert_string_equal(words, expected);
    assert_int_equal(refusal.kind, KAFKA_REFUSES_NOTHING);
    consumer->generation = ours;
}

static void test_fenced(void **state)
{
    struct kafka_refusal refusal;
    char why[KAFKA_TEXT_MAX];
    (void)state;
    assert_false(kafka_producer_is_broken(producer, why));
    cluster_answers(API_END_TXN, RD_KAFKA_RESP_ERR_PRODUCER_FENCED, 1);
    assert_int_equal(commit(1, 901, &refusal), KAFKA_FENCED);
    assert_true(kafka_producer_is_broken(producer, why));
    assert_string_not_equal(why, "");
    assert_int_equal(commit(1, 902, &refusal), KAFKA_FENCED);
    kafka_producer_free(producer);
    producer = NULL;
    cluster_answers(API_INIT_PRODUCER_ID, RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT, 1);
    assert_int_equal(kafka_producer_new(config, "id", 1000, false, &producer, words), -EPERM);
    assert_non_null(strstr(words, "cannot begin transactions as id: "));
    cluster_answers(API_INIT_PRODUCER_ID, RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
                    1);
    assert_denied(kafka_producer_new(config, "id", 1000, false, &producer, words),
                  "WRITE on transactional id id (kafka-acls --add --operation Write "
                  "--transactional-id id)");
    assert_int_equal(kafka_producer_new(config, "id", INT64_MAX, false, &producer, words), 0);
    assert_int_equal(kafka_producer_message_max(producer), 2097152);
}

static void test_what_a_message_takes(void **state)
{
    const struct kafka_header headers[] = {{"ab", "x", 1}, {"c", NULL, 0}};
    static const struct {
        size_t key, value, headers, bytes;
    } rows[] = {{0, 0, 0, 97}, {3, 0, 0, 100}, {0, 4, 0, 101}, {3, 4, 1, 117}, {3, 4, 2, 128}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct kafka_message m = {.key_size = rows[i].key,
                                        .value_size = rows[i].value,
                                        .headers = headers,
                                        .header_count = rows[i].headers};
        assert_int_equal(kafka_message_bytes(&m), rows[i].bytes);
    }
}

/* ---- the end ---- */

static void test_leaves(void **state)
{
    (void)state;
    assert_false(kafka_consumer_closing(consumer));
    kafka_consumer_close(consumer);
    kafka_consumer_close(consumer);
    assert_true(kafka_consumer_closing(consumer));
    serve_until(&revokes, 1);
    assert_false(kafka_consumer_closed(consumer));
    kafka_queue_free(queues[0]);
    kafka_queue_free(queues[1]);
    kafka_unassign(consumer, assigned, 2);
    const int64_t until = clock_monotonic_ms() + 10000;
    while (!kafka_consumer_closed(consumer) && clock_monotonic_ms() < until) {
        kafka_consumer_serve(consumer);
        (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    assert_true(kafka_consumer_closed(consumer));
    assert_int_equal(errors, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_assignment),
        cmocka_unit_test(test_records_and_their_end),
        cmocka_unit_test(test_how_far_behind),
        cmocka_unit_test(test_where_they_begin_and_end),
        cmocka_unit_test(test_what_cannot_be_asked),
        cmocka_unit_test(test_what_is_denied),
        cmocka_unit_test(test_which_topics_there_are),
        cmocka_unit_test(test_transactions),
        cmocka_unit_test(test_transactions_that_are_searched),
        cmocka_unit_test(test_another_generation),
        cmocka_unit_test(test_fenced),
        cmocka_unit_test(test_what_a_message_takes),
        cmocka_unit_test(test_leaves),
    };
    return cmocka_run_group_tests_name("kafka: a group's consumer", tests, join, leave);
}
