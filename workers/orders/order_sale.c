/* From an event to amounts; see order_sale.h. */
#include "order_sale.h"

#include "base/text.h"

#include <errno.h>

/* What reading an amount needs, and the first thing that was wrong. */
struct reader {
    struct sale *sale;
    const char *fault;
};

static int64_t read_amount(struct reader *r, const struct money_set *set)
{
    if (r->sale->money == MONEY_PRESENTMENT && !set->has_presentment_minor)
        r->fault = "an amount lacks presentment money, in which this channel's orders are posted";
    return sale_pick(r->sale->money, set);
}

static int64_t sum_discounts(struct reader *r, const struct order_discount *items, size_t count)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        const int64_t amount = read_amount(r, &items[i].amount);
        if (amount < 0)
            r->fault = "a discount is negative; discounts are positive amounts";
        sum = exact_add(&r->sale->exact, sum, amount);
    }
    return sum;
}

static void read_taxes(struct reader *r, const struct tax_line *items, size_t count,
                       struct sale_price *price)
{
    for (size_t i = 0; i < count; i++) {
        if (items[i].rate_ppm < 0 || items[i].rate_ppm > 10000000) {
            r->fault = "a tax rate lies outside 0 to 1000 percent";
            return;
        }
        price->tax = exact_add(&r->sale->exact, price->tax, read_amount(r, &items[i].amount));
        price->rate_ppm += items[i].rate_ppm;
        price->rates += items[i].rate_ppm > 0;
    }
}

static void read_line(struct reader *r, const struct order_line *event, size_t number)
{
    struct exact *x = &r->sale->exact;
    const int64_t ordered = event->quantity, left = order_line_units(event);
    if (ordered < 0 || left < 0)
        r->fault = "a line's quantity is negative";
    if (left <= 0)
        return;
    struct sale_line line = {.event = event,
                             .number = number,
                             .quantity = left,
                             .unit = read_amount(r, &event->unit_price)};
    line.price.amount = exact_multiply(x, left, line.unit);
    line.price.discount = sum_discounts(r, event->discounts.items, event->discounts.count);
    read_taxes(r, event->tax_lines.items, event->tax_lines.count, &line.price);
    if (left < ordered) {
        line.price.discount = exact_share(x, line.price.discount, left, ordered);
        line.price.tax = exact_share(x, line.price.tax, left, ordered);
        line.price.tax_is_ours = true;
    }
    r->sale->lines[r->sale->line_count++] = line;
}

static struct sale_price read_price(struct reader *r, const struct money_set *amount,
                                    const struct order_discount *discounts, size_t discount_count,
                                    const struct tax_line *taxes, size_t tax_count)
{
    struct sale_price price = {.amount = read_amount(r, amount),
                               .discount = sum_discounts(r, discounts, discount_count)};
    read_taxes(r, taxes, tax_count, &price);
    return price;
}

static void read_charges(struct reader *r, const struct order_event *event)
{
    for (size_t i = 0; i < event->shipping_lines.count; i++) {
        const struct shipping_line *line = &event->shipping_lines.items[i];
        r->sale->charges[r->sale->charge_count++] = (struct sale_charge){
            .shipping = line,
            .number = i + 1,
            .price = read_price(r, &line->price, line->discounts.items, line->discounts.count,
                                line->tax_lines.items, line->tax_lines.count),
        };
    }
    for (size_t i = 0; i < event->charges.count; i++) {
        const struct order_charge *charge = &event->charges.items[i];
        if (sale_pick(r->sale->money, &charge->amount) < 0 && charge->kind != CHARGE_CASH_ROUNDING)
            r->fault = "a charge is negative; only cash rounding may be";
        r->sale->charges[r->sale->charge_count++] = (struct sale_charge){
            .charge = charge,
            .number = i + 1,
            .price =
                read_price(r, &charge->amount, charge->discounts.items, charge->discounts.count,
                           charge->tax_lines.items, charge->tax_lines.count),
        };
    }
}

static void read_tenders(struct reader *r, const struct order_event *event)
{
    for (size_t i = 0; i < event->tenders.count; i++) {
        const struct order_tender *tender = &event->tenders.items[i];
        const int64_t amount = read_amount(r, &tender->amount);
        if (amount < 0)
            r->fault = "a tender is negative; refunds are events of their own";
        if (tender->status == TENDER_STATUS_CAPTURED &&
            amount != 0) /* some channels note that nothing was paid for a free order */
            r->sale->tenders[r->sale->tender_count++] =
                (struct sale_tender){.event = tender, .number = i + 1, .amount = amount};
    }
}

enum money_chosen sale_money_chosen(const struct order_event *event,
                                    const struct channel_rules *channel)
{
    const bool has_other = event->presentment_currency != NULL &&
                           strcmp(event->presentment_currency, event->currency) != 0;
    return channel->money == MONEY_PRESENTMENT && has_other ? MONEY_PRESENTMENT : MONEY_SHOP;
}

/* An address without its country says nothing: its postcode could be anybody's. */
static struct tax_place place_of(const struct order_address *address, const char *otherwise)
{
    if (address == NULL || text_is_empty(address->country_code))
        return (struct tax_place){.country = otherwise};
    return (struct tax_place){address->country_code, address->region, address->postcode};
}

struct tax_place sale_tax_place(const struct order_event *event,
                                const struct channel_rules *channel, bool is_pos)
{
    if (is_pos || (event->shipping_address == NULL && !text_is_empty(event->location_id)))
        return (struct tax_place){.country = channel->country};
    return place_of(event->shipping_address != NULL ? event->shipping_address
                                                    : event->billing_address,
                    channel->country);
}

int sale_read(const struct order_event *event, enum money_chosen money, struct arena *arena,
              struct sale *ret_sale, const char **ret_detail)
{
    const struct currency *currency =
        currency_find(money == MONEY_SHOP ? event->currency : event->presentment_currency);
    if (currency == NULL) {
        *ret_detail = "the currency is not in ISO 4217";
        return -EINVAL;
    }
    struct sale sale = {
        .exact = {.currency = currency},
        .money = money,
        .currency = currency,
        .lines = arena_alloc(arena, event->lines.count * sizeof *sale.lines),
        .charges = arena_alloc(arena, (event->shipping_lines.count + event->charges.count) *
                                          sizeof *sale.charges),
        .tenders = arena_alloc(arena, event->tenders.count * sizeof *sale.tenders),
        .proof = {.tax_included = event->taxes_included},
    };
    if (sale.lines == NULL || sale.charges == NULL || sale.tenders == NULL)
        return -ENOMEM;
    struct reader reader = {.sale = &sale};
    for (size_t i = 0; i < event->lines.count; i++)
        read_line(&reader, &event->lines.items[i], i + 1);
    read_charges(&reader, event);
    read_tenders(&reader, event);
    (void)read_amount(&reader, &event->totals.tax);
    (void)read_amount(&reader, &event->totals.total);
    if (event->totals.outstanding.shop_minor != 0)
        (void)read_amount(&reader, &event->totals.outstanding);
    if (sale.line_count == 0)
        reader.fault = "no line with a quantity is left";
    if (reader.fault != NULL) {
        *ret_detail = reader.fault;
        return -EINVAL;
    }
    *ret_sale = sale;
    return 0;
}
