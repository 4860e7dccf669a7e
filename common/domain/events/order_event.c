/* An order event's binding tables; see order_event.h. */
#include "domain/events/order_event.h"

const char *const order_kind_names[] = {"created", "edited", "cancelled", NULL};
const char *const tender_status_names[] = {"unknown", "pending", "authorized", "captured",
                                           "failed",  "voided",  NULL};
const char *const payment_status_names[] = {"unknown",        "pending", "authorized",
                                            "partially_paid", "paid",    "partially_refunded",
                                            "refunded",       "voided",  NULL};

static const struct binding tax_line_fields[] = {
    BIND(struct tax_line, title, BIND_TEXT),
    BIND(struct tax_line, rate_ppm, BIND_LONG),
    BIND_SUB(struct tax_line, amount, BIND_INLINE, money_set_record),
    BIND(struct tax_line, channel_liable, BIND_BOOL),
};
const struct bound_record tax_line_record =
    BOUND_RECORD("TaxLine", struct tax_line, tax_line_fields);

static const struct binding order_discount_fields[] = {
    BIND(struct order_discount, code, BIND_TEXT),
    BIND(struct order_discount, title, BIND_TEXT),
    BIND_SUB(struct order_discount, amount, BIND_INLINE, money_set_record),
};
const struct bound_record order_discount_record =
    BOUND_RECORD("Discount", struct order_discount, order_discount_fields);

static const struct binding order_property_fields[] = {
    BIND(struct order_property, name, BIND_TEXT),
    BIND(struct order_property, value, BIND_TEXT),
};
const struct bound_record order_property_record =
    BOUND_RECORD("Property", struct order_property, order_property_fields);

static const struct binding order_address_fields[] = {
    BIND(struct order_address, title, BIND_TEXT),
    BIND(struct order_address, forename, BIND_TEXT),
    BIND(struct order_address, surname, BIND_TEXT),
    BIND(struct order_address, company, BIND_TEXT),
    BIND(struct order_address, line1, BIND_TEXT),
    BIND(struct order_address, line2, BIND_TEXT),
    BIND(struct order_address, line3, BIND_TEXT),
    BIND(struct order_address, city, BIND_TEXT),
    BIND(struct order_address, region, BIND_TEXT),
    BIND(struct order_address, postcode, BIND_TEXT),
    BIND(struct order_address, country_code, BIND_TEXT),
    BIND(struct order_address, phone, BIND_TEXT),
};
const struct bound_record order_address_record =
    BOUND_RECORD("Address", struct order_address, order_address_fields);

static const struct binding order_customer_fields[] = {
    BIND(struct order_customer, customer_id, BIND_TEXT),
    BIND(struct order_customer, email, BIND_TEXT),
    BIND(struct order_customer, title, BIND_TEXT),
    BIND(struct order_customer, forename, BIND_TEXT),
    BIND(struct order_customer, surname, BIND_TEXT),
    BIND(struct order_customer, company, BIND_TEXT),
    BIND(struct order_customer, phone, BIND_TEXT),
    BIND(struct order_customer, mobile, BIND_TEXT),
};
const struct bound_record order_customer_record =
    BOUND_RECORD("Customer", struct order_customer, order_customer_fields);

static const struct binding order_business_fields[] = {
    BIND(struct order_business, company_id, BIND_TEXT),
    BIND(struct order_business, name, BIND_TEXT),
    BIND(struct order_business, location_id, BIND_TEXT),
    BIND(struct order_business, location_name, BIND_TEXT),
    BIND(struct order_business, vat_number, BIND_TEXT),
    BIND(struct order_business, purchase_order, BIND_TEXT),
};
const struct bound_record order_business_record =
    BOUND_RECORD("Business", struct order_business, order_business_fields);

static const struct binding order_line_fields[] = {
    BIND(struct order_line, line_id, BIND_TEXT),
    BIND(struct order_line, parent_line_id, BIND_TEXT),
    BIND(struct order_line, sku, BIND_TEXT),
    BIND(struct order_line, product_id, BIND_TEXT),
    BIND(struct order_line, variant_id, BIND_TEXT),
    BIND(struct order_line, title, BIND_TEXT),
    BIND(struct order_line, variant_title, BIND_TEXT),
    BIND(struct order_line, quantity, BIND_INT),
    BIND_OPTIONAL(struct order_line, current_quantity, BIND_INT),
    BIND_SUB(struct order_line, unit_price, BIND_INLINE, money_set_record),
    BIND_SUB(struct order_line, discounts, BIND_ARRAY, order_discount_record),
    BIND_SUB(struct order_line, tax_lines, BIND_ARRAY, tax_line_record),
    BIND(struct order_line, taxable, BIND_BOOL),
    BIND(struct order_line, gift_card, BIND_BOOL),
    BIND(struct order_line, requires_shipping, BIND_BOOL),
    BIND(struct order_line, location_id, BIND_TEXT),
    BIND(struct order_line, gift_message, BIND_TEXT),
    BIND_SUB(struct order_line, properties, BIND_ARRAY, order_property_record),
};
const struct bound_record order_line_record =
    BOUND_RECORD("OrderLine", struct order_line, order_line_fields);

static const struct binding shipping_line_fields[] = {
    BIND(struct shipping_line, line_id, BIND_TEXT),
    BIND(struct shipping_line, code, BIND_TEXT),
    BIND(struct shipping_line, title, BIND_TEXT),
    BIND(struct shipping_line, carrier, BIND_TEXT),
    BIND_SUB(struct shipping_line, price, BIND_INLINE, money_set_record),
    BIND_SUB(struct shipping_line, discounts, BIND_ARRAY, order_discount_record),
    BIND_SUB(struct shipping_line, tax_lines, BIND_ARRAY, tax_line_record),
};
const struct bound_record shipping_line_record =
    BOUND_RECORD("ShippingLine", struct shipping_line, shipping_line_fields);

static const struct binding order_charge_fields[] = {
    BIND_SYMBOL(struct order_charge, kind, charge_kind_names),
    BIND(struct order_charge, code, BIND_TEXT),
    BIND(struct order_charge, title, BIND_TEXT),
    BIND(struct order_charge, line_id, BIND_TEXT),
    BIND_SUB(struct order_charge, amount, BIND_INLINE, money_set_record),
    BIND_SUB(struct order_charge, discounts, BIND_ARRAY, order_discount_record),
    BIND_SUB(struct order_charge, tax_lines, BIND_ARRAY, tax_line_record),
};
const struct bound_record order_charge_record =
    BOUND_RECORD("Charge", struct order_charge, order_charge_fields);

static const struct binding order_tender_fields[] = {
    BIND(struct order_tender, transaction_id, BIND_TEXT),
    BIND_SYMBOL(struct order_tender, kind, tender_kind_names),
    BIND(struct order_tender, gateway, BIND_TEXT),
    BIND(struct order_tender, method, BIND_TEXT),
    BIND_SUB(struct order_tender, amount, BIND_INLINE, money_set_record),
    BIND_SYMBOL(struct order_tender, status, tender_status_names),
    BIND(struct order_tender, authorization, BIND_TEXT),
    BIND(struct order_tender, voucher_number, BIND_TEXT),
    BIND_OPTIONAL(struct order_tender, processed_at, BIND_LONG),
    BIND(struct order_tender, test, BIND_BOOL),
};
const struct bound_record order_tender_record =
    BOUND_RECORD("Tender", struct order_tender, order_tender_fields);

static const struct binding payment_terms_fields[] = {
    BIND(struct payment_terms, name, BIND_TEXT),
    BIND_OPTIONAL(struct payment_terms, due_at, BIND_LONG),
};
const struct bound_record payment_terms_record =
    BOUND_RECORD("PaymentTerms", struct payment_terms, payment_terms_fields);

static const struct binding order_totals_fields[] = {
    BIND_SUB(struct order_totals, subtotal, BIND_RECORD, money_set_record),
    BIND_SUB(struct order_totals, discounts, BIND_RECORD, money_set_record),
    BIND_SUB(struct order_totals, shipping, BIND_RECORD, money_set_record),
    BIND_SUB(struct order_totals, charges, BIND_RECORD, money_set_record),
    BIND_SUB(struct order_totals, tax, BIND_INLINE, money_set_record),
    BIND_SUB(struct order_totals, total, BIND_INLINE, money_set_record),
    BIND_SUB(struct order_totals, outstanding, BIND_INLINE, money_set_record),
};
const struct bound_record order_totals_record =
    BOUND_RECORD("Totals", struct order_totals, order_totals_fields);

static const struct binding order_event_fields[] = {
    BIND(struct order_event, event_id, BIND_TEXT),
    BIND(struct order_event, event_time, BIND_LONG),
    BIND_SYMBOL(struct order_event, kind, order_kind_names),
    BIND(struct order_event, source_version, BIND_LONG),
    BIND(struct order_event, channel, BIND_TEXT),
    BIND(struct order_event, store, BIND_TEXT),
    BIND(struct order_event, order_id, BIND_TEXT),
    BIND(struct order_event, order_name, BIND_TEXT),
    BIND(struct order_event, source_name, BIND_TEXT),
    BIND(struct order_event, location_id, BIND_TEXT),
    BIND(struct order_event, test, BIND_BOOL),
    BIND(struct order_event, created_at, BIND_LONG),
    BIND(struct order_event, currency, BIND_TEXT),
    BIND(struct order_event, presentment_currency, BIND_TEXT),
    BIND(struct order_event, taxes_included, BIND_BOOL),
    BIND(struct order_event, tax_exempt, BIND_BOOL),
    BIND_SUB(struct order_event, customer, BIND_RECORD, order_customer_record),
    BIND_SUB(struct order_event, business, BIND_RECORD, order_business_record),
    BIND_SUB(struct order_event, billing_address, BIND_RECORD, order_address_record),
    BIND_SUB(struct order_event, shipping_address, BIND_RECORD, order_address_record),
    BIND_SUB(struct order_event, lines, BIND_ARRAY, order_line_record),
    BIND_SUB(struct order_event, shipping_lines, BIND_ARRAY, shipping_line_record),
    BIND_SUB(struct order_event, charges, BIND_ARRAY, order_charge_record),
    BIND_SUB(struct order_event, tenders, BIND_ARRAY, order_tender_record),
    BIND_SYMBOL(struct order_event, payment_status, payment_status_names),
    BIND_SUB(struct order_event, payment_terms, BIND_RECORD, payment_terms_record),
    BIND_SUB(struct order_event, totals, BIND_INLINE, order_totals_record),
    BIND(struct order_event, note, BIND_TEXT),
    BIND(struct order_event, gift_message, BIND_TEXT),
    BIND(struct order_event, delivery_instructions, BIND_TEXT),
    BIND_SUB(struct order_event, properties, BIND_ARRAY, order_property_record),
    BIND(struct order_event, tags, BIND_ARRAY),
    BIND(struct order_event, fulfilment_state, BIND_TEXT),
    BIND_OPTIONAL(struct order_event, cancelled_at, BIND_LONG),
    BIND(struct order_event, cancel_reason, BIND_TEXT),
};
const struct bound_record order_event_record =
    BOUND_RECORD("OrderEvent", struct order_event, order_event_fields);
