/* What a result of any flow says of its key: enough to know which dead letters it brings to an end. One
 * thread. */
#ifndef PRIMAFLOW_OPS_LETTER_RESULT_H
#define PRIMAFLOW_OPS_LETTER_RESULT_H

#include "core/context.h"
#include "flow/flow.h"
#include "kafka/headers.h"

struct letter_result { /* texts live in the arena */
    const struct flow *flow;
    const char *natural; /* K */
    enum outcome outcome;
    const char *code;      /* its first flag; "" none */
    const char *narrative; /* "" */
    const char *document;  /* Prima's number of an order; "" */
    int64_t version;       /* of its source */
    char currency[4];      /* of an order's total; "": not told */
    int64_t minor;
    char delivery[DELIVERY_MAX]; /* of which it is the result */
    char origin[DELIVERY_MAX];   /* of a redrive or a replay: the one that it continues; "" */
    char resolves[DELIVERY_MAX]; /* the delivery whose dead letter it ends; "" */
};

/* False: it cannot be read, or is none. */
bool letter_result_read(struct codec *codec, const struct kafka_record *record, struct arena *arena,
                        struct letter_result *ret_result);

#endif
