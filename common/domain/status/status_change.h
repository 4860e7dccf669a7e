/* What one answer of Prima's about an order means for its channel: the order's status as it is now,
 * whether that is news against what was published last, and whether Prima is asked again. Pure: any
 * thread.
 *
 * Invariants
 *   - The same answer and the same last status give no change: each change is told once.
 *   - Versions rise: a change has a greater one than any before it, whether that is known (`last`) or
 *     lost (they are not below the time at which Prima was asked).
 *   - A parcel keeps its version until something of it changes.
 *   - Nothing is made of what cannot be read: a parcel without a number, one number twice, a quantity
 *     that is no whole number above 0. */
#ifndef PRIMAFLOW_STATUS_CHANGE_H
#define PRIMAFLOW_STATUS_CHANGE_H

#include "base/errors.h"
#include "domain/mappings/status_rules.h"
#include "domain/status/poll_rule.h"
#include "domain/status/status_words.h"
#include "prima/answer.h"

struct polled_order {
    const char *key; /* natural key */
    const char *company, *channel, *store, *order_id, *order_number;
    int64_t since_ms; /* posted, or imported: when it began to be open */
    bool is_held;     /* posted on hold */
    bool is_imported;
    bool is_cancelled; /* its channel has cancelled it */
};

struct status_change {
    bool is_news;               /* to be published */
    enum pf_error exception;    /* PF_OK: none is opened */
    size_t unmapped_count;      /* parcels of it whose carrier is not mapped */
    int64_t moved_ms;           /* when it last moved, as far as is known */
    int64_t wait_ms;            /* until it is asked for again; is_final: never */
    struct order_status status; /* whole; is_final: Prima is not asked again */
};

struct status_rules { /* what decisions need of configuration */
    const struct order_rules *rules;
    const struct status_words *words;
    struct poll_rule poll;
};

/* `reply`: PRIMA_OK of PRIMA_ORDER_STATUS; now_ms: when Prima was asked. last NULL: nothing was
 * published. Texts in the arena. 0; -EBADMSG: a parcel cannot be read, *ret_why says why (a
 * constant); -ENOMEM. */
__attribute__((warn_unused_result)) int status_change_of(
    const struct polled_order *order, const struct order_status *last,
    const struct prima_reply *reply, int64_t now_ms, const struct status_rules *rules,
    struct arena *arena, struct status_change *ret_change, const char **ret_why);

/* Of one that Prima says nothing about (no answer, an error, no such order): as it was; given up once
 * that has lasted long enough. 0; -ENOMEM. */
__attribute__((warn_unused_result)) int status_without_answer(
    const struct polled_order *order, const struct order_status *last, int64_t now_ms,
    const struct status_rules *rules, struct arena *arena, struct status_change *ret_change);

#endif
