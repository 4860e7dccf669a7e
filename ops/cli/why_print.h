/* An order's or a refund's life on stdout. One thread. */
#ifndef PRIMAFLOW_CLI_WHY_PRINT_H
#define PRIMAFLOW_CLI_WHY_PRINT_H

#include "core/why.h"

void why_print_text(const struct why_order *order);
void why_print_json(const struct why_order *order);

/* why_print_refunds.c: an order's refunds, or what a refund takes of its order; nothing where neither
 * has any. */
void why_refunds_text(const struct why_order *order);
struct json_t;
void why_refunds_json(const struct why_order *order, struct json_t *json); /* sets its members */

/* why_print_stock.c: what an order has reserved in stock; nothing where that is not remembered. */
void why_stock_text(const struct why_order *order);
void why_stock_json(const struct why_order *order, struct json_t *json); /* sets its member */

#endif
