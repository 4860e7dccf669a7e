/* Orders made up as Shopify makes them, edited and refunded, its roundings going either way: after
 * the import the worker's proof always balances, and what the event says is left is what Shopify
 * says is left. */
#include "test_order_support.h"
#include "test_shopify_support.h"

#include "../support/effort.h"
#include "codec/codec.h"
#include "order_sale.h"

#include <stdio.h>
#include <string.h>

enum { ORDERS = 1000, LINES_MAX = 4, RATE = 200000, PPM = 1000000 };

static struct codec *codec;
static struct order_rules *rules;
static uint64_t chance = 20261126;

static int setup(void **state)
{
    const struct codec_limits limits = {
        .bytes_max = 1 << 20, .elements_max = 10000, .depth_max = 32};
    char message[300] = "";
    (void)state;
    rules = support_rules(NULL);
    return codec_open("schemas", NULL, limits, &codec, message) != 0 ||
           codec_check(codec, &order_event_record, message) != 0;
}

static int teardown(void **state)
{
    (void)state;
    codec_close(codec);
    support_rules_free(rules);
    return 0;
}

static int64_t below(int64_t bound)
{
    chance = chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)((chance >> 33) % (uint64_t)bound);
}

/* a × b / c, rounded down or up, as it comes: Shopify's ways of rounding a part are not ours to
 * know. */
static int64_t part(int64_t a, int64_t b, int64_t c)
{
    return (a * b + (a * b % c != 0 ? below(2) * (c - 1) : 0)) / c;
}

static json_t *set(int64_t minor)
{
    return json_pack(
        "{s:{s:o, s:s}}", "shop_money", "amount",
        json_sprintf("%lld.%02lld", (long long)(minor / 100), (long long)(minor % 100)),
        "currency_code", "GBP");
}

struct sums { /* of an order */
    int64_t subtotal, discounts, tax;
};

struct made {
    json_t *order, *edit, *refund; /* the items of its one edit and one refund */
    bool included, has_current;
    struct sums all, gone, back; /* before edits; what the edit took; what the refund gave back */
};

static void item_add(json_t *list, int64_t id, int64_t units, int64_t subtotal, int64_t tax,
                     const char *restock)
{
    (void)json_array_append_new(list, json_pack("{s:I, s:I, s:o, s:o, s:s}", "line_item_id",
                                                (json_int_t)id, "quantity", (json_int_t)units,
                                                "subtotal_set", set(subtotal), "total_tax_set",
                                                set(tax), "restock_type", restock));
}

static void sums_add(struct sums *sums, int64_t gross, int64_t discount, int64_t tax)
{
    sums->subtotal += gross - discount;
    sums->discounts += discount;
    sums->tax += tax;
}

static void line_make(struct made *m, int64_t id)
{
    const int64_t quantity = 1 + below(6), price = 1 + below(9999),
                  gone = below(3) == 0 ? below(quantity + 1) : 0;
    const int64_t back = below(4) == 0 ? below(quantity - gone + 1) : 0,
                  discount = below(2) * below(price * quantity);
    const int64_t net = price * quantity - discount,
                  tax = (net * RATE * 2 / (m->included ? PPM + RATE : PPM) + 1) / 2;
    const int64_t gone_discount = gone == quantity ? discount : part(discount, gone, quantity);
    const int64_t gone_tax = gone == quantity ? tax : part(tax, gone, quantity);
    json_t *line =
        json_pack("{s:I, s:s, s:s, s:I, s:o, s:[{s:f, s:o}], s:[{s:o}]}", "id", (json_int_t)id,
                  "title", "Shoe", "sku", "SKU00001", "quantity", (json_int_t)quantity, "price_set",
                  set(price), "tax_lines", "rate", 0.2, "price_set", set(tax),
                  "discount_allocations", "amount_set", set(discount));
    assert_non_null(line);
    if (m->has_current)
        (void)json_object_set_new(line, "current_quantity", json_integer(quantity - gone - back));
    if (gone > 0)
        item_add(m->edit, id, gone, price * gone - gone_discount, gone_tax,
                 below(2) == 0 ? "cancel" : "no_restock");
    if (back > 0)
        item_add(m->refund, id, back, part(net, back, quantity), part(tax, back, quantity),
                 "return");
    sums_add(&m->all, price * quantity, discount, tax);
    sums_add(&m->gone, price * gone, gone_discount, gone_tax);
    (void)json_array_append_new(json_object_get(m->order, "line_items"), line);
}

static void totals_put(json_t *order, const char *prefix, const struct sums *sums, bool included)
{
    const struct {
        const char *name;
        int64_t minor;
    } rows[] = {{"subtotal_price_set", sums->subtotal},
                {"total_discounts_set", sums->discounts},
                {"total_tax_set", sums->tax},
                {"total_price_set", sums->subtotal + (included ? 0 : sums->tax)}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s%s", prefix, rows[i].name);
        (void)json_object_set_new(order, name, set(rows[i].minor));
    }
}

/* Paid is what is due after the edit; the refund comes later. */
static struct made order_make(int64_t number)
{
    struct made m = {.included = below(2) == 0,
                     .has_current = below(3) > 0,
                     .edit = json_array(),
                     .refund = json_array()};
    m.order = json_pack("{s:I, s:s, s:s, s:s, s:s, s:b, s:[], s:{s:s}}", "id", (json_int_t)number,
                        "updated_at", "2026-11-18T10:00:00Z", "created_at", "2026-11-18T09:00:00Z",
                        "currency", "GBP", "financial_status", "paid", "taxes_included",
                        (int)m.included, "line_items", "shipping_address", "country_code", "GB");
    assert_non_null(m.order);
    for (int64_t i = 0, lines = 1 + below(LINES_MAX); i < lines; i++)
        line_make(&m, 100 + i);
    const struct sums left = {m.all.subtotal - m.gone.subtotal, m.all.discounts - m.gone.discounts,
                              m.all.tax - m.gone.tax};
    totals_put(m.order, "", &m.all, m.included);
    if (json_array_size(m.refund) == 0 && below(4) > 0)
        totals_put(m.order, "current_", &left, m.included);
    const int64_t due = left.subtotal + (m.included ? 0 : left.tax);
    (void)json_object_set_new(
        m.order, "transactions",
        json_pack("[{s:I, s:s, s:s, s:s, s:o}]", "id", (json_int_t)7, "kind", "sale", "status",
                  "success", "gateway", "paypal", "amount",
                  json_sprintf("%lld.%02lld", (long long)(due / 100), (long long)(due % 100))));
    json_t *refunds = json_array();
    if (json_array_size(m.edit) > 0)
        (void)json_array_append_new(
            refunds, json_pack("{s:[], s:O}", "transactions", "refund_line_items", m.edit));
    if (json_array_size(m.refund) > 0)
        (void)json_array_append_new(refunds, json_pack("{s:[{s:s}], s:O}", "transactions", "kind",
                                                       "refund", "refund_line_items", m.refund));
    (void)json_object_set_new(m.order, "refunds", refunds);
    m.gone = left; /* from here on: what is left */
    return m;
}

static void check(const struct made *m, struct arena *arena)
{
    struct codec_fault fault = {.message = ""};
    struct flags flags = {.count = 0};
    struct order_event event;
    struct sale sale;
    struct buf bytes;
    const char *detail = "";
    json_t *json = shopify_import_plain(m->order);
    buf_init(&bytes, 1 << 20);
    assert_int_equal(codec_from_json(codec, "OrderEvent", json, &bytes, &fault), 0);
    assert_int_equal(
        codec_decode(codec, &order_event_record, bytes.data, bytes.size, arena, &event, &fault), 0);
    const struct channel_rules *channel = rules_channel(rules, "shopify", "uk");
    if (sale_read(&event, MONEY_SHOP, arena, &sale, &detail) ==
        0) { /* else nothing is left of it */
        sale.date = 20261118;
        sale.tax_place.country = "GB";
        assert_int_equal(sale_check_tax(&sale, &event, rules, channel, NULL, arena, &flags), 0);
        sale_check_totals(&sale, &event, channel, &flags);
        if (flags.count > 0 || sale.proof.difference != 0 ||
            sale.proof.lines - sale.proof.discounts != m->gone.subtotal ||
            sale.proof.tax != m->gone.tax) {
            char *order = json_dumps(m->order, JSON_INDENT(1)),
                 *text = json_dumps(json, JSON_INDENT(1));
            print_message("%s\n%s\n", order, text);
            fail_msg("%s, difference %lld",
                     flags.count > 0 ? pf_error_info(flags.items[0].code)->name : "",
                     (long long)sale.proof.difference);
        }
    } else {
        assert_string_equal(detail, "no line with a quantity is left");
        assert_int_equal(m->gone.subtotal, 0);
    }
    buf_release(&bytes);
    json_decref(json);
}

static void test_edited_orders_balance(void **state)
{
    (void)state;
    size_t edited = 0, refunded = 0;
    for (int64_t i = 0; i < test_effort(ORDERS); i++) {
        struct arena *arena = arena_new(SUPPORT_ARENA);
        struct made m = order_make(5800000000000 + i);
        edited += json_array_size(m.edit) > 0;
        refunded += json_array_size(m.refund) > 0;
        check(&m, arena);
        json_decref(m.order);
        json_decref(m.edit);
        json_decref(m.refund);
        arena_free(arena);
    }
    print_message("  %zu edited, %zu refunded\n", edited, refunded);
    assert_true(edited > ORDERS / 4 && refunded > ORDERS / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edited_orders_balance),
    };
    return cmocka_run_group_tests_name("shopify_property", tests, setup, teardown);
}
