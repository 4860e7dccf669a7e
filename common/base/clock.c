/* Clocks and their text forms; see clock.h. */
#include "base/clock.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t clock_wall_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_monotonic_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_boot_ms(void)
{
    struct timespec t;
#ifdef CLOCK_BOOTTIME
    (void)clock_gettime(CLOCK_BOOTTIME, &t);
#else
    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* systems other than Linux count sleep in it */
#endif
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

const char *clock_format(int64_t wall_ms, char text[static CLOCK_TEXT_MAX])
{
    int64_t ms = wall_ms % 1000;
    time_t seconds = (time_t)(wall_ms / 1000);
    if (ms < 0) {
        ms += 1000;
        seconds--;
    }
    struct tm tm;
    if (gmtime_r(&seconds, &tm) == NULL || tm.tm_year > 8099 || tm.tm_year < -1900) {
        (void)snprintf(text, CLOCK_TEXT_MAX, "(out of range)");
        return text;
    }
    size_t n = (size_t)snprintf(text, CLOCK_TEXT_MAX, "%04d",
                                tm.tm_year + 1900); /* strftime's %Y has no leading zeros */
    n += strftime(text + n, CLOCK_TEXT_MAX - n, "-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(text + n, CLOCK_TEXT_MAX - n, ".%03dZ", (int)ms);
    return text;
}

static int read_fraction(const char **p, int64_t *ret_ms)
{
    int64_t ms = 0, unit = 100;
    if (**p == '.') {
        ++*p;
        if (!isdigit((unsigned char)**p))
            return -EINVAL;
        for (; isdigit((unsigned char)**p); ++*p, unit /= 10)
            ms += (**p - '0') * unit;
    }
    *ret_ms = ms;
    return 0;
}

/* Does `text` begin with this shape? '0' stands for any digit, the rest for itself. */
static bool has_shape(const char *text, const char *shape)
{
    for (; *shape != '\0'; shape++, text++)
        if (*shape == '0' ? !isdigit((unsigned char)*text) : *text != *shape)
            return false;
    return true;
}

static int read_zone(const char *p, int64_t *ret_offset_ms)
{
    if (strcmp(p, "Z") == 0 || strcmp(p, "z") == 0) {
        *ret_offset_ms = 0;
        return 0;
    }
    int hours, minutes;
    if ((*p != '+' && *p != '-') || !has_shape(p + 1, "00:00") || p[6] != '\0' ||
        sscanf(p + 1, "%2d:%2d", &hours, &minutes) != 2 || hours > 23 || minutes > 59)
        return -EINVAL;
    *ret_offset_ms = (*p == '-' ? -1 : 1) * ((int64_t)hours * 60 + minutes) * 60000;
    return 0;
}

int clock_parse(const char *text, int64_t *ret_wall_ms)
{
    struct tm tm = {0};
    const char *p = has_shape(text, "0000-00-00") ? strptime(text, "%Y-%m-%d", &tm) : NULL;
    if (p != text + 10) /* of day 58 strptime takes the 5 and is content */
        return -EINVAL;
    const int day = tm.tm_mday;
    int64_t ms = 0, offset = 0;
    if (*p != '\0') {
        if ((*p != 'T' && *p != ' ') || !has_shape(p + 1, "00:00:00"))
            return -EINVAL;
        p = strptime(p + 1, "%H:%M:%S", &tm);
        if (p == NULL || tm.tm_sec > 60 || read_fraction(&p, &ms) < 0 || read_zone(p, &offset) < 0)
            return -EINVAL;
    }
    const int64_t of_day = ((int64_t)tm.tm_hour * 60 + tm.tm_min) * 60 + tm.tm_sec;
    tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
    const int64_t midnight = (int64_t)timegm(&tm);
    if (tm.tm_mday != day) /* timegm makes 30 February a day in March */
        return -EINVAL;
    *ret_wall_ms = (midnight + of_day) * 1000 + ms - offset;
    return 0;
}
