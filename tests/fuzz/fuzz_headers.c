/* A record's headers as anybody may write them: lineage is believed only in our own topics, what is believed can be written down and read
 * again, and a dead letter or a forward made of it keeps the bytes and has each header of ours once.
 *
 * Input: a byte for the topic's role, a byte for what is made of the record, then headers: name NUL value NUL. A name "0" to "9" is short
 * for one of ours. */
#include "base/clock.h"
#include "obs/log.h"
#include "runtime/headers.h"
#include "runtime/settle.h"
#include "runtime/worker.h"

#include "fuzz_input.h"

void __wrap_commit_soon(struct worker *w);

void __wrap_commit_soon(struct worker *w)
{
    (void)w;
}

enum { COUNT_MAX = 1000000000 }; /* where counting stops */

static const char *const ours[] = {HEADER_DELIVERY,      HEADER_PARENT,       HEADER_FIRST_SEEN,   HEADER_ORIGINAL_TIMESTAMP,
                                   HEADER_ATTEMPTS,      HEADER_FAULTS,       HEADER_REPLAY_COUNT, HEADER_REPLAY_ID,
                                   HEADER_UNKNOWN_SINCE, HEADER_RESOLVE_FIRST};
static const char *const topics[] = {"orders.raw", "orders.raw.retry.0", "orders.raw.replay"};

static struct worker worker;
static struct input_topic topic;
static struct partition partition;

static void set_up(void)
{
    static const struct flow flow = {.name = "orders", .reads = "orders.raw"};
    if (worker.flow != NULL)
        return;
    log_configure("fuzz", false, LOG_LEVEL_ERROR);
    worker.flow = &flow;
    worker.ttl_ms = 45LL * 86400000;
    worker.replay_max = 5;
    worker.ready_last = &worker.ready;
    worker.retry_count = 3;
    (void)snprintf(worker.group, sizeof worker.group, "primaflow.orders");
    (void)snprintf(worker.dlq_topic, sizeof worker.dlq_topic, "orders.raw.dlq");
    for (int i = 0; i < 3; i++)
        (void)snprintf(worker.retry_topics[i], sizeof worker.retry_topics[i], "orders.raw.retry.%d", i);
    partition = (struct partition){.topic = &topic, .worker = &worker};
    lanes_init(&worker.lanes);
    FUZZ_CHECK(uv_loop_init(&worker.loop) == 0);
    wakes_init(&worker.wakes, &worker.loop);
}

/* Replaced by us; a replay's name is kept as it came. */
static bool is_ours(const char *name)
{
    if (strcmp(name, HEADER_REPLAY_ID) == 0)
        return false;
    return strncmp(name, HEADER_PREFIX, strlen(HEADER_PREFIX)) == 0 || strncmp(name, HEADER_DLQ_PREFIX, strlen(HEADER_DLQ_PREFIX)) == 0;
}

static void check_lineage(const struct record *r, enum topic_role role)
{
    char here[DELIVERY_MAX], written[DELIVERY_MAX];
    (void)snprintf(here, sizeof here, "%s/3/77", topics[role]);
    if (role == TOPIC_INPUT) {
        FUZZ_CHECK(strcmp(r->delivery, here) == 0 && r->parent[0] == '\0');
        FUZZ_CHECK(r->attempts == 0 && r->replays == 0 && r->faults == 0 && r->unknown_since_ms == 0);
        FUZZ_CHECK(!r->resolve_first || r->resolve_first_is_caution);
    }
    (void)snprintf(written, sizeof written, "%s/%d/%lld", r->entry_topic, r->entry_partition, (long long)r->entry_offset);
    FUZZ_CHECK(strcmp(r->delivery, written) == 0);
    FUZZ_CHECK(r->entry_partition >= 0 && r->entry_offset >= 0 && r->entry_offset < INT64_MAX); /* a place that has a next one */
    FUZZ_CHECK(r->attempts >= 0 && r->replays >= 0 && r->faults >= 0);
    FUZZ_CHECK(r->unknown_since_ms >= 0 && r->first_seen_ms >= 0 && r->event_ms >= 0);
}

/* Each header of ours once, the producer's in their order and number, key and value as they came. */
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
        FUZZ_CHECK(foreign < raw->header_count && strcmp(raw->headers[foreign].name, m->headers[i].name) == 0);
        FUZZ_CHECK(raw->headers[foreign].size == m->headers[i].size &&
                   memcmp(raw->headers[foreign].value, m->headers[i].value, m->headers[i].size) == 0);
        foreign++;
    }
    FUZZ_CHECK(m->key_size == raw->key_size && memcmp(m->key, raw->key, m->key_size) == 0);
    FUZZ_CHECK(m->value_size == raw->value_size && memcmp(m->value, raw->value, m->value_size) == 0);
}

/* The record's texts, which are gone once it has settled. */
struct lineage {
    char delivery[DELIVERY_MAX], parent[DELIVERY_MAX];
};

static void add_header(struct kafka_record *raw, struct kafka_header header)
{
    if (raw->headers == NULL && (raw->headers = calloc(KAFKA_HEADERS_MAX, sizeof *raw->headers)) == NULL)
        abort();
    raw->headers[raw->header_count++] = header;
}

/* A forward comes back from its retry topic as what it was. */
static void check_forwarded(const struct record *r, const struct lineage *was, const struct kafka_message *m)
{
    struct kafka_record back = {.topic = topics[TOPIC_RETRY], .partition = 3, .offset = 78, .timestamp_ms = clock_wall_ms()};
    for (size_t i = 0; i < m->header_count && i < KAFKA_HEADERS_MAX; i++)
        add_header(&back, m->headers[i]);
    topic.role = TOPIC_RETRY;
    struct record *again = record_new(&worker, &partition, &back);
    FUZZ_CHECK(strcmp(was->delivery, again->delivery) == 0 && strcmp(was->parent, again->parent) == 0);
    FUZZ_CHECK((again->attempts == r->attempts + 1 || r->attempts == COUNT_MAX) && again->replays == r->replays &&
               again->faults == r->faults);
    FUZZ_CHECK(again->first_seen_ms == r->first_seen_ms && again->event_ms == r->event_ms);
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
        if (name[0] >= '0' && name[0] <= '9' && name[1] == '\0')
            name = ours[name[0] - '0'];
        add_header(&raw, (struct kafka_header){name, value, strlen(value)});
    }
    topic.role = role;
    struct kafka_header headers[KAFKA_HEADERS_MAX];
    struct kafka_record before = raw; /* its headers go with the record */
    before.headers = headers;
    for (size_t i = 0; i < raw.header_count; i++)
        headers[i] = raw.headers[i];
    struct record *r = record_new(&worker, &partition, &raw);
    check_lineage(r, role);
    struct lineage lineage;
    (void)snprintf(lineage.delivery, sizeof lineage.delivery, "%s", r->delivery);
    (void)snprintf(lineage.parent, sizeof lineage.parent, "%s", r->parent);
    r->code = PF_E_conflict;
    r->detail = "Why.";
    r->key.natural = "01/orders/web/shop/1";
    if (forwards)
        act_forward(r);
    else
        act_dead_letter(r);
    check_message(&r->out[0].message, &before);
    if (forwards)
        check_forwarded(r, &lineage, &r->out[0].message);
    record_free(r);
    arena_free(arena);
    return 0;
}
