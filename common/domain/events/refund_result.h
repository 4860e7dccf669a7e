/* How one delivery of a refund ended, as a C struct: schemas/RefundResult.avsc says what each field
 * means and which may be absent.
 *
 * Invariants: no personal data; money in integer minor units of the proof's currency; text that is
 * not nullable must be set before encoding, or codec_encode refuses with -EINVAL. Plain data that
 * points into its maker's memory: any thread. */
#ifndef PRIMAFLOW_REFUND_RESULT_H
#define PRIMAFLOW_REFUND_RESULT_H

#include "domain/events/result_ending.h"

extern const char *const refund_outcome_names[];

/* lines + charges + order + (tax, unless it is contained) = money + set_off + account */
struct credit_proof {
    const char *currency; /* ISO 4217 */
    int64_t lines_minor;
    int64_t charges_minor;
    int64_t order_minor;
    int64_t tax_minor;
    bool tax_included;
    int64_t money_minor;
    int64_t set_off_minor;
    int64_t account_minor;
    int64_t parts_minor; /* as the channel's parts come to */
};

struct credit_remaining {
    int64_t gross_minor;
    int64_t tax_minor;
    int64_t rounding_minor;
};

struct refund_result {
    int outcome; /* enum outcome of flow/flow.h: the index into refund_outcome_names */
    const char *code;
    ARRAY_OF(const char *) codes;
    const char *owner; /* NULL: nobody has to look */
    const char *key;
    const char *company;
    const char *channel;
    const char *store;
    const char *order_id;
    const char *refund_id;
    const char *order_number;  /* may be NULL */
    const char *credit_number; /* may be NULL */
    const char *document;      /* may be NULL */
    const char *identity;      /* F in hexadecimal */
    const char *goods;         /* digests of its parts, in hexadecimal */
    const char *money;
    int64_t source_version;
    const char *refund_date; /* YYYY-MM-DD; may be NULL */
    const char *post_date;   /* YYYY-MM-DD; may be NULL */
    bool has_days_left;
    int32_t days_left;
    const struct credit_proof *proof;         /* may be NULL */
    const struct credit_remaining *remaining; /* may be NULL */
    const char *related;                      /* may be NULL */
    RESULT_ENDING
};

extern const struct bound_record credit_proof_record;
extern const struct bound_record credit_remaining_record;
extern const struct bound_record refund_result_record;

#endif
