/* Which units an edit of the order took away, and which a refund.
 *
 * Shopify writes both into refunds[], and its current_quantity is reduced by both. A refund of ours
 * is an event of its own, which must find the order as it was; an edit changes the order. README.md
 * has the rule and its reason. */
#include "shopify_parts.h"

#include <inttypes.h>
#include <string.h>

static bool has_items(struct shopify_import *o, const struct shopify_at *refund, const char *name)
{
    const struct shopify_at list = shopify_field(refund, name);
    return shopify_count(o->r, &list) > 0;
}

/* Neither goods came back, nor carriage or duties, nor was anything adjusted. */
static bool is_bare(struct shopify_import *o, const struct shopify_at *refund)
{
    return !has_items(o, refund, "order_adjustments") &&
           !has_items(o, refund, "refund_shipping_lines") && !has_items(o, refund, "duties") &&
           shopify_field(refund, "return").json == NULL;
}

bool shopify_is_payout(struct shopify_import *o, const struct shopify_at *refund)
{
    return is_bare(o, refund) && has_items(o, refund, "transactions") &&
           !has_items(o, refund, "refund_line_items");
}

/* Only units that were taken back before anything left; what else is paid back with them is told in
 * the same entry. Says nothing of what is wrong: whoever reads the entry does. */
static bool only_cancels(const struct shopify_at *refund)
{
    const json_t *items = json_object_get(refund->json, "refund_line_items"), *item;
    size_t i;
    if (shopify_field(refund, "return").json != NULL)
        return false;
    json_array_foreach(items, i, item)
    {
        const char *restock = json_string_value(json_object_get(item, "restock_type"));
        if (restock == NULL || strcmp(restock, "cancel") != 0)
            return false;
    }
    return true;
}

/* Units that were taken back before anything left, with their money in the same entry: nobody may
 * pick them, so the order is told without them, and without what was paid back for them. */
bool shopify_is_taken_back(struct shopify_import *o, const struct shopify_at *refund)
{
    return has_items(o, refund, "refund_line_items") && is_bare(o, refund) &&
           has_items(o, refund, "transactions") && only_cancels(refund);
}

/* Shopify says that all money is back, and that no unit is left; carriage and what else was paid back
 * in the same entries is gone with them. Says nothing of what is wrong, either. */
static bool takes_all(const struct shopify_import *o)
{
    const struct shopify_at refunds = shopify_field(o->order, "refunds");
    const json_t *lines = json_object_get(o->order->json, "line_items"), *line;
    const char *status = json_string_value(json_object_get(o->order->json, "financial_status"));
    bool all = !o->is_cancelled && json_array_size(refunds.json) > 0 &&
               json_array_size(lines) > 0 && status != NULL &&
               (strcmp(status, "refunded") == 0 || strcmp(status, "voided") == 0);
    size_t i;
    for (i = 0; i < json_array_size(refunds.json) && all; i++) {
        const struct shopify_at refund = shopify_item(&refunds, i);
        all = only_cancels(&refund);
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
    shopify_put(o, o->edits.refunded, id, json_integer(before + units));
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
                         struct shopify_money subtotal, struct shopify_money tax)
{
    const struct shopify_gone before = shopify_gone_of(o, id);
    subtotal = shopify_add(o->r, before.subtotal, subtotal);
    tax = shopify_add(o->r, before.tax, tax);
    shopify_put(o, o->edits.edited, id,
                json_pack("[I, I, I, I, I]", (json_int_t)before.units + units,
                          (json_int_t)subtotal.shop, (json_int_t)subtotal.presentment,
                          (json_int_t)tax.shop, (json_int_t)tax.presentment));
}

static void refund_line(struct shopify_import *o, const struct shopify_at *item, bool edit)
{
    struct shopify_edits *e = &o->edits;
    struct shopify_money subtotal = {0}, tax = {0};
    char id[64];
    int64_t units = 0;
    const char *restock = shopify_text(o->r, item, "restock_type");
    shopify_need(o->r, item, "line_item_id");
    shopify_need(o->r, item, "quantity");
    if (!shopify_id(o->r, item, "line_item_id", id) ||
        !shopify_units(o->r, item, "quantity", &units))
        return;
    /* "return", or the old "legacy_restock": goods came back, so they had left */
    if (!edit ||
        (restock != NULL && strcmp(restock, "cancel") != 0 && strcmp(restock, "no_restock") != 0)) {
        count_refunded(o, id, units);
        e->any_refund = true;
        return;
    }
    (void)shopify_money(o->r, item, "subtotal_set", "subtotal", SHOPIFY_POSITIVE | SHOPIFY_NEEDED,
                        &subtotal);
    (void)shopify_money(o->r, item, "total_tax_set", "total_tax", SHOPIFY_POSITIVE | SHOPIFY_NEEDED,
                        &tax);
    count_edited(o, id, units, subtotal, tax);
    e->subtotal = shopify_add(o->r, e->subtotal, subtotal);
    e->tax = shopify_add(o->r, e->tax, tax);
}

void shopify_edits_read(struct shopify_import *o)
{
    o->edits.edited = json_object();
    o->edits.refunded = json_object();
    o->no_memory |= o->edits.edited == NULL || o->edits.refunded == NULL;
    o->edits.took_all = takes_all(o);
    const struct shopify_at refunds = shopify_field(o->order, "refunds");
    const size_t count = shopify_count(o->r, &refunds);
    for (size_t i = 0; i < count; i++) {
        const struct shopify_at refund = shopify_item(&refunds, i),
                                items = shopify_field(&refund, "refund_line_items");
        const bool is_payout = shopify_is_payout(o, &refund);
        const bool is_edit = (is_bare(o, &refund) && !has_items(o, &refund, "transactions")) ||
                             shopify_is_taken_back(o, &refund) || o->edits.took_all;
        const bool edit = is_edit && !o->is_cancelled;
        const size_t item_count = shopify_count(o->r, &items);
        if (!json_is_object(refund.json))
            shopify_complain(o->r, &refund, "is not a refund; export the order again");
        o->edits.any_payout |= is_payout;
        o->edits.any_refund |= !edit && !is_payout; /* what a cancellation takes away is no edit */
        for (size_t k = 0; k < item_count; k++) {
            const struct shopify_at item = shopify_item(&items, k);
            refund_line(o, &item, edit);
        }
    }
}

void shopify_edits_release(struct shopify_import *o)
{
    json_decref(o->edits.edited);
    json_decref(o->edits.refunded);
}

int64_t shopify_units_kept(struct shopify_import *o, const struct shopify_at *line, const char *id,
                           int64_t quantity)
{
    const int64_t refunded = json_integer_value(json_object_get(o->edits.refunded, id));
    int64_t edited = shopify_gone_of(o, id).units, current = 0;
    if (o->is_cancelled)
        return quantity;
    /* Only since the API of 2024-01; it also knows what refunds[] does not show. */
    const bool is_known = shopify_units(o->r, line, "current_quantity", &current);
    if (is_known)
        edited = quantity - current - refunded;
    if (edited < 0 || edited > quantity - refunded) {
        const struct shopify_at at =
            shopify_field(line, is_known ? "current_quantity" : "quantity");
        const int64_t went = refunded + (is_known ? 0 : edited);
        shopify_complain(o->r, &at,
                         "does not agree with refunds[], by which %" PRId64 " of %" PRId64
                         " units went; export the order with all its refunds",
                         went, quantity);
        return quantity;
    }
    o->edits.any_edit |= edited > 0;
    return quantity - edited;
}
