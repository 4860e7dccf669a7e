/* One refund on its way to an event: what the files of this folder hand each other. Not for others;
 * see bigcommerce_refund.h. */
#ifndef PRIMAFLOW_BIGCOMMERCE_PARTS_H
#define PRIMAFLOW_BIGCOMMERCE_PARTS_H

#include "bigcommerce_refund.h"
#include "import_refund.h"

struct bigcommerce_refunding {
    struct import_reader *r;
    const struct bigcommerce_refund_options *options;
    const struct import_at *refund;
    struct import_refund out;
    int64_t created_ms;
    bool has_total, has_tax;
    int64_t total, tax; /* minor units */
};

/* One currency has both sides. */
static inline struct import_money bigcommerce_money(int64_t minor)
{
    return (struct import_money){minor, minor};
}

/* An amount in the shop's currency. False: missing, or complained of. */
bool bigcommerce_minor(struct bigcommerce_refunding *f, const struct import_at *parent,
                       const char *name, bool may_be_negative, int64_t *ret_minor);

void bigcommerce_items(struct bigcommerce_refunding *f);    /* bigcommerce_items.c */
void bigcommerce_payments(struct bigcommerce_refunding *f); /* bigcommerce_payments.c */

#endif
