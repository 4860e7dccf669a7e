/* The arithmetic of an order, as an ERP does it: integers in minor units, from the texts of the
 * request.
 *
 *     sum of lines (quantity x price - TrDisc - PromotionValue) + sum of charges + sum of ExtTaxVal
 * when prices are net = sum of payments + outstanding + difference
 *
 * Outstanding is allowed where the order says so: by PaymentTerms, by OrderPaid="No", or by stating
 * in OrderPaid how much was paid. Then it is what payments leave open. Otherwise it is 0, and what
 * payments leave open is the difference. Written from Prima's side on purpose: no code is shared
 * with the workers but the reading of amounts. Plain values: any thread. */
#ifndef SANDBOX_BALANCE_H
#define SANDBOX_BALANCE_H

#include "base/money.h"

#include <stdbool.h>

struct balance {
    const struct currency *currency;
    bool vat_inclusive; /* prices are gross: ExtTaxVal is information */
    bool price_of_line; /* Price is the line's total, not the unit's */
    bool on_account;
    int64_t stated_paid; /* OrderPaid as an amount; -1: none was stated */
    int64_t lines, discounts, tax, charges, paid, outstanding, difference;
};

struct balance_line {
    int64_t quantity, price, discount, tax;
};

/* Texts may be empty: 0, except quantity and price. -EINVAL: a text is no amount of the currency, a
 * quantity is no positive whole number; -ERANGE: too large. ret_field names the attribute at
 * fault. */
__attribute__((warn_unused_result)) int balance_add_line(struct balance *b, const char *quantity,
                                                         const char *price, const char *tr_disc,
                                                         const char *promotion_value,
                                                         const char *ext_tax_val,
                                                         struct balance_line *ret_line,
                                                         const char **ret_field);
__attribute__((warn_unused_result)) int balance_add_charge(struct balance *b, const char *value,
                                                           int64_t *ret_value);
__attribute__((warn_unused_result)) int balance_add_payment(struct balance *b, const char *amount,
                                                            int64_t *ret_amount);

/* OrderPaid: "", "Yes", "No" or an amount of 0 or more. -EINVAL: something else. */
__attribute__((warn_unused_result)) int balance_state_paid(struct balance *b,
                                                           const char *order_paid);

/* Works out outstanding and difference. -ERANGE: too large. */
__attribute__((warn_unused_result)) int balance_close(struct balance *b);

#endif
