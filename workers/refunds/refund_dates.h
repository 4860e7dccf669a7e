/* A credit note's days, in its company's time zone: RefundDate, the day on which the money went back;
 * PostDate, the day in the books, which is the later of it and the first open day; how many days are
 * left for the note, where a law counts them. Pure functions: any thread. */
#ifndef PRIMAFLOW_REFUND_DATES_H
#define PRIMAFLOW_REFUND_DATES_H

#include "domain/mappings/order_rules.h"

struct refund_dates {
    char refund[11], post[11]; /* YYYY-MM-DD */
    bool is_moved;             /* they differ */
    bool has_days_left;
    int32_t days_left; /* below 0: late by so many */
};

/* `went_at`: when the money went back; `now`: 0 for nobody asks how many days are left. Both ms since
 * 1970 UTC. -EINVAL: no date of the calendar. */
__attribute__((warn_unused_result)) int refund_dates_read(const struct company_rules *company,
                                                          int64_t went_at, int64_t now,
                                                          struct refund_dates *ret_dates);

#endif
