/* A loss of Redis' state: who opens an incident, what is in it, how long everybody waits, and who
 * rebuilds (test_stream_world.h). */
#include "test_stream_world.h"

#include <errno.h>

#include "kafka/topics.h"
#include "stream/incident.h"
#include "stream/rebuild.h"

#define CONTROL topic_ops_control
#define OPEN "redis.open/primaflow.orders"
#define CLEARED "redis.cleared/primaflow.orders"

static char words[KAFKA_TEXT_MAX], marker_name[200], turn_name[200], lock_name[200];

/* watch_bound_ms + lease + the longest that a write may be on its way. */
enum { BOUND_MS = 10000, LEASE_MS = 30000, WRITE_MS = 45000 };

static int64_t all_ms(int64_t write_ms)
{
    return BOUND_MS + LEASE_MS + write_ms;
}

/* Nothing was ever read or published. */
static void begin_incident(void)
{
    begin_world();
    (void)kafka_has("orders.raw", 0, 0, 20, -1);
    (void)kafka_has("orders.raw.retry.1s", 0, 0, 0, -1);
    (void)kafka_has("orders.results", 0, 0, 0, -1);
    (void)kafka_has("orders.raw.dlq", 0, 0, 0, -1);
    (void)rebuild_marker_name(&worker, marker_name);
    (void)rebuild_lock_name(&worker, lock_name);
    (void)keys_name(&worker.keys, "incident", "orders", turn_name, sizeof turn_name);
    (void)snprintf(worker.slot_token, sizeof worker.slot_token, "token");
}

static int settle(void)
{
    return incident_settle(&worker, REDIS, &redis.server, words);
}

static bool wrote(const char *key, const char *part)
{
    return strstr(kafka_last(CONTROL, key), part) != NULL;
}

/* The incident "a" of this Redis; the marker is as said. */
static void has_incident(const char *more, const char *marker, bool is_cleared)
{
    char value[500];
    (void)snprintf(value, sizeof value,
                   "{\"incident\":\"a\",\"run_id\":\"run\",\"replication_id\":\"repl\"%s}", more);
    (void)kafka_holds(CONTROL, OPEN, value, NULL);
    if (is_cleared)
        (void)kafka_holds(CONTROL, CLEARED, "{\"incident\":\"a\"}", NULL);
    redis_set(marker_name, marker);
}

/* ---- a first start ---- */

static void test_a_first_start_waits_for_nobody(void **state)
{
    (void)state;
    begin_incident();
    redis_set(turn_name, ""); /* nobody's */
    assert_int_equal(settle(), 0);
    assert_int_equal(now_ms, BEGINNING_MS);
    assert_false(stream.trust.is_suspect);
    assert_true(stream.trust.customers_are_whole);
    assert_string_equal(redis_get(marker_name), stream.control.incident);
    assert_string_equal(worker.keys.marker, stream.control.incident);
    assert_int_equal(strlen(stream.control.incident), 32);
    assert_true(wrote(OPEN, "\"ends\":[]"));
    assert_true(wrote(OPEN, "\"run_id\":\"run\""));
    assert_true(wrote(OPEN, "\"replication_id\":\"repl\""));
    assert_true(wrote(CLEARED, stream.control.incident));
    assert_string_equal(logged, "");
    assert_int_equal(stream.watch.heard_ms, now_ms);
    assert_string_equal(redis_get(turn_name), "1");
    end_world();
}

static void test_what_makes_it_no_first_start(void **state)
{
    static const struct {
        const char *name;
        int64_t committed, results, letters;
    } rows[] = {
        {"an offset is committed", 0, 0, 0},
        {"a result", -1, 1, 0},
        {"a letter", -1, 0, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_incident();
        (void)kafka_has("orders.raw", 0, 0, 20, rows[i].committed);
        (void)kafka_has("orders.results", 0, 0, rows[i].results, -1);
        (void)kafka_has("orders.raw.dlq", 0, 0, rows[i].letters, -1);
        redis.lock_is_busy = true; /* another one rebuilds, and never ends */
        redis.meanwhile = NULL;
        stream.incident.seen_ms = 0;
        worker.host.give_up = false;
        kafka.failing = "";
        /* until everybody's time is over */
        const int64_t began = now_ms;
        redis.failing = NULL;
        redis.lock_is_busy = false;
        assert_int_equal(settle(), 0);
        assert_true(stream.trust.is_suspect);
        assert_false(stream.trust.customers_are_whole);
        if (!wrote(OPEN, "orders.raw"))
            fail_msg("%s: %s", rows[i].name, kafka_last(CONTROL, OPEN));
        assert_non_null(strstr(logged, "warning: Redis state lost: every record is resolved"));
        assert_true(now_ms - began >= all_ms(WRITE_MS));
        end_world();
    }
}

static void test_no_first_start_after_an_incident(void **state)
{
    (void)state;
    begin_incident();
    has_incident(",\"left\":[{\"run_id\":\"older\"}],\"since\":[\"x\",\"y\"]", "", true);
    assert_int_equal(settle(), 0);
    assert_true(stream.trust.is_suspect);
    assert_true(wrote(OPEN, "\"left\":[{\"replication_id\":\"repl\",\"run_id\":\"run\"},"
                            "{\"replication_id\":\"\",\"run_id\":\"older\"}]"));
    assert_true(
        wrote(OPEN, "\"since\":[\"a\"]")); /* what was cleared has settled what was before */
    assert_true(wrote(OPEN, "\"rebuilt\":true"));
    assert_non_null(strstr(logged, "(the marker key is missing or different)"));
    end_world();
}

static void test_incidents_that_were_never_cleared(void **state)
{
    (void)state;
    begin_incident();
    has_incident(",\"rebuilt\":true,\"since\":[\"x\",\"y\"]", "", false);
    assert_int_equal(settle(), 0);
    assert_true(wrote(OPEN, "\"since\":[\"a\",\"x\",\"y\"]"));
    end_world();
}

/* ---- as it was ---- */

static void test_as_it_was(void **state)
{
    static const struct {
        const char *name;
        bool is_cleared;
        const char *ends;
        bool is_suspect, is_whole;
    } rows[] = {
        {"cleared", true, ",\"ends\":[]", false, true},
        {"still open", false, ",\"ends\":[{\"topic\":\"t\",\"partition\":0,\"offset\":1}]", true,
         false},
    };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        begin_incident();
        has_incident(rows[i].ends, "a", rows[i].is_cleared);
        (void)kafka_holds(CONTROL, "generation/primaflow.orders", "{\"epoch\":3,\"generation\":5}",
                          NULL);
        assert_int_equal(settle(), 0);
        traced(rows[i].name, "write:worker/primaflow.orders/1");
        assert_int_equal(stream.trust.is_suspect, rows[i].is_suspect);
        assert_int_equal(stream.trust.customers_are_whole, rows[i].is_whole);
        assert_string_equal(worker.keys.marker, "a");
        assert_int_equal(worker.keys.fence, (int64_t)3 << 32 | 5);
        assert_int_equal(stream.fleet.entered_epoch, 4);
        assert_string_equal(stream.fleet.entered_incident, "a");
        end_world();
    }
}

/* An epoch that was taken from the past of other groups stands in no record of ours yet. */
static void test_the_highest_generation_is_never_forgotten(void **state)
{
    static const struct {
        int64_t epoch, generation, then_epoch, then_generation;
    } rows[] = {{4, 1, 4, 1}, {3, 6, 3, 6}, {3, 4, 3, 5}, {2, 9, 3, 5}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_incident();
        has_incident("", "a", true);
        (void)kafka_holds(CONTROL, "generation/primaflow.orders", "{\"epoch\":3,\"generation\":5}",
                          NULL);
        stream.control.epoch = rows[i].epoch;
        stream.control.generation = rows[i].generation;
        assert_int_equal(settle(), 0);
        assert_int_equal(stream.control.epoch, rows[i].then_epoch);
        assert_int_equal(stream.control.generation, rows[i].then_generation);
        end_world();
    }
}

/* Who had the slot before, and may only be asleep. */
static void test_the_former_holder(void **state)
{
    static const struct {
        const char *name, *before, *former;
        bool is_exclusive;
    } rows[] = {
        {"nobody", NULL, "", false},
        {"one of another machine, killed or asleep", "\"process\":\"p/of/another\"", "p/of/another",
         false},
        {"one that has stopped", "\"process\":\"p/of/another\",\"stopped\":true", "", false},
        {"... whose own former may be asleep",
         "\"process\":\"p/of/another\",\"stopped\":true,\"former\":\"q\"", "q", false},
        {"we ourselves, begun anew in place", "\"process\":\"token\",\"former\":\"q\"", "q", false},
        {"never two of one identity", "\"process\":\"p/of/another\"", "", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static const char key[] = "worker/primaflow.orders/1";
        char value[300];
        begin_incident();
        has_incident("", "a", true);
        (void)snprintf(value, sizeof value,
                       "{\"group\":\"primaflow.orders\",\"slot\":\"1\",\"incident\":\"z\",%s}",
                       rows[i].before);
        if (rows[i].before != NULL)
            (void)kafka_holds(CONTROL, key, value, NULL);
        stream.fleet.slot_is_exclusive = rows[i].is_exclusive;
        assert_int_equal(settle(), 0);
        (void)snprintf(value, sizeof value, "\"former\":\"%s\"", rows[i].former);
        if (!wrote(key, value))
            fail_msg("%s: %s", rows[i].name, kafka_last(CONTROL, key));
        assert_true(wrote(key, "\"process\":\"token\""));
        assert_true(wrote(key, "\"reach\":100"));
        assert_true(wrote(key, "\"stopped\":false"));
        end_world();
    }
}

/* ---- waiting ---- */

static void test_everybody_waits(void **state)
{
    static const int64_t writes[] = {WRITE_MS, 400000};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        begin_incident();
        has_incident("", "", false);
        worker.times.write_ms = writes[i];
        assert_int_equal(settle(), 0);
        assert_in_range(now_ms - BEGINNING_MS, all_ms(writes[i]),
                        all_ms(writes[i]) + 5); /* each look takes a moment */
        const char *said = strstr(logged, "info: waiting until no process can still be sending");
        assert_non_null(said);
        assert_null(strstr(said + 10, "waiting until no process")); /* once */
        assert_string_equal(redis_get(marker_name), "a");
        end_world();
    }
}

static bool looked;
static void look_at_waits(void)
{
    struct wait_seen seen;
    waits_look(&worker.host.waits, &seen);
    const int64_t passed = now_ms - BEGINNING_MS;
    if (passed < all_ms(WRITE_MS))
        assert_int_equal(seen.wait, WAIT_fleet);
    if (passed < BOUND_MS + 2000)
        assert_null(stream.incident.ends);
    if (passed >= BOUND_MS + 2000 + 200) {
        assert_non_null(stream.incident.ends);
        assert_int_equal(stream.incident.end_count, 2);
        assert_int_equal(stream.incident.ends[0].offset, 15); /* as far as readers come */
        assert_in_range(stream.incident.senders_over_ms, BEGINNING_MS + BOUND_MS + 2000,
                        BEGINNING_MS + BOUND_MS + 2100);
        looked = true;
    }
}

static void test_ends_and_senders_as_everybody_has_heard(void **state)
{
    (void)state;
    begin_incident();
    has_incident("", "", false);
    kafka_find("orders.raw", 0)->stable = 15;
    looked = false;
    redis.meanwhile = look_at_waits;
    assert_int_equal(settle(), 0);
    assert_true(looked);
    end_world();
}

/* Another one's process works on: nobody proves that it sends no more. */
static void test_a_sender_that_may_live(void **state)
{
    (void)state;
    begin_incident();
    has_incident(",\"since\":[\"z\"]", "", false);
    (void)kafka_holds(CONTROL, "worker/primaflow.orders/2",
                      "{\"group\":\"primaflow.orders\",\"slot\":\"2\",\"incident\":\"z\","
                      "\"process\":\"of another machine\",\"epoch\":1}",
                      NULL);
    assert_int_equal(settle(), 0);
    assert_int_equal(stream.incident.senders_over_ms, 0);
    assert_true(wrote(OPEN, "\"senders_over\":false"));
    end_world();
}

static void test_seen_once(void **state)
{
    (void)state;
    begin_incident();
    has_incident("", "", false);
    (void)snprintf(stream.incident.seen, sizeof stream.incident.seen, "a");
    stream.incident.seen_ms = now_ms - all_ms(WRITE_MS) + 50;
    stream.incident.ends = calloc(1, sizeof *stream.incident.ends);
    assert_int_equal(settle(), 0);
    assert_in_range(now_ms - BEGINNING_MS, 50, 55); /* the rest of the wait alone */
    end_world();
}

/* ---- who opens, who rebuilds ---- */

static void another_opens(void)
{
    if (now_ms == BEGINNING_MS + 100) {
        (void)kafka_holds(CONTROL, OPEN, "{\"incident\":\"b\",\"run_id\":\"run\"}", NULL);
        redis_set(marker_name, "b");
    }
}

static void test_the_others_turn(void **state)
{
    (void)state;
    begin_incident();
    redis_set(turn_name, "2");
    redis.meanwhile = another_opens;
    assert_int_equal(settle(), 0);
    assert_string_equal(stream.control.incident, "b");
    assert_null(strstr(trace, "write:redis.open"));
    end_world();

    begin_incident();
    redis_set(turn_name, "1"); /* our own former self's */
    assert_int_equal(settle(), 0);
    assert_non_null(strstr(trace, "turn:15000 write:redis.open"));
    end_world();
}

static void another_has_rebuilt(void)
{
    if (now_ms >= BEGINNING_MS + all_ms(WRITE_MS) + 150)
        redis_set(marker_name, "a");
}

static void test_another_rebuilds(void **state)
{
    (void)state;
    begin_incident();
    has_incident("", "", false);
    redis.lock_is_busy = true;
    redis.meanwhile = another_has_rebuilt;
    assert_int_equal(settle(), 0);
    assert_null(strstr(trace, "mark:"));
    assert_null(strstr(trace, "unlock"));
    end_world();
}

/* Its holder may have finished just before we had it. */
static void marker_comes_with_the_lock(void)
{
    if (now_ms >= BEGINNING_MS + all_ms(WRITE_MS))
        redis_set(marker_name, "a");
}

static void test_looked_at_once_more_with_the_lock(void **state)
{
    (void)state;
    begin_incident();
    has_incident("", "", false);
    redis.meanwhile = marker_comes_with_the_lock;
    assert_int_equal(settle(), 0);
    assert_null(strstr(trace, "mark:"));
    end_world();
}

/* ---- a server that the fleet has left ---- */

static void gives_up(void)
{
    if (now_ms >= BEGINNING_MS + 2000)
        worker.host.give_up = true;
}

static void test_a_server_that_was_left(void **state)
{
    static const struct {
        const char *name, *more;
        bool is_cleared, is_empty, is_left;
        int64_t seen_ago_ms;
    } rows[] = {
        {"others work with its successor", "", true, false, true, 0},
        {"nobody does", "", true, true, false, 0},
        {"its successor is being made fit", "", false, true, true, 0},
        {"... by nobody any more", "", false, true, false, 4000000},
        {"it was rebuilt, and nobody is there", ",\"rebuilt\":true", false, true, false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char value[300];
        begin_incident();
        (void)snprintf(value, sizeof value,
                       "{\"incident\":\"a\",\"run_id\":\"new\",\"left\":[{\"run_id\":\"x\"},"
                       "{\"run_id\":\"run\"}]%s}",
                       rows[i].more);
        (void)kafka_holds(CONTROL, OPEN, value, NULL);
        if (rows[i].is_cleared)
            (void)kafka_holds(CONTROL, CLEARED, "{\"incident\":\"a\"}", NULL);
        kafka.group_is_empty = rows[i].is_empty;
        redis.meanwhile = gives_up;
        (void)snprintf(stream.incident.seen, sizeof stream.incident.seen, "a");
        stream.incident.seen_ms = now_ms - rows[i].seen_ago_ms;
        assert_int_equal(settle(), -EAGAIN);
        if ((strstr(trace, "write:redis.open") == NULL) != rows[i].is_left)
            fail_msg("%s: %s", rows[i].name, trace);
        const char *said = strstr(logged, "the fleet uses another Redis; waiting");
        assert_int_equal(said != NULL, rows[i].is_left);
        if (said != NULL)
            assert_null(strstr(said + 1, "the fleet uses another Redis")); /* once */
        end_world();
    }
}

/* ---- what fails ---- */

static void test_failures(void **state)
{
    static const struct {
        const char *name, *kafka, *redis, *incident;
        int result;
    } rows[] = {
        {"ops.control cannot be read", "scan:ops.control", NULL, "", -EIO},
        {"there is none", "missing:ops.control", NULL, "", -EIO},
        {"Redis breaks", NULL, "text", "", -EIO},
        {"Redis breaks before the turn", NULL, "- text", "", -EIO},
        {"the ends cannot be read", "ends", NULL, "", -EIO},
        {"more partitions than are supported", "too_many", NULL, "", -E2BIG},
        {"no committed offsets", "group_committed", NULL, "", -EIO},
        {"the incident cannot be written", "write", NULL, "", -EIO},
        {"the marker cannot be set", NULL, "mark", "", -EIO},
        {"we cannot be entered", "write", NULL, "a", -EIO},
        {"the lock breaks", NULL, "lock", "a", -EIO},
        {"whether anybody is there", "group_is_empty", NULL, "left", -EIO},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_incident();
        if (strcmp(rows[i].incident, "a") == 0)
            has_incident("", "", false);
        if (strcmp(rows[i].incident, "left") == 0)
            (void)kafka_holds(CONTROL, OPEN,
                              "{\"incident\":\"a\",\"rebuilt\":true,\"left\":[{\"run_id\":\"run\"}"
                              "]}",
                              NULL);
        kafka.failing = rows[i].kafka;
        redis.failing = rows[i].redis;
        const int result = settle();
        if (result != rows[i].result)
            fail_msg("%s: %d", rows[i].name, result);
        end_world();
    }
}

static void test_what_is_waited_for(void **state)
{
    static const struct {
        const char *kafka, *redis;
        enum wait wait;
    } rows[] = {{"scan:ops.control", NULL, WAIT_kafka},
                {"missing:ops.control", NULL, WAIT_topic},
                {NULL, "text", WAIT_redis}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct wait_seen seen;
        begin_incident();
        kafka.failing = rows[i].kafka;
        redis.failing = rows[i].redis;
        assert_int_equal(settle(), -EIO);
        waits_look(&worker.host.waits, &seen);
        assert_int_equal(seen.wait, rows[i].wait);
        end_world();
    }
    begin_incident();
    worker.host.give_up = true;
    assert_int_equal(settle(), -EAGAIN);
    traced("given up", "");
    end_world();
}

/* ---- the marker comes right behind the record ---- */

static void test_lost_again(void **state)
{
    static const struct {
        const char *name, *more, *lock;
        bool is_cleared, opens;
    } rows[] = {
        {"worked on, and cleared", "", "", true, true},
        {"rebuilt: worked on", ",\"rebuilt\":true", "", false, true},
        {"rebuilt by another in this moment", ",\"rebuilt\":true", "2", false, false},
        {"rebuilt, by our own former self", ",\"rebuilt\":true", "1", false, true},
        {"not yet rebuilt", "", "", false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_incident();
        has_incident(rows[i].more, "", rows[i].is_cleared);
        redis_set(lock_name, rows[i].lock);
        redis.meanwhile = gives_up;
        assert_int_equal(settle(), -EAGAIN);
        if ((strstr(trace, "write:redis.open") != NULL) != rows[i].opens)
            fail_msg("%s: %s", rows[i].name, trace);
        end_world();
    }
    begin_incident(); /* of another server: lost, whatever was rebuilt */
    (void)kafka_holds(CONTROL, OPEN, "{\"incident\":\"a\",\"run_id\":\"other\"}", NULL);
    redis.meanwhile = gives_up;
    assert_int_equal(settle(), -EAGAIN);
    assert_non_null(strstr(trace, "write:redis.open"));
    end_world();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_first_start_waits_for_nobody),
        cmocka_unit_test(test_what_makes_it_no_first_start),
        cmocka_unit_test(test_no_first_start_after_an_incident),
        cmocka_unit_test(test_incidents_that_were_never_cleared),
        cmocka_unit_test(test_as_it_was),
        cmocka_unit_test(test_the_highest_generation_is_never_forgotten),
        cmocka_unit_test(test_the_former_holder),
        cmocka_unit_test(test_everybody_waits),
        cmocka_unit_test(test_ends_and_senders_as_everybody_has_heard),
        cmocka_unit_test(test_a_sender_that_may_live),
        cmocka_unit_test(test_seen_once),
        cmocka_unit_test(test_the_others_turn),
        cmocka_unit_test(test_another_rebuilds),
        cmocka_unit_test(test_looked_at_once_more_with_the_lock),
        cmocka_unit_test(test_a_server_that_was_left),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_what_is_waited_for),
        cmocka_unit_test(test_lost_again),
    };
    return cmocka_run_group_tests_name("stream: an incident", tests, set_up, tear_down);
}
