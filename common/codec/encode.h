/* Writing a struct by today's schema. Loop thread only. */
#ifndef PRIMAFLOW_CODEC_ENCODE_H
#define PRIMAFLOW_CODEC_ENCODE_H

#include "codec/layout.h"

/* Appends the record, without framing. 0; -EINVAL: a value that the schema does not allow
 * (`ret_field` is its name); -ENOMEM: `out` is full. On failure `out` may hold a part. */
__attribute__((warn_unused_result)) int encode_record(const struct layout *layout,
                                                      const void *value, struct buf *out,
                                                      const char **ret_field);

#endif
