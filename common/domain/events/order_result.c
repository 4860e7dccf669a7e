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

static const struct binding result_delivery_fields[] = {
    BIND(struct result_delivery, topic, BIND_TEXT),
    BIND(struct result_delivery, partition, BIND_INT),
    BIND(struct result_delivery, offset, BIND_LONG),
};
const struct bound_record result_delivery_record =
    BOUND_RECORD("Delivery", struct result_delivery, result_delivery_fields);

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

static const struct binding shadow_post_fields[] = {
    BIND(struct shadow_post, in_prima, BIND_BOOL),
    BIND(struct shadow_post, creates_customer, BIND_BOOL),
    BIND(struct shadow_post, hold, BIND_BOOL),
    BIND(struct shadow_post, request_digest, BIND_TEXT),
    BIND(struct shadow_post, currency, BIND_TEXT),
    BIND(struct shadow_post, order_date, BIND_TEXT),
    BIND(struct shadow_post, lines, BIND_INT),
    BIND(struct shadow_post, net_minor, BIND_LONG),
    BIND(struct shadow_post, tax_minor, BIND_LONG),
    BIND(struct shadow_post, gross_minor, BIND_LONG),
};
const struct bound_record shadow_post_record =
    BOUND_RECORD("Shadow", struct shadow_post, shadow_post_fields);

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
    BIND_SUB(struct order_result, proof, BIND_RECORD, money_proof_record),
    BIND_SUB(struct order_result, delivery, BIND_INLINE, result_delivery_record),
    BIND_SUB(struct order_result, source, BIND_INLINE, result_delivery_record),
    BIND_SUB(struct order_result, publisher, BIND_RECORD, result_delivery_record),
    BIND_SUB(struct order_result, exception, BIND_RECORD, result_delivery_record),
    BIND_SUB(struct order_result, resolves, BIND_RECORD, result_delivery_record),
    BIND_SUB(struct order_result, origin, BIND_RECORD, result_delivery_record),
    BIND(struct order_result, event_id, BIND_TEXT),
    BIND(struct order_result, event_time, BIND_LONG),
    BIND(struct order_result, received_at, BIND_LONG),
    BIND_OPTIONAL(struct order_result, posted_at, BIND_LONG),
    BIND(struct order_result, published_at, BIND_LONG),
    BIND(struct order_result, attempts, BIND_INT),
    BIND(struct order_result, narrative, BIND_TEXT),
    BIND_SUB(struct order_result, shadow, BIND_RECORD, shadow_post_record),
};
const struct bound_record order_result_record =
    BOUND_RECORD("OrderResult", struct order_result, order_result_fields);
