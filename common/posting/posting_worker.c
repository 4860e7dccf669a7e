/* Start, end and what is seen of workers that post; see posting_worker.h. */
#include "posting/posting_worker.h"

#include "posting/days_left.h"
#include "posting/facts.h"
#include "posting/posting.h"
#include "posting/posting_status.h"
#include "posting/settings.h"
#include "posting/transitions.h"
#include "posting/surge_watch.h"

enum { MESSAGE_MAX = 4 << 20 };

static int prepare(struct worker *w, struct config_message *ret_message)
{
    struct posting *p = w->posting = w->engine_state;
    p->fact_sources = w->engine.with;
    record_state_use(&transitions);
    buf_init(&p->message, MESSAGE_MAX);
    int result = w->flow->rules_load(w->host.config, &p->rules, ret_message);
    if (result == 0)
        result = prima_names_read(w->host.config, &p->names, ret_message);
    if (result == 0)
        result = prima_client_new(&w->host.loop, w->host.config, &p->prima, ret_message);
    if (result == 0)
        result = settings_read(w, ret_message);
    return result;
}

static void release(struct worker *w)
{
    struct posting *p = w->posting;
    prima_client_free(p->prima);
    former_release(w);
    (void)uv_run(&w->host.loop, UV_RUN_NOWAIT);
    w->flow->rules_free(p->rules);
    buf_release(&p->message);
}

static void begin(struct worker *w)
{
    struct posting *p = w->posting;
    ready_init(&p->ready);
    p->send_queue.last = &p->send_queue.first;
    lanes_init(&p->lanes);
    breaker_init(&p->breaker, w->shadow ? w->flow->asks : w->flow->writes,
                 (size_t)config_int(w->host.config, CFG_breaker_keys),
                 config_int(w->host.config, CFG_breaker_probe_interval));
    recent_init(&p->recent, p->retry_delay_max_ms + p->settle_deadline_ms +
                                w->times.window_ms); /* a try, and the longest wait for it */
    surge_begin(w);
    facts_begin(w);
    days_left_begin(w);
}

struct worker_engine posting_worker(const struct fact_source *const sources[])
{
    return (struct worker_engine){.engine = &posting_engine,
                                  .state_size = sizeof(struct posting),
                                  .with = sources,
                                  .scripts = facts_scripts,
                                  .prepare = prepare,
                                  .release = release,
                                  .begin = begin,
                                  .write_status = posting_write_status,
                                  .refresh_gauges = posting_refresh_gauges};
}
