/* What an edit left of a line's discount and tax, to the minor unit.
 *
 * The event has both for the whole line, and the worker shares them out by units, largest
 * remainder. Where Shopify rounded the other way (one of two units with 3.33 of tax: 1.67 went,
 * 1.66 is left), its own figures of what went decide, and the line is told as it stands. */
#include "shopify_parts.h"

static struct import_money amount_read(const json_t *item)
{
    return import_money_of(json_object_get(item, "amount"));
}

void shopify_left_apply(struct shopify_import *o, json_t *list, int64_t kept, int64_t quantity,
                        struct import_money left)
{
    struct import_money rest = left;
    json_t *largest = NULL;
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *item = json_array_get(list, i);
        const struct import_money share = import_share(o->r, amount_read(item), kept, quantity);
        import_put(o->r, item, "amount", import_money_json(o->r, share));
        rest = import_subtract(o->r, rest, share);
        if (largest == NULL || share.shop > amount_read(largest).shop)
            largest = item;
    }
    if (largest != NULL)
        import_put(o->r, largest, "amount",
                   import_money_json(o->r, import_add(o->r, amount_read(largest), rest)));
}

/* Apart by rounding alone: at most one minor unit for each of `roundings`. More is no rounding:
 * refunds[] does not have all that went, or something is wrong, which is the worker's to flag. */
static bool is_near(struct shopify_import *o, struct import_money a, struct import_money b,
                    size_t roundings)
{
    const struct import_money apart = import_subtract(o->r, a, b);
    const int64_t most = roundings > 0 ? (int64_t)roundings : 1;
    return apart.shop <= most && apart.shop >= -most && apart.presentment <= most &&
           apart.presentment >= -most;
}

bool shopify_left_stated(struct shopify_import *o, const char *id, int64_t went,
                         struct import_money price, struct shopify_left *left)
{
    const struct shopify_gone gone = shopify_gone_of(o, id);
    if (gone.units == 0)
        return false;
    const struct import_money discount_went =
        import_subtract(o->r, import_times(o->r, price, went), gone.subtotal);
    const struct import_money discount = import_subtract(o->r, left->discount_whole, discount_went);
    const struct import_money tax = import_subtract(o->r, left->tax_whole, gone.tax);
    const bool same = import_same(discount, left->discount) && import_same(tax, left->tax);
    if (same || !is_near(o, discount, left->discount, left->discounts) ||
        !is_near(o, tax, left->tax, left->taxes))
        return false;
    left->discount = discount;
    left->tax = tax;
    return true;
}
