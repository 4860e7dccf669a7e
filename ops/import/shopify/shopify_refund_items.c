/* The goods of a refund, by the lines of its order; tips and gift wrap among them are charges, and
 * duties are charges of theirs. */
#include "shopify_entries.h"
#include "shopify_line_kind.h"
#include "shopify_refund_parts.h"

#include <string.h>

/* ---- whose goods ---- */

static bool has_id(struct import_reader *r, const struct import_at *line, const char *id)
{
    char of_line[64];
    return import_id(r, line, "id", of_line) && strcmp(of_line, id) == 0;
}

void shopify_refund_line_of(const struct shopify_refunding *f, const struct import_at *item,
                            const char *id, struct import_at *ret_line)
{
    static const struct import_at nobody = {.json = NULL};
    *ret_line = import_field(item, "line_item");
    if (json_object_size(ret_line->json) > 0)
        return;
    *ret_line = nobody;
    for (size_t i = 0; i < json_array_size(f->order_lines.json); i++) {
        const struct import_at line = import_item(&f->order_lines, i);
        if (has_id(f->r, &line, id))
            *ret_line = line;
    }
}

/* ---- one item ---- */

static const char *restock_of(const char *name)
{
    static const char *const rows[][2] = {{"return", "return"},
                                          {"legacy_restock", "return"},
                                          {"cancel", "cancel"},
                                          {"no_restock", "no_restock"}};
    for (size_t i = 0; name != NULL && i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i][0], name) == 0)
            return rows[i][1];
    return "unknown";
}

/* What the units' price comes to, less what is paid back for them: the share of the line's discounts
 * that they take with them. */
static struct import_money discount_of(struct shopify_refunding *f, const struct import_at *line,
                                       int64_t units, struct import_money subtotal)
{
    struct import_money price;
    if (line->json == NULL ||
        !shopify_money(f->r, line, "price_set", "price", SHOPIFY_POSITIVE, &price))
        return (struct import_money){0};
    const struct import_money discount =
        import_subtract(f->r, import_times(f->r, price, units), subtotal);
    return discount.shop > 0 && discount.presentment >= 0 ? discount : (struct import_money){0};
}

static void item_take(struct shopify_refunding *f, const struct import_at *item, const char *id,
                      int64_t units)
{
    char location[64];
    struct import_at goods;
    struct import_refund_line line = {
        .line_id = id,
        .units = units,
        .restock = restock_of(import_text(f->r, item, "restock_type")),
        .location_id = import_id(f->r, item, "location_id", location) ? location : NULL};
    shopify_refund_line_of(f, item, id, &goods);
    (void)shopify_money(f->r, item, "subtotal_set", "subtotal", SHOPIFY_POSITIVE | SHOPIFY_NEEDED,
                        &line.part.amount);
    line.part.has_tax =
        shopify_money(f->r, item, "total_tax_set", "total_tax", SHOPIFY_POSITIVE, &line.part.tax);
    line.discount = discount_of(f, &goods, units, line.part.amount);
    shopify_refund_state(f, &line.part);
    if (shopify_is_tip(&goods))
        import_refund_charge(&f->out, "tip", NULL, id, line.part);
    else if (shopify_is_gift_wrap(f->r, &goods, f->options->gift_wrap_sku))
        import_refund_charge(&f->out, "gift_wrap", NULL, id, line.part);
    else
        import_refund_line(&f->out, item, &line);
}

static void item_read(struct shopify_refunding *f, const struct import_at *item)
{
    const struct import_at goods = import_field(item, "line_item");
    char id[64];
    int64_t units = 0;
    if (!json_is_object(item->json)) {
        import_complain(f->r, item, "is not a refunded line; export the refund again");
        return;
    }
    const bool has_line =
        import_id(f->r, item, "line_item_id", id) || import_id(f->r, &goods, "id", id);
    if (!has_line)
        import_need(f->r, item, "line_item_id");
    import_need(f->r, item, "quantity");
    if (import_units(f->r, item, "quantity", &units) && has_line)
        item_take(f, item, id, units);
}

void shopify_refund_items(struct shopify_refunding *f)
{
    const struct import_at items = import_field(f->refund, "refund_line_items");
    const size_t count = import_count(f->r, &items);
    for (size_t i = 0; i < count; i++) {
        const struct import_at item = import_item(&items, i);
        item_read(f, &item);
    }
}

/* ---- duties ---- */

static bool has_duty(struct shopify_refunding *f, const struct import_at *line, const char *duty)
{
    const struct import_at list = import_field(line, "duties");
    for (size_t i = 0; i < json_array_size(list.json); i++) {
        const struct import_at of_line = import_item(&list, i);
        if (has_id(f->r, &of_line, duty))
            return true;
    }
    return false;
}

/* The line that a duty is on: among the goods that came back, else among the order's. False: nobody
 * says; then it is of whichever there is. */
static bool line_of_duty(struct shopify_refunding *f, const char *duty, char id[static 64])
{
    const struct import_at items = import_field(f->refund, "refund_line_items");
    for (size_t i = 0; i < json_array_size(items.json); i++) {
        const struct import_at item = import_item(&items, i),
                               line = import_field(&item, "line_item");
        if (has_duty(f, &line, duty) && import_id(f->r, &line, "id", id))
            return true;
    }
    for (size_t i = 0; i < json_array_size(f->order_lines.json); i++) {
        const struct import_at line = import_item(&f->order_lines, i);
        if (has_duty(f, &line, duty) && import_id(f->r, &line, "id", id))
            return true;
    }
    return false;
}

static void duty_read(struct shopify_refunding *f, const struct import_at *at)
{
    char duty[64], line[64];
    struct import_part part = {.has_tax = false};
    if (!json_is_object(at->json)) {
        import_complain(f->r, at, "is not a duty; export the refund again");
        return;
    }
    (void)shopify_money(f->r, at, "amount_set", "amount", SHOPIFY_POSITIVE | SHOPIFY_NEEDED,
                        &part.amount);
    const bool has_line = import_id(f->r, at, "duty_id", duty) && line_of_duty(f, duty, line);
    shopify_refund_state(f, &part);
    import_refund_charge(&f->out, "duty", NULL, has_line ? line : NULL, part);
}

/* None where the order's prices contain them: there they are no charge of the order's either. */
void shopify_refund_duties(struct shopify_refunding *f)
{
    const struct import_at field = import_field(f->refund, "duties"),
                           list = shopify_duties_list(&field);
    const size_t count = import_count(f->r, &list);
    struct import_part all = {.has_tax = false};
    if (import_flag(f->r, f->order, "duties_included", false))
        return;
    for (size_t i = 0; i < count; i++) {
        const struct import_at duty = import_item(&list, i);
        duty_read(f, &duty);
    }
    if (count > 0 ||
        !shopify_money(f->r, f->refund, "total_duties_set", NULL, SHOPIFY_POSITIVE, &all.amount))
        return;
    shopify_refund_state(f, &all);
    import_refund_charge(&f->out, "duty", NULL, NULL, all);
}
