/* What the goods of an order cost, where the refund has been given its order's products: the answer of
 * GET /v2/orders/ID/products as its member "products". BigCommerce's refund says of units alone how
 * many, not how much. One thread. */
#ifndef PRIMAFLOW_BIGCOMMERCE_PRICES_H
#define PRIMAFLOW_BIGCOMMERCE_PRICES_H

#include "bigcommerce_parts.h"

/* Of so many units, in ten-thousandths of the currency's unit, as BigCommerce writes prices: shares
 * go by it, and it is no money itself. */
struct bigcommerce_price {
    int64_t gross, tax;
};

enum { BIGCOMMERCE_PRICE_PARTS = 10000 };

/* False: nobody says, or it was complained of; *ret_price is then worth nothing. */
bool bigcommerce_price_of(struct bigcommerce_refunding *f, const char *product_id, int64_t units,
                          struct bigcommerce_price *ret_price);

#endif
