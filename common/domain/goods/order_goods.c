/* An order's goods; see order_goods.h. */
#include "domain/goods/order_goods.h"

#include "base/text.h"

bool order_is_test(const struct order_event *event, const struct channel_rules *channel)
{
    size_t tests = 0;
    for (size_t i = 0; i < event->tenders.count; i++)
        tests += event->tenders.items[i].test ||
                 rules_list_has(&channel->test_gateways, event->tenders.items[i].gateway);
    return event->test || (tests > 0 && tests == event->tenders.count);
}

bool order_is_taken_back(const struct order_event *event)
{
    bool is_left = false, was_ordered = false;
    for (size_t i = 0; i < event->lines.count; i++) {
        was_ordered |= event->lines.items[i].quantity > 0;
        is_left |= order_line_units(&event->lines.items[i]) != 0;
    }
    return was_ordered && !is_left;
}

bool order_has_nothing_left(const struct order_event *event)
{
    bool has_money =
        event->totals.total.shop_minor != 0 || event->totals.outstanding.shop_minor != 0;
    for (size_t i = 0; i < event->tenders.count; i++) {
        const struct order_tender *t = &event->tenders.items[i];
        has_money |= t->amount.shop_minor != 0 && t->status != TENDER_STATUS_FAILED &&
                     t->status != TENDER_STATUS_VOIDED;
    }
    return !has_money && order_is_taken_back(event);
}

bool order_is_pos(const struct order_event *event, const struct channel_rules *channel)
{
    return rules_list_has(&channel->pos_sources, event->source_name);
}

bool order_is_handed_over(const struct order_event *event, const struct channel_rules *channel)
{
    return event->shipping_address == NULL && order_is_pos(event, channel);
}

int64_t order_line_units(const struct order_line *line)
{
    return line->has_current_quantity ? line->current_quantity : line->quantity;
}

bool order_line_is_picked(const struct order_line *line)
{
    return !line->gift_card && line->requires_shipping;
}

/* The order's own location is where it was made: a till, or the shop whose staff typed it in. Goods
 * that are sent from there leave it by chance alone; only what is handed over lies on its shelf. */
const char *order_line_location(const struct order_line *line, const struct order_event *event,
                                const struct channel_rules *channel)
{
    if (!text_is_empty(line->location_id))
        return line->location_id;
    const bool serves =
        event->shipping_address == NULL || channel->order_location == LOCATION_ALWAYS;
    return serves ? event->location_id : NULL;
}

const struct bundle_rule *order_line_bundle(const struct order_line *line,
                                            const struct order_rules *rules,
                                            const struct channel_rules *channel)
{
    if (line->gift_card || text_is_empty(line->sku))
        return NULL;
    return rules_bundle(rules, channel, line->sku);
}
