/* The arithmetic of a made order, in integer minor units, once for each of its moneys.
 *
 * A discount on the whole order is shared out by largest remainder, so that the shares sum to it.
 * Tax is the rate on what a line comes to after discounts, rounded half up per line; or, where the
 * channel rounds per invoice, on what all lines of that rate come to, shared out likewise. */
#include "order_gen_parts.h"

#include <assert.h>

#define PPM INT64_C(1000000)

/* One taxed part: a line, the carriage, the gift wrap. */
struct part {
    int64_t net_of_discount; /* as priced: with tax where prices are gross */
    int64_t rate_ppm;
    int64_t *tax;
};
enum { PARTS_MAX = MADE_LINES_MAX + 2 };

static int64_t divide_half_up(int64_t a, int64_t b)
{
    assert(a >= 0 && b > 0);
    return (2 * a + b) / (2 * b);
}

static int64_t tax_of(int64_t amount, int64_t rate_ppm, bool taxes_included)
{
    return taxes_included ? divide_half_up(amount * rate_ppm, PPM + rate_ppm)
                          : divide_half_up(amount * rate_ppm, PPM);
}

/* Splits whole in proportion to weights by largest remainder. */
static void share_out(int64_t whole, const int64_t weights[], size_t count, int64_t parts[])
{
    int64_t sum = 0, rest = whole, remainders[PARTS_MAX] = {0};
    for (size_t i = 0; i < count; i++)
        sum += weights[i];
    for (size_t i = 0; i < count; i++) {
        parts[i] = sum > 0 ? whole * weights[i] / sum : 0;
        remainders[i] = sum > 0 ? whole * weights[i] % sum : 0;
        rest -= parts[i];
    }
    for (; rest > 0; rest--) {
        size_t largest = 0;
        for (size_t i = 1; i < count; i++)
            if (remainders[i] > remainders[largest])
                largest = i;
        remainders[largest] = -1;
        parts[largest]++;
    }
}

static void discount_share(struct made_order *o, int m)
{
    int64_t weights[MADE_LINES_MAX] = {0}, shares[MADE_LINES_MAX], sum = 0;
    for (size_t i = 0; i < o->line_count; i++) {
        const struct made_line *l = &o->lines[i];
        weights[i] = l->gift_card ? 0 : l->unit.minor[m] * l->quantity - l->promotion.minor[m];
        sum += weights[i];
    }
    share_out(divide_half_up(sum * o->discount_percent, 100), weights, o->line_count, shares);
    for (size_t i = 0; i < o->line_count; i++)
        o->lines[i].share.minor[m] = shares[i];
}

static int64_t line_amount(const struct made_line *l, int m)
{
    return l->unit.minor[m] * l->quantity - l->promotion.minor[m] - l->share.minor[m];
}

static size_t parts_list(struct made_order *o, int m, struct part parts[])
{
    size_t count = 0;
    for (size_t i = 0; i < o->line_count; i++)
        parts[count++] = (struct part){line_amount(&o->lines[i], m), o->lines[i].rate_ppm,
                                       &o->lines[i].tax.minor[m]};
    struct made_extra *extras[] = {&o->shipping, &o->wrap};
    for (size_t i = 0; i < 2; i++)
        if (extras[i]->is_there)
            parts[count++] = (struct part){extras[i]->price.minor[m] - extras[i]->discount.minor[m],
                                           extras[i]->rate_ppm, &extras[i]->tax.minor[m]};
    return count;
}

/* The tax of all parts of one rate, shared out over them. */
static void tax_per_invoice(const struct part parts[], size_t count, int64_t rate_ppm,
                            bool taxes_included)
{
    int64_t weights[PARTS_MAX] = {0}, taxes[PARTS_MAX], sum = 0;
    for (size_t i = 0; i < count; i++) {
        weights[i] = parts[i].rate_ppm == rate_ppm ? parts[i].net_of_discount : 0;
        sum += weights[i];
    }
    share_out(tax_of(sum, rate_ppm, taxes_included), weights, count, taxes);
    for (size_t i = 0; i < count; i++)
        if (parts[i].rate_ppm == rate_ppm)
            *parts[i].tax = taxes[i];
}

static void order_price(struct made_order *o, int m)
{
    struct part parts[PARTS_MAX];
    bool gross = o->shop->taxes_included;

    discount_share(o, m);
    size_t count = parts_list(o, m, parts);
    for (size_t i = 0; i < count; i++) {
        if (o->shop->invoice_rounding)
            tax_per_invoice(parts, count, parts[i].rate_ppm, gross);
        else
            *parts[i].tax = tax_of(parts[i].net_of_discount, parts[i].rate_ppm, gross);
    }
    o->subtotal.minor[m] = o->discounts.minor[m] = o->tax.minor[m] = 0;
    for (size_t i = 0; i < o->line_count; i++) {
        o->subtotal.minor[m] += line_amount(&o->lines[i], m);
        o->discounts.minor[m] += o->lines[i].promotion.minor[m] + o->lines[i].share.minor[m];
    }
    for (size_t i = 0; i < count; i++)
        o->tax.minor[m] += *parts[i].tax;
    o->discounts.minor[m] += o->shipping.discount.minor[m];
    o->shipping_total.minor[m] = o->shipping.price.minor[m] - o->shipping.discount.minor[m];
    o->charges_total.minor[m] = o->wrap.price.minor[m];
    o->total.minor[m] = o->subtotal.minor[m] + o->shipping_total.minor[m] +
                        o->charges_total.minor[m] + (gross ? 0 : o->tax.minor[m]);
}

void made_order_price(struct made_order *order)
{
    for (int m = 0; m < order->money_count; m++)
        order_price(order, m);
}
