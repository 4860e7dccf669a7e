/* A short list of tags, and a list of records that wait; see findings.h. */
#include "posting/findings.h"

#include "base/clock.h"
#include "posting/posting.h"

bool findings_is_under_way(const struct record *r, const uint8_t tag[static FINDING_TAG_SIZE])
{
    const struct findings *f = &r->worker->posting->findings;
    for (size_t i = 0; i < f->count; i++)
        if (f->list[i].by != r && memcmp(f->list[i].tag, tag, FINDING_TAG_SIZE) == 0)
            return true;
    return false;
}

void findings_begin(struct record *r, const uint8_t tag[static FINDING_TAG_SIZE])
{
    struct findings *f = &r->worker->posting->findings;
    for (size_t i = 0; i < f->count; i++)
        if (f->list[i].by == r && memcmp(f->list[i].tag, tag, FINDING_TAG_SIZE) == 0)
            return;
    if (f->count == f->room) {
        f->room = f->room == 0 ? 64 : f->room * 2;
        f->list = realloc(f->list, f->room * sizeof *f->list);
        if (f->list == NULL)
            abort();
    }
    memcpy(f->list[f->count].tag, tag, FINDING_TAG_SIZE);
    f->list[f->count++].by = r;
}

/* ---- waiting ---- */

static void leave_waiting(struct record *r)
{
    if (r->finding.at == NULL)
        return;
    *r->finding.at = r->finding.next;
    if (r->finding.next != NULL)
        r->finding.next->finding.at = r->finding.at;
    r->finding.at = NULL;
    r->finding.next = NULL;
}

/* Where requests stand in line for the limit, the wait was for that: not the record's time. */
static void go_on(struct record *r)
{
    if (r->worker->posting->permit_line.count > 0)
        r->timing.deadline_ms += clock_monotonic_ms() - r->finding.since_ms;
    leave_waiting(r);
    r->finding.go(r);
}

void findings_wait(struct record *r, int64_t ms, void (*go)(struct record *))
{
    struct findings *f = &r->worker->posting->findings;
    r->finding.go = go;
    r->finding.since_ms = clock_monotonic_ms();
    r->finding.next = f->waiting;
    r->finding.at = &f->waiting;
    if (f->waiting != NULL)
        f->waiting->finding.at = &r->finding.next;
    f->waiting = r;
    record_delay(r, ms, go_on);
}

void findings_end(struct record *r)
{
    struct worker *w = r->worker;
    struct findings *f = &w->posting->findings;
    const size_t before = f->count;
    for (size_t i = f->count; i > 0; i--)
        if (f->list[i - 1].by == r)
            f->list[i - 1] = f->list[--f->count];
    if (f->count == before)
        return;
    for (struct record *one = f->waiting; one != NULL; one = one->finding.next)
        if (!one->ready.is_queued) {
            timers_cancel(&w->host.timers, &one->ready.timer);
            record_make_ready(one, go_on);
        }
}

void findings_leave(struct record *r)
{
    leave_waiting(r);
    findings_end(r);
}
