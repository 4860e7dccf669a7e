/* Building the messages that a record leaves behind. Loop thread only. */
#ifndef PRIMAFLOW_OUTGOING_H
#define PRIMAFLOW_OUTGOING_H

#include "posting/record.h"

/* Copies everything but `topic` (a constant of the worker) into one block that `out` owns. NULL
 * data: absent. */
void outgoing_build(struct outgoing *out, const char *topic, struct redis_bytes key,
                    struct redis_bytes value, const struct kafka_header headers[], size_t count);

/* Its partition is the one of this key, whatever its own is. */
void outgoing_place(struct outgoing *out, struct redis_bytes key);
void outgoing_free(struct outgoing *out);

/* Room for one more message of the record; to be built at once. */
struct outgoing *outgoing_add(struct record *r);
/* None of them, and no memory. */
void outgoing_clear(struct record *r);

#endif
