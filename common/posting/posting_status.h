/* What the posting engine says of itself in /status and in gauges: stream/worker_engine.h. Loop
 * thread only. */
#ifndef PRIMAFLOW_POSTING_STATUS_H
#define PRIMAFLOW_POSTING_STATUS_H

#include <jansson.h>

struct worker;

void posting_write_status(const struct worker *w, json_t *status);
void posting_refresh_gauges(const struct worker *w);

#endif
