/* What a record means; see decode.h. */
#include "runtime/decode.h"

#include <errno.h>

#include "base/digest.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "runtime/worker.h"

enum { REGISTRY_WAIT_MS = 1000, REGISTRY_TURN_MS = 50 };

static void malformed(struct record *r, enum pf_error code, const char *detail)
{
    r->code = code;
    r->detail = detail;
    life_happens(r, MALFORMED);
}

static void find_key(struct record *r)
{
    struct worker *w = r->worker;
    const char *detail = NULL;
    const enum pf_error code = w->flow->key(r->event, w->rules, r->arena, &r->key, &detail);
    if (code != PF_OK) {
        r->key = (struct flow_key){0};
        malformed(r, code, detail);
        return;
    }
    codec_identity(w->codec, w->flow->event, r->event, r->identity);
    if (r->key.cancels) { /* its order's content, taken back: never the same as the order itself, whatever the channel resends with it */
        digest_sha256(r->identity, IDENTITY_SIZE, r->identity + 1);
    }
    r->work.natural = r->key.natural;
    r->work.identity = r->identity;
    r->work.delivery = r->delivery;
    r->work.parent = r->parent;
    r->work.version = r->key.version;
    if (r->replays > w->replay_max)
        malformed(r, PF_E_replay_limit, NULL);
    else
        life_happens(r, DECODED_OK);
}

/* ---- a schema that only the registry has: asked in the pool ---- */

struct lookup {
    uv_work_t work;
    struct record *record;
    int result;
};

static void look_up(uv_work_t *work)
{
    struct lookup *l = work->data;
    l->result = codec_fetch(l->record->worker->codec, l->record->raw.value, l->record->raw.value_size);
}

static void looked_up(uv_work_t *work, int status)
{
    struct lookup *l = work->data;
    struct record *r = l->record;
    const int result = l->result;
    (void)status;
    l->record->worker->looking_up = false;
    free(l);
    if (!record_let_go(r))
        return;
    if (result == 0) {
        worker_resume(r->worker, PAUSE_REGISTRY);
        decode_begin(r);
    } else {
        worker_pause(r->worker, PAUSE_REGISTRY, "the schema registry does not answer");
        record_rest(r, REGISTRY_WAIT_MS, decode_begin);
    }
}

static void ask_registry(struct record *r)
{
    if (r->worker->looking_up) { /* one question at a time: the pool is for commits, too */
        record_rest(r, REGISTRY_TURN_MS, decode_begin);
        return;
    }
    r->worker->looking_up = true;
    struct lookup *l = calloc(1, sizeof *l);
    if (l == NULL)
        abort();
    l->record = r;
    l->work.data = l;
    record_hold(r);
    (void)uv_queue_work(&r->worker->loop, &l->work, look_up, looked_up);
}

void decode_begin(struct record *r)
{
    struct worker *w = r->worker;
    if (r->raw.value == NULL) {
        malformed(r, PF_E_tombstone, NULL);
        return;
    }
    struct codec_fault fault = {PF_OK, ""};
    if (r->event == NULL)
        r->event = arena_alloc(r->arena, w->flow->event->size);
    const int result =
        r->event == NULL ? -ENOMEM : codec_decode(w->codec, w->flow->event, r->raw.value, r->raw.value_size, r->arena, r->event, &fault);
    if (result == 0) {
        worker_resume(w, PAUSE_REGISTRY);
        find_key(r);
    } else if (result == -EAGAIN)
        ask_registry(r);
    else
        malformed(r, result == -EBADMSG ? fault.code : PF_E_avro_too_large, record_keep(r, fault.message, strlen(fault.message)).data);
}
