/* A plan on the host's timers; see job.h. */
#include "schedule/job.h"

#include "base/clock.h"

static void job_fire(void *owner)
{
    struct job *j = owner;
    j->due_ms = 0;
    j->is_running = true;
    j->run(j->owner);
}

static void wait_until(struct job *j, int64_t due_ms, int64_t now_ms)
{
    j->due_ms = due_ms;
    timers_set(j->timers, &j->timer, due_ms > now_ms ? due_ms - now_ms : 0, job_fire, j);
}

void job_start(struct job *j, int64_t age_ms)
{
    const int64_t now = clock_monotonic_ms();
    const int64_t due = plan_first(&j->plan, &j->state, age_ms, now);
    j->is_active = true;
    if (!j->is_running)
        wait_until(j, due, now);
}

void job_done(struct job *j, bool failed)
{
    const int64_t now = clock_monotonic_ms();
    j->is_running = false;
    if (j->is_active)
        wait_until(j, plan_next(&j->plan, &j->state, failed, now), now);
}

void job_stop(struct job *j)
{
    j->is_active = false;
    j->due_ms = 0;
    timers_cancel(j->timers, &j->timer);
}
