/* What a person's word about a parked record leaves in Kafka: copies for the worker, decisions,
 * the ledger's word, audit; one transaction. One thread. */
#ifndef PRIMAFLOW_OPS_PARKED_WRITE_H
#define PRIMAFLOW_OPS_PARKED_WRITE_H

#include "core/decision.h"
#include "core/parked_find.h"

struct parked_writing {
    const char *who, *reason;
    enum decision_kind kind;
    bool asks_first;  /* the copy has its worker ask Prima before it sends */
    bool ends_ledger; /* what a refund keeps of its order ends */
    /* Asked just before the commit: whoever slept may not be the one any more. NULL: nothing is */
    enum ops_kind (*check)(void *user, struct ops_error *ret_error);
    void *user;
};

/* With the pen: the parked record and what waits behind it, to the worker's retry topic. */
__attribute__((warn_unused_result)) enum ops_kind parked_write(struct parked_case *found,
                                                               const struct parked_writing *writing,
                                                               struct kafka_writer *writer,
                                                               struct ops_error *ret_error);

/* Into an open transaction: K's record in the ledger ends, whose refund has no note and gets
 * none. Of a flow that takes no credit nothing. `order`: the topic key. */
__attribute__((warn_unused_result)) enum ops_kind parked_end_ledger(
    struct ops *ops, const struct dead_letter *letter, const char *order,
    struct kafka_writer *writer, struct ops_error *ret_error);

#endif
