/* Largest remainders; see exact.h. */
#include "domain/money/exact.h"

#include <assert.h>

void exact_split(struct exact *x, int64_t whole, const int64_t weights[], size_t count,
                 int64_t ret_parts[])
{
    struct money shares[SHARES_MAX] = {{0, NULL}};
    int64_t even[SHARES_MAX] = {0}, sum = 0;
    assert(count <= SHARES_MAX);
    for (size_t i = 0; i < count; i++) {
        even[i] = 1;
        sum |= weights[i];
    }
    if (money_allocate((struct money){whole, x->currency}, sum == 0 ? even : weights, count,
                       shares) < 0)
        x->overflow = true;
    for (size_t i = 0; i < count; i++)
        ret_parts[i] = shares[i].minor;
}
