/* An order's head, and the order in which its parts are read; see shopify_order.h. */
#include "shopify_parts.h"

#include "domain/keys/exchange.h"

#include <inttypes.h>

const struct import_form shopify_orders_form = {.channel = "Shopify",
                                                .noun = "order",
                                                .many = "orders",
                                                .one = "order",
                                                .command = "import shopify orders"};

static const struct currency *shop_currency(struct shopify_import *o)
{
    char shown[64];
    const struct import_at at = import_field(o->order, "currency");
    const char *code = import_text(o->r, o->order, "currency");
    const struct currency *currency = code != NULL ? currency_find(code) : NULL;
    if (code != NULL && currency == NULL)
        import_complain(o->r, &at,
                        "%s is not a currency of ISO 4217 such as \"GBP\"; correct it or export "
                        "the order again",
                        import_shown(&at, shown));
    return currency;
}

/* The order's total in both currencies. False: it is not told in the customer's. */
static bool rate_read(struct shopify_import *o)
{
    struct import_reader *r = o->r;
    const struct import_at total = import_field(o->order, "total_price_set"),
                           presentment = import_field(&total, "presentment_money");
    struct import_money money;
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
    struct import_reader *r = o->r;
    const char *code = import_text(r, o->order, "presentment_currency");
    const struct currency *currency = code != NULL ? currency_find(code) : NULL;
    const struct import_at at = import_field(o->order, "presentment_currency");
    char shown[64];
    if (code == NULL || strcmp(code, r->shop->code) == 0)
        return;
    if (strlen(code) != 3) {
        import_complain(r, &at,
                        "%s is not a currency such as \"GBP\"; correct it or export the order "
                        "again",
                        import_shown(&at, shown));
        return;
    }
    import_put(o->r, o->event, "presentment_currency", json_string(code));
    if (currency == NULL)
        return;
    r->presentment = currency;
    if (!rate_read(o))
        r->presentment = r->shop;
}

/* Both currencies, without which no amount can be read. */
static bool currencies(struct shopify_import *o)
{
    import_need(o->r, o->order, "currency");
    o->r->shop_total = o->r->presentment_total = 0;
    o->r->shop = o->r->presentment = shop_currency(o);
    if (o->r->shop == NULL)
        return false;
    import_put(o->r, o->event, "currency", json_string(o->r->shop->code));
    presentment_currency(o);
    return true;
}

/* The event is known by order and time of change: the same export gives the same event again. */
static void identity(struct shopify_import *o)
{
    char id[2 * 64] = ""; /* of an exchange: two */
    int64_t updated_ms = 0, created_ms = 0;
    import_need(o->r, o->order, "id");
    import_need(o->r, o->order, "updated_at");
    (void)import_id(o->r, o->order, "id", id);
    (void)import_time(o->r, o->order, "updated_at", &updated_ms);
    if (o->exchange != NULL) {
        const size_t used = strlen(id);
        (void)snprintf(id + used, sizeof id - used, EXCHANGE_MARK "%s", o->exchange->return_id);
    }
    import_put(o->r, o->event, "event_id", json_sprintf("shopify-%s-%" PRId64, id, updated_ms));
    import_put(o->r, o->event, "event_time", json_integer(updated_ms));
    import_put(o->r, o->event, "kind", json_null()); /* its place; filled when edits are known */
    import_put(o->r, o->event, "source_version", json_integer(updated_ms));
    import_put(o->r, o->event, "channel", json_string(o->options->channel));
    import_put(o->r, o->event, "store", json_string(o->options->store));
    import_put(o->r, o->event, "order_id", json_string(id));
    import_copy_text(o->r, o->order, "name", o->event, "order_name");
    import_copy_text(o->r, o->order, "source_name", o->event, "source_name");
    import_copy_id(o->r, o->order, "location_id", o->event, "location_id");
    import_put(o->r, o->event, "test", json_boolean(import_flag(o->r, o->order, "test", false)));
    /* processed_at is the date that Shopify shows and reports; created_at that of the record, which
     * an import from elsewhere makes today */
    if (o->exchange != NULL)
        created_ms = o->exchange->at_ms;
    else if (!import_time(o->r, o->order, "processed_at", &created_ms) &&
             !import_time(o->r, o->order, "created_at", &created_ms))
        import_need(o->r, o->order, "created_at");
    import_put(o->r, o->event, "created_at", json_integer(created_ms));
}

static void tax_mode(struct shopify_import *o)
{
    import_need(o->r, o->order, "taxes_included");
    o->taxes_included = import_flag(o->r, o->order, "taxes_included", false);
    import_put(o->r, o->event, "taxes_included", json_boolean(o->taxes_included));
}

/* The order's own flag; in an order without one, the customer's, which is of today: it says nothing
 * of an order that was taxed. */
static void exemption(struct shopify_import *o)
{
    const struct import_at customer = import_field(o->order, "customer");
    const json_t *tax =
        json_object_get(json_object_get(json_object_get(o->event, "totals"), "tax"), "shop_minor");
    const bool of_customer =
        import_flag(o->r, &customer, "tax_exempt", false) && json_integer_value(tax) == 0;
    if (import_flag(o->r, o->order, "tax_exempt", of_customer))
        import_put(o->r, o->event, "tax_exempt", json_true());
}

static void kind(struct shopify_import *o)
{
    int64_t cancelled_ms = 0;
    if (o->is_cancelled && import_time(o->r, o->order, "cancelled_at", &cancelled_ms)) {
        import_put(o->r, o->event, "cancelled_at", json_integer(cancelled_ms));
        import_copy_text(o->r, o->order, "cancel_reason", o->event, "cancel_reason");
    }
    import_put(o->r, o->event, "kind",
               json_string(o->is_cancelled     ? "cancelled"
                           : o->edits.any_edit ? "edited"
                                               : "created"));
}

static void parts(struct shopify_import *o)
{
    static const char *const lists[] = {"lines", "shipping_lines", "charges", "tenders"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        import_put(o->r, o->event, lists[i], json_array());
    shopify_edits_read(o);
    shopify_lines(o);
    if (o->exchange == NULL && !o->edits.took_all) {
        shopify_carriage(o);
        shopify_charges(o);
    }
    json_t *totals = shopify_totals(o);
    shopify_tenders(o, totals);
    import_put(o->r, o->event, "totals", totals);
}

/* Of the first order, or of one of its exchanges. */
static json_t *make_event(const struct import_at *order,
                          const struct shopify_order_options *options,
                          const struct shopify_exchanges *exchanges,
                          const struct shopify_exchange *exchange, struct import_reader *reader)
{
    const size_t wrong = reader->wrong;
    struct shopify_import o = {.r = reader,
                               .options = options,
                               .order = order,
                               .exchanges = exchanges,
                               .exchange = exchange,
                               .event = json_object(),
                               .is_cancelled = import_field(order, "cancelled_at").json != NULL};
    reader->order = order;
    reader->is_too_large = reader->no_memory = false;
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
        import_complain(
            reader, order,
            "is not an order; what is read are the documents of Shopify's REST Admin API");
    }
    shopify_edits_release(&o);
    if (reader->no_memory)
        import_complain(reader, order, "cannot be held in memory");
    if (reader->wrong == wrong)
        return o.event;
    json_decref(o.event);
    return NULL;
}

static const json_t *shopify_total_of(const json_t *event)
{
    return json_object_get(json_object_get(event, "totals"), "total");
}

/* The first order's event alone, where there are no exchanges; else a list of it and of theirs. What was
 * complained of is made into nothing. */
static json_t *make_all(const struct import_at *order, const struct shopify_order_options *options,
                        struct import_reader *reader, bool with_exchanges)
{
    struct shopify_exchanges exchanges;
    const size_t wrong = reader->wrong;
    reader->order = order;
    shopify_exchanges_read(reader, order, options, &exchanges);
    json_t *event = reader->wrong > wrong || reader->no_memory
                        ? NULL
                        : make_event(order, options, &exchanges, NULL, reader);
    if (event != NULL && with_exchanges && exchanges.count > 0) {
        exchanges.first_total = import_money_of(shopify_total_of(event));
        event = json_pack("[o]", event);
        for (size_t i = 0; i < exchanges.count && reader->wrong == wrong; i++)
            import_append(reader, event,
                          make_event(order, options, &exchanges, &exchanges.items[i], reader));
        if (reader->wrong > wrong) {
            json_decref(event);
            event = NULL;
        }
    }
    shopify_exchanges_release(&exchanges);
    return event;
}

json_t *shopify_order_event(const struct import_at *order,
                            const struct shopify_order_options *options,
                            struct import_reader *reader)
{
    return make_all(order, options, reader, false);
}

json_t *shopify_order_make(const struct import_at *order, const struct import_at *whole,
                           const void *options, struct import_reader *reader)
{
    (void)whole;
    return make_all(order, options, reader, true);
}
