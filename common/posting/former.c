/* Records of an input topic, read in the pool; see former.h. */
#include "posting/former.h"

#include <errno.h>
#include <inttypes.h>

#include "base/clock.h"
#include "kafka/lookup.h"
#include "posting/edit.h"
#include "posting/posting.h"

struct former_job {
    struct former_job *next;
    former_done done;
    void *user;
    int64_t asked_ms;

    /* what is sought; the pool's alone while it is read */
    struct kafka_place place;
    void *key;
    size_t key_size;
    void *value; /* NULL: not found */
    size_t size;
    struct overlay_text overlay;
};

/* What is read at once. Nobody: the client is closed. */
struct former_batch {
    uv_work_t work;
    struct worker *worker;
    struct former_job *jobs[FORMER_BATCH_MAX];
    size_t count;
    int result;
    struct kafka_words message;
};

static void *copy(const void *bytes, size_t size)
{
    void *to = malloc(size + 1);
    if (to == NULL)
        abort();
    if (size > 0)
        memcpy(to, bytes, size);
    return to;
}

/* ---- in the pool ---- */

static bool is_it(const struct former_job *j, const struct kafka_record *record)
{
    return j->value == NULL && record->value != NULL && record->offset == j->place.offset &&
           record->partition == j->place.partition && record->key_size == j->key_size &&
           (j->key_size == 0 || memcmp(record->key, j->key, j->key_size) == 0) &&
           strcmp(record->topic, j->place.topic) == 0;
}

static void copy_overlay(struct former_job *j, const struct kafka_record *record)
{
    const struct kafka_header *overlay = edit_header(record);
    if (overlay == NULL)
        return;
    j->overlay = (struct overlay_text){copy(overlay->value, overlay->size), overlay->size};
}

/* Two versions of one order may ask for the same one. */
static void see(void *batch, const struct kafka_record *record)
{
    struct former_batch *b = batch;
    for (size_t i = 0; i < b->count; i++) {
        struct former_job *j = b->jobs[i];
        if (!is_it(j, record))
            continue;
        j->value = copy(record->value, record->value_size);
        j->size = record->value_size;
        copy_overlay(j, record);
    }
}

static int read_batch(struct former_batch *b, struct former_queue *queue)
{
    struct kafka_place places[FORMER_BATCH_MAX];
    int result = 0;
    for (size_t i = 0; i < b->count; i++)
        places[i] = b->jobs[i]->place;
    if (queue->lookup == NULL)
        result = kafka_lookup_new(b->worker->host.config, &queue->lookup, b->message.text);
    if (result == 0)
        result = kafka_lookup_read(queue->lookup, places, b->count, FORMER_READ_MS, see, b,
                                   b->message.text);
    return result;
}

static void run(uv_work_t *work)
{
    struct former_batch *b = work->data;
    struct former_queue *queue = &b->worker->posting->former;
    if (b->count > 0)
        b->result = read_batch(b, queue);
    if (b->count > 0 && b->result == 0)
        return;
    kafka_lookup_free(queue->lookup);
    queue->lookup = NULL;
}

/* ---- answers ---- */

static void answer(struct former_job *j, enum former_how how, const char *why)
{
    const struct former_version version = {j->value, j->size, j->overlay};
    j->done(j->user, how, how == FORMER_READ ? &version : NULL, why);
    free(j->value);
    free((char *)j->overlay.text);
    free(j->key);
    free(j);
}

static void answer_batch(struct former_batch *b)
{
    static const char gone[] = "The version that was posted is no longer in its topic.";
    for (size_t i = 0; i < b->count; i++) {
        struct former_job *j = b->jobs[i];
        if (j->value != NULL)
            answer(j, FORMER_READ, "");
        else if (b->result == 0)
            answer(j, FORMER_GONE, gone);
        else
            answer(j, b->result == -EIO ? FORMER_AWAY : FORMER_REFUSED, b->message.text);
    }
    free(b);
}

/* ---- the queue ---- */

static void serve(struct worker *w);

static void append(struct former_queue *queue, struct former_job *j)
{
    if (queue->first == NULL)
        queue->last = &queue->first;
    *queue->last = j;
    queue->last = &j->next;
}

static struct former_job *take_first(struct former_queue *queue)
{
    struct former_job *j = queue->first;
    queue->first = j->next;
    j->next = NULL;
    return j;
}

/* Near those of its partition that are in the batch already: the first is the measure. */
static bool fits(const struct former_batch *b, const struct former_job *j)
{
    for (size_t i = 0; i < b->count; i++) {
        const struct kafka_place *other = &b->jobs[i]->place;
        if (other->partition == j->place.partition && strcmp(other->topic, j->place.topic) == 0)
            return j->place.offset > other->offset - FORMER_SPREAD / 2 &&
                   j->place.offset < other->offset + FORMER_SPREAD / 2;
    }
    return b->count < FORMER_BATCH_MAX;
}

static void batch_fill(struct former_batch *b, struct former_queue *queue)
{
    struct former_queue rest = {.first = NULL};
    while (queue->first != NULL) {
        struct former_job *j = take_first(queue);
        if (b->count < FORMER_BATCH_MAX && fits(b, j))
            b->jobs[b->count++] = j;
        else
            append(&rest, j);
    }
    while (rest.first != NULL)
        append(queue, take_first(&rest));
}

static void close_client(void *worker)
{
    struct worker *w = worker;
    if (!w->posting->former.is_reading)
        serve(w);
}

/* Those whose time is over, in their order. */
static struct former_job *take_late(struct former_queue *queue)
{
    struct former_queue late = {.first = NULL};
    while (queue->first != NULL && clock_monotonic_ms() - queue->first->asked_ms > FORMER_WAIT_MS)
        append(&late, take_first(queue));
    return late.first;
}

static void answer_late(struct former_job *late)
{
    while (late != NULL) {
        struct former_job *j = late;
        late = j->next;
        answer(j, FORMER_GONE,
               "Too many orders were amended at once to compare each: primaflow why does.");
    }
}

/* Whoever is answered may ask again: the next reading has begun by then. */
static void finished(uv_work_t *work, int status)
{
    struct former_batch *b = work->data;
    struct worker *w = b->worker;
    struct former_queue *queue = &w->posting->former;
    struct former_job *late = take_late(queue);
    (void)status;
    queue->is_reading = false;
    if (queue->lookup != NULL)
        timers_set(&w->host.timers, &queue->idle, FORMER_IDLE_MS, close_client, w);
    if (queue->first != NULL)
        serve(w);
    answer_batch(b);
    answer_late(late);
}

/* Begins to read for those that wait; with nobody there, to close the client. */
static void serve(struct worker *w)
{
    struct former_queue *queue = &w->posting->former;
    struct former_batch *b = calloc(1, sizeof *b);
    if (b == NULL)
        abort();
    b->work.data = b;
    b->worker = w;
    batch_fill(b, queue);
    queue->is_reading = true;
    timers_cancel(&w->host.timers, &queue->idle);
    (void)uv_queue_work(&w->host.loop, &b->work, run, finished);
}

/* ---- asking ---- */

/* "topic/partition/offset"; a topic's name has no slash. */
static bool parse(const char *delivery, struct kafka_place *ret_place)
{
    char end;
    return strlen(delivery) < sizeof ret_place->topic &&
           sscanf(delivery, "%159[^/]/%" SCNd32 "/%" SCNd64 "%c", ret_place->topic,
                  &ret_place->partition, &ret_place->offset, &end) == 3 &&
           ret_place->partition >= 0 && ret_place->offset >= 0;
}

void former_read(struct worker *w, const char *delivery, const void *key, size_t key_size,
                 former_done done, void *user)
{
    struct former_queue *queue = &w->posting->former;
    struct kafka_place place;
    if (!parse(delivery, &place)) { /* a key that an earlier version or a person wrote */
        done(user, FORMER_GONE, NULL, "Where the posted version came from is not known.");
        return;
    }
    struct former_job *j = calloc(1, sizeof *j);
    if (j == NULL)
        abort();
    *j = (struct former_job){.done = done,
                             .user = user,
                             .asked_ms = clock_monotonic_ms(),
                             .place = place,
                             .key = copy(key, key_size),
                             .key_size = key_size};
    append(queue, j);
    if (!queue->is_reading)
        serve(w);
}

void former_release(struct worker *w)
{
    struct former_queue *queue = &w->posting->former;
    timers_cancel(&w->host.timers, &queue->idle);
    if (queue->is_reading) /* the pool has it until the process ends */
        return;
    kafka_lookup_free(queue->lookup);
    queue->lookup = NULL;
}
