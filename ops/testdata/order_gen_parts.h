/* What the parts of the order generator share; nobody else includes it. */
#ifndef PRIMAFLOW_CLI_ORDER_GEN_PARTS_H
#define PRIMAFLOW_CLI_ORDER_GEN_PARTS_H

#include "order_gen.h"

/* ---- chance: a stream of numbers from a seed (splitmix64), the same everywhere ---- */

struct chance {
    uint64_t state;
};
struct chance chance_of(uint64_t seed, uint64_t stream, uint64_t index);
uint64_t chance_next(struct chance *c);
int64_t chance_below(struct chance *c, int64_t bound); /* 0 .. bound - 1 */
bool chance_percent(struct chance *c, double percent); /* to a thousandth of a per cent */

/* Zipf's law over `count` things: fills the cumulative shares, and chooses by them. */
void skew_fill(double shares[], int64_t count, double exponent);
int64_t skew_choose(const double shares[], int64_t count, struct chance *c);

/* ---- what is sold where ---- */

struct made_shop {
    const char *channel, *store, *currency,
        *presentment; /* presentment: a second currency that some customers see, or NULL */
    bool taxes_included, invoice_rounding;
    int weight;         /* share of the orders */
    int64_t price_ppm;  /* of a price in pence, to this currency's minor units */
    int64_t price_step; /* prices are multiples of it */
    const char *const *countries, *const *locations, *const *gateways; /* each ends with NULL */
    const char *pos_location; /* shops on the high street; NULL: none */
    char sku_separator;
};
const struct made_shop *made_shop_choose(struct chance *c);

struct made_country {
    const char *code, *tax_title;
    int64_t rate_ppm;
    bool zero_rates_children;
    const char *towns[3], *postcodes[3], *phone;
};
const struct made_country *made_country_find(const char *code);

struct made_product {
    char sku[24];
    char title[48], variant[24];
    int64_t pence;  /* UK price, tax included */
    bool childrens; /* zero-rated in the UK */
};
void made_product_choose(struct chance *c, char separator, struct made_product *ret_product);

struct made_person {
    const char *forename, *surname, *title;
    char id[24], email[64];
    bool is_guest;
};
void made_person_choose(uint64_t seed, int64_t number, struct made_person *ret_person);
const char *made_street_choose(struct chance *c);
const char *made_gift_message_choose(struct chance *c);

/* ---- one order ---- */

enum { MADE_LINES_MAX = 8, MADE_TENDERS_MAX = 2 };

/* An amount in the shop's currency, and in the presentment currency where there is one. */
struct made_money {
    int64_t minor[2];
};

struct made_line {
    struct made_product product;
    bool gift_card, is_custom;
    int32_t quantity;
    int64_t rate_ppm;
    struct made_money unit, promotion, share,
        tax; /* promotion: the line's own discount; share: of the order's discount */
    const char *location;
};

/* Carriage or a charge. */
struct made_extra {
    bool is_there;
    const char *code, *title;
    int64_t rate_ppm;
    struct made_money price, discount, tax;
};

struct made_tender {
    const char *kind, *gateway, *method;
    struct made_money amount;
};

struct made_order {
    const struct made_shop *shop;
    const struct made_country *country;
    int money_count; /* 1, or 2 with a presentment currency */
    bool is_pos, is_business;
    int discount_percent; /* of the whole order, 0: none */
    struct made_line lines[MADE_LINES_MAX];
    size_t line_count;
    struct made_extra shipping, wrap;
    struct made_tender tenders[MADE_TENDERS_MAX];
    size_t tender_count;
    struct made_money subtotal, discounts, shipping_total, charges_total, tax, total, outstanding;
};

/* The order's number in its channel, from which its parts' ids follow, and when it was made. Its
 * first event is of MADE_EVENT_AFTER_MS later, or more where resends of others came before. */
enum { MADE_EVENT_INTERVAL_MS = 1370, MADE_EVENT_AFTER_MS = 5000 };
static inline int64_t made_order_number(uint64_t seed, int64_t index)
{
    return INT64_C(5000000000000) + (int64_t)(seed % 100000) * 10000000 + index;
}
static inline int64_t made_order_time(const struct order_gen_options *options, int64_t index)
{
    return options->start_ms + index * MADE_EVENT_INTERVAL_MS;
}

/* Fills shares, taxes and totals from units, quantities, promotions, prices and rates. */
void made_order_price(struct made_order *order);

/* The order of an index: what is bought, by whom, at what price, and its fault. `content` 0 is the
 * order as posted, 1 an edit with another quantity. */
void made_order_fill(const struct order_gen_options *options, int64_t index, enum order_fault fault,
                     int content, struct made_order *ret_order, struct made_person *ret_person);

/* Its event. `number` is the event's own, which decides its id and times. */
json_t *made_order_event(const struct order_gen_options *options, int64_t index,
                         enum order_fault fault, int content, int64_t number, bool cancels);

/* Puts another order's lines, carriage, charges and totals into the event; ids of its parts follow from
 * `id`. */
void made_order_replace(json_t *event, const struct made_order *order, int64_t id);

#endif
