/* What people read of a refund that cannot be credited: one sentence with lines, amounts and money,
 * and no personal data. In the arena; NULL: no memory. Pure: any thread. */
#ifndef PRIMAFLOW_REFUND_SAY_H
#define PRIMAFLOW_REFUND_SAY_H

#include "domain/events/refund_event.h"
#include "domain/ledger/ledger_balance.h"

/* "line 2 (L7): 12.00 GBP wanted, 10.00 GBP remains creditable; 12.00 GBP went back; of the order
 * 41.95 GBP remains". */
const char *refund_say_excess(const struct ledger_balance *balance,
                              const struct ledger_excess *excess, int64_t money,
                              struct arena *arena);

/* "its parts come to 30.00 GBP, and 25.00 GBP went back". */
const char *refund_say_mismatch(const struct ledger_balance *balance,
                                const struct refund_event *event, int64_t parts, int64_t money,
                                struct arena *arena);

/* "the credit note paid back 30.00 GBP, and now 0.00 GBP has gone back"; of more also what of it has no
 * note. */
const char *refund_say_moved(const struct currency *currency, int64_t posted, int64_t back,
                             struct arena *arena);

/* "...; 2 days left for its credit note"; "...; its credit note is 3 days late". */
const char *refund_say_days(const char *detail, int32_t days_left, struct arena *arena);

#endif
