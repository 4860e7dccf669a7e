/* Shopify's transactions: which of them is money that came, and how far it has come.
 *
 * A sale is money at once. An authorization is a promise; captures turn it into money, a void ends
 * it. What failed never was a payment, what refunds is an event of its own, and change that a till
 * gave back is taken from the cash that it was given for. */
#include "shopify_tenders.h"

#include <string.h>

enum role {
    ROLE_PAYS,
    ROLE_CAPTURES,
    ROLE_PROMISES,
    ROLE_VOIDS,
    ROLE_GIVES_CHANGE,
    ROLE_ELSEWHERE
};

struct shopify_kind {
    const char *name;
    enum role role;
};

static const struct shopify_kind kinds[] = {
    {"sale", ROLE_PAYS},
    {"capture", ROLE_CAPTURES},
    {"authorization", ROLE_PROMISES},
    {"emv_authorization", ROLE_PROMISES},
    {"void", ROLE_VOIDS},
    {"change", ROLE_GIVES_CHANGE},
    {"refund", ROLE_ELSEWHERE},
    {"suggested_refund", ROLE_ELSEWHERE},
};

static const struct shopify_kind *kind_read(struct shopify_import *o, const struct shopify_at *at)
{
    char shown[64];
    const struct shopify_at field = shopify_field(at, "kind");
    const char *name = shopify_text(o->r, at, "kind");
    for (size_t i = 0; name != NULL && i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    shopify_complain(o->r, &field,
                     "%s is none of sale, authorization, capture, void, refund and change; whether "
                     "it is money is not known",
                     shopify_shown(&field, shown));
    return NULL;
}

/* False: nothing came of it. */
static bool status_read(struct shopify_import *o, const struct shopify_at *at, bool *ret_is_done)
{
    static const struct {
        const char *name;
        bool counts, is_done;
    } rows[] = {
        {"success", true, true},  {"pending", true, false},  {"awaiting_response", true, false},
        {"unknown", true, false}, {"failure", false, false}, {"error", false, false}};
    char shown[64];
    const struct shopify_at field = shopify_field(at, "status");
    const char *name = shopify_text(o->r, at, "status");
    for (size_t i = 0; name != NULL && i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].name, name) == 0) {
            *ret_is_done = rows[i].is_done;
            return rows[i].counts;
        }
    shopify_complain(
        o->r, &field,
        "%s is none of success, pending, failure and error; export the transactions again",
        shopify_shown(&field, shown));
    return false;
}

/* A transaction is in one currency: the customer's, unless it was asked for in the shop's. */
static const struct currency *currency_read(struct shopify_import *o, const struct shopify_at *at,
                                            bool *ret_by_presentment)
{
    char shown[64];
    const struct shopify_at field = shopify_field(at, "currency");
    const char *code = shopify_text(o->r, at, "currency");
    *ret_by_presentment = false;
    if ((code == NULL && o->r->shop == o->r->presentment) ||
        (code != NULL && strcmp(code, o->r->shop->code) == 0))
        return o->r->shop;
    *ret_by_presentment = true;
    if (code != NULL && strcmp(code, o->r->presentment->code) == 0)
        return o->r->presentment;
    shopify_complain(o->r, &field,
                     "%s is neither the order's currency %s nor its presentment_currency %s; "
                     "export the transactions again",
                     shopify_shown(&field, shown), o->r->shop->code, o->r->presentment->code);
    return NULL;
}

bool shopify_tender_amount(struct shopify_import *o, struct shopify_tender *tender,
                           struct shopify_tender_list *list)
{
    const struct shopify_at amount = shopify_field(&tender->at, "amount"),
                            rounding = shopify_field(&tender->at, "amount_rounding");
    const struct currency *currency = currency_read(o, &tender->at, &tender->by_presentment);
    int64_t minor = 0, round = 0;
    if (currency == NULL || !shopify_minor(o->r, &amount, currency, false, &minor))
        return false;
    if (rounding.json != NULL && shopify_minor(o->r, &rounding, currency, true, &round))
        list->any_rounding = true;
    *shopify_stated_side(tender) = minor + round; /* each is bounded by SHOPIFY_MINOR_MAX */
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

static void transaction_read(struct shopify_import *o, const struct shopify_at *at,
                             struct shopify_tender_list *list)
{
    struct shopify_tender t = {.at = *at, .gateway = shopify_text(o->r, at, "gateway")};
    t.kind = kind_read(o, at);
    if (!status_read(o, at, &t.is_done) || t.kind == NULL || t.kind->role == ROLE_ELSEWHERE)
        return;
    (void)shopify_id(o->r, at, "id", t.id);
    (void)shopify_id(o->r, at, "parent_id", t.parent);
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

void shopify_transactions_read(struct shopify_import *o, const struct shopify_at *transactions,
                               size_t count, struct shopify_tender_list *list)
{
    for (size_t i = 0; i < count; i++) {
        const struct shopify_at at = shopify_item(transactions, i);
        if (json_is_object(at.json))
            transaction_read(o, &at, list);
        else
            shopify_complain(o->r, &at, "is not a transaction; export the transactions again");
    }
    for (size_t i = 0; i < list->count; i++)
        transactions_settle(list, &list->items[i]);
}
