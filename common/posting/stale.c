/* Ghosts that are none; see stale.h. */
#include "posting/stale.h"

#include "obs/log.h"
#include "posting/posting.h"

enum { SESSIONS = 2 };

struct rise {
    uv_work_t work;
    struct worker *worker;
    int64_t epoch; /* above which to begin */
    int result;
    char message[KAFKA_TEXT_MAX];
};

static void rise(uv_work_t *work)
{
    struct rise *s = work->data;
    struct worker *w = s->worker;
    const struct past_of of = {w->stream->group, w->flow->name, w->stream->redis_prefix};
    struct past past;
    s->result = past_read(w->host.config, &of, &past, s->message);
    if (s->result < 0)
        return;
    const int64_t known = past_epoch(&past);
    const bool is_written = past.has_generation && past.epoch > w->stream->control.epoch &&
                            past.epoch >= s->epoch; /* another one of us was first */
    if (!is_written)
        s->result = control_generation(w->host.config, w->stream->group, w->flow->name,
                                       w->stream->redis_prefix,
                                       known > s->epoch ? known : s->epoch + 1, 0, s->message);
    past_release(&past);
}

static void risen(uv_work_t *work, int status)
{
    struct rise *s = work->data;
    struct worker *w = s->worker;
    (void)status;
    w->posting->rising = false;
    if (s->result == 0)
        host_start_over(&w->host, "stale",
                        "keys of assigned partitions were written under a higher epoch");
    log_warning(.message = "cannot write a higher epoch; retrying", .detail = s->message,
                .slot = w->host.slot);
    free(s);
}

void stale_heard(struct record *r, int64_t fence)
{
    struct worker *w = r->worker;
    r->timing.stale_ms += STALE_REST_MS;
    if (r->timing.stale_ms < SESSIONS * (int64_t)kafka_session_ms(w->stream->consumer) ||
        w->posting->rising || w->host.draining)
        return;
    struct rise *s = calloc(1, sizeof *s);
    if (s == NULL)
        abort();
    s->worker = w;
    s->work.data = s;
    s->epoch = (fence >> 32) > w->stream->control.epoch ? fence >> 32 : w->stream->control.epoch;
    w->posting->rising = true;
    (void)uv_queue_work(&w->host.loop, &s->work, rise, risen);
}
