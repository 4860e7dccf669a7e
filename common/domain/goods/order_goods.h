/* What an order's lines mean for goods, the same for whoever posts them and for stock: how many
 * units are left, where they are taken from, whether anything is picked at all. Points into the event
 * and the rules. Pure functions: any thread. */
#ifndef PRIMAFLOW_ORDER_GOODS_H
#define PRIMAFLOW_ORDER_GOODS_H

#include "domain/events/order_event.h"
#include "domain/mappings/order_rules.h"

/* Whether it is a test: it says so, or all its money is test money; real money among it is never
 * ignored. */
bool order_is_test(const struct order_event *event, const struct channel_rules *channel);

/* Every unit that was ordered was taken back. */
bool order_is_taken_back(const struct order_event *event);
/* ... and its money: nothing is due, paid or promised. */
bool order_has_nothing_left(const struct order_event *event);

/* Whether it was sold at a till. */
bool order_is_pos(const struct order_event *event, const struct channel_rules *channel);
/* ... and the goods went with the customer: nothing is delivered. */
bool order_is_handed_over(const struct order_event *event, const struct channel_rules *channel);

/* Units after edits; may be negative in an event that contradicts itself. */
int64_t order_line_units(const struct order_line *line);

/* False: nothing to pick, for it is a gift card or a service. */
bool order_line_is_picked(const struct order_line *line);

/* The channel's location that serves a line: its own, or the order's where that counts; NULL or "":
 * none is named. */
const char *order_line_location(const struct order_line *line, const struct order_event *event,
                                const struct channel_rules *channel);

/* The row of bundles.yaml by which a line is taken apart; NULL: it is not. */
const struct bundle_rule *order_line_bundle(const struct order_line *line,
                                            const struct order_rules *rules,
                                            const struct channel_rules *channel);

#endif
