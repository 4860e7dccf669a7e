/* By which return a line of an order was sent in exchange: then it is of another order of ours,
 * "<order>.<return>" (domain/keys/exchange.h), and so is what comes back of it. One thread. */
#ifndef PRIMAFLOW_SHOPIFY_SENT_H
#define PRIMAFLOW_SHOPIFY_SENT_H

#include "import_reader.h"

/* False: by none, so far as the order tells. Says nothing of what is wrong: whoever reads it does. */
bool shopify_sent_by(const struct import_at *order, const char *line_id,
                     char ret_return[static 64]);

/* ... the goods that a refund of the order takes back. SHOPIFY_SENT_MIXED: only some of them, or by more
 * than one return. */
enum shopify_sent { SHOPIFY_SENT_NONE, SHOPIFY_SENT_ALL, SHOPIFY_SENT_MIXED };
enum shopify_sent shopify_sent_all(const struct import_at *order, const struct import_at *refund,
                                   char ret_return[static 64]);

#endif
