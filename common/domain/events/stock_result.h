/* How one read of Prima ended in one partition, as a C struct: schemas/StockResult.avsc says what
 * each field means.
 *
 * Invariants: no personal data; text that is not nullable must be set before encoding, or
 * codec_encode refuses with -EINVAL. Plain data that points into its maker's memory: any thread. */
#ifndef PRIMAFLOW_STOCK_RESULT_H
#define PRIMAFLOW_STOCK_RESULT_H

#include "domain/events/result_ending.h"
#include "domain/events/stock_event.h"

enum snapshot_outcome {
    SNAPSHOT_APPLIED,
    SNAPSHOT_STALE,      /* none of its rows was newer than what was there */
    SNAPSHOT_INCOMPLETE, /* none of its rows counts */
    SNAPSHOT_OUTCOME_COUNT
};
enum snapshot_fault {
    SNAPSHOT_FAULT_NONE,
    SNAPSHOT_FAULT_COUNT,
    SNAPSHOT_FAULT_CHECKSUM,
    SNAPSHOT_FAULT_SUPERSEDED, /* a newer read, or poller, came before its end */
    SNAPSHOT_FAULT_TIMEOUT,
    SNAPSHOT_FAULTS
};

extern const char *const snapshot_outcome_names[];
extern const char *const snapshot_fault_names[];

struct stock_result {
    enum snapshot_outcome outcome;
    enum snapshot_fault why;
    const char *company;
    const char *snapshot;
    int64_t token;
    int64_t began_at; /* ms since 1970 UTC, Redis' clock */
    enum stock_scope scope;
    const char *range_from; /* may be NULL */
    const char *range_to;   /* may be NULL */
    int32_t partition;
    bool has_count;
    int64_t count; /* rows that its end told of */
    int64_t rows;  /* ... that were seen; of them: */
    int64_t changed;
    int64_t unchanged;
    int64_t older;
    int64_t malformed;
    int64_t missing; /* known SKUs within its scope that it does not have */
    struct result_delivery delivery;
    int64_t received_at;   /* ms since 1970 UTC */
    int64_t published_at;  /* ms since 1970 UTC */
    const char *narrative; /* may be NULL */
};

extern const struct bound_record stock_result_record;

#endif
