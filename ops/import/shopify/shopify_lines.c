/* Lines of goods; tips, gift wrap and duties among them become charges. */
#include "shopify_line_kind.h"
#include "shopify_parts.h"

#include <string.h>

struct line {
    const struct import_at *at;
    char id[64];
    int64_t quantity, kept;
    struct import_money price;
    json_t *discounts, *taxes; /* owned until handed on */
    struct shopify_left left;
    /* told as after the edit, for shares of the whole would miss what Shopify states */
    bool as_it_stands;
};

/* "tip_payment_gateway" is on tips only, there also when it is null. */
bool shopify_is_tip(const struct import_at *line)
{
    return json_object_get(line->json, "tip_payment_gateway") != NULL ||
           json_object_get(line->json, "tip_payment_method") != NULL;
}

bool shopify_is_gift_wrap(struct import_reader *r, const struct import_at *line, const char *sku)
{
    const char *of_line = import_text(r, line, "sku");
    return sku != NULL && of_line != NULL && strcmp(of_line, sku) == 0;
}

static const char *title_of(struct shopify_import *o, const struct line *l)
{
    const char *title = import_text(o->r, l->at, "title");
    return title != NULL ? title : import_text(o->r, l->at, "name");
}

/* What an edit left of the line, less its discounts. */
static void add_goods(struct shopify_import *o, const struct line *l)
{
    o->goods = import_add(o->r, o->goods, import_times(o->r, l->price, l->kept));
    o->goods = import_subtract(o->r, o->goods, l->left.discount);
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
    shopify_charge(o, kind, NULL, title_of(o, l), l->id, import_times(o->r, l->price, l->kept),
                   l->discounts, l->taxes);
    add_goods(o, l);
    o->discounts = import_add(o->r, o->discounts, l->left.discount);
    o->taxes = import_add(o->r, o->taxes, l->left.tax);
}

static void put_location(struct shopify_import *o, const struct line *l, json_t *line)
{
    const json_t *location = json_object_get(o->locations, l->id);
    if (json_is_string(location))
        import_put_text(o->r, line, "location_id", json_string_value(location));
}

static void to_line(struct shopify_import *o, struct line *l)
{
    const struct import_at properties = import_field(l->at, "properties");
    const char *title = title_of(o, l);
    json_t *line = json_object();
    if (l->as_it_stands)
        cut_down(o, l);
    import_put_text(o->r, line, "line_id", l->id);
    import_copy_id(o->r, l->at, "sales_line_item_group_id", line, "parent_line_id");
    import_copy_text(o->r, l->at, "sku", line, "sku");
    import_copy_id(o->r, l->at, "product_id", line, "product_id");
    import_copy_id(o->r, l->at, "variant_id", line, "variant_id");
    import_put(o->r, line, "title", json_string(title != NULL ? title : ""));
    import_copy_text(o->r, l->at, "variant_title", line, "variant_title");
    import_put(o->r, line, "quantity", json_integer(l->as_it_stands ? l->kept : l->quantity));
    if (l->kept < l->quantity && !l->as_it_stands)
        import_put(o->r, line, "current_quantity", json_integer(l->kept));
    import_put(o->r, line, "unit_price", import_money_json(o->r, l->price));
    import_put(o->r, line, "discounts", l->discounts);
    import_put(o->r, line, "tax_lines", l->taxes);
    import_put(o->r, line, "taxable", json_boolean(import_flag(o->r, l->at, "taxable", true)));
    import_put(o->r, line, "gift_card", json_boolean(import_flag(o->r, l->at, "gift_card", false)));
    import_put(o->r, line, "requires_shipping",
               json_boolean(import_flag(o->r, l->at, "requires_shipping", true)));
    put_location(o, l, line);
    shopify_properties(o, &properties, line, false);
    import_append(o->r, json_object_get(o->event, "lines"), line);
    if (l->kept == 0)
        return;
    add_goods(o, l);
    o->discounts = import_add(o->r, o->discounts, l->left.discount);
    o->taxes = import_add(o->r, o->taxes, l->left.tax);
}

/* Duties of the whole line, each by the code of its goods. */
static void duties(struct shopify_import *o, const struct line *l)
{
    const struct import_at list = import_field(l->at, "duties");
    const size_t count = import_count(o->r, &list);
    for (size_t i = 0; i < count && l->kept > 0; i++) {
        const struct import_at duty = import_item(&list, i);
        struct import_money amount, tax;
        if (!shopify_money_set(o->r, &duty, SHOPIFY_POSITIVE, &amount))
            continue;
        json_t *taxes = shopify_taxes(o, &duty, &tax);
        tax = import_share(o->r, tax, l->kept, l->quantity);
        if (l->kept < l->quantity)
            shopify_left_apply(o, taxes, l->kept, l->quantity, tax);
        o->taxes = import_add(o->r, o->taxes, tax);
        shopify_charge(o, "duty", import_text(o->r, &duty, "harmonized_system_code"), "Duty", l->id,
                       import_share(o->r, amount, l->kept, l->quantity), NULL, taxes);
    }
}

static void find_left(struct shopify_import *o, struct line *l)
{
    struct shopify_left *left = &l->left;
    left->discounts = json_array_size(l->discounts);
    left->taxes = json_array_size(l->taxes);
    left->discount = l->kept == 0 ? left->discount
                                  : import_share(o->r, left->discount_whole, l->kept, l->quantity);
    left->tax =
        l->kept == 0 ? left->tax : import_share(o->r, left->tax_whole, l->kept, l->quantity);
    if (l->kept > 0 && l->kept < l->quantity)
        l->as_it_stands = shopify_left_stated(o, l->id, l->quantity - l->kept, l->price, left);
}

/* Sent in exchange: the whole line is another order's, and Shopify's totals contain it. */
static void leave_out(struct shopify_import *o, struct line *l)
{
    const struct import_money goods =
        import_subtract(o->r, import_times(o->r, l->price, l->quantity), l->left.discount_whole);
    o->sent_goods = import_add(o->r, o->sent_goods, goods);
    o->sent_discounts = import_add(o->r, o->sent_discounts, l->left.discount_whole);
    o->sent_taxes = import_add(o->r, o->sent_taxes, l->left.tax_whole);
    json_decref(l->discounts);
    json_decref(l->taxes);
}

static void line_read(struct shopify_import *o, const struct import_at *at)
{
    struct line l = {.at = at};
    if (!json_is_object(at->json)) {
        import_complain(o->r, at, "is not a line; export the order again");
        return;
    }
    import_need(o->r, at, "id");
    import_need(o->r, at, "quantity");
    if (!import_id(o->r, at, "id", l.id) || !import_units(o->r, at, "quantity", &l.quantity))
        return;
    const bool is_own = shopify_is_own(o, l.id);
    if (!is_own && o->exchange != NULL)
        return;
    l.kept = is_own ? shopify_units_kept(o, at, l.id, l.quantity) : l.quantity;
    (void)shopify_money(o->r, at, "price_set", "price", SHOPIFY_POSITIVE | SHOPIFY_NEEDED,
                        &l.price);
    l.discounts = shopify_discounts(o, at, &l.left.discount_whole);
    l.taxes = shopify_taxes(o, at, &l.left.tax_whole);
    if (!is_own) {
        leave_out(o, &l);
        return;
    }
    find_left(o, &l);
    if (shopify_is_tip(l.at)) {
        to_charge(o, &l, "tip");
    } else if (shopify_is_gift_wrap(o->r, l.at, o->options->gift_wrap_sku)) {
        to_charge(o, &l, "gift_wrap");
        o->wraps_moved = true;
    } else {
        to_line(o, &l);
    }
    if (!import_flag(o->r, o->order, "duties_included", false))
        duties(o, &l);
}

/* ---- where goods were sent from ---- */

static bool is_void(const char *status)
{
    return status != NULL && (strcmp(status, "cancelled") == 0 || strcmp(status, "error") == 0 ||
                              strcmp(status, "failure") == 0);
}

static void fulfilment_read(struct shopify_import *o, const struct import_at *fulfilment)
{
    const struct import_at lines = import_field(fulfilment, "line_items");
    const size_t count = import_count(o->r, &lines);
    char location[64], id[64];
    if (is_void(import_text(o->r, fulfilment, "status")) ||
        !import_id(o->r, fulfilment, "location_id", location))
        return;
    for (size_t i = 0; i < count; i++) {
        const struct import_at line = import_item(&lines, i);
        if (!import_id(o->r, &line, "id", id))
            continue;
        const json_t *before = json_object_get(o->locations, id);
        if (before == NULL)
            import_put(o->r, o->locations, id, json_string(location));
        else if (!json_is_string(before) || strcmp(json_string_value(before), location) != 0)
            import_put(o->r, o->locations, id,
                       json_null()); /* a line of ours has one location: none
                                                              is better than half of the truth */
    }
}

void shopify_lines(struct shopify_import *o)
{
    const struct import_at lines = import_field(o->order, "line_items"),
                           fulfilments = import_field(o->order, "fulfillments");
    import_need(o->r, o->order, "line_items");
    o->locations = json_object();
    const size_t fulfilment_count =
        o->options->ignore_fulfilments ? 0 : import_count(o->r, &fulfilments);
    for (size_t i = 0; i < fulfilment_count; i++) {
        const struct import_at fulfilment = import_item(&fulfilments, i);
        fulfilment_read(o, &fulfilment);
    }
    const size_t count = import_count(o->r, &lines);
    for (size_t i = 0; i < count; i++) {
        const struct import_at line = import_item(&lines, i);
        line_read(o, &line);
    }
    const struct import_at told = {.json = o->exchange != NULL ? o->exchange->inline_lines : NULL,
                                   .up = o->exchange != NULL ? o->exchange->refund : NULL,
                                   .name = "exchange_line_items"};
    for (size_t i = 0; i < json_array_size(told.json); i++) {
        const struct import_at line = import_item(&told, i);
        line_read(o, &line);
    }
    json_decref(o->locations);
    o->locations = NULL;
}
