/* Whether data of one schema can be read with another: Avro's rules of schema resolution, told for
 * themselves and not by way of the codec, so that one can be wrong without the other; and this
 * project's own rules for identity. */
#ifndef PRIMAFLOW_SCHEMA_COMPAT_H
#define PRIMAFLOW_SCHEMA_COMPAT_H

#include "codec/schema.h"

/* Whether every value of `writer` can be read with `reader`; else `ret_reason` says what cannot
 * ("OrderEvent.lines: …"). */
bool schema_compat(const struct schema_node *reader, const struct schema_node *writer,
                   char ret_reason[static 200]);

#endif
