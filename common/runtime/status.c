/* What /livez, /readyz, /status and the gauges of /metrics say. */
#include <jansson.h>

#include "base/clock.h"
#include "obs/metrics.h"
#include "runtime/worker.h"

static const char *const reasons[] = {[PAUSE_PRIMA] = "prima_unavailable",
                                      [PAUSE_DENIED] = "prima_denied",
                                      [PAUSE_REDIS] = "redis_unavailable",
                                      [PAUSE_REGISTRY] = "registry_unavailable"};

const char *pause_reason_name(enum pause_reason reason)
{
    return reasons[reason];
}

/* Answered by the loop itself: that it answers is the best part of the answer. A loop that stood still for long says so once it is back. */
static bool is_live(void *user, struct buf *why)
{
    const struct worker *w = user;
    const int64_t still = clock_monotonic_ms() - w->last_tick_ms;
    if (still <= config_int(w->config, CFG_worker_stuck_after))
        return true;
    buf_printf(why, "the loop stood still for %lld ms\n", (long long)still);
    return false;
}

static bool is_ready(void *user, struct buf *why)
{
    const struct worker *w = user;
    if (!w->running)
        buf_text(why, "starting\n");
    if (w->draining)
        buf_text(why, "draining\n");
    for (int i = 0; i < PAUSE_REASONS; i++)
        if (w->paused & 1u << i)
            buf_printf(why, "%s\n", reasons[i]);
    return why->size == 0;
}

/* The record that has been under way for longest, or NULL. */
static const struct record *oldest(const struct worker *w)
{
    const struct record *found = NULL;
    for (const struct partition *p = w->partitions; p != NULL; p = p->next)
        for (const struct record *r = p->first; r != NULL; r = r->next)
            if (r->state < SETTLED && (found == NULL || r->first_seen_ms < found->first_seen_ms))
                found = r;
    return found;
}

static int64_t oldest_ms(const struct worker *w)
{
    const struct record *r = oldest(w);
    const int64_t age = r != NULL ? clock_wall_ms() - r->first_seen_ms : 0;
    return age > 0 ? age : 0;
}

/* Where it came from and how far it is: by its place and key alone, nothing of its content. */
static json_t *oldest_json(const struct worker *w)
{
    const struct record *r = oldest(w);
    if (r == NULL)
        return json_null();
    return json_pack("{s:s, s:i, s:I, s:s?, s:s, s:I, s:I}", "topic", r->entry_topic, "partition", (int)r->entry_partition, "offset",
                     (json_int_t)r->entry_offset, "key", r->key.natural, "state", life_state_name(r->state), "age_ms",
                     (json_int_t)(clock_wall_ms() - r->first_seen_ms), "attempts", (json_int_t)r->attempts);
}

static json_t *partitions_json(const struct worker *w)
{
    json_t *list = json_array();
    for (const struct partition *p = w->partitions; p != NULL; p = p->next)
        (void)json_array_append_new(
            list, json_pack("{s:s, s:i, s:I, s:I, s:I, s:I}", "topic", p->place.topic, "partition", (int)p->place.partition, "committed",
                            (json_int_t)p->committed, "position", (json_int_t)p->position, "lag",
                            (json_int_t)kafka_lag(w->consumer, &p->place, p->position), "uncommitted", (json_int_t)p->count));
    return list;
}

static json_t *states_json(const struct worker *w)
{
    int64_t counts[LIFE_STATES] = {0};
    for (const struct partition *p = w->partitions; p != NULL; p = p->next)
        for (const struct record *r = p->first; r != NULL; r = r->next)
            counts[r->state]++;
    json_t *states = json_object();
    for (int i = 0; i < COMMITTED; i++)
        (void)json_object_set_new(states, life_state_name((enum life_state)i), json_integer(counts[i]));
    return states;
}

static void write_status(void *user, struct buf *out)
{
    const struct worker *w = user;
    const struct keyspace nothing_yet = {.marker = ""}; /* until it runs, these are start-up's, in the pool */
    const struct keyspace *keys = w->running ? &w->keys : &nothing_yet;
    char at[CLOCK_TEXT_MAX];
    const size_t sending = w->storing + w->posting;
    json_t *paused = json_array(), *exceptions = json_object();
    for (int i = 0; i < PAUSE_REASONS; i++)
        if (w->paused & 1u << i)
            (void)json_array_append_new(paused, json_string(reasons[i]));
    for (int i = 1; i < PF_OWNER_COUNT; i++)
        (void)json_object_set_new(exceptions, pf_owner_name((enum pf_owner)i), json_integer(w->open_exceptions[i]));
    json_t *status = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:b, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "program",
        w->flow->name, "version", PF_VERSION, "group", w->group, "slot", w->slot, "started_at", clock_format(w->started_ms, at), "incident",
        keys->marker, "running", w->running, "draining", w->draining, "suspect", w->running && w->suspect, "shadow", w->shadow,
        "breaker_open", w->breaker.is_open, "paused", paused, "in_flight", (json_int_t)w->in_flight, "sending", (json_int_t)sending,
        "buffered", (json_int_t)w->buffered, "fence", (json_int_t)keys->fence, "slot_epoch", (json_int_t)keys->slot_epoch,
        "oldest_in_flight_ms", (json_int_t)oldest_ms(w), "oldest", oldest_json(w), "records", states_json(w), "exceptions", exceptions,
        "partitions", w->running ? partitions_json(w) : json_array());
    char *text = json_dumps(status, JSON_INDENT(1));
    buf_text(out, text != NULL ? text : "{}");
    buf_text(out, "\n");
    free(text);
    json_decref(status);
}

static void refresh_gauges(void *user)
{
    struct worker *w = user;
    metrics_set(METRIC_in_flight, "", (double)w->in_flight);
    metrics_set(METRIC_sending, "", (double)(w->storing + w->posting));
    metrics_set(METRIC_buffered, "", (double)w->buffered);
    metrics_set(METRIC_lane_depth, "", (double)lanes_deepest(&w->lanes));
    metrics_set(METRIC_oldest_in_flight, "", (double)oldest_ms(w) / 1e3);
    metrics_set(METRIC_breaker, "", w->breaker.is_open ? 1 : 0);
    metrics_set(METRIC_shadow, "", w->shadow ? 1 : 0);
    metrics_set(METRIC_suspect, "", w->running && w->suspect ? 1 : 0);
    for (int i = 0; i < PAUSE_REASONS; i++)
        metrics_set(METRIC_paused, reasons[i], w->paused & 1u << i ? 1 : 0);
    for (int i = 1; i < PF_OWNER_COUNT; i++)
        metrics_set(METRIC_open_exceptions, pf_owner_name((enum pf_owner)i), w->open_exceptions[i]);
    for (size_t t = 0; t < w->topic_count && w->running; t++) {
        int64_t lag = 0;
        for (const struct partition *p = w->partitions; p != NULL; p = p->next)
            if (p->topic == &w->topics[t])
                lag += kafka_lag(w->consumer, &p->place, p->position) + (int64_t)p->count;
        metrics_set(METRIC_lag, w->topics[t].name, (double)lag);
    }
}

void status_install(struct worker *w, struct obs_answers *answers)
{
    *answers =
        (struct obs_answers){.live = is_live, .ready = is_ready, .status = write_status, .before_metrics = refresh_gauges, .user = w};
}
