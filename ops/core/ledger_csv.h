/* Open orders as a table (RFC 4180, comma or semicolon), turned into the JSON form of
 * ledger_draft.h, order by order.
 *
 * The first row names the columns; a column that is not known is refused. A row's `part` says what
 * it is: order, line, charge, tender, credit, or tax (a further tax of the line or charge above
 * it). An order's rows stand together, the row `order` first. Empty cells are absent. Pure but for
 * the file. One thread. */
#ifndef PRIMAFLOW_OPS_LEDGER_CSV_H
#define PRIMAFLOW_OPS_LEDGER_CSV_H

#include "base/digest.h"

#include <jansson.h>
#include <stdio.h>

typedef void (*ledger_csv_order)(void *user, size_t line,
                                 const json_t *order); /* `line`: of the row `order` */
typedef void (*ledger_csv_wrong)(void *user, size_t line, const char *why);

/* Reads to the end; every byte goes into `digest`, too. */
void ledger_csv_read(FILE *in, struct digest *digest, ledger_csv_order order,
                     ledger_csv_wrong wrong, void *user);

#endif
