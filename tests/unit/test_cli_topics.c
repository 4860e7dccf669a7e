/* The table of topics: what it expands to, what it says of a cluster that differs, and how
 * retention and the keys' time to live must fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/topic_table.h"

static const struct topic_shape three_brokers = {.partitions = 8, .replicas = 3};

static struct config *config_with(const char *override)
{
    struct config *config = NULL;
    struct config_message message;
    assert_int_equal(clearenv(), 0);
    if (config_load(NULL, &override, override != NULL, &config, &message) != 0)
        fail_msg("%s", message.text);
    return config;
}

static size_t expand(const struct config *config, struct topic_wanted wanted[])
{
    struct config_message message;
    size_t count = 0;
    if (topic_table_expand(config, &three_brokers, wanted, &count, &message) != 0)
        fail_msg("%s", message.text);
    return count;
}

static const struct topic_wanted *find(const struct topic_wanted wanted[], size_t count,
                                       const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(wanted[i].name, name) == 0)
            return &wanted[i];
    return NULL;
}

static const char *setting(const struct topic_wanted *topic, const char *name)
{
    for (size_t i = 0; i < topic->setting_count; i++)
        if (strcmp(topic->settings[i].name, name) == 0)
            return topic->settings[i].value;
    return "";
}

static void test_every_topic_that_others_rely_on_is_there(void **state)
{
    (void)state;
    static const struct {
        const char *name, *cleanup, *stamps;
        int partitions;
    } rows[] = {
        {"orders.raw", "delete", "CreateTime", 8},
        {"orders.raw.dlq", "delete", "LogAppendTime", 8},
        {"orders.raw.retry.10s", "delete", "LogAppendTime", 8},
        {"orders.raw.retry.10m", "delete", "LogAppendTime", 8},
        {"orders.raw.replay", "delete", "LogAppendTime", 8},
        {"refunds.raw.retry.1m", "delete", "LogAppendTime", 8},
        {"stock.snapshots.dlq", "delete", "LogAppendTime", 8},
        {"orders.results", "delete", "LogAppendTime", 8},
        {"refunds.results", "delete", "LogAppendTime", 8},
        {"stock.results", "delete", "LogAppendTime", 8},
        {"stock.levels", "compact", "CreateTime", 8},
        {"stock.reservations", "compact", "CreateTime", 8},
        {"orders.status", "compact,delete", "CreateTime", 8},
        {"orders.ledger", "compact,delete", "CreateTime", 8},
        {"ops.control", "compact", "CreateTime", 1},
        {"ops.decisions", "delete", "LogAppendTime", 1},
        {"ops.overlays", "compact,delete", "LogAppendTime", 8},
        {"ops.audit", "delete", "LogAppendTime", 1},
    };
    struct config *config = config_with(NULL);
    struct topic_wanted wanted[TOPICS_MAX];
    size_t count = expand(config, wanted);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct topic_wanted *t = find(wanted, count, rows[i].name);
        print_message("  %s\n", rows[i].name);
        assert_non_null(t);
        assert_string_equal(setting(t, "cleanup.policy"), rows[i].cleanup);
        assert_string_equal(setting(t, "message.timestamp.type"), rows[i].stamps);
        assert_int_equal(t->partitions, rows[i].partitions);
        assert_int_equal(t->replicas, 3);
        assert_string_equal(setting(t, "min.insync.replicas"), "2");
    }
    config_free(config);
}

/* The names are Kafka's: a misspelt one would be refused by a cluster, and by nothing before. */
static void test_settings_by_their_names(void **state)
{
    static const char *const names[] = {"cleanup.policy",         "retention.ms",
                                        "message.timestamp.type", "min.insync.replicas",
                                        "max.message.bytes",      "segment.ms"};
    static const struct {
        const char *topic;
        const char *values[6];
        bool is_fed, is_input, personal, single;
    } rows[] = {
        {"orders.raw",
         {"delete", "1209600000", "CreateTime", "2", "1048588", "86400000"},
         true,
         true,
         true,
         false},
        {"orders.raw.dlq",
         {"delete", "2592000000", "LogAppendTime", "2", "2097164", "86400000"},
         true,
         false,
         true,
         false},
        {"stock.snapshots.retry.1m",
         {"delete", "604800000", "LogAppendTime", "2", "2097164", "86400000"},
         true,
         false,
         false,
         false},
        {"ops.audit",
         {"delete", "-1", "LogAppendTime", "2", "1048588", "86400000"},
         false,
         false,
         false,
         true},
        {"ops.overlays",
         {"compact,delete", "2592000000", "LogAppendTime", "2", "1048588", "86400000"},
         false,
         false,
         true,
         false},
    };
    struct config *config = config_with(NULL);
    struct topic_wanted wanted[TOPICS_MAX];
    const size_t count = expand(config, wanted);
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct topic_wanted *t = find(wanted, count, rows[i].topic);
        assert_non_null(t);
        assert_int_equal(t->setting_count, 6);
        for (size_t k = 0; k < 6; k++) {
            assert_string_equal(t->settings[k].name, names[k]);
            assert_string_equal(t->settings[k].value, rows[i].values[k]);
        }
        assert_int_equal(t->is_fed, rows[i].is_fed);
        assert_int_equal(t->is_input, rows[i].is_input);
        assert_int_equal(t->personal, rows[i].personal);
        assert_int_equal(t->single, rows[i].single);
    }
    config_free(config);
}

/* How many brokers must have a record before it counts: all but one, at least one. */
static void test_copies_that_must_acknowledge(void **state)
{
    static const struct {
        int replicas, min_insync;
        const char *wanted;
    } rows[] = {{1, 0, "1"}, {2, 0, "1"}, {3, 0, "2"}, {5, 0, "4"}, {3, 1, "1"}, {3, 3, "3"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct topic_shape shape = {
            .partitions = 2, .replicas = rows[i].replicas, .min_insync = rows[i].min_insync};
        struct config *config = config_with(NULL);
        struct topic_wanted wanted[TOPICS_MAX];
        struct config_message message;
        size_t count = 0;
        assert_int_equal(topic_table_expand(config, &shape, wanted, &count, &message), 0);
        for (size_t k = 0; k < count; k++) {
            assert_string_equal(setting(&wanted[k], "min.insync.replicas"), rows[i].wanted);
            assert_int_equal(wanted[k].replicas, rows[i].replicas);
            assert_int_equal(wanted[k].partitions, wanted[k].single ? 1 : 2);
        }
        config_free(config);
    }
}

/* The topics of shadow mode are there when they are asked for, and hold to the same rules. */
static void test_shadow(void **state)
{
    (void)state;
    struct config *config = config_with(NULL);
    struct topic_wanted wanted[TOPICS_MAX];
    struct config_message message;
    const struct topic_shape shape = {.partitions = 4, .replicas = 3, .shadow = true};
    size_t plain = expand(config, wanted), count = 0;
    assert_null(find(wanted, plain, "shadow.orders.results"));
    assert_int_equal(topic_table_expand(config, &shape, wanted, &count, &message), 0);
    assert_int_equal(count, plain + 5);
    static const char *const names[] = {"shadow.orders.results", "shadow.orders.raw.dlq",
                                        "shadow.orders.raw.retry.10s", "shadow.orders.raw.retry.1m",
                                        "shadow.orders.raw.retry.10m"};
    for (size_t i = 0; i < 5; i++) {
        const struct topic_wanted *t = find(wanted, count, names[i]);
        assert_non_null(t);
        assert_string_equal(setting(t, "message.timestamp.type"), "LogAppendTime");
        assert_int_equal(t->partitions, 4);
        assert_true(t->retention_ms > 0);
        assert_int_equal(t->personal, i > 0);
        assert_non_null(t->meaning);
    }
    assert_null(find(wanted, count, "shadow.orders.raw.replay"));
    config_free(config);
}

/* A list that is full is refused, wherever it became so: no topic is left out in silence. */
static void test_too_many_topics(void **state)
{
    static const struct {
        int delays;
        bool shadow, fits;
    } rows[] = {{10, true, true}, {14, false, true}, {14, true, false}, {11, true, false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char override[200] = "retry.delays=1s";
        struct topic_wanted wanted[TOPICS_MAX];
        struct config_message message = {""};
        const struct topic_shape shape = {.partitions = 1, .replicas = 1, .shadow = rows[i].shadow};
        size_t count = 0;
        for (int delay = 2; delay <= rows[i].delays; delay++)
            (void)snprintf(override + strlen(override), 16, ",%ds", delay);
        struct config *config = config_with(override);
        const int rc = topic_table_expand(config, &shape, wanted, &count, &message);
        if ((rc == 0) != rows[i].fits)
            fail_msg("%d delays: %d, %zu topics", rows[i].delays, rc, count);
        if (rc != 0)
            assert_non_null(strstr(message.text, "makes too many topics"));
        config_free(config);
    }
}

static void test_rules_that_hold_for_all(void **state)
{
    (void)state;
    struct config *config = config_with(NULL);
    struct topic_wanted wanted[TOPICS_MAX];
    struct topic_difference differences[TOPIC_DIFFERENCES_MAX];
    size_t count = expand(config, wanted), found = 0;
    for (size_t i = 0; i < count; i++) {
        const struct topic_wanted *t = &wanted[i];
        print_message("  %s\n", t->name);
        assert_true(t->retention_ms > 0 || t->retention_ms == -1);
        if (t->personal)
            assert_true(t->retention_ms > 0);
        if (t->is_fed && !t->is_input) /* a copy of the largest input fits, and an old record is not
                                          deleted at once */
            assert_true(strtoll(setting(t, "max.message.bytes"), NULL, 10) >
                        strtoll(setting(&wanted[0], "max.message.bytes"), NULL, 10));
        assert_non_null(t->meaning);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(wanted[k].name, t->name);
        found = topic_table_compare_ttl(config, t, t->retention_ms, differences, found);
    }
    assert_int_equal(found, 0); /* the defaults fit each other */
    config_free(config);
}

static void test_one_retry_topic_for_each_delay(void **state)
{
    (void)state;
    static const struct {
        const char *override, *last;
        size_t retries; /* 0: refused */
    } rows[] = {
        {"retry.delays=5s", "orders.raw.retry.5s", 1},
        {"retry.delays=1s,2s,3s,4s", "orders.raw.retry.4s", 4},
        {"retry.delays=10s,soon", NULL, 0},
        {"retry.delays=10s,,1m", NULL, 0},
        {"retry.delays=0s", NULL, 0},
        {"retry.delays=1s,2s,3s,4s,5s,6s,7s,8s,9s,10s,11s,12s,13s,14s,15s,16s", NULL, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct config *config = config_with(rows[i].override);
        struct topic_wanted wanted[TOPICS_MAX];
        struct config_message message = {""};
        size_t count = 0, retries = 0;
        print_message("  %s\n", rows[i].override);
        int rc = topic_table_expand(config, &three_brokers, wanted, &count, &message);
        assert_int_equal(rc == 0, rows[i].retries > 0);
        if (rc != 0)
            assert_non_null(strstr(message.text, "retry.delays"));
        for (size_t k = 0; k < count; k++)
            retries += strncmp(wanted[k].name, "orders.raw.retry.", 17) == 0;
        assert_int_equal(retries, rows[i].retries);
        assert_true(rows[i].last == NULL || find(wanted, count, rows[i].last) != NULL);
        config_free(config);
    }
}

/* A cluster that has the topic exactly as wanted. */
static struct topic_found found_as(const struct topic_wanted *wanted)
{
    struct topic_found found = {.partitions = wanted->partitions, .replicas = wanted->replicas};
    memcpy(found.settings, wanted->settings, sizeof found.settings);
    return found;
}

static void found_set(struct topic_found *found, const char *name, const char *value)
{
    for (size_t i = 0; i < TOPIC_SETTINGS_MAX; i++)
        if (strcmp(found->settings[i].name, name) == 0)
            (void)snprintf(found->settings[i].value, sizeof found->settings[i].value, "%s", value);
}

static void test_differences(void **state)
{
    (void)state;
    enum severity { NOTHING, NOTE, ERROR };
    static const struct {
        const char *name, *topic, *setting, *value;
        int partitions, replicas; /* 0: as wanted */
        enum severity severity;
        const char *remedy;
    } rows[] = {
        {"as wanted", "orders.raw.dlq", NULL, NULL, 0, 0, NOTHING, ""},
        {"missing", "orders.raw", NULL, NULL, -1, 0, ERROR, "topics create"},
        {"other partitions", "orders.raw", NULL, NULL, 12, 0, NOTE, "topics.partitions to 12"},
        {"a log in two partitions", "ops.decisions", NULL, NULL, 2, 0, ERROR, "one partition"},
        {"one copy of three", "orders.raw", NULL, NULL, 0, 1, ERROR, "topics.replication"},
        {"two copies of three", "orders.raw", NULL, NULL, 0, 2, NOTE, "topics.replication to 2"},
        {"more copies", "orders.raw", NULL, NULL, 0, 4, NOTHING, ""},
        {"retry by the writer's time", "orders.raw.retry.10s", "message.timestamp.type",
         "CreateTime", 0, 0, ERROR, "message.timestamp.type=LogAppendTime"},
        {"dead letters by the writer's time", "orders.raw.dlq", "message.timestamp.type",
         "CreateTime", 0, 0, ERROR, "LogAppendTime"},
        {"input by the broker's time", "orders.raw", "message.timestamp.type", "LogAppendTime", 0,
         0, NOTE, "CreateTime"},
        {"decisions compacted", "ops.decisions", "cleanup.policy", "compact", 0, 0, ERROR,
         "cleanup.policy=delete"},
        {"decisions that end", "ops.decisions", "retention.ms", "604800000", 0, 0, ERROR,
         "retention.ms=-1"},
        {"ledger, policies the other way round", "orders.ledger", "cleanup.policy",
         "delete,compact", 0, 0, NOTHING, ""},
        {"ledger only compacted", "orders.ledger", "cleanup.policy", "compact", 0, 0, ERROR,
         "[compact,delete]"},
        {"people's data for ever", "orders.raw.dlq", "retention.ms", "-1", 0, 0, ERROR,
         "retention.ms="},
        {"people's data for no time", "orders.raw.dlq", "retention.ms", "0", 0, 0, NOTE,
         "retention.ms="},
        {"decisions for no time", "ops.decisions", "retention.ms", "0", 0, 0, ERROR,
         "retention.ms=-1"},
        {"another finite retention", "orders.results", "retention.ms", "1000000000", 0, 0, NOTE,
         "retention.ms="},
        {"dead letters smaller than input", "orders.raw.dlq", "max.message.bytes", "1048588", 0, 0,
         ERROR, "max.message.bytes="},
        {"dead letters larger than wanted", "orders.raw.dlq", "max.message.bytes", "9000000", 0, 0,
         NOTE, "max.message.bytes="},
        {"input smaller than wanted: its producers are told, nothing is lost", "orders.raw",
         "max.message.bytes", "900000", 0, 0, NOTE, "max.message.bytes="},
        {"results by the writer's time", "orders.results", "message.timestamp.type", "CreateTime",
         0, 0, NOTE, "LogAppendTime"},
        {"acknowledged by one", "orders.raw", "min.insync.replicas", "1", 0, 0, ERROR,
         "min.insync.replicas=2"},
    };
    struct config *config = config_with(NULL);
    struct topic_wanted wanted[TOPICS_MAX];
    size_t count = expand(config, wanted);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct topic_difference differences[TOPIC_DIFFERENCES_MAX];
        const struct topic_wanted *t = find(wanted, count, rows[i].topic);
        print_message("  %s\n", rows[i].name);
        struct topic_found found = found_as(t);
        if (rows[i].partitions != 0)
            found.partitions = rows[i].partitions > 0 ? rows[i].partitions : 0;
        if (rows[i].replicas != 0)
            found.replicas = rows[i].replicas;
        if (rows[i].setting != NULL)
            found_set(&found, rows[i].setting, rows[i].value);
        size_t n = topic_table_compare(t, &found, differences, 0);
        assert_int_equal(n, rows[i].severity == NOTHING ? 0 : 1);
        if (n == 0)
            continue;
        assert_int_equal(differences[0].is_error, rows[i].severity == ERROR);
        assert_string_equal(differences[0].topic, rows[i].topic);
        assert_string_not_equal(differences[0].is, differences[0].wanted);
        if (strstr(differences[0].remedy, rows[i].remedy) == NULL)
            fail_msg("remedy: %s", differences[0].remedy);
    }
    config_free(config);
}

static void test_keys_outlive_records(void **state)
{
    (void)state;
    static const struct {
        const char *name, *override, *topic;
        int64_t retention_days;
        bool fits;
    } rows[] = {
        {"as made", NULL, "orders.raw", 14, true},
        {"just", NULL, "orders.raw", 31, true},
        {"a day too long", NULL, "orders.raw", 32, false},
        {"forever", NULL, "orders.raw", -1, false},
        {"retry counts too", NULL, "orders.raw.retry.10m", 40, false},
        {"replay counts too", NULL, "orders.raw.replay", 40, false},
        {"keys too short", "idempotency.ttl=20d", "orders.raw", 14, false},
        {"review too long", "idempotency.review_time=32d", "orders.raw", 14, false},
        {"dead letters outlast the review", NULL, "orders.raw.dlq", 14, true},
        {"dead letters gone before", NULL, "orders.raw.dlq", 13, false},
        {"results are not fed", NULL, "orders.results", 60, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct topic_difference differences[TOPIC_DIFFERENCES_MAX];
        struct topic_wanted wanted[TOPICS_MAX];
        struct config *config = config_with(rows[i].override);
        const size_t count = expand(config, wanted);
        const struct topic_wanted *t = find(wanted, count, rows[i].topic);
        print_message("  %s\n", rows[i].name);
        int64_t ms = rows[i].retention_days < 0 ? -1 : rows[i].retention_days * 86400000;
        assert_int_equal(topic_table_compare_ttl(config, t, ms, differences, 0),
                         rows[i].fits ? 0 : 1);
        config_free(config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_topic_that_others_rely_on_is_there),
        cmocka_unit_test(test_settings_by_their_names),
        cmocka_unit_test(test_copies_that_must_acknowledge),
        cmocka_unit_test(test_shadow),
        cmocka_unit_test(test_too_many_topics),
        cmocka_unit_test(test_rules_that_hold_for_all),
        cmocka_unit_test(test_one_retry_topic_for_each_delay),
        cmocka_unit_test(test_differences),
        cmocka_unit_test(test_keys_outlive_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
