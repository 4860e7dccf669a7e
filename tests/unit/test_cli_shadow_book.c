/* The shadow's book: what is counted as what, and when an order and its document are the same to
 * the penny. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/shadow_book.h"

enum { POSTED, POSTED_ON_HOLD, DUPLICATE, SUPERSEDED, CANCELLED, IGNORED_TEST, IGNORED_CUTOVER };

static struct book book;

static int open_book(void **state)
{
    (void)state;
    book_init(&book, 2);
    return 0;
}

static int close_book(void **state)
{
    (void)state;
    book_release(&book);
    return 0;
}

static const struct shadow_post post = {.currency = "GBP",
                                        .order_date = "2026-11-20",
                                        .request_digest = "",
                                        .lines = 2,
                                        .net_minor = 8333,
                                        .tax_minor = 1667,
                                        .gross_minor = 10000,
                                        .creates_customer = true};

static void enter(int outcome, const char *id, const struct shadow_post *shadow)
{
    static const char *const codes[] = {"unknown_sku", "total_mismatch"};
    char number[40], key[80];
    (void)snprintf(number, sizeof number, "201%s", id);
    (void)snprintf(key, sizeof key, "01/orders/shopify/uk/%s", id);
    struct order_result r = {.outcome = outcome,
                             .key = key,
                             .company = "01",
                             .order_id = id,
                             .order_number = number,
                             .shadow = shadow};
    if (outcome == POSTED_ON_HOLD) {
        r.codes.items = (const char **)(uintptr_t)codes;
        r.codes.count = 2;
    }
    assert_int_equal(book_enter_result(&book, &r), 0);
}

static const struct prima_document document = {"Order", "2011",   "2026-11-20", "GBP", "83.33",
                                               "16.67", "100.00", "No",         2};

static void test_fields(void **state)
{
    static const struct {
        const char *name;
        struct prima_document document;
        unsigned different;
        int owner;
    } rows[] = {
        {"the same",
         {"Order", "2011", "2026-11-20", "GBP", "83.33", "16.67", "100.00", "No", 2},
         0,
         0},
        {"no type, a day later",
         {"", "2011", "2026-11-21", "GBP", "83.33", "16.67", "100.00", "No", 2},
         0,
         0},
        {"a penny of net and gross",
         {"Order", "2011", "2026-11-20", "GBP", "83.34", "16.67", "100.01", "No", 2},
         BOOK_NET | BOOK_GROSS,
         PF_OWNER_FINANCE},
        {"a penny from net to tax",
         {"Order", "2011", "2026-11-20", "GBP", "83.32", "16.68", "100.00", "No", 2},
         BOOK_NET | BOOK_TAX,
         PF_OWNER_FINANCE},
        {"another currency",
         {"Order", "2011", "2026-11-20", "EUR", "83.33", "16.67", "100.00", "No", 2},
         BOOK_CURRENCY,
         PF_OWNER_FINANCE},
        {"one without pennies",
         {"Order", "2011", "2026-11-20", "JPY", "83", "17", "100", "No", 2},
         BOOK_CURRENCY | BOOK_NET | BOOK_TAX | BOOK_GROSS,
         PF_OWNER_FINANCE},
        {"no currency",
         {"Order", "2011", "2026-11-20", "", "83.33", "16.67", "100.00", "No", 2},
         BOOK_CURRENCY | BOOK_NET | BOOK_TAX | BOOK_GROSS,
         PF_OWNER_FINANCE},
        {"an amount that is none",
         {"Order", "2011", "2026-11-20", "GBP", "83.33", "", "1e2", "No", 2},
         BOOK_TAX | BOOK_GROSS,
         PF_OWNER_FINANCE},
        {"a line more",
         {"Order", "2011", "2026-11-20", "GBP", "83.33", "16.67", "100.00", "No", 3},
         BOOK_LINES,
         PF_OWNER_ECOMMERCE},
        {"a line more and a penny",
         {"Order", "2011", "2026-11-20", "GBP", "83.33", "16.67", "100.01", "No", 3},
         BOOK_LINES | BOOK_GROSS,
         PF_OWNER_FINANCE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        (void)open_book(state);
        enter(POSTED, "1", &post);
        book_meet(&book, "01", &rows[i].document);
        assert_int_equal(book.orders[0]->different, rows[i].different);
        assert_int_equal(book.equal, rows[i].different == 0);
        assert_int_equal(book.different, rows[i].different != 0);
        if (rows[i].different != 0)
            assert_int_equal(book_owner(rows[i].different), rows[i].owner);
        (void)close_book(state);
    }
}

static void test_records(void **state)
{
    (void)state;
    struct shadow_post early = post, held = post;
    early.order_date = "2026-11-02";
    held.hold = true;
    held.in_prima = true;
    enter(POSTED, "1", &early);
    enter(DUPLICATE, "1", &early);
    enter(POSTED_ON_HOLD, "2", &held);
    enter(IGNORED_TEST, "3", NULL);
    assert_int_equal(
        book_enter_dead_letter(&book, PF_E_conflict, "01/orders/shopify/uk/1", "01", "2011", "1"),
        0);
    assert_int_equal(book_enter_dead_letter(&book, PF_E_tip_unmapped, "01/orders/shopify/uk/4",
                                            "01", "2014", "4"),
                     0);
    assert_int_equal(book_enter_dead_letter(&book, PF_E_tombstone, NULL, NULL, NULL, NULL), 0);
    assert_int_equal(book.records, 7);
    assert_int_equal(book.order_count, 4);
    assert_int_equal(book.outcomes[POSTED], 1);
    assert_int_equal(book.outcomes[DUPLICATE], 1);
    assert_int_equal(book.held_by_code[PF_E_unknown_sku], 1);
    assert_int_equal(book.held_by_code[PF_E_total_mismatch], 1);
    assert_int_equal(book.dead_letters, 3);
    assert_int_equal(book.dead_by_code[PF_E_conflict], 1);
    assert_int_equal(book.dead_without_order, 1);
    assert_int_equal(book.creates_customer, 2); /* a duplicate's is the order's own again */
    assert_int_equal(book.in_prima_when_asked, 1);
    assert_string_equal(book.date_from, "2026-11-02");
    assert_string_equal(book.date_to, "2026-11-20");
    assert_int_equal(book_lacking(&book), 2);
}

static void test_each_outcome_is_counted(void **state)
{
    (void)state;
    for (int outcome = 0; outcome < ORDER_OUTCOMES; outcome++)
        for (int times = 0; times <= outcome; times++)
            enter(outcome, "1", outcome <= POSTED_ON_HOLD ? &post : NULL);
    for (int outcome = 0; outcome < ORDER_OUTCOMES; outcome++)
        assert_int_equal(book.outcomes[outcome], outcome + 1);
}

static void meet(const char *number, const char *date, const char *company)
{
    struct prima_document d = document;
    d.number = number;
    d.date = date;
    book_meet(&book, company, &d);
}

static void test_who_is_where(void **state)
{
    struct shadow_post held = post;
    (void)state;
    held.hold = true;
    enter(POSTED, "1", &post);
    enter(POSTED_ON_HOLD, "2", &held);
    enter(POSTED, "9", &post);
    enter(IGNORED_TEST, "3", NULL);
    meet("2011", "2026-11-20", "01");
    meet("2012", "2026-11-20", "01");  /* released in Prima: the same to the penny */
    meet("2013", "2026-11-20", "01");  /* seen, and would not be posted */
    meet("2014", "2026-11-20", "01");  /* of our channel, never seen */
    meet("2015", "2026-11-20", "01");  /* ... */
    meet("2016", "2026-11-20", "01");  /* ... and beyond the two rows that are kept */
    meet("2017", "2026-11-21", "01");  /* the day after: looked at, not missed */
    meet("B2B-1", "2026-11-20", "01"); /* somebody else's */
    meet("2011", "2026-11-20", "02");  /* another company's number */
    meet("2011", "2026-11-20", "01");  /* twice */
    struct prima_document note = document;
    note.type = "CreditNote";
    book_meet(&book, "01", &note);
    assert_int_equal(book.documents, 10);
    assert_int_equal(book.equal, 2);
    assert_int_equal(book.hold_differs, 1);
    assert_int_equal(book.only_seen, 1);
    assert_int_equal(book.strangers, 3);
    assert_int_equal(book.stranger_count, 2);
    assert_string_equal(book.stranger_list[1].number, "2015");
    assert_int_equal(book.others, 2);
    assert_int_equal(book.twice, 1);
    assert_int_equal(book_lacking(&book), 1);
}

/* An order that failed first and would be posted later is one order, and its last decision
 * counts. */
static void test_last_one_counts(void **state)
{
    struct shadow_post later = post;
    (void)state;
    later.gross_minor = 10001;
    assert_int_equal(book_enter_dead_letter(&book, PF_E_tip_unmapped, "01/orders/shopify/uk/1",
                                            "01", "2011", "1"),
                     0);
    enter(POSTED, "1", &post);
    enter(POSTED, "1", &later);
    assert_int_equal(book.order_count, 1);
    book_meet(&book, "01", &document);
    assert_int_equal(book.orders[0]->different, BOOK_GROSS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test_setup_teardown(test_records, open_book, close_book),
        cmocka_unit_test_setup_teardown(test_each_outcome_is_counted, open_book, close_book),
        cmocka_unit_test_setup_teardown(test_who_is_where, open_book, close_book),
        cmocka_unit_test_setup_teardown(test_last_one_counts, open_book, close_book)};
    return cmocka_run_group_tests_name("the shadow's book", tests, NULL, NULL);
}
