/* Which lines were sent in exchange, and by what; see shopify_sent.h. */
#include "shopify_sent.h"

#include <string.h>

static void hush(void *user, const char *text)
{
    (void)user;
    (void)text;
}

static bool list_has(struct import_reader *quiet, const struct import_at *list, const char *line_id)
{
    for (size_t i = 0; i < json_array_size(list->json); i++) {
        const struct import_at sent = import_item(list, i),
                               goods = import_field(&sent, "line_item");
        char id[64] = "";
        if (!import_id(quiet, &sent, "line_item_id", id))
            (void)import_id(quiet, &goods, "id", id);
        if (strcmp(id, line_id) == 0)
            return true;
    }
    return false;
}

bool shopify_sent_by(const struct import_at *order, const char *line_id, char ret_return[static 64])
{
    struct import_reader quiet = {.complain = hush};
    const struct import_at refunds = import_field(order, "refunds");
    for (size_t i = 0; i < json_array_size(refunds.json); i++) {
        const struct import_at refund = import_item(&refunds, i),
                               returned = import_field(&refund, "return"),
                               sent = import_field(&returned, "exchange_line_items");
        char id[64];
        if (list_has(&quiet, &sent, line_id) && import_id(&quiet, &returned, "id", id)) {
            (void)snprintf(ret_return, 64, "%s", id);
            return true;
        }
    }
    return false;
}

enum shopify_sent shopify_sent_all(const struct import_at *order, const struct import_at *refund,
                                   char ret_return[static 64])
{
    struct import_reader quiet = {.complain = hush};
    const struct import_at items = import_field(refund, "refund_line_items");
    const size_t count = json_array_size(items.json);
    char by[64] = "", first[64] = "";
    size_t sent = 0;
    for (size_t i = 0; i < count; i++) {
        const struct import_at item = import_item(&items, i);
        char id[64];
        if (!import_id(&quiet, &item, "line_item_id", id) || !shopify_sent_by(order, id, by))
            continue;
        if (sent++ == 0)
            memcpy(first, by, sizeof first);
        else if (strcmp(first, by) != 0)
            return SHOPIFY_SENT_MIXED;
    }
    if (sent == 0)
        return SHOPIFY_SENT_NONE;
    memcpy(ret_return, first, sizeof first);
    return sent == count ? SHOPIFY_SENT_ALL : SHOPIFY_SENT_MIXED;
}
