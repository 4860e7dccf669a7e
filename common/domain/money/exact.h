/* Sums and products of minor units of one currency whose overflow sticks: an expression is written
 * as it reads, and asked once at its end. After an overflow the values mean nothing and `overflow`
 * says so. */
#ifndef PRIMAFLOW_DOMAIN_EXACT_H
#define PRIMAFLOW_DOMAIN_EXACT_H

#include "base/money.h"

#include <stdbool.h>

struct exact {
    const struct currency *currency;
    bool overflow;
};

static inline int64_t exact_add(struct exact *x, int64_t a, int64_t b)
{
    int64_t sum = 0;
    x->overflow |= __builtin_add_overflow(a, b, &sum);
    return sum;
}

static inline int64_t exact_subtract(struct exact *x, int64_t a, int64_t b)
{
    int64_t difference = 0;
    x->overflow |= __builtin_sub_overflow(a, b, &difference);
    return difference;
}

static inline int64_t exact_multiply(struct exact *x, int64_t a, int64_t b)
{
    int64_t product = 0;
    x->overflow |= __builtin_mul_overflow(a, b, &product);
    return product;
}

/* amount × numerator / denominator, halves away from zero. */
static inline int64_t exact_portion(struct exact *x, int64_t amount, int64_t numerator,
                                    int64_t denominator)
{
    struct money portion = {0};
    if (denominator <= 0 ||
        money_portion((struct money){amount, x->currency}, numerator, denominator, &portion) < 0)
        x->overflow = true;
    return portion.minor;
}

/* The share of `part` of `whole` units in an amount, so that both shares sum to it (largest
 * remainder). */
static inline int64_t exact_share(struct exact *x, int64_t amount, int64_t part, int64_t whole)
{
    struct money shares[2] = {{0, x->currency}, {0, x->currency}};
    if (part == whole)
        return amount;
    if (part > whole || money_allocate((struct money){amount, x->currency},
                                       (const int64_t[]){part, whole - part}, 2, shares) < 0)
        x->overflow = true;
    return shares[0].minor;
}

static inline int64_t exact_distance(struct exact *x, int64_t a, int64_t b)
{
    return a > b ? exact_subtract(x, a, b) : exact_subtract(x, b, a);
}

enum { SHARES_MAX = 512 }; /* parts at a time; more is a programmer's error */

/* `whole` by largest remainder in proportion to `weights`; evenly when they are all 0. */
void exact_split(struct exact *x, int64_t whole, const int64_t weights[], size_t count,
                 int64_t ret_parts[]);

#endif
