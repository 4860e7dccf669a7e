/* The job of a worker in its host: poll, dispatch, complete, commit. Everything that arrives (Kafka's
 * queues, Redis, Prima, timers, signals) wakes the loop; before it sleeps again, the turn fetches
 * while there is room, starts what may start, and commits what is due. */
#include "worker/run.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "stream/ended.h"
#include "stream/fleet.h"
#include "stream/remember.h"
#include "stream/stream.h"
#include "worker/setup.h"
#include "worker/startup.h"
#include "worker/status.h"
#include "stream/topic_watch.h"
#include "stream/watch.h"
#include "stream/world.h"

enum { INCIDENT_LOOK_TICKS = 4, REDIS_TIMEOUT_MS = 2000 };

/* ---- the turn ---- */

/* Redis was lost: what has settled is committed, if that can begin in time, then it starts over. */
static void leave(struct worker *w)
{
    if (!commit_is_busy(w) && partitions_has_settled(w) && clock_monotonic_ms() < w->leave_by_ms) {
        commit_hurry(w);
        if (commit_is_busy(w))
            return;
    }
    if (!commit_is_busy(w) || clock_monotonic_ms() >= w->leave_by_ms)
        host_start_over(&w->host, "redis_lost_state", NULL);
}

static void worker_turn(struct host *h)
{
    struct worker *w = worker_of(h);
    if (w->leaving) {
        leave(w);
        return;
    }
    partitions_fetch(w);
    if (h->over)
        return;
    if (!w->leaving)
        w->stream->engine->turn(w);
    commit_consider(w);
    partitions_answer_revoke(w);
}

/* ---- Kafka ---- */

static void on_kafka(uv_poll_t *poll, int status, int events)
{
    struct worker *w = poll->data;
    uint64_t count;
    (void)status;
    (void)events;
    if (read(w->stream->wake_fd, &count, sizeof count) < 0 && errno != EAGAIN)
        return;
    for (struct partition *p = w->stream->partitions; p != NULL; p = p->next)
        p->may_have_more = true;
    kafka_consumer_serve(w->stream->consumer);
}

static void on_kafka_error(void *user, enum kafka_obstacle obstacle, const char *words, bool fatal,
                           bool fenced)
{
    struct worker *w = user;
    if (fatal)
        host_start_over(&w->host, fenced ? "fenced" : "kafka_fatal", words);
    if (obstacle == KAFKA_DENIED || obstacle == KAFKA_DENIED_GROUP || obstacle == KAFKA_NO_TOPIC)
        metrics_add(METRIC_obstacles, kafka_obstacle_name(obstacle), 1);
    if (obstacle == KAFKA_DENIED_GROUP) {
        rights_hear_of_group(w, true);
    } else if (obstacle == KAFKA_DENIED) {
        membership_note_denial(w);
    } else if (obstacle == KAFKA_NO_TOPIC) {
        membership_note_topic(w, words); /* which says it, once */
    } else {
        log_warning(.message = "Kafka client error", .detail = words);
    }
}

/* A transaction says so as well, but there may be none for long: an idle worker whose producer is
 * of no use would be found out by the next record. */
static void look_at_producer(struct worker *w)
{
    char words[KAFKA_TEXT_MAX];
    if (!commit_is_busy(w) && kafka_producer_is_broken(w->stream->producer, words))
        host_start_over(&w->host, "kafka_fatal", words);
}

/* ---- time ---- */

static void keep_slot(struct worker *w, int64_t now_ms)
{
    const int64_t lease = config_int(w->host.config, CFG_slot_lease);
    if (redis_is_ready(w->redis) && now_ms - w->stream->fleet.slot_renewed_ms > lease / 4)
        keys_slot_renew(&w->keys, w->slot_token, lease, world_on_slot_renewed, w);
}

static void worker_tick(struct host *h, int64_t now_ms)
{
    struct worker *w = worker_of(h);
    kafka_consumer_serve(w->stream->consumer); /* also keeps max.poll.interval.ms content */
    for (struct partition *p = w->stream->partitions; p != NULL; p = p->next)
        p->may_have_more = true;
    pauses_hear_of_kafka(&h->pauses, WITNESS_CONNECTIONS, kafka_trouble(w->stream->consumer));
    topic_watch_consider(w);
    worker_refresh_fence(w);
    partitions_watch(w);
    ended_watch(w);
    remember_watch(w);
    rights_watch(w);
    look_at_producer(w);
    if (!h->draining)
        membership_watch(w);
    keep_slot(w, now_ms);
    watch_tick(w);
    if (w->stream->trust.is_suspect && !w->stream->trust.check_is_running &&
        h->ticks % INCIDENT_LOOK_TICKS == 0) {
        world_look_at_incident(w);
        commit_hurry(w);
    }
    w->stream->engine->tick(w, now_ms);
}

/* ---- the end ---- */

static int64_t worker_in_hand(const struct host *h)
{
    const struct worker *w = (const struct worker *)h;
    return (int64_t)w->stream->engine->in_flight(w);
}

static void worker_drain(struct host *h)
{
    struct worker *w = worker_of(h);
    if (w->stream->revoke.by_ms > h->drain_by_ms) /* partitions that are going already */
        w->stream->revoke.by_ms = h->drain_by_ms;
    remember_now(w);
    commit_hurry(w);
}

/* Records under way are waited for until `late`; then what has settled is committed, its positions
 * are remembered and the partitions given back. */
static bool worker_is_drained(struct host *h, bool late)
{
    struct worker *w = worker_of(h);
    if (!kafka_consumer_closing(w->stream->consumer)) {
        if (late)
            w->stream->engine->abandon(w);
        if (partitions_are_idle(w) || late)
            kafka_consumer_close(w->stream->consumer); /* → on_revoke, which commits and drops */
    }
    if (!kafka_consumer_closing(w->stream->consumer))
        return false;
    kafka_consumer_serve(w->stream->consumer);
    return kafka_consumer_closed(w->stream->consumer) && !commit_is_busy(w) &&
           !w->stream->assignment.is_pending && !w->stream->engine->is_finishing(w) &&
           !remember_is_busy(w);
}

static void worker_reload(struct host *h)
{
    struct worker *w = worker_of(h);
    w->stream->engine->reload(w);
}

static void worker_end(struct host *h)
{
    fleet_leave(worker_of(h));
}

/* ---- start ---- */

static const struct redis_scripts *scripts_of(const struct worker *w)
{
    const struct redis_scripts *its = w->engine.scripts != NULL ? w->engine.scripts(w) : NULL;
    return its != NULL ? its : scripts_all();
}

static void run_now(struct worker *w)
{
    char message[KAFKA_TEXT_MAX];
    const struct redis_hooks redis_hooks = {world_on_redis_server, world_on_redis_answer,
                                            world_on_redis_lost, w};
    const struct kafka_consumer_hooks kafka_hooks = {partitions_assigned, partitions_revoked,
                                                     on_kafka_error, w};
    const char *topics[TOPICS_MAX];
    for (size_t i = 0; i < w->stream->inputs.count; i++)
        topics[i] = w->stream->inputs.list[i].name;
    if (redis_new(&w->host.loop, config_text(w->host.config, CFG_redis_url), scripts_of(w),
                  REDIS_TIMEOUT_MS, &redis_hooks, &w->redis, message) < 0) {
        host_fail(&w->host, 78, "cannot use redis.url", message, "correct it");
        return;
    }
    w->keys.redis = w->redis;
    if (kafka_consumer_new(w->host.config, w->stream->group,
                           w->host.options.slot != NULL ? w->instance : NULL, topics,
                           w->stream->inputs.count, w->flow->also_reads[0] != NULL,
                           w->stream->wake_fd, &kafka_hooks, &w->stream->consumer, message) < 0) {
        host_fail(&w->host, 78, "cannot read from Kafka", message, "correct the rdkafka.* keys");
        return;
    }
    (void)uv_poll_init(&w->host.loop, &w->stream->kafka_poll, w->stream->wake_fd);
    w->stream->kafka_poll.data = w;
    (void)uv_poll_start(&w->stream->kafka_poll, UV_READABLE, on_kafka);
    host_started(&w->host);
    if (w->shadow)
        log_info(.message = "shadow mode: nothing is written to Prima; results go to shadow topics",
                 .topic = w->stream->outputs.written[OUTPUT_RESULTS]);
    log_info(.message =
                 w->stream->trust.is_suspect ? "running; Redis state is being rebuilt" : "running",
             .slot = w->host.slot);
    (void)fail_point("running");
}

static int open_codec(struct worker *w, struct config_message *ret_message)
{
    const struct config *c = w->host.config;
    const struct codec_limits limits = {1 << 20, 100000, 64};
    char text[300] = "";
    int result = codec_open(config_text(c, CFG_schema_folder),
                            config_text(c, CFG_schema_registry_url), limits, &w->codec, text);
    if (result == 0 && w->flow->event != NULL)
        result = codec_check(w->codec, w->flow->event, text);
    if (result < 0)
        (void)snprintf(ret_message->text, sizeof ret_message->text, "%s", text);
    return result;
}

static int worker_prepare(struct host *h, struct config_message *ret_message)
{
    struct worker *w = worker_of(h);
    int result = open_codec(w, ret_message);
    if (result == 0)
        result = setup_read(w, ret_message);
    if (result == 0 && w->engine.prepare != NULL)
        result = w->engine.prepare(w, ret_message);
    return result;
}

static void worker_release(struct host *h)
{
    struct worker *w = worker_of(h);
    if (w->engine.release != NULL)
        w->engine.release(w);
    codec_close(w->codec);
}

static void worker_answers(struct host *h, struct obs_answers *ret_answers)
{
    status_install(worker_of(h), ret_answers);
}

static void resume_records(void *user, int64_t pause_ms)
{
    struct worker *w = user;
    w->stream->engine->resumed(w, pause_ms);
}

static void worker_begin(struct host *h)
{
    struct worker *w = worker_of(h);
    w->stream->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (w->engine.begin != NULL)
        w->engine.begin(w);
    w->stream->commit = commit_new(w);
    h->pauses.resumed = resume_records;
    h->pauses.user = w;
    startup_begin(w, run_now);
}

/* One a process, for as long as that lives: threads of the pool may look at it until the very end.
 * The simulator (tests/sim) has several processes in one. */
static struct worker *worker_new(const struct worker_engine *engine)
{
    static struct whole {
        struct worker worker;
        struct stream stream;
        struct whole *before;
    } * newest; /* all stay reachable: none is a leak */
    struct whole *whole = calloc(1, sizeof *whole);
    if (whole == NULL)
        abort();
    whole->before = newest;
    newest = whole;
    whole->worker.stream = &whole->stream;
    whole->worker.engine = *engine;
    whole->worker.engine_state = calloc(1, engine->state_size + 1);
    if (whole->worker.engine_state == NULL)
        abort();
    whole->stream.engine = engine->engine;
    return &whole->worker;
}

int worker_main(const struct flow *flow, const struct worker_engine *engine, int argc, char **argv)
{
    struct worker *w = worker_new(engine);
    const struct host_job job = {.name = flow->name,
                                 .usage = flow->usage,
                                 .prepare = worker_prepare,
                                 .release = worker_release,
                                 .answers = worker_answers,
                                 .begin = worker_begin,
                                 .turn = worker_turn,
                                 .tick = worker_tick,
                                 .reload = worker_reload,
                                 .in_hand = worker_in_hand,
                                 .drain = worker_drain,
                                 .is_drained = worker_is_drained,
                                 .end = worker_end};
    w->flow = flow;
    return host_run(&w->host, &job, argc, argv);
}
