/* Tax, recomputed from the configured rates; see order_sale.h.
 *
 * A channel rounds each line's tax, or the tax of the whole invoice per rate; which, is
 * configuration. Rounded is to the nearest unit, halves up: VAT is never cut off. Of an edited line
 * the channel states the tax of all units that there were: its share is ours, and may differ from
 * the channel's own by a rounding. What the channel charged is posted; what is recomputed judges
 * it, within a tolerance for rounding alone. */
#include "order_basket.h"
#include "order_sale.h"

#include <assert.h>
#include <errno.h>

enum { PPM = 1000000 };

struct group { /* one rate's share of an invoice, before rounding */
    int64_t rate_ppm, denominator, base;
};

struct checker {
    struct sale *sale;
    const struct order_event *event;
    const struct order_rules *rules;
    const struct channel_rules *channel;
    const struct sale_rate_watch *watch;
    struct flags *flags;
    struct basket basket;
    struct group *groups;
    size_t group_count, group_room;
    int64_t tolerance_per_line;
    bool by_line;
    size_t taxed; /* taxes with a rate above zero */
    size_t ours;  /* of those the ones that are our share (tax_is_ours) */
};

static bool has_rate(const struct checker *c, int64_t rate_ppm)
{
    return rules_has_tax_rate(c->rules, c->channel, &c->sale->tax_place, c->sale->date, rate_ppm);
}

static void need_rate(struct checker *c, int64_t rate_ppm, size_t at)
{
    if (has_rate(c, rate_ppm))
        return;
    flag_raise(c->flags, PF_E_tax_rate_unmapped, at);
    if (c->watch != NULL)
        c->watch->missing(c->watch->user, &c->sale->tax_place, rate_ppm);
}

static void add_to_group(struct checker *c, int64_t rate_ppm, int64_t denominator, int64_t base)
{
    struct group *group = c->groups;
    while (group < c->groups + c->group_count &&
           (group->rate_ppm != rate_ppm || group->denominator != denominator))
        group++;
    if (group == c->groups + c->group_count) {
        assert(c->group_count < c->group_room);
        *group = (struct group){rate_ppm, denominator, 0};
        c->group_count++;
    }
    group->base = exact_add(&c->sale->exact, group->base, base);
}

/* What of an order is taxed: a line, carriage, a charge. */
struct taxed {
    struct sale_price *price;
    const struct tax_line *taxes;
    size_t count;
    size_t at;        /* number of the line; 0: another part */
    bool is_taxable;  /* the channel says that tax is due on it */
    bool needs_rate;  /* a missing tax means zero-rated, not out of scope */
    bool is_carriage; /* taxed as what it carries is (order_basket.h) */
};

/* Recomputes the taxes of one part, each on the whole of it or on its share. */
static void expect_taxes(struct checker *c, const struct taxed *t)
{
    struct exact *x = &c->sale->exact;
    const bool included = c->event->taxes_included;
    const int64_t base = sale_net_of_discount(x, t->price);
    int64_t bases[BASKET_RATES_MAX];
    const bool is_split = t->is_carriage && basket_split(&c->basket, c->sale, included, base,
                                                         t->taxes, t->count, bases);
    for (size_t i = 0; i < t->count; i++) {
        if (t->taxes[i].channel_liable && c->channel->channel_liable == LIABLE_PERSON)
            flag_raise(c->flags, PF_E_tax_not_ours, t->at);
        const int64_t rate = t->taxes[i].rate_ppm, on = is_split ? bases[i] : base;
        const int64_t denominator = !included ? PPM : PPM + (is_split ? rate : t->price->rate_ppm);
        const bool is_blend = t->is_carriage && t->count == 1 && basket_blends(&c->basket, rate);
        if (!is_blend)
            need_rate(c, rate, t->at);
        if (rate == 0)
            continue;
        t->price->tax_expected =
            exact_add(x, t->price->tax_expected, exact_portion(x, on, rate, denominator));
        add_to_group(c, rate, denominator, on);
    }
}

static void check_price(struct checker *c, const struct taxed *t)
{
    struct exact *x = &c->sale->exact;
    struct sale_price *price = t->price;
    if (t->is_taxable)
        expect_taxes(c, t);
    if (t->is_taxable && t->needs_rate && t->count == 0)
        need_rate(c, 0, t->at);
    c->taxed += price->rates;
    c->ours += price->tax_is_ours ? price->rates : 0;
    const int64_t allowed =
        c->by_line ? exact_multiply(x, c->tolerance_per_line, (int64_t)price->rates) : INT64_MAX;
    if (exact_distance(x, price->tax, price->tax_expected) > allowed)
        flag_raise(c->flags, PF_E_tax_mismatch, t->at);
}

static void check_charge(struct checker *c, struct sale_charge *charge)
{
    const struct order_charge *other = charge->charge;
    const bool in_scope = other == NULL || other->kind == CHARGE_GIFT_WRAP ||
                          other->kind == CHARGE_HANDLING || other->kind == CHARGE_OTHER;
    check_price(
        c, &(struct taxed){
               .price = &charge->price,
               .taxes = other != NULL ? other->tax_lines.items : charge->shipping->tax_lines.items,
               .count = other != NULL ? other->tax_lines.count : charge->shipping->tax_lines.count,
               .is_taxable = !c->event->tax_exempt,
               .needs_rate = in_scope,
               .is_carriage = other == NULL,
           });
}

static void check_prices(struct checker *c)
{
    struct sale *sale = c->sale;
    for (size_t i = 0; i < sale->line_count; i++) {
        const struct order_line *event = sale->lines[i].event;
        check_price(c,
                    &(struct taxed){
                        .price = &sale->lines[i].price,
                        .taxes = event->tax_lines.items,
                        .count = event->tax_lines.count,
                        .at = sale->lines[i].number,
                        .is_taxable = event->taxable && !event->gift_card && !c->event->tax_exempt,
                        .needs_rate = true,
                    });
    }
    c->basket = basket_read(sale, c->event->taxes_included);
    for (size_t i = 0; i < sale->charge_count; i++)
        check_charge(c, &sale->charges[i]);
}

static struct sale_price *price_at(struct sale *sale, size_t i)
{
    return i < sale->line_count ? &sale->lines[i].price
                                : &sale->charges[i - sale->line_count].price;
}

static int64_t sum_tax(struct sale *sale, int64_t (*which)(const struct sale_price *))
{
    int64_t sum = 0;
    for (size_t i = 0; i < sale->line_count + sale->charge_count; i++)
        sum = exact_add(&sale->exact, sum, which(price_at(sale, i)));
    return sum;
}

static int64_t stated_tax(const struct sale_price *price)
{
    return price->tax;
}

static int64_t expected_tax(const struct sale_price *price)
{
    return price->tax_expected;
}

static int64_t sum_groups(struct checker *c)
{
    int64_t sum = 0;
    for (size_t i = 0; i < c->group_count; i++)
        sum = exact_add(&c->sale->exact, sum,
                        exact_portion(&c->sale->exact, c->groups[i].base, c->groups[i].rate_ppm,
                                      c->groups[i].denominator));
    return sum;
}

const struct sale_tax *sale_split_tax(const struct sale *sale, const struct tax_line *lines,
                                      size_t count, int64_t tax, struct arena *arena)
{
    struct sale_tax *taxes = arena_alloc(arena, count * sizeof *taxes);
    struct money *parts = arena_alloc(arena, count * sizeof *parts);
    int64_t *weights = arena_alloc(arena, count * sizeof *weights);
    if (taxes == NULL || parts == NULL || weights == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        const int64_t stated = sale_pick(sale->money, &lines[i].amount);
        weights[i] = stated < 0 ? -stated : stated;
    }
    if (money_allocate((struct money){tax, sale->currency}, weights, count, parts) < 0 && count > 0)
        parts[0].minor = tax; /* none is stated above zero */
    for (size_t i = 0; i < count; i++)
        taxes[i] = (struct sale_tax){lines[i].rate_ppm, parts[i].minor};
    return taxes;
}

/* Whether a price takes part in what is shared out. */
static bool is_moved(const struct sale_price *price, bool ours_alone)
{
    return price->rates > 0 && (!ours_alone || price->tax_is_ours);
}

static int64_t count_moved(struct sale *sale, bool ours_alone)
{
    int64_t count = 0;
    for (size_t i = 0; i < sale->line_count + sale->charge_count; i++)
        count += is_moved(price_at(sale, i), ours_alone);
    return count;
}

void sale_adopt_tax(struct sale *sale, int64_t tax)
{
    struct exact *x = &sale->exact;
    int64_t missing = exact_subtract(x, tax, sum_tax(sale, stated_tax)),
            ours = count_moved(sale, true);
    const bool ours_alone = ours > 0 && exact_distance(x, missing, 0) <= ours;
    int64_t taxed = ours_alone ? ours : count_moved(sale, false);
    for (size_t i = 0; i < sale->line_count + sale->charge_count && taxed > 0; i++)
        if (is_moved(price_at(sale, i), ours_alone)) {
            const int64_t share = missing / taxed + (missing % taxed > 0) - (missing % taxed < 0);
            price_at(sale, i)->tax = exact_add(x, price_at(sale, i)->tax, share);
            missing -= share;
            taxed--;
        }
}

int sale_check_tax(struct sale *sale, const struct order_event *event,
                   const struct order_rules *rules, const struct channel_rules *channel,
                   const struct sale_rate_watch *watch, struct arena *arena, struct flags *flags)
{
    size_t taxes = 0;
    for (size_t i = 0; i < event->lines.count; i++)
        taxes += event->lines.items[i].tax_lines.count;
    for (size_t i = 0; i < event->shipping_lines.count; i++)
        taxes += event->shipping_lines.items[i].tax_lines.count;
    for (size_t i = 0; i < event->charges.count; i++)
        taxes += event->charges.items[i].tax_lines.count;
    struct checker c = {
        .sale = sale,
        .event = event,
        .rules = rules,
        .channel = channel,
        .watch = watch,
        .flags = flags,
        .groups = arena_alloc(arena, taxes * sizeof *c.groups),
        .group_room = taxes,
        .tolerance_per_line = channel->tolerance_per_line,
        .by_line = channel->rounding == ROUNDING_LINE,
    };
    if (c.groups == NULL)
        return -ENOMEM;
    check_prices(&c);

    struct exact *x = &sale->exact;
    struct sale_proof *proof = &sale->proof;
    proof->tax = sum_tax(sale, stated_tax);
    proof->tax_expected = c.by_line ? sum_tax(sale, expected_tax) : sum_groups(&c);
    const int64_t invoice = sale_pick(sale->money, &event->totals.tax);
    const int64_t by_rounding_lines =
        exact_multiply(x, channel->tolerance_per_line, (int64_t)c.taxed);
    const int64_t may_move = c.by_line
                                 ? exact_multiply(x, channel->tolerance_per_line, (int64_t)c.ours)
                                 : by_rounding_lines;
    if (!x->overflow && exact_distance(x, invoice, proof->tax) <= may_move) {
        sale_adopt_tax(sale, invoice);
        proof->tax = invoice;
    }
    /* What was rounded once a line may be off once a line; an invoice's tax is rounded once a
     * rate. */
    const int64_t allowed =
        c.by_line ? by_rounding_lines
                  : exact_multiply(x, channel->tolerance_per_line, (int64_t)c.group_count);
    proof->tolerance = allowed < channel->tolerance_cap ? allowed : channel->tolerance_cap;
    if (proof->tax != invoice ||
        exact_distance(x, proof->tax, proof->tax_expected) > proof->tolerance)
        flag_raise(flags, PF_E_tax_mismatch, 0);
    return 0;
}
