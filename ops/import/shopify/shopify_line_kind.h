/* What a line of Shopify's is, where it is no goods: a charge, of orders and of refunds alike. One
 * thread. */
#ifndef PRIMAFLOW_SHOPIFY_LINE_KIND_H
#define PRIMAFLOW_SHOPIFY_LINE_KIND_H

#include "import_reader.h"

bool shopify_is_tip(const struct import_at *line);
/* `sku`: lines of it are gift wrap; NULL: none are. */
bool shopify_is_gift_wrap(struct import_reader *r, const struct import_at *line, const char *sku);

#endif
