/* The posting engine as what a worker is made of (stream/worker_engine.h). */
#ifndef PRIMAFLOW_POSTING_WORKER_H
#define PRIMAFLOW_POSTING_WORKER_H

#include "stream/worker_engine.h"

/* `sources`: of the facts that its decisions need (facts.h), in the order in which they are
 * asked, NULL behind the last; they live as long as the process. */
struct fact_source;
struct worker_engine posting_worker(const struct fact_source *const sources[]);

#endif
