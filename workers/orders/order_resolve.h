/* What of the channel is what in Prima: products, depots, charges, payments. Raises a flag for each
 * that is not mapped. Pure functions: any thread. */
#ifndef PRIMAFLOW_ORDER_RESOLVE_H
#define PRIMAFLOW_ORDER_RESOLVE_H

#include "domain/flags/flags.h"
#include "order_sale.h"

/* Everything that the mappings alone decide. A line whose SKU is empty or fits no shape becomes the
 * miscellaneous item; a gift card or a tip never does. 0; -ENOMEM. */
__attribute__((warn_unused_result)) int sale_resolve(struct sale *sale,
                                                     const struct order_event *event,
                                                     const struct order_rules *rules,
                                                     const struct channel_rules *channel,
                                                     struct arena *arena, struct flags *flags);

/* A product that Prima does not have: the line becomes the miscellaneous item, flagged. */
void sale_set_misc(struct sale_line *line, const struct order_rules *rules,
                   const struct channel_rules *channel, struct flags *flags);

/* Whether a resolved charge lacks its mapping; free carriage needs none. */
bool sale_charge_is_unmapped(const struct sale_charge *charge);

/* Takes authorised payments among the tenders where the mappings say `tender`; before the totals are
 * checked. */
void sale_promise_tenders(struct sale *sale, const struct order_event *event,
                          const struct order_rules *rules, const struct channel_rules *channel);

/* What is done about money that is outstanding: posted, or a flag payment_pending with the action
 * for its reason; payment_contradicts, where the channel calls the order paid all the same. */
enum rules_action sale_check_payment(const struct sale *sale, const struct order_event *event,
                                     const struct order_rules *rules,
                                     const struct channel_rules *channel, struct flags *flags);

/* By which payment the rest is to come; NULL: none is named, or nothing is outstanding. */
const struct order_tender *sale_open_tender(const struct sale *sale,
                                            const struct order_event *event);

#endif
