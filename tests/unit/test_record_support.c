/* Records with headers for tests; see test_record_support.h. */
#include "test_record_support.h"

#include "base/clock.h"

void __wrap_commit_soon(struct worker *w);

int settled;

void __wrap_commit_soon(struct worker *w)
{
    (void)w;
    settled++;
}

static struct stream stream;
static struct posting posting;
struct worker worker = {.stream = &stream, .posting = &posting};
static struct input_topic topic;
struct partition partition;
static struct config *config;

int set_up(void **state)
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

int tear_down(void **state)
{
    (void)state;
    config_free(config);
    lanes_release(&worker.posting->lanes);
    timers_release(&worker.host.timers);
    (void)uv_run(&worker.host.loop, UV_RUN_DEFAULT);
    return uv_loop_close(&worker.host.loop);
}

void add_header(struct kafka_record *raw, const char *name, const void *value, size_t size)
{
    if (raw->headers == NULL && (raw->headers = calloc(HEADERS_MAX, sizeof *raw->headers)) == NULL)
        abort();
    raw->headers[raw->header_count++] = (struct kafka_header){name, value, size};
}

void add_text(struct kafka_record *raw, const char *name, const char *value)
{
    add_header(raw, name, value, strlen(value));
}

struct kafka_record raw_from(enum topic_role role)
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

struct record *record_of(struct kafka_record *raw)
{
    struct record *r = record_new(&worker, &partition, raw);
    window_fetched(&worker.posting->window, r->bytes);
    assert_null(raw->handle);
    return r;
}
