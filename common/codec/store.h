/* Our own schemas, from the schemas folder: today's, one a record name, and the older versions in
 * history/ that are still read.
 *
 * Invariants: constant after store_open, so any thread may read; each schema is one that avro-c
 * accepts too; no two share a fingerprint unless they are the same. */
#ifndef PRIMAFLOW_CODEC_STORE_H
#define PRIMAFLOW_CODEC_STORE_H

#include "codec/schema.h"

struct store;

/* 0; -ENOENT: no folder, or no schema in it; -EINVAL: a file is no schema of a record; -ENOMEM.
 * `ret_message` names file and reason. Blocks. */
__attribute__((warn_unused_result)) int store_open(const char *folder, struct store **ret_store,
                                                   char ret_message[static 300]);
void store_close(struct store *store); /* accepts NULL */

const struct schema *store_find_fingerprint(const struct store *store,
                                            uint64_t fingerprint); /* or NULL */
const struct schema *store_find_today(const struct store *store,
                                      const char *record_name); /* or NULL */

#endif
