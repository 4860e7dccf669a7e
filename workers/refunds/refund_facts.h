/* From facts to what a decision about a refund has to know, and from the decision to the flow's plan.
 * Of an order what stands in the ledger and what is kept for others is one fact, asked for first; what
 * Prima says of it now is another, asked for when units never left. Pure; loop thread. */
#ifndef PRIMAFLOW_REFUND_FACTS_H
#define PRIMAFLOW_REFUND_FACTS_H

#include "flow/flow.h"

/* flow.h: decide, of struct refund_event and struct order_rules. */
__attribute__((warn_unused_result)) int refund_flow_decide(
    const void *event, const struct flow_key *key, const void *rules, struct fact *facts,
    size_t fact_count, const struct flow_known *known, struct arena *arena,
    struct flow_plan *ret_plan);

#endif
