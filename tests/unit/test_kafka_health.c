/* Does Kafka answer? What librdkafka's statistics say in each kind of outage, and in what only
 * looks like one. The states are those that librdkafka 2.0.2 went through when a broker was killed,
 * started again, and stopped (SIGSTOP). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "kafka/health.h"

enum { PATIENCE_MS = 5000 };

#define UP(idle, owed) "\"state\": \"UP\", \"rxidle\": " idle ", \"waitresp_cnt\": " owed
#define DOWN(state) "\"state\": \"" state "\", \"rxidle\": -1, \"waitresp_cnt\": 0"

/* One broker, the coordinator's connection to it, and the group's state. */
static const char *look(struct kafka_health *h, int64_t now_ms, const char *broker,
                        const char *coordinator, const char *group)
{
    char json[1000];
    (void)snprintf(json, sizeof json,
                   "{\"brokers\": {\"a:9092/1\": {\"source\": \"learned\", %s}, "
                   "\"GroupCoordinator\": {\"source\": \"logical\", %s},"
                   " \":0/internal\": {\"source\": \"internal\", \"state\": \"UP\", \"rxidle\": "
                   "0}}, \"cgrp\": {\"state\": \"%s\"}}",
                   broker, coordinator, group);
    return kafka_health_judge(h, json, now_ms);
}

static void test_what_is_well(void **state)
{
    (void)state;
    static const struct {
        const char *name, *broker, *coordinator, *group;
    } rows[] = {
        {"at work", UP("90000", "1"), UP("1900000", "0"), "up"},
        {"nothing to fetch for lack of room, heartbeats go on", UP("60000000", "0"),
         UP("1900000", "1"), "up"},
        {"waiting for others to join: such an answer may take minutes", UP("60000000", "0"),
         UP("60000000", "1"), "up"},
        {"a long fetch.wait.max.ms, and heartbeats", UP("20000000", "1"), UP("900000", "0"), "up"},
        {"logging in once more", "\"state\": \"REAUTH\", \"rxidle\": 10, \"waitresp_cnt\": 1",
         UP("900000", "0"), "up"},
        {"words of a later version",
         "\"state\": \"EXCELLENT\", \"rxidle\": 10, \"waitresp_cnt\": 1", DOWN("INIT"), "splendid"},
        {"leaving", UP("900000", "0"), UP("900000", "0"), "term"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kafka_health h = {.patience_ms = PATIENCE_MS};
        for (int64_t now = 1000; now < 60000; now += 1000)
            if (look(&h, now, rows[i].broker, rows[i].coordinator, rows[i].group) != NULL)
                fail_msg("%s: taken for an outage", rows[i].name);
    }
    struct kafka_health h = {.patience_ms = PATIENCE_MS};
    static const char *const strange[] = {"",
                                          "no JSON",
                                          "{}",
                                          "[]",
                                          "{\"brokers\": {}, \"cgrp\": {}}",
                                          "{\"brokers\": 7, \"cgrp\": 7}"};
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++)
        for (int64_t now = 1000; now < 20000; now += 1000)
            assert_null(kafka_health_judge(&h, strange[i], now));
}

static void test_outages(void **state)
{
    (void)state;
    static const struct {
        const char *name, *broker, *coordinator, *group, *why;
    } rows[] = {
        {"killed", DOWN("TRY_CONNECT"), DOWN("TRY_CONNECT"), "query-coord",
         "no broker can be reached"},
        {"connects, and says nothing", DOWN("APIVERSION_QUERY"), DOWN("APIVERSION_QUERY"), "up",
         "no broker can be reached"},
        {"wrong password", DOWN("AUTH_REQ"), DOWN("INIT"), "wait-coord",
         "no broker can be reached"},
        {"the coordinator's broker is down", UP("90000", "1"), DOWN("TRY_CONNECT"),
         "wait-broker-transport", "the group's coordinator cannot be reached"},
        {"no coordinator", UP("90000", "1"), DOWN("INIT"), "query-coord",
         "the group's coordinator cannot be reached"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kafka_health h = {.patience_ms = PATIENCE_MS};
        for (int64_t now = 1000; now <= 20000; now += 1000) {
            const char *why = look(&h, now, rows[i].broker, rows[i].coordinator, rows[i].group);
            if (now < 1000 + PATIENCE_MS ? why != NULL
                                         : why == NULL || strcmp(why, rows[i].why) != 0)
                fail_msg("%s: %s after %d ms", rows[i].name, why != NULL ? why : "well",
                         (int)now - 1000);
        }
        assert_null(look(&h, 21000, UP("90000", "1"), UP("900000", "0"), "up")); /* back: at once */
        assert_null(look(&h, 22000, rows[i].broker, rows[i].coordinator,
                         rows[i].group)); /* gone again: it counts from now */
    }
}

static void test_a_broker_that_stands_still(void **state)
{
    (void)state;
    struct kafka_health h = {.patience_ms = PATIENCE_MS};
    assert_null(look(&h, 1000, UP("4900000", "1"), UP("4950000", "1"), "up"));
    assert_string_equal(look(&h, 2000, UP("5900000", "1"), UP("5950000", "1"), "up"),
                        "the brokers do not answer");
    /* the session ends: the group is joined again, over a connection that is made anew */
    assert_string_equal(look(&h, 8000, UP("11900000", "2"), DOWN("APIVERSION_QUERY"), "up"),
                        "the brokers do not answer");
    assert_string_equal(look(&h, 12000, UP("15900000", "4"), DOWN("TRY_CONNECT"), "wait-coord"),
                        "the brokers do not answer");
    /* a minute later librdkafka gives the old connection up as well: no moment at which all seemed
     * well */
    assert_non_null(look(&h, 62000, DOWN("TRY_CONNECT"), DOWN("TRY_CONNECT"), "wait-coord"));
    assert_null(look(&h, 90000, UP("100", "0"), UP("100", "0"), "up"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_well),
        cmocka_unit_test(test_outages),
        cmocka_unit_test(test_a_broker_that_stands_still),
    };
    return cmocka_run_group_tests_name("kafka health", tests, NULL, NULL);
}
