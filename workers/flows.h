/* Every flow that primaflow has: the one list that command line, console, doctor, topics, dead
 * letters and replay go through. A worker of its own is one of them (workers/<name>/main.c). */
#ifndef PRIMAFLOW_FLOWS_H
#define PRIMAFLOW_FLOWS_H

#include "flow/flow.h"

extern const struct flow *const flows[]; /* ends with NULL */

/* The flow whose events this topic carries; NULL: none of ours. */
const struct flow *flow_of_input(const char *topic);

#endif
