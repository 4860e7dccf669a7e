/* An order's head, and the order in which its parts are read; see shopify_order.h. */
#include "shopify_parts.h"

#include <inttypes.h>

static const struct currency *shop_currency(struct shopify_import *o)
{
    char shown[64];
    const struct shopify_at at = shopify_field(o->order, "currency");
    const char *code = shopify_text(o->r, o->order, "currency");
    const struct currency *currency = code != NULL ? currency_find(code) : NULL;
    if (code != NULL && currency == NULL)
        shopify_complain(o->r, &at,
                         "%s is not a currency of ISO 4217 such as \"GBP\"; correct it or export "
                         "the order again",
                         shopify_shown(&at, shown));
    return currency;
}

/* The order's total in both currencies. False: it is not told in the customer's. */
static bool rate_read(struct shopify_import *o)
{
    struct shopify_reader *r = o->r;
    const struct shopify_at total = shopify_field(o->order, "total_price_set"),
                            presentment = shopify_field(&total, "presentment_money");
    struct shopify_money money;
    if (presentment.json == NULL)
        return false;
    if (shopify_money_set(r, &total, SHOPIFY_POSITIVE, &money)) {
        r->shop_total = money.shop;
        r->presentment_total = money.presentment;
    }
    return true;
}

/* The currency that the customer saw. Where the export does not tell it in amounts, or it is none
 * of ISO 4217, its name is handed on without amounts: the worker needs them only where orders are
 * posted in it, and says so then. */
static void presentment_currency(struct shopify_import *o)
{
    struct shopify_reader *r = o->r;
    const char *code = shopify_text(r, o->order, "presentment_currency");
    const struct currency *currency = code != NULL ? currency_find(code) : NULL;
    const struct shopify_at at = shopify_field(o->order, "presentment_currency");
    char shown[64];
    if (code == NULL || strcmp(code, r->shop->code) == 0)
        return;
    if (strlen(code) != 3) {
        shopify_complain(r, &at,
                         "%s is not a currency such as \"GBP\"; correct it or export the order "
                         "again",
                         shopify_shown(&at, shown));
        return;
    }
    shopify_put(o, o->event, "presentment_currency", json_string(code));
    if (currency == NULL)
        return;
    r->presentment = currency;
    if (!rate_read(o))
        r->presentment = r->shop;
}

/* Both currencies, without which no amount can be read. */
static bool currencies(struct shopify_import *o)
{
    shopify_need(o->r, o->order, "currency");
    o->r->shop_total = o->r->presentment_total = 0;
    o->r->shop = o->r->presentment = shop_currency(o);
    if (o->r->shop == NULL)
        return false;
    shopify_put(o, o->event, "currency", json_string(o->r->shop->code));
    presentment_currency(o);
    return true;
}

/* The event is known by order and time of change: the same export gives the same event again. */
static void identity(struct shopify_import *o)
{
    char id[64] = "";
    int64_t updated_ms = 0, created_ms = 0;
    shopify_need(o->r, o->order, "id");
    shopify_need(o->r, o->order, "updated_at");
    (void)shopify_id(o->r, o->order, "id", id);
    (void)shopify_time(o->r, o->order, "updated_at", &updated_ms);
    shopify_put(o, o->event, "event_id", json_sprintf("shopify-%s-%" PRId64, id, updated_ms));
    shopify_put(o, o->event, "event_time", json_integer(updated_ms));
    shopify_put(o, o->event, "kind", json_null()); /* its place; filled when edits are known */
    shopify_put(o, o->event, "source_version", json_integer(updated_ms));
    shopify_put(o, o->event, "channel", json_string(o->options->channel));
    shopify_put(o, o->event, "store", json_string(o->options->store));
    shopify_put(o, o->event, "order_id", json_string(id));
    shopify_copy_text(o, o->order, "name", o->event, "order_name");
    shopify_copy_text(o, o->order, "source_name", o->event, "source_name");
    shopify_copy_id(o, o->order, "location_id", o->event, "location_id");
    shopify_put(o, o->event, "test", json_boolean(shopify_flag(o->r, o->order, "test", false)));
    /* processed_at is the date that Shopify shows and reports; created_at that of the record, which
     * an import from elsewhere makes today */
    if (!shopify_time(o->r, o->order, "processed_at", &created_ms) &&
        !shopify_time(o->r, o->order, "created_at", &created_ms))
        shopify_need(o->r, o->order, "created_at");
    shopify_put(o, o->event, "created_at", json_integer(created_ms));
}

static void tax_mode(struct shopify_import *o)
{
    shopify_need(o->r, o->order, "taxes_included");
    o->taxes_included = shopify_flag(o->r, o->order, "taxes_included", false);
    shopify_put(o, o->event, "taxes_included", json_boolean(o->taxes_included));
}

/* The order's own flag; in an order without one, the customer's, which is of today: it says nothing
 * of an order that was taxed. */
static void exemption(struct shopify_import *o)
{
    const struct shopify_at customer = shopify_field(o->order, "customer");
    const json_t *tax =
        json_object_get(json_object_get(json_object_get(o->event, "totals"), "tax"), "shop_minor");
    const bool of_customer =
        shopify_flag(o->r, &customer, "tax_exempt", false) && json_integer_value(tax) == 0;
    if (shopify_flag(o->r, o->order, "tax_exempt", of_customer))
        shopify_put(o, o->event, "tax_exempt", json_true());
}

static void kind(struct shopify_import *o)
{
    int64_t cancelled_ms = 0;
    if (o->is_cancelled && shopify_time(o->r, o->order, "cancelled_at", &cancelled_ms)) {
        shopify_put(o, o->event, "cancelled_at", json_integer(cancelled_ms));
        shopify_copy_text(o, o->order, "cancel_reason", o->event, "cancel_reason");
    }
    shopify_put(o, o->event, "kind",
                json_string(o->is_cancelled     ? "cancelled"
                            : o->edits.any_edit ? "edited"
                                                : "created"));
}

static void parts(struct shopify_import *o)
{
    static const char *const lists[] = {"lines", "shipping_lines", "charges", "tenders"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        shopify_put(o, o->event, lists[i], json_array());
    shopify_edits_read(o);
    shopify_lines(o);
    if (!o->edits.took_all) {
        shopify_carriage(o);
        shopify_charges(o);
    }
    json_t *totals = shopify_totals(o);
    shopify_tenders(o, totals);
    shopify_put(o, o->event, "totals", totals);
}

json_t *shopify_order_event(const struct shopify_at *order,
                            const struct shopify_order_options *options,
                            struct shopify_reader *reader)
{
    const size_t wrong = reader->wrong;
    struct shopify_import o = {.r = reader,
                               .options = options,
                               .order = order,
                               .event = json_object(),
                               .is_cancelled = shopify_field(order, "cancelled_at").json != NULL};
    reader->order = order;
    reader->is_too_large = false;
    if (json_is_object(order->json)) {
        identity(&o);
        if (currencies(&o)) {
            tax_mode(&o);
            shopify_people(&o);
            parts(&o);
            exemption(&o);
            shopify_remarks(&o);
            kind(&o);
        }
    } else {
        shopify_complain(
            reader, order,
            "is not an order; what is read are the documents of Shopify's REST Admin API");
    }
    shopify_edits_release(&o);
    if (o.no_memory)
        shopify_complain(reader, order, "cannot be held in memory");
    if (reader->wrong == wrong)
        return o.event;
    json_decref(o.event);
    return NULL;
}
