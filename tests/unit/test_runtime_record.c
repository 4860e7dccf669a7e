/* What a record's headers say, to us and about us: lineage is believed only where we wrote it, dead letters and retries keep the original
 * bytes and replace our own context instead of stacking it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "runtime/headers.h"
#include "runtime/settle.h"
#include "runtime/worker.h"

void __wrap_commit_soon(struct worker *w);

static int settled;

void __wrap_commit_soon(struct worker *w)
{
    (void)w;
    settled++;
}

static struct worker worker;
static struct input_topic topic;
static struct partition partition;

static int set_up(void **state)
{
    static const struct flow flow = {.name = "orders", .reads = "orders.raw"};
    (void)state;
    worker.flow = &flow;
    worker.ttl_ms = 45LL * 86400000;
    worker.ready_last = &worker.ready;
    worker.retry_count = 3;
    (void)snprintf(worker.group, sizeof worker.group, "primaflow.orders");
    (void)snprintf(worker.dlq_topic, sizeof worker.dlq_topic, "orders.raw.dlq");
    for (int i = 0; i < 3; i++)
        (void)snprintf(worker.retry_topics[i], sizeof worker.retry_topics[i], "orders.raw.retry.%d", i);
    partition = (struct partition){.topic = &topic, .worker = &worker};
    lanes_init(&worker.lanes);
    return uv_loop_init(&worker.loop) == 0 ? (wakes_init(&worker.wakes, &worker.loop), 0) : -1;
}

static int tear_down(void **state)
{
    (void)state;
    lanes_release(&worker.lanes);
    wakes_release(&worker.wakes);
    (void)uv_run(&worker.loop, UV_RUN_DEFAULT);
    return uv_loop_close(&worker.loop);
}

static void add_header(struct kafka_record *raw, const char *name, const void *value, size_t size)
{
    if (raw->headers == NULL && (raw->headers = calloc(KAFKA_HEADERS_MAX, sizeof *raw->headers)) == NULL)
        abort();
    raw->headers[raw->header_count++] = (struct kafka_header){name, value, size};
}

static void add_text(struct kafka_record *raw, const char *name, const char *value)
{
    add_header(raw, name, value, strlen(value));
}

/* orders.raw/3/77, or its retry topic. */
static struct kafka_record raw_from(enum topic_role role)
{
    static const char *const names[] = {"orders.raw", "orders.raw.retry.1", "orders.raw.replay"};
    topic.role = role;
    return (struct kafka_record){.topic = names[role],
                                 .partition = 3,
                                 .offset = 77,
                                 .timestamp_ms = clock_wall_ms() - 5000,
                                 .key = "k",
                                 .key_size = 1,
                                 .value = "v",
                                 .value_size = 1};
}

static struct record *record_of(struct kafka_record *raw)
{
    struct record *r = record_new(&worker, &partition, raw);
    assert_null(raw->handle);
    return r;
}

/* ---- lineage ---- */

static void test_lineage(void **state)
{
    static const struct {
        const char *name;
        enum topic_role role;
        const char *header, *value, *delivery, *parent;
        int64_t attempts, replays, unknown_since;
        bool resolve_first;
    } rows[] = {
        {"none", TOPIC_INPUT, NULL, NULL, "orders.raw/3/77", "", 0, 0, 0, false},
        {"a stranger's delivery", TOPIC_INPUT, HEADER_DELIVERY, "orders.raw/1/5", "orders.raw/3/77", "", 0, 0, 0, false},
        {"a stranger's parent", TOPIC_INPUT, HEADER_PARENT, "orders.raw/1/5", "orders.raw/3/77", "", 0, 0, 0, false},
        {"a stranger's attempts", TOPIC_INPUT, HEADER_ATTEMPTS, "7", "orders.raw/3/77", "", 0, 0, 0, false},
        {"a stranger's replays", TOPIC_INPUT, HEADER_REPLAY_COUNT, "7", "orders.raw/3/77", "", 0, 0, 0, false},
        {"a stranger's unknown outcome", TOPIC_INPUT, HEADER_UNKNOWN_SINCE, "7", "orders.raw/3/77", "", 0, 0, 0, false},
        {"a stranger's wish to be resolved", TOPIC_INPUT, HEADER_RESOLVE_FIRST, "1", "orders.raw/3/77", "", 0, 0, 0, false},
        {"a retry keeps its delivery", TOPIC_RETRY, HEADER_DELIVERY, "orders.raw/1/5", "orders.raw/1/5", "", 0, 0, 0, false},
        {"a retry without one", TOPIC_RETRY, NULL, NULL, "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"a delivery without offset", TOPIC_RETRY, HEADER_DELIVERY, "orders.raw/1", "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"a delivery with more behind it", TOPIC_RETRY, HEADER_DELIVERY, "orders.raw/1/5/9", "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"a delivery without topic", TOPIC_RETRY, HEADER_DELIVERY, "/1/5", "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"a delivery that is no text of ours", TOPIC_RETRY, HEADER_DELIVERY, "orders raw", "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"a redrive's parent", TOPIC_RETRY, HEADER_PARENT, "orders.raw/1/5", "orders.raw.retry.1/3/77", "orders.raw/1/5", 0, 0, 0, false},
        {"a replay's parent", TOPIC_REPLAY, HEADER_PARENT, "orders.raw/1/5", "orders.raw.replay/3/77", "orders.raw/1/5", 0, 0, 0, false},
        {"attempts", TOPIC_RETRY, HEADER_ATTEMPTS, "2", "orders.raw.retry.1/3/77", "", 2, 0, 0, false},
        {"attempts that are no number", TOPIC_RETRY, HEADER_ATTEMPTS, "2x", "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"attempts that are empty", TOPIC_RETRY, HEADER_ATTEMPTS, "", "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"attempts below nothing", TOPIC_RETRY, HEADER_ATTEMPTS, "-3", "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"attempts beyond counting", TOPIC_RETRY, HEADER_ATTEMPTS, "9223372036854775807", "orders.raw.retry.1/3/77", "", 1000000000, 0, 0,
         false},
        {"replays beyond counting reach the limit", TOPIC_REPLAY, HEADER_REPLAY_COUNT, "99999999999999999999", "orders.raw.replay/3/77", "",
         0, 1000000000, 0, false},
        {"a delivery before the first", TOPIC_RETRY, HEADER_DELIVERY, "orders.raw/1/-5", "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"a delivery of no partition", TOPIC_RETRY, HEADER_DELIVERY, "orders.raw/-1/5", "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"a delivery behind the last", TOPIC_RETRY, HEADER_DELIVERY, "orders.raw/1/9223372036854775807", "orders.raw.retry.1/3/77", "", 0,
         0, 0, false},
        {"unknown since long before", TOPIC_RETRY, HEADER_UNKNOWN_SINCE, "-7", "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"replays", TOPIC_REPLAY, HEADER_REPLAY_COUNT, "3", "orders.raw.replay/3/77", "", 0, 3, 0, false},
        {"since when it is unknown", TOPIC_RETRY, HEADER_UNKNOWN_SINCE, "1700000000000", "orders.raw.retry.1/3/77", "", 0, 0, 1700000000000,
         false},
        {"resolve first", TOPIC_RETRY, HEADER_RESOLVE_FIRST, "1", "orders.raw.retry.1/3/77", "", 0, 0, 0, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kafka_record raw = raw_from(rows[i].role);
        if (rows[i].header != NULL)
            add_text(&raw, rows[i].header, rows[i].value);
        struct record *r = record_of(&raw);
        if (strcmp(r->delivery, rows[i].delivery) != 0 || strcmp(r->parent, rows[i].parent) != 0 || r->attempts != rows[i].attempts ||
            r->replays != rows[i].replays || r->unknown_since_ms != rows[i].unknown_since || r->resolve_first != rows[i].resolve_first)
            fail_msg("%s: delivery %s parent %s attempts %d replays %d resolve first %d", rows[i].name, r->delivery, r->parent,
                     (int)r->attempts, (int)r->replays, r->resolve_first);
        record_free(r);
    }
}

static void test_times(void **state)
{
    static const struct {
        const char *name;
        enum topic_role role;
        bool has_headers;
        int64_t timestamp_ms, event_ms, first_seen_ms; /* ms ago; -1: none, 0: now */
    } rows[] = {
        {"an input's timestamp is its own", TOPIC_INPUT, false, 5000, 5000, 0},
        {"... whatever its headers say", TOPIC_INPUT, true, 5000, 5000, 0},
        {"none at all", TOPIC_INPUT, false, -1, 0, 0},
        {"a retry's is when it was written; headers know better", TOPIC_RETRY, true, 5000, 90000, 80000},
        {"a retry without them", TOPIC_RETRY, false, 5000, 5000, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const int64_t now = clock_wall_ms();
        char original[32], seen[32];
        struct kafka_record raw = raw_from(rows[i].role);
        raw.timestamp_ms = rows[i].timestamp_ms < 0 ? -1 : now - rows[i].timestamp_ms;
        (void)snprintf(original, sizeof original, "%lld", (long long)now - 90000);
        (void)snprintf(seen, sizeof seen, "%lld", (long long)now - 80000);
        if (rows[i].has_headers) {
            add_text(&raw, HEADER_ORIGINAL_TIMESTAMP, original);
            add_text(&raw, HEADER_FIRST_SEEN, seen);
        }
        struct record *r = record_of(&raw);
        if (llabs(now - rows[i].event_ms - r->event_ms) > 1000 || llabs(now - rows[i].first_seen_ms - r->first_seen_ms) > 1000)
            fail_msg("%s: the event is %lld ms old, first seen %lld ms ago", rows[i].name, (long long)(now - r->event_ms),
                     (long long)(now - r->first_seen_ms));
        record_free(r);
    }
}

/* Keys that Redis may have forgotten are asked about first. */
static void test_resolve_first(void **state)
{
    (void)state;
    struct kafka_record raw = raw_from(TOPIC_INPUT);
    raw.timestamp_ms = clock_wall_ms() - worker.ttl_ms - 60000;
    struct record *r = record_of(&raw);
    assert_true(r->resolve_first && r->resolve_first_is_caution);
    record_free(r);
    raw = raw_from(TOPIC_INPUT);
    raw.timestamp_ms = clock_wall_ms() - worker.ttl_ms + 60000;
    r = record_of(&raw);
    assert_false(r->resolve_first);
    record_free(r);
    worker.suspect = true;
    raw = raw_from(TOPIC_INPUT);
    r = record_of(&raw);
    worker.suspect = false;
    assert_true(r->resolve_first && !r->resolve_first_is_caution);
    record_free(r);
}

/* ---- headers of what we write ---- */

static const struct kafka_header *only(const struct kafka_message *m, const char *name)
{
    const struct kafka_header *found = NULL;
    for (size_t i = 0; i < m->header_count; i++)
        if (strcmp(m->headers[i].name, name) == 0) {
            if (found != NULL)
                fail_msg("%s stands twice", name);
            found = &m->headers[i];
        }
    return found;
}

static void header_is(const struct kafka_message *m, const char *name, const char *text)
{
    const struct kafka_header *h = only(m, name);
    if (text == NULL) {
        if (h != NULL)
            fail_msg("%s is there", name);
        return;
    }
    if (h == NULL || h->size != strlen(text) || memcmp(h->value, text, h->size) != 0)
        fail_msg("%s is %.*s, not %s", name, h != NULL ? (int)h->size : 4, h != NULL ? (const char *)h->value : "none", text);
}

static void test_a_dead_letter_replaces_our_context(void **state)
{
    static const char binary[] = {'a', '\0', '\xff', 'b'};
    struct kafka_record raw = raw_from(TOPIC_RETRY);
    raw.key = "01/web/shop/1";
    raw.key_size = 13;
    raw.value = binary;
    raw.value_size = sizeof binary;
    add_text(&raw, "traceparent", "00-aa-bb-01");
    add_header(&raw, "binary", binary, sizeof binary);
    add_header(&raw, "null", NULL, 0);
    add_text(&raw, "traceparent", "a second one, as it came");
    add_text(&raw, HEADER_CODE, "stale_code");
    add_text(&raw, HEADER_DLQ_MESSAGE, "stale message");
    add_text(&raw, HEADER_DLQ_PREFIX "stage", "stale, too");
    add_text(&raw, HEADER_PREFIX "unheard-of", "stale, too");
    add_text(&raw, HEADER_HTTP_STATUS, "500");
    add_text(&raw, HEADER_REPLAY_ID, "replay-7");
    add_text(&raw, HEADER_REPLAY_COUNT, "2");
    add_text(&raw, HEADER_DELIVERY, "orders.raw/1/5");
    add_text(&raw, HEADER_PARENT, "orders.raw/1/4");
    add_text(&raw, HEADER_ATTEMPTS, "3");
    struct record *r = record_of(&raw);
    (void)state;
    r->code = PF_E_conflict;
    r->detail = "Why.";
    r->key.natural = "01/order/web/shop/1";
    record_keep_words(r, "No.");
    settled = 0;
    act_dead_letter(r);
    assert_int_equal(settled, 1);
    assert_int_equal(r->out_count, 1);
    const struct kafka_message *m = &r->out[0].message;
    assert_string_equal(m->topic, "orders.raw.dlq");
    assert_int_equal(m->key_size, 13);
    assert_memory_equal(m->key, "01/web/shop/1", 13);
    assert_int_equal(m->value_size, sizeof binary);
    assert_memory_equal(m->value, binary, sizeof binary);
    assert_ptr_not_equal(m->value, binary); /* the record's bytes are gone by then */
    /* ours first, for who reads only so many; the producer's behind them, in their order */
    assert_string_equal(m->headers[0].name, HEADER_DLQ_TOPIC);
    assert_string_equal(m->headers[m->header_count - 5].name, "traceparent");
    assert_string_equal(m->headers[m->header_count - 2].name, "traceparent");
    assert_memory_equal(only(m, "binary")->value, binary, sizeof binary);
    assert_non_null(only(m, "null"));
    assert_null(only(m, "null")->value);
    const struct pf_error_info *info = pf_error_info(PF_E_conflict);
    char message[400];
    (void)snprintf(message, sizeof message, "%s Why. Prima says: No.", info->meaning);
    header_is(m, HEADER_DLQ_MESSAGE, message);
    header_is(m, HEADER_DLQ_TOPIC, "orders.raw");
    header_is(m, HEADER_DLQ_PARTITION, "1");
    header_is(m, HEADER_DLQ_OFFSET, "5");
    header_is(m, HEADER_DLQ_GROUP, "primaflow.orders");
    header_is(m, HEADER_DLQ_DELIVERY_COUNT, "4");
    header_is(m, HEADER_CODE, "conflict");
    header_is(m, HEADER_CLASS, pf_class_name(info->class));
    header_is(m, HEADER_OWNER, pf_owner_name(info->owner));
    header_is(m, HEADER_IDEMPOTENCY_KEY, "01/order/web/shop/1");
    header_is(m, HEADER_DELIVERY, "orders.raw/1/5");
    header_is(m, HEADER_PARENT, "orders.raw/1/4");
    header_is(m, HEADER_REPLAY_ID, "replay-7");
    header_is(m, HEADER_REPLAY_COUNT, "2");
    header_is(m, HEADER_HTTP_STATUS, NULL);
    header_is(m, HEADER_ATTEMPTS, NULL);
    header_is(m, HEADER_DLQ_PREFIX "stage", NULL);
    header_is(m, HEADER_PREFIX "unheard-of", NULL);
    assert_int_equal(only(m, HEADER_FINGERPRINT)->size, 2 * IDENTITY_SIZE);
    assert_non_null(only(m, HEADER_FIRST_FAILED_AT));
    record_free(r);
}

static void test_absent_and_empty_stay_what_they_are(void **state)
{
    (void)state;
    for (int which = 0; which < 4; which++) {
        struct kafka_record raw = raw_from(TOPIC_INPUT);
        raw.key = which & 1 ? NULL : "";
        raw.value = which & 2 ? NULL : "";
        raw.key_size = raw.value_size = 0;
        struct record *r = record_of(&raw);
        r->code = PF_E_tombstone;
        act_dead_letter(r);
        const struct kafka_message *m = &r->out[0].message;
        assert_int_equal(m->key == NULL, (which & 1) != 0);
        assert_int_equal(m->value == NULL, (which & 2) != 0);
        assert_int_equal(m->key_size + m->value_size, 0);
        header_is(m, HEADER_IDEMPOTENCY_KEY, NULL); /* it was never read so far */
        header_is(m, HEADER_FINGERPRINT, NULL);
        record_free(r);
    }
}

static void test_forward(void **state)
{
    static const struct {
        const char *name, *attempts_before, *topic, *attempts, *reason;
        bool is_deferred, resolve_first, is_caution;
    } rows[] = {
        {"the first time", NULL, "orders.raw.retry.0", "1", "settle_deadline", false, false, false},
        {"the second", "1", "orders.raw.retry.1", "2", "settle_deadline", false, false, false},
        {"the last delay stays", "2", "orders.raw.retry.2", "3", "settle_deadline", false, false, false},
        {"... for good", "40", "orders.raw.retry.2", "41", "settle_deadline", false, false, false},
        {"waiting for another is no attempt", "1", "orders.raw.retry.1", "1", "deferred", true, false, false},
        {"Redis may have forgotten it", NULL, "orders.raw.retry.0", "1", "settle_deadline", false, true, false},
        {"... which mere caution will find out again", NULL, "orders.raw.retry.0", "1", "settle_deadline", false, true, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kafka_record raw = raw_from(TOPIC_RETRY);
        add_text(&raw, "traceparent", "00-aa-bb-01");
        add_text(&raw, HEADER_RETRY_REASON, "stale");
        add_text(&raw, HEADER_DELIVERY, "orders.raw/1/5");
        if (rows[i].attempts_before != NULL)
            add_text(&raw, HEADER_ATTEMPTS, rows[i].attempts_before);
        struct record *r = record_of(&raw);
        r->key.natural = "K";
        r->is_deferred = rows[i].is_deferred;
        r->resolve_first = rows[i].resolve_first;
        r->resolve_first_is_caution = rows[i].is_caution;
        r->unknown_since_ms = 1700000000000;
        act_forward(r);
        const struct kafka_message *m = &r->out[0].message;
        if (strcmp(m->topic, rows[i].topic) != 0)
            fail_msg("%s: goes to %s", rows[i].name, m->topic);
        header_is(m, HEADER_ATTEMPTS, rows[i].attempts);
        header_is(m, HEADER_RETRY_REASON, rows[i].reason);
        header_is(m, HEADER_RESOLVE_FIRST, rows[i].resolve_first && !rows[i].is_caution ? "1" : NULL);
        header_is(m, HEADER_DELIVERY, "orders.raw/1/5");
        header_is(m, HEADER_UNKNOWN_SINCE, "1700000000000");
        header_is(m, "traceparent", "00-aa-bb-01");
        assert_memory_equal(m->value, "v", 1);
        record_free(r);
    }
}

/* As many headers as can come, and all of ours with them. */
static void test_many_headers(void **state)
{
    struct kafka_record raw = raw_from(TOPIC_INPUT);
    (void)state;
    for (int i = 0; i < KAFKA_HEADERS_MAX; i++)
        add_text(&raw, "x", "y");
    struct record *r = record_of(&raw);
    r->code = PF_E_conflict;
    r->detail = "d";
    r->key.natural = "K";
    r->http_status = 500;
    r->replays = 1;
    r->parent = "p";
    act_dead_letter(r);
    assert_true(r->out[0].message.header_count > KAFKA_HEADERS_MAX + 10);
    header_is(&r->out[0].message, HEADER_CODE, "conflict");
    record_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lineage),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_resolve_first),
        cmocka_unit_test(test_a_dead_letter_replaces_our_context),
        cmocka_unit_test(test_absent_and_empty_stay_what_they_are),
        cmocka_unit_test(test_forward),
        cmocka_unit_test(test_many_headers),
    };
    return cmocka_run_group_tests_name("a record's headers", tests, set_up, tear_down);
}
