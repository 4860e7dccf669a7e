/* The arithmetic of due times; see plan.h. */
#include "schedule/plan.h"

#include "base/table.h"

#include <string.h>

static uint64_t plan_mix(uint64_t z)
{
    z += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* 0 to `most`, both included. */
static int64_t jitter(const struct plan *plan, const struct plan_state *state, int64_t most)
{
    const uint64_t chance = plan_mix(plan->seed ^ plan_mix(state->turn));
    return most <= 0 ? 0 : (int64_t)(chance % ((uint64_t)most + 1));
}

uint64_t plan_seed(const char *name)
{
    return table_hash(TABLE_HASH_BEGIN, name, strlen(name));
}

int64_t plan_first(const struct plan *plan, struct plan_state *state, int64_t age_ms,
                   int64_t now_ms)
{
    *state = (struct plan_state){.grid_ms = now_ms};
    if (age_ms >= 0 && age_ms < plan->every_ms)
        state->grid_ms = now_ms + plan->every_ms - age_ms;
    return state->grid_ms + jitter(plan, state, plan->jitter_ms);
}

static int64_t backoff(const struct plan *plan, unsigned failures)
{
    int64_t wait = plan->retry_min_ms;
    while (--failures > 0 && wait < plan->retry_max_ms)
        wait *= 2;
    return wait < plan->retry_max_ms ? wait : plan->retry_max_ms;
}

int64_t plan_next(const struct plan *plan, struct plan_state *state, bool failed, int64_t now_ms)
{
    state->turn++;
    if (state->grid_ms <= now_ms)
        state->grid_ms += ((now_ms - state->grid_ms) / plan->every_ms + 1) * plan->every_ms;
    const int64_t regular = state->grid_ms + jitter(plan, state, plan->jitter_ms);
    if (!failed) {
        state->failures = 0;
        return regular;
    }
    state->failures++;
    const int64_t wait = backoff(plan, state->failures),
                  retry = now_ms + wait + jitter(plan, state, wait / 4);
    return retry < regular ? retry : regular;
}
