/* What is at stake in a dead letter: of an order its total, of a refund the money that went back. One
 * thread. */
#ifndef PRIMAFLOW_OPS_LETTER_AMOUNT_H
#define PRIMAFLOW_OPS_LETTER_AMOUNT_H

#include "core/context.h"

struct letter_amount {
    char currency[4]; /* ISO 4217; "": nobody can read it */
    int64_t minor;    /* in the shop's currency */
};

/* Of the record's bytes. `arena` is scratch. */
struct letter_amount letter_amount_read(struct codec *codec, const struct flow *flow,
                                        const struct kafka_record *record, struct arena *arena);

#endif
