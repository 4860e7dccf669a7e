/* One look at a time, in the pool; see topic_watch.h. */
#include "stream/topic_watch.h"

#include <errno.h>

#include "base/clock.h"
#include "obs/log.h"
#include "stream/stream.h"

enum { SESSIONS_BETWEEN = 3, NAMES_MAX = TOPICS_MAX + 1 + FLOW_OUTPUTS_MAX };

struct topic_watch {
    uv_work_t work;
    struct worker *worker;
    bool busy;
    int64_t next_ms;
    const char *names[NAMES_MAX]; /* what is read first, in the order of w->stream->inputs.list */
    int32_t partitions[NAMES_MAX];
    size_t count, asked;
    const char *missing;
    char message[KAFKA_TEXT_MAX];
};

static struct topic_watch *watch_new(struct worker *w)
{
    struct topic_watch *t = calloc(1, sizeof *t);
    if (t == NULL)
        abort();
    t->worker = w;
    t->work.data = t;
    for (size_t i = 0; i < w->stream->inputs.count; i++)
        t->names[t->count++] = w->stream->inputs.list[i].name;
    t->names[t->count++] = w->stream->outputs.dlq;
    for (size_t i = 0; i < FLOW_OUTPUTS_MAX; i++)
        if (w->stream->outputs.written[i][0] != '\0')
            t->names[t->count++] = w->stream->outputs.written[i];
    return t;
}

static void look(uv_work_t *work)
{
    struct topic_watch *t = work->data;
    t->missing = NULL;
    for (t->asked = 0; t->asked < t->count; t->asked++) {
        t->partitions[t->asked] = 0;
        const int result = kafka_partition_count(t->worker->stream->consumer, t->names[t->asked],
                                                 &t->partitions[t->asked], t->message);
        if (result == -ENOENT && t->missing == NULL)
            t->missing = t->names[t->asked];
        if (result < 0 && result != -ENOENT)
            return; /* Kafka does not say: the rest as before */
    }
}

static void looked(uv_work_t *work, int status)
{
    struct topic_watch *t = work->data;
    struct worker *w = t->worker;
    (void)status;
    t->busy = false;
    t->next_ms = clock_monotonic_ms() + SESSIONS_BETWEEN * kafka_session_ms(w->stream->consumer);
    for (size_t i = 0; i < w->stream->inputs.count && i < t->asked; i++)
        w->stream->inputs.list[i].partitions = t->partitions[i];
    if (t->missing == NULL && t->asked < t->count)
        return;
    if (t->missing != NULL && t->missing != w->stream->missing_topic)
        log_warning(.message = "topic deleted", .topic = t->missing,
                    .remedy = "recreate it: primaflow topics create");
    w->stream->missing_topic = t->missing;
}

void topic_watch_consider(struct worker *w)
{
    if (w->stream->topic_watch == NULL)
        w->stream->topic_watch = watch_new(w);
    struct topic_watch *t = w->stream->topic_watch;
    if (t->busy || w->host.draining || (w->host.pauses.bits & 1u << PAUSE_KAFKA) ||
        clock_monotonic_ms() < t->next_ms)
        return;
    t->busy = true;
    (void)uv_queue_work(&w->host.loop, &t->work, look, looked);
}
