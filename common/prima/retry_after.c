/* Retry-After; see retry_after.h. */
#include "prima/retry_after.h"

#include <curl/curl.h>

static int64_t clamp(int64_t ms, int64_t max_ms)
{
    return ms < 0 ? 0 : ms > max_ms ? max_ms : ms;
}

int64_t retry_after_ms(const char *value, int64_t now_ms, int64_t max_ms)
{
    if (value == NULL)
        return -1;
    value += strspn(value, " \t");
    const size_t digits = strspn(value, "0123456789");
    if (digits > 0) {
        if (value[digits + strspn(value + digits, " \t\r\n")] != '\0')
            return -1;
        return digits > 12 ? max_ms : clamp(strtoll(value, NULL, 10) * 1000, max_ms);
    }
    if (strchr("MTWFS", value[0]) == NULL ||
        value[0] ==
            '\0') /* a date begins with its weekday; curl_getdate would take nearly anything */
        return -1;
    const time_t when = curl_getdate(value, NULL);
    int64_t ms;
    if (when == -1)
        return -1;
    return __builtin_mul_overflow((int64_t)when, 1000, &ms) ||
                   __builtin_sub_overflow(ms, now_ms, &ms)
               ? max_ms
               : clamp(ms, max_ms);
}
