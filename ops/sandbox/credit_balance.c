/* A credit note's balance; see credit_balance.h for the rule. */
#include "credit_balance.h"

#include "amounts.h"

#include <errno.h>

int credit_balance_add_line(struct credit_balance *b, const char *quantity, const char *price,
                            const char *tax_value, struct credit_line *ret_line,
                            const char **ret_field)
{
    struct credit_line line = {0};
    int64_t value;
    *ret_field = NULL;
    if (amounts_parse_quantity(quantity, 0, &line.quantity) < 0)
        *ret_field = "Quantity";
    else if (price[0] == '\0' || amounts_parse(price, b->currency, &line.price) < 0)
        *ret_field = "Price";
    else if (amounts_parse(tax_value, b->currency, &line.tax) < 0)
        *ret_field = "TaxValue";
    if (*ret_field != NULL)
        return -EINVAL;
    const int64_t pieces = line.quantity == 0 ? 1 : line.quantity;
    if (__builtin_mul_overflow(line.price, pieces, &value) || amounts_add(&b->lines, value) < 0 ||
        amounts_add(&b->tax, line.tax) < 0) {
        *ret_field = "Price";
        return -ERANGE;
    }
    *ret_line = line;
    return 0;
}

int credit_balance_add_charge(struct credit_balance *b, const char *value, const char *tax_value,
                              struct credit_line *ret_line, const char **ret_field)
{
    struct credit_line charge = {0};
    *ret_field = NULL;
    if (value[0] == '\0' || amounts_parse(value, b->currency, &charge.price) < 0)
        *ret_field = "ChargeValue";
    else if (amounts_parse(tax_value, b->currency, &charge.tax) < 0)
        *ret_field = "TaxValue";
    if (*ret_field != NULL)
        return -EINVAL;
    if (amounts_add(&b->charges, charge.price) < 0 || amounts_add(&b->tax, charge.tax) < 0) {
        *ret_field = "ChargeValue";
        return -ERANGE;
    }
    *ret_line = charge;
    return 0;
}

int credit_balance_add_payment(struct credit_balance *b, const char *amount, int64_t *ret_amount)
{
    int64_t minor;
    int result = amount[0] == '\0' ? -EINVAL : amounts_parse(amount, b->currency, &minor);
    if (result == 0)
        result = amounts_add(&b->paid, minor);
    if (result == 0)
        *ret_amount = minor;
    return result;
}

int credit_balance_close(struct credit_balance *b)
{
    int64_t open = b->lines;
    if (amounts_add(&open, b->charges) < 0 || (!b->vat_inclusive && amounts_add(&open, b->tax) < 0))
        return -ERANGE;
    return __builtin_sub_overflow(open, b->paid, &b->difference) ? -ERANGE : 0;
}
