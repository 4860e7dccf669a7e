/* The simulator's flows: the least that is an order, and a refund. An order's event has an id and a
 * content; its document is S<id>; it is sent, or taken back. Results and the ledger's records, as the
 * workers' flows write them. */
#ifndef PRIMAFLOW_SIM_FLOW_H
#define PRIMAFLOW_SIM_FLOW_H

#include "flow/flow.h"

struct sim_event_record {
    const char *id;
    int64_t content, money, version;
    bool cancels;
    bool waits; /* by policy, for a newer version */
};
extern const struct bound_record sim_event_bound;
extern const struct flow sim_flow;
enum { SIM_RESULT, SIM_LEDGER };

/* The same for refunds: an event has an id, its order, and what went back; its note is C<id>. */
struct sim_refund_record {
    const char *id, *order;
    int64_t amount; /* that went back; 0: nothing did */
    bool pending;   /* it is not final: a newer version follows */
    int64_t takes;  /* without money: units of line 2 that it takes away, and leaves owed */
    int64_t version;
};
extern const struct bound_record sim_refund_bound;
extern const struct flow sim_refund_flow;

#endif
