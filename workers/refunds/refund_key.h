/* Who a refund is: its natural key, the company, the number of its credit note in Prima. From
 * channel, store and refund id alone, so that whatever else changes, one refund has one number. It
 * shares the topic's key and the lane of its order, whose credit it takes. Pure: any thread. */
#ifndef PRIMAFLOW_REFUND_KEY_H
#define PRIMAFLOW_REFUND_KEY_H

#include "base/arena.h"
#include "domain/events/refund_event.h"
#include "domain/mappings/order_rules.h"
#include "flow/flow.h"

/* flow.h: key. PF_E_event_invalid: channel, store, order or refund id is empty, too long or has
 * characters that neither a path nor Prima can hold; PF_E_company_unmapped: no such channel and
 * store in channels.yaml. */
enum pf_error refund_key(const void *event, const void *rules, struct arena *arena,
                         struct flow_key *ret_key, const char **ret_detail);

struct refund_key_parts {
    const char *company, *channel, *store, *order_id, *refund_id;
};
/* Out of both keys; texts in the arena. -EINVAL; -ENOMEM. */
__attribute__((warn_unused_result)) int refund_key_split(const struct flow_key *key,
                                                         struct arena *arena,
                                                         struct refund_key_parts *ret_parts);

/* The number that the order has in Prima if it has been posted by us: the prefix of the note's and
 * the order's id. In the arena; NULL: no memory, or the key is not of today's form. */
const char *refund_order_number(const struct flow_key *key, const struct refund_key_parts *parts,
                                struct arena *arena);

#endif
