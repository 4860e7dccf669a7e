/* Asking the registry; see reservation_schema.h. */
#include "reservation_schema.h"

#include "codec/codec.h"

#include <stdlib.h>
#include <string.h>

enum { REGISTRY_WAIT_MS = 1000 };

struct question {
    uv_work_t work;
    struct reservation_process *process;
    int result;
    size_t size;
    char bytes[];
};

static void resume_all(struct reservation_process *p)
{
    p->is_fetching = false;
    for (size_t i = 0; i < p->count; i++)
        p->resume(p->shards[i]);
}

static void wait_is_over(void *owner)
{
    resume_all(owner);
}

static void ask(uv_work_t *work)
{
    struct question *q = work->data;
    q->result = codec_fetch(q->process->tools->codec, q->bytes, q->size);
}

static void answered(uv_work_t *work, int status)
{
    struct question *q = work->data;
    struct reservation_process *p = q->process;
    struct host *h = p->tools->host;
    const int result = q->result;
    (void)status;
    free(q);
    p->in_pool--;
    if (result == 0) {
        pauses_end(&h->pauses, PAUSE_REGISTRY);
        resume_all(p);
    } else {
        pauses_begin(&h->pauses, PAUSE_REGISTRY, "the schema registry does not answer");
        timers_set(&h->timers, &p->fetch_again, REGISTRY_WAIT_MS, wait_is_over, p);
    }
    reservation_process_consider(p);
}

void reservation_schema_ask(struct reservation_process *p, const void *bytes, size_t size)
{
    if (p->is_fetching)
        return;
    struct question *q = calloc(1, sizeof *q + size);
    if (q == NULL)
        abort();
    q->process = p;
    q->size = size;
    memcpy(q->bytes, bytes, size);
    q->work.data = q;
    p->is_fetching = true;
    p->in_pool++;
    (void)uv_queue_work(&p->tools->host->loop, &q->work, ask, answered);
}
