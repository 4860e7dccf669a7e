/* An open order as a person writes it, for tests of the ledger's import. */
#ifndef PRIMAFLOW_TEST_LEDGER_SUPPORT_H
#define PRIMAFLOW_TEST_LEDGER_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>

/* An order that adds up, 24.00 + 12.00 + 3.95 = 39.95, of that tax 6.66, and one shirt of two
 * credited; with a value at a path ("lines.0.amount"): JSON with single quotes, "" deletes, an index
 * past the end appends. NULL: as it is. A new reference. */
json_t *ledger_order_with(const char *path, const char *value);

#endif
