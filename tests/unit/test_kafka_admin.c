/* Topics, created and described: what is asked of librdkafka, and what becomes of its answers, which
 * are given here; what the cluster has, against the mock (test_kafka_cluster.h). */
#include "test_kafka_cluster.h"

#include <errno.h>

#include "kafka/admin.h"

/* ---- what is answered ---- */

struct entry {
    const char *name, *value;
};
struct resource {
    const char *name;
    rd_kafka_resp_err_t err;
    struct entry entries[2];
    const struct entry *list[2];
    size_t count;
};

static struct resource resources[3];
static const struct resource *answered[3];
static size_t answered_count;
static bool answers_nothing;
static rd_kafka_resp_err_t event_err;
static int events_out;
static char asked[300];
static struct kafka_admin *admin;

#define EVENT ((rd_kafka_event_t *)(uintptr_t)8)

void __wrap_rd_kafka_DescribeConfigs(rd_kafka_t *rk, rd_kafka_ConfigResource_t **list, size_t count,
                                     const rd_kafka_AdminOptions_t *options,
                                     rd_kafka_queue_t *queue);
void __wrap_rd_kafka_CreateTopics(rd_kafka_t *rk, rd_kafka_NewTopic_t **list, size_t count,
                                  const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *queue);
rd_kafka_event_t *__wrap_rd_kafka_queue_poll(rd_kafka_queue_t *queue, int timeout_ms);
rd_kafka_resp_err_t __wrap_rd_kafka_event_error(rd_kafka_event_t *event);
const char *__wrap_rd_kafka_event_error_string(rd_kafka_event_t *event);
void __wrap_rd_kafka_event_destroy(rd_kafka_event_t *event);
const rd_kafka_DescribeConfigs_result_t *__wrap_rd_kafka_event_DescribeConfigs_result(
    rd_kafka_event_t *event);
const rd_kafka_CreateTopics_result_t *__wrap_rd_kafka_event_CreateTopics_result(
    rd_kafka_event_t *event);
const rd_kafka_ConfigResource_t **__wrap_rd_kafka_DescribeConfigs_result_resources(
    const rd_kafka_DescribeConfigs_result_t *r, size_t *ret_count);
const rd_kafka_topic_result_t **__wrap_rd_kafka_CreateTopics_result_topics(
    const rd_kafka_CreateTopics_result_t *r, size_t *ret_count);
rd_kafka_resp_err_t __wrap_rd_kafka_topic_result_error(const rd_kafka_topic_result_t *r);
const char *__wrap_rd_kafka_topic_result_error_string(const rd_kafka_topic_result_t *r);
const char *__wrap_rd_kafka_topic_result_name(const rd_kafka_topic_result_t *r);
rd_kafka_resp_err_t __wrap_rd_kafka_ConfigResource_error(const rd_kafka_ConfigResource_t *r);
const char *__wrap_rd_kafka_ConfigResource_error_string(const rd_kafka_ConfigResource_t *r);
const rd_kafka_ConfigEntry_t **__wrap_rd_kafka_ConfigResource_configs(
    const rd_kafka_ConfigResource_t *r, size_t *ret_count);
const char *__wrap_rd_kafka_ConfigResource_name(const rd_kafka_ConfigResource_t *r);
const char *__wrap_rd_kafka_ConfigEntry_name(const rd_kafka_ConfigEntry_t *e);
const char *__wrap_rd_kafka_ConfigEntry_value(const rd_kafka_ConfigEntry_t *e);

void __wrap_rd_kafka_DescribeConfigs(rd_kafka_t *rk, rd_kafka_ConfigResource_t **list, size_t count,
                                     const rd_kafka_AdminOptions_t *options,
                                     rd_kafka_queue_t *queue)
{
    (void)rk, (void)list, (void)options, (void)queue;
    (void)snprintf(asked, sizeof asked, "describe %zu", count);
}

void __wrap_rd_kafka_CreateTopics(rd_kafka_t *rk, rd_kafka_NewTopic_t **list, size_t count,
                                  const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *queue)
{
    (void)rk, (void)list, (void)options, (void)queue;
    (void)snprintf(asked, sizeof asked, "create %zu", count);
}

rd_kafka_event_t *__wrap_rd_kafka_queue_poll(rd_kafka_queue_t *queue, int timeout_ms)
{
    (void)queue;
    assert_true(timeout_ms >= 10000);
    events_out += !answers_nothing;
    return answers_nothing ? NULL : EVENT;
}

rd_kafka_resp_err_t __wrap_rd_kafka_event_error(rd_kafka_event_t *event)
{
    (void)event;
    return event_err;
}

const char *__wrap_rd_kafka_event_error_string(rd_kafka_event_t *event)
{
    (void)event;
    return "its words";
}

void __wrap_rd_kafka_event_destroy(rd_kafka_event_t *event)
{
    (void)event;
    events_out--;
}

const rd_kafka_DescribeConfigs_result_t *__wrap_rd_kafka_event_DescribeConfigs_result(
    rd_kafka_event_t *event)
{
    return (const rd_kafka_DescribeConfigs_result_t *)event;
}

const rd_kafka_CreateTopics_result_t *__wrap_rd_kafka_event_CreateTopics_result(
    rd_kafka_event_t *event)
{
    return (const rd_kafka_CreateTopics_result_t *)event;
}

const rd_kafka_ConfigResource_t **__wrap_rd_kafka_DescribeConfigs_result_resources(
    const rd_kafka_DescribeConfigs_result_t *r, size_t *ret_count)
{
    (void)r;
    *ret_count = answered_count;
    return (const rd_kafka_ConfigResource_t **)answered;
}

const rd_kafka_topic_result_t **__wrap_rd_kafka_CreateTopics_result_topics(
    const rd_kafka_CreateTopics_result_t *r, size_t *ret_count)
{
    (void)r;
    *ret_count = answered_count;
    return (const rd_kafka_topic_result_t **)answered;
}

rd_kafka_resp_err_t __wrap_rd_kafka_topic_result_error(const rd_kafka_topic_result_t *r)
{
    return ((const struct resource *)r)->err;
}

const char *__wrap_rd_kafka_topic_result_error_string(const rd_kafka_topic_result_t *r)
{
    (void)r;
    return "its own words";
}

const char *__wrap_rd_kafka_topic_result_name(const rd_kafka_topic_result_t *r)
{
    return ((const struct resource *)r)->name;
}

rd_kafka_resp_err_t __wrap_rd_kafka_ConfigResource_error(const rd_kafka_ConfigResource_t *r)
{
    return ((const struct resource *)r)->err;
}

const char *__wrap_rd_kafka_ConfigResource_error_string(const rd_kafka_ConfigResource_t *r)
{
    (void)r;
    return "its own words";
}

const rd_kafka_ConfigEntry_t **__wrap_rd_kafka_ConfigResource_configs(
    const rd_kafka_ConfigResource_t *r, size_t *ret_count)
{
    struct resource *its = (struct resource *)(uintptr_t)r;
    *ret_count = its->count;
    for (size_t i = 0; i < its->count; i++)
        its->list[i] = &its->entries[i];
    return (const rd_kafka_ConfigEntry_t **)its->list;
}

const char *__wrap_rd_kafka_ConfigResource_name(const rd_kafka_ConfigResource_t *r)
{
    return ((const struct resource *)r)->name;
}

const char *__wrap_rd_kafka_ConfigEntry_name(const rd_kafka_ConfigEntry_t *e)
{
    return ((const struct entry *)e)->name;
}

const char *__wrap_rd_kafka_ConfigEntry_value(const rd_kafka_ConfigEntry_t *e)
{
    return ((const struct entry *)e)->value;
}

static const char *const names[] = {"a", "b"};

/* Both topics are answered, in the other order; retention.ms is 100 of a, 200 of b. */
static void begin(void)
{
    resources[0] =
        (struct resource){.name = "b",
                          .entries = {{"cleanup.policy", "delete"}, {"retention.ms", "200"}},
                          .count = 2};
    resources[1] = (struct resource){
        .name = "a", .entries = {{"retention.ms", "100"}, {"none", NULL}}, .count = 2};
    resources[2] = (struct resource){.name = "c"};
    for (size_t i = 0; i < 3; i++)
        answered[i] = &resources[i];
    answered_count = 2;
    answers_nothing = false;
    event_err = RD_KAFKA_RESP_ERR_NO_ERROR;
    words[0] = '\0';
}

/* ---- one setting of topics ---- */

static void test_a_setting(void **state)
{
    static const struct {
        const char *name, *setting;
        bool answers_nothing;
        size_t answered;
        rd_kafka_resp_err_t first, second;
        int result;
        int64_t a, b;
        const char *says;
    } rows[] = {
        {"of both", "retention.ms", .answered = 2, .a = 100, .b = 200, .says = ""},
        {"no answer", "retention.ms", .answers_nothing = true, .answered = 2, .result = -EIO,
         .a = 7, .b = 7, .says = "Kafka does not tell the retention.ms of a and others: no answer"},
        {"of one alone", "retention.ms", .answered = 1, .result = -EIO, .a = 7, .b = 7,
         .says = "Kafka does not tell the retention.ms of a and others: its words"},
        {"no such setting of one", "cleanup.policy", .answered = 2, .result = -EIO, .a = 7, .b = 7,
         .says = "Kafka does not tell the cleanup.policy of a and others: its words"},
        {"without a value", "none", .answered = 2, .result = -EIO, .a = 7, .b = 7,
         .says = "Kafka does not tell the none of a and others: its words"},
        {"of one it may not be asked", "retention.ms", .answered = 2,
         .second = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, .result = -EACCES, .a = 7,
         .b = 200,
         .says =
             "DESCRIBE_CONFIGS on topic a (kafka-acls --add --operation DescribeConfigs --topic "
             "a)"},
        {"of the other it may not be asked", "retention.ms", .answered = 2,
         .first = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, .result = -EACCES, .a = 100, .b = 7,
         .says =
             "DESCRIBE_CONFIGS on topic b (kafka-acls --add --operation DescribeConfigs --topic "
             "b)"},
        {"... and the other fails", "retention.ms", .answered = 2,
         .first = RD_KAFKA_RESP_ERR_UNKNOWN, .second = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
         .result = -EIO, .a = 7, .b = 7,
         .says = "Kafka does not tell the retention.ms of a and others: its words"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t values[] = {7, 7};
        begin();
        answers_nothing = rows[i].answers_nothing;
        answered_count = rows[i].answered;
        resources[0].err = rows[i].first;
        resources[1].err = rows[i].second;
        const int result = kafka_topic_setting(config, rows[i].setting, names, 2, values, words);
        if (result != rows[i].result || values[0] != rows[i].a || values[1] != rows[i].b ||
            strcmp(words, rows[i].says) != 0)
            fail_msg("%s: %d, %lld, %lld, %s", rows[i].name, result, (long long)values[0],
                     (long long)values[1], words);
        assert_string_equal(asked, "describe 2");
        assert_int_equal(events_out, 0);
    }
    int64_t value;
    begin();
    answers_nothing = true;
    assert_int_equal(kafka_topic_setting(config, "retention.ms", names, 1, &value, words), -EIO);
    assert_string_equal(words, "Kafka does not tell the retention.ms of a: no answer");
}

/* ---- all settings ---- */

static char seen[300];
static void see(void *user, size_t topic, const char *name, const char *value)
{
    const size_t used = strlen(seen);
    assert_ptr_equal(user, seen);
    (void)snprintf(seen + used, sizeof seen - used, "%zu:%s=%s ", topic, name, value);
}

static void test_all_settings(void **state)
{
    (void)state;
    begin();
    seen[0] = '\0';
    assert_int_equal(kafka_topics_settings(admin, names, 2, see, seen, words), 0);
    assert_string_equal(seen, "0:cleanup.policy=delete 0:retention.ms=200 1:retention.ms=100 ");
    assert_string_equal(asked, "describe 2");
    seen[0] = asked[0] = '\0';
    assert_int_equal(kafka_topics_settings(admin, names, 0, see, seen, words), 0);
    assert_string_equal(asked, ""); /* nothing is asked for nothing */
    answered_count = 3;             /* more than were asked for */
    assert_int_equal(kafka_topics_settings(admin, names, 1, see, seen, words), 0);
    assert_string_equal(seen, "0:cleanup.policy=delete 0:retention.ms=200 ");
    seen[0] = '\0';
    begin();
    resources[0].err = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    assert_int_equal(kafka_topics_settings(admin, names, 2, see, seen, words), -EACCES);
    assert_memory_equal(words, "a: its own words; see the credentials", 37);
    assert_string_equal(seen, "");
    begin();
    event_err = RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
    assert_int_equal(kafka_topics_settings(admin, names, 2, see, seen, words), -EACCES);
    assert_memory_equal(words, "topics' settings cannot be read: its words", 42);
    answers_nothing = true;
    assert_int_equal(kafka_topics_settings(admin, names, 2, see, seen, words), -EIO);
    assert_memory_equal(words, "topics' settings cannot be read: Local: Timed out", 49);
    assert_int_equal(events_out, 0);
}

/* ---- creating ---- */

static const struct kafka_setting settings[] = {{"retention.ms", "100"}};
static const struct kafka_topic topics[] = {{"b", 2, 1, settings, 1}, {"a", 1, 1, NULL, 0}};

static void test_created(void **state)
{
    static const struct {
        const char *name;
        rd_kafka_resp_err_t first, second;
        int result;
        bool b, a;
        const char *says;
    } rows[] = {
        {"both", 0, 0, 0, true, true, ""},
        {"one was there", RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS, 0, 0, false, true, ""},
        {"one is refused", 0, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, -EACCES, true, false,
         "topic a cannot be created: its own words"},
        {"both are: the first is told", RD_KAFKA_RESP_ERR_POLICY_VIOLATION,
         RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, -EIO, false, false,
         "topic b cannot be created: its own words"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool created[] = {false, false};
        begin();
        resources[0].err = rows[i].first;
        resources[1].err = rows[i].second;
        const int result = kafka_topics_create(admin, topics, 2, created, words);
        if (result != rows[i].result || created[0] != rows[i].b || created[1] != rows[i].a ||
            strncmp(words, rows[i].says, strlen(rows[i].says)) != 0)
            fail_msg("%s: %d, %s", rows[i].name, result, words);
        assert_string_equal(asked, "create 2");
        assert_int_equal(events_out, 0);
    }
}

static void test_not_created(void **state)
{
    const struct kafka_topic odd[] = {topics[0], {"a", -7, 1, NULL, 0}};
    bool created[2];
    (void)state;
    begin();
    asked[0] = '\0';
    assert_int_equal(kafka_topics_create(admin, odd, 2, created, words), -EINVAL);
    assert_memory_equal(words, "topic a: ", 9);
    assert_string_equal(asked, "");
    event_err = RD_KAFKA_RESP_ERR__TIMED_OUT;
    assert_int_equal(kafka_topics_create(admin, topics, 2, created, words), -EIO);
    assert_memory_equal(words, "topics cannot be created: its words", 35);
    assert_int_equal(events_out, 0);
}

/* ---- what the cluster has ---- */

static void test_counts(void **state)
{
    static const char *const some[] = {"three", "none", "one", "denied"};
    int brokers = 0, partitions[4], replicas[4];
    (void)state;
    cluster_has("three", 3);
    cluster_has("one", 1);
    cluster_has("denied", 1);
    rd_kafka_mock_topic_set_error(cluster, "denied", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    assert_int_equal(kafka_broker_count(admin, &brokers, words), 0);
    assert_int_equal(brokers, 1);
    assert_int_equal(kafka_topics_count(admin, some, 4, partitions, replicas, words), 0);
    assert_true(partitions[0] == 3 && partitions[1] == 0 && partitions[2] == 1);
    assert_true(replicas[0] == 1 && replicas[1] == 0 && replicas[2] == 1);
    assert_true(partitions[3] == 0 && replicas[3] == 0);
}

static void test_ready(void **state)
{
    static const char *const some[] = {"three", "one"};
    const int partitions[] = {3, 1}, more[] = {3, 2};
    bool is_ready = false;
    (void)state;
    assert_int_equal(kafka_topics_ready(admin, some, partitions, 2, &is_ready, words), 0);
    assert_true(is_ready);
    assert_int_equal(kafka_topics_ready(admin, some, more, 2, &is_ready, words), 0);
    assert_false(is_ready);
}

static int begin_all(void **state)
{
    return cluster_set_up(state) != 0 || kafka_admin_new(config, &admin, words) != 0;
}

static int end_all(void **state)
{
    kafka_admin_free(admin);
    kafka_admin_free(NULL);
    return cluster_tear_down(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_setting), cmocka_unit_test(test_all_settings),
        cmocka_unit_test(test_created),   cmocka_unit_test(test_not_created),
        cmocka_unit_test(test_counts),    cmocka_unit_test(test_ready),
    };
    return cmocka_run_group_tests_name("kafka: topics, created and described", tests, begin_all,
                                       end_all);
}
