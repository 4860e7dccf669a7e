/* Who an order is: its natural key, the company, the number of its document in Prima. From channel, store and order id alone, so that
 * whatever else changes, one order has one number. Pure: any thread. */
#ifndef PRIMAFLOW_ORDER_KEY_H
#define PRIMAFLOW_ORDER_KEY_H

#include "base/arena.h"
#include "events/order_event.h"
#include "order_rules.h"
#include "runtime/flow.h"

enum { ORDER_NUMBER_MAX = 50 }; /* bytes, as prima/request.h */

/* flow.h: key. PF_E_event_invalid: channel, store or order id is empty, too long or has characters that neither a path nor Prima can hold;
 * PF_E_company_unmapped: no such channel and store in channels.yaml. */
enum pf_error order_key(const void *event, const void *rules, struct arena *arena, struct flow_key *ret_key, const char **ret_detail);

/* The parts of a natural key, for those who have only its text: "01/orders/shopify/uk/1001". Texts in the arena. -EINVAL; -ENOMEM. */
struct order_key_parts {
    const char *company, *channel, *store, *order_id;
};
__attribute__((warn_unused_result)) int order_key_split(const char *natural, struct arena *arena, struct order_key_parts *ret_parts);

#endif
