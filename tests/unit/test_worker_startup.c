/* Start-up, step by step: what is asked, in which order, what it waits for, and what ends it
 * (test_stream_world.h). */
#include "test_stream_world.h"

#include <errno.h>

#include "codec/codec.h"
#include "stream/rebuild.h"
#include "worker/startup.h"

int __wrap_codec_register(struct codec *codec, const char *record_name, const char *topic,
                          char ret_message[static 300]);

static const char *registry; /* how it answers next: "away refused"; NULL: well */

int __wrap_codec_register(struct codec *codec, const char *record_name, const char *topic,
                          char ret_message[static 300])
{
    (void)codec;
    note("register:%s:%s", record_name, topic);
    (void)snprintf(ret_message, 300, "no registry");
    const char answer = registry != NULL ? registry[0] : '\0';
    if (answer != '\0')
        registry +=
            registry[strcspn(registry, " ")] == ' ' ? strcspn(registry, " ") + 1 : strlen(registry);
    return answer == 'a' ? -EIO : answer == 'r' ? -EPROTO : 0;
}

static const struct flow flow = {.name = "orders",
                                 .noun = "order",
                                 .reads = "orders.raw",
                                 .outputs = {{"orders.results", "OrderResult", "result", true}}};

static bool has_begun;
static void begun(struct worker *w)
{
    assert_ptr_equal(w, &worker);
    note("begun");
    has_begun = true;
}

static void begin_startup(void)
{
    static const struct keys_slot slot = {.is_taken = true, .epoch = 4};
    char name[200];
    begin_world();
    kafka_producer_free(stream.producer);
    stream.producer = NULL;
    worker.flow = &flow;
    (void)kafka_has("orders.raw", 0, 0, 20, 5);
    kafka.retention_ms = 1000;
    worker.times.ttl_ms = 1000 + config_int(worker.host.config, CFG_idempotency_review_time);
    redis.slots[0] = slot;
    redis.slot_count = 1;
    stream.fleet.slot_keeper_ends = 1; /* test_stream_slot.c has it */
    registry = NULL;
    has_begun = false;
    (void)kafka_holds("ops.control", "redis.open/primaflow.orders",
                      "{\"incident\":\"a\",\"run_id\":\"run\",\"replication_id\":\"repl\"}", NULL);
    redis_set(rebuild_marker_name(&worker, name), "a");
}

static void starts(void)
{
    startup_begin(&worker, begun);
    pool_all();
}

#define TO_TOPICS "exist:4:orders.results setting:retention.ms"
#define TO_REDIS TO_TOPICS " register:OrderResult:orders.results open:2000"
#define TO_SLOT TO_REDIS " take"
#define TO_PRODUCER TO_SLOT " setting:max.message.bytes producer:primaflow.orders-1:1048588"
#define TO_END TO_PRODUCER " write:worker/primaflow.orders/1 close begun"

static void test_all_is_well(void **state)
{
    struct wait_seen seen;
    (void)state;
    begin_startup();
    starts();
    traced("in this order", TO_END);
    assert_int_equal(now_ms, BEGINNING_MS);
    assert_int_equal(worker.keys.slot_epoch, 4);
    assert_string_equal(worker.keys.marker, "a");
    assert_int_equal(stream.sizes.message_max, kafka.message_max);
    assert_int_equal(sizes_smallest(&stream.sizes), 1048588);
    assert_string_equal(logged, "");
    waits_look(&worker.host.waits, &seen);
    assert_int_equal(seen.wait, WAIT_NONE);
    end_world();
}

/* What is not there is waited for: half a second between. */
static void test_waits(void **state)
{
    static const struct {
        const char *name, *kafka, *redis, *registry, *says;
        int64_t ms;
    } rows[] = {
        {"a topic", .kafka = "missing", .says = "waiting for a missing topic (no missing)"},
        {"Kafka", .kafka = "exist", .says = "waiting for Kafka (no exist)"},
        {"a topic's retention", .kafka = "setting",
         .says = "waiting for Kafka: cannot read a topic's retention (no setting)"},
        {"the registry", .registry = "away",
         .says = "waiting for the schema registry (no registry)"},
        {"Redis", .redis = "open", .says = "waiting for Redis (no Redis)"},
        {"the coordinator", .kafka = "producer",
         .says = "waiting for Kafka's transaction coordinator (no producer)"},
        {"the group", .kafka = "topics_like",
         .says = "waiting for Kafka: cannot read the consumer group (no topics_like)"},
        {"Redis, as it is looked at", .redis = "text",
         .says = "checking whether Redis state is intact (Redis connection lost)"},
        {"ops.control", .kafka = "write",
         .says = "checking whether Redis state is intact (no write)"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_startup();
        kafka.failing = rows[i].kafka;
        redis.failing = rows[i].redis;
        registry = rows[i].registry;
        starts();
        if (!has_begun || now_ms - BEGINNING_MS != 500 || strstr(logged, rows[i].says) == NULL)
            fail_msg("%s: %s, %lld ms, %s", rows[i].name, trace, (long long)(now_ms - BEGINNING_MS),
                     logged);
        end_world();
    }
}

static void test_says_so_now_and_then(void **state)
{
    (void)state;
    begin_startup();
    kafka.failing = "exist exist exist exist exist exist exist exist exist exist exist exist exist "
                    "exist exist exist exist exist exist exist exist exist exist exist exist";
    starts();
    assert_true(has_begun);
    assert_int_equal(now_ms - BEGINNING_MS, 25 * 500);
    assert_string_equal(logged, "warning: waiting for Kafka (no exist)\n"
                                "warning: waiting for Kafka (no exist)\n"); /* in 12 seconds */
    end_world();
}

static void test_sizes(void **state)
{
    (void)state;
    begin_startup();
    kafka.topic_bytes = 7;
    starts();
    assert_true(has_begun);
    assert_non_null(strstr(trace, "producer:primaflow.orders-1:7"));
    assert_non_null(strstr(logged, "low max.message.bytes"));
    end_world();
}

/* ---- what ends it ---- */

static void test_ends(void **state)
{
    static const struct {
        const char *name, *kafka, *redis, *registry, *trace;
    } rows[] = {
        {"the registry refuses a schema", .registry = "refused",
         .trace = TO_TOPICS " register:OrderResult:orders.results fail:78:cannot start "
                            "(no registry)"},
        {"no URL", .redis = "url", .trace = TO_REDIS " fail:78:cannot start (no registry)"},
        {"a transactional id that is not ours", .kafka = "producer_for_good",
         .trace = TO_PRODUCER " close fail:78:cannot start (no producer_for_good)"},
        {"too many partitions", .kafka = "too_many",
         .trace = TO_PRODUCER " close fail:78:cannot start (no too_many)"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_startup();
        kafka.failing = rows[i].kafka;
        redis.failing = rows[i].redis;
        registry = rows[i].registry;
        starts();
        traced(rows[i].name, rows[i].trace);
        assert_false(has_begun);
        end_world();
    }
}

static void test_keys_must_outlive_records(void **state)
{
    static const struct {
        const char *name;
        int64_t retention, more;
        bool starts;
    } rows[] = {{"just long enough", 5000, 0, true},
                {"a moment too short", 5000, -1, false},
                {"records stay for ever", -1, 1000000, false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_startup();
        kafka.retention_ms = rows[i].retention;
        worker.times.ttl_ms = rows[i].retention + rows[i].more +
                              config_int(worker.host.config, CFG_idempotency_review_time);
        starts();
        if (has_begun != rows[i].starts)
            fail_msg("%s: %s", rows[i].name, trace);
        assert_int_equal(strstr(trace, "fail:78:cannot start (idempotency.ttl is ") != NULL,
                         !rows[i].starts);
        end_world();
    }
}

static void becomes_master(void)
{
    (void)snprintf(redis.server.role, sizeof redis.server.role, "master");
}

static void test_redis_must_be_fit(void **state)
{
    (void)state;
    begin_startup();
    (void)snprintf(redis.server.eviction, sizeof redis.server.eviction, "allkeys-lru");
    starts();
    traced("evicts keys", TO_REDIS " close fail:78:cannot start (evicts keys)");
    end_world();

    begin_startup();
    (void)snprintf(redis.server.role, sizeof redis.server.role, "slave");
    redis.meanwhile = becomes_master;
    starts();
    assert_true(has_begun);
    assert_non_null(strstr(trace, "open:2000 close open:2000 take"));
    assert_int_equal(now_ms - BEGINNING_MS, 500);
    end_world();

    begin_startup();
    redis.server.eviction[0] = '\0';
    starts();
    assert_true(has_begun);
    assert_string_equal(logged, "warning: cannot read Redis' maxmemory-policy\n");
    end_world();
}

static void test_the_slot(void **state)
{
    (void)state;
    begin_startup();
    redis.slots[0] = (struct keys_slot){.holder = "another"};
    starts();
    assert_non_null(strstr(trace, "close fail:69:cannot start (slot 1 of group primaflow.orders is "
                                  "held by another process (another))"));
    end_world();

    begin_startup();
    redis.failing = "slot";
    starts();
    traced("the connection breaks", TO_SLOT " close start_over:startup:cannot take slot 1: Redis "
                                            "connection lost");
    assert_non_null(strstr(logged, "Redis connection lost at start-up; retrying"));
    free(pool_left);
    end_world();
}

/* Looked at once more on a new connection, on which the slot is taken again. */
static void test_on_a_new_connection(void **state)
{
    (void)state;
    begin_startup();
    redis.failing = "text";
    starts();
    traced("again",
           TO_PRODUCER " close open:2000 take write:worker/primaflow.orders/1 close begun");
    end_world();
}

static void gives_up(void)
{
    worker.host.give_up = true;
}

static void test_given_up(void **state)
{
    static const struct {
        const char *kafka, *redis, *registry;
    } rows[] = {{.kafka = "exist"},   {.kafka = "setting"},  {.redis = "open"},
                {.registry = "away"}, {.kafka = "producer"}, {.kafka = "topics_like"},
                {.redis = "text"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_startup();
        kafka.failing = rows[i].kafka;
        redis.failing = rows[i].redis;
        registry = rows[i].registry;
        redis.meanwhile = gives_up;
        starts();
        assert_false(has_begun);
        if (strstr(trace, "fail:0:stopped during start-up") == NULL)
            fail_msg("%zu: %s", i, trace);
        end_world();
    }
}

static void look_at_waits(void)
{
    static const enum wait waits[] = {WAIT_topic, WAIT_registry, WAIT_redis, WAIT_coordinator};
    struct wait_seen seen;
    static size_t looks;
    waits_look(&worker.host.waits, &seen);
    assert_true(looks < sizeof waits / sizeof *waits);
    assert_int_equal(seen.wait, waits[looks++]);
    assert_string_not_equal(seen.detail, "");
}

static void test_says_what_it_waits_for(void **state)
{
    (void)state;
    begin_startup();
    kafka.failing = "missing producer";
    redis.failing = "open";
    registry = "away";
    redis.meanwhile = look_at_waits;
    starts();
    assert_true(has_begun);
    end_world();
}

/* ---- an engine without keys ---- */

static struct engine without_keys;

static void begin_without_keys(void)
{
    begin_startup();
    without_keys = *stream.engine;
    without_keys.keeps_keys = false;
    stream.engine = &without_keys;
    worker.times.ttl_ms = 0;                         /* shorter than any retention */
    redis.key_count = 0;                             /* nor is there a marker */
    free(kafka.records[--kafka.record_count].value); /* or an incident */
}

#define WITHOUT_TO_SLOT "exist:4:orders.results register:OrderResult:orders.results open:2000 take"
#define WITHOUT_TO_FLEET                                                                           \
    WITHOUT_TO_SLOT " setting:max.message.bytes producer:primaflow.orders-1:1048588"

static void test_has_only_its_slot_in_redis(void **state)
{
    (void)state;
    begin_without_keys();
    (void)kafka_holds("ops.control", "generation/primaflow.orders",
                      "{\"epoch\":2,\"generation\":7}", NULL);
    starts();
    traced("nothing is asked of keys",
           WITHOUT_TO_FLEET " write:worker/primaflow.orders/1 close begun");
    assert_string_equal(worker.keys.marker, "");
    assert_false(stream.trust.is_suspect);
    assert_int_equal(worker.keys.slot_epoch, 4);
    assert_int_equal(stream.control.epoch, 2);
    assert_int_equal(stream.control.generation, 7);
    assert_int_equal(stream.watch.heard_ms, now_ms);
    assert_string_equal(logged, "");
    end_world();
}

static void test_waits_for_the_fleet(void **state)
{
    (void)state;
    begin_without_keys();
    kafka.failing = "write";
    starts();
    assert_true(has_begun);
    assert_int_equal(now_ms - BEGINNING_MS, 500);
    assert_string_equal(
        logged, "warning: waiting for Kafka: cannot read or write ops.control (no write)\n");
    end_world();

    begin_without_keys();
    kafka.failing = "write";
    redis.meanwhile = gives_up;
    starts();
    assert_false(has_begun);
    end_world();
}

/* ---- topics that lie beside each other ---- */

static void test_lies_beside(void **state)
{
    static const struct flow_ledger ledger = {.topic = "orders.ledger"};
    static const struct {
        const char *name;
        bool has_ledger, has_beside;
        int32_t in_ledger, in_results;
        const char *says; /* NULL: it starts */
    } rows[] = {
        {"as many of each", true, true, 2, 2, NULL},
        {"another flow's affairs", false, false, 1, 1, NULL},
        {"a ledger with fewer", true, true, 1, 2,
         "fail:78:cannot start (orders.raw has 2 partitions and orders.ledger has 1: what belongs "
         "to one order would not meet)"},
        {"results with more", true, true, 2, 3,
         "fail:78:cannot start (orders.raw has 2 partitions and orders.results has 3: what belongs "
         "to one parcel would not meet)"},
        {"... without a ledger", false, true, 0, 3, "what belongs to one parcel would not meet"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct flow its = flow;
        begin_startup();
        its.ledger = rows[i].has_ledger ? &ledger : NULL;
        if (rows[i].has_beside)
            its.beside[0] = (struct flow_beside){"orders.raw", "orders.results", "parcel"};
        worker.flow = &its;
        (void)kafka_has("orders.raw", 1, 0, 20, 5);
        for (int32_t p = 0; p < rows[i].in_ledger; p++)
            (void)kafka_has("orders.ledger", p, 0, 0, -1);
        for (int32_t p = 0; p < rows[i].in_results; p++)
            (void)kafka_has("orders.results", p, 0, 0, -1);
        starts();
        if (has_begun != (rows[i].says == NULL) ||
            (rows[i].says != NULL && strstr(trace, rows[i].says) == NULL))
            fail_msg("%s: %s", rows[i].name, trace);
        assert_int_equal(stream.ledger_partitions,
                         rows[i].has_ledger && rows[i].in_ledger == 2 ? 2 : 0);
        end_world();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_is_well),
        cmocka_unit_test(test_waits),
        cmocka_unit_test(test_says_so_now_and_then),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_keys_must_outlive_records),
        cmocka_unit_test(test_redis_must_be_fit),
        cmocka_unit_test(test_the_slot),
        cmocka_unit_test(test_on_a_new_connection),
        cmocka_unit_test(test_given_up),
        cmocka_unit_test(test_says_what_it_waits_for),
        cmocka_unit_test(test_has_only_its_slot_in_redis),
        cmocka_unit_test(test_waits_for_the_fleet),
        cmocka_unit_test(test_lies_beside),
    };
    return cmocka_run_group_tests_name("worker: start-up", tests, set_up, tear_down);
}
