/* What /livez, /readyz, /status and the gauges of /metrics say. Loop thread only. */
#ifndef PRIMAFLOW_STATUS_H
#define PRIMAFLOW_STATUS_H

#include "stream/stream.h"

void status_install(struct worker *w, struct obs_answers *answers);

#endif
