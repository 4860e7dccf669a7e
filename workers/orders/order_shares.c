/* The shares of a line; see order_shares.h. */
#include "order_shares.h"

#include <errno.h>

const struct sale_tax *sale_taxes(const struct sale *sale, const struct sale_line *line,
                                  struct arena *arena, size_t *ret_count)
{
    *ret_count = line->taxes != NULL ? line->tax_count : line->event->tax_lines.count;
    return line->taxes != NULL
               ? line->taxes
               : sale_split_tax(sale, line->event->tax_lines.items, line->event->tax_lines.count,
                                line->price.tax, arena);
}

static int64_t size_of(int64_t amount)
{
    return amount < 0 ? -(uint64_t)amount > INT64_MAX ? INT64_MAX : -amount : amount;
}

/* One tax of the line, to all parts. */
static void share_tax(struct exact *x, const struct sale_tax *tax, const int64_t weights[],
                      size_t count, size_t number, struct sale_tax *taxes, size_t tax_count,
                      struct sale_line parts[])
{
    int64_t shares[SHARES_MAX];
    exact_split(x, tax->minor, weights, count, shares);
    for (size_t i = 0; i < count; i++) {
        taxes[i * tax_count + number] = (struct sale_tax){tax->rate_ppm, shares[i]};
        parts[i].price.tax = exact_add(x, parts[i].price.tax, shares[i]);
    }
}

int sale_share_out(struct sale *sale, const struct sale_line *line, const int64_t weights[],
                   size_t count, struct arena *arena, struct sale_line parts[])
{
    struct exact *x = &sale->exact;
    int64_t after[SHARES_MAX], discounts[SHARES_MAX], bases[SHARES_MAX], bases_sum = 0;
    size_t tax_count = 0;
    const struct sale_tax *taxes = sale_taxes(sale, line, arena, &tax_count);
    struct sale_tax *shares = arena_alloc(arena, count * tax_count * sizeof *shares);
    if (taxes == NULL || shares == NULL)
        return -ENOMEM;
    exact_split(x, sale_net_of_discount(x, &line->price), weights, count, after);
    exact_split(x, line->price.discount, weights, count, discounts);
    for (size_t i = 0; i < count; i++) {
        bases[i] = size_of(after[i]);
        bases_sum |= bases[i];
        parts[i].price = (struct sale_price){
            .amount = exact_add(x, after[i], discounts[i]),
            .discount = discounts[i],
            .rate_ppm = line->price.rate_ppm,
            .rates = line->price.rates,
        };
        parts[i].taxes = &shares[i * tax_count];
        parts[i].tax_count = tax_count;
    }
    for (size_t t = 0; t < tax_count; t++) /* on nothing at all: by weight */
        share_tax(x, &taxes[t], bases_sum != 0 ? bases : weights, count, t, shares, tax_count,
                  parts);
    return 0;
}
