/* Discounts, taxes and charges: the parts that lines, carriage and duties have alike. All amounts
 * are for the whole line. */
#include "shopify_parts.h"

#include <string.h>

/* The discount that an allocation belongs to: its code, when the customer typed one, and its
 * name. */
static void application(struct shopify_import *o, const struct shopify_at *allocation,
                        json_t *discount)
{
    const struct shopify_at list = shopify_field(o->order, "discount_applications");
    int64_t index = 0;
    if (!shopify_units(o->r, allocation, "discount_application_index", &index) ||
        (size_t)index >= shopify_count(o->r, &list))
        return;
    const struct shopify_at applied = shopify_item(&list, (size_t)index);
    const char *title = shopify_text(o->r, &applied, "title");
    shopify_copy_text(o, &applied, "code", discount, "code");
    shopify_put_text(o, discount, "title",
                     title != NULL ? title : shopify_text(o->r, &applied, "description"));
}

json_t *shopify_discounts(struct shopify_import *o, const struct shopify_at *parent,
                          struct shopify_money *ret_sum)
{
    const struct shopify_at allocations = shopify_field(parent, "discount_allocations");
    const size_t count = shopify_count(o->r, &allocations);
    json_t *list = json_array();
    *ret_sum = (struct shopify_money){0};
    for (size_t i = 0; i < count; i++) {
        const struct shopify_at allocation = shopify_item(&allocations, i);
        struct shopify_money amount;
        if (!shopify_money(o->r, &allocation, "amount_set", "amount",
                           SHOPIFY_POSITIVE | SHOPIFY_NEEDED, &amount) ||
            shopify_is_zero(amount))
            continue;
        json_t *discount = json_object();
        application(o, &allocation, discount);
        shopify_put(o, discount, "amount", shopify_money_json(o->r, amount));
        shopify_append(o, list, discount);
        *ret_sum = shopify_add(o->r, *ret_sum, amount);
    }
    return list;
}

json_t *shopify_taxes(struct shopify_import *o, const struct shopify_at *parent,
                      struct shopify_money *ret_sum)
{
    const struct shopify_at taxes = shopify_field(parent, "tax_lines");
    const size_t count = shopify_count(o->r, &taxes);
    json_t *list = json_array();
    *ret_sum = (struct shopify_money){0};
    for (size_t i = 0; i < count; i++) {
        const struct shopify_at tax = shopify_item(&taxes, i);
        const char *title = shopify_text(o->r, &tax, "title");
        struct shopify_money amount = {0};
        int64_t rate_ppm = 0;
        (void)shopify_rate(o->r, &tax, "rate", &rate_ppm);
        (void)shopify_money(o->r, &tax, "price_set", "price", SHOPIFY_POSITIVE | SHOPIFY_NEEDED,
                            &amount);
        json_t *line = json_object();
        shopify_put(o, line, "title", json_string(title != NULL ? title : ""));
        shopify_put(o, line, "rate_ppm", json_integer(rate_ppm));
        shopify_put(o, line, "amount", shopify_money_json(o->r, amount));
        if (shopify_flag(o->r, &tax, "channel_liable", false))
            shopify_put(o, line, "channel_liable", json_true());
        shopify_append(o, list, line);
        *ret_sum = shopify_add(o->r, *ret_sum, amount);
    }
    return list;
}

void shopify_charge(struct shopify_import *o, const char *kind, const char *code, const char *title,
                    const char *line_id, struct shopify_money amount, json_t *discounts,
                    json_t *taxes)
{
    json_t *charge = json_object();
    shopify_put(o, charge, "kind", json_string(kind));
    shopify_put_text(o, charge, "code", code);
    shopify_put(o, charge, "title", json_string(title != NULL ? title : ""));
    shopify_put_text(o, charge, "line_id", line_id);
    shopify_put(o, charge, "amount", shopify_money_json(o->r, amount));
    if (discounts != NULL)
        shopify_put(o, charge, "discounts", discounts);
    if (taxes != NULL)
        shopify_put(o, charge, "tax_lines", taxes);
    shopify_append(o, json_object_get(o->event, "charges"), charge);
}
