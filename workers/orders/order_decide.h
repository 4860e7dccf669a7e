/* What is done about an order: the rule book in the order in which it is applied. Pure; loop
 * thread, for dates. */
#ifndef PRIMAFLOW_ORDER_DECIDE_H
#define PRIMAFLOW_ORDER_DECIDE_H

#include "flow/flow.h"

/* flow.h: decide, of struct order_event and struct order_rules. */
__attribute__((warn_unused_result)) int order_decide(const void *event, const struct flow_key *key,
                                                     const void *rules, struct fact *facts,
                                                     size_t fact_count,
                                                     const struct flow_known *known,
                                                     struct arena *arena,
                                                     struct flow_plan *ret_plan);

#endif
