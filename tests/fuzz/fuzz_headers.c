/* A record's headers as anybody may write them: lineage is believed only in our own topics, what is
 * believed can be written down and read again, and a dead letter or a forward made of it keeps the
 * bytes and has each header of ours once.
 *
 * Input: a byte for the topic's role, a byte for what is made of the record, then headers: name NUL
 * value NUL. A name of one character from "0" on is short for one of ours. */
#include "base/clock.h"
#include "codec/overlay.h"
#include "obs/log.h"
#include "kafka/headers.h"
#include "posting/actions.h"
#include "posting/outgoing.h"
#include "posting/posting.h"

#include "fuzz_input.h"

void __wrap_commit_soon(struct worker *w);

void __wrap_commit_soon(struct worker *w)
{
    (void)w;
}

enum { HEADERS_MAX = 80 };
enum { COUNT_MAX = 1000000000 }; /* where counting stops */

static const char *const ours[] = {
    HEADER_DELIVERY,      HEADER_PARENT,        HEADER_FIRST_SEEN,   HEADER_ORIGINAL_TIMESTAMP,
    HEADER_ATTEMPTS,      HEADER_FAULTS,        HEADER_REPLAY_COUNT, HEADER_REPLAY_ID,
    HEADER_UNKNOWN_SINCE, HEADER_RESOLVE_FIRST, HEADER_FAULT_AT,     HEADER_UNANSWERED,
    HEADER_PRIMA_TEXT,    HEADER_REPLAY_OF,     HEADER_OVERLAY};
static const char *const topics[] = {"orders.raw", "orders.raw.retry.0", "orders.raw.replay"};

static struct stream stream;
static struct posting posting;
static struct worker worker = {.stream = &stream, .posting = &posting};
static struct input_topic topic;
static struct partition partition;

static void set_up(void)
{
    static const struct flow flow = {.name = "orders", .reads = "orders.raw"};
    if (worker.flow != NULL)
        return;
    log_configure("fuzz", false, LOG_LEVEL_ERROR);
    worker.flow = &flow;
    worker.times.ttl_ms = 45LL * 86400000;
    worker.posting->replay_max = 5;
    ready_init(&worker.posting->ready);
    worker.stream->outputs.retry_count = 3;
    (void)snprintf(worker.stream->group, sizeof worker.stream->group, "primaflow.orders");
    (void)snprintf(worker.stream->outputs.dlq, sizeof worker.stream->outputs.dlq, "orders.raw.dlq");
    for (int i = 0; i < 3; i++)
        (void)snprintf(worker.stream->outputs.retry[i], sizeof worker.stream->outputs.retry[i],
                       "orders.raw.retry.%d", i);
    partition = (struct partition){.topic = &topic, .worker = &worker};
    lanes_init(&worker.posting->lanes);
    FUZZ_CHECK(uv_loop_init(&worker.host.loop) == 0);
    timers_init(&worker.host.timers, &worker.host.loop);
}

/* Replaced by us; a replay's name is kept as it came. */
static bool is_ours(const char *name)
{
    if (strcmp(name, HEADER_REPLAY_ID) == 0)
        return false;
    return strncmp(name, HEADER_PREFIX, strlen(HEADER_PREFIX)) == 0 ||
           strncmp(name, HEADER_DLQ_PREFIX, strlen(HEADER_DLQ_PREFIX)) == 0;
}

static void check_lineage(const struct record *r, enum topic_role role)
{
    char here[DELIVERY_MAX], written[DELIVERY_MAX];
    (void)snprintf(here, sizeof here, "%s/3/77", topics[role]);
    if (role == TOPIC_INPUT) {
        FUZZ_CHECK(strcmp(r->lineage.delivery, here) == 0 && r->lineage.parent[0] == '\0');
        FUZZ_CHECK(r->lineage.attempts == 0 && r->lineage.replays == 0 &&
                   r->heard.blame.faults == 0 && !r->heard.blame.is_pending &&
                   r->heard.unknown_since_ms == 0);
        FUZZ_CHECK(!record_outlived_redis(r));
    }
    (void)snprintf(written, sizeof written, "%s/%d/%lld", r->lineage.entry_topic,
                   r->lineage.entry_partition, (long long)r->lineage.entry_offset);
    FUZZ_CHECK(strcmp(r->lineage.delivery, written) == 0);
    FUZZ_CHECK(r->lineage.entry_partition >= 0 && r->lineage.entry_offset >= 0 &&
               r->lineage.entry_offset < INT64_MAX); /* a place that has a next one */
    FUZZ_CHECK(r->lineage.attempts >= 0 && r->lineage.replays >= 0 && r->heard.blame.faults >= 0 &&
               r->heard.blame.unanswered >= 0);
    FUZZ_CHECK(r->heard.unknown_since_ms >= 0 && r->lineage.first_seen_ms >= 0 &&
               r->lineage.event_ms >= 0);
}

/* Each header of ours once, the producer's in their order and number, key and value as they
 * came. */
static void check_message(const struct kafka_message *m, const struct kafka_record *raw)
{
    size_t foreign = 0;
    for (size_t i = 0; i < m->header_count; i++) {
        for (size_t j = 0; j < i && is_ours(m->headers[i].name); j++)
            FUZZ_CHECK(strcmp(m->headers[i].name, m->headers[j].name) != 0);
        if (is_ours(m->headers[i].name))
            continue;
        while (foreign < raw->header_count && is_ours(raw->headers[foreign].name))
            foreign++;
        FUZZ_CHECK(foreign < raw->header_count &&
                   strcmp(raw->headers[foreign].name, m->headers[i].name) == 0);
        FUZZ_CHECK(raw->headers[foreign].size == m->headers[i].size &&
                   memcmp(raw->headers[foreign].value, m->headers[i].value, m->headers[i].size) ==
                       0);
        foreign++;
    }
    FUZZ_CHECK(m->key_size == raw->key_size && memcmp(m->key, raw->key, m->key_size) == 0);
    FUZZ_CHECK(m->value_size == raw->value_size &&
               memcmp(m->value, raw->value, m->value_size) == 0);
}

/* The record's texts, which are gone once it has settled. */
struct read_back {
    char delivery[DELIVERY_MAX], parent[DELIVERY_MAX];
    char overlay[OVERLAY_TEXT_MAX + 1];
    size_t overlay_size;
};

static void keep_overlay(struct read_back *was, const struct record *r, enum topic_role role)
{
    FUZZ_CHECK(role == TOPIC_RETRY || r->edit.size == 0);
    FUZZ_CHECK(r->edit.size <= sizeof was->overlay);
    was->overlay_size = r->edit.size;
    if (r->edit.size > 0)
        memcpy(was->overlay, r->edit.text, r->edit.size);
}

static void add_header(struct kafka_record *raw, struct kafka_header header)
{
    if (raw->headers == NULL && (raw->headers = calloc(HEADERS_MAX, sizeof *raw->headers)) == NULL)
        abort();
    raw->headers[raw->header_count++] = header;
}

/* A forward comes back from its retry topic as what it was. */
static void check_forwarded(const struct record *r, const struct read_back *was,
                            const struct kafka_message *m)
{
    struct kafka_record back = {.topic = topics[TOPIC_RETRY],
                                .partition = 3,
                                .offset = 78,
                                .timestamp_ms = clock_wall_ms()};
    for (size_t i = 0; i < m->header_count && i < HEADERS_MAX; i++)
        add_header(&back, m->headers[i]);
    topic.role = TOPIC_RETRY;
    struct record *again = record_new(&worker, &partition, &back);
    FUZZ_CHECK(strcmp(was->delivery, again->lineage.delivery) == 0 &&
               strcmp(was->parent, again->lineage.parent) == 0);
    FUZZ_CHECK(
        (again->lineage.attempts == r->lineage.attempts + 1 || r->lineage.attempts == COUNT_MAX) &&
        again->lineage.replays == r->lineage.replays &&
        again->heard.blame.faults == r->heard.blame.faults &&
        again->heard.blame.unanswered == r->heard.blame.unanswered);
    FUZZ_CHECK(again->heard.blame.is_pending == r->heard.blame.is_pending &&
               (!r->heard.blame.is_pending || again->heard.blame.type == r->heard.blame.type));
    FUZZ_CHECK(again->lineage.first_seen_ms == r->lineage.first_seen_ms &&
               again->lineage.event_ms == r->lineage.event_ms);
    FUZZ_CHECK(
        again->edit.size == was->overlay_size &&
        (was->overlay_size == 0 || memcmp(again->edit.text, was->overlay, was->overlay_size) == 0));
    record_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    set_up();
    struct arena *arena = arena_new(4 << 20);
    struct fuzz_input in = {data, size < 65536 ? size : 65536};
    const enum topic_role role = (enum topic_role)fuzz_choose(&in, 3);
    const bool forwards = fuzz_choose(&in, 2) == 1;
    struct kafka_record raw = {.topic = topics[role],
                               .partition = 3,
                               .offset = 77,
                               .timestamp_ms = clock_wall_ms(),
                               .key = "k",
                               .key_size = 1,
                               .value = "v",
                               .value_size = 1};
    while (in.left > 0 && raw.header_count < 20) {
        const char *name = fuzz_text(&in, arena), *value = fuzz_text(&in, arena);
        if (name[0] >= '0' && (size_t)(name[0] - '0') < sizeof ours / sizeof *ours &&
            name[1] == '\0')
            name = ours[name[0] - '0'];
        add_header(&raw, (struct kafka_header){name, value, strlen(value)});
    }
    topic.role = role;
    struct kafka_header headers[HEADERS_MAX];
    struct kafka_record before = raw; /* its headers go with the record */
    before.headers = headers;
    for (size_t i = 0; i < raw.header_count; i++)
        headers[i] = raw.headers[i];
    struct record *r = record_new(&worker, &partition, &raw);
    window_fetched(&worker.posting->window, r->bytes);
    check_lineage(r, role);
    struct read_back lineage;
    (void)snprintf(lineage.delivery, sizeof lineage.delivery, "%s", r->lineage.delivery);
    (void)snprintf(lineage.parent, sizeof lineage.parent, "%s", r->lineage.parent);
    keep_overlay(&lineage, r, role);
    r->end.code = PF_E_conflict;
    r->end.detail = "Why.";
    r->key.natural = "01/orders/web/shop/1";
    if (forwards)
        act_forward(r);
    else
        act_dead_letter(r);
    check_message(&r->out.list[0].message, &before);
    if (forwards)
        check_forwarded(r, &lineage, &r->out.list[0].message);
    record_free(r);
    arena_free(arena);
    return 0;
}
