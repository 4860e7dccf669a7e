/* Money in integer minor units of one currency; every result is exact or refused.
 *
 * Invariants
 *   - Amounts of different currencies never meet: that is a programmer's error and asserts.
 *   - What does not fit (overflow, more decimals than the currency has) is an error, never rounded
 *     in silence.
 *   - Allocation is exact: the parts sum to the whole, to the minor unit.
 *
 * Fallible functions return 0 or a negative errno and leave every ret_* untouched on failure. Plain
 * values: nothing to free. Any thread. */
#ifndef PRIMAFLOW_MONEY_H
#define PRIMAFLOW_MONEY_H

#include "base/currency.h"

#include <stddef.h>
#include <stdint.h>

#define MONEY_TEXT_MAX 32 /* sign + 19 digits + point + space + "GBP" + NUL = 26, rounded up */

struct money {
    int64_t minor;
    const struct currency *currency; /* points into the static ISO 4217 table; compare by pointer */
};

/* Reads "12.34", "-0.5", "7": digits, at most one point, at most the currency's decimals. -EINVAL:
 * not a number; -ERANGE: too many decimals, or too large. */
__attribute__((warn_unused_result)) int money_parse(const char *text,
                                                    const struct currency *currency,
                                                    struct money *ret_money);

/* -ERANGE: the sum does not fit. */
__attribute__((warn_unused_result)) int money_add(struct money a, struct money b,
                                                  struct money *ret_sum);

/* amount × numerator / denominator (> 0) to the nearest minor unit, halves away from zero: never
 * cut off. -ERANGE: it does not fit. */
__attribute__((warn_unused_result)) int money_portion(struct money amount, int64_t numerator,
                                                      int64_t denominator,
                                                      struct money *ret_portion);

/* Splits `whole` in proportion to `weights` by largest remainder; ties go to the earlier part.
 * Negative wholes (refunds) mirror positive ones. -EINVAL: no weights, or a negative one, or all
 * zero; -ERANGE: weights sum beyond INT64_MAX. */
__attribute__((warn_unused_result)) int money_allocate(struct money whole, const int64_t weights[],
                                                       size_t count, struct money ret_parts[]);

/* "12.34", all of the currency's decimals, into `text`; returns `text`. */
const char *money_digits(struct money amount, char text[static MONEY_TEXT_MAX]);

/* "12.34 GBP" into `text`; returns `text`. */
const char *money_format(struct money amount, char text[static MONEY_TEXT_MAX]);

#endif
