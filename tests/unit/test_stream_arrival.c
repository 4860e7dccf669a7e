/* Partitions that come: what is asked, where each is begun, what goes on record before, and who may
 * take them on (test_stream_world.h). Where to begin is start.c's: test_runtime_start. */
#include "test_stream_world.h"

#include "kafka/topics.h"
#include "stream/start.h"

#define CONTROL topic_ops_control

static const struct kafka_place one = {"orders.raw", 0, -1}, two = {"orders.raw", 1, -1},
                                retry = {"orders.raw.retry.1s", 0, -1};

static void assigned(const struct kafka_place *place)
{
    partitions_assigned(&worker, place, 1);
}

static void arrives(const char *name, const char *expected)
{
    pool_all();
    traced(name, expected);
}

/* A group at work: its beginning is noted, and this generation. */
static void has_lived(const char *begun)
{
    (void)kafka_holds(CONTROL, "begun/primaflow.orders/orders.raw", begun, NULL);
    stream.control.generation = 1;
    char words[KAFKA_TEXT_MAX];
    const struct past_of of = {"primaflow.orders", "orders", "pf"};
    assert_int_equal(past_read(worker.host.config, &of, &stream.past, words), 0);
}

/* ---- as a rule ---- */

static void test_goes_on_where_it_was(void **state)
{
    (void)state;
    begin_world();
    (void)kafka_has("orders.raw", 0, 0, 20, 7);
    has_lived("{\"offsets\":[0]}");
    assigned(&one);
    assert_true(stream.assignment.is_pending);
    assert_int_equal(pool_jobs(), 1);
    arrives("on", "assign orders.raw/0@7 begin:orders.raw/0@7");
    assert_false(stream.assignment.is_pending);
    assert_true(stream.assignment.joined);
    assert_int_equal(stream.partitions->committed, 7);
    assert_int_equal(stream.partitions->remembered, -1);
    assert_int_equal(stream.partitions->suspect_below, 0);
    assert_int_equal(worker.keys.fence, 1);
    assert_string_equal(logged, "info: partitions assigned count 1\n");
    has_counted(METRIC_rebalances, "assigned}+1");
    end_world();
}

static void test_what_is_remembered_and_suspect(void **state)
{
    (void)state;
    begin_world();
    (void)kafka_has("orders.raw", 1, 0, 20, 7);
    (void)kafka_holds(CONTROL, "position/primaflow.orders/orders.raw/1",
                      "{\"offset\":6,\"ground\":0}", NULL);
    has_lived("{\"offsets\":[0,0]}");
    stream.control.ends = calloc(3, sizeof *stream.control.ends);
    stream.control.ends[0] = (struct kafka_place){"orders.raw", 0, 11};
    stream.control.ends[1] = (struct kafka_place){"orders.raw.retry.1s", 1, 12};
    stream.control.ends[2] = (struct kafka_place){"orders.raw", 1, 13};
    stream.control.end_count = 3;
    assigned(&two);
    pool_all();
    assert_int_equal(stream.partitions->remembered, 6);
    assert_int_equal(stream.partitions->suspect_below, 13);
    end_world();
}

/* ---- a first start ---- */

static void test_a_first_start_is_noted_for_all(void **state)
{
    static const struct {
        int64_t from;
        const char *begun, *trace;
    } rows[] = {
        {KAFKA_START_END, "{\"offsets\":[20,30]}",
         "write:begun/primaflow.orders/orders.raw write:generation/primaflow.orders "
         "assign orders.raw/0@20 begin:orders.raw/0@20"},
        {KAFKA_START_BEGINNING, "{\"offsets\":[3,4]}",
         "write:begun/primaflow.orders/orders.raw write:generation/primaflow.orders "
         "assign orders.raw/0@3 begin:orders.raw/0@3"},
    };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        begin_world();
        (void)kafka_has("orders.raw", 0, 3, 20, -1);
        (void)kafka_has("orders.raw", 1, 4, 30, -1);
        stream.inputs.list[0].start.from = rows[i].from;
        assigned(&one);
        assert_true(pool_works() && pool_tells());
        traced("first", rows[i].trace);
        assert_string_equal(kafka_last(CONTROL, "begun/primaflow.orders/orders.raw"),
                            rows[i].begun);
        assert_int_equal(stream.partitions->committed, -1); /* decided here: committed at once */
        end_world();
    }
}

static void test_what_was_decided_is_committed_at_once(void **state)
{
    (void)state;
    begin_world();
    (void)kafka_has("orders.raw", 0, 3, 20, -1);
    assigned(&one);
    assert_true(pool_works() && pool_tells());
    assert_true(commit_is_busy(&worker));
    trace[0] = '\0';
    arrives("its beginning", "still_there commit[] orders.raw/0@20 committed:orders.raw/0:0");
    assert_int_equal(kafka_find("orders.raw", 0)->committed, 20);
    end_world();
}

/* Two partitions of one first start are one beginning. */
static void test_one_beginning(void **state)
{
    (void)state;
    begin_world();
    (void)kafka_has("orders.raw", 0, 3, 20, -1);
    (void)kafka_has("orders.raw", 1, 4, 30, -1);
    stream.past.has_generation = false;
    partitions_assigned(&worker, (const struct kafka_place[]){one, two}, 2);
    (void)pool_works();
    traced("once", "write:begun/primaflow.orders/orders.raw write:generation/primaflow.orders");
    end_world();
}

static void test_noted_by_another_worker(void **state)
{
    (void)state;
    begin_world();
    (void)kafka_has("orders.raw", 0, 3, 20, -1);
    (void)kafka_has("orders.raw", 1, 4, 30, -1);
    has_lived("{\"offsets\":[17]}");
    assigned(&one);
    arrives("as noted", "assign orders.raw/0@17 begin:orders.raw/0@17 "
                        "still_there commit[] orders.raw/0@17 committed:orders.raw/0:0");
    assigned(&two); /* was added since: from its beginning */
    kafka.cooperative = true;
    pool_all();
    assert_int_equal(stream.partitions->position, 4);
    assert_non_null(strstr(logged, "info: new partition: reading from its beginning"));
    end_world();
}

/* ---- several inputs ---- */

static const struct kafka_place result = {"orders.results", 0, -1};

static void reads_results_as_well(void)
{
    begin_world();
    stream.inputs.list[1] =
        (struct input_topic){.name = "orders.results",
                             .role = TOPIC_INPUT,
                             .start = {.from = KAFKA_START_BEGINNING, .vanished = KAFKA_START_END}};
    (void)snprintf(stream.outputs.written[0], sizeof stream.outputs.written[0], "stock.levels");
    (void)kafka_has("orders.raw", 0, 3, 20, -1);
    (void)kafka_has("orders.results", 0, 4, 30, -1);
}

static void test_each_input_begins_as_is_said_of_it(void **state)
{
    (void)state;
    reads_results_as_well();
    partitions_assigned(&worker, (const struct kafka_place[]){one, result}, 2);
    assert_true(pool_works() && pool_tells());
    traced("two beginnings",
           "write:begun/primaflow.orders/orders.raw write:begun/primaflow.orders/orders.results "
           "write:generation/primaflow.orders assign orders.raw/0@20 orders.results/0@4 "
           "begin:orders.raw/0@20 begin:orders.results/0@4");
    assert_string_equal(kafka_last(CONTROL, "begun/primaflow.orders/orders.raw"),
                        "{\"offsets\":[20]}");
    assert_string_equal(kafka_last(CONTROL, "begun/primaflow.orders/orders.results"),
                        "{\"offsets\":[4]}");
    end_world();
}

/* A release that reads one topic more: the group has lived, and in this one it begins. What it
 * published is there, and says nothing of that. */
static void test_an_input_that_was_added(void **state)
{
    (void)state;
    reads_results_as_well();
    kafka_find("orders.raw", 0)->committed = 9;
    (void)kafka_has("orders.raw.dlq", 0, 0, 7, -1);
    has_lived("{\"offsets\":[0]}");
    stream.past.has_generation = true;
    partitions_assigned(&worker, (const struct kafka_place[]){one, result}, 2);
    assert_true(pool_works() && pool_tells());
    assert_int_equal(stream.partitions->position, 4);
    assert_string_equal(kafka_last(CONTROL, "begun/primaflow.orders/orders.results"),
                        "{\"offsets\":[4]}");
    end_world();
}

/* What start.vanished says of each. */
static void test_an_offset_of_one_input_is_gone(void **state)
{
    (void)state;
    reads_results_as_well();
    (void)kafka_holds(CONTROL, "position/primaflow.orders/orders.results/0",
                      "{\"offset\":9,\"ground\":0}", NULL);
    (void)kafka_holds(CONTROL, "begun/primaflow.orders/orders.results", "{\"offsets\":[4]}", NULL);
    has_lived("{\"offsets\":[0]}");
    assigned(&result);
    pool_all();
    assert_int_equal(stream.partitions->position, 30);
    end_world();
}

/* An engine without keys: what it published ends nothing, and is not read for that. */
static void test_an_engine_without_keys(void **state)
{
    (void)state;
    reads_results_as_well();
    struct engine without_keys = *stream.engine;
    without_keys.keeps_keys = false;
    stream.engine = &without_keys;
    (void)kafka_has("orders.raw.dlq", 0, 0, 7, -1);
    stream.past.has_generation = true; /* with keys a person would be asked */
    stream.inputs.list[0].start.from = KAFKA_START_BEGINNING;
    assigned(&one);
    pool_all();
    assert_int_equal(stream.partitions->position, 3);
    assert_int_equal(stream.partitions->ground, 0);
    end_world();

    reads_results_as_well();
    stream.engine = &without_keys;
    kafka_find("orders.raw", 0)->committed = 5;
    (void)kafka_holds(CONTROL, "position/primaflow.orders/orders.raw/0",
                      "{\"offset\":9,\"ground\":0}", NULL);
    has_lived("{\"offsets\":[0]}");
    assigned(&one);
    pool_all();
    assert_int_equal(stream.partitions->position, 5); /* set back */
    assert_null(stream.ended);
    end_world();
}

/* ---- groups from before ops.control knew of beginnings ---- */

static void test_traces_of_an_older_release(void **state)
{
    static const struct {
        const char *name;
        int64_t sibling, results, letters;
        bool has_generation;
        const char *ends;
    } rows[] = {
        {"none: a first start", -1, 0, 0, true, "assign orders.raw/0@20"},
        {"another partition has an offset: this one is new", 5, 0, 0, false,
         "assign orders.raw/0@3"},
        {"it has published: its offset is gone, and a person says", -1, 9, 0, true,
         "fail:70:cannot determine where to resume reading"},
        {"... letters, too", -1, 0, 9, true, "fail:70:cannot determine where to resume reading"},
        {"published, by whomever: no generation was ever seen", -1, 9, 9, false,
         "assign orders.raw/0@20"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_world();
        (void)kafka_has("orders.raw", 0, 3, 20, -1);
        (void)kafka_has("orders.raw", 1, 4, 30, rows[i].sibling);
        (void)kafka_has("orders.results", 0, 0, rows[i].results, -1);
        (void)kafka_has("orders.raw.dlq", 0, 0, rows[i].letters, -1);
        stream.past.has_generation = rows[i].has_generation;
        assigned(&one);
        (void)pool_works();
        trace[0] = '\0';
        (void)pool_tells();
        if (strncmp(trace, rows[i].ends, strlen(rows[i].ends)) != 0)
            fail_msg("%s: %s", rows[i].name, trace);
        end_world();
    }
}

/* ---- an offset that is gone ---- */

static void test_a_person_is_asked(void **state)
{
    (void)state;
    begin_world();
    (void)kafka_has("orders.raw", 0, 3, 20, -1);
    (void)kafka_has("orders.raw", 1, 4, 30, 2);
    (void)kafka_holds(CONTROL, "position/primaflow.orders/orders.raw/0",
                      "{\"offset\":9,\"ground\":0}", NULL);
    has_lived("{\"offsets\":[0,0]}");
    partitions_assigned(&worker, (const struct kafka_place[]){one, two}, 2);
    arrives("asks, and takes none",
            "fail:70:cannot determine where to resume reading "
            "(orders.raw/0: the group's offset is gone; it was at least 9; and 1 more partitions)");
    assert_null(stream.partitions);
    end_world();

    begin_world();
    (void)kafka_has("orders.raw", 1, 4, 30, 2);
    has_lived("{\"offsets\":[0,0]}");
    assigned(&two);
    arrives("one alone",
            "fail:70:cannot determine where to resume reading (orders.raw/1: the group has read up "
            "to 2, and the topic begins at 4 now: 2 offsets are missing)");
    end_world();
}

static void test_a_person_has_said(void **state)
{
    static const struct {
        const char *name;
        int64_t answer, begins;
    } rows[] = {
        {"from its end", KAFKA_START_END, 20},
        {"from its beginning", KAFKA_START_BEGINNING, 3},
        {"where it was, as far as is known", START_REMEMBERED, 9},
        {"from a time", 14, 14},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_world();
        (void)kafka_has("orders.raw", 0, 3, 20, -1);
        (void)kafka_holds(CONTROL, "position/primaflow.orders/orders.raw/0",
                          "{\"offset\":9,\"ground\":0}", NULL);
        has_lived("{\"offsets\":[0]}");
        stream.inputs.list[0].start.vanished = rows[i].answer;
        assigned(&one);
        pool_all();
        assert_non_null(stream.partitions);
        assert_int_equal(stream.partitions->position, rows[i].begins);
        assert_int_equal(stream.partitions->ground, 20);
        assert_int_equal(stream.partitions->remembered, 20); /* the ground is on record */
        assert_int_equal(stream.ended != NULL, rows[i].begins < 20);
        assert_string_equal(kafka_last(CONTROL, "position/primaflow.orders/orders.raw/0"),
                            "{\"ground\":20,\"offset\":9}");
        assert_non_null(strstr(logged, "warning: partition position moved; deliveries that have "
                                       "ended are skipped"));
        end_world();
    }
}

static void test_records_were_deleted(void **state)
{
    (void)state;
    begin_world();
    (void)kafka_has("orders.raw.retry.1s", 0, 9, 20, 4);
    has_lived("{\"offsets\":[0]}");
    assigned(&retry);
    pool_all();
    assert_int_equal(stream.partitions->position, 9);
    assert_non_null(strstr(
        logged, "error: records were deleted before they were read; continuing after them "
                "(orders.raw.retry.1s/0: the group has read up to 4, and the topic begins at 9 "
                "now: 5 offsets are missing) orders.raw.retry.1s/0@9 count 5"));
    has_counted(METRIC_offsets_missing, "orders.raw.retry.1s}+5");
    end_world();

    begin_world();
    (void)kafka_has("orders.raw.retry.1s", 0, 9, 9, 8);
    has_lived("{\"offsets\":[0]}");
    assigned(&retry);
    pool_all();
    assert_non_null(strstr(logged, "info: no unread records are missing"));
    end_world();
}

/* ---- what may have been read before ---- */

static void test_the_ground_goes_on_record_first(void **state)
{
    static const struct {
        const char *name, *position;
        int64_t committed, high;
        const char *writes; /* "": nothing */
        int64_t ground;
    } rows[] = {
        {"the offset was set back: it is known already", "{\"offset\":9,\"ground\":0}", 5, 20, "",
         9},
        {"a topic that was made anew: known up to its end", "{\"offset\":50,\"ground\":0}", 5, 20,
         "", 20},
        {"nothing of the sort", "{\"offset\":5,\"ground\":0}", 5, 20, "", 0},
        {"beyond its end", "{\"offset\":5,\"ground\":0}", 30, 20, "{\"ground\":20,\"offset\":5}",
         20},
        {"... and so is what is remembered", "{\"offset\":60,\"ground\":70}", 90, 20, "", 20},
        {"... of which nothing is known", NULL, 30, 20, "{\"ground\":20,\"offset\":0}", 20},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static const char key[] = "position/primaflow.orders/orders.raw.retry.1s/0";
        begin_world();
        (void)kafka_has("orders.raw.retry.1s", 0, 0, rows[i].high, rows[i].committed);
        if (rows[i].position != NULL)
            (void)kafka_holds(CONTROL, key, rows[i].position, NULL);
        has_lived("{\"offsets\":[0]}");
        const size_t records = kafka.record_count;
        assigned(&retry);
        (void)pool_works();
        if ((kafka.record_count > records) != (rows[i].writes[0] != '\0') ||
            (rows[i].writes[0] != '\0' && strcmp(kafka_last(CONTROL, key), rows[i].writes) != 0))
            fail_msg("%s: %s", rows[i].name, kafka_last(CONTROL, key));
        (void)pool_tells();
        assert_int_equal(stream.partitions->ground, rows[i].ground);
        assert_int_equal(stream.ended != NULL, rows[i].ground > 0);
        end_world();
    }
}

/* What is remembered may be the very first offset. */
static void test_the_first_offset_is_remembered(void **state)
{
    static const char key[] = "position/primaflow.orders/orders.raw.retry.1s/0";
    (void)state;
    begin_world();
    (void)kafka_has("orders.raw.retry.1s", 0, 3, 20, 30);
    (void)kafka_holds(CONTROL, key, "{\"offset\":0,\"ground\":0}", NULL);
    has_lived("{\"offsets\":[0]}");
    assigned(&retry);
    (void)pool_works();
    assert_string_equal(kafka_last(CONTROL, key), "{\"ground\":20,\"offset\":0}");
    end_world();
}

/* ---- generations ---- */

static void test_generations(void **state)
{
    static const struct {
        const char *name;
        int64_t known, epoch;
        int32_t now;
        int64_t then;
        const char *written;
    } rows[] = {
        {"the same as before", 5, 2, 5, 2, ""},
        {"a higher one", 5, 2, 6, 2,
         "{\"epoch\":2,\"flow\":\"orders\",\"generation\":6,\"prefix\":\"pf\"}"},
        {"a lower one: the group was made anew", 5, 2, 3, 3,
         "{\"epoch\":3,\"flow\":\"orders\",\"generation\":3,\"prefix\":\"pf\"}"},
        {"none", 5, 2, KAFKA_NO_GENERATION, 2, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_world();
        (void)kafka_has("orders.raw", 0, 0, 20, 7);
        has_lived("{\"offsets\":[0]}");
        stream.control.generation = rows[i].known;
        stream.control.epoch = rows[i].epoch;
        kafka.generation = rows[i].now;
        worker.keys.fence = 77;
        assigned(&one);
        (void)pool_works();
        assert_string_equal(kafka_last(CONTROL, "generation/primaflow.orders"), rows[i].written);
        assert_int_equal(stream.control.epoch, rows[i].epoch); /* not before it is on record */
        (void)pool_tells();
        assert_int_equal(stream.control.epoch, rows[i].then);
        assert_int_equal(stream.control.generation, rows[i].now >= 0 ? rows[i].now : 5);
        assert_int_equal(worker.keys.fence,
                         rows[i].now >= 0 ? rows[i].then << 32 | rows[i].now : 77);
        end_world();
    }
}

static void test_a_generation_that_cannot_be_read(void **state)
{
    (void)state;
    begin_world();
    kafka.generation = KAFKA_GENERATION_UNREADABLE;
    assigned(&one);
    traced("ends", "fail:70:unknown format of librdkafka's group metadata: stale owners could not "
                   "be fenced");
    assert_int_equal(pool_jobs(), 0);
    end_world();
}

/* ---- what does not go as it should ---- */

static void test_asked_again_until_it_is_known(void **state)
{
    static const char *const failing[] = {
        "committed", "bounds", "scan:ops.control", "ends", "committed committed", "write"};
    (void)state;
    for (size_t i = 0; i < sizeof failing / sizeof *failing; i++) {
        begin_world();
        (void)kafka_has("orders.raw", 0, 3, 20, -1);
        kafka.failing = failing[i];
        assigned(&one);
        (void)pool_works();
        (void)pool_tells();
        assert_true(stream.assignment.is_pending);
        assert_null(stream.partitions);
        assert_non_null(strstr(logged, "retrying"));
        const int64_t began = now_ms;
        while (stream.partitions == NULL && (pool_works() || pool_tells()))
            continue;
        assert_true(now_ms - began >= 500); /* not in a hot loop */
        assert_int_equal(stream.partitions->position, 20);
        end_world();
    }
}

static void test_while_we_leave(void **state)
{
    (void)state;
    begin_world();
    (void)kafka_has("orders.raw", 0, 3, 20, -1);
    kafka.failing = "committed";
    kafka.closing = true;
    assigned(&one);
    arrives("given back", "unassign orders.raw/0@-1");
    assert_false(stream.assignment.is_pending);
    end_world();
}

static void test_only_the_last_is_taken_on(void **state)
{
    (void)state;
    begin_world();
    (void)kafka_has("orders.raw", 0, 0, 20, 7);
    (void)kafka_has("orders.raw", 1, 0, 20, 8);
    has_lived("{\"offsets\":[0,0]}");
    assigned(&one);
    (void)pool_works();
    assigned(&two);
    (void)pool_tells();
    traced("the group moved on", "");
    assert_true(stream.assignment.is_pending); /* the newer one is */
    arrives("the newer one", "assign orders.raw/1@8 begin:orders.raw/1@8");
    end_world();
}

static void test_librdkafka_refuses(void **state)
{
    (void)state;
    begin_world();
    (void)kafka_has("orders.raw", 0, 0, 20, 7);
    has_lived("{\"offsets\":[0]}");
    kafka.assign_result = -5;
    assigned(&one);
    arrives("a rebalance follows", "assign orders.raw/0@7");
    assert_null(stream.partitions);
    assert_false(stream.assignment.joined);
    end_world();
}

/* Nobody took the former partitions from us: dropped when the new ones are taken on, and not while
 * they are being committed. */
static void test_what_nobody_took_is_replaced(void **state)
{
    (void)state;
    begin_world();
    (void)kafka_has("orders.raw", 1, 0, 20, 8);
    has_lived("{\"offsets\":[0,0]}");
    holds(has_partition("orders.raw", 0, 5), 5, 1, 1);
    commit_hurry(&worker);
    assigned(&two);
    now_ms += 1;
    assert_true(pool_works()); /* the transaction's; the loop has not heard of it */
    assert_true(pool_works());
    trace[0] = '\0';
    /* the answer comes first */
    pool_all();
    traced("replaced", "committed:orders.raw/0:1 drop:orders.raw/0 assign orders.raw/1@8 "
                       "begin:orders.raw/1@8");
    end_world();
}

static void test_an_open_revoke_is_overtaken(void **state)
{
    (void)state;
    begin_world();
    (void)kafka_has("orders.raw", 0, 0, 20, 7);
    has_lived("{\"offsets\":[0]}");
    stream.revoke.is_open = true;
    assigned(&one);
    assert_false(stream.revoke.is_open);
    pool_all();
    end_world();
}

/* ---- of another life ---- */

static void test_with_other_topics(void **state)
{
    static const struct kafka_place other = {"orders.raw.retry.9s", 0, -1};
    (void)state;
    begin_world();
    partitions_assigned(&worker, (const struct kafka_place[]){one, other}, 2);
    traced("a topic that we do not read", "take_none rejoin");
    assert_int_equal(pool_jobs(), 0);
    end_world();

    begin_world();
    (void)kafka_has("orders.raw", 0, 0, 20, 7);
    has_lived("{\"offsets\":[0]}");
    stream.assignment.rejoins = true;
    assigned(&one);
    traced("our former self had others", "take_none rejoin");
    assigned(&one);
    arrives("once", "assign orders.raw/0@7 begin:orders.raw/0@7");
    end_world();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goes_on_where_it_was),
        cmocka_unit_test(test_what_is_remembered_and_suspect),
        cmocka_unit_test(test_a_first_start_is_noted_for_all),
        cmocka_unit_test(test_what_was_decided_is_committed_at_once),
        cmocka_unit_test(test_one_beginning),
        cmocka_unit_test(test_noted_by_another_worker),
        cmocka_unit_test(test_each_input_begins_as_is_said_of_it),
        cmocka_unit_test(test_an_input_that_was_added),
        cmocka_unit_test(test_an_offset_of_one_input_is_gone),
        cmocka_unit_test(test_an_engine_without_keys),
        cmocka_unit_test(test_traces_of_an_older_release),
        cmocka_unit_test(test_a_person_is_asked),
        cmocka_unit_test(test_a_person_has_said),
        cmocka_unit_test(test_records_were_deleted),
        cmocka_unit_test(test_the_ground_goes_on_record_first),
        cmocka_unit_test(test_the_first_offset_is_remembered),
        cmocka_unit_test(test_generations),
        cmocka_unit_test(test_a_generation_that_cannot_be_read),
        cmocka_unit_test(test_asked_again_until_it_is_known),
        cmocka_unit_test(test_while_we_leave),
        cmocka_unit_test(test_only_the_last_is_taken_on),
        cmocka_unit_test(test_librdkafka_refuses),
        cmocka_unit_test(test_what_nobody_took_is_replaced),
        cmocka_unit_test(test_an_open_revoke_is_overtaken),
        cmocka_unit_test(test_with_other_topics),
    };
    return cmocka_run_group_tests_name("stream: partitions that come", tests, set_up, tear_down);
}
