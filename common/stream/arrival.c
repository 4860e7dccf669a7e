/* Partitions that come: where each is begun to be read, what is known of its past, and only then
 * its first record. What has to be asked of Kafka is asked in the pool; a rebalance waits for
 * it. */
#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "kafka/admin.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "stream/ended.h"
#include "stream/remember.h"
#include "stream/start.h"
#include "stream/stream.h"

enum { AGAIN_MS = 500, COMPLAIN_MS = 10000, QUESTION_MAX = 700 };

struct landing {
    struct start_facts facts;
    struct start start;
    bool is_decided; /* where to begin is decided here: committed at once, not decided anew by the
                        next owner */
};

struct arrival {
    uv_work_t work;
    struct worker *worker;
    size_t count;
    int64_t number, generation, epoch;
    int result;
    int64_t complains_ms; /* monotonic: not before then */
    bool any_decided;
    struct past past; /* read anew where an offset is missing */
    struct ended *ended;
    char question[QUESTION_MAX]; /* for a person; "": none */
    size_t questions;
    char message[KAFKA_TEXT_MAX];
    struct landing *landings;
    struct kafka_place places[];
};

static void free_arrival(struct arrival *a)
{
    past_release(&a->past);
    free(a->landings);
    free(a);
}

/* ---- facts ---- */

static int read_offsets(struct arrival *a)
{
    struct kafka_consumer *consumer = a->worker->stream->consumer;
    int64_t *bounds = calloc(2 * a->count + 1, sizeof *bounds);
    if (bounds == NULL)
        abort();
    int64_t *low = bounds, *high = bounds + a->count;
    int result = kafka_committed(consumer, a->places, a->count, a->message);
    if (result == 0)
        result = kafka_bounds(consumer, a->places, a->count, low, high, a->message);
    for (size_t i = 0; i < a->count && result == 0; i++) {
        struct start_facts *f = &a->landings[i].facts;
        f->is_input = worker_topic(a->worker, a->places[i].topic)->role == TOPIC_INPUT;
        f->committed = a->places[i].offset;
        f->low = low[i];
        f->high = high[i];
    }
    free(bounds);
    return result;
}

/* What was read before we joined may be old by now, and tells enough for a partition that has an
 * offset: nobody can take it away, or set it back, while the group has members. */
static int read_past(struct arrival *a)
{
    struct worker *w = a->worker;
    bool is_missing = false;
    for (size_t i = 0; i < a->count; i++)
        is_missing |= a->landings[i].facts.committed < 0;
    past_release(&a->past);
    const struct past_of of = {w->stream->group, w->flow->name, w->stream->redis_prefix};
    const int result = is_missing ? past_read(w->host.config, &of, &a->past, a->message) : 0;
    const struct past *past = is_missing ? &a->past : &w->stream->past;
    for (size_t i = 0; i < a->count && result == 0; i++) {
        struct start_facts *f = &a->landings[i].facts;
        const struct past_position *known = past_position(past, &a->places[i]);
        f->remembered = known != NULL ? known->place.offset : -1;
        f->ground = known != NULL ? known->ground : 0;
        const char *topic = a->places[i].topic;
        f->noted = f->is_input ? past_begun(past, topic, a->places[i].partition) : -1;
        f->is_begun = past_is_begun(past, f->is_input ? topic : NULL);
        /* Positions in the other topics say nothing of the input: one worker may have begun with
         * those while another was killed before it noted where the input begins. */
        f->lived = f->is_begun || (f->is_input ? past_has_read(past, topic) : past->count > 0);
    }
    return result;
}

/* Are there results or dead letters, whoever wrote them? */
static int look_for_endings(struct arrival *a, bool *ret_has)
{
    struct worker *w = a->worker;
    const char *const written[] = {w->stream->outputs.written[OUTPUT_RESULTS],
                                   w->stream->outputs.dlq};
    struct kafka_place *places = NULL;
    size_t count = 0;
    const int result =
        kafka_ends(w->host.config, written, 2, KAFKA_END_HIGH, &places, &count, a->message);
    *ret_has = false;
    for (size_t i = 0; i < count && result == 0; i++)
        *ret_has |= places[i].offset > 0;
    free(places);
    return result;
}

static bool is_asked(const struct landing *l)
{
    return l->facts.is_input && l->facts.committed < 0 && !l->facts.lived;
}

/* Of the partitions of this input that are asked about, whether the others have an offset. */
static int look_for_siblings(struct arrival *a, const char *topic)
{
    struct worker *w = a->worker;
    struct kafka_place *places = NULL;
    size_t count = 0;
    int result = kafka_ends(w->host.config, &topic, 1, KAFKA_END_HIGH, &places, &count, a->message);
    if (result == 0)
        result = kafka_committed(w->stream->consumer, places, count, a->message);
    bool has = false;
    for (size_t i = 0; i < count && result == 0; i++)
        has |= places[i].offset >= 0;
    for (size_t i = 0; i < a->count; i++)
        a->landings[i].facts.has_siblings |= has && strcmp(a->places[i].topic, topic) == 0;
    free(places);
    return result;
}

static bool any_asked(const struct arrival *a, const char *topic)
{
    for (size_t i = 0; i < a->count; i++)
        if (is_asked(&a->landings[i]) && (topic == NULL || strcmp(a->places[i].topic, topic) == 0))
            return true;
    return false;
}

/* Of partitions without an offset. Groups from before ops.control knew of beginnings: their
 * other partitions, or what they have published, tells that they were at work. What an engine
 * without keys has published ends nothing, and is read again as well as not. */
static int look_for_traces(struct arrival *a)
{
    const struct stream *s = a->worker->stream;
    bool is_missing = false, has_endings = false;
    const bool asks = any_asked(a, NULL);
    for (size_t i = 0; i < a->count; i++)
        is_missing |= a->landings[i].facts.committed < 0;
    int result = is_missing && s->engine->keeps_keys ? look_for_endings(a, &has_endings) : 0;
    for (size_t i = 0; i < s->inputs.count && result == 0; i++)
        if (any_asked(a, s->inputs.list[i].name))
            result = look_for_siblings(a, s->inputs.list[i].name);
    const bool lived =
        asks && has_endings && s->past.has_generation && !past_is_begun(&a->past, NULL);
    for (size_t i = 0; i < a->count; i++) {
        struct start_facts *f = &a->landings[i].facts;
        f->has_endings = has_endings;
        f->lived |= lived;
    }
    return result;
}

/* ---- decisions ---- */

/* Where each partition of the topic is begun, ours or not, is noted at once, so that a second
 * worker, or one after a crash, goes by the same, and a partition that is not among them was
 * added later. */
static int begin_topic(struct arrival *a, const char *topic)
{
    struct worker *w = a->worker;
    struct kafka_place *all = NULL;
    size_t count = 0;
    int result = kafka_ends(w->host.config, &topic, 1, KAFKA_END_HIGH, &all, &count, a->message);
    int64_t *offsets = calloc(count + 1, sizeof *offsets);
    if (offsets == NULL)
        abort();
    for (size_t i = 0; i < count && result == 0; i++) {
        result = kafka_start_offset(w->stream->consumer, &all[i],
                                    worker_topic(w, topic)->start.from, a->message);
        offsets[i] = all[i].offset;
    }
    if (result == 0)
        result = past_begin(w->host.config, w->stream->group, all, count, a->message);
    if (result == 0)
        past_keep_begun(&a->past, topic, offsets, count);
    free(offsets);
    free(all);
    return result;
}

/* A group's first start in this topic. */
static int begin_group(struct arrival *a, struct landing *landing, struct kafka_place *place)
{
    const int result = past_is_begun(&a->past, place->topic) ? 0 : begin_topic(a, place->topic);
    if (result < 0)
        return result;
    landing->start.offset = past_begun(&a->past, place->topic, place->partition);
    if (landing->start.offset < 0) /* added in this very moment */
        landing->start.offset = landing->facts.low;
    return 0;
}

static void ask_a_person(struct arrival *a, const struct landing *landing,
                         const struct kafka_place *place)
{
    char text[400];
    if (a->questions++ == 0)
        (void)snprintf(a->question, sizeof a->question, "%s",
                       start_describe(&landing->start, &landing->facts, place->topic,
                                      place->partition, text, sizeof text));
}

static int answer(struct arrival *a, struct landing *landing, struct kafka_place *place)
{
    const int64_t answer = worker_topic(a->worker, place->topic)->start.vanished;
    landing->start.offset = start_answer(&landing->start, &landing->facts, answer);
    if (landing->start.offset >= 0)
        return 0;
    const int result = kafka_start_offset(a->worker->stream->consumer, place, answer, a->message);
    landing->start.offset = place->offset;
    return result;
}

static int decide(struct arrival *a, size_t i)
{
    struct landing *l = &a->landings[i];
    struct kafka_place *place = &a->places[i];
    int result = 0;
    l->start = start_decide(&l->facts);
    if (l->start.kind == START_FIRST && l->start.offset < 0)
        result = begin_group(a, l, place);
    else if (l->start.asks && worker_topic(a->worker, place->topic)->start.vanished == START_ASK)
        ask_a_person(a, l, place);
    else if (l->start.asks)
        result = answer(a, l, place);
    place->offset = l->start.offset;
    l->is_decided = l->start.offset != l->facts.committed;
    a->any_decided |= l->is_decided;
    return result;
}

/* What is read once more, by whomever, stays known as that until it was passed: the ground goes on
 * record before the first of it is read. */
static int prepare_ground(struct arrival *a)
{
    struct worker *w = a->worker;
    struct past_position *raised = calloc(a->count + 1, sizeof *raised);
    size_t count = 0, raised_count = 0;
    if (raised == NULL)
        abort();
    for (size_t i = 0; i < a->count; i++) {
        const struct landing *l = &a->landings[i];
        const struct start_facts *f = &l->facts;
        count += l->start.ground > a->places[i].offset;
        if (l->start.ground <= f->ground ||
            l->start.ground <= f->remembered) /* it is known already, by one or the other */
            continue;
        struct past_position *one = &raised[raised_count++];
        *one = (struct past_position){a->places[i], l->start.ground};
        if (f->remembered >= 0) /* what is beyond the end is of a topic that is no more */
            one->place.offset = f->remembered < f->high ? f->remembered : f->high;
    }
    int result = raised_count > 0 ? past_remember(w->host.config, w->stream->group, raised,
                                                  raised_count, a->message)
                                  : 0;
    if (result == 0 && count > 0 && w->stream->engine->keeps_keys)
        result = ended_read(w, &a->ended, a->message);
    free(raised);
    return result;
}

static int find_generation(struct arrival *a)
{
    const struct worker *w = a->worker;
    const struct control *c = &w->stream->control;
    if (a->generation < 0)
        return 0;
    /* Within one life of a group generations only rise; a lower one than was seen before we joined
     * means that the group was made anew. Only what was read before we joined tells: read now, a
     * higher one would as well mean that the group went on without us while we slept. */
    a->epoch = c->epoch + (a->generation < c->generation ? 1 : 0);
    return a->epoch != c->epoch || a->generation > c->generation
               ? control_generation(w->host.config, w->stream->group, w->flow->name,
                                    w->stream->redis_prefix, a->epoch, a->generation, a->message)
               : 0;
}

/* In the pool: where each partition was left; where it begins when it was not; and the highest
 * generation goes on record before anything is written under it. */
static void look_up(uv_work_t *work)
{
    struct arrival *a = work->data;
    a->any_decided = false;
    a->questions = 0;
    a->result = read_offsets(a);
    if (a->result == 0)
        a->result = read_past(a);
    if (a->result == 0)
        a->result = look_for_traces(a);
    for (size_t i = 0; i < a->count && a->result == 0; i++)
        a->result = decide(a, i);
    if (a->result == 0 && a->questions == 0)
        a->result = prepare_ground(a);
    if (a->result == 0 && a->questions == 0)
        a->result = find_generation(a);
}

/* A failure that comes at once is not asked about in a hot loop. */
static void look_up_again(uv_work_t *work)
{
    (void)usleep(AGAIN_MS * 1000);
    look_up(work);
}

/* ---- taking them on ---- */

static void say(const struct landing *l, const struct kafka_place *place, int64_t offset)
{
    char text[400];
    if (l->start.kind == START_GOES_ON || l->start.kind == START_FIRST ||
        l->start.kind == START_NOTED)
        return;
    (void)start_describe(&l->start, &l->facts, place->topic, place->partition, text, sizeof text);
    if (l->start.kind == START_DELETED) {
        metrics_add(METRIC_offsets_missing, place->topic, (double)l->start.missing);
        log_error(.message = "records were deleted before they were read; continuing after them",
                  .detail = text, .topic = place->topic, .partition = place->partition + 1,
                  .offset = offset + 1, .count = l->start.missing,
                  .remedy = "see ops/runbook, Offsets that are gone");
    } else if (l->start.kind == START_NEW || l->start.kind == START_PASSES_MARKER) {
        log_info(.message = l->start.kind == START_NEW ? "new partition: reading from its beginning"
                                                       : "no unread records are missing",
                 .detail = text, .topic = place->topic, .partition = place->partition + 1,
                 .offset = offset + 1);
    } else {
        log_warning(.message = "partition position moved; deliveries that have ended are skipped",
                    .detail = text, .topic = place->topic, .partition = place->partition + 1,
                    .offset = offset + 1);
    }
}

static void take_on(struct arrival *a)
{
    struct worker *w = a->worker;
    struct kafka_queue **queues = calloc(a->count + 1, sizeof(struct kafka_queue *));
    if (queues == NULL)
        abort();
    if (kafka_assign(w->stream->consumer, a->places, a->count, queues) <
        0) { /* a rebalance follows; should none come: membership.h */
        log_warning(.message = "the group rebalanced before its partitions were taken",
                    .count = (int64_t)a->count, .slot = w->host.slot);
        free(queues);
        return;
    }
    for (size_t i = 0; i < a->count; i++) {
        const struct landing *l = &a->landings[i];
        say(l, &a->places[i], a->places[i].offset);
        partitions_add(w, &a->places[i], l->is_decided, l->start.ground,
                       l->start.ground > 0 ? l->start.ground : l->facts.remembered, queues[i]);
    }
    if (a->ended != NULL) {
        ended_free(w->stream->ended);
        w->stream->ended = a->ended;
    }
    log_info(.message = "partitions assigned", .count = (int64_t)a->count, .slot = w->host.slot);
    w->stream->assignment.joined = true;
    free(queues);
    if (a->any_decided)
        commit_hurry(w);
}

static void ask_and_end(struct arrival *a)
{
    char more[QUESTION_MAX + 60];
    (void)snprintf(more, sizeof more, "%s", a->question);
    if (a->questions > 1)
        (void)snprintf(more + strlen(more), sizeof more - strlen(more), "; and %zu more partitions",
                       a->questions - 1);
    host_fail(&a->worker->host, 70, "cannot determine where to resume reading", more,
              "see ops/runbook, Offsets that are gone; then start with "
              "start.vanished=remembered, beginning, end or a time");
}

/* Now and then; a missing right is said where it is noted. */
static void complain(struct arrival *a)
{
    const int64_t now = clock_monotonic_ms();
    if (a->result == -EACCES || now < a->complains_ms)
        return;
    a->complains_ms = now + COMPLAIN_MS;
    log_warning(.message =
                    "partitions assigned, but their committed offsets cannot be read; retrying",
                .detail = a->message);
}

static void arrived(uv_work_t *work, int status)
{
    struct arrival *a = work->data;
    struct worker *w = a->worker;
    (void)status;
    if (a->number != w->stream->assignment
                         .arrivals) { /* the answer to the newer one is the answer to this one */
        log_info(.message = "the group moved on before its partitions were looked up",
                 .count = (int64_t)a->count, .slot = w->host.slot);
        ended_free(a->ended);
        free_arrival(a);
        return;
    }
    w->stream->assignment.is_pending = false;
    rights_hear_of(w, RIGHTS_OF_ARRIVAL, a->result, a->message);
    if (a->result < 0 &&
        kafka_consumer_closing(
            w->stream
                ->consumer)) { /* we are leaving: nothing is read any more, so nothing need be known */
        kafka_unassign(w->stream->consumer, a->places, a->count);
        free_arrival(a);
        return;
    }
    if (a->result < 0) {
        complain(a);
        w->stream->assignment.is_pending = true;
        (void)uv_queue_work(&w->host.loop, &a->work, look_up_again, arrived);
        return;
    }
    if (a->questions > 0) {
        ask_and_end(a);
        free_arrival(a);
        return;
    }
    if (!partitions_replaced(w)) {
        w->stream->assignment.is_pending = true;
        (void)uv_queue_work(&w->host.loop, &a->work, look_up_again, arrived);
        return;
    }
    if (a->generation >= 0) {
        w->stream->control.epoch = a->epoch;
        w->stream->control.generation = a->generation;
    }
    worker_refresh_fence(w);
    take_on(a);
    free_arrival(a);
}

/* Kafka gives a static member that comes back within its session what its former self had, whatever
 * it subscribes to now: topics that we do not read, and none of those that are new. So who came
 * back with other topics leaves, and joins as a new member. */
static bool is_of_another_life(struct worker *w, const struct kafka_place places[], size_t count)
{
    bool is_other = w->stream->assignment.rejoins;
    for (size_t i = 0; i < count; i++)
        is_other |= worker_topic(w, places[i].topic) == NULL;
    w->stream->assignment.rejoins = false;
    if (is_other) {
        log_info(.message = "the group lists this worker with other topics; rejoining",
                 .count = (int64_t)count, .slot = w->host.slot);
        kafka_take_none(w->stream->consumer);
        kafka_consumer_rejoin(w->stream->consumer);
    }
    return is_other;
}

void partitions_assigned(void *user, const struct kafka_place places[], size_t count)
{
    struct worker *w = user;
    metrics_add(METRIC_rebalances, "assigned", 1);
    rights_hear_of_group(w, false); /* it let us in */
    const int32_t generation = kafka_generation(w->stream->consumer);
    if (generation == KAFKA_GENERATION_UNREADABLE) {
        host_fail(&w->host, 70,
                  "unknown format of librdkafka's group metadata: stale owners could not be fenced",
                  NULL, "use a librdkafka that the manual names");
        return;
    }
    partitions_overtaken(w);
    if (is_of_another_life(w, places, count))
        return;
    struct arrival *a = calloc(1, sizeof *a + count * sizeof *places);
    if (a == NULL || (a->landings = calloc(count + 1, sizeof *a->landings)) == NULL)
        abort();
    a->worker = w;
    a->count = count;
    a->generation = generation;
    a->work.data = a;
    a->number = ++w->stream->assignment.arrivals;
    memcpy(a->places, places, count * sizeof *places);
    w->stream->assignment.is_pending = true;
    (void)uv_queue_work(&w->host.loop, &a->work, look_up, arrived);
}
