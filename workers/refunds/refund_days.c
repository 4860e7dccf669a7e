/* Days that are left for a refund's note; see refund_days.h. */
#include "refund_days.h"

#include "refund_dates.h"

#include <string.h>

int64_t refund_went_at(const struct refund_event *event)
{
    int64_t last = INT64_MIN;
    for (size_t i = 0; i < event->transactions.count; i++) {
        const struct refund_transaction *t = &event->transactions.items[i];
        if (t->type == TRANSACTION_REFUND && t->status == TRANSACTION_SUCCEEDED &&
            t->has_processed_at && t->processed_at > last)
            last = t->processed_at;
    }
    return last == INT64_MIN ? event->created_at : last;
}

bool refund_flow_days_left(const void *event_, const struct flow_key *key, const void *rules,
                           int64_t now_ms, int32_t *ret_days)
{
    const struct refund_event *event = event_;
    struct refund_dates dates;
    if (event->deleted || event->test || event->succeeded.shop_minor <= 0 ||
        refund_dates_read(rules_company(rules, key->company), refund_went_at(event), now_ms,
                          &dates) < 0 ||
        !dates.has_days_left)
        return false;
    *ret_days = dates.days_left;
    return true;
}
