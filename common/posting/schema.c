/* See schema.h. */
#include "posting/schema.h"

#include <stdlib.h>

#include "posting/posting.h"

enum { REGISTRY_WAIT_MS = 1000, REGISTRY_TURN_MS = 50 };

struct lookup {
    uv_work_t work;
    struct record *record;
    struct redis_bytes value;
    void (*again)(struct record *r);
    int result;
};

static void look_up(uv_work_t *work)
{
    struct lookup *l = work->data;
    l->result = codec_fetch(l->record->worker->codec, l->value.data, l->value.size);
}

static void looked_up(uv_work_t *work, int status)
{
    struct lookup *l = work->data;
    struct record *r = l->record;
    void (*again)(struct record * r) = l->again;
    const int result = l->result;
    (void)status;
    r->worker->posting->schema_fetch_running = false;
    free(l);
    if (!record_unref(r))
        return;
    if (result == 0) {
        pauses_end(&r->worker->host.pauses, PAUSE_REGISTRY);
        again(r);
    } else {
        pauses_begin(&r->worker->host.pauses, PAUSE_REGISTRY,
                     "the schema registry does not answer");
        record_delay(r, REGISTRY_WAIT_MS, again);
    }
}

void schema_ask(struct record *r, struct redis_bytes value, void (*again)(struct record *r))
{
    if (r->worker->posting
            ->schema_fetch_running) { /* one question at a time: the pool is for commits, too */
        record_delay(r, REGISTRY_TURN_MS, again);
        return;
    }
    r->worker->posting->schema_fetch_running = true;
    struct lookup *l = calloc(1, sizeof *l);
    if (l == NULL)
        abort();
    *l = (struct lookup){.record = r, .value = value, .again = again};
    l->work.data = l;
    record_ref(r);
    (void)uv_queue_work(&r->worker->host.loop, &l->work, look_up, looked_up);
}
