/* What a request comes to, read from its own bytes: each way of pricing, and what is refused rather than guessed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "base/buf.h"
#include "prima/names.h"
#include "prima/order_sum.h"
#include "prima/request.h"

enum { REQUEST_MAX = 256 << 10 };

static struct xml_reader *reader;

static int open_reader(void **state)
{
    (void)state;
    return (reader = xml_reader_new()) == NULL;
}

static int close_reader(void **state)
{
    (void)state;
    xml_reader_free(reader);
    return 0;
}

/* Two lines, discounts of both kinds, carriage; text that the request has as character references and Latin-1 bytes. */
static int sum_of(bool with_vat, bool hold, const char *currency, const char *price, const char *charge, bool price_of_line,
                  struct prima_order_sum *ret_sum)
{
    static const struct prima_names names = {.order_request = "MultiNewOrder", .sends_empty = true};
    const struct prima_order_line lines[] = {
        {.product = "A&B", .quantity = "3", .price = price, .tax = "1.50", .discount = "0.30", .narrative = "<caf\u00E9> \"\u0141\""},
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
    const int result = order_sum_read(reader, request.data, request.size, price_of_line, ret_sum);
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
        {"prices with VAT", true, false, 3655, 150, 3805},     /* 3 x 10.00 - 0.30 + 2.00 - 0.10 + 6.45 */
        {"prices without VAT", false, false, 3805, 150, 3955}, /* ... + 1.50 */
        {"prices of the line", true, true, 1655, 150, 1805},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct prima_order_sum sum;
        print_message("  %s\n", rows[i].name);
        assert_int_equal(sum_of(rows[i].with_vat, i == 0, "GBP", "10.00", "6.45", rows[i].of_line, &sum), 0);
        assert_int_equal(sum.net_minor, rows[i].net);
        assert_int_equal(sum.tax_minor, rows[i].tax);
        assert_int_equal(sum.gross_minor, rows[i].gross);
        assert_int_equal(sum.line_count, 2);
        assert_int_equal(sum.hold, i == 0);
        assert_string_equal(sum.currency, "GBP");
        assert_string_equal(sum.date, "2026-11-20");
    }
}

/* A client reads replies, which are UTF-8 whatever they declare, and requests, which are what they declare, with one reader. */
static void test_after_a_reply(void **state)
{
    static const struct xml_events nothing = {NULL, NULL, NULL, NULL};
    static const char reply[] = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><Response/>";
    struct prima_order_sum sum;
    (void)state;
    assert_int_equal(xml_read(reader, reply, sizeof reply - 1, NULL, true, &nothing, NULL), 0);
    assert_int_equal(sum_of(true, false, "GBP", "10.00", "6.45", false, &sum), 0);
    assert_int_equal(sum.gross_minor, 3805);
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
        struct prima_order_sum sum;
        print_message("  %s\n", rows[i].name);
        assert_int_equal(sum_of(true, false, rows[i].currency, rows[i].price, rows[i].charge, false, &sum), rows[i].result);
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
        "<!DOCTYPE a [<!ENTITY b \"c\">]><Request><Data/><OrderLineData Quantity=\"1\" Price=\"1.00\"/></Request>"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct prima_order_sum sum;
        assert_int_equal(order_sum_read(reader, texts[i], strlen(texts[i]), false, &sum), -EBADMSG);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sums), cmocka_unit_test(test_after_a_reply), cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_other_documents)};
    return cmocka_run_group_tests_name("what an order comes to", tests, open_reader, close_reader);
}
