/* What the coordinator says of a group's members, and what topics' settings are: librdkafka's answers
 * are given here (its mock cluster knows neither), and read as the adapter reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "kafka/admin.h"
#include "kafka/internal.h"

/* ---- what librdkafka answers ---- */

static struct rd_kafka_group_member_info members[3];
static struct rd_kafka_group_info group;
static struct rd_kafka_group_list groups;
static struct rd_kafka_metadata_topic topics[3];
static struct rd_kafka_metadata metadata;
static struct rd_kafka_metadata_topic named; /* what is said of one that is asked for by name */
static struct rd_kafka_metadata of_named;
static rd_kafka_resp_err_t groups_err, metadata_err, named_err;
static int named_asks;
static int lists_out, metadata_out; /* given and not destroyed */
static const char *own_id;

rd_kafka_resp_err_t __wrap_rd_kafka_list_groups(rd_kafka_t *rk, const char *name,
                                                const struct rd_kafka_group_list **ret_list,
                                                int timeout_ms);
void __wrap_rd_kafka_group_list_destroy(const struct rd_kafka_group_list *list);
rd_kafka_resp_err_t __wrap_rd_kafka_metadata(rd_kafka_t *rk, int all, rd_kafka_topic_t *only,
                                             const struct rd_kafka_metadata **ret, int timeout_ms);
void __wrap_rd_kafka_metadata_destroy(const struct rd_kafka_metadata *m);
char *__wrap_rd_kafka_memberid(const rd_kafka_t *rk);
void __wrap_rd_kafka_mem_free(rd_kafka_t *rk, void *memory);

rd_kafka_resp_err_t __wrap_rd_kafka_list_groups(rd_kafka_t *rk, const char *name,
                                                const struct rd_kafka_group_list **ret_list,
                                                int timeout_ms)
{
    (void)rk, (void)timeout_ms;
    assert_string_equal(name, "g");
    if (groups_err == RD_KAFKA_RESP_ERR__PARTIAL || groups_err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        *ret_list = &groups;
        lists_out++;
    }
    return groups_err;
}

void __wrap_rd_kafka_group_list_destroy(const struct rd_kafka_group_list *list)
{
    assert_ptr_equal(list, &groups);
    lists_out--;
}

rd_kafka_resp_err_t __wrap_rd_kafka_metadata(rd_kafka_t *rk, int all, rd_kafka_topic_t *only,
                                             const struct rd_kafka_metadata **ret, int timeout_ms)
{
    (void)rk, (void)timeout_ms;
    assert_int_equal(all, only == NULL);
    const rd_kafka_resp_err_t err = only == NULL ? metadata_err : named_err;
    if (only != NULL) {
        assert_string_equal(rd_kafka_topic_name(only), "retry");
        named_asks++;
    }
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        *ret = only == NULL ? &metadata : &of_named;
        metadata_out++;
    }
    return err;
}

void __wrap_rd_kafka_metadata_destroy(const struct rd_kafka_metadata *m)
{
    assert_true(m == &metadata || m == &of_named);
    metadata_out--;
}

char *__wrap_rd_kafka_memberid(const rd_kafka_t *rk)
{
    (void)rk;
    return own_id != NULL ? strdup(own_id) : NULL;
}

void __wrap_rd_kafka_mem_free(rd_kafka_t *rk, void *memory)
{
    (void)rk;
    free(memory);
}

/* ---- a group ---- */

#define UUID "-01234567-89ab-cdef-0123-456789abcdef"
static char reads_in[] = {0, 0, 0, 0, 0, 1, 0, 2, 'i', 'n'},
            reads_other[] = {0, 0, 0, 0, 0, 1, 0, 2, 'i', 'x'};
static const char *const ours[] = {"in", "retry"};
#define NO_RIGHT_TO_READ "READ on group g (kafka-acls --add --operation Read --group g)"

static void begin(void)
{
    static char two[] = {0, 0, 0, 0, 0, 1, 0, 2, 'i', 'n', 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1},
                one[] = {0, 0, 0, 0, 0, 1, 0, 2, 'i', 'n', 0, 0, 0, 1, 0, 0, 0, 2};
    members[0] = (struct rd_kafka_group_member_info){.member_id = (char *)(uintptr_t) "me" UUID,
                                                     .member_assignment = two,
                                                     .member_assignment_size = sizeof two,
                                                     .member_metadata = reads_in,
                                                     .member_metadata_size = sizeof reads_in};
    members[1] = (struct rd_kafka_group_member_info){.member_id = (char *)(uintptr_t) "other" UUID,
                                                     .member_assignment = one,
                                                     .member_assignment_size = sizeof one,
                                                     .member_metadata = reads_other,
                                                     .member_metadata_size = sizeof reads_other};
    group = (struct rd_kafka_group_info){
        .state = (char *)(uintptr_t) "Stable", .members = members, .member_cnt = 2};
    groups = (struct rd_kafka_group_list){.groups = &group, .group_cnt = 1};
    topics[0] =
        (struct rd_kafka_metadata_topic){.topic = (char *)(uintptr_t) "in", .partition_cnt = 4};
    topics[1] =
        (struct rd_kafka_metadata_topic){.topic = (char *)(uintptr_t) "x", .partition_cnt = 9};
    topics[2] =
        (struct rd_kafka_metadata_topic){.topic = (char *)(uintptr_t) "retry", .partition_cnt = 1};
    metadata = (struct rd_kafka_metadata){.topics = topics, .topic_cnt = 3};
    named = (struct rd_kafka_metadata_topic){.topic = (char *)(uintptr_t) "retry",
                                             .err = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART};
    of_named = (struct rd_kafka_metadata){.topics = &named, .topic_cnt = 1};
    groups_err = metadata_err = named_err = RD_KAFKA_RESP_ERR_NO_ERROR;
    named_asks = 0;
    own_id = "me" UUID;
}

static struct config *config;
static struct kafka_consumer consumer;
static struct kafka_group_look look;
static char words[KAFKA_TEXT_MAX];

static int looks(void)
{
    look = (struct kafka_group_look){.ours = 77};
    const int result = kafka_group_look(&consumer, "g", ours, 2, &look, words);
    assert_int_equal(lists_out, 0);
    assert_int_equal(metadata_out, 0);
    return result;
}

static void test_members(void **state)
{
    (void)state;
    begin();
    assert_int_equal(looks(), 0);
    assert_true(look.is_settled && look.has_us);
    assert_int_equal(look.ours, 2);
    assert_int_equal(look.given, 3);
    assert_int_equal(look.in_all, 5);
    assert_null(look.why);
    assert_false(look.is_denied);
    assert_int_equal(named_asks, 0); /* all topics tell it in one answer */
    static const char *const nobodys[] = {"gone" UUID, "", NULL};
    for (size_t i = 0; i < 3; i++) {
        begin();
        own_id = nobodys[i];
        members[1].member_id = (char *)(uintptr_t) "";
        assert_int_equal(looks(), 0);
        assert_false(look.has_us);
        assert_int_equal(look.ours, 0);
        assert_int_equal(look.given, 3);
    }
    begin();
    groups.group_cnt = 0; /* nobody ever joined */
    assert_int_equal(looks(), 0);
    assert_true(look.is_settled);
    assert_false(look.has_us);
    assert_int_equal(look.given, 0);
}

static void test_states(void **state)
{
    static const struct {
        const char *name;
        bool is_settled;
    } rows[] = {{"Stable", true},
                {"Empty", true},
                {"Dead", true},
                {"PreparingRebalance", false},
                {"CompletingRebalance", false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin();
        group.state = (char *)(uintptr_t)rows[i].name;
        assert_int_equal(looks(), 0);
        assert_int_equal(look.is_settled, rows[i].is_settled);
    }
}

static void test_topics_that_cannot_be_seen(void **state)
{
    (void)state;
    begin();
    topics[0].err = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    topics[2].topic = (char *)(uintptr_t) "y";
    assert_int_equal(looks(), 0);
    assert_string_equal(look.without, "in"); /* the first */
    assert_string_equal(look.why, rd_kafka_err2str(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED));
    assert_true(look.is_denied);
    topics[0].err = RD_KAFKA_RESP_ERR_NO_ERROR;
    assert_int_equal(looks(), 0);
    assert_string_equal(look.without, "retry");
    assert_string_equal(look.why, rd_kafka_err2str(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART));
    assert_false(look.is_denied);
    assert_int_equal(look.in_all, 4);
    topics[0].err = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
    named.err = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    assert_int_equal(looks(), 0);
    assert_string_equal(look.without, "in");
    assert_false(look.is_denied); /* the one that is named is not */
}

/* One that Kafka does not name among all topics is asked for by its name: Kafka hides those that we
 * may not see. */
static void test_topics_that_are_hidden(void **state)
{
    static const struct {
        const char *name;
        rd_kafka_resp_err_t answer, of_it; /* to the question, and in it */
        int topics, partitions;
        const char *without;
        rd_kafka_resp_err_t why;
        bool is_denied;
        size_t in_all;
    } rows[] = {
        {"denied", 0, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1, 0, "retry",
         RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, true, 4},
        {"not there", 0, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, 1, 0, "retry",
         RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, false, 4},
        {"made meanwhile", 0, 0, 1, 3, "", 0, false, 7},
        {"nothing is said of it", 0, 0, 0, 0, "retry", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
         false, 4},
        {"no answer", RD_KAFKA_RESP_ERR__TIMED_OUT, 0, 0, 0, "retry", RD_KAFKA_RESP_ERR__TIMED_OUT,
         false, 4},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin();
        metadata.topic_cnt = 2;
        named_err = rows[i].answer;
        named.err = rows[i].of_it;
        named.partition_cnt = rows[i].partitions;
        of_named.topic_cnt = rows[i].topics;
        assert_int_equal(looks(), 0);
        const char *why = rows[i].why != 0 ? rd_kafka_err2str(rows[i].why) : "";
        if (strcmp(look.without, rows[i].without) != 0 ||
            strcmp(look.why != NULL ? look.why : "", why) != 0 ||
            look.is_denied != rows[i].is_denied || look.in_all != rows[i].in_all)
            fail_msg("%s: %s, %s, %zu", rows[i].name, look.without, look.why, look.in_all);
        assert_int_equal(named_asks, 1);
    }
}

static void test_kafka_does_not_say(void **state)
{
    (void)state;
    begin();
    groups_err = RD_KAFKA_RESP_ERR__TIMED_OUT;
    assert_int_equal(looks(), -EIO);
    assert_string_equal(words, "cannot read the members of group g: Local: Timed out");
    assert_int_equal(look.ours, 77); /* untouched */
    groups_err = RD_KAFKA_RESP_ERR__PARTIAL;
    assert_int_equal(looks(), -EIO);
    begin();
    group.err = RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS;
    assert_int_equal(looks(), -EIO);
    assert_string_equal(words, "cannot read the members of group g: Broker: Coordinator load in "
                               "progress");
    begin();
    group.err = RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
    assert_int_equal(looks(), -EACCES);
    assert_string_equal(words, NO_RIGHT_TO_READ);
    assert_int_equal(look.ours, 77);
    begin();
    groups_err = RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
    assert_int_equal(looks(), -EACCES);
    assert_string_equal(words, NO_RIGHT_TO_READ);
    begin();
    metadata_err = RD_KAFKA_RESP_ERR__TRANSPORT;
    assert_int_equal(looks(), -EIO);
    assert_memory_equal(words, "cannot list Kafka's topics: ", 28);
}

/* A hidden topic is not called a missing one. */
static void test_topics_exist(void **state)
{
    (void)state;
    begin();
    assert_int_equal(kafka_topics_exist(config, ours, 2, words), 0);
    assert_int_equal(named_asks, 0);
    metadata.topic_cnt = 2;
    assert_int_equal(kafka_topics_exist(config, ours, 2, words), -ENOENT);
    assert_string_equal(words,
                        "there is no topic retry; make the topics with: primaflow topics create");
    named.err = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    assert_int_equal(kafka_topics_exist(config, ours, 2, words), -EACCES);
    assert_string_equal(words, "DESCRIBE on topic retry (kafka-acls --add --operation Describe "
                               "--topic retry)");
    named_err = RD_KAFKA_RESP_ERR__TIMED_OUT;
    assert_int_equal(kafka_topics_exist(config, ours, 2, words), -EIO);
    assert_string_equal(words, "topic retry: Local: Timed out");
    metadata_err = RD_KAFKA_RESP_ERR__TRANSPORT;
    assert_int_equal(kafka_topics_exist(config, ours, 2, words), -EIO);
    assert_memory_equal(words, "Kafka does not answer: ", 23);
    assert_int_equal(named_asks, 3);
    assert_int_equal(metadata_out, 0);
}

/* ---- our former self ---- */

static void test_a_former_self(void **state)
{
    static const char *const in[] = {"in"};
    static const struct {
        const char *name, *instance;
        bool is_other;
    } rows[] = {{"with the same topics", "me", false},
                {"with other topics", "other", true},
                {"not a member", "third", false}};
    struct kafka_producer *producer = NULL;
    bool is_other;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin();
        is_other = !rows[i].is_other;
        assert_int_equal(kafka_group_knows_other_topics(producer, "g", rows[i].instance, in, 1,
                                                        &is_other, words),
                         0);
        if (is_other != rows[i].is_other)
            fail_msg("%s", rows[i].name);
        assert_int_equal(lists_out, 0);
    }
    groups.group_cnt = 0;
    assert_int_equal(
        kafka_group_knows_other_topics(producer, "g", "other", in, 1, &is_other, words), 0);
    assert_false(is_other);
    groups_err = RD_KAFKA_RESP_ERR__TIMED_OUT;
    assert_int_equal(
        kafka_group_knows_other_topics(producer, "g", "other", in, 1, &is_other, words), -EIO);
    begin();
    group.err = RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
    assert_int_equal(
        kafka_group_knows_other_topics(producer, "g", "other", in, 1, &is_other, words), -EACCES);
    assert_string_equal(words, NO_RIGHT_TO_READ);
    assert_int_equal(lists_out, 0);
}

rd_kafka_t *__wrap_kafka_producer_handle(const struct kafka_producer *p);
rd_kafka_t *__wrap_kafka_producer_handle(const struct kafka_producer *p)
{
    (void)p;
    return NULL;
}

/* ---- is anybody there ---- */

static void test_empty(void **state)
{
    bool is_empty = false;
    (void)state;
    begin();
    assert_int_equal(kafka_group_is_empty(config, "g", &is_empty, words), 0);
    assert_false(is_empty);
    group.member_cnt = 0;
    assert_int_equal(kafka_group_is_empty(config, "g", &is_empty, words), 0);
    assert_true(is_empty);
    is_empty = false;
    groups.group_cnt = 0;
    assert_int_equal(kafka_group_is_empty(config, "g", &is_empty, words), 0);
    assert_true(is_empty);
    groups_err = RD_KAFKA_RESP_ERR__TIMED_OUT;
    assert_int_equal(kafka_group_is_empty(config, "g", &is_empty, words), -EIO);
    assert_string_equal(words, "cannot read who is in group g: Local: Timed out");
    assert_int_equal(lists_out, 0);
}

/* Of whom nothing is known it is not said that nobody is there. */
static void test_not_known_to_be_empty(void **state)
{
    static const struct {
        const char *name;
        rd_kafka_resp_err_t answer, of_it;
        int result;
        const char *says;
    } rows[] = {
        {"denied", RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, 0, -EACCES, NO_RIGHT_TO_READ},
        {"denied, it says of it", 0, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, -EACCES,
         NO_RIGHT_TO_READ},
        {"its coordinator moves", 0, RD_KAFKA_RESP_ERR_NOT_COORDINATOR, -EIO,
         "cannot read who is in group g: Broker: Not coordinator"},
        {"some answered", RD_KAFKA_RESP_ERR__PARTIAL, 0, -EIO,
         "cannot read who is in group g: Local: Partial response"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool is_empty = false;
        begin();
        groups_err = rows[i].answer;
        group.err = rows[i].of_it;
        group.member_cnt = 0;
        const int result = kafka_group_is_empty(config, "g", &is_empty, words);
        if (result != rows[i].result || is_empty || strcmp(words, rows[i].says) != 0)
            fail_msg("%s: %d, %d, %s", rows[i].name, result, is_empty, words);
        assert_int_equal(lists_out, 0);
    }
}

/* A client that is asked nothing over a network: topics' handles are its own. */
static int set_up(void **state)
{
    char why[200];
    struct config_message message;
    (void)state;
    kafka_log_off();
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, NULL);
    consumer.rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    return consumer.rk == NULL || config_load(NULL, NULL, 0, &config, &message) < 0;
}

static int tear_down(void **state)
{
    (void)state;
    config_free(config);
    rd_kafka_destroy(consumer.rk);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_topics_that_cannot_be_seen),
        cmocka_unit_test(test_topics_that_are_hidden),
        cmocka_unit_test(test_kafka_does_not_say),
        cmocka_unit_test(test_topics_exist),
        cmocka_unit_test(test_a_former_self),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_not_known_to_be_empty),
    };
    return cmocka_run_group_tests_name("kafka: a group's members", tests, set_up, tear_down);
}
