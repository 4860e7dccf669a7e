/* The cluster's topics made and compared, and the doctor's questions, against a cluster, a Redis and
 * a Prima in memory. */
#include "test_ops_world.h"

#include "core/doctor.h"
#include "core/topics.h"

static struct topics_report report;
static struct ops_error error;

static enum ops_kind look(struct ops *ops, const struct topics_options *options)
{
    report = (struct topics_report){.count = 0};
    return ops_topics(ops, options, &report, &error);
}

static struct world_topic *cluster_topic(const char *name)
{
    for (size_t i = 0; i < world.topic_count; i++)
        if (strcmp(world.topics[i].name, name) == 0)
            return &world.topics[i];
    fail_msg("no topic %s", name);
    return NULL;
}

static void set(struct world_topic *t, const char *name, const char *value)
{
    for (size_t i = 0; i < t->setting_count; i++)
        if (strcmp(t->settings[i].name, name) == 0)
            (void)snprintf(t->settings[i].value, sizeof t->settings[i].value, "%s", value);
}

static const struct topic_difference *difference_of(const char *topic, const char *what)
{
    for (size_t i = 0; i < report.difference_count; i++)
        if (strcmp(report.differences[i].topic, topic) == 0 &&
            strcmp(report.differences[i].what, what) == 0)
            return &report.differences[i];
    return NULL;
}

static void test_all_are_made_once_and_then_are_right(void **state)
{
    const struct topics_options creates = {.creates = true};
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    assert_int_equal(look(ops, &creates), OPS_DONE);
    assert_true(report.count > 20);
    assert_int_equal(report.created_count, report.count);
    assert_int_equal(world.topic_count, report.count);
    assert_int_equal(report.error_count, 0);
    assert_int_equal(report.difference_count, 0);
    assert_true(report.created[0]);
    assert_non_null(strstr(world.trace, "ready?"));
    assert_int_equal(world.slept_ms, 0);
    world_untrace();
    assert_int_equal(look(ops, &creates), OPS_DONE);
    assert_int_equal(report.created_count, 0);
    assert_string_equal(world.trace, ""); /* nothing to make: nobody is asked, nobody waits */
}

static void test_only_those_missing_are_made(void **state)
{
    const struct topics_options creates = {.creates = true};
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    assert_int_equal(look(ops, &creates), OPS_DONE);
    const size_t all = report.count;
    struct world_topic *t = cluster_topic("orders.results");
    *t = world.topics[--world.topic_count];
    world_untrace();
    assert_int_equal(look(ops, &creates), OPS_DONE);
    assert_int_equal(report.created_count, 1);
    assert_int_equal(report.count, all);
    assert_non_null(strstr(world.trace, "create 1"));
    for (size_t i = 0; i < report.count; i++)
        assert_int_equal(report.created[i], strcmp(report.wanted[i].name, "orders.results") == 0);
    assert_int_equal(report.error_count, 0);
}

static void test_a_check_makes_nothing(void **state)
{
    (void)state;
    world_reset();
    assert_int_equal(look(world_ops(NULL), &(struct topics_options){.creates = false}), OPS_DONE);
    assert_int_equal(world.topic_count, 0);
    assert_int_equal(report.created_count, 0);
    assert_string_equal(world.trace, "admin");
    assert_true(report.error_count >= report.count); /* each is missing */
    assert_string_equal(difference_of("orders.raw", "topic")->is, "missing");
}

/* A broker that does not lead the new topics yet is asked again, each tenth of a second, ten seconds
 * long. */
static void test_it_waits_until_the_topics_can_be_used(void **state)
{
    static const struct {
        int reads_until_ready;
        int64_t slept_ms;
    } rows[] = {{0, 0}, {1, 100}, {7, 700}, {99, 9900}, {1000, 9900}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_reset();
        struct ops *ops = world_ops(NULL);
        world.reads_until_ready = rows[i].reads_until_ready;
        assert_int_equal(look(ops, &(struct topics_options){.creates = true}), OPS_DONE);
        assert_int_equal(world.slept_ms, rows[i].slept_ms);
    }
}

static void test_the_shape_of_what_is_made(void **state)
{
    static const struct {
        const char *name;
        const char *overrides[3];
        struct topics_options options;
        int brokers, partitions, replicas;
        const char *min_insync;
    } rows[] = {
        {"one broker", {NULL}, {.creates = true}, 1, 8, 1, "1"},
        {"two brokers", {NULL}, {.creates = true}, 2, 8, 2, "1"},
        {"three brokers", {NULL}, {.creates = true}, 3, 8, 3, "2"},
        {"nine brokers", {NULL}, {.creates = true}, 9, 8, 3, "2"},
        {"by configuration",
         {"topics.partitions=5", "topics.replication=2", NULL},
         {.creates = true},
         9,
         5,
         2,
         "1"},
        {"by options",
         {"topics.partitions=5", "topics.replication=2", NULL},
         {.creates = true, .partitions = 1, .replication = 1, .min_insync = 7},
         9,
         1,
         1,
         "7"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_reset();
        struct ops *ops = world_ops(rows[i].overrides);
        world.brokers = rows[i].brokers;
        assert_int_equal(look(ops, &rows[i].options), OPS_DONE);
        const struct world_topic *t = cluster_topic("orders.raw");
        if (t->partitions != rows[i].partitions || t->replicas != rows[i].replicas)
            fail_msg("%s: %d partitions, %d replicas", rows[i].name, t->partitions, t->replicas);
        assert_int_equal(cluster_topic("ops.audit")->partitions, 1);
        for (size_t k = 0; k < t->setting_count; k++)
            if (strcmp(t->settings[k].name, "min.insync.replicas") == 0)
                assert_string_equal(t->settings[k].value, rows[i].min_insync);
    }
}

static void test_topics_of_shadow_mode_are_made_when_asked_for(void **state)
{
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    assert_int_equal(look(ops, &(struct topics_options){.creates = true}), OPS_DONE);
    const size_t live = world.topic_count;
    assert_int_equal(look(ops, &(struct topics_options){.creates = true, .shadow = true}),
                     OPS_DONE);
    assert_true(world.topic_count > live);
    assert_non_null(cluster_topic("shadow.orders.results"));
}

static void test_settings_are_those_of_their_topic(void **state)
{
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    assert_int_equal(look(ops, &(struct topics_options){.creates = true}), OPS_DONE);
    world.topics[0] =
        world.topics[--world.topic_count]; /* the order is another one, and one lacks */
    set(cluster_topic("orders.results"), "cleanup.policy", "compact");
    set(cluster_topic("orders.raw.dlq"), "retention.ms", "-1");
    assert_int_equal(look(ops, &(struct topics_options){.creates = false}), OPS_DONE);
    assert_string_equal(difference_of("orders.results", "cleanup.policy")->is, "compact");
    assert_string_equal(difference_of("orders.raw.dlq", "retention.ms")->is, "-1");
    assert_int_equal(report.difference_count, 3);
    size_t errors = 0;
    for (size_t i = 0; i < report.difference_count; i++)
        errors += report.differences[i].is_error;
    assert_int_equal(report.error_count, errors);
}

/* Keys must outlive the records of the topic as it is, not as it should be. */
static void test_retention_is_judged_as_the_cluster_has_it(void **state)
{
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    assert_int_equal(look(ops, &(struct topics_options){.creates = true}), OPS_DONE);
    set(cluster_topic("orders.raw"), "retention.ms", "9000000000"); /* 104 days */
    assert_int_equal(look(ops, &(struct topics_options){.creates = false}), OPS_DONE);
    bool found = false;
    for (size_t i = 0; i < report.difference_count; i++)
        found |= strstr(report.differences[i].remedy, "idempotency.ttl") != NULL &&
                 strcmp(report.differences[i].topic, "orders.raw") == 0 &&
                 strcmp(report.differences[i].is, "9000000000") == 0;
    assert_true(found);
    set(cluster_topic("orders.raw"), "retention.ms", ""); /* not told: as it should be */
    assert_int_equal(look(ops, &(struct topics_options){.creates = false}), OPS_DONE);
    for (size_t i = 0; i < report.difference_count; i++)
        assert_null(strstr(report.differences[i].remedy, "idempotency.ttl"));
}

static void test_what_a_cluster_refuses(void **state)
{
    static const char *const soon[] = {"retry.delays=soon", NULL};
    const struct topics_options creates = {.creates = true};
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    world.refusal = "as Kafka says";
    world.brokers = 0;
    assert_int_equal(look(ops, &creates), OPS_UNAVAILABLE);
    assert_string_equal(error.text, "as Kafka says");
    world.brokers = 1;
    world.writer_rc = -EACCES;
    assert_int_equal(look(ops, &creates), OPS_UNAVAILABLE);
    assert_string_equal(error.text, "as Kafka says");
    world.writer_rc = 0;
    assert_int_equal(look(world_ops(soon), &creates), OPS_CONFIG);
    assert_non_null(strstr(error.text, "retry.delays"));
    ops = world_ops(NULL);
    world.admin_rc = -EINVAL;
    assert_int_equal(look(ops, &creates), OPS_CONFIG);
    assert_string_equal(error.text, "as Kafka says");
}

static void test_what_was_opened_is_closed_with_the_context(void **state)
{
    struct redis_once *redis = NULL;
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    assert_int_equal(look(ops, &(struct topics_options){.creates = false}), OPS_DONE);
    assert_int_equal(look(ops, &(struct topics_options){.creates = false}), OPS_DONE);
    assert_int_equal(ops_redis(ops, &redis, NULL, &error), OPS_DONE);
    assert_int_equal(ops_redis(ops, &redis, NULL, &error), OPS_DONE);
    assert_string_equal(world.trace, "admin | redis"); /* each once */
    (void)world_ops(NULL);
    assert_string_equal(world.trace, "admin | redis | admin freed | redis closed");
}

/* ---- the doctor ---- */

static struct {
    char text[300];
    enum doctor_finding finding;
} told[8];
static size_t told_count;

static void tell(void *user, enum doctor_finding finding, const char *part, const char *text)
{
    (void)user;
    assert_true(told_count < 8);
    told[told_count].finding = finding;
    (void)snprintf(told[told_count++].text, sizeof told[0].text, "%s %s: %s",
                   doctor_finding_name(finding), part, text);
}

static enum doctor_finding ask_doctor(struct ops *ops)
{
    told_count = 0;
    return ops_doctor(ops, tell, NULL);
}

static bool is_told(const char *begins)
{
    for (size_t i = 0; i < told_count; i++)
        if (strncmp(told[i].text, begins, strlen(begins)) == 0)
            return true;
    return false;
}

static struct ops *healthy(const char *const overrides[])
{
    world_reset();
    struct ops *ops = world_ops(overrides);
    world.answers[0] = (struct world_answer){.fate = PRIMA_ABSENT, .http_status = 200};
    world.answer_count = 1;
    assert_int_equal(look(ops, &(struct topics_options){.creates = true}), OPS_DONE);
    return ops;
}

static void test_the_doctor_finds_all_well(void **state)
{
    (void)state;
    struct ops *ops = healthy(NULL);
    assert_int_equal(ask_doctor(ops), DOCTOR_OK);
    assert_int_equal(told_count, 6);
    assert_true(is_told("ok mappings: ops/deploy/mappings"));
    assert_true(is_told("ok schemas: schemas, no registry: single-object encoding is written"));
    assert_true(is_told("ok kafka: "));
    assert_true(is_told("ok topics: "));
    assert_true(is_told("ok redis: version 7.0.15, noeviction"));
    assert_true(is_told("ok prima: http"));
    assert_non_null(strstr(world.trace, "only reads | OrderStatus of ''"));
    assert_non_null(strstr(world.prima_asked[0], "PRIMAFLOW-DOCTOR-0"));
}

static void test_the_doctor_and_the_topics(void **state)
{
    (void)state;
    struct ops *ops = healthy(NULL);
    cluster_topic("orders.raw.retry.10s")->partitions = 12; /* somebody's own choice */
    assert_int_equal(ask_doctor(ops), DOCTOR_NOTE);
    assert_true(is_told("note topics: "));
    assert_non_null(strstr(told[3].text, "some configured differently"));
    set(cluster_topic("orders.raw.retry.10s"), "cleanup.policy", "compact");
    *cluster_topic("ops.decisions") = world.topics[--world.topic_count];
    assert_int_equal(ask_doctor(ops), DOCTOR_WRONG);
    assert_non_null(
        strstr(told[3].text, "the first: orders.raw.retry.10s, cleanup.policy is compact"));
    world.brokers = 0;
    world.refusal = "Kafka is away";
    assert_int_equal(ask_doctor(ops), DOCTOR_UNREACHABLE);
    assert_true(is_told("unreachable kafka: Kafka is away"));
    assert_int_equal(told_count, 5);
}

static void test_the_doctor_and_redis(void **state)
{
    static const struct {
        int open_rc;
        const char *role, *eviction, *told;
        enum doctor_finding worst;
    } rows[] = {{0, "master", "noeviction", "ok redis", DOCTOR_OK},
                {0, "master", "", "note redis: version 7.0.15; maxmemory-policy is not readable",
                 DOCTOR_NOTE},
                {0, "master", "allkeys-lru", "wrong redis", DOCTOR_WRONG},
                {0, "slave", "noeviction", "wrong redis", DOCTOR_WRONG},
                {-ECONNREFUSED, "master", "noeviction", "unreachable redis: as Redis says",
                 DOCTOR_UNREACHABLE},
                {-EINVAL, "master", "noeviction", "wrong redis: as Redis says", DOCTOR_WRONG}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ops *ops = healthy(NULL);
        world.redis_rc = rows[i].open_rc;
        world.refusal = "as Redis says";
        (void)snprintf(world.server.role, sizeof world.server.role, "%s", rows[i].role);
        (void)snprintf(world.server.eviction, sizeof world.server.eviction, "%s", rows[i].eviction);
        assert_int_equal(ask_doctor(ops), rows[i].worst);
        if (!is_told(rows[i].told))
            fail_msg("%s: %s", rows[i].told, told[4].text);
    }
}

static void test_the_doctor_and_prima(void **state)
{
    static const struct {
        struct world_answer answer;
        const char *told;
        enum doctor_finding worst;
    } rows[] = {
        {{.fate = PRIMA_ABSENT, .http_status = 200}, "ok prima: ", DOCTOR_OK},
        {{.fate = PRIMA_DENIED, .http_status = 401},
         "wrong prima: http://127.0.0.1:1/ answers HTTP 401: see prima.auth",
         DOCTOR_WRONG},
        {{.fate = PRIMA_NOT_SENT},
         "unreachable prima: cannot connect to http://127.0.0.1:1/",
         DOCTOR_UNREACHABLE},
        {{.fate = PRIMA_UNKNOWN, .http_status = 200},
         "wrong prima: http://127.0.0.1:1/ answers, but its text for \"no such order\"",
         DOCTOR_WRONG},
        {{.fate = PRIMA_OK, .http_status = 200},
         "wrong prima: http://127.0.0.1:1/ answers, but",
         DOCTOR_WRONG},
        {{.fate = PRIMA_UNKNOWN, .http_status = 502},
         "unreachable prima: http://127.0.0.1:1/: unknown, HTTP 502",
         DOCTOR_UNREACHABLE},
    };
    static const char *const overrides[] = {"prima.url=http://127.0.0.1:1/", NULL};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ops *ops = healthy(overrides);
        world.answers[0] = rows[i].answer;
        assert_int_equal(ask_doctor(ops), rows[i].worst);
        if (!is_told(rows[i].told))
            fail_msg("%s: %s", rows[i].told, told[5].text);
    }
}

static void test_the_doctor_and_what_configuration_has_wrong(void **state)
{
    static const char *const overrides[] = {"schema.folder=/nowhere", "orders.mappings=/nowhere",
                                            "prima.patterns=/nowhere", NULL};
    static const char *const registry[] = {"schema.registry.url=http://127.0.0.1:1", NULL};
    (void)state;
    assert_int_equal(ask_doctor(healthy(overrides)), DOCTOR_WRONG);
    assert_true(is_told("wrong mappings: "));
    assert_true(is_told("wrong schemas: schema.folder: "));
    assert_true(is_told("wrong prima: "));
    assert_true(is_told("ok redis: "));
    assert_int_equal(ask_doctor(healthy(registry)), DOCTOR_OK);
    assert_true(is_told("ok schemas: schemas, and a registry"));
}

static int end(void **state)
{
    (void)state;
    world_release();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_are_made_once_and_then_are_right),
        cmocka_unit_test(test_only_those_missing_are_made),
        cmocka_unit_test(test_a_check_makes_nothing),
        cmocka_unit_test(test_it_waits_until_the_topics_can_be_used),
        cmocka_unit_test(test_the_shape_of_what_is_made),
        cmocka_unit_test(test_topics_of_shadow_mode_are_made_when_asked_for),
        cmocka_unit_test(test_settings_are_those_of_their_topic),
        cmocka_unit_test(test_retention_is_judged_as_the_cluster_has_it),
        cmocka_unit_test(test_what_a_cluster_refuses),
        cmocka_unit_test(test_what_was_opened_is_closed_with_the_context),
        cmocka_unit_test(test_the_doctor_finds_all_well),
        cmocka_unit_test(test_the_doctor_and_the_topics),
        cmocka_unit_test(test_the_doctor_and_redis),
        cmocka_unit_test(test_the_doctor_and_prima),
        cmocka_unit_test(test_the_doctor_and_what_configuration_has_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
