/* A price as a channel states it, for a number of units together, and how it goes to Prima: with
 * tax or without.
 *
 * Where Prima wants it otherwise than the channel has it, a total is converted by its own tax,
 * exactly. A total that no unit price divides (converted, or part of a bundle's price) becomes two
 * parts whose unit prices differ by one minor unit. The parts always come to the whole, and no
 * part's discount exceeds its price. Pure functions: any thread. */
#ifndef PRIMAFLOW_DOMAIN_PRICE_H
#define PRIMAFLOW_DOMAIN_PRICE_H

#include "domain/money/exact.h"

struct sale_price {
    int64_t amount;   /* before discounts: quantity x unit price of a line */
    int64_t discount; /* positive */
    int64_t tax; /* as the channel states it; contained in the amount when prices contain tax */
    int64_t tax_expected; /* recomputed from the rates */
    int64_t rate_ppm;     /* all its rates together */
    size_t rates;         /* how many taxes with a rate above zero: each may be off by a rounding */
    /* our share of what the channel stated for more units, before an edit: it may have rounded
     * otherwise */
    bool tax_is_ours;
};

/* After discounts, as stated: with or without tax like the order's prices. */
static inline int64_t sale_net_of_discount(struct exact *x, const struct sale_price *price)
{
    return exact_subtract(x, price->amount, price->discount);
}

struct price_part {
    int64_t quantity, unit, discount, tax;
};

/* The part, or two of them, for `quantity` units whose price contains tax (`has_tax`) where the
 * parts' do (`wants_tax`). How many. */
size_t price_parts(struct exact *x, const struct sale_price *price, int64_t quantity, bool has_tax,
                   bool wants_tax, struct price_part ret_parts[static 2]);

#endif
