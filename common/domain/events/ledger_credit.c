/* The binding tables of what a refund takes of its order; see ledger_credit.h. */
#include "domain/events/ledger_credit.h"

const char *const credit_state_names[] = {"open", "credited", "owed", "unposted", NULL};
const char *const credit_place_names[] = {"line", "charge", "owed", "order", NULL};

static const struct binding credit_tax_fields[] = {
    BIND(struct ledger_credit_tax, rate_ppm, BIND_LONG),
    BIND(struct ledger_credit_tax, tax_minor, BIND_LONG),
};
static const struct bound_record credit_tax_record =
    BOUND_RECORD("CreditTax", struct ledger_credit_tax, credit_tax_fields);

static const struct binding credit_part_fields[] = {
    BIND_SYMBOL(struct ledger_credit_part, what, credit_place_names),
    BIND(struct ledger_credit_part, number, BIND_INT),
    BIND(struct ledger_credit_part, code, BIND_TEXT),
    BIND(struct ledger_credit_part, line_id, BIND_TEXT),
    BIND(struct ledger_credit_part, mark, BIND_INT),
    BIND(struct ledger_credit_part, edit_id, BIND_TEXT),
    BIND(struct ledger_credit_part, quantity, BIND_INT),
    BIND(struct ledger_credit_part, gross_minor, BIND_LONG),
    BIND_SUB(struct ledger_credit_part, taxes, BIND_ARRAY, credit_tax_record),
};
static const struct bound_record credit_part_record =
    BOUND_RECORD("CreditPart", struct ledger_credit_part, credit_part_fields);

static const struct binding credit_tender_fields[] = {
    BIND(struct ledger_credit_tender, kind, BIND_TEXT),
    BIND(struct ledger_credit_tender, gateway, BIND_TEXT),
    BIND(struct ledger_credit_tender, parent_id, BIND_TEXT),
    BIND(struct ledger_credit_tender, amount_minor, BIND_LONG),
};
static const struct bound_record credit_tender_record =
    BOUND_RECORD("CreditTender", struct ledger_credit_tender, credit_tender_fields);

static const struct binding credit_taken_fields[] = {
    BIND(struct ledger_credit_taken, number, BIND_INT),
    BIND(struct ledger_credit_taken, mark, BIND_INT),
    BIND(struct ledger_credit_taken, units, BIND_INT),
};
static const struct bound_record credit_taken_record =
    BOUND_RECORD("CreditTaken", struct ledger_credit_taken, credit_taken_fields);

static const struct binding ledger_credit_fields[] = {
    BIND(struct ledger_credit, key, BIND_TEXT),
    BIND(struct ledger_credit, order, BIND_TEXT),
    BIND(struct ledger_credit, company, BIND_TEXT),
    BIND(struct ledger_credit, channel, BIND_TEXT),
    BIND(struct ledger_credit, store, BIND_TEXT),
    BIND(struct ledger_credit, order_id, BIND_TEXT),
    BIND(struct ledger_credit, refund_id, BIND_TEXT),
    BIND_SYMBOL(struct ledger_credit, state, credit_state_names),
    BIND(struct ledger_credit, all, BIND_BOOL),
    BIND(struct ledger_credit, outcome, BIND_TEXT),
    BIND(struct ledger_credit, document, BIND_TEXT),
    BIND(struct ledger_credit, currency, BIND_TEXT),
    BIND(struct ledger_credit, amount_minor, BIND_LONG),
    BIND(struct ledger_credit, tax_minor, BIND_LONG),
    BIND(struct ledger_credit, account_minor, BIND_LONG),
    BIND(struct ledger_credit, at, BIND_LONG),
    BIND(struct ledger_credit, event_time, BIND_LONG),
    BIND(struct ledger_credit, source_version, BIND_LONG),
    BIND_SUB(struct ledger_credit, parts, BIND_ARRAY, credit_part_record),
    BIND_SUB(struct ledger_credit, tenders, BIND_ARRAY, credit_tender_record),
    BIND_SUB(struct ledger_credit, taken, BIND_ARRAY, credit_taken_record),
};
const struct bound_record ledger_credit_record =
    BOUND_RECORD("RefundCredit", struct ledger_credit, ledger_credit_fields);
