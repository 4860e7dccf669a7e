/* The sandbox's own arithmetic of a credit note, from the texts of a request. Worked out by hand,
 * not by the workers' code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "credit_balance.h"

static void test_note(void **state)
{
    (void)state;
    static const struct {
        const char *name, *currency;
        bool gross;
        const char *lines[2][3]; /* Quantity Price TaxValue */
        const char *charge[2];   /* ChargeValue TaxValue */
        const char *payments[2];
        int64_t difference;
    } rows[] = {
        {"gross: tax is part of the amounts",
         "GBP",
         true,
         {{"2", "12.00", "4.00"}},
         {"3.60", "0.60"},
         {"27.60"},
         0},
        {"net: tax of lines and of charges counts",
         "GBP",
         false,
         {{"2", "10.00", "4.00"}},
         {"3.00", "0.60"},
         {"27.60"},
         0},
        {"net without its tax", "GBP", false, {{"2", "10.00", ""}}, {NULL}, {"24.00"}, -400},
        {"quantity 0: the price is the line's amount",
         "GBP",
         true,
         {{"0", "5.00", "0.83"}, {"1", "12.00", "2.00"}},
         {NULL},
         {"17.00"},
         0},
        {"a charge alone", "GBP", true, {{NULL}}, {"5.00", "0.83"}, {"5.00"}, 0},
        {"two ways back", "GBP", true, {{"1", "12.00", "2.00"}}, {NULL}, {"10.00", "2.00"}, 0},
        {"less than the money that went back",
         "GBP",
         true,
         {{"1", "12.00", "2.00"}},
         {NULL},
         {"12.01"},
         -1},
        {"more than the money that went back",
         "GBP",
         true,
         {{"1", "12.00", "2.00"}},
         {NULL},
         {"11.99"},
         1},
        {"no decimals", "JPY", true, {{"3", "500", "136"}}, {NULL}, {"1500"}, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct credit_balance b = {.currency = currency_find(rows[i].currency),
                                   .vat_inclusive = rows[i].gross};
        struct credit_line line;
        const char *field;
        int64_t paid;
        print_message("  %s\n", rows[i].name);
        for (size_t k = 0; k < 2 && rows[i].lines[k][0] != NULL; k++)
            assert_int_equal(credit_balance_add_line(&b, rows[i].lines[k][0], rows[i].lines[k][1],
                                                     rows[i].lines[k][2], &line, &field),
                             0);
        if (rows[i].charge[0] != NULL)
            assert_int_equal(
                credit_balance_add_charge(&b, rows[i].charge[0], rows[i].charge[1], &line, &field),
                0);
        for (size_t k = 0; k < 2 && rows[i].payments[k] != NULL; k++)
            assert_int_equal(credit_balance_add_payment(&b, rows[i].payments[k], &paid), 0);
        assert_int_equal(credit_balance_close(&b), 0);
        assert_int_equal(b.difference, rows[i].difference);
    }
}

static void test_bad_texts_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *quantity, *price, *tax, *field;
        int result;
    } rows[] = {
        {"", "1.00", "", "Quantity", -EINVAL},
        {"-1", "1.00", "", "Quantity", -EINVAL},
        {"1.5", "1.00", "", "Quantity", -EINVAL},
        {"1", "", "", "Price", -EINVAL},
        {"1", "1.001", "", "Price", -EINVAL},
        {"1", "1.00", "x", "TaxValue", -EINVAL},
        {"9223372036854775807", "92233720368547758.07", "", "Price", -ERANGE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct credit_balance b = {.currency = currency_find("GBP"), .vat_inclusive = true};
        struct credit_line line;
        const char *field;
        assert_int_equal(credit_balance_add_line(&b, rows[i].quantity, rows[i].price, rows[i].tax,
                                                 &line, &field),
                         rows[i].result);
        assert_string_equal(field, rows[i].field);
    }
    struct credit_balance b = {.currency = currency_find("GBP"), .vat_inclusive = true};
    struct credit_line charge;
    const char *field;
    int64_t paid;
    assert_int_equal(credit_balance_add_charge(&b, "", "", &charge, &field), -EINVAL);
    assert_string_equal(field, "ChargeValue");
    assert_int_equal(credit_balance_add_charge(&b, "1.00", "?", &charge, &field), -EINVAL);
    assert_string_equal(field, "TaxValue");
    assert_int_equal(credit_balance_add_payment(&b, "", &paid), -EINVAL);
    assert_int_equal(b.lines + b.charges + b.tax + b.paid, 0);
}

static void test_sums_that_do_not_fit(void **state)
{
    (void)state;
    struct credit_balance b = {.currency = currency_find("GBP"), .lines = INT64_MAX, .charges = 1};
    assert_int_equal(credit_balance_close(&b), -ERANGE);
    b = (struct credit_balance){.currency = currency_find("GBP"), .lines = INT64_MIN, .paid = 1};
    assert_int_equal(credit_balance_close(&b), -ERANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_note),
                                       cmocka_unit_test(test_bad_texts_are_named),
                                       cmocka_unit_test(test_sums_that_do_not_fit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
