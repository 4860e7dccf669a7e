/* What could not be reserved is counted, and told without a value of anybody's: reservation_gaps.def
 * has the words. It never holds a partition up: whoever posts the order makes its own exception of the
 * same event. Loop thread only. */
#ifndef PRIMAFLOW_RESERVATION_GAPS_H
#define PRIMAFLOW_RESERVATION_GAPS_H

#include "domain/events/stock_order.h"
#include "kafka/kafka.h"
#include "obs/log_limit.h"

enum reservation_gap_kind {
#define GAP(name, what, remedy) RESERVATION_GAP_##name,
#include "reservation_gaps.def"
#undef GAP
    RESERVATION_GAP_KINDS
};

const char *reservation_gap_name(enum reservation_gap_kind kind);

/* Counts it, and says so: a few lines of a kind in a while (log_limit.h). `order`: natural key, or
 * NULL: not known; `detail`: a sentence without values, or NULL. */
void reservation_gap_tell(struct log_limit *limit, enum reservation_gap_kind kind,
                          const char *order, const struct kafka_record *record, const char *detail);

#endif
