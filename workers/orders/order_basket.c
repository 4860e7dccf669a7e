/* What of carriage falls to which rate; see order_basket.h. */
#include "order_basket.h"

enum { PPM = 1000000 };

static size_t find_rate(const struct basket *basket, int64_t rate_ppm)
{
    size_t i = 0;
    while (i < basket->count && basket->rates[i].rate_ppm != rate_ppm)
        i++;
    return i;
}

struct basket basket_read(struct sale *sale, bool taxes_included)
{
    struct basket basket = {.count = 0};
    struct exact *x = &sale->exact;
    for (size_t i = 0; i < sale->line_count; i++) {
        const struct sale_line *line = &sale->lines[i];
        const int64_t stated = sale_net_of_discount(x, &line->price), tax = line->price.tax;
        if (line->event->gift_card)
            continue; /* nothing to carry, and nothing taxed before it is used */
        const size_t at = find_rate(&basket, line->price.rate_ppm);
        basket.stacks |= line->price.rates > 1 || at == BASKET_RATES_MAX;
        if (at == BASKET_RATES_MAX)
            continue;
        if (at == basket.count)
            basket.rates[basket.count++].rate_ppm = line->price.rate_ppm;
        basket.rates[at].net = exact_add(x, basket.rates[at].net,
                                         taxes_included ? exact_subtract(x, stated, tax) : stated);
        basket.rates[at].gross = exact_add(x, basket.rates[at].gross,
                                           taxes_included ? stated : exact_add(x, stated, tax));
    }
    return basket;
}

static bool is_mixed(const struct basket *basket)
{
    return basket->count > 1 && !basket->stacks;
}

bool basket_blends(const struct basket *basket, int64_t rate_ppm)
{
    int64_t lowest = INT64_MAX, highest = 0;
    for (size_t i = 0; i < basket->count; i++) {
        const int64_t rate = basket->rates[i].rate_ppm;
        lowest = rate < lowest ? rate : lowest;
        highest = rate > highest ? rate : highest;
    }
    return is_mixed(basket) && lowest <= rate_ppm && rate_ppm <= highest;
}

/* The bases by one kind of weights; returns how far the taxes on them are from those stated. */
static int64_t split_by(const struct basket *basket, struct sale *sale, bool taxes_included,
                        int64_t base, bool by_gross, const struct tax_line *taxes, size_t count,
                        int64_t ret_bases[])
{
    struct exact *x = &sale->exact;
    int64_t weights[BASKET_RATES_MAX], parts[BASKET_RATES_MAX], apart = 0;
    for (size_t i = 0; i < basket->count; i++) {
        const int64_t weight = by_gross ? basket->rates[i].gross : basket->rates[i].net;
        weights[i] = weight > 0 ? weight : 0;
    }
    exact_split(x, base, weights, basket->count, parts);
    for (size_t i = 0; i < count; i++) {
        const int64_t rate = taxes[i].rate_ppm;
        ret_bases[i] = parts[find_rate(basket, rate)];
        const int64_t tax = exact_portion(x, ret_bases[i], rate, taxes_included ? PPM + rate : PPM);
        apart =
            exact_add(x, apart, exact_distance(x, tax, sale_pick(sale->money, &taxes[i].amount)));
    }
    return apart;
}

bool basket_split(const struct basket *basket, struct sale *sale, bool taxes_included, int64_t base,
                  const struct tax_line *taxes, size_t count, int64_t ret_bases[])
{
    int64_t by_gross[BASKET_RATES_MAX];
    if (!is_mixed(basket) || count < 2 || count > BASKET_RATES_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (find_rate(basket, taxes[i].rate_ppm) == basket->count)
            return false;
        for (size_t j = 0; j < i; j++)
            if (taxes[j].rate_ppm == taxes[i].rate_ppm)
                return false; /* two taxes of one rate: they stack, whatever the goods do */
    }
    const int64_t net_apart =
        split_by(basket, sale, taxes_included, base, false, taxes, count, ret_bases);
    if (split_by(basket, sale, taxes_included, base, true, taxes, count, by_gross) < net_apart)
        memcpy(ret_bases, by_gross, count * sizeof *by_gross);
    return true;
}
