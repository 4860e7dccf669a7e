/* An order's balance; see balance.h for the rule. */
#include "balance.h"

#include "amounts.h"

#include <errno.h>
#include <strings.h>

int balance_add_line(struct balance *b, const char *quantity, const char *price,
                     const char *tr_disc, const char *promotion_value, const char *ext_tax_val,
                     struct balance_line *ret_line, const char **ret_field)
{
    struct balance_line line = {0};
    int64_t promotion = 0, value;
    const char *field = NULL;
    if (amounts_parse_quantity(quantity, 1, &line.quantity) < 0)
        field = "Quantity";
    else if (price[0] == '\0' || amounts_parse(price, b->currency, &line.price) < 0)
        field = "Price";
    else if (amounts_parse(tr_disc, b->currency, &line.discount) < 0)
        field = "TrDisc";
    else if (amounts_parse(promotion_value, b->currency, &promotion) < 0)
        field = "PromotionValue";
    else if (amounts_parse(ext_tax_val, b->currency, &line.tax) < 0)
        field = "ExtTaxVal";
    if (field != NULL) {
        *ret_field = field;
        return -EINVAL;
    }
    if (__builtin_mul_overflow(line.price, b->price_of_line ? 1 : line.quantity, &value) ||
        amounts_add(&line.discount, promotion) < 0 || amounts_add(&b->lines, value) < 0 ||
        amounts_add(&b->discounts, line.discount) < 0 || amounts_add(&b->tax, line.tax) < 0) {
        *ret_field = "Price";
        return -ERANGE;
    }
    *ret_line = line;
    return 0;
}

int balance_add_charge(struct balance *b, const char *value, int64_t *ret_value)
{
    int64_t minor;
    int result = amounts_parse(value, b->currency, &minor);
    if (result == 0)
        result = amounts_add(&b->charges, minor);
    if (result == 0)
        *ret_value = minor;
    return result;
}

int balance_add_payment(struct balance *b, const char *amount, int64_t *ret_amount)
{
    int64_t minor;
    int result = amounts_parse(amount, b->currency, &minor);
    if (result == 0)
        result = amounts_add(&b->paid, minor);
    if (result == 0)
        *ret_amount = minor;
    return result;
}

int balance_state_paid(struct balance *b, const char *order_paid)
{
    b->stated_paid = -1;
    if (order_paid[0] == '\0' || strcasecmp(order_paid, "Yes") == 0)
        return 0;
    int64_t amount = -1;
    const bool says_no = strcasecmp(order_paid, "No") == 0;
    if (!says_no && (amounts_parse(order_paid, b->currency, &amount) < 0 || amount < 0))
        return -EINVAL;
    b->stated_paid = amount;
    b->on_account = true;
    return 0;
}

int balance_close(struct balance *b)
{
    int64_t open = b->lines;
    if (__builtin_sub_overflow(open, b->discounts, &open) || amounts_add(&open, b->charges) < 0 ||
        (!b->vat_inclusive && amounts_add(&open, b->tax) < 0) ||
        __builtin_sub_overflow(open, b->paid, &open))
        return -ERANGE;
    b->outstanding = b->on_account && open > 0 ? open : 0;
    b->difference = open - b->outstanding;
    return 0;
}
