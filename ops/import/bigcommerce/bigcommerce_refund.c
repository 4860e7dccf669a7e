/* A refund's head, and the order of its parts; see bigcommerce_refund.h. */
#include "bigcommerce_parts.h"

const struct import_form bigcommerce_refunds_form = {.channel = "BigCommerce",
                                                     .noun = "refund",
                                                     .many = "data",
                                                     .one = "data",
                                                     .command = "import bigcommerce refunds"};

bool bigcommerce_minor(struct bigcommerce_refunding *f, const struct import_at *parent,
                       const char *name, bool may_be_negative, int64_t *ret_minor)
{
    const struct import_at at = import_field(parent, name);
    return at.json != NULL && import_minor(f->r, &at, f->r->shop, may_be_negative, ret_minor);
}

/* BigCommerce has no time of change: how far the payments have come says which copy is newer. */
static enum import_refund_stage stage_of(const struct bigcommerce_refunding *f)
{
    const struct import_at list = import_field(f->refund, "payments");
    return list.json == NULL                ? IMPORT_MONEY_UNTOLD
           : json_array_size(list.json) > 0 ? IMPORT_MONEY_FINAL
                                            : IMPORT_MONEY_OPEN;
}

/* False: complained of. */
static bool head_read(struct bigcommerce_refunding *f)
{
    char id[64] = "", order_id[64] = "";
    static const char *const needed[] = {"id", "order_id", "created"};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        import_need(f->r, f->refund, needed[i]);
    const bool has_id = import_id(f->r, f->refund, "id", id),
               has_order = import_id(f->r, f->refund, "order_id", order_id);
    if (!import_time(f->r, f->refund, "created", &f->created_ms) || !has_id || !has_order)
        return false;
    const struct import_refund_head head = {
        .origin = "bigcommerce",
        .channel = f->options->channel,
        .store = f->options->store,
        .order_id = order_id,
        .refund_id = id,
        .note = import_text(f->r, f->refund, "reason"), /* what somebody typed, not a code */
        .tells_transactions = import_field(f->refund, "payments").json != NULL,
        .created_ms = f->created_ms,
        .version = f->created_ms + (int64_t)stage_of(f),
    };
    import_refund_open(&f->out, f->r, &head);
    return true;
}

static void totals_read(struct bigcommerce_refunding *f)
{
    f->has_total = bigcommerce_minor(f, f->refund, "total_amount", false, &f->total);
    f->has_tax = bigcommerce_minor(f, f->refund, "total_tax", true, &f->tax);
}

json_t *bigcommerce_refund_event(const struct import_at *refund, const struct import_at *whole,
                                 const void *options, struct import_reader *reader)
{
    const size_t wrong = reader->wrong;
    struct bigcommerce_refunding f = {.r = reader, .options = options, .refund = refund};
    (void)whole;
    reader->order = refund;
    reader->is_too_large = reader->no_memory = false;
    reader->shop = reader->presentment = currency_find(f.options->currency);
    if (!json_is_object(refund->json)) {
        import_complain(reader, refund,
                        "is not a refund; what is read are the refunds of BigCommerce's V3 API");
        return NULL;
    }
    if (!head_read(&f))
        return NULL;
    totals_read(&f);
    bigcommerce_items(&f);
    bigcommerce_payments(&f);
    json_t *event = import_refund_close(&f.out);
    if (f.has_total)
        import_put(reader, event, "total", import_money_json(reader, bigcommerce_money(f.total)));
    if (reader->no_memory)
        import_complain(reader, refund, "cannot be held in memory");
    if (reader->wrong == wrong)
        return event;
    json_decref(event);
    return NULL;
}
