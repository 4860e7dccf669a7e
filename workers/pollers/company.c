/* Leases, jobs and readings of a company; see company.h. */
#include "company.h"

#include "base/clock.h"
#include "obs/log.h"
#include "obs/metrics.h"

#include <stdlib.h>

enum { RETRY_MIN_MS = 5000, RETRY_MAX_MS = 300000, NOTE_BYTES_MAX = 16 * 1024 };

/* ---- readings ---- */

static void read_in_thread(void *user)
{
    struct company *c = user;
    stock_reading_run(&c->reading);
    (void)uv_async_send(&c->ended);
}

static void begin_reading(struct company_source *s)
{
    struct company *c = s->company;
    struct stock_reading *r = &c->reading;
    c->reading_of = s;
    s->waits = false;
    r->source = s->source;
    r->last = s->last;
    r->token = c->token;
    r->told = s->told;
    atomic_store(&r->stop, 0);
    if (uv_thread_create(&c->thread, read_in_thread, c) != 0)
        abort(); /* as without memory: no state depends on a clean end */
}

static void run_source(void *owner)
{
    struct company_source *s = owner;
    s->waits = s->company->reading_of != NULL;
    if (!s->waits)
        begin_reading(s);
}

static void begin_next(struct company *c)
{
    for (size_t i = 0; i < c->source_count && c->reading_of == NULL; i++)
        if (c->sources[i].waits && c->sources[i].job.is_active)
            begin_reading(&c->sources[i]);
}

static void leave_note(struct company *c)
{
    struct buf note;
    buf_init(&note, NOTE_BYTES_MAX);
    for (size_t i = 0; i < c->source_count; i++)
        if (c->sources[i].last.at_ms > 0)
            stock_note_append(&note, c->sources[i].name, &c->sources[i].last);
    lease_note(&c->lease, note.data);
    buf_release(&note);
}

static void count_bad(const struct bad_rows *bad, const struct bad_rows *told)
{
    const struct pf_error_info *info = pf_error_info(PF_E_stock_row_invalid);
    for (size_t i = 0; i < bad->count; i++)
        if (!bad_rows_has(told, bad->list[i].hash)) {
            metrics_add(METRIC_exceptions, info->name, 1);
            metrics_add(METRIC_owner_exceptions, pf_owner_name(info->owner), 1);
        }
}

static void take_complete(struct company_source *s)
{
    struct company *c = s->company;
    struct stock_reading *r = &c->reading;
    s->last = (struct stock_last){.rows = r->tally.rows,
                                  .at_ms = r->began_ms,
                                  .was_ordered = stock_tally_is_ordered(&r->tally)};
    count_bad(&r->bad, &s->told);
    if (r->bad.count > 0)
        log_warning(.message = "rows of stock cannot be read; the others were published",
                    .key = c->name, .reason = s->name, .count = r->tally.bad,
                    .code = "stock_row_invalid", .owner = "ecommerce");
    bad_rows_release(&s->told);
    s->told = r->bad;
    r->bad = (struct bad_rows){.list = NULL};
    metrics_add(METRIC_stock_rows, c->name, (double)r->tally.rows);
    metrics_observe(METRIC_stock_seconds, "", (double)r->took_ms / 1e3);
    log_info(.message = "stock snapshot published", .key = c->name, .reason = s->name,
             .count = r->tally.rows, .ms = r->took_ms);
    leave_note(c);
}

static void say_failure(const struct company_source *s)
{
    const struct stock_reading *r = &s->company->reading;
    char detail[sizeof r->words + 100];
    (void)snprintf(detail, sizeof detail, "%s%s%s", reading_end_meaning(r->end),
                   r->words[0] != '\0' ? ": " : "", r->words);
    if (r->end == READING_STOPPED || r->end == READING_LEASE)
        log_info(.message = "stock read ended early; nothing was published",
                 .key = s->company->name, .reason = reading_end_name(r->end), .detail = detail);
    else
        log_warning(.message = "stock snapshot refused; nothing was published",
                    .key = s->company->name, .reason = reading_end_name(r->end), .detail = detail,
                    .count = r->tally.rows);
}

/* The thread has ended. */
static void on_ended(uv_async_t *async)
{
    struct company *c = async->data;
    struct company_source *s = c->reading_of;
    const bool is_complete = c->reading.end == READING_COMPLETE;
    (void)uv_thread_join(&c->thread);
    c->reading_of = NULL;
    s->end = c->reading.end;
    s->ended_ms = clock_wall_ms();
    metrics_add(METRIC_stock_reads, reading_end_name(s->end), 1);
    if (is_complete)
        take_complete(s);
    else
        say_failure(s);
    job_done(&s->job, !is_complete);
    begin_next(c);
}

/* ---- the lease ---- */

static void on_taken(void *user, int64_t token, int64_t now_ms, const char *note)
{
    struct company *c = user;
    c->token = token;
    c->taken_ms = now_ms;
    c->clock_ahead_ms = now_ms - clock_wall_ms();
    log_info(.message = "polling this company", .key = c->name);
    status_poller_start(&c->status, token);
    for (size_t i = 0; i < c->source_count; i++) {
        struct company_source *s = &c->sources[i];
        s->last = stock_note_find(note, s->name);
        const int64_t age = now_ms - s->last.at_ms;
        job_start(&s->job, s->last.at_ms > 0 && age >= 0 ? age : -1);
    }
}

static void end_reading(struct company *c)
{
    for (size_t i = 0; i < c->source_count; i++) {
        if (c->sources[i].waits) /* its run never began */
            c->sources[i].job.is_running = false;
        c->sources[i].waits = false;
        job_stop(&c->sources[i].job);
    }
    if (c->reading_of != NULL)
        atomic_store(&c->reading.stop, 1);
    status_poller_stop(&c->status);
}

static void on_lost(void *user)
{
    struct company *c = user;
    c->token = 0;
    log_warning(.message = "lease lost: this poller stops, another one may poll this company",
                .key = c->name);
    end_reading(c);
}

/* ---- life ---- */

static struct plan plan_of(const struct company *c, const struct stock_source *source,
                           const char *name)
{
    const struct config *config = c->host->config;
    char seeded[200];
    const bool is_chosen = source->scope == STOCK_SCOPE_CHOSEN;
    const int64_t every = config_int(config,
                                     is_chosen ? CFG_poller_chosen_every : CFG_stock_poll_every),
                  jitter = config_int(config, CFG_stock_poll_jitter);
    (void)snprintf(seeded, sizeof seeded, "%s/%s/%s", config_text(config, CFG_redis_prefix),
                   c->name, name);
    return (struct plan){.every_ms = every,
                         .jitter_ms = jitter < every ? jitter : every,
                         .retry_min_ms = every / 4 < RETRY_MIN_MS ? every / 4 : RETRY_MIN_MS,
                         .retry_max_ms = RETRY_MAX_MS,
                         .seed = plan_seed(seeded)};
}

int company_init(struct company *c, struct host *host, const struct poller_company *settings,
                 const struct order_rules *rules, struct codec *codec,
                 struct config_message *message)
{
    const struct config *config = host->config;
    *c = (struct company){.host = host,
                          .name = settings->name,
                          .codec = codec,
                          .source_count = settings->source_count};
    (void)snprintf(c->lease_name, sizeof c->lease_name, "poller-%s", settings->name);
    c->sources = calloc(settings->source_count, sizeof *c->sources);
    if (c->sources == NULL)
        abort();
    for (size_t i = 0; i < c->source_count; i++) {
        struct company_source *s = &c->sources[i];
        s->company = c;
        s->source = &settings->sources[i];
        stock_source_name(s->source, s->name);
        s->job = (struct job){.timers = &host->timers,
                              .plan = plan_of(c, s->source, s->name),
                              .run = run_source,
                              .owner = s};
    }
    c->reading.config = config;
    c->reading.codec = codec;
    c->reading.lease = &c->lease;
    c->reading.limits = (struct stock_limits){
        .rows_min_percent = config_int(config, CFG_poller_rows_min_share),
        .bad_max = config_int(config, CFG_poller_bad_rows_max),
        .order_matters = strcmp(config_text(config, CFG_poller_row_order), "any") != 0};
    return status_poller_init(&c->status, host, c->name, c->lease_name, &c->lease, rules, message);
}

void company_start(struct company *c, struct redis *redis)
{
    const struct lease_hooks hooks = {on_taken, on_lost, c};
    (void)uv_async_init(&c->host->loop, &c->ended, on_ended);
    c->ended.data = c;
    status_poller_open(&c->status);
    lease_start(&c->lease, redis, &c->host->timers, config_text(c->host->config, CFG_redis_prefix),
                c->lease_name, NULL, config_int(c->host->config, CFG_poller_lease), &hooks);
}

void company_stop(struct company *c)
{
    end_reading(c);
}

bool company_is_stopped(struct company *c)
{
    if (c->reading_of != NULL || !status_poller_is_stopped(&c->status))
        return false;
    if (!c->lease.is_stopped) {
        lease_stop(&c->lease);
        c->token = 0;
    }
    return lease_is_stopped(&c->lease);
}

int64_t company_age_ms(const struct company *c)
{
    const int64_t now = clock_wall_ms() + c->clock_ahead_ms;
    int64_t oldest = 0;
    if (c->token == 0)
        return -1;
    for (size_t i = 0; i < c->source_count; i++) {
        const struct company_source *s = &c->sources[i];
        const int64_t since = s->last.at_ms > 0 ? s->last.at_ms : c->taken_ms;
        if (s->source->scope != STOCK_SCOPE_CHOSEN && now - since > oldest)
            oldest = now - since;
    }
    return oldest;
}
