/* The currencies of a refund, and its rate between them.
 *
 * A refund's object does not name them: its money sets do, else its order, else whoever imports it,
 * else its transactions. What it states in both is its rate: amounts that are told in one alone are
 * converted at it; without any, at the order's, which is what its total is in both. */
#include "shopify_refund_parts.h"

#include <string.h>

/* The first currency_code that stands in a side ("shop_money") anywhere below. */
static const char *code_within(const json_t *json, const char *side)
{
    const char *name,
        *code = json_string_value(json_object_get(json_object_get(json, side), "currency_code"));
    const json_t *value;
    size_t i;
    if (code != NULL && *code != '\0')
        return code;
    code = NULL;
    if (json_is_array(json))
        for (i = 0; i < json_array_size(json) && code == NULL; i++)
            code = code_within(json_array_get(json, i), side);
    else
        json_object_foreach((json_t *)(uintptr_t)json, name, value)
        {
            code = code_within(value, side);
            if (code != NULL)
                break;
        }
    return code;
}

static const char *text_of(const struct import_at *at, const char *name)
{
    const char *text = json_string_value(json_object_get(at->json, name));
    return text != NULL && *text != '\0' ? text : NULL;
}

/* The first transaction's. */
static const char *paid_in(const struct shopify_refunding *f)
{
    const json_t *list = json_object_get(f->refund->json, "transactions"), *item;
    const char *code = NULL;
    size_t i;
    json_array_foreach(list, i, item) if (code == NULL) code =
        text_of(&(struct import_at){.json = item}, "currency");
    return code;
}

static const char *shop_code(const struct shopify_refunding *f)
{
    const char *code = text_of(f->order, "currency");
    if (code == NULL)
        code = code_within(f->refund->json, "shop_money");
    if (code == NULL)
        code = f->options->currency;
    return code != NULL ? code : paid_in(f);
}

static bool shop_currency(struct shopify_refunding *f)
{
    const char *code = shop_code(f);
    f->r->shop = f->r->presentment = code != NULL ? currency_find(code) : NULL;
    if (code == NULL)
        import_complain(f->r, f->refund,
                        "tells no currency, neither in a money set nor in a transaction; say the "
                        "shop's with --currency, or import the whole order");
    else if (f->r->shop == NULL)
        import_complain(f->r, f->refund,
                        "tells amounts in what is no currency of ISO 4217 such as \"GBP\"; correct "
                        "it or export the refund again");
    return f->r->shop != NULL;
}

/* ---- the rate ---- */

/* Adds a set that tells both sides. */
static void rate_add(struct import_reader *quiet, const struct import_at *set)
{
    const struct import_at shop = import_field(set, "shop_money"),
                           presentment = import_field(set, "presentment_money");
    struct import_money money;
    int64_t shop_total, presentment_total;
    if (import_field(&shop, "amount").json == NULL ||
        import_field(&presentment, "amount").json == NULL ||
        !shopify_money_set(quiet, set, SHOPIFY_SIGNED, &money) ||
        __builtin_add_overflow(quiet->shop_total, money.shop < 0 ? -money.shop : money.shop,
                               &shop_total) ||
        __builtin_add_overflow(quiet->presentment_total,
                               money.presentment < 0 ? -money.presentment : money.presentment,
                               &presentment_total))
        return;
    quiet->shop_total = shop_total;
    quiet->presentment_total = presentment_total;
}

static void rate_add_list(struct import_reader *quiet, const struct import_at *refund,
                          const char *name, const char *set)
{
    const struct import_at list = import_field(refund, name);
    for (size_t i = 0; i < json_array_size(list.json); i++) {
        const struct import_at item = import_item(&list, i), amount = import_field(&item, set);
        rate_add(quiet, &amount);
    }
}

static void rate_read(struct shopify_refunding *f)
{
    static const char *const lists[][2] = {{"refund_line_items", "subtotal_set"},
                                           {"refund_shipping_lines", "subtotal_amount_set"},
                                           {"order_adjustments", "amount_set"}};
    const struct import_at total = import_field(f->order, "total_price_set"),
                           duties = import_field(f->refund, "total_duties_set"),
                           fees = import_field(f->refund, "total_additional_fees_set");
    struct import_reader quiet = import_quiet(f->r); /* it is read for good later */
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        rate_add_list(&quiet, f->refund, lists[i][0], lists[i][1]);
    rate_add(&quiet, &duties);
    rate_add(&quiet, &fees);
    if (quiet.shop_total == 0 || quiet.presentment_total == 0) {
        quiet.shop_total = quiet.presentment_total = 0;
        rate_add(&quiet, &total);
    }
    f->r->shop_total = quiet.shop_total;
    f->r->presentment_total = quiet.presentment_total;
}

/* ---- both ---- */

/* The customer's: as its sets tell it, else as its money went back, else as its order says. */
static const char *presentment_code(const struct shopify_refunding *f)
{
    const char *code = code_within(f->refund->json, "presentment_money");
    if (code == NULL)
        code = paid_in(f);
    return code != NULL ? code : text_of(f->order, "presentment_currency");
}

bool shopify_refund_currencies(struct shopify_refunding *f)
{
    if (!shop_currency(f))
        return false;
    const char *code = presentment_code(f);
    const struct currency *presentment = code != NULL ? currency_find(code) : NULL;
    if (presentment == NULL || presentment == f->r->shop)
        return true; /* what is told in none of ISO 4217 is complained of where it is read */
    f->r->presentment = presentment;
    rate_read(f);
    if (f->r->shop_total == 0 && code_within(f->refund->json, "presentment_money") == NULL &&
        paid_in(f) == NULL)
        f->r->presentment = f->r->shop; /* a name without an amount in it */
    return true;
}
