/* What start-up learns of the consumer group, before it joins: its past (past.h) and so the epoch
 * of its fences; retry topics that were taken out of retry.delays and still hold records, which are
 * read until they are empty; and whether our slot's former self is a member still, with other
 * topics than ours. In the pool. */
#ifndef PRIMAFLOW_STARTUP_GROUP_H
#define PRIMAFLOW_STARTUP_GROUP_H

#include "stream/stream.h"

/* 0; -EIO, -EACCES (infrastructure; retry). -E2BIG: more partitions than are supported; with ret_message. */
__attribute__((warn_unused_result)) int startup_group(struct worker *w,
                                                      char ret_message[static KAFKA_TEXT_MAX]);

#endif
