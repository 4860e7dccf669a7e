/* What an edit left of a line's discount and tax, to the minor unit.
 *
 * The event has both for the whole line, and the worker shares them out by units, largest
 * remainder. Where Shopify rounded the other way (one of two units with 3.33 of tax: 1.67 went,
 * 1.66 is left), its own figures of what went decide, and the line is told as it stands. */
#include "shopify_parts.h"

static struct shopify_money amount_read(const json_t *item)
{
    const json_t *amount = json_object_get(item, "amount"),
                 *presentment = json_object_get(amount, "presentment_minor");
    const int64_t shop = json_integer_value(json_object_get(amount, "shop_minor"));
    return (struct shopify_money){shop,
                                  presentment != NULL ? json_integer_value(presentment) : shop};
}

void shopify_left_apply(struct shopify_import *o, json_t *list, int64_t kept, int64_t quantity,
                        struct shopify_money left)
{
    struct shopify_money rest = left;
    json_t *largest = NULL;
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *item = json_array_get(list, i);
        const struct shopify_money share = shopify_share(o->r, amount_read(item), kept, quantity);
        shopify_put(o, item, "amount", shopify_money_json(o->r, share));
        rest = shopify_subtract(o->r, rest, share);
        if (largest == NULL || share.shop > amount_read(largest).shop)
            largest = item;
    }
    if (largest != NULL)
        shopify_put(o, largest, "amount",
                    shopify_money_json(o->r, shopify_add(o->r, amount_read(largest), rest)));
}

/* Apart by rounding alone: at most one minor unit for each of `roundings`. More is no rounding:
 * refunds[] does not have all that went, or something is wrong, which is the worker's to flag. */
static bool is_near(struct shopify_import *o, struct shopify_money a, struct shopify_money b,
                    size_t roundings)
{
    const struct shopify_money apart = shopify_subtract(o->r, a, b);
    const int64_t most = roundings > 0 ? (int64_t)roundings : 1;
    return apart.shop <= most && apart.shop >= -most && apart.presentment <= most &&
           apart.presentment >= -most;
}

bool shopify_left_stated(struct shopify_import *o, const char *id, int64_t went,
                         struct shopify_money price, struct shopify_left *left)
{
    const struct shopify_gone gone = shopify_gone_of(o, id);
    if (gone.units == 0)
        return false;
    const struct shopify_money discount_went =
        shopify_subtract(o->r, shopify_times(o->r, price, went), gone.subtotal);
    const struct shopify_money discount =
        shopify_subtract(o->r, left->discount_whole, discount_went);
    const struct shopify_money tax = shopify_subtract(o->r, left->tax_whole, gone.tax);
    const bool same = shopify_same(discount, left->discount) && shopify_same(tax, left->tax);
    if (same || !is_near(o, discount, left->discount, left->discounts) ||
        !is_near(o, tax, left->tax, left->taxes))
        return false;
    left->discount = discount;
    left->tax = tax;
    return true;
}
