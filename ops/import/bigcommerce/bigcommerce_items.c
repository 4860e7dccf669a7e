/* What a refund is for.
 *
 * An item is an amount, or units alone: then its amount is what the refund's total leaves for it.
 * Where several are units alone, the order's products say by which prices that is shared, by largest
 * remainder; where nobody says, the refund is not imported. total_tax is told for all items together:
 * one item has all of it, several have what their prices say; where nobody says, it is no item's, and
 * the worker takes the order's own share, unless prices are without tax and it is needed to tell
 * net from gross. */
#include "base/money.h"

#include "bigcommerce_prices.h"

#include <stdlib.h>
#include <string.h>

enum item_type {
    ITEM_PRODUCT,
    ITEM_GIFT_WRAPPING,
    ITEM_SHIPPING,
    ITEM_HANDLING,
    ITEM_FEE,
    ITEM_ORDER, /* for the whole order; its tax is not touched */
    ITEM_TAX,   /* tax alone */
    ITEM_TYPES
};

static const char *const type_names[ITEM_TYPES] = {
    "PRODUCT", "GIFT_WRAPPING", "SHIPPING", "HANDLING", "FEE", "ORDER", "TAX"};

struct item {
    struct import_at at;
    enum item_type type;
    bool has_id, has_amount, has_price, has_tax;
    char id[64];
    int64_t units, gross, tax; /* minor units, tax contained */
    struct bigcommerce_price price;
};

struct items {
    struct bigcommerce_refunding *f;
    struct import_at at; /* the list */
    struct item *items;
    size_t count;
    int64_t *weights;
    struct money *shares;
};

/* ---- reading ---- */

static bool type_read(struct bigcommerce_refunding *f, struct item *item)
{
    char shown[64];
    const struct import_at at = import_field(&item->at, "item_type");
    const char *name = import_text(f->r, &item->at, "item_type");
    for (int type = 0; name != NULL && type < ITEM_TYPES; type++)
        if (strcmp(type_names[type], name) == 0) {
            item->type = (enum item_type)type;
            return true;
        }
    import_complain(f->r, &at,
                    "%s is none of PRODUCT, GIFT_WRAPPING, SHIPPING, HANDLING, FEE, ORDER and TAX; "
                    "what is paid back is not known",
                    import_shown(&at, shown));
    return false;
}

static bool item_read(struct bigcommerce_refunding *f, const struct import_at *at,
                      struct item *ret_item)
{
    struct item item = {.at = *at};
    if (!json_is_object(at->json)) {
        import_complain(f->r, at, "is not a refunded item; export the refund again");
        return false;
    }
    if (!type_read(f, &item))
        return false;
    if (item.type == ITEM_PRODUCT)
        import_need(f->r, at, "item_id");
    item.has_id = import_id(f->r, at, "item_id", item.id);
    (void)import_units(f->r, at, "quantity", &item.units);
    item.has_amount = bigcommerce_minor(f, at, "requested_amount", false, &item.gross);
    item.has_price = item.type == ITEM_PRODUCT && item.has_id &&
                     bigcommerce_price_of(f, item.id, item.units, &item.price);
    *ret_item = item;
    return true;
}

/* ---- amounts ---- */

static int64_t told_sum(const struct items *s, size_t *ret_untold)
{
    int64_t sum = 0; /* of IMPORT_ITEMS_MAX amounts up to IMPORT_MINOR_MAX: it fits */
    *ret_untold = 0;
    for (size_t i = 0; i < s->count; i++) {
        sum += s->items[i].has_amount ? s->items[i].gross : 0;
        *ret_untold += !s->items[i].has_amount;
    }
    return sum;
}

/* Weights of those whose amount is not told, by their prices. False: of some it is not known. */
static bool weigh_untold(struct items *s)
{
    size_t n = 0;
    bool all = true;
    for (size_t i = 0; i < s->count; i++)
        if (!s->items[i].has_amount) {
            all = all && s->items[i].has_price;
            s->weights[n++] = s->items[i].price.gross;
        }
    return all;
}

/* About the first whose amount neither it nor a price tells. */
static void complain_untold(struct items *s, size_t untold)
{
    const struct item *first = NULL;
    for (size_t i = 0; i < s->count; i++) {
        const struct item *item = &s->items[i];
        if (!item->has_amount && (first == NULL || (first->has_price && !item->has_price)))
            first = item;
    }
    const struct import_at at = import_field(&first->at, "requested_amount");
    import_complain(
        s->f->r, &at,
        "is not told, as of %zu items: which has how much of the total nobody says; put "
        "the answer of /v2/orders/ID/products into the refund as \"products\"",
        untold);
}

static void share_rest(struct items *s, int64_t rest, size_t untold)
{
    size_t n = 0;
    const struct money whole = {rest, s->f->r->shop};
    const bool is_known = untold == 1 || weigh_untold(s);
    if (untold == 1)
        s->weights[0] = 1;
    if (!is_known || money_allocate(whole, s->weights, untold, s->shares) < 0) {
        complain_untold(s, untold);
        return;
    }
    for (size_t i = 0; i < s->count; i++)
        if (!s->items[i].has_amount)
            s->items[i].gross = s->shares[n++].minor;
}

static void tell_amounts(struct items *s)
{
    size_t untold;
    const int64_t sum = told_sum(s, &untold), rest = s->f->total - sum;
    if (untold == 0)
        return;
    if (!s->f->has_total)
        import_need(s->f->r, s->f->refund, "total_amount");
    else if (rest < 0)
        import_complain(s->f->r, &s->at,
                        "come to more than the refund's total_amount without those whose amount is "
                        "not told; export the refund again");
    else
        share_rest(s, rest, untold);
}

/* ---- tax ---- */

static bool is_taxed(const struct item *item)
{
    return item->type != ITEM_ORDER && item->type != ITEM_TAX;
}

static int64_t tax_alone(const struct items *s)
{
    int64_t sum = 0;
    for (size_t i = 0; i < s->count; i++)
        sum += s->items[i].type == ITEM_TAX ? s->items[i].gross : 0;
    return sum;
}

/* The tax of an item's price in minor units, to the nearest. */
static int64_t price_tax(const struct items *s, const struct item *item)
{
    struct money minor = {0, s->f->r->shop};
    int64_t decimals = 1;
    for (int i = 0; i < s->f->r->shop->decimals; i++)
        decimals *= 10;
    return money_portion((struct money){item->price.tax, s->f->r->shop}, decimals,
                         BIGCOMMERCE_PRICE_PARTS, &minor) == 0
               ? minor.minor
               : 0;
}

/* One item is left whose tax nobody says: it has what the others leave. */
static bool tax_by_rest(struct items *s, int64_t tax)
{
    struct item *unknown = NULL;
    for (size_t i = 0; i < s->count; i++) {
        struct item *item = &s->items[i];
        if (!is_taxed(item))
            continue;
        if (!item->has_price) {
            unknown = item;
            continue;
        }
        item->tax = price_tax(s, item);
        tax -= item->tax;
    }
    if (unknown != NULL)
        unknown->tax = tax;
    return tax >= 0;
}

static bool tax_by_prices(struct items *s, int64_t tax)
{
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++)
        if (is_taxed(&s->items[i]))
            s->weights[n++] = s->items[i].price.tax;
    if (money_allocate((struct money){tax, s->f->r->shop}, s->weights, n, s->shares) < 0)
        return false;
    n = 0;
    for (size_t i = 0; i < s->count; i++)
        if (is_taxed(&s->items[i]))
            s->items[i].tax = s->shares[n++].minor;
    return true;
}

static bool none_exceeds(const struct items *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->items[i].tax > s->items[i].gross)
            return false;
    return true;
}

/* Whether each item's tax is known now. */
static bool tax_share(struct items *s)
{
    const int64_t tax = s->f->tax - tax_alone(s);
    size_t taxed = 0, unpriced = 0;
    for (size_t i = 0; i < s->count; i++) {
        taxed += is_taxed(&s->items[i]);
        unpriced += is_taxed(&s->items[i]) && !s->items[i].has_price;
    }
    if (!s->f->has_tax || tax < 0)
        return false;
    if (tax == 0)
        return true; /* of each of them */
    if (taxed == 1)
        for (size_t i = 0; i < s->count; i++)
            s->items[i].tax = is_taxed(&s->items[i]) ? tax : 0;
    else if (unpriced > 1 || !(unpriced == 1 ? tax_by_rest(s, tax) : tax_by_prices(s, tax)))
        return false;
    return none_exceeds(s);
}

static void tell_taxes(struct items *s)
{
    const bool is_known = tax_share(s);
    for (size_t i = 0; i < s->count; i++)
        s->items[i].has_tax = is_known && is_taxed(&s->items[i]);
    if (is_known || !s->f->options->prices_ex_tax)
        return;
    if (!s->f->has_tax)
        import_need(s->f->r, s->f->refund, "total_tax");
    else
        import_complain(s->f->r, &s->at,
                        "have a total_tax together, and which has how much of it is not told, so "
                        "that prices without tax are not known; put the answer of "
                        "/v2/orders/ID/products into the refund as \"products\"");
}

/* ---- the event's ---- */

static void put_tax_alone(struct bigcommerce_refunding *f, const struct item *item)
{
    if (f->options->tax_rate_ppm < 0) {
        import_complain(f->r, &item->at,
                        "is tax alone, and its rate is not told; say it with --tax-rate");
        return;
    }
    if (item->gross == 0)
        return;
    json_t *tax = json_object();
    import_put(f->r, tax, "rate_ppm", json_integer(f->options->tax_rate_ppm));
    import_put(f->r, tax, "amount", import_money_json(f->r, bigcommerce_money(item->gross)));
    import_append(f->r, json_object_get(f->out.event, "taxes"), tax);
}

static void item_write(struct bigcommerce_refunding *f, const struct item *item)
{
    const int64_t net = f->options->prices_ex_tax ? item->gross - item->tax : item->gross;
    const struct import_part part = {bigcommerce_money(net), bigcommerce_money(item->tax),
                                     item->has_tax};
    const char *id = item->has_id ? item->id : NULL;
    switch (item->type) {
    case ITEM_PRODUCT:
        if (id != NULL)
            import_refund_line(
                &f->out, &item->at,
                &(struct import_refund_line){
                    .line_id = id, .restock = "unknown", .units = item->units, .part = part});
        break;
    case ITEM_GIFT_WRAPPING:
        import_refund_charge(&f->out, "gift_wrap", NULL, id, part);
        break;
    case ITEM_SHIPPING:
        import_refund_carriage(&f->out, id, part);
        break;
    case ITEM_HANDLING:
        import_refund_charge(&f->out, "handling", NULL, NULL, part);
        break;
    case ITEM_FEE:
        import_refund_charge(&f->out, "other", "fee", NULL, part);
        break;
    case ITEM_TAX:
        put_tax_alone(f, item);
        break;
    default:
        break; /* ITEM_ORDER: all of them are one amount */
    }
}

static void put_order_amount(struct items *s)
{
    int64_t sum = 0;
    for (size_t i = 0; i < s->count; i++)
        sum += s->items[i].type == ITEM_ORDER ? s->items[i].gross : 0;
    if (sum > 0)
        import_put(s->f->r, s->f->out.event, "order_amount",
                   import_money_json(s->f->r, bigcommerce_money(sum)));
}

/* Somebody overruled what BigCommerce would have paid back: what the items do not explain. */
static void put_override(struct items *s)
{
    int64_t sum = 0;
    if (!import_flag(s->f->r, s->f->refund, "uses_merchant_override_values", false) ||
        !s->f->has_total || s->count == 0)
        return;
    for (size_t i = 0; i < s->count; i++)
        sum += s->items[i].gross;
    import_refund_adjustment(&s->f->out, "discrepancy",
                             (struct import_part){.amount = bigcommerce_money(s->f->total - sum)});
}

static void items_write(struct items *s)
{
    tell_amounts(s);
    tell_taxes(s);
    for (size_t i = 0; i < s->count; i++)
        item_write(s->f, &s->items[i]);
    put_order_amount(s);
    put_override(s);
}

void bigcommerce_items(struct bigcommerce_refunding *f)
{
    struct items s = {.f = f, .at = import_field(f->refund, "items")};
    const size_t count = import_count(f->r, &s.at), room = count > 0 ? count : 1;
    s.items = calloc(room, sizeof *s.items);
    s.weights = calloc(room, sizeof *s.weights);
    s.shares = calloc(room, sizeof *s.shares);
    f->r->no_memory |= s.items == NULL || s.weights == NULL || s.shares == NULL;
    for (size_t i = 0; i < count && !f->r->no_memory; i++) {
        const struct import_at item = import_item(&s.at, i);
        s.count += item_read(f, &item, &s.items[s.count]);
    }
    if (!f->r->no_memory && s.count == count)
        items_write(&s);
    free(s.items);
    free(s.weights);
    free(s.shares);
}
