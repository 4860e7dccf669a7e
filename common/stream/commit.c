/* Publishing: the settled prefix of every partition, its messages and its offsets, and what else
 * the engine has to say, in one transaction at a time, in the pool. The pipeline never waits for
 * it: what settles meanwhile is the next transaction's. */
#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "stream/bisect.h"
#include "stream/engine.h"
#include "stream/watch.h"
#include "stream/stream.h"

enum {
    ABORTS_MAX = 20,
    ABORT_WAIT_MS = 100,
    REFUSED_WAIT_MS_MIN = 500,
    REFUSED_WAIT_MS_MAX = 30000,
    DENIED_WAIT_MS_MAX = 5000 /* a right that is given back is to be felt soon */
};

struct commit {
    uv_work_t work;
    struct worker *worker;
    bool busy, hurry;
    size_t records_max, most; /* records a transaction: ever, and the next one */
    struct bisect bisect;
    int64_t interval_ms;
    size_t unseen;          /* settled since the last look */
    int64_t first_ms;       /* when the first of them settled; 0: none */
    int64_t not_before_ms;  /* after an abort */
    int64_t denied_wait_ms; /* ... for want of a right of the group's; 0: it was not that */
    struct timer timer;

    struct batch batch;
    size_t record_count;
    struct kafka_place *places;
    struct partition **partitions; /* of places[i]; they stay while busy */
    size_t *taken;                 /* records of places[i] */
    size_t place_count, place_room;
    size_t output_count;         /* places of which only messages of no record are in it */
    struct kafka_place *offsets; /* of the places, what is committed: not where a topic is gone */
    size_t offset_count;
    bool asks;               /* whether one is */
    struct partition *alone; /* what was refused is tried without the others; NULL: it is not */
    int64_t begun_ms;
    enum kafka_commit_result result;
    struct kafka_refusal refusal;
    struct sizes sizes; /* asked again after a refusal for size; none: count 0 */
    char message[KAFKA_TEXT_MAX];
};

struct commit *commit_new(struct worker *w)
{
    struct commit *c = calloc(1, sizeof *c);
    if (c == NULL)
        abort();
    c->worker = w;
    c->records_max = (size_t)config_int(w->host.config, CFG_commit_records_max);
    c->interval_ms = config_int(w->host.config, CFG_commit_interval);
    c->work.data = c;
    return c;
}

void commit_free(struct commit *c)
{
    if (c == NULL)
        return;
    free(c->batch.messages);
    free(c->places);
    free(c->offsets);
    free(c->partitions);
    free(c->taken);
    free(c);
}

bool commit_is_busy(const struct worker *w)
{
    return w->stream->commit != NULL && w->stream->commit->busy;
}

static void time_is_up(void *owner)
{
    commit_consider(((struct commit *)owner)->worker);
}

void commit_soon(struct worker *w)
{
    struct commit *c = w->stream->commit;
    c->unseen++;
    if (c->first_ms == 0) {
        c->first_ms = clock_monotonic_ms();
        timers_set(&w->host.timers, &c->timer, c->interval_ms, time_is_up, c);
    }
}

void commit_hurry(struct worker *w)
{
    w->stream->commit->hurry = true;
    commit_consider(w);
}

/* ---- gathering ---- */

static void gather_from(struct commit *c, struct partition *p)
{
    struct kafka_place *place = &c->places[c->place_count];
    const struct engine *engine = c->worker->stream->engine;
    const size_t before = c->batch.count;
    const struct collected got = engine->collect(p, c->most - c->record_count, &c->batch);
    const size_t taken = got.count;
    c->record_count += taken;
    if (taken > 0) {
        *place = p->place;
        place->offset = got.next;
    }
    /* Behind the last record may be Kafka's own markers and records of aborted transactions. Where
     * all was read, the position behind them is committed, too: retention takes them with the
     * segment, and an offset that Kafka has not any more stops whoever begins there. While Redis is
     * being rebuilt everybody waits for just that. */
    const bool all_read = got.is_all && p->end > (taken > 0 ? place->offset : p->committed) &&
                          !mutant("commit_position");
    const bool only_start = taken == 0 && p->committed < 0; /* not decided anew by the next owner */
    if (taken == 0 && (only_start || all_read))
        *place = p->place;
    if (all_read)
        place->offset = p->end;
    /* Nothing of ours is before the first record, but a gap in the offsets, longer than what may be
     * sent behind a committed one. */
    const int64_t first = taken == 0 && !got.is_all ? engine->look(p).first_offset : -1;
    const bool only_gap = first >= 0 && !partitions_may_send(p, first);
    if (only_gap) {
        *place = p->place;
        place->offset = first;
    }
    /* Where it stands is committed once more: whoever has lost the partition cannot, and so nothing
     * of it leaves that another one has said in the meantime. */
    const bool only_output = taken == 0 && c->batch.count > before;
    if (only_output && !only_start && !all_read && !only_gap) {
        *place = p->place;
        place->offset = p->committed;
    }
    c->output_count += only_output;
    if (taken > 0 || only_start || all_read || only_gap || only_output) {
        if (p->obstacle != KAFKA_NO_TOPIC)
            c->offsets[c->offset_count++] = *place;
        c->partitions[c->place_count] = p;
        c->taken[c->place_count] = taken;
        c->place_count++;
    }
}

static bool wants_commit(const struct worker *w, const struct partition *p)
{
    return w->stream->engine->look(p).has_settled || p->committed < 0 ||
           partition_has_end_to_commit(p) || partition_has_output(p);
}

/* A partition whose first record, or whose offset, was refused is tried alone from time to time, and
 * holds up no other. */
static struct partition *refused_and_due(const struct worker *w)
{
    for (struct partition *p = w->stream->partitions; p != NULL; p = p->next)
        if (p->refused_until_ms != 0 && clock_monotonic_ms() >= p->refused_until_ms &&
            wants_commit(w, p))
            return p;
    return NULL;
}

static bool any_refused(const struct worker *w)
{
    for (const struct partition *p = w->stream->partitions; p != NULL; p = p->next)
        if (p->refused_until_ms != 0)
            return true;
    return false;
}

static bool any_output(const struct worker *w)
{
    for (const struct partition *p = w->stream->partitions; p != NULL; p = p->next)
        if (p->refused_until_ms == 0 && partition_has_output(p))
            return true;
    return false;
}

static void is_accepted(struct partition *p)
{
    p->refused_until_ms = p->refused_wait_ms = 0;
    p->refused_right = KAFKA_NO_RIGHT;
}

static void make_room(struct commit *c)
{
    size_t count = 0;
    for (const struct partition *p = c->worker->stream->partitions; p != NULL; p = p->next)
        count++;
    if (count <= c->place_room)
        return;
    c->places = realloc(c->places, count * sizeof *c->places);
    c->offsets = realloc(c->offsets, count * sizeof *c->offsets);
    c->partitions = realloc(c->partitions, count * sizeof(struct partition *));
    c->taken = realloc(c->taken, count * sizeof *c->taken);
    c->place_room = count;
    if (c->places == NULL || c->offsets == NULL || c->partitions == NULL || c->taken == NULL)
        abort();
}

static void gather(struct commit *c)
{
    make_room(c);
    c->alone = refused_and_due(c->worker);
    c->record_count = c->batch.count = c->place_count = c->offset_count = c->output_count = 0;
    c->most = c->alone != NULL ? 1 : bisect_most(&c->bisect, c->records_max);
    if (c->alone != NULL)
        gather_from(c, c->alone);
    for (struct partition *p = c->worker->stream->partitions; c->alone == NULL && p != NULL;
         p = p->next)
        if (p->refused_until_ms == 0)
            gather_from(c, p);
    if (c->alone != NULL && c->place_count == 0) /* nothing of it is left to be refused */
        is_accepted(c->alone);
}

/* ---- the transaction ---- */

/* A denial may leave the producer broken for good; and a message that was refused leaves a gap in its partition's sequence numbers, which librdkafka
 * (2.0) does not always get over: a new producer has none, and keeps to limits that have become
 * smaller. */
static void renew_producer(struct commit *c)
{
    struct worker *w = c->worker;
    char words[KAFKA_TEXT_MAX];
    int result;
    if (c->refusal.kind == KAFKA_REFUSES_SIZE && sizes_read(w, &c->sizes, words) < 0)
        c->sizes.count = 0; /* the bisection finds out */
    const int64_t batch_max = sizes_smallest(c->sizes.count > 0 ? &c->sizes : &w->stream->sizes);
    kafka_producer_free(w->stream->producer);
    w->stream->producer = NULL;
    while ((result = kafka_producer_new(w->host.config, w->instance, batch_max,
                                        w->flow->ledger != NULL, &w->stream->producer, words)) ==
               -EIO &&
           !w->host.give_up)
        (void)usleep(ABORT_WAIT_MS * 1000);
    if (result == 0)
        return;
    if (result == -EACCES)
        c->refusal.kind = KAFKA_REFUSES_ID;
    c->result = KAFKA_FENCED;
    memcpy(c->message, words, sizeof c->message);
}

/* A message was refused: whose, is found out. */
static bool is_of_record(const struct commit *c)
{
    return c->refusal.kind == KAFKA_REFUSES_SIZE || c->refusal.kind == KAFKA_REFUSES_MESSAGE;
}

/* With a topic that is deleted Kafka forgets the group's offsets in it, and takes new ones all the
 * same: whoever begins in the topic that is made anew under its name would pass over its first
 * records. A partition that is given back may be one of those, and one in which nothing was read is
 * not heard of otherwise. (What a transaction that is under way then has of them goes with the
 * topic, in the fault tests' Kafka, 4.1. A topic that is made anew within a session is the old one to
 * us, for librdkafka 2.0 knows nothing of topics' ids: the manual says to stop the workers first.) */
static void run(uv_work_t *work)
{
    struct commit *c = work->data;
    struct worker *w = c->worker;
    char words[KAFKA_TEXT_MAX];
    c->sizes.count = 0;
    if (c->asks)
        c->offset_count = kafka_still_there(w->stream->consumer, c->offsets, c->offset_count);
    kafka_producer_search(w->stream->producer, c->alone != NULL);
    c->result =
        kafka_commit(w->stream->producer, w->stream->consumer, c->batch.messages, c->batch.count,
                     c->offsets, c->offset_count, &w->host.give_up, &c->refusal, c->message);
    if (c->result == KAFKA_ABORTED &&
        (is_of_record(c) || kafka_producer_is_broken(w->stream->producer, words)))
        renew_producer(c);
}

static void forget_committed(struct commit *c)
{
    struct worker *w = c->worker;
    for (size_t i = 0; i < c->place_count; i++) {
        struct partition *p = c->partitions[i];
        p->committed = c->places[i].offset;
        w->stream->engine->committed(p, c->taken[i]);
        if (c->taken[i] > 0 || c->alone == p)
            is_accepted(p);
    }
    c->denied_wait_ms = 0;
    if (c->offset_count > 0)
        rights_hear_of_group(w, false);
    bisect_committed(&c->bisect, c->records_max);
}

/* ---- a message was refused ---- */

static void adopt_sizes(struct commit *c)
{
    struct worker *w = c->worker;
    if (c->sizes.count == 0)
        return;
    const bool is_news = sizes_smallest(&c->sizes) != sizes_smallest(&w->stream->sizes);
    w->stream->sizes = c->sizes;
    if (is_news)
        sizes_warn(w, &w->stream->sizes);
}

/* Alone it is tried again, less and less often. */
static void must_wait(struct partition *p, const struct kafka_refusal *refusal, const char *topic)
{
    const int64_t longer = 2 * p->refused_wait_ms, most = refusal->right != KAFKA_NO_RIGHT
                                                              ? DENIED_WAIT_MS_MAX
                                                              : REFUSED_WAIT_MS_MAX;
    p->refused_wait_ms = longer < REFUSED_WAIT_MS_MIN ? REFUSED_WAIT_MS_MIN
                         : longer > most              ? most
                                                      : longer;
    p->refused_until_ms = clock_monotonic_ms() + p->refused_wait_ms;
    if (refusal->is_of_unknown_topic)
        return; /* what was found before holds */
    p->refused_right = refusal->right;
    p->refused_topic = topic;
}

/* What it is may be told each time; a right, which may be missing for long, when it is found to be. */
static void say_refused(const struct commit *c, const struct partition *p, enum kafka_right known)
{
    char right[KAFKA_TEXT_MAX];
    if (c->refusal.is_of_unknown_topic ||
        (p->refused_right != KAFKA_NO_RIGHT && p->refused_right == known))
        return;
    if (p->refused_right != KAFKA_NO_RIGHT)
        kafka_right_write(p->refused_right, p->refused_topic, right, sizeof right);
    log_warning(
            .message = p->refused_right != KAFKA_NO_RIGHT
                           ? "Kafka denies a right; the partition waits for it, the others continue"
                           : "Kafka rejects a message of a record; its partition waits, the others "
                             "continue",
            .detail = p->refused_right != KAFKA_NO_RIGHT ? right : c->message,
            .topic = p->place.topic, .partition = p->place.partition + 1,
            .offset = c->worker->stream->engine->look(p)
            .first_offset +
                      1,
            .ms = p->refused_wait_ms,
            .remedy =
                "see the topic that is named: whether it exists, what it takes, and our rights");
}

/* One of them has something to do with a topic that is denied: only that one is to wait. */
static void try_each_alone(struct commit *c)
{
    for (size_t i = 0; i < c->place_count; i++)
        if (c->partitions[i]->refused_until_ms == 0)
            c->partitions[i]->refused_until_ms = clock_monotonic_ms();
}

/* Alone, and refused: it cannot be written as it is. Too large a message becomes a smaller one;
 * whatever else it is (a topic without our rights or without its topic, a policy of the broker's)
 * is no fault of the record, which waits with its partition. */
static void is_alone_refused(struct commit *c)
{
    size_t place = 0;
    if (c->refusal.is_of_unknown_topic && c->place_count > 1) {
        try_each_alone(c);
        return;
    }
    while (c->taken[place] == 0 && place + 1 < c->place_count)
        place++;
    struct partition *p = c->partitions[place];
    const enum kafka_right known = p->refused_right;
    const size_t message = c->refusal.message < c->batch.count ? c->refusal.message : 0;
    if (c->refusal.kind == KAFKA_REFUSES_SIZE && c->worker->stream->engine->refused(p, message))
        return;
    must_wait(p, &c->refusal, c->batch.messages[message]->topic);
    say_refused(c, p, known);
}

/* Records are halved until one is alone; messages of no record cannot be, and their partitions are
 * parted first. */
static void find_refused(struct commit *c)
{
    const bool is_certain = c->refusal.kind == KAFKA_REFUSES_SIZE;
    if (c->output_count > 0 && c->place_count > 1)
        try_each_alone(c);
    else if (bisect_refused(&c->bisect, c->record_count, is_certain))
        is_alone_refused(c);
}

/* ---- offsets were refused ---- */

/* The right to read that topic. */
static void offsets_are_denied(struct commit *c)
{
    if (c->place_count > 1) {
        try_each_alone(c);
        return;
    }
    struct partition *p = c->partitions[0];
    const enum kafka_right known = p->refused_right;
    must_wait(p, &c->refusal, p->topic->name);
    say_refused(c, p, known);
}

/* All wait for the group's. */
static void group_is_denied(struct commit *c)
{
    const int64_t longer = 2 * c->denied_wait_ms;
    c->denied_wait_ms = longer < REFUSED_WAIT_MS_MIN  ? REFUSED_WAIT_MS_MIN
                        : longer > DENIED_WAIT_MS_MAX ? DENIED_WAIT_MS_MAX
                                                      : longer;
    rights_hear_of_group(c->worker, true);
}

static void keep_aborted(struct commit *c)
{
    struct worker *w = c->worker;
    const bool is_refused = is_of_record(c) && c->batch.count > 0 && !mutant("abort_bisect"),
               is_known =
                   (is_refused && c->alone != NULL) || c->refusal.kind == KAFKA_REFUSES_OFFSETS;
    for (size_t i = 0; i < c->place_count; i++)
        w->stream->engine->aborted(c->partitions[i], c->taken[i]);
    if (!is_known) /* what is tried again and again is said when it is found */
        log_warning(.message = "transaction was aborted; its results are published again",
                    .detail = c->message, .count = (int64_t)c->record_count);
    adopt_sizes(c);
    if (is_refused)
        find_refused(c);
    if (c->refusal.right == KAFKA_READ_GROUP)
        group_is_denied(c);
    else if (c->refusal.kind == KAFKA_REFUSES_OFFSETS)
        offsets_are_denied(c);
    if (++w->stream->commit_failures_in_a_row >= ABORTS_MAX && !is_refused &&
        c->refusal.kind != KAFKA_REFUSES_OFFSETS)
        host_start_over(&w->host, "transactions_abort", c->message);
    c->not_before_ms = clock_monotonic_ms() +
                       (c->denied_wait_ms > ABORT_WAIT_MS ? c->denied_wait_ms : ABORT_WAIT_MS);
    c->first_ms = 0;
    commit_soon(w);
}

static void done(uv_work_t *work, int status)
{
    struct commit *c = work->data;
    struct worker *w = c->worker;
    static const char *const results[] = {"committed", "aborted", "fenced"};
    (void)status;
    c->busy = false;
    metrics_add(METRIC_commits, results[c->result], 1);
    metrics_observe(METRIC_commit_seconds, "", (double)(clock_monotonic_ms() - c->begun_ms) / 1e3);
    if (c->result == KAFKA_FENCED && !w->host.give_up)
        host_start_over(&w->host, c->refusal.kind == KAFKA_REFUSES_ID ? "kafka_denied" : "fenced",
                        c->message);
    if (c->result == KAFKA_COMMITTED || (c->result == KAFKA_ABORTED && mutant("seek_back"))) {
        w->stream->commit_failures_in_a_row = 0;
        forget_committed(c);
    } else {
        keep_aborted(c);
    }
    commit_consider(w); /* the turn that follows answers a revoke, and starts what may start */
}

void commit_consider(struct worker *w)
{
    struct commit *c = w->stream->commit;
    const int64_t now = clock_monotonic_ms();
    if (c->busy || w->stream->producer == NULL || watch_is_deaf(w) || now < c->not_before_ms)
        return;
    if (c->first_ms == 0 && any_output(w))
        commit_soon(w);
    const bool due =
        c->first_ms != 0 && (now - c->first_ms >= c->interval_ms || c->unseen >= c->records_max);
    if (!due && !c->hurry)
        return;
    c->hurry = false;
    c->first_ms = 0;
    c->unseen = 0;
    gather(c);
    if (any_refused(w) ||
        (c->place_count > 0 && c->record_count == c->most)) /* its time comes; there may be more */
        commit_soon(w);
    if (c->place_count == 0)
        return;
    c->busy = true;
    c->asks = w->stream->revoke.is_open || c->record_count == 0;
    c->begun_ms = now;
    (void)uv_queue_work(&w->host.loop, &c->work, run, done);
}
