/* Money that went back because an edit made the order smaller.
 *
 * The order that is posted is the edited one: its payments are what was kept for it. So a payout is
 * taken from the payment that it came from, up to what had been paid too much; it is no refund of
 * ours, for nothing of the order is credited. What was not paid back yet stays a payment, and the
 * worker flags the difference: the customer is owed it. */
#include "shopify_tenders.h"

#include <string.h>

/* The payment that it came from, or any that is large enough. */
static struct shopify_tender *source_of(struct shopify_tender_list *list, const char *parent,
                                        struct import_money amount)
{
    struct shopify_tender *any = NULL;
    for (size_t i = 0; i < list->count; i++) {
        struct shopify_tender *t = &list->items[i];
        if (t->state != SHOPIFY_CAPTURED || t->amount.shop < amount.shop ||
            t->amount.presentment < amount.presentment)
            continue;
        if (parent[0] != '\0' && strcmp(t->id, parent) == 0)
            return t;
        if (any == NULL)
            any = t;
    }
    return any;
}

static bool is_paid_back(struct shopify_import *o, const struct import_at *transaction)
{
    const char *kind = import_text(o->r, transaction, "kind"),
               *status = import_text(o->r, transaction, "status");
    return kind != NULL && status != NULL && strcmp(kind, "refund") == 0 &&
           strcmp(status, "success") == 0;
}

static void payouts_take(struct shopify_import *o, const struct import_at *transaction,
                         struct shopify_tender_list *list)
{
    struct shopify_tender payout = {.at = *transaction};
    struct shopify_tender_list ignored = {.count = 0};
    const struct import_money too_much = import_subtract(o->r, shopify_captured(o, list), o->total);
    char parent[64] = "";
    if (!is_paid_back(o, transaction) || too_much.shop <= 0 || too_much.presentment <= 0 ||
        !shopify_tender_amount(o, &payout, &ignored))
        return;
    shopify_fill_other_side(o, &payout);
    if (payout.amount.shop > too_much.shop || payout.amount.presentment > too_much.presentment)
        payout.amount = too_much; /* the rest was given for another reason */
    (void)import_id(o->r, transaction, "parent_id", parent);
    struct shopify_tender *from = source_of(list, parent, payout.amount);
    if (from != NULL)
        from->amount = import_subtract(o->r, from->amount, payout.amount);
}

void shopify_payouts_take(struct shopify_import *o, struct shopify_tender_list *list)
{
    const struct import_at refunds = import_field(o->order, "refunds");
    const size_t count = o->edits.any_edit ? import_count(o->r, &refunds) : 0;
    for (size_t i = 0; i < count; i++) {
        const struct import_at refund = import_item(&refunds, i),
                               transactions = import_field(&refund, "transactions");
        const enum shopify_entry entry = shopify_entry_of(o->r, &refund);
        const size_t transaction_count = entry == SHOPIFY_PAYOUT || entry == SHOPIFY_TAKEN_BACK
                                             ? import_count(o->r, &transactions)
                                             : 0;
        for (size_t k = 0; k < transaction_count; k++) {
            const struct import_at transaction = import_item(&transactions, k);
            payouts_take(o, &transaction, list);
        }
    }
}
