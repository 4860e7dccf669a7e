/* A parked record's key in Redis, and what its answers mean to a person. One thread. */
#ifndef PRIMAFLOW_OPS_PARKED_REDIS_H
#define PRIMAFLOW_OPS_PARKED_REDIS_H

#include "core/context.h"
#include "core/dead_letter.h"
#include "idempotency/key_parked.h"

/* Of the letter; texts are the caller's. `order`: its topic key. */
struct parked_key parked_redis_key(struct ops *ops, const struct dead_letter *letter,
                                   const char *order);

/* OPS_DONE: the word was taken (*ret_verdict KNOWN, FINISHED, CLAIMED, RELEASED, DISCARDED), or
 * there is nothing that it could be about any more: POSTED, LOST, CANCELLED, UNPROVEN, or
 * DISCARDED by somebody else. OPS_UNAVAILABLE: BUSY, WAIT, SUSPECT, or Redis does not answer.
 * OPS_DATA: UNREADABLE. */
__attribute__((warn_unused_result)) enum ops_kind parked_redis_say(
    struct ops *ops, enum parked_word word, const struct parked_key *key, enum verdict *ret_verdict,
    struct parked_view *ret_view, struct ops_error *ret_error);

#endif
