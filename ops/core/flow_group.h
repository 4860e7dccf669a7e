/* The consumer group of a flow's workers. Pure. */
#ifndef PRIMAFLOW_OPS_FLOW_GROUP_H
#define PRIMAFLOW_OPS_FLOW_GROUP_H

#include "config/config.h"
#include "flow/flow.h"

/* worker.group, or primaflow.<flow>. */
void flow_group(const struct config *config, const struct flow *flow, char *text, size_t room);

#endif
