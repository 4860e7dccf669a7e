/* One record of an input topic, read in the pool; see former.h. */
#include "posting/former.h"

#include <errno.h>
#include <inttypes.h>

#include "kafka/reader.h"
#include "posting/posting.h"

struct former_job {
    uv_work_t work;
    struct former_job *next;
    struct worker *worker;
    former_done done;
    void *user;

    /* what is sought; the pool's alone while it is read */
    char topic[KAFKA_TEXT_MAX];
    int32_t partition;
    int64_t offset;
    void *key;
    size_t key_size;

    int result;
    void *value; /* NULL: not found */
    size_t size;
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

/* The first that comes is the one, or it is gone. */
static int see(void *user, const struct kafka_record *record)
{
    struct former_job *j = user;
    if (record->offset == j->offset && record->value != NULL && record->key_size == j->key_size &&
        (j->key_size == 0 || memcmp(record->key, j->key, j->key_size) == 0)) {
        j->value = copy(record->value, record->value_size);
        j->size = record->value_size;
    }
    return 1;
}

static void run(uv_work_t *work)
{
    struct former_job *j = work->data;
    const struct kafka_range range = {.from = KAFKA_FROM_OFFSET,
                                      .from_value = j->offset,
                                      .until = KAFKA_UNTIL_END,
                                      .partition = j->partition};
    const char *const topics[] = {j->topic};
    j->result = kafka_read(j->worker->host.config, topics, 1, &range, see, j, j->message.text);
}

static enum former_how how_of(const struct former_job *j)
{
    if (j->value != NULL)
        return FORMER_READ;
    if (j->result >= 0 || j->result == -ENOENT)
        return FORMER_GONE;
    return j->result == -EIO ? FORMER_AWAY : FORMER_REFUSED;
}

static void finished(uv_work_t *work, int status);

static void begin(struct former_job *j)
{
    j->work.data = j;
    (void)uv_queue_work(&j->worker->host.loop, &j->work, run, finished);
}

static void finished(uv_work_t *work, int status)
{
    static const char gone[] = "The version that was posted is no longer in its topic.";
    struct former_job *j = work->data;
    struct former_queue *queue = &j->worker->posting->former;
    const enum former_how how = how_of(j);
    (void)status;
    queue->first = j->next;
    if (queue->first == NULL)
        queue->last = NULL;
    else
        begin(queue->first);
    j->done(j->user, how, j->value, j->size,
            how == FORMER_READ   ? ""
            : how == FORMER_GONE ? gone
                                 : j->message.text);
    free(j->value);
    free(j->key);
    free(j);
}

/* "topic/partition/offset"; a topic's name has no slash. */
static bool parse(const char *delivery, struct former_job *j)
{
    char end;
    return strlen(delivery) < sizeof j->topic &&
           sscanf(delivery, "%[^/]/%" SCNd32 "/%" SCNd64 "%c", j->topic, &j->partition, &j->offset,
                  &end) == 3 &&
           j->partition >= 0 && j->offset >= 0;
}

void former_read(struct worker *w, const char *delivery, const void *key, size_t key_size,
                 former_done done, void *user)
{
    struct former_queue *queue = &w->posting->former;
    struct former_job *j = calloc(1, sizeof *j);
    if (j == NULL)
        abort();
    *j = (struct former_job){.worker = w, .done = done, .user = user};
    j->key = copy(key, key_size);
    j->key_size = key_size;
    if (!parse(delivery, j)) { /* a key that an earlier version or a person wrote */
        done(user, FORMER_GONE, NULL, 0, "Where the posted version came from is not known.");
        free(j->key);
        free(j);
        return;
    }
    if (queue->first == NULL) {
        queue->first = j;
        begin(j);
    } else {
        *queue->last = j;
    }
    queue->last = &j->next;
}
