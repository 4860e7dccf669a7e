/* The end of a record's work: its terminal messages exist. Loop thread only. */
#ifndef PRIMAFLOW_SETTLE_H
#define PRIMAFLOW_SETTLE_H

#include "posting/record.h"

/* Its messages are complete: it needs neither its bytes nor its arena any more, and leaves its
 * lane. */
void record_settled(struct record *r);

#endif
