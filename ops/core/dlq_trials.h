/* What many dead letters would become with today's mappings, counted. One thread. */
#ifndef PRIMAFLOW_OPS_DLQ_TRIALS_H
#define PRIMAFLOW_OPS_DLQ_TRIALS_H

#include "core/dlq.h"
#include "core/letter_trial.h"

struct trial_group {
    char text[TRIAL_TEXT_MAX]; /* trial_text */
    char detail[300];          /* the first one's */
    char example[LETTER_PLACE_MAX];
    size_t count;
};

struct dlq_trials {
    struct trial_group *groups; /* the most numerous first */
    size_t count, room;
    int64_t cut, gone; /* letters without bytes; whose bytes have gone */
    int64_t unknown;   /* edited, and the edit has gone with the retention of ops.overlays */
};

/* Sorts `letters`. *ret_trials is released by the caller whatever is returned. */
__attribute__((warn_unused_result)) enum ops_kind dlq_trials_make(struct ops *ops,
                                                                  struct letter_case *letters[],
                                                                  size_t count, int64_t now_ms,
                                                                  struct dlq_trials *ret_trials,
                                                                  struct ops_error *ret_error);
void dlq_trials_release(struct dlq_trials *trials);

#endif
