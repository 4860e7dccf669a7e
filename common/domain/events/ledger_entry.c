/* A ledger entry's binding tables; see ledger_entry.h. */
#include "domain/events/ledger_entry.h"

const char *const money_chosen_names[] = {"shop", "presentment", NULL};

static const struct binding ledger_tax_fields[] = {
    BIND(struct ledger_tax, rate_ppm, BIND_LONG),
    BIND(struct ledger_tax, tax_minor, BIND_LONG),
    BIND(struct ledger_tax, credited_minor, BIND_LONG),
};
const struct bound_record ledger_tax_record =
    BOUND_RECORD("LedgerTax", struct ledger_tax, ledger_tax_fields);

static const struct binding ledger_line_fields[] = {
    BIND(struct ledger_line, line_id, BIND_TEXT),
    BIND(struct ledger_line, number, BIND_INT),
    BIND(struct ledger_line, product, BIND_TEXT),
    BIND(struct ledger_line, matrix_codes, BIND_ARRAY),
    BIND(struct ledger_line, depot, BIND_TEXT),
    BIND(struct ledger_line, gift_card, BIND_BOOL),
    BIND(struct ledger_line, quantity, BIND_INT),
    BIND(struct ledger_line, amount_minor, BIND_LONG),
    BIND(struct ledger_line, discount_minor, BIND_LONG),
    BIND_SUB(struct ledger_line, taxes, BIND_ARRAY, ledger_tax_record),
    BIND(struct ledger_line, credited_quantity, BIND_INT),
    BIND(struct ledger_line, credited_minor, BIND_LONG),
    BIND(struct ledger_line, bundle_quantity, BIND_INT),
    BIND(struct ledger_line, bundle_line_id, BIND_TEXT),
};
const struct bound_record ledger_line_record =
    BOUND_RECORD("LedgerLine", struct ledger_line, ledger_line_fields);

static const struct binding ledger_charge_fields[] = {
    BIND(struct ledger_charge, code, BIND_TEXT),
    BIND(struct ledger_charge, kind, BIND_TEXT),
    BIND(struct ledger_charge, line_id, BIND_TEXT),
    BIND(struct ledger_charge, amount_minor, BIND_LONG),
    BIND_SUB(struct ledger_charge, taxes, BIND_ARRAY, ledger_tax_record),
    BIND(struct ledger_charge, credited_minor, BIND_LONG),
};
const struct bound_record ledger_charge_record =
    BOUND_RECORD("LedgerCharge", struct ledger_charge, ledger_charge_fields);

static const struct binding ledger_tender_fields[] = {
    BIND(struct ledger_tender, kind, BIND_TEXT),
    BIND(struct ledger_tender, gateway, BIND_TEXT),
    BIND(struct ledger_tender, method, BIND_TEXT),
    BIND(struct ledger_tender, transaction_id, BIND_TEXT),
    BIND(struct ledger_tender, amount_minor, BIND_LONG),
    BIND(struct ledger_tender, credited_minor, BIND_LONG),
};
const struct bound_record ledger_tender_record =
    BOUND_RECORD("LedgerTender", struct ledger_tender, ledger_tender_fields);

static const struct binding ledger_note_fields[] = {
    BIND(struct ledger_note, refund_id, BIND_TEXT),
    BIND(struct ledger_note, document, BIND_TEXT),
    BIND(struct ledger_note, amount_minor, BIND_LONG),
    BIND(struct ledger_note, tax_minor, BIND_LONG),
    BIND(struct ledger_note, posted_at, BIND_LONG),
};
const struct bound_record ledger_note_record =
    BOUND_RECORD("LedgerCredit", struct ledger_note, ledger_note_fields);

static const struct binding ledger_share_fields[] = {
    BIND(struct ledger_share, credited_minor, BIND_LONG),
    BIND_SUB(struct ledger_share, taxes, BIND_ARRAY, ledger_tax_record),
};
const struct bound_record ledger_share_record =
    BOUND_RECORD("LedgerShare", struct ledger_share, ledger_share_fields);

static const struct binding ledger_owed_fields[] = {
    BIND(struct ledger_owed, edit_id, BIND_TEXT),
    BIND(struct ledger_owed, event_time, BIND_LONG),
    BIND(struct ledger_owed, number, BIND_INT),
    BIND(struct ledger_owed, quantity, BIND_INT),
    BIND(struct ledger_owed, amount_minor, BIND_LONG),
    BIND(struct ledger_owed, discount_minor, BIND_LONG),
    BIND_SUB(struct ledger_owed, taxes, BIND_ARRAY, ledger_tax_record),
};
const struct bound_record ledger_owed_record =
    BOUND_RECORD("LedgerOwed", struct ledger_owed, ledger_owed_fields);

static const struct binding ledger_entry_fields[] = {
    BIND(struct ledger_entry, key, BIND_TEXT),
    BIND(struct ledger_entry, company, BIND_TEXT),
    BIND(struct ledger_entry, channel, BIND_TEXT),
    BIND(struct ledger_entry, store, BIND_TEXT),
    BIND(struct ledger_entry, order_id, BIND_TEXT),
    BIND(struct ledger_entry, order_number, BIND_TEXT),
    BIND(struct ledger_entry, document, BIND_TEXT),
    BIND(struct ledger_entry, account, BIND_TEXT),
    BIND(struct ledger_entry, version, BIND_LONG),
    BIND(struct ledger_entry, currency, BIND_TEXT),
    BIND_SYMBOL(struct ledger_entry, money, money_chosen_names),
    BIND(struct ledger_entry, tax_included, BIND_BOOL),
    BIND(struct ledger_entry, identity, BIND_TEXT),
    BIND(struct ledger_entry, goods, BIND_TEXT),
    BIND(struct ledger_entry, payment, BIND_TEXT),
    BIND(struct ledger_entry, source_version, BIND_LONG),
    BIND(struct ledger_entry, event_time, BIND_LONG),
    BIND(struct ledger_entry, order_date, BIND_TEXT),
    BIND(struct ledger_entry, posted_at, BIND_LONG),
    BIND(struct ledger_entry, total_minor, BIND_LONG),
    BIND(struct ledger_entry, tax_minor, BIND_LONG),
    BIND(struct ledger_entry, outstanding_minor, BIND_LONG),
    BIND(struct ledger_entry, outstanding_credited_minor, BIND_LONG),
    BIND_SUB(struct ledger_entry, lines, BIND_ARRAY, ledger_line_record),
    BIND_SUB(struct ledger_entry, charges, BIND_ARRAY, ledger_charge_record),
    BIND_SUB(struct ledger_entry, tenders, BIND_ARRAY, ledger_tender_record),
    BIND_SUB(struct ledger_entry, credits, BIND_ARRAY, ledger_note_record),
    BIND_SUB(struct ledger_entry, shares, BIND_ARRAY, ledger_share_record),
    BIND_SUB(struct ledger_entry, owed, BIND_ARRAY, ledger_owed_record),
};
const struct bound_record ledger_entry_record =
    BOUND_RECORD("LedgerEntry", struct ledger_entry, ledger_entry_fields);
