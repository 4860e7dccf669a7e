/* What /livez, /readyz, /status and the gauges of /metrics say. */
#include "worker/status.h"

#include <jansson.h>

#include "base/clock.h"
#include "obs/metrics.h"
#include "posting/facts.h"

/* ---- what it waits for ---- */

/* The first partition that Kafka gives errors for instead of records, but for denials (rights.h);
 * NULL: none. */
static const struct partition *first_unread(const struct worker *w)
{
    const struct partition *p = w->stream->partitions;
    while (p != NULL && (p->obstacle == KAFKA_CLEAR || p->obstacle == KAFKA_DENIED))
        p = p->next;
    return p;
}

/* What stands between us and our topics, in Kafka's words or a topic's name; NULL: nothing. */
static const char *topic_trouble(const struct worker *w)
{
    const struct partition *unread = first_unread(w);
    return w->stream->missing_topic != NULL               ? w->stream->missing_topic
           : w->stream->membership.topic_words[0] != '\0' ? w->stream->membership.topic_words
           : unread != NULL                               ? unread->obstacle_words
                                                          : NULL;
}

/* One at a time while it starts, several when it runs. */
static bool waits_for(const struct worker *w, const struct wait_seen *starting, enum wait wait)
{
    static const enum wait of_pause[] = {
        [PAUSE_PRIMA] = WAIT_prima, [PAUSE_DENIED] = WAIT_credentials,
        [PAUSE_REDIS] = WAIT_redis, [PAUSE_REGISTRY] = WAIT_registry,
        [PAUSE_KAFKA] = WAIT_kafka, [PAUSE_RIGHTS] = WAIT_rights};
    if (!w->host.running)
        return starting->wait == wait;
    for (size_t i = 0; i < sizeof of_pause / sizeof *of_pause; i++)
        if (of_pause[i] == wait && w->host.pauses.bits & 1u << i)
            return true;
    if (wait == WAIT_topic)
        return topic_trouble(w) != NULL;
    if (wait == WAIT_rights)
        return rights_any(w);
    return wait == WAIT_group &&
           (!w->stream->assignment.joined || w->stream->membership.words[0] != '\0') &&
           !(w->host.pauses.bits & 1u << PAUSE_KAFKA) &&
           w->stream->rights.words[RIGHTS_OF_GROUP][0] == '\0' && !w->host.draining;
}

enum { DETAIL_MAX = 8 * KAFKA_TEXT_MAX };

/* In a library's words, or a topic's name; "": nothing more is known. `room` may hold it. */
static const char *wait_detail(const struct worker *w, const struct wait_seen *starting,
                               enum wait wait, struct buf *room)
{
    buf_clear(room);
    if (wait == WAIT_rights && w->host.running)
        rights_write(w, room);
    const char *detail = !w->host.running     ? starting->detail
                         : room->size > 0     ? room->data
                         : wait == WAIT_kafka ? w->host.pauses.kafka_trouble
                         : wait == WAIT_prima ? w->host.pauses.prima_trouble
                         : wait == WAIT_topic ? topic_trouble(w)
                         : wait == WAIT_group ? w->stream->membership.words
                                              : "";
    return detail != NULL ? detail : "";
}

static bool is_ready(void *user, struct buf *why)
{
    struct worker *w = user;
    struct wait_seen starting;
    struct buf room;
    buf_init(&room, DETAIL_MAX);
    waits_look(&w->host.waits, &starting);
    if (!w->host.running)
        buf_text(why, "starting\n");
    for (enum wait i = 0; i < WAITS; i++) {
        if (!waits_for(w, &starting, i))
            continue;
        const char *detail = wait_detail(w, &starting, i, &room);
        buf_printf(why, "waiting for %s: %s%s%s\n", wait_name(i), wait_meaning(i),
                   detail[0] != '\0' ? ": " : "", detail);
    }
    buf_release(&room);
    if (w->host.draining)
        buf_text(why, "draining\n");
    for (int i = 0; i < PAUSE_REASONS; i++)
        if (w->host.pauses.bits & 1u << i)
            buf_printf(why, "%s\n", pause_reason_name((enum pause_reason)i));
    if (w->stream->membership.words[0] != '\0')
        buf_printf(why, "no partitions: %s\n", w->stream->membership.words);
    for (const struct partition *p = w->stream->partitions; p != NULL; p = p->next)
        if (p->obstacle != KAFKA_CLEAR)
            buf_printf(why, "%s/%d cannot be read: %s\n", p->place.topic, p->place.partition,
                       kafka_obstacle_name(p->obstacle));
    return why->size == 0;
}

static bool is_ready_now(struct worker *w)
{
    struct buf why;
    buf_init(&why, 2 * DETAIL_MAX);
    const bool ready = is_ready(w, &why);
    buf_release(&why);
    return ready;
}

static json_t *waits_json(struct worker *w)
{
    struct wait_seen starting;
    struct buf room;
    buf_init(&room, DETAIL_MAX);
    waits_look(&w->host.waits, &starting);
    json_t *list = json_array();
    for (enum wait i = 0; i < WAITS; i++)
        if (waits_for(w, &starting, i))
            (void)json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "for", wait_name(i),
                                                        "meaning", wait_meaning(i), "detail",
                                                        wait_detail(w, &starting, i, &room)));
    buf_release(&room);
    return list;
}

/* ---- what it has ---- */

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

/* -1: not known. While Kafka does not answer what was heard last is old: more may have come. */
static int64_t lag_of(const struct worker *w, const struct partition *p)
{
    return w->host.pauses.bits & 1u << PAUSE_KAFKA
               ? -1
               : kafka_lag(w->stream->consumer, &p->place, p->position);
}

static json_t *number_or_null(int64_t number)
{
    return number >= 0 ? json_integer((json_int_t)number) : json_null();
}

static json_t *partitions_json(const struct worker *w)
{
    json_t *list = json_array();
    for (const struct partition *p = w->stream->partitions; p != NULL; p = p->next)
        (void)json_array_append_new(
            list,
            json_pack("{s:s, s:i, s:I, s:I, s:o, s:I}", "topic", p->place.topic, "partition",
                      (int)p->place.partition, "committed", (json_int_t)p->committed, "position",
                      (json_int_t)p->position, "lag", number_or_null(lag_of(w, p)), "uncommitted",
                      (json_int_t)w->stream->engine->look(p).count));
    return list;
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

/* How far the ledger has been read: until it is restored, what it decides waits. */
static json_t *progress_json(const struct fact_progress *p)
{
    return json_pack("{s:I, s:I, s:I, s:I}", "partitions", (json_int_t)p->partitions, "restored",
                     (json_int_t)p->restored, "keys", (json_int_t)p->keys, "behind",
                     (json_int_t)p->behind);
}

static void write_status(void *user, struct buf *out)
{
    struct worker *w = user;
    const struct keyspace nothing_yet = {
        .marker = ""}; /* until it runs, these are start-up's, in the pool */
    const struct keyspace *keys = w->host.running ? &w->keys : &nothing_yet;
    char at[CLOCK_TEXT_MAX];
    const size_t sending = w->posting->send_queue.storing + w->posting->send_queue.posting;
    json_t *paused = json_array(), *exceptions = json_object();
    for (int i = 0; i < PAUSE_REASONS; i++)
        if (w->host.pauses.bits & 1u << i)
            (void)json_array_append_new(paused,
                                        json_string(pause_reason_name((enum pause_reason)i)));
    for (int i = 1; i < PF_OWNER_COUNT; i++)
        (void)json_object_set_new(exceptions, pf_owner_name((enum pf_owner)i),
                                  json_integer(w->posting->exceptions[i]));
    json_t *status = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:o, s:b, s:b, s:b, s:b, s:o, s:I, s:I, s:I, "
        "s:I, s:I, s:I, s:o, s:o, s:o, s:o}",
        "program", w->flow->name, "version", PF_VERSION, "group", w->stream->group, "slot",
        w->host.slot, "started_at", clock_format(w->host.started_ms, at), "incident", keys->marker,
        "running", w->host.running, "ready", is_ready_now(w), "waiting", waits_json(w), "draining",
        w->host.draining, "suspect", w->host.running && w->stream->trust.is_suspect, "shadow",
        w->shadow, "breaker_open", w->posting->breaker.is_open, "paused", paused, "in_flight",
        (json_int_t)w->posting->ready.in_flight, "sending", (json_int_t)sending, "buffered",
        (json_int_t)w->posting->window.buffered, "fence", (json_int_t)keys->fence, "slot_epoch",
        (json_int_t)keys->slot_epoch, "oldest_in_flight_ms", (json_int_t)oldest_ms(w), "oldest",
        oldest_json(w), "records", states_json(w), "exceptions", exceptions, "partitions",
        w->host.running ? partitions_json(w) : json_array());
    struct fact_progress progress;
    if (facts_progress(w, &progress))
        (void)json_object_set_new(status, "ledger", progress_json(&progress));
    char *text = json_dumps(status, JSON_INDENT(1));
    buf_text(out, text != NULL ? text : "{}");
    buf_text(out, "\n");
    free(text);
    json_decref(status);
}

static void refresh_waits(struct worker *w)
{
    struct wait_seen starting;
    waits_look(&w->host.waits, &starting);
    metrics_set(METRIC_ready, "", is_ready_now(w) ? 1 : 0);
    for (enum wait i = 0; i < WAITS; i++)
        metrics_set(METRIC_waiting, wait_name(i), waits_for(w, &starting, i) ? 1 : 0);
}

/* A record that waits in a retry topic for its time is no work that is left undone: the first of a
 * partition is at hand when nothing behind it is due, either. */
static void refresh_topic(const struct worker *w, const struct input_topic *topic)
{
    int64_t lag = 0, due = 0, known = 0, unknown = 0;
    for (const struct partition *p = w->stream->partitions; p != NULL; p = p->next) {
        if (p->topic != topic)
            continue;
        const int64_t behind = lag_of(w, p);
        known += behind >= 0;
        unknown += behind < 0;
        lag += behind >= 0 ? behind + (int64_t)w->stream->engine->look(p).count : 0;
        due += behind >= 0 ? (p->waiting.handle == NULL ? behind : 0) +
                                 (int64_t)w->stream->engine->look(p).count
                           : 0;
    }
    metrics_set(METRIC_assigned, topic->name, (double)(known + unknown));
    metrics_set(METRIC_lag_unknown, topic->name, (double)unknown);
    if (topic->partitions > 0)
        metrics_set(METRIC_topic_partitions, topic->name, (double)topic->partitions);
    else
        metrics_unset(METRIC_topic_partitions, topic->name);
    if (known > 0 && (unknown == 0 || lag > 0)) { /* 0 is said when it is known of all */
        metrics_set(METRIC_lag, topic->name, (double)lag);
        metrics_set(METRIC_due, topic->name, (double)due);
    } else {
        metrics_unset(METRIC_lag, topic->name);
        metrics_unset(METRIC_due, topic->name);
    }
}

static void refresh_prima(const struct worker *w)
{
    const int64_t now = clock_monotonic_ms();
    metrics_set(METRIC_breaker, "", w->posting->breaker.is_open ? 1 : 0);
    for (enum prima_type type = 0; type < PRIMA_TYPE_COUNT; type++)
        metrics_set(METRIC_prima_failing, prima_type_name(type),
                    (double)recent_failing_ms(&w->posting->recent, type, now) / 1e3);
}

static void refresh_gauges(void *user)
{
    struct worker *w = user;
    metrics_set(METRIC_in_flight, "", (double)w->posting->ready.in_flight);
    metrics_set(METRIC_sending, "",
                (double)(w->posting->send_queue.storing + w->posting->send_queue.posting));
    metrics_set(METRIC_buffered, "", (double)w->posting->window.buffered);
    metrics_set(METRIC_lane_depth, "", (double)lanes_deepest(&w->posting->lanes));
    metrics_set(METRIC_oldest_in_flight, "", (double)oldest_ms(w) / 1e3);
    refresh_prima(w);
    metrics_set(METRIC_shadow, "", w->shadow ? 1 : 0);
    metrics_set(METRIC_suspect, "", w->host.running && w->stream->trust.is_suspect ? 1 : 0);
    for (int i = 0; i < PAUSE_REASONS; i++)
        metrics_set(METRIC_paused, pause_reason_name((enum pause_reason)i),
                    w->host.pauses.bits & 1u << i ? 1 : 0);
    size_t unread = 0;
    for (const struct partition *p = w->stream->partitions; p != NULL; p = p->next)
        unread += p->obstacle != KAFKA_CLEAR;
    metrics_set(METRIC_unread, "", (double)unread);
    refresh_waits(w);
    for (size_t t = 0; t < w->stream->inputs.count && w->host.running; t++)
        refresh_topic(w, &w->stream->inputs.list[t]);
    facts_write_metrics(w);
}

void status_install(struct worker *w, struct obs_answers *answers)
{
    *answers = (struct obs_answers){.live = host_is_live,
                                    .ready = is_ready,
                                    .status = write_status,
                                    .before_metrics = refresh_gauges,
                                    .user = w};
}
