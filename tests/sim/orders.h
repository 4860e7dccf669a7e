/* What the channels say: a seed's orders, and what is right to become of each. */
#ifndef PRIMAFLOW_SIM_ORDERS_H
#define PRIMAFLOW_SIM_ORDERS_H

#include "broker.h"
#include "codec/codec.h"

enum { ORDERS_MAX = 96, ID_MAX = 16 };

struct order {
    char id[ID_MAX];
    int64_t content, money, version;
    bool cancels;
    bool waits;   /* by policy, until a newer version has taken its place */
    bool lives;   /* a step of a life (lives.h) */
    bool is_copy; /* of its newest version, behind all else */
    int32_t partition;
    int64_t offset; /* in orders.raw; -1: not written yet */
};
struct orders {
    struct order list[ORDERS_MAX];
    size_t count, written;
};
extern struct orders orders;

void orders_draw(struct codec *codec); /* and writes them, each at its time */
void orders_check(struct codec *codec, bool redis_was_lost);
void orders_send_copy(const struct order *of); /* now */
bool orders_are_done(void);                    /* all is written, read, and committed */

#endif
