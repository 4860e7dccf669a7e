/* How one delivery of an order ended, as a C struct: schemas/OrderResult.avsc says what each field
 * means and which may be absent.
 *
 * Invariants: no personal data; money in integer minor units of the proof's currency; text that is
 * not nullable must be set before encoding, or codec_encode refuses with -EINVAL. Plain data that
 * points into its maker's memory: any thread. */
#ifndef PRIMAFLOW_ORDER_RESULT_H
#define PRIMAFLOW_ORDER_RESULT_H

#include "domain/events/result_ending.h"

/* Those of flow/flow.h that an order may have: its first ones, in its order; NULL behind them. */
enum { ORDER_OUTCOMES = 8 };
extern const char *const order_outcome_names[ORDER_OUTCOMES + 1];

struct money_proof {
    const char *currency; /* ISO 4217 */
    int64_t lines_minor;
    int64_t discounts_minor; /* positive */
    int64_t charges_minor;
    int64_t tax_minor;
    bool tax_included;
    int64_t tenders_minor;
    int64_t outstanding_minor;
    int64_t difference_minor;
    int64_t tolerance_minor;
};

struct order_result {
    int outcome; /* enum outcome of flow/flow.h: the index into order_outcome_names */
    const char *code;
    ARRAY_OF(const char *) codes;
    const char *owner; /* NULL: nobody has to look */
    const char *key;
    const char *company;
    const char *channel;
    const char *store;
    const char *order_id;
    const char *order_number;  /* may be NULL */
    const char *document;      /* may be NULL */
    const char *account;       /* may be NULL */
    const char *identity;      /* F in hexadecimal */
    const char *goods, *money; /* digests of its parts, in hexadecimal */
    int64_t source_version;
    const char *source_name;         /* may be NULL */
    bool has_delivery_address;       /* false: handed over or collected */
    const struct money_proof *proof; /* may be NULL */
    RESULT_ENDING
};

extern const struct bound_record money_proof_record;
extern const struct bound_record order_result_record;

#endif
