/* Which lines were sent in exchange; see shopify_exchanges.h. What is set off is read by the importer of
 * refunds, so that an exchange's order and its credit note say the same. */
#include "shopify_exchanges.h"

#include "import_write.h"
#include "shopify_refund.h"

#include <stdlib.h>
#include <string.h>

/* ---- its lines ---- */

static bool is_line_of(const struct import_at *order, const char *id)
{
    const json_t *lines = json_object_get(order->json, "line_items"), *line;
    struct import_reader quiet = {.complain = NULL};
    size_t i;
    const struct import_at list = import_field(order, "line_items");
    json_array_foreach(lines, i, line)
    {
        const struct import_at at = import_item(&list, i);
        char its[64];
        quiet = import_quiet(&quiet);
        if (import_id(&quiet, &at, "id", its) && strcmp(its, id) == 0)
            return true;
    }
    return false;
}

/* Goods of an export that does not have them among the order's lines. */
static void inline_line(struct import_reader *r, const struct import_at *sent,
                        struct shopify_exchange *exchange)
{
    const struct import_at goods = import_field(sent, "line_item");
    if (!json_is_object(goods.json)) {
        import_complain(r, sent,
                        "was sent in exchange, and is no line of the order: what it is nobody "
                        "says; export the order again, with its \"line_item\"");
        return;
    }
    import_append(r, exchange->inline_lines, json_deep_copy(goods.json));
}

static void line_read(struct import_reader *r, const struct import_at *order,
                      const struct import_at *sent, struct shopify_exchanges *e)
{
    const struct import_at goods = import_field(sent, "line_item");
    char id[64];
    if (!import_id(r, sent, "line_item_id", id) && !import_id(r, &goods, "id", id))
        return; /* the refund's importer has said so */
    if (shopify_exchange_of(e, id) >= 0)
        import_complain(r, sent,
                        "was sent by more than one return: which of them it belongs to cannot be "
                        "told; export the order again");
    import_put(r, e->by_line, id, json_integer((json_int_t)e->count));
    if (!is_line_of(order, id))
        inline_line(r, sent, &e->items[e->count]);
}

/* ---- one ---- */

static struct import_money sum_of(struct import_reader *r, const json_t *lines)
{
    struct import_money sum = {0};
    const json_t *line;
    size_t i;
    json_array_foreach(lines, i, line)
    {
        sum = import_add(r, sum, import_money_of(json_object_get(line, "amount")));
    }
    return sum;
}

static void copy_text(char to[static 64], const json_t *event, const char *name)
{
    const char *text = json_string_value(json_object_get(event, name));
    (void)snprintf(to, 64, "%s", text != NULL ? text : "");
}

static void exchange_read(struct import_reader *r, const struct import_at *order,
                          const struct shopify_refund_options *options,
                          const struct import_at *returned, struct shopify_exchanges *e)
{
    struct shopify_exchange *exchange = &e->items[e->count];
    const struct import_at sent = import_field(returned, "exchange_line_items");
    import_need(r, returned, "id");
    json_t *event = shopify_refund_event(returned->up, order, options, r);
    if (event == NULL)
        return;
    *exchange =
        (struct shopify_exchange){.refund = returned->up,
                                  .at_ms = json_integer_value(json_object_get(event, "created_at")),
                                  .sent = sum_of(r, json_object_get(event, "sent")),
                                  .set_off = import_money_of(json_object_get(event, "set_off")),
                                  .inline_lines = json_array()};
    copy_text(exchange->return_id, event, "return_id");
    copy_text(exchange->refund_id, event, "refund_id");
    json_decref(event);
    r->no_memory |= exchange->inline_lines == NULL;
    for (size_t i = 0; i < json_array_size(sent.json); i++) {
        const struct import_at line = import_item(&sent, i);
        line_read(r, order, &line, e);
    }
    e->count++;
}

static bool is_told_before(const struct shopify_exchanges *e, const char *return_id)
{
    for (size_t i = 0; i < e->count; i++)
        if (strcmp(e->items[i].return_id, return_id) == 0)
            return true;
    return false;
}

/* ---- all ---- */

void shopify_exchanges_read(struct import_reader *r, const struct import_at *order,
                            const struct shopify_order_options *options,
                            struct shopify_exchanges *e)
{
    const struct shopify_refund_options of_refunds = {.channel = options->channel,
                                                      .store = options->store,
                                                      .gift_wrap_sku = options->gift_wrap_sku};
    *e = (struct shopify_exchanges){.list = import_field(order, "refunds")};
    const size_t count = json_array_size(e->list.json);
    e->items = calloc(count + 1, sizeof *e->items);
    e->places = calloc(count + 1, sizeof *e->places);
    e->by_line = json_object();
    r->no_memory |= e->items == NULL || e->places == NULL || e->by_line == NULL;
    for (size_t i = 0; i < count && !r->no_memory; i++) {
        e->places[i] = import_item(&e->list, i);
        const struct import_at returned = import_field(&e->places[i], "return");
        char id[64] = "";
        if (json_array_size(json_object_get(returned.json, "exchange_line_items")) == 0)
            continue;
        struct import_reader quiet = import_quiet(r);
        if (import_id(&quiet, &returned, "id", id) && is_told_before(e, id))
            import_complain(r, &returned,
                            "with what it sent stands in more than one refund: what was set off "
                            "where cannot be told; export the order again");
        else
            exchange_read(r, order, &of_refunds, &returned, e);
    }
}

void shopify_exchanges_release(struct shopify_exchanges *e)
{
    for (size_t i = 0; e->items != NULL && i < e->count; i++)
        json_decref(e->items[i].inline_lines);
    free(e->items);
    free(e->places);
    json_decref(e->by_line);
    *e = (struct shopify_exchanges){.count = 0};
}
