/* The pricing that Prima gets: with or without VAT, as prima.price_vat says.
 *
 * Where that differs from the channel's pricing, a line's total is converted by its own tax, exactly. A total that no unit price divides
 * (converted, or part of a bundle's price) goes out as two lines whose prices differ by one minor unit. The parts always come to the line,
 * and no part's discount exceeds its price. Pure functions: any thread. */
#ifndef PRIMAFLOW_ORDER_PRICE_H
#define PRIMAFLOW_ORDER_PRICE_H

#include "order_sale.h"

struct order_price {
    int64_t quantity, unit, discount, tax;
};

/* Whether this order's prices contain VAT in Prima (VatInclusive). */
bool order_price_with_vat(const struct order_rules *rules, const struct order_event *event);

/* The line of a request, or two of them, for a line whose prices contain tax (`has_tax`) where those of the request do (`wants_tax`). How
 * many. */
size_t order_price_line(struct exact *x, const struct sale_line *line, bool has_tax, bool wants_tax,
                        struct order_price ret_parts[static 2]);

#endif
