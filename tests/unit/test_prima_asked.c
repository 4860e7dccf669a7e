/* Whose answer is it: what is read of a request, and which answers name another one. And what an OK
 * without a name is worth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "prima/asked.h"
#include "prima/request.h"
#include "prima/unnamed_ok.h"

static struct prima_names names;
static struct config *config;

static int set_up(void **state)
{
    (void)state;
    struct config_message message;
    return config_load(NULL, NULL, 0, &config, &message) < 0 ||
           prima_names_read(config, &names, &message) < 0;
}

static int tear_down(void **state)
{
    (void)state;
    config_free(config);
    return 0;
}

static void test_of_requests(void **state)
{
    (void)state;
    struct buf request;
    struct asked asked;
    buf_init(&request, 100000);
    const struct prima_order_line line = {
        .product = "P OrderNumber=", .quantity = "1", .price = "1.00"};
    const struct prima_order order = {
        .order_number = "2011", .currency = "GBP", .lines = &line, .line_count = 1};
    assert_int_equal(prima_request_new_order(&names, &order, &request), 0);
    asked_read(&names, PRIMA_NEW_ORDER, request.data, request.size, &asked);
    assert_string_equal(asked.order_number, "2011");
    assert_string_equal(asked.reference, "");

    buf_clear(&request);
    assert_int_equal(prima_request_order_status("2012", &request), 0);
    asked_read(&names, PRIMA_ORDER_STATUS, request.data, request.size, &asked);
    assert_string_equal(asked.order_number, "2012");

    const struct prima_credit_charge charge = {.charge = "CARR", .value = "1.00"};
    const struct prima_credit_note note = {.credit_number = "201R7",
                                           .order_number = "2011",
                                           .currency = "GBP",
                                           .charges = &charge,
                                           .charge_count = 1};
    buf_clear(&request); /* the note's number, not its order's */
    assert_int_equal(prima_request_new_credit_note(&names, &note, &request), 0);
    asked_read(&names, PRIMA_NEW_CREDIT_NOTE, request.data, request.size, &asked);
    assert_string_equal(asked.order_number, "201R7");
    buf_clear(&request);
    assert_int_equal(prima_request_credit_note_status(&names, "201R8", &request), 0);
    asked_read(&names, PRIMA_CREDIT_NOTE_STATUS, request.data, request.size, &asked);
    assert_string_equal(asked.order_number, "201R8");
    assert_int_equal(prima_request_credit_note_status(&names, "20 1", &request), -EINVAL);
    struct prima_credit_note empty = note;
    empty.charge_count = 0;
    assert_int_equal(prima_request_new_credit_note(&names, &empty, &request), -EINVAL);

    static const struct {
        const char *name, *reference, *email, *as_sent;
    } rows[] = {
        {"plain", "web/7", "a@example.org", "web/7"},
        {"escaped", "a&b<\"c\"> d'", "a@example.org", "a&b<\"c\"> d'"},
        {"Latin-1", "M\xC3\xBCller", "a@example.org", "M\xC3\xBCller"},
        {"beyond Latin-1: spelled, as it is sent", "\xC5\x81ukasz", "a@example.org",
         "{U+0141}ukasz"},
        {"none", "", "a@example.org", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        const struct prima_customer customer = {.customer_ref = rows[i].reference,
                                                .address = {.email = rows[i].email}};
        buf_clear(&request);
        assert_int_equal(prima_request_new_customer(&names, &customer, &request), 0);
        asked_read(&names, PRIMA_NEW_CUSTOMER, request.data, request.size, &asked);
        assert_string_equal(asked.reference, rows[i].as_sent);
        assert_string_equal(asked.email, rows[i].email);
        assert_string_equal(asked.order_number, "");
        buf_clear(&request);
        assert_int_equal(
            prima_request_customer_search(&names, rows[i].reference, rows[i].email, &request), 0);
        asked_read(&names, PRIMA_CUSTOMER_SEARCH, request.data, request.size, &asked);
        assert_string_equal(asked.reference, rows[i].as_sent);
        assert_string_equal(asked.email, rows[i].email);
    }
    buf_clear(&request);
    const struct prima_search search = {"2026-01-01", "2026-01-31", 12, 500};
    assert_int_equal(prima_request_order_search(&names, &search, &request), 0);
    asked_read(&names, PRIMA_ORDER_SEARCH, request.data, request.size, &asked);
    assert_string_equal(asked.page, "12");
    buf_release(&request);
}

/* Longer than is kept, cut, strange: not compared, and never more than the room. */
static void test_of_broken_requests(void **state)
{
    (void)state;
    char longest[2 * ASKED_MAX + 100];
    struct asked asked;
    for (size_t size = ASKED_MAX - 4; size < ASKED_MAX + 4; size++) {
        const int length =
            snprintf(longest, sizeof longest, "<Data CustomerRef=\"%0*d\"/>", (int)size, 1);
        asked_read(&names, PRIMA_NEW_CUSTOMER, longest, (size_t)length, &asked);
        assert_true(strlen(asked.reference) == (size <= ASKED_MAX - 2 ? size : 0));
    }
    static const char *const texts[] = {"",
                                        "<Data",
                                        "<Data CustomerRef=",
                                        "<Data CustomerRef=\"",
                                        "<Data CustomerRef=\"a",
                                        "<Data CustomerRef=\"&a;\"",
                                        "<Data CustomerRef=\"a&\""};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        asked_read(&names, PRIMA_NEW_CUSTOMER, texts[i], strlen(texts[i]), &asked);
        assert_string_equal(asked.reference, "");
    }
}

#define NUMBER(text) .order_numbers = (const char *const[]){text}, .number_count = 1
#define ACCOUNT(reference, address)                                                                \
    .accounts = (const struct prima_account[]){{"A", reference, address}}, .account_count = 1

static void test_whose_answer(void **state)
{
    (void)state;
    const struct {
        const char *name;
        enum prima_type type;
        struct asked asked;
        struct reply reply;
        bool is_another;
    } rows[] = {
        {"nothing is said", PRIMA_NEW_ORDER, {.order_number = "2011"}, {.error = ""}, false},
        {"our number", PRIMA_NEW_ORDER, {.order_number = "2011"}, {NUMBER("2011")}, false},
        {"our number, with blanks",
         PRIMA_NEW_ORDER,
         {.order_number = "2011"},
         {NUMBER("  2011 ")},
         false},
        {"another number", PRIMA_NEW_ORDER, {.order_number = "2011"}, {NUMBER("2012")}, true},
        {"ours and more", PRIMA_NEW_ORDER, {.order_number = "2011"}, {NUMBER("20111")}, true},
        {"a part of ours", PRIMA_NEW_ORDER, {.order_number = "2011"}, {NUMBER("201")}, true},
        {"ours, and another",
         PRIMA_NEW_ORDER,
         {.order_number = "2011"},
         {.order_numbers = (const char *const[]){"2011", "2012"}, .number_count = 2},
         true},
        {"another order's status",
         PRIMA_ORDER_STATUS,
         {.order_number = "2011"},
         {NUMBER("2012")},
         true},
        {"a product read names no document",
         PRIMA_PRODUCT_READ,
         {.page = ""},
         {.error = ""},
         false},
        {"... and is answered about one", PRIMA_PRODUCT_READ, {.page = ""}, {NUMBER("2012")}, true},
        {"ours is not known", PRIMA_ORDER_STATUS, {.order_number = ""}, {NUMBER("2012")}, false},

        {"the same kind of request",
         PRIMA_NEW_ORDER,
         {.order_number = "1"},
         {.request_type = "MultiNewOrder"},
         false},
        {"the same by its other name",
         PRIMA_NEW_ORDER,
         {.order_number = "1"},
         {.request_type = "NewOrder"},
         false},
        {"in other letters",
         PRIMA_NEW_ORDER,
         {.order_number = "1"},
         {.request_type = "MULTINEWORDER"},
         false},
        {"another kind",
         PRIMA_NEW_ORDER,
         {.order_number = "1"},
         {.request_type = "OrderStatus"},
         true},
        {"another kind, from a search",
         PRIMA_CUSTOMER_SEARCH,
         {.email = "a"},
         {.request_type = "MultiAvailableToSell"},
         true},
        {"a kind that we do not know proves nothing",
         PRIMA_NEW_ORDER,
         {.order_number = "1"},
         {.request_type = "Response"},
         false},

        {"words with our number",
         PRIMA_ORDER_STATUS,
         {.order_number = "2011234"},
         {.error = "Order 2011234 not found"},
         false},
        {"words with another",
         PRIMA_ORDER_STATUS,
         {.order_number = "2011234"},
         {.error = "Order 2011235 not found"},
         true},
        {"words with another, a little longer",
         PRIMA_ORDER_STATUS,
         {.order_number = "2011234"},
         {.error = "order:20112340."},
         true},
        {"words with both",
         PRIMA_ORDER_STATUS,
         {.order_number = "2011234"},
         {.error = "2011235? not found: 2011234"},
         false},
        {"words with other numbers",
         PRIMA_ORDER_STATUS,
         {.order_number = "2011234"},
         {.error = "** OrdHead record not on file. (138) 20261128101500 201 3011234"},
         false},
        {"words of a write may name a product",
         PRIMA_NEW_ORDER,
         {.order_number = "2011234"},
         {.error = "Unknown product 2011235"},
         false},

        {"our reference",
         PRIMA_CUSTOMER_SEARCH,
         {.reference = "web/7"},
         {ACCOUNT("web/7", "")},
         false},
        {"our reference, cut and in capitals",
         PRIMA_NEW_CUSTOMER,
         {.reference = "web/71234567"},
         {ACCOUNT("WEB/7123", "")},
         false},
        {"another reference",
         PRIMA_CUSTOMER_SEARCH,
         {.reference = "web/7"},
         {ACCOUNT("web/8", "")},
         true},
        {"more than our reference",
         PRIMA_CUSTOMER_SEARCH,
         {.reference = "web/7"},
         {ACCOUNT("web/71", "")},
         true},
        {"no reference in it",
         PRIMA_CUSTOMER_SEARCH,
         {.reference = "web/7"},
         {ACCOUNT("", "b@example.org")},
         false},
        {"our reference, another address",
         PRIMA_NEW_CUSTOMER,
         {.reference = "web/7", .email = "a@example.org"},
         {ACCOUNT("web/7", "b@example.org")},
         false},
        {"our address",
         PRIMA_CUSTOMER_SEARCH,
         {.email = "Ann@example.org"},
         {ACCOUNT("pos/1", "ann@EXAMPLE.org")},
         false},
        {"another address",
         PRIMA_CUSTOMER_SEARCH,
         {.email = "ann@example.org"},
         {ACCOUNT("pos/1", "bob@example.org")},
         true},
        {"one of several is ours",
         PRIMA_CUSTOMER_SEARCH,
         {.email = "ann@example.org"},
         {.accounts = (const struct prima_account[]){{"A", "", "bob@example.org"},
                                                     {"B", "", "ann@example.org"}},
          .account_count = 2},
         false},
        {"nobody", PRIMA_CUSTOMER_SEARCH, {.email = "ann@example.org"}, {.error = ""}, false},

        {"the page", PRIMA_ORDER_SEARCH, {.page = "2"}, {.page = "2"}, false},
        {"another page", PRIMA_ORDER_SEARCH, {.page = "2"}, {.page = "1"}, true},
        {"a page without a number", PRIMA_ORDER_SEARCH, {.page = "2"}, {.page = ""}, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct reply reply = rows[i].reply;
        reply.error = reply.error != NULL ? reply.error : "";
        reply.request_type = reply.request_type != NULL ? reply.request_type : "";
        reply.page = reply.page != NULL ? reply.page : "";
        assert_int_equal(asked_is_another(&names, rows[i].type, &rows[i].asked, &reply),
                         rows[i].is_another);
    }
}

/* n: an OK that names its order came; u: one that does not; y, a: the order of the last such is
 * found, is absent; o: another order is found. Then: is an OK without a name trusted? */
static void test_unnamed_ok(void **state)
{
    (void)state;
    static const struct {
        const char *name, *events;
        enum unnamed_ok_policy policy;
        bool is_trusted;
    } rows[] = {
        {"nothing is known", "", UNNAMED_OK_LEARNED, false},
        {"two proved true", "uyuy", UNNAMED_OK_LEARNED, false},
        {"three proved true", "uyuyuy", UNNAMED_OK_LEARNED, true},
        {"the same one three times is one", "uyyy", UNNAMED_OK_LEARNED, false},
        {"other orders do not count", "uouououo", UNNAMED_OK_LEARNED, false},
        {"one was not true", "uauyuyuyuy", UNNAMED_OK_LEARNED, false},
        {"one was not true, later", "uyuyuyua", UNNAMED_OK_LEARNED, false},
        {"orders are named", "n", UNNAMED_OK_LEARNED, false},
        {"orders are named, and three proved true", "nuyuyuy", UNNAMED_OK_LEARNED, false},
        {"three proved true, then one is named", "uyuyuyn", UNNAMED_OK_LEARNED, false},
        {"always asked about", "uyuyuy", UNNAMED_OK_ASKED, false},
        {"always trusted", "nua", UNNAMED_OK_TRUSTED, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct unnamed_ok u;
        unnamed_ok_init(&u, rows[i].policy);
        char number[16] = "";
        int count = 0;
        for (const char *event = rows[i].events; *event != '\0'; event++) {
            if (*event == 'u')
                (void)snprintf(number, sizeof number, "201%d", ++count);
            if (*event == 'n')
                unnamed_ok_named(&u);
            else if (*event == 'u')
                unnamed_ok_came(&u, number);
            else
                unnamed_ok_asked(&u, *event == 'o' ? "999" : number, *event != 'a');
        }
        assert_int_equal(unnamed_ok_is_trusted(&u), rows[i].is_trusted);
    }
}

/* More of them open than are kept: the oldest are forgotten, which costs a question, and nothing is
 * overrun. */
static void test_many_unnamed(void **state)
{
    (void)state;
    struct unnamed_ok u;
    unnamed_ok_init(&u, UNNAMED_OK_LEARNED);
    char number[100];
    for (int i = 0; i < 2 * UNNAMED_OK_OPEN_MAX; i++) {
        (void)snprintf(number, sizeof number, "%050d", i);
        unnamed_ok_came(&u, number);
    }
    for (int i = 0; i < UNNAMED_OK_OPEN_MAX; i++) {
        (void)snprintf(number, sizeof number, "%050d", i);
        unnamed_ok_asked(&u, number, true);
    }
    assert_false(unnamed_ok_is_trusted(&u));
    for (int i = UNNAMED_OK_OPEN_MAX; i < UNNAMED_OK_OPEN_MAX + 3; i++) {
        (void)snprintf(number, sizeof number, "%050d", i);
        unnamed_ok_asked(&u, number, true);
    }
    assert_true(unnamed_ok_is_trusted(&u));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_of_requests),  cmocka_unit_test(test_of_broken_requests),
        cmocka_unit_test(test_whose_answer), cmocka_unit_test(test_unnamed_ok),
        cmocka_unit_test(test_many_unnamed),
    };
    return cmocka_run_group_tests_name("prima.asked", tests, set_up, tear_down);
}
