/* One refund on its way to an event: what the files of this folder hand each other. Not for others;
 * see shopify_refund.h. Order of reading: currencies, head, items, carriage and other parts, money,
 * exchange. */
#ifndef PRIMAFLOW_SHOPIFY_REFUND_PARTS_H
#define PRIMAFLOW_SHOPIFY_REFUND_PARTS_H

#include "import_refund.h"
#include "shopify_money.h"
#include "shopify_refund.h"

/* Sums of what the refund states, in both currencies. */
struct shopify_stated {
    struct import_money parts;       /* items, carriage, duties, fees */
    struct import_money tax;         /* of items and carriage */
    struct import_money adjustments; /* with their signs */
};

struct shopify_refunding {
    struct import_reader *r;
    const struct shopify_refund_options *options;
    const struct import_at *refund, *order; /* order->json NULL: it stands alone */
    struct import_at order_lines;
    struct import_refund out;
    struct shopify_stated stated;
};

static inline void shopify_refund_state(struct shopify_refunding *f, const struct import_part *part)
{
    f->stated.parts = import_add(f->r, f->stated.parts, part->amount);
    f->stated.tax = import_add(f->r, f->stated.tax, part->tax);
}

/* shopify_refund_currency.c: sets the reader's currencies, and the rate between them. False: not
 * known, which was complained of. */
bool shopify_refund_currencies(struct shopify_refunding *f);

/* shopify_refund_head.c: who it is, what it is, when; opens f->out. False: it could not, which was
 * complained of. */
bool shopify_refund_head(struct shopify_refunding *f);

/* shopify_refund_items.c: lines, and charges among them; duties. */
void shopify_refund_items(struct shopify_refunding *f);
void shopify_refund_duties(struct shopify_refunding *f);
/* What goods an item is of: as it carries them itself, else as its order has them; json NULL:
 * nobody says. `ret_line` is of the caller's stack. */
void shopify_refund_line_of(const struct shopify_refunding *f, const struct import_at *item,
                            const char *id, struct import_at *ret_line);

/* shopify_refund_extras.c: carriage, fees, adjustments. */
void shopify_refund_extras(struct shopify_refunding *f);

/* shopify_refund_money.c: transactions. */
void shopify_refund_money(struct shopify_refunding *f);

/* shopify_refund_exchange.c: what was sent for what came back. */
void shopify_refund_exchange(struct shopify_refunding *f);

#endif
