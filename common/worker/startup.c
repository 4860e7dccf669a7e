/* Start-up, step by step; see startup.h. Runs in libuv's pool: it may block, and it looks at
 * w->host.give_up between waits. */
#include "worker/startup.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/failpoint.h"
#include "kafka/admin.h"
#include "redis/once.h"
#include "obs/log.h"
#include "stream/fleet.h"
#include "stream/incident.h"
#include "stream/slot.h"
#include "stream/startup_group.h"

enum { AGAIN_MS = 500, COMPLAIN_MS = 10000 };

struct startup {
    uv_work_t work;
    struct worker *worker;
    void (*done)(struct worker *);
    int64_t complained_ms;
    int exit_code; /* 0: all is well */
    char message[KAFKA_TEXT_MAX];
    const char *remedy;
};

/* The world is not ready: says so now and then, waits, and tells whether to go on. A call that
 * failed for want of a right (-EACCES) waits for that, and not for what was asked. WAIT_NONE: who
 * was called has said what is waited for. */
static bool wait_for_world(struct startup *s, enum wait wait, int result, const char *what)
{
    const int64_t now = clock_monotonic_ms();
    if (result == -EACCES || wait != WAIT_NONE)
        waits_begin(&s->worker->host.waits, result == -EACCES ? WAIT_rights : wait);
    waits_explain(&s->worker->host.waits, s->message);
    if (s->complained_ms == 0 || now - s->complained_ms > COMPLAIN_MS) {
        log_warning(.message = result == -EACCES ? "waiting for a right that Kafka denies" : what,
                    .detail = s->message);
        s->complained_ms = now;
    }
    (void)usleep(AGAIN_MS * 1000);
    return !s->worker->host.give_up;
}

static void fail(struct startup *s, int exit_code, const char *remedy)
{
    s->exit_code = exit_code;
    s->remedy = remedy;
}

/* ---- 1. topics ---- */

static bool topics_are_there(struct startup *s)
{
    struct worker *w = s->worker;
    const char *names[TOPICS_MAX + 1 + FLOW_OUTPUTS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < w->stream->inputs.count; i++)
        names[count++] = w->stream->inputs.list[i].name;
    names[count++] = w->stream->outputs.dlq;
    for (size_t i = 0; i < FLOW_OUTPUTS_MAX; i++)
        if (w->stream->outputs.written[i][0] != '\0')
            names[count++] = w->stream->outputs.written[i];
    int result;
    waits_begin(&w->host.waits, WAIT_kafka);
    while ((result = kafka_topics_exist(w->host.config, names, count, s->message)) < 0)
        if (!wait_for_world(s, result == -ENOENT ? WAIT_topic : WAIT_kafka, result,
                            result == -ENOENT ? "waiting for a missing topic"
                                              : "waiting for Kafka"))
            break;
    return result == 0;
}

static bool keys_outlive_topics(struct startup *s)
{
    struct worker *w = s->worker;
    int64_t retention = 0;
    int result;
    waits_begin(&w->host.waits, WAIT_kafka);
    while ((result = kafka_topic_setting(w->host.config, "retention.ms", &w->flow->reads, 1,
                                         &retention, s->message)) < 0)
        if (!wait_for_world(s, WAIT_kafka, result,
                            "waiting for Kafka: cannot read a topic's retention"))
            return false;
    const int64_t review = config_int(w->host.config, CFG_idempotency_review_time);
    if (retention >= 0 && w->times.ttl_ms >= retention + review)
        return true;
    (void)snprintf(s->message, sizeof s->message,
                   "idempotency.ttl is %lld ms, but %s keeps records %lld ms (-1: forever) and a "
                   "dead letter may wait %lld ms: a key could expire while its record can still be "
                   "redelivered",
                   (long long)w->times.ttl_ms, w->flow->reads, (long long)retention,
                   (long long)review);
    fail(s, 78, "raise idempotency.ttl, or shorten the topic's retention.ms");
    return false;
}

/* ---- topics that lie beside each other ---- */

/* What belongs together must meet: both topics choose a partition by its key. */
static int count_beside(struct worker *w, const char *topic, size_t *ret_count,
                        char ret_message[static KAFKA_TEXT_MAX])
{
    struct kafka_place *places = NULL;
    const int result =
        kafka_ends(w->host.config, &topic, 1, KAFKA_END_HIGH, &places, ret_count, ret_message);
    free(places);
    return result;
}

static bool lies_beside(struct startup *s, const struct flow_beside *b, size_t *ret_count)
{
    struct worker *w = s->worker;
    size_t one = 0, other = 0;
    int result;
    waits_begin(&w->host.waits, WAIT_kafka);
    while ((result = count_beside(w, b->other, &other, s->message)) < 0 ||
           (result = count_beside(w, b->one, &one, s->message)) < 0)
        if (!wait_for_world(s, result == -ENOENT ? WAIT_topic : WAIT_kafka, result,
                            "waiting for Kafka: cannot count a topic's partitions"))
            return false;
    *ret_count = one;
    if (one == other)
        return true;
    (void)snprintf(s->message, sizeof s->message,
                   "%s has %zu partitions and %s has %zu: what belongs to one %s would not meet",
                   b->one, one, b->other, other, b->whose);
    fail(s, 78, "give both topics the same number of partitions (primaflow topics check)");
    return false;
}

/* A refund and its order, where the flow has a ledger; and what else the flow names. */
static bool topics_lie_beside(struct startup *s)
{
    const struct flow *flow = s->worker->flow;
    size_t count = 0;
    if (flow->ledger != NULL) {
        const struct flow_beside ledger = {flow->reads, flow->ledger->topic, "order"};
        if (!lies_beside(s, &ledger, &count))
            return false;
        s->worker->stream->ledger_partitions = (int32_t)count;
    }
    for (size_t i = 0; i < FLOW_BESIDE_MAX && flow->beside[i].one != NULL; i++)
        if (!lies_beside(s, &flow->beside[i], &count))
            return false;
    return true;
}

/* ---- 2. Redis ---- */

static bool open_redis(struct startup *s, struct redis_once **ret_redis,
                       struct redis_server *ret_server)
{
    int result;
    waits_begin(&s->worker->host.waits, WAIT_redis);
    while ((result = redis_once_open(config_text(s->worker->host.config, CFG_redis_url), 2000,
                                     ret_redis, ret_server, s->message)) < 0) {
        if (result == -EINVAL) {
            fail(s, 78, "correct redis.url");
            return false;
        }
        if (!wait_for_world(s, WAIT_redis, -EIO, "waiting for Redis"))
            return false;
    }
    return true;
}

/* Opened, and fit to be trusted with keys. */
static bool open_fit_redis(struct startup *s, struct redis_once **ret_redis,
                           struct redis_server *ret_server)
{
    for (;;) {
        if (!open_redis(s, ret_redis, ret_server))
            return false;
        const int result = redis_server_check(ret_server, s->message);
        if (result == 0)
            break;
        if (result == -EINVAL) {
            fail(s, 78, "set Redis up as README.md says");
            return false;
        }
        redis_once_close(*ret_redis);
        *ret_redis = NULL;
        if (!wait_for_world(s, WAIT_redis, -EIO, "waiting for Redis"))
            return false;
    }
    if (ret_server->eviction[0] == '\0')
        log_warning(.message = "cannot read Redis' maxmemory-policy",
                    .remedy = "check that it is noeviction");
    return true;
}

/* Results are written in the registry's framing when there is one: their schemas must be there
 * before the first of them. */
static bool register_schemas(struct startup *s)
{
    struct worker *w = s->worker;
    waits_begin(&w->host.waits, WAIT_registry);
    for (size_t i = 0; i < FLOW_OUTPUTS_MAX; i++) {
        const char *topic = w->stream->outputs.written[i];
        int result;
        while (topic[0] != '\0' && (result = codec_register(w->codec, w->flow->outputs[i].record,
                                                            topic, s->message)) < 0) {
            if (result == -EPROTO) {
                fail(s, 78,
                     "the registry refuses our schema for this subject: compare the two, and see "
                     "schemas/README.md");
                return false;
            }
            if (!wait_for_world(s, WAIT_registry, -EIO, "waiting for the schema registry"))
                return false;
        }
    }
    return true;
}

/* ---- all ---- */

static bool take_slot(struct startup *s, struct redis_once *redis)
{
    struct worker *w = s->worker;
    waits_begin(&w->host.waits, WAIT_slot);
    const int result = slot_take(w, redis, s->message);
    if (result == 0)
        return true;
    if (result == -EBUSY)
        fail(s, 69, "give each process a slot of its own, or stop the other one");
    return false;
}

static bool learn_sizes(struct startup *s)
{
    struct worker *w = s->worker;
    int result;
    while ((result = sizes_read(w, &w->stream->sizes, s->message)) < 0)
        if (!wait_for_world(s, WAIT_kafka, result,
                            "waiting for Kafka: cannot read max.message.bytes of the topics"))
            return false;
    sizes_warn(w, &w->stream->sizes);
    return true;
}

static bool take_producer(struct startup *s)
{
    struct worker *w = s->worker;
    int result;
    if (!learn_sizes(s))
        return false;
    waits_begin(&w->host.waits, WAIT_coordinator);
    while ((result = kafka_producer_new(w->host.config, w->instance,
                                        sizes_smallest(&w->stream->sizes), w->flow->ledger != NULL,
                                        &w->stream->producer, s->message)) == -EIO ||
           result == -EACCES)
        if (!wait_for_world(s, WAIT_coordinator, result,
                            "waiting for Kafka's transaction coordinator"))
            return false;
    if (result < 0)
        fail(s, 78, "check this transactional id in Kafka");
    else
        w->stream->sizes.message_max = kafka_producer_message_max(w->stream->producer);
    return result == 0;
}

static bool look_at_group(struct startup *s)
{
    int result;
    while ((result = startup_group(s->worker, s->message)) == -EIO || result == -EACCES)
        if (!wait_for_world(s, WAIT_coordinator, result,
                            "waiting for Kafka: cannot read the consumer group"))
            return false;
    if (result < 0)
        fail(s, 78, "read topics with fewer partitions");
    return result == 0;
}

/* 5. and 6., of an engine that keeps keys. */
static bool redis_is_what_it_was(struct startup *s, struct redis_once **redis,
                                 struct redis_server *server)
{
    struct worker *w = s->worker;
    for (;;) {
        const int result = incident_settle(w, *redis, server, s->message);
        if (result == 0)
            return true;
        if (result == -E2BIG) {
            fail(s, 78, "use fewer partitions, or fewer retry.delays");
            return false;
        }
        if (!wait_for_world(s, WAIT_NONE, result, "checking whether Redis state is intact"))
            return false;
        redis_once_close(*redis);
        *redis = NULL;
        if (!open_fit_redis(s, redis, server) || !take_slot(s, *redis))
            return false;
    }
}

/* 6. alone: nothing of an engine without keys can be lost there. */
static bool enter_fleet(struct startup *s)
{
    struct worker *w = s->worker;
    int result;
    waits_begin(&w->host.waits, WAIT_kafka);
    while ((result = fleet_read(w, s->message)) < 0 || (result = fleet_enter(w, s->message)) < 0)
        if (!wait_for_world(s, result == -ENOENT ? WAIT_topic : WAIT_kafka, result,
                            "waiting for Kafka: cannot read or write ops.control"))
            return false;
    return true;
}

static bool steps(struct startup *s, struct redis_once **redis)
{
    struct worker *w = s->worker;
    const bool has_keys = w->stream->engine->keeps_keys;
    struct redis_server server;
    if (!topics_are_there(s) || !topics_lie_beside(s) || (has_keys && !keys_outlive_topics(s)) ||
        !register_schemas(s) || !open_fit_redis(s, redis, &server))
        return false;
    if (!take_slot(s, *redis))
        return w->host.give_up || s->exit_code != 0
                   ? false
                   : (log_warning(.message = "Redis connection lost at start-up; retrying"), false);
    if (!take_producer(s)) /* before the incident: our own former transaction, if one is open, would
                              hold a rebuild back until it times out */
        return false;
    if (!look_at_group(s))
        return false;
    return has_keys ? redis_is_what_it_was(s, redis, &server) : enter_fleet(s);
}

static void run(uv_work_t *work)
{
    struct startup *s = work->data;
    struct redis_once *redis = NULL;
    const bool ready = steps(s, &redis);
    redis_once_close(redis);
    if (!ready && s->exit_code == 0)
        s->exit_code = -1;
}

static void finished(uv_work_t *work, int status)
{
    struct startup *s = work->data;
    struct worker *w = s->worker;
    (void)status;
    if (s->exit_code > 0)
        host_fail(&w->host, s->exit_code, "cannot start", s->message, s->remedy);
    else if (s->exit_code < 0 && !w->host.give_up)
        host_start_over(&w->host, "startup", s->message);
    else if (s->exit_code < 0)
        host_fail(&w->host, 0, "stopped during start-up", NULL, NULL);
    else
        s->done(w);
    waits_end(&w->host.waits);
    free(s);
}

void startup_begin(struct worker *w, void (*done)(struct worker *w))
{
    struct startup *s = calloc(1, sizeof *s);
    if (s == NULL)
        abort();
    s->worker = w;
    s->done = done;
    s->work.data = s;
    slot_keep(w);
    (void)uv_queue_work(&w->host.loop, &s->work, run, finished);
}
