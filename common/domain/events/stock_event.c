/* A stock event's binding table, and what its kinds need; see stock_event.h. */
#include "domain/events/stock_event.h"

#include "base/text.h"

const char *const stock_kind_names[] = {"row", "end", "channel_level", "count", "adjustment", NULL};
const char *const stock_scope_names[] = {"whole", "range", "chosen", NULL};

static const struct binding stock_event_fields[] = {
    BIND_SYMBOL(struct stock_event, kind, stock_kind_names),
    BIND(struct stock_event, company, BIND_TEXT),
    BIND(struct stock_event, snapshot, BIND_TEXT),
    BIND(struct stock_event, token, BIND_LONG),
    BIND_OPTIONAL(struct stock_event, began_at, BIND_LONG),
    BIND_SYMBOL(struct stock_event, scope, stock_scope_names),
    BIND(struct stock_event, range_from, BIND_TEXT),
    BIND(struct stock_event, range_to, BIND_TEXT),
    BIND(struct stock_event, product, BIND_TEXT),
    BIND(struct stock_event, matrix, BIND_ARRAY),
    BIND(struct stock_event, depot, BIND_TEXT),
    BIND_OPTIONAL(struct stock_event, available, BIND_LONG),
    BIND(struct stock_event, available_date, BIND_TEXT),
    BIND_OPTIONAL(struct stock_event, partition, BIND_INT),
    BIND_OPTIONAL(struct stock_event, count, BIND_LONG),
    BIND_OPTIONAL(struct stock_event, checksum, BIND_LONG),
    BIND(struct stock_event, channel, BIND_TEXT),
    BIND(struct stock_event, store, BIND_TEXT),
    BIND(struct stock_event, location, BIND_TEXT),
    BIND(struct stock_event, sku, BIND_TEXT),
    BIND_OPTIONAL(struct stock_event, level, BIND_LONG),
    BIND(struct stock_event, number, BIND_TEXT),
    BIND_OPTIONAL(struct stock_event, quantity, BIND_LONG),
    BIND(struct stock_event, reason, BIND_TEXT),
    BIND(struct stock_event, event_id, BIND_TEXT),
    BIND_OPTIONAL(struct stock_event, at, BIND_LONG),
};
const struct bound_record stock_event_record =
    BOUND_RECORD("StockEvent", struct stock_event, stock_event_fields);

static const char *read_lacks(const struct stock_event *e)
{
    if (text_is_empty(e->snapshot))
        return "snapshot";
    return !e->has_began_at || e->began_at < 0 ? "began_at" : NULL;
}

static const char *product_lacks(const struct stock_event *e)
{
    if (text_is_empty(e->product))
        return "product";
    return e->matrix.count > STOCK_MATRIX_MAX ? "matrix" : NULL;
}

static const char *row_lacks(const struct stock_event *e)
{
    const char *lacks = read_lacks(e);
    if (lacks == NULL)
        lacks = product_lacks(e);
    return lacks == NULL && !e->has_available ? "available" : lacks;
}

static const char *end_lacks(const struct stock_event *e)
{
    const char *lacks = read_lacks(e);
    if (lacks != NULL)
        return lacks;
    if (!e->has_partition || e->partition < 0)
        return "partition";
    if (!e->has_count || e->count < 0)
        return "count";
    return e->has_checksum ? NULL : "checksum";
}

static const char *channel_level_lacks(const struct stock_event *e)
{
    if (text_is_empty(e->channel))
        return "channel";
    if (text_is_empty(e->store))
        return "store";
    if (text_is_empty(e->location))
        return "location";
    if (text_is_empty(e->sku))
        return "sku";
    if (!e->has_level)
        return "level";
    return e->has_at ? NULL : "at";
}

static const char *warehouse_lacks(const struct stock_event *e)
{
    if (text_is_empty(e->number))
        return "number";
    const char *lacks = product_lacks(e);
    if (lacks != NULL)
        return lacks;
    if (text_is_empty(e->depot))
        return "depot";
    if (!e->has_quantity || (e->kind == STOCK_COUNT && e->quantity < 0))
        return "quantity";
    return e->has_at ? NULL : "at";
}

const char *stock_event_lacks(const struct stock_event *event)
{
    if (text_is_empty(event->company))
        return "company";
    switch (event->kind) {
    case STOCK_ROW:
        return row_lacks(event);
    case STOCK_END:
        return end_lacks(event);
    case STOCK_CHANNEL_LEVEL:
        return channel_level_lacks(event);
    case STOCK_COUNT:
    case STOCK_ADJUSTMENT:
        return warehouse_lacks(event);
    case STOCK_KIND_COUNT:
        break;
    }
    return "kind";
}
