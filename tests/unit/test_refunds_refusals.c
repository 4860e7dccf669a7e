/* Refunds that do not fit, of both channels: the exact words, with the path of what is wrong; whatever
 * may be missing of a whole refund is not missed; whatever is put anywhere is an event that fits the
 * schema, or a complaint. */
#include "test_refunds_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct codec *codec;

static int setup(void **state)
{
    (void)state;
    return refunds_codec(&codec);
}

static int teardown(void **state)
{
    (void)state;
    codec_close(codec);
    return 0;
}

/* ---- the words ---- */

struct refusal {
    const char *path, *json, *said;
    bool within; /* its order */
};

#define AGAIN "; export the refund again\n"
#define WHOLE "is missing; export the whole refund, without a choice of fields\n"
#define GOODS "refund_line_items[0]"

static void refuse(const struct refusal *row)
{
    struct heard heard = {.count = 0};
    char path[200];
    json_t *order = refunds_fixture("whole");
    (void)snprintf(path, sizeof path, "%s%s", row->path[0] == '/' ? "" : "refunds[0].",
                   row->path + (row->path[0] == '/'));
    shopify_alter(order, path, row->json);
    json_t *event =
        row->within ? refund_in_order(order, 0, &heard) : refund_alone(order, 0, &heard);
    if (event != NULL || strcmp(heard.text, row->said) != 0)
        fail_msg("%s = %s said:\n%swanted:\n%s", row->path,
                 row->json != NULL ? row->json : "(removed)", heard.text, row->said);
    json_decref(order);
}

static void test_what_does_not_fit_of_shopify(void **state)
{
    static const struct refusal rows[] = {
        {"id", NULL, "$.id: " WHOLE, false},
        {"order_id", NULL, "$.order_id: " WHOLE, false},
        {"order_id", "7",
         "$.order_id: is another order's than the one that it stands in; export the order again\n",
         true},
        {"/id", NULL, "$.id: " WHOLE, true},
        {GOODS ".subtotal_set.shop_money.amount", "\"abc\"",
         "$." GOODS ".subtotal_set.shop_money.amount: \"abc\" is not an amount in GBP, such as "
         "\"12.34\"; correct it or export the refund again\n",
         false},
        {GOODS ".subtotal_set.shop_money.amount", "\"42.505\"",
         "$." GOODS ".subtotal_set.shop_money.amount: \"42.505\" has more than the 2 decimals of "
         "GBP, or is too large; correct it or export the refund again\n",
         false},
        {GOODS ".subtotal_set.shop_money.amount", "\"-42.50\"",
         "$." GOODS ".subtotal_set.shop_money.amount: \"-42.50\" is negative, where what goes back "
         "is positive; correct it in the file\n",
         false},
        {GOODS ".subtotal_set.shop_money.currency_code", "\"USD\"",
         "$." GOODS
         ".subtotal_set.shop_money.currency_code: \"USD\" is not the order's GBP; export "
         "the order again\n",
         true},
        {GOODS ".quantity", NULL, "$." GOODS ".quantity: " WHOLE, false},
        {GOODS ".quantity", "-1",
         "$." GOODS ".quantity: -1 is not a whole number from 0 to 10000000" AGAIN, false},
        {GOODS ".location_id", "1.5",
         "$." GOODS ".location_id: 1.5 is not an id, a whole number such as 450789469" AGAIN,
         false},
        {GOODS, "7", "$." GOODS ": is not a refunded line" AGAIN, false},
        {"refund_shipping_lines[0]", "7",
         "$.refund_shipping_lines[0]: is not a refunded shipping line" AGAIN, false},
        {"order_adjustments[0]", "7", "$.order_adjustments[0]: is not an adjustment" AGAIN, false},
        {"duties[0]", "7", "$.duties[0]: is not a duty" AGAIN, false},
        {"transactions[0]", "7",
         "$.transactions[0]: is not a transaction; export the transactions again\n", false},
        {"transactions[0].kind", "\"gift\"",
         "$.transactions[0].kind: \"gift\" is none of sale, authorization, capture, void, refund "
         "and change; whether it is money is not known\n",
         false},
        {"transactions[0].status", NULL,
         "$.transactions[0].status: nothing is none of success, pending, failure and error; export "
         "the transactions again\n",
         false},
        {"transactions[0].amount_rounding", "\"-60.00\"",
         "$.transactions[0]: comes to less than nothing with its rounding; export it again\n",
         false},
        {"created_at", "\"yesterday\"",
         "$.created_at: \"yesterday\" is not a time such as \"2026-11-18T11:06:00+00:00\"" AGAIN,
         false},
        {"/currency", "\"XTS\"",
         "$: tells amounts in what is no currency of ISO 4217 such as \"GBP\"; correct it or "
         "export "
         "the refund again\n",
         true},
        {"return", "{\"id\": 1, \"exchange_line_items\": [{}]}",
         "$.return.exchange_line_items: are goods sent in exchange: whether prices contain tax, "
         "only the order tells; import the whole order\n",
         false},
        {"note", "\"Ada Example\"", NULL, false},
    };
    (void)state;
    for (size_t i = 0; rows[i].said != NULL; i++)
        refuse(&rows[i]);
}

static void test_units_are_bounded_together(void **state)
{
    struct heard heard = {.count = 0};
    json_t *order = refunds_fixture("whole"),
           *items = shopify_find(order, "refunds[0].refund_line_items");
    (void)state;
    shopify_alter(order, "refunds[0].refund_line_items[0].quantity", "10000000");
    json_t *copy = json_deep_copy(json_array_get(items, 0));
    (void)json_object_set_new(copy, "quantity", json_integer(1));
    (void)json_array_append_new(items, copy);
    assert_null(refund_alone(order, 0, &heard));
    assert_string_equal(heard.text, "$.refund_line_items[2]: is of a line of which more than "
                                    "10000000 units come back; export the refund again\n");
    json_decref(order);
}

static void test_sums_do_not_overflow_unseen(void **state)
{
    struct heard heard = {.count = 0};
    json_t *order = refunds_fixture("whole"), *items = json_array();
    (void)state;
    for (int i = 0; i < IMPORT_ITEMS_MAX; i++)
        (void)json_array_append_new(items,
                                    json_pack("{s:i, s:i, s:s}", "line_item_id", 201, "quantity", 0,
                                              "subtotal", "9999999999999.00"));
    (void)json_object_set(shopify_find(order, "refunds[0]"), "refund_line_items", items);
    json_t *transactions = json_array();
    for (int i = 0; i < IMPORT_ITEMS_MAX; i++)
        (void)json_array_append_new(transactions,
                                    json_pack("{s:s, s:s, s:s}", "kind", "refund", "status",
                                              "success", "amount", "9999999999999.00"));
    (void)json_object_set_new(shopify_find(order, "refunds[0]"), "transactions", transactions);
    json_t *event = refund_alone(order, 0, &heard); /* 5000 x 1e15 fits */
    assert_non_null(event);
    json_decref(event);
    (void)json_object_set_new(shopify_find(order, "refunds[0]"), "refund_shipping_lines",
                              json_array());
    for (int i = 0; i < IMPORT_ITEMS_MAX; i++)
        (void)json_array_append_new(shopify_find(order, "refunds[0].refund_shipping_lines"),
                                    json_pack("{s:i, s:s}", "shipping_line_id", 951,
                                              "subtotal_amount", "9999999999999.00"));
    assert_null(refund_alone(order, 0, &heard));
    assert_string_equal(heard.text, "$: its amounts are too large to add up; correct the refund or "
                                    "export it again\n"); /* once */
    json_decref(items);
    json_decref(order);
}

/* ---- what a real shop leaves out ---- */

/* What a refund cannot do without, with the reason; everything else may be missing or null. */
static const char *const needed_of_shopify[] = {
    "id",       /* of the refund: what makes it this one */
    "order_id", /* which order is credited */
    "quantity", /* how many units come back */
    "status",   /* of a transaction, with these two: how much, and whether it is money */
    "amount",
    "kind",
    "subtotal_amount_set", /* of carriage and duties: nothing else says how much of them */
    "amount_set",
    "shop_money", /* of a set, where the customer saw another currency: the shop's would be lost */
    "currency",   /* of a transaction, where there are two */
    NULL};
static const char *const needed_of_bigcommerce[] = {
    "id",
    "order_id",
    "created",
    "item_type",        /* what is paid back */
    "item_id",          /* of a product: which line */
    "total_amount",     /* what is left for an item whose amount is not told */
    "amount",           /* of a payment */
    "requested_amount", /* of all items but one */
    NULL};

struct omission {
    json_t *document; /* the order, or BigCommerce's refund */
    bool within;
    const char *const *needed;
    size_t tried, refused, count;
};

static json_t *omission_import(const struct omission *o, struct heard *heard)
{
    return o->needed == needed_of_bigcommerce ? bigcommerce_import(o->document, heard)
           : o->within                        ? refund_in_order(o->document, 0, heard)
                                              : refund_alone(o->document, 0, heard);
}

static bool is_needed(const struct omission *o, const char *name)
{
    for (size_t i = 0; o->needed[i] != NULL; i++)
        if (strcmp(o->needed[i], name) == 0)
            return true;
    return false;
}

static void without(void *user, const char *name)
{
    struct omission *o = user;
    struct heard heard = {.count = 0};
    char said[100];
    if (strcmp(name, "refunds") == 0)
        return; /* then there is none */
    json_t *event = omission_import(o, &heard);
    (void)snprintf(said, sizeof said, ".%s: ", name);
    o->tried++;
    o->refused += event == NULL;
    if (event == NULL && (!is_needed(o, name) || strstr(heard.text, said) == NULL))
        fail_msg("without %s: %s", name, heard.text);
    if (event != NULL) {
        struct arena *arena = arena_new(1 << 20);
        (void)refunds_decode(codec, event, arena);
        arena_free(arena);
    }
    json_decref(event);
}

static void test_what_may_be_missing_is_not_missed(void **state)
{
    static const struct {
        const char *fixture;
        bool within;
        /* counted by hand, each twice, missing and null: two ids, and of each item, transaction,
 * carriage and duty what is needed */
        size_t refused;
    } rows[] = {
        {"whole", true, 24},
        {"whole", false, 24},
        {"whole_eur", true, 44},
        {"whole_eur", false, 44},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct omission o = {.document = refunds_fixture(rows[i].fixture),
                             .within = rows[i].within,
                             .needed = needed_of_shopify};
        refunds_omit(rows[i].within ? o.document : shopify_find(o.document, "refunds[0]"), without,
                     &o);
        print_message("  %s, %s: %zu omissions, %zu refused\n", rows[i].fixture,
                      rows[i].within ? "in its order" : "alone", o.tried, o.refused);
        assert_true(o.tried > 300);
        assert_int_equal(o.refused, rows[i].refused);
        json_decref(o.document);
    }
    struct omission o = {.document = bigcommerce_fixture(), .needed = needed_of_bigcommerce};
    refunds_omit(o.document, without, &o);
    print_message("  BigCommerce: %zu omissions, %zu refused\n", o.tried, o.refused);
    assert_int_equal(o.tried, 100);
    assert_int_equal(o.refused, 36);
    json_decref(o.document);
}

/* ---- anything, anywhere ---- */

static void wrecked(void *user, const char *name)
{
    struct omission *o = user;
    struct heard heard = {.count = 0};
    json_t *event = omission_import(o, &heard);
    (void)name;
    o->tried++;
    if (event != NULL) {
        struct arena *arena = arena_new(1 << 20);
        (void)refunds_decode(codec, event, arena);
        arena_free(arena);
    }
    json_decref(event);
}

static void test_anything_anywhere_is_an_event_or_a_complaint(void **state)
{
    (void)state;
    for (int within = 0; within <= 1; within++) {
        struct omission o = {.document = refunds_fixture("whole_eur"),
                             .within = within == 1,
                             .needed = needed_of_shopify};
        refunds_wreck(within ? o.document : shopify_find(o.document, "refunds[0]"), wrecked, &o);
        print_message("  %zu alterations\n", o.tried);
        assert_true(o.tried > 1000);
        json_decref(o.document);
    }
    struct omission o = {.document = bigcommerce_fixture(), .needed = needed_of_bigcommerce};
    refunds_wreck(o.document, wrecked, &o);
    assert_true(o.tried > 300);
    json_decref(o.document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_does_not_fit_of_shopify),
        cmocka_unit_test(test_units_are_bounded_together),
        cmocka_unit_test(test_sums_do_not_overflow_unseen),
        cmocka_unit_test(test_what_may_be_missing_is_not_missed),
        cmocka_unit_test(test_anything_anywhere_is_an_event_or_a_complaint),
    };
    return cmocka_run_group_tests_name("refunds_refusals", tests, setup, teardown);
}
