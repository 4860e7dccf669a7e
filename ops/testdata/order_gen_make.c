/* One order: what is bought, where and by whom, how it is paid, and what is wrong with it. */
#include "order_gen_parts.h"

#include <stdio.h>
#include <string.h>

enum { PRESENTMENT_PPM = 1170000 };

/* Chance by what it decides, so that a change of one thing leaves the others as they were. */
enum stream { STREAM_SHAPE = 10, STREAM_LINES, STREAM_EXTRAS, STREAM_TENDERS };

static int64_t scale(int64_t pence, int64_t ppm, int64_t step)
{
    int64_t minor = (pence * ppm + 500000) / 1000000;
    return step > 1 ? (minor + step - 1) / step * step : minor;
}

/* A UK price with tax, as this shop asks it. */
static struct made_money price_make(const struct made_order *o, int64_t pence)
{
    struct made_money money = {{scale(pence, o->shop->price_ppm, o->shop->price_step), 0}};
    if (o->money_count > 1)
        money.minor[1] = scale(money.minor[0], PRESENTMENT_PPM, 1);
    return money;
}

static const char *pick(struct chance *c, const char *const list[])
{
    int64_t count = 0;
    while (list[count] != NULL)
        count++;
    return list[chance_below(c, count)];
}

static void line_fill(struct made_order *o, struct made_line *l, struct chance *c)
{
    made_product_choose(c, o->shop->sku_separator, &l->product);
    l->quantity = chance_percent(c, 80) ? 1 : (int32_t)(2 + chance_below(c, 3));
    l->unit = price_make(o, l->product.pence);
    l->rate_ppm =
        l->product.childrens && o->country->zero_rates_children ? 0 : o->country->rate_ppm;
    l->location = o->is_pos ? o->shop->pos_location : pick(c, o->shop->locations);
    if (chance_percent(c, 12))
        for (int m = 0; m < o->money_count; m++)
            l->promotion.minor[m] = l->unit.minor[m] * l->quantity / 5;
}

static void gift_card_fill(struct made_order *o, struct made_line *l, struct chance *c)
{
    *l = (struct made_line){.gift_card = true, .quantity = 1, .product = {.title = "Gift Card"}};
    l->unit = price_make(o, (1 + chance_below(c, 4)) * 2500);
}

static void lines_fill(struct made_order *o, struct chance *c, bool plain)
{
    o->line_count = 1;
    while (o->line_count < MADE_LINES_MAX - 1 && chance_percent(c, 45))
        o->line_count++;
    for (size_t i = 0; i < o->line_count; i++)
        line_fill(o, &o->lines[i], c);
    if (!plain && !o->is_pos && o->shop->pos_location != NULL &&
        chance_percent(c, 3)) /* sold by the main shop only */
        gift_card_fill(o, &o->lines[o->line_count++], c);
    o->discount_percent = chance_percent(c, 15) ? 10 : 0;
}

static void extras_fill(struct made_order *o, struct chance *c)
{
    if (o->is_pos)
        return;
    bool express = chance_percent(c, 25), abroad = strcmp(o->country->code, "GB") != 0;
    o->shipping = (struct made_extra){.is_there = true,
                                      .code = abroad    ? "international"
                                              : express ? "express"
                                                        : "standard",
                                      .title = abroad    ? "International"
                                               : express ? "Next day"
                                                         : "Standard delivery",
                                      .rate_ppm = o->country->rate_ppm,
                                      .price = price_make(o, abroad    ? 1250
                                                             : express ? 695
                                                                       : 395)};
    if (!express && chance_percent(c, 20))
        o->shipping.discount = o->shipping.price; /* free delivery */
    if (strcmp(o->shop->channel, "shopify") == 0 && chance_percent(c, 8))
        o->wrap = (struct made_extra){.is_there = true,
                                      .code = "gift_wrap",
                                      .title = "Gift wrapping",
                                      .rate_ppm = o->country->rate_ppm,
                                      .price = price_make(o, 350)};
}

static const char *method_of(const char *gateway)
{
    return strcmp(gateway, "paypal") == 0   ? "paypal"
           : strcmp(gateway, "klarna") == 0 ? "pay_later"
                                            : "visa";
}

static void tenders_fill(struct made_order *o, struct chance *c, bool plain)
{
    if (o->is_business) { /* on account: nothing is paid yet */
        o->outstanding = o->total;
        return;
    }
    const char *gateway = o->is_pos ? chance_percent(c, 30) ? "cash" : "shopify_payments"
                                    : pick(c, o->shop->gateways);
    struct made_tender rest = {.kind = strcmp(gateway, "cash") == 0     ? "cash"
                                       : strcmp(gateway, "paypal") == 0 ? "wallet"
                                       : strcmp(gateway, "klarna") == 0 ? "wallet"
                                       : strcmp(gateway, "mirakl") == 0 ? "other"
                                                                        : "card",
                               .gateway = gateway,
                               .method = method_of(gateway),
                               .amount = o->total};
    if (!plain && !o->is_pos && strcmp(o->shop->channel, "shopify") == 0 && chance_percent(c, 8)) {
        struct made_tender gift = {.kind = "gift_card",
                                   .gateway = "gift_card",
                                   .method = "gift_card",
                                   .amount = price_make(o, 2500)};
        for (int m = 0; m < o->money_count; m++) {
            if (gift.amount.minor[m] > rest.amount.minor[m])
                gift.amount.minor[m] = rest.amount.minor[m];
            rest.amount.minor[m] -= gift.amount.minor[m];
        }
        o->tenders[o->tender_count++] = gift;
    }
    if (rest.amount.minor[0] > 0)
        o->tenders[o->tender_count++] = rest;
}

/* What is wrong; the amounts are far beyond any tolerance for rounding. */
static void fault_make(struct made_order *o, enum order_fault fault, struct chance *c)
{
    struct made_line *line = &o->lines[0];
    switch (fault) {
    case ORDER_FAULT_tax_mismatch:
        for (int m = 0; m < o->money_count; m++) {
            line->tax.minor[m] += 500;
            o->tax.minor[m] += 500;
            if (o->shop->taxes_included)
                continue;
            o->total.minor[m] += 500; /* the channel is consistent, and wrong */
            o->tenders[0].amount.minor[m] += 500;
        }
        break;
    case ORDER_FAULT_total_mismatch:
        for (int m = 0; m < o->money_count; m++)
            o->tenders[0].amount.minor[m] -= 250;
        break;
    case ORDER_FAULT_unknown_sku:
        (void)snprintf(line->product.sku, sizeof line->product.sku, "NOSUCH%05d",
                       (int)chance_below(c, 100000));
        break;
    case ORDER_FAULT_empty_sku:
        line->is_custom = true;
        break;
    case ORDER_FAULT_depot_unmapped:
        line->location = "9999";
        break;
    case ORDER_FAULT_payment_unmapped:
        o->tenders[0].kind = "wallet";
        o->tenders[0].gateway = o->tenders[0].method = "cryptopay";
        break;
    case ORDER_FAULT_charge_unmapped:
        o->shipping.code = "drone";
        o->shipping.title = "Drone to the door";
        break;
    default:
        break;
    }
}

void made_order_fill(const struct order_gen_options *options, int64_t index, enum order_fault fault,
                     int content, struct made_order *ret_order, struct made_person *ret_person)
{
    struct made_order *o = ret_order;
    struct chance shape = chance_of(options->seed, STREAM_SHAPE, (uint64_t)index),
                  lines = chance_of(options->seed, STREAM_LINES, (uint64_t)index),
                  extras = chance_of(options->seed, STREAM_EXTRAS, (uint64_t)index),
                  tenders = chance_of(options->seed, STREAM_TENDERS, (uint64_t)index);
    bool plain = fault != ORDER_FAULT_NONE; /* one thing wrong, and nothing else that is special */

    *o = (struct made_order){.shop = made_shop_choose(&shape), .money_count = 1};
    o->country = made_country_find(pick(&shape, o->shop->countries));
    made_person_choose(options->seed, chance_below(&shape, options->customers), ret_person);
    o->is_pos = chance_percent(&shape, 8) && o->shop->pos_location != NULL && !plain;
    o->is_business =
        chance_percent(&shape, 2) && o->shop->pos_location != NULL && !o->is_pos && !plain;
    if (chance_percent(&shape, 4) && o->shop->presentment != NULL && !o->is_pos)
        o->money_count = 2;
    lines_fill(o, &lines, plain);
    if (content > 0)
        o->lines[0].quantity +=
            content; /* more of the first line: another content of the same order */
    extras_fill(o, &extras);
    made_order_price(o);
    tenders_fill(o, &tenders, plain);
    fault_make(o, fault, &tenders);
}
