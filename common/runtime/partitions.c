/* Partitions come, are read while there is room, and go: first drained, then given back. */
#include <assert.h>
#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "runtime/decode.h"
#include "runtime/worker.h"

enum { FETCH_MAX = 64, AGAIN_MS = 500, BUFFERED_BYTES_MAX = 64 << 20, BEHIND = 4, HELD_BACK = 12 };

static const struct input_topic *topic_of(const struct worker *w, const char *name)
{
    for (size_t i = 0; i < w->topic_count; i++)
        if (strcmp(w->topics[i].name, name) == 0)
            return &w->topics[i];
    return NULL;
}

static struct partition *find(struct worker *w, const struct kafka_place *place)
{
    for (struct partition *p = w->partitions; p != NULL; p = p->next)
        if (p->place.partition == place->partition && strcmp(p->place.topic, place->topic) == 0)
            return p;
    return NULL;
}

/* ---- coming ---- */

struct arrival {
    uv_work_t work;
    struct worker *worker;
    size_t count;
    int64_t generation, epoch;
    int result;
    bool any_decided;
    char message[KAFKA_TEXT_MAX];
    bool decided[PARTITIONS_MAX]; /* the group has no offset there: where to begin is decided here, and committed at once */
    struct kafka_place places[];
};

/* In the pool: where each partition was left; where it begins when it never was; and the highest generation goes on record before anything
 * is written under it. */
static void look_up(uv_work_t *work)
{
    struct arrival *a = work->data;
    struct worker *w = a->worker;
    const struct control *c = &w->control;
    a->result = kafka_committed(w->consumer, a->places, a->count, a->message);
    for (size_t i = 0; i < a->count && a->result == 0; i++) {
        if (a->places[i].offset >= 0 && !a->decided[i])
            continue;
        a->decided[i] = a->any_decided = true;
        const struct input_topic *topic = topic_of(w, a->places[i].topic);
        const int64_t start = topic != NULL && topic->role == TOPIC_INPUT ? w->start_from : KAFKA_START_BEGINNING;
        a->result = kafka_start_offset(w->consumer, &a->places[i], start, a->message);
    }
    if (a->result < 0 || a->generation < 0)
        return;
    /* Within one life of a group generations only rise; a lower one than was seen before we joined means that the group was made anew. */
    a->epoch = c->epoch + (a->generation < c->generation ? 1 : 0);
    if (a->epoch != c->epoch || a->generation > c->generation)
        a->result = control_generation(w->config, w->group, a->epoch, a->generation, a->message);
}

static void add_partition(struct worker *w, const struct kafka_place *place, bool decided, struct kafka_queue *queue)
{
    struct partition *p = calloc(1, sizeof *p);
    if (p == NULL)
        abort();
    *p = (struct partition){.next = w->partitions,
                            .topic = topic_of(w, place->topic),
                            .place = *place,
                            .queue = queue,
                            .may_have_more = true,
                            .worker = w,
                            .committed = decided ? -1 : place->offset,
                            .position = place->offset,
                            .end = -1};
    assert(p->topic != NULL);
    p->last = &p->first;
    w->partitions = p;
}

/* A failure that comes at once is not asked about in a hot loop. */
static void look_up_again(uv_work_t *work)
{
    (void)usleep(AGAIN_MS * 1000);
    look_up(work);
}

static void arrived(uv_work_t *work, int status)
{
    struct arrival *a = work->data;
    struct worker *w = a->worker;
    (void)status;
    w->arriving = false;
    if (a->result < 0 && kafka_consumer_closing(w->consumer)) { /* we are leaving: nothing is read any more, so nothing need be known */
        kafka_unassign(w->consumer, a->places, a->count);
        free(a);
        return;
    }
    if (a->result < 0) {
        log_warning(.message = "partitions came, but where they were left cannot be read; asking again", .detail = a->message);
        w->arriving = true;
        (void)uv_queue_work(&w->loop, &a->work, look_up_again, arrived);
        return;
    }
    if (a->generation >= 0) {
        w->control.epoch = a->epoch;
        w->control.generation = a->generation;
    }
    worker_refresh_fence(w);
    struct kafka_queue **queues = calloc(a->count + 1, sizeof(struct kafka_queue *));
    if (queues == NULL)
        abort();
    if (kafka_assign(w->consumer, a->places, a->count, queues) == 0)
        for (size_t i = 0; i < a->count; i++)
            add_partition(w, &a->places[i], a->decided[i], queues[i]);
    log_info(.message = "partitions assigned", .count = (int64_t)a->count, .slot = w->slot);
    if (a->any_decided)
        commit_hurry(w);
    free(queues);
    free(a);
}

void partitions_assigned(void *user, const struct kafka_place places[], size_t count)
{
    struct worker *w = user;
    struct arrival *a = calloc(1, sizeof *a + count * sizeof *places);
    if (a == NULL)
        abort();
    metrics_add(METRIC_rebalances, "assigned", 1);
    a->worker = w;
    a->count = count;
    a->generation = kafka_generation(w->consumer);
    a->work.data = a;
    memcpy(a->places, places, count * sizeof *places);
    w->arriving = true;
    (void)uv_queue_work(&w->loop, &a->work, look_up, arrived);
}

/* ---- going ---- */

void partitions_revoked(void *user, const struct kafka_place places[], size_t count, bool lost)
{
    struct worker *w = user;
    metrics_add(METRIC_rebalances, lost ? "lost" : "revoked", 1);
    log_info(.message = lost ? "partitions lost" : "partitions revoked", .count = (int64_t)count, .slot = w->slot);
    free(w->going);
    w->going = calloc(count + 1, sizeof *w->going);
    if (w->going == NULL)
        abort();
    memcpy(w->going, places, count * sizeof *places);
    w->going_count = count;
    w->going_lost = lost;
    w->revoking = true;
    w->drain_by_ms = clock_monotonic_ms() + (lost ? 0 : config_int(w->config, CFG_worker_drain_deadline));
    for (size_t i = 0; i < count; i++) {
        struct partition *p = find(w, &places[i]);
        if (p != NULL)
            p->going = true;
    }
}

static void drop_partition(struct worker *w, struct partition *p)
{
    struct partition **at = &w->partitions;
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    for (struct record *r = p->first, *next; r != NULL; r = next) {
        next = r->next;
        r->partition = NULL;
        record_drop(r);
    }
    kafka_record_free(&p->waiting);
    wakes_cancel(&w->wakes, &p->due);
    kafka_queue_free(p->queue);
    free(p);
}

/* Is a record of a going partition waiting for an answer? Those are let finish; what only rests is fetched again by the next owner. */
static bool is_under_way(const struct worker *w)
{
    for (const struct partition *p = w->partitions; p != NULL; p = p->next)
        for (const struct record *r = p->going ? p->first : NULL; r != NULL; r = r->next)
            if (r->held > 0 && r->state < SETTLED)
                return true;
    return false;
}

static bool is_committable(const struct worker *w)
{
    for (const struct partition *p = w->partitions; p != NULL; p = p->next)
        if (p->going && p->first != NULL && p->first->state == SETTLED)
            return true;
    return false;
}

void partitions_answer_revoke(struct worker *w)
{
    if (!w->revoking || commit_is_busy(w) || w->arriving)
        return;
    if (!w->going_lost && kafka_assignment_lost(w->consumer))
        w->going_lost = true;
    if (!w->going_lost) {
        if (is_under_way(w) && clock_monotonic_ms() < w->drain_by_ms)
            return;
        if (is_committable(w) && w->commit_failures_in_a_row < 3) {
            commit_hurry(w);
            return;
        }
    }
    for (struct partition *p = w->partitions, *next; p != NULL; p = next) {
        next = p->next;
        if (p->going)
            drop_partition(w, p);
    }
    (void)fail_point("revoke.before_answer");
    kafka_unassign(w->consumer, w->going, w->going_count);
    w->revoking = false;
}

bool partitions_has_settled(const struct worker *w)
{
    for (const struct partition *p = w->partitions; p != NULL; p = p->next)
        if (p->first != NULL && p->first->state == SETTLED)
            return true;
    return false;
}

bool partitions_are_idle(const struct worker *w)
{
    for (const struct partition *p = w->partitions; p != NULL; p = p->next) {
        if (p->first != NULL && p->first->state >= SETTLED)
            return false;
        for (const struct record *r = p->first; r != NULL; r = r->next)
            if (r->held > 0)
                return false;
    }
    return true;
}

/* ---- reading ---- */

static void take(struct partition *p, struct kafka_record *raw)
{
    struct worker *w = p->worker;
    p->position = raw->offset + 1;
    p->end = -1;
    metrics_add(METRIC_fetched, p->topic->name, 1);
    struct record *r = record_new(w, p, raw);
    *p->last = r;
    p->last = &r->next;
    p->count++;
    w->buffered++;
    w->unsettled++;
    decode_begin(r);
}

static void due(void *owner)
{
    struct partition *p = owner;
    struct kafka_record raw = kafka_record_move(&p->waiting);
    take(p, &raw);
    p->may_have_more = true;
}

/* A retry topic's record waits at the head until its time: the delay is the topic's, so that nothing behind it is due earlier. */
static bool must_wait(struct partition *p, struct kafka_record *raw)
{
    if (p->topic->role != TOPIC_RETRY)
        return false;
    const int64_t left = raw->timestamp_ms + p->topic->delay_ms - clock_wall_ms();
    if (left <= 0 || raw->timestamp_ms <= 0)
        return false;
    p->waiting = kafka_record_move(raw);
    /* + 1: each clock is cut to whole milliseconds, at a moment of its own, and not a part of one may be missing */
    wakes_set(&p->worker->wakes, &p->due, 1 + (left < p->topic->delay_ms ? left : p->topic->delay_ms), due, p);
    return true;
}

/* A record takes 4 KiB once it is decoded, 12 when it is under way, and one or two after it has settled. Half as many as may be under way
 * stand ready behind them; those that wait for an earlier one of their key cannot go on, and more are fetched past them, up to a bound. */
static size_t unsettled_max(const struct worker *w)
{
    const size_t behind = w->lanes.items - w->lanes.lanes, most = BEHIND * w->in_flight_max;
    return w->in_flight_max + w->in_flight_max / 2 + (behind < most ? behind : most);
}

/* One that waits for an earlier one of its key holds back the commit of all that settle behind it in its partition: some more are fetched
 * for each, or a hot key would stop the others. Distinct keys keep to the configured bound, and to its memory. */
static size_t buffered_max(const struct worker *w)
{
    const size_t held_back = HELD_BACK * (w->lanes.items - w->lanes.lanes), most = 2 * w->buffered_max;
    return w->buffered_max + (held_back < most ? held_back : most);
}

static bool is_full(const struct worker *w)
{
    return w->buffered >= buffered_max(w) || w->buffered_bytes >= BUFFERED_BYTES_MAX || w->unsettled >= unsettled_max(w);
}

/* One record at a time where records may have to wait: what was fetched behind it stays in Kafka's queue. */
static void fetch_from(struct partition *p)
{
    struct worker *w = p->worker;
    struct kafka_record records[FETCH_MAX];
    char message[KAFKA_TEXT_MAX];
    int64_t end;
    const size_t room_ahead = unsettled_max(w) - w->unsettled, room_in_all = buffered_max(w) - w->buffered;
    size_t room = room_ahead < room_in_all ? room_ahead : room_in_all;
    room = p->topic->role == TOPIC_RETRY ? 1 : room < FETCH_MAX ? room : FETCH_MAX;
    const int count = kafka_fetch(p->queue, records, room, &end, message);
    if (count < 0) {
        worker_fail(w, 70, "records were deleted before they were read", message,
                    "lengthen the topic's retention; then say where to go on: kafka-consumer-groups --reset-offsets");
        return;
    }
    for (int i = 0; i < count; i++)
        if (!must_wait(p, &records[i]))
            take(p, &records[i]);
    if (end >= 0) {
        p->position = end;
        p->end = end;
    }
    p->may_have_more = count > 0 || end >= 0;
}

/* A pause keeps what was fetched and fetches no more. But somebody must probe Prima and the registry: with nothing in hand, a first record
 * is let in. */
static bool may_fetch(const struct worker *w)
{
    if (is_full(w))
        return false;
    return w->paused == 0 || (!(w->paused & 1u << PAUSE_REDIS) && w->buffered == 0);
}

void partitions_fetch(struct worker *w)
{
    if (w->draining || !w->running)
        return;
    bool again = true;
    while (again && may_fetch(w)) {
        again = false;
        for (struct partition *p = w->partitions; p != NULL && may_fetch(w); p = p->next)
            if (p->may_have_more && !p->going && p->waiting.handle == NULL) {
                fetch_from(p);
                again |= p->may_have_more;
            }
        if (w->over)
            return;
    }
}
