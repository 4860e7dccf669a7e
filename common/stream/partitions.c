/* Partitions come, are read while there is room, and go: first drained, then given back. */
#include <assert.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "stream/engine.h"
#include "stream/remember.h"
#include "stream/stream.h"

enum { FETCH_MAX = 64, ASK_AGAIN_MS = 5000, ENDS_MS = 5000 };

static struct partition *find(struct worker *w, const struct kafka_place *place)
{
    for (struct partition *p = w->stream->partitions; p != NULL; p = p->next)
        if (p->place.partition == place->partition && strcmp(p->place.topic, place->topic) == 0)
            return p;
    return NULL;
}

/* ---- coming: arrival.c ---- */

/* Where the open incident's end is; a partition that came since has nothing from before. */
static int64_t suspect_below(const struct worker *w, const struct kafka_place *place)
{
    const struct control *c = &w->stream->control;
    for (size_t i = 0; i < c->end_count; i++)
        if (c->ends[i].partition == place->partition && strcmp(c->ends[i].topic, place->topic) == 0)
            return c->ends[i].offset;
    return 0;
}

void partitions_add(struct worker *w, const struct kafka_place *place, bool is_decided,
                    int64_t ground, int64_t remembered, struct kafka_queue *queue)
{
    struct partition *p = calloc(1, sizeof *p);
    if (p == NULL)
        abort();
    *p = (struct partition){.next = w->stream->partitions,
                            .topic = worker_topic(w, place->topic),
                            .place = *place,
                            .queue = queue,
                            .may_have_more = true,
                            .worker = w,
                            .committed = is_decided ? -1 : place->offset,
                            .suspect_below = suspect_below(w, place),
                            .position = place->offset,
                            .end = -1,
                            .ground = ground,
                            .remembered = remembered};
    assert(p->topic != NULL); /* arrival.c takes no other */
    w->stream->partitions = p;
    w->stream->engine->assigned(p);
}

/* ---- going ---- */

/* Looked up while it is being revoked, a partition is there only by the time of the answer. The
 * eager protocol gives everything back at once, whatever the event lists. */
static void mark_going(struct worker *w)
{
    const bool is_all = !kafka_is_cooperative(w->stream->consumer);
    for (struct partition *p = w->stream->partitions; is_all && p != NULL; p = p->next)
        p->going = true;
    for (size_t i = 0; i < w->stream->revoke.count; i++) {
        struct partition *p = find(w, &w->stream->revoke.places[i]);
        if (p != NULL)
            p->going = true;
    }
}

void partitions_revoked(void *user, const struct kafka_place places[], size_t count, bool lost)
{
    struct worker *w = user;
    metrics_add(METRIC_rebalances, lost ? "lost" : "revoked", 1);
    log_info(.message = lost ? "partitions lost" : "partitions revoked", .count = (int64_t)count,
             .slot = w->host.slot);
    free(w->stream->revoke.places);
    w->stream->revoke.places = calloc(count + 1, sizeof *w->stream->revoke.places);
    if (w->stream->revoke.places == NULL)
        abort();
    memcpy(w->stream->revoke.places, places, count * sizeof *places);
    w->stream->revoke.count = count;
    w->stream->revoke.is_lost = lost;
    w->stream->revoke.is_open = true;
    w->stream->revoke.by_ms =
        clock_monotonic_ms() + (lost ? 0 : config_int(w->host.config, CFG_worker_drain_deadline));
    if (w->host.draining && w->host.drain_by_ms < w->stream->revoke.by_ms) /* a part of the drain */
        w->stream->revoke.by_ms = w->host.drain_by_ms;
    mark_going(w);
}

void partitions_overtaken(struct worker *w)
{
    if (!w->stream->revoke.is_open || kafka_is_cooperative(w->stream->consumer) ||
        mutant("revoke_overtaken"))
        return;
    log_info(.message = "the group moved on before its revoke was answered", .slot = w->host.slot,
             .count = (int64_t)w->stream->revoke.count);
    w->stream->revoke.is_open = false;
}

static void drop_partition(struct worker *w, struct partition *p)
{
    struct partition **at = &w->stream->partitions;
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    w->stream->engine->revoked(p);
    kafka_record_free(&p->waiting);
    timers_cancel(&w->host.timers, &p->due);
    kafka_queue_free(p->queue);
    free(p);
}

bool partitions_replaced(struct worker *w)
{
    if (w->stream->partitions == NULL || kafka_is_cooperative(w->stream->consumer))
        return true;
    if (commit_is_busy(w))
        return false;
    log_info(.message = "the group moved on, and nobody took our partitions from us; dropping them",
             .slot = w->host.slot);
    while (w->stream->partitions != NULL)
        drop_partition(w, w->stream->partitions);
    return true;
}

/* Is a record of a going partition waiting for an answer? Those are let finish; what only rests is
 * fetched again by the next owner. */
static bool is_under_way(const struct worker *w)
{
    for (const struct partition *p = w->stream->partitions; p != NULL; p = p->next)
        if (p->going && w->stream->engine->is_under_way(p))
            return true;
    return false;
}

/* What Kafka refuses goes with its partition: whoever has it next tries again. Records come to
 * an end, for none is read any more; an engine's own messages need not, and are not waited for
 * `late`. */
static bool is_committable(const struct worker *w, bool late)
{
    for (const struct partition *p = w->stream->partitions; p != NULL; p = p->next)
        if (p->going && p->refused_until_ms == 0 &&
            (p->committed < 0 || w->stream->engine->look(p).has_settled ||
             partition_has_end_to_commit(p) || (!late && partition_has_output(p))))
            return true;
    return false;
}

void partitions_answer_revoke(struct worker *w)
{
    if (!w->stream->revoke.is_open || commit_is_busy(w) || w->stream->assignment.is_pending)
        return;
    mark_going(w);
    if (!w->stream->revoke.is_lost && kafka_assignment_lost(w->stream->consumer))
        w->stream->revoke.is_lost = true;
    if (!w->stream->revoke.is_lost) {
        const bool late = clock_monotonic_ms() >= w->stream->revoke.by_ms;
        if (is_under_way(w) && !late)
            return;
        if (is_committable(w, late) && w->stream->commit_failures_in_a_row < 3) {
            commit_hurry(w);
            return;
        }
    }
    for (struct partition *p = w->stream->partitions, *next; p != NULL; p = next) {
        next = p->next;
        if (p->going) {
            remember_going(w, p);
            drop_partition(w, p);
        }
    }
    (void)fail_point("revoke.before_answer");
    kafka_unassign(w->stream->consumer, w->stream->revoke.places, w->stream->revoke.count);
    w->stream->revoke.is_open = false;
    w->stream->assignment.joined = w->stream->partitions != NULL;
}

bool partitions_has_settled(const struct worker *w)
{
    for (const struct partition *p = w->stream->partitions; p != NULL; p = p->next)
        if (w->stream->engine->look(p).has_settled)
            return true;
    return false;
}

bool partitions_are_idle(const struct worker *w)
{
    for (const struct partition *p = w->stream->partitions; p != NULL; p = p->next)
        if (!w->stream->engine->is_idle(p) || partition_has_output(p))
            return false;
    return true;
}

/* ---- reading ---- */

static void take(struct partition *p, struct kafka_record raw[], size_t count)
{
    p->position = raw[count - 1].offset + 1;
    p->end = -1;
    metrics_add(METRIC_fetched, p->topic->name, (double)count);
    p->worker->stream->engine->records(p, raw, count);
}

static void due(void *owner)
{
    struct partition *p = owner;
    struct kafka_record raw = kafka_record_move(&p->waiting);
    take(p, &raw, 1);
    p->may_have_more = true;
}

/* A retry topic's record waits at the head until its time: the delay is the topic's, so that
 * nothing behind it is due earlier. */
static bool must_wait(struct partition *p, struct kafka_record *raw)
{
    if (p->topic->role != TOPIC_RETRY)
        return false;
    const int64_t left = raw->timestamp_ms + p->topic->delay_ms - clock_wall_ms();
    if (left <= 0 || raw->timestamp_ms <= 0)
        return false;
    p->waiting = kafka_record_move(raw);
    /* + 1: each clock is cut to whole milliseconds, at a moment of its own, and not a part of one
     * may be missing */
    timers_set(&p->worker->host.timers, &p->due,
               1 + (left < p->topic->delay_ms ? left : p->topic->delay_ms), due, p);
    return true;
}

/* ---- obstacles ---- */

static void note_obstacle(struct partition *p, const struct kafka_fetched *fetched)
{
    if (fetched->obstacle == KAFKA_CLEAR) {
        if (p->obstacle != KAFKA_CLEAR && (fetched->count > 0 || fetched->end >= 0)) {
            log_info(.message = "partition readable again", .topic = p->place.topic,
                     .partition = p->place.partition + 1);
            p->obstacle = KAFKA_CLEAR;
        }
        return;
    }
    metrics_add(METRIC_obstacles, kafka_obstacle_name(fetched->obstacle), 1);
    p->stopped = (fetched->obstacle == KAFKA_OFFSET_GONE && !mutant("offset_gone")) ||
                 (fetched->obstacle == KAFKA_UNREADABLE && !mutant("unreadable"));
    if (p->obstacle == fetched->obstacle)
        return; /* said already */
    p->obstacle = fetched->obstacle;
    p->asked_again_ms = clock_monotonic_ms();
    memcpy(p->obstacle_words, fetched->words, sizeof p->obstacle_words);
    log_warning(.message = "partition unreadable", .reason = kafka_obstacle_name(p->obstacle),
                .detail = p->obstacle_words, .topic = p->place.topic,
                .partition = p->place.partition + 1,
                .remedy =
                    p->obstacle == KAFKA_DENIED
                        ? "give this worker's principal the right to READ that topic; /readyz "
                          "has the command"
                        : NULL);
}

/* What was read before it is committed. Then: an offset that Kafka has not is decided upon where
 * partitions begin, by beginning anew; a batch that cannot be read would be skipped by librdkafka,
 * and is a person's turn. */
static void end_stopped(struct worker *w, struct partition *p)
{
    if (w->stream->engine->look(p).count > 0 || partition_has_output(p) ||
        p->waiting.handle != NULL || p->going || w->host.draining || commit_is_busy(w))
        return;
    if (p->obstacle == KAFKA_OFFSET_GONE)
        host_start_over(&w->host, "offset_gone", p->obstacle_words);
    log_error(.message = "unreadable batch of records; the partition stops there",
              .detail = p->obstacle_words, .topic = p->place.topic,
              .partition = p->place.partition + 1, .slot = w->host.slot,
              .remedy = "see ops/runbook, A batch that cannot be read: restore it from a replica, "
                        "or set the group's offset behind it");
    host_drain(&w->host, 70);
}

void partitions_watch(struct worker *w)
{
    const int64_t now = clock_monotonic_ms();
    bool has_ends = false;
    for (struct partition *p = w->stream->partitions; p != NULL; p = p->next) {
        has_ends |= partition_has_end_to_commit(p);
        if (p->stopped) {
            end_stopped(w, p);
        } else if (p->obstacle != KAFKA_CLEAR && !p->going &&
                   now - p->asked_again_ms >= ASK_AGAIN_MS) {
            p->asked_again_ms = now;
            kafka_ask_again(w->stream->consumer, &p->place,
                            p->waiting.handle != NULL ? p->waiting.offset + 1 : p->position);
        }
    }
    if (has_ends && now - w->stream->ends_said_ms >= ENDS_MS) {
        w->stream->ends_said_ms = now;
        commit_hurry(w);
    }
}

/* ---- taking ---- */

/* One record at a time where a record may have to wait: what was fetched behind it stays in Kafka's
 * queue. */
static void fetch_from(struct partition *p)
{
    struct worker *w = p->worker;
    struct kafka_record records[FETCH_MAX];
    struct kafka_fetched fetched;
    size_t room = w->stream->engine->room(w);
    room = p->topic->role == TOPIC_RETRY || w->host.pauses.bits != 0 ? 1
           : room < FETCH_MAX                                        ? room
                                                                     : FETCH_MAX;
    kafka_fetch(p->queue, records, room, &fetched);
    if (fetched.count > 0 && !must_wait(p, records))
        take(p, records, fetched.count);
    if (fetched.end >= 0) {
        p->position = fetched.end;
        p->end = fetched.end;
    }
    p->may_have_more = fetched.count > 0 || fetched.end >= 0;
    note_obstacle(p, &fetched);
}

void partitions_fetch(struct worker *w)
{
    if (w->host.draining || !w->host.running)
        return;
    bool again = true;
    while (again && w->stream->engine->room(w) > 0) {
        again = false;
        for (struct partition *p = w->stream->partitions;
             p != NULL && w->stream->engine->room(w) > 0; p = p->next)
            if (p->may_have_more && !p->going && !p->stopped && p->waiting.handle == NULL &&
                partition_is_ready(p)) {
                fetch_from(p);
                again |= p->may_have_more;
            }
        if (w->host.over)
            return;
    }
}
