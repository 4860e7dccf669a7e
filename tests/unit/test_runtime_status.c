/* What /livez, /readyz, /status and the gauges say of a worker: at start, at work, paused, without
 * partitions, after a stall. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <jansson.h>

#include "base/clock.h"
#include "obs/metrics.h"
#include "posting/posting.h"
#include "posting/posting_worker.h"
#include "worker/status.h"

static int64_t lag = -1; /* of every partition, as Kafka's client knows it */

int64_t __wrap_kafka_lag(const struct kafka_consumer *consumer, const struct kafka_place *place,
                         int64_t position);
int64_t __wrap_kafka_lag(const struct kafka_consumer *consumer, const struct kafka_place *place,
                         int64_t position)
{
    (void)consumer;
    (void)place;
    (void)position;
    return lag;
}

static const struct flow flow = {.name = "orders", .reads = "orders.raw"};
static struct stream stream;
static struct posting posting;
static struct worker worker;
static struct obs_answers answers;
static struct config *config;

/* At work, with the only partition of its only topic. */
static int set_up(void **state)
{
    static struct partition partition;
    static struct backlog backlog;
    struct config_message message;
    (void)state;
    stream =
        (struct stream){.engine = &posting_engine, .inputs.count = 1, .assignment.joined = true};
    posting = (struct posting){0};
    worker = (struct worker){
        .flow = &flow, .stream = &stream, .posting = &posting, .host.running = true};
    worker.engine = posting_worker(NULL);
    (void)snprintf(worker.stream->inputs.list[0].name, sizeof worker.stream->inputs.list[0].name,
                   "orders.raw");
    worker.stream->inputs.list[0].partitions = 1;
    partition = (struct partition){.topic = &worker.stream->inputs.list[0],
                                   .worker = &worker,
                                   .place = {"orders.raw", 0, 0},
                                   .engine_state = &backlog};
    backlog = (struct backlog){.last = &backlog.first};
    worker.stream->partitions = &partition;
    worker.host.last_tick_ms = clock_monotonic_ms();
    lag = 7;
    if (config_load(NULL, NULL, 0, &config, &message) != 0)
        return -1;
    worker.host.config = config;
    lanes_init(&worker.posting->lanes);
    waits_init(&worker.host.waits);
    status_install(&worker, &answers);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lanes_release(&worker.posting->lanes);
    config_free(config);
    return 0;
}

static const char *asked(bool (*ask)(void *, struct buf *), bool expected)
{
    static char text[2000];
    struct buf why;
    buf_init(&why, sizeof text);
    assert_int_equal(ask(&worker, &why), expected);
    (void)snprintf(text, sizeof text, "%.*s", (int)why.size,
                   why.size > 0 ? (const char *)why.data : "");
    buf_release(&why);
    return text;
}

/* The value of a sample, or -1 when there is none. */
static double sample(const char *name)
{
    struct buf out;
    char line[200];
    buf_init(&out, 1 << 20);
    answers.before_metrics(&worker);
    metrics_write(&out);
    buf_byte(&out, '\0');
    (void)snprintf(line, sizeof line, "\n%s ", name);
    const char *at = strstr((const char *)out.data, line);
    const double value = at != NULL ? strtod(at + strlen(line), NULL) : -1;
    buf_release(&out);
    return value;
}

static json_t *status(void)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    answers.status(&worker, &out);
    json_t *json = json_loadb((const char *)out.data, out.size, 0, NULL);
    assert_non_null(json);
    buf_release(&out);
    return json;
}

static void test_starting(void **state)
{
    (void)state;
    worker.host.running = false;
    worker.stream->partitions = NULL;
    waits_begin(&worker.host.waits, WAIT_topic);
    waits_explain(&worker.host.waits, "there is no topic orders.raw.dlq");
    assert_string_equal(asked(answers.ready, false),
                        "starting\nwaiting for topic: a topic is missing, or cannot be read: there "
                        "is no topic orders.raw.dlq\n");
    assert_true(sample("primaflow_ready") == 0);
    assert_true(sample("primaflow_waiting{for=\"topic\"}") == 1);
    assert_true(sample("primaflow_waiting{for=\"kafka\"}") == 0);
    assert_true(sample("primaflow_waiting{for=\"group\"}") == 0);
    json_t *json = status();
    const json_t *waiting = json_object_get(json, "waiting"), *one = json_array_get(waiting, 0);
    assert_false(json_boolean_value(json_object_get(json, "ready")));
    assert_int_equal(json_array_size(waiting), 1);
    assert_string_equal(json_string_value(json_object_get(one, "for")), "topic");
    assert_string_equal(json_string_value(json_object_get(one, "detail")),
                        "there is no topic orders.raw.dlq");
    json_decref(json);

    waits_begin(&worker.host.waits,
                WAIT_slot); /* the next step: what was said of the last one is not its */
    assert_string_equal(asked(answers.ready, false),
                        "starting\nwaiting for slot: another process holds this slot\n");
    assert_true(sample("primaflow_waiting{for=\"topic\"}") == 0);
    waits_end(&worker.host.waits);
    worker.host.running = true;
    assert_string_equal(asked(answers.ready, true), "");
}

static void test_running(void **state)
{
    (void)state;
    static const struct {
        enum pause_reason pause;
        const char *ready, *sample;
    } rows[] = {
        {PAUSE_PRIMA,
         "waiting for prima: Prima does not answer, or fails for many orders: it gives no "
         "answer\nprima_unavailable\n",
         "prima"},
        {PAUSE_DENIED,
         "waiting for credentials: Prima, or a proxy before it, refuses our "
         "credentials\nprima_denied\n",
         "credentials"},
        {PAUSE_REDIS, "waiting for redis: Redis does not answer\nredis_unavailable\n", "redis"},
        {PAUSE_REGISTRY,
         "waiting for registry: the schema registry does not answer\nregistry_unavailable\n",
         "registry"},
        {PAUSE_KAFKA,
         "waiting for kafka: Kafka does not answer: no broker can be reached\nkafka_unavailable\n",
         "kafka"},
        {PAUSE_SURGE,
         "waiting for surge: one code stops most records, and deadletter.surge says "
         "pause\ndead_letter_surge\n",
         "surge"},
    };
    assert_string_equal(asked(answers.ready, true), "");
    assert_true(sample("primaflow_ready") == 1);
    worker.host.pauses.kafka_trouble = "no broker can be reached";
    worker.host.pauses.prima_trouble = "it gives no answer";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char name[80];
        (void)snprintf(name, sizeof name, "primaflow_waiting{for=\"%s\"}", rows[i].sample);
        worker.host.pauses.bits = 1u << rows[i].pause;
        assert_string_equal(asked(answers.ready, false), rows[i].ready);
        assert_true(sample("primaflow_ready") == 0);
        assert_true(sample(name) == 1);
        worker.host.pauses.bits = 0;
        assert_true(sample(name) == 0);
    }
    worker.stream->missing_topic = "orders.results";
    assert_string_equal(
        asked(answers.ready, false),
        "waiting for topic: a topic is missing, or cannot be read: orders.results\n");
    worker.stream->missing_topic = NULL;
    worker.stream->assignment.joined = false;
    assert_string_equal(asked(answers.ready, false),
                        "waiting for group: the consumer group has not assigned partitions yet\n");
    worker.host.pauses.bits =
        1u << PAUSE_KAFKA; /* without Kafka there is no group: one thing to mend */
    assert_true(sample("primaflow_waiting{for=\"group\"}") == 0);
}

/* Each gauge says what it is named for. */
static void test_gauges(void **state)
{
    (void)state;
    for (int on = 0; on <= 1; on++) {
        worker.shadow = on;
        worker.stream->trust.is_suspect = on;
        worker.posting->breaker.is_open = on;
        worker.posting->ready.in_flight = on ? 3 : 0;
        worker.posting->send_queue.storing = on ? 4 : 0;
        worker.posting->send_queue.posting = on ? 1 : 0;
        worker.posting->window.buffered = on ? 6 : 0;
        worker.stream->partitions->obstacle = on ? KAFKA_DENIED : KAFKA_CLEAR;
        assert_true(sample("primaflow_shadow_mode") == on);
        assert_true(sample("primaflow_suspect_mode") == on);
        assert_true(sample("primaflow_breaker_open") == on);
        assert_true(sample("primaflow_in_flight") == 3 * on);
        assert_true(sample("primaflow_sending") == 5 * on);
        assert_true(sample("primaflow_buffered") == 6 * on);
        assert_true(sample("primaflow_partitions_unread") == on);
        assert_true(sample("primaflow_lane_depth_max") == 0);
        for (int i = 0; i < PAUSE_REASONS; i++) {
            char name[80];
            (void)snprintf(name, sizeof name, "primaflow_paused{reason=\"%s\"}",
                           pause_reason_name((enum pause_reason)i));
            worker.host.pauses.bits = on ? 1u << i : 0;
            assert_true(sample(name) == on);
            worker.host.pauses.bits = on ? ~(1u << i) : 0;
            assert_true(sample(name) == 0);
            worker.host.pauses.bits = 0;
        }
    }
    worker.host.running = false; /* nothing is known of Redis yet */
    assert_true(sample("primaflow_suspect_mode") == 0);
}

/* Too few orders for Prima to count as down. */
static void test_failing(void **state)
{
    static const char *const orders = "primaflow_prima_failing_seconds{type=\"NewOrder\"}";
    const int64_t now = clock_monotonic_ms();
    (void)state;
    recent_init(&worker.posting->recent, 60000);
    assert_true(sample(orders) == 0);
    recent_add(&worker.posting->recent, PRIMA_NEW_ORDER, "01/orders/a", false, now - 20000);
    assert_true(sample(orders) >= 20 && sample(orders) < 25);
    assert_true(sample("primaflow_prima_failing_seconds{type=\"OrderStatus\"}") == 0);
    recent_add(&worker.posting->recent, PRIMA_NEW_ORDER, "01/orders/b", true, now);
    assert_true(sample(orders) == 0);
}

/* Which right, of what, and how it is given back. */
#define READ_RAW "READ on topic orders.raw (kafka-acls --add --operation Read --topic orders.raw)"
#define READ_GROUP                                                                                 \
    "READ on group primaflow.orders (kafka-acls --add --operation Read --group primaflow.orders)"
#define WRITE_RESULTS                                                                              \
    "WRITE on topic orders.results (kafka-acls --add --operation Write --topic orders.results)"
#define DENIED "waiting for rights: Kafka denies this worker a right: "

static void test_rights(void **state)
{
    (void)state;
    static const char *const rights = "primaflow_waiting{for=\"rights\"}",
                             *const topic = "primaflow_waiting{for=\"topic\"}",
                             *const group = "primaflow_waiting{for=\"group\"}";
    struct partition *p = worker.stream->partitions;
    (void)snprintf(worker.stream->group, sizeof worker.stream->group, "primaflow.orders");
    assert_true(sample(rights) == 0);
    p->obstacle = KAFKA_DENIED;
    assert_string_equal(asked(answers.ready, false),
                        DENIED READ_RAW "\norders.raw/0 cannot be read: denied\n");
    assert_true(sample(rights) == 1 && sample(topic) == 0);
    p->refused_right = KAFKA_READ_TOPIC; /* its offsets, too: said once */
    p->refused_topic = "orders.raw";
    assert_string_equal(asked(answers.ready, false),
                        DENIED READ_RAW "\norders.raw/0 cannot be read: denied\n");
    p->obstacle = KAFKA_CLEAR;
    p->refused_right = KAFKA_WRITE_TOPIC;
    p->refused_topic = "orders.results";
    assert_string_equal(asked(answers.ready, false), DENIED WRITE_RESULTS "\n");
    assert_int_equal(worker.host.pauses.bits, 0); /* the other partitions go on */
    rights_hear_of_group(&worker, true);
    assert_string_equal(asked(answers.ready, false),
                        DENIED READ_GROUP "; " WRITE_RESULTS "\nkafka_denied\n");
    worker.stream->assignment.joined = false; /* what keeps it from joining is said already */
    assert_true(sample(rights) == 1 && sample(group) == 0);
    worker.stream->assignment.joined = true;
    p->refused_right = KAFKA_NO_RIGHT;
    rights_hear_of(&worker, RIGHTS_OF_FLEET, -EIO, "no answer"); /* tells nothing of rights */
    assert_string_equal(asked(answers.ready, false), DENIED READ_GROUP "\nkafka_denied\n");
    rights_hear_of(&worker, RIGHTS_OF_FLEET, -EACCES, "READ on topic ops.control");
    rights_hear_of_group(&worker, false);
    assert_string_equal(asked(answers.ready, false),
                        DENIED "READ on topic ops.control\nkafka_denied\n");
    rights_hear_of(&worker, RIGHTS_OF_FLEET, -EIO, "no answer");
    assert_true(sample(rights) == 1);
    rights_hear_of(&worker, RIGHTS_OF_POSITIONS, -EACCES, "WRITE on topic ops.control");
    rights_hear_of(&worker, RIGHTS_OF_FLEET, 0, "");
    assert_string_equal(asked(answers.ready, false), DENIED "WRITE on topic ops.control\n");
    rights_hear_of(&worker, RIGHTS_OF_POSITIONS, 0, "");
    (void)asked(answers.ready, true);
    assert_true(sample(rights) == 0);
}

/* What stands in /readyz has an alert, which goes by primaflow_waiting. */
static void test_reading(void **state)
{
    (void)state;
    static const char *const topic = "primaflow_waiting{for=\"topic\"}",
                             *const group = "primaflow_waiting{for=\"group\"}";
    struct partition *p = worker.stream->partitions;
    p->obstacle = KAFKA_NO_TOPIC;
    (void)snprintf(p->obstacle_words, sizeof p->obstacle_words, "orders.raw/0: unknown topic");
    assert_string_equal(asked(answers.ready, false),
                        "waiting for topic: a topic is missing, or cannot be read: orders.raw/0: "
                        "unknown topic\norders.raw/0 cannot be read: no_topic\n");
    assert_true(sample(topic) == 1 && sample(group) == 0);
    assert_true(sample("primaflow_partitions_unread") == 1);
    p->obstacle = KAFKA_CLEAR;
    assert_true(sample(topic) == 0);
    assert_true(sample("primaflow_partitions_unread") == 0);
    (void)snprintf(worker.stream->membership.topic_words, KAFKA_TEXT_MAX, "orders.raw: gone");
    assert_string_equal(
        asked(answers.ready, false),
        "waiting for topic: a topic is missing, or cannot be read: orders.raw: gone\n");
    assert_true(sample(topic) == 1);
    worker.stream->membership.topic_words[0] = '\0';
    (void)snprintf(worker.stream->membership.words, KAFKA_TEXT_MAX, "not a member");
    (void)asked(answers.ready, false);
    assert_true(sample(group) == 1 && sample(topic) == 0);
    worker.host.draining = true; /* leaves it, and that is no outage */
    assert_true(sample(group) == 0);
    worker.host.draining = false;
    worker.stream->membership.words[0] = '\0';
    (void)asked(answers.ready, true);
}

static void test_lag(void **state)
{
    (void)state;
    struct kafka_record head = {.handle = &worker};
    const char *const names[] = {"primaflow_lag_records{topic=\"orders.raw\"}",
                                 "primaflow_due_records{topic=\"orders.raw\"}",
                                 "primaflow_lag_unknown_partitions{topic=\"orders.raw\"}"};
    backlog_of(worker.stream->partitions)->count = 2;
    assert_true(sample(names[0]) == 9 && sample(names[1]) == 9 && sample(names[2]) == 0);
    assert_true(sample("primaflow_partitions_assigned{topic=\"orders.raw\"}") == 1);
    assert_true(sample("primaflow_topic_partitions{topic=\"orders.raw\"}") == 1);
    worker.stream->partitions->waiting =
        head; /* the first of a retry topic is not due: nothing behind it is */
    assert_true(sample(names[0]) == 9 && sample(names[1]) == 2);
    worker.stream->partitions->waiting.handle = NULL;
    backlog_of(worker.stream->partitions)->count = 0;
    lag = 0;
    assert_true(sample(names[0]) == 0 && sample(names[1]) == 0);

    lag = -1; /* no end was heard of: that is no 0 */
    assert_true(sample(names[0]) == -1 && sample(names[1]) == -1 && sample(names[2]) == 1);
    json_t *json = status();
    assert_true(json_is_null(
        json_object_get(json_array_get(json_object_get(json, "partitions"), 0), "lag")));
    json_decref(json);
    lag = 0;
    worker.host.pauses.bits = 1u << PAUSE_KAFKA; /* heard long ago */
    assert_true(sample(names[0]) == -1 && sample(names[2]) == 1);
    worker.host.pauses.bits = 0;
    worker.stream->partitions = NULL; /* nobody's, as far as we know */
    worker.stream->inputs.list[0].partitions = 0;
    assert_true(sample(names[0]) == -1 && sample(names[2]) == 0);
    assert_true(sample("primaflow_partitions_assigned{topic=\"orders.raw\"}") == 0);
    assert_true(sample("primaflow_topic_partitions{topic=\"orders.raw\"}") == -1);
}

/* A record that came back from a retry topic after hours has been under way for a moment. */
static void test_oldest(void **state)
{
    (void)state;
    struct record r = {.worker = &worker,
                       .state = DECODED,
                       .lineage.entry_topic = "orders.raw",
                       .lineage.first_seen_ms = clock_wall_ms() - 7200000};
    r.timing.fetched_ms = clock_monotonic_ms() - 3000;
    backlog_of(worker.stream->partitions)->first = &r;
    const double seconds = sample("primaflow_oldest_in_flight_seconds");
    assert_true(seconds >= 3 && seconds < 60);
    json_t *json = status();
    const json_t *oldest = json_object_get(json, "oldest");
    assert_true(json_integer_value(json_object_get(oldest, "age_ms")) >= 7200000);
    assert_true(json_integer_value(json_object_get(oldest, "under_way_ms")) < 60000);
    json_decref(json);
}

static void test_live(void **state)
{
    (void)state;
    assert_string_equal(asked(answers.live, true), "");
    worker.host.stall_ms = 12345;
    assert_string_equal(asked(answers.live, false),
                        "event loop was blocked for 12345 ms; running again\n");
    assert_string_equal(asked(answers.live, true), ""); /* said */
    worker.host.last_tick_ms -= 2 * config_int(config, CFG_worker_stuck_after);
    assert_non_null(strstr(asked(answers.live, false), "event loop blocked for "));
    assert_string_equal(asked(answers.ready, true), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_starting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_running, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_gauges, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rights, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reading, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lag, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_oldest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_live, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
