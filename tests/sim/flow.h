/* The simulator's flow: the least that is an order. An event has an id and a content; its document
 * is S<id>; it is sent, or taken back. Results and a ledger entry of each posted order, as the
 * orders' flow writes them. */
#ifndef PRIMAFLOW_SIM_FLOW_H
#define PRIMAFLOW_SIM_FLOW_H

#include "flow/flow.h"

struct sim_event_record {
    const char *id;
    int64_t content, money, version;
    bool cancels;
};
extern const struct bound_record sim_event_bound;
extern const struct flow sim_flow;
enum { SIM_RESULT, SIM_LEDGER };
/* Of a result's bytes: the delivery that it ends, and how. */
bool sim_result_read(struct codec *codec, const void *bytes, size_t size,
                     char ret_delivery[static 200], char ret_outcome[static 48]);
const struct bound_record *sim_result_record(void);

#endif
