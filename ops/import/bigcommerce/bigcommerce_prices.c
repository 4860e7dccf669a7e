/* What goods cost; see bigcommerce_prices.h. */
#include "bigcommerce_prices.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PRICE_MAX 1e12 /* of one unit, in the currency's unit */

static bool price_read(struct bigcommerce_refunding *f, const struct import_at *product,
                       const char *name, double *ret_price)
{
    char shown[64], *end = NULL;
    const struct import_at at = import_field(product, name);
    const char *text = json_string_value(at.json);
    if (at.json == NULL)
        return false;
    const double price = text != NULL ? strtod(text, &end) : json_number_value(at.json);
    const bool is_number = text != NULL ? *text != '\0' && *end == '\0' : json_is_number(at.json);
    if (!is_number || !(price >= 0 && price <= PRICE_MAX)) {
        import_complain(f->r, &at,
                        "%s is not a price such as \"12.0000\"; ask for the order's products again",
                        import_shown(&at, shown));
        return false;
    }
    *ret_price = price;
    return true;
}

static int64_t price_parts(double price)
{
    return llround(price * BIGCOMMERCE_PRICE_PARTS);
}

bool bigcommerce_price_of(struct bigcommerce_refunding *f, const char *product_id, int64_t units,
                          struct bigcommerce_price *ret_price)
{
    const struct import_at list = import_field(f->refund, "products");
    const size_t count = import_count(f->r, &list);
    for (size_t i = 0; i < count; i++) {
        const struct import_at product = import_item(&list, i);
        double gross = 0, net = 0;
        char id[64];
        if (!import_id(f->r, &product, "id", id) || strcmp(id, product_id) != 0)
            continue;
        if (!price_read(f, &product, "price_inc_tax", &gross) ||
            !price_read(f, &product, "price_ex_tax", &net))
            return false;
        return !__builtin_mul_overflow(price_parts(gross), units, &ret_price->gross) &&
               !__builtin_mul_overflow(gross > net ? price_parts(gross - net) : 0, units,
                                       &ret_price->tax);
    }
    return false;
}
