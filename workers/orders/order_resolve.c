/* Mappings applied to a sale; see order_resolve.h. */
#include "order_resolve.h"

#include "base/text.h"

void sale_set_misc(struct sale_line *line, const struct order_rules *rules,
                   const struct channel_rules *channel, struct flags *flags)
{
    line->is_misc = true;
    line->missing = line->product;
    line->product = (struct prima_sku){.product = rules_misc_item(rules, channel)};
    flag_raise(flags, PF_E_unknown_sku, line->number);
}

static int resolve_product(struct sale_line *line, const struct order_rules *rules,
                           const struct channel_rules *channel, struct arena *arena,
                           struct flags *flags)
{
    if (line->component != NULL)
        return 0; /* bundles.yaml names Prima's product itself */
    if (line->event->gift_card) {
        line->product = (struct prima_sku){.product = rules_gift_card(rules, channel)};
        if (line->product.product == NULL)
            flag_raise(flags, PF_E_gift_card_unmapped, line->number);
        return 0;
    }
    const int r = text_is_empty(line->event->sku)
                      ? 0
                      : rules_sku(rules, channel, line->event->sku, arena, &line->product);
    if (r == 0)
        sale_set_misc(line, rules, channel, flags);
    return r < 0 ? r : 0;
}

static void resolve_depot(struct sale_line *line, const struct order_event *event,
                          const struct order_rules *rules, const struct channel_rules *channel,
                          struct flags *flags)
{
    if (!order_line_is_picked(line->event))
        return;
    const char *location = order_line_location(line->event, event, channel);
    if (!text_is_empty(location))
        line->depot = rules_depot(rules, channel, location);
    line->lacks_depot =
        line->depot == NULL && (!text_is_empty(location) || channel->location_required);
    if (line->lacks_depot)
        flag_raise(flags, PF_E_depot_unmapped, line->number);
}

bool sale_charge_is_unmapped(const struct sale_charge *charge)
{
    return charge->rule == NULL && (charge->price.amount != 0 || charge->price.tax != 0);
}

int sale_resolve(struct sale *sale, const struct order_event *event,
                 const struct order_rules *rules, const struct channel_rules *channel,
                 struct arena *arena, struct flags *flags)
{
    for (size_t i = 0; i < sale->line_count; i++) {
        const int r = resolve_product(&sale->lines[i], rules, channel, arena, flags);
        if (r < 0)
            return r;
        resolve_depot(&sale->lines[i], event, rules, channel, flags);
    }
    for (size_t i = 0; i < sale->charge_count; i++) {
        struct sale_charge *charge = &sale->charges[i];
        charge->rule = charge->shipping != NULL ? rules_carriage(rules, channel, charge->shipping)
                                                : rules_charge(rules, channel, charge->charge);
        const bool is_tip = charge->charge != NULL && charge->charge->kind == CHARGE_TIP;
        if (sale_charge_is_unmapped(charge))
            flag_raise(flags, is_tip ? PF_E_tip_unmapped : PF_E_charge_unmapped, charge->number);
    }
    for (size_t i = 0; i < sale->tender_count; i++) {
        sale->tenders[i].rule = rules_payment(rules, channel, sale->tenders[i].event);
        if (sale->tenders[i].rule == NULL)
            flag_raise(flags, PF_E_payment_unmapped, sale->tenders[i].number);
    }
    if (event->payment_terms != NULL &&
        rules_payment_terms(rules, channel, event->payment_terms->name) == NULL)
        flag_raise(flags, PF_E_payment_unmapped, 0);
    return 0;
}
