/* What does not fit: the exact words, with the path of what is wrong, and all of it at once. No
 * order with a complaint becomes an event. */
#include "test_shopify_support.h"

#include "codec/codec.h"

#include <stdlib.h>
#include <string.h>

static const struct shopify_order_options uk = {.channel = "shopify", .store = "uk"};

static void refuse(const char *fixture, const char *path, const char *json, const char *said)
{
    struct heard heard = {.count = 0};
    json_t *order = shopify_fixture(fixture);
    shopify_alter(order, path, json);
    json_t *event = shopify_import(order, &uk, &heard);
    if (event != NULL || strcmp(heard.text, said) != 0)
        fail_msg("%s = %s said:\n%swanted:\n%s", path, json != NULL ? json : "(removed)",
                 heard.text, said);
    json_decref(order);
}

#define LINE "$.line_items[0]"
#define AGAIN "; export the order again\n"
#define CORRECT "; correct it or export the order again\n"
#define WHOLE "is missing; export the whole order, without a choice of fields\n"

static void test_what_does_not_fit_is_said_with_its_path(void **state)
{
    (void)state;
    static const struct {
        const char *path, *json, *said;
    } table[] = {
        /* amounts */
        {"line_items[0].price_set.shop_money.amount", "\"abc\"",
         LINE ".price_set.shop_money.amount: \"abc\" is not an amount in GBP, such as "
              "\"12.34\"" CORRECT},
        {"line_items[0].price_set.shop_money.amount", "\"1,200.00\"",
         LINE ".price_set.shop_money.amount: \"1,200.00\" is not an amount in GBP, such as "
              "\"12.34\"" CORRECT},
        {"line_items[0].price_set.shop_money.amount", "\" 12.00\"",
         LINE ".price_set.shop_money.amount: this text is not an amount in GBP, such as "
              "\"12.34\"" CORRECT},
        {"line_items[0].price_set.shop_money.amount", "\"1e3\"",
         LINE ".price_set.shop_money.amount: \"1e3\" is not an amount in GBP, such as "
              "\"12.34\"" CORRECT},
        {"line_items[0].price_set.shop_money.amount", "\"\"",
         LINE
         ".price_set.shop_money.amount: \"\" is not an amount in GBP, such as \"12.34\"" CORRECT},
        {"line_items[0].price_set.shop_money.amount", "[12]",
         LINE
         ".price_set.shop_money.amount: a list is not an amount in GBP, such as \"12.34\"" CORRECT},
        {"line_items[0].price_set.shop_money.amount", "\"12.345\"",
         LINE ".price_set.shop_money.amount: \"12.345\" has more than the 2 decimals of GBP, or is "
              "too large" CORRECT},
        {"line_items[0].price_set.shop_money.amount", "12.345",
         LINE ".price_set.shop_money.amount: 12.345000000000001 has more than the 2 decimals of "
              "GBP, or is too large" CORRECT},
        {"line_items[0].price_set.shop_money.amount", "0.30000000000000004",
         LINE ".price_set.shop_money.amount: 0.30000000000000004 is a number that is not exact to "
              "the GBP's minor unit; write the amount "
              "as text\n"},
        {"line_items[0].price_set.shop_money.amount", "\"10000000000000.01\"",
         LINE
         ".price_set.shop_money.amount: \"10000000000000.01\" is larger than any order" CORRECT},
        {"line_items[0].price_set.shop_money.amount", "\"99999999999999999999\"",
         LINE
         ".price_set.shop_money.amount: \"99999999999999999999\" is larger than any order" CORRECT},
        {"line_items[0].price_set.shop_money.amount", "\"-12.00\"",
         LINE ".price_set.shop_money.amount: \"-12.00\" is negative; an order's amounts are "
              "positive, refunds are events of their own\n"},
        {"line_items[0].price_set.shop_money.amount", "\"Ada Example, 1 Test Street\"",
         LINE ".price_set.shop_money.amount: this text is not an amount in GBP, such as "
              "\"12.34\"" CORRECT},
        {"line_items[0].price_set.shop_money.currency_code", "\"USD\"",
         LINE ".price_set.shop_money.currency_code: \"USD\" is not the order's GBP" AGAIN},
        {"line_items[0].price_set", "12",
         LINE ".price_set: is not a money set with shop_money and presentment_money" AGAIN},
        {"total_outstanding", "\"x\"",
         "$.total_outstanding: \"x\" is not an amount in GBP, such as \"12.34\"" CORRECT},
        /* currencies */
        {"currency", NULL, "$.currency: " WHOLE},
        {"currency", "\"\"", "$.currency: " WHOLE},
        {"currency", "\"XTS\"",
         "$.currency: \"XTS\" is not a currency of ISO 4217 such as \"GBP\"" CORRECT},
        {"presentment_currency", "\"pounds\"",
         "$.presentment_currency: \"pounds\" is not a currency such as \"GBP\"" CORRECT},
        /* ids, times, quantities, rates */
        {"id", NULL, "$.id: " WHOLE},
        {"id", "1.5", "$.id: 1.5 is not an id, a whole number such as 450789469" AGAIN},
        {"id", "\"12/34\"", "$.id: this text is not an id, a whole number such as 450789469" AGAIN},
        {"updated_at", NULL, "$.updated_at: " WHOLE},
        {"updated_at", "\"yesterday\"",
         "$.updated_at: \"yesterday\" is not a time such as \"2026-11-18T11:06:00+00:00\"" AGAIN},
        {"processed_at", "1795000000",
         "$.processed_at: 1795000000 is not a time such as \"2026-11-18T11:06:00+00:00\"" AGAIN},
        {"line_items[0].quantity", "-1",
         LINE ".quantity: -1 is not a whole number from 0 to 10000000" AGAIN},
        {"line_items[0].quantity", "1.5",
         LINE ".quantity: 1.5 is not a whole number from 0 to 10000000" AGAIN},
        {"line_items[0].quantity", "\"2\"",
         LINE ".quantity: \"2\" is not a whole number from 0 to 10000000" AGAIN},
        {"line_items[0].quantity", NULL, LINE ".quantity: " WHOLE},
        {"line_items[0].tax_lines[0].rate", "20.5",
         LINE ".tax_lines[0].rate: 20.5 is not a tax rate from 0 to 10, such as 0.2 for 20 %; "
              "complete it in the file\n"},
        {"line_items[0].tax_lines[0].rate", "-0.2",
         LINE ".tax_lines[0].rate: -0.20000000000000001 is not a tax rate from 0 to 10, such as "
              "0.2 for 20 %; complete it in the file\n"},
        {"line_items[0].tax_lines[0].rate", NULL,
         LINE ".tax_lines[0].rate: nothing is not a tax rate from 0 to 10, such as 0.2 for 20 %; "
              "complete it in the file\n"},
        {"line_items[0].tax_lines[0].rate", "\"twenty\"",
         LINE ".tax_lines[0].rate: \"twenty\" is not a tax rate from 0 to 10, such as 0.2 for 20 "
              "%; complete it in the file\n"},
        /* shapes */
        {"line_items", NULL, "$.line_items: " WHOLE},
        {"line_items", "{}", "$.line_items: is not a list" AGAIN},
        {"line_items[0]", "7", LINE ": is not a line" AGAIN},
        {"line_items[0].title", "12", LINE ".title: is not text" AGAIN},
        {"line_items[0].gift_card", "\"yes\"",
         LINE ".gift_card: \"yes\" is neither true nor false" AGAIN},
        {"taxes_included", NULL, "$.taxes_included: " WHOLE},
        {"refunds", "\"none\"", "$.refunds: is not a list" AGAIN},
        {"refunds", "[7]", "$.refunds[0]: is not a refund" AGAIN},
        {"company", "7", "$.company: is not a company with id and location_id" AGAIN},
        /* money that cannot be told */
        {"financial_status", "\"settled\"",
         "$.financial_status: \"settled\" is no status that is known, such as \"paid\"; whether "
         "the order is paid cannot be told\n"},
        {"transactions[0].kind", "\"gift\"",
         "$.transactions[0].kind: \"gift\" is none of sale, authorization, capture, void, refund "
         "and change; whether it is money is not "
         "known\n"},
        {"transactions[0].status", "\"ok\"",
         "$.transactions[0].status: \"ok\" is none of success, pending, failure and error; export "
         "the transactions again\n"},
        {"transactions[0].currency", "\"USD\"",
         "$.transactions[0].currency: \"USD\" is neither the order's currency GBP nor its "
         "presentment_currency GBP; export the "
         "transactions "
         "again\n"},
        {"transactions[0]", "7",
         "$.transactions[0]: is not a transaction; export the transactions again\n"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        refuse("uk_vat_included", table[i].path, table[i].json, table[i].said);
}

static void test_what_other_orders_can_have_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *fixture, *path, *json, *said;
    } table[] = {
        {"jpy", "line_items[0].price_set.shop_money.amount", "\"5500.50\"",
         LINE ".price_set.shop_money.amount: \"5500.50\" has more than the 0 decimals of JPY, or "
              "is too large" CORRECT},
        {"kwd", "line_items[0].price_set.shop_money.amount", "\"12.3456\"",
         LINE ".price_set.shop_money.amount: \"12.3456\" has more than the 3 decimals of KWD, or "
              "is too large" CORRECT},
        {"multi_currency", "line_items[0].price_set.presentment_money.amount", "\"x\"",
         LINE ".price_set.presentment_money.amount: \"x\" is not an amount in EUR, such as "
              "\"12.34\"" CORRECT},
        {"multi_currency", "transactions[0].currency", NULL,
         "$.transactions[0].currency: nothing is neither the order's currency GBP nor its "
         "presentment_currency EUR; export the "
         "transactions "
         "again\n"},
        {"partially_paid", "total_outstanding", NULL,
         "$.total_outstanding: does not tell what is paid of an order that is partially_paid; add "
         "its transactions\n"},
        {"edited", "line_items[0].current_quantity", "4",
         LINE ".current_quantity: does not agree with refunds[], by which 0 of 3 units went; "
              "export the order with all its refunds\n"},
        {"partially_refunded", "refunds[0].refund_line_items[0].quantity", "2",
         LINE ".current_quantity: does not agree with refunds[], by which 2 of 2 units went; "
              "export the order with all its refunds\n"},
        {"edited", "refunds[0].refund_line_items[0].line_item_id", NULL,
         "$.refunds[0].refund_line_items[0].line_item_id: " WHOLE},
        {"edited", "refunds[0].refund_line_items[0].subtotal_set.shop_money.amount", "\"18.005\"",
         "$.refunds[0].refund_line_items[0].subtotal_set.shop_money.amount: \"18.005\" has more "
         "than the 2 decimals of GBP, or is too "
         "large" CORRECT},
        {"duties", "line_items[0].duties[1].shop_money.amount", "\"x\"",
         LINE ".duties[1].shop_money.amount: \"x\" is not an amount in GBP, such as "
              "\"12.34\"" CORRECT},
        {"discounts", "shipping_lines[0].discount_allocations[0].amount_set.shop_money.amount",
         "\"-4.95\"",
         "$.shipping_lines[0].discount_allocations[0].amount_set.shop_money.amount: \"-4.95\" is "
         "negative; an order's amounts are "
         "positive, "
         "refunds are events of their own\n"},
        {"pos_cash_rounding", "transactions[1].amount", "\"20.01\"",
         "$.transactions[0]: comes to less than nothing after its change; export it again\n"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        refuse(table[i].fixture, table[i].path, table[i].json, table[i].said);
}

static void test_all_that_is_wrong_is_said_at_once(void **state)
{
    (void)state;
    struct heard heard = {.count = 0};
    json_t *order = shopify_fixture("uk_vat_included");
    shopify_alter(order, "line_items[0].quantity", "-1");
    shopify_alter(order, "line_items[1].price_set.shop_money.amount", "\"abc\"");
    shopify_alter(order, "shipping_lines[0].tax_lines[0].rate", "null");
    shopify_alter(order, "transactions[0].status", "\"ok\"");
    assert_null(shopify_import(order, &uk, &heard));
    assert_int_equal(heard.count, 4);
    assert_non_null(strstr(heard.text, "$.line_items[0].quantity: "));
    assert_non_null(strstr(heard.text, "$.line_items[1].price_set.shop_money.amount: "));
    assert_non_null(strstr(heard.text, "$.shipping_lines[0].tax_lines[0].rate: "));
    assert_non_null(strstr(heard.text, "$.transactions[0].status: "));
    json_decref(order);
}

/* Amounts that each are allowed, and are too much together. */
static void test_sums_do_not_overflow_unseen(void **state)
{
    (void)state;
    struct heard heard = {.count = 0};
    json_t *order = shopify_fixture("edited");
    shopify_alter(order, "line_items[0].price_set.shop_money.amount", "\"9999999999999.00\"");
    shopify_alter(order, "line_items[0].quantity", "10000000");
    shopify_alter(order, "line_items[0].current_quantity", "2");
    shopify_alter(order, "refunds[0].refund_line_items[0].quantity", "9999998");
    assert_null(shopify_import(order, &uk, &heard));
    assert_non_null(
        strstr(heard.text,
               "$: its amounts are too large to add up; correct the order or export it again\n"));
    json_decref(order);
}

/* By refunds[] alone, as before the API of 2024-01. */
static void test_more_units_went_than_there_were(void **state)
{
    static const char *const returned =
        "[{\"line_item_id\": 121, \"quantity\": 1, \"restock_type\": \"return\", \"subtotal\": "
        "\"18.00\", \"total_tax\": \"3.00\"}]";
    static const struct {
        const char *edited, *refunded, *said; /* NULL: it fits */
    } rows[] = {
        {"1", "[]", NULL},
        {"3", "[]", NULL},
        {"4", "[]", "by which 4 of 3 units went; "},
        {"5", "[]", "by which 5 of 3 units went; "},
        {"2", returned, NULL},
        {"3", returned, "by which 4 of 3 units went; "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct heard heard = {.count = 0};
        json_t *order = shopify_fixture("edited");
        shopify_alter(order, "line_items[0].current_quantity", NULL);
        shopify_alter(order, "refunds[0].refund_line_items[0].quantity", rows[i].edited);
        shopify_alter(order, "refunds[1].refund_line_items", rows[i].refunded);
        json_t *event = shopify_import(order, &uk, &heard);
        if ((event != NULL) != (rows[i].said == NULL))
            fail_msg("%s of 3: %s", rows[i].edited, heard.text);
        if (event == NULL) {
            assert_non_null(
                strstr(heard.text, LINE ".quantity: does not agree with refunds[], by which "));
            assert_non_null(strstr(heard.text, rows[i].said));
        }
        json_decref(event);
        json_decref(order);
    }
}

/* Many lists of many items, each of a size that is read. */
static void test_what_edits_took_is_summed_with_care(void **state)
{
    (void)state;
    enum { REFUNDS = 3, ITEMS = 4000 };
    struct heard heard = {.count = 0};
    json_t *order = shopify_fixture("edited"), *refunds = json_array();
    for (int i = 0; i < REFUNDS; i++) {
        json_t *items = json_array();
        for (int k = 0; k < ITEMS; k++)
            (void)json_array_append_new(
                items, json_pack("{s:i, s:i, s:s, s:s}", "line_item_id", 121, "quantity", 0,
                                 "subtotal", "9999999999999.00", "total_tax", "9999999999999.00"));
        (void)json_array_append_new(refunds, json_pack("{s:o}", "refund_line_items", items));
    }
    (void)json_object_set_new(order, "refunds", refunds);
    assert_null(shopify_import(order, &uk, &heard));
    assert_string_equal(heard.text, "$: its amounts are too large to add up; correct the order or "
                                    "export it again\n"); /* once */
    json_decref(order);
}

static void test_lists_are_bounded(void **state)
{
    (void)state;
    struct heard heard = {.count = 0};
    json_t *order = shopify_fixture("uk_vat_included"), *tags = json_array();
    for (int i = 0; i <= IMPORT_ITEMS_MAX; i++)
        (void)json_array_append_new(tags, json_null());
    (void)json_object_set_new(order, "note_attributes", tags);
    assert_null(shopify_import(order, &uk, &heard));
    assert_string_equal(heard.text, "$.note_attributes: has 5001 items, more than the 5000 that "
                                    "are read; split the order's import by hand\n");
    json_decref(order);
}

static struct codec *codec;

static int setup(void **state)
{
    const struct codec_limits limits = {
        .bytes_max = 1 << 20, .elements_max = 10000, .depth_max = 32};
    char message[300] = "";
    (void)state;
    return codec_open("schemas", NULL, limits, &codec, message);
}

static int teardown(void **state)
{
    (void)state;
    codec_close(codec);
    return 0;
}

/* Whatever is imported fits the event's schema. */
static void check_schema(const json_t *event)
{
    struct codec_fault fault = {.message = ""};
    struct buf bytes;
    buf_init(&bytes, 1 << 20);
    if (codec_from_json(codec, "OrderEvent", event, &bytes, &fault) < 0)
        fail_msg("%s", fault.message);
    buf_release(&bytes);
}

/* Everything of a document, taken away or replaced by each kind of value: it is imported or
 * complained of, and nothing else happens. */
static void wreck(json_t *order, json_t *parent, size_t *count)
{
    static const char *const values[] = {"null",
                                         "true",
                                         "7",
                                         "-1",
                                         "0.1",
                                         "\"\"",
                                         "\"x\"",
                                         "[]",
                                         "{}",
                                         "[[]]",
                                         "\"99999999999999999999\""};
    const bool is_list = json_is_array(parent);
    for (size_t i = 0; i < (is_list ? json_array_size(parent) : json_object_size(parent)); i++) {
        void *iter = json_object_iter(parent);
        for (size_t k = 0; k < i && !is_list; k++)
            iter = json_object_iter_next(parent, iter);
        json_t *value = is_list ? json_array_get(parent, i) : json_object_iter_value(iter);
        json_t *kept = json_incref(value);
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
            struct heard heard = {.count = 0};
            json_t *instead = json_loads(values[v], JSON_DECODE_ANY, NULL);
            assert_int_equal(is_list ? json_array_set_new(parent, i, instead)
                                     : json_object_iter_set_new(parent, iter, instead),
                             0);
            json_t *event = shopify_import(order, &uk, &heard);
            if (event != NULL)
                check_schema(event);
            json_decref(event);
            ++*count;
        }
        assert_int_equal(is_list ? json_array_set(parent, i, kept)
                                 : json_object_iter_set(parent, iter, kept),
                         0);
        wreck(order, kept, count);
        json_decref(kept);
    }
}

static void test_anything_anywhere_is_an_event_or_a_complaint(void **state)
{
    (void)state;
    static const char *const fixtures[] = {"edited", "multi_currency", "pos_cash_rounding",
                                           "b2b_net_terms", "duties"};
    size_t count = 0;
    for (size_t i = 0; i < sizeof fixtures / sizeof *fixtures; i++) {
        json_t *order = shopify_fixture(fixtures[i]);
        wreck(order, order, &count);
        json_decref(order);
    }
    print_message("  %zu alterations\n", count);
    assert_true(count > 10000);
}

/* ---- what a real shop leaves out ---- */

/* What an order cannot do without, with the reason; everything else may be missing or null. */
static const char *const needed[] = {
    "id",             /* of the order and of a line: what makes it this one */
    "updated_at",     /* which of two versions is newer */
    "currency",       /* what the amounts are */
    "taxes_included", /* whether prices contain tax: nothing else says so */
    "line_items",
    "quantity",
    "rate",
    "amount", /* of a transaction, with these two: how much money, and whether it is any */
    "kind",
    "status",
};

struct omission {
    json_t *order; /* whole */
    const char *fixture;
    size_t tried, refused;
};

static bool is_needed(const char *name)
{
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (strcmp(needed[i], name) == 0)
            return true;
    return false;
}

/* `object` is within o->order. */
static void without(struct omission *o, json_t *object, const char *name)
{
    struct shopify_order_options options = {.channel = "shopify",
                                            .store = shopify_fixture_store(o->fixture)};
    json_t *value = json_incref(json_object_get(object, name));
    for (int is_null = 0; is_null <= 1; is_null++) {
        struct heard heard = {.text = ""};
        char said[100];
        if (is_null)
            json_object_set_new(object, name, json_null());
        else
            json_object_del(object, name);
        json_t *event = shopify_import(o->order, &options, &heard);
        (void)snprintf(said, sizeof said, ".%s: ", name);
        o->tried++;
        o->refused += event == NULL;
        if (event == NULL && (!is_needed(name) || strstr(heard.text, said) == NULL))
            fail_msg("%s: without %s: %s", o->fixture, name, heard.text);
        json_decref(event);
    }
    json_object_set_new(object, name, value);
}

static void without_each(struct omission *o, json_t *value)
{
    if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++)
            without_each(o, json_array_get(value, i));
        return;
    }
    if (!json_is_object(value))
        return;
    json_t *names = json_array();
    const char *name;
    json_t *member;
    json_object_foreach(value, name, member)(void) json_array_append_new(names, json_string(name));
    for (size_t i = 0; i < json_array_size(names); i++) {
        name = json_string_value(json_array_get(names, i));
        without(o, value, name);
        without_each(o, json_object_get(value, name));
    }
    json_decref(names);
}

static void test_what_may_be_missing_is_not_missed(void **state)
{
    static const char *const fixtures[] = {"uk_vat_included", "us_tax_exclusive", "b2b_net_terms",
                                           "tip"};
    (void)state;
    for (size_t i = 0; i < sizeof fixtures / sizeof *fixtures; i++) {
        struct omission o = {.order = shopify_fixture(fixtures[i]), .fixture = fixtures[i]};
        without_each(&o, o.order);
        print_message("  %s: %zu omissions, %zu refused\n", fixtures[i], o.tried, o.refused);
        assert_true(o.refused > 0 && o.tried > 100);
        json_decref(o.order);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_does_not_fit_is_said_with_its_path),
        cmocka_unit_test(test_what_other_orders_can_have_wrong),
        cmocka_unit_test(test_all_that_is_wrong_is_said_at_once),
        cmocka_unit_test(test_sums_do_not_overflow_unseen),
        cmocka_unit_test(test_more_units_went_than_there_were),
        cmocka_unit_test(test_what_edits_took_is_summed_with_care),
        cmocka_unit_test(test_lists_are_bounded),
        cmocka_unit_test(test_what_may_be_missing_is_not_missed),
        cmocka_unit_test(test_anything_anywhere_is_an_event_or_a_complaint),
    };
    return cmocka_run_group_tests_name("shopify_refusals", tests, setup, teardown);
}
