/* One fact after the other; see facts.h. */
#include "posting/facts.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "obs/metrics.h"
#include "posting/actions.h"
#include "posting/denial.h"
#include "posting/findings.h"
#include "posting/permit_line.h"
#include "posting/posting.h"

bool facts_create_accounts(const struct worker *w)
{
    const struct fact_source *const *sources = w->posting->fact_sources;
    for (size_t i = 0; sources != NULL && sources[i] != NULL; i++)
        if (sources[i]->kind == FACT_CUSTOMER)
            return true;
    return false;
}

const struct redis_scripts *facts_scripts(const struct worker *w)
{
    const struct fact_source *const *sources = w->posting->fact_sources;
    for (size_t i = 0; sources != NULL && sources[i] != NULL; i++)
        if (sources[i]->scripts != NULL)
            return sources[i]->scripts();
    return NULL;
}

/* ---- what is known ---- */

void facts_look(void *record, struct fact *fact)
{
    struct record *r = record;
    const struct fact_source *const *sources = r->worker->posting->fact_sources;
    for (size_t i = 0; sources != NULL && sources[i] != NULL; i++)
        if (sources[i]->kind == fact->kind && sources[i]->look != NULL && sources[i]->look(r, fact))
            fact->state = FACT_KNOWN;
}

void facts_hear(struct record *r, const struct redis_reply *reply)
{
    const struct fact_source *const *sources = r->worker->posting->fact_sources;
    for (size_t i = 0; sources != NULL && sources[i] != NULL; i++)
        if (sources[i]->hear != NULL)
            sources[i]->hear(r, reply);
}

/* ---- partitions come and go ---- */

void facts_begin(struct worker *w)
{
    const struct fact_source *const *sources = w->posting->fact_sources;
    for (size_t i = 0; sources != NULL && sources[i] != NULL; i++)
        if (sources[i]->begin != NULL)
            sources[i]->begin(w);
}

void facts_assigned(const struct partition *p)
{
    const struct fact_source *const *sources = p->worker->posting->fact_sources;
    for (size_t i = 0; sources != NULL && sources[i] != NULL; i++)
        if (sources[i]->assigned != NULL)
            sources[i]->assigned(p->worker, p);
}

void facts_revoked(const struct partition *p)
{
    const struct fact_source *const *sources = p->worker->posting->fact_sources;
    for (size_t i = 0; sources != NULL && sources[i] != NULL; i++)
        if (sources[i]->revoked != NULL)
            sources[i]->revoked(p->worker, p);
}

/* ---- what is seen from outside ---- */

bool facts_progress(const struct worker *w, struct fact_progress *ret_progress)
{
    const struct fact_source *const *sources = w->posting->fact_sources;
    for (size_t i = 0; sources != NULL && sources[i] != NULL; i++)
        if (sources[i]->progress != NULL) {
            sources[i]->progress(w, ret_progress);
            return true;
        }
    return false;
}

void facts_write_metrics(const struct worker *w)
{
    const struct fact_source *const *sources = w->posting->fact_sources;
    for (size_t i = 0; sources != NULL && sources[i] != NULL; i++)
        if (sources[i]->write_metrics != NULL)
            sources[i]->write_metrics(w);
}

/* ---- one fact after the other ---- */

void facts_next(struct record *r)
{
    r->claim.fact_at++;
    act_find_facts(r);
}

static void begin_again(struct record *r)
{
    act_find_facts(r);
}

static void on_compared(struct record *r, const struct prima_reply *reply)
{
    denial_compared(r, reply);
    facts_wait(r);
}

void facts_wait(struct record *r)
{
    permit_line_give_back(r);
    if (blame_leaves(r)) {
        record_transition(r, TOO_LATE);
        return;
    }
    if (denial_compare(r, on_compared))
        return;
    const int64_t wait = r->timing.wait_ms > 0 ? r->timing.wait_ms : record_backoff(r);
    r->claim.waits_on_world = r->timing.wait_ms > 0 || r->worker->posting->breaker.is_open;
    if (clock_monotonic_ms() > r->timing.deadline_ms && !r->worker->posting->breaker.is_open) {
        record_transition(r, TOO_LATE);
        return;
    }
    record_delay(r, wait, begin_again);
}

void facts_wait_here(struct record *r, int64_t ms)
{
    const struct worker *w = r->worker;
    r->claim.waits_on_world = true;
    if (clock_monotonic_ms() > r->timing.deadline_ms && !w->posting->breaker.is_open &&
        w->posting->permit_line.count == 0) {
        record_transition(r, TOO_LATE);
        return;
    }
    findings_wait(r, ms, begin_again);
}

void act_find_facts(struct record *r)
{
    const struct fact_source *const *sources = r->worker->posting->fact_sources;
    for (size_t i = 0; sources != NULL && sources[i] != NULL; i++)
        if (sources[i]->find(r))
            return;
    r->timing.backoff_ms = 0;
    record_transition(r, FACTS_FOUND);
}
