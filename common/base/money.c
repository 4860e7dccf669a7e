/* Exact money; see money.h for what holds. */
#include "base/money.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

__extension__ typedef __int128 wide; /* minor × weight is exact in it */

static bool append_digit(int64_t *minor, int digit)
{
    return !__builtin_mul_overflow(*minor, 10, minor) &&
           !__builtin_sub_overflow(*minor, digit, minor);
}

int money_parse(const char *text, const struct currency *currency, struct money *ret_money)
{
    const char *p = text;
    const bool negative = *p == '-';
    if (negative)
        p++;

    /* Built up negative: INT64_MIN has no positive twin. */
    int64_t minor = 0;
    int digits = 0, decimals = -1; /* -1: no point seen yet */
    for (; *p != '\0'; p++) {
        if (*p == '.' && decimals < 0) {
            decimals = 0;
            continue;
        }
        if (*p < '0' || *p > '9')
            return -EINVAL;
        if (decimals == (int)currency->decimals)
            return -ERANGE;
        if (!append_digit(&minor, *p - '0'))
            return -ERANGE;
        digits++;
        if (decimals >= 0)
            decimals++;
    }
    if (digits == 0)
        return -EINVAL;
    for (int have = decimals < 0 ? 0 : decimals; have < (int)currency->decimals; have++)
        if (!append_digit(&minor, 0))
            return -ERANGE;
    if (!negative && minor == INT64_MIN)
        return -ERANGE;

    *ret_money = (struct money){.minor = negative ? minor : -minor, .currency = currency};
    return 0;
}

int money_add(struct money a, struct money b, struct money *ret_sum)
{
    assert(a.currency == b.currency);
    int64_t sum;
    if (__builtin_add_overflow(a.minor, b.minor, &sum))
        return -ERANGE;
    *ret_sum = (struct money){.minor = sum, .currency = a.currency};
    return 0;
}

int money_portion(struct money amount, int64_t numerator, int64_t denominator,
                  struct money *ret_portion)
{
    assert(denominator > 0);
    const wide product = (wide)amount.minor * numerator;
    const wide rest = product % denominator;
    const wide portion =
        product / denominator + (2 * rest >= denominator) - (2 * rest <= -(wide)denominator);
    if (portion > INT64_MAX || portion < INT64_MIN)
        return -ERANGE;
    *ret_portion = (struct money){.minor = (int64_t)portion, .currency = amount.currency};
    return 0;
}

static int sum_weights(const int64_t weights[], size_t count, int64_t *ret_sum)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (weights[i] < 0)
            return -EINVAL;
        if (__builtin_add_overflow(sum, weights[i], &sum))
            return -ERANGE;
    }
    if (sum == 0)
        return -EINVAL;
    *ret_sum = sum;
    return 0;
}

int money_allocate(struct money whole, const int64_t weights[], size_t count,
                   struct money ret_parts[])
{
    int64_t total = 0;
    const int r = sum_weights(weights, count, &total);
    if (r < 0)
        return r;

    /* Truncation leaves fewer than `count` units of remainder, of the whole's sign. */
    int64_t given = 0;
    for (size_t i = 0; i < count; i++) {
        const int64_t part = (int64_t)((wide)whole.minor * weights[i] / total);
        ret_parts[i] = (struct money){.minor = part, .currency = whole.currency};
        given += part;
    }
    const int64_t step = whole.minor < 0 ? -1 : 1;
    for (int64_t left = whole.minor - given; left != 0; left -= step) {
        size_t best = count;
        wide best_lack = 0; /* what truncation still owes a part, × total; ≤ 0 once it was served */
        for (size_t i = 0; i < count; i++) {
            const wide lack =
                step * ((wide)whole.minor * weights[i] - (wide)ret_parts[i].minor * total);
            if (lack > best_lack) {
                best = i;
                best_lack = lack;
            }
        }
        assert(best < count);
        ret_parts[best].minor += step;
    }
    return 0;
}

const char *money_digits(struct money amount, char text[static MONEY_TEXT_MAX])
{
    /* Digits come out last first, so they are laid down from the end. */
    char digits[MONEY_TEXT_MAX];
    char *p = digits + sizeof digits;
    *--p = '\0';
    uint64_t rest = amount.minor < 0 ? -(uint64_t)amount.minor : (uint64_t)amount.minor;
    for (int place = 0; rest != 0 || place <= (int)amount.currency->decimals; place++) {
        if (place == (int)amount.currency->decimals && place > 0)
            *--p = '.';
        *--p = (char)('0' + rest % 10);
        rest /= 10;
    }
    if (amount.minor < 0)
        *--p = '-';
    return memcpy(text, p, (size_t)(digits + sizeof digits - p));
}

const char *money_format(struct money amount, char text[static MONEY_TEXT_MAX])
{
    char digits[MONEY_TEXT_MAX];
    (void)snprintf(text, MONEY_TEXT_MAX, "%.26s %s", money_digits(amount, digits),
                   amount.currency->code);
    return text;
}
