/* What the poller says of itself; see poller.h. */
#include "poller.h"

#include <jansson.h>

#include "base/clock.h"
#include "obs/metrics.h"

static bool redis_is_away(const struct poller *p)
{
    return p->redis == NULL || !redis_is_ready(p->redis);
}

/* Another poller that has a company is as good as this one. */
static bool is_ready(void *user, struct buf *why)
{
    struct poller *p = user;
    if (!p->host.running)
        buf_text(why, "starting\n");
    if (p->host.running && redis_is_away(p))
        buf_printf(why, "waiting for redis: %s\n", wait_meaning(WAIT_redis));
    if (p->host.draining)
        buf_text(why, "draining\n");
    return why->size == 0;
}

static json_t *source_json(const struct company_source *s)
{
    char at[CLOCK_TEXT_MAX], ended[CLOCK_TEXT_MAX];
    return json_pack("{s:s, s:b, s:I, s:s?, s:s?, s:s?, s:I}", "source", s->name, "reading",
                     s->company->reading_of == s, "rows", (json_int_t)s->last.rows,
                     "complete_began_at",
                     s->last.at_ms > 0 ? clock_format(s->last.at_ms, at) : NULL, "last_result",
                     s->ended_ms > 0 ? reading_end_name(s->end) : NULL, "last_ended_at",
                     s->ended_ms > 0 ? clock_format(s->ended_ms, ended) : NULL, "failures_in_a_row",
                     (json_int_t)s->job.state.failures);
}

static json_t *status_json(const struct status_poller *s)
{
    char ended[CLOCK_TEXT_MAX];
    const int64_t late = status_poller_late_ms(s);
    return json_pack("{s:b, s:I, s:o, s:s?, s:s?, s:I}", "caught_up", s->is_caught_up,
                     "open_orders", (json_int_t)s->sums.open, "late_ms",
                     late >= 0 ? json_integer((json_int_t)late) : json_null(), "last_result",
                     s->ended_ms > 0 ? status_end_name(s->end) : NULL, "last_ended_at",
                     s->ended_ms > 0 ? clock_format(s->ended_ms, ended) : NULL, "failures_in_a_row",
                     (json_int_t)s->failures);
}

static json_t *company_json(const struct company *c)
{
    const int64_t age = company_age_ms(c);
    json_t *sources = json_array();
    for (size_t i = 0; i < c->source_count; i++)
        (void)json_array_append_new(sources, source_json(&c->sources[i]));
    return json_pack("{s:s, s:b, s:b, s:I, s:o, s:o, s:o}", "company", c->name, "lease_held",
                     c->token != 0, "lease_elsewhere", c->lease.is_elsewhere, "token",
                     (json_int_t)c->token, "age_ms",
                     age >= 0 ? json_integer((json_int_t)age) : json_null(), "sources", sources,
                     "status", status_json(&c->status));
}

static void write_status(void *user, struct buf *out)
{
    struct poller *p = user;
    struct buf why;
    char at[CLOCK_TEXT_MAX];
    json_t *companies = json_array();
    buf_init(&why, 4096);
    for (size_t i = 0; i < p->company_count; i++)
        (void)json_array_append_new(companies, company_json(&p->companies[i]));
    json_t *status =
        json_pack("{s:s, s:s, s:s, s:b, s:b, s:b, s:o}", "program", "poller", "version", PF_VERSION,
                  "started_at", clock_format(p->host.started_ms, at), "running", p->host.running,
                  "ready", is_ready(p, &why), "draining", p->host.draining, "companies", companies);
    char *text = json_dumps(status, JSON_INDENT(1));
    buf_text(out, text != NULL ? text : "{}");
    buf_text(out, "\n");
    free(text);
    json_decref(status);
    buf_release(&why);
}

static void refresh_gauges(void *user)
{
    struct poller *p = user;
    struct buf why;
    buf_init(&why, 4096);
    metrics_set(METRIC_ready, "", is_ready(p, &why) ? 1 : 0);
    buf_release(&why);
    metrics_set(METRIC_waiting, wait_name(WAIT_redis), redis_is_away(p) ? 1 : 0);
    for (size_t i = 0; i < p->company_count; i++) {
        const struct company *c = &p->companies[i];
        const int64_t age = company_age_ms(c);
        metrics_set(METRIC_lease_held, c->lease_name, c->token != 0 ? 1 : 0);
        const int64_t late = status_poller_late_ms(&c->status);
        if (late >= 0) {
            metrics_set(METRIC_status_open, c->name, (double)c->status.sums.open);
            metrics_set(METRIC_status_late, c->name, (double)late / 1e3);
        } else {
            metrics_unset(METRIC_status_open, c->name);
            metrics_unset(METRIC_status_late, c->name);
        }
        if (age >= 0)
            metrics_set(METRIC_stock_age, c->name, (double)age / 1e3);
        else
            metrics_unset(METRIC_stock_age, c->name);
    }
}

void poller_status_install(struct poller *p, struct obs_answers *answers)
{
    *answers = (struct obs_answers){.live = host_is_live,
                                    .ready = is_ready,
                                    .status = write_status,
                                    .before_metrics = refresh_gauges,
                                    .user = p};
}
