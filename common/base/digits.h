/* Decimal digits of integers, for what is written for every record: snprintf costs a tenth of a record's time there. Any thread. */
#ifndef PRIMAFLOW_DIGITS_H
#define PRIMAFLOW_DIGITS_H

#include <stddef.h>
#include <stdint.h>

enum { DIGITS_MAX = 21 }; /* "-9223372036854775808" and NUL */

/* Writes the number and a NUL; returns its length without the NUL. */
size_t digits_write(int64_t number, char text[static DIGITS_MAX]);

#endif
