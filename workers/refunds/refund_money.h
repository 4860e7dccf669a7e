/* What the money says that a refund is: money decides, whatever goods are named.
 *
 *   something succeeded, all of it final     a note of what succeeded
 *   something pending, or not told           it waits for a newer version of itself
 *   all failed or declined                   no note; somebody must pay again
 *   only void                                nothing had been captured: no money
 *   none, and goods were set off             a note of what was set off
 *   none, and something is outstanding       a note that lowers what is outstanding
 *   none, and the order is paid              no money
 *
 * Amounts are in the order's money of the ledger, minor units. Pure functions: any thread. */
#ifndef PRIMAFLOW_REFUND_MONEY_H
#define PRIMAFLOW_REFUND_MONEY_H

#include "base/arena.h"
#include "domain/events/ledger_entry.h"
#include "domain/events/refund_event.h"
#include "domain/money/exact.h"

enum money_verdict {
    MONEY_NOTE,    /* of `back` and `set_off` */
    MONEY_ACCOUNT, /* nothing moved: it is taken off what is outstanding */
    MONEY_WAITS,   /* not final yet, or not told */
    MONEY_FAILED,
    MONEY_NONE
};

struct refund_money {
    enum money_verdict verdict;
    int64_t back; /* that succeeded */
    int64_t set_off;
    /* of each transaction of the event, what of `back` it is; 0 of those that do not count */
    int64_t *amounts;
    /* what succeeded moved in the other one of the event's two currencies than the order's alone, and
     * came to `other_back` there: there it is compared */
    bool is_foreign;
    int64_t other_back;
    int64_t went_at; /* ms: when the last of it became final; when it was made where that is not
                        known */
};

/* The amount in the money that was posted. */
static inline int64_t refund_pick(const struct ledger_entry *entry, const struct money_set *set)
{
    return entry->money == MONEY_SHOP ? set->shop_minor : set->presentment_minor;
}

/* ... in the other one. */
static inline int64_t refund_pick_other(const struct ledger_entry *entry,
                                        const struct money_set *set)
{
    return entry->money == MONEY_SHOP ? set->presentment_minor : set->shop_minor;
}

static inline bool refund_has_other(const struct ledger_entry *entry, const struct money_set *set)
{
    return entry->money != MONEY_SHOP || set->has_presentment_minor;
}

/* Whether an amount is there at all in that money. */
static inline bool refund_has(const struct ledger_entry *entry, const struct money_set *set)
{
    return entry->money == MONEY_SHOP || set->has_presentment_minor;
}

/* Whether a transaction paid money back. */
bool refund_counts(const struct refund_transaction *transaction);

/* `account`: what is outstanding of the order. 0; -EINVAL: the event contradicts itself; -EDOM: it is
 * in another currency than the order; both with *ret_detail a sentence without values; -ENOMEM. */
__attribute__((warn_unused_result)) int refund_money_read(const struct refund_event *event,
                                                          const struct ledger_entry *entry,
                                                          int64_t account, struct arena *arena,
                                                          struct refund_money *ret_money,
                                                          const char **ret_detail);

/* The goods say what went back in the order's money: rates have moved since, and the difference is no
 * part of the note. */
void refund_money_adopt(struct refund_money *money, const struct currency *currency, size_t count,
                        int64_t back);

/* What of the money became store credit. */
int64_t refund_money_store_credit(const struct refund_event *event,
                                  const struct refund_money *money);

#endif
