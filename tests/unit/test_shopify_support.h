/* Shopify orders for tests: the fixtures of tests/fixtures/shopify, to alter, import and hear
 * complaints of. What cannot be made fails the test. One thread. */
#ifndef PRIMAFLOW_TEST_SHOPIFY_SUPPORT_H
#define PRIMAFLOW_TEST_SHOPIFY_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shopify_order.h"

/* What an import said, each complaint on a line of its own. */
struct heard {
    char text[8000];
    size_t count;
};

/* "uk_vat_included" → the order object; a new reference. */
json_t *shopify_fixture(const char *name);
/* The shop that a fixture is from: "uk", "eu" or "jp". */
const char *shopify_fixture_store(const char *name);
/* Imports an order object; NULL after complaints, which are in *heard (may be NULL: then there may
 * be none). */
json_t *shopify_import(const json_t *order, const struct shopify_order_options *options,
                       struct heard *heard);
json_t *shopify_import_plain(const json_t *order); /* store uk; no complaint may come */

/* The value at a path such as "line_items[0].price_set.shop_money.amount"; NULL: not there.
 * Borrowed. */
json_t *shopify_find(json_t *order, const char *path);
/* Replaces it by a JSON text ("\"abc\"", "12.5", "{...}"), or removes it (NULL). Whole objects
 * below it are made where they lack. */
void shopify_alter(json_t *order, const char *path, const char *json);

#endif
