/* The refunds worker's descriptor: what it reads, what it knows, what it says. */
#ifndef PRIMAFLOW_REFUND_FLOW_H
#define PRIMAFLOW_REFUND_FLOW_H

#include "flow/flow.h"

extern const struct flow refund_flow;

#endif
