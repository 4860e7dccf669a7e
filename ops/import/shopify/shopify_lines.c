/* Lines of goods; tips, gift wrap and duties among them become charges. */
#include "shopify_parts.h"

#include <string.h>

struct line {
    const struct shopify_at *at;
    char id[64];
    int64_t quantity, kept;
    struct shopify_money price;
    json_t *discounts, *taxes; /* owned until handed on */
    struct shopify_left left;
    /* told as after the edit, for shares of the whole would miss what Shopify states */
    bool as_it_stands;
};

/* "tip_payment_gateway" is on tips only, there also when it is null. */
static bool is_tip(const struct line *l)
{
    return json_object_get(l->at->json, "tip_payment_gateway") != NULL ||
           json_object_get(l->at->json, "tip_payment_method") != NULL;
}

static bool is_gift_wrap(struct shopify_import *o, const struct line *l)
{
    const char *sku = shopify_text(o->r, l->at, "sku");
    return o->options->gift_wrap_sku != NULL && sku != NULL &&
           strcmp(sku, o->options->gift_wrap_sku) == 0;
}

static const char *title_of(struct shopify_import *o, const struct line *l)
{
    const char *title = shopify_text(o->r, l->at, "title");
    return title != NULL ? title : shopify_text(o->r, l->at, "name");
}

/* Cuts discounts and taxes down to what an edit left. */
static void cut_down(struct shopify_import *o, struct line *l)
{
    shopify_left_apply(o, l->discounts, l->kept, l->quantity, l->left.discount);
    shopify_left_apply(o, l->taxes, l->kept, l->quantity, l->left.tax);
}

/* A line that is no goods; what an edit left of it is charged. */
static void to_charge(struct shopify_import *o, struct line *l, const char *kind)
{
    if (l->kept == 0) {
        json_decref(l->discounts);
        json_decref(l->taxes);
        return;
    }
    if (l->kept < l->quantity)
        cut_down(o, l);
    shopify_charge(o, kind, NULL, title_of(o, l), l->id, shopify_times(o->r, l->price, l->kept),
                   l->discounts, l->taxes);
    o->discounts = shopify_add(o->r, o->discounts, l->left.discount);
    o->taxes = shopify_add(o->r, o->taxes, l->left.tax);
}

static void put_location(struct shopify_import *o, const struct line *l, json_t *line)
{
    const json_t *location = json_object_get(o->locations, l->id);
    if (json_is_string(location))
        shopify_put_text(o, line, "location_id", json_string_value(location));
}

static void to_line(struct shopify_import *o, struct line *l)
{
    const struct shopify_at properties = shopify_field(l->at, "properties");
    const char *title = title_of(o, l);
    json_t *line = json_object();
    if (l->as_it_stands)
        cut_down(o, l);
    shopify_put_text(o, line, "line_id", l->id);
    shopify_copy_id(o, l->at, "sales_line_item_group_id", line, "parent_line_id");
    shopify_copy_text(o, l->at, "sku", line, "sku");
    shopify_copy_id(o, l->at, "product_id", line, "product_id");
    shopify_copy_id(o, l->at, "variant_id", line, "variant_id");
    shopify_put(o, line, "title", json_string(title != NULL ? title : ""));
    shopify_copy_text(o, l->at, "variant_title", line, "variant_title");
    shopify_put(o, line, "quantity", json_integer(l->as_it_stands ? l->kept : l->quantity));
    if (l->kept < l->quantity && !l->as_it_stands)
        shopify_put(o, line, "current_quantity", json_integer(l->kept));
    shopify_put(o, line, "unit_price", shopify_money_json(o->r, l->price));
    shopify_put(o, line, "discounts", l->discounts);
    shopify_put(o, line, "tax_lines", l->taxes);
    shopify_put(o, line, "taxable", json_boolean(shopify_flag(o->r, l->at, "taxable", true)));
    shopify_put(o, line, "gift_card", json_boolean(shopify_flag(o->r, l->at, "gift_card", false)));
    shopify_put(o, line, "requires_shipping",
                json_boolean(shopify_flag(o->r, l->at, "requires_shipping", true)));
    put_location(o, l, line);
    shopify_properties(o, &properties, line, false);
    shopify_append(o, json_object_get(o->event, "lines"), line);
    if (l->kept == 0)
        return;
    o->discounts = shopify_add(o->r, o->discounts, l->left.discount);
    o->taxes = shopify_add(o->r, o->taxes, l->left.tax);
}

/* Duties of the whole line, each by the code of its goods. */
static void duties(struct shopify_import *o, const struct line *l)
{
    const struct shopify_at list = shopify_field(l->at, "duties");
    const size_t count = shopify_count(o->r, &list);
    for (size_t i = 0; i < count && l->kept > 0; i++) {
        const struct shopify_at duty = shopify_item(&list, i);
        struct shopify_money amount, tax;
        if (!shopify_money_set(o->r, &duty, SHOPIFY_POSITIVE, &amount))
            continue;
        json_t *taxes = shopify_taxes(o, &duty, &tax);
        tax = shopify_share(o->r, tax, l->kept, l->quantity);
        if (l->kept < l->quantity)
            shopify_left_apply(o, taxes, l->kept, l->quantity, tax);
        o->taxes = shopify_add(o->r, o->taxes, tax);
        shopify_charge(o, "duty", shopify_text(o->r, &duty, "harmonized_system_code"), "Duty",
                       l->id, shopify_share(o->r, amount, l->kept, l->quantity), NULL, taxes);
    }
}

static void find_left(struct shopify_import *o, struct line *l)
{
    struct shopify_left *left = &l->left;
    left->discounts = json_array_size(l->discounts);
    left->taxes = json_array_size(l->taxes);
    left->discount = l->kept == 0 ? left->discount
                                  : shopify_share(o->r, left->discount_whole, l->kept, l->quantity);
    left->tax =
        l->kept == 0 ? left->tax : shopify_share(o->r, left->tax_whole, l->kept, l->quantity);
    if (l->kept > 0 && l->kept < l->quantity)
        l->as_it_stands = shopify_left_stated(o, l->id, l->quantity - l->kept, l->price, left);
}

static void line_read(struct shopify_import *o, const struct shopify_at *at)
{
    struct line l = {.at = at};
    if (!json_is_object(at->json)) {
        shopify_complain(o->r, at, "is not a line; export the order again");
        return;
    }
    shopify_need(o->r, at, "id");
    shopify_need(o->r, at, "quantity");
    if (!shopify_id(o->r, at, "id", l.id) || !shopify_units(o->r, at, "quantity", &l.quantity))
        return;
    l.kept = shopify_units_kept(o, at, l.id, l.quantity);
    (void)shopify_money(o->r, at, "price_set", "price", SHOPIFY_POSITIVE | SHOPIFY_NEEDED,
                        &l.price);
    l.discounts = shopify_discounts(o, at, &l.left.discount_whole);
    l.taxes = shopify_taxes(o, at, &l.left.tax_whole);
    find_left(o, &l);
    if (is_tip(&l)) {
        to_charge(o, &l, "tip");
    } else if (is_gift_wrap(o, &l)) {
        to_charge(o, &l, "gift_wrap");
        o->wraps_moved = true;
    } else {
        to_line(o, &l);
    }
    if (!shopify_flag(o->r, o->order, "duties_included", false))
        duties(o, &l);
}

/* ---- where goods were sent from ---- */

static bool is_void(const char *status)
{
    return status != NULL && (strcmp(status, "cancelled") == 0 || strcmp(status, "error") == 0 ||
                              strcmp(status, "failure") == 0);
}

static void fulfilment_read(struct shopify_import *o, const struct shopify_at *fulfilment)
{
    const struct shopify_at lines = shopify_field(fulfilment, "line_items");
    const size_t count = shopify_count(o->r, &lines);
    char location[64], id[64];
    if (is_void(shopify_text(o->r, fulfilment, "status")) ||
        !shopify_id(o->r, fulfilment, "location_id", location))
        return;
    for (size_t i = 0; i < count; i++) {
        const struct shopify_at line = shopify_item(&lines, i);
        if (!shopify_id(o->r, &line, "id", id))
            continue;
        const json_t *before = json_object_get(o->locations, id);
        if (before == NULL)
            shopify_put(o, o->locations, id, json_string(location));
        else if (!json_is_string(before) || strcmp(json_string_value(before), location) != 0)
            shopify_put(o, o->locations, id, json_null()); /* a line of ours has one location: none
                                                              is better than half of the truth */
    }
}

void shopify_lines(struct shopify_import *o)
{
    const struct shopify_at lines = shopify_field(o->order, "line_items"),
                            fulfilments = shopify_field(o->order, "fulfillments");
    shopify_need(o->r, o->order, "line_items");
    o->locations = json_object();
    const size_t fulfilment_count =
        o->options->ignore_fulfilments ? 0 : shopify_count(o->r, &fulfilments);
    for (size_t i = 0; i < fulfilment_count; i++) {
        const struct shopify_at fulfilment = shopify_item(&fulfilments, i);
        fulfilment_read(o, &fulfilment);
    }
    const size_t count = shopify_count(o->r, &lines);
    for (size_t i = 0; i < count; i++) {
        const struct shopify_at line = shopify_item(&lines, i);
        line_read(o, &line);
    }
    json_decref(o->locations);
    o->locations = NULL;
}
