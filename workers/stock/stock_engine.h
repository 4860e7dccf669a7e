/* The stock worker's engine: each partition goes to the half that reads its topic (stock_half.h); the
 * stream sees one engine. Loop thread only. */
#ifndef PRIMAFLOW_STOCK_ENGINE_H
#define PRIMAFLOW_STOCK_ENGINE_H

#include "codec/binding.h"
#include "stock_half.h"
#include "stream/worker_engine.h"

struct stock_reader {
    const struct stock_half *half; /* NULL: behind the last */
    bool (*reads)(const char *topic);
    const struct bound_record *const *records; /* that it decodes and encodes; NULL at the end */
};

/* `readers` stay the caller's, for as long as the process lives. */
struct worker_engine stock_worker(const struct stock_reader readers[]);

#endif
