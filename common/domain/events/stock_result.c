/* A snapshot's result: its binding table; see stock_result.h. */
#include "domain/events/stock_result.h"

const char *const snapshot_outcome_names[] = {"applied", "stale", "incomplete", NULL};
const char *const snapshot_fault_names[] = {"none",       "count",   "checksum",
                                            "superseded", "timeout", NULL};

static const struct binding stock_result_fields[] = {
    BIND_SYMBOL(struct stock_result, outcome, snapshot_outcome_names),
    BIND_SYMBOL(struct stock_result, why, snapshot_fault_names),
    BIND(struct stock_result, company, BIND_TEXT),
    BIND(struct stock_result, snapshot, BIND_TEXT),
    BIND(struct stock_result, token, BIND_LONG),
    BIND(struct stock_result, began_at, BIND_LONG),
    BIND_SYMBOL(struct stock_result, scope, stock_scope_names),
    BIND(struct stock_result, range_from, BIND_TEXT),
    BIND(struct stock_result, range_to, BIND_TEXT),
    BIND(struct stock_result, partition, BIND_INT),
    BIND_OPTIONAL(struct stock_result, count, BIND_LONG),
    BIND(struct stock_result, rows, BIND_LONG),
    BIND(struct stock_result, changed, BIND_LONG),
    BIND(struct stock_result, unchanged, BIND_LONG),
    BIND(struct stock_result, older, BIND_LONG),
    BIND(struct stock_result, malformed, BIND_LONG),
    BIND(struct stock_result, missing, BIND_LONG),
    BIND_SUB(struct stock_result, delivery, BIND_INLINE, result_delivery_record),
    BIND(struct stock_result, received_at, BIND_LONG),
    BIND(struct stock_result, published_at, BIND_LONG),
    BIND(struct stock_result, narrative, BIND_TEXT),
};
const struct bound_record stock_result_record =
    BOUND_RECORD("StockResult", struct stock_result, stock_result_fields);
