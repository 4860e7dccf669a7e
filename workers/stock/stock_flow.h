/* What the stock worker reads and writes: its descriptor. Constant. */
#ifndef PRIMAFLOW_STOCK_FLOW_H
#define PRIMAFLOW_STOCK_FLOW_H

#include "flow/flow.h"

extern const struct flow stock_flow;

#endif
