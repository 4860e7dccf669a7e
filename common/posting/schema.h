/* A schema that only the registry has. Loop thread only. */
#ifndef PRIMAFLOW_SCHEMA_H
#define PRIMAFLOW_SCHEMA_H

#include "posting/record.h"

/* Asks for the schema of these bytes, which stay, in the pool; then, or after a while where the
 * registry does not answer, `again` is called, unless the record is gone. */
void schema_ask(struct record *r, struct redis_bytes value, void (*again)(struct record *r));

#endif
