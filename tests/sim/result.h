/* The simulator's results, of both flows: as much as a rebuild reads of one, and the checks. */
#ifndef PRIMAFLOW_SIM_RESULT_H
#define PRIMAFLOW_SIM_RESULT_H

#include "flow/flow.h"

enum { SIM_DELIVERY_MAX = 200 };
struct sim_ended {
    char delivery[SIM_DELIVERY_MAX]; /* that it ends */
    char resolves[SIM_DELIVERY_MAX]; /* whose dead letter it ends; "" */
    char outcome[48], detail[48];
};

int sim_result_write(struct codec *codec, const struct flow_settlement *s, struct buf *out);
bool sim_result_read(struct codec *codec, const void *bytes, size_t size,
                     struct sim_ended *ret_ended);
const struct bound_record *sim_result_record(void);

#endif
