/* The clocks: wall time for what people read, monotonic time for what waits, time since boot for
 * what others count on. In milliseconds. Any thread. */
#ifndef PRIMAFLOW_CLOCK_H
#define PRIMAFLOW_CLOCK_H

#include <stdint.h>

#define CLOCK_TEXT_MAX 32 /* "2026-11-23T12:34:56.789Z" and NUL, rounded up */

int64_t clock_wall_ms(void); /* since 1970 UTC */
/* since some start; never goes back; on Linux it stands still while the machine sleeps */
int64_t clock_monotonic_ms(void);
int64_t clock_boot_ms(
    void); /* since the machine's boot, its sleep counted: for a deadline after which others act */

/* RFC 3339 in UTC into `text`; returns `text`. */
const char *clock_format(int64_t wall_ms, char text[static CLOCK_TEXT_MAX]);

/* "2026-11-23T12:34:56.789+01:00", "...Z", or "2026-11-23" (midnight UTC) → ms since 1970. -EINVAL:
 * not such a time. */
__attribute__((warn_unused_result)) int clock_parse(const char *text, int64_t *ret_wall_ms);

#endif
