/* For tests of `why`: a story gathered on the world of test_ops_world.h, of order 1001 of shopify/uk. */
#ifndef PRIMAFLOW_TEST_WHY_SUPPORT_H
#define PRIMAFLOW_TEST_WHY_SUPPORT_H

#include "test_ops_world.h"

#include "test_order_support.h"

#include "core/why.h"
#include "domain/events/order_result.h"

#define NATURAL "01/orders/shopify/uk/1001"
#define KEY "01/shopify/uk/1001"

extern struct why_story story;
extern struct ops_error error;
extern struct arena *arena; /* of the test under way */

/* Prima does not have the order; setup and teardown of each test. */
int begin(void **state);
int end(void **state);

enum ops_kind why(struct ops *ops, const char *id, int64_t since_ms, bool all_partitions);
void put_event(struct ops *ops, const struct order_event *event, int64_t at_ms, int32_t partition);
struct order_event *version(int64_t number); /* the plain order, of that source version */
struct order_result result_of(int outcome);
void put_result(struct ops *ops, const struct order_result *result, int64_t at_ms);
const struct why_event *only_event(void); /* the one record of the one order, or the test fails */

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

#endif
