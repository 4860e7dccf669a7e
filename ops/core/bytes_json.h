/* Bytes in JSON: text where they are UTF-8, else {"base64": "..."}; null where there are none. What
 * one writes, the other reads back unchanged. Any thread. */
#ifndef PRIMAFLOW_OPS_BYTES_JSON_H
#define PRIMAFLOW_OPS_BYTES_JSON_H

#include "base/buf.h"

#include <jansson.h>

json_t *base64_to_json(const void *bytes, size_t size); /* ... always base64 */
json_t *bytes_to_json(const void *bytes, size_t size);  /* NULL bytes → null. A new reference */

/* Appends what bytes_to_json wrote; a JSON object without "base64", a list, a number become their
 * compact JSON text. *ret_is_null is true for null (nothing is appended). -EINVAL: not base64;
 * -ENOMEM: `out` is full. */
__attribute__((warn_unused_result)) int bytes_from_json(const json_t *json, struct buf *out,
                                                        bool *ret_is_null);

#endif
