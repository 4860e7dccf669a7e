/* Committed offsets into ops.control; see remember.h. */
#include "stream/remember.h"

#include <errno.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "stream/stream.h"

enum { EVERY_MS = 10 * 60 * 1000, AGAIN_MS = 5000, AGAIN_DRAINING_MS = 200 };

struct remember {
    uv_work_t work;
    struct worker *worker;
    int64_t next_ms, not_before_ms; /* monotonic: the next turn; ... of what could not be written */
    struct past_position *pending,
        *writing; /* the second is the pool's while busy, and stays until it is written */
    size_t pending_count, pending_room, writing_count;
    bool busy;
    int result;
    char message[KAFKA_TEXT_MAX];
};

static struct remember *remember_of(struct worker *w)
{
    if (w->stream->remember == NULL) {
        w->stream->remember = calloc(1, sizeof *w->stream->remember);
        if (w->stream->remember == NULL)
            abort();
        w->stream->remember->worker = w;
        w->stream->remember->work.data = w->stream->remember;
    }
    return w->stream->remember;
}

static void put(struct remember *m, const struct partition *p)
{
    if (m->pending_count == m->pending_room) {
        m->pending_room = m->pending_room == 0 ? 32 : 2 * m->pending_room;
        m->pending = realloc(m->pending, m->pending_room * sizeof *m->pending);
        if (m->pending == NULL)
            abort();
    }
    struct past_position *one = &m->pending[m->pending_count++];
    *one = (struct past_position){p->place, p->ground > p->committed ? p->ground : 0};
    one->place.offset = p->committed;
}

static void run(uv_work_t *work)
{
    struct remember *m = work->data;
    m->result = past_remember(m->worker->host.config, m->worker->stream->group, m->writing,
                              m->writing_count, m->message);
}

static void begin(struct remember *m);

static void done(uv_work_t *work, int status)
{
    struct remember *m = work->data;
    (void)status;
    struct worker *w = m->worker;
    m->busy = false;
    rights_hear_of(w, RIGHTS_OF_POSITIONS, m->result, m->message);
    if (m->result < 0 && m->result != -EACCES)
        log_warning(.message = "cannot record the group's position", .detail = m->message,
                    .slot = w->host.slot);
    if (m->result < 0)
        m->not_before_ms = clock_monotonic_ms() + (w->host.draining ? AGAIN_DRAINING_MS : AGAIN_MS);
    if (m->result == 0) {
        free(m->writing);
        m->writing = NULL;
    }
    begin(m);
}

static void begin(struct remember *m)
{
    if (m->busy || clock_monotonic_ms() < m->not_before_ms ||
        (m->writing == NULL && m->pending_count == 0))
        return;
    if (m->writing == NULL) {
        m->writing = m->pending;
        m->writing_count = m->pending_count;
        m->pending = NULL;
        m->pending_count = m->pending_room = 0;
    }
    m->busy = true;
    (void)uv_queue_work(&m->worker->host.loop, &m->work, run, done);
}

void remember_going(struct worker *w, const struct partition *p)
{
    if (p->committed > p->remembered)
        put(remember_of(w), p);
}

static void put_all(struct worker *w, bool only_new)
{
    struct remember *m = remember_of(w);
    for (struct partition *p = w->stream->partitions; p != NULL; p = p->next)
        if (p->committed > p->remembered &&
            (!only_new || p->remembered < 0 || (!p->has_moved && !mutant("remember_move")))) {
            put(m, p);
            p->has_moved = p->remembered >= 0;
            p->remembered = p->committed;
        }
}

void remember_watch(struct worker *w)
{
    struct remember *m = remember_of(w);
    const int64_t now = clock_monotonic_ms();
    const bool is_time = now >= m->next_ms;
    put_all(w, !is_time);
    if (is_time)
        m->next_ms = now + EVERY_MS;
    begin(m);
}

void remember_now(struct worker *w)
{
    put_all(w, false);
    begin(remember_of(w));
}

bool remember_is_busy(const struct worker *w)
{
    const struct remember *m = w->stream->remember;
    return m != NULL && (m->busy || m->writing != NULL || m->pending_count > 0);
}
