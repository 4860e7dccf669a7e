/* Building the messages that a record leaves behind. Loop thread only. */
#ifndef PRIMAFLOW_SETTLE_H
#define PRIMAFLOW_SETTLE_H

#include "runtime/record.h"

/* Copies everything but `topic` (a constant of the worker) into one block that `out` owns. NULL data: absent. */
void outgoing_build(struct outgoing *out, const char *topic, struct redis_bytes key, struct redis_bytes value,
                    const struct kafka_header headers[], size_t count);

#endif
