/* What Prima's answers say about Prima itself: metrics, the breaker, the fleet's pause. Loop thread only. */
#ifndef PRIMAFLOW_OUTCOMES_H
#define PRIMAFLOW_OUTCOMES_H

#include "runtime/worker.h"

void outcomes_count(struct worker *w, enum prima_type type, const struct prima_reply *reply, const char *key);

#endif
