/* The steps that `why` names, said one after the other. Pure. */
#ifndef PRIMAFLOW_OPS_WHY_NEXT_H
#define PRIMAFLOW_OPS_WHY_NEXT_H

#include "core/why.h"

struct next {
    char (*texts)[700]; /* WHY_NEXT_MAX of them; what is beyond is left out */
    size_t count;
};

__attribute__((format(printf, 2, 3))) void next_say(struct next *next, const char *format, ...);
void next_say_code(struct next *next, enum pf_error code);

/* why_next_refund.c: of an order, what its refunds ask; of a refund, what its order does. */
void next_of_refunds(const struct why_order *order, struct next *next);
void next_of_refund(const struct why_order *refund, struct next *next);

#endif
