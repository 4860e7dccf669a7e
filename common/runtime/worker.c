/* The loop: poll, dispatch, complete, commit. Everything that arrives (Kafka's queues, Redis, Prima, timers, signals) wakes it; before it
 * sleeps again, `turn` fetches while there is room, starts what may start, and commits what is due. */
#include "runtime/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <linux/close_range.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "runtime/accounts.h"
#include "runtime/catalogue.h"
#include "runtime/send_line.h"
#include "runtime/setup.h"
#include "runtime/startup.h"
#include "runtime/world.h"

enum { TICK_MS = 250, INCIDENT_LOOK_TICKS = 4, REDIS_TIMEOUT_MS = 2000, LATE_MS = 5000, MESSAGE_MAX = 4 << 20 };

/* ---- the turn ---- */

void worker_pump(struct worker *w)
{
    if (w->leaving)
        return;
    while (w->ready != NULL && w->in_flight < w->in_flight_max) {
        struct record *r = w->ready;
        w->ready = r->ready_next;
        if (w->ready == NULL)
            w->ready_last = &w->ready;
        r->queued = false;
        if (r->dropped) {
            if (r->held == 0)
                record_free(r);
            continue;
        }
        if (r->partition->going || w->draining)
            continue; /* it will be fetched again by whoever is next */
        if (!r->active) {
            r->active = true;
            w->in_flight++;
        }
        r->resume(r);
    }
}

static void turn(uv_prepare_t *prepare)
{
    struct worker *w = prepare->data;
    if (!w->running || w->over)
        return;
    if (w->leaving) {
        world_leave(w);
        return;
    }
    partitions_fetch(w);
    if (w->over)
        return;
    send_line_serve(w);
    worker_pump(w);
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
    if (read(w->wake_fd, &count, sizeof count) < 0 && errno != EAGAIN)
        return;
    for (struct partition *p = w->partitions; p != NULL; p = p->next)
        p->may_have_more = true;
    kafka_consumer_serve(w->consumer);
}

static void on_kafka_error(void *user, const char *words, bool fatal, bool fenced)
{
    struct worker *w = user;
    if (fatal)
        worker_start_over(w, fenced ? "fenced" : "kafka_fatal", words);
    log_warning(.message = "Kafka says", .detail = words);
}

/* ---- time ---- */

static void finish_draining(struct worker *w)
{
    if (!w->draining || w->over)
        return;
    const bool late = clock_monotonic_ms() >= w->drain_by_ms;
    if (!kafka_consumer_closing(w->consumer)) {
        if (partitions_are_idle(w) || late)
            kafka_consumer_close(w->consumer); /* → on_revoke, which commits and drops */
        return;
    }
    if (clock_monotonic_ms() >=
        w->drain_by_ms + LATE_MS) { /* Kafka does not answer: what is not committed is fetched again, as after a crash */
        worker_fail(w, 0, NULL, NULL, NULL);
        return;
    }
    kafka_consumer_serve(w->consumer);
    if (kafka_consumer_closed(w->consumer) && !commit_is_busy(w) && !w->arriving && !w->looking)
        worker_fail(w, 0, NULL, NULL, NULL);
}

static void on_tick(uv_timer_t *timer)
{
    struct worker *w = timer->data;
    w->last_tick_ms = clock_monotonic_ms();
    w->ticks++;
    if (!w->running)
        return;
    kafka_consumer_serve(w->consumer); /* also keeps max.poll.interval.ms content */
    for (struct partition *p = w->partitions; p != NULL; p = p->next)
        p->may_have_more = true;
    worker_refresh_fence(w);
    if (redis_is_ready(w->redis) && w->last_tick_ms - w->slot_renewed_ms > config_int(w->config, CFG_slot_lease) / 4)
        keys_slot_renew(&w->keys, w->slot_token, config_int(w->config, CFG_slot_lease), world_on_slot_renewed, w);
    if (w->suspect && !w->looking && w->ticks % INCIDENT_LOOK_TICKS == 0) {
        world_look_at_incident(w);
        commit_hurry(w);
    }
    if (w->breaker.is_open && w->buffered == 0 && w->last_tick_ms >= w->breaker.next_probe_ms) {
        breaker_half_close(&w->breaker); /* with empty hands nobody probes: the next record will tell */
        worker_resume(w, PAUSE_PRIMA);
        worker_resume(w, PAUSE_DENIED);
    }
    finish_draining(w);
}

/* ---- signals ---- */

static void on_term(uv_signal_t *signal, int number)
{
    struct worker *w = signal->data;
    (void)number;
    if (w->draining || !w->running) {
        worker_fail(w, 0, NULL, NULL, NULL);
        return;
    }
    log_info(.message = "draining; a second signal stops at once", .count = (int64_t)w->in_flight, .slot = w->slot);
    w->draining = true;
    w->drain_by_ms = clock_monotonic_ms() + config_int(w->config, CFG_worker_drain_deadline);
    commit_hurry(w);
}

static void on_hup(uv_signal_t *signal, int number)
{
    struct worker *w = signal->data;
    struct config_message message = {""};
    void *fresh = NULL;
    (void)number;
    if (w->flow->rules_load(w->config, &fresh, &message) < 0) {
        log_error(.message = "mappings were not reloaded; the old ones stay", .detail = message.text);
        return;
    }
    w->flow->rules_free(w->rules);
    w->rules = fresh;
    log_info(.message = "mappings reloaded");
}

static void watch_signals(struct worker *w)
{
    (void)uv_signal_init(&w->loop, &w->term);
    (void)uv_signal_init(&w->loop, &w->interrupt);
    (void)uv_signal_init(&w->loop, &w->hup);
    w->term.data = w->interrupt.data = w->hup.data = w;
    (void)uv_signal_start(&w->term, on_term, SIGTERM);
    (void)uv_signal_start(&w->interrupt, on_term, SIGINT);
    (void)uv_signal_start(&w->hup, on_hup, SIGHUP);
    (void)signal(SIGPIPE, SIG_IGN);
}

/* ---- start ---- */

static void run_now(struct worker *w)
{
    char message[KAFKA_TEXT_MAX];
    const struct redis_hooks redis_hooks = {world_on_redis_server, world_on_redis_answer, world_on_redis_lost, w};
    const struct kafka_consumer_hooks kafka_hooks = {partitions_assigned, partitions_revoked, on_kafka_error, w};
    const char *topics[TOPICS_MAX];
    for (size_t i = 0; i < w->topic_count; i++)
        topics[i] = w->topics[i].name;
    if (redis_new(&w->loop, config_text(w->config, CFG_redis_url), REDIS_TIMEOUT_MS, &redis_hooks, &w->redis, message) < 0) {
        worker_fail(w, 78, "cannot use redis.url", message, "correct it");
        return;
    }
    w->keys.redis = w->redis;
    if (kafka_consumer_new(w->config, w->group, w->options.slot != NULL ? w->instance : NULL, topics, w->topic_count, w->wake_fd,
                           &kafka_hooks, &w->consumer, message) < 0) {
        worker_fail(w, 78, "cannot read from Kafka", message, "correct the rdkafka.* keys");
        return;
    }
    (void)uv_poll_init(&w->loop, &w->kafka_poll, w->wake_fd);
    w->kafka_poll.data = w;
    (void)uv_poll_start(&w->kafka_poll, UV_READABLE, on_kafka);
    w->running = true;
    if (w->shadow)
        log_info(.message = "shadow mode: nothing is written to Prima; results go to shadow topics", .topic = w->results_topic);
    log_info(.message = w->suspect ? "running; Redis' state is being rebuilt" : "running", .slot = w->slot);
    (void)fail_point("running");
}

static int prepare_worker(struct worker *w)
{
    struct config_message message = {""};
    char text[300] = "";
    const struct codec_limits limits = {1 << 20, 100000, 64};
    w->config = w->options.config;
    buf_init(&w->message, MESSAGE_MAX);
    enum log_level level = LOG_LEVEL_INFO;
    (void)log_level_find(config_text(w->config, CFG_log_level), &level);
    log_configure(w->flow->name, strcmp(config_text(w->config, CFG_log_format), "json") == 0, level);
    if (uv_loop_init(&w->loop) != 0)
        abort();
    int result = w->flow->rules_load(w->config, &w->rules, &message);
    if (result == 0 && (result = codec_open(config_text(w->config, CFG_schema_folder), config_text(w->config, CFG_schema_registry_url),
                                            limits, &w->codec, text)) < 0)
        (void)snprintf(message.text, sizeof message.text, "%s", text);
    if (result == 0 && (result = codec_check(w->codec, w->flow->event, text)) < 0)
        (void)snprintf(message.text, sizeof message.text, "%s", text);
    if (result == 0)
        result = prima_names_read(w->config, &w->names, &message);
    if (result == 0)
        result = prima_client_new(&w->loop, w->config, &w->prima, &message);
    if (result == 0)
        result = setup_read(w, &message);
    if (result < 0)
        log_error(.message = "cannot start with this configuration", .detail = message.text);
    return result;
}

static void free_worker(struct worker *w)
{
    obs_http_stop(w->http);
    prima_client_free(w->prima);
    redis_free(w->redis);
    (void)uv_run(&w->loop, UV_RUN_NOWAIT);
    kafka_consumer_free(w->consumer);
    kafka_producer_free(w->producer);
    if (w->rules != NULL)
        w->flow->rules_free(w->rules);
    codec_close(w->codec);
    buf_release(&w->message);
    config_free(w->options.config);
}

static int start_http(struct worker *w)
{
    struct obs_answers answers;
    char message[300];
    status_install(w, &answers);
    if (w->options.http == NULL || w->options.http[0] == '\0')
        return 0;
    if (obs_http_start(&w->loop, w->options.http, &answers, &w->http, message) < 0) {
        log_error(.message = "cannot listen for /metrics", .detail = message, .remedy = "choose another --http address");
        return 69;
    }
    log_info(.message = "listening for /metrics /livez /readyz /status", .count = obs_http_port(w->http), .detail = "count is the port");
    return 0;
}

static int run_loop(struct worker *w)
{
    w->started_ms = clock_wall_ms();
    metrics_start();
    w->last_tick_ms = clock_monotonic_ms();
    w->ready_last = &w->ready;
    w->line_last = &w->line;
    w->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    lanes_init(&w->lanes);
    wakes_init(&w->wakes, &w->loop);
    breaker_init(&w->breaker, (size_t)config_int(w->config, CFG_breaker_keys), config_int(w->config, CFG_breaker_probe_interval));
    w->accounts = accounts_new();
    w->catalogue = catalogue_new(config_int(w->config, CFG_catalogue_max_age));
    w->commit = commit_new(w);
    watch_signals(w);
    (void)uv_prepare_init(&w->loop, &w->prepare);
    w->prepare.data = w;
    (void)uv_prepare_start(&w->prepare, turn);
    (void)uv_timer_init(&w->loop, &w->tick);
    w->tick.data = w;
    (void)uv_timer_start(&w->tick, on_tick, TICK_MS, TICK_MS);
    const int result = start_http(w);
    if (result != 0)
        return result;
    startup_begin(w, run_now);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    return w->exit_code;
}

/* One thread works, librdkafka's come and go: an arena for each would only keep what none of them needs. What a burst took is given back.
 */
static void keep_memory_small(void)
{
    (void)mallopt(M_ARENA_MAX, 1);
    (void)mallopt(M_TRIM_THRESHOLD, 256 * 1024);
}

int worker_main(const struct flow *flow, int argc, char **argv)
{
    static struct worker worker; /* one a process; large, for it holds the incident's ends */
    struct worker *w = &worker;
    keep_memory_small();
    world_remember_argv(argv);
    w->flow = flow;
    (void)fail_point("start");
    const int exit_code = options_read(argc, argv, flow->usage, &w->options);
    if (exit_code >= 0)
        return exit_code;
    if (prepare_worker(w) < 0)
        return 78;
    if (w->options.check) {
        (void)printf("configuration and mappings are good\n");
        free_worker(w);
        return 0;
    }
    const int result = run_loop(w);
    log_info(.message = "stopped", .slot = w->slot);
    /* What is left belongs to threads that may still be at work (a commit, a look-up); the process ends here, and with it everything. */
    _exit(result);
}
