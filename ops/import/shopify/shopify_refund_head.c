/* A refund's head: who it is, whether it is an edit, when it was made and how new this copy is. */
#include "shopify_entries.h"
#include "shopify_refund_parts.h"
#include "shopify_sent.h"
#include "shopify_transactions.h"

#include "domain/keys/exchange.h"

#include <string.h>

enum { ORDER_ID_MAX = 2 * 64 }; /* of an exchange: the order's and the return's */

/* ---- whether it is an edit ---- */

/* Units that another entry took away without money, not later than this one; what was paid for them
 * is owed since. */
static bool left_owed(struct import_reader *quiet, const struct import_at *entry,
                      int64_t created_ms)
{
    int64_t at_ms = 0;
    if (shopify_entry_of(quiet, entry) != SHOPIFY_EDIT)
        return false;
    return !import_time(quiet, entry, "created_at", &at_ms) || at_ms <= created_ms;
}

/* An edit made the order smaller before this: a line, or carriage, was taken away. */
static bool was_edited(struct shopify_refunding *f, struct import_reader *quiet, int64_t created_ms)
{
    const struct import_at entries = import_field(f->order, "refunds"),
                           carriage = import_field(f->order, "shipping_lines");
    bool edited = false;
    for (size_t i = 0; i < json_array_size(entries.json) && !edited; i++) {
        const struct import_at entry = import_item(&entries, i);
        edited = entry.json != f->refund->json && left_owed(quiet, &entry, created_ms);
    }
    for (size_t i = 0; i < json_array_size(carriage.json) && !edited; i++) {
        const struct import_at line = import_item(&carriage, i);
        edited = import_flag(quiet, &line, "is_removed", false);
    }
    return edited;
}

static bool any_came_back(struct shopify_refunding *f)
{
    const json_t *items = json_object_get(f->refund->json, "refund_line_items"), *item;
    size_t i;
    json_array_foreach(items, i, item)
    {
        if (shopify_came_back(json_string_value(json_object_get(item, "restock_type"))))
            return true;
    }
    return false;
}

/* Money alone is an edit's when an edit came before it: the order's own importer takes it from the
 * payments. That only the order knows. */
static bool is_edit(struct shopify_refunding *f, int64_t created_ms)
{
    struct import_reader quiet = import_quiet(f->r); /* what it is made of is read for good later */
    switch (shopify_entry_of(&quiet, f->refund)) {
    case SHOPIFY_EDIT:
        return !any_came_back(f);
    case SHOPIFY_TAKEN_BACK:
        return true;
    case SHOPIFY_PAYOUT:
        if (f->order->json != NULL)
            return was_edited(f, &quiet, created_ms);
        import_complain(f->r, f->refund,
                        "is money alone, without a reason: whether it pays back an edit, only its "
                        "order tells; import the whole order (/orders/ID.json)");
        return false;
    default:
        return false;
    }
}

/* ---- when ---- */

/* How far the money has come, by the transactions' states. */
static enum import_refund_stage stage_of(const struct import_at *list)
{
    const json_t *item;
    size_t i;
    bool open = json_array_size(list->json) == 0;
    if (list->json == NULL)
        return IMPORT_MONEY_UNTOLD;
    json_array_foreach(list->json, i, item)
    {
        const char *status = json_string_value(json_object_get(item, "status"));
        open |= status == NULL || (strcmp(status, "success") != 0 &&
                                   strcmp(status, "failure") != 0 && strcmp(status, "error") != 0);
    }
    return open ? IMPORT_MONEY_OPEN : IMPORT_MONEY_FINAL;
}

static void newest(struct import_reader *r, const struct import_at *at, const char *name,
                   int64_t *ms)
{
    int64_t read;
    if (import_time(r, at, name, &read) && read > *ms)
        *ms = read;
}

/* The last that happened to it. */
static int64_t version_of(struct shopify_refunding *f, int64_t created_ms, bool is_deleted)
{
    const struct import_at list = import_field(f->refund, "transactions");
    struct import_reader quiet = import_quiet(f->r);
    int64_t ms = created_ms;
    newest(f->r, f->refund, "processed_at", &ms);
    newest(f->r, f->refund, "deleted_at", &ms);
    for (size_t i = 0; i < json_array_size(list.json); i++) {
        const struct import_at transaction = import_item(&list, i);
        newest(&quiet, &transaction, "created_at", &ms);
        newest(&quiet, &transaction, "processed_at", &ms);
    }
    return ms + (int64_t)(is_deleted ? IMPORT_REFUND_DELETED : stage_of(&list));
}

/* When Shopify made it, which is what the time of a posted version compares with; processed_at is a
 * date that may be set to the past. */
static bool created_read(struct shopify_refunding *f, int64_t *ret_ms)
{
    if (import_time(f->r, f->refund, "created_at", ret_ms) ||
        import_time(f->r, f->refund, "processed_at", ret_ms))
        return true;
    import_need(f->r, f->refund, "created_at");
    return false;
}

/* ---- who ---- */

/* Goods that were sent in exchange come back: of the exchange's order. */
static void name_exchange(struct shopify_refunding *f, char id[static ORDER_ID_MAX])
{
    const struct import_at items = import_field(f->refund, "refund_line_items");
    char by[64];
    const size_t used = strlen(id);
    switch (shopify_sent_all(f->order, f->refund, by)) {
    case SHOPIFY_SENT_NONE:
        return;
    case SHOPIFY_SENT_ALL:
        (void)snprintf(id + used, ORDER_ID_MAX - used, EXCHANGE_MARK "%s", by);
        return;
    case SHOPIFY_SENT_MIXED:
        import_complain(f->r, &items,
                        "take back goods of more than one order of ours, for some were sent in "
                        "exchange: which money is whose cannot be told; have Prima's notes written "
                        "by hand");
    }
}

/* Its order's id, as the refund or the order around it says it. */
static void order_id_read(struct shopify_refunding *f, char id[static ORDER_ID_MAX])
{
    char of_order[64] = "";
    const struct import_at field = import_field(f->refund, "order_id");
    const bool is_told = import_id(f->r, f->refund, "order_id", id);
    if (f->order->json == NULL) {
        import_need(f->r, f->refund, "order_id");
        return;
    }
    import_need(f->r, f->order, "id");
    if (!import_id(f->r, f->order, "id", of_order))
        return;
    if (is_told && strcmp(id, of_order) != 0)
        import_complain(
            f->r, &field,
            "is another order's than the one that it stands in; export the order again");
    (void)snprintf(id, ORDER_ID_MAX, "%s", of_order);
    name_exchange(f, id);
}

/* Made at a test gateway, or of a test order. */
static bool is_test(struct shopify_refunding *f)
{
    const struct import_at list = import_field(f->refund, "transactions");
    struct import_reader quiet = import_quiet(f->r);
    bool test = import_flag(f->r, f->order, "test", false);
    for (size_t i = 0; i < json_array_size(list.json); i++) {
        const struct import_at transaction = import_item(&list, i);
        test |= import_flag(&quiet, &transaction, "test", false);
    }
    return test;
}

bool shopify_refund_head(struct shopify_refunding *f)
{
    const struct import_at deleted_at = import_field(f->refund, "deleted_at"),
                           returned = import_field(f->refund, "return");
    char id[64] = "", order_id[ORDER_ID_MAX] = "", return_id[64] = "";
    int64_t created_ms = 0;
    import_need(f->r, f->refund, "id");
    (void)import_id(f->r, f->refund, "id", id);
    order_id_read(f, order_id);
    const bool deleted = import_flag(f->r, f->refund, "deleted", false) || deleted_at.json != NULL;
    const bool has_return = import_id(f->r, &returned, "id", return_id);
    if (!created_read(f, &created_ms))
        return false;
    const struct import_refund_head head = {
        .origin = "shopify",
        .channel = f->options->channel,
        .store = f->options->store,
        .order_id = order_id,
        .refund_id = id,
        .order_name = import_text(f->r, f->order, "name"),
        .note = import_text(f->r, f->refund, "note"),
        .return_id = has_return ? return_id : NULL,
        .is_edit = is_edit(f, created_ms),
        .is_test = is_test(f),
        .is_deleted = deleted,
        .tells_transactions = import_field(f->refund, "transactions").json != NULL,
        .created_ms = created_ms,
        .version = version_of(f, created_ms, deleted),
    };
    import_refund_open(&f->out, f->r, &head);
    return true;
}
