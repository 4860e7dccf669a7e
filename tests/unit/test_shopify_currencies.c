/* Other tellings of the same order: each fixture as if the customer had seen exactly twice the shop's
 * amounts in another currency, whose event has each amount's double beside it; and with plain amounts
 * alone, whose event is the same. */
#include "test_shopify_support.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

/* "12.34" → "24.68": digits alone, so that no line of the code under test judges itself. */
static void double_amount(json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    char doubled[40];
    int carry = 0;
    if (text == NULL)
        return;
    const size_t size = strlen(text);
    assert_true(size + 2 < sizeof doubled);
    for (size_t i = size; i-- > 0;) {
        doubled[i + 1] = text[i];
        if (text[i] < '0' || text[i] > '9')
            continue;
        const int digit = 2 * (text[i] - '0') + carry;
        doubled[i + 1] = (char)('0' + digit % 10);
        carry = digit / 10;
    }
    doubled[size + 1] = '\0';
    doubled[0] = (char)('0' + carry);
    /* the carry belongs behind a sign */
    if (text[0] == '-' && carry > 0) {
        doubled[0] = '-';
        doubled[1] = '1';
    } else if (text[0] == '-') {
        doubled[0] = '0';
    }
    const char *from = doubled[0] == '0' ? doubled + 1 : doubled;
    (void)json_object_set_new(object, name, json_string(from));
}

static const char *other_currency(const char *code)
{
    return strcmp(code, "JPY") == 0   ? "KRW"
           : strcmp(code, "KWD") == 0 ? "BHD"
           : strcmp(code, "EUR") == 0 ? "USD"
                                      : "EUR";
}

static void make_foreign(json_t *value, const char *currency)
{
    const char *name;
    json_t *item;
    size_t index;
    if (json_is_array(value)) {
        json_array_foreach(value, index, item) make_foreign(item, currency);
        return;
    }
    if (!json_is_object(value))
        return;
    json_t *presentment = json_object_get(value, "presentment_money");
    if (presentment != NULL) {
        double_amount(presentment, "amount");
        (void)json_object_set_new(presentment, "currency_code", json_string(currency));
    }
    if (json_object_get(value, "gateway") != NULL && json_object_get(value, "amount") != NULL) {
        double_amount(value, "amount");
        double_amount(value, "amount_rounding");
        (void)json_object_set_new(value, "currency", json_string(currency));
    }
    json_object_foreach(value, name, item) make_foreign(item, currency);
}

/* What the event of the shop's currency alone becomes. */
static void make_wanted(json_t *value)
{
    const char *name;
    json_t *item;
    size_t index;
    const json_t *shop = json_is_object(value) ? json_object_get(value, "shop_minor") : NULL;
    if (shop != NULL)
        (void)json_object_set_new(value, "presentment_minor",
                                  json_integer(2 * json_integer_value(shop)));
    json_array_foreach(value, index, item) make_wanted(item);
    json_object_foreach(value, name, item) make_wanted(item);
}

static json_t *import_of(const char *name, const json_t *order)
{
    const struct shopify_order_options options = {.channel = "shopify",
                                                  .store = shopify_fixture_store(name)};
    return shopify_import(order, &options, NULL);
}

struct variant {
    const char *fixture;
    struct {
        const char *path, *json;
    } alters[3];
};

static void check(const struct variant *v)
{
    const char *name = v->fixture;
    json_t *order = shopify_fixture(name);
    for (size_t i = 0; i < 3 && v->alters[i].path != NULL; i++)
        shopify_alter(order, v->alters[i].path, v->alters[i].json);
    json_t *wanted = import_of(name, order);
    const char *shop = json_string_value(json_object_get(order, "currency")),
               *other = other_currency(shop);
    (void)json_object_set_new(order, "presentment_currency", json_string(other));
    make_foreign(order, other);
    json_t *got = import_of(name, order);
    make_wanted(wanted);
    (void)json_object_set_new(wanted, "presentment_currency", json_string(other));
    if (!json_equal(wanted, got)) {
        char *a = json_dumps(wanted, JSON_SORT_KEYS | JSON_INDENT(1)),
             *b = json_dumps(got, JSON_SORT_KEYS | JSON_INDENT(1));
        size_t at = 0;
        while (a[at] == b[at])
            at++;
        const size_t from = at > 200 ? at - 200 : 0;
        fail_msg("%s: wanted\n%.300s\nis\n%.300s", name, a + from, b + from);
    }
    json_decref(got);
    json_decref(wanted);
    json_decref(order);
}

/* Lets go every money set that has a plain amount beside it; how many. */
static size_t make_plain(json_t *value)
{
    const char *name;
    json_t *item;
    size_t index, gone = 0;
    void *next;
    json_array_foreach(value, index, item) gone += make_plain(item);
    if (!json_is_object(value))
        return gone;
    json_object_foreach_safe(value, next, name, item)
    {
        char plain[100];
        const size_t size = strlen(name);
        if (size > 4 && size < sizeof plain && strcmp(name + size - 4, "_set") == 0) {
            (void)snprintf(plain, sizeof plain, "%.*s", (int)(size - 4), name);
            if (json_object_get(value, plain) != NULL &&
                !json_is_null(json_object_get(value, plain))) {
                (void)json_object_del(value, name);
                gone++;
                continue;
            }
        }
        gone += make_plain(item);
    }
    return gone;
}

static void check_plain(const char *name)
{
    json_t *order = shopify_fixture(name), *wanted = import_of(name, order);
    const size_t gone = make_plain(order);
    json_t *got = import_of(name, order);
    assert_true(gone > 3);
    if (!json_equal(wanted, got)) {
        char *text = json_dumps(got, JSON_SORT_KEYS | JSON_INDENT(1));
        fail_msg("%s without money sets is\n%s", name, text);
    }
    json_decref(got);
    json_decref(wanted);
    json_decref(order);
}

static void each_fixture(void (*check_one)(const char *name))
{
    DIR *folder = opendir("tests/fixtures/shopify");
    size_t checked = 0;
    assert_non_null(folder);
    for (const struct dirent *e; (e = readdir(folder)) != NULL;) {
        char name[100];
        const char *end = strchr(e->d_name, '.');
        if (end == NULL || strcmp(end, ".json") != 0 ||
            strcmp(e->d_name, "multi_currency.json") == 0)
            continue;
        (void)snprintf(name, sizeof name, "%.*s", (int)(end - e->d_name), e->d_name);
        print_message("  %s\n", name);
        check_one(name);
        checked++;
    }
    (void)closedir(folder);
    assert_true(checked >= 20);
}

static void check_fixture(const char *name)
{
    check(&(struct variant){.fixture = name});
}

static void test_plain_amounts_tell_the_same(void **state)
{
    (void)state;
    each_fixture(check_plain);
}

static void test_each_amount_has_its_double(void **state)
{
    (void)state;
    each_fixture(check_fixture);
}

/* What payments, edits and what is owed can be beside the fixtures. */
static void test_variants_have_their_doubles(void **state)
{
    static const struct variant variants[] = {
        {"us_tax_exclusive", {{"transactions[1].amount", "\"100.00\""}}}, /* captured in part */
        {"us_tax_exclusive", {{"transactions[1].status", "\"pending\""}}},
        {"us_tax_exclusive", {{"transactions[1].status", "\"failure\""}}},
        {"uk_vat_included", {{"transactions[0].amount", "\"50.00\""}}},
        {"uk_vat_included", {{"transactions[0].amount", "\"50.00\""}, {"total_outstanding", NULL}}},
        {"uk_vat_included", {{"transactions[0].amount", "\"60.00\""}}},
        {"edited", {{"refunds[1].transactions[0].status", "\"pending\""}}},
        {"edited", {{"refunds[1].transactions[0].amount", "\"30.00\""}}},
        {"edited", {{"refunds[1].transactions[0].amount", "\"20.00\""}}},
        {"edited_odd_penny",
         {{"refunds[0].refund_line_items[0].total_tax_set.shop_money.amount", "\"1.00\""},
          {"refunds[0].refund_line_items[0].total_tax_set.presentment_money.amount", "\"1.00\""}}},
        {"cancelled", {{"transactions[1].status", "\"failure\""}}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
        check(&variants[i]);
}

/* What was paid back is as much as the customer saw, though a cent less of it is the same in the
 * shop's money; what is beyond the money paid too much was given for another reason. */
static void test_a_cent_of_a_payout(void **state)
{
    static const struct {
        const char *paid_back;
        json_int_t shop, presentment;
    } rows[] = {
        {"\"46.00\"", 6600, 13200}, {"\"45.99\"", 6600, 13201}, {"\"46.01\"", 6600, 13200},
        {"\"45.98\"", 6601, 13202}, {"\"0.00\"", 8900, 17800},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *order = shopify_fixture("edited");
        (void)json_object_set_new(order, "presentment_currency", json_string("EUR"));
        make_foreign(order, "EUR");
        shopify_alter(order, "refunds[1].transactions[0].amount", rows[i].paid_back);
        json_t *event = import_of("edited", order);
        json_t *amount =
            json_object_get(json_array_get(json_object_get(event, "tenders"), 0), "amount");
        assert_int_equal(json_integer_value(json_object_get(amount, "shop_minor")), rows[i].shop);
        assert_int_equal(json_integer_value(json_object_get(amount, "presentment_minor")),
                         rows[i].presentment);
        json_decref(event);
        json_decref(order);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_amount_has_its_double),
                                       cmocka_unit_test(test_variants_have_their_doubles),
                                       cmocka_unit_test(test_a_cent_of_a_payout),
                                       cmocka_unit_test(test_plain_amounts_tell_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
