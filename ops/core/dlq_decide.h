/* One person's decision about one dead letter: who works on it, a note, not before a time, nothing to be
 * done. Written with the pen (decision.h); what somebody else decided meanwhile is seen first.
 *
 * A discarded letter is closed, refunds of its order have nothing to credit (ledger_unposted.h),
 * and nothing of it is sent again; a later delivery of its key is worked on as
 * any other. Of what is parked the person has looked into Prima: a discard ends its key, too, and what waits
 * behind it (parked_discard.h); a later delivery of it is a dead letter then. One thread. */
#ifndef PRIMAFLOW_OPS_DLQ_DECIDE_H
#define PRIMAFLOW_OPS_DLQ_DECIDE_H

#include "core/decision.h"
#include "core/dlq.h"

struct dlq_decide_options {
    enum decision_kind kind; /* DISCARDED, ASSIGNED, NOTED, SNOOZED */
    struct letter_place place;
    const char *who, *reason;
    const char *assignee; /* ASSIGNED: "" nobody any more */
    int64_t until_ms;     /* SNOOZED */
    int64_t since_ms;     /* how far back letters are read */
    bool writes;          /* false: only says what it would do */
};

struct dlq_decided {
    struct dead_letter letter;
    enum letter_state state; /* before it */
    bool written;
};

/* OPS_DATA: no such letter, or it is not open any more, or Prima has the document of a parked one by now. */
__attribute__((warn_unused_result)) enum ops_kind dlq_decide(
    struct ops *ops, const struct dlq_decide_options *options, struct dlq_decided *ret_decided,
    struct ops_error *ret_error);

#endif
