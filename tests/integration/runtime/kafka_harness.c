/* See kafka_harness.h. */
#include "kafka_harness.h"

#include <librdkafka/rdkafka.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "kafka/admin.h"
#include "kafka/reader.h"
#include "kafka/writer.h"
#include "kafka/admin.h"
#include "kafka/reader.h"
#include "stream/control.h"

enum { PATIENCE_MS = 15000 };

struct config *config;

int harness_set_up(void **state)
{
    struct config_message message;
    (void)state;
    if (config_load(NULL, NULL, 0, &config, &message) == 0)
        return 0;
    (void)fprintf(stderr, "%s\n", message.text);
    return -1;
}

int harness_tear_down(void **state)
{
    (void)state;
    config_free(config);
    return 0;
}

const char *fresh_name(const char *stem, char text[static 80])
{
    uint8_t random[6];
    char hex[13];
    digest_random(random, sizeof random);
    (void)snprintf(text, 80, "test.%s.%s", stem, digest_hex(random, sizeof random, hex));
    return text;
}

void topic_new(const char *name, int partitions, const char *bytes_max)
{
    struct kafka_admin *admin;
    struct kafka_words message;
    struct kafka_setting setting = {.name = "max.message.bytes"};
    bool created = false;
    (void)snprintf(setting.value, sizeof setting.value, "%s", bytes_max != NULL ? bytes_max : "");
    const struct kafka_topic wanted = {name, partitions, 1, &setting, bytes_max != NULL};
    if (kafka_admin_new(config, &admin, message.text) != 0 ||
        kafka_topics_create(admin, &wanted, 1, &created, message.text) != 0)
        fail_msg("%s", message.text);
    assert_true(created);
    kafka_admin_free(admin);
}

/* ---- writing beside the adapter ---- */

static rd_kafka_t *producer_new(const char *transactional_id)
{
    char words[200];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (rd_kafka_conf_set(conf, "bootstrap.servers",
                          config_text(config, CFG_kafka_bootstrap_servers), words,
                          sizeof words) != RD_KAFKA_CONF_OK ||
        (transactional_id != NULL && rd_kafka_conf_set(conf, "transactional.id", transactional_id,
                                                       words, sizeof words) != RD_KAFKA_CONF_OK))
        fail_msg("%s", words);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, words, sizeof words);
    assert_non_null(rk);
    return rk;
}

static void produce(rd_kafka_t *rk, const char *topic, const char *value, int64_t timestamp_ms)
{
    assert_int_equal(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0),
                                       RD_KAFKA_V_VALUE((void *)(uintptr_t)value, strlen(value)),
                                       RD_KAFKA_V_TIMESTAMP(timestamp_ms),
                                       RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
                     0);
    assert_int_equal(rd_kafka_flush(rk, PATIENCE_MS), 0);
}

void record_write(const char *topic, const char *value, int64_t timestamp_ms)
{
    static rd_kafka_t *writer; /* one for the whole program */
    if (writer == NULL)
        writer = producer_new(NULL);
    produce(writer, topic, value, timestamp_ms);
}

struct open_transaction *transaction_open(const char *id, const char *topic, const char *value)
{
    rd_kafka_t *rk = producer_new(id);
    assert_null(rd_kafka_init_transactions(rk, PATIENCE_MS));
    assert_null(rd_kafka_begin_transaction(rk));
    produce(rk, topic, value, 0);
    return (struct open_transaction *)rk;
}

void transaction_commit(struct open_transaction *t)
{
    assert_null(rd_kafka_commit_transaction((rd_kafka_t *)t, PATIENCE_MS));
    rd_kafka_destroy((rd_kafka_t *)t);
}

void transaction_forget(struct open_transaction *t)
{
    rd_kafka_destroy((rd_kafka_t *)t);
}

/* ---- looking ---- */

static void see(void *user, const struct kafka_record *record)
{
    char *text = user;
    const size_t at = strlen(text);
    if (record->value == NULL)
        (void)snprintf(text + at, 400 - at, "(null) ");
    else
        (void)snprintf(text + at, 400 - at, "%.*s ", (int)record->value_size,
                       (const char *)record->value);
}

const char *committed_values(const char *topic, char text[static 400])
{
    char message[KAFKA_TEXT_MAX];
    text[0] = '\0';
    if (kafka_scan(config, topic, NULL, see, text, message) != 0)
        fail_msg("%s", message);
    return text;
}

int64_t committed_offset(const char *group, const char *topic)
{
    char message[KAFKA_TEXT_MAX];
    struct kafka_place place = {.partition = 0};
    (void)snprintf(place.topic, sizeof place.topic, "%s", topic);
    if (kafka_group_committed(config, group, &place, 1, message) != 0)
        fail_msg("%s", message);
    return place.offset;
}

/* ---- a member of a group ---- */

static void on_assign(void *user, const struct kafka_place places[], size_t count)
{
    struct reader *r = user;
    assert_true(count <= PLACES_MAX);
    memcpy(r->places, places, count * sizeof *places);
    r->count = count;
    r->is_assigned = true;
    r->is_revoked = false;
}

static void on_revoke(void *user, const struct kafka_place places[], size_t count, bool lost)
{
    struct reader *r = user;
    (void)places;
    (void)count;
    r->is_revoked = true;
    r->is_lost = lost;
}

static void on_error(void *user, enum kafka_obstacle obstacle, const char *words, bool fatal,
                     bool fenced)
{
    struct reader *r = user;
    (void)obstacle;
    (void)fatal;
    r->is_fenced |= fenced;
    (void)snprintf(r->error, sizeof r->error, "%s", words);
}

void reader_join(struct reader *r, const char *group, const char *instance, const char *topic)
{
    char message[KAFKA_TEXT_MAX];
    *r = (struct reader){.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    const struct kafka_consumer_hooks hooks = {on_assign, on_revoke, on_error, r};
    if (kafka_consumer_new(config, group, instance, &topic, 1, false, r->wake_fd, &hooks,
                           &r->consumer, message) != 0)
        fail_msg("%s", message);
}

void reader_serve(struct reader *r, int64_t ms)
{
    const struct timespec moment = {0, 5000000};
    for (const int64_t until = clock_monotonic_ms() + ms; clock_monotonic_ms() < until;
         (void)nanosleep(&moment, NULL))
        kafka_consumer_serve(r->consumer);
}

void reader_wait_assigned(struct reader *r, int64_t start, int64_t start_offset)
{
    char message[KAFKA_TEXT_MAX];
    for (const int64_t began = clock_monotonic_ms(); !r->is_assigned;) {
        reader_serve(r, 10);
        if (clock_monotonic_ms() - began > PATIENCE_MS)
            fail_msg("no assignment: %s", r->error);
    }
    if (kafka_committed(r->consumer, r->places, r->count, message) != 0)
        fail_msg("%s", message);
    for (size_t i = 0; i < r->count; i++) {
        if (start_offset >= 0)
            r->places[i].offset = start_offset;
        else if (r->places[i].offset < 0 &&
                 kafka_start_offset(r->consumer, &r->places[i], start, message) != 0)
            fail_msg("%s", message);
    }
    assert_int_equal(kafka_assign(r->consumer, r->places, r->count, r->queues), 0);
}

static void drop_queues(struct reader *r)
{
    for (size_t i = 0; i < PLACES_MAX; i++) {
        kafka_queue_free(r->queues[i]);
        r->queues[i] = NULL;
    }
}

void reader_answer_revoke(struct reader *r)
{
    drop_queues(r);
    kafka_unassign(r->consumer, r->places, r->count);
    r->is_revoked = r->is_assigned = false;
}

void reader_abandon(struct reader *r)
{
    drop_queues(r);
    kafka_consumer_free(r->consumer);
    (void)close(r->wake_fd);
}

void reader_leave(struct reader *r)
{
    kafka_consumer_close(r->consumer);
    for (const int64_t began = clock_monotonic_ms(); !kafka_consumer_closed(r->consumer);) {
        reader_serve(r, 10);
        if (r->is_revoked)
            reader_answer_revoke(r);
        if (clock_monotonic_ms() - began > PATIENCE_MS)
            fail_msg("does not close");
    }
    reader_abandon(r);
}

const char *reader_next(struct reader *r, char text[static 80])
{
    struct kafka_record record;
    struct kafka_fetched fetched;
    for (const int64_t began = clock_monotonic_ms(); clock_monotonic_ms() - began < PATIENCE_MS;
         reader_serve(r, 5)) {
        kafka_fetch(r->queues[0], &record, 1, &fetched);
        if (fetched.obstacle != KAFKA_CLEAR)
            fail_msg("%s", fetched.words);
        if (fetched.count == 0)
            continue;
        (void)snprintf(text, 80, "%.*s", (int)record.value_size, (const char *)record.value);
        kafka_record_free(&record);
        return text;
    }
    fail_msg("no record in time");
    return NULL;
}
