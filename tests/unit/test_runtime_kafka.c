/* What the adapter reads out of Kafka's bytes and codes: the group's generation, members'
 * subscriptions and assignments, obstacles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kafka/internal.h"
#include "stream/membership.h"

static const char *const ours[] = {"orders.raw", "orders.raw.retry.1s"};

static void test_generation(void **state)
{
    (void)state;
    char bytes[32] = "CGMDv2:";
    const int32_t seven = 7, none = -1;
    memcpy(bytes + 7, &seven, sizeof seven);
    assert_int_equal(kafka_generation_read(bytes, sizeof bytes), 7);
    assert_int_equal(kafka_generation_read(bytes, 11), 7);
    assert_int_equal(kafka_generation_read(bytes, 10), KAFKA_GENERATION_UNREADABLE);
    memcpy(bytes + 7, &none, sizeof none);
    assert_int_equal(kafka_generation_read(bytes, sizeof bytes), KAFKA_NO_GENERATION);
    memcpy(bytes, "CGMDv3:", 7);
    assert_int_equal(kafka_generation_read(bytes, sizeof bytes), KAFKA_GENERATION_UNREADABLE);
    assert_int_equal(kafka_generation_read(NULL, 0), KAFKA_GENERATION_UNREADABLE);
}

static void test_generation_of_this_library(void **state)
{
    (void)state;
    rd_kafka_consumer_group_metadata_t *metadata =
        rd_kafka_consumer_group_metadata_new_with_genid("group", 4711, "member", "instance");
    assert_int_equal(kafka_generation_of(metadata), 4711);
    rd_kafka_consumer_group_metadata_destroy(metadata);
    assert_int_equal(kafka_generation_of(NULL), KAFKA_NO_GENERATION);
}

static void test_generation_holds(void **state)
{
    static const struct {
        const char *name;
        int32_t assigned, now;
        bool cooperative, holds;
    } rows[] = {
        {"the one of the assignment", 5, 5, false, true},
        {"the group went on", 5, 6, false, false},
        {"the group went on, and we kept ours", 5, 6, true, true},
        {"older than the assignment", 5, 4, true, false},
        {"no member any more", 5, KAFKA_NO_GENERATION, false, false},
        {"no member any more, cooperative", 5, KAFKA_NO_GENERATION, true, false},
        {"never assigned", KAFKA_NO_GENERATION, KAFKA_NO_GENERATION, false, false},
        {"unreadable", KAFKA_GENERATION_UNREADABLE, KAFKA_GENERATION_UNREADABLE, true, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (kafka_generation_holds(rows[i].assigned, rows[i].now, rows[i].cooperative) !=
            rows[i].holds)
            fail_msg("%s", rows[i].name);
}

#define TEXT(size, text) "\0" size text
#define BYTES(literal) (literal), sizeof(literal) - 1

static void test_subscription(void **state)
{
    static const struct {
        const char *name, *bytes;
        size_t size;
        bool same;
    } rows[] = {
        {"ours",
         BYTES("\0\1\0\0\0\2" TEXT("\12", "orders.raw")
                   TEXT("\23", "orders.raw.retry.1s") "\xff\xff\xff\xff"),
         true},
        {"ours, the other way round",
         BYTES("\0\3\0\0\0\2" TEXT("\23", "orders.raw.retry.1s") TEXT("\12", "orders.raw")), true},
        {"one is missing", BYTES("\0\1\0\0\0\1" TEXT("\12", "orders.raw")), false},
        {"one more",
         BYTES("\0\1\0\0\0\3" TEXT("\12", "orders.raw") TEXT("\23", "orders.raw.retry.1s")
                   TEXT("\1", "x")),
         false},
        {"another",
         BYTES("\0\1\0\0\0\2" TEXT("\12", "orders.raw") TEXT("\23", "orders.raw.retry.2s")), false},
        {"cut",
         BYTES("\0\1\0\0\0\2" TEXT("\12", "orders.raw") "\0\23"
                                                        "orders.raw"),
         false},
        {"nothing", BYTES(""), false},
        {"a count that is none", BYTES("\0\1\xff\xff\xff\xff"), false},
        {"a length that is none",
         BYTES("\0\1\0\0\0\2\xff\xff"
               "orders.raw"),
         false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (kafka_subscription_is(rows[i].bytes, rows[i].size, ours, 2) != rows[i].same)
            fail_msg("%s", rows[i].name);
    assert_false(kafka_subscription_is(NULL, 0, ours, 2));
}

static void test_assignment(void **state)
{
    static const struct {
        const char *name, *bytes;
        size_t size, count;
    } rows[] = {
        {"two of ours, one of another topic",
         BYTES("\0\1\0\0\0\2" TEXT("\12", "orders.raw") "\0\0\0\2\0\0\0\0\0\0\0\3" TEXT(
             "\1", "x") "\0\0\0\1\0\0\0\0"),
         2},
        {"none", BYTES("\0\1\0\0\0\0"), 0},
        {"nothing", BYTES(""), 0},
        {"cut among the partitions",
         BYTES("\0\1\0\0\0\1" TEXT("\12", "orders.raw") "\0\0\0\2\0\0\0\0"), 0},
        {"a count beyond all bounds",
         BYTES("\0\1\0\0\0\1" TEXT("\12", "orders.raw") "\x7f\xff\xff\xff\0\0\0\0"), 0},
        {"a negative count",
         BYTES("\0\1\0\0\0\1" TEXT("\12", "orders.raw") "\xff\xff\xff\xff\0\0\0\0"), 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (kafka_assignment_count(rows[i].bytes, rows[i].size, ours, 2) != rows[i].count)
            fail_msg("%s", rows[i].name);
    assert_int_equal(kafka_assignment_count(NULL, 0, ours, 2), 0);
}

static void test_member(void **state)
{
    (void)state;
    assert_true(kafka_member_is("primaflow.orders-1-01234567-89ab-cdef-0123-456789abcdef",
                                "primaflow.orders-1"));
    assert_false(kafka_member_is("primaflow.orders-1-2-01234567-89ab-cdef-0123-456789abcdef",
                                 "primaflow.orders-1"));
    assert_false(kafka_member_is("primaflow.orders-12-01234567-89ab-cdef-0123-456789abcdef",
                                 "primaflow.orders-1"));
    assert_false(kafka_member_is("primaflow.orders-1", "primaflow.orders-1"));
}

static void test_obstacles(void **state)
{
    static const struct {
        rd_kafka_resp_err_t err;
        enum kafka_obstacle is;
    } rows[] = {
        {RD_KAFKA_RESP_ERR_NO_ERROR, KAFKA_CLEAR},
        {RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, KAFKA_OFFSET_GONE},
        {RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, KAFKA_OFFSET_GONE},
        {RD_KAFKA_RESP_ERR__BAD_MSG, KAFKA_UNREADABLE},
        {RD_KAFKA_RESP_ERR__BAD_COMPRESSION, KAFKA_UNREADABLE},
        {RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED, KAFKA_UNREADABLE},
        {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, KAFKA_DENIED},
        {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, KAFKA_DENIED_GROUP},
        {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, KAFKA_NO_TOPIC},
        {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, KAFKA_NO_TOPIC},
        {RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, KAFKA_TROUBLE},
        {(rd_kafka_resp_err_t)12345, KAFKA_TROUBLE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (kafka_obstacle_of(rows[i].err) != rows[i].is)
            fail_msg("%s", rd_kafka_err2name(rows[i].err));
    assert_string_equal(kafka_obstacle_name(KAFKA_UNREADABLE), "unreadable");
}

static void test_who_has_no_partitions(void **state)
{
    static const struct {
        const char *name;
        struct kafka_group_look look;
        int before, after;
    } rows[] = {
        {"forgotten", {.is_settled = true, .has_us = false, .given = 20, .in_all = 20}, 0, 1},
        {"forgotten, again",
         {.is_settled = true, .has_us = false, .given = 20, .in_all = 20},
         1,
         2},
        {"amid a rebalance",
         {.is_settled = false, .has_us = false, .given = 0, .in_all = 20},
         1,
         1},
        {"partitions that nobody has",
         {.is_settled = true, .has_us = true, .given = 19, .in_all = 20},
         0,
         1},
        {"given to us, and not heard of",
         {.is_settled = true, .has_us = true, .ours = 20, .given = 20, .in_all = 20},
         0,
         1},
        {"more workers than partitions",
         {.is_settled = true, .has_us = true, .given = 20, .in_all = 20},
         1,
         0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *why;
        if (membership_judge(&rows[i].look, rows[i].before, &why) != rows[i].after)
            fail_msg("%s", rows[i].name);
        if ((why != NULL) != (rows[i].look.is_settled && rows[i].after > 0))
            fail_msg("%s: %s", rows[i].name, why != NULL ? why : "no words");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generation),       cmocka_unit_test(test_generation_of_this_library),
        cmocka_unit_test(test_generation_holds), cmocka_unit_test(test_subscription),
        cmocka_unit_test(test_assignment),       cmocka_unit_test(test_member),
        cmocka_unit_test(test_obstacles),        cmocka_unit_test(test_who_has_no_partitions),
    };
    return cmocka_run_group_tests_name("runtime: Kafka's bytes and codes", tests, NULL, NULL);
}
