/* Which events a topic carries, and how a record of them gets its key: those of the flows, and
 * refunds, which are imported before a worker of their own is one of them. One thread. */
#ifndef PRIMAFLOW_OPS_EVENT_KINDS_H
#define PRIMAFLOW_OPS_EVENT_KINDS_H

#include "flow/flow.h"

struct event_kind {
    const struct bound_record *event;
    const struct flow *ruled_by; /* whose rules name the companies of its channels */
    enum pf_error (*key)(const void *event, const void *rules, struct arena *arena,
                         struct flow_key *ret_key, const char **ret_detail);
};

/* False: none of ours. */
bool event_kind_of(const char *topic, struct event_kind *ret_kind);

#endif
