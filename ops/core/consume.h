/* A topic's committed records as JSON. Nothing is committed, no group is joined. One thread. */
#ifndef PRIMAFLOW_OPS_CONSUME_H
#define PRIMAFLOW_OPS_CONSUME_H

#include "core/context.h"

#include <jansson.h>

struct consume_options {
    const char *topic;
    const char *key; /* only records of this key; NULL: all */
    int64_t count;   /* stop after so many; 0: no bound */
    bool raw;        /* values as they are: text, or base64 where they are not text */
};

/* Takes one record, {"topic", "partition", "offset", "timestamp", "timestamp_type", "key",
 * "headers", "value"[, "undecodable"]}, which stays the caller's. False ends the reading. */
typedef bool (*consume_take)(void *user, const json_t *record);

/* OPS_UNAVAILABLE also when the schema registry, asked for a record's schema, does not answer: who
 * reads what we give must not take such a record for one that is broken. */
__attribute__((warn_unused_result)) enum ops_kind ops_consume(struct ops *ops,
                                                              const struct consume_options *options,
                                                              const struct kafka_range *range,
                                                              consume_take take, void *user,
                                                              struct ops_error *ret_error);

#endif
