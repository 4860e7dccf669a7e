/* Binding tables of what is remembered of an order; see stock_order.h. */
#include "domain/events/stock_order.h"

const char *const stock_gap_names[] = {"sku", "location", "depot", "key", "channel", NULL};
const char *const stock_order_hold_names[] = {"unknown", "held", "free", NULL};

static const struct binding stock_order_depot_fields[] = {
    BIND(struct stock_order_depot, depot, BIND_INT),
};
const struct bound_record stock_order_depot_record =
    BOUND_RECORD("StockOrderDepot", struct stock_order_depot, stock_order_depot_fields);

static const struct binding stock_order_row_fields[] = {
    BIND(struct stock_order_row, sku, BIND_INT),
    BIND(struct stock_order_row, depot, BIND_INT),
    BIND_SUB(struct stock_order_row, depots, BIND_ARRAY, stock_order_depot_record),
    BIND(struct stock_order_row, units, BIND_LONG),
};
const struct bound_record stock_order_row_record =
    BOUND_RECORD("StockOrderRow", struct stock_order_row, stock_order_row_fields);

static const struct binding stock_order_taken_fields[] = {
    BIND(struct stock_order_taken, sku_key, BIND_INT),
    BIND(struct stock_order_taken, location, BIND_INT),
    BIND(struct stock_order_taken, sku, BIND_INT),
    BIND(struct stock_order_taken, units, BIND_LONG),
};
const struct bound_record stock_order_taken_record =
    BOUND_RECORD("StockOrderTaken", struct stock_order_taken, stock_order_taken_fields);

static const struct binding stock_order_gap_fields[] = {
    BIND(struct stock_order_gap, line, BIND_INT),
    BIND_SYMBOL(struct stock_order_gap, what, stock_gap_names),
};
const struct bound_record stock_order_gap_record =
    BOUND_RECORD("StockOrderGap", struct stock_order_gap, stock_order_gap_fields);

static const struct binding stock_order_document_fields[] = {
    BIND(struct stock_order_document, version, BIND_LONG),
    BIND(struct stock_order_document, entry, BIND_LONG),
    BIND(struct stock_order_document, posted_at, BIND_LONG),
    BIND_SUB(struct stock_order_document, lines, BIND_ARRAY, stock_order_row_record),
};
const struct bound_record stock_order_document_record =
    BOUND_RECORD("StockOrderDocument", struct stock_order_document, stock_order_document_fields);

static const struct binding stock_order_reservation_fields[] = {
    BIND(struct stock_order_reservation, sku, BIND_INT),
    BIND(struct stock_order_reservation, depot, BIND_INT),
    BIND_SUB(struct stock_order_reservation, depots, BIND_ARRAY, stock_order_depot_record),
    BIND(struct stock_order_reservation, units, BIND_LONG),
    BIND(struct stock_order_reservation, allocated_units, BIND_LONG),
    BIND_OPTIONAL(struct stock_order_reservation, allocated_at, BIND_LONG),
    BIND(struct stock_order_reservation, version, BIND_LONG),
    BIND(struct stock_order_reservation, updated_at, BIND_LONG),
    BIND(struct stock_order_reservation, tells_taken, BIND_BOOL),
    BIND(struct stock_order_reservation, confirmed, BIND_BOOL),
};
const struct bound_record stock_order_reservation_record = BOUND_RECORD(
    "StockOrderReservation", struct stock_order_reservation, stock_order_reservation_fields);

static const struct binding stock_order_fields[] = {
    BIND(struct stock_order_state, texts, BIND_ARRAY),
    BIND_OPTIONAL(struct stock_order_state, version, BIND_LONG),
    BIND(struct stock_order_state, event_time, BIND_LONG),
    BIND(struct stock_order_state, cancelled, BIND_BOOL),
    BIND(struct stock_order_state, handed_over, BIND_BOOL),
    BIND_SUB(struct stock_order_state, wants, BIND_ARRAY, stock_order_row_record),
    BIND_SUB(struct stock_order_state, takes, BIND_ARRAY, stock_order_taken_record),
    BIND_SUB(struct stock_order_state, gaps, BIND_ARRAY, stock_order_gap_record),
    BIND(struct stock_order_state, gap_version, BIND_LONG),
    BIND(struct stock_order_state, gap_offset, BIND_LONG),
    BIND_SUB(struct stock_order_state, document, BIND_RECORD, stock_order_document_record),
    BIND_SYMBOL(struct stock_order_state, hold, stock_order_hold_names),
    BIND_OPTIONAL(struct stock_order_state, discarded_at, BIND_LONG),
    BIND(struct stock_order_state, since, BIND_LONG),
    BIND(struct stock_order_state, changed_at, BIND_LONG),
    BIND_SUB(struct stock_order_state, reservations, BIND_ARRAY, stock_order_reservation_record),
};
const struct bound_record stock_order_record =
    BOUND_RECORD("StockOrder", struct stock_order_state, stock_order_fields);
