/* The headers that travel with our records: context of a dead letter (replaced, never stacked), lineage of a retry. All values are text. */
#ifndef PRIMAFLOW_HEADERS_H
#define PRIMAFLOW_HEADERS_H

/* as the coming Kafka standard for dead letter queues names them */
#define HEADER_DLQ_TOPIC "__dlq.errors.topic"
#define HEADER_DLQ_PARTITION "__dlq.errors.partition"
#define HEADER_DLQ_OFFSET "__dlq.errors.offset"
#define HEADER_DLQ_GROUP "__dlq.errors.group"
#define HEADER_DLQ_DELIVERY_COUNT "__dlq.errors.delivery.count"
#define HEADER_DLQ_MESSAGE "__dlq.errors.message"
#define HEADER_DLQ_PREFIX "__dlq.errors."

#define HEADER_PREFIX "primaflow."
#define HEADER_CODE "primaflow.code"
#define HEADER_CLASS "primaflow.class"
#define HEADER_OWNER "primaflow.owner"
#define HEADER_FINGERPRINT "primaflow.fingerprint"         /* F in hex */
#define HEADER_IDEMPOTENCY_KEY "primaflow.idempotency-key" /* K */
#define HEADER_SCHEMA_ID "primaflow.schema-id"
#define HEADER_HTTP_STATUS "primaflow.http-status"
#define HEADER_FIRST_FAILED_AT "primaflow.first-failed-at"
#define HEADER_REPLAY_ID "primaflow.replay-id"       /* of a replay or redrive; kept as it came */
#define HEADER_REPLAY_COUNT "primaflow.replay-count" /* how often redriven or replayed */

#define HEADER_DELIVERY "primaflow.delivery"                     /* topic/partition/offset at which it entered */
#define HEADER_PARENT "primaflow.parent"                         /* the dead delivery that a redrive continues */
#define HEADER_FIRST_SEEN "primaflow.first-seen"                 /* ms, wall: first fetched */
#define HEADER_ORIGINAL_TIMESTAMP "primaflow.original-timestamp" /* ms: retry and dead-letter topics stamp their own */
#define HEADER_ATTEMPTS "primaflow.attempts"                     /* times in a retry topic */
#define HEADER_UNKNOWN_SINCE "primaflow.unknown-since"           /* ms, wall: since when an outcome is unknown */
#define HEADER_FAULT_AT "primaflow.fault-at"           /* when it failed last, not yet counted: ms, and 1 when others had just passed */
#define HEADER_FAULTS "primaflow.faults"               /* times Prima failed on it and did not have it */
#define HEADER_RESOLVE_FIRST "primaflow.resolve-first" /* Redis may have forgotten this key */
#define HEADER_RETRY_REASON "primaflow.retry-reason"

#endif
