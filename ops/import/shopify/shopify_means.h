/* By what money came or goes back, in an event's words: orders' tenders and refunds' transactions have
 * the same. One thread. */
#ifndef PRIMAFLOW_SHOPIFY_MEANS_H
#define PRIMAFLOW_SHOPIFY_MEANS_H

#include "import_write.h"

/* kind, gateway, method. */
void shopify_put_means(struct import_reader *r, const struct import_at *transaction,
                       const char *gateway, json_t *tender);
/* Which gift card or store credit, masked. */
void shopify_put_voucher(struct import_reader *r, const struct import_at *transaction,
                         json_t *tender);

#endif
