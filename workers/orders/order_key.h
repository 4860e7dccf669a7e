/* Who an order is: its natural key, the company, the number of its document in Prima. From channel,
 * store and order id alone, so that whatever else changes, one order has one number. Pure: any
 * thread. */
#ifndef PRIMAFLOW_ORDER_KEY_H
#define PRIMAFLOW_ORDER_KEY_H

#include "base/arena.h"
#include "domain/events/order_event.h"
#include "domain/mappings/order_rules.h"
#include "flow/flow.h"

/* flow.h: key. PF_E_event_invalid: channel, store or order id is empty, too long or has characters
 * that neither a path nor Prima can hold; PF_E_company_unmapped: no such channel and store in
 * channels.yaml. */
enum pf_error order_key(const void *event, const void *rules, struct arena *arena,
                        struct flow_key *ret_key, const char **ret_detail);

struct order_key_parts {
    const char *company, *channel, *store, *order_id;
};
/* Both keys and, unless `prefix` is NULL (the channel is not known), Prima's number, written from
 * the parts as they are; the rest of *ret_key is zero. Texts in the arena. -ENOMEM. */
__attribute__((warn_unused_result)) int order_key_write(const struct order_key_parts *parts,
                                                        const char *prefix, struct arena *arena,
                                                        struct flow_key *ret_key);

/* The parts of a natural key, for those who have only its text: "01/orders/shopify/uk/1001"; or of
 * a topic's, without "orders". Texts in the arena. -EINVAL; -ENOMEM. */
__attribute__((warn_unused_result)) int order_key_split(const char *natural, struct arena *arena,
                                                        struct order_key_parts *ret_parts);

__attribute__((warn_unused_result)) int order_topic_key_split(const char *kafka,
                                                              struct arena *arena,
                                                              struct order_key_parts *ret_parts);

#endif
