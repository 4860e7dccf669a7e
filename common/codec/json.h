/* Avro values as JSON for people, by the schema: a union's value stands there plainly (null, or the
 * value; no {"string": …} around it), an enum as its symbol, bytes as text of the code points
 * 0-255, times as milliseconds since 1970 (written also as "2026-11-23T12:34:56.789Z").
 *
 * Invariant: json_decode checks bytes as strictly as decoding into structs does, under the same
 * limits. Any thread. */
#ifndef PRIMAFLOW_CODEC_JSON_H
#define PRIMAFLOW_CODEC_JSON_H

#include "codec/fault.h"
#include "codec/limits.h"
#include "codec/schema.h"
#include "codec/wire.h"

/* Appends `json` as a value of `node`; absent fields take their defaults, unknown ones are refused.
 * 0; -EBADMSG with the fault (event_invalid); -ENOMEM: `out` is full. On failure `out` may hold a
 * part. */
__attribute__((warn_unused_result)) int json_encode(const struct schema_node *node,
                                                    const json_t *json, struct buf *out,
                                                    struct codec_fault *ret_fault);

/* A new reference, or NULL with the fault. Does not ask whether bytes follow. */
json_t *json_decode(const struct schema_node *node, struct wire *wire,
                    const struct codec_limits *limits, struct codec_fault *ret_fault);

#endif
