/* Results and offsets on a real Kafka: both or neither, also when a transaction fails, is fenced,
 * or was left open by somebody who died. */
#include "kafka_harness.h"

#include "base/clock.h"
#include "base/digest.h"
#include "kafka/reader.h"
#include "stream/control.h"

static char in[80], out[80], group[80], id[80];
static struct kafka_producer *producer;
static struct reader reader;
static atomic_int give_up;
static int64_t batch_max = 1800; /* `out` takes 2000 */
static struct kafka_refusal refusal;

static struct kafka_producer *producer_of(const char *transactional_id)
{
    char message[KAFKA_TEXT_MAX];
    struct kafka_producer *p;
    if (kafka_producer_new(config, transactional_id, batch_max, false, &p, message) != 0)
        fail_msg("%s", message);
    return p;
}

static int set_up(void **state)
{
    (void)state;
    topic_new(fresh_name("in", in), 1, NULL);
    topic_new(fresh_name("out", out), 1, "2000");
    (void)fresh_name("group", group);
    (void)fresh_name("id", id);
    for (int i = 0; i < 3; i++)
        record_write(in, "input", 0);
    producer = producer_of(id);
    reader_join(&reader, group, NULL, in);
    reader_wait_assigned(&reader, KAFKA_START_BEGINNING, -1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kafka_producer_free(producer);
    reader_leave(&reader);
    return 0;
}

/* Commits these values (NULL ends) and offset `next` of the input. */
static enum kafka_commit_result commit_by(struct kafka_producer *p, struct kafka_consumer *consumer,
                                          const char *const values[], int64_t next)
{
    struct kafka_message messages[8];
    const struct kafka_message *list[8];
    char message[KAFKA_TEXT_MAX] = "";
    size_t count = 0;
    for (; values[count] != NULL; count++) {
        messages[count] = (struct kafka_message){.topic = out,
                                                 .key = "k",
                                                 .key_size = 1,
                                                 .value = values[count],
                                                 .value_size = strlen(values[count])};
        list[count] = &messages[count];
    }
    struct kafka_place place = {.partition = 0, .offset = next};
    (void)snprintf(place.topic, sizeof place.topic, "%s", in);
    return kafka_commit(p, consumer, list, count, &place, 1, &give_up, &refusal, message);
}
#define COMMIT(p, next, ...)                                                                       \
    commit_by(p, reader.consumer, (const char *const[]){__VA_ARGS__, NULL}, next)

static void test_results_and_offsets_together(void **state)
{
    char text[400];
    (void)state;
    assert_int_equal(committed_offset(group, in), -1);
    assert_int_equal(COMMIT(producer, 2, "a", "b"), KAFKA_COMMITTED);
    assert_string_equal(committed_values(out, text), "a b ");
    assert_int_equal(committed_offset(group, in), 2);
    assert_int_equal(COMMIT(producer, 3, "c"), KAFKA_COMMITTED); /* and the next one */
    assert_string_equal(committed_values(out, text), "a b c ");
    assert_int_equal(committed_offset(group, in), 3);
}

static void test_an_aborted_one_leaves_nothing_and_may_be_tried_again(void **state)
{
    static char large[5000];
    char text[400];
    (void)state;
    digest_random(large,
                  sizeof large -
                      1); /* more than the topic takes, also compressed: Kafka refuses it, late */
    for (size_t i = 0; i + 1 < sizeof large; i++)
        large[i] = (char)(large[i] | 1);
    assert_int_equal(COMMIT(producer, 2, "a", large, "b"), KAFKA_ABORTED);
    assert_int_equal(refusal.kind, KAFKA_REFUSES_SIZE);
    assert_int_equal(
        refusal.message,
        1); /* the batches are of less than the topic takes: the small ones are in others */
    assert_string_equal(committed_values(out, text), "");
    assert_int_equal(committed_offset(group, in), -1);
    enum kafka_commit_result result = KAFKA_ABORTED;
    for (int tries = 0; result == KAFKA_ABORTED && tries < 3;
         tries++) /* librdkafka 2.0 takes two: the first meets the gap in sequence numbers */
        result = COMMIT(producer, 2, "a", "b");
    assert_int_equal(result, KAFKA_COMMITTED);
    assert_int_equal(refusal.kind, KAFKA_REFUSES_NOTHING); /* that gap is no message's fault */
    assert_string_equal(committed_values(out, text), "a b ");
    assert_int_equal(committed_offset(group, in), 2);
}

/* Each fits, all of them together would not: they go in several batches. */
static void test_small_ones_that_are_too_large_together(void **state)
{
    static char values[7][901];
    const char *list[8] = {NULL};
    (void)state;
    for (size_t i = 0; i < 7; i++) {
        digest_random(values[i], 900);
        for (size_t at = 0; at < 900; at++)
            values[i][at] = (char)(values[i][at] | 1);
        list[i] = values[i];
    }
    assert_int_equal(commit_by(producer, reader.consumer, list, 2), KAFKA_COMMITTED);
    assert_int_equal(committed_offset(group, in), 2);
}

static void test_a_second_of_the_same_identity_fences_the_first(void **state)
{
    char text[400];
    (void)state;
    struct kafka_producer *second = producer_of(id);
    assert_int_equal(COMMIT(producer, 1, "ghost"), KAFKA_FENCED);
    assert_int_equal(COMMIT(producer, 1, "ghost"), KAFKA_FENCED); /* for good */
    assert_string_equal(committed_values(out, text), "");
    assert_int_equal(committed_offset(group, in), -1);
    assert_int_equal(COMMIT(second, 1, "a"), KAFKA_COMMITTED);
    assert_string_equal(committed_values(out, text), "a ");
    kafka_producer_free(second);
}

static void test_a_successor_ends_what_its_predecessor_left_open(void **state)
{
    char text[400];
    (void)state;
    struct open_transaction *left =
        transaction_open(id, out, "left"); /* fences `producer`, then dies */
    const int64_t began = clock_monotonic_ms();
    struct kafka_producer *successor = producer_of(id);
    assert_string_equal(committed_values(out, text),
                        ""); /* and readers are not held back until the transaction's own timeout */
    assert_true(clock_monotonic_ms() - began < 8000);
    assert_int_equal(COMMIT(successor, 1, "a"), KAFKA_COMMITTED);
    assert_string_equal(committed_values(out, text), "a ");
    kafka_producer_free(successor);
    transaction_forget(left);
}

/* Somebody else is this member of the group now: our offsets must not move it, nor our results be
 * seen. */
static void test_a_member_that_was_replaced_commits_nothing(void **state)
{
    char instance[80], text[400];
    struct reader first, second;
    (void)state;
    reader_leave(&reader);
    (void)fresh_name("instance", instance);
    reader_join(&first, group, instance, in);
    reader_wait_assigned(&first, KAFKA_START_BEGINNING, -1);
    reader_join(&second, group, instance, in);
    reader_wait_assigned(&second, KAFKA_START_BEGINNING, -1);
    assert_int_not_equal(
        commit_by(producer, first.consumer, (const char *const[]){"ghost", NULL}, 3),
        KAFKA_COMMITTED);
    assert_string_equal(committed_values(out, text), "");
    assert_int_equal(committed_offset(group, in), -1);
    for (const int64_t began = clock_monotonic_ms();
         !first.is_fenced && clock_monotonic_ms() - began < 10000;)
        reader_serve(&first, 20);
    assert_true(first.is_fenced); /* and it hears so */
    reader_leave(&second);
    reader_abandon(&first);
    reader_join(&reader, group, NULL, in); /* for tear_down */
}

static void keep_last(void *user, const struct kafka_record *record)
{
    char *text = user, header[40];
    (void)snprintf(text, 400, "key %s value %s headers %zu a=%s b=%s",
                   record->key == NULL ? "null" : "there", record->value == NULL ? "null" : "there",
                   record->header_count,
                   kafka_header_text(record, "a", header, sizeof header) != NULL ? header : "none",
                   record->headers[1].value == NULL ? "null" : "there");
}

static void test_absent_stays_absent(void **state)
{
    static const struct kafka_header headers[] = {{"a", "1", 1}, {"b", NULL, 0}, {"a", "2", 1}};
    static const struct {
        const char *name;
        const void *key, *value;
        const char *seen;
    } rows[] = {
        {"a tombstone", "", NULL, "key there value null headers 3 a=2 b=null"},
        {"no key", NULL, "v", "key null value there headers 3 a=2 b=null"},
        {"an empty value", "k", "", "key there value there headers 3 a=2 b=null"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char seen[400], message[KAFKA_TEXT_MAX];
        const struct kafka_message m = {.topic = out,
                                        .key = rows[i].key,
                                        .key_size = rows[i].key != NULL ? strlen(rows[i].key) : 0,
                                        .value = rows[i].value,
                                        .value_size =
                                            rows[i].value != NULL ? strlen(rows[i].value) : 0,
                                        .headers = headers,
                                        .header_count = 3};
        const struct kafka_message *list[] = {&m};
        struct kafka_place place = {.partition = 0, .offset = 1};
        (void)snprintf(place.topic, sizeof place.topic, "%s", in);
        assert_int_equal(kafka_commit(producer, reader.consumer, list, 1, &place, 1, &give_up,
                                      &refusal, message),
                         KAFKA_COMMITTED);
        assert_int_equal(kafka_scan(config, out, NULL, keep_last, seen, message), 0);
        if (strcmp(seen, rows[i].seen) != 0)
            fail_msg("%s: %s", rows[i].name, seen);
    }
}

static void measure(void *user, const struct kafka_record *record)
{
    *(size_t *)user = record->value_size;
}

/* The largest record that an input topic takes, as a dead letter: it must not stand in the way for
 * ever. */
static void test_a_dead_letter_of_the_largest_input(void **state)
{
    enum { LARGEST = 1048000 };
    char topic[80], message[KAFKA_TEXT_MAX] = "";
    char *value = malloc(LARGEST);
    size_t seen = 0;
    (void)state;
    assert_non_null(value);
    digest_random(value, LARGEST);
    topic_new(fresh_name("dlq", topic), 1, "2097164");
    const struct kafka_message m = {.topic = topic, .value = value, .value_size = LARGEST};
    const struct kafka_message *list[] = {&m};
    struct kafka_place place = {.partition = 0, .offset = 1};
    (void)snprintf(place.topic, sizeof place.topic, "%s", in);
    if (kafka_commit(producer, reader.consumer, list, 1, &place, 1, &give_up, &refusal, message) !=
        KAFKA_COMMITTED)
        fail_msg("%s", message);
    assert_int_equal(kafka_scan(config, topic, NULL, measure, &seen, message), 0);
    assert_int_equal(seen, LARGEST);
    free(value);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_results_and_offsets_together),
        TEST(test_an_aborted_one_leaves_nothing_and_may_be_tried_again),
        TEST(test_small_ones_that_are_too_large_together),
        TEST(test_a_second_of_the_same_identity_fences_the_first),
        TEST(test_a_successor_ends_what_its_predecessor_left_open),
        TEST(test_a_member_that_was_replaced_commits_nothing),
        TEST(test_absent_stays_absent),
        TEST(test_a_dead_letter_of_the_largest_input),
    };
    return cmocka_run_group_tests_name("transactions", tests, harness_set_up, harness_tear_down);
}
