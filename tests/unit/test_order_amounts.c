/* What a request comes to, read from its own bytes: each way of pricing, and what is refused rather
 * than guessed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "base/buf.h"
#include "prima/names.h"
#include "prima/request.h"

#include "order_amounts.h"
#include "test_order_support.h"

enum { REQUEST_MAX = 256 << 10 };

static struct order_rules *rules[2]; /* prima.price_basis: unit, line */

static int load_rules(void **state)
{
    (void)state;
    rules[0] = support_rules((const char *const[]){"prima.price_basis=unit", NULL});
    rules[1] = support_rules((const char *const[]){"prima.price_basis=line", NULL});
    return 0;
}

static int free_rules(void **state)
{
    (void)state;
    support_rules_free(rules[0]);
    support_rules_free(rules[1]);
    return 0;
}

/* Two lines, discounts of both kinds, carriage; text that the request has as character references
 * and Latin-1 bytes. */
static int sum_of(bool with_vat, bool hold, const char *currency, const char *price,
                  const char *charge, bool price_of_line, struct flow_amounts *ret_sum)
{
    static const struct prima_names names = {.order_request = "MultiNewOrder", .sends_empty = true};
    const struct prima_order_line lines[] = {
        {.product = "A&B",
         .quantity = "3",
         .price = price,
         .tax = "1.50",
         .discount = "0.30",
         .narrative = "<caf\u00E9> \"\u0141\""},
        {.product = "C", .quantity = "1", .price = "2.00", .promotion_value = "0.10"},
    };
    const struct prima_order_charge charges[] = {{"CARR", charge}, {"GIFT", "0.00"}};
    const struct prima_order order = {.order_number = "2011",
                                      .vat_inclusive = with_vat,
                                      .hold = hold,
                                      .currency = currency,
                                      .order_date = "2026-11-20",
                                      .delivery = {.surname = "M\u00FCller \u0141"},
                                      .lines = lines,
                                      .line_count = 2,
                                      .charges = charges,
                                      .charge_count = 2};
    struct buf request;
    buf_init(&request, REQUEST_MAX);
    assert_int_equal(prima_request_new_order(&names, &order, &request), 0);
    errno = ERANGE; /* of something before */
    const int result = order_amounts(request.data, request.size, rules[price_of_line], ret_sum);
    buf_release(&request);
    return result;
}

static void test_sums(void **state)
{
    static const struct {
        const char *name;
        bool with_vat, of_line;
        int64_t net, tax, gross;
    } rows[] = {
        {"prices with VAT", true, false, 3655, 150,
         3805}, /* 3 x 10.00 - 0.30 + 2.00 - 0.10 + 6.45 */
        {"prices without VAT", false, false, 3805, 150, 3955}, /* ... + 1.50 */
        {"prices of the line", true, true, 1655, 150, 1805},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct flow_amounts sum;
        print_message("  %s\n", rows[i].name);
        assert_int_equal(
            sum_of(rows[i].with_vat, i == 0, "GBP", "10.00", "6.45", rows[i].of_line, &sum), 0);
        assert_int_equal(sum.net_minor, rows[i].net);
        assert_int_equal(sum.tax_minor, rows[i].tax);
        assert_int_equal(sum.gross_minor, rows[i].gross);
        assert_int_equal(sum.line_count, 2);
        assert_int_equal(sum.hold, i == 0);
        assert_string_equal(sum.currency, "GBP");
        assert_string_equal(sum.date, "2026-11-20");
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *name, *currency, *price, *charge;
        int result;
    } rows[] = {
        {"no currency: as Prima takes it", "", "10.00", "1.00", 0},
        {"a currency that is none", "XXX", "10.00", "1.00", -EBADMSG},
        {"an amount that is none", "GBP", "ten", "1.00", -EBADMSG},
        {"more decimals than there are", "GBP", "10.001", "1.00", -EBADMSG},
        {"too much for one line", "GBP", "90000000000000000.00", "1.00", -ERANGE},
        {"too much in all", "GBP", "10.00", "92233720368547758.07", -ERANGE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct flow_amounts sum;
        print_message("  %s\n", rows[i].name);
        assert_int_equal(
            sum_of(true, false, rows[i].currency, rows[i].price, rows[i].charge, false, &sum),
            rows[i].result);
    }
}

static void test_other_documents(void **state)
{
    static const char *const texts[] = {
        "",
        "<Request",
        "<Request RequestType=\"OrderStatus\"><Data OrderNumber=\"1\"/></Request>",
        "<Request><Data/><OrderLineData Quantity=\"1x\" Price=\"1.00\"/></Request>",
        "<Request><Data/><OrderLineData Quantity=\"-1\" Price=\"1.00\"/></Request>",
        ("<!DOCTYPE a [<!ENTITY b \"c\">]><Request><Data/><OrderLineData Quantity=\"1\" "
         "Price=\"1.00\"/></Request>")};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct flow_amounts sum;
        assert_int_equal(order_amounts(texts[i], strlen(texts[i]), rules[0], &sum), -EBADMSG);
    }
}

/* Whatever stands first among an element's attributes is read as well as the others. */
static void test_attributes_in_any_order(void **state)
{
    static const char text[] =
        "<Request><Data HoldOrder=\"Yes\" VatInclusive=\"Yes\"/>"
        "<OrderHeaderData Currency=\"EUR\" OrderDate=\"2026-11-20\"/>"
        "<OrderLineData Quantity=\"2\" Price=\"3.00\"/><OrderLineData Price=\"1.00\" "
        "ExtTaxVal=\"0.20\" Quantity=\"1\"/><OrderChargeData ChargeValue=\"0.50\"/></Request>";
    struct flow_amounts sum;
    (void)state;
    assert_int_equal(order_amounts(text, strlen(text), rules[0], &sum), 0);
    assert_int_equal(sum.gross_minor, 750);
    assert_int_equal(sum.tax_minor, 20);
    assert_int_equal(sum.net_minor, 730);
    assert_int_equal(sum.line_count, 2);
    assert_true(sum.hold);
    assert_string_equal(sum.currency, "EUR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sums), cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_other_documents),
                                       cmocka_unit_test(test_attributes_in_any_order)};
    return cmocka_run_group_tests_name("what an order comes to", tests, load_rules, free_rules);
}
