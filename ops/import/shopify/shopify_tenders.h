/* Payments on their way to tenders: read from transactions[], or told from the order's financial
 * status. Not for others.
 *
 * Invariants: an amount is known in the currency that Shopify states (by_presentment says which);
 * the other side is filled by shopify_fill_other_side before anything is written. Owned by the
 * caller of shopify_tenders. */
#ifndef PRIMAFLOW_SHOPIFY_TENDERS_H
#define PRIMAFLOW_SHOPIFY_TENDERS_H

#include "shopify_parts.h"
#include "shopify_transactions.h"

enum shopify_tender_state {
    SHOPIFY_NO_TENDER,
    SHOPIFY_PENDING,
    SHOPIFY_AUTHORIZED,
    SHOPIFY_CAPTURED,
    SHOPIFY_VOIDED
};

struct shopify_tender {
    struct import_at at; /* the transaction; json NULL: told from the order */
    char id[64], parent[64];
    const struct shopify_kind *kind; /* of transaction */
    enum shopify_tender_state state;
    bool is_done; /* the transaction succeeded */
    const char *gateway;
    struct import_money amount;
    bool by_presentment;
    const char *voucher; /* of what was set off: the refund; NULL: as the transaction says */
};

struct shopify_tender_list {
    struct shopify_tender *items;
    size_t count;
    bool any_rounding; /* transactions state the rounding of cash themselves */
};

/* shopify_transactions.c: fills the list (items of room for `count` transactions); what became of
 * each is settled. */
void shopify_transactions_read(struct shopify_import *o, const struct import_at *transactions,
                               size_t count, struct shopify_tender_list *list);
/* Amount and currency of one transaction; false: complained of. */
bool shopify_tender_amount(struct shopify_import *o, struct shopify_tender *tender,
                           struct shopify_tender_list *list);
/* shopify_payouts.c: after an edit, what was paid back of what was then paid too much is no payment
 * any more. */
void shopify_payouts_take(struct shopify_import *o, struct shopify_tender_list *list);
/* shopify_exchange_tenders.c: of payments by transaction, what paid for goods sent in exchange, which
 * is the end of what was captured: the first order goes without it, an exchange has its own part and
 * what was set off (`list` has room for one more). */
void shopify_exchange_tenders(struct shopify_import *o, struct shopify_tender_list *list);
/* ... told from the status. */
void shopify_exchange_from_status(struct shopify_import *o, enum shopify_tender_state state,
                                  const char *gateway, struct shopify_tender_list *list);
/* shopify_tender_sums.c: an amount of one currency in the other, at the order's own rate: what its
 * total is in both; that of a tender; and what comes to a state, or is captured. */
int64_t shopify_convert(struct shopify_import *o, int64_t amount, int64_t from_total,
                        int64_t to_total, const struct currency *to);
void shopify_fill_other_side(struct shopify_import *o, struct shopify_tender *tender);
struct import_money shopify_sum_of(struct shopify_import *o, const struct shopify_tender_list *list,
                                   enum shopify_tender_state state);
struct import_money shopify_captured(struct shopify_import *o,
                                     const struct shopify_tender_list *list);
/* shopify_tender_write.c: the event's tender of one that counts; a new reference. */
json_t *shopify_tender_json(struct shopify_import *o, const struct shopify_tender *tender);

/* The side of an amount in the currency that it is stated in. */
static inline int64_t *shopify_stated_side(struct shopify_tender *tender)
{
    return tender->by_presentment ? &tender->amount.presentment : &tender->amount.shop;
}

#endif
