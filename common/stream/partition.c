/* What is known of a topic and of a partition, and asked by many. */
#include "base/failpoint.h"
#include "stream/engine.h"
#include "stream/stream.h"

const struct input_topic *worker_topic(const struct worker *w, const char *name)
{
    for (size_t i = 0; i < w->stream->inputs.count; i++)
        if (strcmp(w->stream->inputs.list[i].name, name) == 0)
            return &w->stream->inputs.list[i];
    return NULL;
}

bool partitions_may_send(const struct partition *p, int64_t offset)
{
    const int64_t from = p->committed >= 0 ? p->committed : p->place.offset;
    return p->topic->role == TOPIC_RETRY || offset < from + p->worker->stream->reach;
}

bool partition_has_end_to_commit(const struct partition *p)
{
    return p->worker->stream->engine->look(p).count == 0 && p->end > p->committed &&
           !mutant("commit_position");
}

bool partition_is_ready(const struct partition *p)
{
    const struct engine *engine = p->worker->stream->engine;
    return engine->is_ready == NULL || engine->is_ready(p);
}

bool partition_has_output(const struct partition *p)
{
    const struct engine *engine = p->worker->stream->engine;
    return engine->has_output != NULL && engine->has_output(p);
}
