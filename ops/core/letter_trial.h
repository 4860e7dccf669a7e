/* What a dead letter would become with today's mappings: the worker's own decision, on Prima's answers of
 * now, and nothing written.
 *
 * What is left to the worker itself: which account a customer has (it is taken for known), and what other
 * refunds of an order reserve at this moment. Owned by the caller: letter_trial_free. One thread. */
#ifndef PRIMAFLOW_OPS_LETTER_TRIAL_H
#define PRIMAFLOW_OPS_LETTER_TRIAL_H

#include "base/buf.h"
#include "core/context.h"
#include "core/dead_letter.h"
#include "flow/flow.h"

enum trial_end {
    TRIAL_POSTS,     /* by `outcome`: posted, or posted on hold */
    TRIAL_SETTLES,   /* with that outcome, and nothing is posted */
    TRIAL_WAITS,     /* in a retry topic, for `code` */
    TRIAL_STOPS,     /* it is a dead letter again, of `code` */
    TRIAL_UNDECIDED, /* by the worker alone: `detail` says what it has to find out */
    TRIAL_ENDS
};

struct trial {
    enum trial_end end;
    enum outcome outcome;
    enum pf_error code; /* the first flag; PF_OK none */
    char key_state;     /* of its key in Redis, as key_view has it; '\0': none, or not known */
    char detail[300];   /* without personal data; "" */
};

struct letter_trial;
__attribute__((warn_unused_result)) enum ops_kind letter_trial_new(struct ops *ops, int64_t now_ms,
                                                                   struct letter_trial **ret_trial,
                                                                   struct ops_error *ret_error);
void letter_trial_free(struct letter_trial *trial); /* accepts NULL */

/* Of the letter's record, with the edit that it is sent with (codec/overlay.h; NULL or "": none).
 * OPS_UNAVAILABLE: the ledger cannot be read. */
__attribute__((warn_unused_result)) enum ops_kind letter_trial_make(
    struct letter_trial *trial, const struct flow *flow, const struct kafka_record *record,
    const char *overlay, struct trial *ret_trial, struct ops_error *ret_error);

/* The same of a key that Redis has, as if it had nothing; of TRIAL_POSTS the flow's summary of what would be
 * sent (flow.h) goes into `summary`, which is empty before. */
__attribute__((warn_unused_result)) enum ops_kind letter_trial_summary(
    struct letter_trial *trial, const struct flow *flow, const struct kafka_record *record,
    struct buf *summary, struct trial *ret_trial, struct ops_error *ret_error);

/* "posted", "posted_on_hold sku_unmapped", "dead letter sku_unmapped": what trials have in common. */
enum { TRIAL_TEXT_MAX = 120 };
void trial_text(const struct trial *trial, char text[static TRIAL_TEXT_MAX]);

#endif
