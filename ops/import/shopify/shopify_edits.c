/* Which units an edit of the order took away, and which a refund.
 *
 * Shopify writes both into refunds[], and its current_quantity is reduced by both. A refund of ours
 * is an event of its own, which must find the order as it was; an edit changes the order. README.md
 * has the rule and its reason. */
#include "shopify_parts.h"

#include <inttypes.h>
#include <string.h>

/* Shopify says that all money is back, and that no unit is left; carriage and what else was paid back
 * in the same entries is gone with them. Says nothing of what is wrong, either. */
static bool takes_all(const struct shopify_import *o)
{
    const struct import_at refunds = import_field(o->order, "refunds");
    const json_t *lines = json_object_get(o->order->json, "line_items"), *line;
    const char *status = json_string_value(json_object_get(o->order->json, "financial_status"));
    bool all = !o->is_cancelled && json_array_size(refunds.json) > 0 &&
               json_array_size(lines) > 0 && status != NULL &&
               (strcmp(status, "refunded") == 0 || strcmp(status, "voided") == 0);
    size_t i;
    for (i = 0; i < json_array_size(refunds.json) && all; i++) {
        const struct import_at refund = import_item(&refunds, i);
        all = shopify_only_cancels(&refund);
    }
    json_array_foreach(lines, i, line)
    {
        const json_t *current = json_object_get(line, "current_quantity");
        all = all && json_is_integer(current) && json_integer_value(current) == 0;
    }
    return all;
}

static void count_refunded(struct shopify_import *o, const char *id, int64_t units)
{
    const int64_t before =
        json_integer_value(json_object_get(o->edits.refunded, id)); /* 0 when it is not there */
    import_put(o->r, o->edits.refunded, id, json_integer(before + units));
}

/* The amounts of units that edits took of a line, from what is kept of them; nothing when there is
 * none. */
struct shopify_gone shopify_gone_of(const struct shopify_import *o, const char *id)
{
    const json_t *gone = json_object_get(o->edits.edited, id);
    int64_t values[5];
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        values[i] = json_integer_value(json_array_get(gone, i));
    return (struct shopify_gone){
        .units = values[0], .subtotal = {values[1], values[2]}, .tax = {values[3], values[4]}};
}

static void count_edited(struct shopify_import *o, const char *id, int64_t units,
                         struct import_money subtotal, struct import_money tax)
{
    const struct shopify_gone before = shopify_gone_of(o, id);
    subtotal = import_add(o->r, before.subtotal, subtotal);
    tax = import_add(o->r, before.tax, tax);
    import_put(o->r, o->edits.edited, id,
               json_pack("[I, I, I, I, I]", (json_int_t)before.units + units,
                         (json_int_t)subtotal.shop, (json_int_t)subtotal.presentment,
                         (json_int_t)tax.shop, (json_int_t)tax.presentment));
}

static void refund_line(struct shopify_import *o, const struct import_at *item, bool edit)
{
    struct shopify_edits *e = &o->edits;
    struct import_money subtotal = {0}, tax = {0};
    char id[64];
    int64_t units = 0;
    const char *restock = import_text(o->r, item, "restock_type");
    import_need(o->r, item, "line_item_id");
    import_need(o->r, item, "quantity");
    if (!import_id(o->r, item, "line_item_id", id) || !import_units(o->r, item, "quantity", &units))
        return;
    if (!edit || shopify_came_back(restock)) {
        count_refunded(o, id, units);
        e->any_refund = true;
        return;
    }
    if (!shopify_is_own(o, id))
        return; /* of another order of ours */
    (void)shopify_money(o->r, item, "subtotal_set", "subtotal", SHOPIFY_POSITIVE | SHOPIFY_NEEDED,
                        &subtotal);
    (void)shopify_money(o->r, item, "total_tax_set", "total_tax", SHOPIFY_POSITIVE | SHOPIFY_NEEDED,
                        &tax);
    count_edited(o, id, units, subtotal, tax);
    e->subtotal = import_add(o->r, e->subtotal, subtotal);
    e->tax = import_add(o->r, e->tax, tax);
}

void shopify_edits_read(struct shopify_import *o)
{
    o->edits.edited = json_object();
    o->edits.refunded = json_object();
    o->r->no_memory |= o->edits.edited == NULL || o->edits.refunded == NULL;
    o->edits.took_all = takes_all(o);
    const struct import_at refunds = import_field(o->order, "refunds");
    const size_t count = import_count(o->r, &refunds);
    for (size_t i = 0; i < count; i++) {
        const struct import_at refund = import_item(&refunds, i),
                               items = import_field(&refund, "refund_line_items");
        const enum shopify_entry entry = shopify_entry_of(o->r, &refund);
        const bool is_payout = entry == SHOPIFY_PAYOUT;
        const bool is_edit =
            entry == SHOPIFY_EDIT || entry == SHOPIFY_TAKEN_BACK || o->edits.took_all;
        const bool edit = is_edit && !o->is_cancelled;
        const size_t item_count = import_count(o->r, &items);
        if (!json_is_object(refund.json))
            import_complain(o->r, &refund, "is not a refund; export the order again");
        o->edits.any_payout |= is_payout;
        o->edits.any_refund |= !edit && !is_payout; /* what a cancellation takes away is no edit */
        for (size_t k = 0; k < item_count; k++) {
            const struct import_at item = import_item(&items, k);
            refund_line(o, &item, edit);
        }
    }
}

void shopify_edits_release(struct shopify_import *o)
{
    json_decref(o->edits.edited);
    json_decref(o->edits.refunded);
}

int64_t shopify_units_kept(struct shopify_import *o, const struct import_at *line, const char *id,
                           int64_t quantity)
{
    const int64_t refunded = json_integer_value(json_object_get(o->edits.refunded, id));
    int64_t edited = shopify_gone_of(o, id).units, current = 0;
    if (o->is_cancelled)
        return quantity;
    /* Only since the API of 2024-01; it also knows what refunds[] does not show. */
    const bool is_known = import_units(o->r, line, "current_quantity", &current);
    if (is_known)
        edited = quantity - current - refunded;
    if (edited < 0 || edited > quantity - refunded) {
        const struct import_at at = import_field(line, is_known ? "current_quantity" : "quantity");
        const int64_t went = refunded + (is_known ? 0 : edited);
        import_complain(o->r, &at,
                        "does not agree with refunds[], by which %" PRId64 " of %" PRId64
                        " units went; export the order with all its refunds",
                        went, quantity);
        return quantity;
    }
    o->edits.any_edit |= edited > 0;
    return quantity - edited;
}
