/* ISO 4217: the currencies that amounts can be in, with their minor units.
 *
 * Invariant: one row a code, in the order of codes; so a currency is known by its address. What has
 * no minor unit (gold, test and "no currency" codes) is not here: nobody is charged in it. Constant
 * data: any thread, nothing to free. */
#ifndef PRIMAFLOW_CURRENCY_H
#define PRIMAFLOW_CURRENCY_H

#include <stdint.h>

struct currency {
    char code[4];     /* ISO 4217, upper case */
    uint8_t decimals; /* minor units a major unit: JPY 0, GBP 2, KWD 3 */
};

/* The currency of an ISO 4217 code, or NULL when there is none. */
const struct currency *currency_find(const char *code);

#endif
