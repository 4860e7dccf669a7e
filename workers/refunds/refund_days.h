/* How many days are left for the note of a refund that has none, from the event alone: what the worker
 * counts of refunds that wait or end as dead letters, and what reports show. Pure functions: any
 * thread. */
#ifndef PRIMAFLOW_REFUND_DAYS_H
#define PRIMAFLOW_REFUND_DAYS_H

#include "domain/events/refund_event.h"
#include "flow/flow.h"

/* When the last of its money went back; when it was made where that is not known. Ms since 1970. */
int64_t refund_went_at(const struct refund_event *event);

/* flow.h: days_left. False as well where no money has gone back: then no day has begun to count. */
bool refund_flow_days_left(const void *event, const struct flow_key *key, const void *rules,
                           int64_t now_ms, int32_t *ret_days);

#endif
