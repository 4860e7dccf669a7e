/* Money sets and their sums; see shopify_money.h. */
#include "shopify_money.h"

#include "base/money.h"

#include <string.h>

static bool is_multi(const struct shopify_reader *r)
{
    return r->shop != r->presentment;
}

/* What is told in the shop's currency alone, at the order's own rate: what its total is in both. */
static bool at_the_orders_rate(struct shopify_reader *r, const struct shopify_at *at,
                               struct shopify_money *money)
{
    struct money converted = {0, r->presentment};
    if (money->shop == 0) /* nothing is nothing in any currency */
        return true;
    if (r->shop_total <= 0) {
        shopify_complain(r, at,
                         "stands in one currency, and the order has two and no total in both; "
                         "export it with its money sets");
        return false;
    }
    if (money_portion((struct money){money->shop, r->presentment}, r->presentment_total,
                      r->shop_total, &converted) < 0) {
        shopify_complain(r, at, "is too large to convert; correct it or export the order again");
        return false;
    }
    money->presentment = converted.minor;
    return true;
}

/* One side of a set: {"amount": "12.34", "currency_code": "GBP"}. */
static bool side_read(struct shopify_reader *r, const struct shopify_at *side,
                      const struct currency *currency, unsigned rule, int64_t *ret_minor)
{
    if (side->json == NULL) {
        shopify_complain(r, side, "is missing; export the order with its money sets");
        return false;
    }
    const struct shopify_at amount = shopify_field(side, "amount"),
                            code = shopify_field(side, "currency_code");
    const char *text = shopify_text(r, side, "currency_code");
    char shown[64];
    if (text != NULL && strcmp(text, currency->code) != 0) {
        shopify_complain(r, &code, "%s is not the order's %s; export the order again",
                         shopify_shown(&code, shown), currency->code);
        return false;
    }
    return shopify_minor(r, &amount, currency, (rule & SHOPIFY_SIGNED) != 0, ret_minor);
}

static bool has_amount(const struct shopify_at *set, const char *name)
{
    const struct shopify_at side = shopify_field(set, name);
    return shopify_field(&side, "amount").json != NULL;
}

/* A set that does not tell the shop's money says nothing where a plain amount does. One that tells
 * the customer's alone is complained of, for that money would be lost. */
static bool money_counts(const struct shopify_at *set, bool has_plain)
{
    if (!json_is_object(set->json))
        return set->json != NULL; /* which is complained of */
    return has_amount(set, "shop_money") || (!has_plain && has_amount(set, "presentment_money"));
}

bool shopify_money_set(struct shopify_reader *r, const struct shopify_at *at, unsigned rule,
                       struct shopify_money *ret_money)
{
    if (!json_is_object(at->json)) {
        shopify_complain(
            r, at,
            "is not a money set with shop_money and presentment_money; export the order again");
        return false;
    }
    const struct shopify_at shop = shopify_field(at, "shop_money"),
                            presentment = shopify_field(at, "presentment_money");
    struct shopify_money money;
    const bool is_other =
        !is_multi(r) && !has_amount(at, "shop_money") && has_amount(at, "presentment_money");
    if (!side_read(r, is_other ? &presentment : &shop, r->shop, rule, &money.shop))
        return false; /* in one currency, either side tells it */
    money.presentment = money.shop;
    if (is_multi(r) && (presentment.json == NULL ? !at_the_orders_rate(r, at, &money)
                                                 : !side_read(r, &presentment, r->presentment, rule,
                                                              &money.presentment)))
        return false;
    *ret_money = money;
    return true;
}

bool shopify_money(struct shopify_reader *r, const struct shopify_at *parent, const char *set,
                   const char *plain, unsigned rule, struct shopify_money *ret_money)
{
    static const struct shopify_at nowhere = {.json = NULL};
    const struct shopify_at in_set = set != NULL ? shopify_field(parent, set) : nowhere;
    const struct shopify_at alone = plain != NULL ? shopify_field(parent, plain) : nowhere;
    if (money_counts(&in_set, alone.json != NULL))
        return shopify_money_set(r, &in_set, rule, ret_money);
    if (alone.json == NULL) {
        if ((rule & SHOPIFY_NEEDED) != 0)
            shopify_need(r, parent, set != NULL ? set : plain);
        return false;
    }
    struct shopify_money money;
    if (!shopify_minor(r, &alone, r->shop, (rule & SHOPIFY_SIGNED) != 0, &money.shop))
        return false;
    money.presentment = money.shop;
    if (is_multi(r) && !at_the_orders_rate(r, &alone, &money))
        return false;
    *ret_money = money;
    return true;
}

/* ---- sums ---- */

static void overflow(struct shopify_reader *r)
{
    if (!r->is_too_large)
        shopify_complain(
            r, r->order,
            "its amounts are too large to add up; correct the order or export it again");
    r->is_too_large = true;
}

struct shopify_money shopify_add(struct shopify_reader *r, struct shopify_money a,
                                 struct shopify_money b)
{
    struct shopify_money sum = {0};
    if (__builtin_add_overflow(a.shop, b.shop, &sum.shop) ||
        __builtin_add_overflow(a.presentment, b.presentment, &sum.presentment))
        overflow(r);
    return sum;
}

struct shopify_money shopify_subtract(struct shopify_reader *r, struct shopify_money a,
                                      struct shopify_money b)
{
    struct shopify_money rest = {0};
    if (__builtin_sub_overflow(a.shop, b.shop, &rest.shop) ||
        __builtin_sub_overflow(a.presentment, b.presentment, &rest.presentment))
        overflow(r);
    return rest;
}

struct shopify_money shopify_times(struct shopify_reader *r, struct shopify_money a, int64_t factor)
{
    struct shopify_money product = {0};
    if (__builtin_mul_overflow(a.shop, factor, &product.shop) ||
        __builtin_mul_overflow(a.presentment, factor, &product.presentment))
        overflow(r);
    return product;
}

static int64_t share_side(struct shopify_reader *r, int64_t amount, const struct currency *currency,
                          int64_t part, int64_t whole)
{
    struct money shares[2] = {{0, currency}, {0, currency}};
    if (money_allocate((struct money){amount, currency}, (const int64_t[]){part, whole - part}, 2,
                       shares) < 0)
        overflow(r);
    return shares[0].minor;
}

struct shopify_money shopify_share(struct shopify_reader *r, struct shopify_money a, int64_t part,
                                   int64_t whole)
{
    if (part >= whole)
        return a;
    return (struct shopify_money){share_side(r, a.shop, r->shop, part, whole),
                                  share_side(r, a.presentment, r->presentment, part, whole)};
}

json_t *shopify_money_json(const struct shopify_reader *r, struct shopify_money a)
{
    json_t *json = json_pack("{s:I}", "shop_minor", (json_int_t)a.shop);
    if (json != NULL && is_multi(r) &&
        json_object_set_new(json, "presentment_minor", json_integer(a.presentment)) != 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}
