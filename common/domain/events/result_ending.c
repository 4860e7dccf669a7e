/* Binding tables of what every result ends with; see result_ending.h. */
#include "domain/events/result_ending.h"

static const struct binding result_delivery_fields[] = {
    BIND(struct result_delivery, topic, BIND_TEXT),
    BIND(struct result_delivery, partition, BIND_INT),
    BIND(struct result_delivery, offset, BIND_LONG),
};
const struct bound_record result_delivery_record =
    BOUND_RECORD("Delivery", struct result_delivery, result_delivery_fields);

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
