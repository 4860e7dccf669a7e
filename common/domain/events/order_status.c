/* An order status' binding tables; see order_status.h. */
#include "domain/events/order_status.h"

const char *const order_state_names[] = {"other",      "open",      "held", "part_despatched",
                                         "despatched", "cancelled", NULL};

static const struct binding parcel_line_fields[] = {
    BIND(struct parcel_line, order_line, BIND_TEXT),
    BIND(struct parcel_line, quantity, BIND_LONG),
};
static const struct bound_record parcel_line_record =
    BOUND_RECORD("ParcelLine", struct parcel_line, parcel_line_fields);

static const struct binding parcel_fields[] = {
    BIND(struct parcel, number, BIND_TEXT),
    BIND(struct parcel, version, BIND_LONG),
    BIND(struct parcel, despatch_date, BIND_TEXT),
    BIND(struct parcel, carrier, BIND_TEXT),
    BIND(struct parcel, carrier_mapped, BIND_BOOL),
    BIND(struct parcel, prima_carrier, BIND_TEXT),
    BIND(struct parcel, service, BIND_TEXT),
    BIND(struct parcel, tracking_number, BIND_TEXT),
    BIND(struct parcel, tracking_url, BIND_TEXT),
    BIND_SUB(struct parcel, lines, BIND_ARRAY, parcel_line_record),
};
static const struct bound_record parcel_record =
    BOUND_RECORD("Parcel", struct parcel, parcel_fields);

static const struct binding order_status_fields[] = {
    BIND(struct order_status, key, BIND_TEXT),
    BIND(struct order_status, company, BIND_TEXT),
    BIND(struct order_status, channel, BIND_TEXT),
    BIND(struct order_status, store, BIND_TEXT),
    BIND(struct order_status, order_id, BIND_TEXT),
    BIND(struct order_status, order_number, BIND_TEXT),
    BIND_SYMBOL(struct order_status, state, order_state_names),
    BIND(struct order_status, status, BIND_TEXT),
    BIND_SUB(struct order_status, parcels, BIND_ARRAY, parcel_record),
    BIND(struct order_status, version, BIND_LONG),
    BIND(struct order_status, as_of, BIND_LONG),
    BIND(struct order_status, codes, BIND_ARRAY),
    BIND(struct order_status, is_final, BIND_BOOL),
    BIND(struct order_status, imported, BIND_BOOL),
    BIND(struct order_status, published_at, BIND_LONG),
};
const struct bound_record order_status_record =
    BOUND_RECORD("OrderStatus", struct order_status, order_status_fields);
