/* A credit note's days; see refund_dates.h. */
#include "refund_dates.h"

#include "base/clock.h"
#include "base/text.h"

#include <errno.h>

enum { DAY_MS = 24 * 60 * 60 * 1000 };

/* Days between two dates of the calendar, whatever the clocks did in between. */
static int days_between(const char *from, const char *to, int32_t *ret_days)
{
    int64_t from_ms = 0, to_ms = 0;
    if (clock_parse(from, &from_ms) < 0 || clock_parse(to, &to_ms) < 0)
        return -EINVAL;
    *ret_days = (int32_t)((to_ms - from_ms) / DAY_MS);
    return 0;
}

int refund_dates_read(const struct company_rules *company, int64_t went_at, int64_t now,
                      struct refund_dates *ret_dates)
{
    struct refund_dates dates = {.is_moved = false};
    char today[11];
    int32_t age = 0;
    if (zone_date(company->zone, went_at, dates.refund) < 0)
        return -EINVAL;
    memcpy(dates.post, dates.refund, sizeof dates.post);
    if (company->open_from != 0) {
        text_date_write(company->open_from, dates.post);
        dates.is_moved = strcmp(dates.post, dates.refund) > 0;
        if (!dates.is_moved)
            memcpy(dates.post, dates.refund, sizeof dates.post);
    }
    if (company->note_days > 0 && now != 0) {
        if (zone_date(company->zone, now, today) < 0 || days_between(dates.refund, today, &age) < 0)
            return -EINVAL;
        dates.has_days_left = true;
        dates.days_left = (int32_t)company->note_days - age;
    }
    *ret_dates = dates;
    return 0;
}
