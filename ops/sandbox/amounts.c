/* Amounts and quantities of requests; see amounts.h. */
#include "amounts.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>

int amounts_parse(const char *text, const struct currency *currency, int64_t *ret_minor)
{
    struct money amount = {0, currency};
    const int result = text[0] == '\0' ? 0 : money_parse(text, currency, &amount);
    if (result == 0)
        *ret_minor = amount.minor;
    return result == 0 ? 0 : -EINVAL;
}

int amounts_parse_quantity(const char *text, int64_t least, int64_t *ret_quantity)
{
    int64_t quantity = 0;
    const char *p = text;
    for (; isdigit((unsigned char)*p); p++)
        if (__builtin_mul_overflow(quantity, 10, &quantity) ||
            __builtin_add_overflow(quantity, *p - '0', &quantity))
            return -EINVAL;
    const bool digits = p > text;
    if (digits && *p == '.')
        for (p++; *p == '0'; p++)
            ;
    if (!digits || *p != '\0' || quantity < least)
        return -EINVAL;
    *ret_quantity = quantity;
    return 0;
}

int amounts_add(int64_t *sum, int64_t value)
{
    return __builtin_add_overflow(*sum, value, sum) ? -ERANGE : 0;
}
