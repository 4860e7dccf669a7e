/* The one thing that a program of ours calls. */
#ifndef PRIMAFLOW_RUN_H
#define PRIMAFLOW_RUN_H

#include "flow/flow.h"

/* Runs a worker until SIGTERM; the exit code. `sources`: of the facts that it needs (posting/facts.h), in the
 * order in which they are asked, NULL behind the last. */
struct fact_source;
int worker_main(const struct flow *flow, const struct fact_source *const sources[], int argc,
                char **argv);

#endif
