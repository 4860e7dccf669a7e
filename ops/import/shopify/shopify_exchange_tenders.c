/* Who paid for what was sent in exchange.
 *
 * What came back pays for it as far as it goes: a payment by exchange, of what was set off. What it cost
 * beyond that the customer paid later than anything else of the order, so that it is the end of what was
 * captured, beyond what the first order comes to; with several exchanges the last one's is the very end.
 * Nobody tells more exactly. */
#include "shopify_tenders.h"

#include "domain/keys/exchange.h"

/* Takes as much of a payment as is still to be taken; the other currency's side goes with it. */
static struct import_money piece_of(struct shopify_import *o, const struct shopify_tender *t,
                                    struct import_money rest)
{
    if (t->amount.shop <= rest.shop)
        return t->amount;
    return (struct import_money){rest.shop,
                                 o->r->shop == o->r->presentment
                                     ? rest.shop
                                     : shopify_convert(o, rest.shop, t->amount.shop,
                                                       t->amount.presentment, o->r->presentment)};
}

/* From the end of what was captured; what is taken is put into `ret_taken`, or nowhere (NULL). */
static void take_from_end(struct shopify_import *o, struct shopify_tender_list *list,
                          struct import_money rest, struct shopify_tender_list *ret_taken)
{
    for (size_t i = list->count; i > 0 && rest.shop > 0; i--) {
        struct shopify_tender *t = &list->items[i - 1];
        if (t->state != SHOPIFY_CAPTURED || t->amount.shop <= 0)
            continue;
        const struct import_money piece = piece_of(o, t, rest);
        if (ret_taken != NULL) {
            ret_taken->items[ret_taken->count] = *t;
            ret_taken->items[ret_taken->count++].amount = piece;
        }
        t->amount = import_subtract(o->r, t->amount, piece);
        rest = import_subtract(o->r, rest, piece);
    }
}

static struct import_money extra_of(struct shopify_import *o, const struct shopify_exchange *e)
{
    return import_subtract(o->r, e->sent, e->set_off);
}

/* What of an exchange's extra was paid: what was captured beyond the first order's own total, the first
 * exchange's first. */
static struct import_money paid_of(struct shopify_import *o, const struct shopify_exchange *e,
                                   struct import_money beyond)
{
    const struct shopify_exchange *one = o->exchanges->items;
    for (; one != e; one++)
        beyond = import_subtract(o->r, beyond, extra_of(o, one));
    const struct import_money extra = extra_of(o, e);
    return beyond.shop < extra.shop ? beyond : extra;
}

static void add_set_off(struct shopify_import *o, struct shopify_tender_list *list)
{
    const struct import_at nowhere = {.up = o->order, .name = "refunds"};
    list->items[list->count++] = (struct shopify_tender){.at = nowhere,
                                                         .state = SHOPIFY_CAPTURED,
                                                         .is_done = true,
                                                         .gateway = EXCHANGE_GATEWAY,
                                                         .amount = o->exchange->set_off,
                                                         .voucher = o->exchange->refund_id};
}

void shopify_exchange_tenders(struct shopify_import *o, struct shopify_tender_list *list)
{
    const struct shopify_exchanges *e = o->exchanges;
    const struct import_money first = o->exchange != NULL ? e->first_total : o->total,
                              beyond = import_subtract(o->r, shopify_captured(o, list), first);
    struct shopify_tender_list own = {.items = calloc(list->count + 1, sizeof *own.items)};
    o->r->no_memory |= own.items == NULL;
    for (size_t i = e->count; i > 0 && own.items != NULL; i--) {
        const bool is_own = &e->items[i - 1] == o->exchange;
        take_from_end(o, list, paid_of(o, &e->items[i - 1], beyond), is_own ? &own : NULL);
    }
    if (o->exchange != NULL && own.items != NULL) {
        for (size_t i = 0; i < own.count; i++)
            list->items[i] = own.items[i];
        list->count = own.count;
        add_set_off(o, list);
    }
    free(own.items);
}

void shopify_exchange_from_status(struct shopify_import *o, enum shopify_tender_state state,
                                  const char *gateway, struct shopify_tender_list *list)
{
    const struct import_at nowhere = {.up = o->order, .name = "transactions"};
    const struct import_money extra = extra_of(o, o->exchange);
    if (extra.shop > 0 && state != SHOPIFY_NO_TENDER &&
        (state == SHOPIFY_CAPTURED || gateway != NULL))
        list->items[list->count++] = (struct shopify_tender){
            .at = nowhere, .state = state, .gateway = gateway, .amount = extra};
    add_set_off(o, list);
}
