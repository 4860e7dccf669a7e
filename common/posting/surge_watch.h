/* What a worker does about a surge (surge.h): one line, one metric, and by policy
 * (deadletter.surge) a pause until the mappings are loaded anew. Loop thread only. */
#ifndef PRIMAFLOW_SURGE_WATCH_H
#define PRIMAFLOW_SURGE_WATCH_H

#include "base/errors.h"

struct record;
struct worker;

void surge_begin(struct worker *worker);
/* The record settles: whose end it is, while its texts are there. */
void surge_settles(struct record *record);
/* ... it has ended, committed. */
void surge_ended(struct record *record);
/* Mappings were loaded anew: what stopped them may be mended. */
void surge_reloaded(struct worker *worker);

#endif
