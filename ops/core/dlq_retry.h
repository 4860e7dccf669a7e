/* Dead letters, sent to their workers again: byte for byte, headers and all, into the flow's own retry
 * topic, so that nobody else's records are in the way and no source topic sees them. The worker knows them
 * by the headers of a dead letter: each is a new delivery that names the dead one, settles by the same
 * idempotency, and counts towards replay.max_count. A letter that a person edited has the edit in a header
 * more (letter_edits.h); one whose edit has gone with ops.overlays' retention is not sent.
 *
 * Batch by batch: copies, decisions ("retried") and audit are one transaction, written with the pen
 * (decision.h). Killed at any point and run again, what was sent is not sent twice, for its letters are
 * retried by then. One thread. */
#ifndef PRIMAFLOW_OPS_DLQ_RETRY_H
#define PRIMAFLOW_OPS_DLQ_RETRY_H

#include "core/dlq_reread.h"

#include <signal.h>

enum { RETRY_BATCH_MAX = 1000 };

struct dlq_retry_options {
    const char *who, *reason;
    int64_t rate; /* letters per second, at least 1 */
    /* so many go first, and are waited for, up to wait_ms; when more than failures_max of them are dead
     * letters again, with the code that they had, it ends there. 0: no such trial */
    int64_t first, failures_max, wait_ms;
    letters_source source; /* NULL: the topics of dead letters */
    void *source_user;
    const char *action;                /* for ops.audit; NULL: "dlq retry" */
    const volatile sig_atomic_t *stop; /* not 0: it ends behind the batch at hand. May be NULL */
};

struct dlq_retried {
    int64_t sent;
    int64_t decided; /* left out: somebody has decided about them meanwhile */
    int64_t cut;     /* left out: of a record that was too large there are no bytes */
    int64_t gone;    /* left out: their bytes have gone with the topic's retention */
    int64_t
        unknown; /* left out: edited, and the edit has gone with the retention of ops.overlays */
    /* of those that went first: known to be settled, to be dead letters as before, and not known yet */
    int64_t first_settled, first_failed, first_unknown;
    bool is_stopped; /* too many of them failed */
};

/* The retry topic of the shortest wait, to which letters go. OPS_CONFIG: the flow has none. */
__attribute__((warn_unused_result)) enum ops_kind dlq_retry_topic(
    struct ops *ops, const struct flow *flow, char ret_topic[static TOPIC_NAME_MAX],
    struct ops_error *ret_error);

/* Sends these letters of the book, which was judged. *ret_retried is filled as far as it went, whatever is
 * returned. */
__attribute__((warn_unused_result)) enum ops_kind dlq_retry(
    struct ops *ops, struct letter_book *book, struct letter_case *letters[], size_t count,
    const struct dlq_retry_options *options, struct dlq_retried *ret_retried,
    struct ops_error *ret_error);

#endif
