/* A refund result's binding tables; see refund_result.h. */
#include "domain/events/refund_result.h"

const char *const refund_outcome_names[] = {"posted",
                                            "posted_on_hold",
                                            "duplicate",
                                            "superseded",
                                            "cancelled_before_posting",
                                            "ignored_test",
                                            "ignored_before_cutover",
                                            "payment_updated",
                                            "contained",
                                            "no_money",
                                            "nothing_to_credit",
                                            NULL};

static const struct binding credit_proof_fields[] = {
    BIND(struct credit_proof, currency, BIND_TEXT),
    BIND(struct credit_proof, lines_minor, BIND_LONG),
    BIND(struct credit_proof, charges_minor, BIND_LONG),
    BIND(struct credit_proof, order_minor, BIND_LONG),
    BIND(struct credit_proof, tax_minor, BIND_LONG),
    BIND(struct credit_proof, tax_included, BIND_BOOL),
    BIND(struct credit_proof, money_minor, BIND_LONG),
    BIND(struct credit_proof, set_off_minor, BIND_LONG),
    BIND(struct credit_proof, account_minor, BIND_LONG),
    BIND(struct credit_proof, parts_minor, BIND_LONG),
};
const struct bound_record credit_proof_record =
    BOUND_RECORD("CreditProof", struct credit_proof, credit_proof_fields);

static const struct binding credit_remaining_fields[] = {
    BIND(struct credit_remaining, gross_minor, BIND_LONG),
    BIND(struct credit_remaining, tax_minor, BIND_LONG),
    BIND(struct credit_remaining, rounding_minor, BIND_LONG),
};
const struct bound_record credit_remaining_record =
    BOUND_RECORD("Remaining", struct credit_remaining, credit_remaining_fields);

static const struct binding refund_result_fields[] = {
    BIND_SYMBOL(struct refund_result, outcome, refund_outcome_names),
    BIND(struct refund_result, code, BIND_TEXT),
    BIND(struct refund_result, codes, BIND_ARRAY),
    BIND(struct refund_result, owner, BIND_TEXT),
    BIND(struct refund_result, key, BIND_TEXT),
    BIND(struct refund_result, company, BIND_TEXT),
    BIND(struct refund_result, channel, BIND_TEXT),
    BIND(struct refund_result, store, BIND_TEXT),
    BIND(struct refund_result, order_id, BIND_TEXT),
    BIND(struct refund_result, refund_id, BIND_TEXT),
    BIND(struct refund_result, order_number, BIND_TEXT),
    BIND(struct refund_result, credit_number, BIND_TEXT),
    BIND(struct refund_result, document, BIND_TEXT),
    BIND(struct refund_result, identity, BIND_TEXT),
    BIND(struct refund_result, goods, BIND_TEXT),
    BIND(struct refund_result, money, BIND_TEXT),
    BIND(struct refund_result, source_version, BIND_LONG),
    BIND(struct refund_result, refund_date, BIND_TEXT),
    BIND(struct refund_result, post_date, BIND_TEXT),
    BIND_OPTIONAL(struct refund_result, days_left, BIND_INT),
    BIND_SUB(struct refund_result, proof, BIND_RECORD, credit_proof_record),
    BIND_SUB(struct refund_result, remaining, BIND_RECORD, credit_remaining_record),
    BIND(struct refund_result, related, BIND_TEXT),
    BIND_RESULT_ENDING(struct refund_result),
};
const struct bound_record refund_result_record =
    BOUND_RECORD("RefundResult", struct refund_result, refund_result_fields);
