/* The Retry-After header: seconds or an HTTP date. Pure, any thread. */
#ifndef PRIMAFLOW_PRIMA_RETRY_AFTER_H
#define PRIMAFLOW_PRIMA_RETRY_AFTER_H

#include <stdint.h>

/* Milliseconds from `now_ms` (wall), 0 <= result <= max_ms: a date in the past is 0, whatever is
 * longer (or beyond any number) is max_ms. -1: no header (NULL), or neither seconds nor a date. */
int64_t retry_after_ms(const char *value, int64_t now_ms, int64_t max_ms);

#endif
