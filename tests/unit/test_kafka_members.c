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
static rd_kafka_resp_err_t groups_err, metadata_err;
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
    (void)rk, (void)only, (void)timeout_ms;
    assert_int_equal(all, 1);
    if (metadata_err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return metadata_err;
    *ret = &metadata;
    metadata_out++;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void __wrap_rd_kafka_metadata_destroy(const struct rd_kafka_metadata *m)
{
    assert_ptr_equal(m, &metadata);
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
    groups_err = metadata_err = RD_KAFKA_RESP_ERR_NO_ERROR;
    own_id = "me" UUID;
}

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
    topics[0].err = RD_KAFKA_RESP_ERR_NO_ERROR;
    assert_int_equal(looks(), 0);
    assert_string_equal(look.without, "retry");
    assert_string_equal(look.why, rd_kafka_err2str(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART));
    assert_int_equal(look.in_all, 4);
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
    group.err = RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
    assert_int_equal(looks(), -EIO);
    assert_string_equal(words,
                        "cannot read the members of group g: Broker: Group authorization failed");
    begin();
    metadata_err = RD_KAFKA_RESP_ERR__TRANSPORT;
    assert_int_equal(looks(), -EIO);
    assert_memory_equal(words, "cannot list Kafka's topics: ", 28);
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
}

rd_kafka_t *__wrap_kafka_producer_handle(const struct kafka_producer *p);
rd_kafka_t *__wrap_kafka_producer_handle(const struct kafka_producer *p)
{
    (void)p;
    return NULL;
}

/* ---- is anybody there ---- */

static struct config *config;

static void test_empty(void **state)
{
    bool is_empty = false;
    struct config_message message;
    (void)state;
    assert_int_equal(config_load(NULL, NULL, 0, &config, &message), 0);
    kafka_log_off();
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
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_topics_that_cannot_be_seen),
        cmocka_unit_test(test_kafka_does_not_say),
        cmocka_unit_test(test_a_former_self),
        cmocka_unit_test(test_empty),
    };
    return cmocka_run_group_tests_name("kafka: a group's members", tests, NULL, NULL);
}
