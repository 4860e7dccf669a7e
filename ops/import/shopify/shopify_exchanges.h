/* The exchanges of an order: which of its lines were sent for what came back, by which return, and what
 * of them is paid by set-off. Each is an order of its own; the first order goes without their lines. Not
 * for others than this folder. One thread. */
#ifndef PRIMAFLOW_SHOPIFY_EXCHANGES_H
#define PRIMAFLOW_SHOPIFY_EXCHANGES_H

#include "import_money.h"
#include "shopify_order.h"

struct shopify_exchange {
    const struct import_at
        *refund; /* where it is told, on the caller's stack while orders are made */
    char return_id[64], refund_id[64];
    int64_t at_ms;                     /* when the refund was made */
    struct import_money sent, set_off; /* tax contained */
    json_t *inline_lines; /* goods that are no lines of the order, told by the return */
};

struct shopify_exchanges {
    struct shopify_exchange *items;
    struct import_at *places; /* of the refunds */
    struct import_at list;    /* refunds[] */
    size_t count;
    struct import_money first_total; /* of the first order, once it is made */
    json_t *by_line;                 /* line id → index of its exchange */
};

/* Reads those of an order; what is wrong with one is complained of. Release it whatever comes. */
void shopify_exchanges_read(struct import_reader *r, const struct import_at *order,
                            const struct shopify_order_options *options,
                            struct shopify_exchanges *ret_exchanges);
void shopify_exchanges_release(struct shopify_exchanges *exchanges);

/* Of a line: the exchange by which it was sent; -1: it is the first order's. */
static inline int shopify_exchange_of(const struct shopify_exchanges *exchanges,
                                      const char *line_id)
{
    const json_t *index = json_object_get(exchanges->by_line, line_id);
    return index == NULL ? -1 : (int)json_integer_value(index);
}

#endif
