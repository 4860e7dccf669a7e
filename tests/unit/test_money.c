/* Tables, one row a case, each with a name that says what would be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "base/money.h"

static void test_parse(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *currency;
        int result;
        int64_t minor;
    } rows[] = {
        {"plain", "12.34", "GBP", 0, 1234},
        {"short decimals are filled up", "-0.5", "GBP", 0, -50},
        {"no decimals in yen", "7", "JPY", 0, 7},
        {"a third decimal is not rounded away", "0.005", "GBP", -ERANGE, 0},
        {"three decimals in dinar", "0.005", "KWD", 0, 5},
        {"smallest value", "-92233720368547758.08", "GBP", 0, INT64_MIN},
        {"its positive twin does not fit", "92233720368547758.08", "GBP", -ERANGE, 0},
        {"exponent", "1e3", "GBP", -EINVAL, 0},
        {"lone sign", "-", "GBP", -EINVAL, 0},
        {"empty", "", "GBP", -EINVAL, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct money parsed = {.minor = 77};
        assert_int_equal(money_parse(rows[i].text, currency_find(rows[i].currency), &parsed),
                         rows[i].result);
        assert_true(parsed.minor ==
                    (rows[i].result == 0 ? rows[i].minor : 77)); /* untouched on failure */
    }
}

static void test_allocate(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t whole, weights[3], parts[3];
    } rows[] = {
        {"a penny too many goes to the first of equals", 100, {1, 1, 1}, {34, 33, 33}},
        {"a refund mirrors its order", -100, {1, 1, 1}, {-34, -33, -33}},
        {"largest remainder first", 100, {1, 2, 4}, {14, 29, 57}},
        {"a zero weight gets nothing", 5, {0, 1, 1}, {0, 3, 2}},
        {"no overflow on the way", INT64_MAX, {INT64_MAX - 2, 1, 1}, {INT64_MAX - 2, 1, 1}},
    };
    const struct currency *gbp = currency_find("GBP");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct money parts[3];
        assert_int_equal(
            money_allocate((struct money){rows[i].whole, gbp}, rows[i].weights, 3, parts), 0);
        for (size_t part = 0; part < 3; part++)
            assert_true(parts[part].minor == rows[i].parts[part]);
    }
    assert_int_equal(money_allocate((struct money){1, gbp}, (const int64_t[]){0, 0}, 2,
                                    (struct money[2]){{0, NULL}}),
                     -EINVAL);
}

static void test_portion(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t amount, numerator, denominator;
        int result;
        int64_t portion;
    } rows[] = {
        {"tax put on a net price", 1000, 200000, 1000000, 0, 200},
        {"tax taken out of a gross price", 1200, 200000, 1200000, 0, 200},
        {"half a penny goes up", 5, 1, 10, 0, 1},
        {"less goes down", 4, 1, 10, 0, 0},
        {"and away from zero below it", -5, 1, 10, 0, -1},
        {"odd denominators", 1, 2, 3, 0, 1},
        {"a third", 1, 1, 3, 0, 0},
        {"nothing of it", 99, 0, 7, 0, 0},
        {"no overflow on the way", INT64_MAX, INT64_MAX, INT64_MAX, 0, INT64_MAX},
        {"nor at the other end", INT64_MIN, INT64_MAX, INT64_MAX, 0, INT64_MIN},
        {"a result that does not fit", INT64_MAX, 2, 1, -ERANGE, 0},
        {"nor does this one", INT64_MIN, INT64_MIN, 1, -ERANGE, 0},
    };
    const struct currency *gbp = currency_find("GBP");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct money portion = {.minor = 77};
        assert_int_equal(money_portion((struct money){rows[i].amount, gbp}, rows[i].numerator,
                                       rows[i].denominator, &portion),
                         rows[i].result);
        assert_true(portion.minor == (rows[i].result == 0 ? rows[i].portion : 77));
    }
}

static void test_currencies(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        int decimals; /* -1: there is no such currency to be charged in */
    } rows[] = {
        {"GBP", 2},  {"AED", 2},  {"ZWG", 2},  {"JPY", 0}, {"KRW", 0}, {"ISK", 0},
        {"BHD", 3},  {"KWD", 3},  {"TND", 3},  {"CLF", 4}, {"HUF", 2}, {"XAU", -1},
        {"XXX", -1}, {"XTS", -1}, {"gbp", -1}, {"", -1},   {"GB", -1}, {"GBPX", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct currency *currency = currency_find(rows[i].code);
        print_message("  '%s'\n", rows[i].code);
        assert_int_equal(currency == NULL ? -1 : currency->decimals, rows[i].decimals);
        if (currency != NULL)
            assert_string_equal(currency->code, rows[i].code);
    }
}

/* The table is searched by halves: a row out of order would be lost. */
static void test_every_row_is_found(void **state)
{
    (void)state;
    size_t found = 0;
    for (char a = 'A'; a <= 'Z'; a++)
        for (char b = 'A'; b <= 'Z'; b++)
            for (char c = 'A'; c <= 'Z'; c++)
                found += currency_find((const char[]){a, b, c, '\0'}) != NULL;
    assert_int_equal(found, 166);
}

static void test_format(void **state)
{
    (void)state;
    char text[MONEY_TEXT_MAX];
    assert_string_equal(money_format((struct money){-5, currency_find("GBP")}, text), "-0.05 GBP");
    assert_string_equal(money_format((struct money){INT64_MIN, currency_find("KWD")}, text),
                        "-9223372036854775.808 KWD");
    assert_string_equal(money_format((struct money){7, currency_find("JPY")}, text), "7 JPY");
    assert_string_equal(money_digits((struct money){-5, currency_find("GBP")}, text), "-0.05");
    assert_string_equal(money_digits((struct money){0, currency_find("KWD")}, text), "0.000");
    assert_string_equal(money_digits((struct money){-120, currency_find("JPY")}, text), "-120");
    assert_string_equal(money_digits((struct money){INT64_MIN, currency_find("CLF")}, text),
                        "-922337203685477.5808");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_allocate),
        cmocka_unit_test(test_portion),
        cmocka_unit_test(test_currencies),
        cmocka_unit_test(test_every_row_is_found),
        cmocka_unit_test(test_format),
    };
    return cmocka_run_group_tests_name("money", tests, NULL, NULL);
}
