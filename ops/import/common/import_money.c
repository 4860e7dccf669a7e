/* Amounts in both currencies; see import_money.h. */
#include "import_money.h"

#include "base/money.h"

static void overflow(struct import_reader *r)
{
    if (!r->is_too_large)
        import_complain(r, r->order,
                        "its amounts are too large to add up; correct the %s or export it again",
                        r->noun != NULL ? r->noun : "order");
    r->is_too_large = true;
}

struct import_money import_add(struct import_reader *r, struct import_money a,
                               struct import_money b)
{
    struct import_money sum = {0};
    if (__builtin_add_overflow(a.shop, b.shop, &sum.shop) ||
        __builtin_add_overflow(a.presentment, b.presentment, &sum.presentment))
        overflow(r);
    return sum;
}

struct import_money import_subtract(struct import_reader *r, struct import_money a,
                                    struct import_money b)
{
    struct import_money rest = {0};
    if (__builtin_sub_overflow(a.shop, b.shop, &rest.shop) ||
        __builtin_sub_overflow(a.presentment, b.presentment, &rest.presentment))
        overflow(r);
    return rest;
}

struct import_money import_times(struct import_reader *r, struct import_money a, int64_t factor)
{
    struct import_money product = {0};
    if (__builtin_mul_overflow(a.shop, factor, &product.shop) ||
        __builtin_mul_overflow(a.presentment, factor, &product.presentment))
        overflow(r);
    return product;
}

static int64_t share_side(struct import_reader *r, int64_t amount, const struct currency *currency,
                          int64_t part, int64_t whole)
{
    struct money shares[2] = {{0, currency}, {0, currency}};
    if (money_allocate((struct money){amount, currency}, (const int64_t[]){part, whole - part}, 2,
                       shares) < 0)
        overflow(r);
    return shares[0].minor;
}

struct import_money import_share(struct import_reader *r, struct import_money a, int64_t part,
                                 int64_t whole)
{
    if (part >= whole)
        return a;
    return (struct import_money){share_side(r, a.shop, r->shop, part, whole),
                                 share_side(r, a.presentment, r->presentment, part, whole)};
}

json_t *import_money_json(const struct import_reader *r, struct import_money a)
{
    json_t *json = json_pack("{s:I}", "shop_minor", (json_int_t)a.shop);
    if (json != NULL && import_is_multi(r) &&
        json_object_set_new(json, "presentment_minor", json_integer(a.presentment)) != 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

struct import_money import_money_of(const json_t *set)
{
    const json_t *presentment = json_object_get(set, "presentment_minor");
    const int64_t shop = json_integer_value(json_object_get(set, "shop_minor"));
    return (struct import_money){shop,
                                 presentment != NULL ? json_integer_value(presentment) : shop};
}
