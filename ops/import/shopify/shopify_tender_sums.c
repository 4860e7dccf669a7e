/* Payments' amounts in the other currency, and their sums. */
#include "shopify_tenders.h"

#include "base/money.h"

int64_t shopify_convert(struct shopify_import *o, int64_t amount, int64_t from_total,
                        int64_t to_total, const struct currency *to)
{
    struct money converted = {0, to};
    if (from_total > 0 &&
        money_portion((struct money){amount, to}, to_total, from_total, &converted) < 0)
        import_complain(o->r, o->order,
                        "a payment is too large to convert; correct it or export the order again");
    return converted.minor;
}

void shopify_fill_other_side(struct shopify_import *o, struct shopify_tender *t)
{
    if (o->r->shop == o->r->presentment)
        return;
    if (t->by_presentment)
        t->amount.shop = shopify_convert(o, t->amount.presentment, o->total.presentment,
                                         o->total.shop, o->r->shop);
    else
        t->amount.presentment = shopify_convert(o, t->amount.shop, o->total.shop,
                                                o->total.presentment, o->r->presentment);
}

struct import_money shopify_sum_of(struct shopify_import *o, const struct shopify_tender_list *list,
                                   enum shopify_tender_state state)
{
    struct import_money sum = {0};
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].state == state)
            sum = import_add(o->r, sum, list->items[i].amount);
    return sum;
}

struct import_money shopify_captured(struct shopify_import *o,
                                     const struct shopify_tender_list *list)
{
    return shopify_sum_of(o, list, SHOPIFY_CAPTURED);
}
