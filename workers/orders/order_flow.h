/* The orders worker's descriptor: what it reads, what it knows, what it says. */
#ifndef PRIMAFLOW_ORDER_FLOW_H
#define PRIMAFLOW_ORDER_FLOW_H

#include "flow/flow.h"

extern const struct flow order_flow;

#endif
