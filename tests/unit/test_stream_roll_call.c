/* A Redis that was restarted: who has confirmed that nothing is missing, who need not, and when
 * it is a loss (test_stream_world.h). */
#include "test_stream_world.h"

#include <errno.h>

#include "kafka/topics.h"
#include "stream/rebuild.h"
#include "stream/roll_call.h"

#define CONTROL topic_ops_control
#define OPEN "redis.open/primaflow.orders"
#define SERVER "redis.server/primaflow.orders"

static char words[KAFKA_TEXT_MAX];

/* Our slot is "1"; the fleet knows Redis "old", and this one is "run". */
static void begin_roll(void)
{
    begin_world();
    (void)kafka_holds(CONTROL, OPEN,
                      "{\"incident\":\"a\",\"run_id\":\"old\",\"replication_id\":\"repl\"}", NULL);
    assert_int_equal(control_read(worker.host.config, stream.group, &stream.control, words), 0);
}

static void has_member(const char *slot, const char *more)
{
    char key[100], value[300];
    (void)snprintf(key, sizeof key, "worker/primaflow.orders/%s", slot);
    (void)snprintf(value, sizeof value,
                   "{\"group\":\"primaflow.orders\",\"slot\":\"%s\",\"incident\":\"a\"%s}", slot,
                   more);
    (void)kafka_holds(CONTROL, key, value, NULL);
    assert_int_equal(control_read(worker.host.config, stream.group, &stream.control, words), 0);
}

/* What a slot's key says: "epoch number at", in seconds. */
static void has_count(const char *slot, const char *count)
{
    char of[100], name[200];
    (void)snprintf(of, sizeof of, "orders:%s", slot);
    redis_set(keys_name(&worker.keys, "e", of, name, sizeof name), count);
}

static void confirms(const char *slot, const char *value)
{
    char name[200], field[300];
    (void)snprintf(field, sizeof field, "%s %s",
                   keys_name(&worker.keys, "roll", "orders", name, sizeof name), slot);
    redis_set(field, value);
}

static int call(void)
{
    return roll_call(&worker, REDIS, &redis.server, words);
}

/* ---- nobody to ask ---- */

static void test_the_server_that_is_known(void **state)
{
    (void)state;
    begin_roll();
    (void)snprintf(redis.server.run_id, 64, "old");
    assert_int_equal(call(), 0);
    traced("nothing", "");
    end_world();

    begin_roll(); /* its replication id has changed: another one's copy */
    (void)snprintf(redis.server.run_id, 64, "old");
    (void)snprintf(redis.server.replication_id, 64, "other");
    assert_int_equal(call(), 0);
    assert_non_null(strstr(trace, "write:" SERVER));
    end_world();

    begin_roll(); /* an older release did not write it down */
    (void)snprintf(redis.server.run_id, 64, "old");
    stream.control.server.replication_id[0] = '\0';
    assert_int_equal(call(), 0);
    traced("written down", "write:" SERVER);
    assert_non_null(strstr(kafka_last(CONTROL, SERVER), "\"replication_id\":\"repl\""));
    end_world();

    begin_roll(); /* and there is none to be written */
    (void)snprintf(redis.server.run_id, 64, "old");
    stream.control.server.replication_id[0] = redis.server.replication_id[0] = '\0';
    assert_int_equal(call(), 0);
    traced("none", "");
    end_world();
}

static void test_alone(void **state)
{
    (void)state;
    begin_roll();
    assert_int_equal(call(), 0);
    traced("confirms, and puts it on record", "confirm:run/repl 4 write:" SERVER);
    assert_string_equal(stream.control.server.run_id, "run");
    assert_string_equal(stream.control.left[0].run_id, "old");
    assert_int_equal(stream.control.left_count, 1);
    assert_int_equal(now_ms, BEGINNING_MS);
    assert_string_equal(logged, "info: Redis was restarted and lost no data\n");
    stream.control.left_count = CONTROL_LEFT_MAX;
    (void)snprintf(redis.server.run_id, 64, "newest");
    assert_int_equal(call(), 0);
    assert_int_equal(stream.control.left_count, CONTROL_LEFT_MAX);
    assert_string_equal(stream.control.left[0].run_id, "run");
    assert_string_equal(stream.control.left[1].run_id, "old");
    end_world();
}

/* ---- the others ---- */

static void test_members(void **state)
{
    static const struct {
        const char *name, *more, *count, *confirmed;
        int result; /* -ESTALE at once, or after the patience */
        bool is_at_once;
        const char *words;
    } rows[] = {
        {"has confirmed", ",\"epoch\":2", "2 9 100", "run/repl 2", 0, true, ""},
        {"its successor has", ",\"epoch\":2", "2 9 100", "run/repl 3", 0, true, ""},
        {"its predecessor has", ",\"epoch\":2", "2 9 100", "run/repl 1", -ESTALE, false,
         "Redis was restarted, and no process confirms that it has the last commands of slot 2"},
        {"confirmed another server", ",\"epoch\":2", "2 9 100", "run/replica 2", -ESTALE, false,
         NULL},
        {"stopped, and all of it is there", ",\"epoch\":2,\"number\":9,\"stopped\":true", "2 9 100",
         "", 0, true, ""},
        {"stopped, and its last command is not", ",\"epoch\":2,\"number\":10,\"stopped\":true",
         "2 9 100", "", -ESTALE, true, "Redis does not have the last commands of slot 2"},
        {"its epoch is not there", ",\"epoch\":3", "2 9 100", "", -ESTALE, true,
         "Redis does not have the last commands of slot 2"},
        {"a later epoch is: its holder answers", ",\"epoch\":1", "2 9 100", "", -ESTALE, false,
         NULL},
        {"was silent for a lease when the last command ran", ",\"epoch\":2", "2 9 88", "", 0, true,
         ""},
        {"... not for quite so long", ",\"epoch\":2", "2 9 89", "", -ESTALE, false, NULL},
        {"of another incident", ",\"epoch\":2,\"incident\":\"b\"", "1 1 1", "", 0, true, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_roll();
        has_member("3", ",\"epoch\":7,\"number\":1,\"stopped\":true");
        has_count("3", "7 5 100"); /* the last of all commands */
        has_member("4", ",\"epoch\":8,\"incident\":\"b\"");
        has_count("4", "8 5 900"); /* but for one that does not count */
        has_member("5", ",\"epoch\":8,\"number\":1,\"stopped\":true");
        has_count("5", "9 5 900"); /* nor one of a later holder; whose has stopped */
        confirms("5", "run/repl 9");
        if (strstr(rows[i].more, "incident") != NULL) {
            (void)kafka_holds(CONTROL, "worker/primaflow.orders/2",
                              "{\"group\":\"primaflow.orders\",\"slot\":\"2\",\"incident\":\"b\","
                              "\"epoch\":2}",
                              NULL);
            assert_int_equal(control_read(worker.host.config, stream.group, &stream.control, words),
                             0);
        } else {
            has_member("2", rows[i].more);
        }
        has_count("2", rows[i].count);
        confirms("2", rows[i].confirmed);
        const int result = call();
        if (result != rows[i].result)
            fail_msg("%s: %d, %s", rows[i].name, result, words);
        if (rows[i].words != NULL && rows[i].words[0] != '\0')
            assert_string_equal(words, rows[i].words);
        const int64_t patience = 10000 + 5000;
        if (rows[i].is_at_once ? now_ms - BEGINNING_MS > 50 : now_ms - BEGINNING_MS <= patience)
            fail_msg("%s: after %lld ms", rows[i].name, (long long)(now_ms - BEGINNING_MS));
        assert_true(now_ms - BEGINNING_MS <= patience + 100);
        end_world();
    }
}

static void confirms_later(void)
{
    if (now_ms >= BEGINNING_MS + 3000)
        confirms("2", "run/repl 2");
}

static void accepted_by_another(void)
{
    if (now_ms == BEGINNING_MS + 400)
        (void)kafka_holds(CONTROL, SERVER,
                          "{\"incident\":\"a\",\"run_id\":\"run\",\"replication_id\":\"repl\"}",
                          NULL);
}

static void another_incident(void)
{
    if (now_ms == BEGINNING_MS + 400)
        (void)kafka_holds(CONTROL, OPEN, "{\"incident\":\"b\"}", NULL);
}

static void gives_up(void)
{
    worker.host.give_up = true;
}

static void test_what_happens_meanwhile(void **state)
{
    static const struct {
        const char *name;
        void (*meanwhile)(void);
        int result;
        int64_t after_ms;
        const char *words;
        bool is_on_record;
    } rows[] = {
        {"the last one confirms", confirms_later, 0, 3000, NULL, true},
        {"another one has put it on record", accepted_by_another, 0, 550, NULL, false},
        {"another incident", another_incident, -ESTALE, 550,
         "another worker reported Redis state lost", false},
        {"given up", gives_up, -EAGAIN, 100, NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_roll();
        has_member("2", ",\"epoch\":2");
        has_count("2", "2 9 100");
        redis.meanwhile = rows[i].meanwhile;
        const int result = call();
        if (result != rows[i].result || now_ms - BEGINNING_MS != rows[i].after_ms ||
            (strstr(trace, "write:") != NULL) != rows[i].is_on_record)
            fail_msg("%s: %d after %lld ms, %s", rows[i].name, result,
                     (long long)(now_ms - BEGINNING_MS), trace);
        if (rows[i].words != NULL)
            assert_string_equal(words, rows[i].words);
        end_world();
    }
}

/* ---- our own slot's former holder: nobody else can answer for it ---- */

static void test_our_own_slot(void **state)
{
    static const struct {
        const char *name, *more;
        int64_t epoch, number, at_s;
        bool is_known_server, is_ours;
        int result;
    } rows[] = {
        {"all there", ",\"epoch\":3,\"number\":9,\"stopped\":true", 3, 9, 100, .result = 0},
        {"not all", ",\"epoch\":3,\"number\":10,\"stopped\":true", 3, 9, 100, .result = -ESTALE},
        {"not all, and the server never changed", ",\"epoch\":3,\"number\":10,\"stopped\":true", 3,
         9, 100, true, .result = -ESTALE},
        {"it was killed", ",\"epoch\":3", 3, 9, 100, .result = -ESTALE},
        {"... and the server is the one that it had", ",\"epoch\":3", 3, 9, 100, true, .result = 0},
        {"it was silent for long", ",\"epoch\":3", 3, 9, 80, .result = 0},
        {"we ourselves, entered before", ",\"epoch\":4", 3, 9, 100, .is_ours = true, .result = 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_roll();
        has_member("1", rows[i].more);
        has_member("2", ",\"epoch\":2,\"number\":1,\"stopped\":true");
        has_count("2", "2 9 100");
        stream.fleet.former.epoch = rows[i].epoch;
        stream.fleet.former.number = rows[i].number;
        stream.fleet.former.at_ms = rows[i].at_s * 1000;
        if (rows[i].is_ours)
            stream.fleet.entered_epoch = 4;
        if (rows[i].is_known_server)
            (void)snprintf(redis.server.run_id, 64, "old");
        const int result = call();
        if (result != rows[i].result)
            fail_msg("%s: %d, %s", rows[i].name, result, words);
        end_world();
    }
}

/* The last of all commands may have been our own former holder's. */
static void test_our_own_count_is_one_of_them(void **state)
{
    (void)state;
    begin_roll();
    has_member("2", ",\"epoch\":2");
    has_count("2", "2 9 100");
    stream.fleet.former.at_ms = 112000;
    assert_int_equal(call(), 0);
    end_world();
}

static void test_redis_breaks(void **state)
{
    static const struct {
        const char *failing, *words;
        bool kafka_fails;
    } rows[] = {{"text", "Redis: the connection broke", false},
                {"refused", "Redis: NOPERM", false},
                {NULL, "no write", true}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_roll();
        has_member("2", ",\"epoch\":2,\"stopped\":true");
        has_count("2", "2 9 100");
        redis.failing = rows[i].failing;
        kafka.failing = rows[i].kafka_fails ? "write" : NULL;
        assert_int_equal(call(), -EIO);
        assert_string_equal(words, rows[i].words);
        end_world();
    }
}

/* ---- at work ---- */

static void test_at_work(void **state)
{
    static const struct {
        const char *name, *count, *marker;
        int64_t answered;
        bool leaves;
        const char *trace, *why;
    } rows[] = {
        {"all there", "4 9 1", "a", 9, false,
         "open:2000 confirm:run/repl 4 write:" SERVER " close connect_again", ""},
        {"more than was acknowledged", "4 10 1", "a", 9, false,
         "open:2000 confirm:run/repl 4 write:" SERVER " close connect_again", ""},
        {"a later holder's", "5 1 1", "a", 9, false,
         "open:2000 confirm:run/repl 4 write:" SERVER " close connect_again", ""},
        {"behind", "4 8 1", "a", 9, true, "open:2000 mark:a> close",
         "Redis does not have the last commands of slot 1"},
        {"of an earlier epoch", "3 99 1", "a", 9, true, "open:2000 mark:a> close",
         "Redis does not have the last commands of slot 1"},
        {"the marker is another one", "4 9 1", "b", 9, true, "open:2000 mark:a> close",
         "the marker key is missing or different"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char name[200];
        begin_roll();
        redis.answered = rows[i].answered;
        has_count("1", rows[i].count);
        (void)snprintf(worker.keys.marker, sizeof worker.keys.marker, "a");
        redis_set(rebuild_marker_name(&worker, name), rows[i].marker);
        logged[0] = '\0';
        roll_call_begin(&worker);
        roll_call_begin(&worker);
        assert_int_equal(pool_jobs(), 1); /* one at a time */
        assert_true(stream.trust.is_calling);
        pool_all();
        traced(rows[i].name, rows[i].trace);
        assert_false(stream.trust.is_calling);
        assert_int_equal(worker.leaving, rows[i].leaves);
        assert_string_equal(stream.control.server.run_id, rows[i].leaves ? "old" : "run");
        if (rows[i].leaves)
            assert_non_null(strstr(logged, rows[i].why));
        assert_int_equal(strstr(logged, "cannot delete the marker") != NULL,
                         strcmp(rows[i].marker, "b") == 0);
        roll_call_begin(&worker);
        assert_int_equal(pool_jobs(), rows[i].leaves ? 0 : 1); /* who leaves asks no more */
        pool_all();
        end_world();
    }
}

static void test_at_work_it_cannot_be_asked(void **state)
{
    static const struct {
        const char *name, *redis, *kafka, *incident;
        bool evicts, leaves;
    } rows[] = {
        {"no connection", .redis = "open", .incident = "a"},
        {"not fit for keys", .evicts = true, .incident = "a"},
        {"no ops.control", .kafka = "scan:ops.control", .incident = "a"},
        {"another incident", .incident = "b", .leaves = true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_roll();
        (void)snprintf(stream.control.incident, CONTROL_ID_MAX, "%s", rows[i].incident);
        if (rows[i].evicts)
            (void)snprintf(redis.server.eviction, sizeof redis.server.eviction, "allkeys-lru");
        redis.failing = rows[i].redis;
        kafka.failing = rows[i].kafka;
        roll_call_begin(&worker);
        pool_all();
        assert_int_equal(worker.leaving, rows[i].leaves);
        assert_int_equal(strstr(trace, "connect_again") != NULL, !rows[i].leaves);
        assert_int_equal(now_ms - BEGINNING_MS, rows[i].leaves ? 0 : 200); /* not in a hot loop */
        end_world();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_server_that_is_known),
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_what_happens_meanwhile),
        cmocka_unit_test(test_our_own_slot),
        cmocka_unit_test(test_our_own_count_is_one_of_them),
        cmocka_unit_test(test_redis_breaks),
        cmocka_unit_test(test_at_work),
        cmocka_unit_test(test_at_work_it_cannot_be_asked),
    };
    return cmocka_run_group_tests_name("stream: a restarted Redis", tests, set_up, tear_down);
}
