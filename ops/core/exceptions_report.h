/* How many exceptions wait for each owner, how old the oldest is, and how much of its retention
 * is over; and the word in ops.decisions by which a dead letter stays listed, as expired, once
 * its bytes have gone.
 *
 * What is open past three quarters of its topic's retention is remembered: code, key, delivery,
 * amount, time; no personal data. One thread. */
#ifndef PRIMAFLOW_OPS_EXCEPTIONS_REPORT_H
#define PRIMAFLOW_OPS_EXCEPTIONS_REPORT_H

#include "core/dlq.h"

struct exceptions_options {
    int64_t since_ms, now_ms; /* wall; how far back they are read */
    const char *who;          /* who remembers; NULL: nothing is written */
};

struct exceptions_of_owner {
    int64_t count, expired; /* open ones; of them without bytes any more */
    int64_t oldest_ms;      /* age; 0: none */
    int64_t
        oldest_per_mille; /* of the retention of its topic: the highest of all; 1000: it goes, or has gone */
};

struct exceptions_report {
    struct exceptions_of_owner owners[PF_OWNER_COUNT]; /* by enum pf_owner; [0] unused */
    int64_t near_end;                                  /* dead letters past three quarters */
    int64_t remembered;                                /* of them, by this run */
    char incomplete[KAFKA_TEXT_MAX];
};

/* OPS_UNAVAILABLE: letters or decisions could not be read, or written. */
__attribute__((warn_unused_result)) enum ops_kind exceptions_report(
    struct ops *ops, const struct exceptions_options *options, struct exceptions_report *ret_report,
    struct ops_error *ret_error);

#endif
