/* Money sets; see shopify_money.h. */
#include "shopify_money.h"

#include "base/money.h"

#include <string.h>

/* What is told in the shop's currency alone, at the order's own rate: what its total is in both. */
static bool at_the_orders_rate(struct import_reader *r, const struct import_at *at,
                               struct import_money *money)
{
    struct money converted = {0, r->presentment};
    if (money->shop == 0) /* nothing is nothing in any currency */
        return true;
    if (r->shop_total <= 0) {
        import_complain(r, at,
                        "stands in one currency, and the order has two and no total in both; "
                        "export it with its money sets");
        return false;
    }
    if (money_portion((struct money){money->shop, r->presentment}, r->presentment_total,
                      r->shop_total, &converted) < 0) {
        import_complain(r, at, "is too large to convert; correct it or export the order again");
        return false;
    }
    money->presentment = converted.minor;
    return true;
}

/* One side of a set: {"amount": "12.34", "currency_code": "GBP"}. */
static bool side_read(struct import_reader *r, const struct import_at *side,
                      const struct currency *currency, unsigned rule, int64_t *ret_minor)
{
    if (side->json == NULL) {
        import_complain(r, side, "is missing; export the order with its money sets");
        return false;
    }
    const struct import_at amount = import_field(side, "amount"),
                           code = import_field(side, "currency_code");
    const char *text = import_text(r, side, "currency_code");
    char shown[64];
    if (text != NULL && strcmp(text, currency->code) != 0) {
        import_complain(r, &code, "%s is not the order's %s; export the order again",
                        import_shown(&code, shown), currency->code);
        return false;
    }
    return import_minor(r, &amount, currency, (rule & SHOPIFY_SIGNED) != 0, ret_minor);
}

static bool has_amount(const struct import_at *set, const char *name)
{
    const struct import_at side = import_field(set, name);
    return import_field(&side, "amount").json != NULL;
}

/* A set that does not tell the shop's money says nothing where a plain amount does. One that tells
 * the customer's alone is complained of, for that money would be lost. */
static bool money_counts(const struct import_at *set, bool has_plain)
{
    if (!json_is_object(set->json))
        return set->json != NULL; /* which is complained of */
    return has_amount(set, "shop_money") || (!has_plain && has_amount(set, "presentment_money"));
}

bool shopify_money_set(struct import_reader *r, const struct import_at *at, unsigned rule,
                       struct import_money *ret_money)
{
    if (!json_is_object(at->json)) {
        import_complain(
            r, at,
            "is not a money set with shop_money and presentment_money; export the order again");
        return false;
    }
    const struct import_at shop = import_field(at, "shop_money"),
                           presentment = import_field(at, "presentment_money");
    struct import_money money;
    const bool is_other =
        !import_is_multi(r) && !has_amount(at, "shop_money") && has_amount(at, "presentment_money");
    if (!side_read(r, is_other ? &presentment : &shop, r->shop, rule, &money.shop))
        return false; /* in one currency, either side tells it */
    money.presentment = money.shop;
    if (import_is_multi(r) &&
        (!has_amount(at, "presentment_money")
             ? !at_the_orders_rate(r, at, &money)
             : !side_read(r, &presentment, r->presentment, rule, &money.presentment)))
        return false;
    *ret_money = money;
    return true;
}

bool shopify_money(struct import_reader *r, const struct import_at *parent, const char *set,
                   const char *plain, unsigned rule, struct import_money *ret_money)
{
    static const struct import_at nowhere = {.json = NULL};
    const struct import_at in_set = set != NULL ? import_field(parent, set) : nowhere;
    const struct import_at alone = plain != NULL ? import_field(parent, plain) : nowhere;
    if (money_counts(&in_set, alone.json != NULL))
        return shopify_money_set(r, &in_set, rule, ret_money);
    if (alone.json == NULL) {
        if ((rule & SHOPIFY_NEEDED) != 0)
            import_need(r, parent, set != NULL ? set : plain);
        return false;
    }
    struct import_money money;
    if (!import_minor(r, &alone, r->shop, (rule & SHOPIFY_SIGNED) != 0, &money.shop))
        return false;
    money.presentment = money.shop;
    if (import_is_multi(r) && !at_the_orders_rate(r, &alone, &money))
        return false;
    *ret_money = money;
    return true;
}
