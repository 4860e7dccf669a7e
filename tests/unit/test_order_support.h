/* Orders for tests: a plain one to alter, mappings to break, facts answered, and Prima's request
 * read back and weighed by PRIMA's own arithmetic. Everything lives in the arena or until the
 * process ends; what cannot be made fails the test. */
#ifndef PRIMAFLOW_TEST_ORDER_SUPPORT_H
#define PRIMAFLOW_TEST_ORDER_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "domain/mappings/order_rules.h"
#include "flow/flow.h"

#include <libxml/tree.h>

enum { SUPPORT_ARENA = 16 * 1024 * 1024 };

/* An order of shopify/uk that is right to the penny: 2 x SKU00001 at 12.00, TSHIRT-RED-M at 30.00
 * less 5.00, carriage 3.50, all with VAT at 20 %, 52.50 by card. Every part may be altered. */
struct order_event *support_order(struct arena *arena);

/* Rules from the example mappings, or from a folder. `overrides`: configuration, NULL at the
 * end. */
struct order_rules *support_rules(const char *const overrides[]);
void support_rules_free(struct order_rules *rules);
const char *support_mappings_copy(
    const char *file,
    const char *content); /* a folder like the examples, with this file's content instead */

struct support_world {           /* what Prima has; the rest exists */
    const char *missing_product; /* products that begin so do not exist; NULL: every one exists */
    enum fact_state customer;    /* FACT_UNASKED means FACT_KNOWN here */
    size_t asked;                /* facts asked in all, filled by support_decide */
};

/* Key and decision, facts answered as the world has them. */
void support_decide(const struct order_event *event, const struct order_rules *rules,
                    struct support_world *world, struct arena *arena, struct flow_key *ret_key,
                    struct flow_plan *ret_plan);

/* The request as a tree; freed by the caller. */
xmlDoc *support_request(const struct flow_plan *plan);
xmlNode *support_node(xmlDoc *request, const char *element, size_t nth); /* NULL past the last */
const char *support_attribute(xmlNode *node, const char *name,
                              struct arena *arena); /* "" when absent */

/* Prima's arithmetic of a request, in minor units, as the sandbox does it: what is not paid. */
int64_t support_outstanding(xmlDoc *request, int decimals, struct arena *arena);

#endif
