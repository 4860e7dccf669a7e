/* Decimal digits of integers, for what is written for every record: snprintf costs a tenth of a
 * record's time there. Any thread. */
#ifndef PRIMAFLOW_DIGITS_H
#define PRIMAFLOW_DIGITS_H

#include <stddef.h>
#include <stdint.h>

enum { DIGITS_MAX = 21 }; /* "-9223372036854775808" and NUL */

size_t digits_write_all(int64_t number, char text[static DIGITS_MAX]);

/* Writes the number and a NUL; returns its length without the NUL. Two digits are most of what is
 * written: the sizes of words. */
static inline size_t digits_write(int64_t number, char text[static DIGITS_MAX])
{
    if (number < 0 || number > 99)
        return digits_write_all(number, text);
    const size_t size = number < 10 ? 1 : 2;
    text[0] = (char)('0' + (size == 1 ? number : number / 10));
    text[1] = (char)(size == 1 ? 0 : '0' + number % 10);
    text[size] = '\0';
    return size;
}

#endif
