/* Digits from the last to the first; see digits.h. */
#include "base/digits.h"

#include <string.h>

size_t digits_write(int64_t number, char text[static DIGITS_MAX])
{
    char reversed[DIGITS_MAX];
    size_t count = 0, size = 0;
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
    do
        reversed[count++] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (number < 0)
        text[size++] = '-';
    while (count > 0)
        text[size++] = reversed[--count];
    text[size] = '\0';
    return size;
}
