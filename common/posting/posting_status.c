/* The posting engine seen from outside; see posting_status.h. */
#include "posting/posting_status.h"

#include "base/clock.h"
#include "obs/metrics.h"
#include "posting/facts.h"
#include "posting/posting.h"

/* ---- its records ---- */

/* The record that has been under way for longest, or NULL. */
static const struct record *oldest(const struct worker *w)
{
    const struct record *found = NULL;
    for (const struct partition *p = w->stream->partitions; p != NULL; p = p->next)
        for (const struct record *r = backlog_of(p)->first; r != NULL; r = r->next)
            if (r->state < SETTLED &&
                (found == NULL || r->timing.fetched_ms < found->timing.fetched_ms))
                found = r;
    return found;
}

static int64_t oldest_ms(const struct worker *w)
{
    const struct record *r = oldest(w);
    return r != NULL ? clock_monotonic_ms() - r->timing.fetched_ms : 0;
}

/* Where it came from and how far it is: by its place and key alone, nothing of its content. */
static json_t *oldest_json(const struct worker *w)
{
    const struct record *r = oldest(w);
    if (r == NULL)
        return json_null();
    return json_pack("{s:s, s:i, s:I, s:s?, s:s, s:I, s:I, s:I}", "topic", r->lineage.entry_topic,
                     "partition", (int)r->lineage.entry_partition, "offset",
                     (json_int_t)r->lineage.entry_offset, "key", r->key.natural, "state",
                     life_state_name(r->state), "age_ms",
                     (json_int_t)(clock_wall_ms() - r->lineage.first_seen_ms), "under_way_ms",
                     (json_int_t)oldest_ms(w), "attempts", (json_int_t)r->lineage.attempts);
}

static json_t *states_json(const struct worker *w)
{
    int64_t counts[LIFE_STATES] = {0};
    for (const struct partition *p = w->stream->partitions; p != NULL; p = p->next)
        for (const struct record *r = backlog_of(p)->first; r != NULL; r = r->next)
            counts[r->state]++;
    json_t *states = json_object();
    for (int i = 0; i < COMMITTED; i++)
        (void)json_object_set_new(states, life_state_name((enum life_state)i),
                                  json_integer(counts[i]));
    return states;
}

static json_t *exceptions_json(const struct worker *w)
{
    json_t *exceptions = json_object();
    for (int i = 1; i < PF_OWNER_COUNT; i++)
        (void)json_object_set_new(exceptions, pf_owner_name((enum pf_owner)i),
                                  json_integer(w->posting->exceptions[i]));
    return exceptions;
}

static size_t sending(const struct worker *w)
{
    return w->posting->send_queue.storing + w->posting->send_queue.posting;
}

/* How far the ledger has been read: until it is restored, what it decides waits. */
static json_t *progress_json(const struct fact_progress *p)
{
    return json_pack("{s:I, s:I, s:I, s:I}", "partitions", (json_int_t)p->partitions, "restored",
                     (json_int_t)p->restored, "keys", (json_int_t)p->keys, "behind",
                     (json_int_t)p->behind);
}

void posting_write_status(const struct worker *w, json_t *status)
{
    struct fact_progress progress;
    json_t *its = json_pack(
        "{s:b, s:I, s:I, s:I, s:o, s:o, s:o}", "breaker_open", w->posting->breaker.is_open,
        "sending", (json_int_t)sending(w), "buffered", (json_int_t)w->posting->window.buffered,
        "oldest_in_flight_ms", (json_int_t)oldest_ms(w), "oldest", oldest_json(w), "records",
        states_json(w), "exceptions", exceptions_json(w));
    (void)json_object_update(status, its);
    json_decref(its);
    if (facts_progress(w, &progress))
        (void)json_object_set_new(status, "ledger", progress_json(&progress));
}

/* ---- gauges ---- */

static void refresh_prima(const struct worker *w)
{
    const int64_t now = clock_monotonic_ms();
    metrics_set(METRIC_breaker, "", w->posting->breaker.is_open ? 1 : 0);
    for (enum prima_type type = 0; type < PRIMA_TYPE_COUNT; type++)
        metrics_set(METRIC_prima_failing, prima_type_name(type),
                    (double)recent_failing_ms(&w->posting->recent, type, now) / 1e3);
}

void posting_refresh_gauges(const struct worker *w)
{
    metrics_set(METRIC_sending, "", (double)sending(w));
    metrics_set(METRIC_buffered, "", (double)w->posting->window.buffered);
    metrics_set(METRIC_lane_depth, "", (double)lanes_deepest(&w->posting->lanes));
    metrics_set(METRIC_oldest_in_flight, "", (double)oldest_ms(w) / 1e3);
    refresh_prima(w);
    facts_write_metrics(w);
}
