/* A reservation's binding tables; see stock_reservation.h. */
#include "domain/events/stock_reservation.h"

const char *const reservation_state_names[] = {"accepted", "allocated", NULL};

static const struct binding reservation_taken_fields[] = {
    BIND(struct reservation_taken, location, BIND_TEXT),
    BIND(struct reservation_taken, sku, BIND_TEXT),
    BIND(struct reservation_taken, units, BIND_LONG),
};
const struct bound_record reservation_taken_record =
    BOUND_RECORD("ReservationTaken", struct reservation_taken, reservation_taken_fields);

static const struct binding stock_reservation_fields[] = {
    BIND(struct stock_reservation, order, BIND_TEXT),
    BIND(struct stock_reservation, company, BIND_TEXT),
    BIND(struct stock_reservation, channel, BIND_TEXT),
    BIND(struct stock_reservation, store, BIND_TEXT),
    BIND(struct stock_reservation, order_id, BIND_TEXT),
    BIND(struct stock_reservation, sku, BIND_TEXT),
    BIND(struct stock_reservation, depot, BIND_TEXT),
    BIND(struct stock_reservation, depots, BIND_ARRAY),
    BIND(struct stock_reservation, units, BIND_LONG),
    BIND(struct stock_reservation, allocated_units, BIND_LONG),
    BIND(struct stock_reservation, since, BIND_LONG),
    BIND(struct stock_reservation, version, BIND_LONG),
    BIND_SYMBOL(struct stock_reservation, state, reservation_state_names),
    BIND_OPTIONAL(struct stock_reservation, allocated_at, BIND_LONG),
    BIND_SUB(struct stock_reservation, taken, BIND_ARRAY, reservation_taken_record),
    BIND(struct stock_reservation, updated_at, BIND_LONG),
};
const struct bound_record stock_reservation_record =
    BOUND_RECORD("StockReservation", struct stock_reservation, stock_reservation_fields);
