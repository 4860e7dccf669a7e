/* A refund event's binding tables; see refund_event.h. */
#include "domain/events/refund_event.h"

const char *const refund_kind_names[] = {"refund", "edit", NULL};
const char *const restock_names[] = {"unknown", "no_restock", "cancel", "return", NULL};
const char *const adjustment_kind_names[] = {"other", "carriage", "discrepancy", "restocking_fee",
                                             NULL};
const char *const transaction_type_names[] = {"other", "refund", "void", NULL};
const char *const transaction_status_names[] = {"unknown", "pending", "succeeded", "failed", NULL};

static const struct binding refund_tax_fields[] = {
    BIND(struct refund_tax, rate_ppm, BIND_LONG),
    BIND_SUB(struct refund_tax, amount, BIND_INLINE, money_set_record),
};
const struct bound_record refund_tax_record =
    BOUND_RECORD("RefundTax", struct refund_tax, refund_tax_fields);

static const struct binding refund_line_fields[] = {
    BIND(struct refund_line, line_id, BIND_TEXT),
    BIND(struct refund_line, quantity, BIND_INT),
    BIND_SYMBOL(struct refund_line, restock, restock_names),
    BIND(struct refund_line, location_id, BIND_TEXT),
    BIND_SUB(struct refund_line, amount, BIND_INLINE, money_set_record),
    BIND_SUB(struct refund_line, tax, BIND_RECORD, money_set_record),
    BIND_SUB(struct refund_line, tax_lines, BIND_ARRAY, refund_tax_record),
    BIND_SUB(struct refund_line, discount, BIND_INLINE, money_set_record),
};
const struct bound_record refund_line_record =
    BOUND_RECORD("RefundLine", struct refund_line, refund_line_fields);

static const struct binding refund_carriage_fields[] = {
    BIND(struct refund_carriage, line_id, BIND_TEXT),
    BIND_SUB(struct refund_carriage, amount, BIND_INLINE, money_set_record),
    BIND_SUB(struct refund_carriage, tax, BIND_RECORD, money_set_record),
    BIND_SUB(struct refund_carriage, tax_lines, BIND_ARRAY, refund_tax_record),
};
const struct bound_record refund_carriage_record =
    BOUND_RECORD("RefundCarriage", struct refund_carriage, refund_carriage_fields);

static const struct binding refund_charge_fields[] = {
    BIND_SYMBOL(struct refund_charge, kind, charge_kind_names),
    BIND(struct refund_charge, code, BIND_TEXT),
    BIND(struct refund_charge, line_id, BIND_TEXT),
    BIND_SUB(struct refund_charge, amount, BIND_INLINE, money_set_record),
    BIND_SUB(struct refund_charge, tax, BIND_RECORD, money_set_record),
    BIND_SUB(struct refund_charge, tax_lines, BIND_ARRAY, refund_tax_record),
};
const struct bound_record refund_charge_record =
    BOUND_RECORD("RefundCharge", struct refund_charge, refund_charge_fields);

static const struct binding refund_adjustment_fields[] = {
    BIND_SYMBOL(struct refund_adjustment, kind, adjustment_kind_names),
    BIND_SUB(struct refund_adjustment, amount, BIND_INLINE, money_set_record),
    BIND_SUB(struct refund_adjustment, tax, BIND_RECORD, money_set_record),
};
const struct bound_record refund_adjustment_record =
    BOUND_RECORD("RefundAdjustment", struct refund_adjustment, refund_adjustment_fields);

static const struct binding refund_sent_fields[] = {
    BIND(struct refund_sent, line_id, BIND_TEXT),
    BIND(struct refund_sent, quantity, BIND_INT),
    BIND_SUB(struct refund_sent, amount, BIND_INLINE, money_set_record),
};
const struct bound_record refund_sent_record =
    BOUND_RECORD("SentLine", struct refund_sent, refund_sent_fields);

static const struct binding refund_transaction_fields[] = {
    BIND(struct refund_transaction, transaction_id, BIND_TEXT),
    BIND(struct refund_transaction, parent_id, BIND_TEXT),
    BIND_SYMBOL(struct refund_transaction, type, transaction_type_names),
    BIND_SYMBOL(struct refund_transaction, status, transaction_status_names),
    BIND(struct refund_transaction, offline, BIND_BOOL),
    BIND_SYMBOL(struct refund_transaction, kind, tender_kind_names),
    BIND(struct refund_transaction, gateway, BIND_TEXT),
    BIND(struct refund_transaction, method, BIND_TEXT),
    BIND(struct refund_transaction, currency, BIND_TEXT),
    BIND_SUB(struct refund_transaction, amount, BIND_INLINE, money_set_record),
    BIND(struct refund_transaction, voucher_number, BIND_TEXT),
    BIND_OPTIONAL(struct refund_transaction, processed_at, BIND_LONG),
    BIND(struct refund_transaction, test, BIND_BOOL),
};
const struct bound_record refund_transaction_record =
    BOUND_RECORD("RefundTransaction", struct refund_transaction, refund_transaction_fields);

static const struct binding refund_event_fields[] = {
    BIND(struct refund_event, event_id, BIND_TEXT),
    BIND(struct refund_event, event_time, BIND_LONG),
    BIND_SYMBOL(struct refund_event, kind, refund_kind_names),
    BIND(struct refund_event, source_version, BIND_LONG),
    BIND(struct refund_event, channel, BIND_TEXT),
    BIND(struct refund_event, store, BIND_TEXT),
    BIND(struct refund_event, order_id, BIND_TEXT),
    BIND(struct refund_event, refund_id, BIND_TEXT),
    BIND(struct refund_event, order_name, BIND_TEXT),
    BIND(struct refund_event, created_at, BIND_LONG),
    BIND(struct refund_event, test, BIND_BOOL),
    BIND(struct refund_event, deleted, BIND_BOOL),
    BIND(struct refund_event, currency, BIND_TEXT),
    BIND(struct refund_event, presentment_currency, BIND_TEXT),
    BIND(struct refund_event, reason, BIND_TEXT),
    BIND(struct refund_event, note, BIND_TEXT),
    BIND(struct refund_event, return_id, BIND_TEXT),
    BIND_SUB(struct refund_event, lines, BIND_ARRAY, refund_line_record),
    BIND_SUB(struct refund_event, carriage, BIND_ARRAY, refund_carriage_record),
    BIND_SUB(struct refund_event, charges, BIND_ARRAY, refund_charge_record),
    BIND_SUB(struct refund_event, adjustments, BIND_ARRAY, refund_adjustment_record),
    BIND_SUB(struct refund_event, order_amount, BIND_RECORD, money_set_record),
    BIND_SUB(struct refund_event, taxes, BIND_ARRAY, refund_tax_record),
    BIND_SUB(struct refund_event, sent, BIND_ARRAY, refund_sent_record),
    BIND_SUB(struct refund_event, set_off, BIND_INLINE, money_set_record),
    BIND(struct refund_event, transactions_told, BIND_BOOL),
    BIND_SUB(struct refund_event, transactions, BIND_ARRAY, refund_transaction_record),
    BIND_SUB(struct refund_event, succeeded, BIND_INLINE, money_set_record),
    BIND_SUB(struct refund_event, total, BIND_RECORD, money_set_record),
};
const struct bound_record refund_event_record =
    BOUND_RECORD("RefundEvent", struct refund_event, refund_event_fields);
