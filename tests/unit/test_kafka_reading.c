/* Reading topics from one place to another: where it begins, where it ends, what a record is, and
 * what is said of what cannot be read (test_kafka_cluster.h). */
#include "test_kafka_cluster.h"

#include <errno.h>

#include "base/clock.h"
#include "kafka/admin.h"
#include "kafka/reader.h"

static char seen[2000];

static int see(void *user, const struct kafka_record *r)
{
    const int *until = user;
    const size_t used = strlen(seen);
    (void)snprintf(seen + used, sizeof seen - used, "%s%d@%lld:%.*s", used > 0 ? " " : "",
                   r->partition, (long long)r->offset, (int)r->value_size, (const char *)r->value);
    return until != NULL && *until == r->offset ? 99 : 0;
}

static int reads(const char *topic, const struct kafka_range *range, void *user)
{
    seen[0] = '\0';
    return kafka_read(config, &topic, 1, range, see, user, words);
}

/* ---- from where to where ---- */

enum { T1 = 1000000, T2 = 2000000, T3 = 3000000 };

static void test_ranges(void **state)
{
    static const struct {
        const char *name;
        struct kafka_range range;
        const char *seen;
    } rows[] = {
        {"all", {.partition = -1}, "0@0:a 0@1:b 0@2:c"},
        {"from an offset",
         {.from = KAFKA_FROM_OFFSET, .from_value = 1, .partition = -1},
         "0@1:b 0@2:c"},
        {"from the first",
         {.from = KAFKA_FROM_OFFSET, .from_value = 0, .partition = -1},
         "0@0:a 0@1:b 0@2:c"},
        {"from beyond the end", {.from = KAFKA_FROM_OFFSET, .from_value = 9, .partition = -1}, ""},
        {"the last two",
         {.from = KAFKA_FROM_LAST, .from_value = 2, .partition = -1},
         "0@1:b 0@2:c"},
        {"more than there are",
         {.from = KAFKA_FROM_LAST, .from_value = 9, .partition = -1},
         "0@0:a 0@1:b 0@2:c"},
        {"none", {.from = KAFKA_FROM_LAST, .from_value = 0, .partition = -1}, ""},
        {"before a time", {.until = KAFKA_UNTIL_TIME, .until_ms = T2, .partition = -1}, "0@0:a"},
        {"of a time and later",
         {.from = KAFKA_FROM_BEGINNING,
          .until = KAFKA_UNTIL_TIME,
          .until_ms = T3 + 1,
          .partition = 0},
         "0@0:a 0@1:b 0@2:c"},
        {"all that was written",
         {.until = KAFKA_UNTIL_WRITTEN, .partition = -1},
         "0@0:a 0@1:b 0@2:c"},
        {"one partition", {.partition = 0}, "0@0:a 0@1:b 0@2:c"},
    };
    (void)state;
    cluster_has("ranges", 1);
    cluster_holds("ranges", 0, "a", T1);
    cluster_holds("ranges", 0, "b", T2);
    cluster_holds("ranges", 0, "c", T3);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        words[0] = '\0';
        if (reads("ranges", &rows[i].range, NULL) != 0 || strcmp(seen, rows[i].seen) != 0)
            fail_msg("%s: %s (%s)", rows[i].name, seen, words);
    }
}

static void test_partitions(void **state)
{
    const char *const topics[] = {"several", "other"};
    struct kafka_range range = {.partition = 1};
    (void)state;
    cluster_has("several", 3);
    cluster_has("other", 1);
    cluster_holds("several", 0, "a", 0);
    cluster_holds("several", 1, "b", 0);
    cluster_holds("several", 2, "c", 0);
    cluster_holds("other", 0, "d", 0);
    assert_int_equal(reads("several", &range, NULL), 0);
    assert_string_equal(seen, "1@0:b");
    range.partition = 3;
    assert_int_equal(reads("several", &range, NULL), -ENOENT);
    assert_non_null(strstr(words, "topic several: "));
    range.partition = -1;
    seen[0] = '\0';
    assert_int_equal(kafka_read(config, topics, 2, &range, see, NULL, words), 0);
    assert_true(strstr(seen, "0@0:a") && strstr(seen, "1@0:b") && strstr(seen, "2@0:c") &&
                strstr(seen, "0@0:d"));
    range.partition_of_key = "somebody's"; /* as Java's clients write it */
    const int32_t its = rd_kafka_msg_partitioner_murmur2(NULL, "somebody's", 10, 3, NULL, NULL);
    assert_int_equal(reads("several", &range, NULL), 0);
    assert_int_equal(seen[0], '0' + its);
    assert_null(strchr(seen, ' '));
}

/* Offsets of each partition, chosen before; and what would be read, as such. */
static void test_spans(void **state)
{
    static const struct {
        const char *name;
        struct kafka_span spans[2];
        size_t count;
        const char *seen;
    } rows[] = {
        {"the middle", {{0, 1, 2}}, 1, "0@1:b"},
        {"up to the end", {{0, 1, 3}}, 1, "0@1:b 0@2:c"},
        {"beyond the end", {{0, 2, 99}}, 1, "0@2:c"},
        {"nothing of it", {{0, 2, 2}}, 1, ""},
        {"of another partition", {{1, 0, 1}}, 1, "1@0:d"},
        {"of one that is not there", {{7, 0, 1}}, 1, ""},
    };
    struct kafka_span *spans = NULL;
    size_t count = 0;
    (void)state;
    cluster_has("spans", 2);
    cluster_holds("spans", 0, "a", T1);
    cluster_holds("spans", 0, "b", T2);
    cluster_holds("spans", 0, "c", T3);
    cluster_holds("spans", 1, "d", T1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct kafka_range range = {.from = KAFKA_FROM_OFFSET,
                                          .from_value = 2,
                                          .until = KAFKA_UNTIL_WRITTEN,
                                          .partition = -1,
                                          .spans = rows[i].spans,
                                          .span_count = rows[i].count};
        if (reads("spans", &range, NULL) != 0 || strcmp(seen, rows[i].seen) != 0)
            fail_msg("%s: %s (%s)", rows[i].name, seen, words);
    }
    const struct kafka_range from = {.from = KAFKA_FROM_OFFSET, .from_value = 1, .partition = -1};
    assert_int_equal(kafka_spans(config, "spans", &from, &spans, &count, words), 0);
    assert_int_equal(count, 2);
    assert_int_equal(spans[0].from, 1);
    assert_int_equal(spans[0].until, 3);
    assert_int_equal(spans[1].from, 1); /* behind its end: nothing of it */
    assert_int_equal(spans[1].until, 1);
    free(spans);
}

static void test_it_ends_as_it_is_told(void **state)
{
    static volatile sig_atomic_t stop = 1;
    static atomic_int give_up = 1;
    int until = 1;
    struct kafka_range range = {.partition = -1};
    (void)state;
    cluster_has("told", 1);
    for (int i = 0; i < 3; i++)
        cluster_holds("told", 0, "a", 0);
    assert_int_equal(reads("told", &range, &until), 99);
    assert_string_equal(seen, "0@0:a 0@1:a");
    range.stop = &stop;
    assert_int_equal(reads("told", &range, NULL), 0);
    assert_string_equal(seen, "");
    range.stop = NULL;
    range.until = KAFKA_UNTIL_STOPPED;
    range.give_up = &give_up;
    assert_int_equal(reads("told", &range, NULL), -ECANCELED);
}

/* A time ahead is waited for, and what comes until then is seen. */
static void test_until_a_time_ahead(void **state)
{
    struct kafka_range range = {
        .until = KAFKA_UNTIL_TIME, .until_ms = clock_wall_ms() + 700, .partition = -1};
    (void)state;
    cluster_has("ahead", 1);
    cluster_holds("ahead", 0, "a", 0);
    assert_int_equal(reads("ahead", &range, NULL), 0);
    assert_string_equal(seen, "0@0:a");
    assert_true(clock_wall_ms() >= range.until_ms);
}

static void test_nothing_is_there(void **state)
{
    const struct kafka_range range = {.partition = -1},
                             scan = {.until = KAFKA_UNTIL_WRITTEN, .partition = -1};
    (void)state;
    cluster_has("empty", 2);
    assert_int_equal(reads("empty", &range, NULL), 0);
    assert_int_equal(reads("empty", &scan, NULL), 0);
    assert_string_equal(seen, "");
}

/* ---- scans ---- */

static void count_one(void *user, const struct kafka_record *r)
{
    int *count = user;
    (*count)++;
    assert_int_equal(r->key_size, 2);
}

static void test_scans(void **state)
{
    const struct kafka_range all = {.partition = -1};
    int count = 0;
    (void)state;
    cluster_has("scanned", 1);
    cluster_holds("scanned", 0, "a", 0);
    cluster_holds("scanned", 0, "b", 0);
    assert_int_equal(kafka_scan(config, "scanned", NULL, count_one, &count, words), 0);
    assert_int_equal(count, 2);
    rd_kafka_mock_topic_set_error(cluster, "scanned", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    assert_int_equal(kafka_scan(config, "scanned", NULL, count_one, &count, words), -ENOENT);
    rd_kafka_mock_topic_set_error(cluster, "scanned", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    assert_int_equal(kafka_scan(config, "scanned", NULL, count_one, &count, words), -EACCES);
    assert_string_equal(words, "READ on topic scanned (kafka-acls --add --operation Read --topic "
                               "scanned)");
    assert_int_equal(reads("scanned", &all, NULL), -EACCES); /* by a person, who has credentials */
    assert_non_null(strstr(words, "see the credentials"));
    assert_int_equal(count, 2);
}

/* Nobody joins the group of scans; that its coordinator may not be asked for hinders nothing. */
static void test_a_scan_without_its_group(void **state)
{
    int count = 0;
    (void)state;
    cluster_has("scanned2", 1);
    cluster_holds("scanned2", 0, "a", 0);
    cluster_answers(API_FIND_COORDINATOR, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, 1000);
    cluster_answers(API_FETCH, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, 20); /* it hears of that */
    assert_int_equal(kafka_scan(config, "scanned2", NULL, count_one, &count, words), 0);
    assert_int_equal(count, 1);
    rd_kafka_mock_clear_request_errors(cluster, API_FIND_COORDINATOR);
    rd_kafka_mock_clear_request_errors(cluster, API_FETCH);
}

/* ---- a record ---- */

static int see_record(void *user, const struct kafka_record *r)
{
    int *count = user;
    char text[20];
    (*count)++;
    assert_string_equal(r->topic, "whole");
    assert_int_equal(r->timestamp_ms, T2);
    assert_int_equal(r->header_count, 3);
    assert_string_equal(r->headers[0].name, "a");
    assert_memory_equal(r->headers[0].value, "one", 3);
    assert_string_equal(kafka_header_text(r, "a", text, sizeof text), "two"); /* the last */
    assert_string_equal(kafka_header_text(r, "a", text, 3), "tw");
    assert_null(kafka_header_text(r, "b", text, sizeof text)); /* absent */
    assert_null(kafka_header_text(r, "c", text, sizeof text));
    if (*count == 1) {
        assert_null(r->value);
        assert_int_equal(r->key_size, 1);
    } else {
        assert_null(r->key);
        assert_int_equal(r->value_size, 0);
        assert_non_null(r->value);
    }
    return 0;
}

static void test_a_record(void **state)
{
    struct kafka_header headers[] = {{"a", "one", 3}, {"a", "two", 3}, {"b", NULL, 0}};
    struct kafka_record record = {.topic = "whole",
                                  .partition = -1,
                                  .timestamp_ms = T2,
                                  .key = "k",
                                  .key_size = 1,
                                  .headers = headers,
                                  .header_count = 3};
    const struct kafka_range range = {.partition = -1};
    struct kafka_writer *writer;
    const char *topic = "whole";
    int count = 0;
    (void)state;
    cluster_has("whole", 1);
    assert_int_equal(kafka_writer_new(config, 0, &writer, words), 0);
    assert_int_equal(kafka_writer_begin(writer, words), 0);
    assert_int_equal(kafka_writer_add(writer, &record, words), 0);
    record.key = NULL;
    record.value = "";
    record.key_size = 0;
    assert_int_equal(kafka_writer_add(writer, &record, words), 0);
    assert_int_equal(kafka_writer_commit(writer, words), 0);
    kafka_writer_free(writer);
    assert_int_equal(kafka_read(config, &topic, 1, &range, see_record, &count, words), 0);
    assert_int_equal(count, 2);
}

static int count_record(void *user, const struct kafka_record *record)
{
    (void)record;
    *(int *)user += 1;
    return 0;
}

/* Whoever was asked did not lead the partition: asked again. Anything else is told at once. */
static void test_a_leader_that_moved(void **state)
{
    const struct kafka_range range = {.partition = -1};
    const char *topic = "moved";
    int count = 0;
    (void)state;
    cluster_has("moved", 1);
    cluster_holds("moved", 0, "a", 0);
    cluster_answers(API_LIST_OFFSETS, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 3);
    assert_int_equal(kafka_read(config, &topic, 1, &range, count_record, &count, words), 0);
    assert_int_equal(count, 1);
    cluster_answers(API_LIST_OFFSETS, RD_KAFKA_RESP_ERR_INVALID_REQUEST, 1);
    assert_int_equal(kafka_read(config, &topic, 1, &range, count_record, &count, words), -EIO);
    assert_memory_equal(words, "offsets cannot be read: Broker: Invalid request;", 48);
}

/* ---- ends, topics, offsets: admin.c ---- */

static void test_ends(void **state)
{
    const char *const topics[] = {"ends1", "ends2"};
    struct kafka_place *places = NULL;
    size_t count = 0;
    (void)state;
    cluster_has("ends1", 2);
    cluster_has("ends2", 1);
    cluster_holds("ends1", 1, "a", 0);
    cluster_holds("ends2", 0, "b", 0);
    cluster_holds("ends2", 0, "c", 0);
    for (enum kafka_end which = KAFKA_END_HIGH; which <= KAFKA_END_STABLE; which++) {
        assert_int_equal(kafka_ends(config, topics, 2, which, &places, &count, words), 0);
        assert_int_equal(count, 3);
        assert_string_equal(places[1].topic, "ends1");
        assert_int_equal(places[0].offset, 0);
        assert_int_equal(places[1].partition, 1);
        assert_int_equal(places[1].offset, 1);
        assert_string_equal(places[2].topic, "ends2");
        assert_int_equal(places[2].offset, 2);
        free(places);
    }
    cluster_answers(API_LIST_OFFSETS, RD_KAFKA_RESP_ERR_INVALID_REQUEST, 1);
    assert_int_equal(kafka_ends(config, topics, 2, KAFKA_END_HIGH, &places, &count, words), -EIO);
    assert_string_equal(words, "cannot read the end of ends1/0: Broker: Invalid request");
    cluster_answers(API_LIST_OFFSETS, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1);
    assert_int_equal(kafka_ends(config, topics, 2, KAFKA_END_HIGH, &places, &count, words),
                     -EACCES);
    assert_string_equal(words, "DESCRIBE on topic ends1 (kafka-acls --add --operation Describe "
                               "--topic ends1)");
    rd_kafka_mock_topic_set_error(cluster, "ends2", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    assert_int_equal(kafka_ends(config, topics, 2, KAFKA_END_HIGH, &places, &count, words),
                     -ENOENT);
    assert_string_equal(words,
                        "there is no topic ends2; make the topics with: primaflow topics create");
    rd_kafka_mock_topic_set_error(cluster, "ends2", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    assert_int_equal(kafka_ends(config, topics, 2, KAFKA_END_HIGH, &places, &count, words),
                     -EACCES);
    assert_memory_equal(words, "DESCRIBE on topic ends2 ", 24);
    rd_kafka_mock_topic_set_error(cluster, "ends2", RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION);
    assert_int_equal(kafka_ends(config, topics, 2, KAFKA_END_HIGH, &places, &count, words), -EIO);
    assert_string_equal(words, "topic ends2: Broker: Invalid topic");
}

static void test_more_partitions_than_are_supported(void **state)
{
    const char *const topics[] = {"wide", "narrow"};
    struct kafka_place *places;
    size_t count;
    (void)state;
    cluster_has("narrow", 1);
    cluster_has("wide", KAFKA_ENDS_MAX + 1);
    assert_int_equal(kafka_ends(config, topics, 1, KAFKA_END_HIGH, &places, &count, words), -E2BIG);
    assert_non_null(strstr(words, "with wide these are more than 12000 partitions"));
}

static void test_which_topics_there_are(void **state)
{
    const char *const there[] = {"like.a", "like.b"}, *const not_there[] = {"like.a", "unlike"};
    char names[3][160];
    size_t count = 0;
    (void)state;
    cluster_has("like.a", 1);
    cluster_has("like.b", 1);
    cluster_has("liked", 1);
    assert_int_equal(kafka_topics_exist(config, there, 2, words), 0);
    /* or the mock makes it when it is asked for by its name */
    rd_kafka_mock_topic_set_error(cluster, "unlike", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    assert_int_equal(kafka_topics_exist(config, not_there, 2, words), -ENOENT);
    assert_string_equal(words,
                        "there is no topic unlike; make the topics with: primaflow topics create");
    assert_int_equal(kafka_topics_like(config, "like.", names, 3, &count, words), 0);
    assert_int_equal(count, 2);
    assert_true(strncmp(names[0], "like.", 5) == 0 && strncmp(names[1], "like.", 5) == 0);
    assert_int_equal(kafka_topics_like(config, "like.", names, 2, &count, words), 0);
    assert_int_equal(kafka_topics_like(config, "like.", names, 1, &count, words), -E2BIG);
    assert_int_equal(count, 1);
    assert_int_equal(kafka_topics_like(config, "none.", names, 3, &count, words), 0);
    assert_int_equal(count, 0);
}

static void test_offsets_of_a_group(void **state)
{
    struct kafka_place places[] = {{"grouped", 0, 5}};
    (void)state;
    cluster_has("grouped", 1);
    assert_int_equal(kafka_group_committed(config, "nobody's", places, 1, words), 0);
    assert_int_equal(places[0].offset, -1);
    cluster_answers(API_OFFSET_FETCH, RD_KAFKA_RESP_ERR_INVALID_REQUEST, 1);
    assert_int_equal(kafka_group_committed(config, "nobody's", places, 1, words), -EIO);
    assert_string_equal(words, "cannot read committed offsets: Broker: Invalid request");
    cluster_answers(API_OFFSET_FETCH, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, 1);
    assert_int_equal(kafka_group_committed(config, "nobody's", places, 1, words), -EACCES);
    assert_string_equal(words, "READ on group nobody's (kafka-acls --add --operation Read --group "
                               "nobody's)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_partitions),
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_it_ends_as_it_is_told),
        cmocka_unit_test(test_until_a_time_ahead),
        cmocka_unit_test(test_nothing_is_there),
        cmocka_unit_test(test_scans),
        cmocka_unit_test(test_a_scan_without_its_group),
        cmocka_unit_test(test_a_record),
        cmocka_unit_test(test_a_leader_that_moved),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_more_partitions_than_are_supported),
        cmocka_unit_test(test_which_topics_there_are),
        cmocka_unit_test(test_offsets_of_a_group),
    };
    return cmocka_run_group_tests_name("kafka: reading", tests, cluster_set_up, cluster_tear_down);
}
