/* Carriage, and the charges that stand with the whole order: tips, duties and fees where no line
 * has them, the rounding of cash. */
#include "shopify_parts.h"

#include <string.h>

/* A shipping line that an edit removed is not there any more; totals before edits contain it. */
static void carriage_removed(struct shopify_import *o, struct import_money price,
                             struct import_money discount, struct import_money tax)
{
    o->edits.shipping_total =
        import_add(o->r, o->edits.shipping_total, import_subtract(o->r, price, discount));
    o->edits.tax = import_add(o->r, o->edits.tax, tax);
    o->edits.any_edit = true;
}

static void carriage_read(struct shopify_import *o, const struct import_at *at)
{
    struct import_money price = {0}, discount, tax;
    const char *title = import_text(o->r, at, "title");
    (void)shopify_money(o->r, at, "price_set", "price", SHOPIFY_POSITIVE | SHOPIFY_NEEDED, &price);
    json_t *line = json_object(), *discounts = shopify_discounts(o, at, &discount),
           *taxes = shopify_taxes(o, at, &tax);
    import_copy_id(o->r, at, "id", line, "line_id");
    import_copy_text(o->r, at, "code", line, "code");
    import_put(o->r, line, "title", json_string(title != NULL ? title : ""));
    import_copy_text(o->r, at, "carrier_identifier", line, "carrier");
    import_put(o->r, line, "price", import_money_json(o->r, price));
    import_put(o->r, line, "discounts", discounts);
    import_put(o->r, line, "tax_lines", taxes);
    if (import_flag(o->r, at, "is_removed", false) && !o->is_cancelled) {
        json_decref(line);
        carriage_removed(o, price, discount, tax);
        return;
    }
    import_append(o->r, json_object_get(o->event, "shipping_lines"), line);
    o->shipping_discounts = import_add(o->r, o->shipping_discounts, discount);
    o->taxes = import_add(o->r, o->taxes, tax);
}

void shopify_carriage(struct shopify_import *o)
{
    const struct import_at lines = import_field(o->order, "shipping_lines");
    const size_t count = import_count(o->r, &lines);
    for (size_t i = 0; i < count; i++) {
        const struct import_at line = import_item(&lines, i);
        carriage_read(o, &line);
    }
}

static bool has_charge(const struct shopify_import *o, const char *kind)
{
    const json_t *charges = json_object_get(o->event, "charges");
    for (size_t i = 0; i < json_array_size(charges); i++)
        if (strcmp(json_string_value(json_object_get(json_array_get(charges, i), "kind")), kind) ==
            0)
            return true;
    return false;
}

/* An amount of the whole order; where lines have said it already it is the sum of theirs and not
 * said again. */
static void of_order(struct shopify_import *o, const char *kind, const char *code,
                     const char *title, const char *set, const char *plain, unsigned rule)
{
    struct import_money amount;
    if (has_charge(o, kind) || !shopify_money(o->r, o->order, set, plain, rule, &amount) ||
        import_is_zero(amount))
        return;
    shopify_charge(o, kind, code, title, NULL, amount, NULL, NULL);
}

void shopify_charges(struct shopify_import *o)
{
    const bool edited =
        o->edits.any_edit && !o->edits.any_refund; /* then "current" means: after edits */
    of_order(o, "tip", NULL, "Tip", "total_tip_received_set", "total_tip_received",
             SHOPIFY_POSITIVE);
    if (!import_flag(o->r, o->order, "duties_included", false))
        of_order(o, "duty", NULL, "Duties",
                 edited ? "current_total_duties_set" : "original_total_duties_set", NULL,
                 SHOPIFY_POSITIVE);
    of_order(o, "other", "additional_fees", "Additional fees",
             edited ? "current_total_additional_fees_set" : "original_total_additional_fees_set",
             NULL, SHOPIFY_POSITIVE);
    if (shopify_money(o->r, o->order, "total_cash_rounding_payment_adjustment_set", NULL,
                      SHOPIFY_SIGNED, &o->rounding) &&
        !import_is_zero(o->rounding))
        shopify_charge(o, "cash_rounding", NULL, "Cash rounding", NULL, o->rounding, NULL, NULL);
}
