/* The end at leisure; see host.h. Loop thread only. */
#ifndef PRIMAFLOW_ENDING_H
#define PRIMAFLOW_ENDING_H

#include "host/host.h"

/* Each tick: ends the loop when all is done, or at the deadline. */
void ending_look(struct host *h);

#endif
