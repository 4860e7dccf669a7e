/* The loop and its life; see host.h. Everything that arrives (queues, sockets, timers, signals) wakes
 * the loop; before it sleeps again, the job has its turn. */
#include "host/host.h"

#include <malloc.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "host/ending.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "obs/watchdog.h"

/* ---- time ---- */

static void host_turn(uv_prepare_t *prepare)
{
    struct host *h = prepare->data;
    if (h->running && !h->over && h->job->turn != NULL)
        h->job->turn(h);
}

/* Said once more when it is over: a probe in between got no answer, or the watchdog's. */
static void note_stall(struct host *h, int64_t still_ms)
{
    h->stall_ms = still_ms;
    metrics_add(METRIC_stalls, "", 1);
    log_warning(.message = "event loop was blocked; running again", .ms = still_ms,
                .slot = host_slot(h));
}

static void host_tick(uv_timer_t *timer)
{
    struct host *h = timer->data;
    const int64_t now = clock_monotonic_ms(), still_ms = now - h->last_tick_ms;
    if (still_ms > config_int(h->config, CFG_worker_stuck_after))
        note_stall(h, still_ms);
    h->last_tick_ms = now;
    watchdog_beat(h->watchdog);
    (void)fail_point("loop.tick");
    h->ticks++;
    if (!h->running)
        return;
    if (h->job->tick != NULL)
        h->job->tick(h, now);
    ending_look(h);
}

bool host_is_live(void *user, struct buf *why)
{
    struct host *h = user;
    const int64_t still = clock_monotonic_ms() - h->last_tick_ms;
    if (still > config_int(h->config, CFG_worker_stuck_after))
        buf_printf(why, "event loop blocked for %lld ms\n", (long long)still);
    else if (h->stall_ms > 0)
        buf_printf(why, "event loop was blocked for %lld ms; running again\n",
                   (long long)h->stall_ms);
    h->stall_ms = 0;
    return why->size == 0;
}

/* ---- signals ---- */

static void on_term(uv_signal_t *signal, int number)
{
    struct host *h = signal->data;
    (void)number;
    if (h->draining || !h->running)
        host_fail(h, h->draining ? h->exit_code : 0, NULL, NULL, NULL);
    else
        host_drain(h, 0);
}

static void on_hup(uv_signal_t *signal, int number)
{
    struct host *h = signal->data;
    (void)number;
    if (h->job->reload != NULL)
        h->job->reload(h);
}

static void watch_signals(struct host *h)
{
    (void)uv_signal_init(&h->loop, &h->signals.term);
    (void)uv_signal_init(&h->loop, &h->signals.interrupt);
    (void)uv_signal_init(&h->loop, &h->signals.hup);
    h->signals.term.data = h->signals.interrupt.data = h->signals.hup.data = h;
    (void)uv_signal_start(&h->signals.term, on_term, SIGTERM);
    (void)uv_signal_start(&h->signals.interrupt, on_term, SIGINT);
    (void)uv_signal_start(&h->signals.hup, on_hup, SIGHUP);
    (void)signal(SIGPIPE, SIG_IGN);
}

/* ---- start ---- */

static int host_prepare(struct host *h)
{
    struct config_message message = {""};
    enum log_level level = LOG_LEVEL_INFO;
    h->config = h->options.config;
    (void)log_level_find(config_text(h->config, CFG_log_level), &level);
    log_configure(h->job->name, strcmp(config_text(h->config, CFG_log_format), "json") == 0, level);
    if (uv_loop_init(&h->loop) != 0)
        abort();
    timers_init(&h->timers, &h->loop);
    waits_init(&h->waits);
    const int result = h->job->prepare(h, &message);
    if (result < 0)
        log_error(.message = "cannot start with this configuration", .detail = message.text);
    return result;
}

static int start_http(struct host *h)
{
    struct obs_answers answers;
    char message[300];
    if (h->job->answers == NULL || h->options.http == NULL || h->options.http[0] == '\0')
        return 0;
    h->job->answers(h, &answers);
    if (obs_http_start(&h->loop, h->options.http, &answers, &h->http, message) < 0) {
        log_error(.message = "cannot listen for /metrics", .detail = message,
                  .remedy = "choose another --http address");
        return 69;
    }
    log_info(.message = "listening for /metrics /livez /readyz /status",
             .count = obs_http_port(h->http), .detail = "count is the port");
    return 0;
}

static int run_loop(struct host *h)
{
    h->started_ms = clock_wall_ms();
    h->last_tick_ms = clock_monotonic_ms();
    watch_signals(h);
    (void)uv_prepare_init(&h->loop, &h->prepare);
    h->prepare.data = h;
    (void)uv_prepare_start(&h->prepare, host_turn);
    (void)uv_timer_init(&h->loop, &h->tick);
    h->tick.data = h;
    (void)uv_timer_start(&h->tick, host_tick, HOST_TICK_MS, HOST_TICK_MS);
    const int result = start_http(h);
    if (result != 0)
        return result;
    h->watchdog = watchdog_start(h->http != NULL ? obs_http_socket(h->http) : -1,
                                 config_int(h->config, CFG_worker_stuck_after));
    h->job->begin(h);
    (void)uv_run(&h->loop, UV_RUN_DEFAULT);
    return h->exit_code;
}

void host_started(struct host *h)
{
    h->running = true;
}

static int checked(struct host *h)
{
    (void)config_print_overruled(h->config, stdout);
    (void)printf("configuration and mappings are valid\n");
    h->job->release(h);
    config_free(h->options.config);
    return 0;
}

/* One thread works, librdkafka's come and go: an arena for each would only keep what none of them
 * needs. What a burst took is given back. */
static void keep_memory_small(void)
{
    (void)mallopt(M_ARENA_MAX, 1);
    (void)mallopt(M_TRIM_THRESHOLD, 256 * 1024);
}

int host_run(struct host *h, const struct host_job *job, int argc, char **argv)
{
    h->job = job;
    keep_memory_small();
    host_remember_argv(argv);
    (void)fail_point("start");
    const int exit_code = options_read(argc, argv, job->usage, &h->options);
    if (exit_code >= 0)
        return exit_code;
    if (host_prepare(h) < 0)
        return 78;
    if (h->options.check)
        return checked(h);
    metrics_start();
    const int result = run_loop(h);
    if (job->end != NULL)
        job->end(h);
    log_info(.message = "stopped", .slot = host_slot(h));
    /* What is left belongs to threads that may still be at work (a commit, a look-up); the process
     * ends here, and with it everything. */
    _exit(result);
}
