/* What a discard of a parked record is besides its decision: its key in Redis sends nothing any
 * more, what a refund keeps of its order ends, and later versions that wait behind it are
 * discarded with it. One thread. */
#ifndef PRIMAFLOW_OPS_PARKED_DISCARD_H
#define PRIMAFLOW_OPS_PARKED_DISCARD_H

#include "core/decision.h"
#include "core/parked_find.h"

/* The key of a letter for which parked_is_own; safe to run twice. `order`: the letter's topic
 * key. OPS_DATA: it is posted meanwhile. OPS_UNAVAILABLE: somebody works on it, Redis is being
 * rebuilt or does not answer. */
__attribute__((warn_unused_result)) enum ops_kind parked_discard_key(
    struct ops *ops, const struct dead_letter *letter, const char *order,
    struct ops_error *ret_error);

/* Into an open transaction, for each letter that waits behind `entry`: `decision`, but for
 * letter and delivery. */
__attribute__((warn_unused_result)) enum ops_kind parked_discard_waiting(
    struct ops *ops, const struct letter_book *book, const struct letter_case *entry,
    const struct decision *decision, struct kafka_writer *writer, struct ops_error *ret_error);

#endif
