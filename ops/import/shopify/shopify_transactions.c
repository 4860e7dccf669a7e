/* Shopify's transactions: which of them is money that came, and how far it has come.
 *
 * A sale is money at once. An authorization is a promise; captures turn it into money, a void ends
 * it. What failed never was a payment, what refunds is an event of its own, and change that a till
 * gave back is taken from the cash that it was given for. */
#include "shopify_tenders.h"

#include <string.h>

static const struct shopify_kind kinds[] = {
    {"sale", ROLE_PAYS, "other"},
    {"capture", ROLE_CAPTURES, "other"},
    {"authorization", ROLE_PROMISES, "other"},
    {"emv_authorization", ROLE_PROMISES, "other"},
    {"void", ROLE_VOIDS, "void"},
    {"change", ROLE_GIVES_CHANGE, "other"},
    {"refund", ROLE_ELSEWHERE, "refund"},
    {"suggested_refund", ROLE_ELSEWHERE, "other"},
};

static const struct shopify_status statuses[] = {
    {"success", true, true, "succeeded"},          {"pending", true, false, "pending"},
    {"awaiting_response", true, false, "pending"}, {"unknown", true, false, "unknown"},
    {"failure", false, false, "failed"},           {"error", false, false, "failed"},
};

const struct shopify_kind *shopify_kind_read(struct import_reader *r, const struct import_at *at)
{
    char shown[64];
    const struct import_at field = import_field(at, "kind");
    const char *name = import_text(r, at, "kind");
    for (size_t i = 0; name != NULL && i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    import_complain(r, &field,
                    "%s is none of sale, authorization, capture, void, refund and change; whether "
                    "it is money is not known",
                    import_shown(&field, shown));
    return NULL;
}

const struct shopify_status *shopify_status_read(struct import_reader *r,
                                                 const struct import_at *at)
{
    char shown[64];
    const struct import_at field = import_field(at, "status");
    const char *name = import_text(r, at, "status");
    for (size_t i = 0; name != NULL && i < sizeof statuses / sizeof *statuses; i++)
        if (strcmp(statuses[i].name, name) == 0)
            return &statuses[i];
    import_complain(
        r, &field,
        "%s is none of success, pending, failure and error; export the transactions again",
        import_shown(&field, shown));
    return NULL;
}

/* A transaction is in one currency: the customer's, unless it was asked for in the shop's. */
static const struct currency *currency_read(struct import_reader *r, const struct import_at *at,
                                            bool *ret_by_presentment)
{
    char shown[64];
    const struct import_at field = import_field(at, "currency");
    const char *code = import_text(r, at, "currency");
    *ret_by_presentment = false;
    if ((code == NULL && r->shop == r->presentment) ||
        (code != NULL && strcmp(code, r->shop->code) == 0))
        return r->shop;
    *ret_by_presentment = true;
    if (code != NULL && strcmp(code, r->presentment->code) == 0)
        return r->presentment;
    import_complain(r, &field,
                    "%s is neither the order's currency %s nor its presentment_currency %s; "
                    "export the transactions again",
                    import_shown(&field, shown), r->shop->code, r->presentment->code);
    return NULL;
}

bool shopify_amount_read(struct import_reader *r, const struct import_at *at,
                         struct shopify_amount *ret_amount)
{
    const struct import_at amount = import_field(at, "amount"),
                           rounding = import_field(at, "amount_rounding");
    struct shopify_amount read = {.by_presentment = false};
    read.currency = currency_read(r, at, &read.by_presentment);
    if (read.currency == NULL || !import_minor(r, &amount, read.currency, false, &read.minor))
        return false;
    if (rounding.json != NULL && import_minor(r, &rounding, read.currency, true, &read.rounding))
        read.has_rounding = true;
    *ret_amount = read;
    return true;
}

bool shopify_tender_amount(struct shopify_import *o, struct shopify_tender *tender,
                           struct shopify_tender_list *list)
{
    struct shopify_amount amount = {.minor = 0};
    const bool is_read = shopify_amount_read(o->r, &tender->at, &amount);
    tender->by_presentment = amount.by_presentment;
    if (!is_read)
        return false;
    list->any_rounding |= amount.has_rounding;
    *shopify_stated_side(tender) =
        amount.minor + amount.rounding; /* each is bounded by IMPORT_MINOR_MAX */
    if (o->r->shop == o->r->presentment)
        tender->amount.presentment = tender->amount.shop;
    return true;
}

static enum shopify_tender_state state_of(const struct shopify_tender *t)
{
    if (t->kind->role == ROLE_PAYS)
        return t->is_done ? SHOPIFY_CAPTURED : SHOPIFY_PENDING;
    if (t->kind->role == ROLE_CAPTURES) /* not done: its authorization still stands for it */
        return t->is_done ? SHOPIFY_CAPTURED : SHOPIFY_NO_TENDER;
    if (t->kind->role == ROLE_PROMISES)
        return t->is_done ? SHOPIFY_AUTHORIZED : SHOPIFY_PENDING;
    return SHOPIFY_NO_TENDER;
}

static void transaction_read(struct shopify_import *o, const struct import_at *at,
                             struct shopify_tender_list *list)
{
    struct shopify_tender t = {.at = *at, .gateway = import_text(o->r, at, "gateway")};
    t.kind = shopify_kind_read(o->r, at);
    const struct shopify_status *status = shopify_status_read(o->r, at);
    if (status == NULL || !status->counts || t.kind == NULL || t.kind->role == ROLE_ELSEWHERE)
        return;
    t.is_done = status->is_done;
    (void)import_id(o->r, at, "id", t.id);
    (void)import_id(o->r, at, "parent_id", t.parent);
    (void)shopify_tender_amount(o, &t, list);
    t.state = state_of(&t);
    list->items[list->count++] = t;
}

/* Takes an amount away from a tender of the same currency. */
static void transactions_take(struct shopify_tender *from, struct shopify_tender *what)
{
    if (from->by_presentment != what->by_presentment)
        return;
    *shopify_stated_side(from) -= *shopify_stated_side(what);
    from->amount.presentment -= from->by_presentment ? 0 : what->amount.presentment;
}

static struct shopify_tender *parent_of(struct shopify_tender_list *list,
                                        const struct shopify_tender *child)
{
    for (size_t i = 0; i < list->count && child->parent[0] != '\0'; i++)
        if (strcmp(list->items[i].id, child->parent) == 0 && &list->items[i] != child)
            return &list->items[i];
    return NULL;
}

static void transactions_settle(struct shopify_tender_list *list, struct shopify_tender *t)
{
    struct shopify_tender *parent = parent_of(list, t);
    if (parent == NULL || !t->is_done)
        return;
    if (t->kind->role == ROLE_CAPTURES && parent->kind->role == ROLE_PROMISES) {
        transactions_take(parent, t);
        if (parent->state == SHOPIFY_AUTHORIZED && *shopify_stated_side(parent) <= 0)
            parent->state = SHOPIFY_NO_TENDER; /* all of it has become money */
    } else if (t->kind->role == ROLE_VOIDS && parent->state != SHOPIFY_NO_TENDER &&
               parent->kind->role == ROLE_PROMISES) {
        parent->state = SHOPIFY_VOIDED;
    } else if (t->kind->role == ROLE_GIVES_CHANGE && parent->state == SHOPIFY_CAPTURED) {
        transactions_take(parent, t);
    }
}

void shopify_transactions_read(struct shopify_import *o, const struct import_at *transactions,
                               size_t count, struct shopify_tender_list *list)
{
    for (size_t i = 0; i < count; i++) {
        const struct import_at at = import_item(transactions, i);
        if (json_is_object(at.json))
            transaction_read(o, &at, list);
        else
            import_complain(o->r, &at, "is not a transaction; export the transactions again");
    }
    for (size_t i = 0; i < list->count; i++)
        transactions_settle(list, &list->items[i]);
}
