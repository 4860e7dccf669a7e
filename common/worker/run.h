/* The one thing that a program of ours calls. */
#ifndef PRIMAFLOW_RUN_H
#define PRIMAFLOW_RUN_H

#include "flow/flow.h"
#include "stream/worker_engine.h"

/* Runs a worker until SIGTERM; the exit code. The engine is copied; what it points to stays the
 * caller's, for as long as the process lives. */
int worker_main(const struct flow *flow, const struct worker_engine *engine, int argc, char **argv);

#endif
