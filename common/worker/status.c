/* What /livez, /readyz, /status and the gauges of /metrics say. */
#include "worker/status.h"

#include <jansson.h>

#include "base/clock.h"
#include "obs/metrics.h"

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
        [PAUSE_KAFKA] = WAIT_kafka, [PAUSE_RIGHTS] = WAIT_rights,
        [PAUSE_SURGE] = WAIT_surge};
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

static json_t *paused_json(const struct worker *w)
{
    json_t *paused = json_array();
    for (int i = 0; i < PAUSE_REASONS; i++)
        if (w->host.pauses.bits & 1u << i)
            (void)json_array_append_new(paused,
                                        json_string(pause_reason_name((enum pause_reason)i)));
    return paused;
}

static void write_status(void *user, struct buf *out)
{
    struct worker *w = user;
    const struct keyspace nothing_yet = {
        .marker = ""}; /* until it runs, these are start-up's, in the pool */
    const struct keyspace *keys = w->host.running ? &w->keys : &nothing_yet;
    char at[CLOCK_TEXT_MAX];
    json_t *status = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:o, s:b, s:b, s:b, s:o, s:I, s:I, s:I}",
        "program", w->flow->name, "version", PF_VERSION, "group", w->stream->group, "slot",
        w->host.slot, "started_at", clock_format(w->host.started_ms, at), "incident", keys->marker,
        "running", w->host.running, "ready", is_ready_now(w), "waiting", waits_json(w), "draining",
        w->host.draining, "suspect", w->host.running && w->stream->trust.is_suspect, "shadow",
        w->shadow, "paused", paused_json(w), "fence", (json_int_t)keys->fence, "slot_epoch",
        (json_int_t)keys->slot_epoch, "in_flight", (json_int_t)w->stream->engine->in_flight(w));
    if (w->engine.write_status != NULL)
        w->engine.write_status(w, status);
    (void)json_object_set_new(status, "partitions",
                              w->host.running ? partitions_json(w) : json_array());
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

static void refresh_gauges(void *user)
{
    struct worker *w = user;
    metrics_set(METRIC_in_flight, "", (double)w->stream->engine->in_flight(w));
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
    if (w->engine.refresh_gauges != NULL)
        w->engine.refresh_gauges(w);
}

void status_install(struct worker *w, struct obs_answers *answers)
{
    *answers = (struct obs_answers){.live = host_is_live,
                                    .ready = is_ready,
                                    .status = write_status,
                                    .before_metrics = refresh_gauges,
                                    .user = w};
}
