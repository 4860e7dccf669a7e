/* A file of orders into events; see shopify_import.h. */
#include "shopify_import.h"

#include "shopify_source.h"

#include <string.h>

struct import {
    const struct shopify_order_options *options;
    shopify_event_take take;
    void *user;
    struct shopify_imported *imported;
};

static void import_count(struct shopify_imported *n, const json_t *event)
{
    const char *kind = json_string_value(json_object_get(event, "kind"));
    n->created += strcmp(kind, "created") == 0;
    n->edited += strcmp(kind, "edited") == 0;
    n->cancelled += strcmp(kind, "cancelled") == 0;
    n->tests += json_is_true(json_object_get(event, "test"));
}

static bool take_order(void *user, struct shopify_source *source, const struct shopify_at *order)
{
    struct import *import = user;
    char why[300] = "too much for one call; import fewer orders at a time";
    json_t *event = shopify_order_event(order, import->options, &source->reader);
    if (event == NULL)
        return false;
    const bool taken = import->take(import->user, event, why);
    if (taken)
        import_count(import->imported, event);
    else
        shopify_complain(&source->reader, order, "%s", why);
    json_decref(event);
    return taken;
}

int shopify_import_orders(FILE *in, const struct shopify_order_options *options,
                          shopify_event_take take, void *user,
                          const struct shopify_refused *refused,
                          struct shopify_imported *ret_imported)
{
    struct import import = {options, take, user, ret_imported};
    struct shopify_source source;
    *ret_imported = (struct shopify_imported){.found = 0};
    shopify_source_init(&source, "orders", "order");
    if (refused != NULL) {
        source.refuse = refused->refuse;
        source.refuse_user = refused->user;
    }
    const int rc = shopify_source_read(&source, in, take_order, &import);
    ret_imported->found = source.found;
    ret_imported->wrong = source.wrong;
    ret_imported->unread = source.unread;
    ret_imported->line = source.line;
    ret_imported->complaints = source.complaints;
    return rc;
}
