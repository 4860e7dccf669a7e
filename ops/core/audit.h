/* ops.audit: who did what, when and why. One JSON object a record, its key the action's name;
 * written in the transaction of what it tells of, so that neither is without the other.
 *
 *     {"action": "ledger.import", "at": "2026-11-01T09:30:00.000Z", "who": "ann@host", "reason":
 * "...", "program": "primaflow 1.0", "topic": "orders.ledger", "written": 120, "skipped": 3,
 * "digest": "sha256 of the input, hex"}
 *
 * No content and no personal data: digests and counts. The topic has one partition, broker's time,
 * and is never compacted. One thread. */
#ifndef PRIMAFLOW_OPS_AUDIT_H
#define PRIMAFLOW_OPS_AUDIT_H

#include "kafka/admin.h"
#include "kafka/reader.h"
#include "kafka/writer.h"

#include <stddef.h>
#include <stdint.h>

struct json_t;

struct audit {
    const char *who; /* a person at a place: "ann@host" */
    const char *action, *reason, *topic;
    size_t written, skipped;
    const uint8_t *digest;     /* DIGEST_SIZE bytes */
    const struct json_t *more; /* members that only this action has; NULL: none */
};

/* Adds the record to the producer's open transaction. Errors as kafka_writer_add. */
__attribute__((warn_unused_result)) int audit_add(struct kafka_writer *producer,
                                                  const struct audit *audit,
                                                  struct kafka_words *ret_message);

#endif
