/* Discounts, taxes and charges: the parts that lines, carriage and duties have alike. All amounts
 * are for the whole line. */
#include "shopify_parts.h"

#include <string.h>

/* The discount that an allocation belongs to: its code, when the customer typed one, and its
 * name. */
static void application(struct shopify_import *o, const struct import_at *allocation,
                        json_t *discount)
{
    const struct import_at list = import_field(o->order, "discount_applications");
    int64_t index = 0;
    if (!import_units(o->r, allocation, "discount_application_index", &index) ||
        (size_t)index >= import_count(o->r, &list))
        return;
    const struct import_at applied = import_item(&list, (size_t)index);
    const char *title = import_text(o->r, &applied, "title");
    import_copy_text(o->r, &applied, "code", discount, "code");
    import_put_text(o->r, discount, "title",
                    title != NULL ? title : import_text(o->r, &applied, "description"));
}

json_t *shopify_discounts(struct shopify_import *o, const struct import_at *parent,
                          struct import_money *ret_sum)
{
    const struct import_at allocations = import_field(parent, "discount_allocations");
    const size_t count = import_count(o->r, &allocations);
    json_t *list = json_array();
    *ret_sum = (struct import_money){0};
    for (size_t i = 0; i < count; i++) {
        const struct import_at allocation = import_item(&allocations, i);
        struct import_money amount;
        if (!shopify_money(o->r, &allocation, "amount_set", "amount",
                           SHOPIFY_POSITIVE | SHOPIFY_NEEDED, &amount) ||
            import_is_zero(amount))
            continue;
        json_t *discount = json_object();
        application(o, &allocation, discount);
        import_put(o->r, discount, "amount", import_money_json(o->r, amount));
        import_append(o->r, list, discount);
        *ret_sum = import_add(o->r, *ret_sum, amount);
    }
    return list;
}

json_t *shopify_taxes(struct shopify_import *o, const struct import_at *parent,
                      struct import_money *ret_sum)
{
    const struct import_at taxes = import_field(parent, "tax_lines");
    const size_t count = import_count(o->r, &taxes);
    json_t *list = json_array();
    *ret_sum = (struct import_money){0};
    for (size_t i = 0; i < count; i++) {
        const struct import_at tax = import_item(&taxes, i);
        const char *title = import_text(o->r, &tax, "title");
        struct import_money amount = {0};
        int64_t rate_ppm = 0;
        (void)import_rate(o->r, &tax, "rate", &rate_ppm);
        (void)shopify_money(o->r, &tax, "price_set", "price", SHOPIFY_POSITIVE | SHOPIFY_NEEDED,
                            &amount);
        json_t *line = json_object();
        import_put(o->r, line, "title", json_string(title != NULL ? title : ""));
        import_put(o->r, line, "rate_ppm", json_integer(rate_ppm));
        import_put(o->r, line, "amount", import_money_json(o->r, amount));
        if (import_flag(o->r, &tax, "channel_liable", false))
            import_put(o->r, line, "channel_liable", json_true());
        import_append(o->r, list, line);
        *ret_sum = import_add(o->r, *ret_sum, amount);
    }
    return list;
}

void shopify_charge(struct shopify_import *o, const char *kind, const char *code, const char *title,
                    const char *line_id, struct import_money amount, json_t *discounts,
                    json_t *taxes)
{
    json_t *charge = json_object();
    import_put(o->r, charge, "kind", json_string(kind));
    import_put_text(o->r, charge, "code", code);
    import_put(o->r, charge, "title", json_string(title != NULL ? title : ""));
    import_put_text(o->r, charge, "line_id", line_id);
    import_put(o->r, charge, "amount", import_money_json(o->r, amount));
    if (discounts != NULL)
        import_put(o->r, charge, "discounts", discounts);
    if (taxes != NULL)
        import_put(o->r, charge, "tax_lines", taxes);
    import_append(o->r, json_object_get(o->event, "charges"), charge);
}
