/* What a shadow would have posted, and how it compares with what Prima has: shadow.<results> and
 * the shadow's dead letters, then Prima's documents of the days that the orders are of. One thread. */
#ifndef PRIMAFLOW_OPS_SHADOW_REPORT_H
#define PRIMAFLOW_OPS_SHADOW_REPORT_H

#include "core/context.h"
#include "core/shadow_book.h"

struct shadow_report_options {
    int64_t since_ms; /* only what the shadow published since; 0: all */
    size_t list_max;  /* rows of each list */
    int page_size;    /* documents of one question to Prima */
    bool no_prima;    /* do not compare */
};

struct shadow_report {
    struct book book;
    int64_t first_ms, last_ms; /* of the records, as published; 0: none */
    int64_t unreadable;        /* results: not counted anywhere else */
    size_t list_max;
    bool compared;
    struct config_message not_compared; /* why; "" when compared */
};

/* *ret_report: large. Release it whatever is returned. */
__attribute__((warn_unused_result)) enum ops_kind shadow_report_make(
    struct ops *ops, const struct shadow_report_options *options, struct shadow_report *ret_report,
    struct ops_error *ret_error);
void shadow_report_release(struct shadow_report *report);

#endif
