/* Parts of an order's request that an order as a whole hides: whose name an address takes, what an
 * email address is, and how a price that does not divide is split. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "order_customer.h"
#include "domain/money/price.h"
#include "test_order_support.h"

static const char *text(const char *value)
{
    return value != NULL ? value : "";
}

/* A name is the address' own or the customer's, as a whole: never one's title with the other's
 * surname. */
static void test_whose_name(void **state)
{
    (void)state;
    static const struct order_customer ann = {
        .title = "Dr", .forename = "Ann", .surname = "Smith", .phone = "1", .mobile = "2"};
    static const struct {
        const char *name;
        const struct order_customer *customer;
        struct order_address address;
        const char *title, *forename, *surname, *phone;
    } rows[] = {
        {"the address names nobody", &ann, {.line1 = "x"}, "Dr", "Ann", "Smith", "1"},
        {"a title alone names nobody", &ann, {.title = "Mr"}, "Dr", "Ann", "Smith", "1"},
        {"somebody else",
         &ann,
         {.title = "Mr", .forename = "Bob", .surname = "Jones", .phone = "3"},
         "Mr",
         "Bob",
         "Jones",
         "3"},
        {"somebody else without a title",
         &ann,
         {.forename = "Bob", .surname = "Jones"},
         "",
         "Bob",
         "Jones",
         "1"},
        {"a surname alone", &ann, {.surname = "Jones"}, "", "", "Jones", "1"},
        {"a forename alone", &ann, {.forename = "Bob"}, "", "Bob", "", "1"},
        {"nobody at all", NULL, {.line1 = "x"}, "", "", "", ""},
        {"an address of a guest", NULL, {.title = "Ms", .surname = "Jones"}, "Ms", "", "Jones", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        const struct order_event event = {.customer = rows[i].customer,
                                          .shipping_address = &rows[i].address};
        const struct prima_address to[] = {order_delivery_address(&event, NULL),
                                           order_invoice_address(&event, NULL)};
        for (size_t k = 0; k < 2; k++) {
            assert_string_equal(text(to[k].title), rows[i].title);
            assert_string_equal(text(to[k].forename), rows[i].forename);
            assert_string_equal(text(to[k].surname), rows[i].surname);
            assert_string_equal(text(to[k].phone), rows[i].phone);
            assert_string_equal(text(to[k].mobile), rows[i].customer != NULL ? "2" : "");
        }
    }
}

/* Delivery and invoice fall back on each other, and a business is named on its invoice where the
 * address names none. */
static void test_which_address(void **state)
{
    (void)state;
    static const struct order_address ship = {.line1 = "Ship"}, bill = {.line1 = "Bill"},
                                      firm = {.company = "Own Ltd", .line1 = "Bill"};
    static const struct order_business business = {.name = "Acme Ltd"};
    static const struct {
        const char *name;
        const struct order_address *shipping, *billing;
        const struct order_business *business;
        const char *delivery[2], *invoice[2];
    } rows[] = {
        {"each its own", &ship, &bill, NULL, {"Ship", ""}, {"Bill", ""}},
        {"no delivery address", NULL, &bill, NULL, {"Bill", ""}, {"Bill", ""}},
        {"no invoice address", &ship, NULL, NULL, {"Ship", ""}, {"Ship", ""}},
        {"neither", NULL, NULL, NULL, {"", ""}, {"", ""}},
        {"a business", &ship, &bill, &business, {"Ship", ""}, {"Acme Ltd", "Bill"}},
        {"a business whose address names a company",
         &ship,
         &firm,
         &business,
         {"Ship", ""},
         {"Own Ltd", "Bill"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        const struct order_event event = {.shipping_address = rows[i].shipping,
                                          .billing_address = rows[i].billing,
                                          .business = rows[i].business};
        const struct prima_address delivery = order_delivery_address(&event, NULL),
                                   invoice = order_invoice_address(&event, NULL);
        for (size_t k = 0; k < 2; k++) {
            assert_string_equal(text(delivery.lines[k]), rows[i].delivery[k]);
            assert_string_equal(text(invoice.lines[k]), rows[i].invoice[k]);
        }
    }
}

/* Customers are told apart by it: one '@' with something on both sides, without the blanks around
 * it, in lower case as far as ASCII goes. What is no address is not matched by. */
static void test_what_an_email_address_is(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"ann@example.org", "ann@example.org"},
        {" \tAnn@Example.ORG\n", "ann@example.org"},
        {"[AZ]@`az{", "[az]@`az{"},
        {"\xc3\x89@B", "\xc3\x89@b"}, /* not ASCII: as it is */
        {"a@b", "a@b"},
        {"a b@c", "a b@c"},
        {NULL, NULL},
        {"", NULL},
        {"  ", NULL},
        {"@", NULL},
        {"ann", NULL},
        {"@b", NULL},
        {"a@", NULL},
        {" @b", NULL},
        {"a@ ", NULL},
        {"a@@", NULL},
        {"a@b@", NULL},
        {"a@b@c", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", text(rows[i][0]));
        struct arena *arena = arena_new(SUPPORT_ARENA);
        const char *email = "untouched";
        assert_int_equal(order_normalise_email(rows[i][0], arena, &email), 0);
        if (rows[i][1] == NULL)
            assert_null(email);
        else
            assert_string_equal(text(email), rows[i][1]);
        arena_free(arena);
    }
}

/* A discount is shared by prices, a tax by what is left of them: shared by prices, it would tax
 * what was given away. */
static void test_a_price_that_does_not_divide(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t quantity, amount, discount, tax;
        size_t count;
        struct price_part parts[2];
    } rows[] = {
        {"divides", 3, 99, 10, 7, 1, {{3, 33, 10, 7}}},
        {"does not", 3, 100, 0, 0, 2, {{1, 34, 0, 0}, {2, 33, 0, 0}}},
        {"by a unit less", 3, 101, 0, 0, 2, {{2, 34, 0, 0}, {1, 33, 0, 0}}},
        {"tax without a discount", 3, 100, 0, 10, 2, {{1, 34, 0, 3}, {2, 33, 0, 7}}},
        {"a discount goes by prices", 3, 100, 66, 0, 2, {{1, 34, 22, 0}, {2, 33, 44, 0}}},
        {"a discount of all but a penny leaves the tax on that penny",
         2,
         3,
         2,
         100,
         2,
         {{1, 2, 1, 100}, {1, 1, 1, 0}}},
        {"all given away: tax goes by pieces", 3, 100, 100, 9, 2, {{1, 34, 34, 3}, {2, 33, 66, 6}}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct exact x = {.currency = currency_find("GBP")};
        const struct sale_price price = {
            .amount = rows[i].amount, .discount = rows[i].discount, .tax = rows[i].tax};
        struct price_part parts[2] = {{0}};
        assert_int_equal(price_parts(&x, &price, rows[i].quantity, true, true, parts),
                         rows[i].count);
        for (size_t k = 0; k < rows[i].count; k++) {
            assert_int_equal(parts[k].quantity, rows[i].parts[k].quantity);
            assert_int_equal(parts[k].unit, rows[i].parts[k].unit);
            assert_int_equal(parts[k].discount, rows[i].parts[k].discount);
            assert_int_equal(parts[k].tax, rows[i].parts[k].tax);
        }
        assert_false(x.overflow);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whose_name),
        cmocka_unit_test(test_which_address),
        cmocka_unit_test(test_what_an_email_address_is),
        cmocka_unit_test(test_a_price_that_does_not_divide),
    };
    return cmocka_run_group_tests_name("order.parts", tests, NULL, NULL);
}
