/* Which events a topic carries; see event_kinds.h. */
#include "core/event_kinds.h"

#include "domain/events/refund_event.h"
#include "flows.h"
#include "kafka/topics.h"
#include "order_flow.h"
#include "order_key.h"

#include <string.h>

/* A refund's key in its topic is its order's: refunds of one order are worked on one after the
 * other. The rest of the key is an order's, and says nothing of a refund. */
static enum pf_error refund_topic_key(const void *event, const void *rules, struct arena *arena,
                                      struct flow_key *ret_key, const char **ret_detail)
{
    const struct refund_event *refund = event;
    const struct order_event order = {
        .channel = refund->channel, .store = refund->store, .order_id = refund->order_id};
    return order_key(&order, rules, arena, ret_key, ret_detail);
}

bool event_kind_of(const char *topic, struct event_kind *ret_kind)
{
    const struct flow *flow = flow_of_input(topic);
    if (flow != NULL)
        *ret_kind = (struct event_kind){.event = flow->event, .ruled_by = flow, .key = flow->key};
    else if (strcmp(topic, topic_refunds_raw) == 0)
        *ret_kind = (struct event_kind){
            .event = &refund_event_record, .ruled_by = &order_flow, .key = refund_topic_key};
    else
        return false;
    return true;
}
