/* Records that are larger than their topics take: each ends as one letter that fits, with what is
 * needed to find the original again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/digest.h"
#include "kafka/headers.h"
#include "posting/actions.h"
#include "posting/outgoing.h"
#include "posting/too_large.h"
#include "posting/posting.h"

enum { LARGE = 5000, HEADERS_MAX = 3000 };

static struct stream stream;
static struct posting posting;
static struct worker worker;
static struct input_topic topic = {.name = "orders.raw"};
static struct partition partition;
static char large[LARGE];
static struct {
    char natural[100], delivery[100];
    bool ended;
    redis_done done;
    void *user;
    int count;
} released;

void __wrap_commit_soon(struct worker *w);
void __wrap_keys_release(struct keyspace *ks, const struct key_work *w, bool ended, redis_done done,
                         void *user);
void __wrap_record_transition(struct record *r, enum life_event event);
static enum life_event happened;

void __wrap_commit_soon(struct worker *w)
{
    (void)w;
}

void __wrap_keys_release(struct keyspace *ks, const struct key_work *w, bool ended, redis_done done,
                         void *user)
{
    (void)ks;
    (void)snprintf(released.natural, sizeof released.natural, "%s", w->natural);
    (void)snprintf(released.delivery, sizeof released.delivery, "%s", w->delivery);
    released.ended = ended;
    released.done = done;
    released.user = user;
    released.count++;
}

void __wrap_record_transition(struct record *r, enum life_event event)
{
    (void)r;
    happened = event;
}

static int set_up(void **state)
{
    static const struct flow flow = {.name = "orders",
                                     .reads = "orders.raw",
                                     .outputs = {{"orders.results", "R", "result", true},
                                                 {"orders.ledger", "L", "ledger entry", false}}};
    (void)state;
    memset(large, 'x', sizeof large);
    stream = (struct stream){.outputs.retry_count = 1, .inputs.count = 1};
    posting = (struct posting){0};
    worker = (struct worker){
        .flow = &flow, .stream = &stream, .posting = &posting, .times.ttl_ms = 45LL * 86400000};
    worker.stream->inputs.list[0] = topic;
    ready_init(&worker.posting->ready);
    (void)snprintf(worker.stream->group, sizeof worker.stream->group, "primaflow.orders");
    (void)snprintf(worker.stream->outputs.dlq, sizeof worker.stream->outputs.dlq, "orders.raw.dlq");
    (void)snprintf(worker.stream->outputs.written[OUTPUT_RESULTS],
                   sizeof worker.stream->outputs.written[OUTPUT_RESULTS], "orders.results");
    (void)snprintf(worker.stream->outputs.retry[0], sizeof worker.stream->outputs.retry[0],
                   "orders.raw.retry.1s");
    (void)snprintf(worker.stream->outputs.written[1], sizeof worker.stream->outputs.written[1],
                   "orders.ledger");
    const char *const topics[] = {
        worker.stream->outputs.dlq, worker.stream->outputs.written[OUTPUT_RESULTS],
        worker.stream->outputs.written[1], worker.stream->outputs.retry[0]};
    worker.stream->sizes = (struct sizes){.count = 4, .message_max = 1 << 20};
    for (size_t i = 0; i < 4; i++) {
        worker.stream->sizes.topics[i] = topics[i];
        worker.stream->sizes.bytes[i] = 1 << 20;
    }
    partition = (struct partition){.topic = &topic, .worker = &worker};
    released.count = 0;
    lanes_init(&worker.posting->lanes);
    return uv_loop_init(&worker.host.loop) == 0
               ? (timers_init(&worker.host.timers, &worker.host.loop), 0)
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    lanes_release(&worker.posting->lanes);
    timers_release(&worker.host.timers);
    (void)uv_run(&worker.host.loop, UV_RUN_DEFAULT);
    return uv_loop_close(&worker.host.loop);
}

static void takes(const char *name, int64_t bytes)
{
    for (size_t i = 0; i < worker.stream->sizes.count; i++)
        if (strcmp(worker.stream->sizes.topics[i], name) == 0)
            worker.stream->sizes.bytes[i] = bytes;
}

static struct record *record_of(const void *key, size_t key_size, const void *value,
                                size_t value_size, size_t headers)
{
    struct kafka_record raw = {.topic = "orders.raw",
                               .partition = 3,
                               .offset = 77,
                               .timestamp_ms = 1700000000000,
                               .key = key,
                               .key_size = key_size,
                               .value = value,
                               .value_size = value_size,
                               .header_count = headers,
                               .headers =
                                   headers > 0 ? calloc(headers, sizeof *raw.headers) : NULL};
    for (size_t i = 0; i < headers; i++)
        raw.headers[i] = (struct kafka_header){i == 0 ? "traceparent" : "note",
                                               i == 0 ? "00-aa-bb-01" : "a", i == 0 ? 11 : 1};
    struct record *r = record_new(&worker, &partition, &raw);
    window_fetched(&worker.posting->window, r->bytes);
    r->key.natural = "01/orders/shop/uk/1";
    r->key.kafka = "01/shop/uk/1";
    return r;
}

static const char *header(const struct kafka_message *m, const char *name, char text[static 500])
{
    const char *found = NULL;
    for (size_t i = 0; i < m->header_count; i++)
        if (strcmp(m->headers[i].name, name) == 0) {
            assert_null(found);
            (void)snprintf(text, 500, "%.*s", (int)m->headers[i].size,
                           (const char *)m->headers[i].value);
            found = text;
        }
    return found;
}

static void header_is(const struct kafka_message *m, const char *name, const char *value)
{
    char text[500];
    const char *is = header(m, name, text);
    if ((is == NULL) != (value == NULL) || (is != NULL && strcmp(is, value) != 0))
        fail_msg("%s is %s, not %s", name, is != NULL ? is : "absent",
                 value != NULL ? value : "absent");
}

static json_t *value_of(const struct kafka_message *m)
{
    json_t *json = json_loadb(m->value, m->value_size, 0, NULL);
    if (json == NULL)
        fail_msg("the value is no JSON: %.*s", (int)m->value_size, (const char *)m->value);
    return json;
}

static void digest_is(const json_t *original, const char *name, const void *bytes, size_t size)
{
    uint8_t hash[DIGEST_SIZE];
    char hex[2 * DIGEST_SIZE + 1], field[40];
    digest_sha256(bytes, size, hash);
    (void)snprintf(field, sizeof field, "%s_sha256", name);
    assert_string_equal(json_string_value(json_object_get(original, field)),
                        digest_hex(hash, sizeof hash, hex));
    (void)snprintf(field, sizeof field, "%s_size", name);
    assert_int_equal(json_integer_value(json_object_get(original, field)), size);
}

/* ---- dead letters ---- */

static void test_a_letter_that_does_not_fit_is_cut(void **state)
{
    static const struct {
        const char *name;
        size_t key, value, headers, takes;
    } rows[] = {
        {"a large value", 1, LARGE, 1, 4000},
        {"a large key", LARGE, 1, 1, 4000},
        {"many headers", 1, 1, HEADERS_MAX, 4000},
        {"a small topic", 1, LARGE, 1, 1000},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct record *r = record_of(large, rows[i].key, large, rows[i].value, rows[i].headers);
        takes(worker.stream->outputs.dlq, (int64_t)rows[i].takes);
        r->end.code = PF_E_avro_too_large;
        act_dead_letter(r);
        const struct kafka_message *m = &r->out.list[0].message;
        assert_int_equal(r->out.count, 1);
        assert_int_equal(r->end.codes[0], PF_E_record_too_large);
        if (kafka_message_bytes(m) > rows[i].takes)
            fail_msg("%s: the letter takes %zu", rows[i].name, kafka_message_bytes(m));
        header_is(m, HEADER_CODE, "record_too_large");
        header_is(m, HEADER_CLASS, "dead_letter");
        header_is(m, HEADER_OWNER, "operations");
        header_is(m, HEADER_INSTEAD_OF, "avro_too_large");
        header_is(m, HEADER_DELIVERY, "orders.raw/3/77");
        header_is(m, HEADER_IDEMPOTENCY_KEY, "01/orders/shop/uk/1");
        json_t *json = value_of(m);
        const json_t *original = json_object_get(json, "original");
        assert_string_equal(json_string_value(json_object_get(original, "topic")), "orders.raw");
        assert_int_equal(json_integer_value(json_object_get(original, "partition")), 3);
        assert_int_equal(json_integer_value(json_object_get(original, "offset")), 77);
        digest_is(original, "value", large, rows[i].value);
        if (rows[i].takes > 1000) {
            digest_is(original, "key", large, rows[i].key);
            assert_int_equal(json_integer_value(json_object_get(original, "header_count")),
                             rows[i].headers);
            header_is(m, "traceparent", "00-aa-bb-01");
            header_is(m, HEADER_DLQ_OFFSET, "77");
            if (rows[i].headers == 1) { /* its name with a NUL, its size, its value */
                static const char bytes[] = "traceparent\0\0\0\0\x0b"
                                            "00-aa-bb-01";
                uint8_t hash[DIGEST_SIZE];
                char hex[2 * DIGEST_SIZE + 1];
                digest_sha256(bytes, sizeof bytes - 1, hash);
                assert_string_equal(json_string_value(json_object_get(original, "headers_sha256")),
                                    digest_hex(hash, sizeof hash, hex));
                assert_int_equal(json_integer_value(json_object_get(original, "headers_size")), 22);
            }
        }
        assert_true(rows[i].key == 1 ? m->key_size == 1
                                     : m->key_size == 71 && memcmp(m->key, "sha256:", 7) == 0);
        json_decref(json);
        record_free(r);
    }
}

/* Its bytes are kept wherever they fit, and all of its headers. */
static void test_what_fits_is_whole(void **state)
{
    (void)state;
    struct record *r = record_of("k", 1, large, sizeof large, HEADERS_MAX);
    r->end.code = PF_E_avro_too_large;
    act_dead_letter(r);
    const struct kafka_message *m = &r->out.list[0].message;
    header_is(m, HEADER_CODE, "avro_too_large");
    assert_int_equal(m->value_size, sizeof large);
    assert_true(m->header_count > HEADERS_MAX);
    takes(worker.stream->outputs.dlq, (int64_t)kafka_message_bytes(m)); /* to the byte */
    assert_true(too_large_fits(&worker, m));
    takes(worker.stream->outputs.dlq, (int64_t)kafka_message_bytes(m) - 1);
    assert_false(too_large_fits(&worker, m));
    takes(worker.stream->outputs.dlq, 1 << 20);
    worker.stream->sizes.message_max = 5000; /* the producer's own limit is one, too */
    assert_false(too_large_fits(&worker, m));
    record_free(r);
}

static void test_an_absent_value(void **state)
{
    (void)state;
    struct record *r = record_of(large, LARGE, NULL, 0, 0);
    takes(worker.stream->outputs.dlq, 3000);
    r->end.code = PF_E_tombstone;
    act_dead_letter(r);
    json_t *json = value_of(&r->out.list[0].message);
    const json_t *original = json_object_get(json, "original");
    assert_int_equal(json_integer_value(json_object_get(original, "value_size")), -1);
    assert_string_equal(json_string_value(json_object_get(original, "value_sha256")), "");
    json_decref(json);
    record_free(r);
}

/* ---- retries ---- */

static void test_a_retry_that_does_not_fit_ends(void **state)
{
    (void)state;
    struct record *r = record_of("k", 1, large, sizeof large, 0);
    r->state = CLAIMED;
    r->work.natural = r->key.natural;
    r->work.delivery = r->lineage.delivery;
    takes(worker.stream->outputs.retry[0], 3000);
    act_retry(r);
    assert_int_equal(released.count, 1); /* and nothing of its key waits for it in a retry topic */
    assert_true(released.ended);
    released.done(released.user, &(struct redis_reply){.count = 1, .items = {{"released", 8, 0}}});
    assert_int_equal(happened, TOO_OLD);
    act_dead_letter(r);
    const struct kafka_message *m = &r->out.list[0].message;
    header_is(m, HEADER_CODE, "record_too_large");
    header_is(m, HEADER_INSTEAD_OF, "settle_deadline");
    assert_int_equal(m->value_size, sizeof large); /* dead letters may be so large */
    record_free(r);
}

/* ---- limits that became smaller meanwhile ---- */

static void test_settled_and_then_too_large(void **state)
{
    char text[500];
    (void)state;
    struct record *r = record_of("k", 1, large, sizeof large, 1);
    r->end.code = PF_E_avro_too_large;
    act_dead_letter(r);
    assert_int_equal(r->out.list[0].message.value_size, sizeof large);
    takes(worker.stream->outputs.dlq, 3000);
    assert_true(too_large_replace(r, 0, false));
    const struct kafka_message *m = &r->out.list[0].message;
    header_is(m, HEADER_CODE, "record_too_large");
    header_is(m, HEADER_INSTEAD_OF, "avro_too_large");
    header_is(m, HEADER_DLQ_TOPIC, "orders.raw");
    header_is(m, HEADER_DELIVERY, "orders.raw/3/77");
    assert_non_null(strstr(header(m, HEADER_DLQ_MESSAGE, text), "orders.raw.dlq takes 3000"));
    json_t *json = value_of(m);
    digest_is(json_object_get(json, "original"), "value", large, sizeof large);
    json_decref(json);
    assert_false(too_large_replace(r, 0, true)); /* nothing smaller can be said */
    record_free(r);
}

static void test_a_settled_retry_gives_its_mark_back(void **state)
{
    (void)state;
    struct record *r = record_of("k", 1, large, sizeof large, 1);
    act_forward(r);
    assert_string_equal(r->out.list[0].message.topic, "orders.raw.retry.1s");
    assert_true(too_large_replace(r, 0, true));
    assert_string_equal(r->out.list[0].message.topic, "orders.raw.dlq");
    header_is(&r->out.list[0].message, HEADER_CODE, "record_too_large");
    assert_int_equal(released.count, 1);
    assert_true(released.ended);
    assert_string_equal(released.natural, "01/orders/shop/uk/1");
    assert_string_equal(released.delivery, "orders.raw/3/77");
    assert_int_equal(r->held, 1); /* it is not published before the mark is gone */
    released.done(released.user, &(struct redis_reply){.count = 1, .items = {{"released", 8, 0}}});
    assert_int_equal(r->held, 0);
    record_free(r);
}

/* What is published beside a dead letter goes when it does not fit; the letter stays whole. */
static void test_beside_a_dead_letter(void **state)
{
    (void)state;
    struct record *r = record_of("k", 1, "v", 1, 0);
    r->end.code = PF_E_conflict;
    outgoing_build(outgoing_add(r), worker.stream->outputs.dlq, (struct redis_bytes){"k", 1},
                   (struct redis_bytes){"v", 1}, NULL, 0);
    for (int i = 0; i < 2; i++)
        outgoing_build(outgoing_add(r), worker.stream->outputs.written[1],
                       (struct redis_bytes){"k", 1}, (struct redis_bytes){large, 900}, NULL, 0);
    r->state = SETTLED;
    record_release_texts(r);
    kafka_record_free(&r->raw);
    assert_true(too_large_replace(r, 2, true));
    assert_int_equal(r->out.count, 1);
    assert_false(r->out.is_cut);
    assert_ptr_equal(r->out.list[0].message.topic, worker.stream->outputs.dlq);
    assert_memory_equal(r->out.list[0].message.value, "v", 1);
    assert_int_equal(r->end.code, PF_E_conflict);
    record_free(r);
}

static void test_a_settled_result(void **state)
{
    (void)state;
    struct record *r = record_of("k", 1, "v", 1, 0);
    r->end.outcome = OUTCOME_POSTED;
    outgoing_build(outgoing_add(r), worker.stream->outputs.written[OUTPUT_RESULTS],
                   (struct redis_bytes){"01/shop/uk/1", 12}, (struct redis_bytes){large, 900}, NULL,
                   0);
    outgoing_build(outgoing_add(r), worker.stream->outputs.written[1],
                   (struct redis_bytes){"01/shop/uk/1", 12}, (struct redis_bytes){large, 900}, NULL,
                   0);
    r->state = SETTLED;
    record_release_texts(r);
    kafka_record_free(&r->raw);
    assert_true(too_large_replace(r, 1, true));
    const struct kafka_message *m = &r->out.list[0].message;
    assert_int_equal(r->out.count, 1);
    header_is(m, HEADER_INSTEAD_OF, "posted");
    header_is(m, HEADER_DELIVERY, "orders.raw/3/77");
    json_t *json = value_of(m);
    assert_string_equal(json_string_value(json_object_get(json, "what")), "ledger entry");
    const json_t *original = json_object_get(json, "original");
    assert_int_equal(json_integer_value(json_object_get(original, "offset")), 77);
    assert_null(json_object_get(original, "value_sha256")); /* a result's is not the original's */
    json_decref(json);
    record_free(r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_letter_that_does_not_fit_is_cut),
        TEST(test_what_fits_is_whole),
        TEST(test_an_absent_value),
        TEST(test_a_retry_that_does_not_fit_ends),
        TEST(test_settled_and_then_too_large),
        TEST(test_a_settled_retry_gives_its_mark_back),
        TEST(test_beside_a_dead_letter),
        TEST(test_a_settled_result),
    };
    return cmocka_run_group_tests_name("records that are too large", tests, NULL, NULL);
}
