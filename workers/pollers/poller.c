/* The job in its host; see poller.h. */
#include "poller.h"

#include "obs/log.h"
#include "obs/metrics.h"
#include "prima/client.h"
#include "schedule/schedule_calls.h"

#include <errno.h>
#include <stdlib.h>

enum { REDIS_TIMEOUT_MS = 2000 };

/* ---- Redis ---- */

static bool on_redis_server(void *user, const struct redis_server *server)
{
    struct poller *p = user;
    (void)server;
    pauses_end(&p->host.pauses, PAUSE_REDIS);
    return true;
}

static void on_redis_answer(void *user, const struct redis_script *script, int64_t took_ms)
{
    (void)user;
    metrics_add(METRIC_redis_commands, script != NULL ? script->name : "command", 1);
    metrics_observe(METRIC_redis_seconds, "", (double)took_ms / 1e3);
}

static void on_redis_lost(void *user, const char *reason)
{
    struct poller *p = user;
    pauses_hear_of_redis(&p->host.pauses, reason);
}

/* ---- start ---- */

static int check_prima(struct host *h, struct config_message *ret_message)
{
    struct prima_client *prima = NULL;
    const int result = prima_client_new(&h->loop, h->config, &prima, ret_message);
    prima_client_free(prima);
    (void)uv_run(&h->loop, UV_RUN_NOWAIT);
    return result;
}

/* A codec is its thread's alone: each company has one. */
static int open_codec(const struct config *config, struct codec **ret_codec,
                      struct config_message *ret_message)
{
    static const struct codec_limits limits = {1 << 20, 100000, 64};
    char text[300] = "";
    int result = codec_open(config_text(config, CFG_schema_folder),
                            config_text(config, CFG_schema_registry_url), limits, ret_codec, text);
    if (result == 0)
        result = codec_check(*ret_codec, &stock_event_record, text);
    if (result < 0)
        (void)snprintf(ret_message->text, sizeof ret_message->text, "%s", text);
    return result;
}

static int poller_prepare(struct host *h, struct config_message *ret_message)
{
    struct poller *p = poller_of(h);
    int result = poller_settings_load(h->config, &p->settings, ret_message);
    if (result == 0)
        result = check_prima(h, ret_message);
    if (result < 0)
        return result;
    p->companies = calloc(p->settings.company_count, sizeof *p->companies);
    if (p->companies == NULL)
        abort();
    for (size_t i = 0; i < p->settings.company_count && result == 0; i++) {
        struct codec *codec = NULL;
        result = open_codec(h->config, &codec, ret_message);
        if (result == 0)
            result = company_init(&p->companies[p->company_count++], h, &p->settings.companies[i],
                                  p->settings.rules, codec, ret_message);
    }
    return result;
}

static void poller_release(struct host *h)
{
    struct poller *p = poller_of(h);
    for (size_t i = 0; i < p->company_count; i++) {
        status_poller_release(&p->companies[i].status);
        codec_close(p->companies[i].codec);
        free(p->companies[i].sources);
    }
    free(p->companies);
    poller_settings_release(&p->settings);
}

static void poller_answers(struct host *h, struct obs_answers *ret_answers)
{
    poller_status_install(poller_of(h), ret_answers);
}

static void poller_begin(struct host *h)
{
    struct poller *p = poller_of(h);
    const struct redis_hooks hooks = {on_redis_server, on_redis_answer, on_redis_lost, p};
    char message[300];
    if (redis_new(&h->loop, config_text(h->config, CFG_redis_url), schedule_scripts(),
                  REDIS_TIMEOUT_MS, &hooks, &p->redis, message) < 0) {
        host_fail(h, 78, "cannot use redis.url", message, "correct it");
        return;
    }
    for (size_t i = 0; i < p->company_count; i++)
        company_start(&p->companies[i], p->redis);
    host_started(h);
    log_info(.message = "running", .count = (int64_t)p->company_count,
             .detail = "count is the number of companies");
}

/* ---- the end ---- */

/* New mappings may have other companies and depots: begun anew, once they are known to be good. */
static void poller_reload(struct host *h)
{
    struct poller_settings settings;
    struct config_message message = {""};
    const int result = poller_settings_load(h->config, &settings, &message);
    poller_settings_release(&settings);
    if (result < 0)
        log_error(.message = "mappings not reloaded; the old ones stay", .detail = message.text);
    else
        host_start_over(h, "reload", NULL);
}

static int64_t poller_in_hand(const struct host *h)
{
    const struct poller *p = (const struct poller *)(const void *)h;
    int64_t readings = 0;
    for (size_t i = 0; i < p->company_count; i++)
        readings += (p->companies[i].reading_of != NULL) + p->companies[i].status.is_running;
    return readings;
}

static void poller_drain(struct host *h)
{
    struct poller *p = poller_of(h);
    for (size_t i = 0; i < p->company_count; i++)
        company_stop(&p->companies[i]);
}

/* `late`: who cannot reach Redis leaves its leases to their end. */
static bool poller_is_drained(struct host *h, bool late)
{
    struct poller *p = poller_of(h);
    bool is_drained = true;
    for (size_t i = 0; i < p->company_count; i++)
        is_drained &= company_is_stopped(&p->companies[i]);
    return is_drained || late;
}

int poller_main(int argc, char **argv)
{
    static struct poller poller; /* threads may look at it until the process ends */
    static const struct host_job job = {
        .name = "poller",
        .usage = "Reads what Prima has of each product, per company and depot, and publishes it as "
                 "complete snapshots\nto stock.snapshots; asks how far open orders are, and "
                 "publishes each change to orders.status.\nSeveral may run: one at a time asks for "
                 "a company, another one takes over when it ends.",
        .prepare = poller_prepare,
        .release = poller_release,
        .answers = poller_answers,
        .begin = poller_begin,
        .reload = poller_reload,
        .in_hand = poller_in_hand,
        .drain = poller_drain,
        .is_drained = poller_is_drained};
    return host_run(&poller.host, &job, argc, argv);
}
