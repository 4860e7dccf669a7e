/* Start-up, step by step; see startup.h. Runs in libuv's pool: it may block, and it looks at w->give_up between waits. */
#include "runtime/startup.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/failpoint.h"
#include "idempotency/redis_once.h"
#include "obs/log.h"
#include "runtime/incident.h"
#include "runtime/slot.h"

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

/* The world is not ready: says so now and then, waits, and tells whether to go on. */
static bool wait_for_world(struct startup *s, const char *what)
{
    const int64_t now = clock_monotonic_ms();
    if (s->complained_ms == 0 || now - s->complained_ms > COMPLAIN_MS) {
        log_warning(.message = what, .detail = s->message);
        s->complained_ms = now;
    }
    (void)usleep(AGAIN_MS * 1000);
    return !s->worker->give_up;
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
    const char *names[TOPICS_MAX + 4];
    size_t count = 0;
    for (size_t i = 0; i < w->topic_count; i++)
        names[count++] = w->topics[i].name;
    names[count++] = w->dlq_topic;
    names[count++] = w->results_topic;
    if (w->ledger_topic != NULL)
        names[count++] = w->ledger_topic;
    int result;
    while ((result = control_topics_exist(w->config, names, count, s->message)) < 0)
        if (!wait_for_world(s, result == -ENOENT ? "a topic is missing; waiting for it" : "waiting for Kafka"))
            break;
    return result == 0;
}

static bool keys_outlive_topics(struct startup *s)
{
    struct worker *w = s->worker;
    int64_t retention = 0;
    while (control_retention(w->config, w->flow->reads, &retention, s->message) < 0)
        if (!wait_for_world(s, "waiting for Kafka to tell a topic's retention"))
            return false;
    const int64_t review = config_int(w->config, CFG_idempotency_review_time);
    if (retention >= 0 && w->ttl_ms >= retention + review)
        return true;
    (void)snprintf(
        s->message, sizeof s->message,
        "idempotency.ttl is %lld ms, but %s keeps records %lld ms (-1: for ever) and a dead letter may wait %lld ms: a key could be "
        "forgotten while its record can still come",
        (long long)w->ttl_ms, w->flow->reads, (long long)retention, (long long)review);
    fail(s, 78, "raise idempotency.ttl, or shorten the topic's retention.ms");
    return false;
}

/* ---- 2. Redis ---- */

static bool open_redis(struct startup *s, struct redis_once **ret_redis, struct redis_server *ret_server)
{
    int result;
    while ((result = redis_once_open(config_text(s->worker->config, CFG_redis_url), 2000, ret_redis, ret_server, s->message)) < 0) {
        if (result == -EINVAL) {
            fail(s, 78, "correct redis.url");
            return false;
        }
        if (!wait_for_world(s, "waiting for Redis"))
            return false;
    }
    return true;
}

static bool redis_evicts_nothing(struct startup *s, const struct redis_server *server)
{
    if (server->eviction[0] == '\0')
        log_warning(.message = "Redis does not tell its maxmemory-policy", .remedy = "see to it that it is noeviction");
    if (server->eviction[0] == '\0' || strcmp(server->eviction, "noeviction") == 0)
        return true;
    (void)snprintf(s->message, sizeof s->message,
                   "Redis' maxmemory-policy is %s: it would delete keys that keep orders from being posted twice", server->eviction);
    fail(s, 78, "set maxmemory-policy noeviction");
    return false;
}

/* Results are written in the registry's framing when there is one: their schemas must be there before the first of them. */
static bool register_schemas(struct startup *s)
{
    const struct worker *w = s->worker;
    const char *const pairs[][2] = {{w->flow->result_record, w->results_topic}, {w->flow->ledger_record, w->ledger_topic}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        int result;
        while (pairs[i][1] != NULL && (result = codec_register(w->codec, pairs[i][0], pairs[i][1], s->message)) < 0) {
            if (result == -EPROTO) {
                fail(s, 78, "the registry refuses our schema for this subject: compare the two, and see schemas/README.md");
                return false;
            }
            if (!wait_for_world(s, "waiting for the schema registry"))
                return false;
        }
    }
    return true;
}

/* ---- all ---- */

static bool take_slot(struct startup *s, struct redis_once *redis)
{
    struct worker *w = s->worker;
    const int result = slot_take(w, redis, s->message);
    if (result == 0)
        return true;
    if (result == -EBUSY)
        fail(s, 69, "give each process a slot of its own, or stop the other one");
    return false;
}

static bool take_producer(struct startup *s)
{
    struct worker *w = s->worker;
    int result;
    while ((result = kafka_producer_new(w->config, w->instance, &w->producer, s->message)) == -EIO)
        if (!wait_for_world(s, "waiting for Kafka's transaction coordinator"))
            return false;
    if (result < 0)
        fail(s, 78, "see what Kafka says of this transactional id and its rights");
    return result == 0;
}

static bool steps(struct startup *s, struct redis_once **redis)
{
    struct worker *w = s->worker;
    struct redis_server server;
    if (!topics_are_there(s) || !keys_outlive_topics(s) || !register_schemas(s) || !open_redis(s, redis, &server) ||
        !redis_evicts_nothing(s, &server))
        return false;
    if (!take_slot(s, *redis))
        return w->give_up || s->exit_code != 0 ? false : (log_warning(.message = "Redis went away at start-up; once more"), false);
    if (!take_producer(
            s)) /* before the incident: our own former transaction, if one is open, would hold a rebuild back until it times out */
        return false;
    for (;;) {
        const int result = incident_settle(w, *redis, &server, s->message);
        if (result == 0)
            break;
        if (!wait_for_world(s, "finding out whether Redis is what it was"))
            return false;
        redis_once_close(*redis);
        *redis = NULL;
        if (!open_redis(s, redis, &server))
            return false;
        if (slot_take(w, *redis, s->message) < 0)
            return false;
    }
    return true;
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
        worker_fail(w, s->exit_code, "cannot start", s->message, s->remedy);
    else if (s->exit_code < 0 && !w->give_up)
        worker_start_over(w, "startup", s->message);
    else if (s->exit_code < 0)
        worker_fail(w, 0, "stopped before it had started", NULL, NULL);
    else
        s->done(w);
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
    (void)uv_queue_work(&w->loop, &s->work, run, finished);
}
