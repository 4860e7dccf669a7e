/* A job: what is to be done again and again by a plan, while its owner holds a lease. It runs once
 * at a time; the owner says when a run has ended. Loop thread only. Embedded; job_stop before the
 * owner dies. */
#ifndef PRIMAFLOW_SCHEDULE_JOB_H
#define PRIMAFLOW_SCHEDULE_JOB_H

#include "host/timers.h"
#include "schedule/plan.h"

struct job {
    struct timers *timers;
    struct plan plan;
    struct plan_state state;
    struct timer timer;
    int64_t due_ms; /* of clock_monotonic_ms; 0: it is stopped, or runs */
    bool is_active, is_running;
    void (*run)(void *owner); /* begins a run; job_done ends it */
    void *owner;
};

/* age_ms: since its last run ended, anywhere; -1: never. */
void job_start(struct job *job, int64_t age_ms);
void job_done(struct job *job,
              bool failed);     /* nothing follows for one that was stopped meanwhile */
void job_stop(struct job *job); /* one that runs is the owner's to end */

#endif
