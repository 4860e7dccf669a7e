/* The mappings tried on order events, before they are put to work: what they lack is gathered in
 * `seen`. One thread. */
#ifndef PRIMAFLOW_OPS_MAPPINGS_CHECK_H
#define PRIMAFLOW_OPS_MAPPINGS_CHECK_H

#include "core/complaints.h"
#include "core/context.h"
#include "core/mappings_seen.h"

#include <stdio.h>

/* Records of a topic of order events: at most `last` of each partition, or those since a time. */
struct mappings_range {
    const char *topic; /* NULL: the orders' input */
    int64_t since_ms;  /* wall; -1: by `last` */
    int64_t last;      /* 0: MAPPINGS_LAST */
};
enum { MAPPINGS_LAST = 10000 };
__attribute__((warn_unused_result)) enum ops_kind mappings_check_topic(
    struct ops *ops, const struct mappings_range *range, struct seen *seen,
    struct ops_error *ret_error);

/* Events as JSON lines. OPS_DATA: a line is no event; the others were taken all the same. */
__attribute__((warn_unused_result)) enum ops_kind mappings_check_lines(
    struct ops *ops, FILE *in, const char *name, struct seen *seen,
    struct complaints *ret_complaints, struct ops_error *ret_error);

#endif
