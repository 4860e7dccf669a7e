/* Publishing: the settled prefix of every partition, its messages and its offsets, in one transaction at a time, in the pool. The pipeline
 * never waits for it: what settles meanwhile is the next transaction's. */
#include <assert.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "runtime/worker.h"

enum { ABORTS_MAX = 20, ABORT_WAIT_MS = 100 };

struct commit {
    uv_work_t work;
    struct worker *worker;
    bool busy, hurry;
    size_t records_max;
    int64_t interval_ms;
    size_t unseen;         /* settled since the last look */
    int64_t first_ms;      /* when the first of them settled; 0: none */
    int64_t not_before_ms; /* after an abort */
    struct wake wake;

    struct record **records;
    const struct kafka_message **messages;
    size_t record_count, message_count;
    struct kafka_place *places;
    struct partition **partitions; /* of places[i]; they stay while busy */
    size_t *taken;                 /* records of places[i] */
    size_t place_count;
    int64_t begun_ms;
    enum kafka_commit_result result;
    char message[KAFKA_TEXT_MAX];
};

struct commit *commit_new(struct worker *w)
{
    struct commit *c = calloc(1, sizeof *c);
    if (c == NULL)
        abort();
    c->worker = w;
    c->records_max = (size_t)config_int(w->config, CFG_commit_records_max);
    c->interval_ms = config_int(w->config, CFG_commit_interval);
    c->records = calloc(c->records_max, sizeof(struct record *));
    c->messages = calloc(c->records_max * OUTGOING_MAX, sizeof(struct kafka_message *));
    c->places = calloc(PARTITIONS_MAX, sizeof *c->places);
    c->partitions = calloc(PARTITIONS_MAX, sizeof(struct partition *));
    c->taken = calloc(PARTITIONS_MAX, sizeof *c->taken);
    if (c->records == NULL || c->messages == NULL || c->places == NULL || c->partitions == NULL || c->taken == NULL)
        abort();
    c->work.data = c;
    return c;
}

void commit_free(struct commit *c)
{
    if (c == NULL)
        return;
    free(c->records);
    free(c->messages);
    free(c->places);
    free(c->partitions);
    free(c->taken);
    free(c);
}

bool commit_is_busy(const struct worker *w)
{
    return w->commit != NULL && w->commit->busy;
}

static void time_is_up(void *owner)
{
    commit_consider(((struct commit *)owner)->worker);
}

void commit_soon(struct worker *w)
{
    struct commit *c = w->commit;
    c->unseen++;
    if (c->first_ms == 0) {
        c->first_ms = clock_monotonic_ms();
        wakes_set(&w->wakes, &c->wake, c->interval_ms, time_is_up, c);
    }
}

void commit_hurry(struct worker *w)
{
    w->commit->hurry = true;
    commit_consider(w);
}

/* ---- gathering ---- */

static void gather_from(struct commit *c, struct partition *p)
{
    struct kafka_place *place = &c->places[c->place_count];
    size_t taken = 0;
    for (struct record *r = p->first; r != NULL && r->state == SETTLED && c->record_count < c->records_max; r = r->next) {
        life_happens(r, PREFIX_COMPLETE);
        c->records[c->record_count++] = r;
        for (size_t i = 0; i < r->out_count; i++)
            c->messages[c->message_count++] = &r->out[i].message;
        *place = p->place;
        place->offset = r->raw.offset + 1;
        taken++;
    }
    /* While Redis is being rebuilt everybody waits until all below the ends is committed; what follows the last record is Kafka's own
     * markers. */
    const bool only_start = taken == 0 && p->committed < 0; /* where it was decided to begin: not decided anew by the next owner */
    if (only_start) {
        *place = p->place;
    }
    const bool only_markers = taken == 0 && p->first == NULL && p->end > p->committed && c->worker->suspect;
    if (only_markers) {
        *place = p->place;
        place->offset = p->end;
    }
    if (taken > 0 || only_start || only_markers) {
        c->partitions[c->place_count] = p;
        c->taken[c->place_count] = taken;
        c->place_count++;
    }
}

static void gather(struct commit *c)
{
    c->record_count = c->message_count = c->place_count = 0;
    for (struct partition *p = c->worker->partitions; p != NULL && c->place_count < PARTITIONS_MAX; p = p->next)
        gather_from(c, p);
}

/* ---- the transaction ---- */

static void run(uv_work_t *work)
{
    struct commit *c = work->data;
    struct worker *w = c->worker;
    c->result = kafka_commit(w->producer, w->consumer, c->messages, c->message_count, c->places, c->place_count, &w->give_up, c->message);
}

static void forget_committed(struct commit *c)
{
    struct worker *w = c->worker;
    for (size_t i = 0; i < c->place_count; i++) {
        struct partition *p = c->partitions[i];
        p->committed = c->places[i].offset;
        for (size_t taken = 0; taken < c->taken[i]; taken++) {
            struct record *r = p->first;
            assert(r != NULL && r->state == PUBLISHED);
            p->first = r->next;
            if (p->first == NULL)
                p->last = &p->first;
            p->count--;
            w->buffered--;
            w->buffered_bytes -= r->bytes;
            life_happens(r, TRANSACTION_DONE);
        }
    }
}

static void keep_aborted(struct commit *c)
{
    struct worker *w = c->worker;
    for (size_t i = 0; i < c->record_count; i++)
        life_happens(c->records[i], TRANSACTION_ABORTED);
    log_warning(.message = "a transaction was aborted; its results are published again", .detail = c->message,
                .count = (int64_t)c->record_count);
    if (++w->commit_failures_in_a_row >= ABORTS_MAX)
        worker_start_over(w, "transactions_abort", c->message);
    c->not_before_ms = clock_monotonic_ms() + ABORT_WAIT_MS;
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
    if (c->result == KAFKA_FENCED && !w->give_up)
        worker_start_over(w, "fenced", c->message);
    if (c->result == KAFKA_COMMITTED || (c->result == KAFKA_ABORTED && mutant("seek_back"))) {
        w->commit_failures_in_a_row = 0;
        forget_committed(c);
    } else {
        keep_aborted(c);
    }
    partitions_answer_revoke(w);
    worker_pump(w);
    commit_consider(w);
}

void commit_consider(struct worker *w)
{
    struct commit *c = w->commit;
    const int64_t now = clock_monotonic_ms();
    if (c->busy || w->producer == NULL || now < c->not_before_ms)
        return;
    const bool due = c->first_ms != 0 && (now - c->first_ms >= c->interval_ms || c->unseen >= c->records_max);
    if (!due && !c->hurry)
        return;
    c->hurry = false;
    c->first_ms = 0;
    c->unseen = 0;
    gather(c);
    if (c->place_count == 0)
        return;
    if (c->record_count == c->records_max) /* there may be more */
        commit_soon(w);
    c->busy = true;
    c->begun_ms = now;
    (void)uv_queue_work(&w->loop, &c->work, run, done);
}
