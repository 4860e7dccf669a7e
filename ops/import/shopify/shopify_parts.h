/* One order on its way to an event: what the files of this folder hand each other. Not for others;
 * see shopify_order.h.
 *
 * Order of reading: edits (which units an edit took away), lines, shipping lines, charges, totals,
 * tenders; people and remarks any time. */
#ifndef PRIMAFLOW_SHOPIFY_PARTS_H
#define PRIMAFLOW_SHOPIFY_PARTS_H

#include "import_write.h"
#include "shopify_entries.h"
#include "shopify_exchanges.h"
#include "shopify_money.h"
#include "shopify_order.h"

/* What edits and refunds took away; README.md has the rule that tells one from the other. */
struct shopify_edits {
    /* line id → [units, subtotal (shop, presentment), tax (shop, presentment)] that edits took, by
     * refunds[] */
    json_t *edited;
    json_t *refunded; /* line id → units */
    bool any_edit, any_refund,
        any_payout; /* any_edit also by current_quantity and removed shipping */
    bool took_all;  /* every unit, before anything left, and all of the money is back */
    /* of units that edits took away, as Shopify states them; tax also of removed shipping lines */
    struct import_money subtotal, tax;
    struct import_money shipping_total; /* of removed shipping lines, as their prices are stated */
};

struct shopify_import {
    struct import_reader *r;
    const struct shopify_order_options *options;
    const struct import_at *order;
    json_t *event;
    const struct shopify_exchanges *exchanges;
    /* the exchange that this event is the order of; NULL: the first order */
    const struct shopify_exchange *exchange;
    bool taxes_included, is_cancelled;
    struct shopify_edits edits;
    json_t *locations; /* line id → where it was sent from; null: from more than one place */
    /* of the first order: lines that were sent in exchange, which it goes without; goods without
     * discounts, and without tax where prices have none */
    struct import_money sent_goods, sent_discounts, sent_taxes;
    struct import_money goods;              /* lines and charges of them, less discounts */
    struct import_money taxes;              /* on what the event tells, after edits */
    struct import_money discounts;          /* on kept lines and charges */
    struct import_money shipping_discounts; /* on carriage */
    struct import_money rounding;           /* of cash, may be negative */
    struct import_money total;              /* what the event says that the customer owes */
    bool wraps_moved; /* gift wrap became charges, and the channel's subtotal contains it */
};

/* Whether a line is of the order that is made. */
static inline bool shopify_is_own(const struct shopify_import *o, const char *line_id)
{
    const int by = shopify_exchange_of(o->exchanges, line_id);
    return o->exchange == NULL ? by < 0 : by >= 0 && &o->exchanges->items[by] == o->exchange;
}

/* shopify_edits.c */
void shopify_edits_read(struct shopify_import *o);
void shopify_edits_release(struct shopify_import *o);
/* What edits took of one line, as refunds[] states it. */
struct shopify_gone {
    int64_t units;
    struct import_money subtotal, tax;
};
struct shopify_gone shopify_gone_of(const struct shopify_import *o, const char *id);
/* Units of a line that are left after edits, refunds not counted; raises any_edit. */
int64_t shopify_units_kept(struct shopify_import *o, const struct import_at *line, const char *id,
                           int64_t quantity);

/* What an edit leaves of a line's discount and tax: the shares that the worker will take of the
 * whole, or what Shopify states. */
struct shopify_left {
    struct import_money discount, tax;
    struct import_money discount_whole, tax_whole;
    size_t discounts, taxes; /* how many amounts make up each: so many roundings */
};

/* shopify_left.c. True: Shopify's figures of the `went` units differ from the shares, by rounding
 * alone; they are then in `left`. */
bool shopify_left_stated(struct shopify_import *o, const char *id, int64_t went,
                         struct import_money price, struct shopify_left *left);
/* Cuts the amounts of a list of discounts or taxes down to their shares, so that they sum to
 * `left`. */
void shopify_left_apply(struct shopify_import *o, json_t *list, int64_t kept, int64_t quantity,
                        struct import_money left);

/* shopify_prices.c: discounts and taxes of a line, shipping line or charge, as new lists */
json_t *shopify_discounts(struct shopify_import *o, const struct import_at *parent,
                          struct import_money *ret_sum);
json_t *shopify_taxes(struct shopify_import *o, const struct import_at *parent,
                      struct import_money *ret_sum);
/* The event's charge, appended to the list `charges` of the event. `discounts`, `taxes`: new
 * references or NULL. */
void shopify_charge(struct shopify_import *o, const char *kind, const char *code, const char *title,
                    const char *line_id, struct import_money amount, json_t *discounts,
                    json_t *taxes);

/* shopify_lines.c: lines; tips, gift wrap and duties among them as charges */
void shopify_lines(struct shopify_import *o);
void shopify_carriage(struct shopify_import *o); /* shopify_charges.c: shipping lines */
void shopify_charges(
    struct shopify_import *o); /* shopify_charges.c: what stands with the whole order */
json_t *shopify_totals(
    struct shopify_import *o); /* shopify_totals.c: without outstanding; fills o->total */
struct import_money shopify_sent_total(struct shopify_import *o);
void shopify_tenders(struct shopify_import *o,
                     json_t *totals); /* shopify_tenders.c: tenders, payment_status, outstanding */
void shopify_people(
    struct shopify_import *o); /* shopify_people.c: customer, business, addresses, terms */
void shopify_remarks(
    struct shopify_import *o); /* shopify_remarks.c: note, attributes, messages, tags */
void shopify_properties(struct shopify_import *o, const struct import_at *list, json_t *into,
                        bool is_order);

#endif
