/* The flags that checks raise on one order, in their order, each code once, with the first place
 * where it was met. Plain data: any thread. */
#ifndef PRIMAFLOW_ORDER_FLAGS_H
#define PRIMAFLOW_ORDER_FLAGS_H

#include "base/errors.h"

#include <stddef.h>
#include <stdint.h>

enum {
    ORDER_FLAGS_MAX = 8
}; /* of flow.h's plan; more than that many reasons at once say nothing more to a person */

struct order_flag {
    enum pf_error code;
    uint32_t at;    /* number of the line, charge or tender, from 1; 0: the whole order */
    uint32_t count; /* how often */
};

struct order_flags {
    struct order_flag items[ORDER_FLAGS_MAX];
    size_t count;
};

static inline void order_flag_raise(struct order_flags *flags, enum pf_error code, size_t at)
{
    for (size_t i = 0; i < flags->count; i++)
        if (flags->items[i].code == code) {
            flags->items[i].count++;
            return;
        }
    if (flags->count < ORDER_FLAGS_MAX)
        flags->items[flags->count++] = (struct order_flag){code, (uint32_t)at, 1};
}

#endif
