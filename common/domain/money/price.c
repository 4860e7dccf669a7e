/* Net to gross and back, to the minor unit; see price.h. */
#include "domain/money/price.h"

enum { PPM = 1000000 };

/* The discount and the total before discounts, with tax put in or taken out. */
static void price_convert(struct exact *x, const struct sale_price *price, bool wants_tax,
                          int64_t *ret_before, int64_t *ret_discount)
{
    const int64_t after = sale_net_of_discount(x, price), with_tax = PPM + price->rate_ppm;
    const int64_t converted =
        wants_tax ? exact_add(x, after, price->tax) : exact_subtract(x, after, price->tax);
    *ret_discount = wants_tax ? exact_portion(x, price->discount, with_tax, PPM)
                              : exact_portion(x, price->discount, PPM, with_tax);
    *ret_before = exact_add(x, converted, *ret_discount);
}

/* What of `whole` belongs to the first of two amounts; by units when there is nothing to go by. */
static int64_t first_share(struct exact *x, int64_t whole, const int64_t amounts[static 2],
                           const int64_t units[static 2])
{
    struct money shares[2] = {{0, x->currency}, {0, x->currency}};
    if (money_allocate((struct money){whole, x->currency}, amounts, 2, shares) < 0)
        return exact_share(x, whole, units[0], units[0] + units[1]);
    return shares[0].minor;
}

size_t price_parts(struct exact *x, const struct sale_price *price, int64_t quantity, bool has_tax,
                   bool wants_tax, struct price_part ret_parts[static 2])
{
    int64_t before = price->amount, discount = price->discount;
    if (has_tax != wants_tax)
        price_convert(x, price, wants_tax, &before, &discount);
    int64_t dearer = before % quantity,
            unit = before / quantity; /* so many units cost one minor unit more */
    if (dearer < 0) {
        dearer += quantity;
        unit--;
    }
    if (dearer == 0) {
        ret_parts[0] = (struct price_part){quantity, unit, discount, price->tax};
        return 1;
    }
    /* A discount goes by prices, so that no part's exceeds it; a tax by what is left. */
    const int64_t units[2] = {dearer, quantity - dearer};
    const int64_t amounts[2] = {exact_multiply(x, units[0], unit + 1),
                                exact_multiply(x, units[1], unit)};
    const int64_t discount_dearer = first_share(x, discount, amounts, units);
    const int64_t left[2] = {exact_subtract(x, amounts[0], discount_dearer),
                             exact_subtract(x, amounts[1], discount - discount_dearer)};
    const int64_t tax_dearer = first_share(x, price->tax, left, units);
    ret_parts[0] = (struct price_part){units[0], unit + 1, discount_dearer, tax_dearer};
    ret_parts[1] =
        (struct price_part){units[1], unit, discount - discount_dearer, price->tax - tax_dearer};
    return 2;
}
