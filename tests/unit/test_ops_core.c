/* The library under command line and console: errors and their lists, which topics a flow has, what
 * remains creditable, and what a context refuses, none of it with a process or a server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/complaints.h"
#include "core/doctor.h"
#include "core/events.h"
#include "core/flow_topics.h"
#include "core/ledger_import.h"
#include "core/ledger_show.h"

static struct config *config_with(const char *override)
{
    struct config *config = NULL;
    struct config_message message;
    assert_int_equal(clearenv(), 0);
    if (config_load(NULL, &override, override != NULL, &config, &message) != 0)
        fail_msg("%s", message.text);
    return config;
}

static size_t outputs_of(const struct flow *flow)
{
    size_t count = 0;
    while (count < FLOW_OUTPUTS_MAX && flow->outputs[count].name != NULL)
        count++;
    return count;
}

static void test_errors_of_kafka_are_of_a_kind(void **state)
{
    static const struct {
        int rc;
        enum ops_kind kind;
    } rows[] = {{-EIO, OPS_UNAVAILABLE},    {-ETIMEDOUT, OPS_UNAVAILABLE},
                {-EACCES, OPS_UNAVAILABLE}, {-ENOMEM, OPS_UNAVAILABLE},
                {-ENOENT, OPS_DATA},        {-EMSGSIZE, OPS_DATA},
                {-EINVAL, OPS_CONFIG},      {-ENOSYS, OPS_DEFECT}};
    const struct kafka_words message = {"it is away; is it up?"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ops_error error = {.remedy = "of another one"};
        assert_int_equal(ops_fail_kafka(&error, rows[i].rc, &message), rows[i].kind);
        assert_int_equal(error.kind, rows[i].kind);
        assert_string_equal(error.text, message.text);
        assert_string_equal(error.remedy, "");
    }
}

static void test_complaints_are_counted_beyond_those_kept(void **state)
{
    struct complaints c = {.count = 0};
    (void)state;
    for (size_t i = 1; i <= COMPLAINTS_MAX + 5; i++)
        complaints_add(&c, i, "line %zu", i);
    assert_int_equal(c.count, COMPLAINTS_MAX + 5);
    assert_int_equal(complaints_kept(&c), COMPLAINTS_MAX);
    assert_int_equal(c.first[COMPLAINTS_MAX - 1].line, COMPLAINTS_MAX);
    assert_string_equal(c.first[COMPLAINTS_MAX - 1].text, "line 20");
}

static void test_roles_of_topics(void **state)
{
    static const struct {
        const char *topic;
        int role; /* -1: none of this flow's */
    } rows[] = {
        {"orders.raw", TOPIC_INPUT},
        {"orders.raw.dlq", TOPIC_DEAD_LETTERS},
        {"orders.raw.retry.10s", TOPIC_RETRY},
        {"orders.raw.replay", TOPIC_REPLAY},
        {"orders.results", TOPIC_RESULTS},
        {"orders.ledger", TOPIC_LEDGER},
        {"shadow.orders.results", TOPIC_RESULTS},
        {"shadow.orders.raw.dlq", TOPIC_DEAD_LETTERS},
        {"orders.status", -1},
        {"orders.rawest", -1},
        {"refunds.raw", -1},
        {"refunds.raw.dlq", -1},
        {"ops.audit", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum topic_role role = TOPIC_INPUT;
        const bool found = flow_topic_role(flow_of_input("orders.raw"), rows[i].topic, &role);
        if (found != (rows[i].role >= 0) || (found && (int)role != rows[i].role))
            fail_msg("%s: role %d", rows[i].topic, found ? (int)role : -1);
    }
    enum topic_role role = TOPIC_INPUT; /* orders.ledger is another flow's as well */
    assert_true(flow_topic_role(flow_of_input("refunds.raw"), "orders.ledger", &role));
    assert_int_equal(role, TOPIC_LEDGER);
    assert_true(flow_topic_role(flow_of_input("refunds.raw"), "refunds.results", &role));
    assert_int_equal(role, TOPIC_RESULTS);
    assert_false(flow_topic_role(flow_of_input("refunds.raw"), "orders.raw", &role));
}

/* Whatever topics.def gives an input, its flow knows what it is. */
static void test_a_flow_has_all_topics_of_its_input(void **state)
{
    struct config *config = config_with("retry.delays=10s,1m");
    struct ops *ops = ops_new(config);
    struct ops_error error;
    (void)state;
    for (size_t f = 0; flows[f] != NULL; f++) {
        struct flow_topics topics;
        struct topic_wanted wanted[TOPICS_MAX];
        struct config_message message;
        size_t count = 0, fed = 0, inputs = 0;
        const struct topic_shape shape = {.partitions = 1, .replicas = 1};
        const size_t input = strlen(flows[f]->reads);
        assert_int_equal(topic_table_expand(config, &shape, wanted, &count, &message), 0);
        for (size_t i = 0; i < count; i++)
            fed += wanted[i].is_fed && strncmp(wanted[i].name, flows[f]->reads, input) == 0;
        assert_int_equal(flow_topics_list(ops, flows[f], false, TOPIC_ROLES_ALL, &topics, &error),
                         OPS_DONE);
        for (size_t i = 0; i < topics.count; i++)
            inputs += strncmp(topics.list[i].name, flows[f]->reads, input) == 0;
        assert_int_equal(inputs, fed);
        assert_int_equal(topics.count, fed + outputs_of(flows[f]));
        assert_ptr_equal(flow_of_input(flows[f]->reads), flows[f]);
    }
    assert_null(flow_of_input("orders.results"));
    ops_free(ops);
    config_free(config);
}

static void test_topics_of_a_shadow(void **state)
{
    struct config *config = config_with(NULL);
    struct ops *ops = ops_new(config);
    struct flow_topics topics;
    struct ops_error error;
    (void)state;
    assert_int_equal(flow_topics_list(ops, flows[0], true,
                                      TOPIC_ROLE(TOPIC_RESULTS) | TOPIC_ROLE(TOPIC_DEAD_LETTERS),
                                      &topics, &error),
                     OPS_DONE);
    assert_int_equal(topics.count, 2);
    assert_string_equal(topics.list[0].name, "shadow.orders.results");
    assert_string_equal(topics.list[1].name, "shadow.orders.raw.dlq");
    ops_free(ops);
    config_free(config);
    config = config_with("retry.delays=soon");
    ops = ops_new(config);
    assert_int_equal(flow_topics_list(ops, flows[0], true, TOPIC_ROLES_ALL, &topics, &error),
                     OPS_CONFIG);
    assert_non_null(strstr(error.text, "retry.delays"));
    ops_free(ops);
    config_free(config);
}

static void test_what_a_context_cannot_open(void **state)
{
    struct ops_error error;
    struct codec *codec = NULL;
    struct redis_once *redis = NULL;
    struct event_maker *maker = NULL;
    const void *rules = NULL;
    (void)state;
    struct config *config = config_with("orders.mappings=/nowhere");
    struct ops *ops = ops_new(config);
    assert_int_equal(ops_rules(ops, flows[0], &rules, &error), OPS_CONFIG);
    assert_non_null(strstr(error.text, "/nowhere"));
    assert_null(rules);
    assert_int_equal(events_maker_new(ops, "orders.raw", &maker, &error), OPS_CONFIG);
    assert_int_equal(events_maker_new(ops, "orders.results", &maker, &error), OPS_USAGE);
    assert_non_null(strstr(error.text, "these do: orders.raw, refunds.raw"));
    assert_string_equal(error.remedy, "for other topics: --raw");
    assert_null(maker);
    ops_free(ops);
    config_free(config);

    config = config_with("schema.folder=/nowhere");
    ops = ops_new(config);
    assert_int_equal(ops_codec(ops, &codec, &error), OPS_CONFIG);
    assert_memory_equal(error.text, "schema.folder: ", 15);
    assert_null(codec);
    ops_free(ops);
    config_free(config);

    config = config_with("redis.url=unix:///nowhere/redis.sock");
    ops = ops_new(config);
    assert_int_equal(ops_redis(ops, &redis, NULL, &error), OPS_UNAVAILABLE);
    assert_null(redis);
    ops_free(ops);
    config_free(config);
}

static void test_what_is_opened_once_stays(void **state)
{
    struct config *config = config_with(NULL);
    struct ops *ops = ops_new(config);
    struct codec *first = NULL, *second = NULL;
    const void *rules = NULL, *again = NULL;
    struct ops_error error;
    (void)state;
    assert_int_equal(ops_codec(ops, &first, &error), OPS_DONE);
    assert_int_equal(ops_codec(ops, &second, &error), OPS_DONE);
    assert_ptr_equal(first, second);
    assert_int_equal(ops_rules(ops, flows[0], &rules, &error), OPS_DONE);
    assert_int_equal(ops_rules(ops, flows[0], &again, &error), OPS_DONE);
    assert_non_null(rules);
    assert_ptr_equal(rules, again);
    ops_free(ops);
    config_free(config);
    ops_free(NULL);
}

static enum ops_kind file_read(struct ops *ops, const char *text, struct ledger_items *items,
                               struct complaints *complaints, struct ops_error *error)
{
    FILE *in = fmemopen((char *)(uintptr_t)text, strlen(text), "r");
    assert_non_null(in);
    const enum ops_kind kind =
        ledger_file_read(ops, in, "open.jsonl", false, items, complaints, error);
    (void)fclose(in);
    return kind;
}

#define ORDER                                                                                      \
    "{\"channel\": \"shopify\", \"store\": \"uk\", \"order_id\": \"7001\", \"currency\": "         \
    "\"GBP\", \"order_date\": \"2026-10-01\", \"tax_included\": true, \"total\": \"12.00\", "      \
    "\"tax\": \"2.00\", \"lines\": [{\"line_id\": \"1\", \"product\": \"TEE\", \"quantity\": "     \
    "1, \"amount\": \"12.00\", \"taxes\": [{\"rate\": \"20\", \"tax\": \"2.00\"}]}]}\n"

static void test_a_ledger_file_is_taken_whole_or_refused_by_its_lines(void **state)
{
    struct config *config = config_with(NULL);
    struct ops *ops = ops_new(config);
    struct ledger_items items = {.list = NULL};
    struct complaints complaints = {.count = 0};
    struct ops_error error;
    (void)state;
    assert_int_equal(file_read(ops, ORDER, &items, &complaints, &error), OPS_DONE);
    assert_int_equal(items.count, 1);
    assert_int_equal(items.list[0].remaining_minor, 1200);
    assert_string_equal(items.list[0].key, "01/shopify/uk/7001");
    ledger_items_release(&items);

    assert_int_equal(file_read(ops, ORDER "\n[]\n" ORDER, &items, &complaints, &error), OPS_DATA);
    assert_int_equal(complaints.count, 2);
    assert_int_equal(complaints.first[0].line, 3);
    assert_string_equal(complaints.first[0].text, "not a JSON object");
    assert_int_equal(complaints.first[1].line, 4);
    assert_non_null(strstr(complaints.first[1].text, "the order of line 1 again"));
    assert_string_equal(error.text, "2 complaints; nothing was sent");
    ledger_items_release(&items);
    ops_free(ops);
    config_free(config);
}

struct told {
    enum doctor_finding mappings, schemas;
    size_t count;
    char text[400];
};

static void tell(void *user, enum doctor_finding finding, const char *part, const char *text)
{
    struct told *told = user;
    told->count++;
    if (strcmp(part, "mappings") == 0) {
        told->mappings = finding;
        (void)snprintf(told->text, sizeof told->text, "%s", text);
    }
    if (strcmp(part, "schemas") == 0)
        told->schemas = finding;
}

static void test_the_doctor_tells_every_part(void **state)
{
    static const char *const overrides[] = {
        "orders.mappings=/nowhere", "kafka.bootstrap.servers=127.0.0.1:1",
        "redis.url=unix:///nowhere/redis.sock", "prima.url=http://127.0.0.1:1/"};
    struct config *config = NULL;
    struct config_message message;
    struct told told = {.count = 0};
    (void)state;
    assert_int_equal(clearenv(), 0);
    assert_int_equal(config_load(NULL, overrides, 4, &config, &message), 0);
    struct ops *ops = ops_new(config);
    assert_int_equal(ops_doctor(ops, tell, &told), DOCTOR_UNREACHABLE);
    assert_int_equal(told.count, 5);
    assert_int_equal(told.mappings, DOCTOR_WRONG);
    assert_int_equal(told.schemas, DOCTOR_OK);
    assert_non_null(strstr(told.text, "/nowhere"));
    ops_free(ops);
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors_of_kafka_are_of_a_kind),
        cmocka_unit_test(test_complaints_are_counted_beyond_those_kept),
        cmocka_unit_test(test_roles_of_topics),
        cmocka_unit_test(test_a_flow_has_all_topics_of_its_input),
        cmocka_unit_test(test_topics_of_a_shadow),
        cmocka_unit_test(test_what_a_context_cannot_open),
        cmocka_unit_test(test_what_is_opened_once_stays),
        cmocka_unit_test(test_a_ledger_file_is_taken_whole_or_refused_by_its_lines),
        cmocka_unit_test(test_the_doctor_tells_every_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
