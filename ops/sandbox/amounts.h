/* The texts of amounts and quantities in requests, as integers. Plain values: any thread. */
#ifndef SANDBOX_AMOUNTS_H
#define SANDBOX_AMOUNTS_H

#include "base/money.h"

#include <stdint.h>

/* "" is 0. -EINVAL: no amount of the currency. */
__attribute__((warn_unused_result)) int amounts_parse(const char *text,
                                                      const struct currency *currency,
                                                      int64_t *ret_minor);

/* "2", "2.000": goods move by the piece. -EINVAL: no whole number, or less than `least`. */
__attribute__((warn_unused_result)) int amounts_parse_quantity(const char *text, int64_t least,
                                                               int64_t *ret_quantity);

/* *sum += value. -ERANGE: too large, and *sum is void. */
__attribute__((warn_unused_result)) int amounts_add(int64_t *sum, int64_t value);

#endif
