/* The arithmetic of a credit note, as an ERP does it: integers in minor units, from the texts of the
 * request.
 *
 *     sum of lines + sum of charges + sum of TaxValue (lines' and charges') when amounts are net
 *         = sum of payments back + difference
 *
 * A line is Quantity x Price; where Quantity is 0 (money off, nothing comes back) Price is its
 * amount. Nothing is outstanding on a credit note: what is taken off an account is a payment like
 * any other. Written from Prima's side on purpose: no code is shared with the workers but the
 * reading of amounts. Plain values: any thread. */
#ifndef SANDBOX_CREDIT_BALANCE_H
#define SANDBOX_CREDIT_BALANCE_H

#include "base/money.h"

#include <stdbool.h>

struct credit_balance {
    const struct currency *currency;
    bool vat_inclusive; /* amounts are gross: TaxValue says how much of them is tax */
    int64_t lines, charges, tax, paid, difference;
};

struct credit_line {
    int64_t quantity, price, tax;
};

/* An empty TaxValue is 0. -EINVAL: a text is no amount of the currency, a quantity no whole number
 * of 0 or more; -ERANGE: too large. ret_field names the attribute at fault. */
__attribute__((warn_unused_result)) int credit_balance_add_line(
    struct credit_balance *b, const char *quantity, const char *price, const char *tax_value,
    struct credit_line *ret_line, const char **ret_field);
/* The charge's value is ret_line->price. */
__attribute__((warn_unused_result)) int credit_balance_add_charge(struct credit_balance *b,
                                                                  const char *value,
                                                                  const char *tax_value,
                                                                  struct credit_line *ret_line,
                                                                  const char **ret_field);
__attribute__((warn_unused_result)) int credit_balance_add_payment(struct credit_balance *b,
                                                                   const char *amount,
                                                                   int64_t *ret_amount);

/* Works out the difference. -ERANGE: too large. */
__attribute__((warn_unused_result)) int credit_balance_close(struct credit_balance *b);

#endif
