/* What an entry of refunds[] is; see shopify_entries.h. */
#include "shopify_entries.h"

#include <string.h>

static bool has_items(struct import_reader *r, const struct import_at *entry, const char *name)
{
    const struct import_at list = import_field(entry, name);
    return import_count(r, &list) > 0;
}

struct import_at shopify_duties_list(const struct import_at *list)
{
    return json_is_object(list->json) ? import_field(list, "duties") : *list;
}

static bool has_duties(struct import_reader *r, const struct import_at *entry)
{
    const struct import_at field = import_field(entry, "duties"),
                           list = shopify_duties_list(&field);
    return import_count(r, &list) > 0;
}

/* Neither goods came back, nor carriage, duties or fees, nor was anything adjusted. */
static bool is_bare(struct import_reader *r, const struct import_at *entry)
{
    return !has_items(r, entry, "order_adjustments") &&
           !has_items(r, entry, "refund_shipping_lines") && !has_duties(r, entry) &&
           !has_items(r, entry, "additional_fees") && import_field(entry, "return").json == NULL;
}

bool shopify_only_cancels(const struct import_at *entry)
{
    const json_t *items = json_object_get(entry->json, "refund_line_items"), *item;
    size_t i;
    if (import_field(entry, "return").json != NULL)
        return false;
    json_array_foreach(items, i, item)
    {
        const char *restock = json_string_value(json_object_get(item, "restock_type"));
        if (restock == NULL || strcmp(restock, "cancel") != 0)
            return false;
    }
    return true;
}

bool shopify_came_back(const char *restock)
{
    return restock != NULL && strcmp(restock, "cancel") != 0 && strcmp(restock, "no_restock") != 0;
}

enum shopify_entry shopify_entry_of(struct import_reader *r, const struct import_at *entry)
{
    if (!is_bare(r, entry))
        return SHOPIFY_REFUND;
    if (!has_items(r, entry, "transactions"))
        return SHOPIFY_EDIT;
    if (!has_items(r, entry, "refund_line_items"))
        return SHOPIFY_PAYOUT;
    return shopify_only_cancels(entry) ? SHOPIFY_TAKEN_BACK : SHOPIFY_REFUND;
}
