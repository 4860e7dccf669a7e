/* The keys, made again from what was committed: from which record, as what, and up to where a loss
 * makes suspect (test_stream_world.h). What restoring does in Redis is test_idempotency_life's. */
#include "test_stream_world.h"

#include <errno.h>

#include "kafka/headers.h"
#include "kafka/topics.h"
#include "stream/rebuild.h"

#define CONTROL topic_ops_control
#define OPEN "redis.open/primaflow.orders"
#define PRINT_HEX "a10000000000000000000000000000000000000000000000000000000000000000"
#define GOODS_HEX "b2000000000000000000000000000000"
#define MONEY_HEX "c300000000000000"
#define KEY HEADER_IDEMPOTENCY_KEY, "01/k"
#define PRINT HEADER_FINGERPRINT, PRINT_HEX
#define PARTS HEADER_GOODS, GOODS_HEX, HEADER_MONEY, MONEY_HEX
#define DELIVERY HEADER_DELIVERY, "orders.raw/0/7"
#define LETTERS "orders.raw.dlq"
#define RESULTS "orders.results"

static char words[KAFKA_TEXT_MAX];

static void begin_rebuild(void)
{
    begin_world();
    (void)kafka_has("orders.raw", 0, 0, 20, 5);
    (void)kafka_has("orders.raw.retry.1s", 0, 0, 9, 2);
    (void)kafka_holds(CONTROL, OPEN, "{\"incident\":\"a\"}", NULL);
    (void)snprintf(stream.control.incident, CONTROL_ID_MAX, "a");
}

static int rebuild(void)
{
    return rebuild_keys(&worker, REDIS, "", words);
}

/* What one record is restored as: between the marker and the incident's record. */
static void restores(const char *name, const char *expected)
{
    char all[1000];
    assert_int_equal(rebuild(), 0);
    (void)snprintf(all, sizeof all,
                   "mark:>rebuild:a %s%slock:30000 write:" OPEN " mark:rebuild:a>a", expected,
                   expected[0] != '\0' ? " " : "");
    traced(name, all);
}

/* ---- results ---- */

#define RESULT(outcome, more)                                                                      \
    "{\"outcome\":\"" outcome "\",\"key\":\"01/k\",\"identity\":\"" PRINT_HEX "\",\"delivery\":{"  \
    "\"topic\":\"orders.raw\",\"partition\":3,\"offset\":9},\"source_version\":2,"                 \
    "\"posted_at\":5" more "}"

static void test_results(void **state)
{
    static const struct {
        const char *name, *value, *restored;
    } rows[] = {
        {"posted", RESULT("posted", ""), "restore:p:01/k:orders.raw/3/9:a1::2:5"},
        {"posted, in other words", RESULT("posted_before", ""),
         "restore:p:01/k:orders.raw/3/9:a1::2:5"},
        {"its parts are known",
         RESULT("posted", ",\"goods\":\"" GOODS_HEX "\",\"money\":\"" MONEY_HEX "\""),
         "restore:p:01/k:orders.raw/3/9:a1::2:5:parts b2/c3"},
        {"one of its parts", RESULT("posted", ",\"goods\":\"" GOODS_HEX "\""),
         "restore:p:01/k:orders.raw/3/9:a1::2:5"},
        {"cancelled", RESULT("cancelled_before_posting", ""),
         "restore:x:01/k:orders.raw/3/9:a1::2:5"},
        {"paid", RESULT("payment_updated", ""), "restore:m:01/k:orders.raw/3/9:a1::2:5"},
        {"resolves", RESULT("ignored", ",\"resolves\":{}"),
         "restore:e:01/k:orders.raw/3/9:a1::2:5"},
        {"resolves nothing", RESULT("ignored", ",\"resolves\":null"), ""},
        {"an amendment", RESULT("conflict", ",\"code\":\"order_amended\""),
         "restore:b:01/k:orders.raw/3/9:a1::2:5"},
        {"a refund's", RESULT("duplicate", ",\"code\":\"refund_amended\""),
         "restore:b:01/k:orders.raw/3/9:a1::2:5"},
        {"of no key's", RESULT("duplicate", ""), ""},
        {"without a key", "{\"outcome\":\"posted\",\"identity\":\"" PRINT_HEX "\"}", ""},
        {"without an identity", "{\"outcome\":\"posted\",\"key\":\"01/k\"}", ""},
        {"a tombstone", NULL, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_rebuild();
        (void)kafka_holds(RESULTS, "k", rows[i].value, NULL);
        restores(rows[i].name, rows[i].restored);
        assert_non_null(strstr(logged, "info: keys rebuilt from committed results"));
        assert_int_equal(strstr(logged, "count 1") != NULL, rows[i].restored[0] != '\0');
        assert_null(strstr(logged, "unreadable"));
        end_world();
    }
}

static void test_results_that_cannot_be_read(void **state)
{
    (void)state;
    begin_rebuild();
    (void)kafka_holds(RESULTS, "k", "?", NULL);
    restores("passed over", "");
    assert_non_null(strstr(logged, "warning: unreadable results; their orders are looked up in "
                                   "Prima if redelivered count 1"));
    end_world();
    begin_rebuild();
    (void)kafka_holds(RESULTS, "k", "registry away", NULL);
    assert_int_equal(rebuild(), -EIO);
    assert_null(strstr(trace, "mark:rebuild:a>a"));
    end_world();
}

/* ---- dead letters ---- */

static void test_letters(void **state)
{
    static const struct {
        const char *name;
        const char *headers[16];
        const char *restored;
    } rows[] = {
        {"parked",
         {KEY, PRINT, DELIVERY, HEADER_CLASS, "park", HEADER_CODE, "outcome_unknown"},
         "restore:k:01/k:orders.raw/0/7:a1:outcome_unknown:0:1000"},
        {"not parked",
         {KEY, PRINT, DELIVERY, HEADER_CLASS, "data", HEADER_CODE, "event_invalid"},
         ""},
        {"without a class", {KEY, PRINT, DELIVERY, HEADER_CODE, "outcome_unknown"}, ""},
        {"without a code", {KEY, PRINT, DELIVERY, HEADER_CLASS, "park"}, ""},
        {"without a key", {PRINT, DELIVERY, HEADER_CLASS, "park", HEADER_CODE, "c"}, ""},
        {"without a fingerprint", {KEY, DELIVERY, HEADER_CLASS, "park", HEADER_CODE, "c"}, ""},
        {"without a delivery", {KEY, PRINT, HEADER_CLASS, "park", HEADER_CODE, "c"}, ""},
        {"instead of a result",
         {KEY, PRINT, DELIVERY, HEADER_CLASS, "data", HEADER_CODE, "record_too_large",
          HEADER_INSTEAD_OF, "posted"},
         "restore:p:01/k:orders.raw/0/7:a1::0:1000"},
        {"instead of a cancellation",
         {KEY, PRINT, DELIVERY, HEADER_CLASS, "data", HEADER_CODE, "record_too_large",
          HEADER_INSTEAD_OF, "cancelled_before_posting"},
         "restore:x:01/k:orders.raw/0/7:a1::0:1000"},
        {"instead of a parked one",
         {KEY, PRINT, DELIVERY, HEADER_CLASS, "data", HEADER_CODE, "record_too_large",
          HEADER_INSTEAD_OF, "outcome_unknown"},
         "restore:k:01/k:orders.raw/0/7:a1:outcome_unknown:0:1000"},
        {"instead of another letter",
         {KEY, PRINT, DELIVERY, HEADER_CLASS, "data", HEADER_CODE, "record_too_large",
          HEADER_INSTEAD_OF, "event_invalid"},
         ""},
        {"instead of no word of ours",
         {KEY, PRINT, DELIVERY, HEADER_CLASS, "data", HEADER_CODE, "record_too_large",
          HEADER_INSTEAD_OF, "nonsense"},
         ""},
        {"too large, and nothing else",
         {KEY, PRINT, DELIVERY, HEADER_CLASS, "data", HEADER_CODE, "record_too_large"},
         ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_rebuild();
        (void)kafka_holds(LETTERS, "k", "v", rows[i].headers);
        restores(rows[i].name, rows[i].restored);
        end_world();
    }
}

/* Restored once every `posted` is. */
static void test_letters_of_later_versions(void **state)
{
    static const struct {
        const char *code, *state;
    } rows[] = {{"order_amended", "a"},
                {"units_cancelled_after_posting", "a"},
                {"payment_lost", "m"},
                {"refund_more_money_after_credit", "m"},
                {"cancelled_after_posting", "n"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char expected[300];
        begin_rebuild();
        const char *const headers[] = {
            KEY,  PRINT,       DELIVERY,     PARTS, HEADER_SOURCE_VERSION,
            "12", HEADER_CODE, rows[i].code, NULL};
        (void)kafka_holds(LETTERS, "k", "v", headers);
        (void)kafka_holds(RESULTS, "k", RESULT("posted", ""), NULL);
        (void)snprintf(expected, sizeof expected,
                       "restore:p:01/k:orders.raw/3/9:a1::2:5 "
                       "restore:%s:01/k:orders.raw/0/7:a1::12:1000:parts b2/c3",
                       rows[i].state);
        restores(rows[i].code, expected);
        end_world();
    }
}

static void test_a_later_letter_of_an_earlier_release(void **state)
{
    static const char *const all[][2] = {{KEY},
                                         {PRINT},
                                         {DELIVERY},
                                         {HEADER_GOODS, GOODS_HEX},
                                         {HEADER_MONEY, MONEY_HEX},
                                         {HEADER_SOURCE_VERSION, "1"},
                                         {HEADER_CODE, "order_amended"}};
    (void)state;
    for (size_t missing = 0; missing < sizeof all / sizeof *all; missing++) {
        const char *headers[16] = {NULL};
        size_t count = 0;
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            if (i != missing) {
                headers[count++] = all[i][0];
                headers[count++] = all[i][1];
            }
        begin_rebuild();
        (void)kafka_holds(LETTERS, "k", "v", headers);
        restores(all[missing][0], "");
        end_world();
    }
}

/* ---- decisions of people ---- */

#define DECISION(word, more)                                                                       \
    "{\"decision\":\"" word "\",\"key\":\"01/k\",\"delivery\":\"orders.raw/0/8\",\"version\":4,"   \
    "\"identity\":\"" PRINT_HEX "\"" more "}"
#define IN_PARTS ",\"goods\":\"" GOODS_HEX "\",\"money\":\"" MONEY_HEX "\""

static void test_decisions(void **state)
{
    static const struct {
        const char *name, *value, *restored;
    } rows[] = {
        {"amended", DECISION("amended", IN_PARTS),
         "restore:v:01/k:orders.raw/0/8:a1::4:1000:parts b2/c3"},
        {"discarded", DECISION("discarded", ""), "restore:d:01/k:orders.raw/0/8:00::0:1000"},
        {"discarded, and nobody could tell whose",
         "{\"decision\":\"discarded\",\"key\":\"\",\"delivery\":\"orders.raw/0/8\"}", ""},
        {"another decision", DECISION("retry", IN_PARTS), ""},
        {"without its goods", DECISION("amended", ",\"money\":\"" MONEY_HEX "\""), ""},
        {"without its money", DECISION("amended", ",\"goods\":\"" GOODS_HEX "\""), ""},
        {"without an identity", "{\"decision\":\"amended\"" IN_PARTS "}", ""},
        {"taken back", NULL, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_rebuild();
        (void)kafka_holds(topic_ops_decisions, "k", rows[i].value, NULL);
        restores(rows[i].name, rows[i].restored);
        end_world();
    }
    begin_rebuild();
    kafka.failing = "missing:ops.decisions"; /* an earlier release's Kafka */
    restores("no such topic", "");
    end_world();
}

/* ---- marks of those that wait ---- */

static void waits(const char *topic, const char *delivery, const char *seen)
{
    const char *const headers[] = {KEY, HEADER_DELIVERY, delivery, HEADER_FIRST_SEEN, seen, NULL};
    (void)kafka_holds(topic, "k", "v", headers);
}

static void test_marks(void **state)
{
    (void)state;
    begin_rebuild();
    (void)snprintf(stream.inputs.list[2].name, 160, "orders.raw.retry.9s");
    stream.inputs.list[2].role = TOPIC_RETRY;
    stream.inputs.count = 3;
    waits("orders.raw.retry.1s", "orders.raw/0/1", "900"); /* offsets 0 and 1 are committed */
    waits("orders.raw.retry.1s", "orders.raw/0/2", "901");
    waits("orders.raw.retry.1s", "orders.raw/0/3", "905");
    waits("orders.raw.retry.9s", "orders.raw/1/4", "903");
    waits("orders.raw", "orders.raw/0/5", "902"); /* no retry topic */
    assert_int_equal(rebuild(), 0);
    traced("each topic under the lock, by time",
           "mark:>rebuild:a lock:30000 lock:30000 defer:01/k:orders.raw/1/4 "
           "defer:01/k:orders.raw/0/3 write:" OPEN " mark:rebuild:a>a");
    end_world();
}

/* ---- up to where a loss makes suspect ---- */

static void test_ends(void **state)
{
    static const struct {
        const char *name;
        int64_t committed, heard, reach, end;
    } rows[] = {
        {"its end", 5, 99, 100, 20},
        {"when everybody had heard of it", 5, 12, 100, 12},
        {"as far as anybody sends", 5, 99, 7, 12},
        {"nothing was ever committed", -1, 99, 7, 20},
        {"the nearer of both", 5, 11, 7, 11},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char end[80];
        begin_rebuild();
        (void)kafka_has("orders.raw", 0, 0, 20, rows[i].committed);
        stream.reach = rows[i].reach;
        stream.incident.ends = calloc(4, sizeof *stream.incident.ends);
        stream.incident.ends[0] = (struct kafka_place){"orders.raw", 1, 1};
        stream.incident.ends[1] = (struct kafka_place){"other", 0, 1};
        stream.incident.ends[2] = (struct kafka_place){"orders.raw", 0, rows[i].heard};
        stream.incident.ends[3] = (struct kafka_place){"orders.raw.retry.1s", 0, 1};
        stream.incident.end_count = 4;
        assert_int_equal(rebuild(), 0);
        (void)snprintf(end, sizeof end,
                       "{\"offset\":%lld,\"partition\":0,\"topic\":\"orders.raw\"}",
                       (long long)rows[i].end);
        const char *open = kafka_last(CONTROL, OPEN);
        if (strstr(open, end) == NULL)
            fail_msg("%s: %s", rows[i].name, open);
        assert_non_null(
            strstr(open, "{\"offset\":9,\"partition\":0,\"topic\":\"orders.raw.retry.1s\"}"));
        assert_non_null(strstr(open, "\"rebuilt\":true"));
        end_world();
    }
}

static void test_whether_absence_counts(void **state)
{
    (void)state;
    for (int row = 0; row < 4; row++) {
        begin_rebuild();
        const int64_t delay = config_int(worker.host.config, CFG_prima_max_apply_delay);
        stream.incident.senders_over_ms = row == 0 ? 0 : now_ms - delay + (row == 1 ? 1 : 0);
        if (row == 3) /* one began again since */
            (void)kafka_holds(CONTROL, "worker/primaflow.orders/2",
                              "{\"group\":\"primaflow.orders\",\"slot\":\"2\",\"incident\":\"a\","
                              "\"former\":\"of another machine\"}",
                              NULL);
        assert_int_equal(rebuild(), 0);
        assert_int_equal(stream.control.senders_over, row == 2);
        end_world();
    }
}

/* ---- what comes in between ---- */

static void test_failures(void **state)
{
    static const struct {
        const char *name, *kafka, *redis;
        int result;
    } rows[] = {
        {"the marker", NULL, "mark", -EIO},
        {"the letters", "scan:orders.raw.dlq", NULL, -EIO},
        {"the results", "scan:orders.results", NULL, -EIO},
        {"the decisions", "scan:ops.decisions", NULL, -EIO},
        {"a key", NULL, "restore", -EIO},
        {"Redis' answers", NULL, "batch", -EIO},
        {"the ends", "ends", NULL, -EIO},
        {"the offsets", "group_committed", NULL, -EIO},
        {"the lock", NULL, "lock", -EIO},
        {"what waits", "scan:orders.raw.retry.1s", NULL, -EIO},
        {"ops.control", "scan:ops.control", NULL, -EIO},
        {"the record", "write", NULL, -EIO},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_rebuild();
        (void)kafka_holds(RESULTS, "k", RESULT("posted", ""), NULL);
        kafka.failing = rows[i].kafka;
        redis.failing = rows[i].redis;
        const int result = rebuild();
        if (result != rows[i].result || strstr(trace, "mark:rebuild:a>a") != NULL ||
            strstr(logged, "keys rebuilt") != NULL)
            fail_msg("%s: %d, %s", rows[i].name, result, trace);
        end_world();
    }
    begin_rebuild();
    redis.lock_is_busy = true;
    assert_int_equal(rebuild(), -EBUSY);
    end_world();
    begin_rebuild();
    (void)kafka_holds(CONTROL, OPEN, "{\"incident\":\"b\"}", NULL);
    assert_int_equal(rebuild(), -EAGAIN); /* lost once more */
    end_world();
    begin_rebuild();
    assert_int_equal(rebuild_keys(&worker, REDIS, "another", words), -EAGAIN);
    end_world();
}

static void test_the_lock_is_renewed_as_it_reads(void **state)
{
    (void)state;
    begin_rebuild();
    for (int i = 0; i < 3; i++)
        (void)kafka_holds(RESULTS, "k", RESULT("posted", ""), NULL);
    kafka.reading_ms = 4000; /* a record */
    assert_int_equal(rebuild(), 0);
    traced("every quarter of its lease",
           "mark:>rebuild:a restore:p:01/k:orders.raw/3/9:a1::2:5 lock:30000 "
           "restore:p:01/k:orders.raw/3/9:a1::2:5 restore:p:01/k:orders.raw/3/9:a1::2:5 lock:30000 "
           "write:" OPEN " mark:rebuild:a>a");
    end_world();
}

/* ops.control lost its records, and Redis did not: the next attempt goes on above all keys. */
static void test_rises_above_later_keys(void **state)
{
    static const struct {
        const char *name;
        int64_t stale_fence, epoch, generation;
    } rows[] = {
        {"of a later epoch", (int64_t)8 << 32 | 5, 9, 0},
        {"of ours", (int64_t)3 << 32 | 5, 4, 0},
        {"of an earlier one", (int64_t)2 << 32 | 5, 3, 7},
        {"none refused", 0, 3, 7},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_rebuild();
        stream.control.epoch = 3;
        stream.control.generation = 7;
        (void)kafka_holds(RESULTS, "k", RESULT("posted", ""), NULL);
        redis.stale_fence = rows[i].stale_fence;
        redis.failing = "batch";
        assert_int_equal(rebuild(), -EIO);
        assert_int_equal(stream.control.epoch, rows[i].epoch);
        assert_int_equal(stream.control.generation, rows[i].generation);
        end_world();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_results_that_cannot_be_read),
        cmocka_unit_test(test_letters),
        cmocka_unit_test(test_letters_of_later_versions),
        cmocka_unit_test(test_a_later_letter_of_an_earlier_release),
        cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_whether_absence_counts),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_the_lock_is_renewed_as_it_reads),
        cmocka_unit_test(test_rises_above_later_keys),
    };
    return cmocka_run_group_tests_name("stream: keys made again", tests, set_up, tear_down);
}
