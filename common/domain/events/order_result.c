/* An order result's binding tables; see order_result.h. */
#include "domain/events/order_result.h"

const char *const order_outcome_names[] = {"posted",
                                           "posted_on_hold",
                                           "duplicate",
                                           "superseded",
                                           "cancelled_before_posting",
                                           "ignored_test",
                                           "ignored_before_cutover",
                                           "payment_updated",
                                           NULL};

static const struct binding money_proof_fields[] = {
    BIND(struct money_proof, currency, BIND_TEXT),
    BIND(struct money_proof, lines_minor, BIND_LONG),
    BIND(struct money_proof, discounts_minor, BIND_LONG),
    BIND(struct money_proof, charges_minor, BIND_LONG),
    BIND(struct money_proof, tax_minor, BIND_LONG),
    BIND(struct money_proof, tax_included, BIND_BOOL),
    BIND(struct money_proof, tenders_minor, BIND_LONG),
    BIND(struct money_proof, outstanding_minor, BIND_LONG),
    BIND(struct money_proof, difference_minor, BIND_LONG),
    BIND(struct money_proof, tolerance_minor, BIND_LONG),
};
const struct bound_record money_proof_record =
    BOUND_RECORD("MoneyProof", struct money_proof, money_proof_fields);

static const struct binding order_result_fields[] = {
    BIND_SYMBOL(struct order_result, outcome, order_outcome_names),
    BIND(struct order_result, code, BIND_TEXT),
    BIND(struct order_result, codes, BIND_ARRAY),
    BIND(struct order_result, owner, BIND_TEXT),
    BIND(struct order_result, key, BIND_TEXT),
    BIND(struct order_result, company, BIND_TEXT),
    BIND(struct order_result, channel, BIND_TEXT),
    BIND(struct order_result, store, BIND_TEXT),
    BIND(struct order_result, order_id, BIND_TEXT),
    BIND(struct order_result, order_number, BIND_TEXT),
    BIND(struct order_result, document, BIND_TEXT),
    BIND(struct order_result, account, BIND_TEXT),
    BIND(struct order_result, identity, BIND_TEXT),
    BIND(struct order_result, goods, BIND_TEXT),
    BIND(struct order_result, money, BIND_TEXT),
    BIND(struct order_result, source_version, BIND_LONG),
    BIND(struct order_result, source_name, BIND_TEXT),
    BIND(struct order_result, has_delivery_address, BIND_BOOL),
    BIND_SUB(struct order_result, proof, BIND_RECORD, money_proof_record),
    BIND_RESULT_ENDING(struct order_result),
};
const struct bound_record order_result_record =
    BOUND_RECORD("OrderResult", struct order_result, order_result_fields);
