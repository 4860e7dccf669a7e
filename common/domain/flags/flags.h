/* The flags that checks raise on one document, in their order, each code once, with the first place
 * where it was met. Plain data: any thread. */
#ifndef PRIMAFLOW_FLAGS_H
#define PRIMAFLOW_FLAGS_H

#include "base/errors.h"

#include <stddef.h>
#include <stdint.h>

enum {
    FLAGS_MAX = 8
}; /* of flow.h's plan; more than that many reasons at once say nothing more to a person */

struct flag {
    enum pf_error code;
    uint32_t at;    /* number of the line, charge or tender, from 1; 0: the whole document */
    uint32_t count; /* how often */
};

struct flags {
    struct flag items[FLAGS_MAX];
    size_t count;
};

static inline void flag_raise(struct flags *flags, enum pf_error code, size_t at)
{
    for (size_t i = 0; i < flags->count; i++)
        if (flags->items[i].code == code) {
            flags->items[i].count++;
            return;
        }
    if (flags->count < FLAGS_MAX)
        flags->items[flags->count++] = (struct flag){code, (uint32_t)at, 1};
}

#endif
