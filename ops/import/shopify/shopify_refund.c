/* A refund, and the order in which its parts are read; see shopify_refund.h. */
#include "shopify_refund_parts.h"

const struct import_form shopify_refunds_form = {.channel = "Shopify",
                                                 .noun = "refund",
                                                 .many = "refunds",
                                                 .one = "refund",
                                                 .command = "import shopify refunds",
                                                 .whole_many = "orders",
                                                 .whole_one = "order",
                                                 .within = "refunds",
                                                 .whole_sign = "line_items"};

static void parts(struct shopify_refunding *f)
{
    shopify_refund_items(f);
    shopify_refund_duties(f);
    shopify_refund_extras(f);
    shopify_refund_money(f);
    shopify_refund_exchange(f);
}

json_t *shopify_refund_event(const struct import_at *refund, const struct import_at *order,
                             const void *options, struct import_reader *reader)
{
    static const struct import_at nowhere = {.json = NULL};
    const size_t wrong = reader->wrong;
    struct shopify_refunding f = {.r = reader,
                                  .options = options,
                                  .refund = refund,
                                  .order = order != NULL ? order : &nowhere};
    f.order_lines = import_field(f.order, "line_items");
    reader->order = refund;
    reader->is_too_large = reader->no_memory = false;
    reader->shop_total = reader->presentment_total = 0;
    if (!json_is_object(refund->json)) {
        import_complain(reader, refund,
                        "is not a refund; what is read are the documents of Shopify's REST Admin "
                        "API");
        return NULL;
    }
    if (!shopify_refund_currencies(&f) || !shopify_refund_head(&f))
        return NULL;
    parts(&f);
    json_t *event = import_refund_close(&f.out);
    if (reader->no_memory)
        import_complain(reader, refund, "cannot be held in memory");
    if (reader->wrong == wrong)
        return event;
    json_decref(event);
    return NULL;
}
