/* The sandbox's own arithmetic: what an order comes to, from the texts of a request. Worked out by
 * hand, not by the workers' code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "balance.h"

static void test_order(void **state)
{
    (void)state;
    static const struct {
        const char *name, *currency;
        bool gross, of_line;
        const char *order_paid;
        bool terms;
        const char *lines[2][5]; /* Quantity Price TrDisc PromotionValue ExtTaxVal */
        const char *charge, *payments[2];
        int64_t outstanding, difference;
    } rows[] = {
        {"gross: tax is information",
         "GBP",
         true,
         false,
         "",
         false,
         {{"2", "10.00", "", "", "3.33"}},
         "",
         {"20.00"},
         0,
         0},
        {"net: tax counts",
         "GBP",
         false,
         false,
         "",
         false,
         {{"2", "10.00", "", "", "4.00"}},
         "",
         {"24.00"},
         0,
         0},
        {"net without its tax is overpaid",
         "GBP",
         false,
         false,
         "",
         false,
         {{"2", "10.00", "", "", ""}},
         "",
         {"24.00"},
         0,
         -400},
        {"price of the line",
         "GBP",
         true,
         true,
         "",
         false,
         {{"2", "10.00", "", "", ""}},
         "",
         {"10.00"},
         0,
         0},
        {"both discounts are taken off",
         "GBP",
         true,
         false,
         "",
         false,
         {{"1", "10.00", "1.00", "0.50", ""}},
         "",
         {"8.50"},
         0,
         0},
        {"a discount is of the line, not of the piece",
         "GBP",
         true,
         false,
         "",
         false,
         {{"3", "10.00", "1.00", "", ""}},
         "",
         {"29.00"},
         0,
         0},
        {"carriage and two tenders",
         "GBP",
         true,
         false,
         "",
         false,
         {{"1", "10.00", "", "", ""}, {"1", "0.01", "", "", ""}},
         "3.95",
         {"10.00", "3.96"},
         0,
         0},
        {"a penny short is a difference",
         "GBP",
         true,
         false,
         "",
         false,
         {{"1", "10.00", "", "", ""}},
         "",
         {"9.99"},
         0,
         1},
        {"on terms it is outstanding",
         "GBP",
         true,
         false,
         "",
         true,
         {{"1", "10.00", "", "", ""}},
         "",
         {"9.99"},
         1,
         0},
        {"stated as not paid",
         "GBP",
         true,
         false,
         "No",
         false,
         {{"1", "10.00", "", "", ""}},
         "",
         {""},
         1000,
         0},
        {"stated as paid in part",
         "GBP",
         true,
         false,
         "4.00",
         false,
         {{"1", "10.00", "", "", ""}},
         "",
         {"4.00"},
         600,
         0},
        {"stated as paid: what is missing is a difference",
         "GBP",
         true,
         false,
         "Yes",
         false,
         {{"1", "10.00", "", "", ""}},
         "",
         {"4.00"},
         0,
         600},
        {"overpaid on terms is no negative outstanding",
         "GBP",
         true,
         false,
         "",
         true,
         {{"1", "10.00", "", "", ""}},
         "",
         {"11.00"},
         0,
         -100},
        {"yen have no decimals",
         "JPY",
         true,
         false,
         "",
         false,
         {{"2", "500", "", "", ""}},
         "",
         {"1000"},
         0,
         0},
        {"dinars have three",
         "KWD",
         true,
         false,
         "",
         false,
         {{"1", "0.005", "", "", ""}},
         "",
         {"0.005"},
         0,
         0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct balance b = {.currency = currency_find(rows[i].currency),
                            .vat_inclusive = rows[i].gross,
                            .price_of_line = rows[i].of_line,
                            .on_account = rows[i].terms};
        struct balance_line line;
        const char *field;
        int64_t value;
        assert_int_equal(balance_state_paid(&b, rows[i].order_paid), 0);
        for (size_t l = 0; l < 2 && rows[i].lines[l][0] != NULL; l++) {
            const char *const *t = rows[i].lines[l];
            assert_int_equal(balance_add_line(&b, t[0], t[1], t[2], t[3], t[4], &line, &field), 0);
        }
        assert_int_equal(balance_add_charge(&b, rows[i].charge, &value), 0);
        for (size_t p = 0; p < 2 && rows[i].payments[p] != NULL; p++)
            assert_int_equal(balance_add_payment(&b, rows[i].payments[p], &value), 0);
        assert_int_equal(balance_close(&b), 0);
        assert_true(b.outstanding == rows[i].outstanding);
        assert_true(b.difference == rows[i].difference);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *line[5], *field;
        int result;
    } rows[] = {
        {"no quantity", {"", "1.00", "", "", ""}, "Quantity", -EINVAL},
        {"quantity of nothing", {"0", "1.00", "", "", ""}, "Quantity", -EINVAL},
        {"half a piece", {"0.5", "1.00", "", "", ""}, "Quantity", -EINVAL},
        {"a negative quantity", {"-1", "1.00", "", "", ""}, "Quantity", -EINVAL},
        {"a quantity beyond 64 bits",
         {"99999999999999999999", "1.00", "", "", ""},
         "Quantity",
         -EINVAL},
        {"no price", {"1", "", "", "", ""}, "Price", -EINVAL},
        {"a third decimal", {"1", "1.005", "", "", ""}, "Price", -EINVAL},
        {"a decimal comma", {"1", "1,00", "", "", ""}, "Price", -EINVAL},
        {"a product beyond 64 bits", {"9000000000000000000", "1.00", "", "", ""}, "Price", -ERANGE},
        {"a discount in words", {"1", "1.00", "10%", "", ""}, "TrDisc", -EINVAL},
        {"a promotion in words", {"1", "1.00", "", "free", ""}, "PromotionValue", -EINVAL},
        {"tax in words", {"1", "1.00", "", "", "zero"}, "ExtTaxVal", -EINVAL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct balance b = {.currency = currency_find("GBP")};
        struct balance_line line = {.quantity = 77};
        const char *field = NULL, *const *t = rows[i].line;
        assert_int_equal(balance_add_line(&b, t[0], t[1], t[2], t[3], t[4], &line, &field),
                         rows[i].result);
        assert_string_equal(field, rows[i].field);
        assert_true(line.quantity == 77); /* untouched on failure */
    }
    struct balance b = {.currency = currency_find("GBP")};
    assert_int_equal(balance_state_paid(&b, "some"), -EINVAL);
    assert_int_equal(balance_state_paid(&b, "-1.00"), -EINVAL);
}

static void test_whole_quantity_with_decimals(void **state)
{
    (void)state;
    struct balance b = {.currency = currency_find("GBP"), .vat_inclusive = true};
    struct balance_line line;
    const char *field;
    assert_int_equal(balance_add_line(&b, "2.000", "1.50", "", "", "", &line, &field), 0);
    assert_true(line.quantity == 2 && b.lines == 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_whole_quantity_with_decimals),
    };
    return cmocka_run_group_tests_name("sandbox balance", tests, NULL, NULL);
}
