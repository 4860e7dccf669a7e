/* The totals that Shopify states, as of after the order's edits and before its refunds. */
#include "shopify_parts.h"

/* "total_*" is before edits and refunds, "current_total_*" after both. After edits alone it is the
 * latter that counts; after both it is the former less what the edits took away. */
enum basis { BASIS_TOTAL, BASIS_CURRENT, BASIS_LESS_EDITS };

static enum basis basis_of(struct shopify_import *o)
{
    if (!o->edits.any_edit)
        return BASIS_TOTAL;
    const bool has_current = import_field(o->order, "current_total_price_set").json != NULL ||
                             import_field(o->order, "current_total_price").json != NULL;
    return !o->edits.any_refund && has_current ? BASIS_CURRENT : BASIS_LESS_EDITS;
}

/* A stated total that need not be there. */
static bool totals_stated(struct shopify_import *o, json_t *totals, const char *name,
                          const char *set, const char *plain, struct import_money *ret_amount)
{
    if (!shopify_money(o->r, o->order, set, plain, SHOPIFY_POSITIVE, ret_amount))
        return false;
    import_put(o->r, totals, name, import_money_json(o->r, *ret_amount));
    return true;
}

static void put_subtotal(struct shopify_import *o, json_t *totals, enum basis basis)
{
    struct import_money subtotal;
    if (o->wraps_moved)
        return; /* Shopify's contains the gift wrap, which is a charge of ours */
    if (basis == BASIS_CURRENT) {
        (void)totals_stated(o, totals, "subtotal", "current_subtotal_price_set",
                            "current_subtotal_price", &subtotal);
    } else if (shopify_money(o->r, o->order, "subtotal_price_set", "subtotal_price",
                             SHOPIFY_POSITIVE, &subtotal)) {
        if (basis == BASIS_LESS_EDITS)
            subtotal = import_subtract(o->r, subtotal, o->edits.subtotal);
        subtotal = import_subtract(o->r, subtotal, o->sent_goods);
        import_put(o->r, totals, "subtotal", import_money_json(o->r, subtotal));
    }
}

/* Some of Shopify's versions count discounts on carriage into the order's discounts, some do not;
 * ours does. A total that fits neither is handed on as it is. */
static void put_discounts(struct shopify_import *o, json_t *totals, enum basis basis)
{
    struct import_money discounts;
    if (basis == BASIS_LESS_EDITS) /* nowhere stated */
        return;
    if (!shopify_money(o->r, o->order,
                       basis == BASIS_CURRENT ? "current_total_discounts_set"
                                              : "total_discounts_set",
                       basis == BASIS_CURRENT ? "current_total_discounts" : "total_discounts",
                       SHOPIFY_POSITIVE, &discounts))
        return;
    discounts = import_subtract(o->r, discounts, o->sent_discounts);
    if (import_same(discounts, o->discounts))
        discounts = import_add(o->r, discounts, o->shipping_discounts);
    import_put(o->r, totals, "discounts", import_money_json(o->r, discounts));
}

static void put_shipping(struct shopify_import *o, json_t *totals, enum basis basis)
{
    struct import_money shipping;
    if (!import_is_zero(
            o->shipping_discounts)) /* stated with or without its discounts, by version */
        return;
    if (basis == BASIS_TOTAL || import_is_zero(o->edits.shipping_total))
        (void)totals_stated(o, totals, "shipping", "total_shipping_price_set", NULL, &shipping);
}

/* Of an exchange: what its lines come to, for Shopify states none of its own. */
static json_t *totals_of_exchange(struct shopify_import *o)
{
    json_t *totals = json_object();
    o->total = o->taxes_included ? o->goods : import_add(o->r, o->goods, o->taxes);
    import_put(o->r, totals, "tax", import_money_json(o->r, o->taxes));
    import_put(o->r, totals, "total", import_money_json(o->r, o->total));
    return totals;
}

/* What was sent in exchange, as Shopify's total has it. */
struct import_money shopify_sent_total(struct shopify_import *o)
{
    return o->taxes_included ? o->sent_goods : import_add(o->r, o->sent_goods, o->sent_taxes);
}

json_t *shopify_totals(struct shopify_import *o)
{
    if (o->exchange != NULL)
        return totals_of_exchange(o);

    const enum basis basis = basis_of(o);
    const bool current = basis == BASIS_CURRENT;
    struct import_money tax = {0}, total = {0};
    json_t *totals = json_object();
    if (o->edits
            .took_all) { /* what Shopify states then still has what was paid back beside units */
        import_put(o->r, totals, "tax", import_money_json(o->r, tax));
        import_put(o->r, totals, "total", import_money_json(o->r, total));
        return totals;
    }
    put_subtotal(o, totals, basis);
    put_discounts(o, totals, basis);
    put_shipping(o, totals, basis);
    const bool has_tax =
        shopify_money(o->r, o->order, current ? "current_total_tax_set" : "total_tax_set",
                      current ? "current_total_tax" : "total_tax", SHOPIFY_POSITIVE, &tax);
    (void)shopify_money(o->r, o->order, current ? "current_total_price_set" : "total_price_set",
                        current ? "current_total_price" : "total_price",
                        SHOPIFY_POSITIVE | SHOPIFY_NEEDED, &total);
    if (basis == BASIS_LESS_EDITS) {
        struct import_money gone = import_add(o->r, o->edits.subtotal, o->edits.shipping_total);
        if (!o->taxes_included)
            gone = import_add(o->r, gone, o->edits.tax);
        if (has_tax)
            tax = import_subtract(o->r, tax, o->edits.tax);
        total = import_subtract(o->r, total, gone);
    }
    if (has_tax)
        tax = import_subtract(o->r, tax, o->sent_taxes);
    total = import_subtract(o->r, total, shopify_sent_total(o));
    o->total =
        import_add(o->r, total, o->rounding); /* Shopify's total is before the rounding of cash */
    if (!has_tax)
        tax = o->taxes; /* null where the lines carry it */
    import_put(o->r, totals, "tax", import_money_json(o->r, tax));
    import_put(o->r, totals, "total", import_money_json(o->r, o->total));
    return totals;
}
