/* When a job runs next: an interval with jitter, what was missed, what failed. Pure: times are
 * given, in milliseconds of any one clock.
 *
 * Invariants
 *   - Runs stand on a grid, `every_ms` apart, each moved by its own jitter: jitter never adds up.
 *   - What was missed is not made up for: one run is due at once, the next stands on the grid.
 *   - A run that failed is tried again sooner: after retry_min_ms, doubled with each failure up to
 *     retry_max_ms, and a quarter of it at most as jitter; never later than its turn on the grid.
 *   - The same seed and turn give the same jitter; jobs of different seeds spread. */
#ifndef PRIMAFLOW_SCHEDULE_PLAN_H
#define PRIMAFLOW_SCHEDULE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

struct plan {
    int64_t every_ms, jitter_ms, retry_min_ms, retry_max_ms;
    uint64_t seed;
};

struct plan_state {  /* all 0: it never ran here */
    int64_t grid_ms; /* of the run that is due next */
    uint64_t turn;
    unsigned failures; /* in a row */
};

/* A seed for a name: the same in every process. */
uint64_t plan_seed(const char *name);

/* When the first run is due; age_ms: how long ago the last one ended, here or elsewhere; -1: never,
 * or not known, which is due now but for its jitter. */
int64_t plan_first(const struct plan *plan, struct plan_state *state, int64_t age_ms,
                   int64_t now_ms);

/* A run has ended: when the next one is due. */
int64_t plan_next(const struct plan *plan, struct plan_state *state, bool failed, int64_t now_ms);

#endif
