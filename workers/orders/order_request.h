/* A decided sale as Prima's NewOrder.
 *
 * Prices go out per unit or per line, with or without VAT, as prima.price_basis and prima.price_vat
 * say. Where that differs from the channel's pricing, a line's total is converted by its own tax,
 * exactly; a total that no unit price divides goes out as two lines whose prices differ by one
 * minor unit, so that sum(quantity x Price - TrDisc) + sum(ChargeValue) + (sum(ExtTaxVal), when
 * VatInclusive="No") = payments + outstanding holds in Prima as it does in the proof. ChargeValue
 * always contains its tax, for a charge has no tax of its own there. Pure: any thread. */
#ifndef PRIMAFLOW_ORDER_REQUEST_H
#define PRIMAFLOW_ORDER_REQUEST_H

#include "base/arena.h"
#include "base/buf.h"
#include "order_sale.h"

struct order_request {
    const struct order_event *event;
    const struct order_rules *rules;
    const struct channel_rules *channel;
    struct sale *sale;
    const char *order_number;
    const char *account;      /* "": Prima's choice */
    const char *customer_ref; /* may be NULL */
    bool vat_inclusive;       /* as prima.price_vat says */
    bool hold;
    const char *narrative; /* "" when not on hold */
};

/* Appends the inner document. 0; -ENOMEM; -ERANGE: an amount does not fit; -EINVAL as
 * prima_request_new_order. */
__attribute__((warn_unused_result)) int order_request_write(const struct order_request *request,
                                                            struct arena *arena, struct buf *out);

#endif
