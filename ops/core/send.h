/* Records into one topic: a spool in one transaction, or a stream in batches. One thread. */
#ifndef PRIMAFLOW_OPS_SEND_H
#define PRIMAFLOW_OPS_SEND_H

#include "core/context.h"
#include "core/spool.h"

/* All of the spool, or nothing. */
__attribute__((warn_unused_result)) enum ops_kind send_spool(struct ops *ops,
                                                             const struct spool *spool,
                                                             const char *topic,
                                                             struct ops_error *ret_error);

/* Batches of at most SENDER_BATCH_MAX records, each a transaction. */
enum { SENDER_BATCH_MAX = 1000, SENDER_BATCH_MS = 100 };
struct sender;
__attribute__((warn_unused_result)) enum ops_kind sender_new(struct ops *ops, const char *topic,
                                                             struct sender **ret_sender,
                                                             struct ops_error *ret_error);
void sender_free(struct sender *sender); /* accepts NULL; what was not sent is dropped */
/* Copies the record. A full batch is sent, and with `in_time` one that is SENDER_BATCH_MS old. */
__attribute__((warn_unused_result)) enum ops_kind sender_add(struct sender *sender,
                                                             const struct kafka_record *record,
                                                             bool in_time,
                                                             struct ops_error *ret_error);
__attribute__((warn_unused_result)) enum ops_kind sender_flush(struct sender *sender,
                                                               struct ops_error *ret_error);
int64_t sender_sent(const struct sender *sender); /* records whose transaction was committed */

#endif
