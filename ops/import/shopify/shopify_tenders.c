/* Tenders and what is outstanding. From transactions[] where the order has them (the REST order
 * itself has not: they are asked for apart); else from the financial status, the gateways' names
 * and the totals. */
#include "shopify_tenders.h"

#include "base/money.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* When captured money in the customer's currency comes to `paid` exactly, it does so in the shop's:
 * shared out by largest remainder. */
static void share_paid(struct shopify_import *o, struct shopify_tender_list *list,
                       struct import_money paid)
{
    size_t count = 0;
    if (list->count == 0 || o->r->shop == o->r->presentment ||
        shopify_captured(o, list).presentment != paid.presentment)
        return;
    int64_t *weights = calloc(list->count, sizeof *weights);
    struct money *parts = calloc(list->count, sizeof *parts);
    o->r->no_memory |= weights == NULL || parts == NULL;
    bool all = !o->r->no_memory;
    for (size_t i = 0; i < list->count && all; i++)
        if (list->items[i].state == SHOPIFY_CAPTURED) {
            all = list->items[i].by_presentment && list->items[i].amount.presentment >= 0;
            weights[count++] = list->items[i].amount.presentment;
        }
    if (all && count > 0 &&
        money_allocate((struct money){paid.shop, o->r->shop}, weights, count, parts) == 0) {
        count = 0;
        for (size_t i = 0; i < list->count; i++)
            if (list->items[i].state == SHOPIFY_CAPTURED)
                list->items[i].amount.shop = parts[count++].minor;
    }
    free(weights);
    free(parts);
}

/* ---- outstanding ---- */

/* What no payment covers; what is paid too much is no negative debt, but a difference for the
 * worker to flag. */
static int64_t owed(int64_t total, int64_t paid)
{
    return total > paid ? total - paid : 0;
}

/* total_outstanding, when it answers our question: refunds and edits move it by money that is not
 * this event's. */
static bool outstanding_stated(struct shopify_import *o, struct import_money *ret_outstanding)
{
    const struct import_at at = import_field(o->order, "total_outstanding");
    struct import_money stated;
    if (at.json == NULL || o->edits.any_edit || o->edits.any_refund || o->edits.any_payout ||
        !import_minor(o->r, &at, o->r->shop, true, &stated.shop))
        return false;
    stated.presentment = o->r->shop == o->r->presentment
                             ? stated.shop
                             : shopify_convert(o, stated.shop, o->total.shop, o->total.presentment,
                                               o->r->presentment);
    *ret_outstanding = stated;
    return true;
}

/* The authorisation was given back, and 0.00 outstanding says no more than that nobody asks for the
 * money: it is not paid all the same. */
static bool is_voided_for_nothing(struct shopify_import *o, const struct import_money *stated)
{
    const char *status = import_text(o->r, o->order, "financial_status");
    return status != NULL && strcmp(status, "voided") == 0 && import_is_zero(*stated);
}

static struct import_money outstanding_of(struct shopify_import *o,
                                          struct shopify_tender_list *list)
{
    struct import_money stated;
    if (!outstanding_stated(o, &stated) || is_voided_for_nothing(o, &stated)) {
        share_paid(o, list, o->total);
        const struct import_money paid = shopify_captured(o, list);
        return (struct import_money){owed(o->total.shop, paid.shop),
                                     owed(o->total.presentment, paid.presentment)};
    }
    share_paid(o, list, import_subtract(o->r, o->total, stated));
    /* Authorised is not paid; where Shopify's amount counts it as settled, it is what is missing
     * between the two. */
    const struct import_money promised =
        import_add(o->r, stated, shopify_sum_of(o, list, SHOPIFY_AUTHORIZED));
    return import_same(import_add(o->r, promised, shopify_captured(o, list)), o->total) ? promised
                                                                                        : stated;
}

/* ---- without transactions ---- */

/* The one gateway; several are joined ("gift_card+shopify_payments"), for which of them paid how
 * much is not said. NULL: none. */
static const char *gateway_of(struct shopify_import *o, char text[static 200])
{
    const struct import_at names = import_field(o->order, "payment_gateway_names");
    const size_t count = import_count(o->r, &names);
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < count && used < 200; i++) {
        const struct import_at name = import_item(&names, i);
        if (json_is_string(name.json))
            used += (size_t)snprintf(text + used, 200 - used, "%s%s", used > 0 ? "+" : "",
                                     json_string_value(name.json));
        else
            import_complain(o->r, &name, "is not a gateway's name; export the order again");
    }
    if (used >= 200)
        import_complain(o->r, &names, "are too long together; add the order's transactions");
    return count > 0 && text[0] != '\0' ? text : import_text(o->r, o->order, "gateway");
}

/* By financial_status, in the event's words; what is paid of an order of that status. */
static const struct status {
    const char *name, *event;
    enum shopify_tender_state state;
} statuses[] = {
    {"pending", "pending", SHOPIFY_PENDING},
    {"authorized", "authorized", SHOPIFY_AUTHORIZED},
    {"partially_paid", "partially_paid", SHOPIFY_CAPTURED},
    {"paid", "paid", SHOPIFY_CAPTURED},
    {"partially_refunded", "partially_refunded", SHOPIFY_CAPTURED},
    {"refunded", "refunded", SHOPIFY_CAPTURED},
    {"voided", "voided", SHOPIFY_NO_TENDER},
    {"expired", "unknown", SHOPIFY_NO_TENDER},
};

static const struct status *status_read(struct shopify_import *o)
{
    static const struct status none = {"", "unknown", SHOPIFY_NO_TENDER};
    char shown[64];
    const struct import_at at = import_field(o->order, "financial_status");
    const char *name = import_text(o->r, o->order, "financial_status");
    for (size_t i = 0; name != NULL && i < sizeof statuses / sizeof *statuses; i++)
        if (strcmp(statuses[i].name, name) == 0)
            return &statuses[i];
    if (name != NULL)
        import_complain(o->r, &at,
                        "%s is no status that is known, such as \"paid\"; whether the order is "
                        "paid cannot be told",
                        import_shown(&at, shown));
    return &none;
}

/* What the channel took of an order that is paid: all that it came to before edits took something
 * away, or what it comes to since they added to it. Payouts are taken from it afterwards. */
static struct import_money taken(struct shopify_import *o)
{
    struct import_money before = {0};
    if (!o->edits.any_edit ||
        !shopify_money(o->r, o->order, "total_price_set", "total_price", SHOPIFY_POSITIVE, &before))
        return o->total;
    before = import_subtract(o->r, import_add(o->r, before, o->rounding), shopify_sent_total(o));
    return before.shop > o->total.shop ? before : o->total;
}

static void tell_from_status(struct shopify_import *o, const struct status *status,
                             char text[static 200], struct shopify_tender_list *list)
{
    const struct import_at nowhere = {.up = o->order, .name = "transactions"},
                           outstanding = import_field(o->order, "total_outstanding");
    struct import_money rest = {0};
    struct shopify_tender *t = &list->items[0];
    if (o->exchange != NULL) {
        shopify_exchange_from_status(o, status->state, gateway_of(o, text), list);
        return;
    }
    const bool is_stated = outstanding_stated(o, &rest);
    if (strcmp(status->name, "partially_paid") == 0 && !is_stated) {
        import_complain(
            o->r, &outstanding,
            "does not tell what is paid of an order that is partially_paid; add its transactions");
        return;
    }
    *t = (struct shopify_tender){
        .at = nowhere, .state = status->state, .gateway = gateway_of(o, text), .amount = o->total};
    if (status->state == SHOPIFY_CAPTURED)
        t->amount = import_subtract(o->r, taken(o), rest);
    const bool is_there = status->state != SHOPIFY_NO_TENDER && t->amount.shop > 0 &&
                          (status->state == SHOPIFY_CAPTURED || t->gateway != NULL);
    list->count = is_there ? 1 : 0;
}

/* ---- all of it ---- */

/* Cash was rounded, and no transaction says so: Shopify applies it to the cash that was
 * received. */
static void round_cash(struct shopify_import *o, struct shopify_tender_list *list)
{
    for (size_t i = 0; i < list->count && !list->any_rounding; i++) {
        struct shopify_tender *t = &list->items[i];
        if (t->state != SHOPIFY_CAPTURED || t->gateway == NULL || strcmp(t->gateway, "cash") != 0)
            continue;
        t->amount = import_add(o->r, t->amount, o->rounding);
        return;
    }
}

static void put_tender(struct shopify_import *o, const struct shopify_tender *t)
{
    if (t->state == SHOPIFY_NO_TENDER || import_is_zero(t->amount))
        return;
    if (t->amount.shop < 0 || t->amount.presentment < 0)
        import_complain(o->r, t->at.json != NULL ? &t->at : o->order,
                        "comes to less than nothing after its change; export it again");
    import_append(o->r, json_object_get(o->event, "tenders"), shopify_tender_json(o, t));
}

/* Of an exchange: the order's says nothing of it once all is paid. */
static const char *status_of(const struct shopify_import *o, const struct status *status,
                             const json_t *totals)
{
    const struct import_money rest = import_money_of(json_object_get(totals, "outstanding"));
    return o->exchange != NULL && rest.shop == 0 ? "paid" : status->event;
}

void shopify_tenders(struct shopify_import *o, json_t *totals)
{
    const struct import_at transactions = import_field(o->order, "transactions");
    const size_t count = import_count(o->r, &transactions);
    const struct status *status = status_read(o);
    struct shopify_tender_list list = {.items = calloc(count + 2, sizeof *list.items)};
    char gateway[200];
    if (list.items == NULL) {
        o->r->no_memory = true;
        return;
    }
    if (o->edits.took_all) {
        list.count = 0; /* all of it is back */
    } else if (count > 0) {
        shopify_transactions_read(o, &transactions, count, &list);
        for (size_t i = 0; i < list.count; i++)
            shopify_fill_other_side(o, &list.items[i]);
        round_cash(o, &list);
        if (o->exchange == NULL)
            shopify_payouts_take(o, &list);
        shopify_exchange_tenders(o, &list);
    } else {
        tell_from_status(o, status, gateway, &list);
        shopify_payouts_take(o, &list);
    }
    import_put(o->r, totals, "outstanding", import_money_json(o->r, outstanding_of(o, &list)));
    for (size_t i = 0; i < list.count; i++)
        put_tender(o, &list.items[i]);
    import_put(o->r, o->event, "payment_status", json_string(status_of(o, status, totals)));
    free(list.items);
}
