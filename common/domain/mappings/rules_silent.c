/* Channels of which no level of stock can be published, and why: nothing else would show it, for what
 * is not published is not missed by a program. */
#include "domain/mappings/rules_parts.h"

/* Whether anything in the folder is there for stock alone: a retailer who does not use it is not to
 * hear of it. */
static bool speaks_of_stock(const struct order_rules *rules)
{
    bool speaks = rules->buffer_count > 0;
    for (size_t i = 0; i < rules->channel_count; i++)
        speaks |= rules->channels[i].online_depot != NULL;
    for (size_t i = 0; i < rules->depot_count; i++)
        speaks |= rules->depots[i].sums != NULL;
    for (size_t i = 0; i < rules->shape_count; i++)
        speaks |= rules->shapes[i].write != NULL;
    return speaks;
}

static enum sku_unwritten why_unwritten(const struct order_rules *rules,
                                        const struct channel_rules *channel)
{
    for (size_t i = 0; i < rules->shape_count; i++) {
        const struct sku_shape *shape = &rules->shapes[i];
        if (rules_row_fits(shape->channel, shape->store, channel))
            return shape->pattern != NULL && shape->write == NULL ? SKU_NO_TEMPLATE : SKU_WRITTEN;
    }
    return SKU_NO_SHAPE;
}

void rules_silent_channels(const struct order_rules *rules, rules_silent_seen seen, void *user)
{
    for (size_t i = 0; i < rules->channel_count && speaks_of_stock(rules); i++) {
        const struct channel_rules *channel = &rules->channels[i];
        struct stock_location location;
        size_t cursor = 0;
        const enum sku_unwritten why = why_unwritten(rules, channel);
        if (!rules_stock_next(rules, channel, &cursor, &location))
            seen(user, "depots.yaml", channel->channel, channel->store,
                 "no location's row names this channel and store; name them in the rows of its "
                 "locations");
        else if (why != SKU_WRITTEN)
            seen(user, "skus.yaml", channel->channel, channel->store, sku_unwritten_texts[why]);
    }
}
