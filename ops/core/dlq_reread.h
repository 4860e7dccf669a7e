/* The records of chosen dead letters, read once more: in one pass over their topic. One thread. */
#ifndef PRIMAFLOW_OPS_DLQ_REREAD_H
#define PRIMAFLOW_OPS_DLQ_REREAD_H

#include "core/dlq.h"

/* By flow, partition and offset, as dlq_reread wants them. */
void dlq_sort(struct letter_case *letters[], size_t count);
/* How many of the sorted letters from `letters` on are of one flow. */
size_t dlq_of_one_flow(struct letter_case *const letters[], size_t count);

/* 0 to go on, anything else ends the reading with that value in *ret_rc. */
typedef int (*dlq_reread_seen)(void *user, struct letter_case *letter,
                               const struct kafka_record *record);

/* The one of these sorted letters, of one flow, that a record is; NULL. */
struct letter_case *dlq_find_sorted(struct letter_case *const letters[], size_t count,
                                    const struct kafka_record *record);

/* Where the records of letters are: dlq_reread, or another place that has them. */
typedef enum ops_kind (*letters_source)(void *user, struct letter_case *const letters[],
                                        size_t count, dlq_reread_seen seen, void *seen_user,
                                        int *ret_rc, struct ops_error *ret_error);

/* Sorted letters of one flow; each that is still there is `seen` once, and its `seen` is set. */
__attribute__((warn_unused_result)) enum ops_kind dlq_reread(struct ops *ops,
                                                             struct letter_case *const letters[],
                                                             size_t count, dlq_reread_seen seen,
                                                             void *user, int *ret_rc,
                                                             struct ops_error *ret_error);

#endif
