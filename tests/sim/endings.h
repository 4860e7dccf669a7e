/* How the simulated inputs ended: results and dead letters, read from the logs once everything is at
 * rest; and whether it is. */
#ifndef PRIMAFLOW_SIM_ENDINGS_H
#define PRIMAFLOW_SIM_ENDINGS_H

#include "broker.h"
#include "codec/codec.h"
#include "result.h"

enum { ENDINGS_MAX = 512, ENDING_CODE_MAX = 48 };

struct sim_ending {
    char delivery[SIM_DELIVERY_MAX]; /* that it ends */
    char what[ENDING_CODE_MAX];      /* outcome, or code */
    char resolves[SIM_DELIVERY_MAX]; /* of a result: whose dead letter it ends; "" */
    char detail[ENDING_CODE_MAX];    /* of a result: how its words begin */
    bool is_letter, is_parked;
    int64_t ms; /* when it was written, in virtual time */
};
struct endings {
    struct sim_ending list[ENDINGS_MAX];
    size_t count;
};

/* Of a flow: "orders" or "refunds". */
void endings_read(struct codec *codec, const char *flow, struct endings *ret_endings);
/* The last of a delivery, and how many there are. NULL: none. */
const struct sim_ending *endings_find(const struct endings *endings, const char *delivery,
                                      int *ret_count);
bool ending_is(const struct sim_ending *e, const char *what); /* accepts NULL */

/* All that is in the flow's input and retry topics is read and committed. */
bool inputs_are_done(const char *flow);
/* Of a key's record in Redis: its first item. '-': there is none. */
char record_state(const char *value, size_t size);
/* A key in Redis that is claimed, sent, or marked as deferred; NULL: none. */
const char *restless_key(void);

#endif
