/* What a replay would be, counted and priced without writing: how many records and keys, how long it takes,
 * and of a sample what each would become. Memory does not grow with the range, but by 2 bits an offset
 * where an outcome is asked for. One thread. */
#ifndef PRIMAFLOW_OPS_REPLAY_PLAN_H
#define PRIMAFLOW_OPS_REPLAY_PLAN_H

#include "core/replay_log.h"
#include "core/replay_price.h"

#include <signal.h>

struct replay_plan {
    int64_t records, bytes; /* chosen: key and value */
    int64_t keys;
    bool keys_are_exact;
    int64_t first_ms, last_ms; /* of the chosen, by their own times; 0: none */
    struct replay_left_out
        left_out;                /* of the chosen, as a run would leave them out now; `old`: without
                                         resolve_first */
    int64_t sampled;             /* of the chosen, evenly spread */
    int64_t fates[REPLAY_FATES]; /* of the sampled */
    char unknown_why[300];
    int64_t read; /* records read, whether chosen or not */
    int64_t ms;   /* it took to read them */
};

/* `sample_max`: about so many are decoded and looked up in Redis; of fewer all are. 0: none.
 * OPS_UNAVAILABLE also when *stop ended it. */
__attribute__((warn_unused_result)) enum ops_kind replay_plan_make(
    struct ops *ops, const struct replay_choice *choice, int64_t sample_max,
    const volatile sig_atomic_t *stop, struct replay_plan *ret_plan, struct ops_error *ret_error);

/* Records a second at which a replay goes unless somebody says otherwise: a tenth of limit.rate, which is
 * what is left to the smallest of those who share it, and 1000 where there is no limit. */
int64_t replay_rate(const struct config *config);

#endif
