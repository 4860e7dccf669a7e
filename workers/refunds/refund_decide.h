/* What is done about a refund: the rule book in the order in which it is applied.
 *
 *   1  an edit that what was posted contains, a refund whose note is there, an order that was never
 *      posted: settled at once; an order that has not been seen: it waits
 *   2  the money decides what it is (refund_money.h); money is credited behind what edits left owed, so
 *      that the ledger must have that first
 *   3  parts against money, shares and taxes, against what remains (refund_parts.h, refund_shares.h)
 *   4  units that never left: a note follows, so the order in Prima is asked for first
 *   5  days, tenders, depots: what is not mapped, or closed; a note that is late is flagged
 *   6  the note
 *
 * A note is posted whole or not at all: there is no hold for it in Prima. What must be looked at all
 * the same is a flag. Pure: any thread. */
#ifndef PRIMAFLOW_REFUND_DECIDE_H
#define PRIMAFLOW_REFUND_DECIDE_H

#include "domain/events/refund_result.h"
#include "domain/flags/flags.h"
#include "domain/ledger/ledger_change.h"
#include "flow/flow.h"
#include "refund_dates.h"
#include "refund_shares.h"

/* What is known of the order. */
enum refund_order {
    REFUND_ORDER_UNSEEN,   /* neither in the ledger nor ended */
    REFUND_ORDER_POSTED,   /* in the ledger */
    REFUND_ORDER_UNPOSTED, /* cancelled before posting, ignored, discarded; and not in the ledger */
};

/* What Prima says of the order, asked now. */
enum refund_status { REFUND_STATUS_UNASKED, REFUND_STATUS_CANCELLED, REFUND_STATUS_OTHER };

/* What the runtime knows when it asks for a decision. */
struct refund_known {
    enum refund_order order;
    const struct ledger_entry *entry; /* REFUND_ORDER_POSTED: the newest */
    /* credits of other refunds of the order that are reserved, of this entry's places */
    const struct credit *reserved;
    size_t reserved_count;
    /* nobody knows what another refund of the order took, and it keeps all that remains */
    bool is_all_kept;
    const char *keeper; /* that refund's id; NULL: not known */
    /* a person must tell whether this refund's own note exists, and has not yet; or it exists */
    bool is_own_open, is_own_credited;
    /* an edit of the order, or an earlier delivery of this refund, has left something owed that the entry
     * does not have yet */
    bool is_owed_unread, is_own_owed_unread;
    int64_t
        owed_version; /* source version of this refund that left something owed; 0: none, or unknown */
    enum refund_status status;
    int64_t now_ms, first_seen_ms; /* now 0: nobody waits, and no days are counted */
    int64_t pending_max_age_ms;
    bool restocks;             /* prima.credit_note_restocks */
    const char *credit_number; /* of this refund in Prima */
};

struct refund_plan {
    enum {
        REFUND_SENDS,
        REFUND_SETTLES,
        REFUND_WAITS,
        REFUND_DEAD_LETTERS,
        REFUND_ASKS_STATUS, /* of the order, and then it is decided again */
        REFUND_ASKS_OWED    /* the ledger, until it has what edits left owed, and then the same */
    } verdict;
    enum outcome outcome; /* REFUND_SENDS: posted; REFUND_SETTLES */
    struct flags flags;   /* the first is the result's code */
    const char *detail;   /* a sentence without personal data, or NULL */
    /* REFUND_SENDS */
    const char *request;
    size_t request_size;
    struct credit credit; /* to be reserved with the claim, and applied when it is posted */
    const struct credit_tender *tenders;
    size_t tender_count;
    struct refund_dates dates;
    struct credit_proof proof;
    struct credit_remaining remaining;    /* after it */
    const struct ledger_balance *balance; /* whose places the credit names */
    int64_t money_told; /* what the event says has gone back, in the order's money */
    /* REFUND_SETTLES as no_money: units that an edit took away, for ledger_owe */
    const struct ledger_taken *taken;
    size_t taken_count;
};

/* 0; -ENOMEM: the arena is full. */
__attribute__((warn_unused_result)) int refund_decide(const struct refund_event *event,
                                                      const struct order_rules *rules,
                                                      const struct refund_known *known,
                                                      struct arena *arena,
                                                      struct refund_plan *ret_plan);

/* A version of a refund whose note was posted has other money: less has gone back after all
 * (PF_E_refund_money_failed_after_credit), or more (PF_E_refund_more_money_after_credit). PF_OK: the same.
 * `posted_minor`: what had gone back when the note was posted, in the order's money `chosen`. */
enum pf_error refund_money_moved(const struct refund_event *event, enum money_chosen chosen,
                                 const struct currency *currency, int64_t posted_minor,
                                 struct arena *arena, const char **ret_detail);

#endif
