/* The rates of an order's goods, and what of its carriage falls to each.
 *
 * Carriage shares the fate of what it carries: of a basket with several rates a channel taxes it
 * either at one blended rate, or each part of it at the rate of its goods. Both are right; which
 * weights a channel blends by (net, gross, lines) differs, so a blended rate is only held between
 * the goods' lowest and highest. Rates that stack on one line (state, city) make no such basket.
 * Pure functions: any thread. */
#ifndef PRIMAFLOW_ORDER_BASKET_H
#define PRIMAFLOW_ORDER_BASKET_H

#include "order_sale.h"

enum { BASKET_RATES_MAX = 8 }; /* no country has so many on goods; more is no mixed basket */

struct basket {
    struct {
        int64_t rate_ppm, net, gross;
    } rates[BASKET_RATES_MAX];
    size_t count;
    bool stacks; /* a line has more than one rate, or there are too many */
};

struct basket basket_read(struct sale *sale, bool taxes_included);

/* Whether a rate of carriage may be a blend of the goods' rates. */
bool basket_blends(const struct basket *basket, int64_t rate_ppm);

/* What of `base` each of these taxes is on, where they are the goods' rates side by side: by net or
 * by gross amounts of the goods, whichever comes nearer to the taxes as stated. False: they stack,
 * each on the whole. ret_bases has room for `count`. */
bool basket_split(const struct basket *basket, struct sale *sale, bool taxes_included, int64_t base,
                  const struct tax_line *taxes, size_t count, int64_t ret_bases[]);

#endif
