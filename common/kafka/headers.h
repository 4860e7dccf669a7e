/* The headers that travel with our records: context of a dead letter (replaced, never stacked),
 * lineage of a retry. All values are text. */
#ifndef PRIMAFLOW_HEADERS_H
#define PRIMAFLOW_HEADERS_H

#include "base/digits.h"

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
/* record_too_large: code or outcome that is not told therefore */
#define HEADER_INSTEAD_OF "primaflow.instead-of"
#define HEADER_FINGERPRINT "primaflow.fingerprint" /* F in hex */
#define HEADER_GOODS "primaflow.goods"             /* digests of its parts, in hex */
#define HEADER_MONEY "primaflow.money"
#define HEADER_SOURCE_VERSION "primaflow.source-version"
#define HEADER_IDEMPOTENCY_KEY "primaflow.idempotency-key" /* K */
#define HEADER_SCHEMA_ID "primaflow.schema-id"
#define HEADER_HTTP_STATUS "primaflow.http-status"
#define HEADER_FIRST_FAILED_AT "primaflow.first-failed-at"
#define HEADER_REPLAY_ID "primaflow.replay-id"       /* of a replay or redrive; kept as it came */
#define HEADER_REPLAY_COUNT "primaflow.replay-count" /* how often redriven or replayed */

/* topic/partition/offset at which it entered; in a replay: what it replays */
#define HEADER_DELIVERY "primaflow.delivery"
#define HEADER_PARENT "primaflow.parent" /* the dead delivery that a redrive continues */
/* topic/partition/offset of which this record of a replay topic is a copy. Lineage alone: unlike a
 * parent's, the role of its publisher is never taken over, for it has published */
#define HEADER_REPLAY_OF "primaflow.replay-of"
/* traceparent of the record that was replayed: the replay is a trace of its own. The producer's own
 * by its name, and kept like any of those */
#define HEADER_TRACE_LINK "traceparent-link"
#define HEADER_FIRST_SEEN "primaflow.first-seen" /* ms, wall: first fetched */
/* ms: retry and dead-letter topics stamp their own */
#define HEADER_ORIGINAL_TIMESTAMP "primaflow.original-timestamp"
#define HEADER_ATTEMPTS "primaflow.attempts" /* times in a retry topic */
/* ms, wall: since when an outcome is unknown */
#define HEADER_UNKNOWN_SINCE "primaflow.unknown-since"
#define HEADER_FAULT_AT "primaflow.fault-at"     /* the last failure, not yet counted: blame.h */
#define HEADER_FAULTS "primaflow.faults"         /* times Prima failed on it while others passed */
#define HEADER_UNANSWERED "primaflow.unanswered" /* ... of which so often without an answer */
/* what Prima last said to it, for the dead letter: may be personal data */
#define HEADER_PRIMA_TEXT "primaflow.prima-text"
/* Redis may have forgotten this key: the incident in which it did, 1 when that is over, or
 * HEADER_CAUTION */
#define HEADER_RESOLVE_FIRST "primaflow.resolve-first"
#define HEADER_CAUTION "2" /* ... though nobody can have sent it: what is absent may be sent */
/* bytes of it may have reached Prima, and nobody knows yet */
#define HEADER_SENT "primaflow.sent"
#define HEADER_WAITS_BY_POLICY "primaflow.waits-by-policy" /* later ones of its key may pass it */
#define HEADER_RETRY_REASON "primaflow.retry-reason"
/* a person's edit of it: codec/overlay.h. Personal data, as the record itself */
#define HEADER_OVERLAY "primaflow.overlay"

/* of levels: company/stock key, which says in which partition it stands; and the offset of
 * stock.reservations up to which its running total, and those of all levels before it, have them */
#define HEADER_STOCK_PLACE "primaflow.stock-place"
#define HEADER_TAKEN_TO "primaflow.taken-to"

enum {
    ENTRY_TOPIC_MAX = 160, /* as a topic's name has room anywhere */
    DELIVERY_MAX = ENTRY_TOPIC_MAX + 2 * DIGITS_MAX +
                   1, /* topic/partition/offset, whole: two topics' are never one */
};

#endif
