/* What a record's headers say, to us and about us: lineage is believed only where we wrote it, dead
 * letters and retries keep the original bytes and replace our own context instead of stacking
 * it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "kafka/headers.h"
#include "posting/actions.h"
#include "posting/outgoing.h"
#include "posting/posting.h"

void __wrap_commit_soon(struct worker *w);

static int settled;

void __wrap_commit_soon(struct worker *w)
{
    (void)w;
    settled++;
}

enum { HEADERS_MAX = 1000 };

static struct stream stream;
static struct posting posting;
static struct worker worker = {.stream = &stream, .posting = &posting};
static struct input_topic topic;
static struct partition partition;
static struct config *config;

static int set_up(void **state)
{
    static const struct flow flow = {.name = "orders", .reads = "orders.raw"};
    struct config_message message;
    (void)state;
    if (config_load(NULL, NULL, 0, &config, &message) != 0)
        return -1;
    worker.host.config = config;
    worker.flow = &flow;
    worker.times.ttl_ms = 45LL * 86400000;
    ready_init(&worker.posting->ready);
    worker.stream->outputs.retry_count = 3;
    (void)snprintf(worker.stream->group, sizeof worker.stream->group, "primaflow.orders");
    (void)snprintf(worker.stream->outputs.dlq, sizeof worker.stream->outputs.dlq, "orders.raw.dlq");
    for (int i = 0; i < 3; i++)
        (void)snprintf(worker.stream->outputs.retry[i], sizeof worker.stream->outputs.retry[i],
                       "orders.raw.retry.%d", i);
    partition = (struct partition){.topic = &topic, .worker = &worker};
    lanes_init(&worker.posting->lanes);
    return uv_loop_init(&worker.host.loop) == 0
               ? (timers_init(&worker.host.timers, &worker.host.loop), 0)
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    config_free(config);
    lanes_release(&worker.posting->lanes);
    timers_release(&worker.host.timers);
    (void)uv_run(&worker.host.loop, UV_RUN_DEFAULT);
    return uv_loop_close(&worker.host.loop);
}

static void add_header(struct kafka_record *raw, const char *name, const void *value, size_t size)
{
    if (raw->headers == NULL && (raw->headers = calloc(HEADERS_MAX, sizeof *raw->headers)) == NULL)
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
    window_fetched(&worker.posting->window, r->bytes);
    assert_null(raw->handle);
    return r;
}

/* ---- lineage ---- */

#define TOPIC_OF_159                                                                               \
    "orders.raw.0123456789.0123456789.0123456789.0123456789.0123456789.0123456789.0123456789."     \
    "0123456789.0123456789.0123456789.0123456789."                                                 \
    "0123456789.0123456789.01234"
_Static_assert(sizeof TOPIC_OF_159 == ENTRY_TOPIC_MAX, "the longest topic that there is room for");

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
        {"a stranger's delivery", TOPIC_INPUT, HEADER_DELIVERY, "orders.raw/1/5", "orders.raw/3/77",
         "", 0, 0, 0, false},
        {"a stranger's parent", TOPIC_INPUT, HEADER_PARENT, "orders.raw/1/5", "orders.raw/3/77", "",
         0, 0, 0, false},
        {"a stranger's attempts", TOPIC_INPUT, HEADER_ATTEMPTS, "7", "orders.raw/3/77", "", 0, 0, 0,
         false},
        {"a stranger's replays", TOPIC_INPUT, HEADER_REPLAY_COUNT, "7", "orders.raw/3/77", "", 0, 0,
         0, false},
        {"a stranger's unknown outcome", TOPIC_INPUT, HEADER_UNKNOWN_SINCE, "7", "orders.raw/3/77",
         "", 0, 0, 0, false},
        {"a stranger's wish to be resolved", TOPIC_INPUT, HEADER_RESOLVE_FIRST, "1",
         "orders.raw/3/77", "", 0, 0, 0, false},
        {"a retry keeps its delivery", TOPIC_RETRY, HEADER_DELIVERY, "orders.raw/1/5",
         "orders.raw/1/5", "", 0, 0, 0, false},
        {"a delivery to the last character", TOPIC_RETRY, HEADER_DELIVERY,
         TOPIC_OF_159 "/2147483646/9223372036854775806",
         TOPIC_OF_159 "/2147483646/9223372036854775806", "", 0, 0, 0, false},
        {"a delivery of a topic that cannot be ours", TOPIC_RETRY, HEADER_DELIVERY,
         TOPIC_OF_159 "x/1/5", "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"a retry without one", TOPIC_RETRY, NULL, NULL, "orders.raw.retry.1/3/77", "", 0, 0, 0,
         false},
        {"a delivery without offset", TOPIC_RETRY, HEADER_DELIVERY, "orders.raw/1",
         "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"a delivery with more behind it", TOPIC_RETRY, HEADER_DELIVERY, "orders.raw/1/5/9",
         "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"a delivery without topic", TOPIC_RETRY, HEADER_DELIVERY, "/1/5",
         "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"a delivery that is no text of ours", TOPIC_RETRY, HEADER_DELIVERY, "orders raw",
         "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"a redrive's parent", TOPIC_RETRY, HEADER_PARENT, "orders.raw/1/5",
         "orders.raw.retry.1/3/77", "orders.raw/1/5", 0, 0, 0, false},
        {"a replay's parent", TOPIC_REPLAY, HEADER_PARENT, "orders.raw/1/5",
         "orders.raw.replay/3/77", "orders.raw/1/5", 0, 0, 0, false},
        {"attempts", TOPIC_RETRY, HEADER_ATTEMPTS, "2", "orders.raw.retry.1/3/77", "", 2, 0, 0,
         false},
        {"attempts that are no number", TOPIC_RETRY, HEADER_ATTEMPTS, "2x",
         "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"attempts that are empty", TOPIC_RETRY, HEADER_ATTEMPTS, "", "orders.raw.retry.1/3/77", "",
         0, 0, 0, false},
        {"attempts below nothing", TOPIC_RETRY, HEADER_ATTEMPTS, "-3", "orders.raw.retry.1/3/77",
         "", 0, 0, 0, false},
        {"attempts beyond counting", TOPIC_RETRY, HEADER_ATTEMPTS, "9223372036854775807",
         "orders.raw.retry.1/3/77", "", 1000000000, 0, 0, false},
        {"replays beyond counting reach the limit", TOPIC_REPLAY, HEADER_REPLAY_COUNT,
         "99999999999999999999", "orders.raw.replay/3/77", "", 0, 1000000000, 0, false},
        {"a delivery before the first", TOPIC_RETRY, HEADER_DELIVERY, "orders.raw/1/-5",
         "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"a delivery of no partition", TOPIC_RETRY, HEADER_DELIVERY, "orders.raw/-1/5",
         "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"a delivery behind the last", TOPIC_RETRY, HEADER_DELIVERY,
         "orders.raw/1/9223372036854775807", "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"unknown since long before", TOPIC_RETRY, HEADER_UNKNOWN_SINCE, "-7",
         "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"replays", TOPIC_REPLAY, HEADER_REPLAY_COUNT, "3", "orders.raw.replay/3/77", "", 0, 3, 0,
         false},
        {"since when it is unknown", TOPIC_RETRY, HEADER_UNKNOWN_SINCE, "1700000000000",
         "orders.raw.retry.1/3/77", "", 0, 0, 1700000000000, false},
        {"resolve first", TOPIC_RETRY, HEADER_RESOLVE_FIRST, "1", "orders.raw.retry.1/3/77", "", 0,
         0, 0, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kafka_record raw = raw_from(rows[i].role);
        if (rows[i].header != NULL)
            add_text(&raw, rows[i].header, rows[i].value);
        struct record *r = record_of(&raw);
        if (strcmp(r->lineage.delivery, rows[i].delivery) != 0 ||
            strcmp(r->lineage.parent, rows[i].parent) != 0 ||
            r->lineage.attempts != rows[i].attempts || r->lineage.replays != rows[i].replays ||
            r->heard.unknown_since_ms != rows[i].unknown_since ||
            (r->lineage.resolve_first != RESOLVE_AS_NEEDED) != rows[i].resolve_first)
            fail_msg("%s: delivery %s parent %s attempts %d replays %d resolve first %d",
                     rows[i].name, r->lineage.delivery, r->lineage.parent, (int)r->lineage.attempts,
                     (int)r->lineage.replays, r->lineage.resolve_first);
        record_free(r);
    }
}

/* Headers that a dead letter, or a replay, brings along: which delivery it is, and what it
 * continues. Each has been tried before, and was seen a year ago. */
static void test_replayed(void **state)
{
    static const struct {
        const char *name;
        enum topic_role role;
        const char *mark; /* a header that only a dead letter has, or NULL */
        const char *was, *before;
        const char *delivery, *parent;
        int64_t attempts, replays;
        bool is_old;
    } rows[] = {
        {"a dead letter in the replay topic", TOPIC_REPLAY, HEADER_CODE, "orders.raw/1/5", NULL,
         "orders.raw.replay/3/77", "orders.raw/1/5", 0, 3, false},
        {"... by its standard headers alone", TOPIC_REPLAY, HEADER_DLQ_MESSAGE, "orders.raw/1/5",
         NULL, "orders.raw.replay/3/77", "orders.raw/1/5", 0, 3, false},
        {"... that was a redrive itself", TOPIC_REPLAY, HEADER_CODE, "orders.raw.replay/1/5",
         "orders.raw/1/4", "orders.raw.replay/3/77", "orders.raw.replay/1/5", 0, 3, false},
        {"... without any", TOPIC_REPLAY, HEADER_CODE, NULL, NULL, "orders.raw.replay/3/77", "", 0,
         3, false},
        {"a dead letter in a retry topic", TOPIC_RETRY, HEADER_CODE, "orders.raw/1/5", NULL,
         "orders.raw.retry.1/3/77", "orders.raw/1/5", 0, 3, false},
        {"a dead letter in the input topic", TOPIC_INPUT, HEADER_CODE, "orders.raw/1/5",
         "orders.raw/1/4", "orders.raw/3/77", "", 0, 0, false},
        {"a replay that names a delivery", TOPIC_REPLAY, NULL, "orders.raw/1/5", NULL,
         "orders.raw.replay/3/77", "orders.raw/1/5", 0, 2, false},
        {"... and a parent", TOPIC_REPLAY, NULL, "orders.raw/1/5", "orders.raw/1/4",
         "orders.raw.replay/3/77", "orders.raw/1/4", 0, 2, false},
        {"our own forward", TOPIC_RETRY, NULL, "orders.raw/1/5", "orders.raw/1/4", "orders.raw/1/5",
         "orders.raw/1/4", 7, 2, true},
        {"... beside a producer's header that is almost one of ours", TOPIC_RETRY, "__dlq.other",
         "orders.raw/1/5", NULL, "orders.raw/1/5", "", 7, 2, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kafka_record raw = raw_from(rows[i].role);
        if (rows[i].was != NULL)
            add_text(&raw, HEADER_DELIVERY, rows[i].was);
        if (rows[i].before != NULL)
            add_text(&raw, HEADER_PARENT, rows[i].before);
        add_text(&raw, HEADER_ATTEMPTS, "7");
        add_text(&raw, HEADER_REPLAY_COUNT, "2");
        add_text(&raw, HEADER_FAULTS, "3");
        add_text(&raw, HEADER_PRIMA_TEXT, "No.");
        add_text(&raw, HEADER_FIRST_SEEN, "1700000000000");
        if (rows[i].mark != NULL)
            add_text(&raw, rows[i].mark, "waited_too_long");
        struct record *r = record_of(&raw);
        const bool is_old = r->lineage.first_seen_ms == 1700000000000;
        if (strcmp(r->lineage.delivery, rows[i].delivery) != 0 ||
            strcmp(r->lineage.parent, rows[i].parent) != 0 ||
            r->lineage.attempts != rows[i].attempts || r->lineage.replays != rows[i].replays ||
            is_old != rows[i].is_old || (r->heard.blame.faults == 3) != rows[i].is_old ||
            (strcmp(r->heard.words, "No.") == 0) != rows[i].is_old)
            fail_msg("%s: delivery %s parent %s attempts %d replays %d old %d faults %d",
                     rows[i].name, r->lineage.delivery, r->lineage.parent, (int)r->lineage.attempts,
                     (int)r->lineage.replays, is_old, r->heard.blame.faults);
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
        {"a retry's is when it was written; headers know better", TOPIC_RETRY, true, 5000, 90000,
         80000},
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
        if (llabs(now - rows[i].event_ms - r->lineage.event_ms) > 1000 ||
            llabs(now - rows[i].first_seen_ms - r->lineage.first_seen_ms) > 1000)
            fail_msg("%s: the event is %lld ms old, first seen %lld ms ago", rows[i].name,
                     (long long)(now - r->lineage.event_ms),
                     (long long)(now - r->lineage.first_seen_ms));
        record_free(r);
    }
}

/* Keys that Redis may have forgotten are asked about first. */
static void test_resolve_first(void **state)
{
    (void)state;
    struct kafka_record raw = raw_from(TOPIC_INPUT);
    raw.timestamp_ms = clock_wall_ms() - worker.times.ttl_ms - 60000;
    struct record *r = record_of(&raw);
    assert_int_equal(r->lineage.resolve_first, RESOLVE_FIRST_IN_DOUBT);
    record_free(r);
    raw = raw_from(TOPIC_INPUT);
    raw.timestamp_ms = clock_wall_ms() - worker.times.ttl_ms + 60000;
    r = record_of(&raw);
    assert_int_equal(r->lineage.resolve_first, RESOLVE_AS_NEEDED);
    record_free(r);
}

/* What waited in a retry topic names the loss in which it may have been forgotten: proof about that
 * one says nothing about an earlier one's senders. */
static void test_of_which_loss(void **state)
{
    static const struct {
        const char *header;
        enum resolve_first first;
    } rows[] = {{"loss", RESOLVE_FIRST_AFTER_LAST_LOSS},
                {"an earlier one", RESOLVE_FIRST_AFTER_OLD_LOSS},
                {"1", RESOLVE_FIRST_AFTER_OLD_LOSS},
                {HEADER_CAUTION, RESOLVE_FIRST_IN_DOUBT}};
    (void)state;
    (void)snprintf(worker.stream->control.incident, sizeof worker.stream->control.incident, "loss");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kafka_record raw = raw_from(TOPIC_RETRY);
        add_text(&raw, HEADER_RETRY_REASON, "stale");
        add_text(&raw, HEADER_DELIVERY, "orders.raw/1/5");
        add_text(&raw, HEADER_RESOLVE_FIRST, rows[i].header);
        struct record *r = record_of(&raw);
        assert_int_equal(r->lineage.resolve_first, rows[i].first);
        record_free(r);
    }
}

/* After a loss: what somebody may have sent must be proven absent by somebody else's word than
 * Redis'; what nobody can have sent is asked for out of caution, and so is everything once nobody
 * can be sending any more. */
static void test_resolve_first_after_a_loss(void **state)
{
    static const struct {
        const char *name;
        enum topic_role role;
        int64_t below;
        bool over;
        const char *header;
        bool caution;
        int64_t lost_ago_ms; /* 0: an hour, and what waits in the retry topic was not due then */
    } rows[] = {
        {"may have been sent", TOPIC_INPUT, 78, false, NULL, false, 0},
        {"beyond what anybody can have sent", TOPIC_INPUT, 77, false, NULL, true, 0},
        {"in a partition that is new", TOPIC_INPUT, 0, false, NULL, true, 0},
        {"waited in a retry topic, and was never sent", TOPIC_RETRY, 78, false, NULL, true, 0},
        {"... but had just been due when Redis was lost", TOPIC_RETRY, 78, false, NULL, false, 1},
        {"... and may have been sent", TOPIC_RETRY, 78, false, HEADER_SENT, false, 0},
        {"... written by an older release", TOPIC_RETRY, 78, false, HEADER_UNKNOWN_SINCE, false, 0},
        {"forwarded by one that may have been sent", TOPIC_RETRY, 77, false, HEADER_RESOLVE_FIRST,
         false, 0},
        {"a replay, of a key that may have been sent", TOPIC_REPLAY, 77, false, NULL, false, 0},
        {"... when all senders are over", TOPIC_REPLAY, 77, true, NULL, true, 0},
        {"all senders are over", TOPIC_INPUT, 78, true, NULL, true, 0},
    };
    (void)state;
    worker.stream->trust.is_suspect = true;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kafka_record raw = raw_from(rows[i].role);
        if (rows[i].header != NULL)
            add_text(&raw, rows[i].header, "1");
        partition.suspect_below = rows[i].below;
        worker.stream->control.senders_over = rows[i].over;
        worker.stream->control.detected_ms =
            raw.timestamp_ms - (rows[i].lost_ago_ms > 0 ? rows[i].lost_ago_ms : 3600000);
        struct record *r = record_of(&raw);
        const enum resolve_first first =
            rows[i].caution ? RESOLVE_FIRST_IN_DOUBT
            : rows[i].header != NULL && strcmp(rows[i].header, HEADER_RESOLVE_FIRST) == 0
                ? RESOLVE_FIRST_AFTER_OLD_LOSS
                : RESOLVE_FIRST_AFTER_LAST_LOSS;
        if (r->lineage.resolve_first != first)
            fail_msg("%s: %d", rows[i].name, r->lineage.resolve_first);
        record_free(r);
    }
    worker.stream->trust.is_suspect = worker.stream->control.senders_over = false;
    partition.suspect_below = 0;
}

/* Asked for first, and absent: a cancellation goes on only if nobody can have sent the order. */
static void test_goes_on_absent(void **state)
{
    static const struct {
        bool unique, caution, cancels, is_empty, sends_nothing, goes_on;
    } rows[] = {
        {.unique = true, .goes_on = true},
        {.unique = false, .goes_on = false},
        {.unique = false, .caution = true, .goes_on = true},
        {.unique = false, .sends_nothing = true, .goes_on = true},
        {.unique = true, .cancels = true, .sends_nothing = true, .goes_on = false},
        {.unique = false, .cancels = true, .sends_nothing = true, .goes_on = false},
        {.unique = true, .is_empty = true, .sends_nothing = true, .goes_on = false},
        {.unique = true, .cancels = true, .sends_nothing = true, .caution = true, .goes_on = true},
    };
    const bool unique = worker.posting->unique;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct record r = {.worker = &worker,
                                 .key.cancels = rows[i].cancels,
                                 .key.is_empty = rows[i].is_empty,
                                 .lineage.resolve_first = rows[i].caution
                                                              ? RESOLVE_FIRST_IN_DOUBT
                                                              : RESOLVE_FIRST_AFTER_OLD_LOSS,
                                 .claim.sends_nothing = rows[i].sends_nothing};
        worker.posting->unique = rows[i].unique;
        if (record_goes_on_absent(&r) != rows[i].goes_on)
            fail_msg("row %zu", i);
    }
    worker.posting->unique = unique;
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
        fail_msg("%s is %.*s, not %s", name, h != NULL ? (int)h->size : 4,
                 h != NULL ? (const char *)h->value : "none", text);
}

static void test_a_dead_letter_replaces_our_context(void **state)
{
    static const char binary[] = {'a', '\0', '\xff', 'b'};
    struct kafka_record raw = raw_from(TOPIC_REPLAY);
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
    r->end.code = PF_E_conflict;
    r->end.detail = "Why.";
    r->key.natural = "01/order/web/shop/1";
    record_keep_words(r, "No.");
    settled = 0;
    act_dead_letter(r);
    assert_int_equal(settled, 1);
    assert_int_equal(r->out.count, 1);
    const struct kafka_message *m = &r->out.list[0].message;
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
    (void)snprintf(message, sizeof message, "%s Why. Prima's text: No.", info->meaning);
    header_is(m, HEADER_DLQ_MESSAGE, message);
    header_is(m, HEADER_DLQ_TOPIC,
              "orders.raw.replay"); /* a dead letter that comes again is a new delivery */
    header_is(m, HEADER_DLQ_PARTITION, "3");
    header_is(m, HEADER_DLQ_OFFSET, "77");
    header_is(m, HEADER_DLQ_GROUP, "primaflow.orders");
    header_is(m, HEADER_DLQ_DELIVERY_COUNT, "1");
    header_is(m, HEADER_CODE, "conflict");
    header_is(m, HEADER_CLASS, pf_class_name(info->class));
    header_is(m, HEADER_OWNER, pf_owner_name(info->owner));
    header_is(m, HEADER_IDEMPOTENCY_KEY, "01/order/web/shop/1");
    header_is(m, HEADER_DELIVERY, "orders.raw.replay/3/77");
    header_is(m, HEADER_PARENT, "orders.raw/1/5");
    header_is(m, HEADER_REPLAY_ID, "replay-7");
    header_is(m, HEADER_REPLAY_COUNT, "3");
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
        r->end.code = PF_E_tombstone;
        act_dead_letter(r);
        const struct kafka_message *m = &r->out.list[0].message;
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
        bool is_deferred;
        enum resolve_first first;
    } rows[] = {
        {"the first time", NULL, "orders.raw.retry.0", "1", "settle_deadline", false,
         RESOLVE_AS_NEEDED},
        {"the second", "1", "orders.raw.retry.1", "2", "settle_deadline", false, RESOLVE_AS_NEEDED},
        {"the last delay stays", "2", "orders.raw.retry.2", "3", "settle_deadline", false,
         RESOLVE_AS_NEEDED},
        {"... for good", "40", "orders.raw.retry.2", "41", "settle_deadline", false,
         RESOLVE_AS_NEEDED},
        {"waiting for another is no attempt", "1", "orders.raw.retry.1", "1", "deferred", true,
         RESOLVE_AS_NEEDED},
        {"asked about by setting alone", NULL, "orders.raw.retry.0", "1", "settle_deadline", false,
         RESOLVE_FIRST_BY_SETTING},
        {"Redis may have forgotten it", NULL, "orders.raw.retry.0", "1", "settle_deadline", false,
         RESOLVE_FIRST_AFTER_OLD_LOSS},
        {"... which mere caution will find out again", NULL, "orders.raw.retry.0", "1",
         "settle_deadline", false, RESOLVE_FIRST_IN_DOUBT},
        {"... in the loss that is being settled", NULL, "orders.raw.retry.0", "1",
         "settle_deadline", false, RESOLVE_FIRST_AFTER_LAST_LOSS},
    };
    (void)state;
    (void)snprintf(worker.stream->control.incident, sizeof worker.stream->control.incident, "loss");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kafka_record raw = raw_from(TOPIC_RETRY);
        add_text(&raw, "traceparent", "00-aa-bb-01");
        add_text(&raw, HEADER_RETRY_REASON, "stale");
        add_text(&raw, HEADER_DELIVERY, "orders.raw/1/5");
        if (rows[i].attempts_before != NULL)
            add_text(&raw, HEADER_ATTEMPTS, rows[i].attempts_before);
        struct record *r = record_of(&raw);
        r->key.natural = "K";
        record_keep_words(r, i % 2 == 0 ? "Nein." : NULL);
        r->claim.is_deferred = rows[i].is_deferred;
        r->lineage.resolve_first = rows[i].first;
        r->heard.unknown_since_ms = 1700000000000;
        act_forward(r);
        const struct kafka_message *m = &r->out.list[0].message;
        if (strcmp(m->topic, rows[i].topic) != 0)
            fail_msg("%s: goes to %s", rows[i].name, m->topic);
        header_is(m, HEADER_ATTEMPTS, rows[i].attempts);
        header_is(m, HEADER_RETRY_REASON, rows[i].reason);
        header_is(m, HEADER_RESOLVE_FIRST,
                  rows[i].first == RESOLVE_FIRST_IN_DOUBT          ? "2"
                  : rows[i].first == RESOLVE_FIRST_AFTER_LAST_LOSS ? "loss"
                  : rows[i].first == RESOLVE_FIRST_AFTER_OLD_LOSS  ? "1"
                                                                   : NULL);
        header_is(m, HEADER_DELIVERY, "orders.raw/1/5");
        header_is(m, HEADER_UNKNOWN_SINCE, "1700000000000");
        header_is(m, HEADER_PRIMA_TEXT, i % 2 == 0 ? "Nein." : NULL);
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
    for (int i = 0; i < HEADERS_MAX; i++)
        add_text(&raw, "x", "y");
    struct record *r = record_of(&raw);
    r->end.code = PF_E_conflict;
    r->end.detail = "d";
    r->key.natural = "K";
    r->heard.http_status = 500;
    r->lineage.replays = 1;
    r->lineage.parent = "p";
    act_dead_letter(r);
    assert_true(r->out.list[0].message.header_count > HEADERS_MAX + 10);
    header_is(&r->out.list[0].message, HEADER_CODE, "conflict");
    record_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lineage),
        cmocka_unit_test(test_replayed),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_resolve_first),
        cmocka_unit_test(test_resolve_first_after_a_loss),
        cmocka_unit_test(test_goes_on_absent),
        cmocka_unit_test(test_a_dead_letter_replaces_our_context),
        cmocka_unit_test(test_absent_and_empty_stay_what_they_are),
        cmocka_unit_test(test_forward),
        cmocka_unit_test(test_of_which_loss),
        cmocka_unit_test(test_many_headers),
    };
    return cmocka_run_group_tests_name("a record's headers", tests, set_up, tear_down);
}
