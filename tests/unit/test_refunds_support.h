/* Channels' refunds for tests: fixtures to alter, import and hear complaints of. What cannot be made
 * fails the test. One thread. */
#ifndef PRIMAFLOW_TEST_REFUNDS_SUPPORT_H
#define PRIMAFLOW_TEST_REFUNDS_SUPPORT_H

#include "test_shopify_support.h"

#include "bigcommerce_refund.h"
#include "codec/codec.h"
#include "domain/events/refund_event.h"
#include "import_file.h"
#include "shopify_refund.h"

/* The order of tests/fixtures/shopify_refunds/NAME.json, with its one refund; a new reference. */
json_t *refunds_fixture(const char *name);
json_t *bigcommerce_fixture(void);               /* the one refund */
json_t *refunds_event_fixture(const char *path); /* under tests/fixtures */

/* Store uk. NULL after complaints, which are in *heard (NULL: then there may be none). */
json_t *refunds_import(import_make make, const json_t *refund, const json_t *whole,
                       const void *options, struct heard *heard);
/* The order's refund at `index`, where it stands, and alone. */
json_t *refund_in_order(const json_t *order, size_t index, struct heard *heard);
json_t *refund_alone(const json_t *order, size_t index, struct heard *heard);
json_t *bigcommerce_import(const json_t *refund, struct heard *heard); /* in GBP */

/* A value at a path of the event as JSON text, "(none)" where there is none. */
const char *refunds_value(json_t *event, const char *path);

/* Decodes the event into the arena. */
struct refund_event refunds_decode(struct codec *codec, const json_t *json, struct arena *arena);
int refunds_codec(struct codec **ret_codec); /* of schemas/ */

/* Everything of a document, taken away or replaced by each kind of value: `import` is called with
 * the altered document each time. */
typedef void (*refunds_altered)(void *user, const char *name);
void refunds_wreck(json_t *value, refunds_altered altered, void *user);
/* Every member of every object taken away, and null. */
void refunds_omit(json_t *value, refunds_altered altered, void *user);

/* One rule: an order's fixture, altered, and what its refund's event has then. */
enum refund_way { BOTH, WITHIN, ALONE }; /* in its order, and alone */

struct refund_rule {
    const char *name, *fixture;
    enum refund_way way;
    struct {
        const char *path, *json;
    } alters[4];
    const char *path, *wanted; /* of the event */
};

#define R "refunds[0]."
#define ITEM "refunds[0].refund_line_items[0]."
#define TIP "refunds[0].refund_line_items[1]."
#define PAID "refunds[0].transactions[0]."
void refunds_check(struct codec *codec, const struct refund_rule rules[], size_t count);
#define CHECK(rules) refunds_check(codec, rules, sizeof(rules) / sizeof *(rules))

#endif
