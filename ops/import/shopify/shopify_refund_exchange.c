/* What was sent in exchange for what came back.
 *
 * REST alone does not tell it. Where an export adds it, as exchange_line_items of the return, the
 * goods that came back pay for those that were sent as far as either reaches; what is left went back
 * as money, or was paid. */
#include "shopify_refund_parts.h"

static struct import_at sent_list(const struct shopify_refunding *f, struct import_at *returned)
{
    *returned = import_field(f->refund, "return");
    return import_field(returned, "exchange_line_items");
}

/* What a line comes to, tax contained: as it is stated, else its units' price. */
static bool sent_amount(struct shopify_refunding *f, const struct import_at *at, bool included,
                        struct import_money *ret_amount)
{
    struct import_money amount = {0}, tax = {0};
    if (!shopify_money(f->r, at, "subtotal_set", "subtotal", SHOPIFY_POSITIVE | SHOPIFY_NEEDED,
                       &amount))
        return false;
    if (!included && shopify_money(f->r, at, "total_tax_set", "total_tax",
                                   SHOPIFY_POSITIVE | SHOPIFY_NEEDED, &tax))
        amount = import_add(f->r, amount, tax);
    *ret_amount = amount;
    return true;
}

static struct import_money sent_read(struct shopify_refunding *f, const struct import_at *at,
                                     bool included)
{
    const struct import_at goods = import_field(at, "line_item");
    struct import_money amount = {0};
    int64_t units = 0;
    char id[64];
    if (!json_is_object(at->json)) {
        import_complain(f->r, at, "is not a line that was sent; export the refund again");
        return amount;
    }
    const bool has_line =
        import_id(f->r, at, "line_item_id", id) || import_id(f->r, &goods, "id", id);
    if (!has_line)
        import_need(f->r, at, "line_item_id");
    import_need(f->r, at, "quantity");
    if (!import_units(f->r, at, "quantity", &units) || !sent_amount(f, at, included, &amount) ||
        !has_line)
        return amount;
    json_t *line = json_object();
    import_put_text(f->r, line, "line_id", id);
    import_put(f->r, line, "quantity", json_integer(units));
    import_put(f->r, line, "amount", import_money_json(f->r, amount));
    import_append(f->r, json_object_get(f->out.event, "sent"), line);
    return amount;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

void shopify_refund_exchange(struct shopify_refunding *f)
{
    struct import_at returned;
    const struct import_at list = sent_list(f, &returned);
    const size_t count = import_count(f->r, &list);
    struct import_money sent = {0};
    if (count == 0)
        return;
    if (import_field(f->order, "taxes_included").json == NULL) {
        import_complain(f->r, &list,
                        "are goods sent in exchange: whether prices contain tax, only the order "
                        "tells; import the whole order");
        return;
    }
    const bool included = import_flag(f->r, f->order, "taxes_included", false);
    for (size_t i = 0; i < count; i++) {
        const struct import_at line = import_item(&list, i);
        sent = import_add(f->r, sent, sent_read(f, &line, included));
    }
    const struct import_money back = import_refund_sum(&f->out, included);
    const struct import_money set_off = {least(sent.shop, back.shop),
                                         least(sent.presentment, back.presentment)};
    import_put(f->r, f->out.event, "set_off", import_money_json(f->r, set_off));
}
