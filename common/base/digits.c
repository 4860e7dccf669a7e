/* Digits from the last to the first; see digits.h. */
#include "base/digits.h"

#include <string.h>

size_t digits_write_all(int64_t number, char text[static DIGITS_MAX])
{
    char digits[DIGITS_MAX], *const end = digits + sizeof digits, *at = end;
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
    do
        *--at = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (number < 0)
        *--at = '-';
    const size_t size = (size_t)(end - at);
    memcpy(text, at, size);
    text[size] = '\0';
    return size;
}
