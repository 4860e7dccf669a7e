/* A seed's refunds: of the orders that are there, more than one of the same order, before their order
 * or behind it, some of more than remains; and what is right to become of each. */
#ifndef PRIMAFLOW_SIM_REFUNDS_H
#define PRIMAFLOW_SIM_REFUNDS_H

#include "broker.h"
#include "codec/codec.h"
#include "orders.h"

enum { REFUNDS_MAX = 64 };

struct refund {
    char id[ID_MAX], order[ID_MAX];
    int64_t amount, version;
    bool pending;
    int32_t partition;
    int64_t offset; /* in refunds.raw; -1: not written yet */
    int64_t written_ms;
    int64_t takes; /* units, without money */
    /* of the first of its id: when what it takes was reserved last, and what was known to be owed then */
    int64_t reserved_ms;
    char knows[200];
};

void refunds_draw(struct codec *codec); /* and writes them, each at its time; behind orders_draw */
void refunds_check(struct codec *codec, bool redis_was_lost);
bool refunds_are_done(void);
/* What all refunds of an order come to, each once. */
int64_t refunds_of_order(const char *order);
/* Behind each script about K: only what is sent, parked or posted has something reserved. */
void refunds_look(const char *key, size_t size);
/* Redis has just taken K's refusal: more is said to be wanted than remains. */
void refunds_refused(const char *key, size_t size);

#endif
